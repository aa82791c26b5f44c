"""The changes that a hand's formula is tried with: signs, transposes, shifts, arguments."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, combinations, islice, product

import numpy as np

from lab.referee.naming.formula.numbers import strictly_shown
from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, comparisons, mended
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Scene, written
from lab.referee.naming.stage.spots import repeated, spots
from lab.referee.programs.comparisons import ORDERING
from lab.referee.programs.traced import Edge, Program, Step
from lab.referee.verdict import Mistake

FACTORS = {("mul", 0), ("mul", 1), ("div", 1)}  # steps and operands that are one factor
LIBRARY = r"\b(linalg|nn|scipy)\."
MOST = 60  # pairs of factors of matrix products
Shape = tuple[int, ...]
Edit = Callable[[np.ndarray], np.ndarray]  # of what enters, points first
PAIRED = 6  # places of an argument of which two together may be another's


def wrong_signs(scene: Scene) -> Iterator[Mistake]:
    """One term, or one value, has the wrong sign."""
    yield from mended(scene, _signs)


def spare_factors(scene: Scene) -> Iterator[Mistake]:
    """A value multiplies or divides that should not."""
    yield from mended(scene, _spared)


def turned_values(scene: Scene) -> Iterator[Mistake]:
    """One value is transposed, turned round, shifted; two are in the wrong order."""
    entrywise = scene.evidences[0].elementwise  # then no entry has anything to do with another
    turns = (lambda here: iter(())) if entrywise else _turns
    yield from mended(scene, lambda here: chain(_orders(here), turns(here)))


def crossed_factors(scene: Scene) -> Iterator[Mistake]:
    """Two values stand in each other's place."""
    yield from mended(scene, _crossings)


def other_values(scene: Scene) -> Iterator[Mistake]:
    """One argument stands in place of another."""
    yield from mended(scene, _arguments)


def other_numbers(scene: Scene) -> Iterator[Mistake]:
    """A number of the function stands in place of another, as where two things are compared."""
    passed = scene.passed(scene.main)
    if passed is None:
        return
    function = passed[0]
    known = {float(function.fixed[slot]) for slot in function.literals if slot in function.fixed}
    both = sorted({*known, *(-number for number in known)}, key=lambda x: (x not in known, x))
    yield from mended(scene, lambda here: _numbers(here, both))


def _numbers(here: Bench, known: Sequence[float]) -> Iterator[Change]:
    for edge in here.draft.edges:
        h = here.draft.literal(edge)
        for number in known:
            if h is not None and np.isfinite(number) and number != h:
                says = f"the number {written(h)} should be {written(number)}, as in the function"
                put = partial(_put, edge, number)
                yield Change("constant", says, (edge,), put)


def _put(edge: Edge, number: float, here: Bench) -> Added:
    return [number - here.value(edge)]


def _signs(here: Bench) -> Iterator[Change]:
    for spot in spots(here.draft):
        if _of_a_library(here.draft, spot) or any(_bounds(here.draft, edge) for edge in spot):
            continue
        says = f"{here.draft.text(spot[0])} enters the formula with the wrong sign"
        yield Change("sign", says, spot, _edited(spot, np.negative))


def _of_a_library(draft: Draft, spot: Spot) -> bool:
    """Whether it is a number within a call that does not show it, or what is taken apart by its
    eigenvectors, of which the last are the first of its negative.
    """
    places = [draft.place(edge) for edge in spot]
    texts = [place.text for place in places if place is not None and place.calls]
    number = draft.literal(spot[0])
    if len(texts) < len(spot):
        return False
    if number is None:
        return all(re.search(r"\beig", text) for text in texts)
    return all(re.search(LIBRARY, text) and not strictly_shown(number, text) for text in texts)


def _bounds(draft: Draft, edge: Edge) -> bool:
    """Whether it is a number that others are compared with: of the other sign it may be one that
    all of them pass, as if nothing were asked.
    """
    return draft.literal(edge) is not None and _step(draft, edge)[0] in ORDERING


def _spared(here: Bench) -> Iterator[Change]:
    draft = here.draft
    factors = [edge for edge in draft.edges if _step(draft, edge) in FACTORS]
    for spot in (*((edge,) for edge in factors), *repeated(draft.program, factors)):
        if not any(map(draft.fixed, spot)):
            divides, text = _step(draft, spot[0])[0] == "div", draft.text(spot[0])
            verb = "divides" if divides else "multiplies"
            says = f"{text} {verb} in the formula, which it should not"
            yield Change(_spare(text, divides), says, spot, _edited(spot, np.ones_like))


def _spare(text: str, divides: bool) -> str:
    """A value, a division or a mask too many is one thing; what was made on the way, and is divided
    by in the slope of a logarithm or a root, is a division left out.
    """
    made = text.startswith("`") and not re.search(r" [<>!=]=? ", text)
    return "missing_chain_factor" if made and not divides else "extra_term"


def _step(draft: Draft, edge: Edge) -> tuple[str, int]:
    steps = draft.program.steps
    return (steps[edge.step].name if edge.step < len(steps) else "", edge.operand)


def _orders(here: Bench) -> Iterator[Change]:
    """The two sides of a choice, of a product of matrices or of a quotient, exchanged."""
    draft = here.draft
    for k, step in enumerate(draft.program.steps):
        spot = tuple(e for e in draft.edges if e.step == k)
        if len(spot) != 2 or draft.shape(spot[0]) != draft.shape(spot[1]):
            continue
        shown = step.place.quoted if step.place is not None else "a choice"
        if step.name == "select_n":
            says = f"the two sides of {shown} are exchanged"
            yield Change("region", says, spot, _crossed(spot))
        elif step.name == "div" and not any(map(draft.fixed, spot)):
            yield Change("wrong_variable", f"{shown} is upside down", spot, _crossed(spot))
        elif step.name == "dot_general" and len(draft.shape(spot[0])) == 2:
            says = f"the factors of {shown} stand in the wrong order"
            yield Change("transpose", says, spot, _crossed(spot))


def _crossings(here: Bench) -> Iterator[Change]:
    """Two factors of products of matrices, each in the other's place: of one product, they stand in
    the wrong order.
    """
    draft = here.draft
    steps = draft.program.steps
    dots = [e for e in draft.edges if e.step < len(steps) and steps[e.step].name == "dot_general"]
    for spot in islice(combinations(dots, 2), MOST):
        one, other = map(draft.text, spot)
        apart = spot[0].step != spot[1].step and one != other
        if apart and draft.shape(spot[0]) == draft.shape(spot[1]):
            says = f"{one} and {other} stand in each other's place in the formula"
            first, last = (steps[k] for k in sorted(edge.step for edge in spot))
            name = "transpose" if _one_product(draft.program, first, last) else "wrong_variable"
            yield Change(name, says, spot, _crossed(spot))


def _one_product(program: Program, first: Step, last: Step) -> bool:
    """Whether two products of matrices are one: what the first of them makes enters the last."""
    before = [program.producer(bare(program, slot)) for slot in last.inputs]
    dots = [step for step in before if step is not None and step.name == "dot_general"]
    return any(step is first or _one_product(program, first, step) for step in dots)


def _crossed(spot: Spot) -> Callable[[Bench], Added]:
    def added(here: Bench) -> Added:
        gap = here.value(spot[1]) - here.value(spot[0])
        return [gap, -gap]

    return added


def _turns(here: Bench) -> Iterator[Change]:
    draft = here.draft
    for spot in spots(draft):
        if draft.literal(spot[0]) is not None or len(set(map(draft.shape, spot))) > 1:
            continue
        text = draft.text(spot[0])
        if draft.spread(spot[0]) and len(set(draft.shape(spot[0]))) == 1:
            says = f"{text} is spread along the wrong axis: rows for columns, or columns for rows"
            yield Change("wrong_axis", says, spot, _edited(spot, _swap(1, 2)))
            continue
        own = draft.program.shapes[bare(draft.program, draft.slot(spot[0]))]
        decides = bool(comparisons(draft.program, spot))
        for name, how, edit in _arrangements(draft.shape(spot[0]), own, noughts=not decides):
            yield Change(name, f"{text} enters the formula {how}", spot, _edited(spot, edit))
    for slot, spot in _both_ways(draft):
        says = f"{draft.named(slot)} and its transpose are exchanged in the formula"
        yield Change("transpose", says, spot, _edited(spot, _swap(1, 2)))


def _both_ways(draft: Draft) -> Iterator[tuple[int, Spot]]:
    """Square matrices that enter as they are and transposed, with all places of each."""
    places: dict[int, list[Edge]] = {}
    for edge in draft.edges:
        shape = draft.shape(edge)
        if len(shape) == 2 and shape[0] == shape[1] and not draft.fixed(edge):
            places.setdefault(bare(draft.program, draft.slot(edge)), []).append(edge)
    for slot, edges in places.items():
        if len({draft.slot(edge) for edge in edges}) > 1:
            yield slot, tuple(edges)


def _arrangements(shape: Shape, own: Shape, *, noughts: bool) -> Iterator[tuple[str, str, Edit]]:
    """An array with its entries in another order. Its axes are counted as in its ``own`` shape,
    before axes of length one were put in front. With ``noughts`` at an end that is left, too:
    compared, they may decide that nothing is done.
    """
    rank = len(shape)
    before = rank - len(own) if shape[rank - len(own) :] == own else 0
    long = [axis for axis in range(rank) if shape[axis] > 1]
    for i, j in reversed(list(combinations(long, 2))):
        if shape[i] == shape[j]:
            how = "where its transpose should, or the other way round"
            if rank > 2:
                how = f"with its axes {i - before} and {j - before} exchanged"
            yield "transpose", how, _swap(i + 1, j + 1)
    for i in long:
        along = f" along axis {i - before}" if rank > 1 else ""
        how = "the wrong way round" if shape[i] > 2 else "with its two entries exchanged"
        yield "index", f"{how}{along}", partial(np.flip, axis=i + 1)
        for shift, word in ((1, "early"), (-1, "late")):
            how = f"one place too {word}{along}"
            yield "index", how, partial(np.roll, shift=shift, axis=i + 1)
            if noughts:
                yield "index", how, partial(_shifted, shift=shift, axis=i + 1)
    for i in long:
        if shape[i] % 2 == 0 and shape[i] > 2:
            along = f" along axis {i - before}" if rank > 1 else ""
            half = partial(np.roll, shift=shape[i] // 2, axis=i + 1)
            yield "index", f"with its two halves exchanged{along}", half
    for i, j in combinations(long, 2):  # a kernel that is not turned, or should not be
        how = f"the wrong way round along axes {i - before} and {j - before}"
        yield "index", how, partial(np.flip, axis=(i + 1, j + 1))


def _shifted(array: np.ndarray, shift: int, axis: int) -> np.ndarray:
    """By one place, with nothing at the end that it leaves."""
    moved = np.roll(array, shift, axis)
    np.moveaxis(moved, axis, 0)[0 if shift > 0 else -1] = 0.0
    return moved


def _swap(i: int, j: int) -> Edit:
    return partial(np.swapaxes, axis1=i, axis2=j)


def _arguments(here: Bench) -> Iterator[Change]:
    draft = here.draft
    program = draft.program
    name = draft.named
    for a in program.arguments:
        places = [edge for edge in draft.edges if bare(program, draft.slot(edge)) == a]
        together: list[Spot] = [(edge,) for edge in places]
        if len(places) <= PAIRED:
            together += combinations(places, 2)
        together += [tuple(places)] if len(places) > 2 else []
        for b in program.arguments:
            if a == b or program.shapes[a] != program.shapes[b] or not program.floating[b]:
                continue
            says = f"{name(a)} stands in the formula where {name(b)} should"
            for spot in together:
                yield Change("wrong_variable", says, spot, _placed(spot, [b] * len(spot)))
            if a < b:
                says = f"{name(a)} and {name(b)} are exchanged in the formula"
                others = [e for e in draft.edges if bare(program, draft.slot(e)) == b]
                for spot in product(places, others):
                    yield Change("wrong_variable", says, spot, _placed(spot, (b, a)))


def _edited(spot: Spot, edit: Edit) -> Callable[[Bench], Added]:
    return lambda here: [edit(here.value(edge)) - here.value(edge) for edge in spot]


def _placed(spot: Spot, slots: Sequence[int]) -> Callable[[Bench], Added]:
    """Arguments in place of what enters."""
    by = dict(zip(spot, slots, strict=True))
    return lambda here: by_edge(spot, lambda edge: here.put(here.argument(by[edge]), edge))
