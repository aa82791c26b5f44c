"""Probability and noise: scores average to zero, losses stop at the noise, estimates spread.

Question: How low can a loss get when the data are noisy, which way does a density pull, and what
          does it cost to estimate a gradient from samples?
Command:  lab run probability_and_noise
Time:     about 40 s on two cores, most of it the checks
Expect:   a mean squared error that stops at the variance of the noise (a share d/n below it on the
          data fitted, above it on others); for E x^2 of N(1, 1) a gradient by the score of variance
          30, with the best baseline 14, by the path 4; errors that fall like 1/sqrt(samples).
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks.linear_models import ridge_fit
from lab.calculus.probability import gradient_estimators
from lab.calculus.probability.counts_and_choices import (
    bernoulli_fisher_information,
    bernoulli_score,
)
from lab.calculus.probability.multivariate_normal import (
    mixture_log_density,
    mixture_log_density_gradient,
)
from lab.calculus.probability.normal import normal_log_density_gradient
from lab.calculus.vectors.statistics import sample_mean_gradient, sample_variance_gradient
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import parts, stacked
from lab.training import data

Scalar = Float[Array, ""]
ESTIMATORS = ("score", "score, with baseline", "path")
COLORS = dict(zip(ESTIMATORS, (style.RED, style.GOLD, style.BLUE), strict=True))


def study(
    key: Key[Array, ""],
    *,
    mean: float = 1.0,
    deviation: PositiveFloat = 1.0,
    repeats: PositiveInt = 400,
    samples: PositiveInt = 4096,
    noises: tuple[PositiveFloat, ...] = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
) -> dict[str, np.ndarray]:
    """Fits to noisy targets, gradients of ``E x²`` from samples, and the pull of a mixture.

    ``x`` is normal with ``mean`` and ``deviation``; everything is repeated ``repeats`` times, with
    up to ``samples`` samples. The noisy fits are to scikit-learn's diabetes measures.
    """
    fit, draw, pull, coin = jax.random.split(key, 4)
    return parts(
        {
            "noise": noise_floor(fit, noises, repeats),
            "estimate": estimates(draw, mean, deviation, repeats, samples),
            "variance": variances(deviation),
            "moved sample": moved_sample(),
            "field": field(pull),
            "coin": coins(coin, samples * 8),
        }
    )


# ----- how low a loss can get -----


def noise_floor(key: Key[Array, ""], noises: tuple[float, ...], repeats: int) -> dict[str, Any]:
    """Least squares to a known linear truth plus noise, on real inputs: its errors by the noise."""
    (table,) = data.standardise(data.load("diabetes"))
    X = jnp.asarray(table.inputs, float)
    truth = jnp.asarray(table.targets - table.targets.mean(), float) / table.targets.std()
    none = jnp.zeros(())
    w = ridge_fit(X, truth, none)

    def errors(key: Key[Array, ""], sigma: Scalar) -> tuple[Array, Array, Array]:
        seen, unseen = X @ w + sigma * jax.random.normal(key, (2, len(X)))
        fitted = X @ ridge_fit(X, seen, none)
        squares = (fitted - seen, fitted - unseen, X @ w - unseen)
        train, test, of_truth = (jnp.mean(error**2) for error in squares)
        return train, test, of_truth

    sigmas = jnp.array(noises)
    keys = jax.random.split(key, (len(noises), repeats))
    found = jax.jit(jax.vmap(jax.vmap(errors, (0, None))))(keys, sigmas)
    train, test, of_truth = (each.mean(axis=1) for each in found)
    return {
        "noise_variance": sigmas**2,
        "train_loss": train,
        "test_loss": test,
        "loss_of_truth": of_truth,
        "share": X.shape[1] / X.shape[0],
    }


# ----- gradients from samples -----


def single_gradients(estimator: str, x: Array, m: Any, s: Any) -> Array:
    """What each sample says of ``d/dm E x²``, all of them right on average."""
    if estimator == "path":
        return 2 * x
    baseline = m**2 + 3 * s**2 if "baseline" in estimator else 0.0
    return (x**2 - baseline) * normal_log_density_gradient(x, m, s)[1]


def estimates(
    key: Key[Array, ""], mean: float, deviation: float, repeats: int, samples: int
) -> dict[str, np.ndarray]:
    """Means of n samples' gradients, and how far apart repeated means are."""
    m, s = jnp.array(mean), jnp.array(deviation)
    x = m + s * jax.random.normal(key, (repeats, samples))
    sizes = [4**k for k in range(1, 12) if 4**k <= samples]
    tables = []
    for estimator in ESTIMATORS:
        each = np.asarray(single_gradients(estimator, x, m, s))
        means = [each[:, :n].mean(axis=1) for n in sizes]
        tables.append(
            {
                "estimator": estimator,
                "samples": np.array(sizes),
                "estimate": np.array([mean.mean() for mean in means]),
                "standard_error": np.array([mean.std(ddof=1) for mean in means]),
                "predicted_error": (predicted_variance(estimator, m, s) / np.array(sizes)) ** 0.5,
            }
        )
    return stacked(*tables)


def predicted_variance(estimator: str, m: Array, s: Array) -> Array:
    """Of one sample's gradient, in closed form."""
    if estimator == "path":
        return gradient_estimators.path_sample_variance_in_closed_form(m, s) + 0 * m
    baseline = m**2 + 3 * s**2 if "baseline" in estimator else 0 * m
    return gradient_estimators.score_sample_variance_in_closed_form(m, s, baseline)


def variances(deviation: float) -> dict[str, np.ndarray]:
    """The variance of one sample's gradient, by how far the mean is from 0."""
    means = jnp.linspace(0.0, 4.0, 41)
    s = jnp.full_like(means, deviation)
    return stacked(
        *(
            {
                "estimator": estimator,
                "mean": means,
                "variance": predicted_variance(estimator, means, s),
            }
            for estimator in ESTIMATORS
        )
    )


# ----- densities, statistics, information -----

HILLS = {
    "a": np.array([0.5, 0.0, -0.5]),
    "M": np.array([[-1.5, -0.5], [1.5, 0.8], [0.3, -1.8]]),
    "S": np.array([[[0.6, 0.3], [0.3, 0.5]], [[0.4, -0.2], [-0.2, 0.8]], [[0.3, 0.0], [0.0, 0.2]]]),
}


def field(key: Key[Array, ""]) -> dict[str, Array]:
    """The score of a mixture on a grid, and at samples of the mixture itself."""
    a, M, S = (jnp.asarray(part, float) for part in HILLS.values())
    which, where = jax.random.split(key)
    k = jax.random.categorical(which, a, shape=(4096,))
    noise = jax.random.normal(where, (4096, 2))
    drawn = M[k] + jnp.einsum("nij,nj->ni", jnp.linalg.cholesky(S)[k], noise)
    line = jnp.linspace(-4.0, 4.0, 25)
    grid = jnp.stack(jnp.meshgrid(line, line), axis=-1).reshape(-1, 2)
    points = jnp.concatenate([grid, drawn])
    pulls = jax.jit(jax.vmap(lambda x: mixture_log_density_gradient(x, a, M, S)[0]))
    score = pulls(points)
    return {
        "x": points[:, 0],
        "y": points[:, 1],
        "pull_x": score[:, 0],
        "pull_y": score[:, 1],
        "drawn": (jnp.arange(len(points)) >= len(grid)).astype(float),
    }


def moved_sample() -> dict[str, Array]:
    """Mean and variance of five numbers, the last of which moves."""
    others, place = jnp.array([-1.0, -0.3, 0.4, 1.1]), jnp.linspace(-4.0, 4.0, 161)
    x = jnp.concatenate([jnp.broadcast_to(others, (place.size, 4)), place[:, None]], axis=1)
    return {
        "x": place,
        "mean": jnp.mean(x, axis=1),
        "variance": jnp.var(x, axis=1),
        "mean_slope": jax.vmap(sample_mean_gradient)(x)[:, -1],
        "variance_slope": jax.vmap(sample_variance_gradient)(x)[:, -1],
    }


def coins(key: Key[Array, ""], tosses: int) -> dict[str, Array]:
    """Mean and mean square of a coin's score, by the chance of heads."""
    p = jnp.linspace(0.1, 0.9, 9)
    heads = (jax.random.uniform(key, (p.size, tosses)) < p[:, None]).astype(p.dtype)
    score = bernoulli_score(p[:, None], heads)
    return {
        "chance": p,
        "score_mean": score.mean(axis=1),
        "score_error": score.std(axis=1) / tosses**0.5,
        "score_square": (score**2).mean(axis=1),
        "information": bernoulli_fisher_information(p),
    }


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    noise, settings = outcome.rows("noise"), outcome.settings
    share, variance = float(noise["share"][0]), noise["noise_variance"]
    for name, law in (
        ("train_loss", 1 - share),
        ("test_loss", 1 + share),
        ("loss_of_truth", 1.0),
    ):
        slope = float(variance @ noise[name] / (variance @ variance))
        yield near(f"{name.replace('_', ' ')} over the noise's variance", slope, law, 0.01)

    for estimator in ESTIMATORS:
        table = outcome.rows("estimate", estimator=estimator)
        last, repeats = table["standard_error"][-1], settings["repeats"]
        n = int(table["samples"][-1])
        ratio = float(last / table["predicted_error"][-1])
        yield near(f"{estimator}: standard error of {n} over its law", ratio, 1, 4 * repeats**-0.5)
        off = float((table["estimate"][-1] - 2 * settings["mean"]) / (last / repeats**0.5))
        yield near(f"{estimator}: off 2m by so many standard errors", off, 0, 4)
        slope = style.log_log_slope(table["samples"], table["standard_error"])
        yield near(f"{estimator}: exponent of the error in the samples", slope, -0.5, 0.06)

    drawn = outcome.rows("field")
    drawn = {name: column[drawn["drawn"] == 1] for name, column in drawn.items()}
    for axis in ("pull_x", "pull_y"):
        pulls = drawn[axis]
        off = float(pulls.mean() / (pulls.std() / pulls.size**0.5))
        yield near(f"mixture: mean score in {axis[-1]}, in standard errors", off, 0, 4)
    coin = outcome.rows("coin")
    worst = float(np.max(abs(coin["score_mean"] / coin["score_error"])))
    yield near("coins: largest mean score, in standard errors", worst, 0, 4)
    gap = float(np.max(abs(coin["score_square"] / coin["information"] - 1)))
    yield near("coins: mean squared score over the Fisher information, off 1", gap, 0, 0.05)

    moved = outcome.rows("moved sample")
    between = np.diff(moved["variance"]) / np.diff(moved["x"])
    middle = (moved["variance_slope"][1:] + moved["variance_slope"][:-1]) / 2
    eps = float(np.finfo(settings["precision"]).eps)
    gap = float(np.max(abs(between - middle)))
    yield near("slope of a variance in one sample against differences", gap, 0, 1e4 * eps)


# ----- figures -----


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
