"""The names of the leaves of a pytree: ``{"layers": [{"W": ...}]}`` has the leaf ``layers.0.W``."""

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
    """The Euclidean norm of all numbers in ``tree`` together, finite as long as they are."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if leaf.size]
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in leaves]))
    # squares overflow, and vanish, long before the numbers do
    unit = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
    squares = [jnp.sum((leaf / unit) ** 2) for leaf in leaves]
    return unit * jnp.sqrt(jnp.sum(jnp.stack(squares)))
