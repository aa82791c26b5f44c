"""Whole numbers and choices: what is not differentiated."""

from typing import Any

import numpy as np

from lab.domains.domain import Domain, made
from lab.domains.draws import Draw
from lab.errors import BadInput


def integers(low: int, high: int, dims: str = "", **fixed: int) -> Domain:
    """Integers from ``low`` to ``high``, both included; not differentiated."""
    if not low <= high:
        raise BadInput(
            f"integers({low!r}, {high!r}): the lower end must not lie above the upper one"
        )

    def at(value: int) -> Draw:
        return lambda rng, shape: np.full(shape, value, int)

    draw = lambda rng, shape: rng.integers(low, high + 1, shape)
    return made(
        "integers", dims, draw, {"lowest": at(low), "highest": at(high)}, fixed, shown=(low, high)
    )


def labels(dims: str = "n", classes: str = "k", **fixed: int) -> Domain:
    """Class labels: integers from 0 to ``k - 1``, not differentiated."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.integers(0, shape[-1], shape[:-1])

    extremes = {
        "lowest": lambda rng, shape: np.zeros(shape[:-1], int),
        "highest": lambda rng, shape: np.full(shape[:-1], shape[-1] - 1, int),
    }
    return made("labels", dims, draw, extremes, fixed, last=classes)


def one_hot(dims: str = "n k", **fixed: int) -> Domain:
    """Rows with a single one, elsewhere zero."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1])[chosen]

    return made("one_hot", dims, draw, {}, fixed, allows=lambda shape: len(shape) > 0)


def choice(*values: Any) -> Domain:
    """One of the given values (integers, say an exponent), held fixed while a point is judged."""
    if not values:
        raise BadInput("choice() needs at least one value")

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return values[rng.integers(len(values))]

    extremes = {repr(value): (lambda rng, shape, value=value: value) for value in values}
    return Domain(f"choice({', '.join(map(repr, values))})", (), draw, extremes)


def constant(value: Any) -> Domain:
    """Always this value."""
    return Domain(f"constant({value!r})", (), lambda rng, shape: value)
