"""Every shipped training runs from end to end; the hand gradient trains as JAX's does.

Studies cannot be cut short, so `.ci/run` runs those, whole and with their findings.
"""

from collections import Counter

import numpy as np
import pytest

from lab.conduct import conduct
from lab.config import load
from lab.config.shelf import configs, shipped
from lab.report.progress import Unwatched
from lab.runs import trajectory

SHIPPED = sorted(name for name, path in configs().items() if path.parent == shipped("configs"))
TRAININGS = [name for name in SHIPPED if load(name).kind == "problem"]


def conducted(tmp_path, name, *overrides):
    config = load(name, overrides)
    command = ["lab", "run", name, *overrides]
    return conduct(config, command=command, out=tmp_path, checks=False, watch=Unwatched())


def once_only(owners):
    """The experiments of which only one config shows a face."""
    return {name for name, count in Counter(owners).items() if count < 2}


def test_every_experiment_has_a_second_config():
    owners = [load(name)["experiment"] for name in SHIPPED]
    assert len(set(owners)) >= 24
    assert once_only(owners) == set()
    assert once_only([one for one in owners if one != "jacobians"] + ["jacobians"]) == {"jacobians"}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_shipped_training_runs_from_end_to_end(tmp_path, name):
    folder, ending = conducted(tmp_path, name, "steps=60")
    assert (ending.status, ending.exit_status, ending.note) == ("finished", 0, "")
    assert len(ending.findings) > 0
    assert len(list(folder.glob("figures/*.png"))) >= 2
    assert (folder / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["gradient_descent", "backprop_mlp"])
def test_hand_and_jax_gradients_give_one_loss_trajectory(tmp_path, name):
    losses = {}
    for choice in ("hand", "jax"):
        wanted = ["steps=30", "precision=float64", f"gradient={choice}"]
        folder, _ = conducted(tmp_path, name, *wanted)
        losses[choice] = trajectory.read(folder)["loss"]
    assert len(losses["hand"]) == 31
    np.testing.assert_allclose(losses["hand"], losses["jax"], rtol=1e-12)
