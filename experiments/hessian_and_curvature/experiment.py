"""The Hessian is curvature in every direction: bowls, saddles, and one number that matters most.

Question: What do the eigenvalues of a Hessian say about a landscape, and how does one get them when
          the Hessian is too large to write down?
Command:  lab run hessian_and_curvature
Time:     about 15 s on two cores, most of it the checks
Expect:   on x³ - 3xy + y³ a saddle at (0, 0) with curvatures -3 and 3, and a minimum at (1, 1) with
          3 and 9; second derivatives along all directions between these bounds; mixed partials that
          disagree, -1 and 1, where they are not continuous; and the greatest of 30 curvatures of a
          logistic loss to 8 digits from 8 products with a Hessian that was never written down.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

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
    twisted_sheet,
    twisted_sheet_gradient,
)
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, parts, stacked
from lab.training import data

Row = dict[str, Any]
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


def study(
    key: Any,
    *,
    landscape: Literal[
        "folium", "rosenbrock", "bowl", "scalar_network", "monkey_saddle", "two_wells"
    ] = "folium",
    reach: PositiveFloat = 2.0,
    grid: PositiveInt = 81,
    starts: PositiveInt = 9,
    directions: PositiveInt = 180,
    products: PositiveInt = 20,
) -> Table:
    """Curvatures on a grid, at the level points Newton's method finds, and in all directions there;
    a sheet without a Hessian; and Lanczos' method on a logistic loss in 30 dimensions.
    """
    ground = LANDSCAPES[landscape]
    points = jnp.stack(jnp.meshgrid(*2 * [jnp.linspace(-reach, reach, grid)]), axis=-1)
    level = level_points(ground, reach, starts)
    steps, spectrum = greatest_curvature(key, products)
    return parts(
        {
            "grid": curvatures(ground, points.reshape(-1, 2)),
            "level": curvatures(ground, level),
            "direction": stacked(*(in_all_directions(ground, p, directions) for p in level[:4])),
            "mixed": mixed_partials(),
            "lanczos": steps,
            "spectrum": spectrum,
        }
    )


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


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, eps = outcome.settings, float(np.finfo(outcome.settings["precision"]).eps)
    over, level = outcome.rows("grid"), outcome.rows("level")
    yield below("Hessian by hand against JAX's, greatest gap", over["gap"].max(), 100 * eps)
    yield below("asymmetry of JAX's Hessian", over["asymmetry"].max(), 100 * eps)

    for kind, (count, low, high) in LANDSCAPES[settings["landscape"]].known.items():
        here = level["kind"] == kind
        found = int(here.sum())
        yield Finding(f"level points of kind {kind}", found, str(count), found == count)
        for name, column, target in (("least", "low", low), ("greatest", "high", high)):
            if found:
                value = float(level[column][here][0])
                right = abs(value - target) <= 1e-6 + 1e4 * eps * abs(target)
                said = f"{target:.6g}"
                yield Finding(f"its {name} curvature", value, said, bool(right))
    if settings["landscape"] == "scalar_network":
        valley = level["kind"] == "degenerate"
        off = abs(level["x"] * level["y"] - 1)[valley].max()
        yield below("distance of w₁ w₂ from 1 along the valley", off, 1e-5)
        flat = (abs(level["low"]) / level["high"])[valley].max()
        yield below("least curvature / greatest, along the valley", flat, 1e-5)

    around = outcome.rows("direction")
    for x, y, low, high in zip(*(level[c][:4] for c in ("x", "y", "low", "high")), strict=True):
        rates = around["second_rate"][(around["x"] == x) & (around["y"] == y)]
        # an angle is at most half a spacing from an eigenvector, where the rate is stationary
        allowed = (high - low) * (np.pi / settings["directions"]) ** 2 + 1e3 * eps * (1 + abs(high))
        off = max(abs(rates.min() - low), abs(rates.max() - high))
        name = f"second rates at ({x:.3g}, {y:.3g}): from the curvatures"
        yield below(name, off, allowed)

    mixed = outcome.rows("mixed")
    for column, target in (("first_x_then_y", -1), ("first_y_then_x", 1)):
        name = f"twisted sheet at the origin, {column.replace('_', ' ')}"
        value = float(mixed[column][-1])
        yield Finding(name, value, f"{target}", abs(value - target) <= 8 * eps)

    steps, spectrum = outcome.rows("lanczos"), outcome.rows("spectrum")["high"]
    yield below("H v by hand against forward over reverse", steps["gap"].max(), 1e3 * eps)
    if len(steps["products"]) >= 8:
        name = f"error of the greatest of {len(spectrum)} curvatures after 8 products"
        yield below(name, steps["relative_error"][7], max(1e-8, 100 * eps))


def below(name: str, value: Any, bound: float) -> Finding:
    """A number that should be 0, but for ``bound``."""
    return Finding(name, float(value), f"below {bound:.1g}", bool(value <= bound))


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "landscape", ellipses(outcome)
    yield "kinds", maps(outcome)
    yield "directions", directions_(outcome)
    yield "greatest_curvature", convergence(outcome)
    yield "mixed_partials", twisted(outcome)


def ellipses(outcome: Outcome) -> Figure:
    """Level points with the curves along which the quadratic model has risen or fallen by one."""
    ground, reach = LANDSCAPES[outcome.settings["landscape"]], outcome.settings["reach"]
    level = outcome.rows("level")
    heights = outcome.rows("grid")["height"]
    cuts = np.unique(np.quantile(heights, np.linspace(0.005, 0.995, 26)))
    drawing, (axes,) = style.figure(title="Curvature at the level points", width=6.2, height=6.4)
    style.contours(
        axes, ground.f, x=(-reach, reach), y=(-reach, reach), levels=list(map(float, cuts))
    )
    shown = np.unique(np.linspace(0, len(level["x"]) - 1, min(6, len(level["x"]))).astype(int))
    turn, said = np.linspace(0, 2 * np.pi, 181), set()
    for i in shown:
        p = np.array([level["x"][i], level["y"][i]])
        w, V = np.linalg.eigh(np.asarray(ground.hessian(jnp.asarray(p))))
        # half an axis of the model's level curve, where the flatter axis fits into the picture
        radii = 0.25 * reach * np.sqrt(abs(w).max() / np.maximum(abs(w), abs(w).max() / 6))
        for value, radius, v in zip(w, radii, V.T, strict=True):
            flat = abs(value) < 1e-6 * abs(w).max()
            color = style.GOLD if flat else style.BLUE if value > 0 else style.RED
            axes.plot(*(p + np.outer([-radius, radius], v)).T, color=color, linewidth=1.7)
        if w[0] > 1e-6 * w[1]:
            ring = p + (radii * np.stack([np.cos(turn), np.sin(turn)], axis=1)) @ V.T
            axes.plot(*ring.T, color=style.BLUE, linewidth=1.2)
        axes.plot(*p, "o", color=style.INK, zorder=6)
        kind = str(level["kind"][i])
        style.note(axes, "" if kind in said else kind, (p[0], p[1]), offset=(7, 8))
        said.add(kind)
    axes.set_title("blue: curved upwards; red: downwards; gold: not at all")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    return drawing


def maps(outcome: Outcome) -> Figure:
    over, grid, reach = outcome.rows("grid"), outcome.settings["grid"], outcome.settings["reach"]
    square = lambda column: over[column].reshape(grid, grid)
    drawing, (kinds, conditions) = style.figure(
        columns=2, title="What the Hessian says at every point", width=10.6, height=4.9
    )
    number = np.searchsorted(np.sort(KINDS), square("kind"))
    number = np.argsort(KINDS)[number]
    shades = ["#e9c3b8", "#f3ecdc", style.GOLD, "#c3d3e6"]
    colors = ListedColormap(shades)
    where = (-reach, reach, -reach, reach)
    options: dict[str, Any] = {"extent": where, "origin": "lower", "interpolation": "nearest"}
    kinds.imshow(number, cmap=colors, vmin=-0.5, vmax=3.5, **options)
    x = np.linspace(-reach, reach, grid)
    product = square("low") * square("high")
    if product.min() < 0 < product.max():
        for axes in (kinds, conditions):
            axes.contour(x, x, product, [0], colors=style.INK, linewidths=1.1)
    for kind, color in zip(KINDS, shades, strict=True):
        if kind in over["kind"]:
            names = {"minimum": "curved up both ways", "maximum": "curved down both ways"}
            kinds.plot([], [], "s", color=color, label=names.get(kind, kind), markersize=9)
    kinds.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.12),
        ncols=4,
        columnspacing=1.0,
        handletextpad=0.1,
    )
    kinds.set_title("signs of the curvatures; on the line det H = 0")
    with np.errstate(divide="ignore"):
        logarithm = np.minimum(np.log10(square("condition")), 4)
    image = conditions.imshow(logarithm, cmap="Blues", vmin=0, **options)
    bar = drawing.colorbar(image, ax=conditions, shrink=0.8)
    bar.set_label("log₁₀ of the greater curvature / the lesser")
    conditions.set_title("condition number")
    for axes in (kinds, conditions):
        axes.set(xlabel="$x$", ylabel="$y$")
        axes.grid(visible=False)
    return drawing


def directions_(outcome: Outcome) -> Figure:
    around, level = outcome.rows("direction"), outcome.rows("level")
    drawing, (axes,) = style.figure(
        title="Along every direction the second derivative lies between two curvatures",
        width=7.8,
        height=4.4,
    )
    for i, color in zip(range(min(4, len(level["x"]))), style.CYCLE, strict=False):
        x, y = level["x"][i], level["y"][i]
        here = (around["x"] == x) & (around["y"] == y)
        degrees = np.degrees(around["angle"][here])
        axes.plot(degrees, around["second_rate"][here], color=color, label=f"at ({x:.3g}, {y:.3g})")
        for bound in (level["low"][i], level["high"][i]):
            axes.axhline(bound, color=color, linewidth=0.9, linestyle="--")
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.set(xlabel="direction, degrees", ylabel="$v^T H v$", xticks=range(0, 361, 45))
    axes.set_title("dashed: the eigenvalues of $H$")
    style.name_curves(axes)
    return drawing


def convergence(outcome: Outcome) -> Figure:
    steps, spectrum = outcome.rows("lanczos"), outcome.rows("spectrum")["high"]
    eps = np.finfo(outcome.settings["precision"]).eps
    drawing, (all_, error) = style.figure(
        columns=2,
        title="The greatest curvature of a loss, from products H v alone",
        width=10.8,
        height=4.2,
    )
    all_.bar(np.arange(1, spectrum.size + 1), spectrum, color=style.BLUE, width=0.7)
    all_.set(
        yscale="log",
        xlabel="rank",
        ylabel="curvature",
        title="the whole spectrum: tumours, 30 features",
    )
    all_.grid(visible=False, axis="x")
    error.plot(
        steps["products"], np.maximum(steps["relative_error"], eps / 10), "o-", color=style.RED
    )
    error.axvline(spectrum.size, color=style.GREY, linestyle="--", linewidth=1)
    style.note(error, "products that $H$ itself takes", (spectrum.size, 1e-2), offset=(-5, 0))
    error.set(
        yscale="log", xlabel="products $Hv$", ylabel="relative error", title="Lanczos' method"
    )
    error.set_xlim(0, spectrum.size + 1)
    return drawing


def twisted(outcome: Outcome) -> Figure:
    mixed = outcome.rows("mixed")
    drawing, (sheet, quotients) = style.figure(
        columns=2, title="Where the order of differentiation matters", width=10.2, height=4.4
    )
    style.contours(sheet, twisted_sheet, x=(-1, 1), y=(-1, 1), levels=19)
    sheet.set_title("$xy\\,(x^2 - y^2)/(x^2 + y^2)$")
    for column, color, name in (
        ("first_y_then_x", style.BLUE, "$f_y(h, 0) / h$"),
        ("first_x_then_y", style.RED, "$f_x(0, h) / h$"),
    ):
        quotients.plot(mixed["h"], mixed[column], "o-", color=color, label=name)
    quotients.set(
        xscale="log", xlabel="$h$", ylim=(-1.4, 1.4), title="mixed partials at the origin"
    )
    quotients.invert_xaxis()
    style.name_curves(quotients)
    return drawing
