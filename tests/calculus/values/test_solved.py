"""What an equation, an integral or a minimum defines, by SciPy and scikit-learn."""

import math

import numpy as np
import pytest
from scipy import integrate, linalg, optimize, special, stats
from sklearn import gaussian_process, linear_model

from lab.calculus.dynamics import integrators, solutions
from lab.calculus.implicit import constraints, fits, minimisers, projections
from lab.calculus.implicit import roots_and_fixed_points as roots
from lab.calculus.integrals import accumulation, antiderivatives, parameters, quadrature
from lab.calculus.taylor import models
from tests.calculus.values.known import agrees, rows

rng = np.random.default_rng(4)
A, B, C = rng.normal(size=(3, 3, 3))
T, U = rng.normal(size=(2, 6, 3))
S = A @ A.T / 3 + np.eye(3)
a, b, c = rng.normal(size=(3, 3))
d, e = rng.normal(size=(2, 6))
t, half, one, two = map(np.array, (0.7, 0.5, 1.0, 2.0))
s = np.array([-2.3, -0.4, 0.2, 1.7])
u = np.array([0.3, 1.1, 2.7])
hunted, law = np.array([1.2, 0.7]), np.array([1.1, 0.6, 0.9, 0.5])
sample = rng.normal(size=7)
quad = lambda f, low, high: integrate.quad(f, low, high, epsabs=1e-13, epsrel=1e-12)[0]
tight = dict(rtol=1e-12, atol=1e-13, method="DOP853")
poly = np.poly1d(c)


def flow(f, y, time):
    return integrate.solve_ivp(lambda _, y: f(y), (0, time), np.atleast_1d(y), **tight).y[:, -1]


def hunt(y):
    (x, z), (a, b, c, d) = y, law
    return np.array([a * x - b * x * z, d * x * z - c * z])


def euler(f, y, h, steps=1):
    for _ in range(steps):
        y = y + h * f(y)
    return y


def runge_kutta(f, y, h, steps=1):
    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + f(y + h * k3))
    return y


def root(f, start):
    return optimize.root(f, start, tol=1e-14).x


def least(f, start, **more):
    return optimize.minimize(f, start, tol=1e-14, **more)


def black_scholes(S, K, r, s, T):
    d = (np.log(S / K) + (r + s**2 / 2) * T) / (s * np.sqrt(T))
    return S * stats.norm.cdf(d) - K * np.exp(-r * T) * stats.norm.cdf(d - s * np.sqrt(T))


DYNAMICS = [
    (solutions.decay, (two, t, half), flow(lambda y: -0.7 * y, 2.0, 0.5)[0]),
    (solutions.forced_decay, (two, t, one, half), flow(lambda y: -0.7 * y + 1, 2.0, 0.5)[0]),
    (solutions.logistic_growth, (half, two, t, one), flow(lambda y: 0.7 * y * (1 - y / 2), 0.5, 1.0)[0]),
    (solutions.distance_to_goal, (one, np.array(0.3), half, two, t), (flow(lambda y: 0.7 * y * (1 - y / 2), 0.5, 1.0)[0] - 0.3) ** 2 / 2),
    (solutions.oscillator, (half, one, two, t), flow(lambda y: np.array([y[1], -4 * y[0]]), [0.5, 1.0], 0.7)[0]),
    (solutions.linear_system, (a, A, t), flow(lambda y: A @ y, a, 0.7)),
    (solutions.distance_covered, (a, A, t), linalg.norm(flow(lambda y: A @ y, a, 0.7)) ** 2 / 2),
    (solutions.quadratic_flow, (a, S, t), (y := flow(lambda y: -S @ y, a, 0.7)) @ S @ y / 2),
    (solutions.carried_log_density, (a, A, t), stats.multivariate_normal(np.zeros(3)).logpdf(a) - 0.7 * np.trace(A)),
    (solutions.heat_mode, (half, t, two), np.exp(-2.8) * np.sin(1.0)),
    (solutions.fall, (half, one, two, t), 1 + 0.5 * 2 + quad(lambda s: 0.7 * s, 0, 0.5)),
    (solutions.projectile_range, (t, two, one), 2 * 4 * np.sin(0.7) * np.cos(0.7)),
    (solutions.wandering_price, (two, half, t, one, np.array(0.3)), 2 * np.exp((0.5 - 0.245) + 0.21)),
    (solutions.call_price, tuple(map(np.array, (100.0, 95.0, 0.03, 0.2, 0.5))), black_scholes(100.0, 95.0, 0.03, 0.2, 0.5)),
    (integrators.rk4_growth, (t,), sum(0.7**k / math.factorial(k) for k in range(5))),
    (integrators.lotka_volterra, (hunted, law), hunt(hunted)),
    (integrators.orbit_height, (np.array(flow(hunt, hunted, 3.0)), law), 0.5 * 1.2 - 0.9 * np.log(1.2) + 0.6 * 0.7 - 1.1 * np.log(0.7)),
    (integrators.hunters_euler_step, (hunted, law, t), euler(hunt, hunted, 0.7)),
    (integrators.hunters_rk4_step, (hunted, law, t), runge_kutta(hunt, hunted, 0.7)),
    (integrators.hunters_euler_walk, (hunted, law, half), euler(hunt, hunted, 0.5, 6)),
    (integrators.hunters_walk, (hunted, law, half), runge_kutta(hunt, hunted, 0.5, 6)),
    (integrators.implicit_euler_step, (a, t, S), root(lambda z: z - a + 0.7 * (S @ z + np.tanh(z)), a)),
    (integrators.leapfrog_step, (np.array([0.4, 1.1]), t), np.array(
        [(q := 0.4 + 0.7 * (p := 1.1 - 0.35 * np.sin(0.4))), p - 0.35 * np.sin(q)])),
]  # fmt: skip

INTEGRALS = [
    (accumulation.accumulated, (t, c), quad(poly, 0, 0.7)),
    (accumulation.between, (half, two, c), poly.integ()(2) - poly.integ()(0.5)),
    (accumulation.cosine_between_moving_limits, (t,), quad(np.cos, np.sin(0.7), 0.245)),
    (accumulation.leibniz_integral, (t,), quad(lambda s: np.sin(0.7 * s), 0.7, 1.7)),
    (accumulation.average_value, (two, half), quad(np.sin, 0.5, 2) / 1.5),
    (accumulation.parabola_arc_length, (two,), quad(lambda s: math.hypot(1, 2 * s), 0, 2)),
    (accumulation.smoothed_sine, (t, half), quad(np.sin, 0.2, 1.2)),
    (accumulation.half_circulation, (np.array([1.3, 0.4]),), np.pi * 1.3 * 0.4),
    (antiderivatives.damped_wave_antiderivative, (two, t, half),
     quad(lambda s: np.exp(0.7 * s) * np.sin(0.5 * s), 0, 2) - 0.5 / (0.49 + 0.25)),
    (parameters.laplace_of_power, (t, 3), quad(lambda s: s**3 * np.exp(-0.7 * s), 0, np.inf)),
    (parameters.gaussian_integral, (t,), np.sqrt(np.pi / 0.7)),
    (parameters.gaussian_wave_integral, (t,), quad(lambda x: np.exp(-x * x / 2) * np.cos(0.7 * x), -12, 12)),
    (parameters.frullani_integral, (half, two), np.log(3 / 1.5)),
    (parameters.dirichlet_integral, (t,), quad(lambda x: np.exp(-0.7 * x) * np.sinc(x / np.pi), 0, np.inf)),
    (parameters.gamma_integral, (t,), special.gamma(0.7)),
    (quadrature.trapezoid, (sample, two), integrate.trapezoid(sample, dx=2 / 6)),
    (quadrature.simpson, (sample, two), integrate.simpson(sample, dx=2 / 6)),
    (quadrature.monte_carlo, (half, two, sample), np.mean((0.5 + 2 * sample) ** 3)),
    (quadrature.expected_value, (a, b), np.average(b, weights=np.exp(a))),
    (quadrature.gaussian_cube, (half, two), stats.norm(0.5, 2).moment(3)),
    (models.power_model_gap, (half, two, 3), np.array(16.0)),
    (models.jet_of_sine, (t, np.array([1.0, 0, 0])), np.sin(0.7 + np.pi / 2 * np.arange(4))),
]  # fmt: skip

off = lambda w: T @ w - d
to, P = special.softmax(b), np.exp(-C)
for _ in range(2000):  # Sinkhorn's: rows and columns scaled in turn
    P *= (special.softmax(a) / P.sum(1))[:, None]
    P *= to / P.sum(0)
program = linalg.solve(np.block([[S, -T[:2].T], [T[:2], np.zeros((2, 2))]]), [*-a, 0.3, 0.4])
kernel = 1.0 * gaussian_process.kernels.RBF(0.7)
evidence = gaussian_process.GaussianProcessRegressor(kernel, alpha=0.5, optimizer=None).fit(
    e[:, None], d
)
hat = T @ linalg.solve(T.T @ T + 0.7 * np.eye(3), T.T)
logistic = least(lambda w: np.mean(np.logaddexp(0, -T @ w)) + 0.35 * w @ w, a)
on_ellipse = least(lambda x: ((x - [3, 2]) ** 2).sum() / 2, [2.0, 1], constraints=dict(
    type="eq", fun=lambda x: x[0] ** 2 / 4 + x[1] ** 2 - 1))  # fmt: skip

IMPLICIT = [
    (roots.quintic_root, (s,), np.array([np.roots([1, 0, 0, 0, 1, -k])[np.argmin(abs(np.roots([1, 0, 0, 0, 1, -k]).imag))].real for k in s])),
    (roots.cubic_root, (np.array([0.3, 2.0, 0.4, 1.0]),), next(r.real for r in np.roots([1, 0.4, 2, 0.3]) if abs(r.imag) < 1e-12)),
    (roots.lambert_w, (u,), special.lambertw(u).real),
    (roots.eccentric_anomaly, (two, t), optimize.brentq(lambda E: E - 0.7 * np.sin(E) - 2, 0, 4, xtol=1e-14)),
    (roots.balance_root, (a, S), root(lambda x: S @ x + np.tanh(x) - a, a)),
    (roots.solution_on_line, (t, S, B, a, b), linalg.solve(S + 0.7 * B, a + 0.7 * b)),
    (roots.equilibrium, (B / 5, b), root(lambda z: z - np.tanh(B @ z / 5 + b), b)),
    (roots.neumann_sum, (A / 4, 60), linalg.inv(np.eye(3) - A / 4), 1e-6),
    (constraints.nearest_on_ellipse, (np.array([3.0, 2]), np.array([2.0, 1]), one), on_ellipse.x, 1e-6),
    (constraints.distance_to_ellipse, (np.array([3.0, 2]), np.array([2.0, 1]), one), on_ellipse.fun, 1e-8),
    (constraints.root_with_rule, (a, S), root(lambda x: S @ x + np.tanh(x) - a, a)),
    (constraints.equilibrium_layer, (B / 5, b), root(lambda z: z - np.tanh(B @ z / 10 / np.sqrt(1 + linalg.norm(B / 5) ** 2) + b), b)),
    (fits.ridge_weights, (t, T, d), linear_model.Ridge(0.7, fit_intercept=False).fit(T, d).coef_),
    (fits.least_squares_weights, (T, d), linalg.lstsq(T, d)[0]),
    (fits.fitted_values, (T, d), T @ linalg.lstsq(T, d)[0]),
    (fits.left_out_residuals, (T, d), np.array([
        d[i] - T[i] @ linalg.lstsq(np.delete(T, i, 0), np.delete(d, i))[0] for i in range(6)])),
    (fits.degrees_of_freedom, (t, T), sum((k := linalg.svdvals(T) ** 2) / (k + 0.7))),
    (fits.cross_validation, (t, T, d), 6 * linalg.norm(d - hat @ d) ** 2 / (6 - np.trace(hat)) ** 2),
    (fits.marginal_likelihood, (t, half, e, d), -evidence.log_marginal_likelihood_value_ - 3 * np.log(2 * np.pi)),
    (fits.validation_loss, (t, T, d, U, e), np.mean((U @ linear_model.Ridge(0.7, fit_intercept=False).fit(T, d).coef_ - e) ** 2)),
    (minimisers.penalised_logistic, (a, t, T), np.mean(np.log1p(np.exp(-T @ a))) + 0.35 * a @ a),
    (minimisers.logistic_weights, (t, T), logistic.x, 1e-7),
    (minimisers.least_logistic_loss, (t, T), logistic.fun),
    (minimisers.conjugate, (a, S), -least(lambda x: x @ S @ x / 2 + np.log(np.cosh(x)).sum() - a @ x, a).fun),
    (minimisers.constrained_minimiser, (S, a, T[:2].T.copy(), np.array([0.3, 0.4])), (program[:3], program[3:])),
    (minimisers.constrained_minimum, (S, a, T[:2].T.copy(), np.array([0.3, 0.4])), program[:3] @ S @ program[:3] / 2 + a @ program[:3]),
    (minimisers.adapted_loss, (a, t, T, d, U, e), np.mean((U @ (a - 0.7 * T.T @ off(a) / 6) - e) ** 2) / 2),
    (minimisers.unrolled_descent, (np.array(0.1), S, b, 400), least(lambda x: x @ S @ x / 2 + np.log(np.cosh(x)).sum() - b @ x, a).x, 1e-7),
    (projections.entropic_argmax, (a,), special.softmax(a)),
    (projections.onto_ball, (a, np.array(0.3)), 0.3 * a / linalg.norm(a)),
    (projections.onto_hyperplane, (a, b, t), a + linalg.pinv(b[None])[:, 0] * (0.7 - b @ a)),
    (projections.onto_box, (s, -one, half), np.clip(s, -1, 0.5)),
    (projections.onto_psd_cone, (A + A.T,), (A + A.T + linalg.polar(A + A.T)[1]) / 2),
    (projections.soft_threshold, (s, half), s - np.clip(s, -0.5, 0.5)),
    (projections.quadratic_prox, (a, S, t), least(lambda u: u @ S @ u / 2 + (u - a) @ (u - a) / 1.4, a).x, 1e-7),
    (projections.group_threshold, (a, np.array(0.3)), a - 0.3 * a / linalg.norm(a)),
    (projections.absolute_envelope, (s, half), special.huber(0.5, s) / 0.5),
    (projections.moreau_envelope, (a, S, t), least(lambda u: u @ S @ u / 2 + (u - a) @ (u - a) / 1.4, a).fun),
    (projections.lasso_weights, (t, T, d), linear_model.Lasso(0.7 / 6, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(T, d).coef_, 1e-7),
    (projections.transport_cost, (a, b, C), (P * C + special.xlogy(P, P) - P).sum()),
    (projections.lower_median, (d,), np.quantile(d, 0.5, method="lower")),
    (projections.smooth_quantile, (d, t), optimize.brentq(lambda q: special.expit(q - d).mean() - 0.7, -9, 9, xtol=1e-14)),
]  # fmt: skip

TABLE = DYNAMICS + INTEGRALS + IMPLICIT


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)
