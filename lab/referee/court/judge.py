"""`check`: put a hand derivation on trial, and say what came out."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lab.derivation import Derivation, Wrt, derivation, derivation_of, name_of
from lab.errors import BadInput
from lab.referee.asking.evaluate import precision
from lab.referee.asking.question import Question, question
from lab.referee.asking.readings import in_the_limit
from lab.referee.attached import attached
from lab.referee.court.beyond import gives_up, rounds
from lab.referee.court.cutting import named_small
from lab.referee.court.hearing import Heard, Settled, hear
from lab.referee.court.intended import suspected, weigh_meant
from lab.referee.court.seldom import seldom
from lab.referee.court.slopes_alone import by_differences
from lab.referee.court.untaken import not_linear, untaken
from lab.referee.court.weighing import Found, weigh
from lab.referee.points.drawn import directions, groups
from lab.referee.points.group import Group
from lab.referee.programs.loops import MOST
from lab.referee.rules import rule_claim
from lab.referee.search.symmetry import AMONG
from lab.referee.verdict import PASSING, Verdict
from lab.referee.witnesses.evidence import Evidence, of_one_size

SAME = 0.8  # an error in the limit of loops, of that before, which is about as far off


def check(
    f: Callable[..., Any] | Derivation,
    hand: Callable[..., Any] | None = None,
    *,
    kind: str = "gradient",
    wrt: Wrt | None = None,
    at: Any = None,
    seed: int = 0,
    points: int | None = None,
    shrink: bool = True,
) -> Verdict:
    """Judge ``hand`` as the hand-derived ``kind`` of ``f`` with respect to ``wrt``, by default the
    first argument.

    ``check(derivation)`` judges a function that carries its record (see `lab.derivation`);
    ``check(f, at=...)`` of a ``jax.custom_vjp`` or ``jax.custom_jvp`` its rule, against automatic
    differentiation of the body, by default with respect to all floating arguments.

    ``at`` says where the arguments come from: a dict of domains, a sampler ``key -> args``, or
    concrete arguments; ``seed`` fixes the draws, ``points`` bounds their number. What is wrong is
    shown in a counterexample made small and round, unless ``shrink`` is false. Raises `BadInput`
    when the question itself makes no sense; everything else, a crash of the hand function included,
    is a verdict."""
    claim = _claim(f, hand, kind, wrt, at)
    start = time.perf_counter()
    with precision(64):
        asked = question(claim)
        drawn = groups(asked.claim, seed, points)
    found, points_heard = _judged(asked, drawn, directions(seed), shrink=shrink)
    if claim.assumed:
        found = found._replace(reason=f"{found.reason}; assumed: {claim.assumed}")
    return Verdict(
        name=claim.name,
        of=claim.of_name,
        kind=claim.kind,
        file=claim.file,
        line=claim.line,
        verdict=found.word,
        mistake=found.mistake,
        reason=found.reason,
        steps=found.steps,
        witnesses=found.witnesses,
        power=found.power,
        points=points_heard,
        seconds=round(time.perf_counter() - start, 4),
        counterexample=found.counterexample,
        assumed=claim.assumed,
        meant=claim.meant,
    )


def _claim(f: Any, hand: Any, kind: str, wrt: Wrt | None, at: Any) -> Derivation:
    if hand is None:
        if not isinstance(f, Derivation) and derivation_of(f) is None and attached(f) is not None:
            return rule_claim(f, at, wrt)
        claim = f if isinstance(f, Derivation) else derivation_of(f)
        if claim is None:
            raise BadInput(
                f"check({name_of(f)}): it carries no derivation; decorate it "
                "(@gradient(of=...)), or give both functions: check(f, hand, at=...)"
            )
        return claim
    if at is None:
        raise BadInput(
            f"check({name_of(f)}, {name_of(hand)}): say where the arguments come from, "
            "e.g. at=dict(x=reals('n'))"
        )
    return derivation(f, hand, kind=kind, wrt=0 if wrt is None else wrt, at=at)


def _judged(
    asked: Question,
    drawn: list[Group],
    rng: np.random.Generator,
    *,
    shrink: bool,
    limit: bool = False,
) -> tuple[Found, int]:
    """What comes out at the points drawn; with the number of points heard. What does not hold as it
    stands may hold where loops are taken to their ``limit``.
    """
    heard = hear(asked, drawn, rng, shrink=shrink, limit=limit)
    if isinstance(heard, Settled):
        return heard
    if not heard.evidences:
        total = sum(group.size for group in drawn)
        return by_differences(heard.asked, drawn, rng, heard.excused), total
    points = sum(one.group.size for one in heard.evidences)
    if asked.claim.meant:
        return weigh_meant(heard.evidences, asked.claim.meant), points
    found = weigh(heard.asked, of_one_size(heard.evidences), rng, shrink=shrink, limit=limit)
    if found.blind:
        return by_differences(heard.asked, drawn, rng, found.reason), points
    further = None if limit else _further(found, heard)
    if further is not None:
        again, points_again = _judged(further, drawn, rng, shrink=shrink, limit=True)
        if _decides(again, found):
            again = again.named
            says = f"{again.reason}, with loops taken from their tolerance to their limit"
            return again._replace(reason=says), points_again
    passes = found.word in PASSING and heard.broken is None
    remark = gives_up(heard.evidences[0]) if passes else ""
    if remark:
        found = seldom(asked, heard.evidences[0], rng, shrink=shrink) or found

    def told() -> Found:
        small = named_small(heard.asked, heard.evidences, found.named, rng)
        return _with_remarks(small, heard, remark)

    return found._replace(name=told) if limit else told(), points


def _decides(again: Found, found: Found) -> bool:
    """Whether what is said of loops in their limit counts. They may have none: it is the same
    function then, and the hand as far off.
    """
    if found.nearly is None:
        return again.word not in ("inconclusive", found.word)
    gaps = [max((w.error or 0.0 for w in one.witnesses[:1]), default=0.0) for one in (again, found)]
    closer = gaps[0] < SAME * gaps[1]
    return again.word == "correct" or (again.word == "wrong" and closer)


def _further(found: Found, heard: Heard) -> Question | None:
    """The same question in the limit of its loops, if that may change the answer."""
    endless = any(64 in one.endless for one in heard.evidences)
    doubtful = (found.word != "correct" or found.nearly is not None) and not endless
    return in_the_limit(heard.asked, heard.evidences[0].group) if doubtful else None


def _with_remarks(found: Found, heard: Heard, beyond: str) -> Found:
    """What is to be known beside the verdict: where the hand raised, which loops were given up,
    which points left out, along which directions was asked, which branches never reached, and
    what is seen ``beyond`` the points.
    """
    if heard.broken is not None and found.word in PASSING:
        return heard.broken
    if heard.broken is not None:
        found = found._replace(reason=f"{found.reason}; elsewhere {heard.broken.reason}")
    found = _with_endless(found, heard.evidences)
    if heard.excused:  # some points were left out, and it is no secret which
        found = found._replace(reason=f"{found.reason}; elsewhere {heard.excused}")
    if heard.asked.symmetric and found.word in PASSING:
        found = found._replace(reason=found.reason + AMONG)
    if found.mistake and heard.asked.claim.rule:
        found = _perhaps_meant(found, suspected(heard.evidences))
    if found.word in PASSING:
        found = found._replace(reason=found.reason + rounds(heard.evidences) + beyond)
    found = _with_unreached(found, heard.missed)
    never = untaken(heard.evidences) if found.word in PASSING else ()
    crooked = not_linear(heard.evidences[0]) if never else None
    if crooked is not None:
        return found._replace(word="wrong", reason=crooked.says, mistake=crooked)
    if never:
        says = f"{' and '.join(never)} of the rule sets a case apart, and no point is in it"
        found = found._replace(reason=f"{found.reason}; {says}")
    return found


def _with_endless(found: Found, evidences: list[Evidence]) -> Found:
    """A verdict says which loops were given up, and what to do about them."""
    bits = {bits for one in evidences for bits in one.endless}
    if not bits:
        return found
    where = "a loop" if 64 in bits else "in float32 a loop"
    says = (
        f"{found.reason}; {where} had not ended after {MOST} steps (a tolerance finer than "
        "rounding? bound the steps, or make it coarser)"
    )
    mistake = found.mistake._replace(says=says) if found.mistake else None
    return found._replace(reason=says, mistake=mistake)


def _perhaps_meant(found: Found, does: str | None) -> Found:
    """Of a rule that looks like a definition: how to say that it is one."""
    if does is None or found.mistake is None:
        return found
    says = (
        f"{found.mistake.says}; {does}: if that is meant, say so in its docstring, "
        '"Not the derivative: ...", or with @lab.meant("...")'
    )
    return found._replace(reason=says, mistake=found.mistake._replace(says=says))


def _with_unreached(found: Found, missed: list[tuple[str, ...]]) -> Found:
    """A pass says which branches no point was on, in any group."""
    never = [side for side in dict.fromkeys(sum(missed, ())) if all(side in one for one in missed)]
    if not never or found.word not in PASSING:
        return found
    return found._replace(reason=f"{found.reason}; never reached: {'; '.join(never)}")
