"""Beyond the points given, and below what they show: remarks to a verdict that stays as it is.

A sampler's points say what was asked for, and a hand that is right at all of them is correct. Where
arguments somewhat larger, or nearer to nothing, still leave the function and its derivative fine in
single precision, and the hand has no number there or has lost it, that is worth a word. So are the
narrow types that a hand rounds to and its function does not."""

from collections.abc import Sequence

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.evaluate import Raised
from lab.referee.points.group import MANY, Group, joined
from lab.referee.points.properties import REACH, Shared, shared
from lab.referee.points.stacks import arrays, everywhere, largest
from lab.referee.search.steering import movable
from lab.referee.witnesses.evidence import Evidence, varied_leaves

LARGER = np.geomspace(3.0, 1e3, 12)
SMALLER = np.geomspace(0.3, 1e-8, 12)  # of arguments that are positive
BASES = 2  # points that are scaled
KNOWN = 1e-3  # relative error of JAX's own answer in single precision, where it counts
LOST = 0.3  # and of the hand's, where it is lost
NARROW = {2.0**-7: "bfloat16", 2.0**-10: "float16"}  # by rounding unit
RIGHT = 1e-6  # and in double precision, where its formula is right


@np.errstate(all="ignore")
def gives_up(evidence: Evidence) -> str:
    """Where the hand gives up beyond a sampler's points, and the function does not; or nothing."""
    asked, group = evidence.question, evidence.group
    typical = np.flatnonzero(group.typical & evidence.usable)[:BASES]
    if not callable(asked.claim.at) or evidence.ask_all is None or asked.symmetric:
        return ""
    varied = varied_leaves(asked, group)
    if not typical.size or group.elements > MANY or not set(varied) <= set(movable(group)):
        return ""
    draws = [leaf[group.typical] for leaf in arrays(group.leaves)]
    common = shared(draws, varied)
    if not all(common.movable[i].all() and _free(common, draws, i) for i in varied):
        return ""
    positive = all(np.all(draws[i] > 0) for i in varied)
    ladders = [(LARGER, "on"), (SMALLER, "down")] if positive else [(LARGER, "on")]
    for factors, toward in ladders:
        points = _scaled(group, varied, typical, factors)
        if not all(keep(arrays(points)).all() for keep in common.keeps):
            continue
        none, lost = missing(evidence, points)
        bad = np.flatnonzero(none | lost)
        if bad.size:
            size = max(float(np.abs(points[i][bad[0]]).max(initial=0.0)) for i in varied)
            names = ", ".join(asked.claim.arguments[p] for p in asked.claim.wrt)
            what = "has no number" if none[bad[0]] else "has lost its digits"
            return (
                f"; beyond the points given, from about |{names}| = {size:.2g} {toward}, the hand "
                f"{what} in float32 where {asked.claim.of_name} and its derivative are fine"
            )
    return ""


def _free(common: Shared, draws: Sequence[np.ndarray], i: int) -> bool:
    """Whether the draws of a leaf fill no box, so that larger ones may be of their kind."""
    far = 0.999 * REACH * np.abs(draws[i]).max(initial=0.0)
    low, high = common.low[i], common.high[i]
    return bool(np.all((high >= far) | (high <= 0)) and np.all((low <= -far) | (low >= 0)))


def _scaled(
    group: Group, varied: Sequence[int], points: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The points with their differentiated leaves times each of the factors, in their order."""
    made = []
    for i, leaf in enumerate(group.leaves):
        times = factors if i in varied else np.ones(len(factors))
        made.append(joined([leaf[points] if f == 1 else f * leaf[points] for f in times]))
    return tuple(made)


def missing(evidence: Evidence, points: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Point by point, whether in single precision the hand has no number for the derivative, and
    whether it has another one, where JAX has the right one.
    """
    assert evidence.ask_all is not None
    nothing = np.zeros(len(points[0]), bool)
    double, single = (ask(points) for ask in evidence.ask_all)
    if isinstance(double, Raised) or isinstance(single, Raised):
        return nothing, nothing
    main = evidence.modes[0]
    fine, none, lost = ~nothing, nothing.copy(), nothing.copy()
    for said in (double, single):
        for leaf in (*jax.tree.leaves(said["value"]), *said[main]):
            fine &= everywhere(np.isfinite(leaf))
    for i, noise in enumerate(evidence.noise):
        truth, low = double[main][i], single[main][i]
        size = largest(np.abs(truth))
        off = lambda answer, truth=truth: largest(np.abs(np.nan_to_num(answer) - truth))
        fine &= off(low) <= KNOWN * size
        none |= ~everywhere(np.isfinite(single["hand"][i]))
        alive = (size > KNOWN * noise.typical) & (off(double["hand"][i]) <= RIGHT * size)
        lost |= alive & (off(single["hand"][i]) > LOST * size)
    return none & fine, lost & fine & ~none


@np.errstate(all="ignore")
def rounds(evidences: Sequence[Evidence]) -> str:
    """That the hand rounds to a narrow type where the function does not, and how far that puts its
    answers off; or nothing.
    """
    asked = evidences[0].question
    if not asked.grain > max(asked.own_grain, tolerance.EPS32):
        return ""
    off = 0.0
    for e in evidences:
        for i, low in enumerate(e.hand_single):
            truth = e.rounded[i][e.usable & e.fine_single]
            size = largest(np.abs(truth))
            gap = largest(np.abs(low[e.usable & e.fine_single] - truth))
            off = max(off, float(np.nan_to_num(gap / size)[size > 0].max(initial=0.0)))
    if off <= tolerance.EPS32:
        return ""
    kind = NARROW.get(asked.grain, "a narrow type")
    return (
        f"; the hand rounds to {kind}, {asked.claim.of_name} does not: its values are off by up to "
        f"{off:.1g} of the largest"
    )
