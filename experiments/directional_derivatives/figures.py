"""Rates by direction, level curves, cuts and the blade, drawn."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import MaxNLocator

from lab.calculus.vectors.directional_derivatives import circle
from lab.experiment import Outcome
from lab.plots import style

from .landscapes import BLADE, LANDSCAPES, heading


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "rate_in_every_direction", compass(outcome)
    yield "level_curve", crossing(outcome)
    yield "cuts", cuts(outcome)
    yield "blade", blade(outcome)


def compass(outcome: Outcome) -> Figure:
    around = outcome.rows("directions")
    angle = np.append(around["angle"], 2 * np.pi)
    drawing, panels = style.figure(
        columns=2,
        title="In every direction: the rate, and how fast the rate changes",
        width=9.6,
        height=4.9,
        subplot_kw={"projection": "polar"},
    )
    titles = ("rate $D_v f$", "second rate $v^T H v$")
    for axes, column, title in zip(panels, ("rate", "second_rate"), titles, strict=True):
        rate = np.append(around[column], around[column][0])
        for sign, color, name in ((1, style.BLUE, "up"), (-1, style.RED, "down")):
            side = np.maximum(sign * rate, 0)
            axes.fill(angle, side, color=color, alpha=0.12, linewidth=0)
            axes.plot(angle, side, color=color, label=name)
        axes.set_title(title, loc="center", pad=12)
        axes.set_ylim(0, 1.12 * abs(rate).max())
        axes.set(xticks=np.linspace(0, 2 * np.pi, 12, endpoint=False))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        assert isinstance(axes, PolarAxes)
        axes.set_rlabel_position(np.degrees(angle[np.argmin(abs(rate))]))
    first, steepness = panels[0], around["steepness"][0]
    top = angle[int(np.argmax(around["rate"]))]
    first.plot([top, top], [0, steepness], color=style.INK)
    first.plot(top, steepness, "o", color=style.INK)
    saying = rf"$\|\nabla f\|$ = {steepness:.3g}"
    style.note(first, saying, (top, 0.42 * steepness), offset=(7, -7))
    style.note(first, "downhill", (top + np.pi, 0.55 * steepness), color=style.RED, offset=(0, 0))
    for side in (-np.pi / 3, np.pi / 3):
        first.plot([top + side] * 2, [0, steepness / 2], "--", color=style.INK, linewidth=1)
    style.note(first, "half of it", (top + np.pi / 3, steepness / 2), offset=(-4, 6))
    return drawing


def crossing(outcome: Outcome) -> Figure:
    ground = LANDSCAPES[outcome.settings["landscape"]]
    start, level = np.array(outcome.settings["at"]), outcome.rows("level")
    gradient = np.asarray(ground.gradient(jnp.asarray(start)))
    gradient = gradient / np.linalg.norm(gradient)
    drawing, (axes,) = style.figure(
        title="The gradient crosses the level curve at a right angle", width=5.8, height=5.9
    )
    curve = np.stack([level["x"], level["y"]], axis=1)
    reach = 0.75 + float(abs(curve).max())
    style.contours(axes, ground.f, x=(-reach, reach), y=(-reach, reach), levels=18)
    axes.plot(*curve.T, color=style.BLUE, linewidth=2.2)
    here = len(curve) // 2
    for place in np.linspace(0, len(curve) - 1, 9).astype(int)[1:-1]:
        if place != here:
            p = curve[place]
            slope = np.asarray(ground.gradient(jnp.asarray(p)))
            style.arrow(axes, p, 0.16 * reach * slope / np.linalg.norm(slope), color=style.GREY)
    tangent = np.array([-gradient[1], gradient[0]])
    line = start + np.outer([-0.4 * reach, 0.4 * reach], tangent)
    axes.plot(*line.T, color=style.GOLD, linewidth=1.6)
    corner = start + 0.06 * reach * np.array([tangent, tangent + gradient, gradient])
    axes.plot(*corner.T, color=style.INK, linewidth=1)
    style.arrow(axes, start, 0.34 * reach * gradient, color=style.RED)
    axes.plot(*start, "o", color=style.INK, zorder=6)
    tip = start + 0.34 * reach * gradient
    style.note(axes, r"$\nabla f$", tuple(tip), color=style.RED, fontsize=10.5)
    axes.set_title("gold: the direction in which the rate is 0")
    return drawing


def cuts(outcome: Outcome) -> Figure:
    ground = LANDSCAPES[outcome.settings["landscape"]]
    start = jnp.array(outcome.settings["at"])
    uphill = heading(ground.gradient(start))
    drawing, (axes,) = style.figure(
        title="The landscape cut along four directions", width=7.2, height=4.6
    )
    t = jnp.linspace(-0.8, 0.8, 161)
    for degrees, name, color in (
        (0, "along the gradient", style.RED),
        (60, "60° from it: half the rate", style.GOLD),
        (90, "along the level: rate 0", style.BLUE),
        (180, "against the gradient", style.TEAL),
    ):
        v = circle(jnp.array(uphill + np.radians(degrees)))
        walk = jax.vmap(lambda s, v=v: ground.f(start + s * v))(t)
        tangent = ground.f(start) + t * (ground.gradient(start) @ v)
        axes.plot(t, tangent, "--", color=color, linewidth=1)
        axes.plot(t, walk, color=color, label=name)
    axes.plot(0, ground.f(start), "o", color=style.INK, zorder=5)
    axes.set(xlabel="way walked, $t$", ylabel="$f(p + t\\,v)$", title="dashed: the tangent")
    style.name_curves(axes)
    return drawing


def blade(outcome: Outcome) -> Figure:
    straight, parabola = outcome.rows("blade, straight"), outcome.rows("blade, parabola")
    drawing, (map_, rates_) = style.figure(
        columns=2,
        title="Every direction has a rate at the origin, and there is no gradient",
        width=10.4,
        height=4.5,
    )
    style.contours(map_, BLADE.f, x=(-1, 1), y=(-1, 1), levels=14)
    rays = np.unique(straight["angle"])
    for angle, color in zip(rays, style.shades(rays.size), strict=True):
        map_.plot([0, np.cos(angle)], [0, np.sin(angle)], color=color, linewidth=1.4)
        ray = straight["angle"] == angle
        far = np.hypot(straight["x"][ray], straight["y"][ray])
        name = f"straight, at {np.degrees(angle):.0f}°"
        rates_.plot(far, straight["rate"][ray], ".-", color=color, label=name)
    t = np.linspace(0, 1, 60)
    map_.plot(t, t**2, color=style.RED)
    far = np.hypot(parabola["x"], parabola["y"])
    rates_.plot(far, parabola["rate"], ".-", color=style.RED, label="on the parabola")
    halves = np.linspace(-1, 1, 5)
    map_.set(title="$x^3 y\\,/\\,(x^4 + y^2)$", xticks=halves, yticks=halves)
    rates_.set(
        xscale="log",
        xlabel="distance to the origin",
        ylabel="$D_v f$",
        title="rate on the way in",
    )
    rates_.invert_xaxis()
    style.name_curves(rates_)
    return drawing
