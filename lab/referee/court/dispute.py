"""Where hand and truth part: which points, how far, and what a second look at them found."""

from typing import NamedTuple

import numpy as np

from lab.referee.asking import tolerance
from lab.referee.points.stacks import anywhere, largest, over
from lab.referee.witnesses.digits import lost_digits
from lab.referee.witnesses.evidence import Evidence, at_point
from lab.referee.witnesses.kinks import Look, look
from lab.referee.witnesses.noise import ROUNDINGS, exponents, roundings

LOOKS = 6  # disputed points of a group that get a second look: typical ones first, then extremes
SLIGHT = 1e-9  # of a usual derivative's size: so little the truth's own steps may round away
LOST = 1e-3  # relative error in single precision beyond which the digits that matter are gone


class Dispute(NamedTuple):
    """What remains in dispute at the points of one group, after a second look at each kind of it.

    ``wrong[p]``: the hand is wrong; ``broken[p]``: it is not finite where the truth is;
    ``coarse[p]``: it is wrong in single precision only. ``gaps[p]`` is the relative error in double
    precision, 0 where the second look excused it (a kink, where more than one answer is right).
    ``silent[p]``: neither JAX nor the hand has a number for the derivative, though the function is
    fine. ``small`` marks, leaf by leaf, entries that are coarse by themselves. ``looks`` are the
    second looks by point.
    """

    wrong: np.ndarray
    broken: np.ndarray
    coarse: np.ndarray
    gaps: np.ndarray
    silent: np.ndarray
    small: tuple[np.ndarray, ...]
    looks: dict[int, Look]

    @property
    def undecided(self) -> np.ndarray:
        """Points at a kink, with slopes on all sides, at which neither says which to take."""
        kinks = [p for p, one in self.looks.items() if one.finding == "no subgradient"]
        return self.silent & np.isin(np.arange(len(self.silent)), kinks)


def dispute(evidence: Evidence, rng: np.random.Generator) -> Dispute:
    """Compare hand and truth at every point, and look again where they part."""
    count = evidence.group.size
    off, great, broken, unknown, silent, coarse = (np.zeros(count, bool) for _ in range(6))
    gaps = np.zeros(count)
    for i, noise in enumerate(evidence.noise):
        truth, hand = evidence.truth[i], evidence.hand[i]
        known = np.isfinite(truth) & over(evidence.fine & ~evidence.contradicted, truth)
        heard = np.isfinite(hand)
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(hand - truth)
            parted = known & heard & ~(error <= tolerance.formula(noise))
            off |= anywhere(parted)
            slight = error <= SLIGHT * (noise.typical + noise.natural)
            great |= anywhere(parted & ~(slight | (noise.truth32 >= LOST * noise.scale)))
            size = np.maximum(noise.scale + 1e-9 * noise.natural, max(noise.typical, 1e-300))
            relative = np.where(known & heard, error / size, 0.0)
        broken |= anywhere(known & ~heard)
        unknown |= anywhere(~np.isfinite(truth)) & evidence.fine
        silent |= anywhere(~np.isfinite(truth) & ~heard) & evidence.fine
        gaps = np.maximum(gaps, largest(relative))
        if evidence.hand_single:
            coarse |= _coarse(evidence, i)
    if (off & ~great).any():
        excused = _rounded_away(evidence, off & ~great)
        off, gaps = off & ~excused, np.where(excused, 0.0, gaps)
    # Beyond what was drawn the formula is on trial, not its floating point.
    broken, coarse = broken & ~evidence.group.beyond, coarse & ~evidence.group.beyond
    if (coarse & ~off & ~broken).any():
        coarse &= ~_explained(evidence, coarse)
    small = lost_digits(evidence)
    coarse = np.logical_or.reduce([coarse, *map(anywhere, small)])
    # Sizes at which JAX has no derivative anywhere (a deviation of one number) are no test of it.
    typical = evidence.group.typical
    if not any(np.isfinite(leaf[typical]).any() for leaf in evidence.truth):
        unknown[:], silent[:] = False, False
    looks = {p: look(evidence, p, rng) for p in _looked_at(evidence, off | broken | unknown)}
    coarse &= ~off & ~broken
    return _settled(evidence, Dispute(off, broken, coarse, gaps, silent, small, looks))


def _looked_at(evidence: Evidence, disputed: np.ndarray) -> list[int]:
    """Where JAX has an answer, first: there is more to be seen."""
    known = evidence.usable
    typical = np.flatnonzero(disputed & evidence.group.typical)
    typical = typical[np.argsort(~known[typical], kind="stable")][:LOOKS]
    extreme = np.flatnonzero(disputed & ~evidence.group.typical)[: 4 * LOOKS]
    return [int(p) for p in (*typical, *extreme)]


def _settled(evidence: Evidence, raw: Dispute) -> Dispute:
    """The dispute as the second looks leave it."""
    wrong, broken, gaps = raw.wrong.copy(), raw.broken.copy(), raw.gaps.copy()
    for p, (finding, *_) in raw.looks.items():
        heard, known = (
            all(bool(np.isfinite(leaf).all()) for leaf in at_point(leaves, p))
            for leaves in (evidence.hand, evidence.truth)
        )
        if finding in ("right", "subgradient", "no derivative"):
            wrong[p], gaps[p] = False, 0.0
        elif finding == "no subgradient":
            wrong[p] = heard
        elif not known:  # smooth around here, though JAX is at a loss; or nothing is to be seen
            wrong[p] = finding == "wrong" and (heard or wrong[p])
            broken[p] = finding == "wrong" and not heard
        if finding == "no derivative":
            broken[p] = False
    looked = np.zeros(len(wrong), bool)
    looked[list(raw.looks)] = True
    if looked.any() and not (wrong & looked).any():
        wrong &= looked  # everyone looked at was excused: the others are like them
    typical = evidence.fine & evidence.group.typical
    if not any(np.isfinite(leaf[typical]).any() for leaf in evidence.hand):
        wrong |= broken & typical  # never finite: that is no instability
    return raw._replace(wrong=wrong, broken=broken, gaps=gaps, silent=raw.silent & ~broken & ~wrong)


def _allowed(evidence: Evidence, i: int) -> np.ndarray:
    """Disagreement in single precision that needs no explanation."""
    noise = evidence.noise[i]
    length, grain = max(1, evidence.group.elements), evidence.question.grain
    return np.maximum(tolerance.implementation(noise, length, grain), LOST * noise.scale)


def _coarse(evidence: Evidence, i: int) -> np.ndarray:
    """Points at which single precision overflows or loses its digits, where function and truth are
    fine in it.
    """
    truth, hand, jaxs = evidence.rounded[i], evidence.hand_single[i], evidence.truth_single[i]
    noise = evidence.noise[i]
    judged = over(evidence.fine_single & evidence.fine & ~evidence.contradicted, truth)
    judged = judged & np.isfinite(truth) & np.isfinite(jaxs) & (np.abs(truth) < 1e37)
    with np.errstate(invalid="ignore", over="ignore"):
        lost = ~(np.abs(hand - truth) <= _allowed(evidence, i))
    # Where the derivative has died away (a saturated softmax), what is left are rounding errors of
    # terms that cancel: only an overflow counts there.
    alive = (noise.scale >= LOST * noise.typical) & (noise.scale > 1e-8 * noise.natural)
    return anywhere(judged & lost & (alive | ~np.isfinite(hand)))


def _rounded_away(evidence: Evidence, off: np.ndarray) -> np.ndarray:
    """Points at which the truth's own steps round by as much as the hand is off: of the slope of a
    saturated sigmoid, s (1 - s), nothing is left where s rounds to one.
    """
    points = np.flatnonzero(off)
    fine = np.ones(len(points), bool)
    for i, moved in enumerate(roundings(evidence, points)):
        error = np.abs(evidence.hand[i][points] - evidence.truth[i][points])
        allowed = tolerance.formula(evidence.noise[i])
        slack = np.broadcast_to(allowed, evidence.truth[i].shape)[points]
        fine &= ~anywhere(~(error <= slack + ROUNDINGS * tolerance.EPS64 * moved))
    return np.isin(np.arange(len(off)), points[fine])


def _explained(evidence: Evidence, coarse: np.ndarray) -> np.ndarray:
    """Points at which the function takes exponentials of numbers so large that single precision
    does not know them any better: an attention that recomputes its weights from their logarithm.
    """
    points = np.flatnonzero(coarse)
    unit = ROUNDINGS * max(tolerance.EPS32, evidence.question.grain) * exponents(evidence, points)
    fine = np.ones(len(points), bool)
    for i, noise in enumerate(evidence.noise):
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(evidence.hand_single[i][points] - evidence.rounded[i][points])
            scale = noise.scale[points]
            slack = _allowed(evidence, i)[points] + over(unit, scale) * scale
            fine &= ~anywhere(~(error <= slack))
    return np.isin(np.arange(len(coarse)), points[fine])
