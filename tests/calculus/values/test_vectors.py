"""Functions of several variables and landscapes are what their names say, by NumPy and SciPy."""

import math

import numpy as np
import pytest
from scipy import linalg, ndimage, optimize, spatial, special, stats
from sklearn import metrics

from lab.calculus.landscapes import expanded_squares as squares
from lab.calculus.landscapes import landscapes_of_any_dimension as any_dimension
from lab.calculus.landscapes import least_squares, neuron_fits
from lab.calculus.landscapes import plane_landscapes as plane
from lab.calculus.vectors import (
    chain_rules,
    computational_graphs,
    curvature,
    directional_derivatives,
    entries,
    jacobian_chains,
    linear_prediction,
    maps,
    norms,
    partials,
    statistics,
    surfaces,
)
from tests.calculus.values.known import agrees, rows

rng = np.random.default_rng(3)
A, B, C = rng.normal(size=(3, 3, 3))
T, U = rng.normal(size=(2, 4, 3))
S = A @ A.T + np.eye(3)
a, b, c = rng.normal(size=(3, 3))
d = rng.normal(size=4)
p, r = np.array([1.3, -0.7]), np.array([0.4, 0.9])
x, y = p
w = complex(*p)
t, half, one = np.array(0.7), np.array(0.5), np.array(1.0)
n, k = rng.normal(size=(2, 6))
h = np.array([0.8, 0.5, -0.3])
bending = np.array([[0.8, 0.5], [0.5, -0.3]])
steepest = linalg.eigh(bending)[1][:, 1]
five = np.array([1.3, -0.7, 0.4, 2.0, 0.1])
index = np.arange(1, 6)
cos, sin, exp, sqrt, pi = np.cos, np.sin, np.exp, np.sqrt, np.pi
minus = optimize.minimize(
    lambda x: x @ S @ x / 2, a, constraints=dict(type="eq", fun=lambda x: a @ x - 0.7), tol=1e-14
)

VECTORS = [
    (chain_rules.two_paths, (p,), (x * x + y) ** 2 + (x * y) ** 2),
    (chain_rules.quartic_of_affine, (a, T, d), linalg.norm(T @ a + d, 4) ** 4 / 4),
    (chain_rules.neuron, (a, b), math.tanh(a @ b)),
    (chain_rules.double_wells, (a,), sum(s**4 / 4 - s**2 / 2 for s in a)),
    (chain_rules.linear_times_square, (a, b), a @ b * linalg.norm(a) ** 2),
    (chain_rules.damped_linear, (a, b), a @ b / (1 + linalg.norm(a) ** 2)),
    (chain_rules.linear_meets_sine, (a, A), np.einsum("ij,j,i", A, a, sin(a))),
    (chain_rules.product_of_entries, (a,), math.prod(a)),
    (chain_rules.tanh_squares, (a, T, d), linalg.norm(np.tanh(T @ a) - d) ** 2 / 2),
    (chain_rules.least_energy, (t, a, S), minus.fun, 1e-7),
    (computational_graphs.logarithmic_wave, (a,), 2 * np.log(abs(a)) * sin(a) + 1 / a),
    (computational_graphs.neuron_loss, (a,), (math.tanh(a[0] * a[1] + a[2]) - 1) ** 2 / 2),
    (computational_graphs.babylonian_root, (t, 6), math.sqrt(0.7)),
    (curvature.greatest_plane_curvature, (h,), linalg.eigvalsh(bending)[1]),
    (curvature.principal_angle, (h,), math.atan(steepest[1] / steepest[0])),
    (directional_derivatives.tilted_bowl, (p,), p @ [[1, 0.5], [0.5, 1]] @ p),
    (directional_derivatives.elliptic_bowl, (p,), x * x + 4 * y * y),
    (directional_derivatives.saddle, (p,), (w * w).real),
    (directional_derivatives.two_wells, (p,), -exp(-linalg.norm(p - [1, 0]) ** 2) - exp(-linalg.norm(p - [-1, 0]) ** 2)),
    (directional_derivatives.slope, (a, b), a @ b / linalg.norm(b)),
    (directional_derivatives.rate_by_angle, (t, p), (w * exp(-0.7j)).real),
    (directional_derivatives.quadratic, (a, A, b), a @ A @ a / 2 + b @ a),
    (directional_derivatives.blade, (p,), x**3 * y / (x**4 + y**2)),
    (entries.plus_and_minus, (a, b), np.array([[1, 1], [1, -1]]) @ np.array([a, b])),
    (entries.elementwise_quotient, (a, b), np.divide(a, b)),
    (entries.shift_and_scale, (a, half, t), 0.7 * a + 0.5),
    (entries.cumulative_product, (n,), np.array([math.prod(n[: i + 1]) for i in range(6)])),
    (entries.gather, (n, np.array([3, 3, 0])), np.take(n, [3, 3, 0])),
    (entries.moving_average, (n, 3), ndimage.uniform_filter1d(n, 3)[1:-1]),
    (entries.circular_convolution, (n, k), np.fft.ifft(np.fft.fft(n) * np.fft.fft(k)).real),
    (jacobian_chains.three_layers, (a, T, T.T.copy(), U), U @ np.tanh(T.T @ np.tanh(T @ a))),
    (linear_prediction.linear_prediction, (a, half, b), np.vdot(a, b) + 0.5),
    (linear_prediction.predictions, (a, half, T), np.column_stack([T, np.ones(4)]) @ [*a, 0.5]),
    (linear_prediction.rayleigh_quotient, (a, A), a @ A @ a / linalg.norm(a) ** 2),
    (linear_prediction.weighted_least_squares, (T @ a, T.T.copy(), b, S), (T.T @ T @ a - b) @ S @ (T.T @ T @ a - b) / 2),
    (linear_prediction.ridge_objective, (a, T, d, t), (linalg.norm(T @ a - d) ** 2 + 0.7 * linalg.norm(a) ** 2) / 2),
    (maps.complex_square, (p,), np.array([(w * w).real, (w * w).imag])),
    (maps.sum_and_product_map, (p,), np.array([abs(w) ** 2, (w * w).imag / 2])),
    (maps.polar, (p,), np.array([(z := x * np.exp(1j * y)).real, z.imag])),
    (maps.to_polar, (p,), np.array([abs(w), np.angle(w)])),
    (maps.rotate, (t, p), np.array([(z := w * np.exp(0.7j)).real, z.imag])),
    (maps.bearing, (p, r / linalg.norm(r)), np.angle(w / complex(*r))),
    (maps.robot_arm, (p, r), np.array([(z := 0.4 * np.exp(1j * x) + 0.9 * np.exp(1j * (x + y))).real, z.imag])),
    (maps.spherical, (a,), a[0] * spatial.transform.Rotation.from_euler("yz", [a[1], a[2]]).apply([0, 0, 1])),
    (maps.triple_product, (a, b, c), linalg.det([a, b, c])),
    (maps.triangle_side, (np.array(1.3), np.array(0.4), t), abs(1.3 - 0.4 * np.exp(0.7j))),
    (norms.euclidean_norm, (a,), math.hypot(*a)),
    (norms.norm_power, (a, 3), math.hypot(*a) ** 3),
    (norms.p_norm, (a, np.array(3.0)), np.linalg.norm(a, 3)),
    (norms.largest_entry, (a,), np.linalg.norm(a, np.inf)),
    (norms.soft_length, (a,), math.hypot(1, *a) - 1),
    (norms.mahalanobis_distance, (a, b, S), spatial.distance.mahalanobis(a, b, S)),
    (norms.cosine_similarity, (a, b), 1 - spatial.distance.cosine(a, b)),
    (partials.together, (p, half), p - 0.5 * np.array([[2, 1], [1, 2]]) @ p),
    (partials.one_by_one, (p, half), np.array([(s := x - 0.5 * (2 * x + y)), y - 0.5 * (s + 2 * y)])),
    (statistics.sample_mean, (n,), np.average(n)),
    (statistics.sample_variance, (n,), np.var(n)),
    (statistics.unbiased_variance, (n,), np.var(n, ddof=1)),
    (statistics.standard_deviation, (n,), np.std(n)),
    (statistics.standardised, (n,), stats.zscore(n)),
    (statistics.correlation, (n, k), stats.pearsonr(n, k).statistic),
    (statistics.log_sum_exp, (n,), special.logsumexp(n)),
    (statistics.soft_maximum, (n, t), 0.7 * special.logsumexp(n / 0.7)),
    (surfaces.mixed_cubic, (p,), x**2 * y + x * y**2),
    (surfaces.coupled_bowl, (a,), a[0] ** 2 + 2 * a[1] ** 2 + 3 * a[2] ** 2 - a[0] * a[1]),
    (surfaces.folium, (p,), x**3 + y**3 - 3 * x * y),
    (surfaces.monkey_saddle, (p,), (w**3).real),
    (surfaces.exponential_of_product, (p,), exp(x) ** y),
    (surfaces.log_squared_radius, (p,), 2 * np.log(abs(w))),
    (surfaces.share, (p,), 1 / (1 + y / x)),
    (surfaces.egg_crate, (p,), (sin(x + y) + sin(x - y)) / 2),
    (surfaces.ellipsoid, (a, exp(b)), linalg.norm(a / exp(b)) ** 2),
    (surfaces.twisted_sheet, (p,), abs(w) ** 2 * sin(4 * np.angle(w)) / 4),
]  # fmt: skip

LANDSCAPES = [
    (any_dimension.sphere, (five,), linalg.norm(five) ** 2),
    (any_dimension.axes_ellipsoid, (five, 1.0 * index), five @ np.diag(index) @ five),
    (any_dimension.chained_rosenbrock, (five,), optimize.rosen(five)),
    (any_dimension.rastrigin, (five,), (10 + five**2 - 10 * cos(2 * pi * five)).sum()),
    (any_dimension.ackley, (five,), -20 * exp(-0.2 * sqrt(np.mean(five**2))) - exp(np.mean(cos(2 * pi * five))) + 20 + math.e),
    (any_dimension.schwefel, (100 * five,), 5 * 418.98289 - sum(100 * five * sin(sqrt(abs(100 * five))))),
    (any_dimension.griewank, (five,), (five**2).sum() / 4000 - cos(five / sqrt(index)).prod() + 1),
    (any_dimension.zakharov, (five,), five @ five + (index @ five / 2) ** 2 + (index @ five / 2) ** 4),
    (any_dimension.styblinski_tang, (five,), (five**4 - 16 * five**2 + 5 * five).sum() / 2),
    (any_dimension.trid, (five,), sum((five - 1) ** 2) - sum(five[i] * five[i - 1] for i in range(1, 5))),
    (squares.beale, (np.array([3, 0.5]),), 0.0),
    (squares.beale, (np.zeros(2),), 14.203125),
    (squares.wood, (np.array([-3.0, -1, -3, -1]),), 19192.0),
    (squares.powell_singular, (np.array([3.0, -1, 0, 1]),), 215.0),
    (squares.freudenstein_roth, (np.array([0.5, -2]),), 400.5),
    (squares.powell_badly_scaled, (p,), (1e4 * x * y - 1) ** 2 + (exp(-x) + exp(-y) - 1.0001) ** 2),
    (squares.variably_dimensioned, (five,), sum((five - 1) ** 2) + (u := index @ (five - 1)) ** 2 + u**4),
    (squares.penalty_1, (five,), 1e-5 * sum((five - 1) ** 2) + (five @ five - 0.25) ** 2),
    (squares.brown_almost_linear, (five,), sum((five[:4] + sum(five) - 6) ** 2) + (math.prod(five) - 1) ** 2),
    (squares.trigonometric, (five,), sum((5 - sum(cos(five)) + index * (1 - cos(five)) - sin(five)) ** 2)),
    (squares.broyden_tridiagonal, (five,), sum(np.square(
        (3 - 2 * five) * five - np.r_[0, five[:-1]] - 2 * np.r_[five[1:], 0] + 1))),
    (least_squares.fit, (a, T, d), linalg.norm(np.tanh(T @ a) - d) ** 2),
    (neuron_fits.bent_line_residuals, (np.array([1.2, 0.3, -0.4, *a]), T, d), (1.2 * np.tanh(T @ a - 0.4) + 0.3 - d) / 2),
    (neuron_fits.chance_residuals, (np.array([0.3, *a]), T, d), (special.expit(T @ a + 0.3) - d) / 2),
    (plane.goldstein_price, (np.array([0.0, -1]),), 3.0),
    (plane.goldstein_price, (np.zeros(2),), 600.0),
    (plane.goldstein_price, (p,), (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2))
     * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))),
    (plane.branin, (np.array([pi, 2.275]),), 0.39788735772973816),
    (plane.branin, (p,), (y - 5.1 / (4 * pi**2) * x**2 + 5 / pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10),
    (plane.six_hump_camel, (p,), 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4),
    (plane.three_hump_camel, (p,), 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2),
    (plane.mccormick, (p,), sin(0.6) + 4 - 1.95 - 1.75 + 1),
    (plane.himmelblau, (np.array([3.0, 2.0]),), 0.0),
    (plane.himmelblau, (p,), (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2),
    (plane.easom, (np.full(2, pi),), -1.0),
    (plane.easom, (p,), -cos(x) * cos(y) * exp(-linalg.norm(p - pi) ** 2)),
    (plane.booth, (p,), linalg.norm(np.array([[1, 2], [2, 1]]) @ p - [7, 5]) ** 2),
    (plane.matyas, (p,), p @ [[0.26, -0.24], [-0.24, 0.26]] @ p),
    (plane.dixon_price, (p,), (x - 1) ** 2 + 2 * (2 * y * y - x) ** 2),
    (plane.scalar_network, (p,), metrics.mean_squared_error([1], [x * y]) / 2),
    (plane.bohachevsky, (p,), x * x + 2 * y * y - 0.3 * cos(3 * pi * x) - 0.4 * cos(4 * pi * y) + 0.7),
    (plane.levy, (p,), sin(pi * (s := 1 + (x - 1) / 4)) ** 2 + (s - 1) ** 2 * (1 + 10 * sin(pi * s + 1) ** 2)
     + (q := (y - 1) / 4) ** 2 * (1 + sin(2 * pi * (1 + q)) ** 2)),
]  # fmt: skip

TABLE = VECTORS + LANDSCAPES


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)
