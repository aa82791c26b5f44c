"""Gradient descent: one number, 1 - aL, says how fast, how far and how long.

Question: How fast does gradient descent approach the bottom, what step is best, and at what step
          does it stop approaching?
Command:  lab run gradient_descent
Time:     about 20 s on two cores, most of it the checks
Expect:   on an ellipse of condition number 10 at the best step, errors that shrink by
          (10 - 1) / (10 + 1) = 0.818 a step; over many step sizes, that step the best and 2 / L
          the first that no longer arrives.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import NonNegativeFloat, PositiveFloat

from lab.calculus.optimizers import gradient_descent as calculus
from lab.calculus.optimizers import momentum as heavy_ball
from lab.errors import BadInput, suggestion
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.training import data
from lab.training.problem import Problem

Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


class Landscape(NamedTuple):
    """What is walked down: a loss with its derivatives by hand, its lowest point, its axes.

    Within ``near`` of the bottom it is as good as its quadratic approximation.
    """

    loss: Callable[[Vector], Scalar]
    gradient: Callable[[Vector], Vector]
    hessian: Callable[[Vector], Float[Array, "n n"]]
    bottom: Vector
    axes: tuple[str, ...] = ("x", "y")
    near: float = 1.0


def problem(
    key: Any,
    *,
    landscape: Literal["parabola", "ellipse", "absolute", "logistic"] = "ellipse",
    start: tuple[float, ...] = (10.0, 1.0),
    condition: PositiveFloat = 10.0,
    features: tuple[str, str] = ("mean radius", "mean concave points"),
    ridge: NonNegativeFloat = 0.01,
) -> Problem:
    """Descend ``landscape`` from ``start``; each row knows its distance to the bottom.

    ``condition`` is the ellipse's, ``features`` and ``ridge`` are the logistic regression's.
    Raises ``BadInput`` for a start of the wrong number of coordinates, and for unknown features.
    """
    del key  # nothing here is random
    land = the_landscape(landscape, condition, features, ridge)
    here = jnp.array(start, float)
    if here.shape != land.bottom.shape:
        raise BadInput(
            f"start: {list(start)} has {here.size} coordinates, but the {landscape} has "
            f"{land.bottom.size}: {', '.join(land.axes)}"
        )

    def metrics(x: Vector, gradient: Vector, update: Vector, batch: Any) -> dict[str, Scalar]:
        del gradient, batch
        before = jnp.linalg.norm(x - land.bottom)
        after = jnp.linalg.norm(x + update - land.bottom)
        return {
            "distance": before,
            "step_length": jnp.linalg.norm(update),
            # 0 from the bottom to the bottom, rather than 0/0
            "ratio": after / jnp.where(before > 0, before, 1),
        }

    return Problem(
        loss=lambda x, batch: land.loss(x),
        gradient=lambda x, batch: land.gradient(x),
        hessian=lambda x, batch: land.hessian(x),
        start=here,
        metrics=metrics,
        point=lambda x: dict(zip(land.axes, x, strict=True)),
    )


# ----- the landscapes -----


def the_landscape(
    name: str, condition: float, features: tuple[str, str], ridge: float
) -> Landscape:
    """A landscape by its name, in the precision of the run."""
    origin = jnp.zeros(2)
    if name == "parabola":
        return Landscape(
            lambda x: jnp.sum(calculus.parabola(x)),
            calculus.parabola_derivative,
            lambda x: 2 * jnp.eye(1),
            jnp.zeros(1),
            ("x",),
        )
    if name == "ellipse":
        curvatures = jnp.array([1.0, condition])
        return Landscape(
            lambda x: calculus.ellipse(x, curvatures),
            lambda x: calculus.ellipse_gradient(x, curvatures),
            lambda x: calculus.ellipse_hessian(x, curvatures),
            origin,
        )
    if name == "absolute":
        flat = lambda x: jnp.zeros((2, 2))
        slope = calculus.absolute_sum_gradient
        # no step size divides an irrational start
        return Landscape(calculus.absolute_sum, slope, flat, origin, near=math.sqrt(0.5))
    return tumours(features, jnp.asarray(ridge, float))


def tumours(features: tuple[str, str], ridge: Scalar) -> Landscape:
    """Logistic regression of malignant (1) against benign (-1) on two standardised features.

    No formula has its lowest point; Newton's method does, to the last digit.
    """
    (table,) = data.standardise(data.load("breast_cancer"))
    for feature in features:
        if feature not in table.feature_names:
            raise BadInput(
                f"features: no {feature!r} in breast_cancer"
                f"{suggestion(feature, table.feature_names)}"
            )
    columns = [table.feature_names.index(feature) for feature in features]
    X = jnp.asarray(table.inputs[:, columns], float)
    y = jnp.asarray(1 - 2 * table.targets, float)
    w = jnp.zeros(2)
    for _ in range(20):
        slope = calculus.logistic_loss_gradient(w, X, y, ridge)
        w = w - jnp.linalg.solve(calculus.logistic_loss_hessian(w, X, y, ridge), slope)
    return Landscape(
        lambda w: calculus.logistic_loss(w, X, y, ridge),
        lambda w: calculus.logistic_loss_gradient(w, X, y, ridge),
        lambda w: calculus.logistic_loss_hessian(w, X, y, ridge),
        w,
        features,
        near=1e-2,
    )


# ----- what theory says -----


class Plan(NamedTuple):
    """The walk a run was told to take, with sgd at a constant rate, and the curvatures it meets."""

    land: Landscape
    curvatures: np.ndarray
    directions: np.ndarray
    step: float
    momentum: float

    @property
    def curved(self) -> bool:
        return bool(self.curvatures.max() > 0)

    @property
    def quadratic(self) -> bool:
        """Curved alike everywhere."""
        return self.curved and self.land.near == 1

    @property
    def threshold(self) -> float:
        """The step from which on the steepest direction does not settle: 2 (1 + b) / L."""
        return 2 * (1 + self.momentum) / float(self.curvatures.max())

    @property
    def best(self) -> float:
        """Without momentum the best step is 2 / (mu + L)."""
        return 2 / float(self.curvatures.min() + self.curvatures.max())

    def factor(self, step: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """What a step of each length leaves of the most stubborn error, near the bottom."""
        rate = jnp.vectorize(heavy_ball.heavy_ball_rate)
        grid = rate(
            jnp.asarray(self.curvatures)[:, None], jnp.asarray(step), jnp.array(self.momentum)
        )
        return np.asarray(grid).max(axis=0)

    def walks(self, steps: Float[np.ndarray, " m"], count: int) -> Float[np.ndarray, "m k n"]:
        """The same walk with each step size, from beside the bottom in every direction.

        Places are relative to the bottom, a coordinate for each curvature, the greatest last.
        """
        start = self.land.bottom + self.land.near * jnp.asarray(self.directions).sum(axis=1)
        descend = lambda step: walk(self.land.gradient, start, step, self.momentum, count)
        places = jax.jit(jax.vmap(descend))(jnp.asarray(steps)) - self.land.bottom
        with np.errstate(invalid="ignore"):  # what has left for infinity is somewhere there
            return np.asarray(places, float) @ self.directions


def walk(
    gradient: Callable[[Vector], Vector], start: Vector, step: Scalar, momentum: float, count: int
) -> Float[Array, "k n"]:
    """All the places on the way."""

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], Vector]:
        x, v = state
        v = momentum * v - step * gradient(x)
        return (x + v, v), x + v

    _, places = jax.lax.scan(move, (start, jnp.zeros_like(start)), length=count)
    return jnp.concatenate([start[None], places])


def the_plan(outcome: Outcome) -> Plan | None:
    """What to expect of the run; None if it used another optimizer, of which theory says less."""
    settings, optimizer = outcome.settings, outcome.settings["optimizer"]
    step, momentum = optimizer.get("learning_rate"), optimizer.get("momentum") or 0.0
    searched = optimizer.get("nesterov") or optimizer.get("step")
    if optimizer["name"] != "sgd" or searched or not isinstance(step, float | int):
        return None
    land = the_landscape(*(settings[s] for s in ("landscape", "condition", "features", "ridge")))
    curvatures, directions = np.linalg.eigh(np.asarray(land.hessian(land.bottom)))
    return Plan(land, curvatures, directions, float(step), momentum)


# ----- findings -----

SWEEP = np.arange(1, 241) / 200  # step sizes in units of the threshold, which is one of them
COUNT = 400


def findings(outcome: Outcome) -> Iterator[Finding]:
    plan, table = the_plan(outcome), outcome.trajectory
    left, taken = float(table["distance"][-1]), int(table["step"][-1])
    if plan is None:
        first = float(table["distance"][0])
        yield Finding(f"distance after {taken} steps", left, f"below {first:.3g}", left < first)
    elif not plan.curved:
        yield from never_settles(plan, left, taken, outcome)
    else:
        yield from contracts(plan, left, taken, outcome)
        yield from settles_until(plan, float(np.finfo(outcome.settings["precision"]).eps))


def contracts(plan: Plan, left: float, taken: int, outcome: Outcome) -> Iterator[Finding]:
    """The run itself: its rate, and where it ended."""
    first = float(outcome.trajectory["distance"][0])
    predicted = float(plan.factor(np.array([plan.step]))[0])
    name = f"distance after {taken} steps"
    if predicted > 1 and not plan.quadratic:
        # thrown out by the curvature at the bottom, held back by the lesser curvature around it
        yield Finding(name, left, "above 0.01: too long a step", left > 0.01)
        return
    observed = observed_rate(outcome.trajectory["step"], outcome.trajectory["distance"])
    source = "the greater root" if plan.momentum else "max |1 - aL|"
    said = f"{source} = {predicted:.4f}"
    fits = abs(observed - predicted) <= 0.02
    yield Finding("contraction a step", observed, f"{said} within 0.02", fits)
    if plan.momentum == 0 and plan.quadratic:
        start = np.asarray(outcome.settings["start"]) @ plan.directions
        closed = float(np.linalg.norm((1 - plan.step * plan.curvatures) ** taken * start))
        near = abs(left - closed) <= 1e-3 * closed
        yield Finding(name, left, f"{closed:.4g}, from (1 - aL)^{taken}, within 0.1 %", near)
    else:
        bound = first * (10 * predicted**taken + 1e-6)
        yield Finding(name, left, f"below {bound:.2g}", left < bound)


def settles_until(plan: Plan, eps: float) -> Iterator[Finding]:
    """Many runs, one for each step size: the best step, the last that arrives, what comes then."""
    steps = SWEEP * plan.threshold
    places = plan.walks(steps, COUNT)
    spacing = steps[1] - steps[0]
    steep = abs(places[..., -1])
    threshold = float(steps[~(steep[:, -1] < steep[:, 0])].min())
    yield Finding(
        "first step size that does not arrive",
        threshold,
        f"2{' (1 + b)' if plan.momentum else ''} / L = {plan.threshold:.5g} within {spacing:.1g}",
        abs(threshold - plan.threshold) <= spacing,
    )
    if plan.momentum == 0:
        rates = measured_rate(plan, places)
        found = float(steps[np.argmin(rates)])
        said = f"2 / (mu + L) = {plan.best:.5g} within {spacing:.1g}"
        yield Finding("best step size", found, said, abs(found - plan.best) <= spacing)
        kappa = float(plan.curvatures.max() / plan.curvatures.min())
        rate, predicted = float(rates.min()), (kappa - 1) / (kappa + 1)
        said = f"(kappa - 1) / (kappa + 1) = {predicted:.4f} within 0.02"
        yield Finding("contraction at the best step", rate, said, abs(rate - predicted) <= 0.02)
        x = places[SWEEP == 1][0, :, -1]
        back = float(abs(x[2] / x[0] - 1))
        allowed = 1e2 * eps if plan.quadratic else plan.land.near
        said = f"below {allowed:.0e}: it is back, a period of two"
        yield Finding("relative change in two steps at 2 / L", back, said, back < allowed)


def never_settles(plan: Plan, left: float, taken: int, outcome: Outcome) -> Iterator[Finding]:
    """A slope of size one down to the bottom: jumps of the step's length, for ever."""
    places = np.stack([outcome.trajectory[axis] for axis in plan.land.axes], axis=-1)
    jump, back = abs(places[-1] - places[-2]), abs(places[-1] - places[-3])
    bound = plan.step * math.sqrt(places.shape[-1])
    name = f"distance after {taken} steps"
    yield Finding(name, left, f"not zero, but below {bound:.3g}", 0 < left <= bound)
    right = bool(np.allclose(jump, plan.step, rtol=1e-3))
    yield Finding("last jump along an axis", float(jump.max()), f"the step, {plan.step:g}", right)
    again = bool(back.max() < 1e-3 * plan.step)
    yield Finding("change in two steps", float(back.max()), "0: a period of two", again)


def observed_rate(step: np.ndarray, distance: np.ndarray) -> float:
    """The factor a step over the later half of the run, rounding left out.

    Of a distance that oscillates as it falls the envelope is taken: what is not exceeded again.
    """
    if distance[-1] < distance[0]:
        distance = np.maximum.accumulate(distance[::-1])[::-1]
    clear = distance > 1e-11 * distance[0]
    if clear.sum() < 2:
        return 0.0  # it arrived at once
    step, fall = step[clear].astype(float), np.log(distance[clear])
    half = slice(min(fall.size // 2, fall.size - 2), None)
    return float(np.exp(np.polyfit(step[half], fall[half], 1)[0]))


def measured_rate(plan: Plan, places: Float[np.ndarray, "m k n"]) -> Float[np.ndarray, " m"]:
    """The factor a step of the slowest direction, for each step size.

    From step 2 to step 10, before rounding is met; with momentum places oscillate, and it is from
    the highest of steps 5 to 24 to the highest of 35 to 54.
    """
    early, late = (slice(5, 25), slice(35, 55)) if plan.momentum else (slice(2, 3), slice(10, 11))
    with np.errstate(invalid="ignore", divide="ignore"):  # a direction may have arrived for good
        ratios = abs(places[:, late]).max(axis=1) / abs(places[:, early]).max(axis=1)
    return np.nan_to_num(ratios, nan=0.0).max(axis=1) ** (1 / (late.start - early.start))


# ----- figures -----

WORDS = {"absolute": "pyramid |x| + |y|", "logistic": "logistic loss"}


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
    floor = float(land.loss(land.bottom))
    corners = [land.loss(jnp.array([a, b])) for a in (left, right) for b in (down, up)]
    levels = floor + (float(max(corners)) - floor) * np.linspace(0, 1, 19) ** 2
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
