"""A program in which some sums (or maxima) of matrices run along the other axis.

What they leave, one number per row, becomes one per column; the change is carried on through
entrywise steps to where it is spread over the matrix again. Where that makes no sense, the
alteration is given up."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import lax

from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program, Step

REDUCTIONS = ("reduce_sum", "reduce_max", "reduce_min")
SHAPED = ("broadcast_in_dim", "reshape", "squeeze")
MOST = 4


class CannotFlipError(Exception):
    """The alteration makes no sense for this program."""


class Flip(NamedTuple):
    """``steps`` are the reductions to be turned; ``place`` where they are written."""

    steps: frozenset[int]
    place: Place | None

    def run(self, program: Program, leaves: Sequence[Any]) -> list[Any]:
        """All values, as `Program.run` gives them; raises `CannotFlipError`."""
        values: list[Any] = [None] * len(program.shapes)
        for slot, leaf in zip(program.arguments, leaves, strict=True):
            values[slot] = leaf
        for slot, constant in program.fixed.items():
            values[slot] = constant
        flipped: dict[int, tuple[int, int]] = {}  # value -> shape of the matrix it came from
        for k, step in enumerate(program.steps):
            operands = [values[slot] for slot in step.inputs]
            came = {flipped[slot] for slot in step.inputs if slot in flipped}
            if k in self.steps:
                values[step.outputs[0]] = _other_axis(step, operands[0])
                flipped[step.outputs[0]] = tuple(operands[0].shape)
            elif not came:
                _store(values, step, _bound(step, operands))
            elif len(came) == 1:
                _carry(program, step, operands, values, flipped, came.pop())
            else:
                raise CannotFlipError
        if any(slot in flipped for slot in program.outputs):
            raise CannotFlipError
        return values


def flips(program: Program) -> list[Flip]:
    """The reductions of one expression together, and those of all expressions."""
    by_place: dict[Place | None, set[int]] = {}
    for k, step in enumerate(program.steps):
        matrix = step.name in REDUCTIONS and len(program.shapes[step.inputs[0]]) == 2
        if matrix and len(step.equation.params["axes"]) == 1:
            by_place.setdefault(step.place, set()).add(k)
    found = [Flip(frozenset(steps), place) for place, steps in by_place.items()]
    if len(found) > 1:
        everything = frozenset(k for flip in found for k in flip.steps)
        found.insert(0, Flip(everything, found[0].place))
    return found[:MOST]


def _bound(step: Step, operands: Sequence[Any]) -> Any:
    params = step.equation.primitive.get_bind_params(step.equation.params)
    return step.equation.primitive.bind(*operands, **params)


def _store(values: list[Any], step: Step, out: Any) -> None:
    several = step.equation.primitive.multiple_results
    for slot, value in zip(step.outputs, out if several else [out], strict=True):
        values[slot] = value


def _other_axis(step: Step, matrix: Any) -> Any:
    (axis,) = step.equation.params["axes"]
    reduce = {"reduce_sum": lax.reduce_sum, "reduce_max": lax.reduce_max}.get(
        step.name, lax.reduce_min
    )
    return reduce(matrix, (1 - axis,))


def _carry(
    program: Program,
    step: Step,
    operands: list[Any],
    values: list[Any],
    flipped: dict[int, tuple[int, int]],
    matrix: tuple[int, int],
) -> None:
    """One step behind a flipped value: spread over the matrix, reshaped, or entry by entry."""
    out = step.outputs[0]
    shape = program.shapes[out]
    if step.name in SHAPED:
        vector = operands[0].reshape(-1)
        axis = 0 if len(vector) == matrix[0] and len(vector) != matrix[1] else 1
        if matrix[0] == matrix[1]:
            raise CannotFlipError
        column = vector.reshape((-1, 1) if axis == 0 else (1, -1))
        if shape == matrix:
            values[out] = column + np.zeros(matrix)
            return
        values[out] = column if len(shape) == 2 else vector
        flipped[out] = matrix
        return
    inputs = []
    for slot, operand in zip(step.inputs, operands, strict=True):
        if slot not in flipped and np.shape(operand) == ():
            count = program.fixed.get(slot)
            old, new = program.shapes[step.inputs[0]], np.shape(operands[0])
            if count is not None and old != new and float(count) in map(float, matrix):
                operand = np.asarray(sum(matrix) - count, np.asarray(count).dtype)
            inputs.append(operand)
        elif slot in flipped or (len(np.shape(operand)) == 2 and np.shape(operand) == matrix):
            inputs.append(operand)
        else:
            raise CannotFlipError
    shapes = {np.shape(x) for x in inputs if np.shape(x)} - {matrix}
    if len(shapes) != 1:
        raise CannotFlipError
    values[out] = _bound(step, inputs)
    if np.shape(values[out]) != matrix:
        flipped[out] = matrix
