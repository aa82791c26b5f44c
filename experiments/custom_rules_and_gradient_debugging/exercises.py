"""Exercises on custom_rules_and_gradient_debugging: where autodiff fails, and rules that mend it.

Autodiff multiplies local slopes, and 0 times infinity is nan even where the derivative is a number.
A custom rule replaces the product by its value; JAX believes it blindly, so somebody has to check.
At a corner all slopes between those of the two sides will do.
"""

import jax.numpy as jnp


def softplus(x):
    """ln(1 + e^x)"""
    return jnp.logaddexp(x, jnp.zeros_like(x))


def softplus_slope(x):
    """Easy: a stable slope.

    The derivative of `softplus`, in a form that is right for x = 1000, too, and that loses no
    digits on the left, where it is tiny.
    """
    ...


def reversal_pullback(x, strength, cotangent):
    """Easy: a rule by definition.

    A gradient reversal layer returns x as it is. What comes before it shall climb the loss that
    everything after it descends, `strength` times as fast. From the cotangent of its output: what
    it sends back to x.
    """
    ...


def length(x):
    return jnp.sqrt(x @ x)


def length_gradient(x):
    """Medium: the gradient of the norm, safe at 0.

    The gradient of `length` with respect to x. At x = 0, where JAX says nan, answer with the
    subgradient that prefers no direction.
    """
    ...


def root_or_zero(x):
    """Medium: the trap of `where`.

    A function that is √x for x > 0, and 0 for x <= 0, whose slope as JAX finds it is
    1/(2√x) above 0, and 0 from 0 downwards: backwards (jax.grad) and forwards (jax.jvp). With
    jnp.where, as an `if` could not be traced.
    """
    ...


def accepts(f, x, slope):
    """Hard: a checker that bears corners.

    True if `slope` is a fair claim for the slope of f at the number x: between the slopes of f on
    the left and on the right of x, whichever is greater, give or take 0.001. Else False. Measure
    both: f is a function of one number, and may have a corner at x.
    """
    ...
