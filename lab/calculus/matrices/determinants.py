"""Determinants and spectra: what turns volumes, and what is left of them in the eigenvalues.

d det X = Tr(adj(X) dX) holds everywhere; where X can be inverted it is det X Tr(X⁻¹ dX), and every
other rule here is this one behind a product rule. Determinants of a product are kept as products
of determinants: smaller numbers, and nothing to cancel.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, eigh, eigvals, inv, matrix_power, pinv, slogdet, solve
from jaxtyping import Array, Float

from lab.derivation import gradient, identity
from lab.domains import choice, invertible, reals, spd, symmetric, tall

Scalar = Float[Array, ""]


# ----- the determinant itself -----


def leibniz_determinant(X: Float[Array, "3 3"]) -> Scalar:
    """a . (b x c), the volume spanned by the rows: the sum over the permutations of three."""
    a, b, c = X
    return a @ jnp.cross(b, c)


@gradient(of=leibniz_determinant, at=dict(X=reals("3 3")))
def determinant_gradient_by_cofactors(X: Float[Array, "3 3"]) -> Float[Array, "3 3"]:
    """(41) det X is linear in each row: a . (b x c) = b . (c x a) = c . (a x b);
    hence the rows b x c, c x a, a x b, which are adj(X)ᵀ, and no inverse is asked for. They make up
    the adjugate of the determinant's matrix.
    """
    a, b, c = X
    return jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)])


@identity(of=lambda X: jax.grad(det)(X) @ X.T, at=dict(X=invertible("n")))
def cofactor_expansion(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(47), (50) Σ_k C_ik X_jk for j = i is det X expanded along row i; for j other than i it is
    the determinant with row j written over row i, two rows alike, so 0;  hence det X I."""
    return det(X) * jnp.eye(len(X), dtype=X.dtype)


def power_determinant(X: Float[Array, "d d"], k: int) -> Scalar:
    """det(Xᵏ)."""
    return det(matrix_power(X, k))


@gradient(of=power_determinant, wrt="X", at=dict(X=invertible("d"), k=choice(1, 3)))
def power_determinant_gradient(X: Float[Array, "d d"], k: int) -> Float[Array, "d d"]:
    """(58) det(Xᵏ) = (det X)ᵏ, d = k (det X)ᵏ⁻¹ det X Tr(X⁻¹ dX);  hence k (det X)ᵏ X⁻ᵀ."""
    return k * det(X) ** k * inv(X).T


def inverse_determinant(X: Float[Array, "n n"]) -> Scalar:
    """det(X⁻¹)."""
    return det(inv(X))


@gradient(of=inverse_determinant, at=dict(X=invertible("n")))
def inverse_determinant_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(62) det(X⁻¹) = 1 / det X, d = -det X Tr(X⁻¹ dX) / (det X)²;  hence -det(X⁻¹) X⁻ᵀ."""
    return -inv(X).T / det(X)


# ----- det(Xᵀ A X): a volume measured with A -----


def congruence_determinant(X: Float[Array, "n p"], A: Float[Array, "n n"]) -> Scalar:
    """det(Xᵀ A X)."""
    return det(X.T @ A @ X)


@gradient(of=congruence_determinant, wrt="X", at=dict(X=invertible("n"), A=invertible("n")))
def square_congruence_determinant_gradient(
    X: Float[Array, "n n"], A: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """(52) For a square X it is det A (det X)², d = 2 det A (det X)² Tr(X⁻¹ dX);
    hence 2 det A (det X)² X⁻ᵀ."""
    return 2 * det(A) * det(X) ** 2 * inv(X).T


@gradient(of=congruence_determinant, wrt="X", at=dict(X=tall("n p"), A=spd("n")))
def tall_congruence_determinant_gradient(
    X: Float[Array, "n p"], A: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(53) S = Xᵀ A X, A = Aᵀ:  d det S = det S Tr(S⁻¹ (dXᵀ A X + Xᵀ A dX)), two terms that
    agree, being transposes;  hence 2 det S A X S⁻¹."""
    S = X.T @ A @ X
    return 2 * det(S) * A @ solve(S.T, X.T).T


@gradient(of=congruence_determinant, wrt="X", at=dict(X=tall("n p"), A=invertible("n")))
def general_congruence_determinant_gradient(
    X: Float[Array, "n p"], A: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(54) S = Xᵀ A X:  Tr(S⁻¹ dXᵀ A X) = Tr((A X S⁻¹)ᵀ dX) and Tr(S⁻¹ Xᵀ A dX);
    hence det S (A X S⁻¹ + Aᵀ X S⁻ᵀ)."""
    S = X.T @ A @ X
    return det(S) * (A @ X @ inv(S) + A.T @ X @ inv(S).T)


def log_gram_determinant_of_pseudoinverse(Y: Float[Array, "m n"]) -> Scalar:
    """ln det(Xᵀ X) for the X whose pseudo-inverse is X⁺ = Yᵀ."""
    X = pinv(Y.T)
    return slogdet(X.T @ X)[1]


@gradient(of=log_gram_determinant_of_pseudoinverse, at=dict(Y=tall("m n")))
def log_gram_determinant_of_pseudoinverse_gradient(Y: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """(56) X⁺ (X⁺)ᵀ = (Xᵀ X)⁻¹, so it is -ln det(Yᵀ Y), by (55) with gradient -2 (Y⁺)ᵀ, and
    (Y⁺)ᵀ = X;  hence -2 X with respect to Y, and the book's -2 Xᵀ with respect to X⁺ = Yᵀ."""
    return -2 * pinv(Y).T


# ----- eigenvalues, by their sum, their product and one by one -----


def eigenvalue_sum(X: Float[Array, "n n"]) -> Scalar:
    """Σ_i w_i, where complex ones come in pairs."""
    return jnp.sum(eigvals(X).real)


@gradient(of=eigenvalue_sum, at=dict(X=invertible("n")))
def eigenvalue_sum_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(65) det(X - w I) = Π (w_i - w): the factor of (-w)ⁿ⁻¹ says Σ w_i = Tr X;  hence I."""
    return jnp.eye(len(X), dtype=X.dtype)


def eigenvalue_product(X: Float[Array, "n n"]) -> Scalar:
    """Π_i w_i."""
    return jnp.prod(eigvals(X)).real


@gradient(of=eigenvalue_product, at=dict(X=invertible("n")))
def eigenvalue_product_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(66) det(X - w I) = Π (w_i - w) at w = 0 says Π w_i = det X;  hence det(X) X⁻ᵀ."""
    return det(X) * inv(X).T


def leading_eigenvalue(A: Float[Array, "n n"]) -> Scalar:
    """The greatest eigenvalue of a symmetric matrix: max vᵀ A v over unit vectors. It is simple."""
    return jnp.linalg.eigvalsh(A)[-1]


@gradient(
    of=leading_eigenvalue, at=dict(A=symmetric("n")), kinks="the greatest eigenvalue repeated"
)
def leading_eigenvalue_gradient(A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(67) At the maximum turning v changes nothing to first order, so dw = vᵀ dA v;
    hence v vᵀ, whichever sign v has."""
    v = eigh(A)[1][:, -1]
    return jnp.outer(v, v)
