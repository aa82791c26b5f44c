"""Sums and maxima of the hand's formula along the wrong axis: turned, they make it right."""

from collections.abc import Iterator

import numpy as np

from lab.referee.naming.formula.repairs import FEWEST, alike
from lab.referee.naming.stage.axes import flips
from lab.referee.naming.stage.draft import Draft
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.verdict import Mistake


def own_axes(scene: Scene) -> Iterator[Mistake]:
    """As if a sum, a maximum or a softmax of the hand ran along another axis than it should."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    for k, flip in enumerate(flips(main.program)):
        if all(_mended(scene, g, main, k) for g in range(len(scene.evidences))):
            told = main.program.steps[min(flip.steps)].place
            shown = told.quoted if told else "a sum"
            now = {main.program.steps[s].equation.params["axes"] for s in flip.steps}
            says = f"{shown} of the formula runs along {_along(now)}"
            says += f", and should run along {_along(set(flip.steps.values()))}"
            yield Mistake("wrong_axis", says, where(scene, str(told) if told else ""))


def _along(axes: set[tuple[int, ...]]) -> str:
    if len(axes) > 1:
        return "other axes"
    one = sorted(axes.pop())
    return f"axis {one[0]}" if len(one) == 1 else f"axes {', '.join(map(str, one))}"


def _mended(scene: Scene, g: int, main: Draft, k: int) -> bool:
    seen = np.flatnonzero(scene.wrong[g] | scene.right[g])
    if not len(seen):
        return True
    there = scene.draft(g)
    if there is None or not alike(main, there):
        return scene.spared(g, "hand")
    flip = flips(there.program)[k]
    answer = there.rerun(lambda leaves: flip.run(there.program, leaves), seen)
    return scene.spared(g, "hand") if answer is None else scene.true(g, seen, answer)
