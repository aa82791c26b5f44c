"""Gradient descent: one number, 1 - aL, says how fast, how far and how long.

Question: How fast does gradient descent approach the bottom, what step is best, and at what step
          does it stop approaching?
Command:  lab run gradient_descent
Time:     about 20 s on two cores, most of it the checks
Expect:   on an ellipse of condition number 10 at the best step, errors that shrink by
          (10 - 1) / (10 + 1) = 0.818 a step; over many step sizes, that step the best and 2 / L
          the first that no longer arrives.
"""

from typing import Any, Literal

import jax.numpy as jnp
from pydantic import NonNegativeFloat, PositiveFloat

from lab.errors import BadInput
from lab.training.problem import Problem

from .figures import figures as figures
from .landscapes import Scalar, Vector, the_landscape
from .promises import findings as findings


def problem(
    key: Any,
    *,
    landscape: Literal["parabola", "ellipse", "absolute", "logistic"] = "ellipse",
    start: tuple[float, ...] = (10.0, 1.0),
    condition: PositiveFloat = 10.0,
    features: tuple[str, str] = ("mean radius", "mean concave points"),
    ridge: NonNegativeFloat = 0.01,
) -> Problem:
    """Descend ``landscape`` from ``start``; each row knows its distance to the bottom.

    ``condition`` is the ellipse's, ``features`` and ``ridge`` are the logistic regression's.
    Raises ``BadInput`` for a start of the wrong number of coordinates, and for unknown features.
    """
    del key  # nothing here is random
    land = the_landscape(landscape, condition, features, ridge)
    here = jnp.array(start, float)
    if here.shape != land.bottom.shape:
        raise BadInput(
            f"start: {list(start)} has {here.size} coordinates, but the {landscape} has "
            f"{land.bottom.size}: {', '.join(land.axes)}"
        )

    def metrics(x: Vector, gradient: Vector, update: Vector, batch: Any) -> dict[str, Scalar]:
        del gradient, batch
        before = jnp.linalg.norm(x - land.bottom)
        after = jnp.linalg.norm(x + update - land.bottom)
        return {
            "distance": before,
            "step_length": jnp.linalg.norm(update),
            # 0 from the bottom to the bottom, rather than 0/0
            "ratio": after / jnp.where(before > 0, before, 1),
        }

    return Problem(
        loss=lambda x, batch: land.loss(x),
        gradient=lambda x, batch: land.gradient(x),
        hessian=lambda x, batch: land.hessian(x),
        start=here,
        metrics=metrics,
        point=lambda x: dict(zip(land.axes, x, strict=True)),
    )
