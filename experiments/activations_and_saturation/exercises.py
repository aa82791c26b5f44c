"""Exercises on activations_and_saturation: slopes that gradients are multiplied by.

Going back through a layer, a gradient is multiplied by the slope of its activation at each unit.
Where the slope is nearly 0 the unit is saturated, and hardly anything comes through. The sigmoid
s has the slope s (1 - s), the normal distribution function Phi the slope phi, the density.
"""

import jax
import jax.numpy as jnp
from jax.scipy.stats import norm


def sigmoid(x):
    return jax.nn.sigmoid(x)


def sigmoid_slope(x):
    """Easy: the slope of the sigmoid.

    The derivative of `sigmoid` at x. `jax.nn.sigmoid` may be used.
    """
    ...


def greatest_sigmoid_slope():
    """Easy: where an activation is steepest.

    The greatest value that the slope of the sigmoid takes anywhere. A number.
    """
    ...


def layers_until_gone():
    """Easy: slopes multiply.

    A chain of sigmoid units, one a layer, joined by weights of 1, each at its steepest. After how
    many layers is less than a millionth of a gradient left? The smallest whole number.
    """
    ...


def gelu(x):
    return x * norm.cdf(x)


def gelu_slope(x):
    """Medium: a product rule.

    The derivative of `gelu` at x. `norm.cdf` and `norm.pdf` of `jax.scipy.stats` may be used.
    """
    ...


def steepest_gelu():
    """Medium: the maximum of a slope.

    A number x at which the slope of `gelu` is greater than anywhere else.
    """
    ...


def softmax(z):
    return jax.nn.softmax(z)


def softmax_slopes(z):
    """Hard: an activation of many numbers.

    The Jacobian of `softmax` at z: entry (i, j) is the derivative of output i by input j.
    """
    ...


def never_saturated(x):
    """Hard: an activation that stays open.

    The value at x, a number, of a continuous activation that is no straight line and whose slope
    is nowhere below 1/2 and nowhere above 1.
    """
    ...
