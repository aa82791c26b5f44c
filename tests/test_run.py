"""``lab run`` as a person meets it: what is printed, what is left behind, and how it ends."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.cli import status
from lab.runs import checkpoint, trajectory

BOWL = '''"""Falling down a bowl.

Question: How fast does gradient descent shrink the loss?
Command:  lab run bowl
Time:     about 2 s on two cores
Expect:   ratio 0.64 within 0.01
"""

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from lab.derivation import gradient
from lab.domains import reals
from lab.experiment import Finding
from lab.training.problem import Problem


def bowl(x):
    return jnp.sum(x**2) / 2


@gradient(of=bowl, at=dict(x=reals("n")))
def bowl_gradient(x):
    """dL = x . dx"""
    return x


def problem(key, *, size: float = 1.0, note: str = "plain"):
    return Problem(lambda p, _: bowl(p), lambda p, _: bowl_gradient(p), jnp.full(2, size))


def findings(outcome):
    loss = outcome.trajectory["loss"]
    ratio = np.float32(loss[1] / loss[0])
    yield Finding("ratio", ratio, "0.64 within 0.01", abs(ratio - 0.64) < 0.01)
    yield Finding("steps", outcome.settings["steps"], "any", outcome.params.shape == (2,))


def figures(outcome):
    drawing = Figure()
    drawing.subplots().plot(outcome.trajectory["step"], outcome.trajectory["loss"])
    yield "loss against step", drawing
'''
CONFIG = "experiment: bowl\noptimizer: {name: sgd, learning_rate: 0.2}\nsteps: 8\n"

STUDY = '''"""Counting.

Question: What comes after 1?
Command:  lab run counting
Time:     no time
Expect:   last 3
"""

from lab.experiment import Finding


def study(key, *, low: int = 0):
    return {"n": [1, 2, 3], "word": ["one", "two", "three"]}


def findings(outcome):
    last = outcome.trajectory["n"][-1]
    yield Finding("last", last, "3", last == 3)


def figures(outcome):
    yield from ()
'''


def put(name: str, experiment: str, config: str) -> None:
    folder = Path("experiments", name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.py").write_text(experiment, encoding="utf-8")
    Path("configs").mkdir(exist_ok=True)
    Path("configs", f"{name}.yaml").write_text(config, encoding="utf-8")


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of one's own, with a training experiment and a study."""
    monkeypatch.chdir(tmp_path)
    put("bowl", BOWL, CONFIG)
    put("counting", STUDY, "experiment: counting\n")


class Ran:
    """A run by its command line: exit status, both outputs, the folder, what ``run.json`` says."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        self.exit = status(["run", *arguments])
        self.out, self.err = capsys.readouterr()
        self.folder = Path(self.out.splitlines()[-1]) if "--json" not in arguments else Path()

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_text("utf-8"))

    @property
    def page(self) -> str:
        return (self.folder / "report.html").read_text("utf-8")


def test_a_training_run_leaves_everything_in_its_folder(capsys: Any) -> None:
    run = Ran(capsys, "bowl", "size=2")
    assert run.exit == 0
    assert run.err == ""
    assert run.folder.parent == Path("runs/bowl")
    assert {path.name for path in run.folder.iterdir()} == {
        *("config.yaml", "run.json", "checks.json", "trajectory", "checkpoint", "figures"),
        "report.html",
    }
    assert re.search(r"ratio +0\.64 +expected 0\.64 within 0\.01 +held", run.out)
    assert "1 correct" in run.out
    record = run.record
    assert record["status"] == "finished"
    assert record["command"] == "lab run bowl size=2"
    assert set(record["seconds"]) == {"checks", "training", "findings", "figures"}
    assert record["findings"][1] == {"name": "steps", "value": 8, "expected": "any", "holds": True}
    (verdict,) = json.loads((run.folder / "checks.json").read_text("utf-8"))
    assert (verdict["name"], verdict["verdict"]) == ("bowl_gradient", "correct")
    assert list(trajectory.read(run.folder)["step"]) == list(range(9))
    assert checkpoint.load(run.folder)["params"] == pytest.approx(2 * 0.8**8)
    assert "Falling down a bowl." in run.page
    assert "data:image/png;base64," in run.page


def test_the_resolved_config_repeats_the_run(capsys: Any) -> None:
    first = Ran(capsys, "bowl", "steps=5", "optimizer.learning_rate=0.1", "seed=7")
    second = Ran(capsys, str(first.folder / "config.yaml"))
    assert second.folder.parent == Path("runs/bowl")
    before, after = trajectory.read(first.folder), trajectory.read(second.folder)
    assert before.keys() == after.keys()
    assert all((before[name] == after[name]).all() for name in before)


def test_a_study_leaves_its_table(capsys: Any) -> None:
    run = Ran(capsys, "counting", "--out", "elsewhere/deep")
    assert run.exit == 0
    assert run.folder.is_relative_to("elsewhere/deep/counting")
    assert list(trajectory.read(run.folder)["word"]) == ["one", "two", "three"]
    assert not (run.folder / "checkpoint").exists()
    assert set(run.record["seconds"]) == {"checks", "study", "findings", "figures"}


def test_json_is_all_there_is_on_stdout(capsys: Any) -> None:
    answer = json.loads(Ran(capsys, "counting", "--json").out)
    assert answer["status"] == "finished"
    assert answer["exit_status"] == 0
    assert answer["findings"] == [{"name": "last", "value": 3, "expected": "3", "holds": True}]
    assert Path(answer["report"]).is_file()


def test_a_finding_that_does_not_hold_is_said_and_changes_no_status(capsys: Any) -> None:
    run = Ran(capsys, "bowl", "optimizer.learning_rate=0.5")
    assert run.exit == 0
    assert "DID NOT HOLD" in run.out
    assert "1 finding did not hold" in run.out
    assert "1 finding did not hold" in run.page


def test_a_wrong_derivation_is_told_and_fails_the_run_that_still_ends(capsys: Any) -> None:
    put("bowl", BOWL.replace("    return x\n", "    return 2 * x\n"), CONFIG)
    run = Ran(capsys, "bowl")
    assert run.exit == 1
    assert run.record["status"] == "finished"
    assert "bowl_gradient is wrong: factor" in run.out
    assert "1 wrong" in run.page
    assert Ran(capsys, "bowl", "--no-checks").exit == 0


def test_a_diverged_run_says_where_and_keeps_what_it_logged(capsys: Any) -> None:
    run = Ran(capsys, "bowl", "optimizer.learning_rate=1e18", "steps=500", "--no-checks")
    assert run.exit == 1
    step = int(re.search(r"diverged at step (\d+): loss inf", run.err)[1])  # type: ignore[index]
    assert run.record["status"] == "diverged"
    assert list(trajectory.read(run.folder)["step"]) == list(range(step + 1))
    assert f"diverged at step {step}" in run.page


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_findings_that_cannot_be_computed_after_divergence_are_noted(capsys: Any) -> None:
    put("bowl", BOWL.replace("    loss =", "    1 / 0\n    loss ="), CONFIG)
    run = Ran(capsys, "bowl", "optimizer.learning_rate=1e18", "--no-checks")
    assert run.exit == 1
    assert run.record["status"] == "diverged"
    assert "ZeroDivisionError" in run.record["note"]


@pytest.mark.parametrize(
    ("raised", "exit_status", "word", "said"),
    [
        ("1 / 0", 1, "failed", "experiment.py:13: ZeroDivisionError: division by zero"),
        ("raise KeyboardInterrupt", 130, "interrupted", "interrupted; what was recorded"),
        ("from lab.errors import BadInput; raise BadInput('low: no')", 2, "failed", "low: no"),
    ],
)
def test_what_stops_a_run_is_its_status(
    capsys: Any, raised: str, exit_status: int, word: str, said: str
) -> None:
    put(
        "counting",
        STUDY.replace("    return {", f"    {raised}\n    return {{"),
        "experiment: counting\n",
    )
    run = Ran(capsys, "counting")
    assert run.exit == exit_status
    assert said in run.err
    assert "Traceback" not in run.err
    assert run.record["status"] == word
    assert run.record["exit_status"] == exit_status
    assert said in run.page
    assert (run.folder / "traceback.txt").exists() == (exit_status == 1)


def test_an_interrupted_training_keeps_the_chunks_that_came(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lab.conduct import training

    def interrupted(*arguments: Any, **options: Any) -> Any:
        whole = conduct_chunks(*arguments, **options)
        yield next(whole)
        yield next(whole)
        raise KeyboardInterrupt

    conduct_chunks = training.chunks
    monkeypatch.setattr(training, "chunks", interrupted)
    run = Ran(capsys, "bowl", "steps=10000", "--no-checks")
    assert run.exit == 130
    steps = list(trajectory.read(run.folder)["step"])
    assert steps == list(range(len(steps)))
    assert 0 < len(steps) < 10000
    assert checkpoint.load(run.folder)["params"] == pytest.approx(0.8 ** len(steps))


def test_a_run_that_met_a_rule_says_so(capsys: Any) -> None:
    run = Ran(capsys, "bowl", "steps=500", "stop.gradient_norm=1e-3", "--no-checks")
    assert run.exit == 0
    # the norm of the gradient is sqrt(2) 0.8^k
    assert run.record["stopped"] == "step 33: gradient norm at most 0.001"
    assert "stopped at step 33" in run.out
    assert list(trajectory.read(run.folder)["step"]) == list(range(34))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bowl", "--out", "configs/bowl.yaml"], "cannot make the run folder"),
        (["bowl", "steps=-1", "optimzer.x=1"], "did you mean 'optimizer'?"),
        (["bow"], "did you mean 'bowl'?"),
    ],
)
def test_bad_input_is_refused_before_there_is_a_folder(
    capsys: Any, arguments: list[str], said: str
) -> None:
    assert status(["run", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""
    assert not Path("runs").exists()


def test_an_experiment_that_does_not_load_is_refused(capsys: Any) -> None:
    put("counting", STUDY.replace("import Finding", "import Findin"), "experiment: counting\n")
    assert status(["run", "counting"]) == 2
    assert capsys.readouterr().err.startswith("experiments/counting/experiment.py:9: ImportError: ")
    assert not Path("runs").exists()


def test_hostile_settings_reach_the_page_as_text(capsys: Any) -> None:
    run = Ran(capsys, "bowl", "note=<script>alert(1)</script>", "--no-checks")
    assert run.exit == 0
    assert "<script" not in run.page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in run.page


def test_numbers_that_are_not_finite_are_kept_as_words(capsys: Any) -> None:
    put("counting", STUDY.replace('"last", last', '"last", last / 0'), "experiment: counting\n")
    with pytest.warns(RuntimeWarning):
        run = Ran(capsys, "counting")
    assert run.record["findings"][0]["value"] == "inf"


def test_two_figures_of_one_name_are_refused(capsys: Any) -> None:
    put("bowl", BOWL + '    yield "loss-against step", drawing\n', CONFIG)
    run = Ran(capsys, "bowl", "--no-checks")
    assert run.exit == 2
    assert "two figures are called" in run.err


@pytest.mark.parametrize(
    ("steps", "every", "says"),
    [(10**9, 1, "1.0e+09 rows are to be recorded, 20 GB or more"), (10**9, 1000, ""), (60, 1, "")],
)
def test_very_many_rows_are_announced(capsys: Any, steps: int, every: int, says: str) -> None:
    from lab.cli.commands.run import _say_if_much
    from lab.config import load

    _say_if_much(load("gradient_descent", [f"steps={steps}", f"record.every={every}"]))
    err = capsys.readouterr().err
    assert err.startswith(says)
    assert bool(err) == bool(says)
