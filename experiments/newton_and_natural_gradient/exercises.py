"""Exercises on newton_and_natural_gradient: steps that know the curvature.

Newton's step -H^-1 g goes to the bottom of the parabola that hugs the loss. Gauss-Newton leaves the
bends of the residuals out of H; the natural gradient F^-1 g measures a move by what it does to the
model, so that it does not matter how the model is written.
"""

import jax.numpy as jnp

# ----- one step -----


def parabola(x):
    """3x² - 12x + 5"""
    return 3 * x**2 - 12 * x + 5


def newton_arrives():
    """Easy: one step on a quadratic.

    Where does one step of Newton's method on `parabola` from x = 10 end? A number.
    """
    ...


def quartic_share():
    """Easy: when digits do not double.

    What share of x does a step of Newton's method on x⁴ leave? A number, the same for every x.
    """
    ...


# ----- damping -----


def damped(damping, slope, curvature):
    """A damped step in one dimension."""
    return -slope / (curvature + damping)


def damped_derivative(damping, slope, curvature):
    """Medium: what damping does to a step.

    The derivative of `damped` in the damping.
    """
    ...


# ----- Gauss-Newton -----


def squares(x, c):
    """A sum of two squares of which the second residual bends by c; its bottom is at 0."""
    return (x + 1) ** 2 + (c * x**2 + x - 1) ** 2


def squares_derivative(x, c):
    """Medium: the gradient of a sum of squares.

    The derivative of `squares` in x: twice the residuals times their slopes.
    """
    ...


def a_bend_that_fails():
    """Hard: when Gauss-Newton fails.

    A bend c below 1 (so that 0 is a minimum of `squares`) for which Gauss-Newton's steps,
    x - J^T r / J^T J, lead away from 0 however near they begin. There are many: give one number.
    """
    ...


# ----- the natural gradient -----


def natural_direction(m, s, dm, ds):
    """Medium: the natural gradient of a normal distribution.

    The loss of N(m, s²) has the slopes dm and ds. Fisher's information on (m, s) is
    diag(1/s², 2/s²). The natural gradient, an array of two numbers.
    """
    ...


def fisher_of_log(s):
    """Hard: the same in other parameters.

    Fisher's information on s is 2/s². What is it on l = ln s? A number; s is given.
    """
    ...
