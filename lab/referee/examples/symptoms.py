"""By what a mistake is known again: in which leaves it shows, how large, and as what factor."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lab.referee.asking import tolerance
from lab.referee.witnesses.evidence import Evidence

CLEAR = 0.05  # relative error that shows in a few digits
SHARE = 0.3  # of the usual error, where that is smaller
SAME = 1e-6  # relative agreement with the factor
SMOOTH = 0.05  # share of its size by which the error may change within `BESIDE`
BESIDE = 1e-6
ROUNDING = 1e-6  # of the usual error, which nobody would notice


class Symptoms(NamedTuple):
    """``leaves`` in which the hand is off, by at least ``gap`` relative to the larger of hand and
    truth, and by at least ``least``: where both are nothing but rounding, no mistake shows.
    ``ratio`` of hand to truth, where there is one for all wrong points. ``lost``: the hand is
    finite at none of them. A wrong formula may overflow, too, which would show another mistake.
    """

    leaves: tuple[int, ...]
    gap: float
    ratio: float | None
    lost: bool
    least: float

    def shown(self, truth: Sequence[np.ndarray], hand: Sequence[np.ndarray]) -> np.ndarray:
        """At which of the points, along the first axis, just this mistake is to be seen."""
        finite, whole = heard(truth), heard(hand)
        gaps = np.array([_gap(t, h) for t, h in zip(truth, hand, strict=True)])
        errors = np.array([_largest(h - t) for t, h in zip(truth, hand, strict=True)])
        off = (gaps >= self.gap) & (errors >= self.least)
        clear = off[list(self.leaves)].any(axis=0)
        for i, (t, h) in enumerate(zip(truth, hand, strict=True)):
            if i not in self.leaves:
                clear &= gaps[i] <= SAME
            elif self.ratio is not None:
                clear &= _gap(self.ratio * t, h) <= SAME
        return np.asarray(finite & (~whole if self.lost else whole & clear))


def symptoms(evidences: Sequence[Evidence], wrong: Sequence[np.ndarray]) -> Symptoms:
    """What the wrong points have in common."""
    marked = [mask & heard(e.hand) for e, mask in zip(evidences, wrong, strict=True)]
    lost = not any(mask.any() for mask in marked)
    wrong = wrong if lost else marked
    pairs = [
        [(e.truth[i][mask], e.hand[i][mask]) for e, mask in zip(evidences, wrong, strict=True)]
        for i in range(len(evidences[0].truth))
    ]
    gaps = [np.concatenate([_gap(t, h) for t, h in leaf]) for leaf in pairs]
    off = [
        any(_off(e, i, mask) for e, mask in zip(evidences, wrong, strict=True))
        for i in range(len(pairs))
    ]
    leaves = tuple(i for i, one in enumerate(off) if one) or tuple(range(len(off)))
    usual = np.nan_to_num(np.median(np.max([gaps[i] for i in leaves], axis=0)), nan=1.0)
    ratio = _ratio([pair for i in leaves for pair in pairs[i]])
    errors = [np.concatenate([_largest(h - t) for t, h in pairs[i]]) for i in leaves]
    least = ROUNDING * float(np.nan_to_num(np.median(np.max(errors, axis=0))))
    return Symptoms(leaves, min(CLEAR, SHARE * float(usual)), ratio, lost, least)


def heard(leaves: Sequence[np.ndarray]) -> np.ndarray:
    """At which of the points, along the first axis, every number is finite."""
    return np.asarray(np.all([_whole(leaf) for leaf in leaves], axis=0))


def smooth(answers: Sequence[np.ndarray], sizes: np.ndarray) -> np.ndarray:
    """Whether answers at a point and at two places beside it, stacked, differ by much less than
    ``sizes``: no kink makes them.
    """
    even = np.ones(len(sizes), bool)
    for leaf in answers:
        here, *beside = np.split(leaf, 3)
        for there in beside:
            even &= _largest(there - here) <= SMOOTH * sizes
    return even


def largest(leaves: Sequence[np.ndarray]) -> np.ndarray:
    """The largest number at each point."""
    return np.asarray(np.max([_largest(leaf) for leaf in leaves], axis=0))


def _off(evidence: Evidence, i: int, mask: np.ndarray) -> bool:
    error = np.abs(evidence.hand[i] - evidence.truth[i])
    return bool(np.any(~(error <= tolerance.formula(evidence.noise[i]))[mask]))


def _ratio(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """The one number by which all hands are multiples of the truths."""
    truths, hands = (np.concatenate([one[k].ravel() for one in pairs]) for k in (0, 1))
    length = float(np.vdot(truths, truths).real)
    if not length or not np.isfinite(hands).all() or not np.isfinite(truths).all():
        return None
    ratio = np.vdot(truths, hands) / length
    alike = all(np.all(_gap(ratio * t, h) <= SAME) for t, h in pairs)
    return float(ratio.real) if alike and abs(ratio.imag) <= SAME * abs(ratio) else None


def _gap(truth: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """The largest error at each point, relative to the largest number there."""
    size = np.maximum(np.maximum(_largest(truth), _largest(hand)), 1e-300)
    return np.asarray(_largest(hand - truth) / size)


def _largest(leaf: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(leaf).max(axis=tuple(range(1, leaf.ndim)), initial=0.0))


def _whole(leaf: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(leaf).all(axis=tuple(range(1, leaf.ndim))))
