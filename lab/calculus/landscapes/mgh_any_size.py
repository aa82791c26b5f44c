"""Moré, Garbow and Hillstrom 20 to 27: problems of as many variables as one likes.

Residuals with their Jacobians by hand; the loss is the sum of their squares (`least_squares`).
Moré, Garbow and Hillstrom (1981), section 3, by number. n is the size of x throughout.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.landscapes.mgh_valleys import (
    powell_singular_jacobian,
    powell_singular_residuals,
    rosenbrock_jacobian,
    rosenbrock_residuals,
)
from lab.derivation import jacobian
from lab.domains import reals

Vector = Float[Array, " n"]
Residuals = Float[Array, " m"]
Jacobian = Float[Array, "m n"]

ROOT = math.sqrt(1e-5)


def counted(x: Vector) -> Vector:
    """1, 2, ..., n in the dtype of x."""
    return jnp.arange(1, x.size + 1, dtype=x.dtype)


def block_diagonal(blocks: Float[Array, "k r c"]) -> Jacobian:
    """The matrix with these blocks along its diagonal."""
    k, rows, columns = blocks.shape
    spread = blocks[:, :, None, :] * jnp.eye(k, dtype=blocks.dtype)[:, None, :, None]
    return spread.reshape(k * rows, k * columns)


def _watson_times(x: Vector) -> tuple[Float[Array, "29 1"], Vector]:
    """t = 1/29, ..., 1, and the powers 0, ..., n - 1."""
    t = jnp.arange(1, 30, dtype=x.dtype)[:, None] / 29
    return t, jnp.arange(x.size, dtype=x.dtype)


def watson_residuals(x: Vector) -> Float[Array, " 31"]:
    """p'(t) - p(t)² - 1 at t = 1/29, ..., 1 for the polynomial p = Σ xⱼ tʲ⁻¹;  x₁;  x₂ - x₁² - 1"""
    t, power = _watson_times(x)
    slope = (power * t ** (power - 1)) @ x
    equation = slope - (t**power @ x) ** 2 - 1
    return jnp.concatenate([equation, jnp.stack([x[0], x[1] - x[0] ** 2 - 1])])


@jacobian(of=watson_residuals, at=dict(x=reals("n+1")))
def watson_jacobian(x: Vector) -> Float[Array, "31 n"]:
    """p and p' are linear in x: d(p' - p²) = Σ ((j-1) tʲ⁻² - 2 p tʲ⁻¹) dxⱼ;  hence 29 rows, and two
    for dx₁ and dx₂ - 2x₁ dx₁.
    """
    t, power = _watson_times(x)
    basis = t**power
    rows = power * t ** (power - 1) - 2 * (basis @ x)[:, None] * basis
    last = jnp.zeros((2, x.size), x.dtype).at[0, 0].set(1).at[1, 0].set(-2 * x[0])
    return jnp.concatenate([rows, last.at[1, 1].set(1)])


def extended_rosenbrock_residuals(x: Vector) -> Vector:
    """Rosenbrock's two residuals for each pair (x₁, x₂), (x₃, x₄), ..."""
    return jax.vmap(rosenbrock_residuals)(x.reshape(-1, 2)).ravel()


@jacobian(of=extended_rosenbrock_residuals, at=dict(x=reals("2n")))
def extended_rosenbrock_jacobian(x: Vector) -> Jacobian:
    """Each pair knows itself alone;  hence blocks of `rosenbrock_jacobian` along the diagonal."""
    return block_diagonal(jax.vmap(rosenbrock_jacobian)(x.reshape(-1, 2)))


def extended_powell_residuals(x: Vector) -> Vector:
    """Powell's four residuals for each four variables in a row."""
    return jax.vmap(powell_singular_residuals)(x.reshape(-1, 4)).ravel()


@jacobian(of=extended_powell_residuals, at=dict(x=reals("4n")))
def extended_powell_jacobian(x: Vector) -> Jacobian:
    """Each four know themselves alone;  hence blocks of `powell_singular_jacobian`."""
    return block_diagonal(jax.vmap(powell_singular_jacobian)(x.reshape(-1, 4)))


def penalty_1_residuals(x: Vector) -> Residuals:
    """√10⁻⁵ (xᵢ - 1),  x.x - 1/4"""
    return jnp.append(ROOT * (x - 1), x @ x - 0.25)


@jacobian(of=penalty_1_residuals, at=dict(x=reals("n")))
def penalty_1_jacobian(x: Vector) -> Jacobian:
    """d(x.x) = 2 x.dx;  hence √10⁻⁵ I above the row 2x."""
    return jnp.concatenate([ROOT * jnp.eye(x.size, dtype=x.dtype), 2 * x[None]])


def penalty_2_residuals(x: Vector) -> Residuals:
    """x₁ - 0.2;  √10⁻⁵ (e^(xᵢ/10) + e^(xᵢ₋₁/10) - yᵢ);  √10⁻⁵ (e^(xᵢ/10) - e^-0.1);
    Σ (n - j + 1) xⱼ² - 1:  i = 2, ..., n, and y such that x = (1, 2, ..., n) solves the second.
    Penalty II.
    """
    e, y, weights = jnp.exp(x / 10), jnp.exp(counted(x) / 10), counted(x)[::-1]
    pairs = ROOT * (e[1:] + e[:-1] - (y[1:] + y[:-1]))
    ends = (x[:1] - 0.2, weights @ x**2 - 1)
    return jnp.concatenate([ends[0], pairs, ROOT * (e[1:] - math.exp(-0.1)), ends[1][None]])


@jacobian(of=penalty_2_residuals, at=dict(x=reals("n")))
def penalty_2_jacobian(x: Vector) -> Jacobian:
    """d e^(x/10) = e^(x/10)/10 dx: with E the diagonal matrix of these slopes, rows 2, ..., n of E
    and those of E plus the rows before;  first dx₁, last 2 Σ (n - j + 1) xⱼ dxⱼ.
    """
    first = jnp.eye(1, x.size, dtype=x.dtype)
    E = ROOT / 10 * jnp.diag(jnp.exp(x / 10))
    return jnp.concatenate([first, E[1:] + E[:-1], E[1:], 2 * (counted(x)[::-1] * x)[None]])


def variably_dimensioned_residuals(x: Vector) -> Residuals:
    """xᵢ - 1,  u,  u²:  u = Σ j (xⱼ - 1)"""
    u = counted(x) @ (x - 1)
    return jnp.concatenate([x - 1, jnp.stack([u, u**2])])


@jacobian(of=variably_dimensioned_residuals, at=dict(x=reals("n")))
def variably_dimensioned_jacobian(x: Vector) -> Jacobian:
    """du = Σ j dxⱼ and du² = 2u du;  hence the identity above the rows j and 2u j."""
    j = counted(x)
    u = j @ (x - 1)
    return jnp.concatenate([jnp.eye(x.size, dtype=x.dtype), j[None], 2 * u * j[None]])


def trigonometric_residuals(x: Vector) -> Vector:
    """n - Σ cos xⱼ + i (1 - cos xᵢ) - sin xᵢ

    1 - cos x as 2 sin²(x/2), which keeps its digits near 0, where the start lies.
    """
    gaps = 2 * jnp.sin(x / 2) ** 2
    return jnp.sum(gaps) + counted(x) * gaps - jnp.sin(x)


@jacobian(of=trigonometric_residuals, at=dict(x=reals("n")))
def trigonometric_jacobian(x: Vector) -> Jacobian:
    """d(-Σ cos xⱼ) = Σ sin xⱼ dxⱼ, in every row, and d(-i cos xᵢ - sin xᵢ) = (i sin xᵢ - cos xᵢ)
    dxᵢ on the diagonal;  hence their sum.
    """
    own = counted(x) * jnp.sin(x) - jnp.cos(x)
    return jnp.sin(x)[None] + jnp.diag(own)


def brown_almost_linear_residuals(x: Vector) -> Vector:
    """xᵢ + Σ xⱼ - (n + 1) for i < n,  Π xⱼ - 1"""
    return jnp.append(x[:-1] + jnp.sum(x) - (x.size + 1), jnp.prod(x) - 1)


@jacobian(of=brown_almost_linear_residuals, at=dict(x=reals("n")))
def brown_almost_linear_jacobian(x: Vector) -> Jacobian:
    """n - 1 rows of I + 1 1ᵀ;  d Π xⱼ = Σ (product of the others) dxⱼ, hence the last row. The
    product of those before times that of those behind, rather than Π / xⱼ: an xⱼ may be 0.
    """
    one = jnp.ones(1, x.dtype)
    before = jnp.cumprod(jnp.concatenate([one, x[:-1]]))
    behind = jnp.cumprod(jnp.concatenate([one, x[:0:-1]]))[::-1]
    linear = jnp.eye(x.size, dtype=x.dtype)[:-1] + 1
    return jnp.concatenate([linear, (before * behind)[None]])


# fmt: off
PROBLEMS = (
    LeastSquares(20, "watson", watson_residuals, watson_jacobian, (0.0,) * 6, 2.28767005e-3),
    LeastSquares(21, "extended_rosenbrock", extended_rosenbrock_residuals,
                 extended_rosenbrock_jacobian, (-1.2, 1.0) * 5, 0.0),
    LeastSquares(22, "extended_powell", extended_powell_residuals, extended_powell_jacobian,
                 (3.0, -1.0, 0.0, 1.0) * 2, 0.0),
    LeastSquares(23, "penalty_1", penalty_1_residuals, penalty_1_jacobian,
                 (1.0, 2.0, 3.0, 4.0), 2.24997750e-5),
    LeastSquares(24, "penalty_2", penalty_2_residuals, penalty_2_jacobian, (0.5,) * 4,
                 9.37629e-6),
    LeastSquares(25, "variably_dimensioned", variably_dimensioned_residuals,
                 variably_dimensioned_jacobian, tuple(1 - j / 10 for j in range(1, 11)), 0.0),
    LeastSquares(26, "trigonometric", trigonometric_residuals, trigonometric_jacobian,
                 (0.1,) * 10, 0.0, (2.79506e-5,)),
    LeastSquares(27, "brown_almost_linear", brown_almost_linear_residuals,
                 brown_almost_linear_jacobian, (0.5,) * 10, 0.0, (1.0,)),
)
