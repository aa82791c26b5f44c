"""Piecewise activations: straight lines and exponentials, joined at a corner or without one.

On each piece the slope is read off. What has to be thought about is the seam: where the slopes of
both sides agree there is no kink (CELU always, ELU for a = 1), elsewhere any slope between them is
a subgradient, and we say which one we take.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient
from lab.domains import positive, reals

Real = Float[Array, "..."]
Vector = Float[Array, " d"]

# Klambauer et al. 2017: with these two numbers a layer of unit normals is sent to unit normals.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def exponential_below(x: Real) -> Real:
    """``e^x - 1`` up to 0, and 0 above: the exponential is never taken of a positive number."""
    # not minimum(x, 0), of which JAX takes the slope at 0 to be 1/2
    return jnp.expm1(jnp.where(x > 0, 0.0, x))


def leaky_relu(x: Real, a: Real) -> Real:
    """``x`` above 0, ``a x`` below (Maas et al. 2013)."""
    return jnp.where(x >= 0, x, a * x)


@derivative(of=leaky_relu, wrt="x", at=dict(x=reals("n"), a=reals()), kinks="x == 0")
def leaky_relu_derivative(x: Real, a: Real) -> Real:
    """Two straight lines through 0, of slopes 1 and a, hence those;  where they meet, 1."""
    return jnp.where(x >= 0, jnp.ones_like(x), a)


@derivative(of=leaky_relu, wrt="a", at=dict(x=reals("n"), a=reals("n")))
def prelu_derivative_in_the_slope(x: Real, a: Real) -> Real:
    """PReLU (He et al. 2015) learns a:  f = max(x, 0) + a min(x, 0);  hence ∂f/∂a = min(x, 0)."""
    return jnp.minimum(x, 0.0)


def elu_scaled(x: Real, a: Real) -> Real:
    """``x`` above 0, ``a (e^x - 1)`` below (Clevert et al. 2015)."""
    return jnp.where(x > 0, x, a * exponential_below(x))


@derivative(
    of=elu_scaled, wrt="x", at=dict(x=reals("n"), a=positive()), kinks="x == 0, unless a == 1"
)
def elu_scaled_derivative(x: Real, a: Real) -> Real:
    """1 above, a e^x below;  at 0 the sides say 1 and a, and agree for a = 1 alone;  we choose a,

    hence 1 for x > 0 and a e^x elsewhere.
    """
    return jnp.where(x > 0, jnp.ones_like(x), a * jnp.exp(jnp.minimum(x, 0.0)))


def selu(x: Real) -> Real:
    """``l x`` above 0, ``l a (e^x - 1)`` below, with two numbers that keep signals normalised."""
    return SELU_SCALE * jnp.where(x > 0, x, SELU_ALPHA * exponential_below(x))


@derivative(of=selu, at=dict(x=reals("n")), kinks="x == 0")
def selu_derivative(x: Real) -> Real:
    """l times ELU's slope:  hence l above 0 and l a e^x below, from 1.05 up to 1.76 at the seam."""
    return SELU_SCALE * jnp.where(x > 0, 1.0, SELU_ALPHA * jnp.exp(jnp.minimum(x, 0.0)))


def celu(x: Real, a: Real) -> Real:
    """``max(x, 0) + min(0, a (e^(x/a) - 1))`` (Barron 2017)."""
    return jnp.where(x > 0, x, a * exponential_below(x / a))


@derivative(of=celu, wrt="x", at=dict(x=reals("n"), a=positive()))
def celu_derivative(x: Real, a: Real) -> Real:
    """Below 0, d a(e^(x/a) - 1) = e^(x/a) dx, which is 1 at 0 for every a;  hence e^min(x/a, 0)."""
    return jnp.exp(jnp.minimum(x / a, 0.0))


def relu6(x: Real) -> Real:
    """``min(max(x, 0), 6)``."""
    return jnp.clip(x, 0.0, 6.0)


@derivative(of=relu6, at=dict(x=reals("n")), kinks="x == 0 and x == 6")
def relu6_derivative(x: Real) -> Real:
    """x between 0 and 6, constant outside;  hence 1 inside and 0 outside, and 0 at both corners."""
    return ((x > 0) & (x < 6)).astype(x.dtype)


def hard_sigmoid(x: Real) -> Real:
    """``relu6(x + 3) / 6``: the sigmoid as three straight lines."""
    return relu6(x + 3) / 6


@derivative(of=hard_sigmoid, at=dict(x=reals("n")), kinks="x == -3 and x == 3")
def hard_sigmoid_derivative(x: Real) -> Real:
    """relu6'(x + 3) · 1/6;  hence 1/6 between -3 and 3, and 0 outside."""
    return jnp.where(jnp.abs(x) < 3, 1 / 6, 0.0).astype(x.dtype)


def hard_tanh(x: Real) -> Real:
    """``x`` cut off at -1 and 1."""
    return jnp.clip(x, -1.0, 1.0)


@derivative(of=hard_tanh, at=dict(x=reals("n")), kinks="x == -1 and x == 1")
def hard_tanh_derivative(x: Real) -> Real:
    """x inside, constant outside;  hence 1 for |x| < 1 and 0 elsewhere."""
    return (jnp.abs(x) < 1).astype(x.dtype)


def hard_swish(x: Real) -> Real:
    """``x relu6(x + 3) / 6`` (Howard et al. 2019)."""
    return x * hard_sigmoid(x)


@derivative(of=hard_swish, at=dict(x=reals("n")), kinks="x == -3 and x == 3")
def hard_swish_derivative(x: Real) -> Real:
    """0 below -3, x above 3, (x² + 3x)/6 between;  hence 0, 1, and (2x + 3)/6,

    which comes to -1/2 at -3 and to 3/2 at 3: the corners are steep ones.
    """
    return jnp.where(jnp.abs(x) < 3, (2 * x + 3) / 6, (x > 0).astype(x.dtype))


def soft_shrink(x: Real, l: Real) -> Real:
    """``sign(x) max(|x| - l, 0)``: the proximal map of l|x|, the heart of the lasso.

    The soft threshold.
    """
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - l, 0.0)


@derivative(of=soft_shrink, wrt="x", at=dict(x=reals("n"), l=positive()), kinks="|x| == l")
def soft_shrink_derivative(x: Real, l: Real) -> Real:
    """x - l right of l, x + l left of -l, 0 between;  hence 1 for |x| > l and 0 elsewhere."""
    return (jnp.abs(x) > l).astype(x.dtype)


def hard_shrink(x: Real, l: Real) -> Real:
    """``x`` where ``|x| > l``, else 0: it jumps there."""
    return jnp.where(jnp.abs(x) > l, x, 0.0)


@derivative(of=hard_shrink, wrt="x", at=dict(x=reals("n"), l=positive()), kinks="|x| == l")
def hard_shrink_derivative(x: Real, l: Real) -> Real:
    """x outside, 0 inside, hence 1 and 0, soft_shrink's slope: the jump at l is not in it."""
    return (jnp.abs(x) > l).astype(x.dtype)


def maxout(W: Float[Array, "k d"], x: Vector) -> Float[Array, ""]:
    """``max_k w_k · x``: the upper envelope of k planes (Goodfellow et al. 2013)."""
    return jnp.max(W @ x)


@gradient(
    of=maxout,
    wrt=("W", "x"),
    at=dict(W=reals("k d"), x=reals("d")),
    kinks="two rows of W x tie for the maximum",
)
def maxout_gradient(W: Float[Array, "k d"], x: Vector) -> tuple[Float[Array, "k d"], Vector]:
    """Near x the winner k* stays the winner, so df = dw_k* · x + w_k* · dx;

    hence x in row k* of W's gradient, 0 in the others, and w_k* for x.
    """
    best = jnp.argmax(W @ x)
    winner = (jnp.arange(W.shape[0]) == best).astype(x.dtype)
    return jnp.outer(winner, x), W[best]
