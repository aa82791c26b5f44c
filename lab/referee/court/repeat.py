"""Does a function answer alike when asked twice? Random draws and counters inside make every
verdict void.
"""

import re
from typing import Any

import jax
import numpy as np

from lab.referee.asking.evaluate import precision
from lab.referee.asking.question import Answer, Question, split
from lab.referee.asking.traces import Traced, traced
from lab.referee.court.weighing import Found
from lab.referee.points.group import Group, at_one


def not_repeatable(asked: Question, group: Group) -> Found | None:
    """A function that draws or counts by itself gives another program each time it is traced."""
    says = "is not deterministic: asked twice at one point, it gives two answers"
    if _differs(asked, asked.value, group):
        return Found("inconclusive", f"{asked.claim.of_name} {says}")
    if _differs(asked, asked.hand, group):
        return Found("error", f"{asked.claim.name} {says}")
    return None


def _differs(asked: Question, voice: Answer, group: Group) -> bool:
    """Whether it differs from itself; one that raises does not, and is heard later."""
    try:
        first = traced(asked, voice, group)
        ask = lambda *leaves: voice(*split(asked, group.rebuild(leaves)))
        with precision(64):
            again = Traced(jax.make_jaxpr(ask)(*at_one(group.leaves)), first.shape)
        return _program(first) != _program(again)
    except Exception:
        pass  # it cannot be traced
    try:
        with precision(64):
            at = split(asked, group.point(0))
            return _called(voice(*at)) != _called(voice(*at))
    except Exception:
        return False


def _program(found: Traced) -> Any:
    """What was traced, to be compared; addresses in memory are not part of it."""
    if found.fingerprint is not None:
        return found.fingerprint
    plain = re.sub(r"0x[0-9a-f]+", "", str(found.closed))
    return [plain, *(np.asarray(const).tobytes() for const in found.closed.consts)]


def _called(answer: Any) -> list[Any]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(answer)]
