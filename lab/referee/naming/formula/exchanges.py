"""A value of the formula that stands where another should: an argument, what the function computes
on its way, or how many there are."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.formula.values import Value, of_function
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.sizes import sizes_of
from lab.referee.naming.stage.spots import spots
from lab.referee.naming.stage.wording import filled, related
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

COMPARING = frozenset(("gt", "ge", "lt", "le", "eq", "ne", "max", "min", "clamp", "abs", "sign"))


def wrong_values(scene: Scene) -> Iterator[Mistake]:
    """A value of the formula stands where another one should: an argument, or what the function
    computes on its way.
    """
    yield from mended(scene, lambda here: _exchanges(scene, here))


def _exchanges(scene: Scene, here: Bench) -> Iterator[Change]:
    draft = here.draft
    last = len(draft.program.steps)
    places = [s for s in (*spots(draft), *_together(draft)) if s[0].step < last]
    places = [spot for spot in places if not draft.fixed(spot[0]) or draft.literal(spot[0])]
    known_of = list(of_function(scene, here))
    compared = {value.text for value in known_of if value.enters & COMPARING}
    decides = {spot: all(map(draft.decides, spot)) for spot in places}
    turned = [_transposed(value) for value in known_of]
    sizes = {float(n) for n in sizes_of(scene.evidences[here.g]).values() if n > 1}
    valued = ((value, value.at(here)) for value in (*known_of, *turned, *_sizes(scene, here)))
    for value, known in valued:
        for spot in places:
            if known is None:
                break
            number, one_for_all = draft.literal(spot[0]), known.ndim == 1
            computed = value.of == "function" and one_for_all
            weights = number == 1 and value.of == "argument" and known.ndim == 2
            if draft.fixed(spot[0]) and not (computed or weights):
                continue  # a number may stand for one that is computed, a one for weights
            if decides[spot] and compared and value.text not in compared:
                continue  # it is told by its side alone, of which much may be guessed
            shape = draft.program.shapes[bare(draft.program, draft.slot(spot[0]))]
            if known.shape[1:] in (shape, draft.shape(spot[0])):
                text = draft.replaced(spot[0], known)
                says = f"{text} stands in the formula where {value.text} should"
                name = value.name or related(text.strip("`"), value.text.strip("`"))
                if value.text == filled("inv({})", text):
                    name = "missing_chain_factor"
                if number in sizes and one_for_all:
                    name = "batch_factor"
                if number == 1 and not one_for_all:
                    shown = draft.place(spot[0])
                    says = f"the number 1{f' in {shown.quoted}' if shown else ''} should be"
                    says, name = f"{says} {value.text}", "wrong_variable"
                if text == value.text:
                    says = f"{text} is another in the formula than in the function"
                    name = "constant"
                yield Change(name, says, spot, partial(_instead, spot, value))


def _transposed(value: Value) -> Value:
    def at(here: Bench) -> np.ndarray | None:
        known = value.at(here)
        return None if known is None or known.ndim != 3 else np.swapaxes(known, 1, 2)

    return Value(filled("{}.T", value.text), at, value.of)


def _together(draft: Draft) -> list[Spot]:
    """All places of a value that enters in more than one shape, as in an outer product."""
    places: dict[int, list[Edge]] = {}
    for edge in draft.edges:
        places.setdefault(bare(draft.program, draft.slot(edge)), []).append(edge)
    return [tuple(edges) for edges in places.values() if len(set(map(draft.slot, edges))) > 1]


def _sizes(scene: Scene, here: Bench) -> Iterator[Value]:
    """How many there are, where something else is counted."""
    for name, n in sizes_of(scene.evidences[here.g]).items():
        if n > 1:
            yield Value(f"`{name}`", partial(_size, scene, name), name="batch_factor")


def _size(scene: Scene, name: str, here: Bench) -> np.ndarray:
    return np.full(len(here.rows), float(sizes_of(scene.evidences[here.g]).get(name, np.nan)))


def _instead(spot: Spot, value: Value, here: Bench) -> Added:
    known = value.at(here)
    if known is None:
        return None
    return by_edge(spot, partial(here.put, known))
