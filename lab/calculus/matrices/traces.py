"""Traces and powers of matrices.

Tr(Gᵀ dX) = Σ_ij G_ij dX_ij is the inner product of matrices. Bring a differential to the form
Tr(M dX), turning the trace, Tr(AB) = Tr(BA) = Tr(Bᵀ Aᵀ), and the gradient is Mᵀ.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax.numpy as jnp
from jax.numpy.linalg import matrix_power
from jaxtyping import Array, Float

from lab.derivation import gradient, vjp
from lab.domains import choice, nonzero, reals

Scalar = Float[Array, ""]


def trace_product(X: Float[Array, "m n"], A: Float[Array, "n m"]) -> Scalar:
    """Tr(A X)."""
    return jnp.trace(A @ X)


@gradient(of=trace_product, wrt="X", at=dict(X=reals("m n"), A=reals("n m")))
def trace_product_gradient(X: Float[Array, "m n"], A: Float[Array, "n m"]) -> Float[Array, "m n"]:
    """(100) Tr(A dX) = Tr((Aᵀ)ᵀ dX): the definition of a matrix gradient, read backwards."""
    return A.T


def trace_sandwich(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p m"]
) -> Scalar:
    """Tr(A X B)."""
    return jnp.trace(A @ X @ B)


@gradient(of=trace_sandwich, wrt="X", at=dict(X=reals("n p"), A=reals("m n"), B=reals("p m")))
def trace_sandwich_gradient(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p m"]
) -> Float[Array, "n p"]:
    """(101) Tr(A dX B) = Tr(B A dX) = Tr((Aᵀ Bᵀ)ᵀ dX)."""
    return A.T @ B.T


def trace_square(X: Float[Array, "n n"]) -> Scalar:
    """Tr(X X)."""
    return jnp.trace(X @ X)


@gradient(of=trace_square, at=dict(X=reals("n n")))
def trace_square_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(106) Tr(dX X + X dX) = 2 Tr(X dX).  Not 2X, which belongs to Tr(Xᵀ X)."""
    return 2 * X.T


def trace_quadratic(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Scalar:
    """Tr(Xᵀ B X), the quadratic form summed over the columns of X."""
    return jnp.trace(X.T @ B @ X)


@gradient(of=trace_quadratic, wrt="X", at=dict(X=reals("n p"), B=reals("n n")))
def trace_quadratic_gradient(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Float[Array, "n p"]:
    """(108) Tr(dXᵀ B X + Xᵀ B dX) = Tr((B X)ᵀ dX) + Tr((Bᵀ X)ᵀ dX)."""
    return B @ X + B.T @ X


def trace_congruence(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p p"], C: Float[Array, "n m"]
) -> Scalar:
    """Tr(A X B Xᵀ C)."""
    return jnp.trace(A @ X @ B @ X.T @ C)


@gradient(
    of=trace_congruence,
    wrt="X",
    at=dict(X=reals("n p"), A=reals("m n"), B=reals("p p"), C=reals("n m")),
)
def trace_congruence_gradient(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p p"], C: Float[Array, "n m"]
) -> Float[Array, "n p"]:
    """(118) Tr(B Xᵀ C A dX) + Tr(C A X B dXᵀ), and Tr(M dXᵀ) = Tr(Mᵀ dX)."""
    return A.T @ C.T @ X @ B.T + C @ A @ X @ B


def sandwich_squares(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p q"], C: Float[Array, "m q"]
) -> Scalar:
    """Tr((A X B + C)(A X B + C)ᵀ), the squared Frobenius norm of A X B + C."""
    return jnp.sum((A @ X @ B + C) ** 2)


@gradient(
    of=sandwich_squares,
    wrt="X",
    at=dict(X=reals("n p"), A=reals("m n"), B=reals("p q"), C=reals("m q")),
)
def sandwich_squares_gradient(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p q"], C: Float[Array, "m q"]
) -> Float[Array, "n p"]:
    """(119) R = A X B + C;  d Tr(R Rᵀ) = 2 Tr(Rᵀ A dX B) = 2 Tr(B Rᵀ A dX)."""
    return 2 * A.T @ (A @ X @ B + C) @ B.T


def frobenius_norm(X: Float[Array, "m n"]) -> Scalar:
    """sqrt(Tr(Xᵀ X))."""
    return jnp.sqrt(jnp.sum(X**2))


@gradient(of=frobenius_norm, at=dict(X=nonzero("m n")))
def frobenius_norm_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """(115), (132) f² = Tr(Xᵀ X), so 2 f df = 2 Tr(Xᵀ dX): X over its norm."""
    return X / jnp.sqrt(jnp.sum(X**2))


def symmetric_trace(T: Float[Array, "n n"], A: Float[Array, "n n"]) -> Scalar:
    """Tr(A X) where X is symmetric and has the lower triangle of T for its free entries."""
    return jnp.trace(A @ (jnp.tril(T) + jnp.tril(T, -1).T))


@gradient(of=symmetric_trace, wrt="T", at=dict(T=reals("n n"), A=reals("n n")))
def symmetric_trace_gradient(T: Float[Array, "n n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(138), (139) Off the diagonal an entry of T sits twice in X, at ij and ji, and collects
    A_ji + A_ij; on it once. Hence A + Aᵀ - A ∘ I, in the triangle that is free.
    """
    return jnp.tril(A + A.T) - jnp.diag(jnp.diag(A))


# ----- powers -----
# d(Xⁿ) = Σ_{r<n} Xʳ dX Xⁿ⁻¹⁻ʳ: matrices do not commute, so n Xⁿ⁻¹ dX splits in n terms.


def trace_power(X: Float[Array, "d d"], n: int) -> Scalar:
    """Tr(Xⁿ)."""
    return jnp.trace(matrix_power(X, n))


@gradient(of=trace_power, wrt="X", at=dict(X=reals("d d"), n=choice(1, 2, 3, 5)))
def trace_power_gradient(X: Float[Array, "d d"], n: int) -> Float[Array, "d d"]:
    """(121) Tr(Xʳ dX Xⁿ⁻¹⁻ʳ) = Tr(Xⁿ⁻¹ dX) for each r: under the trace they all agree."""
    return n * matrix_power(X, n - 1).T


def power_form(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Scalar:
    """aᵀ Xⁿ b."""
    return a @ matrix_power(X, n) @ b


@gradient(
    of=power_form,
    wrt="X",
    at=dict(X=reals("d d"), a=reals("d"), b=reals("d"), n=choice(1, 2, 3, 4)),
)
def power_form_gradient(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Float[Array, "d d"]:
    """(91) u = (Xʳ)ᵀ a and v = Xⁿ⁻¹⁻ʳ b;  aᵀ Xʳ dX Xⁿ⁻¹⁻ʳ b = uᵀ dX v gives u vᵀ."""
    us = [a]
    vs = [b]
    for _ in range(n - 1):
        us.append(X.T @ us[-1])
        vs.append(X @ vs[-1])
    return jnp.stack(us, axis=1) @ jnp.stack(vs[::-1], axis=0)


def power_inner_product(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Scalar:
    """(Xⁿ a)ᵀ (Xⁿ b)."""
    return (matrix_power(X, n) @ a) @ (matrix_power(X, n) @ b)


@gradient(
    of=power_inner_product,
    wrt="X",
    at=dict(X=reals("d d"), a=reals("d"), b=reals("d"), n=choice(1, 2, 3, 4)),
)
def power_inner_product_gradient(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Float[Array, "d d"]:
    """(92), corrected.  df = (Xⁿ b)ᵀ d(Xⁿ) a + (Xⁿ a)ᵀ d(Xⁿ) b, and each half is (91):
    Σ_{r<n} (Xʳ)ᵀ Xⁿ b aᵀ (Xⁿ⁻¹⁻ʳ)ᵀ + (Xʳ)ᵀ Xⁿ a bᵀ (Xⁿ⁻¹⁻ʳ)ᵀ.
    The book prints the first term transposed.
    """
    power = matrix_power(X, n)
    return power_form_gradient(X, power @ b, a, n) + power_form_gradient(X, power @ a, b, n)


def power(X: Float[Array, "d d"], n: int) -> Float[Array, "d d"]:
    """Xⁿ, a matrix power, entry by entry."""
    return matrix_power(X, n)


@vjp(of=power, wrt="X", at=dict(X=reals("d d"), n=choice(1, 2, 3, 5)))
def power_vjp(
    X: Float[Array, "d d"], n: int, cotangent: Float[Array, "d d"]
) -> Float[Array, "d d"]:
    """(90) Tr(Gᵀ Xʳ dX Xⁿ⁻¹⁻ʳ) = Tr(((Xʳ)ᵀ G (Xⁿ⁻¹⁻ʳ)ᵀ)ᵀ dX), summed over r."""
    powers = [matrix_power(X.T, r) for r in range(n)]
    return sum((powers[r] @ cotangent @ powers[n - 1 - r] for r in range(n)), jnp.zeros_like(X))
