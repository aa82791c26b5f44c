"""What all points that a sampler gives have in common: the only thing known of its domain.

A point made up by the referee is admitted only if it keeps every property that all given points
share: signs, whole numbers, symmetry, definiteness, sums, norms, order, and the range, where the
draws fill it like a box. A derivation need not be right where its sampler never goes."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lab.referee.points.stacks import anywhere, everywhere, largest, over

FEW = 4  # distinct values that a floating leaf may have and be a set of labels
ENOUGH = 12  # values needed before anything is read off their distribution
BOX = 2.4  # range over interquartile range: 2 for a uniform density, 3 and more with tails
ROUGH = 1e-9
EDGE = 1e-5  # how far off the ends of a stated interval, relative to its width
REACH = 10.0  # how far beyond the largest value seen a leaf may be taken, as a factor

Draws = Sequence[np.ndarray]  # by leaf, the points along the first axis
Property = Callable[[np.ndarray], np.ndarray]  # of the points of one leaf: a bool for each
Restore = Callable[[np.ndarray], np.ndarray]


class Shared(NamedTuple):
    """``movable[i]`` marks the entries of leaf i that vary among the draws; ``low``, ``high`` bound
    the entries, ``seen`` is the range of values that were drawn. ``keeps`` are the predicates,
    ``restores[i]`` what brings leaf i back to those of them that arithmetic can restore.
    """

    movable: tuple[np.ndarray, ...]
    low: tuple[np.ndarray, ...]
    high: tuple[np.ndarray, ...]
    seen: tuple[tuple[float, float], ...]
    keeps: tuple[Callable[[Draws], np.ndarray], ...]
    restores: tuple[tuple[Restore, ...], ...]

    def admits(self, points: Draws) -> np.ndarray:
        """Which of the points have all the shared properties."""
        fine = np.ones(len(points[0]), bool)
        for leaf, low, high in zip(points, self.low, self.high, strict=True):
            if leaf.dtype.kind == "f":
                inside = np.isfinite(leaf) & (leaf >= low) & (leaf <= high)
                fine &= everywhere(inside)
        for keep in self.keeps:
            fine &= keep(points)
        return fine

    def within(self, points: Draws) -> "Shared":
        """Bounded by the range of these points as well."""
        spans = [_span(leaf) for leaf in points]
        return self._replace(
            low=tuple(np.maximum(a, b) for a, (b, _) in zip(self.low, spans, strict=True)),
            high=tuple(np.minimum(a, b) for a, (_, b) in zip(self.high, spans, strict=True)),
        )

    def between(self, stated: Sequence[tuple[float, float] | None]) -> "Shared":
        """Within the open intervals that are stated of some leaves, off their ends by a little."""
        ends = [_inside(*(one or (-np.inf, np.inf))) for one in stated]
        return self._replace(
            low=tuple(np.maximum(a, b) for a, (b, _) in zip(self.low, ends, strict=True)),
            high=tuple(np.minimum(a, b) for a, (_, b) in zip(self.high, ends, strict=True)),
        )

    def restored(self, i: int, points: np.ndarray) -> np.ndarray:
        """Points of leaf i with the properties that simple arithmetic restores."""
        for restore in self.restores[i]:
            points = restore(points)
        return points

    def beyond(self, points: Draws) -> np.ndarray:
        """Which of the points have an entry outside the range of all that was drawn."""
        out = np.zeros(len(points[0]), bool)
        for leaf, (low, high) in zip(points, self.seen, strict=True):
            if leaf.dtype.kind == "f":
                out |= anywhere((leaf < low) | (leaf > high))
        return out


@np.errstate(all="ignore")
def shared(draws: Draws, candidates: Sequence[int]) -> Shared:
    """What the draws share; only the leaves ``candidates`` may move at all."""
    movable, low, high, seen, restores = [], [], [], [], []
    keeps: list[Callable[[Draws], np.ndarray]] = []
    for i, leaf in enumerate(draws):
        moves = i in candidates and leaf.dtype.kind == "f" and not _labels(leaf)
        varies = np.ptp(leaf, axis=0) > 0 if moves else np.zeros(leaf.shape[1:], bool)
        movable.append(np.asarray(varies))
        bounds = _bounds(leaf) if leaf.dtype.kind == "f" and leaf.size else (-np.inf, np.inf)
        low.append(np.asarray(bounds[0]))
        high.append(np.asarray(bounds[1]))
        seen.append(_span(leaf))
        has = [one for one in PROPERTIES if varies.any() and _has(one, leaf)]
        keeps += [_of_leaf(i, one) for one in has]
        restores.append(tuple(RESTORED[one] for one in has if one in RESTORED))
    keeps += list(_pairs(draws, movable))
    return Shared(
        tuple(movable), tuple(low), tuple(high), tuple(seen), tuple(keeps), tuple(restores)
    )


def _span(leaf: np.ndarray) -> tuple[float, float]:
    """The range of values; everything, of what is no number."""
    if not leaf.size or leaf.dtype.kind not in "fiu":
        return -np.inf, np.inf
    return float(leaf.min()), float(leaf.max())


def _has(one: Property, leaf: np.ndarray) -> bool:
    """Whether all draws have the property; a bound has to be one that they come near to."""
    return bool(np.all(one(leaf))) and (one not in BOUNDING or not np.all(one(2 * leaf)))


def _of_leaf(i: int, one: Property) -> Callable[[Draws], np.ndarray]:
    return lambda points: np.asarray(one(points[i]))


def _inside(low: float, high: float) -> tuple[float, float]:
    off = EDGE * (high - low)
    if np.isfinite(off):
        return low + off, high - off
    return float(np.nextafter(low, np.inf)), float(np.nextafter(high, -np.inf))


def _labels(leaf: np.ndarray) -> bool:
    """Whole numbers, or one of a few values: a label, a count, a mask."""
    whole = bool(np.all(leaf == np.round(leaf)))
    return whole or (leaf.size >= ENOUGH and len(np.unique(leaf)) <= FEW)


def _bounds(leaf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entry by entry: its sign where that never changes, a box where the draws fill one."""
    largest = REACH * np.abs(leaf).max()
    low, high = np.full(leaf.shape[1:], -largest), np.full(leaf.shape[1:], largest)
    tiny = np.finfo(float).tiny
    low = np.where((leaf >= 0).all(axis=0), 0.0, low)
    low = np.where((leaf > 0).all(axis=0), tiny, low)
    high = np.where((leaf <= 0).all(axis=0), 0.0, high)
    high = np.where((leaf < 0).all(axis=0), -tiny, high)
    if leaf.size >= ENOUGH:
        for bottom, top in ((0.0, 1.0), (-1.0, 1.0)):
            if leaf.min() >= bottom and leaf.max() <= top and leaf.max() > top - 0.2:
                low, high = np.maximum(low, bottom), np.minimum(high, top)
        quarter, half = np.quantile(leaf, (0.25, 0.75))
        if np.ptp(leaf) <= BOX * (half - quarter):
            margin = 0.02 * np.ptp(leaf)
            low = np.maximum(low, leaf.min() - margin)
            high = np.minimum(high, leaf.max() + margin)
    return np.asarray(low), np.asarray(high)


# ----- properties of one leaf, by point -----


def _never(leaf: np.ndarray) -> np.ndarray:
    return np.zeros(len(leaf), bool)


def _square(leaf: np.ndarray) -> bool:
    return leaf.ndim >= 3 and leaf.shape[-1] == leaf.shape[-2] and leaf.shape[-1] > 1


def _near(a: np.ndarray, b: np.ndarray | float, size: np.ndarray) -> np.ndarray:
    return everywhere(np.abs(a - b) <= 1e-6 * over(size, a))


def _size(leaf: np.ndarray) -> np.ndarray:
    return largest(np.abs(leaf)) + 1e-300


def symmetric(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf, np.swapaxes(leaf, -1, -2), _size(leaf)) if _square(leaf) else _never(leaf)


def antisymmetric(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf, -np.swapaxes(leaf, -1, -2), _size(leaf)) if _square(leaf) else _never(leaf)


def definite(leaf: np.ndarray) -> np.ndarray:
    if not _square(leaf) or not np.all(symmetric(leaf)):
        return _never(leaf)
    return everywhere(np.linalg.eigvalsh(leaf) > 0)


def orthogonal(leaf: np.ndarray) -> np.ndarray:
    if leaf.ndim < 3 or leaf.shape[-2] < leaf.shape[-1]:
        return _never(leaf)
    gram = np.swapaxes(leaf, -1, -2) @ leaf
    return _near(gram, np.eye(leaf.shape[-1]), np.ones(len(leaf)))


def positive_determinant(leaf: np.ndarray) -> np.ndarray:
    return everywhere(np.linalg.det(leaf) > 0) if _square(leaf) else _never(leaf)


def dominant_diagonal(leaf: np.ndarray) -> np.ndarray:
    if not _square(leaf):
        return _never(leaf)
    diagonal = np.abs(np.diagonal(leaf, axis1=-2, axis2=-1))
    return everywhere(2 * diagonal > np.abs(leaf).sum(axis=-1))


def contracting(leaf: np.ndarray) -> np.ndarray:
    if not _square(leaf):
        return _never(leaf)
    return everywhere(np.abs(np.linalg.eigvals(leaf)).max(axis=-1, keepdims=True) < 1)


def increasing(leaf: np.ndarray) -> np.ndarray:
    return everywhere(np.diff(leaf) > 0) if leaf.ndim > 1 and leaf.shape[-1] > 2 else _never(leaf)


def decreasing(leaf: np.ndarray) -> np.ndarray:
    return increasing(-leaf)


def rows_sum_to_one(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf.sum(axis=-1), 1.0, _ones(leaf)) if leaf.ndim > 1 else _never(leaf)


def rows_sum_to_zero(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf.sum(axis=-1), 0.0, _size(leaf)) if leaf.ndim > 1 else _never(leaf)


def columns_sum_to_one(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf.sum(axis=-2), 1.0, _ones(leaf)) if leaf.ndim > 2 else _never(leaf)


def columns_sum_to_zero(leaf: np.ndarray) -> np.ndarray:
    return _near(leaf.sum(axis=-2), 0.0, _size(leaf)) if leaf.ndim > 2 else _never(leaf)


def exponentials_sum_to_one(leaf: np.ndarray) -> np.ndarray:
    return rows_sum_to_one(np.exp(np.minimum(leaf, 1.0)))


def unit_rows(leaf: np.ndarray) -> np.ndarray:
    if leaf.ndim < 2 or leaf.shape[-1] < 2:
        return _never(leaf)
    return _near(np.linalg.norm(leaf, axis=-1), 1.0, _ones(leaf))


def unit_columns(leaf: np.ndarray) -> np.ndarray:
    return unit_rows(np.swapaxes(leaf, -1, -2)) if leaf.ndim > 2 else _never(leaf)


def unit_whole(leaf: np.ndarray) -> np.ndarray:
    return unit_rows(leaf.reshape(len(leaf), -1))


def rows_in_unit_ball(leaf: np.ndarray) -> np.ndarray:
    if leaf.ndim < 2 or leaf.shape[-1] < 2:
        return _never(leaf)
    return everywhere(np.linalg.norm(leaf, axis=-1) < 1)


def _ones(leaf: np.ndarray) -> np.ndarray:
    return np.ones(len(leaf))


PROPERTIES: tuple[Property, ...] = (
    symmetric,
    antisymmetric,
    definite,
    orthogonal,
    positive_determinant,
    dominant_diagonal,
    contracting,
    increasing,
    decreasing,
    rows_sum_to_one,
    rows_sum_to_zero,
    columns_sum_to_one,
    columns_sum_to_zero,
    exponentials_sum_to_one,
    unit_rows,
    unit_columns,
    unit_whole,
    rows_in_unit_ball,
)


BOUNDING = (contracting, rows_in_unit_ball)


def _over_its_sum(leaf: np.ndarray) -> np.ndarray:
    return leaf / leaf.sum(axis=-1, keepdims=True)


def _over_its_norm(leaf: np.ndarray) -> np.ndarray:
    return leaf / np.linalg.norm(leaf, axis=-1, keepdims=True)


RESTORED: dict[Property, Restore] = {
    symmetric: lambda leaf: (leaf + np.swapaxes(leaf, -1, -2)) / 2,
    antisymmetric: lambda leaf: (leaf - np.swapaxes(leaf, -1, -2)) / 2,
    rows_sum_to_one: _over_its_sum,
    rows_sum_to_zero: lambda leaf: leaf - leaf.mean(axis=-1, keepdims=True),
    columns_sum_to_zero: lambda leaf: leaf - leaf.mean(axis=-2, keepdims=True),
    unit_rows: _over_its_norm,
}


def _pairs(draws: Draws, movable: Sequence[np.ndarray]) -> Iterator[Callable[[Draws], np.ndarray]]:
    """Order between two leaves of one shape that both vary: low below high."""
    varying = [i for i, moves in enumerate(movable) if moves.all() and moves.size]
    for i in varying:
        for j in varying:
            if i != j and draws[i].shape == draws[j].shape and np.all(draws[i] <= draws[j]):
                yield _below(i, j)


def _below(i: int, j: int) -> Callable[[Draws], np.ndarray]:
    return lambda points: everywhere(points[i] <= points[j])
