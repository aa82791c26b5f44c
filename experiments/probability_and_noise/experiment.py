"""Probability and noise: scores average to zero, losses stop at the noise, estimates spread.

Question: How low can a loss get when the data are noisy, which way does a density pull, and what
          does it cost to estimate a gradient from samples?
Command:  lab run probability_and_noise
Time:     about 40 s on two cores, most of it the checks
Expect:   a mean squared error that stops at the variance of the noise (a share d/n below it on the
          data fitted, above it on others); for E x^2 of N(1, 1) a gradient by the score of variance
          30, with the best baseline 14, by the path 4; errors that fall like 1/sqrt(samples).
"""

from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Key
from pydantic import PositiveFloat, PositiveInt

from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import parts

from .figures import figures as figures
from .noise import ESTIMATORS, coins, estimates, field, moved_sample, noise_floor, variances


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
