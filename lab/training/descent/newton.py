"""Directions of second order: Newton's, with the whole Hessian or with products only; the natural.

Each solves a linear system for the direction d that takes a quadratic model of the loss to its
bottom, and shows in the record what the model promised.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.training.curvature import Matrix, Vector
from lab.training.descent import Evaluations
from lab.training.descent.parts import Direction, Point, Toward, count
from lab.training.descent.steps import backtracking, fixed
from lab.training.problem import Scalar


def newton(*, damping: NonNegativeFloat = 0.0, definite: bool = True) -> Direction:
    """Newton's direction, ``-(H + damping I)^-1 g``.

    Where ``definite``, the eigenvalues of H are taken by their size (Gill, Murray and Wright 1981,
    section 4.4): away from saddles rather than towards them, so that the direction is always
    downhill. Otherwise it is the plain formula, that finds any point without slope. It costs the
    Hessian, n products.
    """

    def toward(point: Point, state: Any) -> Toward:
        H = point.hessian()
        values, axes = jnp.linalg.eigh(H)
        seen = {"least_curvature": values[0]}
        if definite:
            values = jnp.abs(values)
            # what is below rounding of the greatest is unknown, and would lead far away
            least = jnp.finfo(values.dtype).eps * values.size * jnp.max(values)
            values = jnp.maximum(values, least)
        values = values + damping
        vector = -(axes @ ((axes.T @ point.gradient) / jnp.where(values != 0, values, 1)))
        seen["predicted_decrease"] = -(point.gradient @ vector + vector @ H @ vector / 2)
        return Toward(vector, state, Evaluations(product=point.x.size), seen)

    return Direction(lambda x: (), toward, backtracking())


class _Solving(NamedTuple):
    solution: Vector
    residual: Vector
    search: Vector
    products: Int[Array, ""]
    bent: Bool[Array, ""]


def newton_cg(*, products: PositiveInt = 50, forcing: PositiveFloat = 0.5) -> Direction:
    """Newton's direction without a Hessian: conjugate gradients on ``H d = -g``, cut short.

    It stops at a residual of ``min(forcing, √|g|) |g|`` (Dembo and Steihaug 1983), after so many
    ``products`` of the Hessian with a vector, or where H turns out not to be positive along a
    search; the direction is downhill in any case. It costs the products it made.
    """

    def toward(point: Point, state: Any) -> Toward:
        g = point.gradient
        size = jnp.linalg.norm(g)
        enough = jnp.minimum(forcing, jnp.sqrt(size)) * size

        def going(s: _Solving) -> Array:
            return (s.products < products) & ~s.bent & (jnp.linalg.norm(s.residual) > enough)

        def closer(s: _Solving) -> _Solving:
            image = point.product(s.search)
            bend, old = s.search @ image, s.residual @ s.residual
            bent = ~(bend > 0)
            length = old / jnp.where(bent, 1, bend)
            residual = s.residual - length * image
            search = residual + (residual @ residual) / old * s.search
            ahead = _Solving(s.solution + length * s.search, residual, search, s.products + 1, bent)
            # along a search that is bent downwards only the slope is of use, if nothing else is
            first = jnp.where(s.products == 0, -g, s.solution)
            stay = _Solving(first, s.residual, s.search, s.products + 1, bent)
            return jax.tree.map(lambda a, b: jnp.where(bent, a, b), stay, ahead)

        begin = _Solving(jnp.zeros_like(g), -g, -g, count(0), jnp.asarray(False))
        end = jax.lax.while_loop(going, closer, begin)
        return Toward(end.solution, state, Evaluations(product=end.products))

    return Direction(lambda x: (), toward, backtracking())


def natural_gradient(*, damping: NonNegativeFloat = 0.0) -> Direction:
    """The steepest direction where distance is that of the model: ``-(F + damping I)^-1 g``.

    F is the Fisher information, the Hessian of the divergence from the model at the point (Amari
    1998): the direction is the same whatever the parameters the model is written in, as long as
    they are changed smoothly and steps are short. Directions that F knows nothing of are left out.
    It costs F, n products.
    """

    def toward(point: Point, state: Any) -> Toward:
        vector = least_solution(point.fisher(), -point.gradient, damping)
        return Toward(vector, state, Evaluations(product=point.x.size))

    return Direction(lambda x: (), toward, fixed())


def least_solution(A: Matrix, b: Vector, damping: float | Scalar) -> Vector:
    """The shortest x with (A + damping I) x = b, for A symmetric and without negative eigenvalues.

    Eigenvalues below rounding of the greatest are nothing but rounding, and left out.
    """
    values, axes = jnp.linalg.eigh(A)
    known = values > jnp.finfo(values.dtype).eps * values.size * jnp.max(jnp.abs(values))
    total = jnp.where(known, values, 0) + damping
    usable = total > 0
    return axes @ jnp.where(usable, (axes.T @ b) / jnp.where(usable, total, 1), 0)
