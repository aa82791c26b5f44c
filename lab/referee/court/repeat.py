"""Does a function answer alike when asked twice? Random draws and counters inside make every
verdict void.
"""

import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from lab.referee.asking.evaluate import precision
from lab.referee.asking.question import Question, split
from lab.referee.court.weighing import Found
from lab.referee.points.drawn import Group


def not_repeatable(asked: Question, group: Group) -> Found | None:
    """A function that draws or counts by itself gives another program each time it is traced."""
    says = "is not deterministic: asked twice at one point, it gives two answers"
    if _differs(asked, asked.value, group):
        return Found("inconclusive", f"{asked.claim.of_name} {says}")
    if _differs(asked, asked.hand, group):
        return Found("error", f"{asked.claim.name} {says}")
    return None


def _differs(asked: Question, voice: Callable[..., Any], group: Group) -> bool:
    """Whether it differs from itself; one that raises does not, and is heard later."""

    def ask(*leaves: Any) -> Any:
        return voice(*split(asked, group.rebuild(leaves)))

    for record in (_traced, _called):
        try:
            with precision(64):
                leaves = group.leaves_at(0)
                return record(ask, leaves) != record(ask, leaves)
        except Exception:
            continue
    return False


def _traced(ask: Callable[..., Any], leaves: list[Any]) -> list[Any]:
    """The program JAX makes of it, and its constants; addresses in memory are not part of it."""
    jaxpr = jax.make_jaxpr(lambda *x: ask(*x))(*leaves)  # new to JAX, which remembers
    program = re.sub(r"0x[0-9a-f]+", "", str(jaxpr))
    return [program, *(np.asarray(const).tobytes() for const in jaxpr.consts)]


def _called(ask: Callable[..., Any], leaves: list[Any]) -> list[Any]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(ask(*leaves))]
