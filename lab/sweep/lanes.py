"""Many trainings as one program: a lane each, all of them at the same step.

What costs is not arithmetic but what is carried: a lane that may stop by itself carries a step of
its own, and with it every count of the optimizer and all powers of them. So where nothing but
divergence ends a run no lane is held back: what is not finite stays in its lane, the loss stays as
it was when it came, and nobody looks at what comes after. Only rules to stop by hold lanes back.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Int

from lab.training.problem import Scalar
from lab.training.step import Row, State, Training, frozen
from lab.training.stopping import DIVERGED, GOING

Lane: TypeAlias = Mapping[str, Any]
Make: TypeAlias = Callable[[Lane], Training]


class Carry(NamedTuple):
    """A training between two steps, and what is told of it in the end.

    ``reason``  why a rule ended it, or ``GOING``; ``ended`` the step at which it did.
    ``loss``    the last one seen; it diverged where this is not finite. What is not finite of the
                gradient makes it nan.
    ``best``    the least loss so far, at ``best_step``.
    """

    state: State
    reason: Int[Array, ""]
    ended: Int[Array, ""]
    loss: Scalar
    best: Scalar
    best_step: Int[Array, ""]


class Conclusion(NamedTuple):
    """What is known of a run in the end: ``row`` is what its last point is like, with all columns.

    Where a lane that nobody held back diverged, only the loss at that step is known of it.
    """

    row: Row
    evaluated: Row
    reason: Int[Array, ""]
    ended: Int[Array, ""]
    loss: Scalar
    best: Scalar
    best_step: Int[Array, ""]


class Programs(NamedTuple):
    """The three parts of a lane: ``begin(lane)``, ``advance(lane, carry, at, limit)`` and
    ``conclude(lane, carry)``. ``advance`` makes ``rows`` rows from step ``at`` on, ``every`` steps
    apart, and no step beyond ``limit``.
    """

    begin: Callable[[Lane], Carry]
    advance: Callable[[Lane, Carry, Array, Array], tuple[Carry, Row]]
    conclude: Callable[[Lane, Carry], Conclusion]


def programs(make: Make, *, rows: int, every: int, held: bool, even: bool) -> Programs:
    """The parts of a lane whose training ``make`` gives; ``held`` where rules may end it.

    ``even`` says that no call of ``advance`` is asked for a row at the limit or beyond.
    """

    def begin(lane: Lane) -> Carry:
        train = make(lane)
        state = train.start()
        _, row = jax.eval_shape(train.step, state)
        zero, least = jnp.zeros((), jnp.int32), jnp.full((), jnp.inf, row["loss"].dtype)
        return Carry(state, jnp.int32(GOING), zero, jnp.zeros_like(least), least, zero)

    def advance(lane: Lane, carry: Carry, at: Array, limit: Array) -> tuple[Carry, Row]:
        one = _held(make(lane)) if held else _free(make(lane))

        def recorded(carry: Carry, start: Array) -> tuple[Carry, Row]:
            if even:
                return one(carry)
            _, row = jax.eval_shape(one, carry)
            nothing = jax.tree.map(lambda value: jnp.zeros((), value.dtype), row)
            return jax.lax.cond(start < limit, one, lambda carry: (carry, nothing), carry)

        def stretch(carry: Carry, start: Array) -> tuple[Carry, Row]:
            carry, row = recorded(carry, start)
            if every > 1:
                end = jnp.minimum(start + every, limit)
                unrecorded = lambda _, carry: one(carry)[0]
                carry = jax.lax.fori_loop(start + 1, end, unrecorded, carry)
            return carry, row

        starts = at + every * jnp.arange(rows, dtype=jnp.int32)
        return jax.lax.scan(stretch, carry, starts)

    def conclude(lane: Lane, carry: Carry) -> Conclusion:
        train = make(lane)
        state = carry.state._replace(reason=jnp.int32(GOING))
        _, row = train.step(state)
        alive = jnp.isfinite(carry.loss)
        reason = jnp.where(alive, carry.reason, jnp.int32(DIVERGED))
        better = alive & (row["loss"] < carry.best)
        return Conclusion(
            row,
            train.evaluate(state.params),
            reason,
            jnp.where(reason == GOING, state.step, carry.ended),
            carry.loss,
            jnp.where(better, row["loss"], carry.best),
            jnp.where(better, state.step, carry.best_step),
        )

    return Programs(begin, advance, conclude)


def _free(train: Training) -> Callable[[Carry], tuple[Carry, Row]]:
    """A step of a lane that nothing holds back."""

    def one(carry: Carry) -> tuple[Carry, Row]:
        after, row = train.step(carry.state)
        state = after._replace(reason=carry.state.reason)  # the same in all lanes: it goes on
        return _noted(carry, state, jnp.isfinite(carry.loss), row), row

    return one


def _held(train: Training) -> Callable[[Carry], tuple[Carry, Row]]:
    """A step of a lane that stays where it ended."""
    step = frozen(train.step)

    def one(carry: Carry) -> tuple[Carry, Row]:
        state, row = step(carry.state)
        return _noted(carry, state, carry.reason == GOING, row), row

    return one


def _noted(carry: Carry, state: State, going: Bool[Array, ""], row: Row) -> Carry:
    """The carry with what was seen at its step, unless it was ``going`` no more.

    Each number that is carried costs as much as some of the step: so one says whether a run goes
    on, what its loss is, and that it diverged.
    """
    seen = row["loss"] + 0 * row["gradient_norm"]
    loss = jnp.where(going, seen, carry.loss)
    well = jnp.isfinite(loss)
    better = well & (loss < carry.best)  # never again where it ended
    return Carry(
        state,
        state.reason,
        carry.ended + (well & (state.reason == GOING)).astype(jnp.int32),
        loss,
        jnp.where(better, loss, carry.best),
        jnp.where(better, carry.state.step, carry.best_step),
    )


def apart(function: Callable[..., Any], in_axes: Any, *arguments: Any) -> Any:
    """Where in the result of ``function``, batched, the lanes differ: 0 there, None elsewhere.

    JAX keeps one copy of what is the same in all lanes, such as the number of the step, for as long
    as it is not asked for copies: this asks which they are.
    """
    seen = []

    @custom_vmap
    def look(tree: Any) -> Any:
        return tree

    @look.def_vmap
    def _rule(size: int, batched: Any, tree: Any) -> Any:
        seen.append(batched[0])
        return tree, batched[0]

    looked = lambda *arguments: look(function(*arguments))
    result = jax.eval_shape(jax.vmap(looked, in_axes), *arguments)
    if not seen:  # not one lane differs from another
        return jax.tree.map(lambda _: None, result)
    return jax.tree.map(lambda differs: 0 if differs else None, seen[-1])
