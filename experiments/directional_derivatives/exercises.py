"""Exercises on directional_derivatives: one vector answers for every direction.

The rate of f at p on the way v is D_v f(p) = d/dt f(p + t v) at t = 0.
Where f is differentiable, D_v f = grad f . v: one vector knows all the rates. Among unit vectors
the rate is greatest along the gradient, where it is |grad f|, and 0 along the level curve.
"""

import jax.numpy as jnp

# ----- a bowl -----


def bowl(p):
    x, y = p
    return x**2 + x * y + y**2


def bowl_gradient(p):
    """Easy: partial derivatives.

    The gradient of `bowl` at p = (x, y): an array of its two partial derivatives.
    """
    ...


def bowl_rate(p, v):
    """Easy: the rate as a dot product.

    The rate D_v f(p) of `bowl` at p = (x, y) on the way v = (a, b), of any length.
    """
    ...


def steepest_rate():
    """Easy: the greatest rate.

    Standing on `bowl` at p = (1, 0), how fast does the ground rise in the steepest direction?
    A number; `jnp.sqrt` is welcome.
    """
    ...


def level_direction():
    """Medium: a direction with rate 0.

    A unit vector along which `bowl` neither rises nor falls at p = (1, 0). There are two: give one.
    """
    ...


def half_as_steep():
    """Medium: a direction with half the greatest rate.

    A unit vector along which the rate of `bowl` at p = (1, 0) is half of what it is at the most.
    """
    ...


# ----- a walk -----


def walk(t, p, v):
    """The height x² y of the landscape on a walk from p with velocity v, after time t."""
    x, y = p + t * v
    return x**2 * y


def second_rate(t, p, v):
    """Medium: the second rate along a line.

    The second derivative of `walk` in the time t, with p = (x, y) and v = (a, b). At t = 0 it is
    v^T H v, with H the matrix of second derivatives of x² y.
    """
    ...


# ----- two harder ones -----


def slope(v, g):
    """The slope in the direction of v, of any length, where the gradient is g."""
    return g @ v / jnp.sqrt(v @ v)


def slope_gradient(v, g):
    """Hard: the steepest direction, by calculus.

    The gradient of `slope` with respect to v. (Where is it 0? That proves the steepest ascent.)
    """
    ...


def without_gradient(x, y):
    """Hard: all directional derivatives, and no gradient.

    A function of two numbers with f(0, 0) = 0 whose rate at the origin is 0 in every direction,
    but which is not differentiable there. Answer with f(x, y); mind 0/0 at the origin.
    """
    ...
