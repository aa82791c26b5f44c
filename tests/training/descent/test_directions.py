"""Directions: each does what mathematics says of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.calculus.landscapes import mgh_fits, mgh_valleys
from lab.calculus.landscapes.plane_landscapes import scalar_network
from lab.training.descent.memory import bfgs, conjugate_gradient, secant
from lab.training.descent.newton import natural_gradient, newton, newton_cg
from lab.training.descent.parts import composed
from lab.training.descent.squares import gauss_newton, levenberg_marquardt
from lab.training.descent.steps import fixed, parabolic
from tests.training.descent.problems import (
    BOWL,
    CENTER,
    KEY,
    START,
    WRONG_BOWL,
    A,
    bowl,
    fit,
    here,
    of,
    vector,
    walked,
)


@pytest.mark.parametrize("direction", [newton(), newton(definite=False), newton_cg(forcing=1e-12)])
def test_newton_is_at_the_bottom_of_a_quadratic_in_one_step(direction):
    np.testing.assert_allclose(START + vector(direction, BOWL), CENTER, atol=1e-9)
    bent = of(lambda x: bowl(x) + 0.1 * jnp.sum(x**3), START)
    assert jnp.linalg.norm(START + vector(direction, bent) - CENTER) > 0.1
    if direction.toward.__qualname__.startswith("newton."):
        assert jnp.linalg.norm(START + vector(direction, WRONG_BOWL) - CENTER) > 0.1


def test_damping_shortens_the_step_and_turns_it_to_the_gradient():
    g = jax.grad(bowl)(START)
    for damping in (1.0, 1e6):
        expected = -jnp.linalg.solve(A + damping * jnp.eye(3), g)
        np.testing.assert_allclose(vector(newton(damping=damping), BOWL), expected)
    np.testing.assert_allclose(1e6 * vector(newton(damping=1e6), BOWL), -g, rtol=1e-4)


def test_newton_walks_to_a_saddle_unless_it_is_told_to_go_down():
    saddle = of(scalar_network, jnp.array([0.3, 0.1]))
    g = saddle.gradient(saddle.start, ())
    assert vector(newton(definite=False), saddle) @ g > 0
    for direction in (newton(), newton_cg()):
        assert vector(direction, saddle) @ g < 0


def test_a_hessian_by_hand_is_used_and_jax_does_without():
    with_wrong = of(bowl, START, hessian=lambda x: 2 * A)
    half = (CENTER - START) / 2
    np.testing.assert_allclose(vector(newton(), with_wrong), half)
    np.testing.assert_allclose(vector(newton(), with_wrong, choice="jax"), 2 * half)


def test_params_may_be_trees():
    def loss(p):
        return bowl(jnp.append(p["b"], p["a"]))

    start = {"a": START[2], "b": START[:2]}
    tree = of(loss, start)
    with_hessian = of(loss, start, hessian=jax.hessian(loss))
    for problem in (tree, with_hessian):
        state, _ = walked(problem, composed(newton(), fixed()), 1)
        np.testing.assert_allclose(jnp.append(state.params["b"], state.params["a"]), CENTER)


DATA = jax.random.normal(KEY, (7, 3))
TARGETS = jnp.arange(7.0)


def linear_residuals(w):
    return DATA @ w - TARGETS


def linear(jacobian=lambda w: DATA):
    def loss(w):
        return jnp.sum(linear_residuals(w) ** 2)

    return of(loss, jnp.ones(3), residuals=linear_residuals, jacobian=jacobian)


def test_gauss_newton_is_newton_where_the_residuals_are_linear():
    expected = vector(newton(definite=False), linear())
    for direction in (gauss_newton(), natural_gradient()):
        np.testing.assert_allclose(vector(direction, linear()), expected)
        wrong = linear(jacobian=lambda w: DATA.at[0].multiply(1.1))
        assert not np.allclose(vector(direction, wrong), expected, rtol=1e-3)


def test_gauss_newton_is_not_newton_where_residuals_bend():
    problem = fit(mgh_valleys.PROBLEMS[0])
    assert not np.allclose(vector(gauss_newton(), problem), vector(newton(), problem), rtol=0.1)
    solution = of(mgh_valleys.PROBLEMS[0].loss, jnp.ones(2)).start + 1e-7
    near = vector(gauss_newton(), problem, solution), vector(newton(), problem, solution)
    np.testing.assert_allclose(*near, rtol=1e-3)


def test_a_jacobian_without_full_rank_gives_the_shortest_step():
    flat_ = of(
        lambda w: (w[0] + w[1] - 4) ** 2, jnp.zeros(2), residuals=lambda w: w.sum(keepdims=True) - 4
    )
    for direction in (gauss_newton(), natural_gradient()):
        np.testing.assert_allclose(vector(direction, flat_), [2.0, 2.0])


@pytest.mark.parametrize("scaled", [True, False])
def test_levenberg_marquardt_is_gauss_newton_at_one_end_and_descent_at_the_other(scaled):
    problem = linear()

    def update(damping):
        descent = levenberg_marquardt(damping=damping, scaled=scaled)
        return descent.move(here(problem), descent.init(problem.start)).update

    np.testing.assert_allclose(update(1e-12), vector(gauss_newton(), problem), rtol=1e-6)
    lengths = jnp.linalg.norm(DATA, axis=0) if scaled else jnp.max(jnp.linalg.norm(DATA, axis=0))
    downhill = -problem.gradient(problem.start, ()) / 2 / lengths**2
    np.testing.assert_allclose(1e9 * update(1e9), downhill, rtol=1e-6)
    between = -jnp.linalg.solve(
        DATA.T @ DATA + 0.5 * jnp.diag(lengths**2 * jnp.ones(3)),
        DATA.T @ linear_residuals(jnp.ones(3)),
    )
    np.testing.assert_allclose(update(0.5), between)
    assert not np.allclose(update(0.6), between, rtol=1e-3)


def test_levenberg_marquardt_keeps_its_promise_of_a_lower_loss():
    for problem in (mgh_fits.PROBLEMS[2], mgh_valleys.PROBLEMS[1]):  # Meyer, Freudenstein and Roth
        state, rows = walked(fit(problem), levenberg_marquardt(), 200)
        assert np.all(np.diff(rows["loss"]) <= 0)
        assert (
            min(
                abs(float(rows["loss"][-1]) / best - 1)
                for best in (problem.minimum or np.inf, *problem.local)
            )
            < 1e-6
        )
        assert float(state.descent.damping) > 0


@pytest.mark.parametrize("formula", ["polak_ribiere", "hestenes_stiefel", "fletcher_reeves"])
def test_conjugate_gradients_arrive_in_n_steps(formula):
    descent = composed(conjugate_gradient(formula=formula), parabolic())
    state, rows = walked(BOWL, descent, 3)
    np.testing.assert_allclose(state.params, CENTER, atol=1e-10)
    assert rows["gradient_norm"][2] > 0.1
    # steepest descent, which forgets the direction before, does not
    forgetful = conjugate_gradient(formula=formula)
    forgetful = forgetful._replace(
        toward=lambda point, state, f=forgetful: f.toward(point, f.init(point.x))
    )
    assert (
        jnp.linalg.norm(walked(BOWL, composed(forgetful, parabolic()), 3)[0].params - CENTER) > 1e-3
    )


def test_bfgs_knows_the_hessian_of_a_quadratic_after_n_steps():
    descent = composed(bfgs(), parabolic())
    state, _ = walked(BOWL, descent, 4)
    learnt = state.descent[0].inverse
    np.testing.assert_allclose(learnt, jnp.linalg.inv(A), atol=1e-8)
    np.testing.assert_allclose(state.params, CENTER, atol=1e-8)


def test_the_secant_update_takes_y_to_s_and_stays_positive():
    s, y = jnp.array([1.0, 2.0, -1.0]), jnp.array([0.5, 1.0, 0.3])
    updated = secant(A, s, y)
    np.testing.assert_allclose(updated @ y, s, atol=1e-12)
    np.testing.assert_allclose(updated, updated.T)
    assert jnp.all(jnp.linalg.eigvalsh(updated) > 0)
    assert jnp.any(jnp.linalg.eigvalsh(secant(A, s, -y)) < 0)  # which is why y.s > 0 is asked for


def gaussian(written):
    """Fit N(m, s²) to numbers, in params that ``written`` turns into m and s."""
    sample = jnp.array([0.3, -1.0, 2.5, 0.9])

    def loss(p):
        m, s = written(p)
        return jnp.mean((sample - m) ** 2) / (2 * s**2) + jnp.log(s)

    def fisher(p):
        J, s = jnp.stack(jax.jacobian(written)(p)), written(p)[1]
        return J.T @ jnp.diag(jnp.stack([1 / s**2, 2 / s**2])) @ J

    return loss, fisher


def in_logs(p):
    return p[0], jnp.exp(p[1])


def plain(p):
    return p[0], p[1]


def test_the_natural_gradient_does_not_mind_how_the_model_is_written():
    (loss, fisher), (log_loss, log_fisher) = gaussian(plain), gaussian(in_logs)
    start, log_start = jnp.array([0.0, 2.0]), jnp.array([0.0, jnp.log(2.0)])

    def both(direction):
        one = vector(direction, of(loss, start, fisher=fisher))
        other = vector(direction, of(log_loss, log_start, fisher=log_fisher))
        return one, jnp.stack([other[0], 2 * other[1]])  # ds = s d ln s

    np.testing.assert_allclose(*both(natural_gradient()))
    one, other = both(newton(damping=1e12))  # the plain gradient does
    assert not np.allclose(1e12 * one, 1e12 * other, rtol=0.1)
