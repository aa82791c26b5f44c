"""What can go wrong with a disk and with people: a line is said, what is written is whole."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli import status
from lab.conduct import training
from lab.runs import checkpoint, folder, trajectory
from tests.test_resume import CONFIG, WALK, assert_same, the_run


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("experiments/walk").mkdir(parents=True)
    Path("experiments/walk/experiment.py").write_text(WALK)
    Path("configs").mkdir()
    Path("configs/walk.yaml").write_text(CONFIG.replace("400000", "4000"))
    monkeypatch.setattr(training, "_PATIENCE", 0.0)
    for patience in ("_SECONDS", "_SHARE"):
        monkeypatch.setattr(trajectory, patience, -1.0)


def assert_whole(run: Path) -> None:
    """Every file that is there can be read, and none is half of one."""
    assert not list(run.rglob(".*"))
    json.loads((run / "run.json").read_text())
    rows = trajectory.read(run)["step"]
    np.testing.assert_array_equal(rows, 5 * np.arange(len(rows)))
    if checkpoint.exists(run):
        assert checkpoint.load(run)["step"] <= rows[-1] + 5


def full(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full from a part of the trajectory on."""
    parts = trajectory.pq.write_table

    def write(table: Any, where: Any, *more: Any, **settings: Any) -> None:
        if "part-00002" in str(where):
            Path(where).write_bytes(b"half")
            raise OSError(number, os.strerror(number))
        parts(table, where, *more, **settings)

    monkeypatch.setattr(trajectory.pq, "write_table", write)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "No space left on device; free some space, then lab resume"),
        (errno.EROFS, "Read-only file system"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_a_disk_that_takes_no_more_is_said_in_a_line_and_resumed(
    number: int, says: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        full(number, patched)
        assert status(["run", "walk", "--out", "killed"]) == 2
    out, err = capsys.readouterr()
    run = the_run()
    assert err == f"cannot write {run}/trajectory/part-00002.parquet: {says}\n"
    assert out.splitlines()[-1] == str(run)
    assert_whole(run)
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["exit_status"]) == ("failed", 2)
    assert status(["resume", str(run)]) == 0
    assert status(["run", "walk", "--out", "whole"]) == 0
    assert_same(run, the_run("whole"))


def test_a_disk_too_full_to_say_so_is_said(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(path: Path, content: bytes) -> None:
        if (path.parent / "trajectory").exists():
            raise folder.BadInput(f"cannot write {path}: No space left on device")
        path.write_bytes(content)

    with monkeypatch.context() as patched:
        full(errno.ENOSPC, patched)
        patched.setattr(folder, "write_bytes", nothing)
        assert status(["run", "walk", "--out", "killed"]) == 2
    err = capsys.readouterr().err
    assert "part-00002.parquet: No space left on device" in err
    assert err.count("\n") == 1
    # nobody wrote down how it ended: to resume, it is as if it had been killed
    assert json.loads((the_run() / "run.json").read_text())["status"] == "running"
    assert status(["resume", str(the_run())]) == 0


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from lab import compiled
compiled.keep = lambda: None
import jax, pyarrow.parquet
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from lab.cli import main
main()
"""


def test_a_limit_that_the_system_sets_is_said_in_a_line() -> None:
    command = [sys.executable, "-c", LIMITED, "20000", "run", "walk", "--out", "killed"]
    done = subprocess.run([*command, "steps=200000"], capture_output=True, text=True)
    assert done.returncode == 2
    run = the_run()
    said = f"cannot write {run}/trajectory/part-0000"
    assert done.stderr.startswith(said), done.stderr
    assert "File too large; free some space, then lab resume" in done.stderr
    assert done.stderr.count("\n") == 1
    assert_whole(run)


def test_a_folder_that_was_taken_away_is_not_made_again(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = trajectory.pq.write_table

    def write(table: Any, where: Any, *more: Any, **settings: Any) -> None:
        if "part-00002" in str(where):
            shutil.rmtree(the_run())
        parts(table, where, *more, **settings)

    monkeypatch.setattr(trajectory.pq, "write_table", write)
    assert status(["run", "walk", "--out", "killed"]) == 2
    err = capsys.readouterr().err
    assert "No such file or directory; the run's folder was taken away" in err
    assert err.count("\n") == 1
    assert not list(Path("killed/walk").iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_one_may_not_write_to_is_said(capsys: Any) -> None:
    Path("closed").mkdir(mode=0o500)
    assert status(["run", "walk", "--out", "closed"]) == 2
    assert "cannot make the run folder closed/walk" in capsys.readouterr().err


def test_two_runs_that_start_at_once_have_a_folder_each(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from lab.cli import main; main()", "run", "walk"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate()[0].splitlines()[-1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len(set(told)) == 2
    assert_same(Path(told[0]), Path(told[1]))
