"""Along a constraint: the nearest point of an ellipse, and a mixture of least variance."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.implicit import constraints
from lab.calculus.implicit.minimisers import (
    constrained_minimiser,
    constrained_minimum,
    constrained_minimum_gradient,
)
from lab.tables import Row, read, table
from lab.training import data

Vector = Float[Array, " d"]
Scalar = Float[Array, ""]


def along_ellipse(q: Float[Array, " 2"], axes: Float[Array, " 2"]) -> Iterator[Row]:
    """Around the ellipse: the distance, and how nearly the two gradients lie along one line."""
    nearest = constraints.nearest_on_ellipse(q, axes, jnp.ones(()))
    mu = float(constraints.ellipse_multiplier(q, axes, jnp.ones(())))
    turn = np.linspace(0, 2 * np.pi, 145)
    around = np.asarray(axes) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for part, angle, x in [
        *(("ellipse", angle, x) for angle, x in zip(turn, around, strict=True)),
        ("nearest", np.nan, np.asarray(nearest)),
    ]:
        objective, constraint = x - np.asarray(q), x / np.asarray(axes) ** 2
        yield {
            "part": part,
            "angle": float(angle),
            "x": float(x[0]),
            "y": float(x[1]),
            "value": float(objective @ objective / 2),
            "alignment": cosine(objective, constraint),
            "residual": float(np.linalg.norm(objective + mu * constraint)),
        }


def cosine(u: np.ndarray, v: np.ndarray) -> float:
    return float(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)))


def levels(q: Float[Array, " 2"], axes: Float[Array, " 2"]) -> Iterator[Row]:
    """The least distance as the ellipse grows; its slope by the multiplier and by differences."""
    h = float(jnp.cbrt(jnp.finfo(q.dtype).eps))

    def row(level: Scalar) -> dict[str, Array]:
        least = lambda level: constraints.distance_to_ellipse(q, axes, level)
        return {
            "level": level,
            "value": least(level),
            "implicit": constraints.distance_to_ellipse_gradient(q, axes, level)[1],
            "exact": (least(level + h) - least(level - h)) / (2 * h),
        }

    yield from read(
        table({"part": "level"}, jax.jit(jax.vmap(row))(jnp.linspace(0.5, 1.5, 11).astype(float)))
    )


def least_variance() -> Iterator[Row]:
    """The mixture of four wine measurements of least variance, and what constraints are worth.

    The shares add up to 1, and the mixture has one half of the first measurement's correlation with
    the class. Multipliers are compared with what JAX finds through the solver.
    """
    (wine,) = data.standardise(data.load("wine"))
    X = wine.inputs[:, [0, 6, 9, 12]]
    Q = jnp.asarray(np.cov(X.T), float)
    towards = X.T @ (wine.targets == 0) / len(X)
    A = jnp.asarray(np.stack([np.ones(4), towards / abs(towards).max()], axis=1), float)
    b, c = jnp.array([1.0, 0.5]), jnp.zeros(4)
    x, multipliers = constrained_minimiser(Q, c, A, b)
    by_jax = jax.grad(constrained_minimum, 3)(Q, c, A, b)
    by_hand = constrained_minimum_gradient(Q, c, A, b)
    for i, name in enumerate(("shares add up to 1", "correlation")):
        yield {
            "part": "variance",
            "name": name,
            "value": float(constrained_minimum(Q, c, A, b)),
            "multiplier": float(multipliers[i]),
            "implicit": float(by_hand[i]),
            "exact": float(by_jax[i]),
            "residual": float(jnp.linalg.norm(A.T @ x - b)),
        }
