"""The command line as a new user meets it: list, show, check, and being told what was mistyped."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.cli import status
from lab.cli.commands import show
from lab.symbolic import claims

MINE = '''import jax.numpy as jnp

from lab.derivation import gradient
from lab.domains import reals


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


at = dict(w=reals("d"), X=reals("n d"), y=reals("n"))


@gradient(of=mse, at=at)
def good(w, X, y):
    """2/n X^T (Xw - y)"""
    return 2 / y.size * X.T @ (X @ w - y)


@gradient(of=mse, at=at)
def forgotten(w, X, y):
    """The mean's 1/n is forgotten."""
    return 2 * X.T @ (X @ w - y)


@gradient(of=mse, at=at)
def broken(w, X, y):
    """Raises."""
    raise RuntimeError("not today")
'''
EXPERIMENT = '''"""Counting.

Question: What comes after 1?
Command:  lab run counting
Time:     no time
Expect:   2
"""


def study(key, *, low: int = 0): ...
'''


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE, encoding="utf-8")
    folder = Path("experiments", "counting")
    folder.mkdir(parents=True)
    (folder / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    Path("configs").mkdir()
    Path("configs", "counting.yaml").write_text("experiment: counting\n", encoding="utf-8")
    Path("configs", "counting_high.yaml").write_text(
        "seed: 1\nexperiment: 'counting'\nlow: 9\n", encoding="utf-8"
    )


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert status([*arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out) if "--json" in arguments else out


# ----- list -----


def test_list_shows_experiments_with_their_questions_and_topics_with_counts(capsys: Any) -> None:
    out = answer(capsys, "list")
    (line,) = [line for line in out.splitlines() if line.startswith("counting")]
    assert "What comes after 1?" in line
    assert "counting_high" in line
    (line,) = [line for line in out.splitlines() if line.startswith("losses")]
    assert any(word.isdigit() for word in line.split())
    assert all(line == line.rstrip() for line in out.splitlines())


def test_list_shows_the_derivations_of_a_topic(capsys: Any) -> None:
    out = answer(capsys, "list", "--topic", "losses")
    assert "softmax_vjp" in out
    assert "relu_derivative" not in out
    everything = answer(capsys, "list", "derivations")
    assert "relu_derivative" in everything
    assert "counting" not in everything


def test_list_answers_programs(capsys: Any) -> None:
    found = answer(capsys, "list", "--json")
    (experiment,) = [one for one in found["experiments"] if one["name"] == "counting"]
    assert experiment["configs"] == ["counting", "counting_high"]
    assert experiment["question"] == "What comes after 1?"
    (entry,) = [one for one in found["derivations"] if one["name"] == "softmax_vjp"]
    assert (entry["topic"], entry["kind"], entry["of"]) == ("losses", "vjp", "softmax")
    assert set(answer(capsys, "list", "experiments", "--json")) == {"experiments"}
    assert set(answer(capsys, "list", "--topic", "losses", "--json")) == {"derivations"}


def test_list_names_the_experiment_it_cannot_read_and_lists_the_others(capsys: Any) -> None:
    Path("experiments", "worse").mkdir()
    Path("experiments", "worse", "experiment.py").write_text("x = 1\n", encoding="utf-8")
    assert status(["list", "experiments"]) == 2
    out, err = capsys.readouterr()
    assert "counting" in out
    assert err.startswith("experiments/worse/experiment.py:1: no docstring")


# ----- show -----


def test_show_a_derivation(capsys: Any) -> None:
    out = answer(capsys, "show", "softmax_vjp")
    assert "vjp of softmax" in out
    assert "losses.py:" in out
    assert "def softmax(" in out, "the function that was differentiated"
    assert "@vjp(of=softmax" in out, "the derivation's source"
    found = answer(capsys, "show", "softmax_vjp", "--json")
    assert found["doc"].splitlines()[0] in found["source"]
    assert Path(found["file"]).read_text("utf-8").splitlines()[found["line"] - 1].startswith("@vjp")


def test_show_says_the_verdict(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"verdict +✓ correct at \d+ points", answer(capsys, "show", "softmax_vjp"))
    kept = answer(capsys, "show", "softmax_vjp", "--json")["verdict"]
    assert (kept["name"], kept["verdict"]) == ("softmax_vjp", "correct")
    derivation = show._derivation

    def spoilt(entry: Any) -> Any:
        right = derivation(entry)
        return replace(right, hand=lambda z, cotangent: -right.hand(z, cotangent))

    monkeypatch.setattr(show, "_derivation", spoilt)
    assert "✗ wrong: " in answer(capsys, "show", "softmax_vjp")
    assert answer(capsys, "show", "softmax_vjp", "--json")["verdict"]["verdict"] == "wrong"


def test_a_formula_of_numbers_goes_before_sympy_as_well(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agrees = "SymPy        agrees: equal, exactly"
    assert agrees in answer(capsys, "show", "self_power_derivative")
    assert "SymPy" not in answer(capsys, "show", "softmax_vjp")
    # the same entry, with another function behind it
    monkeypatch.setattr(claims, "expression", lambda f, *symbols: symbols[0])
    assert "disagrees: not equal" in answer(capsys, "show", "self_power_derivative")


@pytest.mark.parametrize("name", ["counting", "counting_high"])
def test_show_an_experiment_by_its_name_or_a_config(capsys: Any, name: str) -> None:
    out = answer(capsys, "show", name)
    assert out.startswith("Counting.")
    assert "lab run counting" in out
    assert "counting, counting_high" in out
    assert answer(capsys, "show", name, "--json")["expect"] == "2"


# ----- check -----


def test_check_says_right(capsys: Any) -> None:
    out = answer(capsys, "check", "mine.py::good")
    assert "good" in out
    assert "1 correct" in out


def test_check_says_wrong_and_what_the_mistake_is(capsys: Any) -> None:
    assert status(["check", "mine.py::forgotten", "mine.py::good"]) == 1
    out, _ = capsys.readouterr()
    assert "forgotten is wrong: batch factor" in out
    assert "1 correct, 1 wrong" in out


def test_check_is_in_doubt_about_what_raises(capsys: Any) -> None:
    assert status(["check", "mine.py::broken"]) == 3
    assert "not today" in capsys.readouterr().out


def test_check_answers_programs_an_object_a_line(capsys: Any) -> None:
    assert status(["check", "mine.py", "--json", "--seed", "3"]) == 1
    out, err = capsys.readouterr()
    found = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert [one["name"] for one in found] == ["good", "forgotten", "broken"]
    assert [one["verdict"] for one in found] == ["correct", "wrong", "error"]
    assert found[1]["mistake"]["name"] == "batch_factor"
    assert err == ""


def test_a_target_named_twice_is_tried_once(capsys: Any) -> None:
    assert status(["check", "mine.py::good", "mine:good", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_interrupted_check_shows_what_it_knows(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lab.referee.court import judge as room

    def check(derivation: Any, **options: Any) -> Any:
        if derivation.name == "forgotten":
            raise KeyboardInterrupt
        return judge(derivation, **options)

    judge = room.check
    monkeypatch.setattr(room, "check", check)
    assert status(["check", "mine.py"]) == 130
    out, err = capsys.readouterr()
    assert "1 correct" in out
    assert "interrupted after 1 of 3" in err


# ----- mistyped -----


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'?"),
        (["run"], "Missing argument 'CONFIG'"),
        (["run", "counting", "--josn"], "--josn"),
        (["run", "countin"], "did you mean 'counting'?"),
        (["run", "counting", "lwo=3"], "did you mean 'low'?"),
        (["run", "no/such.yaml"], "no/such.yaml: no such file"),
        (["list", "experimens"], "did you mean 'experiments'?"),
        (["list", "losses"], "lab list --topic losses"),
        (["list", "--topic", "loses"], "did you mean 'losses'?"),
        (["list", "experiments", "--topic", "losses"], "--topic picks derivations"),
        (["show", "sofmax_vjp"], "did you mean 'softmax_vjp'?"),
        (["show", "contuing"], "did you mean 'counting'?"),
        (["show", "losses"], "lab list --topic losses"),
        (["check", "sofmax_vjp"], "did you mean 'softmax_vjp'?"),
        (["check", "losses"], "it is a topic"),
        (["check", "mine.py::goood"], "did you mean 'good'?"),
        (["check", "nothing.py"], "nothing.py: no such file"),
        (["check", "."], ".: a folder; name files in it, or judge all of it: pytest"),
        (["check", "--seed", "-1"], "--seed"),
        (["check", "--seed", "one"], "--seed"),
    ],
)
def test_bad_input_is_one_line_with_the_next_step(
    capsys: Any, arguments: list[str], said: str
) -> None:
    assert status(arguments) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert len(err.splitlines()) == 1


def test_several_errors_are_several_lines_that_begin_with_their_place(capsys: Any) -> None:
    Path("mine.yaml").write_text("experiment: counting\nlwo: 3\nseed: x\n", encoding="utf-8")
    assert status(["run", "mine.yaml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition("mine.yaml:")[2][0] for line in lines] == ["2", "3"]


# ----- the program -----


def test_version_and_help(capsys: Any) -> None:
    assert answer(capsys, "--version").startswith("lab ")
    for arguments in ([], ["--help"], ["-h"]):
        out = answer(capsys, *arguments)
        assert all(command in out for command in ("run", "check", "list", "show"))


LIGHT = """
import sys
from lab.cli import status
for arguments in {commands!r}:
    assert status(arguments) == (2 if arguments[0] == "run" else 0), arguments
heavy = {{"jax", "matplotlib", "sklearn", "pyarrow", "optax", "pandas", "sympy"}} & set(sys.modules)
assert not heavy, heavy
"""


def test_nothing_heavy_is_imported_to_list_help_explain_or_refuse() -> None:
    commands = [["--help"], ["--version"], ["list"], ["list", "--json"]]
    commands += [["exercise"], ["exercise", "gradient_descent"], ["list", "--curriculum"]]
    commands += [["list", "--search", "steepest"], ["show", "notation"], ["show", "devices"]]
    commands += [["show", "counting"], ["run", "countin"], ["run", "counting", "lwo=1"]]
    script = LIGHT.format(commands=commands)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    script = "from lab.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "list"], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
