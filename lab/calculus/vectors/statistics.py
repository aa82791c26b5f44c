"""Statistics as functions of the data: mean, spread, standardised data, correlation, soft maxima.

Deviations from the mean sum to 0. That is why the mean's own movement drops out of the variance's
gradient, and why z = (x - m)/s cannot be moved along 1 or along itself: two directions are lost.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian, jacobian, vjp
from lab.domains import distinct, positive, reals

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]


def sample_mean(x: Vector) -> Scalar:
    """Σ xᵢ / n"""
    return jnp.mean(x)


@gradient(of=jnp.sum, at=reals("n"))
def sum_gradient(x: Vector) -> Vector:
    """d Σ xᵢ = Σ dxᵢ;  hence 1 in every place."""
    return jnp.ones_like(x)


@gradient(of=sample_mean, at=dict(x=reals("n")))
def sample_mean_gradient(x: Vector) -> Vector:
    """A sum divided by n;  hence 1/n in every place: the more data, the less each can move it."""
    return jnp.full_like(x, 1 / x.size)


def sample_variance(x: Vector) -> Scalar:
    """Σ (xᵢ - m)² / n, m the mean: the variance over n, not n - 1 (1/n)."""
    return jnp.mean((x - jnp.mean(x)) ** 2)


@gradient(of=sample_variance, at=dict(x=reals("n")))
def sample_variance_gradient(x: Vector) -> Vector:
    """n dV = 2 Σ (xᵢ - m)(dxᵢ - dm), and dm drops out as Σ (xᵢ - m) = 0;  hence 2(xᵢ - m)/n."""
    return 2 * (x - jnp.mean(x)) / x.size


def unbiased_variance(x: Vector) -> Scalar:
    """Σ (xᵢ - m)² / (n - 1), m the mean: right on average, over n too small."""
    return jnp.sum((x - jnp.mean(x)) ** 2) / (x.size - 1)


@gradient(of=unbiased_variance, at=dict(x=reals("n+1")))
def unbiased_variance_gradient(x: Vector) -> Vector:
    """The same sum over n - 1: (n - 1) dV = 2 Σ (xᵢ - m) dxᵢ;  hence 2(xᵢ - m)/(n - 1)."""
    return 2 * (x - jnp.mean(x)) / (x.size - 1)


@hessian(of=sample_variance, at=dict(x=reals("n")))
def sample_variance_hessian(x: Vector) -> Matrix:
    """d(2 (x - m 1)/n) = 2/n (dx - 1 (1ᵀdx)/n);  hence 2/n (I - 11ᵀ/n), 2/n times the projection
    onto deviations: flat along 1, where all data move together."""
    n = x.size
    return 2 / n * (jnp.eye(n, dtype=x.dtype) - 1 / n)


def standard_deviation(x: Vector) -> Scalar:
    """√(Σ (xᵢ - m)² / n)"""
    return jnp.sqrt(sample_variance(x))


@gradient(of=standard_deviation, at=dict(x=distinct("n+1")))
def standard_deviation_gradient(x: Vector) -> Vector:
    """s² = V, 2s ds = dV;  hence (xᵢ - m)/(n s), of length 1/√n, and none where all data agree."""
    return (x - jnp.mean(x)) / (x.size * standard_deviation(x))


def standardised(x: Vector) -> Vector:
    """(x - m)/s: mean 0, deviation 1"""
    return (x - jnp.mean(x)) / standard_deviation(x)


@jacobian(of=standardised, at=dict(x=distinct("n+2")))
def standardised_jacobian(x: Vector) -> Matrix:
    """dz = (dx - 1 dm)/s - z ds/s with dm = 1ᵀdx/n and ds = zᵀdx/n;
    hence (I - 11ᵀ/n - zzᵀ/n)/s, symmetric, and nothing comes of 1 or of z."""
    z, n = standardised(x), x.size
    return (jnp.eye(n, dtype=x.dtype) - 1 / n - jnp.outer(z, z) / n) / standard_deviation(x)


@vjp(of=standardised, at=dict(x=distinct("n+2")))
def standardised_vjp(x: Vector, cotangent: Vector) -> Vector:
    """The Jacobian is symmetric;  hence (c - mean(c) - z mean(zc))/s: the backward pass of batch
    and layer norm."""
    z = standardised(x)
    kept = cotangent - jnp.mean(cotangent) - z * jnp.mean(z * cotangent)
    return kept / standard_deviation(x)


def correlation(x: Vector, y: Vector) -> Scalar:
    """Pearson's: the mean product of the standardised data"""
    return jnp.mean(standardised(x) * standardised(y))


@gradient(of=correlation, wrt="x", at=dict(x=distinct("n+2"), y=distinct("n+2")))
def correlation_gradient(x: Vector, y: Vector) -> Vector:
    """ρ = z_x . z_y/n, so pull z_y/n back through standardising: mean(z_y) = 0, mean(z_x z_y) = ρ;
    hence (z_y - ρ z_x)/(n s_x), the part of z_y that x does not explain."""
    zx, zy = standardised(x), standardised(y)
    return (zy - jnp.mean(zx * zy) * zx) / (x.size * standard_deviation(x))


# ----- soft maxima -----


def log_sum_exp(x: Vector) -> Scalar:
    """ln Σ e^xᵢ, a little above the maximum; shifted by it, so that no exponential exceeds 1"""
    m = jnp.max(x)
    return m + jnp.log(jnp.sum(jnp.exp(x - m)))


@gradient(of=log_sum_exp, at=dict(x=reals("n")))
def log_sum_exp_gradient(x: Vector) -> Vector:
    """d ln S = dS/S with S = Σ e^xᵢ;  hence e^xᵢ/S, the softmax: the share of each."""
    e = jnp.exp(x - jnp.max(x))
    return e / jnp.sum(e)


@hessian(of=log_sum_exp, at=dict(x=reals("n")))
def log_sum_exp_hessian(x: Vector) -> Matrix:
    """dpᵢ = pᵢ (dxᵢ - p . dx);  hence diag(p) - ppᵀ, whose rows sum to 0: pᵢ - pᵢ² is taken as
    pᵢ Σ_{j≠i} pⱼ, which does not cancel where pᵢ is nearly 1."""
    p = log_sum_exp_gradient(x)
    apart = jnp.outer(p, p) * (1 - jnp.eye(x.size, dtype=x.dtype))
    return jnp.diag(jnp.sum(apart, axis=1)) - apart


def soft_maximum(x: Vector, temperature: Scalar) -> Scalar:
    """t ln Σ e^(xᵢ/t): the maximum for t → 0, further above it the hotter.

    The tempered log-sum-exp.
    """
    return temperature * log_sum_exp(x / temperature)


@gradient(of=soft_maximum, wrt=("x", "temperature"), at=dict(x=reals("n"), temperature=positive()))
def soft_maximum_gradient(x: Vector, temperature: Scalar) -> tuple[Vector, Scalar]:
    """p = softmax(x/t):  d(t L) = L dt + t p . (dx/t - x dt/t²), L = ln Σ e^(xᵢ/t);
    hence p in x, and L - p . x/t in t, which is -Σ pᵢ ln pᵢ, the entropy of p."""
    p = log_sum_exp_gradient(x / temperature)
    return p, jnp.sum(jax.scipy.special.entr(p))
