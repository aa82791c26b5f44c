"""What scores, informations and estimators promise beyond being right one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from lab import check, interval, positive, reals
from lab.calculus.probability import (
    counts_and_choices,
    divergences,
    flows_and_estimates,
    gradient_estimators,
    multivariate_normal,
    normal,
    positive_numbers,
    real_line,
)

X = np.array([0.3, 1.1, 2.7])


@pytest.mark.parametrize(
    ("ours", "parameters", "theirs"),
    [
        (normal.normal_log_density, (0.5, 2.0), stats.norm(0.5, 2.0).logpdf),
        (normal.normal_density, (0.5, 2.0), stats.norm(0.5, 2.0).pdf),
        (positive_numbers.gamma_log_density, (2.5, 1.5), stats.gamma(2.5, scale=1 / 1.5).logpdf),
        (
            positive_numbers.inverse_gamma_log_density,
            (2.5, 1.5),
            stats.invgamma(2.5, scale=1.5).logpdf,
        ),
        (
            positive_numbers.weibull_log_density,
            (1.7, 2.0),
            stats.weibull_min(1.7, scale=2.0).logpdf,
        ),
        (
            positive_numbers.log_normal_log_density,
            (0.2, 0.7),
            stats.lognorm(0.7, scale=np.exp(0.2)).logpdf,
        ),
        (
            positive_numbers.pareto_log_density,
            (1.5, 2.0),
            lambda x: stats.pareto(1.5, scale=2.0).logpdf(2 * (1 + x)),
        ),
        (positive_numbers.chi_square_log_density, (3.0,), stats.chi2(3).logpdf),
        (real_line.laplace_log_density, (1.0, 0.5), stats.laplace(1.0, 0.5).logpdf),
        (real_line.cauchy_log_density, (1.0, 0.5), stats.cauchy(1.0, 0.5).logpdf),
        (real_line.logistic_log_density, (1.0, 0.5), stats.logistic(1.0, 0.5).logpdf),
        (real_line.gumbel_log_density, (), stats.gumbel_r.logpdf),
        (real_line.von_mises_log_density, (0.4, 2.0), stats.vonmises(2.0, loc=0.4).logpdf),
    ],
)
def test_densities_are_scipys(ours, parameters, theirs):
    found = ours(jnp.asarray(X), *map(jnp.array, parameters))
    np.testing.assert_allclose(found, theirs(X), rtol=1e-10)


def test_the_multivariate_density_is_scipys():
    S = np.array([[2.0, 0.3], [0.3, 0.5]])
    ours = multivariate_normal.gaussian_log_density(jnp.asarray(X[:2]), jnp.ones(2), jnp.asarray(S))
    np.testing.assert_allclose(ours, stats.multivariate_normal([1, 1], S).logpdf(X[:2]))


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_quadrature_knows_all_moments_below_twice_its_nodes(count):
    z, weights = normal.gaussian_quadrature(count, jnp.zeros(()))
    moments = {0: 1, 1: 0, 2: 1, 3: 0, 4: 3, 6: 15, 8: 105, 10: 945}
    for power, moment in moments.items():
        if power < 2 * count:
            np.testing.assert_allclose(weights @ z**power, moment, atol=1e-9)


def test_score_and_path_agree_and_the_best_baseline_is_best():
    m, s = jnp.array(0.7), jnp.array(1.3)
    one = gradient_estimators.score_function_gradient(m, s)
    np.testing.assert_allclose(one, gradient_estimators.reparameterised_gradient(m, s), rtol=1e-12)
    noise = gradient_estimators.score_sample_variance
    best = m**2 + 3 * s**2
    for off in (-0.3, 0.3):
        assert noise(m, s, best) < noise(m, s, best + off)
    assert gradient_estimators.path_sample_variance(m, s) < noise(m, s, best)


def test_divergences_vanish_between_equals_only():
    p, q = jnp.array([0.2, 0.3, 0.5]), jnp.array([0.3, 0.3, 0.4])
    for name in ("generalised_divergence", "jensen_shannon", "squared_hellinger"):
        d = getattr(divergences, name)
        np.testing.assert_allclose(d(p, p), 0, atol=1e-15)
        assert d(p, q) > 1e-4
    np.testing.assert_allclose(
        normal.normal_divergence(*map(jnp.array, (1.0, 2.0, 1.0, 2.0))), 0, atol=1e-15
    )


def test_a_denoiser_pulls_towards_the_points():
    points, y = jnp.array([-1.0, 1.0]), jnp.array([0.9])
    near = flows_and_estimates.tweedie_denoiser(y, points, jnp.array(0.05))
    np.testing.assert_allclose(near, [1.0], atol=1e-10)


@pytest.mark.parametrize(
    ("of", "wrong", "kind", "wrt", "at"),
    [
        (normal.normal_log_density, lambda x, m, s: (x - m) / s**2, "derivative", "x",
         {"x": reals(), "m": reals(), "s": positive()}),
        (normal.divergence_from_standard_normal, lambda m, l: (m, jnp.exp(l) / 2), "gradient",
         ("m", "l"), {"m": reals("d"), "l": reals("d")}),
        (counts_and_choices.bernoulli_log_likelihood, lambda p, y: (y - p) / p, "derivative", "p",
         {"p": interval(0.0, 1.0), "y": interval(0.0, 1.0)}),
        (counts_and_choices.expected_reward, lambda z, r: jax.nn.softmax(z) * r, "gradient", "z",
         {"z": reals("k"), "rewards": reals("k")}),
        (gradient_estimators.path_sample_variance, lambda m, s: 4 * s, "identity", 0,
         {"m": reals(), "s": positive()}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, kind, wrt, at):
    assert check(of, wrong, kind=kind, wrt=wrt, at=at).verdict == "wrong"
