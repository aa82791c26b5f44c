"""Normalisations beyond layer, batch and RMS norm: by a length, by frozen statistics, of weights.

Dividing by a length leaves a direction, which has one degree of freedom less: the pullback projects
along it, and divides by the length once more.
"""

import jax.numpy as jnp
from jax.numpy.linalg import svd
from jaxtyping import Array, Float

from lab.calculus.networks.layers import EPSILON
from lab.derivation import vjp
from lab.domains import nonnegative, nonzero, reals, tall

Rows = Float[Array, "n d"]
Column = Float[Array, " d"]
Scalar = Float[Array, ""]


def standardised_rows(X: Rows) -> Rows:
    """Each row to mean 0 and variance 1: layer norm before its gain and shift.

    Layer normalisation with no affine part.
    """
    centred = X - jnp.mean(X, axis=1, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=1, keepdims=True) + EPSILON)


@vjp(of=standardised_rows, at=dict(X=reals("n d")))
def standardised_rows_vjp(X: Rows, cotangent: Rows) -> Rows:
    """z = (x - m)/s, s ds = mean((x - m) dx), so dz = (dx - mean dx - z mean(z dx))/s: symmetric;

    hence (c - mean c - z mean(z c))/s: what would shift or stretch the row is taken out.
    """
    s = jnp.sqrt(jnp.var(X, axis=1, keepdims=True) + EPSILON)
    z = (X - jnp.mean(X, axis=1, keepdims=True)) / s
    c = cotangent - jnp.mean(cotangent, axis=1, keepdims=True)
    return (c - z * jnp.mean(z * cotangent, axis=1, keepdims=True)) / s


def frozen_batch_norm(X: Rows, gain: Column, shift: Column, mean: Column, variance: Column) -> Rows:
    """Batch norm when it is used: ``gain (x - mean)/s + shift`` with statistics frozen.

    Batch normalisation in eval mode.
    """
    return gain * (X - mean) / jnp.sqrt(variance + EPSILON) + shift


@vjp(
    of=frozen_batch_norm,
    wrt=("X", "gain", "shift"),
    at=dict(
        X=reals("n d"),
        gain=reals("d"),
        shift=reals("d"),
        mean=reals("d"),
        variance=nonnegative("d"),
    ),
)
def frozen_batch_norm_vjp(
    X: Rows, gain: Column, shift: Column, mean: Column, variance: Column, cotangent: Rows
) -> tuple[Rows, Column, Column]:
    """Nothing depends on the other samples, so dY = gain dX/s + (X - mean)/s dgain + dshift;

    hence C gain/s, column sums of C (X - mean)/s, and column sums of C.
    """
    s = jnp.sqrt(variance + EPSILON)
    gain_bar = jnp.sum(cotangent * (X - mean) / s, axis=0)
    return cotangent * gain / s, gain_bar, jnp.sum(cotangent, axis=0)


def unit_rows(X: Rows) -> Rows:
    """Each row over its length: L2 normalisation."""
    return X / jnp.linalg.norm(X, axis=1, keepdims=True)


@vjp(of=unit_rows, at=dict(X=nonzero("n d")))
def unit_rows_vjp(X: Rows, cotangent: Rows) -> Rows:
    """u = x/r, dr = u·dx, du = (dx - u u·dx)/r: a projection, symmetric;

    hence (c - u u·c)/r: no part of it along x.
    """
    length = jnp.linalg.norm(X, axis=1, keepdims=True)
    u = X / length
    return (cotangent - u * jnp.sum(u * cotangent, axis=1, keepdims=True)) / length


def weight_norm(g: Scalar, v: Column) -> Column:
    """``g v/|v|``: length and direction learned apart (Salimans and Kingma 2016)."""
    return g * v / jnp.linalg.norm(v)


@vjp(of=weight_norm, wrt=("g", "v"), at=dict(g=reals(), v=nonzero("d")))
def weight_norm_vjp(g: Scalar, v: Column, cotangent: Column) -> tuple[Scalar, Column]:
    """dw = u dg + g (dv - u u·dv)/|v|, u = v/|v|;  hence u·c, and g/|v| (c - u u·c), which is at

    a right angle to v: every step makes v longer, and so the next one shorter.
    """
    length = jnp.linalg.norm(v)
    u = v / length
    return u @ cotangent, g / length * (cotangent - u * (u @ cotangent))


def spectral_normalisation(W: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """``W`` over its greatest singular value: it stretches nothing (Miyato et al. 2018)."""
    return W / svd(W, compute_uv=False)[0]


@vjp(of=spectral_normalisation, at=dict(W=tall("m n")))
def spectral_normalisation_vjp(
    W: Float[Array, "m n"], cotangent: Float[Array, "m n"]
) -> Float[Array, "m n"]:
    """V = W/s, ds = uᵀ dW v, dV = (dW - V ds)/s;  hence (C - <C, V> u vᵀ)/s."""
    U, s, Vt = svd(W, full_matrices=False)
    along = jnp.sum(cotangent * W) / s[0]
    return (cotangent - along * jnp.outer(U[:, 0], Vt[0])) / s[0]
