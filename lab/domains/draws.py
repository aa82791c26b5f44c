"""Draws that several domains share: magnitudes, signs, ties, whole numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


def full(value: float) -> Draw:
    return lambda rng, shape: np.full(shape, value, float)


def signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.choice((-1.0, 1.0), size=shape)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.standard_normal(shape)


def magnitudes(low: float, high: float) -> Draw:
    """Log-uniform between ``low`` and ``high``: every order of magnitude alike."""
    return lambda rng, shape: np.exp(rng.uniform(np.log(low), np.log(high), shape))


def either_sign(draw: Draw) -> Draw:
    def signed(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return draw(rng, shape) * signs(rng, shape)

    return signed


def negated(draw: Draw) -> Draw:
    return lambda rng, shape: -draw(rng, shape)


def tied(draw: Draw) -> Draw:
    """All entries of the array equal to one drawn value."""
    return lambda rng, shape: np.full(shape, draw(rng, ()))


def whole_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Small integers: some entries zero, some alike, some one."""
    return np.rint(1.5 * normal(rng, shape))


MAGNITUDES: dict[str, Draw] = {
    "tiny": magnitudes(1e-3, 1e-2),
    "large": magnitudes(20.0, 100.0),
    "huge": magnitudes(300.0, 1000.0),
}


def on_both_sides(draws: Mapping[str, Draw]) -> dict[str, Draw]:
    """Extremes of positive entries, with signs drawn; what overflows may do so on one side only."""
    signed = {name: either_sign(draw) for name, draw in draws.items()}
    return signed | {"far right": draws["huge"], "far left": negated(draws["huge"])}
