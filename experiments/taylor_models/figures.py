"""More terms, poles, radii and slopes, drawn."""

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from lab.calculus.taylor import recurrences
from lab.experiment import Outcome
from lab.plots import style

from .series import SERIES


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
        ("wrong_gradient", style.BLUE, "--", 1, -1, (-6, 0)),
        ("first_order", style.BLUE, "-", 2, -1, (-6, 0)),
        ("wrong_hessian", style.RED, "--", 2, -1, (-6, 0)),
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
    axes.set_xlim(test["h"].min() / 200, None)  # room for the names at the left ends
    axes.set_title("dashed: with a mistake in the last term")
    return drawing
