"""Digits, trust, bends and writings, drawn."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .methods import BENT, BOTTOMS, COLORS, VALLEYS, WHOLE_STEPS
from .promises import gap, overlooked, paths


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "digits", digits(outcome)
    yield "trust", trust(outcome)
    yield "overlooked_curvature", bent(outcome)
    yield "written_in_three_ways", written(outcome)


def digits(outcome: Outcome) -> Figure:
    place = outcome.settings["landscape"].replace("_", " ")
    drawing, (steps, costs, near_) = style.figure(
        columns=3, title=f"Down the valley of {place}", width=14, height=4.5
    )
    floor = float(np.finfo(outcome.settings["precision"]).eps)
    for method, color in COLORS.items():
        table = outcome.rows("valley", method=method)
        there = np.flatnonzero(table["distance"] < floor)
        until = slice(0, (there[0] if there.size else len(table["k"])) + 1)
        distance = np.maximum(table["distance"][until], floor)
        look: Any = dict(color=color, markersize=3.5, linewidth=1.3, label=method)
        steps.plot(table["k"][until], distance, ".-", **look)
        costs.plot(table["evaluations"][until], distance, ".-", **look)
    steps.set(yscale="log", xlabel="step", ylabel="distance to the bottom", title="by steps")
    costs.set(xscale="log", yscale="log", xlabel="losses, gradients and products computed")
    costs.set(title="by what they cost")
    costs.legend(loc="lower left")
    for method in WHOLE_STEPS:
        table = outcome.rows("near", method=method)
        near_.plot(table["before"], np.maximum(table["distance"], 1e-17), ".",
                   color=COLORS[method], markersize=3, label=method)  # fmt: skip
    style.power_law(near_, 1, (1e-4, 1e-4), (1e-6, 1e-3), label="$e$", offset=(-6, 4))
    style.power_law(near_, 2, (1e-4, 1e-8), (1e-6, 1e-3), label="$e^2$", offset=(6, -4))
    near_.set(xscale="log", yscale="log", xlabel="distance before", ylabel="distance after",
              title="one whole step, from all around", ylim=(1e-17, 10))  # fmt: skip
    return drawing


def trust(outcome: Outcome) -> Figure:
    table = outcome.rows("valley", method="Levenberg-Marquardt")
    problem = VALLEYS[outcome.settings["landscape"]]
    planar = len(problem.start) == 2
    drawing, panels = style.figure(
        columns=3 if planar else 2, title="Levenberg and Marquardt: as far as the model is trusted",
        width=13 if planar else 9, height=4.4,
    )  # fmt: skip
    moved = table["actual_decrease"] > 0
    ratio = table["actual_decrease"][moved] / table["predicted_decrease"][moved]
    panels[0].axhline(1, color=style.INK, linewidth=0.8)
    panels[0].plot(table["k"][moved], ratio, ".-", color=style.BLUE)
    panels[0].set(xlabel="step", title="the loss fell by this share of the promise", ylim=(0, None))
    panels[1].plot(table["k"][moved], table["damping"][moved], ".-", color=style.GOLD)
    panels[1].set(yscale="log", xlabel="step", title="damping")
    if planar:
        newton = outcome.rows("valley", method="Newton")
        walks = [np.stack([each["x"], each["y"]], axis=-1) for each in (table, newton)]
        both = np.concatenate([*walks, [BOTTOMS[problem.name]]])
        middle = (both.min(axis=0) + both.max(axis=0)) / 2
        span = 0.62 * np.ptp(both, axis=0).max()
        levels = list(np.geomspace(1e-2, 4e3, 16))
        (x, y), reach = middle, np.array([-span, span])
        style.contours(panels[2], problem.loss, x=tuple(x + reach), y=tuple(y + reach),
                       levels=levels)  # fmt: skip
        for walk_, color, name in zip(walks, (style.GOLD, style.RED), ("LM", "Newton"),
                                      strict=True):  # fmt: skip
            style.path_on_contours(panels[2], walk_, color=color, label=name)
        panels[2].legend(loc="lower right")
        panels[2].set_title("the way of both")
    return drawing


def bent(outcome: Outcome) -> Figure:
    bend, left = overlooked(outcome)
    drawing, (factor, runs) = style.figure(
        columns=2, title="Gauss-Newton overlooks the bend of the residuals", width=11, height=4.4
    )
    line = np.linspace(-3.2, 1, 200)
    factor.plot(line, abs(line), color=style.GREY)
    factor.plot(bend, left, "o", color=style.BLUE)
    factor.axhline(1, color=style.RED, linestyle="--", linewidth=1.1)
    style.note(factor, "no longer arrives", (-3.1, 1), color=style.RED, offset=(2, 4))
    factor.set(xlabel="bend $c$ of the second residual", ylabel="factor",
               title="what a step leaves of the distance")  # fmt: skip
    worst = float(bend[np.argmin(abs(bend + 1.5))])
    for method in BENT:
        table = outcome.rows("bend", method=method)
        here = (table["bend"] == worst) & (table["k"] <= 40)
        runs.plot(table["k"][here], np.maximum(table["distance"][here], 1e-17), ".-",
                  color=COLORS[method], label=method)  # fmt: skip
    runs.set(yscale="log", xlabel="step", ylabel="distance to the bottom",
             title=f"three methods where $c$ = {worst:g}")  # fmt: skip
    style.name_curves(runs)
    return drawing


def written(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=2, title="One distribution, written in three ways", width=10.6, height=4.8,
        sharex=True, sharey=True,
    )  # fmt: skip
    colors = (style.BLUE, style.RED, style.GOLD)
    for axes, direction in zip(panels, ("gradient", "natural"), strict=True):
        for (writing, path), color in zip(paths(outcome, direction, True).items(), colors,
                                          strict=True):  # fmt: skip
            width = {"m, s": 4.5, "m, ln s": 2.6, "m, 1/s²": 1.2}[writing]
            axes.plot(*path.T, color=color, linewidth=width, label=writing)
            axes.plot(*path[:: len(path) // 12].T, "o", color=color, markersize=3)
        axes.plot(*path[0], "o", color=style.INK)
        axes.plot(0, 1, "+", color=style.INK, markersize=11)
        apart = gap(outcome, direction, True)
        axes.set(title=f"{direction}: at most {style.scientific(apart)} apart", xlabel="$m$")
        axes.legend(loc="upper right", title="written in")
    panels[0].set_ylabel("$s$")
    return drawing
