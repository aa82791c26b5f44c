"""Update rules are what their names say, by optax, scipy.optimize and plain loops."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import linalg, optimize, signal, special, stats

from lab.calculus.optimizers import (
    acceleration,
    adaptive,
    momentum,
    quasi_newton,
    second_order,
    sharpness_and_shrinkage,
    step_lengths,
    stochastic_noise,
)
from lab.calculus.optimizers import gradient_descent as descent
from tests.calculus.values.known import agrees, rows

rng = np.random.default_rng(5)
A, B, C = rng.normal(size=(3, 3, 3))
H, K = A @ A.T + np.eye(3), B @ B.T + np.eye(3)
T = rng.normal(size=(6, 3))
a, b, c, g = rng.normal(size=(4, 3))
m, v = rng.normal(size=3), rng.uniform(0.5, 2, 3)
step, rate, half, tiny, two = map(np.array, (0.07, 0.3, 0.5, 1e-3, 2.0))
p = special.softmax(a)
labels = np.array([1.0, -1, 1, 1, -1, -1])
J = jnp.asarray
slope = H @ a
bottom = linalg.solve(H, b)
f = lambda x: x @ H @ x / 2
cosh = lambda x: np.log(2 * np.cosh(x)).sum()
uphill = (z := a + 0.3 * (u := a / np.sqrt(1 + a * a)) / linalg.norm(u)) / np.sqrt(1 + z * z)
bent = lambda x: np.array([x + 1, 0.3 * x * x + x - 1])


def told(rule, state, params=None):
    """What an optax transformation makes of the gradient g."""
    return rule.update(J(g), state, None if params is None else J(params))[0]


def taken(rule, x, steps):
    """Where optax leads on xᵀHx/2."""
    x = J(x)
    state = rule.init(x)
    for _ in range(steps):
        move, state = rule.update(J(H) @ x, state, x)
        x = x + move
    return x


def updated(strategy, start, s, y, kind="inv_hess"):
    """What a quasi-Newton strategy of SciPy makes of the matrix ``start``."""
    strategy.initialize(3, kind)
    getattr(strategy, {"hess": "B", "inv_hess": "H"}[kind])[:] = start
    strategy.first_iteration = False
    strategy.update(s, y)
    return strategy.get_matrix()


def accelerated(x, steps):
    before = x
    for _ in range(steps):
        ahead = x + 0.3 * (x - before)
        x, before = ahead - 0.07 * H @ ahead, x
    return x


def greatest_root(*coefficients):
    return max(abs(np.roots(coefficients)))


adam_state = lambda t: optax.ScaleByAdamState(count=J(t - 1, dtype=jnp.int32), mu=J(m), nu=J(v))
by_line = optimize.minimize_scalar(lambda t: f(a - t * slope), tol=1e-14)
swept = np.tril(H)
noise = np.array([np.mean([g[i], g[k]]) for i in range(3) for k in range(3)])

TABLE = [
    (descent.parabola, (a,), np.square(a)),
    (descent.ellipse, (a, v), a @ np.diag(v) @ a / 2),
    (descent.absolute_sum, (a,), linalg.norm(a, 1)),
    (descent.logistic_loss, (a, T, labels, rate), -np.mean(special.log_expit(labels * (T @ a))) + 0.15 * a @ a),
    (descent.rosenbrock, (a[:2].copy(),), optimize.rosen(a[:2])),
    (descent.descent_step, (a, H, step), lambda: taken(optax.sgd(0.07), a, 1)),
    (descent.loss_after_step, (step, a, H), f(a - 0.07 * slope)),
    (descent.exact_step, (a, H), by_line.x, 1e-6),
    (descent.exact_line_search, (a, H), f(a) - by_line.fun),
    (descent.iterate, (two, step, rate, 7), 2 * (1 - 0.021) ** 7),
    (descent.worst_factor, (rate, v, 5 + v), np.fmax(abs(1 - 0.3 * v), abs(1 - 0.3 * (5 + v)))),
    (descent.best_worst_factor, (half, two), optimize.minimize_scalar(
        lambda t: max(abs(1 - t / 2), abs(1 - 2 * t)), bounds=(0.1, 2), method="bounded", options=dict(xatol=1e-13)).fun, 1e-7),
    (momentum.heavy_ball, (a, H, step, rate, 5), lambda: taken(optax.sgd(0.07, momentum=0.3), a, 5)),
    (momentum.two_moves, (two, step, rate), np.linalg.matrix_power(np.array([[1 - 0.14, 0.3], [-0.14, 0.3]]), 2)),
    (momentum.heavy_ball_rate, (two, step, rate), greatest_root(1, -(1.3 - 0.14), 0.3)),
    (momentum.heavy_ball_rate, (two, step, half), greatest_root(1, -(1.5 - 0.14), 0.5)),
    (acceleration.nesterov, (a, H, step, rate, 5), accelerated(a, 5)),
    (acceleration.two_nesterov_moves, (two, step, rate), np.linalg.matrix_power(
        np.array([[1.3 * 0.86, -0.3 * 0.86], [1, 0]]), 2)),
    (acceleration.nesterov_rate, (two, step, rate), greatest_root(1, -1.3 * 0.86, 0.3 * 0.86)),
    (acceleration.nesterov_rate, (two, step, half * 1.8), greatest_root(1, -1.9 * 0.86, 0.9 * 0.86)),
    (acceleration.critically_damped, (two, step), np.linalg.matrix_power(
        np.array([[1 - 0.14, (q := (1 - np.sqrt(0.14)) ** 2)], [-0.14, q]]), 2)),
    (acceleration.tuned_heavy_ball_rate, (half, two, rate), np.array((2 - 1) / (2 + 1))),
    (acceleration.rolled, (a, H, np.array(1.5), half, 5), lambda: taken(optax.sgd(0.25, momentum=1 - 0.75), a, 5)),
    (adaptive.moving_average, (g, np.array(0.9)), signal.lfilter([0.1], [1, -0.9], g)[-1]),
    (adaptive.average_of_a_constant, (two, np.array(0.9), 5), 2 * (1 - 0.9**5)),
    (adaptive.adam_first_step, (g, rate, tiny), lambda: told(o := optax.adam(0.3, eps=1e-3), o.init(J(g)))),
    (adaptive.soft_sign_step, (g, rate, tiny), lambda: told(o := optax.adam(0.3, eps=1e-3), o.init(J(g)))),
    (adaptive.rmsprop_first_step, (g, rate, np.array(0.9)), lambda: told(o := optax.rmsprop(0.3, eps=0.0), o.init(J(g)))),
    (adaptive.adagrad_step, (two, rate, 4), np.array(-0.3 / 2)),
    (adaptive.clipped, (g, rate), lambda: told(o := optax.clip_by_global_norm(0.3), o.init(J(g)))),
    (adaptive.mirror_step, (p, g, rate), special.softmax(np.log(p) - 0.3 * g)),
    (adaptive.cosine_schedule, (np.array(30.0), two, half, np.array(100.0)), lambda: optax.cosine_decay_schedule(2.0, 100, 0.25)(J(30.0))),
    (adaptive.unrolled_loss, (np.array([0.07, 0.3]), a, H, 5), lambda: f(np.asarray(taken(optax.sgd(0.07, momentum=0.3), a, 5)))),
    (quasi_newton.dfp_update, (K, a, H @ a), updated(optimize.BFGS(), K, H @ a, a, "hess")),
    (quasi_newton.after_dfp, (a, H, K), a),
    (quasi_newton.two_loop_recursion, (g, np.stack([a, b]), H, half),
     (bfgs := updated(optimize.BFGS(), updated(optimize.BFGS(), np.eye(3) / 2, a, H @ a), b, H @ b)) @ g),
    (quasi_newton.conjugation_by_projection, (H, b), (r := b - (b @ b) / (b @ H @ b) * H @ b) @ r / (b @ b)),
    (quasi_newton.coordinate_sweep, (a, H, b), linalg.solve_triangular(swept, b - (H - swept) @ a, lower=True)),
    (second_order.inverse_update, (K, a, H @ a), updated(optimize.BFGS(), K, a, H @ a)),
    (second_order.after_the_step, (a, H, K), a),
    (second_order.updated_form, (c, a, H, K), c @ updated(optimize.BFGS(), K, a, H @ a) @ c),
    (second_order.symmetric_rank_one, (a, H, K), updated(optimize.SR1(), K, a, (K + H) @ a, "hess") @ a),
    (second_order.newton_step, (a, H, b), bottom),
    (second_order.damped_step, (rate, g, H), -linalg.inv(H + 0.3 * np.eye(3)) @ g),
    (second_order.bent_residuals, (half, rate), bent(0.5)),
    (second_order.bent_loss, (half, rate), bent(0.5) @ bent(0.5)),
    (second_order.gauss_newton_map, (half, rate), 0.5 - linalg.lstsq(np.array([[1.0], [1.3]]), bent(0.5))[0][0]),
    (second_order.levenberg_marquardt_step, (rate, T, labels, v), linalg.lstsq(
        np.vstack([T, np.diag(np.sqrt(0.3 * v))]), np.r_[-labels, 0, 0, 0])[0]),
    (second_order.conjugate_gradients, (H[:2, :2].copy(), b[:2].copy()), linalg.solve(H[:2, :2], b[:2])),
    (second_order.natural_solve, (half, two, rate), 0.09 * np.array([0.5, 1])),
    (second_order.natural_step_in_logs, (half, two, rate), 0.09 * np.array([0.5, 1])),
    (second_order.normal_surprise, (np.array([0.4, 0.3]), g), -np.mean(stats.norm(0.4, np.exp(0.3)).logpdf(g)) - np.log(2 * np.pi) / 2),
    (sharpness_and_shrinkage.ista_step, (a, H, b, step, rate), (w := a - 0.07 * (slope - b)) - np.clip(w, -0.021, 0.021)),
    (sharpness_and_shrinkage.adamw_first_step, (half, a, g, rate, tiny),
     lambda: a + told(o := optax.adamw(0.3, eps=1e-3, weight_decay=0.5), o.init(J(g)), a)),
    (sharpness_and_shrinkage.adam_first_step_with_l2, (half, a, g, rate, tiny),
     lambda: a + told(o := optax.chain(optax.add_decayed_weights(0.5), optax.adam(0.3, eps=1e-3)), o.init(J(g)), a)),
    (sharpness_and_shrinkage.sam_gradient, (a, H, rate), H @ (a + 0.3 * slope / linalg.norm(slope))),
    (sharpness_and_shrinkage.slope_uphill, (rate, a), uphill),
    (sharpness_and_shrinkage.lion_step, (a, m, g, rate, half, np.array(0.9)), lambda: a + told(
        optax.chain(optax.scale_by_lion(0.9, 0.99), optax.add_decayed_weights(0.5), optax.scale(-0.3)),
        (optax.ScaleByLionState(count=jnp.zeros([], jnp.int32), mu=J(m)), optax.EmptyState(), optax.EmptyState()), a)),
    (sharpness_and_shrinkage.adagrad_move, (g, v, rate, tiny * 0),
     lambda: -0.3 * told(optax.scale_by_rss(eps=0.0), optax.ScaleByRssState(sum_of_squares=J(v)))),
    (sharpness_and_shrinkage.rmsprop_move, (g, v, rate, np.array(0.9), tiny),
     lambda: -0.3 * told(optax.scale_by_rms(0.9, 1e-3), optax.ScaleByRmsState(nu=J(v)))),
    (sharpness_and_shrinkage.adam_move, (g, m, v, rate, tiny, 4), lambda: -0.3 * told(optax.scale_by_adam(eps=1e-3), adam_state(4)), 1e-6),
    (sharpness_and_shrinkage.adam_in_other_units, (two, g, m, v, rate, 4), lambda: -0.3 * told(optax.scale_by_adam(eps=0.0), adam_state(4)), 1e-6),
    (step_lengths.log_cosh_sum, (a,), cosh(a)),
    (step_lengths.loss_along_line, (rate, a, b), cosh(a + 0.3 * b)),
    (step_lengths.armijo_gap, (rate, a, b, tiny), cosh(a + 0.3 * b) - cosh(a) - 3e-4 * optimize.approx_fprime(a, cosh) @ b, 1e-7),
    (step_lengths.loss_at_armijos_end, (a, H, np.array(0.1)), f(a - optimize.brentq(
        lambda t: f(a - t * slope) - f(a) + 0.1 * t * slope @ slope, 1e-3, 9, xtol=1e-14) * slope)),
    (step_lengths.slope_at_wolfes_ends, (a, H, rate), np.array([-0.3, 0.3]) * (slope @ slope)),
    (step_lengths.decrease_left_over, (a, H, np.array(9.0)), f(a) - f(a - slope / 9) - linalg.norm(slope) ** 2 / 18),
    (step_lengths.polyak_step, (a, H), f(a) / linalg.norm(slope) ** 2),
    (step_lengths.distance_after_polyak, (a, H), linalg.norm(a - f(a) / linalg.norm(slope) ** 2 * slope) ** 2),
    (step_lengths.barzilai_borwein_long, (a, H), 1 / linalg.lstsq(a[:, None], slope)[0][0]),
    (step_lengths.barzilai_borwein_short, (a, H), linalg.lstsq(slope[:, None], a)[0][0]),
    (step_lengths.secant_curvature, (a, b, H), b @ (H @ b + (a + b) ** 3 - a**3) / (b @ b)),
    (step_lengths.cauchy_point, (np.array(9.0), g, H), -g * optimize.minimize_scalar(
        lambda t: -t * g @ g + t * t * g @ H @ g / 2, tol=1e-14).x, 1e-6),
    (step_lengths.cauchy_point, (np.array(1e-2), g, H), -0.01 * g / linalg.norm(g)),
    (stochastic_noise.minibatch_moments, (g, 2), np.array([np.mean(noise), np.var(g) / 2])),
    (stochastic_noise.variance_after, (two, step, rate, half, 300), np.array(0.07 * 0.5 / (0.3 * (2 - 0.021))), 1e-5),
    (stochastic_noise.noise_floor, (step, rate, half, two), 0.3 / 2 * 0.07 * 0.25 / (0.3 * (2 - 0.021))),
    (stochastic_noise.stationary_covariance, (H, K, rate, two), linalg.solve_discrete_lyapunov(
        np.eye(3) - (t := 0.3 / linalg.norm(H)) * H, t * t * K / 2)),
]  # fmt: skip


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)
