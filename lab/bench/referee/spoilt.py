"""Right derivatives, spoilt: mistakes that can be made with anything.

A spoiler takes the right derivative, what it is taken with respect to, and a number that picks
among its variants, and answers the names of the mistake with the wrong derivative."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Hand = Callable[..., Any]
Spoiler = Callable[[Hand, Any, int], tuple[str, Hand]]

FACTORS = (2.0, 0.5, 1.5, 2 / 3, 10.0, 0.1)
ERRORS = (1e-3, -1e-3, 3e-4, -1e-4, 1e-4, 1e-5, -1e-5, 1e-6)


def _leaves(change: Callable[[Any], Any], number: int) -> Callable[[Any], Any]:
    """The change made to every leaf, or now and then to one of several."""

    def changed(tree: Any) -> Any:
        leaves, structure = jax.tree.flatten(tree)
        only = number // 7 % (2 * len(leaves))  # half of the numbers mean all of them
        kept = [
            change(leaf) if only in (i, *range(len(leaves), 2 * len(leaves))) else leaf
            for i, leaf in enumerate(leaves)
        ]
        return jax.tree.unflatten(structure, kept)

    return changed


def _after(names: str, change: Callable[[Any], Any]) -> Spoiler:
    def spoil(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
        changed = _leaves(change, number)
        return names, lambda *args: changed(right(*args))

    return spoil


def _factor(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    factor = FACTORS[number % len(FACTORS)]
    return _after("factor", lambda g: factor * g)(right, wrt, number)


def _constant(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    factor = 1 + ERRORS[number % len(ERRORS)]
    return _after("constant|factor", lambda g: factor * g)(right, wrt, number)


def _argument(wrt: Any, args: Any) -> Any:
    """The first floating array that is differentiated."""
    first = args[wrt[0] if isinstance(wrt, tuple) else wrt]
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(first)]
    return next(leaf for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))


def _extra(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    """A penalty that is not there, its gradient added to that of the first argument."""
    weight = (0.1, 0.01, 1.0)[number % 3]

    def hand(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(right(*args))
        first = leaves[0] + weight * _argument(wrt, args)
        return jax.tree.unflatten(structure, [first, *leaves[1:]])

    return "extra_term", hand


WHERE: tuple[Callable[[Any], Any], ...] = (
    lambda x: x < 0,
    lambda x: x > 1,
    lambda x: jnp.abs(x) < 0.2,
    lambda x: jnp.ravel(x)[0] > jnp.ravel(x)[-1],
    lambda x: jnp.sum(x) < 0,
    lambda x: jnp.ravel(x)[-1] > 0.5,
)
WRONG: tuple[Callable[[Any], Any], ...] = (
    lambda g: 0.0 * g,
    lambda g: -g,
    lambda g: 1.01 * g,
    lambda g: 0.5 * g,
    lambda g: g + 0.1,
)


def _region(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    """Wrong where the argument lies in some part of its domain: all of it, or entry by entry."""
    inside, wrong = WHERE[number % len(WHERE)], WRONG[number // 11 % len(WRONG)]

    def hand(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(right(*args))
        here = inside(_argument(wrt, args))
        if jnp.ndim(here) and jnp.shape(here) != jnp.shape(leaves[0]):
            here = jnp.ravel(here)[0]
        first = jnp.where(here, wrong(leaves[0]), leaves[0])
        return jax.tree.unflatten(structure, [first, *leaves[1:]])

    return "region", hand


def _index(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    ways = (lambda g: jnp.roll(g, 1, -1), lambda g: jnp.roll(g, -1, -1), lambda g: g[..., ::-1])
    way = ways[number % len(ways)]
    return "index", lambda *args: jax.tree.map(way, right(*args))


def _shape(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    ways = (
        lambda g: jnp.asarray(g)[None],
        lambda g: jnp.asarray(g)[..., None],
        lambda g: jnp.stack([g, g]),
        lambda g: jnp.ravel(g) if jnp.ndim(g) != 1 else g[:, None],
    )
    way = ways[number % len(ways)]
    return "shape", lambda *args: jax.tree.map(way, right(*args))


def _zero(right: Hand, wrt: Any, number: int) -> tuple[str, Hand]:
    """One leaf of several is forgotten."""

    def hand(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(right(*args))
        one = number % len(leaves)
        leaves[one] = jnp.zeros_like(leaves[one])
        return jax.tree.unflatten(structure, leaves)

    return "missing_term", hand


SPOILERS: dict[str, Spoiler] = {
    "sign": _after("sign", lambda g: -g),
    "factor": _factor,
    "constant": _constant,
    "extra": _extra,
    "region": _region,
    "index": _index,
    "shape": _shape,
    "zero": _zero,
    "transpose": _after("transpose", lambda g: jnp.swapaxes(g, -1, -2)),
}
