"""The formula behind an implementation in low precision: the same program without its narrow types.

A backward pass in float16 or bfloat16 is two things: a formula, which is right or wrong in exact
arithmetic, and its rounding. Every value of the traced program is widened to the precision on
trial, casts included, so that the formula can be asked as sharply as any other."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.programs.traced import Program, Step, trace

CASTS = ("convert_element_type", "reduce_precision")


def grain(program: Program) -> float:
    """The largest rounding unit among the floating values that depend on an argument."""
    depends = set(program.arguments)
    worst = float(np.finfo(np.float64).eps)
    for step in program.steps:
        if not depends & set(step.inputs):
            continue
        depends |= set(step.outputs)
        for variable in step.equation.outvars:
            kind = getattr(variable.aval, "dtype", None)
            if kind is not None and jnp.issubdtype(kind, jnp.floating):
                worst = max(worst, float(jnp.finfo(kind).eps))
    return worst


def widened(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with every floating value in the widest type at hand. It raises where a step
    insists on its type (a kernel, a loop over narrow values).
    """

    @functools.wraps(function)
    def wide(*args: Any) -> Any:
        leaves, tree = jax.tree.flatten(args)
        arrays = [i for i, leaf in enumerate(leaves) if hasattr(leaf, "dtype")]
        out_tree: list[Any] = []

        def flat(*given: Any) -> Any:
            full = list(leaves)
            for i, value in zip(arrays, given, strict=True):
                full[i] = value
            out = function(*jax.tree.unflatten(tree, full))
            out_leaves, made = jax.tree.flatten(out)
            out_tree.append(made)
            return out_leaves

        program = trace(flat, [leaves[i] for i in arrays], ())
        values = program.run([_wide(leaves[i]) for i in arrays], bind=_bound, fixed=_fixed(program))
        return jax.tree.unflatten(out_tree[-1], [values[slot] for slot in program.outputs])

    return wide


def _fixed(program: Program) -> dict[int, Any]:
    return {slot: _wide(value) for slot, value in program.fixed.items()}


def _wide(value: Any) -> Any:
    kind = getattr(value, "dtype", None)
    if kind is None or not jnp.issubdtype(kind, jnp.floating):
        return value
    return jnp.asarray(value).astype(float)


def _bound(step: Step, operands: list[Any]) -> Any:
    if step.name in CASTS:
        kind = step.equation.outvars[0].aval.dtype
        if jnp.issubdtype(kind, jnp.floating):
            return [jnp.asarray(operands[0]).astype(float)]
    params = dict(step.equation.params)
    if params.get("preferred_element_type") is not None:
        params["preferred_element_type"] = None
    return step.bind([_wide(operand) for operand in operands], params)
