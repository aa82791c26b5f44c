"""What the matrix rules promise beyond being right one by one, and the slips they invite."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, choice, invertible, nonzero, reals, spd
from lab.calculus.matrices import matrix_calculus, matrix_functions, traces


@pytest.mark.parametrize(
    ("of", "wrong", "at"),
    [
        (traces.trace_square, lambda X: 2 * X, {"X": reals("n n")}),
        (traces.trace_product, lambda X, A: A, {"X": reals("n n"), "A": reals("n n")}),
        (traces.symmetric_trace, lambda T, A: jnp.tril(A + A.T),
         {"T": reals("n n"), "A": reals("n n")}),
        (matrix_calculus.quadratic_form, lambda x, A: 2 * A @ x,
         {"x": reals("n"), "A": reals("n n")}),
        (matrix_calculus.mse, lambda w, X, y: 2 * X.T @ (X @ w - y),
         {"w": reals("d"), "X": reals("n d"), "y": reals("n")}),
        (matrix_functions.determinant, lambda X: jnp.linalg.det(X) * jnp.linalg.inv(X),
         {"X": invertible("n")}),
        (matrix_functions.inverse_form,
         lambda X, a, b: jnp.outer(jnp.linalg.solve(X.T, a), jnp.linalg.solve(X, b)),
         {"X": invertible("n"), "a": reals("n"), "b": reals("n")}),
        (matrix_functions.gaussian_energy, lambda S, b: jnp.linalg.inv(S) / 2,
         {"S": spd("n"), "b": nonzero("n")}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, at):
    assert check(of, wrong, at=at).verdict == "wrong"


def test_a_bias_whose_rows_are_not_summed_is_found():
    def wrong(p, X, cotangent):
        bars = {"W": X.T @ cotangent, "b": jnp.mean(cotangent, axis=0)}
        return bars, cotangent @ p["W"].T

    at = {"p": {"W": reals("d k"), "b": reals("k")}, "X": reals("n d")}
    verdict = check(matrix_calculus.linear_layer, wrong, kind="vjp", wrt=("p", "X"), at=at)
    assert verdict.verdict == "wrong"


def test_equation_92_as_printed_is_found_wrong():
    def printed(X, a, b, n):
        power = jnp.linalg.matrix_power
        return sum(
            power(X, n - 1 - r) @ jnp.outer(a, power(X, n) @ b) @ power(X, r)
            + power(X, r).T @ jnp.outer(power(X, n) @ a, b) @ power(X, n - 1 - r).T
            for r in range(n)
        )

    at = {"X": reals("d d"), "a": reals("d"), "b": reals("d"), "n": choice(1, 2, 3)}
    assert check(traces.power_inner_product, printed, wrt="X", at=at).verdict == "wrong"


def test_cholesky_forward_and_backward_are_adjoint():
    one, two, three = jax.random.split(jax.random.key(0), 3)
    S = jnp.cov(jax.random.normal(one, (5, 40)))
    tangent, cotangent = jax.random.normal(two, (5, 5)), jax.random.normal(three, (5, 5))
    forward = jnp.sum(cotangent * matrix_functions.cholesky_factor_jvp(S, tangent))
    backward = jnp.sum(matrix_functions.cholesky_factor_vjp(S, cotangent) * tangent)
    np.testing.assert_allclose(forward, backward, rtol=1e-12)


def test_the_square_root_is_differentiable_where_eigenvalues_are_equal():
    tangent = jnp.array([[1.0, 2.0], [2.0, -3.0]])
    np.testing.assert_allclose(
        matrix_functions.square_root_jvp(4 * jnp.eye(2), tangent), tangent / 4
    )


def test_an_eigenvector_turns_like_one_over_the_gap():
    tangent = jnp.array([[0.0, 1.0], [1.0, 0.0]])
    for gap in (1.0, 1e-3, 1e-6):
        A = jnp.diag(jnp.array([1.0, 1.0 + gap]))
        turned = matrix_functions.leading_eigenvector_jvp(A, tangent)
        np.testing.assert_allclose(jnp.linalg.norm(turned), 1 / gap, rtol=1e-9)
