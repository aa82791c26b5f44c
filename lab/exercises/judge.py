"""An answer on trial, whatever it is: every way it can go ends in a verdict."""

import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lab.errors import BadInput
from lab.exercises.answer import (
    NoAnswer,
    copied,
    crash,
    misfit,
    source_of,
    verdict,
)
from lab.exercises.by_machine import reached
from lab.exercises.conditions import judge_condition
from lab.exercises.derivatives import claimed, judge_derivative, reads_alike, require_answer, same
from lab.exercises.discreet import discreet
from lab.exercises.record import Exercise
from lab.exercises.values import judge_value
from lab.referee.asking.evaluate import precision
from lab.referee.verdict import Mistake, Verdict, Word
from lab.timelimit import TimeUp, limited

SECONDS = 60  # for one answer; a loop that does not end is told so
AT_FIRST = 10  # to be called once


def judge(
    asked: Exercise,
    answer: Any,
    *,
    of: Callable[..., Any] | None = None,
    seed: int = 0,
    seconds: int = SECONDS,
) -> Verdict | None:
    """The verdict on an answer to an exercise, or None where there is no answer yet.

    ``answer`` is the learner's function; a value stands for the function that returns it. ``of`` is
    what a derivative is asked of, as it stands in the learner's sheet. What the verdict says of a
    mistake does not give the solution away.
    """
    function = answer if callable(answer) else lambda: answer
    begun = time.perf_counter()

    def said(word: Word, reason: str, mistake: Mistake | None = None) -> Verdict:
        return verdict(
            asked.name,
            asked.kind,
            word,
            reason,
            mistake,
            source=source_of(answer),
            points=len(asked.at),
            seconds=time.perf_counter() - begun,
        )

    unfit = misfit(function, arguments_of(asked))
    if unfit:
        return said("error", unfit)
    called = False
    try:
        with limited(min(seconds, AT_FIRST)), _quiet():
            if asked.kind == "derivative":
                require_answer(asked, function)
            else:
                _call_once(asked, function)
        called = True
        with limited(seconds), _quiet():
            if asked.kind == "derivative" and (itself := _asked_about(asked, function)):
                raise NoAnswer(f"it calls {itself}, which is what the question is about")
            if asked.kind == "derivative":
                found = judge_derivative(asked, function, of, seed)
            else:
                with precision(64):
                    mistake = (judge_condition if asked.judge else judge_value)(asked, function)
                right = "meets the condition" if asked.judge else "that is it"
                found = said("wrong", mistake.says, mistake) if mistake else said("correct", right)
    except NotImplementedError:
        return None
    except NoAnswer as problem:
        found = said("wrong", str(problem), Mistake("shape", str(problem), "the answer"))
    except TimeUp:
        waited = round(time.perf_counter() - begun)
        found = said(
            "error",
            f"not judged after {waited} s: is it slow, or the computer busy?"
            if called
            else f"no answer after {waited} s: is there a loop that does not end?",
        )
    except BadInput as problem:
        found = said("error", str(problem))
    except (Exception, SystemExit) as problem:
        found = said("error", crash(problem, function))
    if found.verdict == "error" and "NotImplementedError" in found.reason:
        return None
    return _remarked(asked, function, found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what NumPy prints of overflows on the way: the verdict tells what came of them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _call_once(asked: Exercise, answer: Callable[..., Any]) -> None:
    """So that a loop without an end is found out soon; what else goes wrong comes up again."""
    try:
        with precision(64):
            answer(*(copied(asked.at[0]) or (1.0,) * len(asked.arguments)))
    except (Exception, SystemExit):
        return


def _asked_about(asked: Exercise, answer: Callable[..., Any]) -> str:
    """What a formula is asked for, where the answer leaves the work to that; or nothing."""
    claim = asked.derivation
    if claim is None or claim.kind != "identity" or not claim.of_name.isidentifier():
        return ""
    return claim.of_name if any(reads_alike(one, claim.of) for one in reached(answer)) else ""


def arguments_of(asked: Exercise) -> tuple[str, ...]:
    """The arguments an answer is given, by name."""
    return asked.arguments


def _remarked(asked: Exercise, answer: Callable[..., Any], found: Verdict) -> Verdict:
    """The verdict as a learner hears it, with the remark for a wrong answer that is well known."""
    if found.mistake is None:
        return found
    mistake = discreet(found.mistake)
    assert mistake is not None
    if asked.derivation is not None and asked.derivation.kind == "identity":
        says = re.sub(r"\bthe (derivative|value)\b", "what is asked for", mistake.says)
        mistake = mistake._replace(says=says)
    if found.verdict == "wrong":
        remark = next(
            (one.remark for one in asked.wrong if one.remark and _is(asked, answer, one.answer)), ""
        )
        remark = remark or _not_derived(asked, answer) or _how_close(found)
        if remark:
            mistake = mistake._replace(says=f"{mistake.says}. {remark}")
    return found._replace(mistake=mistake, reason=mistake.says)


def _not_derived(asked: Exercise, answer: Callable[..., Any]) -> str:
    """A remark on answers that are what was to be differentiated."""
    if asked.derivation is None or asked.derivation.kind == "identity":
        return ""
    claim = claimed(asked, answer)
    value = lambda *args: claim.of(*args[: len(args) - claim.carries])
    return "That is the function itself, not its derivative." if same(claim, answer, value) else ""


def _how_close(found: Verdict) -> str:
    """A remark on answers that are almost right, and for no reason that has a name."""
    errors = [witness.error for witness in found.witnesses if witness.error is not None]
    near = found.mistake is not None and found.mistake.name == "unknown" and errors
    return (
        "So close: a difference quotient, or a rounded number?"
        if near and 1e-12 < max(errors) < 1e-3
        else ""
    )


def _is(asked: Exercise, answer: Callable[..., Any], known: Any) -> bool:
    """Whether an answer is a known one."""
    other = known if callable(known) else lambda: known
    if asked.kind == "derivative":
        return same(claimed(asked, answer), answer, other)
    if asked.kind == "counterexample" and asked.arguments:
        return False
    try:
        with precision(64), _quiet():
            pairs = [
                (_numbers(answer(*copied(args))), _numbers(other(*copied(args))))
                for args in asked.at
            ]
            return all(
                one.shape == two.shape and np.allclose(one, two, asked.tolerance, 1e-12)
                for one, two in pairs
            )
    except Exception:
        return False


def _numbers(value: Any) -> np.ndarray:
    return np.asarray(value, float)
