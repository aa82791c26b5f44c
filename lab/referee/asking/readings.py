"""A question put otherwise: to the formulas behind narrow types, to loops taken to their limit."""

from dataclasses import replace

import jax

from lab.referee.asking.question import Question, question, split
from lab.referee.asking.tolerance import EPS64
from lab.referee.asking.traces import traced
from lab.referee.points.group import Group
from lab.referee.programs.loops import loops, to_its_limit
from lab.referee.programs.traced import program_of
from lab.referee.programs.widened import grain, widened


def as_formula(asked: Question, group: Group) -> Question:
    """The question put to the formulas, where function or hand compute in narrow types."""
    claim = asked.claim
    try:
        voices = [traced(asked, voice, group) for voice in (asked.value, asked.hand)]
        of_value, of_hand = (grain(program_of(voice.closed, ())) for voice in voices)
        coarsest = max(of_value, of_hand)
        if coarsest <= EPS64:
            return asked
    except Exception:
        return asked
    wide = question(replace(claim, of=widened(claim.of), hand=widened(claim.hand)))
    wide = wide._replace(implementation=asked.hand, grain=coarsest, own_grain=of_value)
    slim = lambda *leaves: split(asked, group.rebuild(leaves))
    first = group.leaves_at(0)
    try:
        jax.eval_shape(lambda *x: (wide.hand(*slim(*x)), wide.value(slim(*x)[0], ())), *first)
    except Exception:
        return asked._replace(grain=coarsest, own_grain=of_value)
    return wide


def in_the_limit(asked: Question, group: Group) -> Question | None:
    """The question put to functions whose loops are taken to their limit; `None` without loops."""
    claim = asked.claim
    slim = lambda *leaves: split(asked, group.rebuild(leaves))
    first = group.leaves_at(0)
    try:
        programs = [
            jax.make_jaxpr(lambda *x, voice=voice: voice(*slim(*x)))(*first)
            for voice in (asked.hand, lambda args, extra: asked.value(args, ()))
        ]
    except Exception:
        return None
    if not any(map(loops, programs)):
        return None
    of, hand = to_its_limit(claim.of), to_its_limit(claim.hand)
    return question(replace(claim, of=of, hand=hand))
