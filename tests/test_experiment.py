"""Experiments are read without being run, load from their path, and say what they lack."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from lab.errors import BadInput
from lab.experiment import (
    Experiment,
    Outcome,
    derivations,
    kind,
    load,
    near,
    read,
    shown,
)
from lab.tables import parts

DOCSTRING = '''"""Falling down a parabola.

Question: How fast does descent shrink the distance
    to the lowest point?
Command:  lab run parabola
Time:     about 1 s on two cores
Expect:   rate 0.80 within 0.01

Anything may follow: Expect nothing of it.
"""
'''
PARTS = """
def findings(outcome):
    yield from ()

def figures(outcome):
    yield from ()
"""
STUDY = (
    DOCSTRING + "\ndef study(key, *, steps: int = 3):\n    return {'step': range(steps)}\n" + PARTS
)


def write(folder: Path, text: str) -> Path:
    file = folder / "parabola" / "experiment.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadInput) as caught:
        load(read(write(folder, text)))
    return str(caught.value)


def test_the_docstring_says_what_an_experiment_is(tmp_path: Path) -> None:
    file = write(tmp_path, STUDY)
    assert read(file) == Experiment(
        name="parabola",
        file=file,
        title="Falling down a parabola.",
        question="How fast does descent shrink the distance to the lowest point?",
        command="lab run parabola",
        time="about 1 s on two cores",
        expect="rate 0.80 within 0.01",
    )


def test_reading_runs_nothing(tmp_path: Path) -> None:
    assert read(write(tmp_path, DOCSTRING + "raise SystemExit('ran')")).name == "parabola"


@pytest.mark.parametrize("section", ["Question", "Command", "Time", "Expect"])
def test_a_missing_section_is_named_with_its_file(tmp_path: Path, section: str) -> None:
    file = write(tmp_path, STUDY.replace(f"{section}:", "Otherwise:", 1))
    with pytest.raises(BadInput, match=f"'{section}:'") as caught:
        read(file)
    assert str(caught.value).startswith(f"{shown(file)}:1: ")


def test_an_empty_section_counts_as_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'Time:'"):
        read(write(tmp_path, STUDY.replace("about 1 s on two cores", "")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", ":1: no docstring"),
        ('"""never closed', ":1: not Python: "),
        ("# a remark alone", ":1: no docstring"),
    ],
)
def test_a_file_that_is_no_experiment(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.py: cannot be read"):
        read(tmp_path / "nothing.py")


def test_loading_leaves_the_path_alone_and_two_of_one_name_apart(tmp_path: Path) -> None:
    before = list(sys.path)
    one = load(read(write(tmp_path / "a", STUDY)))
    two = load(read(write(tmp_path / "b", STUDY + "\nsecond = True\n")))
    assert sys.path == before
    assert one.__name__ != two.__name__
    assert not hasattr(one, "second")
    assert kind(one) == "study"


def test_dataclasses_with_postponed_annotations_load(tmp_path: Path) -> None:
    postponed = DOCSTRING + "from __future__ import annotations\n" + STUDY.removeprefix(DOCSTRING)
    text = (
        postponed + "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: float = 0.0\n"
    )
    assert load(read(write(tmp_path, text))).P().x == 0


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("from lab.errors import BadImput", "ImportError: cannot import name 'BadImput'"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise KeyError('one\\ntwo')", "KeyError: "),
    ],
)
def test_a_failing_import_is_one_line_that_begins_with_the_failing_line(
    tmp_path: Path, failing: str, said: str
) -> None:
    line = len(DOCSTRING.splitlines()) + 1
    message = refusal(tmp_path, DOCSTRING + failing + STUDY.removeprefix(DOCSTRING))
    assert message.startswith(f"{shown(tmp_path / 'parabola' / 'experiment.py')}:{line}: {said}")
    assert "\n" not in message


def test_bad_input_from_a_library_points_at_the_line_that_caused_it(tmp_path: Path) -> None:
    text = STUDY + "from lab.domains import reals\nx = reals('n ?')\n"
    message = refusal(tmp_path, text)
    assert message.startswith(f"{shown(tmp_path)}/parabola/experiment.py:{text.count(chr(10))}: ")
    assert "BadInput" not in message


def siblings(folder: Path, said: str) -> Path:
    """An experiment whose parts stand in files of their own, which know it and one another."""
    text = DOCSTRING + "from lab import domains as measured\nfrom .drawn import figures\n"
    text += "from .measured import square_derivative\n"
    file = write(folder, text + STUDY.removeprefix(DOCSTRING).replace("def figures", "def others"))
    (file.parent / "drawn.py").write_text(
        "from . import measured\n\ndef figures(outcome):\n"
        f"    from .experiment import study\n    yield {said!r}, (measured.LENGTH, study)\n"
    )
    (file.parent / "measured.py").write_text(f"LENGTH = {len(said)}\n" + USES)
    return file


def test_an_experiment_may_have_files_beside_it_and_two_of_one_name_are_apart(tmp_path) -> None:
    one, two = (load(read(siblings(tmp_path / said, said))) for said in ("a", "bb"))
    assert list(one.figures(None)) == [("a", (1, one.study))]
    assert list(two.figures(None)) == [("bb", (2, two.study))]
    assert not {"drawn", "measured"} & set(sys.modules)
    assert one.measured is sys.modules["lab.domains"]  # a name of its own, not its neighbour's
    (tmp_path / "a" / "parabola" / "measured.py").write_text("LENGTH = 123\n" + USES)
    again = load(read(tmp_path / "a" / "parabola" / "experiment.py"))
    assert list(again.figures(None)) == [("a", (123, again.study))]


def test_derivations_are_found_in_the_files_beside_it(tmp_path) -> None:
    found = {record.name for record in derivations(load(read(siblings(tmp_path, "a"))))}
    assert {"square_derivative", "relu_derivative", "softmax_vjp"} <= found
    assert "softmax_vjp" not in {r.name for r in derivations(load(read(write(tmp_path, STUDY))))}


@pytest.mark.parametrize("mistake", ["1 / 0", "from . import nothing_there", "x ="])
def test_a_mistake_in_a_file_beside_it_is_told_by_its_line(tmp_path, mistake: str) -> None:
    file, before = siblings(tmp_path, "a"), set(sys.modules)
    (file.parent / "measured.py").write_text(f"\n{mistake}\n")
    with pytest.raises(BadInput) as caught:
        load(read(file))
    assert str(caught.value).startswith(f"{shown(file.parent / 'measured.py')}:2: ")
    assert {name for name in set(sys.modules) - before if "parabola" in name} == set()


def test_a_failed_import_leaves_no_module_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    refusal(tmp_path, DOCSTRING + "1 / 0")
    assert set(sys.modules) == before


def test_the_parts_an_experiment_must_define(tmp_path: Path) -> None:
    assert "neither study" in refusal(tmp_path, DOCSTRING + PARTS)
    assert "both study and problem" in refusal(tmp_path, STUDY + "\ndef problem(key): ...\n")
    assert "no findings" in refusal(tmp_path, STUDY.replace("def findings", "def found"))
    assert "no figures" in refusal(tmp_path, STUDY.replace("def figures", "def drawn"))


USES = """
from lab.calculus.networks import losses as calculus
from lab.calculus.networks.activations import relu_derivative
import jax.numpy as jnp
from lab import derivation, domains

@derivation.derivative(of=jnp.square, at=domains.reals())
def square_derivative(x):
    '''twice x'''
    return 2 * x
"""


def test_derivations_are_found_in_the_namespace(tmp_path: Path) -> None:
    from lab.calculus.networks import losses

    found = derivations(load(read(write(tmp_path, STUDY + USES))))
    names = [record.name for record in found]
    assert {"square_derivative", "relu_derivative", "softmax_vjp"} <= set(names)
    assert len(names) == len(set(names))
    # the rest of activations was not asked for
    defined = [v for v in vars(losses).values() if hasattr(v, "__derivation__")]
    assert len(names) == len(defined) + 2


def test_a_calculus_module_answers_for_its_own_derivations_only() -> None:
    from lab.calculus.networks import losses

    borrower = ModuleType("lab.calculus.borrower")
    borrower.softmax_vjp = losses.softmax_vjp  # type: ignore[attr-defined]
    user = ModuleType("user")
    user.calculus = borrower  # type: ignore[attr-defined]
    assert derivations(user) == ()


def test_an_outcome_gives_the_rows_of_a_part():
    outcome = Outcome({}, parts({"walk": {"x": [1.0, 2.0]}, "end": {"x": 4.0, "said": "here"}}))
    assert list(outcome.rows("walk")["x"]) == [1.0, 2.0]
    assert list(outcome.rows("end", said="here")["x"]) == [4.0]
    assert outcome.rows("end", said="there")["x"].size == 0


@pytest.mark.parametrize(("value", "holds"), [(0.98, True), (1.02, False)])
def test_near_holds_up_to_its_margin(value, holds):
    found = near("it", value, 0.97, 0.011)
    assert (found.value, found.expected, found.holds) == (value, "0.97 within 0.01", holds)
