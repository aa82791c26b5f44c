"""Losses with their slopes, an outlier, and one weight, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .losses import MARGINS, Loss, families


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    title = "An error, what it costs, and how hard it pulls"
    yield "families", pairs(outcome, "family", families(1.0), title, "residual $r$, in deviations")
    yield "one_outlier", outlier_figure(outcome)
    yield "one_weight", weight_figure(outcome)
    title = "Two classes: what a margin costs"
    yield "margins", pairs(outcome, "margin", MARGINS, title, "margin $y z$")


def pairs(outcome: Outcome, part: str, losses: dict[str, Loss], title: str, across: str) -> Figure:
    """Losses on the left, their slopes on the right."""
    drawing, (left, right) = style.figure(columns=2, title=title, width=10.5, height=4.3)
    for name, one in losses.items():
        shown = outcome.rows(part, loss=name)
        left.plot(shown["residual"], shown["value"], color=one.color, label=name)
        right.plot(shown["residual"], shown["slope"], color=one.color, label=name)
    if part == "margin":
        r = shown["residual"]
        left.plot(r, r < 0, color=style.GREY, linewidth=1.1, label="wrong or right")
    margins = part == "margin"
    left.set(xlabel=across, title="loss", ylim=(0, 5) if margins else (0, 12))
    right.set(xlabel=across, title="its slope", ylim=(-5, 0.4) if margins else (-3.2, 3.2))
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def outlier_figure(outcome: Outcome) -> Figure:
    count = outcome.settings["outliers"]
    them = "One false entry" if count == 1 else f"{count} false entries"
    drawing, (left, right) = style.figure(
        columns=2, title=f"{them} among {outcome.settings['samples']} true ones", width=10.5
    )
    for name, one in families(1.0).items():
        shown = outcome.rows("outlier", loss=name)
        left.plot(shown["outlier"], shown["moved"], color=one.color, label=name)
        if name != "absolute":
            right.plot(shown["outlier"], shown["influence"], color=one.color, label=name)
            few = slice(1, -1, 6)
            right.plot(
                shown["outlier"][few], shown["difference"][few], "o", color=one.color, markersize=3
            )
    left.set(xlabel="its distance from the median", title="how far the fitted BMI moves")
    right.set(xlabel="its distance", title="and how fast: the implicit rule; dots, differences")
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def weight_figure(outcome: Outcome) -> Figure:
    weights, samples = outcome.rows("weight"), outcome.rows("sample")
    drawing, (bowl, slopes, pulls) = style.figure(
        columns=3, title="One weight: illness after a year from the BMI", width=13, height=4.0
    )
    w, step = weights["weight"], outcome.settings["step"]
    bowl.plot(w, weights["cost"], color=style.INK)
    for place in (12, 30, 68):
        at = np.array([w[place] - 0.45, w[place] + 0.45])
        line = weights["cost"][place] + weights["slope"][place] * (at - w[place])
        color = style.BLUE if weights["slope"][place] < 0 else style.RED
        bowl.plot(at, line, color=color)
        bowl.plot(w[place], weights["cost"][place], "o", color=color)
    bowl.set(xlabel="weight $w$", title="cost: blue, increase $w$; red, decrease")
    slopes.axhline(0, color=style.GREY, linewidth=0.8)
    for sign, color in ((-1, style.BLUE), (1, style.RED)):
        side = np.where(sign * weights["slope"] >= 0, weights["slope"], np.nan)
        slopes.plot(w, side, color=color)
    nudge = -step * np.sign(weights["slope"])
    slopes.plot(w[::4], (weights["change"] / nudge)[::4], "o", color=style.GOLD, markersize=3.5)
    saying = f"gold: change of the cost in\na step of {step:g} downhill, over the step"
    style.note(slopes, saying, (w[0], slopes.get_ylim()[1]), color=style.GOLD, offset=(4, -4))
    slopes.set(xlabel="weight $w$", title="its slope: the sensitivity")
    order = np.argsort(samples["slope"])
    pulls.barh(np.arange(order.size), samples["slope"][order], color=style.GREY, height=0.8)
    mean = float(samples["slope"].mean())
    pulls.axvline(mean, color=style.RED)
    style.note(pulls, f"mean {mean:.2f}", (mean, order.size), color=style.RED, offset=(-5, -8))
    pulls.set(yticks=[], xlabel="slope of its loss", title="every patient's share, at $w = 0$")
    return drawing
