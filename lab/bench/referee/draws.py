"""Where the cases are sampled: opaque functions ``key -> args``, as a user of `lab.check` has them.

A leaf is a function of a NumPy generator; `at` joins leaves (in pytrees, if need be) to a sampler.
What is not callable stands for itself."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

Leaf = Callable[[np.random.Generator], Any]
Sampler = Callable[[Any], Any]


def at(*places: Any) -> Sampler:
    """The sampler of these arguments."""

    def draw(key: Any) -> tuple[Any, ...]:
        rng = generator(key)
        return jax.tree.map(lambda leaf: leaf(rng) if callable(leaf) else leaf, places)

    return draw


def sized(low: int, high: int, places: Callable[[int], tuple[Any, ...]]) -> Sampler:
    """The sampler of arguments whose size ``n`` is drawn, too: ``low <= n <= high``."""

    def draw(key: Any) -> tuple[Any, ...]:
        rng = generator(key)
        n = int(rng.integers(low, high + 1))
        return jax.tree.map(lambda leaf: leaf(rng) if callable(leaf) else leaf, places(n))

    return draw


def mixed(*samplers: Sampler) -> Sampler:
    """One of these samplers, each as often as the others."""

    def draw(key: Any) -> Any:
        return samplers[generator(key).integers(len(samplers))](key)

    return draw


def generator(key: Any) -> np.random.Generator:
    """NumPy's generator for a key of `jax.random`: drawing compiles nothing."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Leaf:
    return lambda rng: shift + scale * rng.standard_normal(shape)


def uniform(low: float, high: float, *shape: int) -> Leaf:
    return lambda rng: rng.uniform(low, high, shape)


def positive(*shape: int, spread: float = 0.5) -> Leaf:
    return lambda rng: np.exp(spread * rng.standard_normal(shape))


def magnitudes(low: float, high: float, *shape: int) -> Leaf:
    """Positive, all orders of magnitude between ``low`` and ``high`` alike."""
    return lambda rng: np.exp(rng.uniform(np.log(low), np.log(high), shape))


def signed(leaf: Leaf) -> Leaf:
    """Either sign, entry by entry."""

    def draw(rng: np.random.Generator) -> Any:
        size = leaf(rng)
        return size * rng.choice((-1.0, 1.0), np.shape(size))

    return draw


def integers(low: int, high: int, *shape: int) -> Leaf:
    """Whole numbers ``low <= i < high``, as integers."""
    return lambda rng: rng.integers(low, high, shape)


def of(values: Any, *shape: int) -> Leaf:
    """Any of these values, entry by entry, as floating-point numbers."""
    return lambda rng: rng.choice(np.asarray(values, float), shape)


def simplex(*shape: int) -> Leaf:
    """Positive, and summing to one along the last axis."""

    def draw(rng: np.random.Generator) -> Any:
        weights = rng.gamma(2.0, size=shape) + 0.05
        return weights / weights.sum(-1, keepdims=True)

    return draw


def spd(n: int, least: float = 0.5) -> Leaf:
    def draw(rng: np.random.Generator) -> Any:
        root = rng.standard_normal((n, n))
        return root @ root.T / n + least * np.eye(n)

    return draw


def symmetric(n: int) -> Leaf:
    def draw(rng: np.random.Generator) -> Any:
        root = rng.standard_normal((n, n))
        return (root + root.T) / 2

    return draw


def invertible(n: int) -> Leaf:
    """No symmetry, and far from singular."""
    return lambda rng: rng.standard_normal((n, n)) + 3.0 * np.eye(n)


def unit(*shape: int) -> Leaf:
    def draw(rng: np.random.Generator) -> Any:
        x = rng.standard_normal(shape)
        return x / np.linalg.norm(x, axis=-1, keepdims=True)

    return draw


def tied(leaf: Leaf) -> Leaf:
    """As the leaf says, with the first entry repeated in the second."""

    def draw(rng: np.random.Generator) -> Any:
        x = np.array(leaf(rng))
        x[..., 1] = x[..., 0]
        return x

    return draw


def sometimes(leaf: Leaf, other: Leaf) -> Leaf:
    """The one or the other, at the toss of a coin."""
    return lambda rng: leaf(rng) if rng.random() < 0.5 else other(rng)
