"""What is descended, and what theory says of it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.optimizers import gradient_descent as calculus
from lab.calculus.optimizers import momentum as heavy_ball
from lab.errors import BadInput, suggestion
from lab.experiment import Outcome
from lab.training import data

Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


class Landscape(NamedTuple):
    """What is walked down: a loss with its derivatives by hand, its lowest point, its axes.

    Within ``near`` of the bottom it is as good as its quadratic approximation.
    """

    loss: Callable[[Vector], Scalar]
    gradient: Callable[[Vector], Vector]
    hessian: Callable[[Vector], Float[Array, "n n"]]
    bottom: Vector
    axes: tuple[str, ...] = ("x", "y")
    near: float = 1.0


# ----- the landscapes -----


def the_landscape(
    name: str, condition: float, features: tuple[str, str], ridge: float
) -> Landscape:
    """A landscape by its name, in the precision of the run."""
    origin = jnp.zeros(2)
    if name == "parabola":
        return Landscape(
            lambda x: jnp.sum(calculus.parabola(x)),
            calculus.parabola_derivative,
            lambda x: 2 * jnp.eye(1),
            jnp.zeros(1),
            ("x",),
        )
    if name == "ellipse":
        curvatures = jnp.array([1.0, condition])
        return Landscape(
            lambda x: calculus.ellipse(x, curvatures),
            lambda x: calculus.ellipse_gradient(x, curvatures),
            lambda x: calculus.ellipse_hessian(x, curvatures),
            origin,
        )
    if name == "absolute":
        flat = lambda x: jnp.zeros((2, 2))
        slope = calculus.absolute_sum_gradient
        # no step size divides an irrational start
        return Landscape(calculus.absolute_sum, slope, flat, origin, near=math.sqrt(0.5))
    return tumours(features, jnp.asarray(ridge, float))


def tumours(features: tuple[str, str], ridge: Scalar) -> Landscape:
    """Logistic regression of malignant (1) against benign (-1) on two standardised features.

    No formula has its lowest point; Newton's method does, to the last digit.
    """
    (table,) = data.standardise(data.load("breast_cancer"))
    for feature in features:
        if feature not in table.feature_names:
            raise BadInput(
                f"features: no {feature!r} in breast_cancer"
                f"{suggestion(feature, table.feature_names)}"
            )
    columns = [table.feature_names.index(feature) for feature in features]
    X = jnp.asarray(table.inputs[:, columns], float)
    y = jnp.asarray(1 - 2 * table.targets, float)
    w = jnp.zeros(2)
    for _ in range(20):
        slope = calculus.logistic_loss_gradient(w, X, y, ridge)
        w = w - jnp.linalg.solve(calculus.logistic_loss_hessian(w, X, y, ridge), slope)
    return Landscape(
        lambda w: calculus.logistic_loss(w, X, y, ridge),
        lambda w: calculus.logistic_loss_gradient(w, X, y, ridge),
        lambda w: calculus.logistic_loss_hessian(w, X, y, ridge),
        w,
        features,
        near=1e-2,
    )


# ----- what theory says -----


class Plan(NamedTuple):
    """The walk a run was told to take, with sgd at a constant rate, and the curvatures it meets."""

    land: Landscape
    curvatures: np.ndarray
    directions: np.ndarray
    step: float
    momentum: float

    @property
    def curved(self) -> bool:
        return bool(self.curvatures.max() > 0)

    @property
    def quadratic(self) -> bool:
        """Curved alike everywhere."""
        return self.curved and self.land.near == 1

    @property
    def threshold(self) -> float:
        """The step from which on the steepest direction does not settle: 2 (1 + b) / L."""
        return 2 * (1 + self.momentum) / float(self.curvatures.max())

    @property
    def best(self) -> float:
        """Without momentum the best step is 2 / (mu + L)."""
        return 2 / float(self.curvatures.min() + self.curvatures.max())

    def factor(self, step: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """What a step of each length leaves of the most stubborn error, near the bottom."""
        grid = _rates(self.curvatures[:, None], step, np.array(self.momentum))
        return np.asarray(grid).max(axis=0)

    def walks(self, steps: Float[np.ndarray, " m"], count: int) -> Float[np.ndarray, "m k n"]:
        """The same walk with each step size, from beside the bottom in every direction.

        Places are relative to the bottom, a coordinate for each curvature, the greatest last.
        """
        start = np.asarray(self.land.bottom) + self.land.near * self.directions.sum(axis=1)
        descend = lambda step: walk(self.land.gradient, start, step, self.momentum, count)
        places = np.asarray(jax.jit(jax.vmap(descend))(jnp.asarray(steps)))
        with np.errstate(invalid="ignore"):  # what has left for infinity is somewhere there
            return (places - np.asarray(self.land.bottom)).astype(float) @ self.directions


_rates = jax.jit(jnp.vectorize(heavy_ball.heavy_ball_rate))


def walk(
    gradient: Callable[[Vector], Vector], start: Vector, step: Scalar, momentum: float, count: int
) -> Float[Array, "k n"]:
    """All the places on the way."""

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], Vector]:
        x, v = state
        v = momentum * v - step * gradient(x)
        return (x + v, v), x + v

    _, places = jax.lax.scan(move, (start, jnp.zeros_like(start)), length=count)
    return jnp.concatenate([start[None], places])


def the_plan(outcome: Outcome) -> Plan | None:
    """What to expect of the run; None if it used another optimizer, of which theory says less."""
    settings, optimizer = outcome.settings, outcome.settings["optimizer"]
    step, momentum = optimizer.get("learning_rate"), optimizer.get("momentum") or 0.0
    searched = optimizer.get("nesterov") or optimizer.get("step")
    if optimizer["name"] != "sgd" or searched or not isinstance(step, float | int):
        return None
    land = the_landscape(*(settings[s] for s in ("landscape", "condition", "features", "ridge")))
    curvatures, directions = np.linalg.eigh(np.asarray(land.hessian(land.bottom)))
    return Plan(land, curvatures, directions, float(step), momentum)
