"""Mistakes on one side of a comparison: the wrong points are those where the program goes one way.

Where the condition is about an argument itself, `regions` reads it off the numbers. Here it is any
comparison that the function or the hand makes on the way: of a norm, a sum, an intermediate."""

from collections.abc import Iterator

import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.naming.stage.scene import Scene, off_entries
from lab.referee.programs.comparisons import Comparison
from lab.referee.search.steering import comparing, measured, movable
from lab.referee.verdict import Mistake

FEWEST = 2  # points on either side


def one_sided(scene: Scene) -> Iterator[Mistake]:
    g = scene.main
    evidence = scene.evidences[g]
    seen = scene.wrong[g] | scene.right[g]
    if min(scene.wrong[g].sum(), scene.right[g].sum()) < FEWEST:
        return
    found = comparing(evidence.question, evidence.group, movable(evidence.group))
    if not found:
        return
    answers = Asker(measured(found), evidence.group, 64, len(seen))(evidence.group.leaves)
    if isinstance(answers, Raised):
        return
    named = [one for _, ones in found for one in ones]
    for one, margin in zip(named, answers, strict=True):
        sign = _side(scene, g, margin) if one.step.place is not None else 0
        if sign:
            yield _said(scene, one, sign)


def _side(scene: Scene, g: int, margin: np.ndarray) -> int:
    """The sign that the margin has where the answer is wrong, and only there; else 0.

    By entry where margin and leaf have as many entries, by point where the margin is one number."""
    wrong, right = scene.wrong[g], scene.right[g]
    if margin.shape[1] == 1:
        bad, good = margin[wrong, 0], margin[right, 0]
    else:
        offs = [off_entries(scene, g, i).reshape(int(wrong.sum()), -1) for i in scene.leaves]
        if any(off.shape[1] != margin.shape[1] for off in offs):
            return 0
        off = np.any(offs, axis=0)
        bad = margin[wrong][off]
        good = np.concatenate([margin[right].ravel(), margin[wrong][~off]])
    for sign in (1, -1):
        if bad.size >= FEWEST and good.size and (sign * bad > 0).all() and (sign * good <= 0).all():
            return sign
    return 0


def _said(scene: Scene, one: Comparison, sign: int) -> Mistake:
    says = one.says(sign)
    where = ", ".join(part for part in (scene.where, says) if part)
    return Mistake("region", f"right except where {says}", where)
