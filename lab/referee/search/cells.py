"""Cells between the borders that hardly a draw falls into.

Draws may be on both sides of every comparison, of the function's and of the hand's, and yet never
between two borders: a hand that leaves a line at 2.5 where the function bends at 3 is right on a
grid of 0.75. The way from one draw to another crosses such cells. It is walked in strides, and
where several borders are passed in one of them, that stride again in smaller ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lab.referee.points.group import Group, joined
from lab.referee.points.properties import FEW, Shared
from lab.referee.points.stacks import arrays, over

WAYS = 12  # pairs of draws
STRIDES = 32  # on the way from one to the other, and in each of the strides walked again
ROUNDS = 3
CELLS = 12  # at most so many new ones
EACH = 4  # points in each: fewer numbers are explained by anything
ENOUGH = 3  # entries of points in a cell that is known

Margins = Callable[[tuple[Any, ...]], Sequence[np.ndarray]]


def between(
    group: Group,
    drawn: int,
    measure: Margins,
    common: Shared,
    varied: Sequence[int],
    rng: np.random.Generator,
) -> Group:
    """The group with points in cells that hardly any of its points is in: one is enough to condemn
    a hand, and not to say what is wrong there. The first ``drawn`` were drawn,
    the others are on sides that no draw is on, and the ways lead there, too. Whole numbers stay
    what they are unless they are differentiated: that says that there is something between them.
    """
    seen = {length: _known(cells) for length, cells in _cells(measure(group.leaves)).items()}
    typical, steered = np.flatnonzero(group.typical), np.arange(drawn, group.size)
    start, end = rng.choice(typical, (WAYS, 1)), rng.choice(typical, (WAYS, 1))
    if len(steered):
        end[::2] = rng.choice(steered, end[::2].shape)
    low, high = np.zeros((WAYS, 1)), np.ones((WAYS, 1))
    found: list[tuple[Any, ...]] = []
    for _ in range(ROUNDS):
        at = np.sort(low + (high - low) * rng.random((len(low), STRIDES)), axis=1)
        ways = (np.broadcast_to(start, at.shape).ravel(), np.broadcast_to(end, at.shape).ravel())
        made = _on_the_way(group, *ways, at.ravel(), common, varied)
        margins = measure(made)
        found += _new(made, margins, seen, common)
        again = _crossing_several(margins, at.shape)
        if not len(again) or len(found) >= CELLS * EACH:
            break
        chosen = again[rng.permutation(len(again))[:WAYS]]
        row, stride = chosen[:, :1], chosen[:, 1:]
        start, end = start[row[:, 0]], end[row[:, 0]]
        low, high = at[row, stride], at[row, stride + 1]
    if not found:
        return group
    made = tuple(joined(column) for column in zip(*found, strict=True))
    labels = ("between two draws",) * len(made[0])
    return group.extended(made, labels, common.beyond(arrays(made)))


def _on_the_way(
    group: Group,
    start: np.ndarray,
    end: np.ndarray,
    part: np.ndarray,
    common: Shared,
    varied: Sequence[int],
) -> tuple[Any, ...]:
    leaves = []
    for i, leaf in enumerate(group.leaves):
        here = leaf[start]
        moves = _moving(leaf, i, common, varied)
        if moves is not None:
            step = over(part, leaf) * (leaf[end] - here)
            here = common.restored(i, np.where(moves, here + step, here))
        leaves.append(here)
    return tuple(leaves)


def _moving(leaf: Any, i: int, common: Shared, varied: Sequence[int]) -> np.ndarray | None:
    """Which entries of a leaf are walked along, if any."""
    if common.movable[i].any():
        return common.movable[i]
    steps = i in varied and leaf.dtype.kind == "f" and len(np.unique(leaf)) > FEW
    return np.ones(leaf.shape[1:], bool) if steps else None


def _cells(margins: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
    """By length of the margins, for every point and entry the number of its cell: a bit for each
    comparison; -1 on a border. What is compared once for all entries counts for each of them.
    """
    cells = {}
    for length in {margin.shape[1] for margin in margins}:
        rows = [margin for margin in margins if margin.shape[1] in (1, length)]
        if len(rows) > 1 and length:
            bits = sum((row > 0).astype(int) << k for k, row in enumerate(rows))
            inside = np.all([np.isfinite(row) & (row != 0) for row in map(_wide(length), rows)], 0)
            cells[length] = np.where(inside, bits, -1)
    return cells


def _known(cells: np.ndarray) -> np.ndarray:
    numbers, counts = np.unique(cells, return_counts=True)
    return np.asarray(numbers[counts >= ENOUGH])


def _wide(length: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda row: np.broadcast_to(row, (len(row), length))


def _new(
    made: tuple[Any, ...],
    margins: Sequence[np.ndarray],
    seen: dict[int, np.ndarray],
    common: Shared,
) -> list[tuple[Any, ...]]:
    """A few of the points in each cell not seen before, which is seen from now on."""
    good = common.admits(arrays(made))
    chosen = []
    for length, cells in _cells(margins).items():
        cells = np.where(good[:, None], cells, -1)
        fresh = np.setdiff1d(cells, np.append(seen[length], -1))[:CELLS]
        for cell in fresh:
            there = np.flatnonzero((cells == cell).any(axis=1))
            chosen += list(there[:: max(1, len(there) // EACH)][:EACH])
        seen[length] = np.append(seen[length], fresh)
    rows = np.unique(np.array(chosen, int))
    return [tuple(leaf[rows] for leaf in made)] if rows.size else []


def _crossing_several(margins: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """The strides, by way and number, in which an entry passes several borders at once."""
    several = np.zeros((shape[0], shape[1] - 1), bool)
    for cells in _cells(margins).values():
        walked = cells.reshape(*shape, -1)
        passed = walked[:, 1:] ^ walked[:, :-1]
        bits = np.bitwise_count(np.where((walked[:, 1:] < 0) | (walked[:, :-1] < 0), 0, passed))
        several |= (bits > 1).any(axis=2)
    return np.argwhere(several)
