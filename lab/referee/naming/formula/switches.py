"""A comparison of the hand's that leads astray on one of its sides: taking the other way everywhere
would be right.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, bench, fitting, mends
from lab.referee.naming.stage.scene import Scene, some_rows, where
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

FAR = 1e30  # beyond what anything is compared with
LESS = ("lt", "le")
MORE = ("gt", "ge")


def wrong_ways(scene: Scene) -> Iterator[Mistake]:
    """Right except where a comparison holds, or does not."""
    here = bench(scene, scene.main, some_rows(scene))
    if here is None:
        return
    for change in fitting(scene, here, _changes(here)):
        if mends(scene, change):
            place = here.draft.program.steps[change.spot[0].step].place
            yield Mistake(change.name, change.says, where(scene, str(place)))


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    for k, step in enumerate(draft.program.steps):
        edge = Edge(k, 0)
        if step.name not in (*LESS, *MORE) or edge not in draft.cuts or step.place is None:
            continue
        for holds in (True, False):
            more = holds is (step.name in MORE)
            says = f"right except where {step.place.quoted} {'does not hold' if holds else 'holds'}"
            yield Change("region", says, (edge,), partial(_far, edge, FAR if more else -FAR))


def _far(edge: Edge, far: float, here: Bench) -> Added:
    return [np.full_like(here.value(edge), far)]
