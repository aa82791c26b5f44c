"""Naive forms: right on paper, and without digits where it matters. None of them is a derivation.

They are what a textbook prints. Each says from where on it fails in float32, and which form the
catalogue uses instead.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

Real = Float[Array, "..."]
Vector = Float[Array, " k"]


def naive_softplus(x: Real) -> Real:
    """``log(1 + e^x)``: infinite from x = 89 on, and 0 below x = -17, where 1 + e^x is 1.

    Instead: ``max(x, 0) + log1p(e^-|x|)``.
    """
    return jnp.log(1 + jnp.exp(x))


def naive_softplus_derivative(x: Real) -> Real:
    """``e^x / (1 + e^x)``: infinity over infinity from x = 89 on. Instead: ``1 / (1 + e^-x)``."""
    return jnp.exp(x) / (1 + jnp.exp(x))


def naive_sigmoid_derivative(x: Real) -> Real:
    """``s (1 - s)``: 0 from x = 17 on, where s rounds to 1. Instead: ``s(x) s(-x)``."""
    s = 1 / (1 + jnp.exp(-x))
    return s * (1 - s)


def naive_tanh_derivative(x: Real) -> Real:
    """``1 - tanh²``: no digit of it is right from |x| = 9 on. Instead: ``1 / cosh²``."""
    return 1 - jnp.tanh(x) ** 2


def naive_log_loss_derivative(z: Real, y: Real) -> Real:
    """``s(z) - y``: 0 for y = 1 from z = 17 on. Instead: ``(1 - y) s(z) - y s(-z)``."""
    return 1 / (1 + jnp.exp(-z)) - y


def naive_softmax(z: Vector) -> Vector:
    """``e^z / Σ e^z``: nan if one score exceeds 88. Instead: the largest is subtracted first."""
    e = jnp.exp(z)
    return e / jnp.sum(e)


def naive_softmax_jacobian(z: Vector) -> Float[Array, "k k"]:
    """``diag(p) - p pᵀ`` of the naive p. Instead: a diagonal that balances its row to 0."""
    p = naive_softmax(z)
    return jnp.diag(p) - jnp.outer(p, p)


def naive_variance(x: Vector) -> Float[Array, ""]:
    """``mean x² - (mean x)²``: of large numbers close together, noise, and even below 0.

    Instead: ``mean (x - mean x)²``.
    """
    return jnp.mean(x**2) - jnp.mean(x) ** 2
