"""Factors that a hand's formula lacks or has too many of: values of the function, of the formula
itself, and what the slopes of common functions make of them."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, comparisons, mended
from lab.referee.naming.formula.values import Value, values_at
from lab.referee.naming.stage.draft import Draft, Spot
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.spots import spots
from lab.referee.naming.stage.wording import filled
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 3000  # factors tried
NOUGHT = 1e-6  # what is scaled down by more is gone

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


def missing_factors(scene: Scene) -> Iterator[Mistake]:
    """A value of the formula lacks a factor, entry by entry, or a division."""
    yield from mended(scene, lambda here: _changes(scene, here, odd=False))


def missing_matrices(scene: Scene) -> Iterator[Mistake]:
    """A matrix left out of a product of matrices, or of its application to a vector."""
    yield from mended(scene, lambda here: _matrices(scene, here))


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
    decides = {spot: bool(comparisons(here.draft.program, spot)) for spot in places}
    tried = 0
    for form, of, steps in FORMS:
        for value in values:
            strange = _odd(form, steps, value)
            if strange and form == "sign({})":
                continue  # a sign that is lost is told as such
            known = value.at(here)
            if known is None or (np.unique(known).size < 3 and not (form == "{}" and _mask(known))):
                continue  # of two values, all is a factor of all
            for spot in places:
                far = decides[spot] and (form != "{}" or value.of != "argument")
                if (strange or far) is not odd or not _beside(known, here, spot):
                    continue
                tried += 1
                if tried > MOST:
                    return
                text = here.draft.text(spot[0])
                place = here.draft.place(spot[0]) if here.draft.literal(spot[0]) == 1 else None
                if place is not None:
                    text = f"the number 1 in {place.quoted}"
                says = f"{text} {_told_factor(form, value)} in the formula"
                if form == "{}" and value.text == text:
                    says = f"{text} should be squared in the formula"
                yield Change("missing_chain_factor", says, spot, partial(_times, spot, value, of))


def _mask(known: np.ndarray) -> bool:
    """Whether it keeps some entries of an array, and drops the others."""
    return known.ndim > 1 and set(np.unique(known)) == {0.0, 1.0}


def _small(draft: Draft, spot: Spot) -> bool:
    """Whether a number enters that keeps something from being zero: nobody multiplies it."""
    number = draft.program.fixed.get(draft.slot(spot[0]))
    return number is not None and bool(np.all(np.abs(number) < 0.01))


def _told_factor(form: str, value: Value) -> str:
    factor = filled(form.removeprefix("1/"), value.text)
    if form == "1/({})":
        return f"lacks a division by {value.text}"
    if form.startswith("1/"):
        return f"lacks a division by {factor}"
    return f"lacks a factor {factor}"


def _matrices(scene: Scene, here: Bench) -> Iterator[Change]:
    sides = (("on the left", _from_left), ("on the right", _from_right))
    places = [
        spot
        for spot in spots(here.draft)
        if not here.draft.fixed(spot[0]) and len(set(map(here.draft.shape, spot))) == 1
    ]
    for value in values_at(scene, here):
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
        if factor is None or np.abs(entering * factor).max() < NOUGHT * np.abs(entering).max():
            return None  # that would be nought in disguise
        return np.asarray(entering * (factor - 1))

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
