"""Exercises on limits_and_first_principles: a derivative is a hole in a graph, filled.

The slope of the secant through x and x + h is (f(x + h) - f(x)) / h, which says 0/0 at h = 0.
Algebra takes h out of the denominator; what is left at h = 0 is the slope of the tangent, f'(x).
Where the limits from the right and from the left differ there is a kink, and no derivative.
"""

import jax.numpy as jnp

# ----- secants and tangents -----


def cube_secant(x, h):
    """Easy: the binomial formula.

    The slope of the secant of x³ through x and x + h, simplified until h = 0 may be put in.
    """
    ...


def reciprocal_slope():
    """Easy: a slope from first principles.

    The slope of 1/x at x = 4: bring 1/(4 + h) - 1/4 over one denominator. A number.
    """
    ...


def root(x):
    return jnp.sqrt(x)


def root_slope(x):
    """Medium: the conjugate.

    The derivative of `root`. (Multiply √(x+h) - √x by √(x+h) + √x, above and below.)
    """
    ...


# ----- limits -----


def three_limits():
    """Medium: holes in a graph.

    The limits of (x² - 9) / (x - 3) at 3, of sin(3x) / x at 0, and of (1 - cos x) / x² at 0:
    an array of three numbers.
    """
    ...


def base_with_slope_two():
    """Medium: what e is.

    The number a for which the graph of a^x goes through (0, 1) with slope 2.
    """
    ...


# ----- kinks -----


def one_sided_slopes():
    """Easy: slopes from the left and from the right.

    The two slopes of |x| + 2x at 0: an array, from the left first.
    """
    ...


def two_kinks(x):
    """Hard: continuous, and not differentiable.

    A function that is continuous everywhere and differentiable everywhere but at -2 and at 1.
    Answer with f(x); x is a number of JAX, so choose with `jnp.where` rather than with `if`.
    """
    ...


def wiggle(x):
    """x² sin(1/x), and 0 at 0."""
    away = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, away**2 * jnp.sin(1 / away))


def wiggle_slope(x):
    """Hard: differentiable, with a derivative that jumps about.

    The derivative of `wiggle`, at 0 as well: there take the limit of wiggle(h) / h.
    """
    ...
