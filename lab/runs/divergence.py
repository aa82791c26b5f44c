"""What went first: the leaf of the params, or the expression of the loss or of its gradient, in
which a descent left the finite numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.programs.traced import Program, Step, trace
from lab.training import leaves
from lab.training.step import State, Training


def told(training: Training, state: State) -> str:
    """In words, for a ``state`` at whose params the loss or the gradient is not finite.

    Params that are not finite themselves come before anything computed of them: the update before
    made them so. Else the loss, and then the gradient, is computed once more, operation by
    operation, and what is not finite followed back to where finite numbers entered.
    """
    named = leaves.named(state.params)
    lost = [name for name, leaf in named.items() if not _finite(leaf)]
    if lost:
        count = sum(int(np.sum(~np.isfinite(named[name]))) for name in lost)
        size = sum(np.size(named[name]) for name in lost)
        return (
            f"the update of step {int(state.step) - 1} made {_listed(lost)} so, {count} of {size}"
        )
    batch = training.problem.batch(training.key, state.step)
    flat, structure = jax.tree.flatten(state.params)
    loss = lambda *flat: training.problem.loss(jax.tree.unflatten(structure, flat), batch)
    said = _first(loss, flat, ["the loss"])
    if said is None:
        by_hand = training.choice != "jax"
        gradient = lambda *flat: jax.tree.leaves(
            (training.problem.gradient if by_hand else jax.grad(training.problem.loss))(
                jax.tree.unflatten(structure, flat), batch
            )
        )
        said = _first(gradient, flat, [f"the gradient of {name}" for name in named])
    return said or "computed operation by operation it is finite: it is rounding that overflows"


def _first(function: Callable[..., Any], flat: Sequence[Any], names: Sequence[str]) -> str | None:
    """Which output of ``function`` is not finite, and the operation that is to blame."""
    program = trace(function, flat, range(len(flat)))
    values = program.run(flat)
    lost = [
        (name, slot)
        for name, slot in zip(names, program.outputs, strict=True)
        if not _finite(values[slot])
    ]
    if not lost:
        return None
    blamed = [_blamed(program, values, slot) for _, slot in lost]
    step = min(blamed, key=program.steps.index)
    name = [name for (name, _), one in zip(lost, blamed, strict=True) if one is step]
    made = next(values[slot] for slot in step.outputs if not _finite(values[slot]))
    where = f"{step.place.quoted} ({step.place})" if step.place else step.name
    sizes = [_size(values[slot]) for slot in step.inputs if np.size(values[slot])]
    entered = " and ".join(dict.fromkeys(sizes))
    return f"{_listed(name)} first, in {where}, which is {_worst(made)} of {entered}"


def _blamed(program: Program, values: Sequence[Any], slot: int) -> Step:
    """The operation that made a value out of finite ones, of those that led to ``slot``."""
    made = {output: step for step in program.steps for output in step.outputs}
    step = made[slot]
    while True:
        behind = [i for i in step.inputs if i in made and not _finite(values[i])]
        if not behind:
            return step
        step = made[min(behind)]


def _finite(value: Any) -> bool:
    array = jnp.asarray(value)
    return not jnp.issubdtype(array.dtype, jnp.floating) or bool(jnp.all(jnp.isfinite(array)))


def _worst(value: Any) -> str:
    array = np.asarray(value)
    return "nan" if np.isnan(array).any() else "inf"


def _size(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array.item():.3g}"
    if array.dtype == bool:
        return "flags"
    return f"numbers from {array.min():.3g} to {array.max():.3g}"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
