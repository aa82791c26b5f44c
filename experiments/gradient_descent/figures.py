"""The way down, the error, step sizes, factors and orbits, drawn."""

import math
from collections.abc import Iterator
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .landscapes import Plan, the_landscape, the_plan
from .promises import COUNT, SWEEP, measured_rate

WORDS = {"absolute": "pyramid |x| + |y|", "logistic": "logistic loss"}
HIGH = 1e6


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    plan = the_plan(outcome)
    yield "path", path(outcome)
    yield "error", error(outcome, plan)
    if plan is not None:
        yield "step_sizes", step_sizes(plan)


def path(outcome: Outcome) -> Figure:
    settings, table = outcome.settings, outcome.trajectory
    land = the_landscape(*(settings[s] for s in ("landscape", "condition", "features", "ridge")))
    places = np.stack([table[axis] for axis in land.axes], axis=-1).astype(float)
    # on a landscape as high as where a divergence ends nothing else is to be seen
    near = np.flatnonzero(table["loss"] <= HIGH * abs(table["loss"][0]))
    places = places[: near[-1] + 1 if near.size else 1]
    title = f"Down the {WORDS.get(settings['landscape'], settings['landscape'])}"
    bottom = np.asarray(land.bottom, float)
    if bottom.size == 1:
        drawing, (axes,) = style.figure(title=title, width=6.4, height=4.4)
        reach = 1.15 * abs(places).max()
        x = np.linspace(-reach, reach, 201)
        heights = lambda points: np.asarray(jax.vmap(land.loss)(jnp.asarray(points)[:, None]))
        axes.plot(x, heights(x), color=style.GREY)
        style.path_on_contours(axes, np.stack([places[:, 0], heights(places[:, 0])], axis=-1))
        axes.set(xlabel="$x$", ylabel="loss", title=f"{len(places) - 1} steps")
        return drawing
    low, high = (edge(np.vstack([places, bottom]), axis=0) for edge in (np.min, np.max))
    middle, span = (low + high) / 2, 1.25 * (high - low)
    span = np.maximum(span, 0.45 * span.max())
    (left, down), (right, up) = middle - span / 2, middle + span / 2
    drawing, (axes,) = style.figure(title=title, width=7.4, height=1.2 + 6 * span[1] / span[0])
    corners = [(a, b) for a in (left, right) for b in (down, up)]
    floor, *above = np.asarray(jax.jit(jax.vmap(land.loss))(np.array([bottom, *corners])))
    levels = floor + (max(above) - floor) * np.linspace(0, 1, 19) ** 2
    style.contours(axes, land.loss, x=(left, right), y=(down, up), levels=list(levels))
    style.path_on_contours(axes, places)
    for here, there in pairwise(places[:4]):
        style.arrow(axes, here, there - here)
    axes.plot(*bottom, "+", color=style.INK, markersize=9)
    axes.set_title(f"{len(places) - 1} steps, the first three as arrows")
    names = [f"${name}$" if len(name) == 1 else f"weight of {name}" for name in land.axes]
    axes.set(xlabel=names[0], ylabel=names[1])
    return drawing


def error(outcome: Outcome, plan: Plan | None) -> Figure:
    table = outcome.trajectory
    step, distance = table["step"], table["distance"]
    drawing, (axes,) = style.figure(title="Distance to the bottom", width=7, height=4.4)
    axes.plot(step, distance, ".-", color=style.BLUE, linewidth=1.2, label="distance")
    factor = float(plan.factor(np.array([plan.step]))[0]) if plan and plan.curved else 0.0
    if factor > 0:
        anchor = step.size // 2
        line = 2 * distance[anchor] * factor ** (step - step[anchor])
        axes.plot(step, line, "--", color=style.RED, linewidth=1.2)
        at = (float(step[anchor]), float(line[anchor]))
        style.note(axes, f"predicted: $\\times${factor:.3f} a step", at, color=style.RED)
    elif plan is not None and not plan.curved:
        bound = plan.step * math.sqrt(len(plan.land.axes))
        axes.axhline(bound, linestyle="--", color=style.RED, linewidth=1.2)
        style.note(
            axes, "the length of a step", (float(step[-1]), bound), color=style.RED, offset=(-4, 4)
        )
    axes.set(yscale="log", xlabel="step $k$", ylabel="$|x_k - x^*|$")
    return drawing


def step_sizes(plan: Plan) -> Figure:
    drawing, panels = style.figure(
        columns=2, title="The same walk with every step size", width=11, height=4.4
    )
    steps = SWEEP * (plan.threshold if plan.curved else 2 * plan.step)
    places = plan.walks(steps, COUNT)
    if plan.curved:
        factors(panels[0], plan, steps, places)
    else:
        bound = np.sqrt(places.shape[-1]) * steps
        panels[0].plot(steps, bound, "--", color=style.RED, linewidth=1.1, label="a step")
        last = np.linalg.norm(places[:, -2:], axis=-1).max(axis=1)
        panels[0].plot(steps, last, color=style.BLUE, label="the farther\nof its two places")
        panels[0].set(title=f"what is left after {COUNT} steps", ylabel="distance")
        style.name_curves(panels[0])
    orbits(panels[1], plan, steps, places)
    for axes in panels:
        axes.set(xlabel="step size $a$", xlim=(0, steps[-1]))
        if plan.curved:
            axes.axvline(plan.threshold, color=style.RED, linewidth=1.1, linestyle="--")
    return drawing


def factors(
    axes: Axes, plan: Plan, steps: Float[np.ndarray, " m"], places: Float[np.ndarray, "m k n"]
) -> None:
    """The predicted factor a step as a line, the measured one as dots, while it means something."""
    axes.plot(steps, plan.factor(steps), color=style.GREY)
    axes.axhline(1, color=style.INK, linewidth=0.8)
    within = plan.quadratic | (steps <= plan.threshold)
    axes.plot(
        steps[within][5::6],
        measured_rate(plan, places)[within][5::6],
        "o",
        color=style.BLUE,
        markersize=4,
    )
    limit = (plan.threshold, 0.04)
    style.note(axes, f"limit {plan.threshold:.3g}", limit, color=style.RED, offset=(-5, 2))
    if plan.momentum == 0:
        lowest = float(plan.factor(np.array([plan.best]))[0])
        axes.plot(plan.best, lowest, "o", color=style.GOLD, markersize=7)
        beside = (-4, -12) if lowest > 0.2 else (0, 26)
        style.note(axes, f"best {plan.best:.3g}", (plan.best, lowest), offset=beside)
    axes.set(title="what a step leaves of the error", ylabel="factor", ylim=(0, 1.45))


def orbits(
    axes: Axes, plan: Plan, steps: Float[np.ndarray, " m"], places: Float[np.ndarray, "m k n"]
) -> None:
    """Late places along the steepest direction, one above the other for each step size."""
    along = places[..., -1]
    if plan.quadratic:
        # a quadratic has no scale of its own: what grows, grows without end
        late, title = along[:, 45:49], "where it is in its steps 45 to 48"
        axes.set_yscale("symlog", linthresh=0.01, linscale=0.5)
        axes.set(ylim=(-1e5, 1e5), yticks=[-1e4, -1e2, -1, 0, 1, 1e2, 1e4])
        if plan.momentum == 0:
            there = along[SWEEP == 1][0, 47:49]
            axes.plot([plan.threshold] * 2, there, "o", color=style.RED, zorder=4)
            top = (plan.threshold, float(there.max()))
            style.note(axes, "there and back,\nfor ever", top, offset=(-6, 8))
    else:
        late, title = along[:, -16:], "where it is in its last 16 steps"
        late = np.where(abs(late) < 10, late, np.nan)
    axes.plot(steps, late, ".", color=style.BLUE, markersize=2.5)
    axes.set(title=title, ylabel="along the steepest direction" if plan.curved else "$y$")
