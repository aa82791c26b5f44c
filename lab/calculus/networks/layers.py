"""Layers and their pullbacks: given the cotangent of the output, the cotangents of what went in.

The cotangent of an array has the array's shape. That one rule settles most transposes, and says
what to do with anything that was broadcast: whatever the forward pass copied, the backward pass
adds up.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks.activations import (
    gelu,
    gelu_derivative,
    relu_derivative,
    tanh_derivative,
)
from lab.derivation import vjp
from lab.domains import reals

# Added to a variance before its root is taken; PyTorch's choice for both normalizations.
EPSILON = 1e-5


def dense(
    X: Float[Array, "n d"], W: Float[Array, "d h"], b: Float[Array, " h"]
) -> Float[Array, "n h"]:
    """``X W + b``: n samples in rows, the bias copied to each of them."""
    return X @ W + b


@vjp(
    of=dense,
    wrt=("X", "W", "b"),
    at=dict(X=reals("n d"), W=reals("d h"), b=reals("h")),
)
def dense_vjp(
    X: Float[Array, "n d"],
    W: Float[Array, "d h"],
    b: Float[Array, " h"],
    cotangent: Float[Array, "n h"],
) -> tuple[Float[Array, "n d"], Float[Array, "d h"], Float[Array, " h"]]:
    """Y = XW + 1bᵀ, so dL = <C, dX W + X dW + 1 dbᵀ> = <C Wᵀ, dX> + <Xᵀ C, dW> + <Cᵀ 1, db>.

    The bias was broadcast over n rows, which is a product with the column 1; its transpose is the
    sum over rows. Leaving it out returns C itself, (n, h) where b is (h,): n unsummed answers.
    """
    return cotangent @ W.T, X.T @ cotangent, jnp.sum(cotangent, axis=0)


def tanh_layer(Z: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """``tanh`` of every entry."""
    return jnp.tanh(Z)


@vjp(of=tanh_layer, at=dict(Z=reals("n h")))
def tanh_layer_vjp(Z: Float[Array, "n h"], cotangent: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """Entry i of the output sees entry i of the input alone: the Jacobian is diagonal, and its
    transpose times c is a product entry by entry, c ∘ tanh'(Z)."""
    return cotangent * tanh_derivative(Z)


def relu_layer(Z: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """``max(Z, 0)`` of every entry."""
    return jnp.maximum(Z, 0.0)


@vjp(of=relu_layer, at=dict(Z=reals("n h")), kinks="Z == 0")
def relu_layer_vjp(Z: Float[Array, "n h"], cotangent: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """c ∘ relu'(Z): the gates that let the signal through let the cotangent back, unchanged."""
    return cotangent * relu_derivative(Z)


def gelu_layer(Z: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """``Z Phi(Z)`` of every entry."""
    return gelu(Z)


@vjp(of=gelu_layer, at=dict(Z=reals("n h")))
def gelu_layer_vjp(Z: Float[Array, "n h"], cotangent: Float[Array, "n h"]) -> Float[Array, "n h"]:
    """c ∘ gelu'(Z), gelu' = Φ + Zφ: unlike relu's gate it needs Z itself, so Z must be kept."""
    return cotangent * gelu_derivative(Z)


def layer_norm(
    X: Float[Array, "n d"], gain: Float[Array, " d"], shift: Float[Array, " d"]
) -> Float[Array, "n d"]:
    """Each row to mean 0 and variance 1 (Ba et al. 2016), then ``gain * row + shift``.

    Layer normalisation with its affine part.
    """
    centred = X - jnp.mean(X, axis=1, keepdims=True)
    variance = jnp.mean(centred**2, axis=1, keepdims=True)
    return gain * centred / jnp.sqrt(variance + EPSILON) + shift


@vjp(
    of=layer_norm,
    wrt=("X", "gain", "shift"),
    at=dict(X=reals("n d"), gain=reals("d"), shift=reals("d")),
)
def layer_norm_vjp(
    X: Float[Array, "n d"],
    gain: Float[Array, " d"],
    shift: Float[Array, " d"],
    cotangent: Float[Array, "n d"],
) -> tuple[Float[Array, "n d"], Float[Array, " d"], Float[Array, " d"]]:
    """One row: z = (x - m)/s with dm = mean(dx) and s ds = mean((x - m) dx), i.e. ds = mean(z dx);
    dz = (dx - dm - z ds)/s = (dx - mean(dx) - z mean(z dx))/s, a symmetric map: c goes back as

    (c - mean(c) - z mean(z c))/s with c = gain ∘ cotangent. Two means a row: O(d), no Jacobian.
    """
    centred = X - jnp.mean(X, axis=1, keepdims=True)
    s = jnp.sqrt(jnp.mean(centred**2, axis=1, keepdims=True) + EPSILON)
    z, c = centred / s, gain * cotangent
    X_bar = c - jnp.mean(c, axis=1, keepdims=True) - z * jnp.mean(z * c, axis=1, keepdims=True)
    return X_bar / s, jnp.sum(z * cotangent, axis=0), jnp.sum(cotangent, axis=0)


def batch_norm(
    X: Float[Array, "n d"], gain: Float[Array, " d"], shift: Float[Array, " d"]
) -> Float[Array, "n d"]:
    """Each column to mean 0 and variance 1 over the batch (Ioffe and Szegedy 2015), then scaled.

    Batch normalisation as in training (train).
    """
    centred = X - jnp.mean(X, axis=0)
    return gain * centred / jnp.sqrt(jnp.mean(centred**2, axis=0) + EPSILON) + shift


@vjp(
    of=batch_norm,
    wrt=("X", "gain", "shift"),
    at=dict(X=reals("n+2 d"), gain=reals("d"), shift=reals("d")),
)
def batch_norm_vjp(
    X: Float[Array, "n d"],
    gain: Float[Array, " d"],
    shift: Float[Array, " d"],
    cotangent: Float[Array, "n d"],
) -> tuple[Float[Array, "n d"], Float[Array, " d"], Float[Array, " d"]]:
    """Layer norm turned on its side: the same map down each column, where c = gain ∘ cotangent,

    X̄ = (c - mean(c) - z mean(z c))/s over the batch. Every sample's cotangent reaches every other
    sample: with batch norm the gradient of a sum of losses is no longer a sum of gradients.
    """
    centred = X - jnp.mean(X, axis=0)
    s = jnp.sqrt(jnp.mean(centred**2, axis=0) + EPSILON)
    z, c = centred / s, gain * cotangent
    X_bar = (c - jnp.mean(c, axis=0) - z * jnp.mean(z * c, axis=0)) / s
    return X_bar, jnp.sum(z * cotangent, axis=0), jnp.sum(cotangent, axis=0)


def rms_norm(X: Float[Array, "n d"], gain: Float[Array, " d"]) -> Float[Array, "n d"]:
    """Each row to mean square 1 (Zhang and Sennrich 2019), then ``gain * row``.

    RMS normalisation.
    """
    return gain * X / jnp.sqrt(jnp.mean(X**2, axis=1, keepdims=True) + EPSILON)


@vjp(of=rms_norm, wrt=("X", "gain"), at=dict(X=reals("n d"), gain=reals("d")))
def rms_norm_vjp(
    X: Float[Array, "n d"], gain: Float[Array, " d"], cotangent: Float[Array, "n d"]
) -> tuple[Float[Array, "n d"], Float[Array, " d"]]:
    """z = x/r with r dr = mean(x dx), i.e. dr = mean(z dx); dz = (dx - z dr)/r, symmetric again:

    X̄ = (c - z mean(z c))/r with c = gain ∘ cotangent: layer norm's pullback less its first mean.
    """
    r = jnp.sqrt(jnp.mean(X**2, axis=1, keepdims=True) + EPSILON)
    z, c = X / r, gain * cotangent
    return (c - z * jnp.mean(z * c, axis=1, keepdims=True)) / r, jnp.sum(z * cotangent, axis=0)
