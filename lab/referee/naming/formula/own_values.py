"""A value of the hand's formula where another of its own should be: `ds` for `p`."""

from collections.abc import Iterator
from functools import partial

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.spots import spots
from lab.referee.naming.stage.wording import related
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 1500  # exchanges tried


def own_values(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _changes)


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    program = draft.program
    known: dict[int, Edge] = {}  # an edge by which each value enters as it is
    for edge in draft.edges:
        if not draft.fixed(edge) and not draft.spread(edge):
            known.setdefault(draft.slot(edge), edge)
    tried = 0
    for spot in spots(draft):
        own = bare(program, draft.slot(spot[0]))
        if draft.fixed(spot[0]) or spot[0].step == len(program.steps):
            continue
        later = _later(draft, spot)
        for slot, edge in known.items():
            other, text = draft.text(edge), draft.replaced(spot[0], here.value(edge))
            alike = program.shapes[slot] in (program.shapes[own], draft.shape(spot[0]))
            if slot in (own, draft.slot(spot[0])) or not alike or slot in later or other == text:
                continue
            tried += 1
            if tried > MOST:
                return
            says = f"{text} stands in the formula where {other} should"
            name = related(text.strip("`"), other.strip("`"))
            yield Change(name, says, spot, partial(_instead, spot, edge))


def _later(draft: Draft, spot: Spot) -> set[int]:
    """The values that are made of what enters there."""
    reached: set[int] = set()
    for k, step in enumerate(draft.program.steps):
        if reached & set(step.inputs) or any(edge.step == k for edge in spot):
            reached |= set(step.outputs)
    return reached


def _instead(spot: Spot, edge: Edge, here: Bench) -> Added:
    known = here.value(edge)
    return by_edge(spot, lambda other: here.put(known, other))
