"""Unit balls, a walk past the origin, a weighted sum and two rulers, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

COLORS = {"norm": style.BLUE, "distance": style.GOLD, "cosine": style.RED}


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "unit_balls", unit_balls(outcome)
    yield "past_the_origin", past_the_origin(outcome)
    yield "weighted_sum", weighted_sum(outcome)
    yield "two_rulers", two_rulers(outcome)


def unit_balls(outcome: Outcome) -> Figure:
    balls = (*outcome.settings["balls"], np.inf)
    drawing, panels = style.figure(
        columns=len(balls),
        title="The gradient of a norm stands on its unit ball",
        width=2.75 * len(balls) + 0.3,
        height=3.4,
    )
    for axes, p in zip(panels, balls, strict=True):
        drawn = outcome.rows("ball", p=p)
        closed = [np.append(drawn[c], drawn[c][0]) for c in ("x", "y")]
        axes.fill(*closed, color=style.BLUE, alpha=0.1, linewidth=0)
        axes.plot(*closed, color=style.BLUE)
        # arrows at evenly spread places, more or less the same for every p
        for k in range(len(drawn["x"]) // 32, len(drawn["x"]), max(1, len(drawn["x"]) // 16)):
            place = np.array([drawn["x"][k], drawn["y"][k]])
            style.arrow(axes, place, 0.42 * np.array([drawn["slope_x"][k], drawn["slope_y"][k]]))
        name = r"$p = \infty$" if np.isinf(p) else f"$p = {p:g}$"
        axes.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), title=name)
        axes.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    return drawing


def past_the_origin(outcome: Outcome) -> Figure:
    path, landmark = outcome.rows("walk"), np.array(outcome.settings["landmark"])
    drawing, (map_, graph) = style.figure(
        columns=2, title="A point walks past the origin", width=11, height=4.3
    )
    map_.plot(path["x"], path["y"], color=style.GREY, linewidth=1.2)
    map_.plot(0, 0, "+", color=style.INK, markersize=9)
    map_.plot(*landmark, "*", color=style.INK, markersize=10)
    style.note(map_, "landmark", tuple(landmark))
    style.note(map_, "0", (0, 0), offset=(4, -4))
    last = len(path["x"]) - 1
    for k in np.linspace(0.06 * last, 0.94 * last, 8).astype(int):
        place = np.array([path["x"][k], path["y"][k]])
        for name, color in COLORS.items():
            slope = np.array([path[f"{name}_slope_x"][k], path[f"{name}_slope_y"][k]])
            style.arrow(map_, place, 0.45 * slope, color=color)
        map_.plot(*place, "o", color=style.INK, markersize=3)
    map_.set(aspect="equal", xlabel="$x$", ylabel="$y$", title="arrows: gradients, named at right")
    map_.set_ylim(min(0.0, path["y"].min()) - 0.55, max(landmark[1], path["y"].max()) + 0.5)
    for name, color in COLORS.items():
        graph.plot(path["step"], path[name], color=color, label=name)
    graph.set(xlabel="step", title="length, distance to the landmark, cosine")
    style.name_curves(graph)
    return drawing


def weighted_sum(outcome: Outcome) -> Figure:
    drawn = outcome.rows("prediction")
    order = np.argsort(-abs(drawn["contribution"]))[:12]
    left = drawn["contribution"].sum() - drawn["contribution"][order].sum()
    names = [
        *drawn["feature"][order],
        *(["all others"] if len(order) < len(drawn["value"]) else []),
    ]
    moves = np.append(drawn["contribution"][order], left)[: len(names)]
    drawing, (axes, slopes) = style.figure(
        columns=2,
        title=f"One prediction of {outcome.settings['dataset'].replace('_', ' ')}, taken apart",
        width=11,
        height=1.7 + 0.3 * len(names),
        sharey=True,
        width_ratios=(1.7, 1),
    )
    level = drawn["bias"][0] + np.concatenate([[0], np.cumsum(moves)])
    for k, move in enumerate(moves):
        color = style.BLUE if move >= 0 else style.RED
        axes.barh(k, move, left=level[k], color=color, height=0.62)
        axes.plot([level[k + 1]] * 2, [k - 0.31, k + 1.31], color=style.GREY, linewidth=0.8)
    axes.plot([level[0]] * 2, [-0.9, 0.31], color=style.GREY, linewidth=0.8)
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.1, -1.2))
    axes.set(title="bias + weight × feature, added up")
    style.note(axes, f"bias {level[0]:.4g}", (level[0], -0.75), offset=(5, 0))
    saying = f"prediction {level[-1]:.4g}, truth {drawn['target'][0]:.4g}"
    side = -5 if level[-1] > (level.min() + level.max()) / 2 else 5
    style.note(axes, saying, (level[-1], len(names) - 0.45), offset=(side, 0))
    axes.use_sticky_edges = slopes.use_sticky_edges = False
    axes.margins(x=0.08)
    kept = drawn["value"][order]
    slopes.barh(range(len(kept)), kept, color=style.GOLD, height=0.62)
    slopes.axvline(0, color=style.GREY, linewidth=0.8)
    slopes.set(title="gradient in the weights: the features")
    return drawing


def two_rulers(outcome: Outcome) -> Figure:
    drawn = outcome.rows("cloud")
    drawing, (axes,) = style.figure(title="The same flowers by two rulers", width=7.4, height=5.2)
    points = np.stack([drawn["x"], drawn["y"]], axis=1)
    center = points.mean(axis=0)
    precision = np.linalg.inv(np.cov(points.T, bias=True))
    spread = np.linalg.inv(np.linalg.cholesky(precision)).T
    turn = np.linspace(0, 2 * np.pi, 200)
    ring = np.stack([np.cos(turn), np.sin(turn)])
    axes.plot(drawn["x"], drawn["y"], "o", color=style.GREY, markersize=3.5, alpha=0.6)
    for radius in (1, 2):
        oval = center[:, None] + radius * spread @ ring
        circle = center[:, None] + radius * float(np.median(drawn["distance"])) * ring
        axes.plot(*circle, color=style.GOLD, linewidth=1.3, label="_")
        axes.plot(*oval, color=style.BLUE, linewidth=1.6, label="_")
    style.note(axes, "equally far by the metre", tuple(circle[:, 25]), color=style.GOLD)
    saying = "equally far by the spread (Mahalanobis 1 and 2)"
    style.note(axes, saying, tuple(oval[:, 150]), color=style.BLUE, offset=(75, -12))
    for name, color in (("distance", style.GOLD), ("mahalanobis", style.BLUE)):
        far = int(np.argmax(drawn[name]))
        axes.plot(*points[far], "o", color=color, markersize=8, markerfacecolor="none", mew=1.8)
    for k in np.argsort(-drawn["mahalanobis"])[::9]:
        slope = np.array([drawn["slope_x"][k], drawn["slope_y"][k]])
        style.arrow(axes, points[k], 0.12 * slope, color=style.RED)
    axes.set(aspect="equal", xlabel="petal length (cm)", ylabel="petal width (cm)")
    axes.set_title(
        "red: the gradient of Mahalanobis' distance;  rings: the farthest flower by each"
    )
    return drawing
