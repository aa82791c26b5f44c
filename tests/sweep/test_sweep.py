"""A sweep gives each run what it would have alone, whatever is computed side by side with it."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab import experiment
from lab.cli import status
from lab.config import load
from lab.runs import trajectory
from lab.sweep.plan import plan
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


def require_same(swept: Swept, runs: Any, *, tolerance: float = 1e-9) -> None:
    for run in runs:
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


@pytest.mark.parametrize(
    ("arguments", "programs", "remarks"),
    [
        (["optimizer.learning_rate=0.01,0.1", "width=0.5,2", "seed=0..2"], 1, []),
        (["optimizer.name=adam,sgd", "seed=0,4000000000"], 2, []),
        (["bend=0,0.5", "seed=0..1"], 2, ["bend is taken value by value"]),
        (["size=2,3", "width=1,2"], 2, ["size is taken value by value: "]),
        (["data=host", "seed=0..3", "width=1,2"], 1,
         ["seed is taken value by value: NumPy computes with it"]),
        (["start=[1,2,3],[4,5,6]", "width=1,2"], 1, []),
        (["optimizer.b1=0.5,0.9", "gradient=hand,jax", "steps=7"], 2, []),
        (["steps=5,9", "seed=0..1"], 2, []),
        (["steps=5,9"], 2, []),
        (["data=fixed", "seed=0..2"], 1, []),
        (["stop.gradient_norm=4.0", "seed=0..3", "steps=40"], 1, []),
        (["optimizer={name: newton, step: {name: backtracking}}", "optimizer.step.slope=1e-4,0.3", "width=0.5,2"], 2,
         ["optimizer.step.slope is taken value by value"]),
        (["optimizer.learning_rate=1e2,1e200", "optimizer.name=sgd", "steps=40", "seed=0..1"], 1, []),
        (["optimizer.learning_rate={name: linear_schedule, init_value: 0.2, end_value: 0.1, "
          "transition_steps: 9}", "optimizer.learning_rate.init_value=0.1,0.3"], 1, []),
    ],
)  # fmt: skip
def test_each_run_is_what_it_is_alone(
    capsys: Any, arguments: list[str], programs: int, remarks: list[str]
) -> None:
    swept = Swept(capsys, *arguments)
    assert swept.exit == 0 or swept.answer["note"] == "every run diverged"
    assert swept.answer["programs"] == programs
    assert len(swept.answer["remarks"]) == len(remarks)
    for said, expected in zip(swept.answer["remarks"], remarks, strict=True):
        assert said.startswith(expected)
    assert (swept.table["run"] == np.arange(swept.plan.runs)).all()
    require_same(swept, range(swept.plan.runs))
