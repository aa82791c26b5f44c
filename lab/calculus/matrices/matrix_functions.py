"""Determinants, inverses, factors and spectra.

What is defined by an equation is differentiated through its equation: X Y = I, L Lᵀ = S,
A v = w v. The factors commute with nothing, so they stay in order, and the unknown differential
is solved for.

Functions of a symmetric matrix read the symmetric part of what they are given; their gradients
are then symmetric, each of the two mirror entries carrying its half.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax.numpy as jnp
from jax.numpy.linalg import cholesky, det, eigh, inv, slogdet, solve, svd
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from lab.derivation import gradient, jvp, vjp
from lab.domains import invertible, reals, spd, symmetric, tall

Scalar = Float[Array, ""]


def symmetric_part(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(X + Xᵀ) / 2."""
    return (X + X.T) / 2


# ----- determinants: d det X = det X Tr(X⁻¹ dX) -----


def determinant(X: Float[Array, "n n"]) -> Scalar:
    """det X."""
    return det(X)


@gradient(of=determinant, at=dict(X=invertible("n")))
def determinant_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(42), (49) det(X + dX) = det X det(I + X⁻¹ dX) = det X (1 + Tr(X⁻¹ dX) + ...)."""
    return det(X) * inv(X).T


def sandwich_determinant(
    X: Float[Array, "n n"], A: Float[Array, "n n"], B: Float[Array, "n n"]
) -> Scalar:
    """det(A X B)."""
    return det(A @ X @ B)


@gradient(
    of=sandwich_determinant,
    wrt="X",
    at=dict(X=invertible("n"), A=invertible("n"), B=invertible("n")),
)
def sandwich_determinant_gradient(
    X: Float[Array, "n n"], A: Float[Array, "n n"], B: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """(51) det(A X B) = det A det X det B: only the middle factor moves."""
    return det(A) * det(X) * det(B) * inv(X).T


def log_absolute_determinant(X: Float[Array, "n n"]) -> Scalar:
    """ln |det X|, the volume term of a change of variables."""
    return slogdet(X)[1]


@gradient(of=log_absolute_determinant, at=dict(X=invertible("n")))
def log_absolute_determinant_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(43), (57) d ln|det X| = d det X / det X = Tr(X⁻¹ dX)."""
    return inv(X).T


def log_determinant(S: Float[Array, "n n"]) -> Scalar:
    """ln det S of a positive definite S, from its Cholesky factor: no determinant to overflow.

    The log-determinant of an SPD matrix.
    """
    return 2 * jnp.sum(jnp.log(jnp.diag(cholesky(S))))


@gradient(of=log_determinant, at=dict(S=spd("n")))
def log_determinant_gradient(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(57) Tr(S⁻¹ dS), and S⁻¹ is its own transpose."""
    return symmetric_part(inv(S))


def log_gram_determinant(X: Float[Array, "m n"]) -> Scalar:
    """ln det(Xᵀ X) of a tall X, by its singular values."""
    return 2 * jnp.sum(jnp.log(svd(X, compute_uv=False)))


@gradient(of=log_gram_determinant, at=dict(X=tall("m n")))
def log_gram_determinant_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """(55) Tr((Xᵀ X)⁻¹ (dXᵀ X + Xᵀ dX)) = 2 Tr(X⁺ dX), with X⁺ = (Xᵀ X)⁻¹ Xᵀ."""
    return 2 * jnp.linalg.pinv(X).T


def gaussian_energy(S: Float[Array, "n n"], b: Float[Array, " n"]) -> Scalar:
    """(ln det S + bᵀ S⁻¹ b) / 2: minus the log density of N(0, S) at b, but for its constant."""
    return (log_determinant(S) + b @ solve(symmetric_part(S), b)) / 2


@gradient(of=gaussian_energy, wrt="S", at=dict(S=spd("n"), b=reals("n")))
def gaussian_energy_gradient(S: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, "n n"]:
    """(57), (61) d ln det S = Tr(S⁻¹ dS) and d(bᵀ S⁻¹ b) = -bᵀ S⁻¹ dS S⁻¹ b.

    It vanishes on average where S = E[b bᵀ]: the covariance is the maximum likelihood estimate.
    """
    u = solve(symmetric_part(S), b)
    return (symmetric_part(inv(S)) - jnp.outer(u, u)) / 2


# ----- inverses: X Y = I, so dX Y + X dY = 0 -----


def inverse(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """X⁻¹."""
    return inv(X)


@jvp(of=inverse, at=dict(X=invertible("n")))
def inverse_jvp(X: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(40), (59) dY = -X⁻¹ dX Y = -Y dX Y: the matrix form of d(1/x) = -dx / x²."""
    Y = inv(X)
    return -Y @ tangent @ Y


@vjp(of=inverse, at=dict(X=invertible("n")))
def inverse_vjp(X: Float[Array, "n n"], cotangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(60) Tr(Gᵀ dY) = -Tr(Y Gᵀ Y dX), the transpose of which is -Yᵀ G Yᵀ."""
    Y = inv(X)
    return -Y.T @ cotangent @ Y.T


def inverse_form(X: Float[Array, "n n"], a: Float[Array, " n"], b: Float[Array, " n"]) -> Scalar:
    """aᵀ X⁻¹ b."""
    return a @ solve(X, b)


@gradient(of=inverse_form, wrt="X", at=dict(X=invertible("n"), a=reals("n"), b=reals("n")))
def inverse_form_gradient(
    X: Float[Array, "n n"], a: Float[Array, " n"], b: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """(61) -aᵀ X⁻¹ dX X⁻¹ b = -uᵀ dX v with Xᵀ u = a and X v = b: two solves, no inverse."""
    return -jnp.outer(solve(X.T, a), solve(X, b))


def inverse_trace(X: Float[Array, "n n"], A: Float[Array, "m n"], B: Float[Array, "n m"]) -> Scalar:
    """Tr(A X⁻¹ B)."""
    return jnp.trace(A @ solve(X, B))


@gradient(of=inverse_trace, wrt="X", at=dict(X=invertible("n"), A=reals("m n"), B=reals("n m")))
def inverse_trace_gradient(
    X: Float[Array, "n n"], A: Float[Array, "m n"], B: Float[Array, "n m"]
) -> Float[Array, "n n"]:
    """(63), (124) -Tr(A X⁻¹ dX X⁻¹ B) = -Tr(X⁻¹ B A X⁻¹ dX)."""
    return -(solve(X, B) @ solve(X.T, A.T).T).T


def linear_solve(A: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, " n"]:
    """The y with A y = b."""
    return solve(A, b)


@vjp(of=linear_solve, wrt=("A", "b"), at=dict(A=invertible("n"), b=reals("n")))
def linear_solve_vjp(
    A: Float[Array, "n n"], b: Float[Array, " n"], cotangent: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """dA y + A dy = db, so gᵀ dy = uᵀ (db - dA y) with Aᵀ u = g: backwards is one more solve."""
    u = solve(A.T, cotangent)
    return -jnp.outer(u, solve(A, b)), u


def projector(A: Float[Array, "m n"]) -> Float[Array, "m m"]:
    """A (Aᵀ A)⁻¹ Aᵀ, the orthogonal projector on the columns of A."""
    return A @ solve(A.T @ A, A.T)


@jvp(of=projector, at=dict(A=tall("n+2 n")))
def projector_jvp(A: Float[Array, "m n"], tangent: Float[Array, "m n"]) -> Float[Array, "m m"]:
    """P A = A gives dP A = (I - P) dA;  P P = P gives (I-P) dP P = (I-P) dP, whence, P being
    symmetric, dP = M + Mᵀ with M = (I - P) dA A⁺. Moving inside the span changes nothing.
    """
    inverted = jnp.linalg.pinv(A)
    moved = tangent - A @ (inverted @ tangent)
    return 2 * symmetric_part(moved @ inverted)


# ----- factors: L Lᵀ = S, R R = S -----


def lower_half(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The lower triangle, its diagonal halved: the lower triangular M with M + Mᵀ = X = Xᵀ."""
    return jnp.tril(X) - jnp.diag(jnp.diag(X)) / 2


def cholesky_factor(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The lower triangular L, positive on its diagonal, with L Lᵀ = S."""
    return cholesky(S)


@jvp(of=cholesky_factor, at=dict(S=spd("n")))
def cholesky_factor_jvp(
    S: Float[Array, "n n"], tangent: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """dL Lᵀ + L dLᵀ = dS, so M + Mᵀ = L⁻¹ dS L⁻ᵀ for M = L⁻¹ dL, which is lower triangular:
    M is the lower half of the right side, and dL = L M. The forward rule of Cholesky's factor.
    """
    L = cholesky(S)
    left = solve_triangular(L, symmetric_part(tangent), lower=True)
    both = solve_triangular(L, left.T, lower=True)
    return L @ lower_half(both)


@vjp(of=cholesky_factor, at=dict(S=spd("n")))
def cholesky_factor_vjp(
    S: Float[Array, "n n"], cotangent: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """<G, L half(L⁻¹ dS L⁻ᵀ)> = <half(Lᵀ G), L⁻¹ dS L⁻ᵀ> = <L⁻ᵀ half(Lᵀ G) L⁻¹, dS>:
    half() is its own adjoint. The symmetric part, since dS is symmetric. The reverse rule of
    Cholesky's factor.
    """
    L = cholesky(S)
    left = solve_triangular(L, lower_half(L.T @ jnp.tril(cotangent)), lower=True, trans="T")
    return symmetric_part(solve_triangular(L, left.T, lower=True, trans="T").T)


def square_root(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The positive definite R with R R = S."""
    w, V = eigh(S)
    return (V * jnp.sqrt(w)) @ V.T


@jvp(
    of=square_root,
    at=dict(S=spd("n")),
    kinks="equal eigenvalues: no kink of the root, but JAX, by way of eigenvectors, has 0/0 there",
)
def square_root_jvp(S: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """dR R + R dR = dS; in the eigenbasis (dR)_ij (r_j + r_i) = (dS)_ij, r = sqrt(w).

    No difference of eigenvalues in it: unlike the eigenvectors, the root is smooth where they meet.
    """
    w, V = eigh(S)
    r = jnp.sqrt(w)
    return V @ ((V.T @ symmetric_part(tangent) @ V) / (r[:, None] + r)) @ V.T


# ----- spectra: A v = w v, vᵀ v = 1 -----


def eigenvalues(A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The eigenvalues of a symmetric matrix, ascending."""
    return jnp.linalg.eigvalsh(A)


@jvp(of=eigenvalues, at=dict(A=symmetric("n")), kinks="repeated eigenvalues")
def eigenvalues_jvp(A: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, " n"]:
    """(67) dA v + A dv = dw v + w dv; times vᵀ, where vᵀ A = w vᵀ: dw = vᵀ dA v."""
    V = eigh(A)[1]
    return jnp.sum(V * (symmetric_part(tangent) @ V), axis=0)


def leading_eigenvector(A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The unit eigenvector of the greatest eigenvalue of a symmetric matrix, its sum positive."""
    v = eigh(A)[1][:, -1]
    return jnp.where(jnp.sum(v) < 0, -v, v)


@jvp(
    of=leading_eigenvector,
    at=dict(A=symmetric("n")),
    kinks="the greatest eigenvalue repeated, or an eigenvector that sums to zero",
)
def leading_eigenvector_jvp(
    A: Float[Array, "n n"], tangent: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """(68) (w I - A) dv = (dA - dw) v, and vᵀ dv = 0: dv = (w I - A)⁺ dA v, that is
    Σ_j v_j (v_jᵀ dA v) / (w - w_j) over the others. It grows as one over the nearest gap.
    """
    w, V = eigh(A)
    others = V[:, :-1]
    v = jnp.where(jnp.sum(V[:, -1]) < 0, -V[:, -1], V[:, -1])
    return others @ ((others.T @ (symmetric_part(tangent) @ v)) / (w[-1] - w[:-1]))


def spectral_norm(X: Float[Array, "m n"]) -> Scalar:
    """The greatest singular value: how far X can stretch a unit vector."""
    return svd(X, compute_uv=False)[0]


@gradient(of=spectral_norm, at=dict(X=reals("m n")), kinks="the greatest singular value repeated")
def spectral_norm_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """s = uᵀ X v at unit u, v, where turning either changes nothing to first order:
    ds = uᵀ dX v, so u vᵀ.
    """
    U, _, Vt = svd(X, full_matrices=False)
    return jnp.outer(U[:, 0], Vt[0])


def nuclear_norm(X: Float[Array, "m n"]) -> Scalar:
    """The sum of the singular values."""
    return jnp.sum(svd(X, compute_uv=False))


@gradient(of=nuclear_norm, at=dict(X=tall("m n")))
def nuclear_norm_gradient(X: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """ds_i = u_iᵀ dX v_i for each i; summed, U Vᵀ, the matrix whose singular values are all 1."""
    U, _, Vt = svd(X, full_matrices=False)
    return U @ Vt
