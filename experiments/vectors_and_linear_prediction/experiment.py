"""Vectors measure and predict: lengths, distances, angles, weighted sums, and their gradients.

Question: Which way does a vector have to move to grow longer, come nearer or turn, and what does a
          prediction w . x + b feel when a weight moves?
Command:  lab run vectors_and_linear_prediction
Time:     about 15 s on two cores, most of it the checks
Expect:   gradients of norms of length 1 (in the dual norm, for every p), a cosine whose gradient
          is orthogonal to x and sin/|x| long, none of them at 0, where JAX says nan; a prediction
          whose gradient is the row of features, to the last digit.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import NonNegativeInt, PositiveInt

from lab.calculus.matrices.matrix_calculus import distance, distance_gradient
from lab.calculus.vectors import linear_prediction, norms
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, stacked, table
from lab.training import data

Point = Float[Array, " 2"]

MEASURES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "norm": (lambda x, _: norms.euclidean_norm(x), lambda x, _: norms.euclidean_norm_gradient(x)),
    "distance": (distance, distance_gradient),
    "cosine": (norms.cosine_similarity, lambda x, y: norms.cosine_similarity_gradient(x, y)[0]),
}
COLORS = {"norm": style.BLUE, "distance": style.GOLD, "cosine": style.RED}


def study(
    key: Any,
    *,
    balls: tuple[float, ...] = (1.0, 2.0, 4.0),
    angles: PositiveInt = 240,
    start: tuple[float, float] = (-2.0, 0.3),
    end: tuple[float, float] = (2.0, 0.3),
    landmark: tuple[float, float] = (1.0, 1.5),
    steps: PositiveInt = 200,
    dataset: Literal["diabetes", "breast_cancer", "wine", "iris"] = "diabetes",
    sample: NonNegativeInt = 7,
) -> Table:
    """A walk past the origin, unit balls (that of p = ∞ always), a cloud of data, a prediction.

    Nothing is random: the key is not used. Raises ``BadInput`` for a p below 1, for a walk through
    the origin or through the landmark, and for a sample that the data set does not have.
    """
    small = [p for p in balls if not p >= 1]
    if small:
        raise BadInput(f"balls: p = {small[0]:g} gives no norm; p is 1 or more")
    return stacked(
        walk(jnp.array(start), jnp.array(end), jnp.array(landmark), steps),
        *(ball(p, angles) for p in (*balls, np.inf)),
        cloud(),
        prediction(dataset, sample),
    )


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


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    path, dots = outcome.rows("walk"), outcome.rows("cloud")
    for name in ("norm", "distance"):
        lengths = np.hypot(path[f"{name}_slope_x"], path[f"{name}_slope_y"])
        yield small(f"length of the gradient of the {name}, less 1", np.max(abs(lengths - 1)), eps)
    rate = path["x"] * path["norm_slope_x"] + path["y"] * path["norm_slope_y"]
    gap = np.max(abs(rate / path["norm"] - 1))
    yield small("x . grad |x| over |x|, less 1 (Euler)", gap, eps)

    along = path["x"] * path["cosine_slope_x"] + path["y"] * path["cosine_slope_y"]
    yield small("x . grad cos, greatest", np.max(abs(along)), eps)
    turn = np.hypot(path["cosine_slope_x"], path["cosine_slope_y"]) * path["norm"]
    gap = np.max(abs(turn - abs(path["sine"])))
    yield small("|x| |grad cos| against the sine, greatest gap", gap, eps)
    gap = max(np.max(path[f"{name}_gap"] * path["norm"]) for name in ("norm", "cosine"))
    yield small("hand against JAX along the walk, greatest gap", gap, eps)

    for p in (*outcome.settings["balls"], np.inf):
        lengths = outcome.rows("ball", p=p)["dual_length"]
        gap = np.max(abs(lengths - 1))
        yield small(f"dual length of the gradient of the {p:g}-norm, less 1", gap, eps)
    gap = np.max(abs(dots["dual_length"] - 1))
    yield small("the same for Mahalanobis' distance on real data", gap, 1e2 * eps)

    at_zero = np.asarray(jax.grad(jnp.linalg.norm)(jnp.zeros(2)))
    yield Finding(
        "JAX's gradient of |x| at 0", str(at_zero[0]), "nan", bool(np.isnan(at_zero).all())
    )

    parts = outcome.rows("prediction")
    scale = float(abs(parts["contribution"]).sum() + abs(parts["bias"][0]))
    gap = abs(parts["contribution"].sum() + parts["bias"][0] - parts["prediction"][0]) / scale
    yield small("bias and contributions against the prediction", gap, eps)
    gap = np.max(abs(parts["slope"] - parts["value"]))
    yield Finding("gradient of the prediction less the features", gap, "exactly 0", bool(gap == 0))
    pull = np.max(abs(parts["loss_slope"])) / scale
    yield small("slope of the squared error at the best weights", pull, 1e2 * eps)


def small(name: str, value: Any, eps: float) -> Finding:
    """A number that should be zero but for rounding."""
    margin = 32 * eps
    return Finding(name, float(value), f"0 within {margin:.0e}", bool(value <= margin))


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "unit_balls", unit_balls(outcome)
    yield "past_the_origin", past_the_origin(outcome)
    yield "weighted_sum", weighted_sum(outcome)
    yield "two_rulers", two_rulers(outcome)


def unit_balls(outcome: Outcome) -> Figure:
    balls = (*outcome.settings["balls"], np.inf)
    drawing, panels = style.figure(
        columns=len(balls),
        title="The gradient of a norm stands on its unit ball",
        width=2.75 * len(balls) + 0.3,
        height=3.4,
    )
    for axes, p in zip(panels, balls, strict=True):
        drawn = outcome.rows("ball", p=p)
        closed = [np.append(drawn[c], drawn[c][0]) for c in ("x", "y")]
        axes.fill(*closed, color=style.BLUE, alpha=0.1, linewidth=0)
        axes.plot(*closed, color=style.BLUE)
        # arrows at evenly spread places, more or less the same for every p
        for k in range(len(drawn["x"]) // 32, len(drawn["x"]), max(1, len(drawn["x"]) // 16)):
            place = np.array([drawn["x"][k], drawn["y"][k]])
            style.arrow(axes, place, 0.42 * np.array([drawn["slope_x"][k], drawn["slope_y"][k]]))
        name = r"$p = \infty$" if np.isinf(p) else f"$p = {p:g}$"
        axes.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), title=name)
        axes.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    return drawing


def past_the_origin(outcome: Outcome) -> Figure:
    path, landmark = outcome.rows("walk"), np.array(outcome.settings["landmark"])
    drawing, (map_, graph) = style.figure(
        columns=2, title="A point walks past the origin", width=11, height=4.3
    )
    map_.plot(path["x"], path["y"], color=style.GREY, linewidth=1.2)
    map_.plot(0, 0, "+", color=style.INK, markersize=9)
    map_.plot(*landmark, "*", color=style.INK, markersize=10)
    style.note(map_, "landmark", tuple(landmark))
    style.note(map_, "0", (0, 0), offset=(4, -4))
    last = len(path["x"]) - 1
    for k in np.linspace(0.06 * last, 0.94 * last, 8).astype(int):
        place = np.array([path["x"][k], path["y"][k]])
        for name, color in COLORS.items():
            slope = np.array([path[f"{name}_slope_x"][k], path[f"{name}_slope_y"][k]])
            style.arrow(map_, place, 0.45 * slope, color=color)
        map_.plot(*place, "o", color=style.INK, markersize=3)
    map_.set(aspect="equal", xlabel="$x$", ylabel="$y$", title="arrows: gradients, named at right")
    map_.set_ylim(min(0.0, path["y"].min()) - 0.55, max(landmark[1], path["y"].max()) + 0.5)
    for name, color in COLORS.items():
        graph.plot(path["step"], path[name], color=color, label=name)
    graph.set(xlabel="step", title="length, distance to the landmark, cosine")
    style.name_curves(graph)
    return drawing


def weighted_sum(outcome: Outcome) -> Figure:
    drawn = outcome.rows("prediction")
    order = np.argsort(-abs(drawn["contribution"]))[:12]
    left = drawn["contribution"].sum() - drawn["contribution"][order].sum()
    names = [
        *drawn["feature"][order],
        *(["all others"] if len(order) < len(drawn["value"]) else []),
    ]
    moves = np.append(drawn["contribution"][order], left)[: len(names)]
    drawing, (axes, slopes) = style.figure(
        columns=2,
        title=f"One prediction of {outcome.settings['dataset'].replace('_', ' ')}, taken apart",
        width=11,
        height=1.7 + 0.3 * len(names),
        sharey=True,
        width_ratios=(1.7, 1),
    )
    level = drawn["bias"][0] + np.concatenate([[0], np.cumsum(moves)])
    for k, move in enumerate(moves):
        color = style.BLUE if move >= 0 else style.RED
        axes.barh(k, move, left=level[k], color=color, height=0.62)
        axes.plot([level[k + 1]] * 2, [k - 0.31, k + 1.31], color=style.GREY, linewidth=0.8)
    axes.plot([level[0]] * 2, [-0.9, 0.31], color=style.GREY, linewidth=0.8)
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.1, -1.2))
    axes.set(title="bias + weight × feature, added up")
    style.note(axes, f"bias {level[0]:.4g}", (level[0], -0.75), offset=(5, 0))
    saying = f"prediction {level[-1]:.4g}, truth {drawn['target'][0]:.4g}"
    side = -5 if level[-1] > (level.min() + level.max()) / 2 else 5
    style.note(axes, saying, (level[-1], len(names) - 0.45), offset=(side, 0))
    axes.use_sticky_edges = slopes.use_sticky_edges = False
    axes.margins(x=0.08)
    kept = drawn["value"][order]
    slopes.barh(range(len(kept)), kept, color=style.GOLD, height=0.62)
    slopes.axvline(0, color=style.GREY, linewidth=0.8)
    slopes.set(title="gradient in the weights: the features")
    return drawing


def two_rulers(outcome: Outcome) -> Figure:
    drawn = outcome.rows("cloud")
    drawing, (axes,) = style.figure(title="The same flowers by two rulers", width=7.4, height=5.2)
    points = np.stack([drawn["x"], drawn["y"]], axis=1)
    center = points.mean(axis=0)
    precision = np.linalg.inv(np.cov(points.T, bias=True))
    spread = np.linalg.inv(np.linalg.cholesky(precision)).T
    turn = np.linspace(0, 2 * np.pi, 200)
    ring = np.stack([np.cos(turn), np.sin(turn)])
    axes.plot(drawn["x"], drawn["y"], "o", color=style.GREY, markersize=3.5, alpha=0.6)
    for radius in (1, 2):
        oval = center[:, None] + radius * spread @ ring
        circle = center[:, None] + radius * float(np.median(drawn["distance"])) * ring
        axes.plot(*circle, color=style.GOLD, linewidth=1.3, label="_")
        axes.plot(*oval, color=style.BLUE, linewidth=1.6, label="_")
    style.note(axes, "equally far by the metre", tuple(circle[:, 25]), color=style.GOLD)
    saying = "equally far by the spread (Mahalanobis 1 and 2)"
    style.note(axes, saying, tuple(oval[:, 150]), color=style.BLUE, offset=(75, -12))
    for name, color in (("distance", style.GOLD), ("mahalanobis", style.BLUE)):
        far = int(np.argmax(drawn[name]))
        axes.plot(*points[far], "o", color=color, markersize=8, markerfacecolor="none", mew=1.8)
    for k in np.argsort(-drawn["mahalanobis"])[::9]:
        slope = np.array([drawn["slope_x"][k], drawn["slope_y"][k]])
        style.arrow(axes, points[k], 0.12 * slope, color=style.RED)
    axes.set(aspect="equal", xlabel="petal length (cm)", ylabel="petal width (cm)")
    axes.set_title(
        "red: the gradient of Mahalanobis' distance;  rings: the farthest flower by each"
    )
    return drawing
