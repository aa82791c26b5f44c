"""Right as far as can be told: off by less than single precision can see, or, where a loop of the
function ends by a tolerance, by no more than such loops leave.

A guard of 1e-10 in a denominator, an iteration that stops after so many rounds, a constant of ten
digits: the rule leaves them out, and is off by so much and no more. An adaptive solver run
backwards (Chen et al. 2018) and the derivative of its forward steps are two approximations of one
slope; neither is better than their tolerance. Measured against what every entry is usually, not
against the largest: an entry that is always small has to be right, too."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.traces import traced
from lab.referee.points.stacks import anywhere
from lab.referee.programs.loops import by_tolerance
from lab.referee.witnesses.evidence import Evidence

DIGIT = 2.0**-24  # what single precision rounds a number by
GUARD = 10.0  # times what is left out at typical points may be left out at others
UNSEEN = 1e-8  # a twelfth of a last digit in single precision
ENDED = 1e-4  # what a tolerance may leave of a slope


@np.errstate(all="ignore")
def nearly(
    evidences: Sequence[Evidence], wrong: Sequence[np.ndarray], *, limit: bool = False
) -> tuple[float, str] | None:
    """How far the hand is off where it is off, if that is so little, and why it may be. In their
    ``limit`` loops leave nothing.
    """
    claim = evidences[0].question.claim
    if claim.kind == "identity" or not any(mask.any() for mask in wrong):
        return None
    worst = max(map(_worst, evidences, wrong))
    if worst <= UNSEEN:
        return worst, "less than float32 can tell: a guard, or an iteration that stops"
    beside = max(map(_beside, evidences, wrong))
    if not limit and beside <= ENDED and any(map(_approximates, evidences)):
        return beside, f"a loop of {claim.of_name} ends by a tolerance, and can be had no closer"
    return None


@np.errstate(all="ignore")
def between(evidences: Sequence[Evidence], wrong: Sequence[np.ndarray]) -> float | None:
    """How far the hand is off, where that is more than can be overlooked, and not so much that a
    number in single precision would have another last digit.
    """
    if evidences[0].question.claim.kind == "identity":
        return None
    worst = max(map(_worst, evidences, wrong))
    return worst if worst <= DIGIT else None


def _worst(evidence: Evidence, wrong: np.ndarray) -> float:
    """The largest error of an entry at the points in dispute, of what it usually is."""
    found = 0.0
    for i, noise in enumerate(evidence.noise):
        truth, hand = evidence.truth[i], evidence.hand[i]
        if not wrong.any() or not truth[wrong].size:
            continue
        error = np.nan_to_num(np.abs(hand - truth), nan=np.inf)
        off = seen = ~(error <= np.broadcast_to(tolerance.formula(noise), truth.shape))
        if evidence.truth_single:  # what it rounds away, or what rounding buries, it cannot tell
            low = evidence.truth_single[i], evidence.hand_single[i]
            jaxs, own = (np.abs(one - evidence.rounded[i]) for one in low)
            buried = np.max(jaxs[evidence.usable], axis=0, initial=0.0)
            seen = off & ~(
                (error <= UNSEEN * noise.scale) & ((error <= buried) | (own < error / 2))
            )
        finite = np.where(np.isfinite(truth), np.abs(truth), 0.0)
        usual = np.sqrt(np.mean(finite[evidence.usable] ** 2, axis=0))
        share = np.where(seen, error / np.maximum(finite, usual), 0.0)
        # Where the slope has died away, what a guard adds has not: it is what it is elsewhere.
        alive = (
            evidence.usable & evidence.group.typical & ~anywhere(noise.scale < noise.typical / 2)
        )
        guard = GUARD * np.max(error[alive], initial=0.0)
        height = np.where(error <= guard, np.maximum(noise.scale, noise.typical), noise.scale)
        whole = np.where(off, error / height, 0.0)
        found = max(found, float(np.max(np.maximum(share, whole)[wrong])))
    return found if np.isfinite(found) else np.inf


def _beside(evidence: Evidence, wrong: np.ndarray) -> float:
    """The largest error at the points in dispute beside the derivative's own size, there and as a
    rule: a tolerance is not of what has died away.
    """
    found = 0.0
    for truth, hand, noise in zip(evidence.truth, evidence.hand, evidence.noise, strict=True):
        if not np.isfinite(hand[wrong]).all():
            return np.inf
        error = tolerance.size(hand - truth, elementwise=evidence.elementwise)
        share = error / np.maximum(noise.scale, noise.typical)
        found = max(found, float(np.max(share[wrong], initial=0.0)))
    return found if np.isfinite(found) else np.inf


def _approximates(evidence: Evidence) -> bool:
    """Whether the function has a loop that ends where its numbers say so."""
    asked: Any = evidence.question
    try:
        return by_tolerance(traced(asked, asked.value, evidence.group).closed)
    except Exception:
        return False
