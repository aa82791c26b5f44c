"""A training laid over a mesh of devices: the rows of its batches dealt out, all else on each.

Nothing of the mathematics changes: a sharding says where numbers are, and the compiler adds the
sums over devices that the same program then needs. What changes is their order, so the last bits.

Every process makes the whole batch of the same key, and each device keeps the rows that are its
own: a batch is small beside what is computed of it, and no data has to be sent.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh

from lab.training import leaves
from lab.training.devices import everywhere, split
from lab.training.problem import Batch, Problem
from lab.training.step import Row, State, Training

_Tree = TypeVar("_Tree")


def dealt(problem: Problem, over: Mesh) -> Problem:
    """The same problem with the rows of each batch dealt out over the mesh.

    The leading axis of every leaf that has at least one row for each device; where there is no even
    share some have a row less. Other leaves are whole on each.
    """

    def batch(key: Any, step: Any) -> Batch:
        constrain = partial(jax.lax.with_sharding_constraint, shardings=split(over))
        return jax.tree.map(
            lambda leaf: constrain(leaf) if _has_rows(leaf, over) else leaf,
            problem.batch(key, step),
        )

    return problem._replace(batch=batch)


def rows(problem: Problem, key: Any, over: Mesh) -> dict[str, int]:
    """How many rows each leaf of a batch has to deal out; {} for a loss that takes no data."""
    like = leaves.named(jax.eval_shape(problem.batch, key, np.int32(0)))
    return {name: leaf.shape[0] for name, leaf in like.items() if _has_rows(leaf, over)}


def whole(training: Training, over: Mesh) -> Training:
    """The same training with its state, and all that is recorded, whole on each device."""
    keep: Callable[[_Tree], _Tree] = partial(
        jax.lax.with_sharding_constraint, shardings=everywhere(over)
    )

    def start() -> State:
        return on_each(training.start(), over)

    def step(state: State) -> tuple[State, Row]:
        after, row = training.step(state)
        return keep(after), keep(row)

    def evaluate(params: Any) -> Row:
        return keep(training.evaluate(params))

    return training._replace(start=start, step=step, evaluate=evaluate)


def on_each(tree: _Tree, over: Mesh) -> _Tree:
    """What every process holds, put on each device of the mesh."""
    return jax.jit(lambda tree: tree, out_shardings=everywhere(over))(tree)


def at_home(tree: _Tree) -> _Tree:
    """What is on each device, on the first of this process: to compute with it alone."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0), tree)


def _has_rows(leaf: Any, over: Mesh) -> bool:
    return np.ndim(leaf) > 0 and np.shape(leaf)[0] >= over.size
