"""Stacks: arrays that hold one thing for each of several points, along their first axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def anywhere(mask: np.ndarray) -> np.ndarray:
    """Point by point, whether the mask holds for any entry."""
    return np.asarray(mask.reshape(len(mask), -1).any(axis=1))


def everywhere(mask: np.ndarray) -> np.ndarray:
    """Point by point, whether the mask holds for all entries."""
    return np.asarray(mask.reshape(len(mask), -1).all(axis=1))


def largest(sizes: np.ndarray) -> np.ndarray:
    """Point by point, the largest entry; 0 where there are none."""
    return np.asarray(sizes.reshape(len(sizes), -1).max(axis=1, initial=0.0))


def over(numbers: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A number for each point, to go with every entry of a stack."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))


def arrays(leaves: Sequence[Any]) -> list[np.ndarray]:
    """The leaves, with nothing in place of JAX's keys."""
    return [x if isinstance(x, np.ndarray) else np.zeros(len(x)) for x in leaves]
