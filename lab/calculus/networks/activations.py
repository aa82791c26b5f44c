"""Activations: one bend per unit, and the slope that backpropagation multiplies by.

Each function and each slope is finite and keeps its digits in float32 from -1000 to 1000, which
comes down to three habits: ``1 - sigmoid(x)`` is written ``sigmoid(-x)``, ``1 - tanh(x)**2`` is
written ``1 / cosh(x)**2``, and an exponential is only taken where its argument is not positive.
"""

import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from lab.derivation import derivative, identity
from lab.domains import reals

# Sources: GELU and its tanh form, Hendrycks and Gimpel 2016; SiLU, Elfwing et al. 2017;
# ELU, Clevert et al. 2015.
GELU_RATE = (2 / jnp.pi) ** 0.5
GELU_CUBIC = 0.044715


def relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``max(x, 0)``; JAX's own ``relu``, whose slope at 0 is 0 (``jnp.maximum`` would say 1/2)."""
    return jax.nn.relu(x)


@derivative(of=relu, at=dict(x=reals("n")), kinks="x == 0")
def relu_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """relu = x for x > 0 and 0 for x < 0, hence slope 1 and 0; at the kink we choose 0."""
    return (x > 0).astype(x.dtype)


def tanh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``(e^x - e^-x) / (e^x + e^-x)``, from -1 to 1: the hyperbolic tangent."""
    return jnp.tanh(x)


@derivative(of=tanh, at=dict(x=reals("n")))
def tanh_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """tanh = sinh / cosh, so tanh' = (cosh cosh - sinh sinh) / cosh² = 1 / cosh².

    Equal to 1 - tanh², which has no digits left where tanh rounds to 1 (x > 9 in float32).
    """
    return 1 / jnp.cosh(x) ** 2


def sigmoid(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``1 / (1 + e^-x)``, from 0 to 1."""
    return jax.nn.sigmoid(x)


@derivative(of=sigmoid, at=dict(x=reals("n")))
def sigmoid_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """s = 1 / (1 + e^-x), so s' = e^-x / (1 + e^-x)² = s · e^-x / (1 + e^-x) = s (1 - s).

    And 1 - s(x) = 1 / (1 + e^x) = s(-x), which does not cancel: s' = s(x) s(-x).
    """
    return sigmoid(x) * sigmoid(-x)


def softplus(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``log(1 + e^x)``, a relu with its corner rounded, as ``max(x, 0) + log(1 + e^-|x|)``."""
    return jnp.logaddexp(x, 0.0)


@derivative(of=softplus, at=dict(x=reals("n")))
def softplus_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """d log(1 + e^x) = e^x / (1 + e^x) dx = s(x) dx: the sigmoid is the slope of the softplus."""
    return sigmoid(x)


def log_sigmoid(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``log(sigmoid(x)) = -softplus(-x)``."""
    return -softplus(-x)


@derivative(of=log_sigmoid, at=dict(x=reals("n")))
def log_sigmoid_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """-softplus(-x) has slope softplus'(-x) = s(-x): one sign from outside, one from inside."""
    return sigmoid(-x)


def silu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``x sigmoid(x)``, the swish: a relu with a soft gate."""
    return x * sigmoid(x)


@derivative(of=silu, at=dict(x=reals("n")))
def silu_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Product rule on x · s: s + x s', with s' = s(x) s(-x); so s (1 + x s(-x))."""
    return sigmoid(x) * (1 + x * sigmoid(-x))


def gelu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``x Phi(x)``: x times the chance that a standard normal number lies below it. GELU, exact."""
    return x * norm.cdf(x)


@derivative(of=gelu, at=dict(x=reals("n")))
def gelu_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Product rule on x · Φ, where Φ' = φ is the normal density: Φ(x) + x φ(x)."""
    return norm.cdf(x) + x * norm.pdf(x)


def gelu_tanh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``x sigmoid(2u)``, ``u = sqrt(2/pi) (x + 0.044715 x³)``: the usual fast form of the GELU."""
    return x * sigmoid(2 * GELU_RATE * (x + GELU_CUBIC * x**3))


@derivative(of=gelu_tanh, at=dict(x=reals("n")))
def gelu_tanh_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """v = 2u = 2c (x + k x³), dv = 2c (1 + 3k x²) dx;  d(x s(v)) = s(v) dx + x s'(v) dv,

    and s'(v) = s(v) s(-v):  s(v) (1 + x s(-v) · 2c (1 + 3k x²)).
    """
    v = 2 * GELU_RATE * (x + GELU_CUBIC * x**3)
    return sigmoid(v) * (1 + x * sigmoid(-v) * 2 * GELU_RATE * (1 + 3 * GELU_CUBIC * x**2))


@identity(of=gelu_tanh, at=dict(x=reals("n")))
def gelu_tanh_as_published(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """(1 + tanh u) / 2 = e^u / (e^u + e^-u) = s(2u), so x s(2u) = (x / 2)(1 + tanh u).

    Which is the formula in the paper; for x < -5 its sum 1 + tanh u cancels in float32.
    """
    return 0.5 * x * (1 + jnp.tanh(GELU_RATE * (x + GELU_CUBIC * x**3)))


def elu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``x`` above 0, ``e^x - 1`` below: smooth at 0 to first order."""
    # not minimum(x, 0), of which JAX takes the slope at 0 to be 1/2
    return jnp.where(x > 0, x, jnp.expm1(jnp.where(x > 0, 0.0, x)))


@derivative(of=elu, at=dict(x=reals("n")))
def elu_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 above 0 and e^x below; both are e^min(x, 0), which meets at 1: no kink in elu itself."""
    return jnp.exp(jnp.minimum(x, 0.0))


def softsign(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """``x / (1 + |x|)``: tanh's shape with tails that die like 1/x² instead of e^-2x."""
    return x / (1 + jnp.abs(x))


@derivative(of=softsign, at=dict(x=reals("n")))
def softsign_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Quotient rule: (1 + |x| - x sign x) / (1 + |x|)² = 1 / (1 + |x|)²; no corner left at 0."""
    return 1 / (1 + jnp.abs(x)) ** 2
