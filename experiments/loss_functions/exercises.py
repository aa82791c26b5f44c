"""Exercises on loss_functions: what an error costs, and how hard it pulls.

The slope of a loss in the residual r is the pull of one sample; a fit is where all pulls balance.
The cost is the mean of the losses, so its gradient is the mean of theirs. A nudge h of a weight
changes the cost by about slope times h.
"""

import jax
import jax.numpy as jnp


def huber(r, d):
    """r²/2 up to |r| = d, and from there a straight line."""
    return jnp.where(jnp.abs(r) <= d, r**2 / 2, d * (jnp.abs(r) - d / 2))


def huber_slope(r, d):
    """Easy: the pull of one sample.

    The derivative of `huber` in the residual r, for d > 0.
    """
    ...


def dearest_middle():
    """Easy: what a loss is best at.

    Which number c makes the mean of |c - y| over y = 1, 2, 3, 10, 100 as small as it can be?
    """
    ...


def change_in_one_step():
    """Easy: the slope predicts, the curvature corrects.

    A cost is a parabola in w. At w = 1 its slope is 3, and its second derivative is 2 everywhere.
    By how much does it change, exactly, if w goes to 0.9? A number with its sign.
    """
    ...


def cost(w, X, y):
    """The mean of (Xw - y)² over n samples."""
    return jnp.mean((X @ w - y) ** 2)


def cost_gradient(w, X, y):
    """Medium: from the errors to the weights.

    The gradient of `cost` in w: X has a row for each sample, w an entry for each column.
    """
    ...


def log_loss(z, y):
    """-y ln s(z) - (1 - y) ln(1 - s(z)), with the sigmoid s."""
    return y * jax.nn.softplus(-z) + (1 - y) * jax.nn.softplus(z)


def log_loss_slope(z, y):
    """Medium: the logarithm undoes the sigmoid.

    The derivative of `log_loss` in the score z, for a label y between 0 and 1. `jax.nn.sigmoid`
    may be used.
    """
    ...


def four_in_five():
    """Medium: a loss for a quantile.

    The loss of predicting c for y is 0.8 (y - c) if c is too low and 0.2 (c - y) if it is too high.
    A number c at which the mean loss over y = 1, 2, 3, ..., 10 is as small as it can be.
    """
    ...


def pull_of_the_outlier(t):
    """Hard: one sample far out.

    The centre c of the data -1, 0, 1 and t is fitted with Huber's loss with d = 2. For t > 4 find
    c, as a number: the sum of all pulls is 0 there.
    """
    ...


def forgiving(r):
    """Hard: a loss that lets go.

    The value at r of a loss with a pull that returns to 0: even in r, 0 at 0, nowhere negative,
    with second derivative 1 at 0, and a slope of less than 1/100 at |r| = 1000 and beyond.
    """
    ...
