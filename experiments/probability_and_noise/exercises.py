"""Exercises on probability_and_noise: scores, noise floors, gradients of expectations.

The score is the derivative of a log density: in x, the way to more probable places; in a
parameter, what a sample says about it. Its mean is 0 and its variance the Fisher information.
E f(x) with x = m + s z changes with m and s, by the score or along the path of the samples.
"""

import jax.numpy as jnp
import numpy as np


def log_density(x, m, s):
    """Of a normal distribution with mean m and standard deviation s, but for a constant."""
    return -(((x - m) / s) ** 2) / 2 - jnp.log(s)


def score(x, m, s):
    """Easy: the pull of a normal density.

    The derivative of `log_density` in x.
    """
    ...


def variance(x):
    """The mean squared distance of n numbers from their mean."""
    return jnp.mean((x - jnp.mean(x)) ** 2)


def variance_gradient(x):
    """Easy: a statistic moves with its samples.

    The gradient of `variance` in x: an entry for each of the n numbers.
    """
    ...


def noise_floor():
    """Easy: what no model can learn.

    Targets are y = 3x + e, with noise e spread evenly between -1 and 1. What is the least mean
    squared error that a model can have on new data?
    """
    ...


def divergence(m, l):
    """KL of a normal with mean m and log-variance l from the standard normal, summed over d."""
    return jnp.sum(jnp.exp(l) + m**2 - 1 - l) / 2


def divergence_gradient(m, l):
    """Medium: the penalty of a variational autoencoder.

    The gradient of `divergence` in m and in l: a pair of arrays.
    """
    ...


def mean_squared_score(p):
    """Of a coin that shows heads, y = 1, with chance p: its log-likelihood is
    y ln p + (1 - y) ln(1 - p)."""
    heads, tails = 1 / p, -1 / (1 - p)
    return p * heads**2 + (1 - p) * tails**2


def information(p):
    """Medium: how much a coin says about its chance.

    `mean_squared_score` as one fraction in p, and with as few operations as you can.
    """
    ...


def mean_wait(p):
    """Medium: a score with mean 0.

    The first success, of chance p at each trial, is trial number k: its log-likelihood is
    (k - 1) ln(1 - p) + ln p. The score in p has the mean 0. What is the mean of k, for a given p?
    """
    ...


def expected_square(m, s):
    """E x² for x = m + s z, z standard normal: by a quadrature that is exact here."""
    z, weights = np.polynomial.hermite_e.hermegauss(4)
    weights = jnp.asarray(weights / weights.sum(), m.dtype)
    return weights @ (m + s * jnp.asarray(z, m.dtype)) ** 2


def expected_square_gradient(m, s):
    """Medium: along the path.

    The gradient of `expected_square` in m and in s, a pair of numbers. No quadrature: take the
    expectation by hand.
    """
    ...


def score_estimate_variance(m, s):
    """The variance of x² (x - m)/s², the score's estimate of dE x²/dm, from one sample x."""
    z, weights = np.polynomial.hermite_e.hermegauss(6)
    z, weights = jnp.asarray(z, m.dtype), jnp.asarray(weights / weights.sum(), m.dtype)
    each = (m + s * z) ** 2 * z / s
    return weights @ (each - weights @ each) ** 2


def score_estimate_variance_formula(m, s):
    """Hard: how noisy a gradient by the score is.

    `score_estimate_variance` in closed form, a polynomial in m and s over s². For z standard normal
    E z² = 1, E z⁴ = 3, E z⁶ = 15, and odd powers have the mean 0.
    """
    ...


def best_baseline():
    """Hard: what to subtract.

    For m = 1, s = 1 the estimate of dE x²/dm from one sample is (x² - b)(x - m)/s², for any
    constant b. For which b is its variance least?
    """
    ...


def where_the_path_fails(x):
    """Hard: a function for which only the score is right.

    The value at x of a function between -10 and 10 for which E f'(x), with f' as JAX has it, is not
    the derivative of E f(x) in m, for x normal with mean m and standard deviation 1, at m = 0.
    """
    ...
