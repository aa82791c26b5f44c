"""A sweep that was broken off goes on, and ends as it would have ended."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli import status
from lab.runs import trajectory
from lab.sweep import group
from lab.sweep.table import read
from tests.sweep.swept import Swept

pytestmark = pytest.mark.usefixtures("workshop")


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
