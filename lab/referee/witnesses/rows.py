"""Rows of a Jacobian at a kink: each is the gradient of one number, and held to the hull of those
nearby in common directions.

Entry by entry both slopes of a larger of two may be one at a tie; no gradient nearby has both. A
Jacobian has a row for each entry of the output, and slopes taken entry by entry have one across
their arguments."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.referee.asking.evaluate import Raised

KINDS = ("jacobian", "derivative")
ASKED = 8  # rows that get a neighbour of their own, of each leaf and direction
SLACK = 10  # times what an entry may be off

Leaves = Sequence[np.ndarray]


class Nearby(NamedTuple):
    """Truths next to a point, leaf by leaf: ahead along each of the ``ways`` and behind, in turns.
    ``ask`` gives more of them.
    """

    kind: str
    samples: Leaves
    ways: Sequence[Leaves]
    ask: Callable[[list[Leaves]], Any]


def supported(near: Nearby, hand: Leaves, slack: float) -> bool:
    """No direction in which a row of the hand's exceeds every row nearby (the support function)."""
    told = [leaf[None] for leaf in hand]
    for k, way in enumerate(near.ways):
        reach = SLACK * slack * sum(float(np.abs(v).sum()) for v in way)
        claimed, there = along(near.kind, told, way), along(near.kind, near.samples, way)
        for out, (said, found) in enumerate(zip(claimed, there, strict=True)):
            for sign in (1.0, -1.0):
                exceeds = sign * said[0] > (sign * found).max(axis=0) + reach
                for row in np.flatnonzero(exceeds)[:ASKED]:
                    own = _own(near, k, out, int(row), sign)
                    if own is None or sign * said[0, row] > (sign * own).max() + reach:
                        return False
    return True


def _own(near: Nearby, k: int, out: int, row: int, sign: float) -> np.ndarray | None:
    """What a row comes to where, entry by entry, its slope does more along this way: a neighbour
    for it alone, since others bend elsewhere.
    """
    way, side = near.ways[k], []
    for slot, v in enumerate(way):
        ahead, behind = (_entries(near, out, slot, row)[2 * k + i] for i in (0, 1))
        side.append(np.asarray(np.where(sign * ahead * v >= sign * behind * v, v, -v)))
    told = near.ask([side, [np.asarray(-v) for v in side]])
    if isinstance(told, Raised):
        return None
    found = along(near.kind, told, way)[out][:, row]
    return found if np.isfinite(found).all() else None


def _entries(near: Nearby, out: int, slot: int, row: int) -> np.ndarray:
    """A row's slopes by one argument, at every neighbour; of slopes entry by entry, the one."""
    way = near.ways[0]
    leaf = near.samples[out * len(way) + slot]
    if near.kind == "derivative":
        return leaf.reshape(len(leaf), -1)[:, row]
    return _by_row(leaf, way[slot])[:, row].reshape(len(leaf), *way[slot].shape)


def along(kind: str, leaves: Leaves, way: Leaves) -> list[np.ndarray]:
    """Every row's product with this way: for each leaf of the output, ``(stack, rows)``."""
    if kind == "derivative":
        spread = [
            leaf * np.broadcast_to(v, leaf.shape[1:]) for leaf, v in zip(leaves, way, strict=True)
        ]
        return [sum(part.reshape(len(part), -1) for part in spread)]
    made = []
    for first in range(0, len(leaves), len(way)):
        parts = zip(leaves[first : first + len(way)], way, strict=True)
        terms = [_by_row(leaf, v) @ v.ravel() for leaf, v in parts]
        made.append(np.sum(terms, axis=0))
    return made


def _by_row(leaf: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A leaf of a Jacobian as ``(stack, rows, entries of the argument)``."""
    rows = int(np.prod(leaf.shape[1 : leaf.ndim - v.ndim]))
    return leaf.reshape(len(leaf), rows, v.size)
