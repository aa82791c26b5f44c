"""Exercises on elementary_derivatives: the table, and how its rows are found.

(x^a)' = a x^(a-1), (e^x)' = e^x, (ln x)' = 1/x, (sin x)' = cos x, (tan x)' = 1 + tan² x.
An inverse: if x = g(y), then dx = g'(y) dy, so dy/dx = 1/g'(y).
Where base and exponent move, the logarithm helps: d ln y = dy / y.
"""

import jax.numpy as jnp

# ----- powers, exponentials, logarithms -----


def root_of_cube(x):
    return x**1.5


def root_of_cube_slope(x):
    """Easy: the power rule.

    The derivative of `root_of_cube`, for positive x.
    """
    ...


def point_with_slope(m):
    """Easy: the slope of the logarithm.

    The x at which ln x has the slope m.
    """
    ...


def growth_factor(a, x):
    """Medium: exponentials in any base.

    The slope of a^x divided by a^x itself.
    """
    ...


def log_in_base(a, x):
    """The logarithm of x in the base a."""
    return jnp.log(x) / jnp.log(a)


def log_in_base_slope(a, x):
    """Medium: the base moves.

    The derivative of `log_in_base` with respect to the base a, which is above 1.
    """
    ...


def own_slope(x):
    """Medium: what e^x has of its own.

    A function of x that equals its own derivative everywhere, other than e^x: with f(0) = 2.
    """
    ...


# ----- inverses -----


def angle(x):
    return jnp.arctan(x)


def angle_slope(x):
    """Easy: the inverse rule.

    The derivative of `angle`, from (tan y)' = 1 + tan² y.
    """
    ...


def angle_of_root(x):
    """The angle whose sine is √x."""
    return jnp.arcsin(jnp.sqrt(x))


def angle_of_root_slope(x):
    """Hard: an inverse inside a chain.

    The derivative of `angle_of_root`, for 0 < x < 1.
    """
    ...


# ----- both move -----


def self_power(x):
    return x**x


def self_power_slope(x):
    """Medium: base and exponent move.

    The derivative of `self_power`, for positive x.
    """
    ...


def highest():
    """Hard: an extremum by the logarithm.

    The positive x at which x^(1/x) is greatest.
    """
    ...


def slope_of_log_gamma():
    """Medium: a function without a formula.

    ln Γ is `jax.scipy.special.gammaln`. Find its slope at x = 1 to four digits, by any means.
    (Minus this number is named after a mathematician. What is the function x -> slope called?)
    """
    ...
