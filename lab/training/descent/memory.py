"""Directions that learn the curvature from the gradients on the way: conjugate gradients, BFGS."""

from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool

from lab.training.curvature import Matrix, Vector
from lab.training.descent.parts import Direction, Point, Toward
from lab.training.descent.steps import wolfe


class _Went(NamedTuple):
    """The step before: its gradient and direction; ``started`` is False before the first."""

    gradient: Vector
    vector: Vector
    started: Bool[Array, ""]


def conjugate_gradient(
    *, formula: Literal["polak_ribiere", "hestenes_stiefel", "fletcher_reeves"] = "polak_ribiere"
) -> Direction:
    """``-g + β d``, d the direction before: nonlinear conjugate gradients.

    With y the change of the gradient, β is ``g.y / g₀.g₀`` (Polak and Ribière 1969),
    ``g.y / d.y`` (Hestenes and Stiefel 1952) or ``g.g / g₀.g₀`` (Fletcher and Reeves 1964), and 0
    where it is negative or the direction were uphill: then it starts anew. On a quadratic with
    exact steps it arrives in n of them. It costs nothing, and asks for good steps; a direction of a
    length above 1 is handed to them with the length 1.
    """

    def init(x: Vector) -> _Went:
        return _Went(jnp.zeros_like(x), jnp.zeros_like(x), jnp.asarray(False))

    def toward(point: Point, state: _Went) -> Toward:
        g, before, d = point.gradient, state.gradient, state.vector
        y = g - before
        above, below = {
            "polak_ribiere": (g @ y, before @ before),
            "hestenes_stiefel": (g @ y, d @ y),
            "fletcher_reeves": (g @ g, before @ before),
        }[formula]
        usable = state.started & (below > 0)
        beta = jnp.where(usable, jnp.maximum(above / jnp.where(usable, below, 1), 0), 0)
        vector = -g + beta * d
        downhill = g @ vector < 0
        vector = jnp.where(downhill, vector, -g)
        seen = {"beta": jnp.where(downhill, beta, jnp.zeros_like(beta))}
        after = _Went(g, vector, jnp.asarray(True))
        return Toward(_cautious(vector), after, seen=seen)

    return Direction(init, toward, wolfe(curvature=0.1))


class _Learnt(NamedTuple):
    """The point before, and the inverse Hessian as far as it is known."""

    x: Vector
    gradient: Vector
    inverse: Matrix
    updates: Array


def bfgs() -> Direction:
    """``-B g``, B an inverse Hessian built up from the steps (Broyden, Fletcher, Goldfarb, Shanno).

    After a step s that changed the gradient by y, ``B y = s`` holds, and B stays positive as long
    as ``s.y > 0``, which Wolfe's conditions see to; otherwise B is left as it is. B starts as the
    identity, scaled to the first curvature seen (Nocedal and Wright, eq. 6.20), and the first
    direction is no longer than 1. It costs nothing.
    """

    def init(x: Vector) -> _Learnt:
        eye = jnp.eye(x.size, dtype=x.dtype)
        return _Learnt(x, jnp.zeros_like(x), eye, jnp.full((), -1, jnp.int32))

    def toward(point: Point, state: _Learnt) -> Toward:
        s, y = point.x - state.x, point.gradient - state.gradient
        sy = s @ y
        floor = jnp.finfo(sy.dtype).eps * jnp.linalg.norm(s) * jnp.linalg.norm(y)
        curved = (state.updates >= 0) & (sy > floor)
        B = jnp.where(curved & (state.updates == 0), sy / (y @ y), 1) * state.inverse
        B = jnp.where(curved, secant(B, s, y), state.inverse)
        updates = jnp.maximum(state.updates, 0) + curved.astype(jnp.int32)
        vector = -(B @ point.gradient)
        # B may have lost its way to rounding, or have led to a search that found nothing
        lost = ~(vector @ point.gradient < 0) | ((state.updates > 0) & ~jnp.any(s != 0))
        B = jnp.where(lost, jnp.eye(s.size, dtype=s.dtype), B)
        updates = jnp.where(lost, 0, updates)
        # as long as nothing is known of the curvature the gradient tells no length
        vector = jnp.where(updates > 0, vector, _cautious(-point.gradient))
        return Toward(vector, _Learnt(point.x, point.gradient, B, updates))

    return Direction(init, toward, wolfe())


def _cautious(vector: Vector) -> Vector:
    """The vector, or the unit vector along it where that is shorter."""
    size = jnp.linalg.norm(vector)
    return vector / jnp.maximum(size, 1)


def secant(B: Matrix, s: Vector, y: Vector) -> Matrix:
    """``(I - s yᵀ/s.y) B (I - y sᵀ/s.y) + s sᵀ/s.y``: symmetric as B is, and it takes y to s."""
    sy = s @ y
    rho = 1 / jnp.where(sy != 0, sy, 1)
    left = jnp.eye(s.size, dtype=s.dtype) - rho * jnp.outer(s, y)
    return left @ B @ left.T + rho * jnp.outer(s, s)
