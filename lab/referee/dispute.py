"""Where hand and truth part: which points, how far, and what a second look at them found."""

from typing import NamedTuple

import numpy as np

from lab.referee import tolerance
from lab.referee.evidence import Evidence, at_point
from lab.referee.kinks import Look, look

LOOKS = 6  # disputed points of a group that get a second look: typical ones first, then extremes
LOST = 1e-3  # relative error in single precision beyond which the digits that matter are gone


class Dispute(NamedTuple):
    """Points of one group at which hand and truth part, and what a second look found."""

    wrong: np.ndarray
    broken: np.ndarray  # the hand is not finite where the truth is
    looks: dict[int, Look]
    gaps: np.ndarray  # relative error in double precision, by point
    coarse: np.ndarray  # wrong in single precision only


def usable(evidence: Evidence) -> np.ndarray:
    """Points at which the function and its true derivative are finite and the modes agree."""
    finite = evidence.fine & ~evidence.contradicted
    for leaf in evidence.truth:
        finite &= np.isfinite(leaf).reshape(len(leaf), -1).all(axis=1)
    return finite


def dispute(evidence: Evidence, rng: np.random.Generator) -> Dispute:
    count = evidence.group.size
    off, broken, coarse = (np.zeros(count, bool) for _ in range(3))
    unknown = np.zeros(count, bool)
    gaps = np.zeros(count)
    for i, noise in enumerate(evidence.noise):
        truth, hand = evidence.truth[i], evidence.hand[i]
        known = np.isfinite(truth) & _by_point(evidence.fine & ~evidence.contradicted, truth)
        heard = np.isfinite(hand)
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(hand - truth)
            allowed = np.broadcast_to(tolerance.formula(noise), truth.shape)
            off |= _rows(known & heard & ~(error <= allowed))
            relative = np.where(known & heard, error / np.maximum(noise.scale, 1e-300), 0.0)
        broken |= _rows(known & ~heard)
        unknown |= _rows(~np.isfinite(truth) & heard) & evidence.fine
        gaps = np.maximum(gaps, relative.reshape(count, -1).max(axis=1, initial=0.0))
        if evidence.hand_single:
            coarse |= _coarse(evidence, i)
    looks: dict[int, Look] = {}
    disputed = np.flatnonzero(off | broken | unknown)
    order = sorted(disputed, key=lambda p: (not evidence.group.typical[p], p))
    typical = [int(p) for p in order if evidence.group.typical[p]]
    extreme = [int(p) for p in order if not evidence.group.typical[p]]
    for point in [*typical[:LOOKS], *extreme[: 4 * LOOKS]]:
        looks[point] = look(evidence, point, rng)
    return Dispute(off, broken, looks, gaps, coarse & ~off & ~broken)


def _rows(mask: np.ndarray) -> np.ndarray:
    return np.asarray(mask.reshape(len(mask), -1).any(axis=1))


def _by_point(mask: np.ndarray, like: np.ndarray) -> np.ndarray:
    return mask.reshape(-1, *[1] * (like.ndim - 1))


def _coarse(evidence: Evidence, i: int) -> np.ndarray:
    """Points at which single precision overflows or loses its digits, where function and truth are
    fine in it.
    """
    truth, hand, jaxs = evidence.rounded[i], evidence.hand_single[i], evidence.truth_single[i]
    noise = evidence.noise[i]
    judged = _by_point(evidence.fine_single & evidence.fine & ~evidence.contradicted, truth)
    judged = judged & np.isfinite(truth) & np.isfinite(jaxs) & (np.abs(truth) < 1e37)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(hand - truth)
        allowed = tolerance.implementation(noise, max(1, evidence.group.elements))
        lost = ~(error <= np.maximum(allowed, LOST * noise.scale))
    # Where the derivative has died away (a saturated softmax), what is left are rounding errors of
    # terms that cancel: only an overflow counts there.
    alive = noise.scale >= LOST * noise.typical
    return _rows(judged & lost & (alive | ~np.isfinite(hand)))


def wrong_mask(evidence: Evidence, dispute: Dispute) -> np.ndarray:
    """Points at which the hand is wrong, after the second looks."""
    mask = dispute.wrong.copy()
    for point, at in dispute.looks.items():
        if at.finding in ("right", "subgradient", "no derivative"):
            mask[point] = False
            dispute.broken[point] &= at.finding == "right" and not _heard(evidence, point)
        elif at.finding == "no subgradient":
            mask[point] = _heard(evidence, point)
            dispute.broken[point] = False
        elif at.finding == "unclear" and not _truth_known(evidence, point):
            mask[point] = False
    typical = mask & evidence.group.typical
    confirmed = [
        p
        for p, at in dispute.looks.items()
        if at.finding in ("wrong", "no subgradient") and mask[p]
    ]
    excused = [p for p, at in dispute.looks.items() if not mask[p]]
    unlooked = mask.copy()
    unlooked[list(dispute.looks)] = False
    if not confirmed and excused:
        mask &= ~unlooked  # the ones looked at were all excused: the rest are like them
    everywhere = dispute.broken & evidence.group.typical
    if (
        evidence.group.typical.any()
        and everywhere.sum() == (evidence.fine & evidence.group.typical).sum() > 0
    ):
        mask |= everywhere
    del typical
    return mask


def _heard(evidence: Evidence, point: int) -> bool:
    return all(bool(np.isfinite(leaf).all()) for leaf in at_point(evidence.hand, point))


def _truth_known(evidence: Evidence, point: int) -> bool:
    return all(bool(np.isfinite(leaf).all()) for leaf in at_point(evidence.truth, point))
