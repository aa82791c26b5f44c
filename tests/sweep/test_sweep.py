"""A sweep gives each run what it would have alone, whatever is computed side by side with it."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from lab import experiment
from lab.cli import status
from lab.config import load
from lab.runs import trajectory
from lab.sweep import cases, group
from lab.sweep.plan import plan
from lab.sweep.show import idle, ranking
from lab.sweep.signature import signature
from lab.sweep.table import read
from lab.training import devices
from lab.training.configured import posed, trained
from lab.training.loop import chunks

VALLEY = '''"""A valley, some data, and every way to be hard to batch.

Question: Where does it go?
Command:  lab run valley
Time:     no time
Expect:   down
"""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Finding
from lab.training.problem import Problem


def problem(key, *, width: float = 1.0, bend: float = 0.0, size: int = 3, data: str = "traced",
            start: tuple[float, ...] = (1.0, -2.0, 0.5)):
    """width is traced, bend is asked after, size is a shape, data by NumPy depends on the seed."""
    if data == "host":
        rows = np.asarray(jax.random.normal(key, (6, 3)))
    elif data == "fixed":
        rows = jnp.eye(6, 3)
    else:
        rows = jax.random.normal(key, (6, 3))
    curved = 1.0 if bend == 0 else 1 / (1 + bend)
    X = jnp.asarray(rows)[:, :size]

    def loss(p, batch):
        return curved * jnp.sum((batch @ p - 1) ** 2) / 2 + width * jnp.sum(p**2) / 2

    def gradient(p, batch):
        return curved * batch.T @ (batch @ p - 1) + width * p

    def batch(key, step):
        chosen = jax.random.permutation(jax.random.fold_in(key, step), 6)[:4]
        return X[:4] if data == "fixed" else X[chosen]

    return Problem(
        loss, gradient, jnp.array(start[:size]), batch=batch,
        metrics=lambda p, g, u, b: {"update_norm": jnp.linalg.norm(u)},
        evaluate=lambda p: {"whole_loss": loss(p, X)},
    )


def findings(outcome):
    yield Finding("rows", len(outcome.trajectory["loss"]), "any", True)


def figures(outcome):
    yield from ()
'''
CONFIG = """experiment: valley
precision: float64
optimizer: {name: adam, learning_rate: 0.1}
steps: 12
record: {every: 5}
"""


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lab.compiled.keep", lambda: None)
    folder = Path("experiments", "valley")
    folder.mkdir(parents=True)
    (folder / "experiment.py").write_text(VALLEY, encoding="utf-8")
    Path("configs").mkdir()
    Path("configs", "valley.yaml").write_text(CONFIG, encoding="utf-8")


class Swept:
    """A sweep by its command line: exit status, outputs, folder, and what is in it."""

    def __init__(self, capsys: Any, *arguments: str, config: str = "valley") -> None:
        self.exit = status(["sweep", config, *arguments, "--no-checks", "--json"])
        out, self.err = capsys.readouterr()
        assert out, self.err
        self.answer = json.loads(out)
        assert self.answer["status"] == "finished", self.answer["note"]
        self.folder = Path(self.answer["folder"])
        self.table = read(self.folder)
        self.rows = trajectory.read(self.folder)
        self.plan = plan(config, arguments)

    def of(self, run: int) -> dict[str, np.ndarray]:
        mine = self.rows["run"] == run
        return {name: column[mine] for name, column in self.rows.items() if name != "run"}


def alone(swept: Swept, run: int, every: int = 1) -> tuple[dict[str, np.ndarray], Any]:
    """All rows of the run made by itself, and the last chunk of it."""
    overrides = shlex.split(swept.plan.alone(run))[3:]
    config = load("valley", [*overrides, f"record.every={every}"])
    module = experiment.load(experiment.read(config.folder / "experiment.py"))
    import jax

    with devices.device("cpu"), devices.precision(config["precision"]) as dtype:
        root = jax.random.key(config["seed"])
        train = trained(*_ordered(posed(module, config.settings, root, dtype), config))
        parts = [*chunks(train, steps=config["steps"], every=every)]
    names = parts[0].columns
    return {n: np.concatenate([np.ma.filled(p.columns[n].astype(float), np.nan) for p in parts])
            for n in names}, parts[-1]  # fmt: skip


def _ordered(posed: Any, config: Any) -> Any:
    return posed[0], config, posed[1]


def require_same(swept: Swept, *, tolerance: float = 1e-9) -> None:
    """Of all runs the first, the last and one between are what they are alone."""
    last_run = swept.plan.runs - 1
    for run in sorted({0, (last_run + 1) // 2, last_run}):
        whole, last = alone(swept, run)
        row = int(np.flatnonzero(swept.table["run"] == run)[0])
        end = {name: column[row] for name, column in swept.table.items()}
        assert end["step"] == last.step, run
        assert (end["status"] == "diverged") == (last.diverged_at is not None)
        mine = swept.of(run)
        assert mine["step"][-1] == last.step
        there = np.searchsorted(whole["step"], mine["step"])
        assert (whole["step"][there] == mine["step"]).all()
        known = slice(None) if end["status"] != "diverged" else slice(0, -1)
        for name, column in whole.items():
            if name in mine:
                np.testing.assert_allclose(
                    mine[name][known], column[there][known], rtol=tolerance, err_msg=name
                )
            np.testing.assert_allclose(
                end[f"final.{name}"] if name != "step" else end["step"],
                column[-1], rtol=tolerance, err_msg=name,
            ) if end["status"] != "diverged" else None  # fmt: skip
        np.testing.assert_allclose(end["final.loss"], whole["loss"][-1], rtol=tolerance)
        healthy = np.isfinite(whole["loss"])
        np.testing.assert_allclose(end["best.loss"], whole["loss"][healthy].min(), rtol=tolerance)
        assert whole["loss"][whole["step"] == end["best.step"]] == pytest.approx(
            end["best.loss"], rel=tolerance
        )


def more(*row: Any) -> Any:
    """A row much like others."""
    return pytest.param(*row, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("arguments", "programs", "remarks"),
    [
        (["optimizer.learning_rate=0.01,0.1", "width=0.5,2", "seed=0..2"], 1, []),
        (["optimizer.name=adam,sgd", "seed=0,4000000000"], 2, []),
        more(["bend=0,0.5", "seed=0..1"], 2, ["bend is taken value by value"]),
        (["size=2,3", "width=1,2"], 2, ["size is taken value by value: "]),
        (["data=host", "seed=0..3", "width=1,2"], 1,
         ["seed is taken value by value: NumPy computes with it"]),
        more(["start=[1,2,3],[4,5,6]", "width=1,2"], 1, []),
        more(["optimizer.b1=0.5,0.9", "gradient=hand,jax", "steps=7"], 2, []),
        more(["steps=5,9", "seed=0..1"], 2, []),
        (["steps=5,9"], 2, []),
        (["data=fixed", "seed=0..2"], 1, ["seed makes no difference: "]),
        (["stop.gradient_norm=4.0", "seed=0..3", "steps=40"], 1, []),
        (["optimizer={name: newton, step: {name: backtracking}}", "optimizer.step.slope=1e-4,0.3", "width=0.5,2"], 2,
         ["optimizer.step.slope is taken value by value", "optimizer.step.slope makes no difference"]),
        (["optimizer.learning_rate=1e2,1e200", "optimizer.name=sgd", "steps=40", "seed=0..1"], 1, []),
        more(["optimizer.learning_rate={name: linear_schedule, init_value: 0.2, end_value: 0.1, "
          "transition_steps: 9}", "optimizer.learning_rate.init_value=0.1,0.3"], 1, []),
    ],
)  # fmt: skip
def test_each_run_is_what_it_is_alone(
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    programs: int,
    remarks: list[str],
) -> None:
    monkeypatch.setattr("lab.sweep.conduct.figures", lambda *_: ())
    swept = Swept(capsys, *arguments)
    assert swept.exit == 0 or swept.answer["note"] == "every run diverged"
    assert swept.answer["programs"] == programs
    assert len(swept.answer["remarks"]) == len(remarks)
    for said, expected in zip(swept.answer["remarks"], remarks, strict=True):
        assert said.startswith(expected)
    assert (swept.table["run"] == np.arange(swept.plan.runs)).all()
    require_same(swept)


def test_a_lane_that_is_off_by_a_little_is_seen(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = cases._array
    off = lambda key, numbers, dtype: right(
        key, numbers * (1 + 1e-6) if numbers.dtype.kind == "f" else numbers, dtype
    )
    monkeypatch.setattr(cases, "_array", off)
    swept = Swept(capsys, "width=0.5,2")
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        require_same(swept)


def test_programs_that_differ_in_a_number_are_not_taken_for_one() -> None:
    part = lambda factor, array: cases._part(lambda x: factor * x + jnp.asarray(array), 1.0)
    signed = lambda factor, array: signature(*part(factor, array))
    assert signed(2.0, np.ones(3)) == signed(2.0, np.zeros(3))
    assert signed(2.0, np.ones(3)) != signed(2.5, np.ones(3))
    assert signed(2.0, np.ones(3)) != signed(2.0, np.ones(4))


def test_one_that_diverges_harms_no_other_and_is_named(capsys: Any) -> None:
    rates = "optimizer.learning_rate=0.01,1e200,0.1"
    swept = Swept(capsys, rates, "optimizer.name=sgd", "steps=40")
    assert swept.exit == 0
    assert list(swept.table["status"]) == ["finished", "diverged", "finished"]
    (lost,) = swept.answer["diverged"]
    assert lost["run"] == 1
    assert lost["settings"] == {"optimizer.learning_rate": 1e200}
    assert 0 < lost["step"] == swept.table["step"][1] < 40
    assert swept.of(1)["step"].max() == lost["step"]
    assert np.isfinite(swept.table["final.loss"][[0, 2]]).all()
    assert swept.answer["best"]["run"] in (0, 2)
    assert swept.answer["best"]["command"].startswith("lab run valley ")
    assert "1 of 3 diverged" in (swept.folder / "report.html").read_text("utf-8")


def test_all_that_diverge_fail_the_sweep(capsys: Any) -> None:
    swept = Swept(capsys, "optimizer.learning_rate=1e200,1e220", "optimizer.name=sgd", "steps=40")
    assert (swept.exit, swept.answer["best"]) == (1, None)
    assert swept.answer["note"] == "every run diverged"


def test_what_a_sweep_leaves_can_be_swept_again(capsys: Any) -> None:
    first = Swept(capsys, "optimizer.learning_rate=logspace(1e-2,1e-1,3)", "optimizer.name=adam,sgd",
                  "width=3", "seed=0..1")  # fmt: skip
    assert {path.name for path in first.folder.iterdir()} == {
        *("config.yaml", "sweep.json", "table.parquet", "trajectory", "figures", "report.html")
    }
    kept = json.loads((first.folder / "sweep.json").read_text("utf-8"))
    again = shlex.split(kept["again"])
    assert again[:3] == ["lab", "sweep", str(first.folder / "config.yaml")]
    second = Swept(capsys, *again[3:], config=again[2])
    assert second.folder.parent == first.folder.parent
    assert first.table.keys() == second.table.keys()
    for name, column in first.table.items():
        assert (column == second.table[name]).all(), name


def test_what_makes_no_difference_is_said_once_and_fills_no_table(capsys: Any) -> None:
    swept = Swept(capsys, "data=fixed", "seed=0..3", "width=0.5,2")
    assert len(swept.answer["remarks"]) == 1
    rows = ranking(swept.plan, swept.table)
    assert list(swept.table["width"][rows]) in ([0.5, 2.0], [2.0, 0.5])
    assert set(swept.table["seed"][rows]) == {0}
    page = (swept.folder / "report.html").read_text("utf-8")
    assert page.count("seed makes no difference") == 1
    # the last bit of one run is a difference
    other = dict(swept.table, **{"final.loss": swept.table["final.loss"].copy()})
    other["final.loss"][-1] = np.nextafter(other["final.loss"][-1], 1)
    assert idle(swept.plan, swept.table)
    assert not idle(swept.plan, other)
    assert len(ranking(swept.plan, other)) == 8


def test_an_interrupted_sweep_keeps_the_groups_that_ended(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter(range(9))
    through = group._through

    def interrupted(*arguments: Any) -> Any:
        if next(made) == 1:
            raise KeyboardInterrupt
        return through(*arguments)

    monkeypatch.setattr(group, "_through", interrupted)
    arguments = ["optimizer.name=adam,sgd", "seed=0..2"]
    assert status(["sweep", "valley", *arguments, "--no-checks"]) == 130
    out, err = capsys.readouterr()
    assert "the runs that had ended are kept" in err
    assert "3 of 6 runs" in out
    folder = Path(out.splitlines()[-1])
    table = read(folder)
    assert set(table["optimizer.name"]) == {"adam"}
    assert set(trajectory.read(folder)["run"]) == set(table["run"])
    assert (folder / "report.html").exists()
    monkeypatch.setattr(group, "_through", through)
    assert status(["resume", str(folder)]) == 0
    assert "6 runs in 2 programs" in capsys.readouterr().out
    whole = Swept(capsys, *arguments)
    require_equal(folder, whole.folder)
    # and that is the end of it
    assert status(["resume", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("already finished")
    assert status(["sweep", "valley", *arguments, "--out", str(folder)]) == 2
    assert "is the folder of a run or a sweep: lab resume" in capsys.readouterr().err


def require_equal(one: Path, other: Path) -> None:
    """Two sweeps left the same tables and trajectories, to the bit."""
    for ours, theirs in [(read(one), read(other)), (trajectory.read(one), trajectory.read(other))]:
        assert list(ours) == list(theirs)
        for name, column in ours.items():
            np.testing.assert_array_equal(column, theirs[name], err_msg=name)


def resumable(capsys: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Path:
    """A sweep that was killed before the second half of its runs."""
    made, through = iter(range(9)), group._through

    def killed(*given: Any) -> Any:
        if next(made) == 1:
            raise KeyboardInterrupt
        return through(*given)

    with monkeypatch.context() as patched:
        patched.setattr(group, "_through", killed)
        assert status(["sweep", "valley", *arguments, "--no-checks"]) == 130
    return Path(capsys.readouterr().out.splitlines()[-1])


def test_a_sweep_goes_on_only_as_it_was(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["optimizer.name=adam,sgd", "seed=0..2"]
    folder = resumable(capsys, monkeypatch, *arguments)
    kept = (folder / "sweep.json").read_text("utf-8")
    for spoiled, said in [
        (kept.replace("seed=0..2", "seed=1..3"), "is of another sweep than its config: "),
        (kept.replace('"source": "', '"source": "0'), "has changed since"),
        (kept.replace('"arguments"', '"argument"'), "sweep again"),
    ]:
        assert spoiled != kept
        (folder / "sweep.json").write_text(spoiled, "utf-8")
        assert status(["resume", str(folder)]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert len(err.splitlines()) == 1
    assert status(["resume", str(folder), "device=cpu"]) == 2
    assert "it is gone on with as it is" in capsys.readouterr().err


def test_runs_without_their_rows_are_made_again(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["optimizer.name=adam,sgd", "seed=0..2"]
    folder = resumable(capsys, monkeypatch, *arguments)
    rows = trajectory.read(folder)
    (part,) = (folder / "trajectory").iterdir()
    part.unlink()
    # of one run the rows are there
    trajectory.write(folder, {name: column[rows["run"] == 0] for name, column in rows.items()})
    assert status(["resume", str(folder)]) == 0
    capsys.readouterr()
    require_equal(folder, Swept(capsys, *arguments).folder)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["valley", "width=logspace(1e-4,0,5)"], "one positive number to another"),
        (["valley", "wdth=1,2"], "did you mean 'width'?"),
        (["valey", "width=1,2"], "did you mean 'valley'?"),
        (["valley", "optimizer.name=adam,sdg"], "did you mean 'sgd'?"),
        (["valley", "size=1,2.5"], "size: "),
        (["valley", "seed=3..0"], "did you mean 0..3?"),
        (["valley", "record.every=1,2"], "all runs of a sweep have the same record.every"),
        (["valley", "width=1"], "nothing varies"),
        (["valley", "seed=0..99999", "steps=100000", "record.every=1"], "take record.every="),
    ],
)
def test_bad_input_is_refused_in_a_line_before_there_is_a_folder(
    capsys: Any, arguments: list[str], said: str
) -> None:
    assert status(["sweep", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert not Path("runs").exists()


SHARED = """
import sys
from lab.cli import status
sys.exit(status(sys.argv[1:]))
"""


def test_four_devices_give_the_numbers_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # ten runs: two are added for an even share
    arguments = ["sweep", "valley", "width=linspace(0.5,2,5)", "seed=0..1", "--no-checks",
                 "stop.gradient_norm=4.0"]  # fmt: skip
    flags = "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0"
    done = subprocess.run(
        [sys.executable, "-c", SHARED, *arguments, "--out", "on4", "devices=4"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "XLA_FLAGS": flags},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr("lab.sweep.conduct.figures", lambda *_: ())
    assert status([*arguments, "--out", "on1", "devices=1"]) == 0
    one, four = (read(next(Path(f"on{count}", "valley").iterdir())) for count in (1, 4))
    (kept,) = (json.loads(path.read_text("utf-8")) for path in Path("on4").rglob("sweep.json"))
    assert kept["devices"] == 4
    for name, column in one.items():
        if column.dtype.kind == "f":
            np.testing.assert_allclose(four[name], column, rtol=1e-12, err_msg=name)
        else:
            assert (four[name] == column).all(), name


def test_the_page_of_a_sweep_comes_back_as_it_was(capsys: Any) -> None:
    home = Swept(capsys, "optimizer.learning_rate=0.1,0.2").folder
    page, kept = home / "report.html", home / "sweep.json"
    before = page.read_bytes()
    page.unlink()
    assert status(["report", str(home)]) == 0
    assert capsys.readouterr().out.strip() == str(page)
    assert page.read_bytes() == before
    # killed, it has nothing to show yet
    told = json.loads(kept.read_text("utf-8"))
    begun = {name: told[name] for name in ("experiment", "config", "arguments")}
    kept.write_text(json.dumps(begun | {"status": "running"}), "utf-8")
    assert status(["report", str(home)]) == 2
    assert f"lab resume {home} goes on" in capsys.readouterr().err


def test_a_sweep_is_not_taken_for_a_run(capsys: Any) -> None:
    home = Swept(capsys, "optimizer.learning_rate=0.1,0.2").folder
    assert status(["compare", str(home), str(home)]) == 2
    assert "is a sweep, not a run" in capsys.readouterr().err
    assert status(["run", str(home)]) == 2
    assert f"did you mean {home}/config.yaml?" in capsys.readouterr().err
    for given in ("runs", str(home / "sweep.json")):
        assert status(["report", given]) == 2
        assert f"did you mean {home}?" in capsys.readouterr().err
