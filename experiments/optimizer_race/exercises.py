"""Exercises on optimizer_race: what the contenders do, and what the rules do to them.

Momentum on a curvature c is v' = b v - a c x, x' = x + v'. Adam divides an average of gradients by
the root of an average of squares. A race counts evaluations: losses, gradients, and products with
derivatives, a Hessian of n columns being n.
"""

import jax.numpy as jnp

# ----- first steps -----


def adam_step(g, rate, floor):
    """Adam's first step from averages of 0, biases corrected."""
    m, v = 0.1 * g, 0.001 * g**2
    return -rate * (m / (1 - 0.9)) / (jnp.sqrt(v / (1 - 0.999)) + floor)


def adam_first():
    """Easy: Adam's first step.

    The first step of Adam at the rate 0.01 where the gradient is -300, the floor so small that it
    does not count. A number.
    """
    ...


def rate_of_adam(g, rate, floor):
    """Medium: Adam's first step as a function of the gradient.

    A formula for `adam_step` without averages, for g other than 0.
    """
    ...


# ----- momentum -----


def characteristic(z, a, b, c):
    """z² - (1 + b - a c) z + b, whose greater root is what a step of momentum leaves."""
    return z**2 - (1 + b - a * c) * z + b


def critical_momentum():
    """Medium: critical damping.

    At a c = 0.25, for which momentum b below 1 do both roots of `characteristic` coincide?
    """
    ...


def stable_settings():
    """Medium: settings that hold.

    A rate a and a momentum b, as an array of two, with a beyond 2 and yet both roots of
    `characteristic` inside the unit circle, for c = 1. There are many: give one pair.
    """
    ...


# ----- the rules -----


def evaluations_of_newton():
    """Easy: what is counted.

    Newton's method makes 5 steps in 10 variables with whole Hessians; at each step its search for
    the length tries 1 only, where the next step begins. Each point a step starts from costs a loss
    and a gradient. How many evaluations are the 5 steps?
    """
    ...


def loss_after_a_step(a, x, c):
    """c x'²/2 after one step of gradient descent on c x²/2."""
    return c * (x - a * c * x) ** 2 / 2


def hypergradient(a, x, c):
    """Hard: the slope of the loss after one step in the rate.

    The derivative of `loss_after_a_step` in the rate a.
    """
    ...


def costs_that_flip():
    """Hard: a ranking that flips.

    Two methods solve a problem: A in 20 steps, B in 12. A step of A costs 2 evaluations. How many
    must a step of B cost for A to be ahead in evaluations? A number of evaluations per step.
    """
    ...
