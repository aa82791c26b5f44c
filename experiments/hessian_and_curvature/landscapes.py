"""Curvature of a landscape: on a grid, at level points, in every direction; and of a loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.landscapes.plane_landscapes import (
    scalar_network,
    scalar_network_gradient,
    scalar_network_hessian,
)
from lab.calculus.optimizers.gradient_descent import (
    logistic_loss_gradient,
    logistic_loss_hessian,
    rosenbrock,
    rosenbrock_gradient,
    rosenbrock_hessian,
)
from lab.calculus.vectors import curvature
from lab.calculus.vectors.directional_derivatives import (
    circle,
    tilted_bowl,
    tilted_bowl_gradient,
    tilted_bowl_hessian,
    two_wells,
    two_wells_gradient,
    two_wells_hessian,
)
from lab.calculus.vectors.surfaces import (
    folium,
    folium_gradient,
    folium_hessian,
    monkey_saddle,
    monkey_saddle_gradient,
    monkey_saddle_hessian,
    twisted_sheet_gradient,
)
from lab.tables import Table
from lab.training import data

Point = Float[Array, " 2"]


class Landscape(NamedTuple):
    """A function of the plane with its derivatives by hand, and what is known of its level points.

    ``known`` has, for each kind, how many there are and the two curvatures they have.
    """

    f: Callable[[Point], Any]
    gradient: Callable[[Point], Any]
    hessian: Callable[[Point], Any]
    known: dict[str, tuple[int, float, float]]


DEPTH = 2 * np.exp(-1)  # of either well at the pass between them
LANDSCAPES = {
    "folium": Landscape(
        folium, folium_gradient, folium_hessian, {"saddle": (1, -3, 3), "minimum": (1, 3, 9)}
    ),
    "rosenbrock": Landscape(
        rosenbrock,
        rosenbrock_gradient,
        rosenbrock_hessian,
        {"minimum": (1, 501 - np.sqrt(501**2 - 400), 501 + np.sqrt(501**2 - 400))},
    ),
    "bowl": Landscape(
        tilted_bowl, tilted_bowl_gradient, tilted_bowl_hessian, {"minimum": (1, 1, 3)}
    ),
    "scalar_network": Landscape(
        scalar_network, scalar_network_gradient, scalar_network_hessian, {"saddle": (1, -1, 1)}
    ),
    "monkey_saddle": Landscape(
        monkey_saddle, monkey_saddle_gradient, monkey_saddle_hessian, {"degenerate": (1, 0, 0)}
    ),
    "two_wells": Landscape(
        two_wells, two_wells_gradient, two_wells_hessian, {"saddle": (1, -2 * DEPTH, 2 * DEPTH)}
    ),
}
KINDS = ("maximum", "saddle", "degenerate", "minimum")


# ----- a landscape -----


def curvatures(ground: Landscape, points: Float[Array, "n 2"]) -> Table:
    """Eigenvalues and kind at every point; by hand, and how far from JAX's two ways."""

    def row(p: Point) -> dict[str, Array]:
        H, forward = ground.hessian(p), jax.jacfwd(jax.jacrev(ground.f))(p)
        low, high = curvature.plane_curvatures(jnp.stack([H[0, 0], H[0, 1], H[1, 1]]))
        size = jnp.maximum(jnp.max(jnp.abs(H)), 1e-3)
        return {
            "x": p[0],
            "y": p[1],
            "height": ground.f(p),
            "steepness": jnp.linalg.norm(ground.gradient(p)),
            "low": low,
            "high": high,
            "gap": jnp.max(jnp.abs(H - forward)) / size,
            "asymmetry": jnp.max(jnp.abs(forward - forward.T)) / size,
        }

    table = {name: np.asarray(values) for name, values in jax.jit(jax.vmap(row))(points).items()}
    kinds = kind_of(table["low"], table["high"])
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = np.maximum(abs(table["low"]), abs(table["high"])) / np.minimum(
            abs(table["low"]), abs(table["high"])
        )
    return {"kind": kinds, "condition": condition} | table


def kind_of(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What the signs of the curvatures say; where one of them is 0 they say nothing."""
    flat = 1e-6 * np.maximum(np.maximum(abs(low), abs(high)), 1e-3)
    sure = (abs(low) > flat) & (abs(high) > flat)
    kinds = np.where(low > 0, "minimum", np.where(high < 0, "maximum", "saddle"))
    return np.where(sure, kinds, "degenerate")


def level_points(ground: Landscape, reach: float, starts: int) -> Float[Array, "n 2"]:
    """Where Newton's method arrives from a grid of starts, each place once, nearest to 0 first."""
    line = jnp.linspace(-0.9 * reach, 0.9 * reach, starts)
    begin = jnp.stack(jnp.meshgrid(line, line), axis=-1).reshape(-1, 2)

    def improve(_: Any, p: Point) -> Point:
        # the shortest of all solutions, where the Hessian is singular
        return p - jnp.linalg.pinv(ground.hessian(p), rtol=1e-6) @ ground.gradient(p)

    ends = np.asarray(jax.jit(jax.vmap(lambda p: jax.lax.fori_loop(0, 60, improve, p)))(begin))
    steep = np.asarray(jax.vmap(lambda p: jnp.linalg.norm(ground.gradient(p)))(jnp.asarray(ends)))
    arrived = (steep < 1e-5) & (abs(ends).max(axis=1) <= reach)
    places = np.unique(np.round(ends[arrived], 3) + 0.0, axis=0)
    exact = [ends[arrived][np.argmin(np.hypot(*(ends[arrived] - p).T))] for p in places]
    return jnp.asarray(sorted(exact, key=lambda p: (round(np.hypot(*p), 3), *p)))


def in_all_directions(ground: Landscape, p: Point, count: int) -> Table:
    """The second derivative along each direction: forward mode twice, no Hessian."""

    def second(theta: Float[Array, ""]) -> Float[Array, ""]:
        along = lambda t: ground.f(p + t * circle(theta))
        rate = lambda t: jax.jvp(along, (t,), (jnp.ones_like(t),))[1]
        here = jnp.zeros_like(theta)
        return jax.jvp(rate, (here,), (jnp.ones_like(here),))[1]

    angle = 2 * jnp.pi * jnp.arange(count).astype(float) / count
    columns = {"angle": angle, "second_rate": jax.jit(jax.vmap(second))(angle)}
    columns |= {name: jnp.full(count, value) for name, value in zip("xy", p, strict=True)}
    return {name: np.asarray(values) for name, values in columns.items()}


def mixed_partials() -> Table:
    """xy (x² - y²)/(x² + y²): how f_x changes with y, and f_y with x, on the way to the origin."""
    h = 0.5 ** np.arange(0, 12)
    slopes = jax.vmap(twisted_sheet_gradient)
    tiny = np.full_like(h, 1e-30)
    yx = slopes(jnp.asarray(np.stack([tiny, h], axis=1), float))[:, 0] / h
    xy = slopes(jnp.asarray(np.stack([h, tiny], axis=1), float))[:, 1] / h
    return {"h": h, "first_x_then_y": np.asarray(yx), "first_y_then_x": np.asarray(xy)}


# ----- thirty dimensions -----


def greatest_curvature(key: Any, products: int) -> tuple[Table, Table]:
    """Lanczos' method on the logistic loss of tumours: the greatest curvature, step by step."""
    (table,) = data.standardise(data.load("breast_cancer"))
    X, y = jnp.asarray(table.inputs, float), jnp.asarray(1 - 2 * table.targets, float)
    ridge, w = jnp.asarray(1e-3, float), jnp.zeros(X.shape[1])
    H = logistic_loss_hessian(w, X, y, ridge)
    spectrum = np.asarray(jnp.linalg.eigvalsh(H))
    start = jax.random.normal(key, w.shape)
    gradient = lambda w: logistic_loss_gradient(w, X, y, ridge)
    forward_over_reverse = lambda v: jax.jvp(gradient, (w,), (v,))[1]
    by_hand = lambda v: curvature.logistic_curvature_product(w, X, y, ridge, v)
    gap = jnp.linalg.norm(by_hand(start) - forward_over_reverse(start))
    gap = max(gap, jnp.linalg.norm(by_hand(start) - H @ start)) / jnp.linalg.norm(H @ start)
    count = min(products, len(spectrum))
    small = jax.jit(lambda v: curvature.lanczos(by_hand, v, count))(start)
    greatest = []
    for k in range(1, count + 1):
        part = curvature.Tridiagonal(small.diagonal[:k], small.beside[: k - 1])
        greatest.append(float(curvature.ritz_values(part)[-1]))
    steps = {
        "products": np.arange(1.0, count + 1),
        "high": np.array(greatest),
        "gap": np.full(count, float(gap)),
        "relative_error": abs(np.array(greatest) / spectrum[-1] - 1),
    }
    return steps, {"high": spectrum[::-1]}
