"""Exercises on differentiation_rules: slopes of wholes from slopes of parts.

(f g)' = f' g + f g', (f/g)' = (f' g - f g')/g², (f(g))' = f'(g) g', (f^g)' by ln y = g ln f.
An equation is differentiated as it stands: F(x, y) = 0 gives F_x dx + F_y dy = 0.
Dual numbers a + b e, with e² = 0, carry value and slope through a program.
"""

import jax.numpy as jnp

# ----- rules -----


def three_factors(x):
    return x**2 * jnp.exp(x) * jnp.sin(x)


def three_factors_slope(x):
    """Easy: the product rule.

    The derivative of `three_factors`.
    """
    ...


def squashed(x):
    return jnp.sin(3 * x) / (1 + x**2)


def squashed_slope(x):
    """Easy: quotient and chain.

    The derivative of `squashed`.
    """
    ...


def moving_power(x):
    return (1 + x**2) ** jnp.sin(x)


def moving_power_slope(x):
    """Hard: base and exponent move.

    The derivative of `moving_power`.
    """
    ...


def rough(x):
    """Medium: what the product rule does not say.

    A function of x that has no slope at 0, though its square has one. (It should be continuous.)
    """
    ...


# ----- equations instead of formulas -----


def equation(x, y):
    """On the curve this is 0."""
    return jnp.exp(y) + x**2 * y - jnp.sin(x) - 2


def curve_slope(x, y):
    """Medium: implicit differentiation.

    The slope dy/dx at a point (x, y) of the curve on which `equation` is 0, in terms of x and y.
    """
    ...


def ladder(length, foot, speed):
    """Medium: related rates.

    A ladder of the given length leans on a wall; its foot is `foot` away from the wall and moves
    away at `speed`. At what rate does the height of its top change?
    """
    ...


def balloon(radius, inflow):
    """Medium: related rates.

    A round balloon is filled with `inflow` of volume per second. At what rate does its radius grow
    when it is `radius`?
    """
    ...


# ----- machines that differentiate -----


def dual_quotient(a, b, c, d):
    """Medium: dual numbers.

    (a + b e) / (c + d e) as an array of two: value and slope.
    """
    ...


def damped_wave(x, a, b):
    return jnp.exp(a * x) * jnp.sin(b * x)


def fourth_derivative(x, a, b):
    """Hard: the n-th derivative.

    The fourth derivative of `damped_wave` in x, for b > 0. With r = sqrt(a² + b²) and the angle t
    of (a, b), each derivative stretches by r and turns by t; `jnp.arctan2(b, a)` is t.
    """
    ...


def differentiate(tree):
    """Hard: symbolic differentiation.

    The derivative of an expression in x, as an expression. Expressions are: "x", a number,
    ("+", u, v), ("*", u, v) and ("^", u, n) with a whole number n > 0; u and v are expressions.
    Nothing need be simplified.
    """
    ...
