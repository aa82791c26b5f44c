"""Hold all variables but one: partial derivatives, and the gradient that lists them.

Question: What does one variable do by itself, what do all partial derivatives together know, and
          what does it cost to have them all?
Command:  lab run partials_and_gradients
Time:     about 20 s on two cores
Expect:   partials by hand, by JAX and by differences that agree on a grid; one weight of 640 has
          the slope that its entry of the gradient says; differences cost 2n evaluations, the
          gradient less than 5 whatever n is; in a gradient field the way does not matter.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks.class_losses import softmax_regression_gradient, softmax_regression_loss
from lab.calculus.vectors import directional_derivatives as bowls
from lab.calculus.vectors import partials as calculus
from lab.calculus.vectors import surfaces
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, parts, stacked
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


def study(
    key: Any,
    *,
    surface: Literal[
        "egg_crate", "mixed_cubic", "folium", "monkey_saddle", "exponential", "two_wells"
    ] = "egg_crate",
    at: tuple[float, float] = (0.7, 0.5),
    reach: PositiveFloat = 2.5,
    grid: PositiveInt = 25,
    dimensions: tuple[PositiveInt, ...] = (10, 32, 100, 316, 1000),
    weights: PositiveInt = 40,
    step: PositiveFloat = 0.5,
    steps: PositiveInt = 12,
) -> Table:
    """A grid of partial derivatives, two slices, one weight at a time, work along paths, what all
    partials cost, and descents that move all variables at once or one after the other."""
    ground, eps = SURFACES[surface], float(jnp.finfo(jnp.zeros(()).dtype).eps)
    return parts(
        {
            "grid": on_a_grid(ground, reach, grid, eps ** (1 / 3)),
            "slice": slices(ground, jnp.array(at), reach),
            "weight": one_weight_each(key, weights, eps ** (1 / 3)),
            "path": paths(),
            "cost": costs(dimensions),
            "descent": descents(step, steps),
        }
    )


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


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    table = outcome.rows("grid")
    scale = max(1.0, *(float(np.max(abs(table[f"hand_{i}"]))) for i in "xy"))
    for witness, what, allowed in (
        ("jax", "JAX", 32 * eps),
        ("difference", "differences", 32 * eps ** (2 / 3)),
    ):
        off = max(float(np.max(abs(table[f"hand_{i}"] - table[f"{witness}_{i}"]))) for i in "xy")
        yield near(f"partials on the grid, hand against {what}", off / scale, 0, allowed)
    table = outcome.rows("weight")
    size = float(np.max(abs(table["hand_x"])))
    for witness, what, allowed in (
        ("jax", "its own derivative", 64 * eps),
        ("difference", "a nudge of it", 100 * eps ** (2 / 3) / size),
    ):
        off = float(np.max(abs(table["hand_x"] - table[f"{witness}_x"]))) / size
        yield near(f"one weight of 640: entry of the gradient against {what}", off, 0, allowed)
    yield from on_paths(outcome.rows("path"), eps)
    table = outcome.rows("cost")
    for witness, what, order in (
        ("difference_x", "differences", 1.0),
        ("jax_x", "the gradient", 0.0),
    ):
        slope = style.log_log_slope(table["x"], table[witness])
        yield near(f"cost of {what} in evaluations, order in n", slope, order, 0.05)
    most = float(table["jax_x"].max())
    yield Finding("evaluations that a gradient costs", most, "below 5, for every n", most < 5)
    yield from on_descents(outcome)


def on_paths(table: Table, eps: float) -> Iterator[Finding]:
    for field in FIELDS:
        here = table["label"] == field
        spread, curl = float(np.ptp(table["value"][here])), float(table["curl"][here][0])
        # the two corners enclose the whole square: its area is 4
        name = f"{field} field: spread of the work over ways, less curl x area"
        yield near(name, spread, abs(curl) * 4, 64 * eps)
    rise = float(surfaces.mixed_cubic(jnp.ones(2)) - surfaces.mixed_cubic(-jnp.ones(2)))
    done = table["value"][(table["label"] == "gradient")]
    yield near(
        "gradient field: work less the rise of its potential", np.max(abs(done - rise)), 0, 64 * eps
    )


def on_descents(outcome: Outcome) -> Iterator[Finding]:
    """The factor a sweep, against the spectral radius of the derivative of the step."""
    step, p = jnp.asarray(outcome.settings["step"], float), jnp.zeros(2)
    for name, jacobian in (
        ("together", calculus.together_jacobian),
        ("one by one", calculus.one_by_one_jacobian),
    ):
        table = outcome.rows("descent", label=name)
        predicted = float(np.max(abs(np.linalg.eigvals(np.asarray(jacobian(p, step))))))
        far = np.hypot(table["x"], table["y"])
        usable = far > 1e3 * np.finfo(outcome.settings["precision"]).eps
        later = np.flatnonzero(usable)[1:]
        factor = float((far[later[-1]] / far[later[0]]) ** (1 / (later[-1] - later[0])))
        yield near(f"what a sweep leaves of the distance, {name}", factor, predicted, 0.02)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "slices", two_slices(outcome)
    yield "gradient_field", field(outcome)
    yield "the_way_does_not_matter", ways(outcome)
    yield "cost", cost(outcome)
    yield "all_at_once", all_at_once(outcome)


def two_slices(outcome: Outcome) -> Figure:
    ground, p = SURFACES[outcome.settings["surface"]], np.array(outcome.settings["at"])
    reach, g = outcome.settings["reach"], np.asarray(ground.partials(jnp.array(p)))
    drawing, (ground_, along_x, along_y) = style.figure(
        columns=3,
        title=f"${ground.formula}$: one variable moves, the other is held",
        width=12.5,
        height=4.3,
    )
    style.contours(ground_, ground.f, x=(-reach, reach), y=(-reach, reach))
    ground_.axhline(p[1], color=style.BLUE)
    ground_.axvline(p[0], color=style.GOLD)
    style.arrow(ground_, p, 0.3 * reach * g / max(float(np.linalg.norm(g)), 1e-9))
    ground_.plot(*p, "o", color=style.INK, zorder=6)
    ground_.set_title("from above; the gradient in red")
    for axes, name, color, i in ((along_x, "x", style.BLUE, 0), (along_y, "y", style.GOLD, 1)):
        table = outcome.rows("slice", label=name)
        other = "y" if name == "x" else "x"
        axes.plot(table[name], table["value"], color=color)
        low, high = axes.get_ylim()
        axes.plot(table[name], table["tangent"], "--", color=style.RED, linewidth=1.2)
        axes.plot(p[i], float(ground.f(jnp.array(p))), "o", color=style.INK, zorder=5)
        axes.set(ylim=(low, high), xlabel=f"${name}$", title=f"${other} = {p[1 - i]:g}$ held")
        saying = rf"$\partial f/\partial {name}$ = {g[i]:.3g}"
        style.note(axes, saying, (-reach, high), color=style.RED, offset=(4, -4))
    return drawing


def field(outcome: Outcome) -> Figure:
    ground, reach = SURFACES[outcome.settings["surface"]], outcome.settings["reach"]
    table = outcome.rows("grid")
    drawing, panels = style.figure(
        columns=3,
        title="Two partial derivatives, and the gradient they make",
        width=12.5,
        height=4.3,
    )
    for axes, name in zip(panels, "xy", strict=False):
        size = int(np.sqrt(table["x"].size))
        shape = lambda column, size=size: table[column].reshape(size, size)
        most = float(np.max(abs(table[f"hand_{name}"])))
        ticks = np.unique(table["x"])
        shown = axes.pcolormesh(
            ticks, ticks, shape(f"hand_{name}"), cmap="RdBu_r", vmin=-most, vmax=most
        )
        axes.contour(ticks, ticks, shape(f"hand_{name}"), [0.0], colors=style.INK, linewidths=1)
        axes.set(aspect="equal", xlabel="$x$", ylabel="$y$")
        axes.set_title(rf"$\partial f/\partial {name}$, by hand; black: 0")
        axes.grid(visible=False)
        drawing.colorbar(shown, ax=axes, shrink=0.75)
    last = panels[2]
    style.contours(last, ground.f, x=(-reach, reach), y=(-reach, reach))
    few = np.arange(table["x"].size).reshape(shape("x").shape)[::2, ::2].ravel()
    arrows = (table[column][few] for column in ("x", "y", "hand_x", "hand_y"))
    last.quiver(*arrows, color=style.RED, angles="xy", width=0.005)
    last.set_title("the gradient crosses the levels")
    return drawing


def ways(outcome: Outcome) -> Figure:
    table = outcome.rows("path")
    drawing, panels = style.figure(
        columns=3, title="Work along four ways between the same ends", width=12.5, height=4.6
    )
    ticks = np.linspace(-1.25, 1.25, 11)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for axes, (name, of) in zip(panels, FIELDS.items(), strict=True):
        vectors = np.asarray(jax.vmap(of)(jnp.asarray(points)))
        axes.quiver(*points.T, *vectors.T, color=style.GREY, alpha=0.6, width=0.004)
        for (way, corners), color in zip(WAYS.items(), style.CYCLE, strict=False):
            here = (table["label"] == name) & (table["way"] == way)
            label = f"{way}: {float(table['value'][here][0]):.3g}"
            axes.plot(*np.array(corners).T, color=color, label=label, linewidth=2.2)
        curl = float(table["curl"][table["label"] == name][0])
        axes.set(aspect="equal", title=f"{name}: curl {curl:.2g}", xticks=[], yticks=[])
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2)
        axes.grid(visible=False)
    return drawing


def cost(outcome: Outcome) -> Figure:
    table = outcome.rows("cost")
    drawing, (axes,) = style.figure(
        title="What all n partial derivatives cost", width=6.8, height=4.2
    )
    axes.plot(table["x"], table["difference_x"], "o-", color=style.GOLD, label="differences")
    axes.plot(table["x"], table["jax_x"], "o-", color=style.BLUE, label="gradient,\nreverse mode")
    axes.plot(table["x"], 2 * table["x"], "--", color=style.INK, linewidth=1, label="$2n$")
    axes.set(xscale="log", yscale="log", xlabel="variables $n$", ylim=(1, None))
    axes.set_ylabel("evaluations of $f$ (operations / those of $f$)")
    style.name_curves(axes)
    return drawing


def all_at_once(outcome: Outcome) -> Figure:
    drawing, (map_, left) = style.figure(
        columns=2, title="All variables at once, or one after the other", width=11, height=4.6
    )
    style.contours(map_, tilted_bowl, x=(-1.4, 2.2), y=(-1.6, 1.0))
    for name, color in (("together", style.BLUE), ("one by one", style.RED)):
        table = outcome.rows("descent", label=name)
        walk = np.stack([table["x"], table["y"]], axis=1)
        if name == "one by one":  # each sweep has a corner: x has moved, y not yet
            corners = np.stack([walk[1:, 0], walk[:-1, 1]], axis=1)
            walk = np.concatenate([walk[:1], *np.stack([corners, walk[1:]], axis=1)])
        style.path_on_contours(map_, walk, color=color)
        far = np.hypot(table["x"], table["y"])
        left.plot(np.maximum(far, 1e-16), ".-", color=color, label=name)
    map_.set_title("$x^2 + xy + y^2$")
    left.set(yscale="log", xlabel="sweep", title="distance to the bottom")
    style.name_curves(left)
    return drawing
