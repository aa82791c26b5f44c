"""A floor under the loss, gradients from samples, and what densities, statistics and coins say."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from lab.calculus.networks.linear_models import ridge_fit
from lab.calculus.probability import gradient_estimators
from lab.calculus.probability.counts_and_choices import (
    bernoulli_fisher_information,
    bernoulli_score,
)
from lab.calculus.probability.multivariate_normal import (
    mixture_log_density_gradient,
)
from lab.calculus.probability.normal import normal_log_density_gradient
from lab.calculus.vectors.statistics import sample_mean_gradient, sample_variance_gradient
from lab.tables import stacked
from lab.training import data

Scalar = Float[Array, ""]
ESTIMATORS = ("score", "score, with baseline", "path")


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
