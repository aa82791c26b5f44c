"""Exercises on partials_and_gradients: hold all variables but one.

∂f/∂x is the ordinary slope of f with all other variables held; the gradient lists all of them.
A field (F, G) is a gradient only if its curl ∂G/∂x - ∂F/∂y is 0 everywhere.
Differences need 2n evaluations for n partial derivatives, reverse mode the price of a few.
"""

import jax.numpy as jnp

# ----- partial derivatives -----


def wire(p):
    """The potential of a charged wire at a point p = (x, y) across it."""
    x, y = p
    return jnp.log(x**2 + y**2)


def wire_gradient(p):
    """Easy: partial derivatives.

    The gradient of `wire`: an array of its two partial derivatives.
    """
    ...


def held(x, y, z):
    return x * jnp.exp(y * z) + y**2


def held_slope(x, y, z):
    """Easy: one variable of three.

    The partial derivative of `held` with respect to y.
    """
    ...


def evaluations(n):
    """Easy: what differences cost.

    How many times is the loss evaluated for a gradient by central differences in n weights?
    """
    ...


# ----- fields -----


def swirl(x, y):
    """A field: its two components at (x, y)."""
    return x**2 * y, jnp.sin(x) - y**2


def swirl_curl(x, y):
    """Medium: the curl of a field.

    The curl of `swirl` at (x, y). (Is it a gradient?)
    """
    ...


def right_factor():
    """Medium: is it a gradient?

    The number k for which (k x y + y², x² + 2 x y) is the gradient of some function.
    """
    ...


def slopes(x, y):
    """This field is a gradient: its two components at (x, y)."""
    return 2 * x * y + jnp.cos(x), x**2 - 3 * y**2


def potential(x, y):
    """Medium: from a field to its potential.

    The function with f(0, 0) = 0 whose gradient is `slopes`.
    """
    ...


# ----- two harder ones -----


def blind(x, y):
    """Hard: partial derivatives are not enough.

    A function of two numbers with f(0, 0) = 0 that has both partial derivatives at the origin, and
    is not even continuous there. Mind 0/0 at the origin.
    """
    ...


def order_of_growth(n, cost):
    """Hard: fit a power law.

    Two arrays, numbers of weights n and what a gradient costs for each. The p in cost = c n^p that
    fits best: the slope of the line of least squares through log cost over log n.
    """
    ...
