"""Forms: scalars, and a few matrices, in which a matrix stands between vectors.

The matrix itself is now what moves. A term uᵀ dX v is Tr(v uᵀ dX) and its gradient u vᵀ; with dXᵀ
in the middle the two change places. Every rule here is those two lines and the product rule.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_calculus import quadratic_form
from lab.derivation import gradient, hessian, jacobian
from lab.domains import reals

Scalar = Float[Array, ""]


# ----- linear in the matrix -----


def transposed_form(X: Float[Array, "n m"], a: Float[Array, " m"], b: Float[Array, " n"]) -> Scalar:
    """aᵀ Xᵀ b."""
    return a @ X.T @ b


@gradient(of=transposed_form, wrt="X", at=dict(X=reals("n m"), a=reals("m"), b=reals("n")))
def transposed_form_gradient(
    X: Float[Array, "n m"], a: Float[Array, " m"], b: Float[Array, " n"]
) -> Float[Array, "n m"]:
    """(71) A number is its own transpose: aᵀ dXᵀ b = bᵀ dX a;  hence b aᵀ."""
    return jnp.outer(b, a)


@gradient(of=quadratic_form, wrt="A", at=dict(x=reals("n"), A=reals("n n")))
def quadratic_form_gradient_in_matrix(
    x: Float[Array, " n"], A: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """(72) xᵀ dA x = Tr(x xᵀ dA);  hence x xᵀ, the same for A and for Aᵀ."""
    return jnp.outer(x, x)


def entries(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """X, entry by entry."""
    return X


@jacobian(of=entries, at=dict(X=reals("m n")))
def entries_jacobian(X: Float[Array, "m n"]) -> Float[Array, "m n m n"]:
    """(73) X_kl moves with X_ij if it is the same entry;  hence [k = i] [l = j]: for each ij the
    matrix with a single one."""
    rows, columns = (jnp.eye(size, dtype=X.dtype) for size in X.shape)
    return jnp.einsum("ki,lj->klij", rows, columns)


def times_matrix(X: Float[Array, "m n"], A: Float[Array, "n p"]) -> Float[Array, "m p"]:
    """X A, of entries (XA)_ij."""
    return X @ A


@jacobian(of=times_matrix, wrt="X", at=dict(X=reals("m n"), A=reals("n p")))
def times_matrix_jacobian(
    X: Float[Array, "m n"], A: Float[Array, "n p"]
) -> Float[Array, "m p m n"]:
    """(74) (X A)_ij = Σ_n X_in A_nj;  hence ∂(X A)_ij / ∂X_mn = [i = m] A_nj."""
    return jnp.einsum("im,nj->ijmn", jnp.eye(len(X), dtype=X.dtype), A)


def transpose_times_matrix(X: Float[Array, "n m"], A: Float[Array, "n p"]) -> Float[Array, "m p"]:
    """Xᵀ A."""
    return X.T @ A


@jacobian(of=transpose_times_matrix, wrt="X", at=dict(X=reals("n m"), A=reals("n p")))
def transpose_times_matrix_jacobian(
    X: Float[Array, "n m"], A: Float[Array, "n p"]
) -> Float[Array, "m p n m"]:
    """(75) (Xᵀ A)_ij = Σ_m X_mi A_mj;  hence ∂(Xᵀ A)_ij / ∂X_mn = [i = n] A_mj."""
    return jnp.einsum("in,mj->ijmn", jnp.eye(X.shape[1], dtype=X.dtype), A)


# ----- quadratic in the matrix -----


def all_pair_products(X: Float[Array, "m n"]) -> Scalar:
    """Σ_klmn X_kl X_mn, each entry times each: the sum of all pair products."""
    return jnp.sum(X) ** 2


@gradient(of=all_pair_products, at=dict(X=reals("m n")))
def all_pair_products_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """(76) It is (Σ X)², and every entry moves Σ X alike;  hence 2 Σ_kl X_kl in every place."""
    return jnp.full_like(X, 2 * jnp.sum(X))


def gram_form(X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " n"]) -> Scalar:
    """bᵀ Xᵀ X c."""
    return (X @ b) @ (X @ c)


@gradient(of=gram_form, wrt="X", at=dict(X=reals("m n"), b=reals("n"), c=reals("n")))
def gram_form_gradient(
    X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " n"]
) -> Float[Array, "m n"]:
    """(77) (dX b)ᵀ X c + (X b)ᵀ dX c;  hence X c bᵀ + X b cᵀ = X (b cᵀ + c bᵀ)."""
    return X @ (jnp.outer(b, c) + jnp.outer(c, b))


def congruence(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Float[Array, "p p"]:
    """Xᵀ B X."""
    return X.T @ B @ X


@jacobian(of=congruence, wrt="X", at=dict(X=reals("n p"), B=reals("n n")))
def congruence_jacobian(X: Float[Array, "n p"], B: Float[Array, "n n"]) -> Float[Array, "p p n p"]:
    """(79), (80) J with a single one at ij:  Jᵀ B X has B X's row i as its row j, and Xᵀ B J has
    Xᵀ B's column i as its column j;  hence [l = j] (Xᵀ B)_ki + [k = j] (B X)_il."""
    eye = jnp.eye(X.shape[1], dtype=X.dtype)
    return jnp.einsum("lj,ki->klij", eye, X.T @ B) + jnp.einsum("kj,il->klij", eye, B @ X)


def weighted_gram_form(
    X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " n"], D: Float[Array, "m m"]
) -> Scalar:
    """bᵀ Xᵀ D X c."""
    return (X @ b) @ D @ (X @ c)


@gradient(
    of=weighted_gram_form,
    wrt="X",
    at=dict(X=reals("m n"), b=reals("n"), c=reals("n"), D=reals("m m")),
)
def weighted_gram_form_gradient(
    X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " n"], D: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """(82) (dX b)ᵀ D X c + (Dᵀ X b)ᵀ dX c;  hence D X c bᵀ + Dᵀ X b cᵀ."""
    return jnp.outer(D @ X @ c, b) + jnp.outer(D.T @ X @ b, c)


def affine_energy(
    X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " m"], D: Float[Array, "m m"]
) -> Scalar:
    """(X b + c)ᵀ D (X b + c), a quadratic form of an affine map."""
    return (X @ b + c) @ D @ (X @ b + c)


@gradient(
    of=affine_energy,
    wrt="X",
    at=dict(X=reals("m n"), b=reals("n"), c=reals("m"), D=reals("m m")),
)
def affine_energy_gradient(
    X: Float[Array, "m n"], b: Float[Array, " n"], c: Float[Array, " m"], D: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """(83) r = X b + c, dr = dX b:  d(rᵀ D r) = ((D + Dᵀ) r)ᵀ dX b;  hence (D + Dᵀ) r bᵀ."""
    r = X @ b + c
    return jnp.outer(D @ r + D.T @ r, b)


# ----- of a vector -----


def displacement_energy(
    x: Float[Array, " n"], s: Float[Array, " n"], W: Float[Array, "n n"]
) -> Scalar:
    """(x - s)ᵀ W (x - s)."""
    return (x - s) @ W @ (x - s)


@gradient(of=displacement_energy, wrt="s", at=dict(x=reals("n"), s=reals("n"), W=reals("n n")))
def displacement_energy_gradient(
    x: Float[Array, " n"], s: Float[Array, " n"], W: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """(86) without its W = Wᵀ.  r = x - s, dr = -ds:  d(rᵀ W r) = ((W + Wᵀ) r)ᵀ dr;
    hence -(W + Wᵀ) r, and -2 W r if W is symmetric."""
    r = x - s
    return -(W @ r + W.T @ r)


def paired_maps(
    x: Float[Array, " n"], A: Float[Array, "p q"], S: Float[Array, "p n"], R: Float[Array, "q n"]
) -> Scalar:
    """s(x)ᵀ A r(x) with s(x) = tanh(S x) and r(x) = (R x)²."""
    return jnp.tanh(S @ x) @ A @ (R @ x) ** 2


@gradient(
    of=paired_maps,
    wrt="x",
    at=dict(x=reals("n"), A=reals("p q"), S=reals("p n"), R=reals("q n")),
)
def paired_maps_gradient(
    x: Float[Array, " n"], A: Float[Array, "p q"], S: Float[Array, "p n"], R: Float[Array, "q n"]
) -> Float[Array, " n"]:
    """(93) d(sᵀ A r) = (J_s dx)ᵀ A r + sᵀ A J_r dx;  hence J_sᵀ A r + J_rᵀ Aᵀ s,
    here with J_s = diag(sech²(S x)) S and J_r = 2 diag(R x) R."""
    s, r = jnp.tanh(S @ x), (R @ x) ** 2
    slope = 1 / jnp.cosh(S @ x) ** 2
    return S.T @ (slope * (A @ r)) + R.T @ (2 * (R @ x) * (A.T @ s))


def second_order_model(
    x: Float[Array, " n"], A: Float[Array, "n n"], b: Float[Array, " n"]
) -> Scalar:
    """xᵀ A x + bᵀ x."""
    return x @ A @ x + b @ x


@gradient(of=second_order_model, wrt="x", at=dict(x=reals("n"), A=reals("n n"), b=reals("n")))
def second_order_model_gradient(
    x: Float[Array, " n"], A: Float[Array, "n n"], b: Float[Array, " n"]
) -> Float[Array, " n"]:
    """(96), (97) dxᵀ A x + xᵀ A dx + bᵀ dx;  hence (A + Aᵀ) x + b."""
    return A @ x + A.T @ x + b


@hessian(of=second_order_model, wrt="x", at=dict(x=reals("n"), A=reals("n n"), b=reals("n")))
def second_order_model_hessian(
    x: Float[Array, " n"], A: Float[Array, "n n"], b: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """(98) d((A + Aᵀ) x + b) = (A + Aᵀ) dx;  hence A + Aᵀ: b tilts, it does not bend."""
    return A + A.T
