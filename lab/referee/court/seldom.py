"""What a sampler seldom draws is in its range all the same.

A sigmoid as ``exp(z) / (1 + exp(z))`` has no number from 88 on: nothing to scores of a few, and to
``30 * normal`` one score in six hundred. Where a hand gives up beyond the points it was judged at,
many more are drawn, and it is heard at those at which it does."""

import jax
import numpy as np

from lab.referee.asking.question import Question
from lab.referee.court.beyond import missing
from lab.referee.court.hearing import Settled, hear
from lab.referee.court.weighing import Found, weigh
from lab.referee.points.drawn import more_draws
from lab.referee.points.group import Group
from lab.referee.verdict import PASSING
from lab.referee.witnesses.evidence import Evidence, of_one_size

DRAWS = 300


def seldom(
    asked: Question, evidence: Evidence, rng: np.random.Generator, *, shrink: bool
) -> Found | None:
    """What comes out at the draws, among many, at which the hand gives up; None where it does not,
    or is right to.
    """
    drawn = more_draws(asked.claim, jax.random.key(int(rng.integers(2**31))), DRAWS)
    for group in drawn:
        gives_up = _gives_up(evidence, group)
        if not gives_up.any():
            continue
        heard = hear(asked, [group.only(gives_up)], rng, shrink=shrink, limit=False)
        if isinstance(heard, Settled) or not heard.evidences:
            continue
        found = weigh(heard.asked, of_one_size(heard.evidences), rng, shrink=shrink).named
        if found.word in PASSING or found.mistake is None:
            continue
        says = f"{found.mistake.says}, as at {gives_up.sum()} of {group.size} more draws"
        return found._replace(reason=says, mistake=found.mistake._replace(says=says))
    return None


def _gives_up(evidence: Evidence, drawn: Group) -> np.ndarray:
    """At which of these points the hand has no number in single precision, or has lost it, where
    JAX has the right one. Tangents and cotangents are those of the evidence over again.
    """
    asked, plain = evidence.group.leaves, len(drawn.leaves)
    shapes = [[np.shape(leaf)[1:] for leaf in one] for one in (drawn.leaves, asked[:plain])]
    if shapes[0] != shapes[1]:
        return np.zeros(drawn.size, bool)
    rows = np.arange(drawn.size) % evidence.group.size
    none, lost = missing(evidence, (*drawn.leaves, *(leaf[rows] for leaf in asked[plain:])))
    return none | lost
