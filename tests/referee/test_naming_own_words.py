"""Mistakes are named where all points have one shape, and the formula is written in its own way."""

import jax
import jax.numpy as jnp
import pytest

from tests.referee.told import Told, draws, require


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


REGRESSION = draws((3,), (5, 3), (5,))


def norm_of_rows(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def norm_of_rows_vjp(x, g, axis=-1):
    m, s = x.mean(axis, keepdims=True), jnp.sqrt(x.var(axis, keepdims=True) + 1e-5)
    h = (x - m) / s
    return (g - g.mean(axis, keepdims=True) - h * (g * h).mean(axis, keepdims=True)) / s


def summed_gelu(x):
    return jnp.sum(jax.nn.gelu(x))


def gelu_gradient(x, root=0.7978845608028654, cube=0.044715):
    u = root * (x + cube * x**3)
    s = 1 / (1 + jnp.exp(-2 * u))
    return s + 2 * x * s * (1 - s) * root * (1 + 3 * cube * x**2)


def summed_huber(r):
    return jnp.sum(jnp.where(jnp.abs(r) < 1, 0.5 * r**2, jnp.abs(r) - 0.5))


def energy(x, S):
    return jnp.exp(-x @ S @ x)


OWN_WORDS = [
    Told("n known from a mean", mse, lambda w, X, y: 2 * (X.T @ X @ w - X.T @ y), "batch_factor", "", REGRESSION),
    Told("d for n", mse, lambda w, X, y: 2 / 3 * (X.T @ X @ w - X.T @ y), "batch_factor", "", REGRESSION),
    Told("n - 1 for n", mse, lambda w, X, y: 2 / 4 * (X.T @ X @ w - X.T @ y), "batch_factor", "", REGRESSION),
    Told("half, of a mean over five", mse, lambda w, X, y: 1 / 5 * (X.T @ X @ w - X.T @ y), "factor", "", REGRESSION),
    Told("a third that nobody averages", lambda x: jnp.sum(x**3), lambda x: x**2, "factor", "", draws((3,))),
    Told("sign of one term", mse, lambda w, X, y: 2 / 5 * (X.T @ X @ w + X.T @ y), "sign", "", REGRESSION),
    Told("the residual without its prediction", mse, lambda w, X, y: -2 / 5 * X.T @ y, "missing_term", "", REGRESSION),
    Told("columns for rows of a square", norm_of_rows, lambda x, g: norm_of_rows_vjp(x, g, 0), "wrong_axis", "runs along axis 0, and should run along axis 1", draws((5, 5)), "vjp"),
    Told("softmax of columns of a square", lambda z, y: -jnp.sum(y * jax.nn.log_softmax(z)),
         lambda z, y: y.sum(1, keepdims=True) * jax.nn.softmax(z, 0) - y, "wrong_axis", "", draws((4, 4), (4, 4))),
    Told("a constant by heart", summed_gelu, lambda x: gelu_gradient(x, root=0.79), "constant", "0.79 in `root * (x + cube * x**3)` should be 0.797885", draws((6,))),
    Told("a constant that is there twice", summed_gelu, lambda x: gelu_gradient(x, cube=0.0447), "constant", "0.0447 in `cube * x**3` should be 0.044715", draws((6,))),
    Told("a transpose inside", lambda X, A, B: jnp.trace(X.T @ A @ X @ B), lambda X, A, B: A @ X @ B + A.T @ X @ B,
         "transpose", "", draws((4, 3), (4, 4), (3, 3))),
    Told("a matrix left out", energy, lambda x, S: -jnp.exp(-x @ S @ x) * (x + S.T @ x), "missing_chain_factor", "",
         draws((3,), (3, 3))),
    Told("the diagonal of the Jacobian", jax.nn.softmax, lambda z, t: jax.nn.softmax(z) * (1 - jax.nn.softmax(z)) * t,
         "missing_term", "", draws((4, 5)), "jvp"),
    Told("twice on one branch", summed_huber, lambda r: jnp.where(jnp.abs(r) < 1, 2 * r, jnp.sign(r)), "region", "",
         draws((6,))),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", OWN_WORDS, ids=lambda told: told.label)
def test_mistakes_are_named_in_formulas_of_their_own_words(told):
    require(told)
