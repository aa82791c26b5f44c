"""Exercises on gradient_flow_and_adjoints: what depends on what, when everything moves.

A sensitivity runs with the motion, S' = f_y S + f_k, an adjoint against it, l' = -f_y^T l, and the
product of the two is constant. Along the gradient flow x' = -grad f the height changes at the rate
-|grad f|². Gradient descent is Euler's method for it: x - h grad f.
"""

import jax.numpy as jnp


def decay(k, t, y0):
    """The solution of y' = -k y."""
    return y0 * jnp.exp(-k * t)


def decay_sensitivity(k, t, y0):
    """Easy: a sensitivity.

    The derivative of `decay` in k.
    """
    ...


def fall_rate():
    """Easy: the energy decrease of a gradient flow.

    f(x, y) = (x² + 4 y²)/2, and (x, y)' = -grad f. How fast does f change, per unit of time, when
    the flow passes (2, 1)?
    """
    ...


def too_long():
    """Medium: a step that leaves.

    A learning rate h > 0 for which descent on (x² + 4 y²)/2 from (1, 1) runs away.
    """
    ...


def swing_step(y, h):
    """An Euler step of q' = p, p' = -sin q, with y = (q, p)."""
    return jnp.stack([y[0] + h * y[1], y[1] - h * jnp.sin(y[0])])


def swing_back(y, h, cotangent):
    """Medium: one step of an adjoint.

    The pullback of `cotangent` through `swing_step`, for y: a vector of two numbers.
    """
    ...


def gap_order():
    """Hard: discretise, then differentiate, or the reverse.

    The adjoint equation followed back by the midpoint rule, step h, differs from the derivative of
    the midpoint steps by about h to which power? (No lucky cancellation.)
    """
    ...
