"""The hot loop: a compiled loop over steps, out of which the record comes as a value.

Row k of the record holds what step k saw: the loss, gradient and params before update k. The rows
are the steps 0, every, 2 every, ... below ``steps``, and one more at ``steps`` for where the
descent ended: it is observed like the others, and its update is not made.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import ceil
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int, Key

from lab.errors import BadInput
from lab.training import gradients, leaves
from lab.training.optimizers import keeping_dtypes
from lab.training.problem import Params, Problem, readable_point

# JAX sorts the keys of a plain dict; of this one it keeps the order.
Row: TypeAlias = OrderedDict[str, Array]

# A chunk's record is held in device memory, and a killed run loses the one it was at.
_CHUNKS = 50
_MOST_ROWS = 4096


class Chunk(NamedTuple):
    """What one dispatch of the loop brought home.

    ``columns``      the recorded rows, equal-length arrays by name, ``step`` first; what is
                     evaluated once per chunk is a masked array, filled in its first row alone.
    ``params``       as they are after ``step`` updates.
    ``step``         how many updates have been made.
    ``diverged_at``  the first recorded step whose loss or gradient norm is not finite: then
                     the last row, of the last chunk.
    """

    columns: dict[str, np.ndarray]
    params: Params
    step: int
    diverged_at: int | None


class _Dispatched(NamedTuple):
    """A chunk the device may still be busy with."""

    start: int
    after: int
    rows: int
    params: Params
    recorded: Row
    evaluated: Row


def chunks(
    problem: Problem,
    optimizer: optax.GradientTransformation,
    *,
    gradient: gradients.Choice,
    steps: int,
    every: int = 1,
    evaluate: int | None = None,
    key: Key[Array, ""],
) -> Iterator[Chunk]:
    """Train, a chunk of steps at a time; each chunk is handed over as the next one computes.

    ``every`` records one step in so many, and nothing is computed for the record at the others.
    ``evaluate`` is the number of steps in a chunk, thus between calls of ``problem.evaluate``; by
    default some fifty chunks make a run. The loop is compiled once; it ends early if it diverged.

    Run it inside the contexts of ``lab.training.devices``, and leave them only when it has ended.

    Raises ``BadInput`` for numbers of steps that do not fit, params that are not floating, a
    gradient of another shape, and columns that are not scalars or share a name.
    """
    size = _rows_per_chunk(steps, every, evaluate)
    ahead = iter(_dispatch(problem, optimizer, gradient, steps, every, size, key))
    pending: _Dispatched | None = next(ahead)
    while pending is not None:
        # The next chunk goes to the device before the host waits for this one.
        current, pending = pending, next(ahead, None)
        chunk = _home(current, every)
        yield chunk
        if chunk.diverged_at is not None:
            return


def _dispatch(
    problem: Problem,
    optimizer: optax.GradientTransformation,
    choice: gradients.Choice,
    steps: int,
    every: int,
    size: int,
    key: Key[Array, ""],
) -> Iterator[_Dispatched]:
    optimizer = keeping_dtypes(optimizer)
    # Inlined, a function that is jitted is traced once however often it is written out.
    step = jax.jit(_step(problem, optimizer, choice, key), inline=True)
    stretch = _stretch(step, steps, every)

    # A scan has one length, and would be compiled again for a shorter last chunk and for the single
    # row at the end; this loop takes the number of rows as data. The caller is given the params of
    # every chunk, so only the optimizer's state can be donated.
    @partial(jax.jit, donate_argnames="state")
    def run(
        start: Int[Array, ""], rows: Int[Array, ""], params: Params, state: optax.OptState
    ) -> tuple[Params, optax.OptState, Row]:
        def recorded(index: Array, filled: tuple[Any, Row]) -> tuple[Any, Row]:
            carry, row = stretch(filled[0])
            return carry, jax.tree.map(lambda c, value: c.at[index].set(value), filled[1], row)

        carry = (start, params, state)
        _, row = jax.eval_shape(step, carry)
        empty = jax.tree.map(lambda value: jnp.zeros(size, value.dtype), row)
        (_, params, state), record = jax.lax.fori_loop(0, rows, recorded, (carry, empty))
        return params, state, record

    evaluation = jax.jit(lambda params: _scalars(evaluate=problem.evaluate(params)))
    params = _floating(problem.start)
    state = optimizer.init(params)
    all_rows = ceil(steps / every)
    start = 0
    while start < steps:
        rows = min(size, all_rows - start // every)
        after = min(start + rows * every, steps)
        evaluated = evaluation(params)
        params, state, record = run(np.int32(start), np.int32(rows), params, state)
        yield _Dispatched(start, after, rows, params, record, evaluated)
        start = after
    evaluated = evaluation(params)
    _, _, record = run(np.int32(steps), np.int32(1), params, state)
    yield _Dispatched(steps, steps, 1, params, record, evaluated)


def _step(
    problem: Problem,
    optimizer: optax.GradientTransformationExtraArgs,
    choice: gradients.Choice,
    key: Key[Array, ""],
) -> Callable[[Any], tuple[Any, Row]]:
    """One update, and the row it leaves: ``(step, params, state) -> (the next of them, row)``."""
    slope_at = gradients.chosen(problem, choice)
    loss_of = gradients.loss_of(problem, choice)
    point = problem.point or readable_point

    def step(carry: Any) -> tuple[Any, Row]:
        step, params, state = carry
        batch = problem.batch(key, step)
        slope = slope_at(params, batch)
        update, state = optimizer.update(
            slope.gradient,
            state,
            params,
            value=slope.loss,
            grad=slope.gradient,
            value_fn=lambda params: loss_of(params, batch),
        )
        row = _scalars(
            problem={"loss": slope.loss, "gradient_norm": leaves.norm(slope.gradient)},
            gradient=slope.seen,
            metrics=problem.metrics(params, slope.gradient, update, batch),
            point=point(params),
        )
        return (step + 1, optax.apply_updates(params, update), state), row

    return step


def _stretch(
    step: Callable[[Any], tuple[Any, Row]], steps: int, every: int
) -> Callable[[Any], tuple[Any, Row]]:
    """A recorded step and the ``every - 1`` unrecorded ones after it, or as many as are left.

    The rows of unrecorded steps are used by nothing, so the compiler drops all that makes them.
    """

    def unrecorded(_: Any, carry: Any) -> Any:
        return step(carry)[0]

    def stretch(carry: Any) -> tuple[Any, Row]:
        left = jnp.minimum(every, steps - carry[0]) - 1
        carry, row = step(carry)
        if every > 1:
            carry = jax.lax.fori_loop(0, left, unrecorded, carry)
        return carry, row

    return stretch


def _home(chunk: _Dispatched, every: int) -> Chunk:
    """The chunk on the host, cut after the first row that is not finite."""
    recorded, evaluated = jax.device_get((chunk.recorded, chunk.evaluated))
    record = {name: column[: chunk.rows] for name, column in recorded.items()}
    finite = np.isfinite(record["loss"]) & np.isfinite(record["gradient_norm"])
    kept = chunk.rows if finite.all() else int(np.argmin(finite)) + 1
    columns: dict[str, np.ndarray] = {
        "step": chunk.start + every * np.arange(kept, dtype=np.int64),
        **{name: column[:kept] for name, column in record.items()},
    }
    for name, value in evaluated.items():
        if name in columns:
            raise BadInput(_taken(name, "evaluate"))
        columns[name] = np.ma.masked_array(
            np.full(kept, value, value.dtype), mask=np.arange(kept) > 0
        )
    diverged_at = None if finite.all() else int(columns["step"][-1])
    return Chunk(columns, chunk.params, chunk.after, diverged_at)


def _scalars(**sources: Mapping[str, Any]) -> Row:
    """The scalars of all sources by name; ``BadInput`` where one is none, or two share a name."""
    row: Row = OrderedDict()
    for source, values in sources.items():
        for name, value in values.items():
            if jnp.shape(value) != ():
                raise BadInput(f"{source}: {name!r} has shape {jnp.shape(value)}; return a scalar")
            if name in row or name == "step":
                raise BadInput(_taken(name, source))
            row[name] = jnp.asarray(value)
    return row


def _taken(name: str, source: str) -> str:
    return f"{source}: there already is a column {name!r}; give it another name"


def _floating(start: Any) -> Params:
    for name, leaf in leaves.named(start).items():
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            raise BadInput(f"start: {name!r} is {jnp.result_type(leaf)}; params are floating")
    # A cast to its own dtype makes a weakly typed number strong: the first chunk is then compiled
    # for the types of all later ones.
    return jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(jnp.result_type(leaf)), start)


def _rows_per_chunk(steps: int, every: int, evaluate: int | None) -> int:
    """How many rows a chunk has; by default as many as make fifty chunks a run."""
    for name, value, least in [
        ("steps", steps, 0),
        ("record.every", every, 1),
        ("record.evaluate", evaluate, 1),
    ]:
        if value is not None and value < least:
            raise BadInput(f"{name} must be at least {least}; got {value}")
    if evaluate is not None:
        if evaluate % every:
            near = every * max(1, round(evaluate / every))
            raise BadInput(
                f"record.evaluate={evaluate} falls between recorded steps: take a multiple of "
                f"record.every={every}, such as {near}"
            )
        return evaluate // every
    return max(1, min(_MOST_ROWS, ceil(steps / every / _CHUNKS)))
