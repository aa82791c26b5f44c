"""Exercises on integrals_and_accumulation: what an area does when something moves.

The slope of an accumulated area is the height of the curve. An integral depends on a number in
three ways, through its upper limit, its lower limit and its integrand, and the three slopes add up.
Read backwards: differentiating a known integral in a parameter gives another one for nothing.
"""

import jax.numpy as jnp
import numpy as np

# ----- the fundamental theorem -----


def integral(f, a, b):
    """The integral of f from a to b, by Gauss' rule with 24 nodes; f takes an array of places."""
    places, weights = np.polynomial.legendre.leggauss(24)
    half = (b - a) / 2
    dtype = jnp.result_type(half)
    return half * (f(a + half * (1 + places.astype(dtype))) @ weights.astype(dtype))


def tank(x):
    """What has flowed in after the time x, at the rate 1 + sin t."""
    return integral(lambda t: 1 + jnp.sin(t), jnp.zeros_like(x), x)


def tank_derivative(x):
    """Easy: the slope of an area.

    The derivative of `tank`.
    """
    ...


def mean_of_square():
    """Easy: an integral by an antiderivative.

    The mean of t² for t between 0 and 3. A number.
    """
    ...


def moving(x):
    """The integral of cos t from x to x²."""
    return integral(jnp.cos, x, x**2)


def moving_derivative(x):
    """Medium: both limits move.

    The derivative of `moving`.
    """
    ...


# ----- probabilities -----


def normal_cdf(x, mean, scale):
    """The probability that a normal variable of this mean and deviation is below x."""
    z = (x - mean) / scale
    return 0.5 + integral(lambda t: jnp.exp(-(t**2) / 2), jnp.zeros_like(z), z) / np.sqrt(2 * np.pi)


def normal_cdf_gradient(x, mean, scale):
    """Medium: the gradient of a probability.

    The gradient of `normal_cdf` with respect to (x, mean, scale): a tuple of three numbers.
    """
    ...


# ----- parameters -----


def third_moment():
    """Medium: differentiate under the integral.

    The integral of t³ e^(-2t) from 0 to infinity. A number. (Start from 1/a, the integral of
    e^(-at).)
    """
    ...


def wave(x):
    """The integral of sin(xt) from 0 to x: x is in the limit and in the curve."""
    return integral(lambda t: jnp.sin(x * t), jnp.zeros_like(x), x)


def wave_derivative(x):
    """Hard: Leibniz' rule.

    The derivative of `wave`, in closed form. (It has no 1/x² in the end, if you go about it well:
    substitute s = xt first. But at x = 0, too, it has to be right.)
    """
    ...


# ----- rules -----


def trapezoid(samples, h):
    return h * (jnp.sum(samples) - (samples[0] + samples[-1]) / 2)


def trapezoid_weights(samples, h):
    """Medium: the gradient of a rule.

    The gradient of `trapezoid` with respect to the samples, of which there are two or more.
    """
    ...


def exact_though_coarse(x):
    """Hard: a rule that is right for the wrong reason.

    A function on [0, 1] that is not linear (at x = 1/4, 1/2 or 3/4 it is 0.01 or more off the line
    through its ends), and whose integral the trapezoid rule with a single step, (f(0) + f(1))/2,
    gives exactly. Answer with f(x).
    """
    ...
