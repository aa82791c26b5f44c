"""Profiles, ranks, tuning, paths and momentum, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.calculus.landscapes.more_garbow_hillstrom import PROBLEMS
from lab.experiment import Outcome
from lab.plots import style
from lab.training import profiles

from .contenders import CONTENDERS
from .race import best_setting
from .rules import costs, results, tables
from .settings_of_momentum import MU, POLYAK, L


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "profiles", profiles_of(outcome)
    yield "rules", ranks(outcome)
    yield "tuning", tuning(outcome)
    yield "paths", paths(outcome)
    yield "momentum", momentum(outcome)


def profiles_of(outcome: Outcome) -> Figure:
    """Both profiles: the line from all starts together, the band from the worst to the best."""
    drawing, (left, right) = style.figure(
        columns=2,
        title="Who solves how much, on how many evaluations (bands: worst to best start)",
        width=12,
        height=4.8,
    )
    starts = range(outcome.settings["starts"])
    every = [costs(outcome, start) for start in starts]
    names, sizes = every[0][2], every[0][1]
    budgets = np.geomspace(0.5, outcome.settings["budget"] / 2, 300)
    ratios = np.geomspace(1, 100, 300)
    for axes, x, of in (
        (left, budgets, lambda cost: profiles.data_profile(cost, sizes, budgets)),
        (right, ratios, lambda cost: profiles.performance_profile(cost, ratios)),
    ):
        curves = np.stack([of(cost) for cost, _, _ in every])
        for i, name in enumerate(names):
            color = CONTENDERS[name].color
            low, middle, high = (f(curves[..., i], axis=0) for f in (np.min, np.mean, np.max))
            axes.fill_between(x, low, high, step="post", color=color, alpha=0.1, linewidth=0)
            axes.step(x, middle, where="post", color=color, linewidth=1.6, label=name)
        axes.set(xscale="log", ylim=(-0.02, 1.02), xlim=(x[0], x[-1]))
    left.set(xlabel="evaluations / (n + 1)", ylabel="share of the problems solved",
             title="data profile")  # fmt: skip
    right.set(xlabel="times the evaluations of the best", title="performance profile")
    style.name_curves(right)
    return drawing


def ranks(outcome: Outcome) -> Figure:
    told = results(outcome)
    drawing, (axes,) = style.figure(
        title="The ranking is in the rules, too", width=11.5, height=4.8
    )
    for name in told[0].scores:
        places = [each.ranking.index(name) + 1 for each in told]
        axes.plot(range(len(told)), places, "o-", color=CONTENDERS[name].color, label=name,
                  markersize=8)  # fmt: skip
        for x, (place, each) in enumerate(zip(places, told, strict=True)):
            style.note(axes, f"{each.scores[name]:.2f}", (x, place), offset=(0, 7), fontsize=7.5)
    axes.set(ylim=(len(told[0].scores) + 0.6, 0.4), ylabel="place", xlim=(-0.3, len(told) - 0.7))
    axes.set_xticks(range(len(told)), [each.rules.replace(", ", ",\n") for each in told])
    axes.set_yticks(range(1, len(told[0].scores) + 1))
    axes.grid(visible=False)
    style.name_curves(axes)
    return drawing


def tuning(outcome: Outcome) -> Figure:
    found = tables(outcome)
    drawing, panels = style.figure(
        rows=2, columns=-(-len(found) // 2), title="What tuning is worth", width=11.5, height=6.2,
        sharey=True,
    )  # fmt: skip
    budget = outcome.settings["budget"]
    for axes, (name, table) in zip(panels, found.items(), strict=False):
        x, color = np.array(CONTENDERS[name].settings), CONTENDERS[name].color
        by_start = np.array([[
            float(profiles.score(table["needed"][(table["setting_index"] == i)
                                                 & (table["start"] == start)], budget, 0))
            for start in range(outcome.settings["starts"])] for i in range(7)])  # fmt: skip
        axes.fill_between(x, by_start.min(axis=1), by_start.max(axis=1), color=color, alpha=0.2,
                          linewidth=0)  # fmt: skip
        axes.plot(x, by_start.mean(axis=1), ".-", color=color)
        chosen, usual = best_setting(table, budget), CONTENDERS[name].usual
        axes.plot(x[chosen], by_start.mean(axis=1)[chosen], "o", color=style.INK, markersize=5)
        axes.plot(x[usual], by_start.mean(axis=1)[usual], "o", color=style.INK,
                  markerfacecolor="none", markersize=10)  # fmt: skip
        axes.set(xscale="log", title=name, xlabel=CONTENDERS[name].knob)
    for axes in panels[len(found):]:  # fmt: skip
        axes.set_axis_off()
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("score (full: tuned, ring: usual)")
    return drawing


def paths(outcome: Outcome) -> Figure:
    first = next(p for p in PROBLEMS if p.number == outcome.settings["problems"][0])
    drawing, panels = style.figure(
        columns=2, title=f"The way over {first.name.replace('_', ' ')}, tuned for all problems",
        width=11.5, height=4.8,
    )  # fmt: skip
    low, high = np.array([-2.2, -1.2]), np.array([2.2, 2.6])
    if len(first.start) == 2:
        style.contours(panels[0], first.loss, x=(low[0], high[0]), y=(low[1], high[1]),
                       levels=list(np.geomspace(1e-2, 4e3, 16)))  # fmt: skip
    for name in outcome.settings["contenders"]:
        table = outcome.rows("path", method=name)
        color = CONTENDERS[name].color
        panels[0].plot(table["x"], table["y"], ".-", color=color, markersize=3, linewidth=1)
        best = np.minimum.accumulate(np.maximum(table["loss"], 1e-18))
        panels[1].plot(table["evaluations"], best, color=color, linewidth=1.4, label=name)
    panels[0].set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    panels[1].set(yscale="log", xscale="log", xlabel="evaluations", ylabel="best loss so far")
    panels[1].legend(loc="lower left")
    return drawing


def momentum(outcome: Outcome) -> Figure:
    drawing, (map_, descent) = style.figure(
        columns=2, title="Momentum: its phases, and a way to its settings", width=11.5, height=4.6
    )
    table = outcome.rows("phase")
    step, amount = np.unique(table["rate"]), np.unique(table["momentum"])
    walked = table["walked"].reshape(step.size, amount.size).T
    levels = np.linspace(0.75, 1, 21)
    shades = map_.contourf(step, amount, walked, levels, cmap="Blues_r", extend="min")
    map_.contour(step, amount, walked, [1.0], colors=style.RED, linewidths=1.4)
    map_.plot(step, np.clip((1 - np.sqrt(step * MU)) ** 2, 0, 1), color=style.GREY, linewidth=1)
    map_.plot(step, (1 - np.sqrt(step * L)) ** 2, color=style.GREY, linewidth=1)
    map_.plot(*POLYAK, "*", color=style.GOLD, markersize=14)
    style.note(map_, "Polyak", (float(POLYAK[0]), float(POLYAK[1])), offset=(8, -4))
    style.note(map_, "diverges", (0.36, 0.2), color=style.RED, offset=(0, 0))
    map_.set(xlabel="rate $a$", ylabel="momentum $b$", ylim=(0, 0.98), xlim=(step[0], step[-1]),
             title="what a step leaves; grey: a root is double")  # fmt: skip
    drawing.colorbar(shades, ax=map_, shrink=0.85)
    table = outcome.rows("hypergradient")
    descent.plot(table["k"], table["loss"], color=style.BLUE)
    for column, name in (
        ("best_without", "best without momentum"),
        ("best_of_grid", "best of 2,025"),
    ):
        level = float(table[column][0])
        descent.axhline(level, color=style.GREY, linestyle="--", linewidth=1)
        style.note(descent, name, (float(table["k"][-1]), level), offset=(-4, 3))
    taken = outcome.settings["unrolled"]
    descent.set(yscale="log", xlabel="steps of the settings, along the hypergradient",
                ylabel=f"loss after {taken} steps", title="ridge regression, diabetes")  # fmt: skip
    return drawing
