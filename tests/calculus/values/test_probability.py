"""Densities, entropies and divergences are what their names say, by scipy.stats and quadrature."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, linalg, special, stats

from lab.calculus.probability import counts_and_choices as counts
from lab.calculus.probability import (
    divergences,
    exponential_families,
    flows_and_estimates,
    gradient_estimators,
    multivariate_normal,
    normal,
    positive_numbers,
    real_line,
)
from tests.calculus.values.known import agrees, rows

rng = np.random.default_rng(2)
x, noise = rng.normal(size=(2, 5))
u, v = np.array([0.3, 1.1, 2.7]), np.array([1.4, 2.2, 0.6])
share, other = np.array([0.1, 0.45, 0.93]), np.array([0.3, 0.7, 0.2])
a, b, z = rng.normal(size=(3, 3))
p, q = special.softmax(a), special.softmax(b)
A, M, N = rng.normal(size=(3, 3, 3))
S, S0 = M @ M.T + np.eye(3), N @ N.T + np.eye(3)
T, theta, theta2 = rng.normal(size=(4, 3)), *rng.normal(size=(2, 3))
pt, qt = special.softmax(T @ theta), special.softmax(T @ theta2)
joint = np.log([0.02, 0.11, 0.05])
m, s, one = np.array(0.4), np.array(1.7), np.array(1.0)
entropy = stats.entropy
density = stats.multivariate_normal
quartic = np.polynomial.Polynomial([1, -2, -1.5, 0.5, 0.25])
components = [density(A[i], S + i * S0) for i in range(3)]


def expected(f, law):
    return integrate.quad(lambda t: f(t) * law.pdf(t), -np.inf, np.inf, epsabs=1e-13, epsrel=1e-12)[
        0
    ]


def divergence(one, two):
    """KL of two continuous laws, by quadrature."""
    gap = lambda t: one.pdf(t) * (one.logpdf(t) - two.logpdf(t))
    low, high = max(one.support()[0], -80), min(one.support()[1], 80)
    middle = one.median()
    return sum(
        integrate.quad(gap, *ends, epsabs=1e-13, limit=400)[0]
        for ends in ((low, middle), (middle, high))
    )


def discrete(one, two):
    k = np.arange(60)
    return special.rel_entr(one.pmf(k), two.pmf(k)).sum()


def dirichlet_divergence(a, b):
    A, log_beta = a.sum(), lambda c: special.gammaln(c).sum() - special.gammaln(c.sum())
    return log_beta(b) - log_beta(a) + (a - b) @ (special.psi(a) - special.psi(A))


DENSITIES = [
    (normal.normal_log_density, (x, m, s), stats.norm(0.4, 1.7).logpdf(x)),
    (normal.normal_log_density_of_variance, (x, m, s), stats.norm(0.4, math.sqrt(1.7)).logpdf(x)),
    (normal.normal_density, (x, m, s), stats.norm(0.4, 1.7).pdf(x)),
    (normal.normal_log_likelihood, (np.array([0.4, 0.3]), x), stats.norm(0.4, math.exp(0.3)).logpdf(x).sum() + 5 * math.log(2 * math.pi) / 2),
    (multivariate_normal.gaussian_log_density, (a, b, S), density(b, S).logpdf(a)),
    (multivariate_normal.precision_log_density, (a, b, S), density(b, np.linalg.inv(S)).logpdf(a)),
    (multivariate_normal.gaussian_density, (a, b, S), density(b, S).pdf(a)),
    (multivariate_normal.mixture_log_density, (a, b, A, np.stack([S, S + S0, S + 2 * S0])),
     np.log(q @ [law.pdf(a) for law in components])),
    (multivariate_normal.wishart_log_density, (S, S0, np.array(5.0)),
     stats.wishart(5, S0).logpdf(S) + 5 / 2 * (3 * math.log(2) + np.log(linalg.det(S0))) + special.multigammaln(2.5, 3)),
    (positive_numbers.exponential_log_density, (u, np.array(2.0)), stats.expon(scale=0.5).logpdf(u)),
    (positive_numbers.gamma_log_density, (u, v, s), stats.gamma(v, scale=1 / 1.7).logpdf(u)),
    (positive_numbers.inverse_gamma_log_density, (u, v, s), stats.invgamma(v, scale=1.7).logpdf(u)),
    (positive_numbers.beta_log_density, (share, np.array(1.5), np.array(2.5)), stats.beta(1.5, 2.5).logpdf(share)),
    (positive_numbers.dirichlet_log_density, (p, u), stats.dirichlet(u).logpdf(p)),
    (positive_numbers.weibull_log_density, (u, v, s), stats.weibull_min(v, scale=1.7).logpdf(u)),
    (positive_numbers.log_normal_log_density, (u, m, s), stats.lognorm(1.7, scale=math.exp(0.4)).logpdf(u)),
    (positive_numbers.pareto_log_density, (u, v, s), stats.pareto(v, scale=1.7).logpdf(1.7 * (1 + u))),
    (positive_numbers.chi_square_log_density, (u, np.array(3.0)), stats.chi2(3).logpdf(u)),
    (positive_numbers.logistic_hazard, (x,), stats.logistic.pdf(x) / stats.logistic.sf(x)),
    (positive_numbers.weibull_hazard, (u, v, s), stats.weibull_min(v, scale=1.7).pdf(u) / stats.weibull_min(v, scale=1.7).sf(u)),
    (real_line.laplace_log_density, (x, m, s), stats.laplace(0.4, 1.7).logpdf(x)),
    (real_line.cauchy_log_density, (x, m, s), stats.cauchy(0.4, 1.7).logpdf(x)),
    (real_line.student_log_density, (x, np.array(4.0)), stats.t(4).logpdf(x)),
    (real_line.logistic_log_density, (x, m, s), stats.logistic(0.4, 1.7).logpdf(x)),
    (real_line.gumbel_log_density, (x,), stats.gumbel_r.logpdf(x)),
    (real_line.von_mises_log_density, (x, m, s), stats.vonmises(1.7, loc=0.4).logpdf(x)),
    (counts.bernoulli_log_likelihood, (share, np.array([0.0, 1, 1])), stats.bernoulli(share).logpmf([0, 1, 1])),
    (counts.bernoulli_log_likelihood_of_logit, (a, np.array([0.0, 1, 1])), stats.bernoulli(special.expit(a)).logpmf([0, 1, 1])),
    (counts.binomial_log_likelihood, (np.array(0.3), np.array(2.0), np.array(7.0)), stats.binom(7, 0.3).logpmf(2) - np.log(21)),
    (counts.poisson_log_likelihood, (np.array(2.3), np.array(4.0)), stats.poisson(2.3).logpmf(4)),
    (counts.geometric_log_likelihood, (np.array(0.3), np.array(4.0)), stats.geom(0.3).logpmf(4)),
    (counts.negative_binomial_log_likelihood, (np.array(0.3), np.array(2.5), 4), stats.nbinom(2.5, 0.7).logpmf(4)),
    (counts.categorical_log_likelihood, (a, np.array(2)), np.log(p[2])),
    (counts.expected_reward, (a, b), np.average(b, weights=p)),
    (exponential_families.log_partition, (theta, T), np.log(np.exp(T @ theta).sum())),
    (exponential_families.family_log_likelihood, (theta, T, np.array(1)), np.log(pt[1])),
    (flows_and_estimates.linear_flow_log_density, (a, M), density([0, 0, 0], M @ M.T).logpdf(a)),
    (flows_and_estimates.noisy_log_density, (x, a, s), np.log(np.mean([stats.norm(c, 1.7).pdf(x) for c in a], axis=0))),
]  # fmt: skip

MOMENTS = [
    (normal.normal_entropy, (s,), stats.norm(0, 1.7).entropy()),
    (multivariate_normal.gaussian_entropy, (S,), density(a, S).entropy()),
    (counts.categorical_entropy, (a,), entropy(p)),
    (normal.normal_divergence, (m, s, one, np.array(0.8)), divergence(stats.norm(0.4, 1.7), stats.norm(1, 0.8))),
    (normal.divergence_from_standard_normal, (a, b), sum(
        divergence(stats.norm(mean, math.exp(l / 2)), stats.norm()) for mean, l in zip(a, b, strict=True))),
    (multivariate_normal.gaussian_divergence, (a, S, b, S0),
     -density(a, S).entropy() - density(b, S0).logpdf(a) + np.trace(linalg.solve(S0, S)) / 2),
    (divergences.bernoulli_divergence, (share, other), special.rel_entr(share, other) + special.rel_entr(1 - share, 1 - other)),
    (divergences.poisson_divergence, (np.array(2.3), np.array(1.1)), discrete(stats.poisson(2.3), stats.poisson(1.1))),
    (divergences.exponential_divergence, (np.array(2.3), np.array(1.1)), divergence(stats.expon(scale=1 / 2.3), stats.expon(scale=1 / 1.1))),
    (divergences.dirichlet_divergence, (u, v), dirichlet_divergence(u, v)),
    (divergences.dirichlet_divergence, (np.array([1.5, 2.0]), np.array([2.5, 1.2])), divergence(stats.beta(1.5, 2), stats.beta(2.5, 1.2))),
    (divergences.laplace_divergence, (m, s, np.array(0.8)), divergence(stats.laplace(0, 1.7), stats.laplace(0.4, 0.8)), 1e-7),
    (divergences.generalised_divergence, (u, v), special.kl_div(u, v).sum()),
    (divergences.jensen_shannon, (p, q), (entropy(p, (p + q) / 2) + entropy(q, (p + q) / 2)) / 2),
    (divergences.squared_hellinger, (p, q), linalg.norm(np.sqrt(p) - np.sqrt(q)) ** 2 / 2),
    (divergences.chi_square_divergence, (p, q), (p**2 / q).sum() - 1),
    (divergences.renyi_divergence, (np.array(0.3), np.array(0.6), np.array(2.5)),
     np.log(np.sum(np.array([0.3, 0.7]) ** 2.5 / np.array([0.6, 0.4]) ** 1.5)) / 1.5),
    (exponential_families.family_divergence, (theta2, theta, T), entropy(pt, qt)),
    (exponential_families.expected_squared_score, (theta, T), np.cov(T.T, aweights=pt, bias=True)),
    (exponential_families.average_score, (theta, theta2, T), (pt - qt) @ T),
    (counts.bernoulli_expected_squared_score, (share,), 1 / (share * (1 - share))),
    (counts.binomial_expected_squared_score, (np.array(0.3), 6), np.array(6 / 0.21)),
    (counts.poisson_curvature_of_divergence, (np.array(2.3),), np.array(1 / 2.3)),
    (counts.categorical_expected_squared_score, (a,), np.diag(p) - np.outer(p, p)),
    (normal.normal_expected_squared_score, (m, s), np.diag([1, 2]) / 1.7**2),
    (flows_and_estimates.weibull_sample, (share, v[:1].copy().repeat(3), u), stats.weibull_min(v[0], scale=u).ppf(share)),
    (flows_and_estimates.score_matching_loss, (m, s, x), np.mean((x - 0.4) ** 2) / (2 * 1.7**2) - 1 / 1.7),
    (flows_and_estimates.posterior_mean, (x, a, s), np.array([np.average(a, weights=stats.norm(a, 1.7).pdf(y)) for y in x])),
    (flows_and_estimates.evidence_lower_bound, (a, joint), np.log(0.18) - entropy(p, np.exp(joint))),
    (flows_and_estimates.evidence_gap, (a, joint), entropy(p, np.exp(joint))),
    (gradient_estimators.quartic, (x,), quartic(x)),
    (gradient_estimators.expected_quartic, (m, s), expected(quartic, stats.norm(0.4, 1.7))),
    (gradient_estimators.expected_quartic_of_variance, (m, s), expected(quartic, stats.norm(0.4, math.sqrt(1.7)))),
    (gradient_estimators.correlation_with_quartic, (m, s), expected(lambda t: (t - 0.4) * quartic(t), stats.norm(0.4, 1.7))),
    (gradient_estimators.path_sample_variance, (m, s), np.array(4 * 1.7**2)),
    (gradient_estimators.score_sample_variance, (m, s, one),
     expected(lambda t: ((t * t - 1) * (t - 0.4) / 1.7**2) ** 2, stats.norm(0.4, 1.7)) - 0.8**2),
]  # fmt: skip

TABLE = DENSITIES + MOMENTS


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)


@pytest.mark.parametrize("flow", ["coupling", "planar_flow"])
def test_a_flow_keeps_volume_as_its_logarithm_says(flow):
    """By differences of its values, column by column."""
    W, V, h = rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), 1e-5
    given, volume, start = {
        "coupling": ((W, V), flows_and_estimates.coupling_log_volume, rng.normal(size=4)),
        "planar_flow": ((0.3 * a, b, np.array(0.2)), flows_and_estimates.planar_log_volume, z),
    }[flow]
    given = [jnp.asarray(one) for one in given]
    move = lambda x: np.asarray(getattr(flows_and_estimates, flow)(jnp.asarray(x), *given))
    columns = [(move(start + h * e) - move(start - h * e)) / (2 * h) for e in np.eye(start.size)]
    found = float(volume(jnp.asarray(start), *given))
    np.testing.assert_allclose(found, np.linalg.slogdet(np.array(columns))[1], atol=1e-8)
