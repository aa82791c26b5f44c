"""Nothing is lost: a run that was killed goes on as if it had not been, and ends the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli import status
from lab.runs import checkpoint, folder, trajectory
from lab.sweep import table as sweep_table

WALK = '''"""A walk down a noisy bowl.

Question: Where does it end?
Command:  lab run walk
Time:     a second
Expect:   an end
"""

import jax
import jax.numpy as jnp
from matplotlib.figure import Figure

from lab.experiment import Finding
from lab.training.problem import Problem


def problem(key, *, size: int = 5):
    return Problem(
        loss=lambda p, b: jnp.sum((p["w"] - b) ** 2) + p["c"] ** 2,
        gradient=lambda p, b: {"w": 2 * (p["w"] - b), "c": 2 * p["c"]},
        start={"w": jnp.ones(size), "c": jnp.ones(())},
        batch=lambda key, step: jax.random.normal(jax.random.fold_in(key, step), (size,)),
        evaluate=lambda p: {"square": jnp.sum(p["w"] ** 2)},
    )


def findings(outcome):
    yield Finding("rows", len(outcome.trajectory["step"]), "all", True)


def figures(outcome):
    yield "empty", Figure()
'''
CONFIG = """experiment: walk
optimizer: {name: adam, learning_rate: 0.01}
steps: 400000
record: {every: 5, evaluate: 1000}
"""
# as the lab does, only at once
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
from lab.conduct import training
from lab.cli import main
from lab.runs import trajectory
from lab.training import loop
training._PATIENCE = training._SHARE = trajectory._SECONDS = trajectory._SHARE = 0.001
training._SHARE, loop._SECONDS = 1.0, 0.02
if sys.argv[1] in ("sweep", "resume"):
    from lab.sweep import conduct
    conduct._SECONDS = -1.0
main()
"""
SWEEP = ["optimizer.name=adam,sgd,rmsprop,lion", "seed=0..2", "steps=500"]


def begin(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lab(*arguments: str) -> tuple[int, str, str]:
    process = begin(*arguments)
    out, err = process.communicate()
    return process.returncode, out, err


def left(run: Path) -> dict[str, np.ndarray]:
    """All numbers of a run: its trajectory, and the state it ended in."""
    state = checkpoint.load(run)
    return trajectory.read(run) | {f"state {name}": state[name] for name in state}


def assert_same(first: Path, second: Path) -> None:
    one, other = left(first), left(second)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    Path("experiments/walk").mkdir(parents=True)
    Path("experiments/walk/experiment.py").write_text(WALK)
    Path("configs").mkdir()
    Path("configs/walk.yaml").write_text(CONFIG)


def the_run(home: str = "killed") -> Path:
    (run,) = Path(home, "walk").iterdir()
    return run


def await_file(run: Path, name: str) -> None:
    deadline = time.monotonic() + 60
    while not (run / name).exists():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def started(*arguments: str) -> tuple[subprocess.Popen[str], Path]:
    process = begin("run", "walk", "--out", "killed", *arguments)
    deadline = time.monotonic() + 60
    while not list(Path("killed").glob("walk/*/run.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return process, the_run()


def test_a_killed_run_goes_on_as_if_it_had_not_been() -> None:
    process, run = started()
    await_file(run, "checkpoint/state.npz")
    process.kill()
    process.communicate()
    assert json.loads((run / "run.json").read_text())["status"] == "running"
    (run / "trajectory" / ".part-00099.parquet.0badf00d").write_bytes(b"half a part")
    code, out, err = lab("resume", str(run))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == str(run)
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], len(record["resumed"])) == ("finished", 1)
    assert not list(run.rglob(".*"))
    assert lab("run", "walk", "--out", "whole")[0] == 0
    assert_same(run, the_run("whole"))
    # and one that has ended has ended
    assert lab("resume", str(run))[:2] == (0, f"already finished\n{run}\n")


def sweep_begun() -> tuple[subprocess.Popen[str], Path]:
    process = begin("sweep", "walk", *SWEEP, "--no-checks", "--out", "killed")
    deadline = time.monotonic() + 60
    while not list(Path("killed").glob("walk/*/table.parquet")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return process, the_run()


def assert_same_sweep(first: Path, second: Path) -> None:
    tables = [dict(sweep_table.read(home)) for home in (first, second)]
    rows = [trajectory.read(home) for home in (first, second)]
    for one, other in (tables, rows):
        assert list(one) == list(other)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_a_killed_sweep_goes_on_as_if_it_had_not_been() -> None:
    process, home = sweep_begun()
    process.kill()
    process.communicate()
    assert json.loads((home / "sweep.json").read_text())["status"] == "running"
    kept = len(sweep_table.read(home)["run"])
    assert 0 < kept < 12
    code, out, err = lab("resume", str(home), "--json")
    assert (code, err) == (0, "")
    assert (json.loads(out)["ended_runs"], json.loads(out)["programs"]) == (12, 4)
    record = json.loads((home / "sweep.json").read_text())
    assert (record["status"], len(record["resumed"])) == ("finished", 1)
    assert not list(home.rglob(".*"))
    assert lab("sweep", "walk", *SWEEP, "--no-checks", "--out", "whole")[0] == 0
    assert_same_sweep(home, the_run("whole"))
    assert "already finished" in lab("resume", str(home))[1]


@pytest.mark.slow
def test_ten_kills_of_a_sweep_change_nothing() -> None:
    assert lab("sweep", "walk", *SWEEP, "--no-checks", "--out", "whole")[0] == 0
    rng = random.Random(1)
    process, home = sweep_begun()
    for _ in range(10):
        process.kill()
        process.communicate()
        process = begin("resume", str(home))
        time.sleep(rng.uniform(0, 4))
        if process.poll() is not None:
            break
    process.communicate()
    assert_same_sweep(home, the_run("whole"))


@pytest.mark.slow
def test_twenty_kills_at_any_moment_change_nothing() -> None:
    steps = "steps=8000000"
    assert lab("run", "walk", steps, "--out", "whole")[0] == 0
    rng = random.Random(0)
    process, run = started(steps)
    for _ in range(20):
        time.sleep(rng.uniform(0, 2.5))
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()
        process.communicate()
        process = begin("resume", str(run))
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert_same(run, the_run("whole"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_in_order_and_goes_on(number: int, code: int) -> None:
    process, run = started("steps=1000000000")
    await_file(run, "checkpoint/state.npz")
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == code
    assert err == f"interrupted; what was recorded is kept, and lab resume {run} goes on\n"
    assert out.splitlines()[-1] == str(run)
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["exit_status"]) == ("interrupted", code)
    rows, state = trajectory.read(run)["step"], checkpoint.load(run)
    np.testing.assert_array_equal(rows, 5 * np.arange(len(rows)))
    assert 0 < state["step"] <= rows[-1] + 5


def test_what_cannot_be_resumed_is_said(capsys: Any) -> None:
    Path("runs/walk/1").mkdir(parents=True)
    cases = [
        ("runs/walk/1", "runs/walk/1 is not a run: it holds no config.yaml"),
        ("nowhere", "nowhere is not a run"),
    ]
    for run, says in cases:
        assert status(["resume", run]) == 2
        assert says in capsys.readouterr().err
    Path("runs/walk/1/config.yaml").write_text(CONFIG)
    with folder.held(Path("runs/walk/1")):
        assert status(["resume", "runs/walk/1"]) == 2
    assert capsys.readouterr().err == "runs/walk/1 is still running, in another process\n"
    assert status(["resume", "runs/walk"]) == 2
    assert "did you mean runs/walk/1?" in capsys.readouterr().err


def test_a_run_that_brings_its_own_program_is_not_run(capsys: Any) -> None:
    run = Path("runs/walk/1")
    run.mkdir(parents=True)
    (run / "experiment.py").write_text("raise SystemExit('it was run')\n" + WALK)
    (run / "config.yaml").write_text(CONFIG.replace("walk", "./", 1))
    assert status(["resume", str(run)]) == 2
    assert "brings its own program" in capsys.readouterr().err


def test_a_checkpoint_of_another_training_is_refused(capsys: Any) -> None:
    assert status(["run", "walk", "steps=20", "record.evaluate=5"]) == 0
    run = the_run("runs")
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"status": "running"}))
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace("size: 5", "size: 6"))
    capsys.readouterr()
    assert status(["resume", str(run)]) == 2
    assert "state.npz is of another training: it holds" in capsys.readouterr().err
    (run / "config.yaml").write_text(config)
    assert status(["resume", str(run)]) == 0


def test_a_checkpoint_with_a_pickle_in_it_is_refused(capsys: Any) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, ("it-was-run",)

    np.savez("evil.npz", step=np.array([Evil()], object))
    Path("run/checkpoint").mkdir(parents=True)
    Path("evil.npz").rename("run/checkpoint/state.npz")
    with pytest.raises(ValueError, match="no checkpoint in"):
        checkpoint.load(Path("run"))
    assert not Path("it-was-run").exists()
