"""The line and its parts: real entries, each by itself or kept apart."""

from typing import Any

import numpy as np

from lab.domains.domain import Domain, made
from lab.domains.draws import (
    MAGNITUDES,
    Draw,
    either_sign,
    full,
    magnitudes,
    negated,
    normal,
    on_both_sides,
    tied,
    whole_numbers,
)
from lab.errors import BadInput


def reals(dims: str = "", **fixed: int) -> Domain:
    """All real arrays; typical entries are standard normal."""
    extremes = on_both_sides(MAGNITUDES)
    extremes |= {"zero": full(0.0), "one": full(1.0), "tie": tied(normal), "whole": whole_numbers}
    return made("reals", dims, normal, extremes, fixed, bounds=(-np.inf, np.inf))


def positive(dims: str = "", **fixed: int) -> Domain:
    """Entries ``> 0``; typical ones between 0.2 and 5, every order of magnitude alike."""
    draw = magnitudes(0.2, 5.0)
    extremes = MAGNITUDES | {"one": full(1.0), "tie": tied(draw)}
    return made("positive", dims, draw, extremes, fixed, bounds=(0.0, np.inf))


def nonnegative(dims: str = "", **fixed: int) -> Domain:
    """Entries ``>= 0``: the positive ones and zero."""
    base = positive(dims)
    whole = lambda rng, shape: np.abs(whole_numbers(rng, shape))
    extremes = {**base.extremes, "zero": full(0.0), "whole": whole}
    return made("nonnegative", dims, base.draw, extremes, fixed, bounds=(0.0, np.inf))


def negative(dims: str = "", **fixed: int) -> Domain:
    """Entries ``< 0``."""
    base = positive(dims)
    extremes = {name: negated(draw) for name, draw in base.extremes.items()}
    draw = negated(base.draw)
    return made("negative", dims, draw, extremes, fixed, bounds=(-np.inf, 0.0))


def nonzero(dims: str = "", **fixed: int) -> Domain:
    """Entries ``!= 0``, of both signs and at least 0.2 in size when typical."""
    base = positive(dims)
    draw, extremes = either_sign(base.draw), on_both_sides(base.extremes)
    return made("nonzero", dims, draw, extremes, fixed, bounds=(-np.inf, np.inf))


def above(low: float, dims: str = "", **fixed: int) -> Domain:
    """Entries ``> low``: positive ones, moved."""
    base = positive(dims)

    def moved(draw: Draw) -> Draw:
        return lambda rng, shape: low + draw(rng, shape)

    extremes = {name: moved(draw) for name, draw in base.extremes.items()}
    bounds = (low, np.inf)
    return made("above", dims, moved(base.draw), extremes, fixed, shown=(low,), bounds=bounds)


def beyond(size: float, dims: str = "", **fixed: int) -> Domain:
    """Entries of either sign whose size exceeds ``size``."""
    base = above(size, dims)
    draw, extremes = either_sign(base.draw), {k: either_sign(d) for k, d in base.extremes.items()}
    return made("beyond", dims, draw, extremes, fixed, shown=(size,))


def interval(low: float, high: float, dims: str = "", **fixed: int) -> Domain:
    """Entries strictly between ``low`` and ``high``."""
    if not low < high:
        raise BadInput(f"interval({low!r}, {high!r}): the lower end must lie below the upper one")
    width = high - low

    def between(a: float, b: float) -> Draw:
        return lambda rng, shape: low + width * rng.uniform(a, b, shape)

    draw = between(0.02, 0.98)
    extremes = {
        "low end": between(1e-4, 1e-3),
        "high end": between(1 - 1e-3, 1 - 1e-4),
        "middle": full(low + width / 2),
        "tie": tied(draw),
    }
    if low < -1 and high > 1:  # a wide interval is seldom drawn from where most happens
        extremes["small"] = either_sign(magnitudes(0.01, 1.0))
    return made("interval", dims, draw, extremes, fixed, shown=(low, high), bounds=(low, high))


def distinct(dims: str = "n", **fixed: int) -> Domain:
    """Entries that all differ, by 0.1 at least along the last axis: no ties."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        gaps = rng.uniform(0.1, 1.0, shape)
        if not shape:
            return gaps
        return rng.permuted(np.cumsum(gaps, axis=-1) - shape[-1] / 4, axis=-1)

    extremes = {"large": lambda rng, shape: 50.0 * draw(rng, shape)}
    return made("distinct", dims, draw, extremes, fixed)
