"""Every lesson runs from end to end without a browser, and its trial condemns what is wrong.

What needs marimo is left out where it is not installed: pip install -e '.[lessons]'.
"""

import inspect
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab.calculus.elementary.trigonometric import length_of_point_gradient
from lab.calculus.optimizers.gradient_descent import parabola_derivative
from lab.calculus.probability.normal import normal_variance_score
from lab.calculus.vectors.surfaces import folium_gradient
from lab.cli import status
from lab.config.shelf import shipped
from lab.errors import BadInput
from lab.lessons import browser, found, trial
from lab.modules import load_file

LESSONS = {file.parent.name: file for file in sorted(shipped("experiments").glob("*/lesson.py"))}
every_lesson = pytest.mark.parametrize("topic", LESSONS)
with_marimo = pytest.mark.skipif(find_spec("marimo") is None, reason="marimo is not installed")


# ----- the lessons themselves -----


@every_lesson
@with_marimo
def test_a_lesson_runs_and_its_own_tests_hold(topic):
    lesson = load_file(LESSONS[topic], "lesson")
    lesson.app.run()
    tests = [one for name, one in inspect.getmembers(lesson) if name.startswith("test_")]
    assert len(tests) >= 2
    for test in tests:
        test()


@every_lesson
def test_a_lesson_has_what_a_lesson_has(topic):
    source = LESSONS[topic].read_text("utf-8")
    assert found.find(topic).title.endswith((".", "?"))
    assert source.count("mo.ui.slider(") >= 1
    for part in ("page.picture(", "page.reveal(", f'page.onward("{topic}")', "def test_"):
        assert part in source, part
    assert "page.typed(" in source or "page.chosen(" in source
    assert len(source.splitlines()) <= 300


@with_marimo
def test_a_lesson_that_fails_would_be_noticed(tmp_path):
    source = LESSONS["chain_rule_graphs"].read_text("utf-8")
    broken = tmp_path / "lesson.py"
    broken.write_text(source.replace("graphs.forward_sweep(TAPE", "graphs.sweep(TAPE"), "utf-8")
    with pytest.raises(Exception, match="sweep"):
        load_file(broken, "lesson").app.run()


def test_sections_of_a_page():
    page = "# Title\nfirst\n## One\na\n### Part\nb\n## Two\nc"
    assert found.sections(page) == {"": "# Title\nfirst\n", "One": "a\n### Part\nb\n", "Two": "c"}


def test_a_page_for_marimo():
    page = (
        "a\n```math\nx \\\\ y\n+ 1\n```\nb\n```sh\nlab\n```\n"
        "<details>\n<summary>Why</summary>\n\n```math\nz\n```\n\n</details>\nc"
    )
    shown = "a\n$$x \\\\ y + 1$$\nb\n```sh\nlab\n```\n/// details | Why\n\n$$z$$\n\n///\nc"
    assert found.for_marimo(page) == shown


@every_lesson
@with_marimo
def test_every_formula_of_the_theory_is_set(topic):
    import marimo as mo

    text = (shipped("experiments") / topic / "theory.md").read_text("utf-8")
    page = re.sub(r"<code.*?</code>", "", mo.md(found.for_marimo(text)).text, flags=re.DOTALL)
    inline = re.sub(r"```.*?```|`[^`\n]+`", "", text, flags=re.DOTALL).count("$") // 2
    assert page.count("<marimo-tex") == inline + text.count("```math")
    assert "$" not in re.sub(r"<marimo-tex.*?</marimo-tex>", "", page, flags=re.DOTALL)


# ----- the trial -----


@pytest.mark.parametrize(
    ("asked", "text", "entries", "mistake"),
    [
        (parabola_derivative, "2x", (), None),
        (parabola_derivative, "x + x", (), None),
        (parabola_derivative, "x", (), "factor"),
        (parabola_derivative, "-2x", (), "sign"),
        (parabola_derivative, "2", (), "missing_chain_factor"),
        (folium_gradient, "3x^2 - 3y, 3y^2 - 3x", ("x", "y"), None),
        (folium_gradient, "x^2 - y, y^2 - x", ("x", "y"), "factor"),
        (folium_gradient, "3y^2 - 3x, 3x^2 - 3y", ("x", "y"), "index"),
    ],
)
def test_a_typed_formula_is_judged(asked, text, entries, mistake):
    verdict = trial.typed(asked, text, entries)
    assert verdict.passes == (mistake is None)
    assert (verdict.mistake.name if verdict.mistake else None) == mistake
    assert verdict.file is None


def test_algebra_is_a_witness():
    assert "symbolic" in [one.name for one in trial.typed(parabola_derivative, "2x").witnesses]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os')", "cannot read"),
        ("2z", "there is no 'z' here"),
        ("", "empty formula"),
    ],
)
def test_what_is_no_formula_is_refused(text, said):
    with pytest.raises(BadInput, match=said):
        trial.typed(parabola_derivative, text)


@pytest.mark.parametrize(
    ("asked", "text", "mistake"),
    [
        (length_of_point_gradient, "x/sqrt(x^2 + y^2), y/sqrt(x^2 + y^2)", None),
        (length_of_point_gradient, "y/sqrt(x^2 + y^2), x/sqrt(x^2 + y^2)", "wrong_variable"),
        (length_of_point_gradient, "x/sqrt(x^2 + y^2)", "shape"),
    ],
)
def test_several_arguments_get_a_formula_each(asked, text, mistake):
    verdict = trial.typed(asked, text)
    assert (verdict.mistake.name if verdict.mistake else None) == mistake


@pytest.mark.parametrize("text", ["((x - m)^2 - v)/(2v)", "(x - m)^2/(2v^2)"])
def test_what_reads_a_formula_is_not_quoted(text):
    verdict = trial.typed(normal_variance_score, text)
    assert verdict.verdict == "wrong"
    assert "value(" not in verdict.reason
    assert "failed" not in verdict.reason


def test_a_chosen_function_is_judged():
    assert trial.chosen(parabola_derivative, lambda x: 2 * x)
    assert not trial.chosen(parabola_derivative, lambda x: 3 * x)


# ----- the command -----


def test_lessons_are_listed(capsys):
    assert status(["lesson"]) == 0
    listed = capsys.readouterr().out
    assert all(topic in listed for topic in LESSONS)
    assert status(["lesson", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [one["topic"] for one in plain] == [*LESSONS]
    assert all(Path(one["file"]).is_file() for one in plain)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chain_rule_graph"], "did you mean 'chain_rule_graphs'?"),
        (["nothing at all"], "no lesson on 'nothing at all'"),
        (["--edit"], "which lesson?"),
        (["chain_rule_graphs", "--json"], "lab lesson --json"),
    ],
)
def test_what_cannot_be_opened(arguments, said, capsys):
    assert status(["lesson", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert out == ""


def test_without_marimo_one_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    assert status(["lesson", "chain_rule_graphs"]) == 2
    assert capsys.readouterr().err.strip().endswith("pip install 'derivative-lab[lessons]'")


def test_how_marimo_is_called():
    file = Path("lesson.py")
    shown = browser.arguments(file, edit=False, browser=False, port=8123)
    assert shown[1:] == ["-m", "marimo", "run", "lesson.py", "--port", "8123", "--headless"]
    edited = browser.arguments(file, edit=True, browser=True, port=None)
    assert edited[1:] == ["-m", "marimo", "edit", "lesson.py", "--skip-update-check"]


def test_a_copy_of_ones_own_is_kept(tmp_path):
    lesson = found.find("chain_rule_graphs")
    copy = browser.handed_out(lesson, tmp_path)
    assert copy.read_text("utf-8") == lesson.file.read_text("utf-8")
    copy.write_text("mine", "utf-8")
    assert browser.handed_out(lesson, tmp_path).read_text("utf-8") == "mine"


def test_an_experiment_shows_its_lesson_and_its_theory(capsys):
    assert status(["show", "chain_rule_graphs"]) == 0
    told = capsys.readouterr().out
    assert "lab lesson chain_rule_graphs" in told
    assert "chain_rule_graphs/theory.md" in told


def test_a_file_that_is_no_lesson_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mine = Path("experiments", "mine")
    mine.mkdir(parents=True)
    shutil.copy(shipped("experiments") / "gradient_descent/experiment.py", mine)
    (mine / "lesson.py").write_text("x = 1\n", "utf-8")
    assert status(["lesson", "mine"]) == 2
    assert "begins with a docstring" in capsys.readouterr().err


def test_listing_lessons_imports_neither_jax_nor_marimo():
    asks = (
        "import sys; from lab.cli import status; status(['lesson']);"
        "sys.exit(any(name in sys.modules for name in ('jax', 'matplotlib', 'marimo')))"
    )
    assert subprocess.run([sys.executable, "-c", asks], capture_output=True).returncode == 0
