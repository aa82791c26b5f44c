"""Surfaces and their partial derivatives: on a grid, on slices, on paths, and what they cost."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.networks.class_losses import softmax_regression_gradient, softmax_regression_loss
from lab.calculus.vectors import directional_derivatives as bowls
from lab.calculus.vectors import partials as calculus
from lab.calculus.vectors import surfaces
from lab.tables import Table, stacked
from lab.training import data

Point = Float[Array, " 2"]


class Surface(NamedTuple):
    """A function of the plane, its partial derivatives by hand, and how it is written."""

    f: Callable[[Any], Any]
    partials: Callable[[Any], Any]
    formula: str


two_wells_gradient, tilted_bowl = bowls.two_wells_gradient, bowls.tilted_bowl
SURFACES = {
    "egg_crate": Surface(surfaces.egg_crate, surfaces.egg_crate_gradient, r"\sin x\,\cos y"),
    "mixed_cubic": Surface(surfaces.mixed_cubic, surfaces.mixed_cubic_gradient, "x^2 y + x y^2"),
    "folium": Surface(surfaces.folium, surfaces.folium_gradient, "x^3 - 3xy + y^3"),
    "monkey_saddle": Surface(
        surfaces.monkey_saddle, surfaces.monkey_saddle_gradient, "x^3 - 3 x y^2"
    ),
    "exponential": Surface(
        surfaces.exponential_of_product, surfaces.exponential_of_product_gradient, "e^{xy}"
    ),
    "two_wells": Surface(bowls.two_wells, two_wells_gradient, r"-e^{-|p-c|^2} - e^{-|p+c|^2}"),
}


def on_a_grid(ground: Surface, reach: float, count: int, h: float) -> Table:
    """Both partial derivatives at each point, three ways."""
    ticks = jnp.linspace(-reach, reach, count)
    x, y = (part.ravel() for part in jnp.meshgrid(ticks, ticks))
    points = jnp.stack([x, y], axis=1)
    by_hand = jax.vmap(ground.partials)(points)
    # the slope of a slice: jax.grad by argnums knows of one variable only
    slice_of = lambda x, y: ground.f(jnp.stack([x, y]))
    by_jax = [jax.vmap(jax.grad(slice_of, argnums=i))(x, y) for i in (0, 1)]
    f = jax.vmap(ground.f)
    measured = [(f(points + h * e) - f(points - h * e)) / (2 * h) for e in jnp.eye(2)]
    columns = {"x": x, "y": y, "value": f(points)}
    for i, name in enumerate(("x", "y")):
        columns |= {f"hand_{name}": by_hand[:, i], f"jax_{name}": by_jax[i]}
        columns |= {f"difference_{name}": measured[i]}
    return {name: np.asarray(column) for name, column in columns.items()}


def slices(ground: Surface, p: Point, reach: float) -> Table:
    """The surface along x through p with y held, and along y with x held."""
    t = jnp.linspace(-reach, reach, 121)
    tables = []
    for i, name in enumerate(("x", "y")):
        points = jnp.broadcast_to(p, (t.size, 2)).at[:, i].set(t)
        tangent = ground.f(p) + ground.partials(p)[i] * (t - p[i])
        columns = {"x": points[:, 0], "y": points[:, 1], "value": jax.vmap(ground.f)(points)}
        columns |= {"tangent": tangent, "label": np.full(t.size, name)}
        tables.append({column: np.asarray(values) for column, values in columns.items()})
    return stacked(*tables)


def one_weight_each(key: Any, count: int, h: float) -> Table:
    """Of softmax regression on digits, 64 x 10 weights, ``count`` at random, one at a time."""
    digits = data.load("digits")
    (scaled,) = data.rescale(digits)
    X, labels = jnp.asarray(scaled.inputs, float), jnp.asarray(digits.targets)
    start, chosen = jax.random.split(key)
    W = jax.random.normal(start, (X.shape[1], 10)).astype(X.dtype)
    full = jax.jit(softmax_regression_gradient)(W, X, labels)
    # a pixel that is hardly ever lit moves nothing: choose among those that are
    lit = np.flatnonzero(np.asarray(X).std(axis=0) > 0.1)
    place = jax.random.randint(chosen, (count, 2), 0, jnp.array([lit.size, 10]))
    pixel, unit = jnp.asarray(lit)[place[:, 0]], place[:, 1]

    def loss_of_one(w: Array, i: Array, j: Array) -> Array:
        return softmax_regression_loss(W.at[i, j].set(w), X, labels)

    def by_itself(one: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        w, *where = one
        alone = lambda w: loss_of_one(w, *where)
        return jax.grad(alone)(w), (alone(w + h) - alone(w - h)) / (2 * h)

    by_jax, measured = jax.lax.map(by_itself, (W[pixel, unit], pixel, unit))
    columns = {"x": pixel, "y": unit, "hand_x": full[pixel, unit], "jax_x": by_jax}
    columns |= {"difference_x": measured}
    return {name: np.asarray(column, float) for name, column in columns.items()}


FIELDS: dict[str, Callable[[Point], Point]] = {
    "gradient": lambda p: calculus.stirred(p, jnp.zeros_like(p[0])),
    "rotation": calculus.rotation,
    "both": lambda p: calculus.stirred(p, jnp.ones_like(p[0])),
}
WAYS = {
    "straight": [(-1.0, -1.0), (1.0, 1.0)],
    "right, then up": [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0)],
    "up, then right": [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)],
    "zigzag": [(-1.0, -1.0), (0.0, 1.0), (0.5, -1.0), (1.0, 1.0)],
}


def paths() -> Table:
    """The work of each field along each way between the same two ends, and its curl at a point."""
    found = []
    for name, field in FIELDS.items():
        curl = float(calculus.plane_curl(field, jnp.array([0.3, -0.4])))
        for way, corners in WAYS.items():
            legs = pairwise(corners)
            done = sum(float(calculus.work(field, *map(jnp.array, leg))) for leg in legs)
            found.append((name, way, done, curl))
    labels, ways, work, curls = zip(*found, strict=True)
    return {
        "label": np.array(labels),
        "way": np.array(ways),
        "value": np.array(work),
        "curl": np.array(curls),
    }


def costs(dimensions: tuple[int, ...]) -> Table:
    """What all n partial derivatives cost, in evaluations of f: the ratio of operations, as counted
    in the programs that JAX makes, compiled or not."""

    def f(x: Array) -> Array:
        return jnp.sum((x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def differences(x: Array) -> Array:
        return jax.vmap(lambda e: (f(x + e) - f(x - e)) / 2)(jnp.eye(x.size))

    def operations(program: Callable[[Array], Any], n: int) -> float:
        counted = jax.jit(program).lower(jnp.zeros(n)).cost_analysis()
        return float((counted or {})["flops"])

    count = [operations(f, n) for n in dimensions]
    return {
        "x": np.array(dimensions, float),
        "jax_x": np.array([operations(jax.grad(f), n) for n in dimensions]) / count,
        "difference_x": np.array([operations(differences, n) for n in dimensions]) / count,
    }


def descents(step: float, steps: int) -> Table:
    """Down the tilted bowl: all variables by one gradient, or one after the other."""
    start, tables = jnp.array([2.0, -0.5]), []
    for name, move in (("together", calculus.together), ("one by one", calculus.one_by_one)):
        walk = [start]
        for _ in range(steps):
            walk.append(move(walk[-1], jnp.asarray(step, start.dtype)))
        x, y = np.array(walk).T
        heights = np.array([float(tilted_bowl(p)) for p in walk])
        tables.append({"label": np.full(x.size, name), "x": x, "y": y, "value": heights})
    return stacked(*tables)
