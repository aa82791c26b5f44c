"""What each witness says of the hand derivation, whether they contradict each other, and what would
have shown.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.traces import traced
from lab.referee.court.dispute import Dispute
from lab.referee.programs.bits import through_bits
from lab.referee.verdict import Witness
from lab.referee.witnesses.differences import Probe
from lab.referee.witnesses.evidence import Evidence, at_point, varied_leaves


def odd_witness(evidences: list[Evidence], measured: list[Probe]) -> tuple[str, bool] | None:
    """When the witnesses contradict each other: which is odd, and whether the hand sides with the
    differences.
    """
    first = evidences[0]
    claim = first.question.claim
    votes, hands = [], []
    for probe in measured:
        votes.append(probe.agrees(at_point(first.truth, probe.point)))
        hands.append(probe.agrees(at_point(first.hand, probe.point)))
    against = votes.count(False)
    if against and against > votes.count(True):
        sides = hands.count(False) == 0 and hands.count(True) > 0
        with_hand = "; the hand derivation agrees with the differences" if sides else ""
        return (
            f"automatic differentiation of {claim.of_name} contradicts its differences "
            f"at {against} of {len(votes)} probes (stop_gradient or a custom rule?){with_hand}",
            sides,
        )
    typical = sum(int(e.group.typical.sum()) for e in evidences)
    apart = sum(int((e.contradicted & e.group.typical).sum()) for e in evidences)
    if apart > typical / 2:
        return f"forward and reverse mode of {claim.of_name} contradict each other", False
    return None


def unseen_by_jax(evidence: Evidence) -> str | None:
    """Where the function takes numbers apart into their bits, which JAX takes for constant."""
    asked: Any = evidence.question
    try:
        closed = traced(asked, asked.value, evidence.group).closed
        return through_bits(closed, varied_leaves(asked, evidence.group))
    except Exception:
        return None


def witnesses_of(
    evidences: list[Evidence],
    disputes: list[Dispute],
    measured: list[Probe],
    elsewhere: list[Probe],
) -> tuple[Witness, ...]:
    """``measured`` are slopes at the first evidence's points, ``elsewhere`` more of them where the
    hand is wrong there.
    """
    worst = max(float(d.gaps.max(initial=0.0)) for d in disputes)
    off = any(d.wrong.any() for d in disputes)
    made = []
    if evidences[0].question.claim.kind == "identity":
        made.append(Witness("float64", "disagrees" if off else "agrees", worst))
    else:
        for mode in ("forward", "reverse"):
            if mode in evidences[0].modes:
                made.append(Witness(f"jax {mode}", "disagrees" if off else "agrees", worst))
            else:
                made.append(Witness(f"jax {mode}", "abstains", None, "JAX has no rule for it"))
        first = evidences[0]
        pairs = [(probe, at_point(first.hand, probe.point)) for probe in (*measured, *elsewhere)]
        made.append(of_differences(pairs, first.noise[0].typical))
    judged = any(e.hand_single for e in evidences)
    lost = any(d.coarse.any() for d in disputes)
    if off:
        made.append(Witness("float32", "abstains", None, "the formula is wrong to begin with"))
    elif not judged:
        made.append(Witness("float32", "abstains", None, "not asked"))
    else:
        made.append(Witness("float32", "disagrees" if lost else "agrees", None))
    return tuple(made)


def of_differences(
    pairs: Sequence[tuple[Probe, list[np.ndarray]]], typical: float = 0.0
) -> Witness:
    """What measured slopes say of the hand's answers at the same points; ``typical`` is the usual
    size of a derivative.
    """
    told, errors = [], []
    for probe, hand in pairs:
        vote = probe.agrees(hand)
        if vote is not None:
            value, size = probe.contract(hand)
            usual = max(size, abs(probe.slope.value), typical, 1e-300)
            told.append(vote)
            errors.append(abs(value - probe.slope.value) / usual)
    if not told:
        return Witness("differences", "abstains", None, "error bars too wide, or a kink")
    return Witness("differences", "agrees" if all(told) else "disagrees", float(max(errors)))


def power_of(evidences: list[Evidence]) -> float | None:
    """The smallest relative error of any one leaf that would have been noticed, confirmed by
    planting it.
    """
    smallest = 0.0
    for i in range(len(evidences[0].truth)):
        best = np.inf
        for e in evidences:
            noise, truth = e.noise[i], e.truth[i]
            use = e.usable
            with np.errstate(divide="ignore", invalid="ignore"):
                allowed = np.broadcast_to(tolerance.formula(noise), truth.shape)
                ratio = np.where(np.abs(truth) > 0, 2 * allowed / np.abs(truth), np.inf)
            if not use.any() or not ratio.size:
                continue
            power = float(ratio[use].min())
            if np.isfinite(power) and np.any(np.abs(power * truth[use]) > allowed[use]):
                best = min(best, power)
        if np.isfinite(best):
            smallest = max(smallest, best)
    return smallest or None
