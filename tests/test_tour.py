"""Every experiment once: the worst of them decides, and none of them stops the others."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from lab import experiment, tour
from lab.cli import status
from lab.tour import Stop, configs, exit_status

EXPERIMENT = '''"""{title}.

Question: What comes after 1?
Command:  lab run {name}
Time:     no time
Expect:   2
"""

import os
import threading

import numpy as np

from lab.experiment import Finding


def study(key, *, low: int = 0):
    {body}
    return {{"x": np.arange(3.0)}}


def findings(outcome):
    yield Finding("next", 2.0, "2", {holds})


def figures(outcome):
    return ()
'''
BODIES = {
    "calm": ("print('a word')", True),
    "disappointing": ("pass", False),
    "broken": ("raise RuntimeError('not today')", True),
}


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, (body, holds) in BODIES.items():
        folder = Path("experiments", name)
        folder.mkdir(parents=True)
        text = EXPERIMENT.format(title=name.capitalize(), name=name, body=body, holds=holds)
        (folder / "experiment.py").write_text(text, encoding="utf-8")
        Path("configs").mkdir(exist_ok=True)
        Path("configs", f"{name}.yaml").write_text(f"experiment: {name}\n", encoding="utf-8")
    monkeypatch.setattr(tour, "configs", lambda: tuple(BODIES))
    monkeypatch.setenv("PYTHONPATH", str(Path(tour.__file__).parents[1]))
    return tmp_path


def test_all_are_run_and_the_worst_decides(workshop: Path, capsys: Any) -> None:
    assert status(["run", "--all", "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["exit_status"] == 1
    broken, calm, disappointing = found["runs"]
    assert (calm["status"], calm["exit_status"], calm["missed"]) == ("finished", 0, [])
    assert (disappointing["exit_status"], disappointing["missed"]) == (0, ["next"])
    assert (broken["status"], broken["exit_status"]) == ("failed", 1)
    assert "not today" in broken["note"]
    assert all(Path(run["folder"], "report.html").exists() for run in found["runs"])


def test_a_table_says_how_they_ended(workshop: Path, capsys: Any) -> None:
    stops = [
        Stop("calm", "finished", 0, {"correct": 3}, (), 2, 1.25, str(workshop / "runs"), ""),
        Stop("wild", "diverged", 1, {}, ("next",), 2, 2.0, "", "diverged at step 7"),
    ]
    from lab.report import terminal

    terminal.stops(stops, 3.0)
    out, err = capsys.readouterr()
    assert "3 correct" in out
    assert "2 of 2 held" in out
    assert "wild: did not hold: next" in out
    assert "2 experiments, 1 with faults" in out
    assert "wild: diverged at step 7" in err


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 1, 0], 1), ([1, 2, 3], 2), ([2, 130], 130)],
)
def test_the_worst_of_all(statuses: list[int], worst: int) -> None:
    stops = [Stop("x", "finished", one, {}, (), 0, 0.0, "", "") for one in statuses]
    assert exit_status(stops) == worst


def test_every_experiment_is_on_the_tour() -> None:
    assert len(configs()) == len(experiment.names())
    assert "gradient_descent" in configs()


def test_all_takes_no_config(capsys: Any) -> None:
    assert status(["run", "--all", "gradient_descent"]) == 2
    assert "leave out 'gradient_descent'" in capsys.readouterr().err
    assert os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE") in (None, "false")


def test_once_interrupted_nothing_more_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    stopped.set()
    monkeypatch.setattr(tour, "_interrupted", stopped)
    assert tour.visit("gradient_descent", Path("nowhere"), False).exit_status == 130
    assert not Path("nowhere").exists()
