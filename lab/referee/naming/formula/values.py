"""Factors that a hand's formula lacks or has too many of: values of the function, of the formula
itself, and what the slopes of common functions make of them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Draft, Spot, bare, spots
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.sizes import sizes_of
from lab.referee.naming.stage.wording import filled, related
from lab.referee.naming.stage.words import Told, value_text
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 3000  # factors tried

Origin = Literal["argument", "function", "formula"]

# What may stand beside a value in a product, simplest first; the names read after "a factor". They
# are what is forgotten where the value enters one of these steps, whose slopes they are.
FORMS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray], str | None], ...] = (
    ("{}", lambda u: u, None),
    ("1/({})", lambda u: 1 / u, None),
    ("1 - ({})", lambda u: 1 - u, None),
    ("1 - ({})^2", lambda u: 1 - u**2, None),
    ("({})(1 - ({}))", lambda u: u * (1 - u), None),
    ("({})^2", lambda u: u**2, "integer_pow pow square mul"),
    ("1/({})^2", lambda u: 1 / u**2, "div integer_pow"),
    ("sign({})", np.sign, "abs sign"),
    ("exp({})", np.exp, "exp expm1"),
    ("log({})", np.log, "pow log"),
    ("sigmoid({})", lambda u: 1 / (1 + np.exp(-u)), "logistic log1p logaddexp max exp neg"),
    ("sigmoid(-({}))", lambda u: 1 / (1 + np.exp(u)), "logistic log1p logaddexp max exp neg"),
    ("sqrt({})", np.sqrt, "sqrt rsqrt pow"),
    ("1/sqrt({})", lambda u: 1 / np.sqrt(u), "sqrt rsqrt pow"),
    ("1/(({})(1 - ({})))", lambda u: 1 / (u * (1 - u)), "log log1p"),
    ("cos({})", np.cos, "sin cos"),
    ("sin({})", np.sin, "sin cos"),
    ("1 - tanh({})^2", lambda u: 1 - np.tanh(u) ** 2, "tanh"),
    (
        "sigmoid({})(1 - sigmoid({}))",
        lambda u: np.exp(-np.logaddexp(0, u) - np.logaddexp(0, -u)),
        "logistic",
    ),
)


class Value(NamedTuple):
    """Something known at the points of a bench, in words. ``enters`` are the steps of the function
    that it goes into; ``term`` says whether it stands there in a sum, ``of`` where it is from,
    ``name`` what the mistake is if something else stands in its place.
    """

    text: str
    at: Callable[[Bench], np.ndarray | None]
    of: Origin = "formula"
    enters: frozenset[str] = frozenset()
    term: bool = False
    name: str = ""


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
    turned = [_transposed(value) for value in known_of if value.of == "argument"]
    for value in (*known_of, *turned, *_sizes(scene, here)):
        known = value.at(here)
        for spot in places if known is not None else ():
            if draft.fixed(spot[0]) and (value.of != "function" or known is None or known.ndim > 1):
                continue  # a number may stand for a number that is computed
            shape = draft.program.shapes[bare(draft.program, draft.slot(spot[0]))]
            if known is not None and known.shape[1:] in (shape, draft.shape(spot[0])):
                text = draft.text(spot[0])
                says = f"{text} stands in the formula where {value.text} should"
                name = value.name or related(text.strip("`"), value.text.strip("`"))
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


def missing_factors(scene: Scene) -> Iterator[Mistake]:
    """A value of the formula lacks a factor, entry by entry or as a matrix, or has one too many."""
    yield from mended(scene, lambda here: _changes(scene, here, odd=False))


def odd_factors(scene: Scene) -> Iterator[Mistake]:
    """The rest: true where they fit, but hardly what anybody forgot."""
    yield from mended(scene, lambda here: _changes(scene, here, odd=True))


def _odd(form: str, steps: str | None, value: Value) -> bool:
    if form in ("{}", "1/({})"):
        return False
    if value.of == "formula":
        return form not in ("1 - ({})", "1 - ({})^2", "({})(1 - ({}))")
    return steps is not None and not value.enters & set(steps.split())


def _changes(scene: Scene, here: Bench, *, odd: bool) -> Iterator[Change]:
    values = list(values_at(scene, here))
    places = [spot for spot in spots(here.draft) if not _small(here.draft, spot)]
    decides = {spot: all(map(here.draft.decides, spot)) for spot in places}
    tried = 0
    for form, of, steps in FORMS:
        for value in values:
            strange = _odd(form, steps, value)
            known = value.at(here)
            if known is None or np.unique(known).size < 3:  # of two values, all is a factor of all
                continue
            for spot in places:
                far = decides[spot] and (form != "{}" or value.of != "argument")
                if (strange or far) is not odd or not _beside(known, here, spot):
                    continue
                tried += 1
                if tried > MOST:
                    return
                text = here.draft.text(spot[0])
                says = f"{text} {_told_factor(form, value)} in the formula"
                if form == "{}" and value.text == text:
                    says = f"{text} should be squared in the formula"
                yield Change("missing_chain_factor", says, spot, partial(_times, spot, value, of))
    if not odd:
        yield from _matrices(here, values, [p for p in places if not here.draft.fixed(p[0])])


def _small(draft: Draft, spot: Spot) -> bool:
    """Whether a number enters that keeps something from being zero: nobody multiplies it."""
    number = draft.program.fixed.get(draft.slot(spot[0]))
    return number is not None and bool(np.all(np.abs(number) < 0.01))


def _told_factor(form: str, value: Value) -> str:
    factor = filled(form.removeprefix("1/"), value.text)
    if form == "1/({})":
        return f"has a factor {value.text} too many"
    if form.startswith("1/"):
        return f"has a factor {factor} too many"
    return f"lacks a factor {factor}"


def _matrices(here: Bench, values: list[Value], places: list[Spot]) -> Iterator[Change]:
    """A matrix left out of a product of matrices, or of its application to a vector."""
    sides = (("on the left", _from_left), ("on the right", _from_right))
    for value in values:
        known = value.at(here)
        if known is None or known.ndim != 3 or known.shape[1] != known.shape[2]:
            continue
        for turned in (False, True):
            word = filled("({})^T", value.text) if turned else value.text
            for spot in places:
                shape = here.draft.shape(spot[0])
                if not shape or len(shape) > 2 or known.shape[1] not in shape:
                    continue
                for side, product in sides[: len(shape)]:
                    axis = 0 if side == "on the left" else -1
                    if shape[axis] != known.shape[1]:
                        continue
                    text = here.draft.text(spot[0])
                    says = f"{text} lacks a factor {word} {side} in the formula"
                    added = partial(_product, spot, value, product, turned)
                    yield Change("missing_chain_factor", says, spot, added)


def _from_left(m: np.ndarray, v: np.ndarray) -> np.ndarray:
    return m @ v if v.ndim == 3 else (m @ v[..., None])[..., 0]


def _from_right(m: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.swapaxes(_from_left(np.swapaxes(m, 1, 2), np.swapaxes(v, 1, 2)), 1, 2)


def _product(
    spot: Spot, value: Value, product: Callable[..., np.ndarray], turned: bool, here: Bench
) -> Added:
    m = value.at(here)
    if m is None:
        return None
    m = np.swapaxes(m, 1, 2) if turned else m
    return [product(m, here.value(edge)) - here.value(edge) for edge in spot]


def _times(spot: Spot, value: Value, of: Callable[[np.ndarray], np.ndarray], here: Bench) -> Added:
    known = value.at(here)
    if known is None:
        return None

    def piece(edge: Edge) -> np.ndarray | None:
        entering = here.value(edge)
        factor = spread(of(known), entering)
        return None if factor is None else np.asarray(entering * (factor - 1))

    return by_edge(spot, piece)


def _beside(known: np.ndarray, here: Bench, spot: Spot) -> bool:
    like = np.empty((len(here.rows), *here.draft.shape(spot[0])))
    return spread(known, like) is not None


def spread(factor: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    """A factor beside a value: of its shape, one number, or one for each row or column."""
    if factor.ndim == like.ndim - 1 and factor.ndim >= 2:  # rows first: the axis of a batch
        front = factor[..., None]
        factor = front if front.shape[1] == like.shape[1] else factor[:, None]
    factor = factor.reshape(len(factor), *[1] * (like.ndim - factor.ndim), *factor.shape[1:])
    if factor.ndim != like.ndim:
        return None
    fits = all(a in (1, b) for a, b in zip(factor.shape[1:], like.shape[1:], strict=True))
    return factor if fits else None


def values_at(scene: Scene, here: Bench) -> Iterator[Value]:
    """Arguments, what the function computes on its way, and the formula's own values; a value that
    is there already is not told twice.
    """
    seen: set[bytes] = set()
    for value in (*of_function(scene, here), *_of_formula(here), *_sums(here)):
        known = value.at(here)
        if known is None or not np.all(np.isfinite(known)) or np.ptp(known) == 0:
            continue
        key = np.round(known, 9).tobytes()
        if key not in seen:
            seen.add(key)
            yield value


def of_function(scene: Scene, here: Bench) -> Iterator[Value]:
    passed = scene.passed(here.g)
    if passed is None:
        return
    program, values = passed
    told = Told(scene.evidences[here.g], program)
    for slot, known in values.items():
        text, at = value_text(told, slot), partial(_told, scene, slot)
        of: Literal["argument", "function"] = (
            "argument" if slot in program.arguments else "function"
        )
        into = [s for s in program.steps if slot in (bare(program, v) for v in s.inputs)]
        enters = frozenset(step.name for step in into)
        term = any(step.name in ("add", "sub") and step.place and step.place.sums for step in into)
        yield Value(text, at, of, enters, term)
        if known.ndim != 3 or known.shape[1] != known.shape[2]:
            continue
        yield Value(filled("inv({})", text), partial(_after, at, _inverse), of)
        if slot in program.arguments:
            yield Value(filled("det({})", text), partial(_after, at, np.linalg.det), of)


def _inverse(known: np.ndarray) -> np.ndarray:
    fine = np.linalg.cond(known) < 1e8
    return np.linalg.inv(np.where(fine[:, None, None], known, np.eye(known.shape[1])))


def _after(
    at: Callable[[Bench], np.ndarray | None], of: Callable[[np.ndarray], np.ndarray], here: Bench
) -> np.ndarray | None:
    known = at(here)
    return None if known is None else np.asarray(of(known))


def _told(scene: Scene, slot: int, here: Bench) -> np.ndarray | None:
    passed = scene.passed(here.g)
    known = None if passed is None else passed[1].get(slot)
    return None if known is None else known[here.rows]


def _sums(here: Bench) -> Iterator[Value]:
    """Of arguments: what weights add up to."""
    program = here.draft.program
    for slot in program.arguments:
        rank = len(program.shapes[slot])
        if program.floating[slot] and rank:
            text = here.draft.named(slot)
            yield Value(filled("sum({})", text), partial(_sum, slot, tuple(range(1, rank + 1))))
            if rank == 2:
                yield Value(filled("sum({}, axis=1)", text), partial(_sum, slot, (2,)))


def _sum(slot: int, axes: tuple[int, ...], here: Bench) -> np.ndarray:
    value = here.argument(slot)
    return np.asarray(value.sum(axis=axes, keepdims=len(axes) < value.ndim - 1))


def _of_formula(here: Bench) -> Iterator[Value]:
    known = set()
    for edge in here.draft.edges:
        slot = here.draft.slot(edge)
        if slot not in known and slot not in here.draft.program.fixed:
            known.add(slot)
            yield Value(here.draft.text(edge), partial(_entering, edge))


def _entering(edge: Edge, here: Bench) -> np.ndarray:
    return here.value(edge)
