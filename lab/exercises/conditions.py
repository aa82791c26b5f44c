"""Arguments and counterexamples on trial: whatever meets the condition is right."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.exercises.answer import NoAnswer, described, guarded, number
from lab.exercises.record import Exercise
from lab.referee.verdict import Mistake


def judge_condition(asked: Exercise, answer: Callable[..., Any]) -> Mistake | None:
    """What is wrong with an answer according to the exercise's own judge, or nothing.

    Raises `NoAnswer` where it is not of the kind asked for.
    """
    assert asked.judge is not None
    given: Any
    if asked.arguments:
        given = answer if asked.any_shape else guarded(answer, asked.solution)
    else:
        given = fitting(answer(), asked.solution(), asked.any_shape)
    says = asked.judge(given)
    return Mistake("condition", says, asked.kind) if says else None


def fitting(given: Any, right: Any, any_shape: bool) -> Any:
    """The answer in the form of the solution's: an array, or several under one roof."""
    if isinstance(right, tuple | list):
        if not isinstance(given, tuple | list) or (len(given) != len(right) and not any_shape):
            seen = f"{len(given)} parts" if isinstance(given, tuple | list) else described(given)
            raise NoAnswer(f"it returns {seen} where {len(right)} parts are asked for")
        if any_shape:
            return [fitting(one, right[0], True) for one in given]
        return [fitting(one, other, False) for one, other in zip(given, right, strict=True)]
    if callable(right):
        if not callable(given):
            raise NoAnswer(f"it returns {described(given)} where a function is asked for")
        return given
    array = number(given, None if any_shape else right)
    return array if np.shape(array) else float(array)
