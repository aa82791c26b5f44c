"""The test problems are those of the literature: their starts, their minima, their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from lab.calculus.landscapes import landscapes_of_any_dimension as any_dimension
from lab.calculus.landscapes import mgh_any_size, mgh_equations, mgh_fits
from lab.calculus.landscapes import plane_landscapes as plane
from lab.calculus.landscapes.least_squares import LeastSquares, squares_gradient
from lab.calculus.landscapes.more_garbow_hillstrom import PROBLEMS

# the loss at the standard start, and the minimum that Levenberg-Marquardt of MINPACK finds from it
PUBLISHED = {
    1: (24.2, 0), 2: (400.5, 48.98425), 3: (1.13526, 0), 4: (1e12, 0), 5: (14.2031, 0), 6: (4171.31, 124.362),
    7: (2500, 0), 8: (41.6817, 8.21488e-3), 9: (3.88811e-6, 1.12793e-8), 10: (1.69361e9, 87.9459), 11: (12.1107, 0),
    12: (1031.15, 0), 13: (215, 0), 14: (19192, 0), 15: (5.31317e-3, 3.07506e-4), 16: (7.92669e6, 85822.2),
    17: (0.879026, 5.46489e-5), 18: (0.77907, 0), 19: (2.09342, 4.01377e-2), 20: (30, 2.28767e-3), 21: (121, 0),
    22: (430, 0), 23: (885.063, 2.24998e-5), 24: (2.34001, 9.37629e-6), 25: (2.19855e6, 0), 26: (7.07576e-3, 2.79506e-5),
    27: (273.248, 0), 28: (7.88519e-4, 0), 29: (6.34168e-2, 0), 30: (21, 0), 31: (360, 0), 32: (50, 10),
    33: (8.65867e6, 4.63415), 34: (4.068e6, 6.13514), 35: (3.37706e-2, 0),
}  # fmt: skip
BY_NUMBER = {problem.number: problem for problem in PROBLEMS}


def descended(problem: LeastSquares) -> float:
    """The sum of squares where MINPACK ends, with the Jacobian by hand."""
    residuals, jacobian = jax.jit(problem.residuals), jax.jit(problem.jacobian)
    exact = dict(xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=3000)
    found = optimize.least_squares(
        lambda x: np.asarray(residuals(jnp.asarray(x))),
        np.array(problem.start),
        lambda x: np.asarray(jacobian(jnp.asarray(x))),
        method="lm",
        **exact,
    )
    return 2 * float(found.cost)


def test_all_35_problems_are_there_once():
    assert [problem.number for problem in PROBLEMS] == list(range(1, 36))
    assert len({problem.name for problem in PROBLEMS}) == 35


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_a_problem_begins_and_ends_as_published(problem):
    begins, ends = PUBLISHED[problem.number]
    start = jnp.array(problem.start)
    np.testing.assert_allclose(problem.loss(start), begins, rtol=5e-6)
    assert any(
        np.isclose(ends, value, rtol=1e-5, atol=1e-12)
        for value in (problem.minimum, *problem.local)
    )
    np.testing.assert_allclose(descended(problem), ends, rtol=5e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("residuals", "jacobian", "start", "begins", "ends"),
    [
        (mgh_any_size.watson_residuals, mgh_any_size.watson_jacobian, [0.0] * 9, 30, 1.39976e-6),
        (mgh_any_size.watson_residuals, mgh_any_size.watson_jacobian, [0.0] * 12, 30, 4.7224e-10),
        (mgh_any_size.penalty_1_residuals, mgh_any_size.penalty_1_jacobian, range(1, 11), 148032.56535, 7.08765e-5),
        (mgh_any_size.penalty_2_residuals, mgh_any_size.penalty_2_jacobian, [0.5] * 10, 162.65277, 2.93661e-4),
        (mgh_equations.chebyquad_residuals, mgh_equations.chebyquad_jacobian, np.arange(1, 9) / 9, 3.86176982859e-2, 3.51687e-3),
        (mgh_equations.chebyquad_residuals, mgh_equations.chebyquad_jacobian, np.arange(1, 11) / 11, 3.37631e-2, 6.50395e-3),
    ],
)  # fmt: skip
def test_other_sizes_end_as_published(residuals, jacobian, start, begins, ends):
    problem = LeastSquares(0, "", residuals, jacobian, tuple(map(float, start)), ends)
    np.testing.assert_allclose(problem.loss(jnp.array(problem.start)), begins, rtol=1e-3)
    np.testing.assert_allclose(descended(problem), ends, rtol=5e-6)


def test_a_misprinted_datum_would_be_seen(monkeypatch):
    monkeypatch.setattr(mgh_fits, "BARD", tuple(0.16 if y == 0.96 else y for y in mgh_fits.BARD))
    # a function of its own: what is jitted by name is traced already
    misprinted = BY_NUMBER[8]._replace(residuals=lambda x: mgh_fits.bard_residuals(x))
    np.testing.assert_allclose(descended(misprinted), 0.5506, rtol=1e-3)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_the_gradient_of_a_problem_is_that_of_its_loss(problem):
    x = jnp.array(problem.start) + 0.01
    truth = jax.grad(problem.loss)(x)
    scale = float(jnp.max(jnp.abs(truth)))
    np.testing.assert_allclose(problem.gradient(x), truth, rtol=1e-9, atol=1e-11 * scale)
    without_factor = problem.jacobian(x).T @ problem.residuals(x)
    assert not np.allclose(without_factor, truth, rtol=1e-3, atol=1e-11 * scale)


def test_twice_the_pullback_is_the_gradient():
    r, J = jnp.array([1.0, -2.0, 3.0]), jnp.array([[1.0, 2.0], [0.0, 1.0], [4.0, 0.0]])
    np.testing.assert_allclose(squares_gradient(r, J), [26.0, 0.0])


MINIMA = [
    (plane.booth, [1.0, 3.0], 0),
    (plane.matyas, [0.0, 0.0], 0),
    (plane.himmelblau, [3.0, 2.0], 0),
    (plane.himmelblau, [-2.805118086953, 3.131312518250], 0),
    (plane.himmelblau, [-3.779310253378, -3.283185991286], 0),
    (plane.himmelblau, [3.584428340330, -1.848126526964], 0),
    (plane.three_hump_camel, [0.0, 0.0], 0),
    (plane.six_hump_camel, [0.0898420131, -0.7126564030], -1.031628453),
    (plane.mccormick, [-0.5471975512, -1.5471975512], -1.913222955),
    (plane.easom, [np.pi, np.pi], -1),
    (plane.goldstein_price, [0.0, -1.0], 3),
    (plane.branin, [-np.pi, 12.275], 0.397887358),
    (plane.branin, [np.pi, 2.275], 0.397887358),
    (plane.branin, [3 * np.pi, 2.475], 0.397887358),
    (plane.bohachevsky, [0.0, 0.0], 0),
    (plane.levy, [1.0, 1.0], 0),
    (plane.dixon_price, [1.0, 0.5**0.5], 0),
    (plane.scalar_network, [2.0, 0.5], 0),
    (any_dimension.sphere, [0.0] * 3, 0),
    (any_dimension.chained_rosenbrock, [1.0] * 5, 0),
    (any_dimension.zakharov, [0.0] * 3, 0),
    (any_dimension.trid, [4.0, 6.0, 6.0, 4.0], -16),
    (any_dimension.rastrigin, [0.0] * 3, 0),
    (any_dimension.griewank, [0.0] * 3, 0),
    (any_dimension.schwefel, [420.968746] * 2, 2.5e-5),
    (any_dimension.styblinski_tang, [-2.903534028] * 3, -117.4984971),
]


@pytest.mark.parametrize(("f", "at", "lowest"), MINIMA)
def test_the_minimum_is_where_it_is_said_to_be(f, at, lowest):
    x = jnp.array(at, float)
    np.testing.assert_allclose(
        f(x), lowest, rtol=1e-8, atol=3e-5 if f is any_dimension.schwefel else 1e-12
    )
    np.testing.assert_allclose(jax.grad(f)(x), 0, atol=2e-6)
    assert jnp.all(jnp.linalg.eigvalsh(jax.hessian(f)(x)) > -1e-9)


def test_ackley_has_a_cusp_at_its_bottom():
    assert any_dimension.ackley(jnp.zeros(3)) == 0
    beside = any_dimension.ackley_gradient(jnp.full(3, 1e-9))
    np.testing.assert_allclose(beside, 4 / 3, rtol=1e-6)
