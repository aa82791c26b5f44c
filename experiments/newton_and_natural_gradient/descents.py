"""The descents: in a valley, a single step, on bends, and of a distribution in several writings."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.optimizers import second_order as calculus
from lab.errors import BadInput, suggestion
from lab.tables import Table, table
from lab.training import data
from lab.training.descent.named import build
from lab.training.descent.parts import Along, Direction, Step, composed
from lab.training.problem import Problem, least_squares
from lab.training.step import training
from lab.training.walk import walk

from .methods import BOTTOMS, WHOLE_STEPS, WRITINGS, Pair

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
