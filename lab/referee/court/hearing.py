"""The hearing: evidence, group by group of the points drawn."""

from typing import NamedTuple

import numpy as np

from lab.errors import BadInput
from lab.referee.asking.complete import with_complaints, with_extra
from lab.referee.asking.evaluate import Raised, precision
from lab.referee.asking.question import Question
from lab.referee.asking.readings import as_formula
from lab.referee.asking.structure import Form, Misshapen, form
from lab.referee.court.large import hear_large
from lab.referee.court.large_wrong import hear_large_wrong
from lab.referee.court.repeat import not_repeatable
from lab.referee.court.weighing import Found
from lab.referee.points.group import MANY, Group
from lab.referee.search.steering import steer
from lab.referee.search.symmetry import among_symmetric, with_symmetric_tangents
from lab.referee.witnesses.evidence import Evidence, FunctionRaised, expected, gather

WHOLE = 2  # groups of a sampler heard in both modes and precisions; of domains, the first will do


class Heard(NamedTuple):
    """``asked`` as it is read after the first group; ``missed`` are the sides of comparisons that
    no point is on, by group; ``excused`` says where the function itself could not be asked, and
    ``broken`` that the hand raised, at sizes that were not the first.
    """

    asked: Question
    evidences: list[Evidence]
    missed: list[tuple[str, ...]]
    excused: str
    broken: Found | None


class Settled(NamedTuple):
    """A verdict that needs no weighing, and how many points it is about."""

    found: Found
    points: int


class Called(NamedTuple):
    """A group, tangents and cotangents included, with the form of a right answer; the first
    ``plain`` leaves are the function's arguments.
    """

    group: Group
    plain: int
    wanted: Form


def hear(
    asked: Question,
    drawn: list[Group],
    rng: np.random.Generator,
    *,
    shrink: bool,
    limit: bool,
) -> Heard | Settled:
    claim = asked.claim
    evidences: list[Evidence] = []
    missed: list[tuple[str, ...]] = []
    excused, broken = "", None
    total = sum(group.size for group in drawn)
    whole = WHOLE if callable(claim.at) else 1
    for number, group in enumerate(drawn):
        called = _called(asked, group, rng)
        if isinstance(called, Raised):
            excused = f"{claim.of_name} could not be differentiated by JAX: {called}"
            continue
        group, plain, wanted = called
        if number == 0:
            changing = not_repeatable(asked, group)
            if changing:
                return Settled(changing, total)
            with precision(64):
                asked = as_formula(asked, group)
                asked = among_symmetric(asked, group, len(group.leaves) - plain)
        group = with_symmetric_tangents(asked, group)
        if group.elements > MANY:
            group = group.only(np.arange(group.size) == 0)
            at_once = hear_large(asked, group, wanted, rng)
            at_once = at_once or hear_large_wrong(asked, group, wanted, rng, shrink=shrink)
            if at_once is not None:
                return Settled(at_once, 1)
        elif not limit and (callable(claim.at) or number == 0):
            group, unreached = steer(asked, group, len(group.leaves) - plain, rng)
            missed.append(unreached)
        reverse_alone = bool(evidences) and "reverse" in evidences[0].modes
        both = number < whole or not reverse_alone
        forward = both and group.elements <= MANY
        match gather(asked, group, wanted, rng, whole=both, forward=forward):
            case Misshapen(mistake=mistake):
                return Settled(Found("wrong", mistake.says, mistake), total)
            case FunctionRaised() as problem:
                excused = f"{claim.of_name} raised {problem}"
            case Raised() as problem:
                broken = Found("error", f"{claim.name} raised {problem}")
                if not evidences:
                    return Settled(broken, total)
            case evidence:
                evidences.append(evidence)
    return Heard(asked, evidences, missed, excused, broken)


def _called(asked: Question, group: Group, rng: np.random.Generator) -> Called | Raised:
    """The group as it is asked about; or why the function cannot be differentiated there.

    Raises `BadInput` when the question makes no sense.
    """
    claim = asked.claim
    try:
        with precision(64):
            out = with_complaints(asked, group)
    except BadInput:
        raise
    except Exception:
        out = None
    plain = len(group.leaves)
    try:
        group = with_extra(asked, group, out, rng)
        return Called(group, plain, form(claim, expected(asked, group)))
    except BadInput:
        raise
    except Exception as error:
        return Raised(error)
