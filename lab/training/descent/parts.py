"""A descent made of parts: which way to go, and how far, each chosen for itself.

A direction turns what is seen at a point into a vector, a step chooses how far along it; any of one
goes with any of the other (``composed``). Both see the params as one vector.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from lab.training import curvature
from lab.training.curvature import Jacobian, Matrix, Vector
from lab.training.descent import Descent, Evaluations, Here, Move, searched
from lab.training.optimizers import keeping_dtypes
from lab.training.problem import Params, Scalar


class Point(NamedTuple):
    """Where a step starts, flat: the params as a vector, the gradient there, and whom to ask."""

    x: Vector
    loss: Scalar
    gradient: Vector
    here: Here
    unflatten: Callable[[Vector], Params]

    def loss_at(self, x: Vector) -> Scalar:
        """The loss elsewhere, as a function whose derivative is the chosen gradient."""
        return self.here.objective.loss(self.unflatten(x))

    def hessian(self) -> Matrix:
        """All second derivatives; n products."""
        problem, batch, choice = self.here.objective
        return curvature.hessian(problem, choice, self.here.params, batch)

    def product(self, vector: Vector) -> Vector:
        """The Hessian times a vector; one product."""
        problem, batch, choice = self.here.objective
        return curvature.product(problem, choice, self.here.params, batch, vector)

    def residuals(self) -> Float[Array, " m"]:
        """The residuals of which the loss is the sum of squares, known with the loss."""
        problem, batch, _ = self.here.objective
        return curvature.residuals(problem, self.here.params, batch)

    def jacobian(self) -> Jacobian:
        """The Jacobian of the residuals; as many products as its shorter side is long."""
        problem, batch, choice = self.here.objective
        return curvature.jacobian(problem, choice, self.here.params, batch)

    def fisher(self) -> Matrix:
        """The Fisher information of the model."""
        problem, batch, choice = self.here.objective
        return curvature.fisher(problem, choice, self.here.params, batch)


class Toward(NamedTuple):
    """A direction as it came out: ``vector``, the state after it, and as in a ``Move``."""

    vector: Vector
    state: Any
    spent: Evaluations = Evaluations()
    seen: Mapping[str, Scalar] = {}


class Along(NamedTuple):
    """How far: ``length`` times the direction, the state after it, and as in a ``Move``."""

    length: Scalar
    state: Any
    spent: Evaluations = Evaluations()
    seen: Mapping[str, Scalar] = {}


class Step(NamedTuple):
    """How far to go: ``init(x) -> state``, ``along(point, vector, state) -> Along``, both pure."""

    init: Callable[[Vector], Any]
    along: Callable[[Point, Vector, Any], Along]


class Direction(NamedTuple):
    """Which way to go: ``init(x) -> state``, ``toward(point, state) -> Toward``, both pure.

    ``step`` is the one that suits it where no other is chosen.
    """

    init: Callable[[Vector], Any]
    toward: Callable[[Point, Any], Toward]
    step: Step


def composed(direction: Direction, step: Step | None = None) -> Descent:
    """Go along the direction as far as the step says; None takes the one that suits it."""
    chosen = direction.step if step is None else step

    def init(params: Params) -> Any:
        x = ravel_pytree(params)[0]
        return direction.init(x), chosen.init(x)

    def move(here: Here, state: Any) -> Move:
        point = flat(here)
        toward = direction.toward(point, state[0])
        along = chosen.along(point, toward.vector, state[1])
        return Move(
            point.unflatten(along.length * toward.vector),
            (toward.state, along.state),
            Evaluations(*map(_sum, toward.spent, along.spent)),
            {**toward.seen, **along.seen},
        )

    return Descent(init, move)


def flat(here: Here) -> Point:
    """The point with its params and gradient as vectors."""
    x, unflatten = ravel_pytree(here.params)
    return Point(x, here.loss, ravel_pytree(here.gradient)[0], here, unflatten)


def of_optax(optimizer: optax.GradientTransformation, step: Step) -> Direction:
    """The update of an optimizer of optax as a direction."""
    inner = keeping_dtypes(optimizer)

    def toward(point: Point, state: Any) -> Toward:
        update, state = inner.update(
            point.gradient,
            state,
            point.x,
            value=point.loss,
            grad=point.gradient,
            value_fn=point.loss_at,
        )
        return Toward(update, state, searched(state))

    return Direction(inner.init, toward, step)


def count(number: int | Int[Array, ""]) -> Int[Array, ""]:
    """A number of evaluations, in the type that all counts have."""
    return jnp.asarray(number).astype(jnp.int32)


def _sum(a: Any, b: Any) -> Any:
    # where both are known without computing, so is their sum
    return a + b if isinstance(a, int) and isinstance(b, int) else count(a) + count(b)
