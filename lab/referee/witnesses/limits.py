"""Where neither JAX nor the hand has a number for the derivative: has it a limit there?

At the edge of a domain differences see one side only, and a slope that dies away like a root is too
slow for them: that of x^(3/2) at 0. The truth itself is followed on its way to the point, from
others that were drawn, which lie inwards. Where what it is off its limit by shrinks with the way
that is left, the limit is the derivative, and a formula without a number there has lost it in 0/0.
"""

import jax
import numpy as np

from lab.referee.asking.evaluate import Raised
from lab.referee.points.group import stacked
from lab.referee.witnesses.evidence import Evidence, varied_leaves

WAYS = 4
LEFT = (1e-4, 1e-7, 1e-10)  # of each way
SHRINKS = 0.1  # from one of them to the next, at least
NEAR = 1e-3  # of its usual size, in the end
CLOSE = 1e-6  # of the function, to its value


@np.errstate(all="ignore")
def limit_of(
    evidence: Evidence, point: int, rng: np.random.Generator
) -> tuple[np.ndarray, ...] | None:
    """The limit of the derivative, leaf by leaf, where it and the function both have one, the
    latter its value.
    """
    group = evidence.group
    positions = varied_leaves(evidence.question, group)
    typical = np.flatnonzero(group.typical)
    if not typical.size or any(group.leaves[i].dtype.kind != "f" for i in positions):
        return None
    here = [leaf[point] for leaf in group.leaves]
    rows = [here]
    for weights in rng.dirichlet(np.ones(typical.size), WAYS):  # many, so that no entry stays put
        for left in LEFT:
            moved = list(here)
            for i in positions:
                inward = np.tensordot(weights, group.leaves[i][typical], 1) - here[i]
                moved[i] = here[i] + left * inward
            rows.append(moved)
    leaves = tuple(stacked(column) for column in zip(*rows, strict=True))
    truths, values = evidence.ask_truth(leaves), evidence.ask_value(leaves)
    if isinstance(truths, Raised) or isinstance(values, Raised):
        return None
    if not all(_continuous(value) for value in jax.tree.leaves(values)):
        return None
    pairs = zip(truths, evidence.noise, strict=True)
    limits = [_settled(truth[1:], noise.typical) for truth, noise in pairs]
    return None if any(limit is None for limit in limits) else tuple(limits)  # type: ignore[arg-type]


def _continuous(values: np.ndarray) -> bool:
    gap = np.abs(values[len(LEFT) :: len(LEFT)] - values[0])
    return bool(np.all(gap <= CLOSE * np.abs(values).max(initial=0.0)))


def _settled(along: np.ndarray, usual: float) -> np.ndarray | None:
    """Where all ways end, if they end in one place, nearer each time."""
    steps = along.reshape(WAYS, len(LEFT), *along.shape[1:])
    end = steps[:, -1].mean(axis=0)
    off = np.abs(steps - end).max(axis=(0, *range(2, steps.ndim)), initial=0.0)
    shrinks = np.all((off[1:] <= SHRINKS * off[:-1]) | (off[1:] <= CLOSE * usual))
    if not (np.isfinite(off).all() and shrinks and off[-1] <= NEAR * usual):
        return None
    return np.where(np.abs(end) <= off[-2], 0.0, end)
