"""Curvature: digits that double, a model one may trust too far, and directions without coordinates.

Question: What does a step that knows the curvature gain, when does it fail, and what is left of it
          if the same thing is written in other parameters?
Command:  lab run newton_and_natural_gradient
Time:     about 20 s on two cores, half of it the checks
Expect:   an error after a step of Newton's that is the square of the one before (order 2); of
          Gauss-Newton's, |c| times it where the residuals bend by c, so that it fails from |c| = 1;
          natural gradients of one distribution written in three ways that part by O(step), and
          plain ones that do not meet.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.landscapes import mgh_valleys
from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.optimizers import second_order as calculus
from lab.errors import BadInput, suggestion
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked, table
from lab.training import data
from lab.training.descent.named import build
from lab.training.descent.newton import natural_gradient, newton
from lab.training.descent.parts import Along, Direction, Step, Toward, composed
from lab.training.descent.squares import gauss_newton
from lab.training.descent.steps import fixed, parabolic
from lab.training.problem import Problem, least_squares
from lab.training.step import training
from lab.training.walk import walk

Pair = Float[Array, " 2"]

VALLEYS = {problem.name: problem for problem in mgh_valleys.PROBLEMS}
BOTTOMS = {
    "rosenbrock": (1.0, 1.0),
    "beale": (3.0, 0.5),
    "helical_valley": (1.0, 0.0, 0.0),
    "powell_singular": (0.0, 0.0, 0.0, 0.0),
    "wood": (1.0, 1.0, 1.0, 1.0),
}

METHODS: dict[str, dict[str, Any]] = {
    "gradient": {
        "name": "sgd",
        "learning_rate": 1.0,
        "step": {"name": "backtracking", "grow": 4.0},
    },
    "BFGS": {"name": "bfgs"},
    "Gauss-Newton": {"name": "gauss_newton"},
    "Levenberg-Marquardt": {"name": "levenberg_marquardt"},
    "Newton": {"name": "newton"},
}
BENT: dict[str, dict[str, Any]] = {
    "Gauss-Newton": {"name": "gauss_newton", "step": {"name": "fixed"}},
    "Levenberg-Marquardt": {"name": "levenberg_marquardt"},
    "Newton": {"name": "newton"},
}
DOWNHILL = Direction(lambda x: (), lambda point, state: Toward(-point.gradient, state), fixed())
WALKS = {"gradient": DOWNHILL, "natural": natural_gradient()}
WHOLE_STEPS = {
    "gradient": composed(DOWNHILL, parabolic()),
    "Gauss-Newton": composed(gauss_newton(), fixed()),
    "Newton": composed(newton(), fixed()),
}
COLORS = dict(
    zip(METHODS, (style.GREY, style.TEAL, style.BLUE, style.GOLD, style.RED), strict=True)
)


class Writing(NamedTuple):
    """A way to write N(m, s²) in two parameters: what they say of m and ln s, and Fisher's F.

    ``start`` are the parameters of a given m and s.
    """

    to_logs: Callable[[Pair], Pair]
    fisher: Callable[[Pair], Float[Array, "2 2"]]
    start: Callable[[float, float], tuple[float, float]]


WRITINGS = {
    "m, s": Writing(
        lambda p: jnp.stack([p[0], jnp.log(p[1])]),
        lambda p: jnp.diag(jnp.stack([1 / p[1] ** 2, 2 / p[1] ** 2])),
        lambda m, s: (m, s),
    ),
    "m, ln s": Writing(
        lambda p: p,
        lambda p: jnp.diag(jnp.stack([jnp.exp(-2 * p[1]), jnp.full_like(p[1], 2)])),
        lambda m, s: (m, float(np.log(s))),
    ),
    "m, 1/s²": Writing(
        lambda p: jnp.stack([p[0], -jnp.log(p[1]) / 2]),
        lambda p: jnp.diag(jnp.stack([p[1], 0.5 / p[1] ** 2])),
        lambda m, s: (m, s**-2),
    ),
}


def study(
    key: Any,
    *,
    landscape: Literal[
        "rosenbrock", "beale", "helical_valley", "powell_singular", "wood"
    ] = "rosenbrock",
    steps: PositiveInt = 60,
    bends: tuple[float, ...] = (-3.0, -2.0, -1.5, -0.8, -0.5, -0.25, 0.25, 0.5, 0.8),
    feature: str = "mean radius",
    from_: tuple[float, float] = (-1.5, 2.5),
    length: PositiveFloat = 0.05,
    duration: PositiveFloat = 6.0,
) -> Table:
    """Four questions in one table, told apart by ``part``.

    ``valley``   every method from the standard start of ``landscape``, ``steps`` steps.
    ``near``     one step of some from random places at many distances from the bottom.
    ``bend``     two residuals, one of them bent by each of ``bends``, from beside the bottom.
    ``written``  a normal distribution fitted to ``feature`` of 569 tumours (standardised) from
                 (m, s) = ``from_``, in three writings, by plain and natural gradients, in steps of
                 ``length`` and half of it for a time of ``duration``.

    Raises ``BadInput`` for an unknown feature, and for a deviation to start from that is not
    positive.
    """
    if from_[1] <= 0:
        raise BadInput(f"from_={list(from_)}: the second number is a deviation; make it positive")
    measured = the_feature(feature)
    tables = []
    for name, settings in METHODS.items():
        tables.append(in_valley(VALLEYS[landscape], name, settings, steps, key))
    tables += [one_step(VALLEYS[landscape], name, key) for name in WHOLE_STEPS]
    for name, settings in BENT.items():
        tables.append(on_bends(bends, name, settings, key))
    lengths, count = (length, length / 2), round(2 * duration / length)
    for writing in WRITINGS:
        for name, direction in WALKS.items():
            tables += fitted(writing, name, direction, measured, from_, lengths, count, key)
    return stacked(*tables)


COLUMNS = ("k", "x", "y", "loss", "gradient_norm", "distance", "evaluations")
SEEN = ("step_size", "damping", "predicted_decrease", "actual_decrease")


def of_squares(problem: LeastSquares) -> Problem:
    """A problem of the collection, that records where it is and how far from the bottom."""
    bottom = BOTTOMS[problem.name]

    def point(x: Float[Array, " n"]) -> dict[str, Array]:
        far = jnp.linalg.norm(x - jnp.array(bottom, x.dtype))
        return {"x": x[0], "y": x[1], "distance": far}

    start = jnp.array(problem.start)
    return least_squares(problem.residuals, problem.jacobian, start, point=point)


def in_valley(
    problem: LeastSquares, name: str, settings: dict[str, Any], steps: int, key: Any
) -> Table:
    """A descent from the standard start, and what each step took off the loss."""
    about = of_squares(problem)
    train = training(about, build(settings), gradient="hand", key=key)
    found = {
        c: np.asarray(values) for c, values in jax.jit(lambda: walk(train, steps))()[1].items()
    }
    found["k"] = np.arange(steps + 1)
    found["actual_decrease"] = np.append(-np.diff(found["loss"]), np.nan)
    return table(
        {"part": "valley", "method": name}, {c: found[c] for c in COLUMNS + SEEN if c in found}
    )


def one_step(problem: LeastSquares, name: str, key: Any) -> Table:
    """A whole step from 16 random directions at each of 16 distances: how far away it ends."""
    bottom = jnp.array(BOTTOMS[problem.name])
    about = of_squares(problem)

    def after(x: Float[Array, " n"]) -> Float[Array, ""]:
        beside = about._replace(start=x)
        train = training(beside, WHOLE_STEPS[name], gradient="hand", key=key)
        return jnp.linalg.norm(walk(train, 1)[0].params - bottom)

    draws = jax.random.normal(key, (16, bottom.size))
    units = draws / jnp.linalg.norm(draws, axis=1, keepdims=True)
    before = jnp.repeat(jnp.logspace(-6, -3, 16), len(units))
    places = bottom + before[:, None] * jnp.tile(units, (16, 1))
    left = jax.jit(jax.vmap(after))(places)
    return table({"part": "near", "method": name, "k": 1.0, "before": before, "distance": left})


def on_bends(
    bends: tuple[float, ...], name: str, settings: dict[str, Any], key: Any, steps: int = 100
) -> Table:
    """One method on every bend, all in one program; from beside the bottom."""

    def one(bend: Float[Array, ""]) -> Any:
        problem = least_squares(
            lambda x: calculus.bent_residuals(x[0], bend),
            lambda x: calculus.bent_residuals_jacobian(x[0], bend)[:, None],
            jnp.array([1e-4]),
            point=lambda x: {"x": x[0]},
        )
        train = training(problem, build(settings), gradient="hand", key=key)
        return walk(train, steps)[1]

    found = jax.jit(jax.vmap(one))(jnp.array(bends))
    grid = {c: np.asarray(found[c]).ravel() for c in ("x", "loss", "gradient_norm")}
    k, bend = np.tile(np.arange(steps + 1), len(bends)), np.repeat(bends, steps + 1)
    return table(
        {"part": "bend", "method": name, "k": k, "bend": bend, "distance": abs(grid["x"])}, grid
    )


def the_feature(name: str) -> np.ndarray:
    """One measure of the tumours, standardised; ``BadInput`` where there is no such measure."""
    (tumours,) = data.standardise(data.load("breast_cancer"))
    if name not in tumours.feature_names:
        raise BadInput(
            f"feature: no {name!r} in breast_cancer{suggestion(name, tumours.feature_names)}"
        )
    return tumours.inputs[:, tumours.feature_names.index(name)]


def fitted(
    writing: str,
    name: str,
    direction: Direction,
    measured: np.ndarray,
    from_: tuple[float, float],
    lengths: tuple[float, ...],
    steps: int,
    key: Any,
) -> list[Table]:
    """The walk of the distribution as m and s, whatever it is written in: one for each length."""
    way, y = WRITINGS[writing], jnp.asarray(measured, float)

    def gradient(p: Pair, batch: Any) -> Pair:
        logs, back = jax.vjp(way.to_logs, p)
        return back(calculus.normal_surprise_gradient(logs, y))[0]

    problem = Problem(
        loss=lambda p, batch: calculus.normal_surprise(way.to_logs(p), y),
        gradient=gradient,
        start=jnp.array(way.start(*from_)),
        fisher=lambda p, batch: way.fisher(p),
        point=lambda p: {"x": p[0], "y": jnp.exp(way.to_logs(p)[1])},
    )

    def one(length: Float[Array, ""]) -> Any:
        # a length that is an array, so that all of them are one program
        step = Step(lambda x: (), lambda point, vector, state: Along(length, state))
        train = training(problem, composed(direction, step), gradient="hand", key=key)
        return walk(train, steps)[1]

    found = jax.jit(jax.vmap(one))(jnp.array(lengths))
    return [
        table(
            {"part": "written", "method": name, "writing": writing, "length": length},
            {c: found[c][i] for c in COLUMNS if c in found} | {"k": np.arange(steps + 1)},
        )
        for i, length in enumerate(lengths)
    ]


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    singular = outcome.settings["landscape"] == "powell_singular"
    for method, promised in (("Newton", 2), ("gradient", 1)):
        name = f"{method}: the error after a step goes as the error before to the power"
        yield near(name, order(outcome, method, eps), 1 if singular else promised, 0.1)
    if singular:
        newton = outcome.rows("valley", method="Newton")["distance"]
        late = newton[(newton > 1e3 * eps**0.5) & (newton < 0.1)]
        share = float((late[-1] / late[0]) ** (1 / (late.size - 1)))
        yield near("Newton: what a step leaves, the Hessian singular", share, 2 / 3, 0.01)
    else:
        there, slow = (arrival(outcome, name, eps**0.5) for name in ("Newton", "gradient"))
        name = "Newton: steps until half the digits are right"
        yield Finding(name, there, f"fewer than the gradient's {slow:g}", there < slow)
    trusted = outcome.rows("valley", method="Levenberg-Marquardt")
    kept = float(np.nanmin(trusted["actual_decrease"]))
    yield Finding("Levenberg-Marquardt: least decrease in a step", kept, "not negative", kept >= 0)

    bend, left = overlooked(outcome)
    name = "Gauss-Newton: what a step leaves, against |c|, greatest gap"
    yield near(name, np.max(abs(left - abs(bend))), 0, 0.01)
    arrives = bool(np.array_equal(left < 1, abs(bend) < 1))
    name = "Gauss-Newton gets nearer just where |c| < 1"
    yield Finding(name, str(arrives), "True", arrives)
    last = outcome.rows("bend", method="Levenberg-Marquardt")
    missed = float(np.max(last["distance"][last["k"] == last["k"].max()]))
    yield near("Levenberg-Marquardt: greatest distance left, on any bend", missed, 0, 1e-6)

    for direction, ratio, margin in (("natural", 2, 0.3), ("gradient", 1, 0.1)):
        wide, fine = (gap(outcome, direction, halved) for halved in (False, True))
        name = f"{direction}: gap between the writings, over that at half the step"
        yield near(name, wide / fine, ratio, margin)
    apart = gap(outcome, "gradient", True) / gap(outcome, "natural", True)
    said = "more than 5"
    yield Finding("gap of the plain gradients over that of the natural", apart, said, apart > 5)


def order(outcome: Outcome, method: str, eps: float) -> float:
    """The exponent p of e⁺ ~ eᵖ over all errors that rounding leaves alone.

    Of the places at one distance the one that is left farthest away counts.
    """
    table = outcome.rows("near", method=method)
    before, after = np.unique(table["before"]), []
    for each in before:
        after.append(table["distance"][table["before"] == each].max())
    clear = np.array(after) > 1e4 * eps
    return style.log_log_slope(before[clear], np.array(after)[clear])


def arrival(outcome: Outcome, method: str, within: float) -> float:
    """The first step that near; infinite if there is none."""
    there = np.flatnonzero(outcome.rows("valley", method=method)["distance"] < within)
    return float(there[0]) if there.size else float("inf")


def overlooked(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    """The bends, and what Gauss-Newton's first step beside the bottom leaves of the distance."""
    table = outcome.rows("bend", method="Gauss-Newton")
    grid = table["distance"].reshape(-1, int(table["k"].max()) + 1)
    return table["bend"].reshape(grid.shape)[:, 0], grid[:, 1] / grid[:, 0]


def paths(outcome: Outcome, direction: str, halved: bool) -> dict[str, np.ndarray]:
    """The walk (m, s) in each writing, at the same times for either length."""
    full, found = outcome.settings["length"], {}
    for writing in WRITINGS:
        table = outcome.rows("written", method=direction, writing=writing)
        chosen = np.isclose(table["length"], full / 2 if halved else full)
        walked = np.stack([table["x"][chosen], table["y"][chosen]], axis=-1)
        # the longer steps are taken twice as far
        found[writing] = walked[::2] if halved else walked[: len(walked) // 2 + 1]
    return found


def gap(outcome: Outcome, direction: str, halved: bool) -> float:
    """The greatest distance between two writings' walks at the same time."""
    walks = list(paths(outcome, direction, halved).values())
    apart = [np.linalg.norm(a - b, axis=-1).max() for a in walks for b in walks]
    return float(max(apart))


# ----- figures -----


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
