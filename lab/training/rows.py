"""The compiled side of the loop: so many recorded rows at one dispatch, and the state after them.

Two ways lead to the same rows. Step by step, each step makes its row. Where a step is arithmetic on
a few numbers, that takes longer than the step: every number waits for the ones before it. So the
steps are walked alone, a block of them, and the states on the way kept; then the rows of the whole
block are computed at once, many to an instruction.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr
from jaxtyping import Array, Int

from lab.training.step import Row, State
from lab.training.stopping import GOING

Step: TypeAlias = Callable[[State], tuple[State, Row]]
# ``run(state, rows, limit)``
Run: TypeAlias = Callable[..., tuple[State, Row]]
# the next row, the state before it, and the rows so far
_Carry: TypeAlias = tuple[Array, State, Any]

# A step is small if nothing in it has more numbers; the largest thing of a block of states, all of
# them together, has at most so many. XLA makes one kernel of a block of fewer (see lab.compiled),
# unless matrices are multiplied in it or something has more numbers than this.
_SMALL, _BLOCK_SIZE = 64, 2**14
_IN_A_KERNEL, _KERNEL_SIZE = 32, 3 * 2**10
_LONGEST_BLOCK = 512
# Blocks that are a multiple of this have no odd rows left at their end, which would be rounded
# otherwise than those that fill an instruction.
_LANES = 64
# So many steps are written out one after the other in the loop, which takes as long as a step of a
# few numbers; but only where all of them together have at most so many operations, for XLA computes
# again for each what the ones before it made.
_UNROLLED, _OPERATIONS = 4, 360
# What is done once for many at no gain: the rows are then made with the steps.
_FLOW = {"while", "scan", "cond", "ffi_call", "pure_callback", "custom_linear_solve"}
_ALGEBRA = {"lu", "cholesky", "triangular_solve", "eig", "eigh", "svd", "qr", "householder_product"}
_NOT_AT_ONCE = _FLOW | _ALGEBRA
# On a CPU XLA cuts what makes some ten thousand numbers into a piece for each core, and gives what
# could be done at the same time to other threads. To wake one takes longer than the work it is
# woken for: a quarter of the time of a small network goes there. So a step that makes nothing of
# more numbers than this stays on one thread, one operation after the other.
ALONE = 2**15
ON_ONE_THREAD = {
    "xla_disable_hlo_passes": "cpu-parallel-task-assigner",
    "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
}


class Loop(NamedTuple):
    """``run(state, rows, limit)`` makes so many rows, and no step beyond the limit.

    A scan has one length, and would be compiled again for every other one; this takes it as data,
    up to ``capacity``. It ends early at a state that has a reason to: that one has made one update
    too many.

    All chunks but the last are a multiple of ``multiple`` rows: the last bits of a number depend on
    which of the steps that are written out it comes from, and so not on how the run is cut.
    """

    run: Run
    capacity: int
    multiple: int


def compiled(step: Step, like: State, *, every: int, most: int, period: int | None) -> Loop:
    """The loop over ``step``, for ``most`` rows or some more.

    ``step`` is jitted, and traced once; ``like`` is a state of it. ``period`` is the number of
    steps between those at which a chunk has to begin, if there are any.
    """
    made = list(_made(step, like))
    sizes = _sizes(made, like)
    unroll = _UNROLLED if _UNROLLED * len(sizes) <= _OPERATIONS else 1
    if every > 1 or not sizes or max(sizes) > _SMALL or (period or 0) % unroll:
        options = ON_ONE_THREAD if max(_counts(made, like)) <= ALONE else None
        return Loop(_step_by_step(step, every, most, options), most, 1)
    multiplies = any(one.primitive.name == "dot_general" for one in made)
    kernel = max(sizes) <= _IN_A_KERNEL and not multiplies
    block = min(_LONGEST_BLOCK, (_KERNEL_SIZE if kernel else _BLOCK_SIZE) // max(sizes), most)
    block += -block % _LANES
    capacity = most + -most % block
    return Loop(_walk_then_look(step, capacity, block, unroll), capacity, unroll)


def _sizes(made: Sequence[Any], like: State) -> list[int]:
    """How many numbers each operation of a step makes; none if it is not mere arithmetic."""
    flows = any(one.primitive.name in _NOT_AT_ONCE or one.effects for one in made)
    return [] if flows else _counts(made, like)


def _counts(made: Sequence[Any], like: State) -> list[int]:
    """How many numbers each leaf of the state has, and each operation makes."""
    kept = [leaf.size for leaf in jax.tree.leaves(like)]
    return kept + [getattr(out.aval, "size", 1) for one in made for out in one.outvars]


def _made(step: Step, like: State) -> Iterator[Any]:
    """The operations of a step."""
    return _equations(jax.make_jaxpr(step)(like).jaxpr)


def _equations(jaxpr: Jaxpr) -> Iterator[Any]:
    for equation in jaxpr.eqns:
        inner = [one for one in equation.params.values() if isinstance(one, Jaxpr | ClosedJaxpr)]
        for one in inner:
            yield from _equations(one.jaxpr if isinstance(one, ClosedJaxpr) else one)
        if not inner or equation.primitive.name in _NOT_AT_ONCE:
            yield equation


# ----- a few numbers: walk, then look -----


def _walk_then_look(step: Step, capacity: int, block: int, unroll: int) -> Run:
    """Every step is recorded; whether one is the last is seen once its block has been walked."""

    def walk(state: State, count: Int[Array, ""]) -> tuple[State, State]:
        """So many steps; the last state, and the one before each of the steps of a block."""

        def one(index: Int[Array, ""], carry: tuple[State, State]) -> tuple[State, State]:
            state, path = carry
            after = step(state)[0]._replace(reason=state.reason)
            return after, jax.tree.map(lambda all_, leaf: _put(all_, leaf, index + 1), path, after)

        def some(index: Int[Array, ""], carry: tuple[State, State]) -> tuple[State, State]:
            for place in range(unroll):
                carry = one(index * unroll + place, carry)
            return carry

        path = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (block + 1, *leaf.shape)), state)
        carry, done = (state, path), jnp.int32(0)
        if unroll > 1:
            carry = jax.lax.fori_loop(0, count // unroll, some, carry)
            done = count - count % unroll
        state, path = jax.lax.fori_loop(done, count, one, carry)
        return state, jax.tree.map(lambda all_: all_[:-1], path)

    @jax.jit
    def run(state: State, rows: Int[Array, ""], limit: Int[Array, ""]) -> tuple[State, Row]:
        del limit  # every row is a step

        def going(carry: _Carry) -> Array:
            return (carry[0] < rows) & (carry[1].reason == GOING)

        def recorded(carry: _Carry) -> _Carry:
            index, state, filled = carry
            count = jnp.minimum(rows - index, block)
            last, path = walk(state, count)
            after, seen = jax.vmap(step)(path)
            places = jnp.arange(block, dtype=jnp.int32)
            # the least of many is found many at a time, argmax takes them one by one
            first = jnp.min(jnp.where(after.reason != GOING, places, block))
            met = first < count
            last = last._replace(
                reason=jnp.where(met, after.reason[jnp.minimum(first, block - 1)], last.reason),
                step=jnp.where(met, state.step + first + 1, last.step),
            )
            put = lambda all_, part: jax.lax.dynamic_update_slice(all_, part, (index,))
            return index + jnp.int32(block), last, jax.tree.map(put, filled, seen)

        return _filled(going, recorded, step, state, capacity)

    return run


def _filled(
    going: Callable[[_Carry], Array],
    recorded: Callable[[_Carry], _Carry],
    step: Step,
    state: State,
    capacity: int,
) -> tuple[State, Row]:
    """The columns, filled from the first row on, and the state after them."""
    _, row = jax.eval_shape(step, state)
    empty = jax.tree.map(lambda value: jnp.zeros(capacity, value.dtype), row)
    return jax.lax.while_loop(going, recorded, (jnp.int32(0), state, empty))[1:]


def _put(all_: Array, one: Array, index: Int[Array, ""]) -> Array:
    # no place is counted from the end, and what would find out is not computed
    return jax.lax.dynamic_update_index_in_dim(all_, one, index, 0, allow_negative_indices=False)


# ----- anything else: step by step -----


def _step_by_step(
    step: Step, every: int, capacity: int, options: Mapping[str, str] | None = None
) -> Run:
    stretch = _stretch(step, every)

    @partial(jax.jit, compiler_options=options and dict(options))
    def run(state: State, rows: Int[Array, ""], limit: Int[Array, ""]) -> tuple[State, Row]:
        def going(carry: _Carry) -> Array:
            return (carry[0] < rows) & (carry[1].reason == GOING)

        def recorded(carry: _Carry) -> _Carry:
            index, state, filled = carry
            after, row = stretch(state, limit)
            put = lambda all_, one: jax.lax.dynamic_update_slice(all_, one, (jnp.int32(0), index))
            return index + jnp.int32(1), after, jax.tree.map(put, filled, _packed(row))

        _, row = jax.eval_shape(step, state)
        kinds = _kinds(row)
        empty = {
            kind: jnp.zeros((len(names), capacity), row[names[0]].dtype)
            for kind, names in kinds.items()
        }
        _, state, filled = jax.lax.while_loop(going, recorded, (jnp.int32(0), state, empty))
        columns = {
            name: filled[kind][place]
            for kind, names in kinds.items()
            for place, name in enumerate(names)
        }
        return state, OrderedDict((name, columns[name]) for name in row)

    return run


def _kinds(row: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of a row by the type of their numbers."""
    kinds: dict[str, list[str]] = {}
    for name, value in row.items():
        kinds.setdefault(value.dtype.name, []).append(name)
    return kinds


def _packed(row: Row) -> dict[str, Array]:
    """A row of numbers as one array for each type of them: a step writes it down at one stroke."""
    return {
        kind: jnp.stack([row[name] for name in names])[:, None]
        for kind, names in _kinds(row).items()
    }


def _stretch(step: Step, every: int) -> Callable[[State, Int[Array, ""]], tuple[State, Row]]:
    """A recorded step and the ``every - 1`` unrecorded ones after it, or as many as are left.

    The rows of unrecorded steps are used by nothing, so the compiler drops all that makes them.
    """

    def stretch(state: State, limit: Int[Array, ""]) -> tuple[State, Row]:
        end = jnp.minimum(state.step + every, limit)

        def going(state: State) -> Array:
            return (state.step < end) & (state.reason == GOING)

        state, row = step(state)
        if every > 1:
            state = jax.lax.while_loop(going, lambda state: step(state)[0], state)
        return state, row

    return stretch
