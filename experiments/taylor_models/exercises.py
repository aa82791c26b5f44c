"""Exercises on taylor_models: polynomials that agree to the last derivative.

The Taylor polynomial of order n at a has the coefficients f^(k)(a) / k!; what it leaves out is
f^(n+1)(c) h^(n+1) / (n+1)! for some c between a and a + h. The series converges up to the nearest
point of the complex plane where f misbehaves.
"""

import jax
import jax.numpy as jnp

# ----- coefficients -----


def cosine_model(x):
    """Easy: a Taylor polynomial.

    The Taylor polynomial of order 4 of the cosine at 0. (Judged at all x: it is a polynomial.)
    """
    ...


def third_coefficient():
    """Easy: derivatives over factorials.

    The coefficient of x³ in the Taylor series of e^(2x) at 0. A number.
    """
    ...


def softplus(x):
    return jnp.log1p(jnp.exp(x))


def softplus_model(x):
    """Medium: integrate a series.

    The Taylor polynomial of order 3 of `softplus` at 0. (Its slope is the sigmoid, whose series
    begins 1/2 + x/4.)
    """
    ...


# ----- errors -----


def error_ratio():
    """Easy: the order of an error.

    A tangent plane touches a smooth surface. About how many times smaller is the gap between them
    a tenth as far from the point of contact? A number.
    """
    ...


def radius():
    """Medium: how far a series reaches.

    The radius of convergence of the Taylor series of 1/(x² + 2x + 5) at 0. A number.
    """
    ...


def enough_terms():
    """Medium: a bound on the error.

    The smallest order n for which Lagrange's bound, with the largest derivative between 0 and 1
    (take it to be e), makes sure that the Taylor polynomial of e^x at 0 is within 0.001 at x = 1.
    A number.
    """
    ...


# ----- several variables -----


def surface(p):
    x, y = p
    return jnp.exp(x) * jnp.cos(y)


def second_order_model(d):
    """Medium: a model with a Hessian.

    The Taylor polynomial of order 2 of `surface` at the origin, at the place d = (a, b).
    """
    ...


# ----- two harder ones -----


def jet_of_square_root(x, v, a):
    """Hard: a series inside a function.

    Let x(t) have the value x > 0, velocity v and acceleration a at t = 0. The second derivative of
    sqrt(x(t)) in t, at t = 0.
    """
    ...


def second_derivative_along(x, v, a):
    """The same by JAX, to compare."""
    path = lambda t: jnp.sqrt(x + t * v + t**2 / 2 * a)
    return jax.grad(jax.grad(path))(0.0 * x)


def flat_but_not_zero(x):
    """Hard: all derivatives are not everything.

    A function that is positive for all x other than 0, of at least 0.1 at x = 1 and x = -1, and so
    flat at 0 that f(0) = 0 and all of its derivatives there are 0. Answer with f(x).
    """
    ...
