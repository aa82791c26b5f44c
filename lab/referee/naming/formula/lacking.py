"""Terms that a hand's formula lacks: a mean not taken off, a bias left out, a one forgotten."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.factors import spread
from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.formula.values import Value, of_function
from lab.referee.naming.stage.draft import Spot
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.spots import spots
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 2000  # terms tried


def missing_terms(scene: Scene) -> Iterator[Mistake]:
    """A value, a mean of an argument or a one should be added to, or taken from, what enters."""
    yield from mended(scene, lambda here: _changes(here, _plain(scene, here)))


def missing_ones(scene: Scene) -> Iterator[Mistake]:
    """A one that a second derivative should have beside a product: of an accident of its many paths
    the formula tells more.
    """
    if scene.kind == "hessian":
        one = Value("1", lambda bench: np.ones(len(bench.rows)))
        yield from mended(scene, lambda here: _changes(here, [one]))


def missing_numbers(scene: Scene) -> Iterator[Mistake]:
    """A number that the function adds, as what keeps a variance from being zero."""
    yield from mended(scene, lambda here: _changes(here, list(_numbers(scene, here))))


def odd_terms(scene: Scene) -> Iterator[Mistake]:
    """Values that are no term of any sum in the function: nobody forgot them in one."""
    yield from mended(scene, lambda here: _changes(here, _values(scene, here, odd=True)))


def _plain(scene: Scene, here: Bench) -> list[Value]:
    one = Value("1", lambda bench: np.ones(len(bench.rows)))
    written = _values(scene, here, odd=False)
    return [one, *_averages(here), *written]


def _values(scene: Scene, here: Bench, *, odd: bool) -> list[Value]:
    return [
        value
        for value in of_function(scene, here)
        if not value.text.startswith("its ") and (value.of != "argument" and not value.term) is odd
    ]


def _changes(here: Bench, terms: list[Value]) -> Iterator[Change]:
    places = [spot for spot in spots(here.draft) if not here.draft.fixed(spot[0])]
    tried = 0
    for term in terms:
        known = term.at(here)
        if known is None:
            continue
        for spot in places:
            if spread(known, np.empty((len(here.rows), *here.draft.shape(spot[0])))) is None:
                continue
            if term.text == here.draft.text(spot[0]) and all(map(here.draft.decides, spot)):
                continue  # compared twice over: nobody forgets that
            tried += 2
            if tried > MOST:
                return
            for sign, word in ((-1.0, "-"), (1.0, "+")):
                says = f"{here.draft.text(spot[0])} lacks a term {word} {term.text} in the formula"
                yield Change("missing_term", says, spot, partial(_plus, spot, term, sign))


def _plus(spot: Spot, term: Value, sign: float, here: Bench) -> Added:
    known = term.at(here)
    if known is None:
        return None

    def piece(edge: Edge) -> np.ndarray | None:
        entering = here.value(edge)
        term = spread(known, entering)
        return None if term is None else np.broadcast_to(sign * term, entering.shape)

    return by_edge(spot, piece)


def _numbers(scene: Scene, here: Bench) -> Iterator[Value]:
    """The numbers that the function's source adds to something."""
    passed = scene.passed(here.g)
    if passed is None:
        return
    program = passed[0]
    added = (v for step in program.steps if step.name in ("add", "sub") for v in step.inputs)
    for slot in dict.fromkeys(v for v in added if v in program.literals):
        number = float(program.fixed[slot])
        if number not in (0.0, 1.0):
            yield Value(f"{number:g}", partial(_constant, number))


def _constant(number: float, here: Bench) -> np.ndarray:
    return np.full(len(here.rows), number)


def _averages(here: Bench) -> Iterator[Value]:
    """The means of the arguments, of all entries and along each axis."""
    program = here.draft.program
    for slot in program.arguments:
        shape = program.shapes[slot]
        if not shape or not program.floating[slot]:
            continue
        text = here.draft.named(slot)
        yield Value(f"mean({text})", partial(_mean, slot, tuple(range(1, len(shape) + 1))))
        for axis in range(len(shape)) if len(shape) > 1 else ():
            yield Value(f"mean({text}, axis {axis})", partial(_mean, slot, (axis + 1,)))


def _mean(slot: int, axes: tuple[int, ...], here: Bench) -> np.ndarray:
    value = here.argument(slot)
    whole = len(axes) == value.ndim - 1
    return np.asarray(value.mean(axis=axes, keepdims=not whole))
