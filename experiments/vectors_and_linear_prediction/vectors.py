"""Lengths, distances and predictions as a vector moves."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_calculus import distance, distance_gradient
from lab.calculus.vectors import linear_prediction, norms
from lab.errors import BadInput
from lab.tables import Table, table
from lab.training import data

Point = Float[Array, " 2"]

MEASURES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "norm": (lambda x, _: norms.euclidean_norm(x), lambda x, _: norms.euclidean_norm_gradient(x)),
    "distance": (distance, distance_gradient),
    "cosine": (norms.cosine_similarity, lambda x, y: norms.cosine_similarity_gradient(x, y)[0]),
}


# ----- a point on the move -----


def walk(start: Point, end: Point, landmark: Point, steps: int) -> Table:
    """Length, distance and cosine to the landmark of a point that walks, and their gradients."""
    t = jnp.arange(steps + 1).astype(float) / steps
    points = start + t[:, None] * (end - start)
    for place, name in ((jnp.zeros(2), "the origin"), (landmark, "the landmark")):
        if bool(jnp.any(jnp.all(points == place, axis=1))):
            raise BadInput(
                f"start={start.tolist()}, end={end.tolist()}: the walk steps on {name}, where a "
                "gradient is missing; pass beside it"
            )

    def row(x: Point) -> dict[str, Array]:
        columns = {"x": x[0], "y": x[1]}
        for name, (f, by_hand) in MEASURES.items():
            gradient = by_hand(x, landmark)
            columns[name] = f(x, landmark)
            columns |= {f"{name}_slope_x": gradient[0], f"{name}_slope_y": gradient[1]}
            columns[f"{name}_gap"] = jnp.max(jnp.abs(gradient - jax.grad(f)(x, landmark)))
        # the sine of the angle without the cosine, which loses it where it is small
        cross = x[0] * landmark[1] - x[1] * landmark[0]
        columns["sine"] = cross / jnp.hypot(*x) / jnp.hypot(*landmark)
        return columns

    columns = jax.jit(jax.vmap(row))(points)
    return table({"part": "walk"}, {"step": np.arange(steps + 1.0)} | columns)


def p_norm(x: Point, p: float) -> Float[Array, ""]:
    return norms.largest_entry(x) if np.isinf(p) else norms.p_norm(x, p)


def p_norm_gradient(x: Point, p: float) -> Point:
    return norms.largest_entry_gradient(x) if np.isinf(p) else norms.p_norm_gradient(x, p)


def ball(p: float, angles: int) -> Table:
    """Points of length one in the p-norm, the gradient there, and its length in the dual norm."""
    # half a step off the axes and diagonals, where the corners are
    angle = 2 * jnp.pi * (jnp.arange(angles).astype(float) + 0.5) / angles
    dual = np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1)

    def row(angle: Float[Array, ""]) -> dict[str, Array]:
        direction = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
        x = direction / p_norm(direction, p)
        g = p_norm_gradient(x, p)
        length = jnp.sum(jnp.abs(g) ** dual) ** (1 / dual) if dual < np.inf else jnp.max(jnp.abs(g))
        return {"x": x[0], "y": x[1], "slope_x": g[0], "slope_y": g[1], "dual_length": length}

    columns = jax.jit(jax.vmap(row))(angle)
    return table({"part": "ball", "p": p}, columns)


# ----- distances as the data see them -----


def cloud() -> Table:
    """Petals of iris setosa's cousins, and how far from their middle each is, by two measures."""
    flowers = data.load("iris")
    places = [flowers.feature_names.index(f"petal {side} (cm)") for side in ("length", "width")]
    points = jnp.asarray(flowers.inputs[flowers.targets > 0][:, places], float)
    center = jnp.mean(points, axis=0)
    precision = jnp.linalg.inv(jnp.cov(points.T, bias=True))

    def row(x: Point) -> dict[str, Array]:
        pull = norms.mahalanobis_distance_gradient(x, center, precision)[0]
        return {
            "x": x[0],
            "y": x[1],
            "distance": distance(x, center),
            "mahalanobis": norms.mahalanobis_distance(x, center, precision),
            "slope_x": pull[0],
            "slope_y": pull[1],
            "dual_length": jnp.sqrt(pull @ jnp.linalg.solve(precision, pull)),
        }

    columns = jax.jit(jax.vmap(row))(points)
    return table({"part": "cloud"}, columns)


def prediction(name: str, sample: int) -> Table:
    """The best weights for a data set, and one sample's prediction, feature by feature."""
    dataset = data.load(name)
    if sample >= (count := len(dataset.targets)):
        raise BadInput(f"sample={sample}: {name} has samples 0 to {count - 1}")
    (scaled,) = data.standardise(dataset)
    X, y = jnp.asarray(scaled.inputs, float), jnp.asarray(scaled.targets, float)
    # standardised features have mean 0, so the best bias is the mean of the targets
    b = jnp.mean(y)
    w = jnp.linalg.lstsq(X, y - b)[0]
    slopes = jax.grad(linear_prediction.linear_prediction)(w, b, X[sample])
    residual = linear_prediction.predictions(w, b, X) - y
    columns = {
        "value": X[sample],
        "weight": w,
        "contribution": w * X[sample],
        "slope": slopes,
        "loss_slope": 2 / count * X.T @ residual,
        "bias": jnp.full_like(w, b),
        "prediction": jnp.full_like(w, linear_prediction.linear_prediction(w, b, X[sample])),
        "target": jnp.full_like(w, y[sample]),
    }
    names = [feature.split(" (")[0] for feature in scaled.feature_names]
    return table({"part": "prediction"}, {"feature": names} | columns)
