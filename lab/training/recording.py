"""How params appear in the record: themselves where they are few, else what tells most of many.

Each is a function of a step that returns named scalars, so a recording is a problem with more of
them: the loop knows nothing of it.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from lab.training import leaves
from lab.training.problem import Batch, Params, Problem, Scalar, numbers, readable_point


def recording(problem: Problem, settings: Mapping[str, Any], key: Key[Array, ""]) -> Problem:
    """``problem`` with the columns that the config's ``record`` asks for beside its own.

    ``params``      ``auto``: as the problem has it (``point``), else the numbers themselves where
                    there are at most 32, else the norm of each leaf. ``all``: every number.
                    ``norms``: the norm of each leaf. ``none``.
    ``layers``      for each leaf its mean and deviation, the norms of the leaf and of its
                    gradient, and the norm of its update over its own.
    ``projection``  two coordinates of all params together, along directions drawn by the key.
    """
    found = {
        "auto": problem.point or readable_point,
        "all": numbers,
        "norms": norms,
        "none": lambda params: {},
    }[settings["params"]]
    along = directions(key, problem.start) if settings["projection"] else ()

    def point(params: Params) -> dict[str, Scalar]:
        places = {
            f"projection_{number}": _product(direction, params)
            for number, direction in enumerate(along, 1)
        }
        return found(params) | places

    def metrics(
        params: Params, gradient: Params, update: Params, batch: Batch
    ) -> dict[str, Scalar]:
        own = problem.metrics(params, gradient, update, batch)
        return own | layers(params, gradient, update) if settings["layers"] else own

    return problem._replace(point=point, metrics=metrics)


def norms(params: Params) -> dict[str, Scalar]:
    """The norm of each leaf ``W``, as ``W_norm``."""
    return {f"{name}_norm": leaves.norm(leaf) for name, leaf in leaves.named(params).items()}


def layers(params: Params, gradient: Params, update: Params) -> dict[str, Scalar]:
    """``W.mean``, ``W.std``, ``W.norm``, ``W.gradient_norm``, ``W.update_ratio`` of each leaf."""
    trees = (leaves.named(tree) for tree in (params, gradient, update))
    found: dict[str, Scalar] = {}
    for (name, leaf), slope, step in zip(
        *(tree.items() if not place else tree.values() for place, tree in enumerate(trees)),
        strict=True,
    ):
        norm = leaves.norm(leaf)
        found |= {
            f"{name}.mean": jnp.mean(leaf),
            f"{name}.std": jnp.std(leaf),
            f"{name}.norm": norm,
            f"{name}.gradient_norm": leaves.norm(slope),
            # of a leaf that is zero, as biases at first are, there is no share
            f"{name}.update_ratio": leaves.norm(step) / jnp.where(norm > 0, norm, jnp.nan),
        }
    return found


def directions(key: Key[Array, ""], params: Params) -> tuple[Params, Params]:
    """Two directions of length one at right angles, spread evenly over all there are.

    The projection of a path on them keeps the shape of what is long in it: distances shrink by
    about ``sqrt(2 / n)`` for ``n`` numbers, whichever way they point (Johnson and Lindenstrauss).
    """
    flat, structure = jax.tree.flatten(params)

    def drawn(key: Key[Array, ""]) -> Params:
        keys = jax.random.split(key, len(flat))
        normal = [
            jax.random.normal(k, leaf.shape, leaf.dtype) for k, leaf in zip(keys, flat, strict=True)
        ]
        return _scaled(jax.tree.unflatten(structure, normal))

    first, second = map(drawn, jax.random.split(key))
    overlap = _product(first, second)
    across = jax.tree.map(lambda a, b: b - overlap * a, first, second)
    return first, _scaled(across)


def _scaled(tree: Params) -> Params:
    size = leaves.norm(tree)
    # one number has no second direction
    return jax.tree.map(lambda leaf: leaf / jnp.where(size > 0, size, 1), tree)


def _product(a: Params, b: Params) -> Float[Array, ""]:
    products = jax.tree.map(lambda x, y: jnp.sum(x * y), a, b)
    return jnp.sum(jnp.stack(jax.tree.leaves(products)))
