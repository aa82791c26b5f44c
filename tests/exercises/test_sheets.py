"""Sheets are read without running them; a learner's copy and progress are safe."""

import json
import re
from pathlib import Path

import pytest

from lab.cli import status
from lab.errors import BadInput
from lab.exercises import progress, sheets

SHEET = '''"""Exercises on counting: what comes after.

One, two,
three.
"""


def material(x):
    return x


def one():
    """Easy: counting.

    What comes after 0?
    """
    ...


def two(x):
    """Hard: more of it.

    What comes after x?
    """
    raise NotImplementedError


def three():
    """Not a question."""
'''
SOLUTIONS = '''"""How it is done."""

from lab.exercises import Hint, Wrong, exercise


@exercise(hints=["Say it aloud.", Hint("It is positive.", lambda: one() > 0)], wrong=[Wrong(2.0, "twice")])
def one():
    """The successor."""
    return 1.0


@exercise(hints=["Add.", "Add one."], wrong=[Wrong(lambda x: x, "1 is missing")], at=[(1.0,), (5.0,)])
def two(x):
    """The successor."""
    return x + 1
'''
EXPERIMENT = '''"""Counting.

Question: What comes after?
Command:  lab run counting
Time:     no time
Expect:   1
"""
'''


@pytest.fixture(autouse=True)
def workshop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("experiments", "counting")
    folder.mkdir(parents=True)
    for name, text in (
        ("experiment.py", EXPERIMENT),
        ("exercises.py", SHEET),
        ("solutions.py", SOLUTIONS),
    ):
        (folder / name).write_text(text, "utf-8")


def answer(capsys, *arguments, wanted=0):
    assert status([*arguments]) == wanted
    out, err = capsys.readouterr()
    assert not (err and not wanted)
    if err:
        return err
    return json.loads(out) if "--json" in arguments else out


def fill(**bodies):
    """Answer questions in the learner's sheet."""
    text = Path("counting.py").read_text("utf-8")
    for name, body in bodies.items():
        head, _, rest = text.partition(f"def {name}(")
        question, dots, after = rest.partition("    ...\n")
        if name == "two":
            question, dots, after = rest.partition("    raise NotImplementedError\n")
        assert dots
        text = f"{head}def {name}({question}    {body}\n{after}"
    Path("counting.py").write_text(text, "utf-8")


def test_a_sheet_is_read_without_running_it():
    sheet = sheets.find("counting")
    assert (sheet.topic, sheet.title) == ("counting", "what comes after.")
    assert sheet.recap == "One, two,\nthree."
    first, second = sheet.questions
    assert (first.name, first.level, first.skill, first.arguments) == (
        "one",
        "easy",
        "counting",
        (),
    )
    assert (second.level, second.text, second.arguments) == ("hard", "What comes after x?", ("x",))
    assert first.open
    assert second.open


@pytest.mark.parametrize(
    ("body", "is_open"),
    [
        ("...", True),
        ("pass", True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('later')", True),
        ("return 1", False),
        ("raise ValueError", False),
        ("x = 1\n    ...", False),
    ],
)
def test_a_question_is_open_while_its_function_says_nothing(body, is_open):
    file = Path("other.py")
    file.write_text(
        f'"""Exercises on counting: x."""\n\ndef one():\n    """Easy: x.\n\n    y"""\n    {body}\n'
    )
    (question,) = sheets.read(file).questions
    assert question.open == is_open


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "no sheet"),
        ('"""Exercises"""\n', "no sheet"),
        ("def f(:\n", "other.py:1: not Python"),
    ],
)
def test_what_is_no_sheet_is_told_so(text, said):
    Path("other.py").write_text(text)
    with pytest.raises(BadInput, match=said):
        sheets.read(Path("other.py"))
    assert not sheets.is_sheet(Path("other.py"))


def test_a_learner_from_first_to_last(capsys):
    out = answer(capsys, "exercise")
    assert "counting" in out
    assert " 0 of  2" in out
    assert Path("experiments/counting/exercises.py").read_text() == SHEET
    answer(capsys, "exercise", "counting")
    assert Path("counting.py").read_text("utf-8") == SHEET
    assert "2 open" in answer(capsys, "check", "counting.py")
    assert not Path(progress.FILE).exists()

    assert "Say it aloud" in answer(capsys, "exercise", "counting", "--hint")
    assert "It is positive" in answer(capsys, "exercise", "counting.one", "--hint")
    assert "the last one" in answer(capsys, "exercise", "counting", "one", "--hint")
    assert "Add." in answer(capsys, "exercise", "counting", "--hint", "two")

    fill(one="return 2", two="return x + 1")
    out = answer(capsys, "check", "counting.py", wanted=1)
    assert "it is twice what it should be" in out
    assert "1 correct, 1 wrong" in out
    assert "lab exercise counting one --hint" in out
    out = answer(capsys, "exercise")
    assert "1 of  2" in out
    assert "1 try, 2 hints" in out

    answer(capsys, "exercise", "--answer", "3 - 2", "counting.one")
    assert "2 of  2" in answer(capsys, "exercise")
    assert "every exercise" in answer(capsys, "exercise", "counting", "--hint", wanted=2)
    assert "return 1.0" in answer(capsys, "exercise", "counting", "one", "--solution")


def test_programs_are_answered(capsys):
    answer(capsys, "exercise", "counting")
    (sheet,) = [
        one
        for one in answer(capsys, "exercise", "--json")["exercises"]
        if one["topic"] == "counting"
    ]
    assert [one["verdict"] for one in sheet["questions"]] == ["open", "open"]
    fill(one="return 2")
    assert status(["check", "counting.py", "--json"]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["exercise"], first["verdict"]) == ("counting.one", "wrong")
    assert first["mistake"]["name"] == "factor"
    assert (second["verdict"], second["level"]) == ("open", "hard")
    assert answer(capsys, "exercise", "counting", "one", "--hint", "--json")["of"] == 2


def test_what_an_answer_prints_is_no_part_of_the_verdict(capsys):
    answer(capsys, "exercise", "counting")
    fill(one="print('so far')\n    return 1")
    assert status(["check", "counting.py::one", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "correct"
    assert "so far" in err


def test_an_answer_that_leaves_takes_no_progress_along(capsys, tmp_path, monkeypatch):
    answer(capsys, "exercise", "counting")
    (tmp_path / "away").mkdir()
    fill(
        one=f"import os\n    os.chdir({str(tmp_path / 'away')!r})\n    return 1", two="return x + 1"
    )
    answer(capsys, "check", "counting.py")
    monkeypatch.chdir(tmp_path)
    assert not Path("away", progress.FILE).exists()
    assert progress.solved(progress.read(Path())["counting"], "two")


def test_answers_are_never_overwritten_silently(capsys):
    answer(capsys, "exercise", "counting")
    fill(one="return 2")
    mine = Path("counting.py").read_text("utf-8")
    said = answer(capsys, "exercise", "counting", wanted=2)
    assert "--force" in said
    assert len(said.splitlines()) == 1
    assert Path("counting.py").read_text("utf-8") == mine
    answer(capsys, "exercise", "counting", "--force")
    assert Path("counting.py").read_text("utf-8") == SHEET


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 3',
        "[1]",
        "3",
        '{"counting": 1}',
        '{"counting": {"one": 1}}',
        "",
        '{"c": {"o": {"tries": "x"}}}',
    ],
)
def test_progress_that_cannot_be_read_is_one_line(capsys, text):
    Path(progress.FILE).write_text(text)
    for arguments in (["exercise"], ["exercise", "counting"], ["exercise", "counting", "--hint"]):
        said = answer(capsys, *arguments, wanted=2)
        assert said.startswith("progress.json:1: ")
        assert len(said.splitlines()) == 1
    assert Path(progress.FILE).read_text() == text


def test_a_check_is_heard_though_its_progress_cannot_be_kept(capsys):
    answer(capsys, "exercise", "counting")
    fill(one="return 1")
    Path(progress.FILE).write_text("[1]")
    assert status(["check", "counting.py"]) == 2
    out, err = capsys.readouterr()
    assert "1 correct" in out
    assert "progress.json:1" in err


def test_the_only_sheet_here_is_meant_where_none_is_named(capsys):
    answer(capsys, "exercise", "counting")
    assert "Say it aloud." in answer(capsys, "exercise", "--hint")
    assert "lab exercise counting.EXERCISE" in answer(capsys, "exercise", "--answer", "1", wanted=2)
    mine = Path("counting.py").read_text("utf-8")
    assert "lab exercise TOPIC --force" in answer(capsys, "exercise", "--force", wanted=2)
    assert Path("counting.py").read_text("utf-8") == mine
    Path("jacobians.py").write_text("", "utf-8")
    assert "sheets here: counting, jacobians" in answer(capsys, "exercise", "--hint", wanted=2)


def test_solved_stays_solved(capsys):
    progress.tried(Path(), "counting", {"one": "correct"})
    progress.tried(Path(), "counting", {"one": "wrong"})
    mine = progress.read(Path())["counting"]
    assert progress.solved(mine, "one")
    assert (mine["one"]["verdict"], mine["one"]["tries"]) == ("wrong", 2)
    assert "2 tries, the last answer was not right" in answer(capsys, "exercise")
    for _ in range(3):  # to look again is no try
        progress.tried(Path(), "counting", {"one": "correct"})
    assert progress.read(Path())["counting"]["one"]["tries"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["exercise", "countin"], "did you mean 'counting'?"),
        (["exercise", "counting", "on"], "did you mean 'one'?"),
        (["exercise", "counting.on", "--hint"], "did you mean 'one'?"),
        (["exercise", "counting.one", "two"], "one too many"),
        (["exercise", "--hint"], "which exercise?"),
        (["exercise", "--force"], "which sheet?"),
        (["exercise", "counting", "--solution"], "which one?"),
        (["exercise", "counting", "--answer", "1"], "which one?"),
        (["exercise", "counting.one", "--answer", "1 +"], "ends too early"),
        (["exercise", "counting.one", "--answer", "__import__('os')"], "cannot read"),
        (["exercise", "counting.two", "--answer", "y"], "no 'y' here"),
        (["exercise", "counting.one", "--answer", "1", "--hint"], "one at a time"),
        (["check", "counting.py"], "counting.py: no such file"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, said):
    told = answer(capsys, *arguments, wanted=2)
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_sheet_that_does_not_run_is_one_line(capsys):
    answer(capsys, "exercise", "counting")
    text = Path("counting.py").read_text("utf-8")
    Path("counting.py").write_text(text + "\nundefined\n", "utf-8")
    assert "counting.py:31: NameError" in answer(capsys, "check", "counting.py", wanted=2)
    Path("counting.py").write_text(text.replace("def one()", "def one("), "utf-8")
    assert "counting.py:12: SyntaxError" in answer(capsys, "check", "counting.py", wanted=2)
    said = answer(capsys, "check", "counting.py", "softmax_vjp", wanted=2)
    assert "SyntaxError" in said


def test_an_answer_may_be_given_in_other_ways(capsys):
    answer(capsys, "exercise", "counting")
    with Path("counting.py").open("a", encoding="utf-8") as file:
        file.write("\n\none = lambda: 1.0\n")
    assert "1 correct, 1 open" in answer(capsys, "check", "counting.py")
    Path("counting.py").write_text('"""Exercises on counting: x."""\n\ntwo = lambda x: x + 1\n')
    assert "1 correct, 1 open" in answer(capsys, "check", "counting.py")
    text = '"""Exercises on counting: x."""\n\none = 1.0\ntwo = 3\n'
    Path("counting.py").write_text(text, "utf-8-sig")  # as some editors save it
    said = answer(capsys, "check", "counting.py", wanted=3)
    assert "1 correct, 1 error" in said
    assert "it takes (nothing) where the question gives (x)" in said
    assert "judge.py" not in said


def test_a_question_comes_with_the_functions_it_names_and_those_they_take(tmp_path):
    sheet = tmp_path / "sheet.py"
    sheet.write_text(
        '"""Exercises on hands: where they are."""\n'
        "def bone(a):\n    return a\n\n"
        "def hand(a):\n    return bone(a)\n\n"
        "def foot(a):\n    return a\n\n"
        'def torque(a):\n    """Easy: pulling.\n\n    The pullback of `hand(a)`, not of foot.\n    """\n    ...\n'
        'def push(a):\n    """Easy: pushing.\n\n    No less than `torque`.\n    """\n    ...\n'
    )
    read = sheets.read(sheet)
    shown = sheets.spoken_of(read, read.question("torque"))
    assert shown == ("def bone(a):\n    return a", "def hand(a):\n    return bone(a)")
    assert sheets.spoken_of(read, read.question("push")) == ()


def test_every_function_that_a_shipped_question_names_is_shown():
    missed = []
    for sheet in map(sheets.find, sheets.names()):
        asked = {one.name for one in sheet.questions}
        given = set(re.findall(r"^def (\w+)", sheet.file.read_text("utf-8"), re.M)) - asked
        for question in sheet.questions:
            shown = "\n".join(sheets.spoken_of(sheet, question))
            for name in given & set(re.findall(r"`(\w+)", question.text)):
                if f"def {name}(" not in shown:
                    missed.append(f"{sheet.topic}.{question.name}: {name}")
    assert missed == []


def test_a_sheet_that_lost_its_title_is_told_so(capsys):
    answer(capsys, "exercise", "counting")
    whole = Path("counting.py").read_text("utf-8")
    Path("counting.py").write_text(whole.partition('three.\n"""')[2], "utf-8")
    told = answer(capsys, "check", "counting.py", wanted=2)
    assert "put back the docstring that begins with 'Exercises on counting: what comes" in told
    for none in ("x = 1\n", "of = lambda made: made\n@of\ndef one():\n    return 1\n"):
        Path("counting.py").write_text(none)
        assert "no derivations found" in answer(capsys, "check", "counting.py", wanted=2)


def test_a_question_that_is_gone_is_open(capsys):
    Path("counting.py").write_text('"""Exercises on counting: x."""\n')
    assert "2 open" in answer(capsys, "check", "counting.py")
    assert "1 open" in answer(capsys, "check", "counting.py::one")
    assert "'one'" in answer(capsys, "check", "counting.py::on", wanted=2)


def test_a_check_that_is_broken_off_keeps_what_was_judged(capsys):
    answer(capsys, "exercise", "counting")
    fill(one="return 1", two="raise KeyboardInterrupt")
    assert status(["check", "counting.py"]) == 130
    out, err = capsys.readouterr()
    assert "1 correct" in out
    assert "interrupted after 1 of 2" in err
    assert progress.solved(progress.read(Path())["counting"], "one")


def test_a_sheet_that_is_never_read_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("lab.exercises.check.SECONDS", 0.2)
    answer(capsys, "exercise", "counting")
    with Path("counting.py").open("a", encoding="utf-8") as file:
        file.write("\nwhile True:\n    pass\n")
    said = answer(capsys, "check", "counting.py", wanted=2)
    assert "a loop that does not end" in said
    assert len(said.splitlines()) == 1


def test_who_has_jax_differentiate_is_told_so(capsys):
    answer(capsys, "exercise", "counting")
    fill(one="import jax\n    return jax.grad(lambda x: x)(1.0)")
    assert "JAX derived it" in answer(capsys, "check", "counting.py")
    assert status(["check", "counting.py", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "by hand" in first["remark"]
    assert "remark" not in second
