"""One vector answers for every direction: D_v f = grad f . v.

Question: How fast does a landscape rise in each direction, and which direction is the steepest?
Command:  lab run directional_derivatives
Time:     about 15 s on two cores
Expect:   the greatest rate is the length of the gradient, in the direction of the gradient; half of
          it lies 60 degrees to either side; along the level curve the rate is 0.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import MaxNLocator
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.vectors import directional_derivatives as calculus
from lab.calculus.vectors.directional_derivatives import circle, quarter_turn
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked, table

Point = Float[Array, " 2"]


class Landscape(NamedTuple):
    """A function of the plane with its gradient and Hessian by hand."""

    f: Callable[[Any], Any]
    gradient: Callable[[Any], Any]
    hessian: Callable[[Any], Any]


LANDSCAPES = {
    "tilted_bowl": Landscape(
        calculus.tilted_bowl, calculus.tilted_bowl_gradient, calculus.tilted_bowl_hessian
    ),
    "elliptic_bowl": Landscape(
        calculus.elliptic_bowl, calculus.elliptic_bowl_gradient, calculus.elliptic_bowl_hessian
    ),
    "two_wells": Landscape(
        calculus.two_wells, calculus.two_wells_gradient, calculus.two_wells_hessian
    ),
    "saddle": Landscape(calculus.saddle, calculus.saddle_gradient, calculus.saddle_hessian),
}
BLADE = Landscape(calculus.blade, calculus.blade_gradient, jax.hessian(calculus.blade))


def study(
    key: Any,
    *,
    landscape: Literal["tilted_bowl", "elliptic_bowl", "two_wells", "saddle"] = "tilted_bowl",
    at: tuple[float, float] = (1.0, 0.5),
    directions: PositiveInt = 360,
    step: PositiveFloat = 1e-5,
    level_points: PositiveInt = 500,
    level_step: PositiveFloat = 0.01,
) -> Table:
    """Every direction at one point, the walk along the level curve through it, and the blade.

    Nothing is random: the key is not used. A row is a point, a direction at an angle, and the rate
    there by forward mode, by the gradient and by a central difference.

    Raises ``BadInput`` where the ground is level: no direction is the steepest there.
    """
    ground, start = LANDSCAPES[landscape], jnp.array(at)
    if not jnp.any(ground.gradient(start)):
        raise BadInput(f"at={list(at)}: {landscape} is level there; choose a point on a slope")
    angle = 2 * jnp.pi * jnp.arange(directions).astype(float) / directions
    level = level_curve(ground, start, level_step, level_points)
    # the direction of the curve from its neighbours, so that it owes nothing to the gradient
    chord = level[2:] - level[:-2]
    # into the origin, where the blade has every directional derivative and no gradient
    t = 0.5 ** jnp.arange(1, 16, 0.5).astype(float)
    ray = jnp.pi * jnp.array([1.0, 2.0, 4.0, 5.0]) / 12
    rays, times = (grid.ravel() for grid in jnp.meshgrid(ray, t, indexing="ij"))
    tables = [
        rates("directions", ground, jnp.broadcast_to(start, (directions, 2)), angle, step),
        rates("level", ground, level[1:-1], jnp.arctan2(chord[:, 1], chord[:, 0]), step),
        rates("blade, straight", BLADE, times[:, None] * jax.vmap(circle)(rays), rays, step),
        rates("blade, parabola", BLADE, jnp.stack([t, t**2], axis=1), jnp.arctan(2 * t), step),
    ]
    return stacked(*tables)


def rates(
    part: str,
    ground: Landscape,
    points: Float[Array, "n 2"],
    angle: Float[Array, " n"],
    step: float,
) -> Table:
    """The rate of each point in its direction, three ways, and the curvature in that direction."""

    def row(p: Point, theta: Float[Array, ""]) -> dict[str, Array]:
        v = circle(theta)
        along = lambda t: ground.f(p + t * v)
        rate = lambda t: jax.jvp(along, (t,), (jnp.ones_like(t),))[1]
        here = jnp.zeros_like(theta)
        return {
            "x": p[0],
            "y": p[1],
            "angle": theta,
            "height": ground.f(p),
            "steepness": jnp.linalg.norm(ground.gradient(p)),
            "rate": rate(here),
            "gradient_dot_v": ground.gradient(p) @ v,
            "difference": (along(here + step) - along(here - step)) / (2 * step),
            "second_rate": jax.jvp(rate, (here,), (jnp.ones_like(here),))[1],
            "v_hessian_v": v @ ground.hessian(p) @ v,
        }

    columns = jax.jit(jax.vmap(row))(points, angle)
    return table({"part": part}, columns)


def level_curve(
    ground: Landscape, start: Point, step: float, count: int
) -> Float[Array, "2*{count}+1 2"]:
    """The level curve through ``start``: ``count`` steps one way and ``count`` the other.

    Each step goes along the tangent, then back down the gradient to the level it has left: Newton's
    method for one equation, twice.
    """
    level = ground.f(start)

    def onto_level(p: Point) -> Point:
        g = ground.gradient(p)
        return p - (ground.f(p) - level) * g / (g @ g)

    def walk(sign: float) -> Float[Array, "{count} 2"]:
        def advance(p: Point, _: None) -> tuple[Point, Point]:
            g = ground.gradient(p)
            tangent = sign * quarter_turn(g) / jnp.linalg.norm(g)
            p = onto_level(onto_level(p + step * tangent))
            return p, p

        return jax.lax.scan(advance, start, length=count)[1]

    return jnp.concatenate([walk(-1.0)[::-1], start[None], walk(1.0)])


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, ground = outcome.settings, LANDSCAPES[outcome.settings["landscape"]]
    eps, at = float(np.finfo(settings["precision"]).eps), jnp.array(settings["at"])
    around, level = outcome.rows("directions"), outcome.rows("level")
    steepness, spacing = around["steepness"][0], 2 * np.pi / settings["directions"]
    best = int(np.argmax(around["rate"]))

    share = around["rate"][best] / steepness
    margin = 1 - np.cos(spacing / 2) + 8 * eps
    yield near("greatest rate / length of the gradient", share, 1, margin)
    off = turn(around["angle"][best] - heading(ground.gradient(at)))
    yield near("angle from the gradient to the steepest direction", off, 0, 0.51 * spacing)
    half = np.mean(around["rate"] >= steepness / 2)
    name = "share of the directions with half the greatest rate or more"
    yield near(name, half, 1 / 3, 2 / settings["directions"])

    gap = np.max(abs(around["rate"] - around["gradient_dot_v"])) / steepness
    yield near("forward mode against grad f . v, greatest gap", gap, 0, 16 * eps)
    # what rounding of f makes of a step, and what the third derivative does
    step, height = settings["step"], max(1.0, abs(around["height"][0]))
    gap = np.max(abs(around["rate"] - around["difference"])) / steepness
    margin = (4 * eps * height / step + 10 * step**2) / steepness
    yield near("forward mode against differences, greatest gap", gap, 0, margin)

    hessian = np.asarray(ground.hessian(at))
    mean, margin = np.mean(around["second_rate"]), 32 * eps * np.abs(hessian).sum()
    name = "mean second rate (half the trace of the Hessian)"
    yield near(name, mean, np.trace(hessian) / 2, margin)
    residual = np.max(abs(level["rate"]) / level["steepness"])
    margin = 10 * settings["level_step"] ** 2 + 1e3 * eps
    yield near("rate along the level curve / length of the gradient", residual, 0, margin)

    straight, parabola = outcome.rows("blade, straight"), outcome.rows("blade, parabola")
    nearest = np.hypot(straight["x"], straight["y"]) < 1e-4
    rate = np.max(abs(straight["rate"][nearest]))
    yield near("blade: rate straight into the origin", rate, 0, 1e-2)
    yield near("blade: rate along the parabola", parabola["rate"][-1], 0.5, 1e-6)


def heading(vector: Any) -> float:
    """The angle of a vector to the x axis."""
    return float(np.arctan2(vector[1], vector[0]))


def turn(angle: float) -> float:
    """The same turn, between half a turn right and half a turn left."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


# ----- figures -----


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
