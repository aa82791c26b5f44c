"""Exercises on hessian_and_curvature: how a landscape is bent, and in which directions.

The Hessian H holds all second derivatives. Along a unit vector v the second derivative is v'Hv; it
lies between the least and the greatest eigenvalue of H, the curvatures. Where the gradient is 0 the
point is a minimum if all of them are positive, a maximum if all are negative, a saddle if there are
both. If one of them is 0 the Hessian does not tell.
"""

import jax.numpy as jnp

# ----- entries and directions -----


def fold(p):
    x, y = p
    return x**2 * y + y**3


def fold_hessian(p):
    """Easy: second derivatives.

    The Hessian of `fold` at p = (x, y): a 2 by 2 array.
    """
    ...


def curvature_along():
    """Easy: one direction.

    H = [[2, 1], [1, 2]]. What is the second derivative along the direction of (1, 1), at unit
    speed?
    """
    ...


def condition():
    """Easy: the condition number.

    The greatest curvature over the least, for the same H = [[2, 1], [1, 2]].
    """
    ...


# ----- level points -----


def kind_of_point():
    """Medium: what is it?

    f = x⁴ - 2x² + y² is level at the origin. Is that a minimum, a maximum or a saddle? Answer with
    the word.
    """
    ...


def bottom():
    """Medium: find one.

    A minimum (x, y) of f = x³ - 12xy + 8y³. There is one: look for points where the gradient is 0.
    """
    ...


def undecided(x, y):
    """Medium: when the Hessian does not tell.

    A function of two numbers with f(0, 0) = 0 whose gradient and Hessian vanish at the origin, and
    which has a strict minimum there: positive everywhere else nearby. Answer with f(x, y).
    """
    ...


# ----- without a matrix -----


def quartic_slope(x):
    """The gradient of (x'x)²/4."""
    return x @ x * x


def curvature_product(x, v):
    """Medium: a Hessian times a vector.

    H(x) v for the function (x'x)²/4, whose gradient is `quartic_slope`: the derivative of the
    gradient on the way v. It should not need a matrix.
    """
    ...


def greatest_curvature(product, size):
    """Hard: eigenvalues from products.

    `product(v)` returns H v for a symmetric H of `size` by `size` that you never see. No eigenvalue
    is negative, and the greatest stands clear of the others. Find it, to one part in a thousand.
    """
    ...


def greater(h):
    """The greater eigenvalue of [[a, b], [b, c]], h = (a, b, c)."""
    a, b, c = h
    return (a + c) / 2 + jnp.sqrt((a - c) ** 2 / 4 + b**2)


def greater_gradient(h):
    """Hard: how an eigenvalue moves.

    The gradient of `greater` with respect to h = (a, b, c). (Check: what is its first entry plus
    its last?)
    """
    ...


def order_matters(x, y):
    """Hard: mixed partials that differ.

    A function of two numbers, with f(0, 0) = 0, for which differentiating first in x and then in y
    gives another number at the origin than first in y and then in x, and both exist. Answer with
    f(x, y); mind 0/0 at the origin.
    """
    ...
