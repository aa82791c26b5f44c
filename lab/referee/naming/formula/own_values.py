"""A value of the hand's formula where another of its own should be: `ds` for `p`; or two of them
exchanged."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations, islice

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.spots import spots
from lab.referee.naming.stage.wording import related
from lab.referee.programs.traced import Edge, Step
from lab.referee.verdict import Mistake

MOST = 1500  # exchanges tried
PAIRS = 300


def own_values(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _changes)


def exchanged_values(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _exchanges)


def _exchanges(here: Bench) -> Iterator[Change]:
    draft = here.draft
    program = draft.program
    leaving: dict[int, list[Edge]] = {}
    for edge in draft.edges:
        if edge.step < len(program.steps) and not draft.fixed(edge):
            leaving.setdefault(bare(program, draft.slot(edge)), []).append(edge)
    pairs = [(a, b) for a, b in combinations(leaving, 2) if program.shapes[a] == program.shapes[b]]
    makers = lambda pair: [program.producer(slot) for slot in pair]
    for a, b in islice(sorted(pairs, key=lambda pair: _unlike(*makers(pair))), PAIRS):
        spot, one, other = (*leaving[a], *leaving[b]), draft.named(a), draft.named(b)
        if b in _later(draft, leaving[a]) or a in _later(draft, leaving[b]) or one == other:
            continue
        says = f"{one} and {other} stand in each other's place in the formula"
        same = a in program.makers and program.makers[a] is program.makers.get(b)
        name = "index" if same else related(one.strip("`"), other.strip("`"))
        crossed = partial(_crossed, {a: leaving[b][0], b: leaving[a][0]}, spot)
        yield Change(name, says, spot, crossed)


def _unlike(one: Step | None, other: Step | None) -> int:
    """In how much two steps differ: what is written alike in one line is what people confuse."""
    if one is None or other is None:
        return 2
    same = [s.place.line if s.place is not None else -1 for s in (one, other)]
    return (one.name != other.name) + (same[0] != same[1])


def _crossed(instead: dict[int, Edge], spot: Spot, here: Bench) -> Added:
    draft = here.draft
    own = lambda edge: bare(draft.program, draft.slot(edge))
    return by_edge(spot, lambda edge: here.put(here.value(instead[own(edge)]), edge))


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


def _later(draft: Draft, spot: Sequence[Edge]) -> set[int]:
    """The values that are made of what enters there."""
    reached: set[int] = set()
    for k, step in enumerate(draft.program.steps):
        if reached & set(step.inputs) or any(edge.step == k for edge in spot):
            reached |= set(step.outputs)
    return reached


def _instead(spot: Spot, edge: Edge, here: Bench) -> Added:
    known = here.value(edge)
    return by_edge(spot, lambda other: here.put(known, other))
