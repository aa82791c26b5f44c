"""More than one device, more than one process: the numbers of one, one writes, none hangs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from lab.cli import status
from lab.runs import checkpoint, trajectory
from lab.sweep import table
from lab.training import processes
from tests.test_resume import await_file, left

PLANE = '''"""A plane through noisy points.

Question: Which?
Command:  lab run plane
Time:     a second
Expect:   an end
"""

import jax
import jax.numpy as jnp
from matplotlib.figure import Figure

from lab.experiment import Finding
from lab.training.problem import Problem


def problem(key, *, rows: int = 6, alone: bool = False):
    w = jnp.arange(1.0, 4.0)

    def batch(key, step):
        X = jax.random.normal(jax.random.fold_in(key, step), (rows, 3))
        return X, X @ w + 0.1 * jnp.sin(jnp.arange(rows))

    def residuals(p, b):
        return b[0] @ p["w"] + p["c"] - b[1]

    def gradient(p, b):
        r = residuals(p, b)
        return {"w": 2 * b[0].T @ r / r.size, "c": 2 * jnp.mean(r)}

    bowl = Problem(
        loss=lambda p, b: jnp.sum(p["w"] ** 2) + p["c"] ** 2,
        gradient=lambda p, b: {"w": 2 * p["w"], "c": 2 * p["c"]},
        start={"w": jnp.ones(3), "c": jnp.ones(())},
    )
    return bowl if alone else bowl._replace(
        loss=lambda p, b: jnp.mean(residuals(p, b) ** 2),
        gradient=gradient,
        batch=batch,
        evaluate=lambda p: {"error": jnp.sum((p["w"] - w) ** 2)},
    )


def findings(outcome):
    # computed by one process alone, of what all of them left
    error = outcome.problem.evaluate(outcome.params)
    yield Finding("error", float(sum(error.values())), "small", True)


def figures(outcome):
    yield "empty", Figure()
'''
CONFIG = """experiment: plane
precision: float64
gradient: both
optimizer: {name: adam, learning_rate: 0.01}
steps: 300
record: {every: 3, evaluate: 60}
"""
# puts aside at once; JAX is loaded by the child alone
PROGRAM = """
from lab.cli import main, together
part = together._part
def hasty(*arguments):
    from lab.conduct import training
    from lab.runs import trajectory
    from lab.training import loop, processes
    training._PATIENCE = trajectory._SECONDS = trajectory._SHARE = 0.001
    training._SHARE, loop._SECONDS, processes._SILENCE = 1.0, 0.02, 5
    return part(*arguments)
together._part = hasty
main()
"""


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    Path("experiments/plane").mkdir(parents=True)
    Path("experiments/plane/experiment.py").write_text(PLANE)
    Path("configs").mkdir()
    Path("configs/plane.yaml").write_text(CONFIG)


def begin(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def both(*arguments: str) -> list[subprocess.Popen[str]]:
    """Two processes of one run, started by hand."""
    by_hand = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{free_port()}", "JAX_NUM_PROCESSES": "2"}
    given = [*arguments, "--distributed"]
    return [begin(*given, **by_hand, JAX_PROCESS_ID=str(number)) for number in range(2)]


def the_run(home: str) -> Path:
    (run,) = Path(home, "plane").iterdir()
    return run


def alone(*arguments: str, home: str = "alone") -> Path:
    assert status(["run", "plane", "--out", home, *arguments]) == 0
    return the_run(home)


def assert_same_to_rounding(first: Path, second: Path) -> None:
    one, other = left(first), left(second)
    assert one.keys() == other.keys()
    # what is nothing but rounding
    assert max(one.pop("gap").max(), other.pop("gap").max()) < 1e-9
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-12, err_msg=name)


def about(run: Path) -> Any:
    return json.loads((run / "run.json").read_text())


@pytest.mark.parametrize("rows", [8, pytest.param(6, marks=pytest.mark.slow)])
def test_several_devices_give_the_numbers_of_one(rows: int) -> None:
    # every step recorded, and looked at many together
    wanted = [f"rows={rows}", "record.every=1"]
    process = begin("run", "plane", "--out", "many", "devices=4", "device=cpu", *wanted)
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert about(the_run("many"))["devices"] == {
        "count": 4,
        "processes": 1,
        "rows": {"0": rows, "1": rows},
    }
    assert_same_to_rounding(the_run("many"), alone(*wanted))


def test_two_processes_give_the_numbers_of_one_and_one_of_them_writes() -> None:
    first, second = both("run", "plane", "--out", "two", "devices=all", "--json")
    out, err = first.communicate()
    assert (first.returncode, err) == (0, "")
    assert second.communicate() == ("", "")
    assert second.returncode == 0
    run = the_run("two")
    assert json.loads(out)["folder"] == str(run)
    assert about(run)["devices"] == {"count": 2, "processes": 2, "rows": {"0": 6, "1": 6}}
    assert_same_to_rounding(run, alone())
    # once whole, it can be gone on with by none
    assert status(["resume", str(run)]) == 0


def test_two_processes_share_a_sweep() -> None:
    """Five runs, which do not come out even, of which one diverges."""
    given = ["sweep", "plane", "optimizer.learning_rate=1e-3,1e-2,1e-1,1,1e200", "steps=60"]
    first, second = both(*given, "optimizer.name=sgd,adam", "--no-checks", "--out", "two", "--json")
    out, err = first.communicate()
    assert (first.returncode, err) == (0, "")
    assert (*second.communicate(), second.returncode) == ("", "", 0)
    told = json.loads((the_run("two") / "sweep.json").read_text())
    assert (told["devices"], told["processes"], told["ended_runs"]) == (2, 2, 10)
    assert json.loads(out)["folder"] == str(the_run("two"))
    assert status([*given, "optimizer.name=sgd,adam", "--no-checks", "--out", "alone"]) == 0
    for read in (table.read, trajectory.read):
        two, one = read(the_run("two")), read(the_run("alone"))
        assert two.keys() == one.keys()
        for name, column in one.items():
            if column.dtype.kind == "f" and "gap" not in name:
                np.testing.assert_allclose(two[name], column, rtol=1e-9, atol=1e-12, err_msg=name)
            elif column.dtype.kind != "f":
                assert (two[name] == column).all(), name


@pytest.mark.slow
def test_a_sweep_whose_process_dies_says_so_and_goes_on() -> None:
    rates, seeds = "optimizer.learning_rate=logspace(1e-3,1e-1,64)", "seed=0..63"
    first, second = both("sweep", "plane", rates, seeds, "--no-checks", "--out", "two")
    try:
        deadline = time.monotonic() + 120
        while not list(Path("two").glob("plane/*/table.parquet")):
            assert time.monotonic() < deadline
            assert first.poll() is None
            time.sleep(0.01)
        second.kill()
        _, err = first.communicate(timeout=90)
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
    home = the_run("two")
    assert first.returncode == 1
    assert err.splitlines()[-1].startswith("another process of this run went away"), err
    assert 0 < len(table.read(home)["run"]) < 64 * 64
    assert status(["resume", str(home)]) == 0
    assert (table.read(home)["run"] == np.arange(64 * 64)).all()


@pytest.mark.parametrize(
    ("victim", "by"),
    [
        (1, signal.SIGKILL),
        pytest.param(0, signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param(0, signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(1, signal.SIGSTOP, marks=pytest.mark.slow),
    ],
)
def test_a_process_that_dies_ends_the_run_with_a_line_and_it_goes_on(
    victim: int, by: signal.Signals
) -> None:
    steps = "steps=30000"
    started = both("run", "plane", "--out", "two", "devices=all", steps)
    try:
        deadline = time.monotonic() + 60
        while not list(Path("two").glob("plane/*/run.json")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        run = the_run("two")
        await_file(run, "checkpoint/state.npz")
        dies = started[victim]
        if by == signal.SIGSTOP:  # what computes is the child of what was started
            (child,) = Path(f"/proc/{dies.pid}/task/{dies.pid}/children").read_text().split()
            os.kill(int(child), by)
        else:
            dies.send_signal(by)
        survivor = started[1 - victim]
        _, err = survivor.communicate(timeout=90)
    finally:
        if by == signal.SIGSTOP:
            os.kill(int(child), signal.SIGKILL)
        for process in started:
            process.kill()
            process.communicate()
    assert survivor.returncode == 1
    said = [line for line in err.splitlines() if line.startswith("another process of this run")]
    assert said, err
    if victim == 1:
        assert said[-1].endswith(f"what was recorded is kept, and lab resume {run} goes on")
        assert about(run)["status"] == "interrupted"
    assert 0 < checkpoint.load(run)["step"] < 30000
    # one process goes on, with what devices there are
    assert status(["resume", str(run)]) == 0
    assert trajectory.read(run)["step"][-1] == 30000
    assert_same_to_rounding(run, alone(steps))


@pytest.mark.parametrize(
    ("problem", "is_gone"),
    [
        (jax.errors.JaxRuntimeError("UNKNOWN: Gloo all-reduce failed: Read error\nat"), True),
        (ValueError("UNKNOWN: Gloo all-reduce failed: Connection reset by peer"), True),
        (ValueError("connection: 3 values for 2 names"), False),
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory"), False),
        (KeyError("UNKNOWN: Gloo"), False),
    ],
)
def test_the_fault_of_a_process_that_went_away_is_known_in_either_guise(
    problem: Exception, is_gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert processes.gone(problem) is None, "a process alone has none to miss"
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    assert bool(processes.gone(problem)) is is_gone


@pytest.mark.slow
def test_two_processes_go_on_with_what_one_began() -> None:
    process = begin("run", "plane", "--out", "begun", "steps=2000000")
    while not list(Path("begun").glob("plane/*/checkpoint/state.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    run = the_run("begun")
    config = (run / "config.yaml").read_text()
    steps = int(checkpoint.load(run)["step"]) + 2000
    (run / "config.yaml").write_text(config.replace("steps: 2000000", f"steps: {steps}"))
    started = both("resume", str(run), "devices=2")
    assert [process.communicate()[1] for process in started] == ["", ""]
    assert about(run)["status"] == "finished"
    assert_same_to_rounding(run, alone(f"steps={steps}"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        {
            "SLURM_JOB_ID": lambda i: str(os.getpid()),
            "SLURM_STEP_NODELIST": lambda i: "localhost",
            "SLURM_NTASKS": lambda i: "2",
            "SLURM_PROCID": str,
            "SLURM_LOCALID": str,
        },
        {
            "JAX_COORDINATOR_ADDRESS": lambda i: f"127.0.0.1:{20000 + os.getpid() % 20000}",
            "PMI_SIZE": lambda i: "2",
            "PMI_RANK": str,
            "MPI_LOCALRANKID": str,
        },
        {
            "JAX_COORDINATOR_ADDRESS": lambda i: f"127.0.0.1:{20000 + os.getpid() % 20000}",
            "JAX_NUM_PROCESSES": lambda i: "2",
            "JOB_COMPLETION_INDEX": str,
        },
    ],
    ids=["slurm", "mpich", "kubernetes"],
)
def test_launchers_say_who_is_who(names: dict[str, Any]) -> None:
    started = [
        begin(
            *("run", "plane", "--out", "two", "devices=all", "--distributed"),
            **{name: value(number) for name, value in names.items()},
        )
        for number in range(2)
    ]
    assert [process.communicate()[1] for process in started] == ["", ""]
    assert about(the_run("two"))["devices"]["processes"] == 2


def test_processes_that_were_started_differently_say_so() -> None:
    by_hand = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{free_port()}", "JAX_NUM_PROCESSES": "2"}
    started = [
        begin(
            "run",
            "plane",
            "--distributed",
            "devices=all",
            f"seed={number}",
            **by_hand,
            JAX_PROCESS_ID=str(number),
        )
        for number in range(2)
    ]
    for process in started:
        _, err = process.communicate()
        assert err.startswith("the config of process 1 is not that of process 0;"), err
        assert process.returncode == 2
    assert not Path("runs").exists()


def test_what_cannot_be_is_said_in_a_line() -> None:
    names = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
    nobody = dict.fromkeys(names, "")
    for arguments, environ, says in [
        (["run", "plane", "--distributed"], nobody, "set JAX_COORDINATOR_ADDRESS=HOST:PORT"),
        (
            ["run", "plane", "--distributed"],
            dict(zip(names, ("localhost:1", "two", "0"), strict=True)),
            "JAX_NUM_PROCESSES='two' should be a whole number",
        ),
    ]:
        process = begin(*arguments, **environ)
        out, err = process.communicate()
        assert says in err
        assert (process.returncode, out, err.count("\n")) == (2, "", 1)


def test_what_needs_no_jax_is_refused_before_it(capsys: Any) -> None:
    assert status(["run", "--all", "--distributed"]) == 2
    assert "leave out --distributed" in capsys.readouterr().err
    Path("runs/plane/1").mkdir(parents=True)
    Path("runs/plane/1/config.yaml").write_text(CONFIG)
    assert status(["resume", "runs/plane/1", "steps=3"]) == 2
    assert capsys.readouterr().err == (
        "steps=3: a run is gone on with as it is, on another device at most\n"
    )
    assert status(["run", "plane", "devices=99"]) == 2
    assert "devices: 99 cpu devices were asked for" in capsys.readouterr().err


def test_where_there_is_nothing_to_deal_out_it_is_said() -> None:
    process = begin("run", "plane", "devices=2", "device=cpu", "alone=true", "steps=20")
    _, err = process.communicate()
    assert process.returncode == 0
    assert err == ("devices: nothing to deal out over 2: there is no batch with a row for each\n")
    assert about(the_run("runs"))["devices"]["rows"] == {}
