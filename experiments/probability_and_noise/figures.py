"""Noise, estimators, fields and coins, drawn."""

from collections.abc import Callable, Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from matplotlib.figure import Figure

from lab.calculus.probability.multivariate_normal import (
    mixture_log_density,
)
from lab.experiment import Outcome
from lab.plots import style

from .noise import ESTIMATORS, HILLS

COLORS = dict(zip(ESTIMATORS, (style.RED, style.GOLD, style.BLUE), strict=True))


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "noise_floor", noise_figure(outcome)
    yield "gradients_from_samples", estimator_figure(outcome)
    yield "the_pull_of_a_mixture", field_figure(outcome)
    yield "one_sample_and_one_coin", small_figure(outcome)


def noise_figure(outcome: Outcome) -> Figure:
    noise = outcome.rows("noise")
    variance, share = noise["noise_variance"], float(noise["share"][0])
    drawing, (left, right) = style.figure(
        columns=2, title="A loss stops at the noise", width=10.5, height=4.2
    )
    for name, color, law in (
        ("test_loss", style.RED, 1 + share),
        ("loss_of_truth", style.GOLD, 1.0),
        ("train_loss", style.BLUE, 1 - share),
    ):
        words = {"loss_of_truth": "the truth itself"}.get(name, name.replace("_", " "))
        left.plot(variance, law * variance, color=color, linewidth=1.1, label=words)
        left.plot(variance, noise[name], "o", color=color, markersize=4)
        right.axhline(law, color=color, linewidth=1.1)
        right.plot(variance, noise[name] / variance, "o", color=color, markersize=4)
        style.note(right, words, (variance[-1], law), color=color, offset=(-2, 4))
    left.set(xlabel="variance of the noise", title="mean squared error: dots; lines, the law")
    saying = f"over the variance: 1, and 1 ± d/n = 1 ± {share:.3f}"
    right.set(xlabel="variance of the noise", title=saying, ylim=(1 - 2.2 * share, 1 + 2.2 * share))
    style.name_curves(left, gap=0.08)
    return drawing


def estimator_figure(outcome: Outcome) -> Figure:
    m, s = outcome.settings["mean"], outcome.settings["deviation"]
    drawing, (left, right) = style.figure(
        columns=2,
        title="The gradient of $E\\,x^2$ in the mean, from samples",
        width=10.5,
        height=4.4,
    )
    for estimator in ESTIMATORS:
        table, color = outcome.rows("estimate", estimator=estimator), COLORS[estimator]
        left.plot(table["samples"], table["predicted_error"], color=color, label=estimator)
        left.plot(table["samples"], table["standard_error"], "o", color=color, markersize=4)
        law = outcome.rows("variance", estimator=estimator)
        right.plot(law["mean"], law["variance"], color=color, label=estimator)
    left.set(
        xscale="log", yscale="log", xlabel="samples",
        title=f"standard error at m = {m:g}, s = {s:g}: dots; lines, the law",
    )  # fmt: skip
    right.set(
        yscale="log", xlabel="mean $m$", title=f"variance of one sample's gradient, s = {s:g}"
    )
    for axes in (left, right):
        style.name_curves(axes, gap=0.08)
    return drawing


def field_figure(outcome: Outcome) -> Figure:
    table = outcome.rows("field")
    grid, drawn = table["drawn"] == 0, table["drawn"] == 1
    drawing, (axes,) = style.figure(
        title="The score points uphill on the log density", width=6.6, height=6.4
    )
    a, M, S = (jnp.asarray(part) for part in HILLS.values())
    log_density: Callable[[Array], Array] = lambda p: mixture_log_density(
        p.astype(a.dtype), a, M, S
    )
    style.contours(axes, log_density, x=(-4, 4), y=(-4, 4), levels=22, resolution=121)
    axes.plot(
        table["x"][drawn][:600], table["y"][drawn][:600], ".", color=style.GOLD, markersize=2.5
    )
    u, v = table["pull_x"][grid], table["pull_y"][grid]
    length = np.hypot(u, v)
    shrunk = np.tanh(length / 4) / length  # so that far arrows do not cover the near ones
    axes.quiver(table["x"][grid], table["y"][grid], u * shrunk, v * shrunk, color=style.BLUE,
                scale=22, width=0.0032, zorder=4)  # fmt: skip
    axes.set_title("gold: samples, over which it averages to 0")
    return drawing


def small_figure(outcome: Outcome) -> Figure:
    moved, coin = outcome.rows("moved sample"), outcome.rows("coin")
    drawing, (left, right) = style.figure(
        columns=2, title="One sample moves, one coin is tossed", width=10.5, height=4.0
    )
    for name, color in (("mean", style.BLUE), ("variance", style.RED)):
        left.plot(moved["x"], moved[name], color=color, label=name)
        left.plot(moved["x"], moved[f"{name}_slope"], "--", color=color, linewidth=1.2,
                  label=f"slope of the {name}")  # fmt: skip
    left.plot([-1.0, -0.3, 0.4, 1.1], [0] * 4, "o", color=style.INK, markersize=4)
    left.set(xlabel="the fifth of five numbers", title="mean and variance", ylim=(-1.6, 3.4))
    right.plot(coin["chance"], coin["information"], color=style.BLUE, label="1/(p (1 - p))")
    right.plot(coin["chance"], coin["score_square"], "o", color=style.RED, markersize=4)
    right.set(xlabel="chance of heads $p$", title="Fisher information; dots, the mean square score")
    style.name_curves(left, gap=0.08)
    return drawing
