"""Beside the kinks: what is wrong with a derivation is read where the derivative is no convention.

At a kink JAX's answer is one of many, and the difference to it explains nothing. A sampler whose
points all stand at kinks (ties, whole numbers, zeros) is moved off them a little, keeping what its
points share; there a lost sign or factor shows as anywhere else."""

import numpy as np

from lab.referee.dispute import Dispute, dispute
from lab.referee.evidence import Evidence, gather, varied_leaves
from lab.referee.properties import shared
from lab.referee.stacks import arrays, largest, over

AWAY = 1e-3  # relative to the entry, or to the largest where the entry is zero


def beside_kinks(
    evidences: list[Evidence], disputes: list[Dispute], rng: np.random.Generator
) -> tuple[list[Evidence], list[np.ndarray]] | None:
    """The evidence of the groups that are wrong at kinks, taken again beside them, with the points
    that are wrong there; `None` where no kink is in play, or no way leads off it.
    """
    if not any(
        one.finding in ("subgradient", "no subgradient")
        for d in disputes
        for one in d.looks.values()
    ):
        return None
    again, wrong = [], []
    for evidence, found in zip(evidences, disputes, strict=True):
        if not found.wrong.any():
            continue
        moved = _moved(evidence, rng)
        if moved is None:
            return None
        group = evidence.group._replace(leaves=moved)
        heard = gather(evidence.question, group, evidence.form, rng, whole=False, forward=False)
        if not isinstance(heard, Evidence):
            return None
        again.append(heard)
        wrong.append(dispute(heard, rng).wrong)
    return (again, wrong) if again else None


def _moved(evidence: Evidence, rng: np.random.Generator) -> tuple[np.ndarray, ...] | None:
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
        step = AWAY * step * np.where(size > 0, size, usual)
        inward = (leaf + step < low) | (leaf + step > high)
        leaves[i] = leaf + np.where(inward, -step, step)
    return tuple(leaves)
