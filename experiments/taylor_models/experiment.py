"""A Taylor model is a polynomial that agrees to the last derivative asked for, and not far away.

Question: How good is a Taylor polynomial, how far from its center, and what do slopes 2 and 3 say
          about a gradient and a Hessian?
Command:  lab run taylor_models
Time:     about 25 s on two cores, most of it the checks
Expect:   no error beyond its bound; radii of convergence read off the coefficients, 1 for
          1/(1 + x²), whose poles are at ±i, and π for the sigmoid; a loss that leaves its model of
          first order with slope 2 and of second order with slope 3, and 1 and 2 with mistakes in.
"""

from collections.abc import Callable, Iterator
from math import factorial, pi
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.jet import jet
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.optimizers.gradient_descent import (
    logistic_loss,
    logistic_loss_gradient,
    logistic_loss_hessian,
)
from lab.calculus.taylor import models, recurrences, series
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked, table
from lab.training import data

Bound = Callable[[np.ndarray, int], np.ndarray]


class Series(NamedTuple):
    """A function, its coefficients from its equation, how far they reach, and a bound on errors."""

    f: Callable[[Any], Any]
    coefficients: Callable[[int], np.ndarray]
    radius: float
    bound: Bound


def lagrange(largest: Callable[[np.ndarray], Any]) -> Bound:
    """|x|ⁿ⁺¹/(n + 1)! times the largest that a derivative is between 0 and x."""
    return lambda x, n: largest(x) * abs(x) ** (n + 1) / factorial(n + 1)


def cauchy(circle: float, largest: float) -> Bound:
    """M qⁿ⁺¹/(1 - q), q = |x|/R, where |f| is at most M on the circle |z| = R: Cauchy's estimate
    |c_k| ≤ M/Rᵏ, summed over what is left out. Nothing is said beyond the circle.
    """

    def bound(x: np.ndarray, n: int) -> np.ndarray:
        q = np.minimum(abs(x) / circle, 1.0)
        with np.errstate(divide="ignore"):
            return largest * q ** (n + 1) / (1 - q)

    return bound


def near_minus_one(x: np.ndarray, n: int) -> np.ndarray:
    """The bound for ln(1 + x); none from -1 on."""
    inside = np.where(x > -1, x, 0.0)
    return np.where(
        x > -1, np.asarray(models.logarithm_remainder_bound(jnp.asarray(inside), n)), np.inf
    )


SERIES = {
    "exponential": Series(
        jnp.exp, recurrences.exponential, np.inf, lagrange(lambda x: np.exp(np.maximum(x, 0)))
    ),
    "sine": Series(jnp.sin, recurrences.sine, np.inf, lagrange(np.ones_like)),
    "logarithm": Series(jnp.log1p, recurrences.logarithm, 1.0, near_minus_one),
    # exact: what a geometric series leaves out is its next term over 1 + x²
    "bell": Series(
        lambda x: 1 / (1 + x**2),
        recurrences.bell,
        1.0,
        lambda x, n: abs(x) ** (2 * (n // 2) + 2) / (1 + x**2),
    ),
    "hyperbolic_tangent": Series(
        jnp.tanh, recurrences.hyperbolic_tangent, pi / 2, cauchy(1.4, np.tan(1.4))
    ),
    "sigmoid": Series(jax.nn.sigmoid, recurrences.sigmoid, pi, cauchy(2.8, (1 + np.tan(1.4)) / 2)),
}


def study(
    key: Any,
    *,
    functions: tuple[
        Literal["exponential", "sine", "logarithm", "bell", "hyperbolic_tangent", "sigmoid"], ...
    ] = ("exponential", "logarithm", "bell", "sigmoid"),
    orders: PositiveInt = 12,
    far: PositiveFloat = 4.0,
    points: PositiveInt = 80,
    long_order: PositiveInt = 60,
    jet_order: PositiveInt = 8,
    ridge: PositiveFloat = 0.01,
    halvings: PositiveInt = 22,
) -> Table:
    """Errors by order and place, coefficients to a high order, and a loss left along a line.

    Raises ``BadInput`` where there is no function to study.
    """
    if not functions:
        raise BadInput(f"functions=[]: nothing to study; name one or more of {', '.join(SERIES)}")
    x = np.linspace(-far, far, points)
    return stacked(
        *(errors(name, order, x) for name in functions for order in range(orders + 1)),
        *(coefficients(name, long_order, jet_order) for name in functions),
        tested(key, ridge, halvings),
    )


def errors(name: str, order: int, x: np.ndarray) -> Table:
    """A polynomial, its distance from the function, and the bound for it."""
    chosen = SERIES[name]
    truth = np.asarray(chosen.f(jnp.asarray(x, float)), float)
    c = chosen.coefficients(order)
    model = np.polynomial.polynomial.polyval(x, c)
    # no sum of these terms is more exact than this
    size = np.polynomial.polynomial.polyval(abs(x), abs(c)) + abs(truth)
    columns = {"x": x, "model": model, "error": abs(model - truth), "size": size}
    columns["bound"] = chosen.bound(x, order)
    return table({"part": "error", "function": name, "order": order}, columns)


def coefficients(name: str, order: int, jet_order: int) -> Table:
    """c_k from the equation, and where it is cheap from JAX's jet; what each says of the radius."""
    chosen = SERIES[name]
    c = chosen.coefficients(order)
    moves = [1.0] + [0.0] * (jet_order - 1)
    value, higher = jax.jit(lambda x: jet(chosen.f, (x,), (moves,)))(0.0)
    by_jet, by_jvp = np.full((2, order + 1), np.nan)
    by_jvp[:5] = series.taylor_coefficients(chosen.f, 0.0, 4)
    by_jet[: jet_order + 1] = [float(d) / factorial(k) for k, d in enumerate([value, *higher])]
    columns = {"order": np.arange(order + 1.0), "coefficient": c, "by_jet": by_jet}
    columns |= {"by_jvp": by_jvp}
    return table({"part": "coefficient", "function": name}, columns | {"reach": reaches(c)})


def reaches(c: np.ndarray) -> np.ndarray:
    """|c_i/c_k|^(1/(k - i)), i the last before k that is not 0: a radius, in the limit."""
    found, last = np.full(len(c), np.nan), None
    for k in np.flatnonzero(c)[1:]:
        last = k - 1 if c[k - 1] else k - 2
        if k > 2 and c[last]:
            found[k] = abs(c[last] / c[k]) ** (1 / (k - last))
    return found


def tested(key: Any, ridge: float, halvings: int) -> Table:
    """What models of a loss leave out along a random line: right ones, and ones with a mistake."""
    (cells,) = data.standardise(data.load("breast_cancer"))
    X, y = jnp.asarray(cells.inputs, float), jnp.asarray(2 * cells.targets - 1, float)
    for_place, for_way = jax.random.split(key)
    w = 0.3 * jax.random.normal(for_place, (X.shape[1],))
    way = jax.random.normal(for_way, w.shape)
    way = way / jnp.linalg.norm(way)
    at = (X, y, jnp.array(ridge))
    f, g, H = (
        part(w, *at) for part in (logistic_loss, logistic_loss_gradient, logistic_loss_hessian)
    )
    # one entry a fifth too large; the ridge forgotten in the Hessian
    wrong_g, wrong_H = g * 1.2 ** jnp.eye(1, w.size, dtype=w.dtype)[0], H - ridge * jnp.eye(w.size)

    def left(h: Any) -> dict[str, Any]:
        truth, d = logistic_loss(w + h * way, *at) - f, h * way
        return {
            "first_order": truth - g @ d,
            "second_order": truth - g @ d - d @ H @ d / 2,
            "wrong_gradient": truth - wrong_g @ d,
            "wrong_hessian": truth - g @ d - d @ wrong_H @ d / 2,
        }

    h = 2.0 * 0.5 ** jnp.arange(halvings).astype(float)
    columns = {name: jnp.abs(e) for name, e in jax.jit(jax.vmap(left))(h).items()}
    return table({"part": "test", "loss": float(f)}, {"h": h} | columns)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    made = outcome.rows("error")
    beyond = made["error"] > made["bound"] * (1 + 1e-9) + 16 * eps * made["size"]
    yield near("share of the errors beyond their bound", np.mean(beyond), 0, 0)

    for name in outcome.settings["functions"]:
        said = outcome.rows("coefficient", function=name)
        gap = max(np.nanmax(abs(said[by] - said["coefficient"])) for by in ("by_jet", "by_jvp"))
        yield near(f"{name}: coefficients against JAX's, greatest gap", gap, 0, 64 * eps)
        nearness, radius = extrapolated(said), SERIES[name].radius
        yield near(f"{name}: 1 / radius, from the coefficients", nearness, 1 / radius, 0.01)

    test = outcome.rows("test")
    slopes = {"first_order": 2, "second_order": 3, "wrong_gradient": 1, "wrong_hessian": 2}
    for model, order in slopes.items():
        error = test[model]
        seen = (test["h"] <= 0.25) & (error > 2e3 * eps * test["loss"])
        slope = style.log_log_slope(test["h"][seen], error[seen])
        yield near(f"slope of what is left out: {model.replace('_', ' ')}", slope, order, 0.1)


def extrapolated(said: Table) -> float:
    """1/reach as k grows: it is linear in 1/k for a singularity like a power (Domb and Sykes)."""
    known = np.isfinite(said["reach"]) & (said["order"] >= said["order"].max() / 2)
    slope_and_limit = np.polyfit(1 / said["order"][known], 1 / said["reach"][known], 1)
    return float(slope_and_limit[1])


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "more_terms", more_terms(outcome)
    yield "poles_off_the_axis", poles(outcome)
    yield "radius_from_coefficients", radii(outcome)
    yield "slopes_two_and_three", slopes_drawn(outcome)


def more_terms(outcome: Outcome) -> Figure:
    names = outcome.settings["functions"]
    drawing, panels = style.figure(
        columns=len(names),
        title="More terms (numbers: order) help inside the radius of convergence and hurt outside",
        width=3.5 * len(names) + 0.4,
        height=3.9,
    )
    shown = [n for n in (1, 2, 4, 8, 12) if n <= outcome.settings["orders"]]
    for axes, name in zip(panels, names, strict=True):
        for order, color in zip(shown, style.shades(len(shown)), strict=True):
            made = outcome.rows("error", function=name, order=order)
            axes.plot(made["x"], made["model"], color=color, linewidth=1.2, label=f"{order}")
        x = made["x"]
        with np.errstate(invalid="ignore", divide="ignore"):
            truth = np.asarray(SERIES[name].f(jnp.asarray(x)))
        axes.plot(x, truth, color=style.RED, linewidth=2.2)
        radius = SERIES[name].radius
        if radius < x.max():
            axes.axvspan(-radius, radius, color=style.GOLD, alpha=0.13, linewidth=0)
        low, high = np.nanmin(truth), np.nanmax(np.where(x < 2, truth, -np.inf))
        axes.set_ylim(low - 0.6 * (high - low), high + 0.6 * (high - low))
        axes.set(title=name.replace("_", " "), xlabel="$x$")
        style.name_curves(axes)
    return drawing


def poles(outcome: Outcome) -> Figure:
    orders = [n for n in (4, 8, 12) if n <= outcome.settings["orders"]] or [
        outcome.settings["orders"]
    ]
    drawing, panels = style.figure(
        columns=len(orders),
        title="Why the bell's series ends at 1: its poles are at ±i",
        width=3.6 * len(orders) + 0.9,
        height=4.1,
    )
    side = np.linspace(-1.6, 1.6, 241)
    z = side[None] + 1j * side[:, None]
    for axes, order in zip(panels, orders, strict=True):
        model = np.polynomial.polynomial.polyval(z, recurrences.bell(order))
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.clip(abs(model - 1 / (1 + z**2)), 1e-6, 1e3)
        image = axes.pcolormesh(
            side, side, error, norm=LogNorm(1e-6, 1e3), cmap="BrBG_r", shading="gouraud"
        )
        turn = np.linspace(0, 2 * np.pi, 200)
        axes.plot(np.cos(turn), np.sin(turn), color=style.INK, linewidth=1)
        axes.plot([0, 0], [-1, 1], "x", color=style.INK, markersize=7, mew=1.8)
        axes.set(aspect="equal", title=f"order {order}", xlabel="real part")
        axes.grid(visible=False)
    panels[0].set_ylabel("imaginary part")
    drawing.colorbar(image, ax=panels, shrink=0.8, label="error of the polynomial")
    return drawing


def radii(outcome: Outcome) -> Figure:
    drawing, (axes,) = style.figure(
        title="The coefficients know how far the series reaches", width=7.6, height=4.6
    )
    for name in outcome.settings["functions"]:
        said = outcome.rows("coefficient", function=name)
        known = np.isfinite(said["reach"]) & (said["order"] >= 4)
        at, nearness = 1 / said["order"][known][::-1], 1 / said["reach"][known][::-1]
        line = axes.plot(at, nearness, ".-", linewidth=1, label=name.replace("_", " "))[0]
        limit = 1 / SERIES[name].radius
        axes.plot(0, limit, "o", color=line.get_color(), markerfacecolor="white", zorder=5)
    axes.set(
        xlabel="$1/k$", xlim=(-0.008, None), title="rings: 1 / radius, as complex poles have it"
    )
    axes.set_ylabel(r"$|c_k / c_{k-1}|$  (root of $|c_k / c_{k-2}|$ where every other is 0)")
    style.name_curves(axes)
    return drawing


def slopes_drawn(outcome: Outcome) -> Figure:
    test = outcome.rows("test")
    drawing, (axes,) = style.figure(
        title="A loss leaves its model: slopes that test a gradient and a Hessian",
        width=7.8,
        height=4.9,
    )
    floor = float(np.finfo(outcome.settings["precision"]).eps) * test["loss"][0]
    for model, color, line, order, k, offset in (
        ("wrong_gradient", style.BLUE, "--", 1, 16, (0, 9)),
        ("first_order", style.BLUE, "-", 2, 14, (-8, 8)),
        ("wrong_hessian", style.RED, "--", 2, 19, (10, -2)),
        ("second_order", style.RED, "-", 3, 12, (10, -8)),
    ):
        axes.plot(test["h"], test[model], line, color=color)
        place = min(k, len(test["h"]) - 1)
        saying = f"{model.replace('_', ' ')}: slope {order}"
        style.note(axes, saying, (test["h"][place], test[model][place]), color=color, offset=offset)
    axes.axhspan(floor / 30, 4 * floor, color=style.GREY, alpha=0.15, linewidth=0)
    style.note(axes, "rounding", (test["h"].max(), floor), color=style.GREY, offset=(-4, 0))
    axes.set(xscale="log", yscale="log", xlabel="step $h$", ylabel="what the model leaves out")
    axes.set_ylim(floor / 30, None)
    axes.set_title("dashed: with a mistake in the last term")
    return drawing
