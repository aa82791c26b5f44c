"""A factor left out, or one too many, that is a value of the function itself: a norm, a softmax, an
argument.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.naming.paths.fits import NICE
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, number, where
from lab.referee.naming.stage.words import value_text
from lab.referee.verdict import Mistake

POWERS = {
    -1: "a factor {} is left out, or it is divided by it once too often",
    1: "a factor {} is there that should not be, or a division by it is left out",
}


def wrong_factors(scene: Scene) -> Iterator[Mistake]:
    """The answer is the truth times one value, or over it, entry by entry, at all points."""
    flow = scene.flow(scene.main)
    if flow is None or scene.equations < 4:
        return
    here = _values(scene, scene.main, flow)
    for slot, values in here.items():
        for power, words in POWERS.items():
            k = _fit(scene, values, power)
            if k is None or not _everywhere(scene, flow, slot, power, k):
                continue
            made = flow.program.producer(slot)
            place = str(made.place) if made is not None and made.place is not None else ""
            says = words.format(value_text(flow.told, slot))
            if abs(k + 1) < 1e-6:
                says += ", and the sign is flipped"
            elif abs(k - 1) > 1e-6:
                says += f", and it is {number(k)} times what it should be besides"
            yield Mistake("missing_chain_factor", says, where(scene, place))


def _values(scene: Scene, g: int, flow: Flow) -> dict[int, np.ndarray]:
    """The values of the program that could multiply the answer entry by entry."""
    program = flow.program
    shapes = [scene.evidences[g].truth[i].shape[1:] for i in scene.leaves]
    # Of what is computed within one expression, such as a norm, only the outcome has a name.
    last = {step.place: slot for step in program.steps for slot in step.outputs if step.place}
    wanted = [
        slot
        for slot in (*program.arguments, *last.values())
        if program.floating[slot] and _spreads(program.shapes[slot], shapes)
    ]
    asker = Asker(
        lambda *leaves: {slot: program.run(leaves)[slot] for slot in wanted},
        scene.evidences[g].group,
        64,
        len(flow.rows),
    )
    told = asker(tuple(leaf[flow.rows] for leaf in scene.evidences[g].group.leaves))
    return {} if isinstance(told, Raised) else told


def _spreads(shape: tuple[int, ...], over: Sequence[tuple[int, ...]]) -> bool:
    """One number, or as many axes as the answer: each of its length, or of one."""
    fits = lambda full: all(a in (1, b) for a, b in zip(shape, full, strict=True))
    return not shape or all(len(shape) == len(full) and fits(full) for full in over)


def _times(scene: Scene, g: int, flow: Flow, values: np.ndarray, power: int) -> list[np.ndarray]:
    """The truth times a value, or over it."""
    answers = list(scene.evidences[g].truth)
    for i in scene.leaves:
        factor = values.reshape(*values.shape, *[1] * (answers[i].ndim - values.ndim)) ** float(
            power
        )
        answers[i] = answers[i].copy()
        answers[i][flow.rows] *= factor
    return answers


def _fit(scene: Scene, values: np.ndarray, power: int) -> float | None:
    flow = scene.flow(scene.main)
    assert flow is not None
    mask, hand = scene.wrong[scene.main], scene.evidences[scene.main].hand
    made = _times(scene, scene.main, flow, values, power)
    a = np.concatenate([made[i][mask].ravel() for i in scene.leaves])
    b = np.concatenate([hand[i][mask].ravel() for i in scene.leaves])
    if not np.all(np.isfinite(a)) or not a.any():
        return None
    k = float(np.median(b[a != 0] / a[a != 0]))
    simple = any(abs(k - nice) < 1e-6 for nice in NICE)
    return k if simple and np.abs(k * a - b).max() <= 1e-6 * np.abs(b).max() else None


def _everywhere(scene: Scene, main: Flow, slot: int, power: int, k: float) -> bool:
    answers = []
    for g, evidence in enumerate(scene.evidences):
        flow = main if g == scene.main else scene.flow(g, main.first_edges)
        values = _values(scene, g, flow).get(slot) if flow is not None else None
        if flow is None or values is None:
            if not scene.spared(g, "function"):
                return False
            answers.append(list(evidence.hand))
        else:
            answers.append([k * leaf for leaf in _times(scene, g, flow, values, power)])
    return scene.explains(answers)
