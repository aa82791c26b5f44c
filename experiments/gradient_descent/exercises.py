"""Exercises on gradient_descent: how far to step, and what happens if one steps too far.

A step with learning rate a goes from x to x - a f'(x): against the sign of the slope, downhill.
On a parabola with curvature L the distance to the minimum is multiplied by 1 - aL at every step:
it shrinks for 0 < a < 2/L. In several dimensions the greatest curvature sets that limit.
"""

import jax.numpy as jnp


def bowl(x, y):
    return x**2 + 4 * y**2


def two_steps():
    """Easy: a run by hand.

    Two steps of descent on `bowl` from (4, 1) with learning rate 0.1: an array, where it ends.
    """
    ...


def largest_rate():
    """Easy: when descent diverges.

    Descent on 5x² goes to the minimum for all learning rates between 0 and which number?
    """
    ...


def predicted_change():
    """Easy: the slope predicts.

    At the weight w = 3 the slope of a loss is -2. By how much does the loss change, to first order,
    in one step with learning rate 0.05? A number with its sign.
    """
    ...


def best_rate():
    """Medium: the best fixed step.

    The learning rate with which descent on `bowl` shrinks both coordinates by the same factor, so
    that the slower of the two is as fast as it can be.
    """
    ...


def logistic_loss(w, X, y):
    """The mean of ln(1 + exp(-y (Xw))), with labels y of 1 or -1."""
    return jnp.mean(jnp.logaddexp(0, -y * (X @ w)))


def logistic_loss_gradient(w, X, y):
    """Medium: a gradient to descend along.

    The gradient of `logistic_loss` with respect to w. `jax.nn.sigmoid` comes in handy.
    """
    ...


def for_ever_to_and_fro():
    """Medium: an orbit of period 2.

    Descent on x² that jumps to and fro between two points for ever: a learning rate and a starting
    point, as an array of two numbers.
    """
    ...


def after_one_step(a, x):
    """The loss ln cosh after a step with learning rate a from x; the slope of ln cosh is tanh."""
    there = x - a * jnp.tanh(x)
    return jnp.logaddexp(there, -there) - jnp.log(2.0)


def rate_slope(a, x):
    """Hard: the slope in the learning rate.

    The derivative of `after_one_step` with respect to a. (It is 0 at the best rate for this step.)
    """
    ...


def far_is_too_far(x):
    """Hard: convex, and yet it diverges.

    A convex function with its minimum at 0 for which descent with learning rate 0.5 goes to 0 from
    x = 0.5, but runs away from x = 4. Answer with f(x).
    """
    ...
