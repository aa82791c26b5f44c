"""Inverses inside traces: what least squares, discriminant analysis and Gaussians are made of.

S S⁻¹ = I, so d(S⁻¹) = -S⁻¹ dS S⁻¹; in a trace the inverses turn to the front, and dX to the end.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax.numpy as jnp
from jax.numpy.linalg import inv, solve
from jaxtyping import Array, Float

from lab.derivation import gradient, jacobian
from lab.domains import invertible, reals, spd, symmetric, tall

Scalar = Float[Array, ""]


def inverse_entries(X: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The entries (X⁻¹)_kl."""
    return inv(X)


@jacobian(of=inverse_entries, at=dict(X=invertible("n")))
def inverse_entries_jacobian(X: Float[Array, "n n"]) -> Float[Array, "n n n n"]:
    """(60) J the matrix with a single one, at ij:  d(X⁻¹) = -X⁻¹ J X⁻¹ dX_ij;
    hence ∂(X⁻¹)_kl / ∂X_ij = -(X⁻¹)_ki (X⁻¹)_jl."""
    Y = inv(X)
    return -jnp.einsum("ki,jl->klij", Y, Y)


def misfit_of_inverse(A: Float[Array, "n n"], M: Float[Array, "n n"]) -> Scalar:
    """J = |W - M|² / 2 of W = A⁻¹. The gradient through an inverse."""
    return jnp.sum((inv(A) - M) ** 2) / 2


@gradient(of=misfit_of_inverse, wrt="A", at=dict(A=invertible("n"), M=reals("n n")))
def misfit_of_inverse_gradient(
    A: Float[Array, "n n"], M: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """Below (64): any J of W = A⁻¹ has dJ = Tr(Gᵀ dW) = -Tr(Gᵀ W dA W), G = ∂J/∂W, here W - M;
    hence ∂J/∂A = -A⁻ᵀ G A⁻ᵀ."""
    W = inv(A)
    return -W.T @ (W - M) @ W.T


def resolvent_trace(X: Float[Array, "n n"], A: Float[Array, "n n"]) -> Scalar:
    """Tr((X + A)⁻¹)."""
    return jnp.trace(inv(X + A))


@gradient(of=resolvent_trace, wrt="X", at=dict(X=invertible("n"), A=invertible("n")))
def resolvent_trace_gradient(X: Float[Array, "n n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(64) R = (X + A)⁻¹, dR = -R dX R, Tr dR = -Tr(R R dX);  hence -(R R)ᵀ."""
    R = inv(X + A)
    return -(R @ R).T


# ----- ratios: the inverse of one quadratic form of X, times another -----


def inverse_form_trace(
    X: Float[Array, "n p"], A: Float[Array, "p p"], C: Float[Array, "n n"]
) -> Scalar:
    """Tr((Xᵀ C X)⁻¹ A)."""
    return jnp.trace(solve(X.T @ C @ X, A))


@gradient(of=inverse_form_trace, wrt="X", at=dict(X=tall("n p"), A=reals("p p"), C=spd("n")))
def inverse_form_trace_gradient(
    X: Float[Array, "n p"], A: Float[Array, "p p"], C: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(125) S = Xᵀ C X, C = Cᵀ:  -Tr(S⁻¹ (dXᵀ C X + Xᵀ C dX) S⁻¹ A), N = S⁻¹ A S⁻¹:
    -Tr((C X N)ᵀ dX) - Tr(N Xᵀ C dX);  hence -C X (N + Nᵀ) = -C X S⁻¹ (A + Aᵀ) S⁻¹."""
    S = X.T @ C @ X
    return -C @ X @ solve(S, solve(S, A + A.T).T)


def discriminant_ratio(
    X: Float[Array, "n p"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Scalar:
    """Tr((Xᵀ C X)⁻¹ Xᵀ B X): the scatter between classes over the scatter within.

    The ratio of discriminant analysis (LDA).
    """
    return jnp.trace(solve(X.T @ C @ X, X.T @ B @ X))


@gradient(of=discriminant_ratio, wrt="X", at=dict(X=tall("n p"), B=symmetric("n"), C=spd("n")))
def discriminant_ratio_gradient(
    X: Float[Array, "n p"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(126) S = Xᵀ C X, T = Xᵀ B X, all symmetric:  -2 Tr(S⁻¹ T S⁻¹ Xᵀ C dX) + 2 Tr(S⁻¹ Xᵀ B dX);
    hence 2 (B X - C X S⁻¹ T) S⁻¹: zero where the columns of X span generalized eigenvectors."""
    S, T = X.T @ C @ X, X.T @ B @ X
    return 2 * solve(S, (B @ X - C @ X @ solve(S, T)).T).T


def regularised_ratio(
    X: Float[Array, "n p"], A: Float[Array, "p p"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Scalar:
    """Tr((A + Xᵀ C X)⁻¹ Xᵀ B X)."""
    return jnp.trace(solve(A + X.T @ C @ X, X.T @ B @ X))


@gradient(
    of=regularised_ratio,
    wrt="X",
    at=dict(X=tall("n p"), A=invertible("p"), B=symmetric("n"), C=spd("n")),
)
def regularised_ratio_gradient(
    X: Float[Array, "n p"], A: Float[Array, "p p"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """(127), corrected.  M = A + Xᵀ C X, N = M⁻¹ Xᵀ B X M⁻¹, B and C symmetric:
    -Tr(N (dXᵀ C X + Xᵀ C dX)) + Tr(M⁻¹ (dXᵀ B X + Xᵀ B dX));
    hence -C X (N + Nᵀ) + B X (M⁻¹ + M⁻ᵀ).
    The book has -2 C X N + 2 B X M⁻¹ and asks for symmetric B and C alone: that needs A = Aᵀ, too.
    """
    inverted = inv(A + X.T @ C @ X)
    N = inverted @ X.T @ B @ X @ inverted
    return B @ X @ (inverted + inverted.T) - C @ X @ (N + N.T)


def regularised_ratio_gradient_as_printed(
    X: Float[Array, "n p"], A: Float[Array, "p p"], B: Float[Array, "n n"], C: Float[Array, "n n"]
) -> Float[Array, "n p"]:
    """-2 C X M⁻¹ Xᵀ B X M⁻¹ + 2 B X M⁻¹: equation (127) as the book has it, wrong unless A = Aᵀ."""
    inverted = inv(A + X.T @ C @ X)
    return -2 * C @ X @ inverted @ X.T @ B @ X @ inverted + 2 * B @ X @ inverted
