"""Matrices that are not free: symmetric, diagonal, Toeplitz, and whatever depends on parameters.

Where the entries of A hang on parameters θ, the differential says all: df = Tr(Gᵀ dA), G as if A
were free, and dA = Σ_k S_k dθ_k. An entry that stands in several places collects from all of them.
For symmetric matrices this is the free-entry convention: the triangle is what is free, and entries
off the diagonal count twice. Functions that read the symmetric part instead share the same total
among the two mirror entries.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, inv, slogdet
from jaxtyping import Array, Complex, Float

from lab.derivation import gradient
from lab.domains import invertible, reals

Scalar = Float[Array, ""]


# ----- parameters in between -----


def structured_cube_trace(theta: Float[Array, " k"], S: Float[Array, "k n n"]) -> Scalar:
    """Tr(A³) / 3 of A = Σ_k θ_k S_k."""
    A = jnp.einsum("k,kij->ij", theta, S)
    return jnp.trace(A @ A @ A) / 3


@gradient(of=structured_cube_trace, wrt="theta", at=dict(theta=reals("k"), S=reals("k n n")))
def structured_cube_trace_gradient(
    theta: Float[Array, " k"], S: Float[Array, "k n n"]
) -> Float[Array, " k"]:
    """(133), (134) df = Tr(Gᵀ dA), dA = Σ_k S_k dθ_k;  hence ∂f/∂θ_k = Tr(Gᵀ S_k), here with
    Gᵀ = A²."""
    A = jnp.einsum("k,kij->ij", theta, S)
    return jnp.einsum("ij,kji->k", A @ A, S)


def gram_mismatch(X: Float[Array, "m n"], B: Float[Array, "n n"]) -> Scalar:
    """g(U) = |U - B|² / 2 at U = Xᵀ X."""
    return jnp.sum((X.T @ X - B) ** 2) / 2


@gradient(of=gram_mismatch, wrt="X", at=dict(X=reals("m n"), B=reals("n n")))
def gram_mismatch_gradient(X: Float[Array, "m n"], B: Float[Array, "n n"]) -> Float[Array, "m n"]:
    """(135) to (137) ∂g/∂X_ij = Tr((∂g/∂U)ᵀ ∂U/∂X_ij): all entries of U between g and X are summed
    over. Here ∂g/∂U = U - B =: R, dU = dXᵀ X + Xᵀ dX;  hence X (R + Rᵀ)."""
    R = X.T @ X - B
    return X @ (R + R.T)


# ----- symmetric: the lower triangle is free -----


def mirrored(T: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The symmetric matrix whose lower triangle is that of T."""
    return jnp.tril(T) + jnp.tril(T, -1).T


def gathered(G: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(138) What the free triangle collects from a gradient G: G + Gᵀ - diag G, below."""
    return jnp.tril(G + G.T) - jnp.diag(jnp.diag(G))


def symmetric_form(
    T: Float[Array, "n n"], a: Float[Array, " n"], B: Float[Array, "n n"], c: Float[Array, " n"]
) -> Scalar:
    """aᵀ X B X c for the symmetric X whose lower triangle is that of T.

    The free entries are those on and below the diagonal.
    """
    X = mirrored(T)
    return a @ X @ B @ X @ c


@gradient(
    of=symmetric_form,
    wrt="T",
    at=dict(T=reals("n n"), a=reals("n"), B=reals("n n"), c=reals("n")),
)
def symmetric_form_gradient(
    T: Float[Array, "n n"], a: Float[Array, " n"], B: Float[Array, "n n"], c: Float[Array, " n"]
) -> Float[Array, "n n"]:
    """(138) As if X were free: aᵀ dX B X c + aᵀ X B dX c gives G = a (B X c)ᵀ + (Bᵀ X a) cᵀ;
    T_ij stands at ij and at ji and collects from both;  hence G + Gᵀ - diag G, below."""
    X = mirrored(T)
    return gathered(jnp.outer(a, B @ X @ c) + jnp.outer(B.T @ X @ a, c))


def symmetric_determinant(T: Float[Array, "n n"]) -> Scalar:
    """det X of the symmetric X whose lower triangle is that of T."""
    return det(mirrored(T))


@gradient(of=symmetric_determinant, at=dict(T=invertible("n")))
def symmetric_determinant_gradient(T: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(140) As if X were free G = det X X⁻¹;  hence det X (2 X⁻¹ - X⁻¹ ∘ I), below."""
    X = mirrored(T)
    return det(X) * gathered(inv(X))


def symmetric_log_determinant(T: Float[Array, "n n"]) -> Scalar:
    """ln det X of the symmetric X whose lower triangle is that of T."""
    return slogdet(mirrored(T))[1]


@gradient(of=symmetric_log_determinant, at=dict(T=invertible("n")))
def symmetric_log_determinant_gradient(T: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(141) As if X were free G = X⁻¹;  hence 2 X⁻¹ - X⁻¹ ∘ I, below."""
    return gathered(inv(mirrored(T)))


# ----- diagonal and Toeplitz -----


def diagonal_trace(X: Float[Array, "n n"], A: Float[Array, "n n"]) -> Scalar:
    """Tr(A X) where of X nothing but the diagonal is there."""
    return jnp.trace(A @ jnp.diag(jnp.diag(X)))


@gradient(of=diagonal_trace, wrt="X", at=dict(X=reals("n n"), A=reals("n n")))
def diagonal_trace_gradient(X: Float[Array, "n n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(142) Tr(A X) = Σ_i A_ii X_ii, and nothing else is free;  hence A ∘ I."""
    return A * jnp.eye(len(A), dtype=A.dtype)


def toeplitz(t: Float[Array, " k"]) -> Float[Array, "n n"]:
    """T_ij = t_(i-j): constant along diagonals; t begins with the upper right corner."""
    n = (t.size + 1) // 2
    places = jnp.arange(n)
    return t[places[:, None] - places + n - 1]


def toeplitz_trace(t: Float[Array, " k"], A: Float[Array, "n n"]) -> Scalar:
    """Tr(A T) for the Toeplitz matrix of t."""
    return jnp.trace(A @ toeplitz(t))


@gradient(of=toeplitz_trace, wrt="t", at=dict(t=reals("2n-1"), A=reals("n n")))
def toeplitz_trace_gradient(t: Float[Array, " k"], A: Float[Array, "n n"]) -> Float[Array, " k"]:
    """(143) Tr(A T) = Σ_ij A_ji t_(i-j): t_k gathers a whole diagonal of Aᵀ;
    hence Σ_j A_(j, j+k), the trace of A moved by k."""
    n = len(A)
    return jnp.stack([jnp.trace(A, offset=k) for k in range(1 - n, n)])


# ----- complex numbers, as pairs of real ones -----


def complex_numbers(z: Float[Array, "2 ..."]) -> Complex[Array, "..."]:
    """z_0 + i z_1."""
    return jax.lax.complex(z[0], z[1])


def squared_modulus(z: Float[Array, "2 n"]) -> Scalar:
    """Σ |z|² of z = z_0 + i z_1. The real gradient of a complex modulus."""
    return jnp.sum(jnp.abs(complex_numbers(z)) ** 2)


@gradient(of=squared_modulus, at=dict(z=reals("2 n")))
def squared_modulus_gradient(z: Float[Array, "2 n"]) -> Float[Array, "2 n"]:
    """Section 4: z z* = x² + y², d = 2x dx + 2y dy;  hence (2x, 2y), the complex number 2z.
    With respect to a complex input JAX returns its conjugate 2 z*: a descent step conjugates."""
    return 2 * z


def least_mean_square(
    x: Float[Array, "2 n"], a: Float[Array, " 2"], b: Float[Array, "2 n"]
) -> Scalar:
    """|a - xᴴ b|², the error of the filter x on the signal b; pairs of real and imaginary part.

    Complex LMS.
    """
    error = complex_numbers(a) - jnp.vdot(complex_numbers(x), complex_numbers(b))
    return error.real**2 + error.imag**2


@gradient(of=least_mean_square, wrt="x", at=dict(x=reals("2 n"), a=reals("2"), b=reals("2 n")))
def least_mean_square_gradient(
    x: Float[Array, "2 n"], a: Float[Array, " 2"], b: Float[Array, "2 n"]
) -> Float[Array, "2 n"]:
    """(89) e = a - xᴴ b, de = -dxᴴ b:  d|e|² = 2 Re(e* de) = -2 Re(dxᴴ b e*), and Re(dxᴴ g) is
    dx . g in pairs;  hence g = -2 b e*, real part above, imaginary part below."""
    signal = complex_numbers(b)
    error = complex_numbers(a) - jnp.vdot(complex_numbers(x), signal)
    g = -2 * signal * error.conj()
    return jnp.stack([g.real, g.imag])
