"""Derivatives of a solution: ask the equation, not the way that led there.

Question: How does the solution of a problem move when the problem does, and what does it cost to
          know: to differentiate the equation it solves, or every step of the solver?
Command:  lab run constrained_and_implicit
Time:     about 20 s on two cores, most of it the checks
Expect:   at the nearest point of an ellipse two gradients on one line, and a multiplier that is the
          slope of the least distance; after k inner steps, each leaving r of the error, an implicit
          hypergradient wrong by a multiple of r^k and an unrolled one by k r^k; for the diabetes
          data a ridge penalty that arrives where a search over 2001 values ends.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.implicit import constraints
from lab.calculus.implicit.fits import (
    normal_matrix,
    validation_loss,
    validation_loss_derivative,
)
from lab.calculus.implicit.minimisers import (
    constrained_minimiser,
    constrained_minimum,
    constrained_minimum_gradient,
)
from lab.calculus.implicit.roots_and_fixed_points import quintic_root, quintic_root_derivative
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Row, Table, read, table, written
from lab.training import data

Vector = Float[Array, " d"]
Scalar = Float[Array, ""]


def study(
    key: Any,
    *,
    outside: tuple[PositiveFloat, PositiveFloat] = (2.5, 2.0),
    axes: tuple[PositiveFloat, PositiveFloat] = (2.0, 1.0),
    root_of: PositiveFloat = 30.0,
    penalty: PositiveFloat = 2.0,
    inner_steps: PositiveInt = 1600,
    outer_steps: PositiveInt = 40,
    outer_rate: PositiveFloat = 12.0,
    inner_steps_per_outer: PositiveInt = 40,
    warm_start: bool = True,
    train_share: PositiveFloat = 0.1,
) -> Table:
    """The ellipse, a minimal variance, a root, and the penalty of a ridge regression on diabetes.

    Raises ``BadInput`` for a point that does not lie outside the ellipse.
    """
    q, sizes = jnp.asarray(outside, float), jnp.asarray(axes, float)
    if jnp.sum((q / sizes) ** 2) <= 1.5:
        raise BadInput(f"outside={list(outside)}: not well outside the ellipse of {list(axes)}")
    problem = patients(key, train_share)
    return written(
        [
            *along_ellipse(q, sizes),
            *levels(q, sizes),
            *least_variance(),
            *newton_steps(jnp.asarray(root_of, float)),
            *inner(problem, jnp.asarray(penalty, float), inner_steps),
            *outer(problem, outer_steps, outer_rate, inner_steps_per_outer, warm_start),
            *search(problem),
        ]
    )


# ----- constraints -----


def along_ellipse(q: Float[Array, " 2"], axes: Float[Array, " 2"]) -> Iterator[Row]:
    """Around the ellipse: the distance, and how nearly the two gradients lie along one line."""
    nearest = constraints.nearest_on_ellipse(q, axes, jnp.ones(()))
    mu = float(constraints.ellipse_multiplier(q, axes, jnp.ones(())))
    turn = np.linspace(0, 2 * np.pi, 145)
    around = np.asarray(axes) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for part, angle, x in [
        *(("ellipse", angle, x) for angle, x in zip(turn, around, strict=True)),
        ("nearest", np.nan, np.asarray(nearest)),
    ]:
        objective, constraint = x - np.asarray(q), x / np.asarray(axes) ** 2
        yield {
            "part": part,
            "angle": float(angle),
            "x": float(x[0]),
            "y": float(x[1]),
            "value": float(objective @ objective / 2),
            "alignment": cosine(objective, constraint),
            "residual": float(np.linalg.norm(objective + mu * constraint)),
        }


def cosine(u: np.ndarray, v: np.ndarray) -> float:
    return float(u @ v / (np.linalg.norm(u) * np.linalg.norm(v)))


def levels(q: Float[Array, " 2"], axes: Float[Array, " 2"]) -> Iterator[Row]:
    """The least distance as the ellipse grows; its slope by the multiplier and by differences."""
    h = float(jnp.cbrt(jnp.finfo(q.dtype).eps))

    def row(level: Scalar) -> dict[str, Array]:
        least = lambda level: constraints.distance_to_ellipse(q, axes, level)
        return {
            "level": level,
            "value": least(level),
            "implicit": constraints.distance_to_ellipse_gradient(q, axes, level)[1],
            "exact": (least(level + h) - least(level - h)) / (2 * h),
        }

    yield from read(
        table({"part": "level"}, jax.jit(jax.vmap(row))(jnp.linspace(0.5, 1.5, 11).astype(float)))
    )


def least_variance() -> Iterator[Row]:
    """The mixture of four wine measurements of least variance, and what constraints are worth.

    The shares add up to 1, and the mixture has one half of the first measurement's correlation with
    the class. Multipliers are compared with what JAX finds through the solver.
    """
    (wine,) = data.standardise(data.load("wine"))
    X = wine.inputs[:, [0, 6, 9, 12]]
    Q = jnp.asarray(np.cov(X.T), float)
    towards = X.T @ (wine.targets == 0) / len(X)
    A = jnp.asarray(np.stack([np.ones(4), towards / abs(towards).max()], axis=1), float)
    b, c = jnp.array([1.0, 0.5]), jnp.zeros(4)
    x, multipliers = constrained_minimiser(Q, c, A, b)
    by_jax = jax.grad(constrained_minimum, 3)(Q, c, A, b)
    by_hand = constrained_minimum_gradient(Q, c, A, b)
    for i, name in enumerate(("shares add up to 1", "correlation")):
        yield {
            "part": "variance",
            "name": name,
            "value": float(constrained_minimum(Q, c, A, b)),
            "multiplier": float(multipliers[i]),
            "implicit": float(by_hand[i]),
            "exact": float(by_jax[i]),
            "residual": float(jnp.linalg.norm(A.T @ x - b)),
        }


# ----- a root, step by step -----


def newton_steps(theta: Scalar) -> Iterator[Row]:
    """x⁵ + x = θ by Newton's method from 1: errors of x and of both its derivatives."""
    exact, slope = quintic_root(theta), quintic_root_derivative(theta)
    x, unrolled = jnp.ones(()), jnp.zeros(())
    for step in range(16):
        implicit = 1 / (5 * x**4 + 1)
        yield {
            "part": "newton",
            "steps": float(step),
            "residual": float(abs(x - exact)),
            "unrolled_error": float(abs(unrolled - slope)),
            "implicit_error": float(abs(implicit - slope)),
        }
        down, bend = 5 * x**4 + 1, 20 * x**3
        residual = x**5 + x - theta
        unrolled = residual * bend / down**2 * unrolled + 1 / down
        x = x - residual / down


# ----- a hyperparameter -----


class Fit(NamedTuple):
    """Inputs and targets to fit, and others to judge by."""

    X: Float[Array, "n d"]
    y: Float[Array, " n"]
    Z: Float[Array, "m d"]
    t: Float[Array, " m"]


def patients(key: Any, train_share: float) -> Fit:
    """Diabetes: few patients to fit, the others to judge by; all standardised by the few."""
    everyone = data.load("diabetes")
    train, held_out = data.standardise(*data.split(key, everyone, 1 - train_share))
    mean, spread = train.targets.mean(), train.targets.std()
    y, t = ((part.targets - mean) / spread for part in (train, held_out))
    return Fit(*(jnp.asarray(one, float) for one in (train.inputs, y, held_out.inputs, t)))


def walk(w: Vector, penalty: Scalar, fit: Fit, steps: int) -> Float[Array, "k d"]:
    """The weights after 1, 2, ... steps of descent on |Xw - y|²/2 + λ |w|²/2, of length 1/L."""
    A, b = normal_matrix(fit.X, penalty), fit.X.T @ fit.y
    step = 1 / jnp.linalg.eigvalsh(jax.lax.stop_gradient(A))[-1]

    def advance(w: Vector, _: None) -> tuple[Vector, Vector]:
        w = w - step * (A @ w - b)
        return w, w

    return jax.lax.scan(advance, w, length=steps)[1]


@partial(jax.jit, static_argnames="steps")
def hypergradients(w: Vector, penalty: Scalar, fit: Fit, steps: int) -> dict[str, Array]:
    """After each inner step from w: the derivative of the held-out loss in λ, three ways."""
    weights, moved = jax.jvp(
        lambda penalty: walk(w, penalty, fit, steps), (penalty,), (jnp.ones_like(penalty),)
    )
    A, b = normal_matrix(fit.X, penalty), fit.X.T @ fit.y
    errors = weights @ fit.Z.T - fit.t
    slopes = 2 / fit.t.size * errors @ fit.Z
    exact = validation_loss_derivative(penalty, *fit)
    found = {
        "loss": jnp.mean(errors**2, axis=1),
        "unrolled": jnp.sum(slopes * moved, axis=1),
        "implicit": -jnp.sum(jnp.linalg.solve(A, slopes.T).T * weights, axis=1),
        "exact": jnp.full(steps, exact),
        "residual": jnp.linalg.norm(weights @ A - b, axis=1) / jnp.linalg.norm(b),
    }
    gaps = {f"{way}_error": jnp.abs(found[way] - exact) for way in ("unrolled", "implicit")}
    return found | gaps | {"weights": weights}


def inner(fit: Fit, penalty: Scalar, steps: int) -> Iterator[Row]:
    """At one penalty: how the two hypergradients improve with the inner steps, and what they cost.

    A cost is a number of products with the matrix: there and back, or there and a solve.
    """
    found = hypergradients(jnp.zeros(fit.X.shape[1]), penalty, fit, steps)
    found.pop("weights")
    spectrum = jnp.linalg.eigvalsh(normal_matrix(fit.X, penalty))
    count = jnp.arange(1, steps + 1).astype(float)
    costs = {"unrolled_cost": 2 * count, "implicit_cost": count + spectrum.size}
    rate = {"rate": jnp.full(steps, 1 - spectrum[0] / spectrum[-1])}
    yield from read(table({"part": "inner", "steps": count}, rate, costs, found))


def outer(fit: Fit, steps: int, rate: float, inside: int, warm: bool) -> Iterator[Row]:
    """Gradient descent on θ = ln λ by the implicit hypergradient, dL/dθ = λ dL/dλ."""
    w, log_penalty = jnp.zeros(fit.X.shape[1]), jnp.zeros(())
    for step in range(steps + 1):
        penalty = jnp.exp(log_penalty)
        found = hypergradients(w if warm else jnp.zeros_like(w), penalty, fit, inside)
        w = found.pop("weights")[-1]
        row = {name: float(values[-1]) for name, values in found.items()}
        yield {"part": "outer", "steps": float(step), "penalty": float(penalty)} | row
        log_penalty = log_penalty - rate * penalty * found["implicit"][-1]


def search(fit: Fit) -> Iterator[Row]:
    """The held-out loss at 2001 penalties."""
    penalties = jnp.geomspace(1e-1, 1e3, 2001).astype(float)
    losses = jax.jit(jax.vmap(lambda penalty: validation_loss(penalty, *fit)))(penalties)
    yield from read(table({"part": "search", "penalty": penalties, "loss": losses}))


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, eps = outcome.settings, float(np.finfo(outcome.settings["precision"]).eps)
    nearest, around = outcome.rows("nearest"), outcome.rows("ellipse")
    value = float(nearest["alignment"][0])
    yield near("nearest point: cosine between the two gradients", value, -1, 1e2 * eps)
    share = float(nearest["value"][0] / around["value"].min())
    yield near("its distance / the least of 145 points around", share, 1, 1e-2)
    levels = outcome.rows("level")
    gap = float(np.max(abs(levels["implicit"] / levels["exact"] - 1)))
    # the third derivative times h², and rounding over h
    yield near("multiplier against slope, greatest relative gap", gap, 0, 30 * eps ** (2 / 3))
    variance = outcome.rows("variance")
    gap = float(np.max(abs(variance["multiplier"] - variance["exact"])))
    yield near("least variance: multipliers against JAX", gap, 0, 1e3 * eps)

    newton = outcome.rows("newton")
    last = float(max(newton["unrolled_error"][-1], newton["implicit_error"][-1]))
    yield near("root: error of both derivatives after 15 steps", last, 0, 10 * eps)

    steps = outcome.rows("inner")
    rate = float(steps["rate"][0])
    clear = steps["implicit_error"] > 1e3 * eps * abs(steps["exact"])
    late = slice(int(clear.sum()) // 2, int(clear.sum()))
    for way, error in (
        ("implicit error", steps["implicit_error"]),
        ("unrolled error / k", steps["unrolled_error"] / steps["steps"]),
    ):
        slope = float(np.polyfit(steps["steps"][late], np.log(error[late]), 1)[0])
        yield near(f"{way}, factor a step", np.exp(slope), rate, 0.2 * (1 - rate))
    ratio = float(steps["unrolled_error"][late][-1] / steps["implicit_error"][late][-1])
    said = "above 1: the derivative lags behind the weights"
    yield Finding("unrolled error / implicit error, late", ratio, said, ratio > 1)

    path, grid = outcome.rows("outer"), outcome.rows("search")
    best = float(grid["penalty"][np.argmin(grid["loss"])])
    found = float(path["penalty"][-1])
    if settings["warm_start"]:
        yield near("penalty found / the best of a search", found / best, 1, 0.01)
        gap = float(abs(path["implicit"][-1] - path["exact"][-1]))
        yield near("last hypergradient: implicit against exact", gap, 0, 1e-6)
    else:
        off = abs(found / best - 1)
        said = "above 0.01: solved too little, and from the start each time"
        yield Finding("penalty found, relative distance from the best", off, said, off > 0.01)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "nearest_point", nearest_point(outcome)
    yield "inner_steps", inner_steps(outcome)
    yield "penalty", penalty_path(outcome)
    yield "worth_of_a_constraint", worth(outcome)


def nearest_point(outcome: Outcome) -> Figure:
    q, axes_ = (np.array(outcome.settings[name]) for name in ("outside", "axes"))
    around, nearest = outcome.rows("ellipse"), outcome.rows("nearest")
    drawing, (plane, along) = style.figure(
        columns=2,
        title="At the nearest point two gradients lie along one line",
        width=11,
        height=4.8,
    )
    reach = 1.1 * float(max(q.max(), axes_.max()))
    distance = lambda x: jnp.linalg.norm(x - jnp.asarray(q))
    style.contours(plane, distance, x=(-reach, reach), y=(-reach, reach), levels=16)
    plane.plot(around["x"], around["y"], color=style.INK)
    plane.plot(*q, "o", color=style.RED)
    style.note(plane, "$q$", (q[0], q[1]), color=style.RED, offset=(6, 4), fontsize=10.5)
    for place in (len(around["x"]) // 5, len(around["x"]) // 11 * 9):
        x = np.array([around["x"][place], around["y"][place]])
        both_gradients(plane, x, q, axes_, 0.3 * reach)
    x = np.array([nearest["x"][0], nearest["y"][0]])
    both_gradients(plane, x, q, axes_, 0.3 * reach)
    plane.plot(*x, "o", color=style.INK, zorder=6)
    plane.set_title("red: downhill towards $q$; blue: across the constraint")
    degrees = np.degrees(around["angle"])
    along.plot(degrees, around["alignment"], color=style.BLUE, label="cosine of the two")
    along.plot(degrees, around["value"] / around["value"].max(), color=style.RED, label="distance²")
    at = degrees[np.argmin(around["value"])]
    along.axvline(at, color=style.GREY, linestyle="--", linewidth=1)
    along.set(xlabel="around the ellipse, degrees", xticks=range(0, 361, 60))
    along.set_title("nearest where the gradients point against each other")
    style.name_curves(along)
    return drawing


def both_gradients(
    axes: Axes, x: np.ndarray, q: np.ndarray, sizes: np.ndarray, size: float
) -> None:
    """Across the constraint, and down the objective at half its length: both show on one line."""
    for vector, length, color in ((x / sizes**2, size, style.BLUE), (q - x, size / 2, style.RED)):
        style.arrow(axes, x, length * vector / np.linalg.norm(vector), color=color)


def inner_steps(outcome: Outcome) -> Figure:
    steps, newton = outcome.rows("inner"), outcome.rows("newton")
    eps = np.finfo(outcome.settings["precision"]).eps
    drawing, (ridge, root) = style.figure(
        columns=2,
        title="The derivative of a solution that is not quite one",
        width=11.5,
        height=4.4,
    )
    for way, color in (("unrolled", style.RED), ("implicit", style.BLUE)):
        floor = eps * abs(steps["exact"])
        ridge.plot(steps["steps"], np.maximum(steps[f"{way}_error"], floor), color=color, label=way)
        shown = np.maximum(newton[f"{way}_error"], eps / 100)
        root.plot(newton["steps"], shown, "o-", color=color, label=way)
    k, rate = steps["steps"], steps["rate"][0]
    clear = steps["implicit_error"] > 1e3 * floor
    half = int(clear.sum()) // 2
    for way, law, name in (
        ("unrolled", k * rate**k, "dashed: $k\\,r^k$ and $r^k$"),
        ("implicit", rate**k, ""),
    ):
        scale = steps[f"{way}_error"][half] / law[half]
        ridge.plot(k, np.maximum(scale * law, floor), "--", color=style.GREY, linewidth=1)
        style.note(ridge, name, (k[half], scale * law[half]), color=style.GREY, offset=(8, 8))
    root.plot(
        newton["steps"], np.maximum(newton["residual"], eps / 100), color=style.GREY, label="root"
    )
    ridge.set(yscale="log", xlabel="inner steps $k$", ylabel="error of the hypergradient")
    ridge.set_xlim(0, min(len(k), 1.3 * k[clear][-1]))
    ridge.set_title(f"ridge on diabetes by descent, a factor $r$ = {rate:.4f} a step")
    root.set(yscale="log", xlabel="Newton steps", ylabel="error")
    root.set_title(f"$x^5 + x = {outcome.settings['root_of']:g}$ by Newton's method")
    for axes in (ridge, root):
        style.name_curves(axes)
    return drawing


def penalty_path(outcome: Outcome) -> Figure:
    grid, path = outcome.rows("search"), outcome.rows("outer")
    drawing, (losses, slopes) = style.figure(
        columns=2, title="Descending on a hyperparameter", width=11.5, height=4.4
    )
    losses.plot(grid["penalty"], grid["loss"], color=style.GREY)
    losses.plot(path["penalty"], path["loss"], ".-", color=style.RED, linewidth=1.2)
    losses.plot(path["penalty"][-1:], path["loss"][-1:], "o", color=style.RED)
    losses.set(xscale="log", xlabel="penalty $\\lambda$", ylabel="loss on the held-out patients")
    losses.set_title("grey: solved exactly; red: the path, solved a little at a time")
    for way, color in (("exact", style.GREY), ("unrolled", style.RED), ("implicit", style.BLUE)):
        slope = path["penalty"] * path[way]
        slopes.plot(path["steps"], slope, ".-", color=color, label=way)
    slopes.axhline(0, color=style.GREY, linewidth=0.8)
    slopes.set(
        xlabel="outer step", ylabel="$dL / d\\ln\\lambda$", title="the hypergradient on the way"
    )
    style.name_curves(slopes)
    return drawing


def worth(outcome: Outcome) -> Figure:
    table = outcome.rows("level")
    drawing, (axes,) = style.figure(
        title="A multiplier is what a constraint is worth", width=7, height=4.2
    )
    axes.plot(table["level"], table["value"], "o-", color=style.BLUE, label="least distance²/2")
    for level, value, slope in zip(
        table["level"][1::4], table["value"][1::4], table["implicit"][1::4], strict=True
    ):
        ends = np.array([-0.22, 0.22])
        axes.plot(level + ends, value + slope * ends, color=style.RED, linewidth=2, zorder=4)
    axes.set(xlabel="size of the ellipse, $c$", ylabel="least $|x - q|^2 / 2$")
    axes.set_title("red: slopes that no difference was taken for, $-\\mu/2$")
    return drawing
