"""Beside the kinks: what is wrong with a derivation is read where the derivative is no convention.

At a kink JAX's answer is one of many, and the difference to it explains nothing. A sampler whose
points all stand at kinks (ties, whole numbers, zeros) is moved off them a little, keeping what its
points share; there a lost sign or factor shows as anywhere else."""

import numpy as np

from lab.referee.asking.evaluate import Raised
from lab.referee.court.dispute import Dispute, dispute
from lab.referee.points.properties import shared
from lab.referee.points.stacks import arrays, largest, over
from lab.referee.witnesses.evidence import Evidence, gather, varied_leaves

AWAY = 1e-3  # relative to the entry, or to the largest where the entry is zero
NEXT = 1e-7  # so close that only a kink shows


def beside_kinks(
    evidences: list[Evidence], disputes: list[Dispute], rng: np.random.Generator
) -> tuple[list[Evidence], list[np.ndarray]] | None:
    """The evidence of the groups that are wrong at kinks, taken again beside them, with the points
    that are wrong there; `None` where no kink is in play, or no way leads off it.
    """
    seen = any(
        one.finding in ("subgradient", "no subgradient")
        for d in disputes
        for one in d.looks.values()
    )
    if not seen and not any(map(_jumpy, evidences, disputes)):
        return None
    again, wrong = [], []
    for evidence, found in zip(evidences, disputes, strict=True):
        if not found.wrong.any():
            continue
        heard = beside(evidence, rng)
        if heard is None:
            return None
        again.append(heard)
        wrong.append(dispute(heard, rng).wrong)
    return (again, wrong) if again and (seen or any(mask.any() for mask in wrong)) else None


def beside(evidence: Evidence, rng: np.random.Generator) -> Evidence | None:
    """The evidence taken again a little off its points; `None` where no way leads off them."""
    moved = _moved(evidence, rng)
    if moved is None:
        return None
    group = evidence.group._replace(leaves=moved)
    heard = gather(evidence.question, group, evidence.form, rng, whole=False, forward=False)
    return heard if isinstance(heard, Evidence) else None


def _jumpy(evidence: Evidence, found: Dispute) -> bool:
    """Whether the truth is another next to some of the wrong points, of which few are looked at."""
    moved = _moved(evidence, np.random.default_rng(0), NEXT)
    told = evidence.ask_truth(moved) if moved is not None and found.wrong.any() else None
    if told is None or isinstance(told, Raised):
        return False
    pairs = [(t[found.wrong], m[found.wrong]) for t, m in zip(evidence.truth, told, strict=True)]
    return any(bool(np.any(np.abs(m - t) > 1e-3 * np.abs(t).max())) for t, m in pairs if t.size)


def _moved(
    evidence: Evidence, rng: np.random.Generator, away: float = AWAY
) -> tuple[np.ndarray, ...] | None:
    group = evidence.group
    common = shared(arrays(group.leaves), ())
    leaves = list(group.leaves)
    for i in varied_leaves(evidence.question, group):
        leaf, low, high = leaves[i], common.low[i], common.high[i]
        if leaf.dtype.kind != "f":
            return None
        size = np.abs(leaf)
        usual = largest(size)
        usual = over(np.where(usual > 0, usual, 1.0), leaf)
        step = rng.uniform(0.5, 1.5, leaf.shape) * rng.choice((-1.0, 1.0), leaf.shape)
        step = away * step * np.where(size > 0, size, usual)
        inward = (leaf + step < low) | (leaf + step > high)
        leaves[i] = leaf + np.where(inward, -step, step)
    return tuple(leaves)
