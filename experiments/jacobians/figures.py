"""Bent grids, areas, an arm that reaches, and costs, drawn."""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .maps import BONES, PLANE, Map


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "bent_grids", bent_grids(outcome)
    yield "area_becomes_determinant", areas(outcome)
    yield "reaching", reaching(outcome)
    yield "forward_or_reverse", costs(outcome)


def bent_grids(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        rows=2,
        columns=3,
        title="A small square becomes a parallelogram, J wide and det J in area",
        width=10.5,
        height=7.2,
    )
    center = np.array(outcome.settings["at"])
    side = 0.25 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    shown = {"before": Map(lambda p: p, lambda p: np.eye(2))} | PLANE
    for axes, (name, chosen) in zip(panels, shown.items(), strict=True):
        J = np.asarray(chosen.jacobian(jnp.asarray(center)))
        image = lambda p, f=chosen.f: np.asarray(jax.vmap(f)(jnp.asarray(p)))
        grid(axes, center, image)
        axes.plot(*(image(center[None])[0] + side @ J.T).T, color=style.RED)
        stretch = rf":  $\det J = {np.linalg.det(J):.3g}$" if name in PLANE else ""
        axes.set(title=name + stretch, aspect="equal")
        axes.set_anchor("SW")
        axes.grid(visible=False)
    return drawing


def grid(axes: Axes, center: np.ndarray, image: Callable[[np.ndarray], np.ndarray]) -> None:
    """The image of the lines around a center, and of the square of side ½ in their middle."""
    run, lines = np.linspace(-0.75, 0.75, 61), np.linspace(-0.75, 0.75, 7)
    for place in lines:
        for first in (True, False):
            fixed = np.full_like(run, place)
            line = np.stack([run, fixed] if first else [fixed, run], axis=1)
            axes.plot(*image(center + line).T, color=style.GREY, linewidth=0.7)
    edge = np.linspace(-0.25, 0.25, 40)
    quarter = np.stack([edge, np.full_like(edge, -0.25)], axis=1)
    turned = [quarter @ np.linalg.matrix_power([[0, 1], [-1, 0]], k) for k in range(4)]
    axes.fill(*image(center + np.concatenate(turned)).T, color=style.BLUE, alpha=0.3, linewidth=0)


def areas(outcome: Outcome) -> Figure:
    drawing, (ratios, errors) = style.figure(
        columns=2,
        title="The smaller the square, the more its area grows by det J",
        width=10.6,
        height=4.2,
    )
    for name in PLANE:
        squares = outcome.rows("area", map=name)
        order = np.argsort(-squares["h"])
        line = ratios.plot(squares["h"][order], squares["area_ratio"][order], ".-", label=name)[0]
        seen = squares["area_error"] > 1e-15
        color = line.get_color()
        errors.plot(squares["h"][seen], squares["area_error"][seen], ".-", color=color)
        limit = squares["h"].min(), squares["determinant"][0]
        ratios.plot(*limit, "o", color=color, markerfacecolor="white")
    ratios.set(xscale="log", xlabel="side $h$", title="area / $h^2$;  rings: $\\det J$")
    ratios.invert_xaxis()
    style.name_curves(ratios)
    errors.set(xscale="log", yscale="log", xlabel="side $h$", title="its distance from $\\det J$")
    squares = outcome.rows("area", map="complex square")
    through = (squares["h"][2], 4 * squares["area_error"][2])
    style.power_law(errors, 2, through, (squares["h"][5], squares["h"][0]), label="slope 2")
    return drawing


def reaching(outcome: Outcome) -> Figure:
    table = outcome.rows("newton")
    drawing, (room, errors) = style.figure(
        columns=2, title="An arm finds its angles: Newton's method", width=10, height=4.6
    )
    target = outcome.settings["reach"] * sum(BONES) * np.array([0.6, 0.8])
    turn = np.linspace(0, 2 * np.pi, 200)
    rim = sum(BONES) * np.stack([np.cos(turn), np.sin(turn)])
    room.plot(*rim, ":", color=style.GREY, linewidth=1)
    shown = min(5, len(table["step"]))
    for k, color in zip(range(shown), style.shades(shown), strict=True):
        elbow = BONES[0] * np.array([np.cos(table["shoulder"][k]), np.sin(table["shoulder"][k])])
        joints = np.array([[0, 0], elbow, [table["hand_x"][k], table["hand_y"][k]]])
        room.plot(*joints.T, "o-", color=color, markersize=4)
        if k < 2:
            style.note(room, str(k), tuple(joints[2]), color=color, offset=(5, 3))
    room.plot(*target, "*", color=style.RED, markersize=13, zorder=6)
    room.set(aspect="equal", title="steps 0, 1, 2, ...;  dotted: as far as it reaches")
    seen = table["error"] > 0
    errors.plot(table["step"][seen], table["error"][seen], "o-", color=style.BLUE)
    errors.set(yscale="log", xlabel="step", title="distance of the hand from the target")
    return drawing


def costs(outcome: Outcome) -> Figure:
    paid = outcome.rows("cost")
    shape = paid["inputs"] / paid["outputs"]
    drawing, panels = style.figure(
        columns=2,
        title="Columns or rows: forward mode for tall Jacobians, reverse for wide",
        width=10.6,
        height=4.3,
    )
    for axes, unit in zip(panels, ("operations", "seconds"), strict=True):
        for mode, color in (("forward", style.BLUE), ("reverse", style.RED)):
            axes.plot(shape, paid[f"{mode}_{unit}"], ".-", color=color, label=mode)
        axes.axvline(1, color=style.GREY, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlabel="inputs per output, $n/m$", title=unit)
        style.name_curves(axes)
    return drawing
