"""Other indices than should be taken: those of another kind, or each one too large or too small."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 400  # changes tried


def wrong_indices(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _changes)


def _changes(here: Bench) -> Iterator[Change]:
    """Where whole numbers enter an expression, other ones of the formula, or their neighbours."""
    draft = here.draft
    entering: dict[tuple[int, Place | None], list[Edge]] = {}
    known: dict[int, Edge] = {}
    for edge in draft.indices:
        slot = bare(draft.program, draft.slot(edge))
        entering.setdefault((slot, draft.place(edge)), []).append(edge)
        known.setdefault(slot, edge)
    tried = 0
    for (slot, place), edges in reversed(entering.items()):
        spot, text = tuple(edges), draft.named(slot)
        into = f" in {place.quoted}" if place is not None else " in the formula"
        for other, edge in known.items():
            alike = draft.program.shapes[other] == draft.program.shapes[slot]
            if other == slot or not alike or draft.named(other) == text:
                continue
            tried += 1
            if tried > MOST:
                return
            says = f"{text} stands{into} where {draft.named(other)} should"
            yield Change("index", says, spot, partial(_instead, spot, edge))
        for more, word in ((1, "small"), (-1, "large")):
            says = f"{text} is one too {word}{into}"
            yield Change("index", says, spot, partial(_moved, spot, more))


def _moved(spot: Spot, more: int, here: Bench) -> Added:
    return [np.full_like(here.value(edge), more) for edge in spot]


def _instead(spot: Spot, known: Edge, here: Bench) -> Added:
    return by_edge(spot, lambda edge: here.put(here.value(known), edge))
