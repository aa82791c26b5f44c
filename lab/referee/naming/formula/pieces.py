"""Another piece of an array than should be taken: the state after a step for the one before it, the
last column for the first.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.words import made_text
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Step
from lab.referee.verdict import Mistake

MOST = 200  # pieces tried
FEW = 8  # places of a piece


def wrong_pieces(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _changes)


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    steps = draft.program.steps
    written: dict[Place | None, list[int]] = {}
    for k, step in enumerate(steps):
        if step.name == "slice" and Edge(k, 0) in draft.cuts:
            written.setdefault(step.place, []).append(k)
    together = [tuple(ks) for ks in written.values() if len(ks) > 1]
    tried = 0
    for ks in (*[(k,) for some in written.values() for k in some], *together):
        for axis, shift in _shifts(draft, [steps[k] for k in ks]):
            spot = tuple(edge for k in ks for edge in _leaving(draft, k))
            tried += 1
            if tried > MOST:
                return
            if spot:
                says = _said(draft, steps[ks[0]], axis, shift)
                yield Change("index", says, spot, partial(_shifted, spot, ks, axis, shift))


def _leaving(draft: Draft, k: int) -> list[Edge]:
    """The edges by which a piece goes on."""
    slot = draft.program.steps[k].outputs[0]
    return [edge for edge in draft.edges if bare(draft.program, draft.slot(edge)) == slot]


def _shifts(draft: Draft, steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """By how many places, along which axis, all of the pieces can be moved: by one, by its own
    length, or where it is one entry by any number.
    """
    first = steps[0]
    rank = len(draft.program.shapes[first.inputs[0]])
    for axis in range(rank):
        low = min(step.equation.params["start_indices"][axis] for step in steps)
        high = min(
            draft.program.shapes[step.inputs[0]][axis] - step.equation.params["limit_indices"][axis]
            for step in steps
        )
        single = len(steps) == 1 and draft.program.shapes[first.outputs[0]][axis] == 1
        far = FEW if single else 1
        nearest = sorted(range(-min(low, far), min(high, far) + 1), key=abs)
        length = draft.program.shapes[first.outputs[0]][axis]
        nearest += [by for by in (-length, length) if far < length and -low <= by <= high]
        yield from ((axis, shift) for shift in nearest if shift)


def _said(draft: Draft, step: Step, axis: int, shift: int) -> str:
    shown = made_text(draft.program, step.outputs[0]) if step.place is not None else "a piece"
    length = draft.program.shapes[step.outputs[0]][axis]
    along = f" along axis {axis}" if len(draft.program.shapes[step.inputs[0]]) > 1 else ""
    if length > 1 and abs(shift) == length:
        return f"{shown} is the wrong part{along}: what lies {_beside(shift)} it is meant"
    if length > 1:
        way = "late" if shift < 0 else "early"
        return f"{shown} is read one place too {way}{along}"
    start = step.equation.params["start_indices"][axis]
    return f"{shown} is entry {start}{along} where entry {start + shift} should be"


def _beside(shift: int) -> str:
    return "before" if shift < 0 else "behind"


def _shifted(spot: Spot, ks: Sequence[int], axis: int, shift: int, here: Bench) -> Added:
    program = here.draft.program
    pieces = {}
    for k in ks:
        whole, params = here.value(Edge(k, 0)), program.steps[k].equation.params
        strides = params["strides"] or (1,) * (whole.ndim - 1)
        cut = [
            slice(start + shift * (i == axis), stop + shift * (i == axis), by)
            for i, (start, stop, by) in enumerate(
                zip(params["start_indices"], params["limit_indices"], strides, strict=True)
            )
        ]
        pieces[program.steps[k].outputs[0]] = np.asarray(whole[(slice(None), *cut)])
    own = lambda edge: bare(program, here.draft.slot(edge))
    return by_edge(spot, lambda edge: here.put(pieces[own(edge)], edge))
