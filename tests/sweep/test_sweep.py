"""What a sweep refuses, where it runs, and what its folder is good for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli import status
from lab.sweep.table import read
from tests.sweep.swept import Swept

pytestmark = pytest.mark.usefixtures("workshop")


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
