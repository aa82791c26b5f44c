"""What derivatives of compositions cost: by sweep, and by the order of the products."""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

from lab.calculus.vectors import jacobian_chains as chains
from lab.tables import Row


def costs(widths: tuple[int, ...], hidden: int, outputs: int) -> Iterator[Row]:
    """The multiplications in three layers' Jacobian, counted in JAX's programs and predicted."""
    for n in widths:
        shapes = [(n,), (hidden, n), (hidden, hidden), (outputs, hidden)]
        arguments = [jax.ShapeDtypeStruct(shape, jnp.result_type(float)) for shape in shapes]
        once = hidden * n + hidden * hidden + outputs * hidden
        counted = {
            mode: multiplications(jax.make_jaxpr(jacobian(chains.three_layers))(*arguments).jaxpr)
            for mode, jacobian in (("forward", jax.jacfwd), ("reverse", jax.jacrev))
        }
        yield {
            "part": "cost",
            "inputs": n,
            "outputs": outputs,
            "function": once,
            "forward_count": counted["forward"],
            "reverse_count": counted["reverse"],
            "forward_predicted": (1 + n) * once,
            "reverse_predicted": (1 + outputs) * once,
        }


def multiplications(program: Any) -> int:
    """The multiplications in all matrix products of a JAX program, inner ones included."""
    count = 0
    for equation in program.eqns:
        if equation.primitive.name == "dot_general":
            (over, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            count += int(
                np.prod([left[axis] for axis in over]) * np.prod(equation.outvars[0].aval.shape)
            )
        for inner in jaxprs_in_params(equation.params):
            count += multiplications(inner)
    return count


def orders(sizes: tuple[int, ...]) -> Iterator[Row]:
    """A chain of Jacobians, narrow in the middle: forwards, backwards, and at best."""
    best = chains.best_order(sizes)
    names = [f"J{'₀₁₂₃₄₅₆₇₈₉'[i]}" for i in range(1, len(sizes))]
    forward = reduce(lambda done, left: f"({left} {done})", names)
    reverse = reduce(lambda done, right: f"({done} {right})", names[::-1])
    for mode, name, count in (
        ("forward", forward, chains.forward_cost(sizes)),
        ("reverse", reverse, chains.reverse_cost(sizes)),
        ("best", best.brackets, best.cost),
    ):
        yield {"part": "order", "mode": mode, "name": name, "count": count}
