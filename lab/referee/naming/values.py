"""Factors that a hand's formula lacks or has too many of: values of the function, of the formula
itself, and what the slopes of common functions make of them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from lab.referee.naming.draft import Draft, Spot, spots
from lab.referee.naming.repairs import Added, Bench, Change, mended
from lab.referee.naming.scene import Scene
from lab.referee.naming.words import Told, value_text
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 3000  # factors tried

# What may stand beside a value in a product, simplest first; the names read after "a factor".
FORMS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("{}", lambda u: u),
    ("1/({})", lambda u: 1 / u),
    ("1 - {}", lambda u: 1 - u),
    ("1 - ({})^2", lambda u: 1 - u**2),
    ("({})(1 - {})", lambda u: u * (1 - u)),
    ("({})^2", lambda u: u**2),
    ("1/({})^2", lambda u: 1 / u**2),
    ("sign({})", np.sign),
    ("exp({})", np.exp),
    ("sigmoid({})", lambda u: 1 / (1 + np.exp(-u))),
    ("sigmoid(-({}))", lambda u: 1 / (1 + np.exp(u))),
    ("sqrt({})", np.sqrt),
    ("1/sqrt({})", lambda u: 1 / np.sqrt(u)),
    ("1/(({})(1 - {}))", lambda u: 1 / (u * (1 - u))),
    ("cos({})", np.cos),
    ("sin({})", np.sin),
    ("1 - tanh({})^2", lambda u: 1 - np.tanh(u) ** 2),
    ("sigmoid({})(1 - sigmoid({}))", lambda u: np.exp(-np.logaddexp(0, u) - np.logaddexp(0, -u))),
)


class Value(NamedTuple):
    """Something known at the points of a bench, in words."""

    text: str
    at: Callable[[Bench], np.ndarray | None]


def wrong_values(scene: Scene) -> Iterator[Mistake]:
    """A value of the formula stands where another one should: an argument, or what the function
    computes on its way.
    """
    yield from mended(scene, lambda here: _exchanges(scene, here))


def _exchanges(scene: Scene, here: Bench) -> Iterator[Change]:
    last = len(here.draft.program.steps)
    places = [s for s in spots(here.draft) if s[0].step < last and not here.draft.fixed(s[0])]
    for value in of_function(scene, here):
        known = value.at(here)
        for spot in places:
            if known is not None and known.shape[1:] == here.draft.shape(spot[0]):
                says = f"{here.draft.text(spot[0])} stands in the formula where {value.text} should"
                yield Change("wrong_variable", says, spot, partial(_instead, spot, value))


def _instead(spot: Spot, value: Value, here: Bench) -> Added:
    known = value.at(here)
    return None if known is None else [known - here.value(edge) for edge in spot]


def missing_factors(scene: Scene) -> Iterator[Mistake]:
    """A value of the formula lacks a factor, entry by entry or as a matrix, or has one too many."""
    yield from mended(scene, lambda here: _changes(scene, here))


def _changes(scene: Scene, here: Bench) -> Iterator[Change]:
    values = list(values_at(scene, here))
    places = [spot for spot in spots(here.draft) if not _small(here.draft, spot)]
    tried = 0
    for form, of in FORMS:
        for value in values:
            known = value.at(here)
            if known is None or np.unique(known).size < 3:  # of two values, all is a factor of all
                continue
            for spot in places:
                if not _beside(known, here, spot):
                    continue
                tried += 1
                if tried > MOST:
                    return
                text = here.draft.text(spot[0])
                says = f"{text} {_told_factor(form, value)} in the formula"
                if form == "{}" and value.text == text:
                    says = f"{text} should be squared in the formula"
                yield Change("missing_chain_factor", says, spot, partial(_times, spot, value, of))
    yield from _matrices(here, values, places)


def _small(draft: Draft, spot: Spot) -> bool:
    """Whether a number enters that keeps something from being zero: nobody multiplies it."""
    number = draft.program.fixed.get(draft.slot(spot[0]))
    return number is not None and bool(np.all(np.abs(number) < 0.01))


def _told_factor(form: str, value: Value) -> str:
    factor = form.removeprefix("1/").replace("{}", value.text)
    if form.startswith("1/"):
        bare = factor[1:-1] if form == "1/({})" else factor
        return f"has a factor {bare} too many"
    return f"lacks a factor {factor}"


def _matrices(here: Bench, values: list[Value], places: list[Spot]) -> Iterator[Change]:
    """A matrix left out of a product of matrices, or of its application to a vector."""
    sides = (("on the left", _from_left), ("on the right", _from_right))
    for value in values:
        known = value.at(here)
        if known is None or known.ndim != 3 or known.shape[1] != known.shape[2]:
            continue
        for turned in (False, True):
            word = f"({value.text})^T" if turned else value.text
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
    added = []
    for edge in spot:
        entering = here.value(edge)
        factor = spread(of(known), entering)
        if factor is None:
            return None
        added.append(entering * (factor - 1))
    return added


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
    for value in (*of_function(scene, here), *_of_formula(here)):
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
        yield Value(text, at)
        if known.ndim != 3 or known.shape[1] != known.shape[2]:
            continue
        yield Value(f"inv({text})", partial(_after, at, _inverse))
        if slot in program.arguments:
            yield Value(f"det({text})", partial(_after, at, np.linalg.det))


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


def _of_formula(here: Bench) -> Iterator[Value]:
    known = set()
    for edge in here.draft.edges:
        slot = here.draft.slot(edge)
        if slot not in known and slot not in here.draft.program.fixed:
            known.add(slot)
            yield Value(here.draft.text(edge), partial(_entering, edge))


def _entering(edge: Edge, here: Bench) -> np.ndarray:
    return here.value(edge)
