"""``lab compare``: equal runs are called so, and a difference is found where it was planted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli import status
from lab.runs import trajectory
from lab.runs.compare import gaps
from tests.test_run import BOWL, CONFIG, STUDY, put


@pytest.fixture(autouse=True)
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put("bowl", BOWL, CONFIG)
    put("counting", STUDY, "experiment: counting\n")


def ran(capsys: Any, *arguments: str) -> str:
    assert status(["run", *arguments, "--no-checks"]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def compared(capsys: Any, first: str, second: str) -> dict[str, Any]:
    assert status(["compare", first, second, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_config_run_again_is_the_same_bit_for_bit(capsys: Any) -> None:
    first = ran(capsys, "bowl")
    second = ran(capsys, f"{first}/config.yaml")
    found = compared(capsys, first, second)
    assert (found["same"], found["parting"], found["config"], found["about"]) == (
        True,
        None,
        {},
        {},
    )
    assert status(["compare", first, second]) == 0
    out = capsys.readouterr().out.splitlines()
    assert "config and run: no difference" in out
    assert "trajectories: equal in all 9 common rows, bit for bit" in out
    assert Path(out[-1]).read_bytes().startswith(b"\x89PNG")


def test_where_runs_part_is_told(capsys: Any) -> None:
    first = ran(capsys, "bowl")
    second = ran(capsys, "bowl", "optimizer.learning_rate=0.1", "steps=12", "seed=1")
    found = compared(capsys, first, second)
    assert found["config"] == {
        "seed": [0, 1],
        "optimizer.learning_rate": [0.2, 0.1],
        "steps": [8, 12],
    }
    assert found["about"] == {"seed": [0, 1]}
    assert (found["rows"], found["lengths"], found["same"]) == (9, [9, 13], False)
    parting = found["parting"]
    # 0.8^2 and 0.9^2 of the loss after a step; params by a ninth, the loss by more
    assert (parting["step"], parting["column"]) == (1, "loss")
    assert parting["values"] == pytest.approx([0.64, 0.81])
    assert parting["relative"] == pytest.approx(1 - 0.64 / 0.81)


def test_one_number_that_differs_is_found(capsys: Any) -> None:
    first, second = ran(capsys, "bowl"), ran(capsys, "bowl")
    table = trajectory.read(Path(second))
    table["params[1]"][5] = np.nextafter(table["params[1]"][5], np.float32(1))
    for part in Path(second, "trajectory").iterdir():
        part.unlink()
    trajectory.write(Path(second), table)
    parting = compared(capsys, first, second)["parting"]
    assert (parting["step"], parting["column"]) == (5, "params[1]")
    assert 0 < parting["relative"] < 2e-7


def test_studies_are_compared_by_their_rows(capsys: Any) -> None:
    first, second = ran(capsys, "counting"), ran(capsys, "counting")
    assert compared(capsys, first, second)["same"]
    assert compared(capsys, first, second)["figure"] is None


def test_no_run_is_said(capsys: Any) -> None:
    assert status(["compare", ran(capsys, "bowl"), "nowhere"]) == 2
    assert "nowhere is not a run" in capsys.readouterr().err


def test_gaps_are_relative_and_infinite_where_one_alone_is_a_number() -> None:
    a = np.array([1.0, 0.0, np.nan, np.nan, np.inf, 2.0])
    b = np.array([1.0, 0.0, np.nan, 1.0, np.inf, 1.0])
    np.testing.assert_array_equal(gaps(a, b), [0, 0, 0, np.inf, 0, 0.5])
