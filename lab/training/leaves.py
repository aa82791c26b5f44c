"""The names of the leaves of a pytree: ``{"layers": [{"W": ...}]}`` has the leaf ``layers.0.W``."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree


def named(tree: PyTree, *, root: str = "params") -> dict[str, Any]:
    """The leaves of ``tree`` by name, in the order of the tree; a lone leaf is called ``root``.

    Raises ``ValueError`` where two leaves would have one name, as in ``{"a.b": 1, "a": {"b": 2}}``.
    """
    leaves: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        name = jax.tree_util.keystr(path, simple=True, separator=".") or root
        if name in leaves:
            raise ValueError(f"two leaves are called {name!r}")
        leaves[name] = leaf
    return leaves


def cast(tree: PyTree, dtype: Any) -> PyTree:
    """``tree`` with its floating leaves in ``dtype``; integers, flags and random keys are left."""

    def leaf_cast(leaf: Any) -> Any:
        array = jnp.asarray(leaf)
        return array.astype(dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array

    return jax.tree.map(leaf_cast, tree)


def norm(tree: PyTree[Float[Array, "..."]]) -> Float[Array, ""]:
    """The Euclidean norm of all numbers in ``tree`` together, finite as long as it is a number.

    Squares overflow, and vanish, long before the numbers do. So what is large is first made small,
    and what is small large, by a power of two, which rounds nothing (Blue 1978, ACM TOMS 4). Where
    there are many numbers they are looked through for that only if their squares do not add up to
    something ordinary.
    """
    leaves = [leaf for leaf in jax.tree.leaves(tree) if leaf.size]
    if sum(leaf.size for leaf in leaves) <= _FEW:
        return _scaled_norm(leaves)
    total = functools.reduce(jnp.add, [jnp.sum(leaf**2) for leaf in leaves])
    far = 2.0 ** (jnp.finfo(total.dtype).maxexp * 5 // 8)
    ordinary = (total > 1 / far) & (total < far)
    return jax.lax.cond(ordinary, lambda _: jnp.sqrt(total), _scaled_norm, leaves)


# a branch costs more than a look at so many numbers
_FEW = 64


def _scaled_norm(leaves: list[Float[Array, "..."]]) -> Float[Array, ""]:
    largest = functools.reduce(jnp.maximum, [jnp.max(jnp.abs(leaf)) for leaf in leaves])
    limits = jnp.finfo(largest.dtype)
    # squares of numbers from 1/far to far can be summed, a quarter of all binary digits of them
    far = 2.0 ** (limits.maxexp * 5 // 16)
    apart = 2.0 ** (limits.maxexp * 11 // 16)
    unit = jnp.where(largest > far, apart, jnp.where(largest < 1 / far, 1 / apart, 1.0))
    unit, inverse = (one.astype(largest.dtype) for one in (unit, 1 / unit))
    squares = [jnp.sum((leaf * inverse) ** 2) for leaf in leaves]
    return unit * jnp.sqrt(functools.reduce(jnp.add, squares))
