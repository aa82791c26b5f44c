"""Differentials of matrices: the rules that every other derivative is made of.

A differential is a jvp: a matrix dX goes in, what it changes to first order comes out. Nothing but
the order of the factors is new; (37) is where it starts to matter.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, inv
from jaxtyping import Array, Float

from lab.derivation import hessian, jacobian, jvp
from lab.domains import invertible, reals

Scalar = Float[Array, ""]


# ----- linear maps: they are their own differentials -----


def shifted_matrix(X: Float[Array, "m n"], A: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """A + X, with A constant."""
    return A + X


@jvp(of=shifted_matrix, wrt="X", at=dict(X=reals("m n"), A=reals("m n")))
def shifted_matrix_jvp(
    X: Float[Array, "m n"], A: Float[Array, "m n"], tangent: Float[Array, "m n"]
) -> Float[Array, "m n"]:
    """(33) d(A + X) = dA + dX, and A - A = 0 however X moves: dA = 0;  hence dX."""
    return tangent


def scaled_matrix(a: Scalar, X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """a X, a scalar multiple."""
    return a * X


@jvp(of=scaled_matrix, wrt=("a", "X"), at=dict(a=reals(), X=reals("m n")))
def scaled_matrix_jvp(
    a: Scalar, X: Float[Array, "m n"], tangent: tuple[Scalar, Float[Array, "m n"]]
) -> Float[Array, "m n"]:
    """(34) (a + da)(X + dX) = aX + a dX + da X + da dX, the last of second order;
    hence a dX + da X, and the book's a dX where a is held."""
    da, dX = tangent
    return a * dX + da * X


def matrix_sum(X: Float[Array, "m n"], Y: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """X + Y."""
    return X + Y


@jvp(of=matrix_sum, wrt=("X", "Y"), at=dict(X=reals("m n"), Y=reals("m n")))
def matrix_sum_jvp(
    X: Float[Array, "m n"],
    Y: Float[Array, "m n"],
    tangent: tuple[Float[Array, "m n"], Float[Array, "m n"]],
) -> Float[Array, "m n"]:
    """(35) (X + dX) + (Y + dY) - (X + Y);  hence dX + dY."""
    dX, dY = tangent
    return dX + dY


@jvp(of=jnp.trace, at=(reals("n n"),))
def trace_jvp(X: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Scalar:
    """(36) Σ_i (X + dX)_ii - Σ_i X_ii = Σ_i dX_ii;  hence Tr dX."""
    return jnp.sum(jnp.diag(tangent))


@jvp(of=jnp.transpose, at=(reals("m n"),))
def transpose_jvp(X: Float[Array, "m n"], tangent: Float[Array, "m n"]) -> Float[Array, "n m"]:
    """(44) Transposing is linear: (X + dX)ᵀ = Xᵀ + dXᵀ;  hence (dX)ᵀ."""
    return tangent.T


def hermitian_transpose(X: Float[Array, "2 m n"]) -> Float[Array, "2 n m"]:
    """The conjugate transpose of X_0 + i X_1, as a pair of real and imaginary part."""
    H = jax.lax.complex(X[0], X[1]).conj().T
    return jnp.stack([H.real, H.imag])


@jvp(of=hermitian_transpose, at=dict(X=reals("2 m n")))
def hermitian_transpose_jvp(
    X: Float[Array, "2 m n"], tangent: Float[Array, "2 m n"]
) -> Float[Array, "2 n m"]:
    """(45) (A + iB)ᴴ = Aᵀ - i Bᵀ is linear over the reals;  hence dAᵀ - i dBᵀ = (dX)ᴴ.
    Not linear over the complex numbers: i X goes to -i Xᴴ."""
    return jnp.stack([tangent[0].T, -tangent[1].T])


# ----- products: one factor moves at a time -----


def product(X: Float[Array, "m n"], Y: Float[Array, "n p"]) -> Float[Array, "m p"]:
    """X Y."""
    return X @ Y


@jvp(of=product, wrt=("X", "Y"), at=dict(X=reals("m n"), Y=reals("n p")))
def product_jvp(
    X: Float[Array, "m n"],
    Y: Float[Array, "n p"],
    tangent: tuple[Float[Array, "m n"], Float[Array, "n p"]],
) -> Float[Array, "m p"]:
    """(37) (X + dX)(Y + dY) = X Y + dX Y + X dY + dX dY;  hence dX Y + X dY, in this order."""
    dX, dY = tangent
    return dX @ Y + X @ dY


def hadamard_product(X: Float[Array, "m n"], Y: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """X ∘ Y."""
    return X * Y


@jvp(of=hadamard_product, wrt=("X", "Y"), at=dict(X=reals("m n"), Y=reals("m n")))
def hadamard_product_jvp(
    X: Float[Array, "m n"],
    Y: Float[Array, "m n"],
    tangent: tuple[Float[Array, "m n"], Float[Array, "m n"]],
) -> Float[Array, "m n"]:
    """(38) The product rule in each entry;  hence dX ∘ Y + X ∘ dY."""
    dX, dY = tangent
    return dX * Y + X * dY


@jvp(of=jnp.kron, wrt=(0, 1), at=(reals("m n"), reals("p q")))
def kronecker_product_jvp(
    X: Float[Array, "m n"],
    Y: Float[Array, "p q"],
    tangent: tuple[Float[Array, "m n"], Float[Array, "p q"]],
) -> Float[Array, "mp nq"]:
    """(39) Every entry of X ⊗ Y is X_ij Y_kl, one factor from each;  hence dX ⊗ Y + X ⊗ dY."""
    dX, dY = tangent
    return jnp.kron(dX, Y) + jnp.kron(X, dY)


# ----- along a curve Y(t): velocity Y', acceleration Y'' -----


def quadratic_curve(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """Y(t) = A + t B + t² C / 2, with Y' = B + t C and Y'' = C."""
    return A + t * B + t**2 * C / 2


def determinant_on_curve(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Scalar:
    """det Y(t) on the quadratic curve."""
    return det(quadratic_curve(t, A, B, C))


CURVE = dict(t=reals(), A=invertible("n"), B=reals("n n"), C=reals("n n"))


@jacobian(of=determinant_on_curve, wrt="t", at=CURVE)
def determinant_on_curve_derivative(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Scalar:
    """(46) d det Y = det Y Tr(Y⁻¹ dY) and dY = Y' dt;  hence det Y Tr(Y⁻¹ Y')."""
    Y, velocity = quadratic_curve(t, A, B, C), B + t * C
    return det(Y) * jnp.trace(inv(Y) @ velocity)


@hessian(of=determinant_on_curve, wrt="t", at=CURVE)
def determinant_on_curve_second_derivative(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Scalar:
    """(48) M = Y⁻¹ Y':  d(det Y Tr M) = det Y Tr(M) Tr(M) + det Y Tr(dM), with
    dM = Y⁻¹ Y'' - Y⁻¹ Y' Y⁻¹ Y';  hence det Y (Tr(Y⁻¹ Y'') + (Tr M)² - Tr(M M))."""
    Y, velocity = quadratic_curve(t, A, B, C), B + t * C
    inverted = inv(Y)
    M = inverted @ velocity
    return det(Y) * (jnp.trace(inverted @ C) + jnp.trace(M) ** 2 - jnp.trace(M @ M))


def inverse_on_curve(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """Y(t)⁻¹ on the quadratic curve."""
    return inv(quadratic_curve(t, A, B, C))


@jacobian(of=inverse_on_curve, wrt="t", at=CURVE)
def inverse_on_curve_derivative(
    t: Scalar, A: Float[Array, "n n"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """(59) Y Y⁻¹ = I:  Y' Y⁻¹ + Y (Y⁻¹)' = 0;  hence -Y⁻¹ Y' Y⁻¹."""
    inverted = inv(quadratic_curve(t, A, B, C))
    return -inverted @ (B + t * C) @ inverted
