"""Where a program branches: the constants it compares its values with, read from what JAX traces.

A mistake that lives beyond ``x > 2.5``, or exactly at a kink at 0.7, is met by chance alone
unless somebody looks there. Both the function and the hand derivation are read: either may branch
where the other does not.
"""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from lab.derivation import Derivation

COMPARING = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "max", "min", "clamp"})
MOST = 4
USUAL = (0.0, 1.0)  # visited by every domain that has them


def thresholds(claim: Derivation, args: tuple[Any, ...]) -> tuple[float, ...]:
    """The constants that either program compares with, at arguments of this shape; a few at
    most.
    """
    found: dict[float, None] = {}
    for program in _programs(claim, args):
        found |= dict.fromkeys(_compared(program))
    return tuple(value for value in found if value not in USUAL)[:MOST]


def _programs(claim: Derivation, args: tuple[Any, ...]) -> Iterator[Any]:
    """The programs of the function and of the hand, where JAX can trace them."""
    arrays = [i for i, arg in enumerate(args) if not isinstance(arg, int)]

    def closed(function: Any, *extra: Any) -> Any:
        def of_arrays(*given: Any) -> Any:
            full = list(args)
            for i, value in zip(arrays, given, strict=True):
                full[i] = value
            return function(*full, *extra)

        return jax.make_jaxpr(of_arrays, return_shape=True)(*(args[i] for i in arrays))

    try:
        program, out = closed(claim.of)
    except Exception:
        return
    yield program.jaxpr
    slots = tuple(args[position] for position in claim.wrt)
    like = {"jvp": slots[0] if claim.single else slots, "vjp": out}.get(claim.kind)
    extra = () if like is None else (jax.tree.map(lambda leaf: np.ones(leaf.shape), like),)
    try:
        yield closed(claim.hand, *extra)[0].jaxpr
    except Exception:
        return


def _compared(program: Any) -> Iterator[float]:
    """Literal operands of comparisons, in the program and in those it calls."""
    for equation in program.eqns:
        if equation.primitive.name in COMPARING:
            for operand in equation.invars:
                value = getattr(operand, "val", None)
                if value is not None and np.ndim(value) == 0 and 1e-6 < abs(value) < 1e6:
                    yield float(value)
        for inner in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda leaf: hasattr(leaf, "eqns")
        ):
            if hasattr(inner, "jaxpr"):
                inner = inner.jaxpr
            if hasattr(inner, "eqns"):
                yield from _compared(inner)
