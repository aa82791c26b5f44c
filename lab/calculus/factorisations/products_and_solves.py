"""Products, shapes and solves: how linear algebra sends a cotangent back.

A pullback is read off an inner product: <G, dY> is rewritten until dX stands alone on the right,
and what stands on the left is the cotangent of X. What is copied forwards is summed backwards,
what is solved forwards is solved backwards, with the transpose.
"""

import jax.numpy as jnp
from jax.numpy.linalg import det, inv, solve
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_functions import determinant, linear_solve, symmetric_part
from lab.derivation import gradient, identity, jacobian, jvp, vjp
from lab.domains import interval, invertible, nonzero, reals, spd

Scalar = Float[Array, ""]


# ----- products and shapes -----


def apply_matrix(A: Float[Array, "m n"], x: Float[Array, " n"]) -> Float[Array, " m"]:
    """A x."""
    return A @ x


@vjp(of=apply_matrix, wrt=("A", "x"), at=dict(A=reals("m n"), x=reals("n")))
def apply_matrix_vjp(
    A: Float[Array, "m n"], x: Float[Array, " n"], cotangent: Float[Array, " m"]
) -> tuple[Float[Array, "m n"], Float[Array, " n"]]:
    """gᵀ (dA x + A dx) = Tr((g xᵀ)ᵀ dA) + (Aᵀ g)ᵀ dx;  hence g xᵀ and Aᵀ g."""
    return jnp.outer(cotangent, x), A.T @ cotangent


def batched_scores(A: Float[Array, "b n d"], B: Float[Array, "b m d"]) -> Float[Array, "b n m"]:
    """C_bij = Σ_k A_bik B_bjk: all inner products, batch by batch, as in attention."""
    return jnp.einsum("bik,bjk->bij", A, B)


@vjp(of=batched_scores, wrt=("A", "B"), at=dict(A=reals("b n d"), B=reals("b m d")))
def batched_scores_vjp(
    A: Float[Array, "b n d"], B: Float[Array, "b m d"], cotangent: Float[Array, "b n m"]
) -> tuple[Float[Array, "b n d"], Float[Array, "b m d"]]:
    """Σ G_bij (dA_bik B_bjk + A_bik dB_bjk): the factor of dA_bik is an einsum again;
    hence for each operand the same letters, with the output in that operand's place."""
    return (
        jnp.einsum("bij,bjk->bik", cotangent, B),
        jnp.einsum("bij,bik->bjk", cotangent, A),
    )


def spread_over(x: Float[Array, "1 d"], like: Float[Array, "n d"]) -> Float[Array, "n d"]:
    """The row x, once for every row of ``like``: a broadcast."""
    return jnp.broadcast_to(x, like.shape)


@vjp(of=spread_over, wrt="x", at=dict(x=reals("1 d"), like=reals("n d")))
def spread_over_vjp(
    x: Float[Array, "1 d"], like: Float[Array, "n d"], cotangent: Float[Array, "n d"]
) -> Float[Array, "1 d"]:
    """Σ_ij G_ij dx_j = Σ_j (Σ_i G_ij) dx_j;  hence the sum over the axis that was copied."""
    return jnp.sum(cotangent, axis=0, keepdims=True)


@vjp(of=jnp.transpose, at=(reals("m n"),))
def transpose_vjp(X: Float[Array, "m n"], cotangent: Float[Array, "n m"]) -> Float[Array, "m n"]:
    """<G, dXᵀ> = Tr(Gᵀ dXᵀ) = Tr(dX G) = <Gᵀ, dX>;  hence Gᵀ."""
    return cotangent.T


@vjp(of=jnp.ravel, at=(reals("m n"),))
def ravel_vjp(X: Float[Array, "m n"], cotangent: Float[Array, " k"]) -> Float[Array, "m n"]:
    """A reshape moves no number: <g, ravel dX> is the same sum of products;
    hence g in the shape of X. A reshape, as a transpose is.
    """
    return cotangent.reshape(X.shape)


@identity(
    of=lambda X, A, B: (A @ X @ B).T.ravel(),
    at=dict(X=reals("n p"), A=reals("m n"), B=reals("p q")),
)
def vec_of_sandwich(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p q"]
) -> Float[Array, " k"]:
    """Column j of A X B is Σ_l B_lj A x_l, x_l the columns of X;  hence vec(A X B), columns
    stacked, is (Bᵀ ⊗ A) vec X: the Jacobian of a sandwich is a Kronecker product. The vec identity
    of the Kronecker product.
    """
    return jnp.kron(B.T, A) @ X.T.ravel()


# ----- solves -----


@jvp(of=linear_solve, wrt=("A", "b"), at=dict(A=invertible("n"), b=reals("n")))
def linear_solve_jvp(
    A: Float[Array, "n n"],
    b: Float[Array, " n"],
    tangent: tuple[Float[Array, "n n"], Float[Array, " n"]],
) -> Float[Array, " n"]:
    """A y = b:  dA y + A dy = db;  hence A⁻¹ (db - dA y), a second solve with the same matrix."""
    dA, db = tangent
    return solve(A, db - dA @ solve(A, b))


def triangular_solve(L: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, " n"]:
    """The y with L y = b, of L only the lower triangle being read."""
    return solve_triangular(L, b, lower=True)


@vjp(of=triangular_solve, wrt=("L", "b"), at=dict(L=invertible("n"), b=reals("n")))
def triangular_solve_vjp(
    L: Float[Array, "n n"], b: Float[Array, " n"], cotangent: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """gᵀ dy = gᵀ L⁻¹ (db - dL y) = uᵀ (db - dL y) with Lᵀ u = g;  hence u for b, and -u yᵀ for L,
    but only where L has entries that are read: its lower triangle."""
    u = solve_triangular(L, cotangent, lower=True, trans="T")
    return -jnp.tril(jnp.outer(u, triangular_solve(L, b))), u


@vjp(of=determinant, at=dict(X=invertible("n")))
def determinant_vjp(X: Float[Array, "n n"], cotangent: Scalar) -> Float[Array, "n n"]:
    """g d det X = g det X Tr(X⁻¹ dX);  hence g det X X⁻ᵀ: one number scales one matrix."""
    return cotangent * det(X) * inv(X).T


def inverse_quadratic(S: Float[Array, "n n"], b: Float[Array, " n"]) -> Scalar:
    """bᵀ S⁻¹ b for a symmetric S. A quadratic form in the inverse."""
    return b @ solve(symmetric_part(S), b)


@gradient(of=inverse_quadratic, wrt=("S", "b"), at=dict(S=spd("n"), b=reals("n")))
def inverse_quadratic_gradient(
    S: Float[Array, "n n"], b: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """S u = b:  d(bᵀ S⁻¹ b) = 2 uᵀ db - uᵀ dS u;  hence -u uᵀ and 2 u, from one solve."""
    u = solve(symmetric_part(S), b)
    return -jnp.outer(u, u), 2 * u


def rank_one_update_inverse(
    t: Scalar, A: Float[Array, "n n"], u: Float[Array, " n"], v: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """(A + t u vᵀ)⁻¹."""
    return inv(A + t * jnp.outer(u, v))


UPDATE = dict(t=interval(-1, 1), A=invertible("n"), u=interval(-1, 1, "n"), v=interval(-1, 1, "n"))


@identity(of=rank_one_update_inverse, at=UPDATE)
def sherman_morrison(
    t: Scalar, A: Float[Array, "n n"], u: Float[Array, " n"], v: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """Try A⁻¹ - c p qᵀ, p = A⁻¹ u, q = A⁻ᵀ v:  (A + t u vᵀ)(A⁻¹ - c p qᵀ) is the identity plus
    (t - c - t c vᵀ p) u qᵀ;  hence c = t / (1 + t vᵀ p)."""
    p, q = solve(A, u), solve(A.T, v)
    return inv(A) - t / (1 + t * (v @ p)) * jnp.outer(p, q)


@jacobian(of=rank_one_update_inverse, wrt="t", at=UPDATE)
def rank_one_update_inverse_derivative(
    t: Scalar, A: Float[Array, "n n"], u: Float[Array, " n"], v: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """By Sherman and Morrison only c = t / (1 + t s), s = vᵀ A⁻¹ u, moves: dc = dt / (1 + t s)²;
    hence -A⁻¹ u vᵀ A⁻¹ / (1 + t s)²."""
    p, q = solve(A, u), solve(A.T, v)
    return -jnp.outer(p, q) / (1 + t * (v @ p)) ** 2


def schur_complement(
    A: Float[Array, "n n"], B: Float[Array, "n p"], C: Float[Array, "q n"], D: Float[Array, "q p"]
) -> Float[Array, "q p"]:
    """D - C A⁻¹ B: what is left of a block matrix when A has been eliminated."""
    return D - C @ solve(A, B)


@vjp(
    of=schur_complement,
    wrt=("A", "B", "C", "D"),
    at=dict(A=invertible("n"), B=reals("n p"), C=reals("q n"), D=reals("q p")),
)
def schur_complement_vjp(
    A: Float[Array, "n n"],
    B: Float[Array, "n p"],
    C: Float[Array, "q n"],
    D: Float[Array, "q p"],
    cotangent: Float[Array, "q p"],
) -> tuple[Float[Array, "n n"], Float[Array, "n p"], Float[Array, "q n"], Float[Array, "q p"]]:
    """dS = dD - dC A⁻¹ B - C A⁻¹ dB + C A⁻¹ dA A⁻¹ B, Y = A⁻¹ B, Z = A⁻ᵀ Cᵀ;
    hence Z G Yᵀ for A, -Z G for B, -G Yᵀ for C, G for D."""
    Y, Z = solve(A, B), solve(A.T, C.T)
    back = Z @ cotangent
    return back @ Y.T, -back, -cotangent @ Y.T, cotangent


# ----- forms made of them -----


def mahalanobis(x: Float[Array, " n"], W: Float[Array, "n n"]) -> Scalar:
    """sqrt(xᵀ W x), the length of x as W measures it."""
    return jnp.sqrt(x @ W @ x)


@gradient(of=mahalanobis, wrt="x", at=dict(x=nonzero("n"), W=spd("n")))
def mahalanobis_gradient(x: Float[Array, " n"], W: Float[Array, "n n"]) -> Float[Array, " n"]:
    """m² = xᵀ W x, 2 m dm = 2 (W x)ᵀ dx;  hence W x / m."""
    return W @ x / mahalanobis(x, W)


def rbf_kernel(x: Float[Array, " n"], y: Float[Array, " n"], width: Scalar) -> Scalar:
    """exp(-|x - y|² / (2 l²)) with l the width."""
    return jnp.exp(-jnp.sum(((x - y) / width) ** 2) / 2)


@gradient(
    of=rbf_kernel,
    wrt=("x", "width"),
    at=dict(x=reals("n"), y=reals("n"), width=interval(0.1, 30)),
)
def rbf_kernel_gradient(
    x: Float[Array, " n"], y: Float[Array, " n"], width: Scalar
) -> tuple[Float[Array, " n"], Scalar]:
    """z = (x - y) / l, k = exp(-z.z / 2):  dk = -k z.dz, dz = dx / l - z dl / l;
    hence -k z / l for x and k z.z / l for the width."""
    z = (x - y) / width
    k = rbf_kernel(x, y, width)
    return -k * z / width, k * (z @ z) / width


def low_rank_misfit(
    U: Float[Array, "m k"], V: Float[Array, "n k"], M: Float[Array, "m n"]
) -> Scalar:
    """|U Vᵀ - M|² / 2: the loss of a low-rank factorisation."""
    return jnp.sum((U @ V.T - M) ** 2) / 2


@gradient(
    of=low_rank_misfit, wrt=("U", "V"), at=dict(U=reals("m k"), V=reals("n k"), M=reals("m n"))
)
def low_rank_misfit_gradient(
    U: Float[Array, "m k"], V: Float[Array, "n k"], M: Float[Array, "m n"]
) -> tuple[Float[Array, "m k"], Float[Array, "n k"]]:
    """E = U Vᵀ - M:  <E, dU Vᵀ + U dVᵀ> = <E V, dU> + <Eᵀ U, dV>;  hence E V and Eᵀ U: at the
    origin both vanish, and it is no minimum."""
    E = U @ V.T - M
    return E @ V, E.T @ U
