"""A learner's answer before the referee: a formula as it was typed, or a function that was chosen.

What is asked for is a derivation of the catalogue, so that a lesson holds no solution of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from lab import referee
from lab.derivation import Derivation, derivation_of
from lab.errors import BadInput
from lab.exercises.discreet import discreet
from lab.exercises.formulas import witnessed
from lab.referee.verdict import Verdict
from lab.symbolic import claims, formula


def typed(asked: Callable[..., Any], text: str, entries: tuple[str, ...] = ()) -> Verdict:
    """The verdict on a formula in the place of the hand derivation ``asked``.

    It is a formula of the derivation's arguments, one for each that moves; or, where the only
    argument is a vector, of its ``entries`` by name, one formula for each entry of the gradient.
    Raises `BadInput` where the text is no such formula.
    """
    claim = _claim(asked)
    names = entries or claim.arguments
    parts = formula.parse(text, names)

    def answer(*args: Any) -> Any:
        numbers = [*args[0]] if entries else args
        known = dict(zip(names, numbers, strict=True))
        found = [
            jnp.broadcast_to(formula.value(part, known), numbers[0].shape).astype(numbers[0].dtype)
            for part in parts
        ]
        if len(claim.wrt) > 1:
            return tuple(found)
        return found[0] if len(found) == 1 else jnp.stack(found)

    verdict = chosen(asked, answer)
    if entries or len(parts) > 1:
        return verdict
    in_sympy = lambda *symbols: formula.expression(parts[0], dict(zip(names, symbols, strict=True)))
    told = claims.opinion(claim, in_sympy)
    return witnessed(verdict, told) if told else verdict


def chosen(asked: Callable[..., Any], answer: Callable[..., Any]) -> Verdict:
    """The verdict on a function in the place of the hand derivation ``asked``, told discreetly."""
    claim = _claim(asked)
    verdict = referee.check(replace(claim, hand=answer, name="your answer", file=None, line=None))
    mistake = discreet(verdict.mistake)
    return verdict._replace(mistake=mistake, reason=mistake.says if mistake else verdict.reason)


def _claim(asked: Callable[..., Any]) -> Derivation:
    claim = derivation_of(asked)
    if claim is None:
        raise BadInput(f"{asked!r} carries no derivation: nothing to be judged against")
    return claim
