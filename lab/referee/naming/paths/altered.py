"""Mistakes that are the right derivative of a slightly different function: another constant,
another axis.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.naming.paths.fits import alike
from lab.referee.naming.stage.axes import Flip, flips
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, leading, number, where
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import varied_leaves

CONSTANTS = 8
ROUNDS = 10
Run = Callable[[Sequence[Any]], list[Any]]


def derivative_of(flow: Flow, run: Run, leaves: Sequence[Any]) -> Any:
    """The derivative ``(outputs, inputs)`` of a program as run by ``run``, at one point."""
    positions = varied_leaves(flow.evidence.question, flow.evidence.group)

    def output(*varied: Any) -> Any:
        full = list(leaves)
        for position, leaf in zip(positions, varied, strict=True):
            full[position] = leaf
        ran = run(full)
        return jnp.concatenate([jnp.ravel(ran[v]) for v in flow.program.outputs])

    varied = tuple(leaves[i] for i in positions)
    if flow.evidence.question.claim.kind == "jvp":
        extra = tuple(leaves[len(leaves) - len(positions) :])
        return jax.jvp(output, varied, extra)[1][:, None]
    out, pull = jax.vjp(output, *varied)
    rows = jax.vmap(pull)(jnp.eye(out.size))
    return jnp.concatenate([row.reshape(out.size, -1) for row in rows], axis=1)


def other_axes(scene: Scene) -> Iterator[Mistake]:
    """As if a sum, a maximum or a softmax ran along the other axis of a matrix."""
    flow = scene.flow(scene.main)
    if flow is None:
        return
    for flip in flips(flow.program):
        here = _flipped(scene, scene.main, flip)
        if here is None or not all(scene.fits(scene.main, i, here[i]) for i in scene.leaves):
            continue
        answers = [_flipped(scene, g, flip) for g in range(len(scene.evidences))]
        told = [answer for answer in answers if answer is not None]
        if len(told) == len(answers) and scene.explains(told):
            place, shown = flip.place, flip.place.quoted if flip.place else "a sum"
            says = f"it is the derivative with {shown} along the other axis"
            yield Mistake("wrong_axis", says, where(scene, str(place) if place else ""))


def _flipped(scene: Scene, g: int, flip: Flip) -> list[np.ndarray] | None:
    flow = _flow(scene, g)
    answer = None
    if flow is not None and alike(scene, flow, flow.first_edges):
        answer = _answer(flow, lambda leaves: flip.run(flow.program, leaves))
    if answer is None and scene.spared(g, "function"):  # a matrix of one row has no other axis
        return list(scene.evidences[g].hand)
    return answer


def _flow(scene: Scene, g: int) -> Flow | None:
    main = scene.flow(scene.main)
    return main if g == scene.main or main is None else scene.flow(g, main.first_edges)


def _answer(flow: Flow, run: Run) -> list[np.ndarray] | None:
    """The altered function's derivative, in place of the truth at the points looked at."""
    altered = lambda *leaves: derivative_of(flow, run, leaves)
    asker = Asker(altered, flow.evidence.group, 64, len(flow.rows), traced=True)
    told = asker(tuple(leaf[flow.rows] for leaf in flow.evidence.group.leaves))
    return None if isinstance(told, Raised) else _in_place(flow, told)


def _in_place(flow: Flow, derivative: np.ndarray) -> list[np.ndarray]:
    placed = [leaf.copy() for leaf in flow.evidence.truth]
    for leaf, piece in zip(placed, flow.by_leaf(derivative), strict=True):
        leaf[flow.rows] = piece
    return placed


# ----- constants -----


def other_constants(scene: Scene) -> Iterator[Mistake]:
    """Solve for the constant that the hand must have used, by Newton's method; accept it if one
    value explains all answers.
    """
    flow = scene.flow(scene.main)
    if flow is None:
        return
    places = _constants(flow.program)
    if not 0 < len(places) <= CONSTANTS or scene.equations < 4:
        return
    ask = cache(lambda g, k: _asker(scene, g, tuple(places), k))
    for k, (slot, place) in enumerate(places.items()):
        meant = float(flow.program.fixed[slot])
        value = _solved(scene, ask(scene.main, None), k, meant)
        if value is None or value == meant:
            continue
        answers = [ask(g, k)(value) for g in range(len(scene.evidences))]
        if all(answer is not None for answer in answers) and scene.explains(answers):
            said = "0" if abs(value) < 1e-9 * abs(meant) else number(value)
            says = f"the constant {meant:g} of {place.quoted} is taken to be {said}"
            yield Mistake("constant", says, where(scene, str(place)))


def _constants(program: Program) -> dict[int, Place]:
    """The numbers written in the source, by where they enter."""
    found = {}
    for step in program.steps:
        for slot in step.inputs:
            value = program.fixed.get(slot)
            if slot in program.literals and step.place is not None and value is not None:
                written = f"{float(value):g}" in step.place.text or "e" in f"{float(value):g}"
                if np.isfinite(value) and value not in (0, 1) and written:
                    found[slot] = step.place
    return found


def _asker(scene: Scene, g: int, slots: tuple[int, ...], one: int | None) -> Callable[..., Any]:
    """Asks for the derivative with other constants: of all of them (``one`` is `None`), together
    with its slope in each; or with one, as a whole answer.
    """
    flow = _flow(scene, g)
    if flow is None:
        return lambda *values: None
    program = flow.program
    if any(slot not in program.fixed for slot in slots):
        return lambda *values: None

    def at(constants: Any, leaves: Sequence[Any]) -> Any:
        fixed = dict(zip(slots, constants, strict=True))
        return derivative_of(flow, lambda full: program.run(full, fixed=fixed), leaves)

    def both(constants: Any, *leaves: Any) -> Any:
        return at(constants, leaves), jax.jacfwd(at)(constants, leaves)

    voice = both if one is None else lambda constants, *leaves: at(constants, leaves)
    asker = Asker(voice, flow.evidence.group, 64, len(flow.rows), traced=True)
    here = tuple(leaf[flow.rows] for leaf in flow.evidence.group.leaves)
    meant = np.array([float(program.fixed[slot]) for slot in slots])

    def ask(value: Any) -> Any:
        constants = meant.copy()
        constants[slice(None) if one is None else one] = value
        told = asker((np.tile(constants, (len(flow.rows), 1)), *here))
        if isinstance(told, Raised):
            return None
        return told if one is None else _in_place(flow, told)

    ask.meant = meant  # type: ignore[attr-defined]
    return ask


def _solved(scene: Scene, ask: Callable[..., Any], k: int, meant: float) -> float | None:
    """The value of constant ``k`` that fits the hand's answers in the main group best."""
    flow = scene.flow(scene.main)
    assert flow is not None
    wrong = scene.wrong[scene.main][flow.rows]
    constants = getattr(ask, "meant", None)
    if constants is None:
        return None
    constants = constants.copy()
    hand = [leaf[flow.rows][wrong] for leaf in flow.evidence.hand]
    gap0 = None
    for _ in range(ROUNDS):
        told = ask(constants)
        if told is None:
            return None
        answer, slopes = (x[wrong] for x in told)
        flat = lambda derivative: np.concatenate(
            [leading(flow.by_leaf(derivative)[i]) for i in scene.leaves], axis=1
        ).ravel()
        gap = np.concatenate([leading(hand[i]) for i in scene.leaves], axis=1).ravel() - flat(
            answer
        )
        slope = flat(slopes[..., k])
        if not np.all(np.isfinite(gap)) or not slope.any():
            return None
        gap0 = np.abs(gap).max() if gap0 is None else gap0
        step = float(slope @ gap / (slope @ slope))
        constants[k] += step
        if abs(step) <= 1e-12 * abs(meant):
            return float(constants[k]) if np.abs(gap).max() < 1e-4 * gap0 else None
    return None
