"""A sweep gives each run what it would have alone, whatever is computed side by side with it."""

import json
import shlex
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from lab import experiment
from lab.config import load
from lab.sweep import cases
from lab.sweep.show import idle, ranking
from lab.sweep.signature import signature
from lab.training import devices
from lab.training.configured import posed, trained
from lab.training.loop import chunks
from tests.sweep.swept import Swept

pytestmark = pytest.mark.usefixtures("workshop")


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
