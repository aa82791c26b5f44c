"""Backpropagation by hand learns to read: a network trained on a backward pass from paper.

Question: Does a gradient derived on paper, layer by layer, train a network as well as automatic
          differentiation does, and how far apart do the two ever get?
Command:  lab run backprop_mlp
Time:     about 15 s on two cores, of which 4 s train
Expect:   test accuracy at least 0.97 (0.978 to 0.983 for seeds 0 to 4), a loss of log 10 before the
          first step, updates of about 1e-3 of the weights; with gradient=both, a gap between hand
          and JAX of a few roundings, 5e-7 in float32 and 2e-15 in float64, at every step.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.calculus.networks.backprop_mlp import (
    ActivationName,
    Layer,
    mlp_loss,
    mlp_loss_gradient,
)
from lab.calculus.networks.losses import l2_penalty, l2_penalty_gradient
from lab.experiment import Finding, Outcome
from lab.training import data
from lab.training.problem import Problem

from .evaluation import CLASSES, Evaluation, by_layer, evaluated, rounding
from .figures import figures as figures


def problem(
    key: Key[Array, ""],
    *,
    hidden: tuple[PositiveInt, ...] = (128,),
    activation: Literal["tanh", "relu", "gelu"] = "gelu",
    batch_size: PositiveInt = 128,
    penalty: NonNegativeFloat = 1e-3,
    test_fraction: PositiveFloat = 0.2,
) -> Problem:
    """1797 digits written by hand, 8 by 8 pixels each; the same share of each kept for the test."""
    split_key, start_key = jax.random.split(key)
    train, test = data.split(split_key, data.load("digits"), test_fraction)
    evaluation = Evaluation(*centred(train, test), activation, images=test.inputs)
    train = evaluation.train

    def loss(params: list[Layer], batch: tuple[Array, Array]) -> Array:
        X, labels = batch
        return mlp_loss(params, X, labels, activation) + l2_penalty(params, penalty)

    def gradient(params: list[Layer], batch: tuple[Array, Array]) -> list[Layer]:
        X, labels = batch
        of_the_data = mlp_loss_gradient(params, X, labels, activation)
        return jax.tree.map(jnp.add, of_the_data, l2_penalty_gradient(params, penalty))

    return Problem(
        loss,
        gradient,
        start=first_params(start_key, (train.inputs.shape[1], *hidden, CLASSES), activation),
        batch=data.minibatches(train.inputs, train.targets, batch_size),
        metrics=layer_metrics,
        evaluate=evaluation,
        point=weight_norms,
    )


def centred(train: data.Dataset, test: data.Dataset) -> tuple[data.Dataset, data.Dataset]:
    """Each pixel less its mean over ``train``, and all of them over one number, their deviation.

    All pixels are in one unit. Over its own deviation, a pixel at the margin that one digit in a
    hundred touches would count as much as those that every digit is written with.
    """
    mean, deviation = train.inputs.mean(axis=0), train.inputs.std()

    def scaled(digits: data.Dataset) -> data.Dataset:
        return digits._replace(inputs=(digits.inputs - mean) / deviation)

    return scaled(train), scaled(test)


def first_params(
    key: Key[Array, ""], sizes: tuple[int, ...], activation: ActivationName
) -> list[Layer]:
    """Biases 0, weights normal: of a variance that keeps signals at their size through the layers.

    That is gain / d_in, with gain 2 for relu and gelu, which let half of a signal's square through
    (He et al. 2015), and 1 for tanh, at first nearly the identity (Glorot and Bengio 2010). The
    last layer starts small, so that all digits are equally likely and the first loss is log 10.
    """
    gains = [1.0 if activation == "tanh" else 2.0] * (len(sizes) - 2) + [0.01]
    keys = jax.random.split(key, len(gains))
    return [
        {"W": (gain / d) ** 0.5 * jax.random.normal(k, (d, h)), "b": jnp.zeros(h)}
        for k, gain, (d, h) in zip(keys, gains, pairwise(sizes), strict=True)
    ]


def layer_metrics(
    params: list[Layer], gradient: list[Layer], update: list[Layer], batch: Any
) -> dict[str, Float[Array, ""]]:
    """For each layer the size of its gradient, and of its update relative to its weights."""
    del batch
    found = {}
    for number, (layer, slope, step) in enumerate(zip(params, gradient, update, strict=True), 1):
        squares = jnp.sum(slope["W"] ** 2) + jnp.sum(slope["b"] ** 2)
        found[f"gradient_norm_{number}"] = jnp.sqrt(squares)
        found[f"update_ratio_{number}"] = jnp.linalg.norm(step["W"]) / jnp.linalg.norm(layer["W"])
    return found


def weight_norms(params: list[Layer]) -> dict[str, Float[Array, ""]]:
    """How params appear in the record."""
    return {f"weight_norm_{l}": jnp.linalg.norm(layer["W"]) for l, layer in enumerate(params, 1)}


def findings(outcome: Outcome) -> Iterator[Finding]:
    accuracy = evaluated(outcome, "test_accuracy")[1][-1]
    yield Finding("test accuracy", accuracy, "at least 0.97", accuracy >= 0.97)

    first, chance = evaluated(outcome, "train_loss")[1][0], np.log(CLASSES)
    known = abs(first - chance) < 0.1
    yield Finding("loss before the first step", first, "log 10 = 2.30 within 0.1", known)

    ratio = np.median([np.median(column) for column in by_layer(outcome, "update_ratio")])
    yield Finding(
        "update / weights, median", ratio, "about 1e-3: between 1e-4 and 1e-2", 1e-4 < ratio < 1e-2
    )
    if "gap" in outcome.trajectory:
        gap, allowed = outcome.trajectory["gap"].max(), 200 * rounding(outcome)
        expected = f"rounding: at most {allowed:.0e}, in {outcome.settings['precision']}"
        yield Finding("largest gap between hand and JAX", gap, expected, gap <= allowed)
