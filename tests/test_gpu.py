"""The same YAMLs on a GPU. Where JAX sees none these tests skip themselves (conftest.py).

``pytest -m gpu`` runs them all; what needs none is tried on the CPU in ``pytest -m slow``.
"""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from lab.cli import status
from lab.conduct import resume
from lab.runs import trajectory
from lab.training import devices
from tests.test_experiments import SHIPPED, TRAININGS, conducted
from tests.test_resume import assert_same

DEVICES = [
    pytest.param("cpu", marks=pytest.mark.slow),
    pytest.param("gpu", marks=pytest.mark.gpu),
]
STUDIES = [name for name in SHIPPED if name not in TRAININGS]


def trained(folder: Path, name: str, *overrides: str) -> tuple[Path, dict[str, np.ndarray]]:
    run, ending = conducted(folder, name, *overrides)
    assert (ending.status, ending.note) == ("finished", "")
    return run, trajectory.read(run)


@pytest.mark.gpu
@pytest.mark.parametrize("name", TRAININGS)
def test_a_shipped_training_does_on_the_gpu_what_it_does_on_the_cpu(
    tmp_path: Path, name: str
) -> None:
    wanted = ["steps=20", "precision=float64"]
    run, there = trained(tmp_path, name, *wanted, "device=gpu")
    _, here = trained(tmp_path, name, *wanted, "device=cpu")
    assert json.loads((run / "run.json").read_text())["device"].startswith(("gpu", "cuda"))
    assert there.keys() == here.keys()
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-6, atol=1e-12)


@pytest.mark.gpu
@pytest.mark.parametrize("name", STUDIES)
def test_a_shipped_study_runs_on_the_gpu(tmp_path: Path, name: str) -> None:
    _, ending = conducted(tmp_path, name, "device=gpu")
    assert (ending.status, ending.note) == ("finished", "")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", TRAININGS)
def test_hand_and_jax_gradients_give_one_loss_trajectory_there(
    tmp_path: Path, device: str, name: str
) -> None:
    wanted = ["steps=20", "precision=float64", f"device={device}"]
    losses = [
        trained(tmp_path, name, *wanted, f"gradient={choice}")[1]["loss"]
        for choice in ("hand", "jax")
    ]
    np.testing.assert_allclose(*losses, rtol=1e-9)


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_goes_on_bit_for_bit_there(tmp_path: Path, device: str) -> None:
    whole, _ = trained(tmp_path, "backprop_mlp", "steps=40", f"device={device}")
    half, _ = trained(tmp_path, "backprop_mlp", "steps=20", f"device={device}")
    config, record = half / "config.yaml", half / "run.json"
    config.write_text(config.read_text().replace("steps: 20\n", "steps: 40\n"))
    record.write_text(json.dumps(json.loads(record.read_text()) | {"status": "running"}))
    ending = resume(half)
    assert ending is not None
    assert ending.status == "finished"
    assert_same(half, whole)


@pytest.mark.gpu
def test_several_gpus_give_the_numbers_of_one(tmp_path: Path) -> None:
    count = len(jax.devices("gpu"))
    wanted = ["steps=20", "precision=float64", "device=gpu"]
    _, one = trained(tmp_path, "backprop_mlp", *wanted)
    _, all_of_them = trained(tmp_path, "backprop_mlp", *wanted, "devices=all")
    assert devices.mesh("gpu", "all").size == count
    np.testing.assert_allclose(all_of_them["loss"], one["loss"], rtol=1e-9)


@pytest.mark.gpu
def test_more_gpus_than_there_are_is_said(capsys: Any) -> None:
    assert status(["run", "gradient_descent", "device=gpu", "devices=999"]) == 2
    err = capsys.readouterr().err
    assert "devices: 999 GPUs were asked for, JAX sees" in err
    assert err.count("\n") == 1
