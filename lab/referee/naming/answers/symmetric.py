"""An argument taken to be symmetric: the answer is right where it is, as `2 A x` for the gradient
`A x + A' x` of a quadratic form."""

from collections.abc import Iterator

import numpy as np

from lab.referee.asking.evaluate import Raised
from lab.referee.naming.stage.scene import CLOSE, Scene, size, where
from lab.referee.naming.stage.sizes import argument_leaves
from lab.referee.verdict import Mistake

Leaves = tuple[np.ndarray, ...]


def taken_symmetric(scene: Scene) -> Iterator[Mistake]:
    """The hand is asked again, and the truth, where a square argument is symmetric."""
    first = scene.evidences[0].group.leaves
    for i, name in enumerate(argument_leaves(scene.evidences[0])):
        if np.ndim(first[i]) == 3 and all(_right_if_symmetric(scene, g, i) for g in _asked(scene)):
            says = f"{name} is taken to be symmetric: where {name} is, it is right"
            yield Mistake("symmetrize", says, where(scene, _entered(scene, i)))


def _entered(scene: Scene, i: int) -> str:
    """The place where the function takes an argument."""
    flow = scene.flow(scene.main)
    if flow is None:
        return ""
    slot = flow.program.arguments[i]
    found = (step.place for step in flow.program.steps if slot in step.inputs and step.place)
    return str(next(found, ""))


def _asked(scene: Scene) -> list[int]:
    rest = [g for g, _, _ in scene.groups() if g != scene.main]
    return [scene.main, *rest]


def _right_if_symmetric(scene: Scene, g: int, i: int) -> bool:
    evidence, draft = scene.evidences[g], scene.draft(g)
    rows = np.flatnonzero(scene.wrong[g])
    leaves = tuple(leaf[rows] for leaf in evidence.group.leaves)
    asked = leaves[i]
    if draft is None or asked.shape[1] != asked.shape[2]:
        return False
    turned = np.swapaxes(asked, 1, 2)
    if np.array_equal(turned, asked):
        return False
    leaves = (*leaves[:i], (asked + turned) / 2, *leaves[i + 1 :])
    told = draft.changed(leaves, np.zeros((len(rows), draft.width)))
    truth = evidence.ask_truth(leaves)
    if told is None or isinstance(truth, Raised):
        return False
    near = lambda hand, true: np.abs(hand - true) <= CLOSE * size(true, evidence.elementwise)
    with np.errstate(invalid="ignore"):
        return all(bool(np.all(near(told[0][k], truth[k]))) for k in scene.leaves)
