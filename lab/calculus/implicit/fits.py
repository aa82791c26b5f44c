"""Least squares as a function of its data: ridge, leverage, cross-validation, marginal likelihood.

The weights solve (Xᵀ X + λ I) w = Xᵀ y, and that equation is what is differentiated. What comes out
is what one wants to know of a fit: how it leans on each sample, what a little more penalty does.
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import inv, pinv, solve
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_functions import gaussian_energy
from lab.derivation import gradient, identity, jacobian, jvp
from lab.domains import interval, reals, tall

Scalar = Float[Array, ""]


def normal_matrix(X: Float[Array, "n d"], penalty: Scalar) -> Float[Array, "d d"]:
    """Xᵀ X + λ I"""
    return X.T @ X + penalty * jnp.eye(X.shape[1], dtype=X.dtype)


def ridge_weights(
    penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " d"]:
    """argmin |X w - y|² + λ |w|²."""
    return solve(normal_matrix(X, penalty), X.T @ y)


RIDGE = dict(penalty=interval(0.05, 5), X=reals("n d"), y=reals("n"))


@jacobian(of=ridge_weights, wrt="penalty", at=RIDGE)
def ridge_weights_derivative(
    penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " d"]:
    """(Xᵀ X + λ I) w = Xᵀ y:  dλ w + (Xᵀ X + λ I) dw = 0;  hence -(Xᵀ X + λ I)⁻¹ w: towards 0,
    fastest where the data say least."""
    return -solve(normal_matrix(X, penalty), ridge_weights(penalty, X, y))


def least_squares_weights(X: Float[Array, "n d"], y: Float[Array, " n"]) -> Float[Array, " d"]:
    """X⁺ y = argmin |X w - y|², for a tall X. Ordinary least squares."""
    return pinv(X) @ y


@jvp(of=least_squares_weights, wrt=("X", "y"), at=dict(X=tall("n d"), y=reals("n")))
def least_squares_weights_jvp(
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    tangent: tuple[Float[Array, "n d"], Float[Array, " n"]],
) -> Float[Array, " d"]:
    """Xᵀ X w = Xᵀ y, r = y - X w:  Xᵀ X dw = dXᵀ r + Xᵀ (dy - dX w);
    hence X⁺ (dy - dX w) + (Xᵀ X)⁻¹ dXᵀ r."""
    dX, dy = tangent
    inverted = pinv(X)
    w = inverted @ y
    return inverted @ (dy - dX @ w) + inverted @ (inverted.T @ (dX.T @ (y - X @ w)))


# ----- how a fit leans on its samples -----


def fitted_values(X: Float[Array, "n d"], y: Float[Array, " n"]) -> Float[Array, " n"]:
    """X w for the least squares w."""
    return X @ least_squares_weights(X, y)


@jacobian(of=fitted_values, wrt="y", at=dict(X=tall("n d"), y=reals("n")))
def fitted_values_jacobian(X: Float[Array, "n d"], y: Float[Array, " n"]) -> Float[Array, "n n"]:
    """dŷ = X X⁺ dy;  hence the hat matrix H, which projects; h_ii, the leverage of a sample, is
    how much of its own error the fit follows."""
    return X @ pinv(X)


def left_out_residuals(X: Float[Array, "n d"], y: Float[Array, " n"]) -> Float[Array, " n"]:
    """For each sample, its residual under the fit to all the others: n fits."""

    def without(i: Array) -> Scalar:
        Z = X * (jnp.arange(y.size) != i)[:, None].astype(X.dtype)
        return y[i] - X[i] @ solve(Z.T @ Z, Z.T @ y)

    return jax.vmap(without)(jnp.arange(y.size))


@identity(of=left_out_residuals, at=dict(X=tall("d+3 d"), y=reals("d+3")))
def left_out_residuals_by_leverage(
    X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " n"]:
    """Put sample i on its left-out prediction p_i and the fit stays there, so by the hat matrix
    p_i = ŷ_i + h_ii (p_i - y_i);  hence y_i - p_i = (y_i - ŷ_i) / (1 - h_ii), from a single fit."""
    H = X @ pinv(X)
    return (y - H @ y) / (1 - jnp.diag(H))


# ----- how much penalty? -----


def degrees_of_freedom(penalty: Scalar, X: Float[Array, "n d"]) -> Scalar:
    """Tr H_λ, H_λ = X (Xᵀ X + λ I)⁻¹ Xᵀ: the number of weights that still are free.

    Ridge's effective degrees of freedom.
    """
    return jnp.trace(solve(normal_matrix(X, penalty), X.T @ X))


@gradient(of=degrees_of_freedom, at=dict(penalty=interval(0.05, 5), X=reals("n d")))
def degrees_of_freedom_derivative(penalty: Scalar, X: Float[Array, "n d"]) -> Scalar:
    """With the singular values of X it is Σ s² / (s² + λ);  hence -Σ s² / (s² + λ)²."""
    squares = jnp.linalg.svd(X, compute_uv=False) ** 2
    return -jnp.sum(squares / (squares + penalty) ** 2)


def cross_validation(penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]) -> Scalar:
    """Generalised cross-validation, n |y - H_λ y|² / (n - Tr H_λ)² (Golub, Heath, Wahba 1979)."""
    H = X @ solve(normal_matrix(X, penalty), X.T)
    return y.size * jnp.sum((y - H @ y) ** 2) / (y.size - jnp.trace(H)) ** 2


@gradient(of=cross_validation, at=RIDGE)
def cross_validation_derivative(
    penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Scalar:
    """A = Xᵀ X + λ I, dH = -K dλ with K = X A⁻² Xᵀ;  r = y - H y, dr = K y dλ, t = n - Tr H,
    dt = Tr K dλ;  hence n (2 rᵀ K y / t² - 2 rᵀ r Tr K / t³)."""
    half = solve(normal_matrix(X, penalty), X.T)
    r, K = y - X @ (half @ y), half.T @ half
    t = y.size - jnp.trace(X @ half)
    return 2 * y.size / t**2 * (r @ K @ y - r @ r * jnp.trace(K) / t)


def kernel_matrix(width: Scalar, noise: Scalar, x: Float[Array, " n"]) -> Float[Array, "n n"]:
    """exp(-(x_i - x_j)² / (2 l²)) + σ δ_ij with width l and noise variance σ."""
    return jnp.exp(-(((x[:, None] - x) / width) ** 2) / 2) + noise * jnp.eye(x.size, dtype=x.dtype)


def marginal_likelihood(
    width: Scalar, noise: Scalar, x: Float[Array, " n"], y: Float[Array, " n"]
) -> Scalar:
    """(yᵀ K⁻¹ y + ln det K) / 2: minus a Gaussian process's log evidence, up to a constant.

    The marginal likelihood of a GP.
    """
    return gaussian_energy(kernel_matrix(width, noise, x), y)


@gradient(
    of=marginal_likelihood,
    wrt=("width", "noise"),
    at=dict(width=interval(0.2, 3), noise=interval(0.1, 2), x=interval(-3, 3, "n"), y=reals("n")),
)
def marginal_likelihood_gradient(
    width: Scalar, noise: Scalar, x: Float[Array, " n"], y: Float[Array, " n"]
) -> tuple[Scalar, Scalar]:
    """a = K⁻¹ y:  d = (Tr(K⁻¹ dK) - aᵀ dK a) / 2 = Tr((K⁻¹ - a aᵀ) dK) / 2;  hence that trace with
    ∂K/∂l = K_ij (x_i - x_j)² / l³ off the diagonal, and with ∂K/∂σ = I."""
    K = kernel_matrix(width, noise, x)
    a = solve(K, y)
    M = (inv(K) - jnp.outer(a, a)) / 2
    return jnp.sum(M * K * (x[:, None] - x) ** 2) / width**3, jnp.trace(M)


def validation_loss(
    penalty: Scalar,
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    Z: Float[Array, "m d"],
    t: Float[Array, " m"],
) -> Scalar:
    """mean (Z w - t)² on held-out samples, w the ridge weights of X, y at this penalty.

    A bilevel problem.
    """
    return jnp.mean((Z @ ridge_weights(penalty, X, y) - t) ** 2)


@gradient(of=validation_loss, at=RIDGE | dict(Z=reals("m d"), t=reals("m")))
def validation_loss_derivative(
    penalty: Scalar,
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    Z: Float[Array, "m d"],
    t: Float[Array, " m"],
) -> Scalar:
    """The hypergradient: dL = gᵀ dw, g = 2/m Zᵀ (Z w - t), and A dw = -w dλ, A = Xᵀ X + λ I;
    hence -uᵀ w with A u = g: one solve, whatever the number of weights."""
    w = ridge_weights(penalty, X, y)
    g = 2 / t.size * Z.T @ (Z @ w - t)
    return -solve(normal_matrix(X, penalty), g) @ w
