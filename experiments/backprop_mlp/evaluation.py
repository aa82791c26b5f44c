"""What a trained network says of the test digits, and how far its two gradients are apart."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lab.calculus.networks.backprop_mlp import (
    ActivationName,
    Layer,
    mlp_logits,
    mlp_loss,
)
from lab.calculus.networks.losses import softmax
from lab.experiment import Outcome
from lab.training import data

CLASSES = 10


@dataclass(frozen=True)
class Evaluation:
    """Loss without the penalty, and accuracy, on digits seen and unseen.

    ``images`` are the unseen ones as they were drawn.
    """

    train: data.Dataset
    test: data.Dataset
    activation: ActivationName
    images: Float[np.ndarray, "n 64"]

    def __call__(self, params: list[Layer]) -> dict[str, Float[Array, ""]]:
        found: dict[str, Array] = {}
        for name, digits in (("train", self.train), ("test", self.test)):
            X, labels = jnp.asarray(digits.inputs), jnp.asarray(digits.targets)
            loss = mlp_loss(params, X, labels, self.activation)
            right = jnp.argmax(mlp_logits(params, X, self.activation), axis=1) == labels
            found |= {f"{name}_loss": loss, f"{name}_accuracy": jnp.mean(right, dtype=loss.dtype)}
        return found

    def guesses(self, params: list[Layer]) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """The class that the network takes each test digit for, and how sure it is of that."""
        chances = softmax(mlp_logits(params, jnp.asarray(self.test.inputs), self.activation))
        return np.asarray(jnp.argmax(chances, axis=1)), np.asarray(jnp.max(chances, axis=1))


def evaluation_of(outcome: Outcome) -> Evaluation:
    assert outcome.problem is not None
    assert isinstance(outcome.problem.evaluate, Evaluation)
    return outcome.problem.evaluate


def evaluated(outcome: Outcome, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The steps at which ``name`` was evaluated, and its values there."""
    column = outcome.trajectory[name]
    known = np.isfinite(column)
    return outcome.trajectory["step"][known], column[known]


def rounding(outcome: Outcome) -> float:
    """The spacing of the run's numbers at 1."""
    return float(np.finfo(outcome.settings["precision"]).eps)


def by_layer(outcome: Outcome, name: str) -> list[np.ndarray]:
    """The columns ``name_1``, ``name_2``, ... of all layers."""
    count = len(outcome.settings["hidden"]) + 1
    return [outcome.trajectory[f"{name}_{number}"] for number in range(1, count + 1)]


def smoothed(steps: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians over some fifty stretches of the run."""
    stretches = np.array_split(np.arange(len(steps)), min(50, len(steps)))
    middles = [(steps[s].mean(), np.median(column[s])) for s in stretches]
    return np.array(middles).T[0], np.array(middles).T[1]
