"""The functions are what their names say: against NumPy, SciPy and formulas written once more.

`lab check` holds a derivative against its function; a wrong constant in the function passes it.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import linalg, optimize, special, stats

from lab.calculus.dynamics import solutions
from lab.calculus.elementary import exponentials_and_logarithms, hyperbolic, powers
from lab.calculus.elementary import special_functions as special_ones
from lab.calculus.factorisations import functions_of_matrices
from lab.calculus.landscapes import expanded_squares, plane_landscapes
from lab.calculus.landscapes import landscapes_of_any_dimension as any_dimension
from lab.calculus.matrices import (
    determinants,
    forms,
    inverses,
    matrix_calculus,
    matrix_functions,
    trace_rules,
    traces,
)
from lab.calculus.networks import class_losses, likelihood_losses, piecewise_activations
from lab.calculus.networks import regression_losses as regression
from lab.calculus.networks import smooth_activations as smooth
from lab.calculus.probability import counts_and_choices as counts
from lab.calculus.probability import divergences, multivariate_normal, positive_numbers, real_line
from lab.calculus.vectors import norms, statistics

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(2, 3, 3))
A, B, C = rng.normal(size=(3, 3, 3))
T = rng.normal(size=(4, 3))  # tall
D = rng.normal(size=(4, 4))
S = X.T @ X + np.eye(3)
a, b, c = rng.normal(size=(3, 3))
x = np.array([-2.3, -0.4, 0.2, 1.7])
u, v = np.array([0.3, 1.1, 2.7]), np.array([1.4, 2.2, 0.6])
p, q = special.softmax(a), special.softmax(b)
share = np.array([0.1, 0.45, 0.93])
plane = np.array([1.3, -0.7])
five = np.array([1.3, -0.7, 0.4, 2.0, 0.1])
tr, det, inv, power = np.trace, np.linalg.det, np.linalg.inv, np.linalg.matrix_power
index = np.arange(1, 6)


def black_scholes(S, K, r, s, T):
    d = (np.log(S / K) + (r + s**2 / 2) * T) / (s * np.sqrt(T))
    return S * stats.norm.cdf(d) - K * np.exp(-r * T) * stats.norm.cdf(d - s * np.sqrt(T))


TABLE = [
    (hyperbolic.gudermannian, (x,), np.arcsin(np.tanh(x))),
    (hyperbolic.area_hyperbolic_secant, (share,), np.arccosh(1 / share)),
    (exponentials_and_logarithms.binary_entropy, (share,), special.entr(share) + special.entr(1 - share)),
    (exponentials_and_logarithms.log_add_exp, (x, 2 * x), np.logaddexp(x, 2 * x)),
    (powers.hermite, (x, 5), special.eval_hermitenorm(5, x)),
    (powers.chebyshev, (x, 5), special.eval_chebyt(5, x)),
    (powers.legendre, (share, 5), special.eval_legendre(5, share)),
    (special_ones.log_normal_distribution, (10 * x,), special.log_ndtr(10 * x)),
    (special_ones.beta_function, (u, v), special.beta(u, v)),
    (special_ones.lower_gamma, (u, v), special.gammainc(u, v)),
    (special_ones.incomplete_beta, (u, v, share), special.betainc(u, v, share)),
    (special_ones.bessel_i1, (x,), special.i1(x)),
    (special_ones.exponential_integral, (u,), special.expi(u)),
    # the Matrix Cookbook, by its numbers
    (determinants.power_determinant, (X, 3), det(X) ** 3),  # 58
    (determinants.congruence_determinant, (T, D), det(T.T @ D @ T)),  # 52-54
    (matrix_functions.sandwich_determinant, (X, A, B), det(A @ X @ B)),  # 51
    (matrix_functions.log_gram_determinant, (T,), np.log(det(T.T @ T))),  # 55
    (matrix_functions.inverse_form, (X, a, b), a @ inv(X) @ b),  # 61
    (matrix_functions.inverse_trace, (X, A, B), tr(A @ inv(X) @ B)),  # 63
    (inverses.resolvent_trace, (X, A), tr(inv(X + A))),  # 64
    (forms.transposed_form, (X, a, b), a @ X.T @ b),  # 71
    (forms.all_pair_products, (X,), X.sum() ** 2),  # 76
    (forms.gram_form, (X, b, c), b @ X.T @ X @ c),  # 77
    (matrix_calculus.affine_product, (a, B, b, C, A, c), (B @ a + b) @ C @ (A @ a + c)),  # 78
    (forms.congruence, (X, B), X.T @ B @ X),  # 79
    (forms.weighted_gram_form, (X, b, c, A), b @ X.T @ A @ X @ c),  # 82
    (forms.affine_energy, (X, b, c, A), (X @ b + c) @ A @ (X @ b + c)),  # 83
    (matrix_calculus.weighted_squares, (a, A, b, S), (a - A @ b) @ S @ (a - A @ b)),  # 84
    (forms.displacement_energy, (a, b, S), (a - b) @ S @ (a - b)),  # 86
    (traces.power, (X, 4), power(X, 4)),  # 90
    (traces.power_form, (X, a, b, 4), a @ power(X, 4) @ b),  # 91
    (traces.power_inner_product, (X, a, b, 4), a @ power(X, 4).T @ power(X, 4) @ b),  # 92
    (matrix_calculus.stretch_ratio, (a, A, B), (a @ A.T @ A @ a) / (a @ B.T @ B @ a)),  # 94
    (forms.second_order_model, (a, A, b), a @ A @ a + b @ a),  # 96
    (traces.trace_product, (X, A), tr(X @ A)),  # 100
    (traces.trace_sandwich, (X, A, B), tr(A @ X @ B)),  # 101
    (trace_rules.trace_transposed_sandwich, (X, A, B), tr(A @ X.T @ B)),  # 102
    (trace_rules.trace_transposed_first, (X, A), tr(X.T @ A)),  # 103
    (trace_rules.trace_transposed_last, (X, A), tr(A @ X.T)),  # 104
    (trace_rules.trace_kronecker, (X, A), tr(np.kron(A, X))),  # 105
    (traces.trace_square, (X,), tr(X @ X)),  # 106
    (trace_rules.trace_square_product, (X, B), tr(X @ X @ B)),  # 107
    (traces.trace_quadratic, (X, B), tr(X.T @ B @ X)),  # 108
    (trace_rules.trace_left_weighted_gram, (X, B), tr(B @ X @ X.T)),  # 109
    (trace_rules.trace_right_weighted_gram, (X, B), tr(X @ X.T @ B)),  # 110
    (trace_rules.trace_row_quadratic, (X, B), tr(X @ B @ X.T)),  # 111
    (trace_rules.trace_left_weighted_inner, (X, B), tr(B @ X.T @ X)),  # 112
    (trace_rules.trace_right_weighted_inner, (X, B), tr(X.T @ X @ B)),  # 113
    (trace_rules.trace_alternating, (X, A, B), tr(A @ X @ B @ X)),  # 114
    (trace_rules.trace_gram, (X,), tr(X.T @ X)),  # 115
    (trace_rules.trace_projected_scatter, (X, B, C), tr(B.T @ X.T @ C @ X @ B)),  # 116
    (trace_rules.trace_two_weights, (X, B, C), tr(X.T @ B @ X @ C)),  # 117
    (traces.trace_congruence, (X, A, B, C), tr(A @ X @ B @ X.T @ C)),  # 118
    (traces.sandwich_squares, (X, A, B, C), tr((A @ X @ B + C) @ (A @ X @ B + C).T)),  # 119
    (trace_rules.trace_kronecker_square, (X,), tr(np.kron(X, X))),  # 120
    (traces.trace_power, (X, 4), tr(power(X, 4))),  # 121
    (trace_rules.trace_product_power, (X, A, 4), tr(A @ power(X, 4))),  # 122
    (trace_rules.trace_fourth_order, (X, B, C), tr(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)),  # 123
    (inverses.inverse_form_trace, (X, A, S), tr(inv(X.T @ S @ X) @ A)),  # 125
    (inverses.discriminant_ratio, (X, A, S), tr(inv(X.T @ S @ X) @ X.T @ A @ X)),  # 126
    (inverses.regularised_ratio, (X, A, B, S), tr(inv(A + X.T @ S @ X) @ X.T @ B @ X)),  # 127
    (trace_rules.trace_sine, (X,), tr(linalg.sinm(X))),  # 128
    (functions_of_matrices.exponential_trace, (X,), tr(linalg.expm(X))),
    (functions_of_matrices.sylvester_solution, (S, S + 1, C), linalg.solve_sylvester(S, S + 1, C)),
    (functions_of_matrices.logarithm, (S,), linalg.logm(S)),
    (matrix_functions.square_root, (S,), linalg.sqrtm(S)),
    (matrix_functions.nuclear_norm, (T,), np.linalg.norm(T, "nuc")),
    (norms.p_norm, (a, 3.0), np.linalg.norm(a, 3)),
    (norms.largest_entry, (a,), np.linalg.norm(a, np.inf)),
    (statistics.correlation, (u, v), np.corrcoef(u, v)[0, 1]),
    (statistics.standardised, (u,), stats.zscore(u)),
    (smooth.mish, (x,), x * np.tanh(np.log1p(np.exp(x)))),
    (smooth.snake, (x, 1.3), x + np.sin(1.3 * x) ** 2 / 1.3),
    (smooth.squareplus, (x, 1.3), (x + np.sqrt(x**2 + 1.3)) / 2),
    (piecewise_activations.selu, (x,), 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    (piecewise_activations.hard_swish, (x,), x * np.clip(x + 3, 0, 6) / 6),
    (regression.huber, (x, 1.2), special.huber(1.2, x)),
    (regression.pseudo_huber, (x, 1.2), special.pseudo_huber(1.2, x)),
    (regression.tukey_biweight, (x, 1.2), 1.2**2 / 6 * (1 - np.clip(1 - (x / 1.2) ** 2, 0, 1) ** 3)),
    (regression.barron_loss, (x, 1.2, 1.0), special.pseudo_huber(1, x / 1.2)),
    (class_losses.kl_to_softmax, (a, q), stats.entropy(q, p)),
    (class_losses.kl_from_softmax, (a, q), stats.entropy(p, q)),
    (likelihood_losses.wasserstein_on_the_line, (u, v), stats.wasserstein_distance(u, v)),
    (counts.binomial_log_likelihood, (0.3, 2.0, 7.0), stats.binom(7, 0.3).logpmf(2) - np.log(21)),
    (counts.poisson_log_likelihood, (2.3, 4.0), stats.poisson(2.3).logpmf(4)),
    (counts.geometric_log_likelihood, (0.3, 4.0), stats.geom(0.3).logpmf(4)),
    (counts.negative_binomial_log_likelihood, (0.3, 2.5, 4), stats.nbinom(2.5, 0.7).logpmf(4)),
    (counts.categorical_entropy, (a,), stats.entropy(p)),
    (positive_numbers.beta_log_density, (share, 1.5, 2.5), stats.beta(1.5, 2.5).logpdf(share)),
    (positive_numbers.dirichlet_log_density, (p, u), stats.dirichlet(u).logpdf(p)),
    (positive_numbers.exponential_log_density, (u, 2.0), stats.expon(scale=0.5).logpdf(u)),
    (real_line.student_log_density, (x, 4.0), stats.t(4).logpdf(x)),
    (multivariate_normal.gaussian_entropy, (S,), stats.multivariate_normal(a, S).entropy()),
    (multivariate_normal.precision_log_density, (a, b, S), stats.multivariate_normal(b, inv(S)).logpdf(a)),
    (divergences.bernoulli_divergence, (0.3, 0.6), stats.entropy([0.3, 0.7], [0.6, 0.4])),
    (divergences.jensen_shannon, (p, q), (stats.entropy(p, (p + q) / 2) + stats.entropy(q, (p + q) / 2)) / 2),
    (divergences.squared_hellinger, (p, q), 1 - np.sqrt(p * q).sum()),
    (divergences.chi_square_divergence, (p, q), ((p - q) ** 2 / q).sum()),
    (solutions.linear_system, (a, A, 0.7), linalg.expm(0.7 * A) @ a),
    (solutions.call_price, (100.0, 95.0, 0.03, 0.2, 0.5), black_scholes(100.0, 95.0, 0.03, 0.2, 0.5)),
    # landscapes
    (any_dimension.chained_rosenbrock, (five,), optimize.rosen(five)),
    (any_dimension.rastrigin, (five,), (10 + five**2 - 10 * np.cos(2 * np.pi * five)).sum()),
    (any_dimension.griewank, (five,), (five**2).sum() / 4000 - np.cos(five / np.sqrt(index)).prod() + 1),
    (any_dimension.zakharov, (five,), five @ five + (index @ five / 2) ** 2 + (index @ five / 2) ** 4),
    (any_dimension.styblinski_tang, (five,), (five**4 - 16 * five**2 + 5 * five).sum() / 2),
    (expanded_squares.beale, (np.array([3, 0.5]),), 0.0),
    (expanded_squares.beale, (np.zeros(2),), 14.203125),
    (expanded_squares.wood, (np.array([-3.0, -1, -3, -1]),), 19192.0),
    (expanded_squares.powell_singular, (np.array([3.0, -1, 0, 1]),), 215.0),
    (expanded_squares.freudenstein_roth, (np.array([0.5, -2]),), 400.5),
    (plane_landscapes.goldstein_price, (np.array([0.0, -1]),), 3.0),
    (plane_landscapes.goldstein_price, (np.zeros(2),), 600.0),
    (plane_landscapes.branin, (np.array([np.pi, 2.275]),), 0.39788735772973816),
    (plane_landscapes.six_hump_camel, (np.array([1.0, 1.0]),), 4 - 2.1 + 1 / 3 + 1),
    (plane_landscapes.mccormick, (plane,), np.sin(0.6) + 4 - 1.95 - 1.75 + 1),
    (plane_landscapes.himmelblau, (np.array([3.0, 2.0]),), 0.0),
    (plane_landscapes.easom, (np.full(2, np.pi),), -1.0),
]  # fmt: skip


def differs(found, wanted):
    assert np.shape(found) == np.shape(wanted)
    return np.max(np.abs(found - wanted)) > 1e-9 * max(1, np.max(np.abs(wanted)))


@pytest.mark.parametrize(("ours", "at", "theirs"), TABLE, ids=[row[0].__name__ for row in TABLE])
def test_a_function_has_the_value_that_is_known(ours, at, theirs):
    found = ours(*(one if isinstance(one, int) else jnp.asarray(one) for one in at))
    assert not differs(found, theirs)
    assert differs(found * (1 + 1e-6) + 1e-7, theirs)
    assert found.dtype == jax.dtypes.canonicalize_dtype(float)
