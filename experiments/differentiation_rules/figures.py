"""Products, graphs, agreements and orders, drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lab.experiment import Outcome
from lab.plots import style

from .rules import amplitudes, relative


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "product_rule", product_rule(outcome)
    yield "forward_sweep", graph(outcome)
    yield "random_expressions", agreement(outcome)
    yield "derivatives_of_all_orders", all_orders(outcome)


def product_rule(outcome: Outcome) -> Figure:
    drawing, (picture, corner) = style.figure(
        columns=2, title="The product rule: two strips and a corner", width=10, height=4.2
    )
    f, g, df, dg = 3.0, 2.0, 0.7, 0.5
    for at, size, color, alpha in (
        ((0, 0), (f, g), style.GREY, 0.15),
        ((f, 0), (df, g), style.BLUE, 0.35),
        ((0, g), (f, dg), style.GOLD, 0.45),
        ((f, g), (df, dg), style.RED, 0.8),
    ):
        picture.add_patch(Rectangle(at, *size, facecolor=color, alpha=alpha, edgecolor="white"))
    for words, at, color in (
        ("$f\\,g$", (f / 2, g / 2), style.INK),
        ("$df\\,g$", (f + df / 2, g / 2), style.BLUE),
        ("$f\\,dg$", (f / 2, g + dg / 2), style.INK),
    ):
        style.note(picture, words, at, color=color, offset=(0, 0), fontsize=12)
    style.note(picture, "$df\\,dg$", (f + df, g + dg), color=style.RED, offset=(0, 5), fontsize=12)
    picture.set(xlim=(-0.1, f + df + 0.3), ylim=(-0.1, g + dg + 0.45), aspect="equal")
    picture.set(xticks=[], yticks=[], xlabel="$f$ grows by $df$", ylabel="$g$ grows by $dg$")
    picture.spines[:].set_visible(False)
    table = outcome.rows("corner")
    corner.plot(table["x"], abs(table["value"]), "o", color=style.RED, label="corner")
    corner.plot(table["x"], table["derivative"], "--", color=style.INK, label="$f'g'h^2$")
    corner.set(
        xscale="log", yscale="log", xlabel="$h$", title="$e^x \\sin x$ at 1: the corner fades"
    )
    style.name_curves(corner)
    return drawing


def graph(outcome: Outcome) -> Figure:
    """The nodes in columns by how many steps lie before them."""
    table = outcome.rows("sweep")
    inputs = [[word for word in text.split(", ") if word] for text in table["inputs"]]
    place = {str(node): i for i, node in enumerate(table["node"])}
    depth: list[int] = []
    for words in inputs:
        depth.append(1 + max((depth[place[word]] for word in words if word in place), default=-1))
    columns = [[i for i, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]
    at = {i: (d, (len(c) - 1) / 2 - r) for d, c in enumerate(columns) for r, i in enumerate(c)}
    drawing, (axes,) = style.figure(
        title=f"{outcome.settings['expression']}: value above, slope below, by one rule a step",
        width=1.6 * len(columns) + 0.6,
        height=1.15 * max(map(len, columns)) + 1.3,
    )
    for i, words in enumerate(inputs):
        for word in words:
            if word in place:
                start, end = at[place[word]], at[i]
                axes.plot(*zip(start, end, strict=True), color=style.PALE, linewidth=2, zorder=1)
        shown = [word for word in words if word not in place]
        shown.insert(int(bool(shown) and words[0] == shown[0]), str(table["operation"][i]))
        title = " ".join(shown)
        label(axes, at[i], title, float(table["value"][i]), float(table["derivative"][i]))
    tall = max(map(len, columns)) / 2
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-tall - 0.1, tall + 0.1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return drawing


def label(axes: Axes, at: tuple[float, float], title: str, value: float, slope: float) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": style.GREY}
    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8.5}
    blank = f"{title}\n{value:.4g}\n{slope:.4g}"
    axes.text(*at, blank, color="white", bbox=box, zorder=2, **text)
    lines = (("", "", f"{slope:.4g}"), ("", f"{value:.4g}", ""), (title, "", ""))
    for words, color in zip(lines, (style.RED, style.BLUE, style.INK), strict=True):
        axes.text(*at, "\n".join(words), color=color, zorder=3, **text)


def agreement(outcome: Outcome) -> Figure:
    table, eps = outcome.rows("random"), float(np.finfo(outcome.settings["precision"]).eps)
    rng = np.random.default_rng(0)
    size = table["operation"].astype(int) + rng.uniform(-0.3, 0.3, table["x"].size)
    drawing, (axes,) = style.figure(
        title="Dual numbers on random expressions", width=7.6, height=4.2
    )
    for witness, color, name in (("jax", style.BLUE, "JAX"), ("sympy", style.GOLD, "SymPy")):
        error = np.maximum(relative(table, witness), eps / 30)
        axes.plot(size, error, "o", color=color, markersize=4, alpha=0.7, label=f"against {name}")
    axes.axhline(eps, color=style.GREY, linestyle="--", linewidth=0.9)
    style.note(axes, "eps", (0, eps), color=style.GREY, offset=(2, 3))
    axes.set(xlim=(0, None), ylim=(eps / 60, 40 * eps))
    style.note(axes, "equal to the last bit", (0, eps / 30), color=style.INK, offset=(2, 6))
    axes.set(yscale="log", xlabel="operations", ylabel="error of the slope")
    axes.legend(loc="upper right")
    return drawing


def all_orders(outcome: Outcome) -> Figure:
    table, settings = outcome.rows("nth"), outcome.settings
    r = float(np.hypot(settings["damping"], settings["frequency"]))
    drawing, (curves, growth) = style.figure(
        columns=2,
        title="Each derivative of $e^{ax} \\sin bx$ is stretched and turned",
        width=11,
        height=4.2,
    )
    orders = np.arange(settings["orders"] + 1)
    few = orders[:5]
    for n, color in zip(few, style.shades(few.size), strict=True):
        here = table["operation"] == str(n)
        name = f"$f^{{({n})}} / r^{n}$" if n else "$f$"
        curves.plot(table["x"][here], table["jax"][here] / r**n, color=color, label=name)
    curves.axhline(0, color=style.GREY, linewidth=0.8)
    curves.set(xlabel="$x$", title="one turn after another, to the left")
    style.name_curves(curves)
    growth.plot(orders, amplitudes(table, settings), "o", color=style.BLUE)
    growth.plot(orders, r**orders, "--", color=style.RED)
    style.note(
        growth,
        f"$r^n$, $r = \\sqrt{{a^2+b^2}}$ = {r:.3g}",
        (orders[-2], r ** orders[-2]),
        color=style.RED,
        offset=(-8, 8),
    )
    growth.set(yscale="log", xlabel="$n$", title="size of the $n$-th derivative")
    return drawing
