"""A program in which some sums (or maxima) run along other axes.

What they leave is kept with the axes that are summed, of length one, and carried on so through
entrywise steps to where it is spread over the array again, or to where a square array lets it pass
for what should be there. Where that makes no sense, the alteration is given up."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program, Step

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "reduce_sum": jnp.sum,
    "reduce_max": jnp.max,
    "reduce_min": jnp.min,
}
SHAPED = ("broadcast_in_dim", "reshape", "squeeze", "expand_dims")
MOST = 12
Axes = tuple[int, ...]


class CannotFlipError(Exception):
    """The alteration makes no sense for this program."""


class Turned(NamedTuple):
    """A value that is left when an array of this ``shape`` is summed along ``to``, not ``axes``."""

    shape: tuple[int, ...]
    axes: Axes
    to: Axes

    def count(self, axes: Axes) -> int:
        """How many are summed along these."""
        return prod(self.shape[axis] for axis in axes)


class Flip(NamedTuple):
    """``steps`` are the reductions to be turned, by their new axes; ``place`` is where they are
    written.
    """

    steps: dict[int, Axes]
    place: Place | None

    def run(self, program: Program, leaves: Sequence[Any]) -> list[Any]:
        """All values, as `Program.run` gives them; raises `CannotFlipError`."""
        values: list[Any] = [None] * len(program.shapes)
        for slot, leaf in zip(program.arguments, leaves, strict=True):
            values[slot] = leaf
        for slot, constant in program.fixed.items():
            values[slot] = constant
        turned: dict[int, Turned] = {}
        for k, step in enumerate(program.steps):
            if k in self.steps:
                _turn(step, self.steps[k], values, turned)
            elif any(slot in turned for slot in step.inputs):
                _carry(program, step, values, turned)
            else:
                made = step.bind([values[slot] for slot in step.inputs])
                for slot, value in zip(step.outputs, made, strict=True):
                    values[slot] = value
        for slot in program.outputs:
            if slot in turned:
                values[slot] = _passed_off(values[slot], turned[slot], program.shapes[slot])
        return values


def flips(program: Program) -> list[Flip]:
    """The reductions of all expressions alike, and those of one expression."""
    by_place: dict[tuple[Place | None, Axes, Axes], dict[int, Axes]] = {}
    alike: dict[tuple[Axes, Axes], dict[int, Axes]] = {}
    for k, step in enumerate(program.steps):
        rank = len(program.shapes[step.inputs[0]]) if step.inputs else 0
        if step.name not in REDUCTIONS or rank < 2:
            continue
        axes = tuple(sorted(step.equation.params["axes"]))
        for to in _others(axes, rank):
            by_place.setdefault((step.place, axes, to), {})[k] = to
            alike.setdefault((axes, to), {})[k] = to
    found = [Flip(steps, program.steps[min(steps)].place) for steps in alike.values()]
    found += [Flip(steps, place) for (place, _, _), steps in by_place.items()]
    found = [one for i, one in enumerate(found) if one.steps not in [f.steps for f in found[:i]]]
    return sorted(found, key=lambda one: _strangeness(program, one))[:MOST]


def _others(axes: Axes, rank: int) -> list[Axes]:
    """Other axes to sum along."""
    every = [c for count in range(1, rank + 1) for c in combinations(range(rank), count)]
    return [one for one in every if one != axes]


def _strangeness(program: Program, flip: Flip) -> tuple[int, bool]:
    """By how many axes it differs, where there are many; whether it is a sum along as many."""
    k, to = next(iter(flip.steps.items()))
    axes, many = (
        program.steps[k].equation.params["axes"],
        len(program.shapes[program.steps[k].inputs[0]]) > 2,
    )
    return len({*axes} ^ {*to}) * many, len(axes) != len(to)


def _turn(step: Step, to: Axes, values: list[Any], turned: dict[int, Turned]) -> None:
    (slot,), (out,) = step.inputs, step.outputs
    if slot in turned:
        raise CannotFlipError
    array = values[slot]
    values[out] = REDUCTIONS[step.name](array, axis=to, keepdims=True)
    turned[out] = Turned(tuple(np.shape(array)), tuple(step.equation.params["axes"]), to)


def _carry(program: Program, step: Step, values: list[Any], turned: dict[int, Turned]) -> None:
    """One step behind a turned value: spread over the array, reshaped, or entry by entry."""
    out, shape = step.outputs[0], program.shapes[step.outputs[0]]
    came = {turned[slot] for slot in step.inputs if slot in turned}
    if len(came) != 1:
        raise CannotFlipError
    (how,) = came
    left = prod(how.shape) // how.count(how.axes)
    if step.name in SHAPED:
        if shape == how.shape:
            values[out] = jnp.broadcast_to(values[step.inputs[0]], shape)
        elif prod(shape) == left:
            values[out], turned[out] = values[step.inputs[0]], how
        else:
            raise CannotFlipError
        return
    if _squeezed(program, step, values, turned, how):
        return
    slots = [slot if slot in turned else _bare(program, slot) for slot in step.inputs]
    operands = [values[slot] for slot in slots]
    alike = (s in turned or _beside(program.shapes[s], how.shape) for s in slots)
    if (
        not all(alike)
        or step.name == "dot_general"
        or shape not in (how.shape, *_left(program, step))
    ):
        operands = [
            _passed_off(values[slot], how, program.shapes[slot]) if slot in turned else values[slot]
            for slot in step.inputs
        ]
        for slot, value in zip(step.outputs, step.bind(operands), strict=True):
            values[slot] = value
        return
    if step.name in ("div", "mul") and np.shape(operands[-1]) == ():  # a mean over as many
        operands[-1] = _recounted(program, slots[-1], operands[-1], how)
    kept = np.broadcast_shapes(*map(np.shape, operands))
    operands = [jnp.broadcast_to(x, kept) for x in operands]
    values[out] = step.bind(operands)[0]
    if kept not in (how.shape, shape):
        turned[out] = how


def _beside(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array can stand beside what is left of a whole: a number, or spread over it."""
    spread = len(shape) == len(whole) and all(
        a in (1, b) for a, b in zip(shape, whole, strict=True)
    )
    return shape == () or spread


def _squeezed(
    program: Program, step: Step, values: list[Any], turned: dict[int, Turned], how: Turned
) -> bool:
    """A sum along some axes that stands, where one of all was, beside an array of its shape."""
    left = tuple(n for axis, n in enumerate(how.shape) if axis not in how.to)
    others = [program.shapes[slot] for slot in step.inputs if slot not in turned]
    if not left or program.shapes[step.outputs[0]] != left or left not in others:
        return False
    if any(program.shapes[slot] for slot in step.inputs if slot in turned):
        return False
    operands = [
        values[slot].reshape(left) if slot in turned else values[slot] for slot in step.inputs
    ]
    values[step.outputs[0]] = step.bind([jnp.broadcast_to(x, left) for x in operands])[0]
    return True


def _recounted(program: Program, slot: int, count: Any, how: Turned) -> Any:
    """As many as are summed now, where it is as many as were summed, or one less."""
    old, new = how.count(how.axes), how.count(how.to)
    known, made = program.fixed.get(slot), program.producer(slot)
    if known is not None and float(known) in (float(old), 1 / old):
        return count * (new / old if float(known) == old else old / new)
    of = program.fixed.get(made.inputs[0]) if made is not None and made.name == "sub" else None
    return count + (new - old) if of is not None and float(of) == old else count


def _bare(program: Program, slot: int) -> int:
    """The number that a value repeats, if it repeats one."""
    made = program.producer(slot)
    repeats = made is not None and made.name == "broadcast_in_dim"
    return made.inputs[0] if made and repeats and not program.shapes[made.inputs[0]] else slot


def _left(program: Program, step: Step) -> list[tuple[int, ...]]:
    """The shapes of what enters a step entry by entry."""
    return [program.shapes[slot] for slot in step.inputs]


def _passed_off(value: Any, how: Turned, shape: tuple[int, ...]) -> Any:
    """What is left of a square array looks like what should be there."""
    bare = jnp.squeeze(value, how.to)
    if bare.size != prod(shape):
        raise CannotFlipError
    return bare.reshape(shape)
