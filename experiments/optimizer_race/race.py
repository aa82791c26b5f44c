"""The race: every setting of every contender on every problem from every start."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lab.tables import Table
from lab.training import profiles
from lab.training.descent import Evaluations
from lab.training.problem import least_squares
from lab.training.step import State, training

from .contenders import CONTENDERS, Contender, Vector
from .course import Course


def raced(
    contender: Contender, course: Course, places: Float[Array, "p s n"], budget: int, key: Any
) -> dict[str, np.ndarray]:
    """All runs of a contender in one program: ``[problem, setting, start, step]``.

    Problems come one after another, so that each is computed only where it is asked for; settings
    and starts are batched. It goes on until the last of them has spent the budget.
    """
    settings = jnp.array(contender.settings)

    def on(index: Int[Array, ""], starts: Float[Array, "s n"]) -> dict[str, Array]:
        size = jnp.asarray(course.sizes)[index].astype(float)

        def about(setting: Float[Array, ""], start: Vector, alive: Float[Array, ""]) -> Any:
            problem = least_squares(
                lambda x: alive * course.residuals(index, x),
                lambda x: alive * course.jacobian(index, x),
                start,
            )
            return training(problem, contender.made(setting), gradient="hand", key=key)

        def step(setting: Float[Array, ""], start: Vector, state: State) -> tuple[State, Any]:
            spent = Evaluations(*(count.astype(float) for count in state.spent))
            # whole matrices were made of the padded size, n products where there are n numbers
            products = spent.product * size / course.width
            known = 2 * (state.step.astype(float) + 1)  # loss and gradient of every point so far
            cost = spent.loss + spent.gradient + products + known
            # once the budget is spent there is nothing left to search for
            alive = jnp.where(cost > budget, 0.0, 1.0)
            after, row = about(setting, start, alive).step(state)
            seen = {
                "loss": jnp.where(alive > 0, row["loss"], jnp.inf),
                "gradient_norm": row["gradient_norm"],
                "evaluations": jnp.where(alive > 0, cost, jnp.inf),
                "moved": jnp.linalg.norm(after.params - state.params),
                "x": state.params[0],
                "y": state.params[1],
            }
            return after, seen

        def lanes(function: Callable[..., Any]) -> Callable[..., Any]:
            return jax.vmap(jax.vmap(function, (None, 0, 0)), (0, None, 0))

        alone = jax.vmap(
            lambda setting, start: about(setting, start, jnp.ones(())).start(), (None, 0)
        )
        begin = jax.vmap(alone, (0, None))(settings, starts)
        steps = lanes(step)
        seen = jax.eval_shape(lambda state: steps(settings, starts, state)[1], begin)
        nothing = jax.tree.map(lambda s: jnp.full(s.shape, jnp.inf, s.dtype), seen)

        def going(carry: tuple[State, Array], _: None) -> tuple[Any, Any]:
            states, over = carry
            states, row = jax.lax.cond(
                over, lambda s: (s, nothing), lambda s: steps(settings, starts, s), states
            )
            return (states, jnp.all(jnp.isinf(row["evaluations"]))), row

        _, record = jax.lax.scan(going, (begin, jnp.asarray(False)), length=budget // 2)
        return jax.tree.map(lambda column: jnp.moveaxis(column, 0, -1), record)

    indexes = jnp.arange(len(course.problems))
    record = jax.jit(lambda: jax.lax.map(lambda each: on(*each), (indexes, places)))()
    return {name: np.asarray(column) for name, column in record.items()}


def runs(
    name: str,
    walk: dict[str, np.ndarray],
    course: Course,
    least: np.ndarray,
    starts: int,
    budget: int,
    share: float,
) -> Table:
    """A row for each run: what it needed, in evaluations and in steps, and how far it came."""
    loss, cost = walk["loss"], walk["evaluations"]
    shape = loss.shape[:-1]
    aim = profiles.target(loss[..., 0], np.broadcast_to(least[:, None, None], shape), share)
    steps = np.where(cost <= budget, np.arange(1.0, loss.shape[-1] + 1), np.inf)
    within = np.where(cost <= budget, loss, np.inf)
    gained = (loss[..., 0] - np.fmin.reduce(within, axis=-1)) / (loss[..., 0] - aim) * (1 - share)
    problem, setting, start = np.indices(shape)
    columns = {
        "setting": np.array(CONTENDERS[name].settings)[setting],
        "setting_index": setting,
        "size": course.sizes[problem],
        "start": start,
        "needed": profiles.needed(loss, cost, aim, budget),
        "steps_needed": profiles.needed(loss, steps, aim, np.inf),
        "gained": gained,
        "diverged": ~np.isfinite(within).all(axis=-1) & (cost[..., -1] <= budget),
    }
    names = np.array([problem.name for problem in course.problems])
    labels = {
        "part": np.full(shape, "run"),
        "method": np.full(shape, name),
        "problem": names[problem],
        "use": np.where(start < starts, "race", "tuning"),
    }
    numbers = {column: values.astype(float) for column, values in columns.items()}
    return {column: values.ravel() for column, values in (labels | numbers).items()}


def best_setting(table: Table, budget: int) -> int:
    """The setting with the best score over all problems, from the starts it is tuned on."""
    return int(np.argmax(scores(table, budget, "tuning", "needed")))


def scores(table: Table, budget: int, use: str, column: str) -> Float[np.ndarray, " 7"]:
    """The score of each setting of a contender."""
    chosen = table["use"] == use
    which, cost = table["setting_index"][chosen], table[column][chosen]
    return np.array([float(profiles.score(cost[which == i], budget, 0)) for i in range(7)])


def path(name: str, walk: dict[str, np.ndarray], setting: int, budget: int) -> Table:
    """The way of the tuned contender over the first problem, from the standard start."""
    one = {column: values[0, setting, 0] for column, values in walk.items()}
    kept = one["evaluations"] <= budget
    table = {column: values[kept] for column, values in one.items()}
    size = int(kept.sum())
    table |= {"k": np.arange(size, dtype=float)}
    table["effective_step"] = table.pop("moved") / np.where(
        table["gradient_norm"] > 0, table["gradient_norm"], 1
    )
    return {"part": np.full(size, "path"), "method": np.full(size, name)} | table
