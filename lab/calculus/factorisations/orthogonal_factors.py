"""Orthogonal factors and spectra: QR, eigenvectors, singular values, and norms made of them.

A factor is held by the equation that defines it, and so is its differential: put d before every
factor, multiply by the transposed factors from both sides, and what is triangular, skew or
diagonal falls into its own place.
"""

import jax.numpy as jnp
from jax.numpy.linalg import eig, eigh, eigvals, pinv, qr, solve, svd
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_functions import eigenvalues, symmetric_part
from lab.derivation import gradient, jvp, vjp
from lab.domains import choice, interval, invertible, reals, symmetric, tall, unit

Scalar = Float[Array, ""]


# ----- QR, and the pseudo-inverse -----


def orthonormal_factors(A: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n n"]]:
    """Q and R with A = Q R, Qᵀ Q = I, R upper triangular and its diagonal positive.

    The QR factors of a square or tall matrix.
    """
    Q, R = qr(A)
    signs = jnp.sign(jnp.diag(R))
    return Q * signs, R * signs[:, None]


@jvp(of=orthonormal_factors, at=dict(A=tall("m n")))
def orthonormal_factors_jvp(
    A: Float[Array, "m n"], tangent: Float[Array, "m n"]
) -> tuple[Float[Array, "m n"], Float[Array, "n n"]]:
    """dA R⁻¹ = dQ + Q dR R⁻¹;  times Qᵀ:  M = Qᵀ dA R⁻¹ = Qᵀ dQ + dR R⁻¹, skew plus upper
    triangular, so below the diagonal M is Qᵀ dQ alone: W = low(M) - low(M)ᵀ;
    hence dR = (M - W) R and dQ = Q W + (I - Q Qᵀ) dA R⁻¹."""
    Q, R = orthonormal_factors(A)
    moved = solve(R.T, tangent.T).T
    M = Q.T @ moved
    W = jnp.tril(M, -1) - jnp.tril(M, -1).T
    return Q @ W + moved - Q @ M, (M - W) @ R


def pseudoinverse(B: Float[Array, "m k"], C: Float[Array, "n k"]) -> Float[Array, "n m"]:
    """A⁺ of A = B Cᵀ, whose rank is k: the Moore-Penrose inverse."""
    return pinv(B @ C.T, rtol=1e-4)


@jvp(
    of=pseudoinverse,
    wrt=("B", "C"),
    at=dict(B=tall("m k"), C=tall("n k")),
)
def pseudoinverse_jvp(
    B: Float[Array, "m k"],
    C: Float[Array, "n k"],
    tangent: tuple[Float[Array, "m k"], Float[Array, "n k"]],
) -> Float[Array, "n m"]:
    """A = A A⁺ A and A⁺ = A⁺ A A⁺, with A⁺ A and A A⁺ symmetric, dA = dB Cᵀ + B dCᵀ, rank kept;
    hence dA⁺ = -A⁺ dA A⁺ + A⁺ A⁺ᵀ dAᵀ (I - A A⁺) + (I - A⁺ A) dAᵀ A⁺ᵀ A⁺:
    the first as for an inverse, the others for directions that A did not reach."""
    dB, dC = tangent
    A, dA = B @ C.T, dB @ C.T + B @ dC.T
    P = pinv(C).T @ pinv(B)
    beyond = dA.T - dA.T @ A @ P
    unseen = dA.T - P @ A @ dA.T
    return -P @ dA @ P + P @ P.T @ beyond + unseen @ P.T @ P


# ----- eigenvectors and eigenvalues -----


def eigenvectors(A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Unit eigenvectors of a symmetric matrix in columns, eigenvalues ascending, sums positive."""
    V = eigh(A)[1]
    return jnp.where(jnp.sum(V, axis=0) < 0, -V, V)


@jvp(
    of=eigenvectors,
    at=dict(A=symmetric("n")),
    kinks="repeated eigenvalues, or an eigenvector that sums to zero",
)
def eigenvectors_jvp(A: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """A V = V D, Vᵀ V = I:  dV = V K with K skew, and Vᵀ dA V + D K = K D + dD, off the diagonal
    (Vᵀ dA V)_ij = K_ij (w_j - w_i);  hence V (F ∘ Vᵀ dA V), F_ij = 1 / (w_j - w_i), F_ii = 0."""
    w, V = eigh(A)[0], eigenvectors(A)
    eye = jnp.eye(len(w), dtype=w.dtype)
    gaps = w - w[:, None] + eye
    return V @ ((1 - eye) / gaps * (V.T @ symmetric_part(tangent) @ V))


@vjp(of=eigenvalues, at=dict(A=symmetric("n")), kinks="repeated eigenvalues")
def eigenvalues_vjp(A: Float[Array, "n n"], cotangent: Float[Array, " n"]) -> Float[Array, "n n"]:
    """Σ g_i dw_i = Σ g_i v_iᵀ dA v_i = Tr(V diag(g) Vᵀ dA);  hence V diag(g) Vᵀ, A with its
    eigenvalues exchanged for the cotangent's entries."""
    V = eigh(A)[1]
    return V * cotangent @ V.T


def perron_root(A: Float[Array, "n n"]) -> Scalar:
    """The greatest eigenvalue of a matrix of positive entries: real and simple (Perron).

    A simple eigenvalue of a general matrix.
    """
    return jnp.max(eigvals(A).real)


@gradient(
    of=perron_root,
    at=dict(A=interval(0.1, 2, "n n")),
    kinks="other eigenvalues equal: no kink of this one, but JAX inverts all eigenvectors",
)
def perron_root_gradient(A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """A v = w v, uᵀ A = w uᵀ:  uᵀ (dA v + A dv) = dw uᵀ v + w uᵀ dv, in which dv cancels;
    hence u vᵀ / uᵀ v: a left eigenvector takes the place of the transpose of v."""
    w, V = eig(A)
    v = V[:, jnp.argmax(w.real)].real
    w, U = eig(A.T)
    u = U[:, jnp.argmax(w.real)].real
    return jnp.outer(u, v) / (u @ v)


# ----- singular values and norms of them -----


def singular_values(X: Float[Array, "m n"]) -> Float[Array, " n"]:
    """Of a tall matrix, descending."""
    return svd(X, compute_uv=False)


@jvp(of=singular_values, at=dict(X=tall("m n")))
def singular_values_jvp(X: Float[Array, "m n"], tangent: Float[Array, "m n"]) -> Float[Array, " n"]:
    """X v = s u, uᵀ X = s vᵀ:  s = uᵀ X v and turning u or v changes nothing to first order;
    hence ds_i = u_iᵀ dX v_i."""
    U, _, Vt = svd(X, full_matrices=False)
    return jnp.einsum("mi,mn,in->i", U, tangent, Vt)


@vjp(of=singular_values, at=dict(X=tall("m n")))
def singular_values_vjp(
    X: Float[Array, "m n"], cotangent: Float[Array, " n"]
) -> Float[Array, "m n"]:
    """Σ g_i u_iᵀ dX v_i = Tr(V diag(g) Uᵀ dX);  hence U diag(g) Vᵀ."""
    U, _, Vt = svd(X, full_matrices=False)
    return U * cotangent @ Vt


def schatten_power(X: Float[Array, "m n"], p: int) -> Scalar:
    """Σ s_iᵖ over the singular values."""
    return jnp.sum(svd(X, compute_uv=False) ** p)


@gradient(of=schatten_power, wrt="X", at=dict(X=tall("m n"), p=choice(1, 2, 3, 4)))
def schatten_power_gradient(X: Float[Array, "m n"], p: int) -> Float[Array, "m n"]:
    """d Σ s_iᵖ = Σ p s_iᵖ⁻¹ u_iᵀ dX v_i;  hence p U diag(sᵖ⁻¹) Vᵀ: 2 X for p = 2."""
    U, s, Vt = svd(X, full_matrices=False)
    return p * U * s ** (p - 1) @ Vt


def condition_number(X: Float[Array, "n n"]) -> Scalar:
    """The greatest singular value over the least: the condition number in the 2-norm."""
    s = svd(X, compute_uv=False)
    return s[0] / s[-1]


@gradient(of=condition_number, at=dict(X=invertible("n")))
def condition_number_gradient(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """c = s_1 / s_n, dc = ds_1 / s_n - c ds_n / s_n, ds = uᵀ dX v;
    hence (u_1 v_1ᵀ - c u_n v_nᵀ) / s_n: large where c is."""
    U, s, Vt = svd(X, full_matrices=False)
    return (jnp.outer(U[:, 0], Vt[0]) - s[0] / s[-1] * jnp.outer(U[:, -1], Vt[-1])) / s[-1]


# ----- on curved spaces: only part of the gradient can be followed -----


def captured_variance(W: Float[Array, "m n"], S: Float[Array, "m m"]) -> Scalar:
    """Tr(Wᵀ S W): the variance of PCA."""
    return jnp.trace(W.T @ S @ W)


@gradient(of=captured_variance, wrt="W", at=dict(W=reals("m n"), S=symmetric("m")))
def captured_variance_gradient(
    W: Float[Array, "m n"], S: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """2 Tr(Wᵀ S dW), S = Sᵀ;  hence 2 S W, most of which would make W longer and no better."""
    return 2 * S @ W


def subspace_variance(X: Float[Array, "m n"], S: Float[Array, "m m"]) -> Scalar:
    """Tr(Wᵀ S W) of the orthonormal W that spans what X spans: Tr((Xᵀ X)⁻¹ Xᵀ S X).

    PCA on the manifold of subspaces.
    """
    return jnp.trace(solve(X.T @ X, X.T @ S @ X))


@gradient(of=subspace_variance, wrt="X", at=dict(X=tall("m n"), S=symmetric("m")))
def subspace_variance_gradient(
    X: Float[Array, "m n"], S: Float[Array, "m m"]
) -> Float[Array, "m n"]:
    """(126) with C = I, G = Xᵀ X:  hence 2 (I - X G⁻¹ Xᵀ) S X G⁻¹.  For an orthonormal W it is
    (I - W Wᵀ) 2 S W, the Riemannian gradient: the plain one without its part in the span of W."""
    G, pull = X.T @ X, S @ X
    return 2 * solve(G, (pull - X @ solve(G, X.T @ pull)).T).T


def form_of_direction(x: Float[Array, " n"], A: Float[Array, "n n"]) -> Scalar:
    """uᵀ A u of the direction u = x / |x|."""
    u = x / jnp.linalg.norm(x)
    return u @ A @ u


@gradient(of=form_of_direction, wrt="x", at=dict(x=unit("n"), A=reals("n n")))
def gradient_along_sphere(x: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """On |x| = 1:  du = (I - x xᵀ) dx;  hence (I - x xᵀ) ∇f with ∇f = (A + Aᵀ) x, whatever f:
    the Riemannian gradient of the sphere is the part of the gradient along it."""
    g = A @ x + A.T @ x
    return g - x * (x @ g)
