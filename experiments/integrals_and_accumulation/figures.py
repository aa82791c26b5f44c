"""Areas, orders, three ways and probability, drawn."""

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from lab.calculus.integrals.accumulation import normal_distribution_function_derivative as density
from lab.experiment import Outcome
from lab.plots import style

from .rules import RULES


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "area_fills", area_fills(outcome)
    yield "convergence", convergence(outcome)
    yield "three_ways", three_ways(outcome)
    yield "probability", probability(outcome)


def area_fills(outcome: Outcome) -> Figure:
    grown = outcome.rows("accumulated")
    drawing, (curve, area) = style.figure(
        rows=2,
        title="The slope of the area is the height of the curve",
        width=7.6,
        height=5.6,
        sharex=True,
    )
    x = grown["x"]
    curve.plot(x, grown["curve"], color=style.INK)
    area.plot(x, grown["area"], color=style.BLUE)
    curve.axhline(0, color=style.GREY, linewidth=0.8)
    stops = np.linspace(0, len(x) - 1, 5).astype(int)[1:]
    for start, k, color in zip((0, *stops), stops, style.shades(len(stops)), strict=False):
        part = slice(start, k + 1)
        curve.fill_between(x[part], 0, grown["curve"][part], color=color, alpha=0.35, linewidth=0)
        reach = 0.09 * x[-1] * np.array([-1, 1])
        area.plot(
            x[k] + reach,
            grown["area"][k] + grown["slope"][k] * reach,
            color=style.RED,
            linewidth=1.4,
        )
        area.plot(x[k], grown["area"][k], "o", color=style.RED)
        curve.plot([x[k]] * 2, [0, grown["curve"][k]], color=style.RED)
        saying = f"{grown['slope'][k]:.3g}"
        style.note(
            area,
            saying,
            (x[k], grown["area"][k]),
            color=style.RED,
            offset=(5, -8 if grown["slope"][k] > 0 else 8),
        )
    curve.set(title="$f$:  heights in red")
    area.set(title="$F(x)$, the area so far:  the same numbers as slopes", xlabel="$x$")
    area.margins(y=0.2)
    return drawing


def convergence(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=3,
        title="Rules converge, and so do their derivatives",
        width=13,
        height=4.3,
        sharey=True,
    )
    titles = {
        "error": "of the area",
        "parameter_error": "of its derivative in the parameter",
        "slope_error": "of its derivative in the edge",
    }
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        for name, color in zip(RULES, style.CYCLE, strict=False):
            tried = outcome.rows("rule", rule=name)
            shown = np.maximum(tried[column], 1e-17)
            axes.plot(tried["nodes"], shown, ".-", color=color, label=name.replace("_", " "))
        axes.set(xscale="log", yscale="log", xlabel="nodes", title=title)
        axes.set_xscale("log", base=2)
    told = outcome.rows("rule", rule="trapezoid")
    exact = np.maximum(told["slope_error_told"], 1e-17)
    panels[2].plot(told["nodes"], exact, "--", color=style.BLUE, label="trapezoid, told")
    panels[0].set_ylabel("error")
    for axes in panels:
        style.name_curves(axes)
    return drawing


def three_ways(outcome: Outcome) -> Figure:
    moved = outcome.rows("moving")
    drawing, (axes,) = style.figure(
        title="Leibniz: one parameter, three ways into the integral", width=7.8, height=4.6
    )
    for column, name, color in (
        ("by_upper", "upper limit", style.BLUE),
        ("by_lower", "lower limit", style.RED),
        ("by_integrand", "integrand", style.GOLD),
    ):
        axes.plot(moved["x"], moved[column], color=color, linewidth=1.3, label=name)
    axes.plot(moved["x"], moved["total"], color=style.INK, linewidth=2.4, label="all three")
    axes.plot(moved["x"][::5], moved["slope"][::5], "o", color=style.TEAL, label="JAX")
    axes.set(xlabel="$x$", title=r"slope of $\int_x^{x+1} \sin(xt)\,dt$")
    style.name_curves(axes)
    return drawing


def probability(outcome: Outcome) -> Figure:
    people = outcome.rows("body mass")
    drawing, (heights, shares) = style.figure(
        columns=2,
        title="A probability is an area: body mass of 442 patients",
        width=10.4,
        height=4.3,
    )
    x = np.linspace(-3, 3.6, 200)
    curve = np.asarray(density(jnp.asarray(x)))
    heights.hist(people["x"], bins=26, density=True, color=style.PALE, edgecolor="white")
    heights.plot(x, curve, color=style.BLUE)
    inside = abs(x) <= 1
    heights.fill_between(x[inside], 0, curve[inside], color=style.BLUE, alpha=0.25, linewidth=0)
    saying = f"normal: 68.3 %\npatients: {100 * np.mean(abs(people['x']) < 1):.1f} %"
    style.note(heights, saying, (0, 0.1), offset=(0, 0), ha="center")
    heights.set(
        xlabel="body mass index, standardised", title="density, and the area within one deviation"
    )
    shares.plot(people["x"], people["share"], color=style.GREY, label="patients")
    shares.plot(people["x"], people["area"], color=style.BLUE, label="normal")
    shares.set(xlabel="body mass index, standardised", title="the area so far: the share below")
    style.name_curves(shares)
    return drawing
