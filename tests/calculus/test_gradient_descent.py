"""What is known of gradient descent, seen by walking; optax walks along."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lab import check, interval, nonnegative, reals, spd
from lab.calculus.optimizers import gradient_descent as calculus
from lab.calculus.optimizers import momentum as heavy_ball

H = jnp.diag(jnp.array([1.0, 4.0, 10.0]))
START = jnp.array([3.0, -2.0, 1.0])


def test_momentum_is_that_of_optax():
    step, momentum, steps = 0.1, 0.8, 25
    optimizer = optax.sgd(step, momentum)
    x, state = START, optimizer.init(START)
    for _ in range(steps):
        with jax.numpy_dtype_promotion("standard"):  # optax counts on it
            update, state = optimizer.update(H @ x, state)
        x = x + update
    ours = heavy_ball.heavy_ball(START, H, jnp.array(step), jnp.array(momentum), steps)
    np.testing.assert_allclose(ours, x, rtol=1e-12)


@pytest.mark.parametrize("curvature", [0.01, 0.5, 1.0, 3.0, 3.9])
@pytest.mark.parametrize("momentum", [0.0, 0.25, 0.81, 0.99])
def test_the_rate_of_momentum_is_the_greatest_eigenvalue(curvature, momentum):
    values = jnp.array(curvature), jnp.array(1.0), jnp.array(momentum)
    sizes = np.abs(np.linalg.eigvals(np.asarray(heavy_ball.mode_matrix(*values))))
    # near a double root an eigenvalue is known to half the digits
    np.testing.assert_allclose(heavy_ball.heavy_ball_rate(*values), sizes.max(), rtol=1e-7)


def test_no_step_beats_the_best_one():
    low, high = jnp.array(1.0), jnp.array(10.0)
    steps = jnp.linspace(0.01, 0.3, 2000)
    factors = calculus.worst_factor(steps, low, high)
    best = calculus.best_contraction(low, high)
    assert jnp.all(factors >= best - 1e-12)
    np.testing.assert_allclose(steps[jnp.argmin(factors)], 2 / 11, atol=2e-4)


def test_the_exact_step_leaves_nothing_along_the_gradient():
    step = calculus.exact_step(START, H)
    np.testing.assert_allclose(calculus.loss_after_step_derivative(step, START, H), 0, atol=1e-10)
    decrease = calculus.exact_line_search_decrease(START, H)
    after = calculus.loss_after_step(step, START, H)
    np.testing.assert_allclose(calculus.quadratic(START, H) - after, decrease)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_the_logistic_loss_does_not_overflow(dtype):
    X, y = jnp.array([[1e3], [-1e3]], dtype), jnp.array([1.0, 1.0], dtype)
    w, ridge = jnp.array([1e3], dtype), jnp.zeros((), dtype)
    np.testing.assert_allclose(calculus.logistic_loss(w, X, y, ridge), 5e5)
    np.testing.assert_allclose(calculus.logistic_loss_gradient(w, X, y, ridge), [500.0])
    np.testing.assert_array_equal(calculus.logistic_loss_hessian(w, X, y, ridge), [[0.0]])


@pytest.mark.parametrize(
    ("of", "wrong", "kind", "wrt", "at"),
    [
        (calculus.ellipse, lambda x, c: 2 * c * x, "gradient", "x",
         {"x": reals("n"), "curvatures": reals("n")}),
        (calculus.logistic_loss, lambda w, X, y, ridge: -X.T @ (y * jax.nn.sigmoid(-y * (X @ w)))
         + ridge * w, "gradient", "w",
         {"w": reals("d"), "X": reals("n d"), "y": reals("n"), "ridge": nonnegative()}),
        (calculus.loss_after_step, lambda step, x, H: (H @ (x - step * (H @ x))) @ (H @ x),
         "derivative", "step", {"step": reals(), "x": reals("n"), "H": spd("n")}),
        (lambda start, step: calculus.iterate(start, step, jnp.ones_like(step), 5),
         lambda start, step: -5 * (1 - step) ** 5 * start, "derivative", "step",
         {"start": reals(), "step": interval(0, 1.5)}),
        (calculus.rosenbrock, lambda p: jnp.stack([-2 * (1 - p[0]), 200 * (p[1] - p[0] ** 2)]),
         "gradient", 0, {"p": reals("2")}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, kind, wrt, at):
    assert check(of, wrong, kind=kind, wrt=wrt, at=at).verdict == "wrong"
