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
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.calculus.networks.backprop_mlp import (
    ActivationName,
    Layer,
    mlp_logits,
    mlp_loss,
    mlp_loss_gradient,
)
from lab.calculus.networks.losses import l2_penalty, l2_penalty_gradient, softmax
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.training import data
from lab.training.problem import Problem

CLASSES = 10
SHADES = LinearSegmentedColormap.from_list("shades", ["white", style.RED])


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


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "learning", learning(outcome)
    yield "gradient_flow", gradient_flow(outcome)
    if "gap" in outcome.trajectory:
        yield "hand_against_jax", hand_against_jax(outcome)
    yield "mistakes", mistakes(outcome)
    yield "first_layer", first_layer(outcome)


def learning(outcome: Outcome) -> Figure:
    """Loss and accuracy, on digits trained on and on those kept back."""
    drawing, (left, right) = style.figure(columns=2, title="Learning to read digits")
    steps, loss = smoothed(outcome.trajectory["step"], outcome.trajectory["loss"])
    left.plot(steps, loss, color=style.GREY, linewidth=1, label="batch, with\npenalty")
    for name, color in (("train", style.BLUE), ("test", style.RED)):
        left.plot(*evaluated(outcome, f"{name}_loss"), color=color, label=name)
        steps, accuracy = evaluated(outcome, f"{name}_accuracy")
        right.plot(steps, 100 * (1 - accuracy), color=color, label=name)
    left.set(yscale="log", xlabel="step", title="Cross-entropy")
    # logarithmic, but down to none at all
    right.set_yscale("symlog", linthresh=1)
    right.set(xlabel="step", title="Digits misread, percent", ylim=(0, 100))
    right.set_yticks([0, 1, 3, 10, 30, 100], ["0", "1", "3", "10", "30", "100"])
    for axes in (left, right):
        style.name_curves(axes, gap=0.09)
    return drawing


def gradient_flow(outcome: Outcome) -> Figure:
    """Whether the gradient reaches the first layer, and whether each layer moves at a sane pace."""
    drawing, (left, right) = style.figure(columns=2, title="Layer by layer")
    left.set_title("Norm of the gradient")
    right.set_title("Norm of the update / norm of the weights")
    right.axhline(1e-3, color=style.GREY, linestyle="--", linewidth=1, label="rule of thumb")
    for axes, name in ((left, "gradient_norm"), (right, "update_ratio")):
        for number, column in enumerate(by_layer(outcome, name), 1):
            color = style.CYCLE[(number - 1) % len(style.CYCLE)]
            axes.plot(outcome.trajectory["step"], column, color=color, linewidth=0.6, alpha=0.25)
            steps, middle = smoothed(outcome.trajectory["step"], column)
            axes.plot(steps, middle, color=color, label=f"layer {number}")
        axes.set(yscale="log", xlabel="step")
    # a schedule may end at 0, which no logarithmic axis reaches
    right.set_ylim(bottom=max(1e-6, right.get_ylim()[0]))
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def hand_against_jax(outcome: Outcome) -> Figure:
    """The largest relative error of any leaf of the gradient, at every step."""
    drawing, (axes,) = style.figure(title="By hand and by JAX: apart by rounding")
    gaps = outcome.trajectory["gap"] / rounding(outcome)
    axes.plot(outcome.trajectory["step"], gaps, ".", markersize=2.5)
    unit = f"in spacings of {outcome.settings['precision']} at 1, {rounding(outcome):.1e}"
    axes.set(yscale="log", xlabel="step", ylim=(0.1, max(100, 3 * gaps.max())))
    axes.set_ylabel(f"largest relative gap,\n{unit}")
    return drawing


def mistakes(outcome: Outcome) -> Figure:
    """Which digits are taken for which, and those that are, the surest of them first."""
    evaluation = evaluation_of(outcome)
    labels = evaluation.test.targets
    guesses, chances = evaluation.guesses(outcome.params)
    wrong = np.flatnonzero(guesses != labels)
    title = f"{len(wrong)} of {len(labels)} unseen digits misread"
    drawing, (left, right) = style.figure(columns=2, title=title)

    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (labels, guesses), 1)
    misread = np.where(np.eye(CLASSES, dtype=bool), 0, counts)
    left.imshow(misread, cmap=SHADES, vmin=0, vmax=max(4, misread.max()))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = style.GREY if row == column else style.INK
            left.text(column, row, str(count), color=color, ha="center", va="center", fontsize=8)
    left.set(xticks=range(CLASSES), yticks=range(CLASSES), xlabel="read as", ylabel="written")
    left.grid(visible=False)

    page = wrong[np.argsort(-chances[wrong])][:16]
    captions = [f"{labels[i]} as {guesses[i]}, {chances[i]:.0%}" for i in page]
    mosaic(right, evaluation.images[page], captions, columns=4, cmap="gray_r")
    right.set_title("Written, read as, and how surely" if len(page) else "None to show")
    return drawing


def first_layer(outcome: Outcome) -> Figure:
    """What the hidden units look for: their weights on the pixels."""
    weights = np.asarray(outcome.params[0]["W"])
    heard = np.linalg.norm(np.asarray(outcome.params[1]["W"]), axis=1) if outcome.params[1:] else 1
    order = np.argsort(-heard * np.linalg.norm(weights, axis=0))[:40]
    title = "First layer, the units heard most: ink adds where red, subtracts where blue"
    drawing, (axes,) = style.figure(width=8.4, height=4.0, title=title)
    mosaic(axes, weights.T[order], [""] * len(order), columns=10, cmap="RdBu_r")
    return drawing


def mosaic(axes: Axes, images: np.ndarray, captions: list[str], *, columns: int, cmap: str) -> None:
    """Square images on one page, each on a scale of its own, with a caption below."""
    side = int(images.shape[1] ** 0.5)
    wide, high = 1.2 * side, (1.5 if any(captions) else 1.2) * side
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        x, y = wide * (place % columns), high * (place // columns)
        largest = np.abs(image).max()
        limits = {"vmin": -largest if image.min() < 0 else 0, "vmax": largest}
        box = (x, x + side, y + side, y)
        axes.imshow(image.reshape(side, side), cmap=cmap, extent=box, **limits)
        axes.text(x + side / 2, y + 1.06 * side, caption, ha="center", va="top", fontsize=7.5)
    rows = max(1, -(-len(images) // columns))
    axes.set(xlim=(0, columns * wide), ylim=(rows * high, 0), aspect="equal", anchor="NW")
    axes.set_axis_off()


def evaluation_of(outcome: Outcome) -> Evaluation:
    assert outcome.problem is not None
    assert isinstance(outcome.problem.evaluate, Evaluation)
    return outcome.problem.evaluate


def evaluated(outcome: Outcome, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The steps at which ``name`` was evaluated, and its values there."""
    column = outcome.trajectory[name]
    known = np.isfinite(column)
    return outcome.trajectory["step"][known], column[known]


def by_layer(outcome: Outcome, name: str) -> list[np.ndarray]:
    """The columns ``name_1``, ``name_2``, ... of all layers."""
    count = len(outcome.settings["hidden"]) + 1
    return [outcome.trajectory[f"{name}_{number}"] for number in range(1, count + 1)]


def smoothed(steps: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians over some fifty stretches of the run."""
    stretches = np.array_split(np.arange(len(steps)), min(50, len(steps)))
    middles = [(steps[s].mean(), np.median(column[s])) for s in stretches]
    return np.array(middles).T[0], np.array(middles).T[1]


def rounding(outcome: Outcome) -> float:
    """The spacing of the run's numbers at 1."""
    return float(np.finfo(outcome.settings["precision"]).eps)
