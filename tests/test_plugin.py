"""`pytest --derivations`: derivations are tests, a wrong one says what the mistake is, JUnit knows."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lab import check, reals

MODULE = """
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab import gradient, reals


def energy(x):
    return jnp.sum(x**2)


@gradient(of=energy, at=dict(x=reals("n")))
def energy_gradient(x):
    return {factor} * x


@jax.custom_vjp
def cube(x: Float[Array, " n"]):
    return x**3


cube.defvjp(lambda x: (x**3, x), lambda x, c: ({factor} * 1.5 * x**2 * c,))
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    by_name = ["-p", "no:derivative_lab", "-p", "lab.plugin"]  # installed or not
    command = [sys.executable, "-m", "pytest", *by_name, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "other.py").write_text("raise RuntimeError('not to be imported')\n")
    return tmp_path / "src" / "rules.py"


def test_right_derivations_and_rules_are_tests_that_pass(source):
    source.write_text(MODULE.format(factor=2), encoding="utf-8")
    done = pytest_in(source.parents[1], "--derivations", "src")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_wrong_ones_fail_in_the_words_of_the_referee(source):
    source.write_text(MODULE.format(factor=4), encoding="utf-8")
    done = pytest_in(source.parents[1], "--derivations", "src", "--junit-xml=report.xml")
    assert done.returncode == 1
    assert "2 failed" in done.stdout
    assert "energy_gradient is wrong: factor" in done.stdout
    assert "it is 2 times the derivative" in done.stdout
    assert "Traceback" not in done.stdout
    report = ElementTree.parse(source.parents[1] / "report.xml")
    found = {p.get("name"): p.get("value") for p in report.iter("property")}
    assert (found["verdict"], found["mistake"]) == ("wrong", "factor")


def test_without_the_flag_nothing_is_collected(source):
    source.write_text(MODULE.format(factor=4), encoding="utf-8")
    done = pytest_in(source.parents[1], "src")
    assert "no tests ran" in done.stdout


def test_a_file_that_does_not_import_is_an_error_of_collection(source):
    source.write_text(f"import lab\n{'x = 1 / 0'}\n", encoding="utf-8")
    done = pytest_in(source.parents[1], "--derivations", "src")
    assert done.returncode == 2
    assert re.search(r"rules.py:2: .*division by zero", done.stdout), done.stdout


def test_the_plugin_costs_no_import_of_jax():
    script = "import sys, lab.plugin; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_verdict_shows_itself_in_a_notebook():
    square = lambda x: x**2
    right, wrong = (
        check(square, lambda x, c=c: c * x, kind="derivative", at=dict(x=reals()))._repr_html_()
        for c in (2, 3)
    )
    assert right.startswith("<table>")
    assert "correct" in right
    assert "3/2 times the derivative" in wrong
    assert "&lt;lambda&gt;" in wrong
