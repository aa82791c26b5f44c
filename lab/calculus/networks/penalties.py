"""Penalties: what is added to a loss so that weights stay small, few, or smooth.

The L2 penalty of a network is in `losses`. Those with a corner at 0 are the ones that produce exact
zeros: there the subgradient is a whole interval, wide enough to hold a weight in place.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient
from lab.domains import nonnegative, positive, reals

Vector = Float[Array, " d"]
Scalar = Float[Array, ""]


def ridge_penalty(w: Vector, l: Scalar) -> Scalar:
    """``l/2 |w|²``."""
    return l / 2 * (w @ w)


@gradient(of=ridge_penalty, wrt="w", at=dict(w=reals("d"), l=nonnegative()))
def ridge_penalty_gradient(w: Vector, l: Scalar) -> Vector:
    """d(w·w)/2 = w·dw;  hence l w: weights decay in proportion, and none becomes 0."""
    return l * w


def lasso_penalty(w: Vector, l: Scalar) -> Scalar:
    """``l Σ |w_i|`` (Tibshirani 1996)."""
    return l * jnp.sum(jnp.abs(w))


@gradient(of=lasso_penalty, wrt="w", at=dict(w=reals("d"), l=nonnegative()), kinks="a w_i == 0")
def lasso_penalty_gradient(w: Vector, l: Scalar) -> Vector:
    """d|w| = sign w dw;  hence l sign(w), and at 0 anything in [-l, l], of which we choose 0."""
    return l * jnp.sign(w)


def elastic_net_penalty(w: Vector, l1: Scalar, l2: Scalar) -> Scalar:
    """``l1 Σ |w_i| + l2/2 |w|²`` (Zou and Hastie 2005)."""
    return lasso_penalty(w, l1) + ridge_penalty(w, l2)


@gradient(
    of=elastic_net_penalty,
    wrt="w",
    at=dict(w=reals("d"), l1=nonnegative(), l2=nonnegative()),
    kinks="a w_i == 0",
)
def elastic_net_penalty_gradient(w: Vector, l1: Scalar, l2: Scalar) -> Vector:
    """A sum of two;  hence l1 sign(w) + l2 w, with 0 chosen at 0."""
    return l1 * jnp.sign(w) + l2 * w


def group_lasso_penalty(W: Float[Array, "g d"], l: Scalar) -> Scalar:
    """``l Σ_g |W_g|``: every row a group, kept or dropped as a whole (Yuan and Lin 2006)."""
    return l * jnp.sum(jnp.linalg.norm(W, axis=1))


@gradient(
    of=group_lasso_penalty,
    wrt="W",
    at=dict(W=reals("g d"), l=nonnegative()),
    kinks="a row == 0",
)
def group_lasso_penalty_gradient(W: Float[Array, "g d"], l: Scalar) -> Float[Array, "g d"]:
    """d|w| = w·dw/|w|;  hence l W_g/|W_g|, of length l in every group; at a row 0 we choose 0."""
    length = jnp.linalg.norm(W, axis=1, keepdims=True)
    return l * jnp.where(length > 0, W / jnp.where(length > 0, length, 1.0), 0.0)


def smoothed_total_variation(x: Float[Array, " n"], e: Scalar) -> Scalar:
    """``Σ sqrt((x_{i+1} - x_i)² + e)`` (Rudin et al. 1992, its corners rounded)."""
    return jnp.sum(jnp.sqrt(jnp.diff(x) ** 2 + e))


@gradient(of=smoothed_total_variation, wrt="x", at=dict(x=reals("n+1"), e=positive()))
def smoothed_total_variation_gradient(x: Float[Array, " n"], e: Scalar) -> Float[Array, " n"]:
    """d = Dx, r² = d² + e, dr = d/r D dx;  hence Dᵀ(d/r): entry i gets d/r of the step to it, less

    that of the step from it.
    """
    d = jnp.diff(x)
    pull = jnp.pad(d / jnp.sqrt(d**2 + e), 1)
    return pull[:-1] - pull[1:]
