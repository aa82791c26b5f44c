"""Ellipses, maps, directions and convergence, drawn."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from lab.calculus.vectors.surfaces import (
    twisted_sheet,
)
from lab.experiment import Outcome
from lab.plots import style

from .landscapes import KINDS, LANDSCAPES


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
        if np.mean(over["kind"] == kind) > 0.01:  # what fills an area, and not the line alone
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
    sheet.set(xticks=[-1, -0.5, 0, 0.5, 1], yticks=[-1, -0.5, 0, 0.5, 1])
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
