"""Norms, distances and angles: how long a vector is, how far from another, how far turned.

A norm is homogeneous of degree one, |tx| = |t| |x|, so its gradient depends on the direction of x
alone and x . grad |x| = |x|. None has a gradient at 0, where every norm has a corner: JAX says nan
there, and ``norm_subgradient`` says what could be said.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian, identity
from lab.domains import choice, distinct, interval, nonzero, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " d"]
Matrix = Float[Array, "d d"]


def euclidean_norm(x: Vector) -> Scalar:
    """√(x . x).  The largest entry is taken out, so that no square over- or underflows."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x)))
    scale = jnp.where(largest > 0, largest, 1.0)
    return scale * jnp.linalg.norm(x / scale)


@gradient(of=euclidean_norm, at=dict(x=nonzero("d")))
def euclidean_norm_gradient(x: Vector) -> Vector:
    """r² = x . x, so 2r dr = 2x . dx;  hence x/r, the unit vector along x."""
    return x / euclidean_norm(x)


@hessian(of=euclidean_norm, at=dict(x=nonzero("d")))
def euclidean_norm_hessian(x: Vector) -> Matrix:
    """u = x/r, du = dx/r - u dr/r = (dx - u (u . dx))/r;  hence (I - uuᵀ)/r: no bend outwards,
    the curvature 1/r of the sphere across."""
    r = euclidean_norm(x)
    u = x / r
    return (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(u, u)) / r


@gradient(of=euclidean_norm, at=dict(x=interval(-3, 3, "d")), kinks="x == 0")
def norm_subgradient(x: Vector) -> Vector:
    """Away from 0 the unit vector x/r.  At 0 the rate in the direction v is |v| both ways, which no
    vector gives, but every g with |g| ≤ 1 stays below: |y| ≥ g . y;  hence 0 is chosen there."""
    r = euclidean_norm(x)
    return x / jnp.where(r > 0, r, 1.0)


def norm_power(x: Vector, p: int) -> Scalar:
    """|x|ᵖ"""
    return jnp.sqrt(x @ x) ** p


@gradient(of=norm_power, wrt="x", at=dict(x=nonzero("d"), p=choice(-1, 1, 3, 4)))
def norm_power_gradient(x: Vector, p: int) -> Vector:
    """d rᵖ = p rᵖ⁻¹ dr and dr = x . dx/r;  hence p rᵖ⁻² x."""
    return p * jnp.sqrt(x @ x) ** (p - 2) * x


@hessian(of=norm_power, wrt="x", at=dict(x=nonzero("d"), p=choice(-1, 1, 3, 4)))
def norm_power_hessian(x: Vector, p: int) -> Matrix:
    """d(p rᵖ⁻² x) = p rᵖ⁻² dx + p (p - 2) rᵖ⁻³ x dr, dr = u . dx;
    hence p rᵖ⁻² (I + (p - 2) uuᵀ) with u = x/r."""
    r = jnp.sqrt(x @ x)
    u = x / r
    return p * r ** (p - 2) * (jnp.eye(x.size, dtype=x.dtype) + (p - 2) * jnp.outer(u, u))


def p_norm(x: Vector, p: Scalar | float) -> Scalar:
    """(Σ |xᵢ|ᵖ)^(1/p), p ≥ 1.  The largest entry is taken out, so that no power overflows."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x)))
    return largest * jnp.sum((jnp.abs(x) / largest) ** p) ** (1 / p)


@gradient(of=p_norm, wrt="x", at=dict(x=nonzero("d"), p=interval(1, 8)))
def p_norm_gradient(x: Vector, p: Scalar | float) -> Vector:
    """Nᵖ = Σ |xᵢ|ᵖ, so p Nᵖ⁻¹ dN = p Σ sign(xᵢ) |xᵢ|ᵖ⁻¹ dxᵢ;  hence sign(xᵢ) (|xᵢ|/N)ᵖ⁻¹."""
    return jnp.sign(x) * (jnp.abs(x) / p_norm(x, p)) ** (p - 1)


@identity(
    of=lambda x, p: jnp.sum(jnp.abs(jax.grad(p_norm)(x, p)) ** (p / (p - 1))) ** (1 - 1 / p),
    at=dict(x=nonzero("d"), p=interval(1.2, 8)),
)
def p_norm_gradient_has_dual_length_one(x: Vector, p: Scalar | float) -> Scalar:
    """q = p/(p - 1) is dual to p, (p - 1) q = p:  Σ |gᵢ|^q = Σ (|xᵢ|/N)ᵖ = 1;  hence 1, the
    equality in Hölder's g . y ≤ |g|_q |y|_p, reached along x itself."""
    return jnp.ones_like(jnp.sum(x))


def largest_entry(x: Vector) -> Scalar:
    """max |xᵢ|, the norm for p = ∞, the infinity norm."""
    return jnp.max(jnp.abs(x))


@gradient(of=largest_entry, at=dict(x=distinct("d")), kinks="|x_i| = |x_j|, both the largest")
def largest_entry_gradient(x: Vector) -> Vector:
    """Only the entry k that is largest counts, and near x it stays the largest;
    hence sign(x_k) e_k: a p-norm's gradient with all weights but one gone."""
    k = jnp.argmax(jnp.abs(x))
    return jnp.zeros_like(x).at[k].set(jnp.sign(x[k]))


def soft_length(x: Vector) -> Scalar:
    """√(1 + |x|²) - 1, a length without a corner (pseudo-Huber): |x|²/2 near 0, |x| - 1 far away"""
    s = x @ x
    return s / (jnp.sqrt(1 + s) + 1)


@gradient(of=soft_length, at=dict(x=reals("d")))
def soft_length_gradient(x: Vector) -> Vector:
    """φ(r) = √(1 + r²) - 1 has φ' = r/√(1 + r²), and a radial function has gradient φ' x/r;
    hence x/√(1 + |x|²), at most 1 long and 0 at 0."""
    return x / jnp.sqrt(1 + x @ x)


@hessian(of=soft_length, at=dict(x=reals("d")))
def soft_length_hessian(x: Vector) -> Matrix:
    """A radial function bends by φ'' outwards and by φ'/r across: φ'' uuᵀ + φ'/r (I - uuᵀ) with
    φ'/r = 1/s, φ'' = 1/s³, s = √(1 + r²);  hence (I - xxᵀ/s²)/s."""
    s = jnp.sqrt(1 + x @ x)
    return (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(x / s, x / s)) / s


def mahalanobis_distance(x: Vector, center: Vector, precision: Matrix) -> Scalar:
    """√((x - c)ᵀ P (x - c)): distance in units of the spread, P the inverse covariance"""
    return jnp.sqrt((x - center) @ precision @ (x - center))


MAHALANOBIS = {"x": nonzero("d"), "center": interval(-10, 10, "d"), "precision": spd("d")}


@gradient(of=mahalanobis_distance, wrt=("x", "center"), at=MAHALANOBIS)
def mahalanobis_distance_gradient(
    x: Vector, center: Vector, precision: Matrix
) -> tuple[Vector, Vector]:
    """m² = eᵀPe with e = x - c:  2m dm = 2 (Pe) . de, as P is symmetric;  hence ±Pe/m, not along e
    but normal to the ellipsoid."""
    e = x - center
    pull = precision @ e / jnp.sqrt(e @ precision @ e)
    return pull, -pull


def cosine_similarity(x: Vector, y: Vector) -> Scalar:
    """x . y / (|x| |y|), the cosine of the angle between them"""
    return x @ y / (jnp.linalg.norm(x) * jnp.linalg.norm(y))


COSINE = {"x": nonzero("d+1"), "y": nonzero("d+1")}


@gradient(of=cosine_similarity, wrt=("x", "y"), at=COSINE)
def cosine_similarity_gradient(x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """c = u . v with u = x/|x|, v = y/|y|, and du = (dx - u (u . dx))/|x|;
    hence (v - c u)/|x| and (u - c v)/|y|."""
    u, v = x / jnp.linalg.norm(x), y / jnp.linalg.norm(y)
    return (v - u @ v * u) / jnp.linalg.norm(x), (u - u @ v * v) / jnp.linalg.norm(y)


@identity(
    of=lambda x, y: jnp.sum(jax.grad(cosine_similarity)(x, y) ** 2) * (x @ x),
    at=COSINE,
)
def cosine_gradient_is_sine_over_length(x: Vector, y: Vector) -> Scalar:
    """The gradient (v - c u)/|x| is orthogonal to u, a leg of the right triangle with hypotenuse v
    and other leg c u: |x|² |grad|² = 1 - c²;  hence sin² of the angle, which Lagrange's identity
    has without cancelling: Σ_{i<j} (uᵢvⱼ - uⱼvᵢ)²."""
    u, v = x / jnp.linalg.norm(x), y / jnp.linalg.norm(y)
    return jnp.sum((jnp.outer(u, v) - jnp.outer(v, u)) ** 2) / 2
