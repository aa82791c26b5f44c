"""Exercises on linear_and_logistic_regression: prediction minus truth, times the inputs.

X has a row for each of n samples and a column for each of d features; w has d weights.
Linear: p = Xw, loss |p - y|²/(2n). Logistic: p = s(Xw) with the sigmoid s, loss the mean of
-y ln p - (1 - y) ln(1 - p). The gradient of both is X^T (p - y)/n.
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import solve


def squared_loss(w, X, y):
    return jnp.mean((X @ w - y) ** 2) / 2


def squared_loss_gradient(w, X, y):
    """Easy: the gradient of least squares.

    The gradient of `squared_loss` in w.
    """
    ...


def best_step():
    """Easy: how fast a descent can be.

    The Hessian of a loss has the eigenvalues 1 and 9. With which fixed step does gradient descent
    shrink both errors by the same factor?
    """
    ...


def left_after_ten():
    """Easy: contraction.

    With that step, which share of the error is left after ten steps? A number between 0 and 1.
    """
    ...


def logistic_loss(w, X, y):
    z = X @ w
    return jnp.mean(y * jax.nn.softplus(-z) + (1 - y) * jax.nn.softplus(z))


def logistic_loss_gradient(w, X, y):
    """Medium: the same, with a probability.

    The gradient of `logistic_loss` in w. `jax.nn.sigmoid` may be used.
    """
    ...


def logistic_loss_hessian(w, X, y):
    """Medium: the curvature of logistic regression.

    The Hessian of `logistic_loss` in w: a matrix with d rows and d columns.
    """
    ...


def fitted(y, X):
    """The predictions of the least squares fit to targets y."""
    return X @ solve(X.T @ X, X.T @ y)


def leverage(y, X):
    """Medium: how much a sample predicts itself.

    The Jacobian of `fitted` in the targets y: entry (i, j) is the derivative of prediction i by
    target j.
    """
    ...


def errors_left_out(X, y):
    """y_i minus the prediction for sample i of a fit that has not seen it; a fit for each i."""

    def without(i):
        seen = X * (jnp.arange(y.size) != i).astype(X.dtype)[:, None]
        return y[i] - X[i] @ solve(seen.T @ seen, seen.T @ y)

    return jax.vmap(without)(jnp.arange(y.size))


def errors_left_out_at_once(X, y):
    """Hard: leaving one out, with one fit.

    The same as `errors_left_out`, all n entries, from a single fit to all samples. No loop, and
    none of the fits without a sample.
    """
    ...


def sure_of_it():
    """Hard: perfect separation.

    The inputs -2, -1, 1, 3 have the labels 0, 0, 1, 1. An array (w, b) of a weight and a constant
    for which the mean logistic loss of the scores w x + b is below one in a million.
    """
    ...
