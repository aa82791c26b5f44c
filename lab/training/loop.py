"""The hot loop: a compiled loop over steps, out of which the record comes as a value.

The rows are the steps 0, every, 2 every, ... below where the descent ends, and one more for where
it ended: it is observed like the others, and its update is not made.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import ceil
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.errors import BadInput
from lab.training.problem import Params, no_evaluation
from lab.training.rows import compiled
from lab.training.step import Row, State, Training, taken
from lab.training.stopping import DIVERGED, GOING

# Of what is evaluated, so many values make a curve.
_EVALUATIONS = 50
# The record of a chunk is held in memory, and the host sees nothing of it before it is done: it is
# as long as fits in these bytes, and as takes about these seconds.
_BYTES = 2**22
_SECONDS = 0.25
_FIRST_ROWS, _GROWTH = 4, 64


class Chunk(NamedTuple):
    """What one dispatch of the loop brought home.

    ``columns``   the recorded rows, equal-length arrays by name, ``step`` first; what is evaluated
                  now and then is a masked array.
    ``state``     the training after them: to be put aside, and to go on from.
    ``halted``    why the descent ended before its last step, in words, in its last chunk.
    """

    columns: dict[str, np.ndarray]
    state: State
    halted: str | None = None

    @property
    def step(self) -> int:
        """How many updates have been made."""
        return int(self.state.step)

    @property
    def params(self) -> Params:
        """As they are after so many updates."""
        return self.state.params

    @property
    def diverged_at(self) -> int | None:
        """The first step whose loss or gradient is not finite, the last row of the last chunk."""
        return self.step if int(self.state.reason) == DIVERGED else None


class _Dispatched(NamedTuple):
    """A chunk the device may still be busy with."""

    before: State
    start: int
    rows: int
    after: State
    recorded: Row
    evaluated: Row | None
    since: float
    wish: Any = None


def chunks(
    training: Training,
    *,
    steps: int,
    every: int = 1,
    evaluate: int | None = None,
    state: State | None = None,
    agreed: Callable[[int], Any] | None = None,
) -> Iterator[Chunk]:
    """Train, a chunk of steps at a time; each chunk is handed over as the next one computes.

    ``every`` records one step in so many, and nothing is computed for the record at the others.
    ``evaluate`` is the number of steps between calls of ``problem.evaluate``; by default some fifty
    make a run. ``state`` is that of an earlier chunk, to go on from: the rows to come, and where
    the descent ends, are then as if it had never been interrupted.

    ``agreed`` gives all processes of a run the same number (``lab.training.processes``): they hand
    the same programs to their devices, and how much a chunk takes on is a matter of clocks.

    The loop is compiled once. It ends early where a rule says so or it diverged, at the very step,
    be it recorded or not.

    Run it inside the contexts of ``lab.training.devices``, and leave them only when it has ended.

    Raises ``BadInput`` for numbers of steps that do not fit, and as the training does.
    """
    period = _period(training, steps, every, evaluate)
    # Inlined, a function that is jitted is traced once however often it is written out.
    step = jax.jit(training.step, inline=True)
    evaluation = jax.jit(training.evaluate)
    before = training.start() if state is None else state
    _, row = jax.eval_shape(step, before)
    width = sum(value.dtype.itemsize for value in row.values())
    longest = max(1, min(ceil((period or steps) / every), _BYTES // width))
    run, capacity, multiple = compiled(step, before, every=every, most=longest, period=period)
    evaluated_columns = jax.eval_shape(evaluation, before.params)
    _refuse_repeated(row, evaluated_columns)
    home = partial(_home, every=every, evaluated_columns=evaluated_columns)

    pace = _Pace(capacity, multiple)
    most = pace.rows
    pending: deque[_Dispatched] = deque()
    start = int(before.step)
    going = int(before.reason) == GOING
    while going:
        # The next chunk goes to the device before the host waits for this one.
        while len(pending) < 2 and start < steps:
            boundary = min(steps, (start // period + 1) * period) if period else steps
            rows = min(most, ceil((boundary - start) / every))
            evaluated = evaluation(before.params) if period and start % period == 0 else None
            since = time.perf_counter()
            after, recorded = run(before, np.int32(rows), np.int32(steps))
            if pace.new:  # it was compiled first
                since = time.perf_counter()
            wish = agreed(pace.rows) if agreed else None
            chunk = _Dispatched(before, start, rows, after, recorded, evaluated, since, wish)
            pending.append(chunk)
            before, start = after, min(start + rows * every, steps)
        if not pending:
            break
        current = pending.popleft()
        reason = current.after.reason
        going = int(reason) == GOING
        pace.took(current.rows, current.since)
        most = pace.rows if current.wish is None else int(current.wish)
        if not going:
            # One update too many was made. Steps are determined, so the chunk is made again up to
            # there: once in a run, where to hold back every update would cost a copy in each.
            halt = int(current.after.step) - 1
            rows = ceil((halt - current.start) / every)
            after, recorded = run(current.before, np.int32(rows), np.int32(halt))
            after = after._replace(reason=reason)
            current = current._replace(rows=rows, after=after, recorded=recorded)
            before = after
        if current.rows:
            yield Chunk(home(current), current.after)
    # what the last point is like; the update is not made
    going_on = before._replace(reason=jnp.full_like(before.reason, GOING))
    _, recorded = run(going_on, np.int32(1), before.step)
    evaluated = evaluation(before.params) if evaluated_columns else None
    last = _Dispatched(before, int(before.step), 1, before, recorded, evaluated, 0.0)
    yield Chunk(home(last), before, training.why(int(before.reason)))


class _Pace:
    """How many rows to ask for at once, after how long the last ones took."""

    def __init__(self, most: int, multiple: int) -> None:
        self.rows, self.new = min(_FIRST_ROWS, most), True
        self._most, self._multiple, self._ready = most, multiple, 0.0

    def took(self, rows: int, since: float) -> None:
        now = time.perf_counter()
        seconds = max(now - max(since, self._ready), 1e-9)
        aimed = min(rows * _SECONDS / seconds, self.rows * _GROWTH, self._most)
        # in blocks from the first step to the last, however the run is cut into chunks: its numbers
        # depend, in their last bits, on where in the block a step stands
        self.rows = max(1, int(aimed) // self._multiple) * self._multiple
        self.new, self._ready = False, now


def _home(
    chunk: _Dispatched, *, every: int, evaluated_columns: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """The rows of a chunk on the host."""
    recorded, evaluated = _on_the_host((chunk.recorded, chunk.evaluated))
    rows = chunk.rows
    end = chunk.start + every * rows
    columns: dict[str, np.ndarray] = {
        "step": np.arange(chunk.start, end, every, dtype=np.int64),
        **{name: column[:rows] for name, column in recorded.items()},
    }
    for name, like in evaluated_columns.items():
        value = np.zeros((), like.dtype) if evaluated is None else evaluated[name]
        known = np.arange(rows) == (0 if evaluated is not None else -1)
        columns[name] = np.ma.masked_array(np.full(rows, value, like.dtype), mask=~known)
    return columns


def _on_the_host(tree: Any) -> Any:
    """All arrays at once from another device; on the host itself they are looked at, not copied."""
    arrays = jax.tree.leaves(tree)
    at_home = all(device.platform == "cpu" for array in arrays for device in array.devices())
    return jax.tree.map(np.asarray, tree) if at_home else jax.device_get(tree)


def _refuse_repeated(row: Mapping[str, Any], evaluated: Mapping[str, Any]) -> None:
    for name in evaluated:
        if name in row:
            raise BadInput(taken(name, "evaluate"))


def _period(training: Training, steps: int, every: int, evaluate: int | None) -> int | None:
    """The number of steps between evaluations; None where nothing is evaluated."""
    for name, value, least in [
        ("steps", steps, 0),
        ("record.every", every, 1),
        ("record.evaluate", evaluate, 1),
    ]:
        if value is not None and value < least:
            raise BadInput(f"{name} must be at least {least}; got {value}")
    if evaluate is not None and evaluate % every:
        near = every * max(1, round(evaluate / every))
        raise BadInput(
            f"record.evaluate={evaluate} falls between recorded steps: take a multiple of "
            f"record.every={every}, such as {near}"
        )
    if training.problem.evaluate is no_evaluation:
        return None
    return evaluate or every * max(1, ceil(steps / every / _EVALUATIONS))
