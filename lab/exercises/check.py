"""A learner's sheet on trial: every question, in the order of the sheet."""

import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lab.errors import BadInput
from lab.exercises import progress, sheets
from lab.exercises.by_machine import differentiated
from lab.exercises.judge import judge
from lab.exercises.record import Exercise, solutions
from lab.exercises.sheets import Question, Sheet
from lab.modules import load_file, shown
from lab.referee.verdict import Verdict
from lab.timelimit import TimeUp, limited

SECONDS = 20  # for a sheet to be read; a loop that does not end is told so


class Judged(NamedTuple):
    """A question and the verdict on its answer; none while it is open.

    ``remark`` is what there is to say of an answer that is right.
    """

    topic: str
    question: Question
    verdict: Verdict | None
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """The verdict with the question it is about."""
        about = {"exercise": f"{self.topic}.{self.question.name}", "level": self.question.level}
        if self.verdict is None:
            return {"name": self.question.name, "verdict": "open", **about}
        return self.verdict.to_json() | about | ({"remark": self.remark} if self.remark else {})


def answered(target: str) -> tuple[Sheet, list[Question]] | None:
    """The learner's sheet that a target means, and the questions of it; None for anything else.

    Raises ``BadInput`` where a sheet is meant, but not a question of it.
    """
    file, _, name = target.partition("::")
    if not file.endswith(".py"):
        return None
    if sheets.without_title(Path(file)):
        title = sheets.find(Path(file).stem).title
        raise BadInput(
            f"{file}:1: a sheet without its title; put back the docstring that begins with "
            f"'Exercises on {Path(file).stem}: {title}'"
        )
    if not sheets.is_sheet(Path(file)):
        return None
    mine = sheets.read(Path(file).resolve())  # an answer may leave for another folder
    shipped = sheets.find(mine.topic)
    found = {question.name: question for question in mine.questions}
    # a question that the learner's sheet lacks stands nowhere in it
    asked = [found.get(one.name, one._replace(open=True, line=0)) for one in shipped.questions]
    if name:
        shipped.question(name)
        asked = [question for question in asked if question.name == name]
    return mine, asked


def check(sheet: Sheet, asked: list[Question], *, seed: int = 0) -> Iterator[Judged]:
    """Judge the answers of a learner's sheet one after the other.

    Raises ``BadInput`` where the sheet does not import.
    """
    known = solutions(sheets.find(sheet.topic).file.parent)
    module = _loaded(sheet)
    for question in asked:
        answer = getattr(module, question.name, None)
        if not _is_given(answer, question):
            yield Judged(sheet.topic, question, None)
            continue
        exercise = known[question.name]
        # what an answer prints on its way is a remark, and no part of the verdict
        with redirect_stdout(sys.stderr):
            verdict = judge(exercise, answer, of=_same_place(exercise, module), seed=seed)
        if verdict is not None and verdict.passes and callable(answer):
            verdict = _with_second_opinion(exercise, answer, verdict)
        yield Judged(sheet.topic, question, verdict, _remark(exercise, answer, verdict))


def _loaded(sheet: Sheet) -> ModuleType:
    try:
        with redirect_stdout(sys.stderr), limited(SECONDS):
            return load_file(sheet.file, "sheet")
    except TimeUp:
        raise BadInput(
            f"{shown(sheet.file)}: not read after {SECONDS} s: is there a loop that does not end?"
        ) from None


def _remark(exercise: Exercise, answer: Any, verdict: Verdict | None) -> str:
    right = verdict is not None and verdict.passes
    if (
        right
        and callable(answer)
        and differentiated(answer)
        and not differentiated(exercise.solution)
    ):
        return "it is right, and JAX derived it: now by hand?"
    return ""


def _is_given(answer: Any, question: Question) -> bool:
    """Whether there is an answer: not the question's own function while that says nothing.

    ``name = 3`` is one as well as a function that returns 3.
    """
    line = getattr(getattr(answer, "__code__", None), "co_firstlineno", None)
    given = answer is not None and answer is not ...
    return given and not (question.open and line == question.line)


def _with_second_opinion(exercise: Exercise, answer: Any, verdict: Verdict) -> Verdict:
    from lab.exercises.formulas import of_function, witnessed

    told = of_function(exercise, answer)
    return witnessed(verdict, told) if told else verdict


def keep(sheet: Sheet, judged: list[Judged]) -> None:
    """Write down how the answers came out, beside the sheet."""
    words = {one.question.name: one.verdict.verdict for one in judged if one.verdict is not None}
    if words:
        progress.tried(sheet.file.resolve().parent, sheet.topic, words)


def _same_place(exercise: Exercise, module: Any) -> Callable[..., Any] | None:
    """The function a derivative is asked of, by its name in the learner's own sheet."""
    derivation = exercise.derivation
    found = getattr(module, derivation.of_name, None) if derivation else None
    return found if callable(found) else None
