"""The ground to walk on, and rates of change along directions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.vectors import directional_derivatives as calculus
from lab.calculus.vectors.directional_derivatives import circle, quarter_turn
from lab.tables import Table, table

Point = Float[Array, " 2"]


class Landscape(NamedTuple):
    """A function of the plane with its gradient and Hessian by hand."""

    f: Callable[[Any], Any]
    gradient: Callable[[Any], Any]
    hessian: Callable[[Any], Any]


LANDSCAPES = {
    "tilted_bowl": Landscape(
        calculus.tilted_bowl, calculus.tilted_bowl_gradient, calculus.tilted_bowl_hessian
    ),
    "elliptic_bowl": Landscape(
        calculus.elliptic_bowl, calculus.elliptic_bowl_gradient, calculus.elliptic_bowl_hessian
    ),
    "two_wells": Landscape(
        calculus.two_wells, calculus.two_wells_gradient, calculus.two_wells_hessian
    ),
    "saddle": Landscape(calculus.saddle, calculus.saddle_gradient, calculus.saddle_hessian),
}
BLADE = Landscape(calculus.blade, calculus.blade_gradient, jax.hessian(calculus.blade))


def rates(
    part: str,
    ground: Landscape,
    points: Float[Array, "n 2"],
    angle: Float[Array, " n"],
    step: float,
) -> Table:
    """The rate of each point in its direction, three ways, and the curvature in that direction."""

    def row(p: Point, theta: Float[Array, ""]) -> dict[str, Array]:
        v = circle(theta)
        along = lambda t: ground.f(p + t * v)
        rate = lambda t: jax.jvp(along, (t,), (jnp.ones_like(t),))[1]
        here = jnp.zeros_like(theta)
        return {
            "x": p[0],
            "y": p[1],
            "angle": theta,
            "height": ground.f(p),
            "steepness": jnp.linalg.norm(ground.gradient(p)),
            "rate": rate(here),
            "gradient_dot_v": ground.gradient(p) @ v,
            "difference": (along(here + step) - along(here - step)) / (2 * step),
            "second_rate": jax.jvp(rate, (here,), (jnp.ones_like(here),))[1],
            "v_hessian_v": v @ ground.hessian(p) @ v,
        }

    columns = jax.jit(jax.vmap(row))(points, angle)
    return table({"part": part}, columns)


def level_curve(
    ground: Landscape, start: Point, step: float, count: int
) -> Float[Array, "2*{count}+1 2"]:
    """The level curve through ``start``: ``count`` steps one way and ``count`` the other.

    Each step goes along the tangent, then back down the gradient to the level it has left: Newton's
    method for one equation, twice.
    """
    level = ground.f(start)

    def onto_level(p: Point) -> Point:
        g = ground.gradient(p)
        return p - (ground.f(p) - level) * g / (g @ g)

    def walk(sign: float) -> Float[Array, "{count} 2"]:
        def advance(p: Point, _: None) -> tuple[Point, Point]:
            g = ground.gradient(p)
            tangent = sign * quarter_turn(g) / jnp.linalg.norm(g)
            p = onto_level(onto_level(p + step * tangent))
            return p, p

        return jax.lax.scan(advance, start, length=count)[1]

    return jnp.concatenate([walk(-1.0)[::-1], start[None], walk(1.0)])


def heading(vector: Any) -> float:
    """The angle of a vector to the x axis."""
    return float(np.arctan2(vector[1], vector[0]))


def turn(angle: float) -> float:
    """The same turn, between half a turn right and half a turn left."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)
