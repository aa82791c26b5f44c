"""Traces of products, one rule after the other: transposes, Kronecker products, functions.

Each is the same three moves: put d in front of one X after the other, turn the trace until dX (or
dXᵀ) is last, and transpose what is left. Tr(M dX) gives Mᵀ and Tr(M dXᵀ) gives M.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jax.numpy.linalg import matrix_power
from jaxtyping import Array, Float

from lab.calculus.matrices.exponential import exponential
from lab.derivation import gradient
from lab.domains import choice, interval, reals

Scalar = Float[Array, ""]


# ----- of first order -----


@gradient(of=jnp.trace, at=(reals("n n"),))
def trace_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(99) Tr dX = Tr(I dX);  hence I."""
    return jnp.eye(len(X), dtype=X.dtype)


def trace_transposed_sandwich(
    X: Float[Array, "n p"], A: Float[Array, "m p"], B: Float[Array, "n m"]
) -> Scalar:
    """Tr(A Xᵀ B)."""
    return jnp.trace(A @ X.T @ B)


@gradient(
    of=trace_transposed_sandwich,
    wrt="X",
    at=dict(X=reals("n p"), A=reals("m p"), B=reals("n m")),
)
def trace_transposed_sandwich_gradient(
    X: Float[Array, "n p"], A: Float[Array, "m p"], B: Float[Array, "n m"]
) -> Float[Array, "n p"]:
    """(102) Tr(A dXᵀ B) = Tr(B A dXᵀ);  hence B A."""
    return B @ A


def trace_transposed_first(X: Float[Array, "m n"], A: Float[Array, "m n"]) -> Scalar:
    """Tr(Xᵀ A), the inner product Σ_ij X_ij A_ij."""
    return jnp.trace(X.T @ A)


@gradient(of=trace_transposed_first, wrt="X", at=dict(X=reals("m n"), A=reals("m n")))
def trace_transposed_first_gradient(
    X: Float[Array, "m n"], A: Float[Array, "m n"]
) -> Float[Array, "m n"]:
    """(103) Tr(dXᵀ A) = Σ_ij dX_ij A_ij;  hence A."""
    return A


def trace_transposed_last(X: Float[Array, "m n"], A: Float[Array, "m n"]) -> Scalar:
    """Tr(A Xᵀ), the same inner product."""
    return jnp.trace(A @ X.T)


@gradient(of=trace_transposed_last, wrt="X", at=dict(X=reals("m n"), A=reals("m n")))
def trace_transposed_last_gradient(
    X: Float[Array, "m n"], A: Float[Array, "m n"]
) -> Float[Array, "m n"]:
    """(104) Tr(A dXᵀ) = Tr(dXᵀ A);  hence A again."""
    return A


def trace_kronecker(X: Float[Array, "n n"], A: Float[Array, "m m"]) -> Scalar:
    """Tr(A ⊗ X)."""
    return jnp.trace(jnp.kron(A, X))


@gradient(of=trace_kronecker, wrt="X", at=dict(X=reals("n n"), A=reals("m m")))
def trace_kronecker_gradient(X: Float[Array, "n n"], A: Float[Array, "m m"]) -> Float[Array, "n n"]:
    """(105) The diagonal of A ⊗ X holds all A_ii X_jj, so it is Tr A Tr X;  hence Tr(A) I."""
    return jnp.trace(A) * jnp.eye(len(X), dtype=X.dtype)


# ----- of second order -----


def trace_square_product(X: Float[Array, "n n"], B: Float[Array, "n n"]) -> Scalar:
    """Tr(X² B)."""
    return jnp.trace(X @ X @ B)


@gradient(of=trace_square_product, wrt="X", at=dict(X=reals("n n"), B=reals("n n")))
def trace_square_product_gradient(
    X: Float[Array, "n n"], B: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """(107) Tr(dX X B) + Tr(X dX B) = Tr((X B + B X) dX);  hence (X B + B X)ᵀ."""
    return (X @ B + B @ X).T


def trace_left_weighted_gram(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Scalar:
    """Tr(B X Xᵀ)."""
    return jnp.trace(B @ X @ X.T)


@gradient(of=trace_left_weighted_gram, wrt="X", at=dict(X=reals("n p"), B=reals("n n")))
def trace_left_weighted_gram_gradient(
    X: Float[Array, "n p"], B: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(109) Tr(Xᵀ B dX) + Tr(B X dXᵀ);  hence Bᵀ X + B X."""
    return B.T @ X + B @ X


def trace_right_weighted_gram(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Scalar:
    """Tr(X Xᵀ B)."""
    return jnp.trace(X @ X.T @ B)


@gradient(of=trace_right_weighted_gram, wrt="X", at=dict(X=reals("n p"), B=reals("n n")))
def trace_right_weighted_gram_gradient(
    X: Float[Array, "n p"], B: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(110) Tr(Xᵀ B dX) + Tr(B X dXᵀ), as for (109): the trace has been turned;
    hence B X + Bᵀ X."""
    return (B + B.T) @ X


def trace_row_quadratic(X: Float[Array, "n p"], B: Float[Array, "p p"]) -> Scalar:
    """Tr(X B Xᵀ), the quadratic form summed over the rows of X."""
    return jnp.trace(X @ B @ X.T)


@gradient(of=trace_row_quadratic, wrt="X", at=dict(X=reals("n p"), B=reals("p p")))
def trace_row_quadratic_gradient(
    X: Float[Array, "n p"], B: Float[Array, "p p"]
) -> Float[Array, "n p"]:
    """(111) Tr(B Xᵀ dX) + Tr(X B dXᵀ);  hence X Bᵀ + X B: B now stands on the right."""
    return X @ B.T + X @ B


def trace_left_weighted_inner(X: Float[Array, "n p"], B: Float[Array, "p p"]) -> Scalar:
    """Tr(B Xᵀ X)."""
    return jnp.trace(B @ X.T @ X)


@gradient(of=trace_left_weighted_inner, wrt="X", at=dict(X=reals("n p"), B=reals("p p")))
def trace_left_weighted_inner_gradient(
    X: Float[Array, "n p"], B: Float[Array, "p p"]
) -> Float[Array, "n p"]:
    """(112) Tr(B Xᵀ dX) + Tr(X B dXᵀ);  hence X Bᵀ + X B."""
    return X @ B.T + X @ B


def trace_right_weighted_inner(X: Float[Array, "n p"], B: Float[Array, "p p"]) -> Scalar:
    """Tr(Xᵀ X B)."""
    return jnp.trace(X.T @ X @ B)


@gradient(of=trace_right_weighted_inner, wrt="X", at=dict(X=reals("n p"), B=reals("p p")))
def trace_right_weighted_inner_gradient(
    X: Float[Array, "n p"], B: Float[Array, "p p"]
) -> Float[Array, "n p"]:
    """(113) Tr(B Xᵀ dX) + Tr(X B dXᵀ), (112) turned;  hence X (B + Bᵀ)."""
    return X @ (B + B.T)


def trace_alternating(
    X: Float[Array, "n p"], A: Float[Array, "p n"], B: Float[Array, "p n"]
) -> Scalar:
    """Tr(A X B X)."""
    return jnp.trace(A @ X @ B @ X)


@gradient(of=trace_alternating, wrt="X", at=dict(X=reals("n p"), A=reals("p n"), B=reals("p n")))
def trace_alternating_gradient(
    X: Float[Array, "n p"], A: Float[Array, "p n"], B: Float[Array, "p n"]
) -> Float[Array, "n p"]:
    """(114) Tr(B X A dX) + Tr(A X B dX);  hence Aᵀ Xᵀ Bᵀ + Bᵀ Xᵀ Aᵀ."""
    return A.T @ X.T @ B.T + B.T @ X.T @ A.T


def trace_gram(X: Float[Array, "m n"]) -> Scalar:
    """Tr(Xᵀ X), the squared Frobenius norm."""
    return jnp.sum(X**2)


@gradient(of=trace_gram, at=dict(X=reals("m n")))
def trace_gram_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """(115), (132) Tr(dXᵀ X) + Tr(Xᵀ dX) = 2 Tr(Xᵀ dX);  hence 2 X."""
    return 2 * X


def trace_kronecker_square(X: Float[Array, "n n"]) -> Scalar:
    """Tr(X ⊗ X)."""
    return jnp.trace(jnp.kron(X, X))


@gradient(of=trace_kronecker_square, at=dict(X=reals("n n")))
def trace_kronecker_square_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(120) Tr(X ⊗ X) = (Tr X)²;  hence 2 Tr(X) I."""
    return 2 * jnp.trace(X) * jnp.eye(len(X), dtype=X.dtype)


def trace_projected_scatter(
    X: Float[Array, "m n"], B: Float[Array, "n k"], C: Float[Array, "m m"]
) -> Scalar:
    """Tr(Bᵀ Xᵀ C X B)."""
    return jnp.trace(B.T @ X.T @ C @ X @ B)


@gradient(
    of=trace_projected_scatter, wrt="X", at=dict(X=reals("m n"), B=reals("n k"), C=reals("m m"))
)
def trace_projected_scatter_gradient(
    X: Float[Array, "m n"], B: Float[Array, "n k"], C: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """(116) Tr(B Bᵀ dXᵀ C X) + Tr(B Bᵀ Xᵀ C dX);  hence C X B Bᵀ + Cᵀ X B Bᵀ."""
    return (C + C.T) @ X @ B @ B.T


def trace_two_weights(
    X: Float[Array, "m n"], B: Float[Array, "m m"], C: Float[Array, "n n"]
) -> Scalar:
    """Tr(Xᵀ B X C)."""
    return jnp.trace(X.T @ B @ X @ C)


@gradient(of=trace_two_weights, wrt="X", at=dict(X=reals("m n"), B=reals("m m"), C=reals("n n")))
def trace_two_weights_gradient(
    X: Float[Array, "m n"], B: Float[Array, "m m"], C: Float[Array, "n n"]
) -> Float[Array, "m n"]:
    """(117) Tr(B X C dXᵀ) + Tr(C Xᵀ B dX);  hence B X C + Bᵀ X Cᵀ."""
    return B @ X @ C + B.T @ X @ C.T


# ----- of higher order, and functions -----


def trace_product_power(X: Float[Array, "d d"], A: Float[Array, "d d"], k: int) -> Scalar:
    """Tr(A Xᵏ)."""
    return jnp.trace(A @ matrix_power(X, k))


@gradient(
    of=trace_product_power,
    wrt="X",
    at=dict(X=reals("d d"), A=reals("d d"), k=choice(1, 2, 3, 4)),
)
def trace_product_power_gradient(
    X: Float[Array, "d d"], A: Float[Array, "d d"], k: int
) -> Float[Array, "d d"]:
    """(122) d(Xᵏ) = Σ_{r<k} Xʳ dX Xᵏ⁻¹⁻ʳ and Tr(A Xʳ dX Xᵏ⁻¹⁻ʳ) = Tr(Xᵏ⁻¹⁻ʳ A Xʳ dX);
    hence Σ_{r<k} (Xʳ A Xᵏ⁻¹⁻ʳ)ᵀ, the terms counted from the other end."""
    powers = [matrix_power(X, r) for r in range(k)]
    return sum((powers[r] @ A @ powers[k - 1 - r] for r in range(k)), jnp.zeros_like(X)).T


def trace_fourth_order(
    X: Float[Array, "m n"], B: Float[Array, "n k"], C: Float[Array, "m m"]
) -> Scalar:
    """Tr(Bᵀ Xᵀ C X Xᵀ C X B) = |Xᵀ C X B|², for a symmetric C."""
    return jnp.trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)


@gradient(of=trace_fourth_order, wrt="X", at=dict(X=reals("m n"), B=reals("n k"), C=reals("m m")))
def trace_fourth_order_gradient(
    X: Float[Array, "m n"], B: Float[Array, "n k"], C: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """(123) P = Xᵀ C X, Q = B Bᵀ, f = Tr(P P Q);  df = Tr(K dP) with K = P Q + Q P, and
    dP = dXᵀ C X + Xᵀ C dX;  hence C X K + Cᵀ X Kᵀ, which are the book's four terms."""
    P, Q = X.T @ C @ X, B @ B.T
    K = P @ Q + Q @ P
    return C @ X @ K + C.T @ X @ K.T


def trace_polynomial(X: Float[Array, "n n"], c: Float[Array, " k"]) -> Scalar:
    """Tr(c_0 I + c_1 X + c_2 X² + ...)."""
    return jnp.trace(horner(X, c))


def horner(X: Float[Array, "n n"], c: Sequence[Scalar] | Float[Array, " k"]) -> Float[Array, "n n"]:
    """c_0 I + X (c_1 I + X (c_2 I + ...)): a polynomial of a matrix by nested products."""
    eye = jnp.eye(len(X), dtype=X.dtype)
    total = jnp.zeros_like(X)
    for coefficient in reversed(list(c)):
        total = X @ total + coefficient * eye
    return total


@gradient(of=trace_polynomial, wrt="X", at=dict(X=reals("n n"), c=reals("k+1")))
def trace_polynomial_gradient(X: Float[Array, "n n"], c: Float[Array, " k"]) -> Float[Array, "n n"]:
    """Above (99): Tr d(Xʲ) = j Tr(Xʲ⁻¹ dX), so Tr F(X) moves by Tr(f(X) dX), f the derivative of
    F as of numbers;  hence f(X)ᵀ, here with the coefficients j c_j."""
    return horner(X, [j * c[j] for j in range(1, len(c))]).T


def cosine_and_sine(X: Float[Array, "n n"]) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """cos X and sin X from one exponential: [[0, -X], [X, 0]] plays i X."""
    n, nothing = len(X), jnp.zeros_like(X)
    turned = exponential(jnp.block([[nothing, -X], [X, nothing]]))
    return turned[:n, :n], turned[n:, :n]


def trace_sine(X: Float[Array, "n n"]) -> Scalar:
    """Tr(sin X), the sine by its power series."""
    return jnp.trace(cosine_and_sine(X)[1])


@gradient(of=trace_sine, at=dict(X=interval(-1, 1, "n n")))
def trace_sine_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(128) Tr F(X) has the gradient f(X)ᵀ with f = F', and sin' = cos;  hence (cos X)ᵀ."""
    return cosine_and_sine(X)[0].T
