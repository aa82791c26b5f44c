"""Answers typed as formulas, and SymPy's opinion on answers that are formulas of numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from lab.errors import BadInput
from lab.exercises.derivatives import claimed
from lab.exercises.judge import judge
from lab.exercises.record import Exercise
from lab.referee.verdict import Verdict, Witness
from lab.symbolic import formula
from lab.symbolic.claims import is_about_arrays, opinion
from lab.symbolic.opinion import Opinion


def judge_typed(asked: Exercise, text: str) -> tuple[Verdict, Opinion | None]:
    """The verdict on an answer typed as a formula of the question's arguments, and SymPy's opinion.

    Raises `BadInput` where the text is no such formula.
    """
    if asked.derivation is not None and is_about_arrays(asked.derivation):
        raise BadInput(f"{asked.name} is about arrays, which no formula says: answer in the sheet")
    if asked.kind == "value" and not asked.arguments and isinstance(asked.solution(), str):
        if not (word := text.strip(" '\"")):
            raise BadInput("an empty answer; type the word")
        judged = judge(asked, word)
        assert judged is not None
        return judged._replace(file=None, line=None), None
    parts = formula.parse(text, asked.arguments)

    def answer(*args: Any) -> Any:
        names = dict(zip(asked.arguments, args, strict=True))
        values = [formula.value(part, names) for part in parts]
        return values[0] if len(values) == 1 else _together(values, asked)

    answer.__name__ = answer.__qualname__ = asked.name
    judged = judge(asked, answer)
    assert judged is not None  # a formula is an answer
    found = judged._replace(file=None, line=None)
    told = None
    if asked.derivation is not None and len(parts) == 1:
        told = opinion(asked.derivation, lambda *symbols: _in_sympy(parts[0], asked, symbols))
    return (witnessed(found, told) if told else found), told


def _together(values: list[Any], asked: Exercise) -> Any:
    """Several formulas are a tuple where the derivative is one, else an array."""
    if asked.derivation is not None and not asked.derivation.single:
        return tuple(values)
    return jnp.stack([jnp.asarray(value, float) for value in jnp.broadcast_arrays(*values)])


def _in_sympy(part: formula.Formula, asked: Exercise, symbols: Sequence[Any]) -> Any:
    return formula.expression(part, dict(zip(asked.arguments, symbols, strict=True)))


def of_function(asked: Exercise, answer: Callable[..., Any]) -> Opinion | None:
    """SymPy's opinion on a learner's function, where it is a formula of numbers."""
    return opinion(claimed(asked, answer)) if asked.derivation is not None else None


def witnessed(found: Verdict, told: Opinion) -> Verdict:
    """The verdict with one witness more."""
    if told.equal is None or told.equal != found.passes:
        says = "abstains" if told.equal is None else "contradicts"
    else:
        says = "agrees" if told.equal else "disagrees"
    return found._replace(witnesses=(*found.witnesses, Witness("symbolic", says, None, told.says)))
