"""Exercises on jacobians: maps seen close up.

The Jacobian of a map has one row for each output and one column for each input: dF = J dx.
Jacobians of composed maps multiply, each taken at its own place; det J is the growth of areas.
A jvp gives J v at the cost of about one evaluation, a vjp gives u^T J.
"""

import jax.numpy as jnp

# ----- maps of the plane -----


def square(p):
    """The square of the complex number x + iy."""
    x, y = p
    return jnp.stack([x**2 - y**2, 2 * x * y])


def square_jacobian(p):
    """Easy: a Jacobian, entry by entry.

    The Jacobian of `square` at p = (x, y): a 2 by 2 array, rows for outputs.
    """
    ...


def polar(q):
    """From (r, t) to (x, y)."""
    r, t = q
    return jnp.stack([r * jnp.cos(t), r * jnp.sin(t)])


def polar_determinant():
    """Easy: the growth of areas.

    A small rectangle of the plane of r and t, at r = 3 and t = 0.5, has the area 0.001. About how
    large is its image under `polar`? A number.
    """
    ...


def shape_of_jacobian():
    """Easy: rows and columns.

    The shape of the Jacobian of a map that takes 5 numbers and gives 2: an array of two integers.
    """
    ...


# ----- undoing -----


def to_polar(p):
    """From (x, y) to (r, t)."""
    x, y = p
    return jnp.stack([jnp.sqrt(x**2 + y**2), jnp.arctan2(y, x)])


def to_polar_jacobian(p):
    """Medium: the Jacobian of an inverse.

    The Jacobian of `to_polar`, away from the origin. (With the inverse function
    theorem, or without.)
    """
    ...


def fold():
    """Medium: where a map cannot be undone.

    A point p = (x, y), not the origin, at which the map (x, y) -> (x² + y², xy) has no inverse
    nearby.
    """
    ...


def same_image():
    """Medium: an inverse nearby is not an inverse.

    Two different points p and q that `square` sends to the same place: a 2 by 2 array, one point in
    each row. (Its determinant 4 (x² + y²) is 0 at the origin only.)
    """
    ...


# ----- an arm -----


def hand(angles):
    """Where the hand is: bones of length 1, the second angle is seen from the first bone."""
    a, b = angles
    return jnp.stack([jnp.cos(a) + jnp.cos(a + b), jnp.sin(a) + jnp.sin(a + b)])


def torques(angles, force):
    """Medium: a Jacobian from the left.

    The pullback of `hand`: J^T force, the torques that hold a force at the hand.
    """
    ...


# ----- two harder ones -----


def softmax(z):
    e = jnp.exp(z - jnp.max(z))
    return e / jnp.sum(e)


def softmax_push(z, v):
    """Hard: a Jacobian times a vector, without the matrix.

    The derivative of `softmax` along v, of as many operations as there are entries: J v.
    """
    ...


def cheaper_backwards():
    """Hard: the cost of a Jacobian.

    A map takes n = 1000 numbers and gives m = 40. A jvp costs 2 evaluations of it, a vjp costs 4.
    How many evaluations does the whole Jacobian cost, by the cheaper mode? A number.
    """
    ...
