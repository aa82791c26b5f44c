"""Errors by step, the valley, and the gradient check, drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lab.calculus.elementary.numerical_differentiation import SCHEMES
from lab.experiment import Outcome
from lab.plots import style

from .ladders import CHECKS, PASS, PRECISIONS, SUSPICIOUS, WRONG, best, by_step


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "five_schemes", five_schemes(outcome)
    yield "where_the_valley_runs", valley(outcome)
    yield "gradient_check", gradient_check(outcome)


def five_schemes(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=2,
        title="Truncation falls with h, rounding rises",
        width=11,
        height=4.8,
        sharey=True,
    )
    for axes, precision in zip(panels, PRECISIONS, strict=True):
        for name, color in zip(SCHEMES, style.CYCLE, strict=False):
            table = outcome.rows(part="curves", scheme=name, precision=precision)
            h, typical = by_step(table)
            axes.plot(h, by_step(table, "predicted_error")[1], "--", color=color, linewidth=0.9)
            exact = SCHEMES[name].rounding == 0  # it falls with the central one, then stays there
            look: dict[str, Any] = {"linewidth": 4, "alpha": 0.4, "zorder": 1} if exact else {}
            axes.plot(h, np.maximum(typical, 1e-17), color=color, label=name, **look)
            if not exact:
                least = int(np.argmin(typical))
                axes.plot(h[least], typical[least], "o", color=color, zorder=5)
        axes.set(xscale="log", yscale="log", xlabel="$h$", title=precision, ylim=(3e-18, 1e2))
        axes.set_xlim(h.max(), h.min() if precision == "float64" else 2.0**-24)
        style.name_curves(axes)
    panels[0].set_ylabel("error, median of all functions and points")
    style.note(panels[0], "dashed: what theory allows", (h.max() / 2, 2e1), offset=(4, 0))
    return drawing


def valley(outcome: Outcome) -> Figure:
    name = outcome.settings["map_of"]
    drawing, panels = style.figure(
        columns=2,
        title=f"Central differences of the {name}: the best step moves with x",
        width=10.6,
        height=4.6,
        sharey=True,
    )
    for axes, precision in zip(panels, PRECISIONS, strict=True):
        table = outcome.rows(part="map", precision=precision)
        (x, i), (h, j) = (np.unique(table[c], return_inverse=True) for c in ("x", "h"))
        digits = np.full((h.size, x.size), np.nan)
        digits[j, i] = np.clip(-np.log10(np.maximum(table["relative_error"], 1e-16)), 0, 11)
        shown = axes.pcolormesh(x, h, digits, cmap="cividis", vmin=0, vmax=11, rasterized=True)
        axes.plot(x, best(name, x, precision), color="white", linewidth=1.6)
        axes.set(xscale="log", yscale="log", xlabel="$x$", title=precision)
        axes.grid(visible=False)
    panels[0].set_ylabel("$h$")
    style.note(
        panels[0], r"white: $(3\,\varepsilon\,|f/f'''|)^{1/3}$", (x[3], h[-6]), offset=(1, 0)
    )
    drawing.colorbar(shown, ax=panels, label="digits right", shrink=0.9)
    return drawing


def gradient_check(outcome: Outcome) -> Figure:
    drawing, (steps, mistakes) = style.figure(
        columns=2,
        title="A gradient and its numerical twin, on 569 tumours and 30 weights",
        width=11.5,
        height=4.4,
        width_ratios=(1.35, 1),
    )
    for precision, color in zip(PRECISIONS, (style.BLUE, style.RED), strict=True):
        table = outcome.rows(part="loss", precision=precision)
        h, typical = by_step(table, "relative_error")
        low, high = (by_step(table, "relative_error", share)[1] for share in (0, 1))
        steps.fill_between(h, low, high, color=color, alpha=0.13, linewidth=0)
        steps.plot(h, typical, color=color, label=precision)
    for mark, word in ((PASS, "good"), (SUSPICIOUS, "suspicious"), (WRONG, "wrong")):
        steps.axhline(mark, color=style.GREY, linewidth=0.9, linestyle="--")
        style.note(steps, f"{word}: {mark:g}", (h.max(), mark), offset=(4, 3), color=style.GREY)
    steps.set(xscale="log", yscale="log", xlabel="$h$", ylabel="relative error", ylim=(1e-12, 3))
    steps.set(title="median and range of the partial derivatives", xlim=(h.max(), h.min()))
    style.name_curves(steps)
    places = [(where, check) for where in ("all weights", "one weight") for check in CHECKS]
    for row, (where, check) in enumerate(places):
        table = outcome.rows(part="planted", function=where, scheme=check)
        seen = table["estimate"] > 0
        color = style.BLUE if check == "by coordinates" else style.GOLD
        mistakes.plot(table["x"][seen], np.full(seen.sum(), row), "o", color=color, ms=8)
        blank = table["x"][~seen]
        mistakes.plot(blank, np.full(blank.size, row), "o", color=color, mfc="white", ms=8)
    labels = [f"{check},\n{where}" for where, check in places]
    mistakes.set(xscale="log", xlabel="relative size of a planted mistake", title="full: noticed")
    mistakes.set(yticks=range(len(places)), yticklabels=labels, ylim=(3.6, -0.6))
    mistakes.invert_xaxis()
    return drawing
