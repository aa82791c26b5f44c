"""The changes that a hand's formula is tried with: signs, transposes, shifts, arguments."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import numpy as np

from lab.referee.naming.draft import Spot, spots
from lab.referee.naming.repairs import Added, Bench, Change, mended
from lab.referee.naming.scene import Scene
from lab.referee.naming.words import value_text
from lab.referee.verdict import Mistake

PAIRED = 6  # places of an argument of which two together may be another's


def wrong_signs(scene: Scene) -> Iterator[Mistake]:
    """One term, or one value, has the wrong sign."""
    yield from mended(scene, _signs)


def turned_values(scene: Scene) -> Iterator[Mistake]:
    """One value is transposed, turned round or shifted."""
    yield from mended(scene, _turns)


def other_values(scene: Scene) -> Iterator[Mistake]:
    """One argument stands in place of another."""
    yield from mended(scene, _arguments)


def _signs(here: Bench) -> Iterator[Change]:
    for spot in spots(here.draft):
        says = f"{here.draft.text(spot[0])} enters the formula with the wrong sign"
        yield Change("sign", says, spot, _edited(spot, np.negative))


def _turns(here: Bench) -> Iterator[Change]:
    draft = here.draft
    for spot in spots(draft):
        shape, text = draft.shape(spot[0]), draft.text(spot[0])
        rank = len(shape)
        if rank >= 2 and shape[-1] == shape[-2]:
            says = f"{text} enters the formula where its transpose should, or the other way round"
            swap = partial(np.swapaxes, axis1=-1, axis2=-2)
            yield Change("transpose", says, spot, _edited(spot, swap))
        for axis in range(1, rank + 1):
            if shape[axis - 1] > 1:
                along = f" along axis {axis - 1}" if rank > 1 else ""
                says = f"{text} enters the formula the wrong way round{along}"
                yield Change("index", says, spot, _edited(spot, partial(np.flip, axis=axis)))
                for shift, word in ((1, "early"), (-1, "late")):
                    says = f"{text} enters the formula one place too {word}{along}"
                    roll = partial(np.roll, shift=shift, axis=axis)
                    yield Change("index", says, spot, _edited(spot, roll))


def _arguments(here: Bench) -> Iterator[Change]:
    draft = here.draft
    program = draft.program
    name = lambda slot: value_text(draft.told, slot)
    for a in program.arguments:
        places = [edge for edge in draft.edges if draft.slot(edge) == a]
        together: list[Spot] = [(edge,) for edge in places]
        if len(places) <= PAIRED:
            together += combinations(places, 2)
        together += [tuple(places)] if len(places) > 2 else []
        for b in program.arguments:
            if a == b or program.shapes[a] != program.shapes[b] or not program.floating[b]:
                continue
            says = f"{name(a)} stands in the formula where {name(b)} should"
            for spot in together:
                yield Change("wrong_variable", says, spot, _exchanged(spot, b))


def _edited(spot: Spot, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Bench], Added]:
    return lambda here: [edit(here.value(edge)) - here.value(edge) for edge in spot]


def _exchanged(spot: Spot, slot: int) -> Callable[[Bench], Added]:
    """The argument ``slot`` in place of what enters."""
    return lambda here: [here.argument(slot) - here.value(edge) for edge in spot]
