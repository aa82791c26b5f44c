"""Every sheet: its solutions are right, its hints hold, and its wrong answers are told why.

A table over all that is shipped; nothing is registered.
"""

import ast
from collections import Counter

import pytest

from lab.config.shelf import shipped
from lab.exercises import sheets
from lab.exercises.check import check
from lab.exercises.derivatives import claimed
from lab.exercises.judge import judge
from lab.exercises.record import beside, solutions
from lab.referee.asking.evaluate import precision

SHEETS = {file.parent.name: file for file in sorted(shipped("experiments").glob("*/exercises.py"))}
EXERCISES = [(topic, name) for topic, file in SHEETS.items() for name in solutions(file.parent)]


def exercise(topic, name):
    return solutions(SHEETS[topic].parent)[name]


# what the referee judges takes its time: those are among the long tables
WRONG = [
    pytest.param(
        topic,
        name,
        number,
        marks=[pytest.mark.slow] if exercise(topic, name).kind == "derivative" else [],
    )
    for topic, name in EXERCISES
    for number in range(len(solutions(SHEETS[topic].parent)[name].wrong))
]
every_sheet = pytest.mark.parametrize("topic", SHEETS)
every_exercise = pytest.mark.parametrize(("topic", "name"), EXERCISES)


@every_sheet
def test_questions_and_solutions_answer_each_other(topic):
    sheet = sheets.read(SHEETS[topic])
    assert sheet.topic == topic
    assert 1 <= len(sheet.recap.splitlines()) <= 6
    asked = {question.name: question.arguments for question in sheet.questions}
    assert asked == {name: one.arguments for name, one in solutions(SHEETS[topic].parent).items()}
    assert len(asked) >= 4
    assert Counter(question.level for question in sheet.questions).keys() == set(sheets.LEVELS)
    assert all(question.text for question in sheet.questions)


@every_sheet
def test_the_questions_are_open(topic):
    sheet = sheets.read(SHEETS[topic])
    assert all(one.verdict is None for one in check(sheet, list(sheet.questions)))


@every_sheet
def test_a_sheet_runs_for_a_learner(topic):
    """It imports nothing of the solutions, and its material is what the exercises are about."""
    source = ast.unparse(ast.parse(SHEETS[topic].read_text("utf-8")))
    assert "solutions" not in source
    assert beside(SHEETS[topic]) is beside(SHEETS[topic].with_name("solutions.py"))


@every_exercise
def test_the_solution_is_right(topic, name):
    one = exercise(topic, name)
    verdict = judge(one, one.solution)
    assert verdict is not None
    assert verdict.passes, verdict


@every_exercise
def test_hints_come_in_steps_and_what_they_claim_holds(topic, name):
    one = exercise(topic, name)
    assert len(one.hints) >= 2
    for hint in one.hints:
        with precision(64):
            assert hint.holds is None or hint.holds(), hint.says


@pytest.mark.parametrize(("topic", "name", "number"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(topic, name, number):
    one = exercise(topic, name)
    wrong = one.wrong[number]
    verdict = judge(one, wrong.answer)
    assert verdict is not None
    assert not verdict.passes, f"it passes: {verdict}"
    said = verdict.reason if verdict.mistake is None else " | ".join(verdict.mistake)
    assert wrong.diagnosis.lower() in said.lower(), said
    assert wrong.remark in said, said


@every_exercise
def test_wrong_answers_are_collected(topic, name):
    one = exercise(topic, name)
    assert len(one.wrong) >= 2
    assert all(wrong.diagnosis or wrong.remark for wrong in one.wrong)


@every_exercise
def test_a_derivation_says_how_it_is_derived(topic, name):
    one = exercise(topic, name)
    assert one.solution.__doc__
    if one.derivation is not None:
        assert claimed(one, one.solution).hand is one.solution
