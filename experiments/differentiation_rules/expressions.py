"""Expressions as nested tuples: evaluated, drawn at random, and differentiated by machines."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np


def evaluated(tree: Any, x: Any) -> Any:
    """The value of an expression at x."""
    if isinstance(tree, str):
        if tree != "x":
            raise ValueError(f"{tree!r} is no expression")
        return x
    if isinstance(tree, tuple | list):
        if len(tree) != 3 or tree[0] not in ("+", "*", "^"):
            raise ValueError(f"{tree!r} is no expression")
        sign, u, v = tree
        if sign == "^":
            return evaluated(u, x) ** int(v)
        u, v = evaluated(u, x), evaluated(v, x)
        return u + v if sign == "+" else u * v
    return float(tree) + 0 * x


def grown(rng: np.random.Generator, height: int) -> Any:
    """A random expression."""
    if height == 0:
        return "x" if rng.random() < 0.7 else int(rng.integers(-3, 4))
    sign = ("+", "*", "^")[rng.integers(3)]
    left = grown(rng, height - 1)
    return (sign, left, int(rng.integers(1, 4)) if sign == "^" else grown(rng, height - 1))


def words(tree: Any) -> str:
    """An expression as it is written."""
    return f"({words(tree[1])} {tree[0]} {words(tree[2])})" if type(tree) is tuple else str(tree)


def differentiates(machine: Callable[[Any], Any]) -> str | None:
    """Whether what a machine makes of an expression is its derivative."""
    rng = np.random.default_rng(0)
    few = [2, "x", ("+", "x", 3), ("*", 3, "x"), ("*", "x", "x"), ("^", "x", 3), ("^", "x", 1)]
    x = np.array([-1.3, 0.4, 1.7])
    for tree in [*few, *(grown(rng, height) for height in (2, 2, 3, 3, 3))]:
        try:
            given = np.array([float(evaluated(machine(tree), one)) for one in x])
        except ZeroDivisionError:
            return f"of {words(tree)} it divides by 0"
        except (ValueError, TypeError) as problem:
            said = (
                str(problem) if "no expression" in str(problem) else "something in it is no number"
            )
            return f"of {words(tree)} it makes no expression: {said}"
        f = lambda one, tree=tree: evaluated(tree, one)
        right = np.array([float(jax.grad(f)(one)) for one in x])
        if not np.allclose(given, right, rtol=1e-5, atol=1e-6):
            at = int(np.argmax(abs(given - right)))
            return f"of {words(tree)} it is {given[at]:.4g} at x = {x[at]:g}, not {right[at]:.4g}"
    return None


def factor_by_factor(tree: Any) -> Any:
    """A product of slopes is no slope."""
    if not isinstance(tree, tuple):
        return float(tree == "x")
    sign, u, v = tree
    if sign == "^":
        return ("*", float(v), ("^", u, v - 1)) if v > 1 else 1.0
    return (sign, factor_by_factor(u), factor_by_factor(v))


def without_inner_slope(tree: Any) -> Any:
    """(u^n)' = n u^(n-1) holds for u = x only."""
    if not isinstance(tree, tuple):
        return float(tree == "x")
    sign, u, v = tree
    if sign == "^":
        return ("*", float(v), ("^", u, v - 1)) if v > 1 else 1.0
    du, dv = without_inner_slope(u), without_inner_slope(v)
    return ("+", du, dv) if sign == "+" else ("+", ("*", du, v), ("*", u, dv))
