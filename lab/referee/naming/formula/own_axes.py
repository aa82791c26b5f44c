"""Sums and maxima of the hand's formula along the wrong axis: turned, they make it right."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import FEWEST, rerun_mends
from lab.referee.naming.stage.axes import flips
from lab.referee.naming.stage.scene import Scene, leading, where
from lab.referee.verdict import Mistake


def own_axes(scene: Scene) -> Iterator[Mistake]:
    """As if a sum, a maximum or a softmax of the hand ran along another axis than it should."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    for k, flip in enumerate(flips(main.program)):
        if all(_mended(scene, g, k) for g in range(len(scene.evidences))):
            told = main.program.steps[min(flip.steps)].place
            shown = told.quoted if told else "a sum"
            now = {main.program.steps[s].equation.params["axes"] for s in flip.steps}
            says = f"{shown} of the formula runs along {_along(now)}"
            says += f", and should run along {_along(set(flip.steps.values()))}"
            name = "broadcast_sum" if _one_for_all(scene) else "wrong_axis"
            yield Mistake(name, says, where(scene, str(told) if told else ""))


def _one_for_all(scene: Scene) -> bool:
    """Whether the answer is one number for all entries."""
    hands = (leading(e.hand[i][mask]) for _, e, mask in scene.groups() for i in scene.leaves)
    told = [hand for hand in hands if hand.shape[1] > 1]
    return bool(told) and all(np.ptp(hand, axis=1).max() == 0 for hand in told)


def _along(axes: set[tuple[int, ...]]) -> str:
    if len(axes) > 1:
        return "other axes"
    one = sorted(axes.pop())
    return f"axis {one[0]}" if len(one) == 1 else f"axes {', '.join(map(str, one))}"


def _mended(scene: Scene, g: int, k: int) -> bool:
    run = lambda draft: partial(flips(draft.program)[k].run, draft.program)
    mends = rerun_mends(scene, g, run)
    return scene.spared(g, "hand") if mends is None else mends
