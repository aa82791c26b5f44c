"""Linear models: ridge regression solved, descended, and tested by leaving samples out.

The loss is ``|X w - y|²/(2n) + l/2 |w|²``. Its Hessian ``H = XᵀX/n + l I`` does not depend on w, so
that one number after the other follows from it: the solution, the speed of descent, the influence
of every sample on its own prediction.
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import matrix_power, solve
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian, identity, jacobian
from lab.domains import choice, interval, nonnegative, positive, reals, tall

Weights = Float[Array, " d"]
Design = Float[Array, "n d"]
Targets = Float[Array, " n"]
Scalar = Float[Array, ""]


def ridge_loss(w: Weights, X: Design, y: Targets, l: Scalar) -> Scalar:
    """``|X w - y|²/(2n) + l/2 |w|²``."""
    return jnp.mean((X @ w - y) ** 2) / 2 + l / 2 * (w @ w)


@gradient(
    of=ridge_loss,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=reals("n"), l=nonnegative()),
)
def ridge_loss_gradient(w: Weights, X: Design, y: Targets, l: Scalar) -> Weights:
    """r = Xw - y, dr = X dw;  dL = r·dr/n + l w·dw;  hence Xᵀ r/n + l w."""
    return X.T @ (X @ w - y) / y.size + l * w


@hessian(
    of=ridge_loss,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=reals("n"), l=nonnegative()),
)
def ridge_loss_hessian(w: Weights, X: Design, y: Targets, l: Scalar) -> Float[Array, "d d"]:
    """d(Xᵀ r/n + l w) = (XᵀX/n + l I) dw;  hence that, everywhere: a bowl, no flatter than l."""
    return X.T @ X / y.size + l * jnp.eye(w.size, dtype=w.dtype)


def ridge_residuals(w: Weights, X: Design, y: Targets, l: Scalar) -> Float[Array, " m"]:
    """``(X w - y) / sqrt(2n)`` and ``sqrt(l/2) w``, one below the other: their squares add up to
    ``ridge_loss``.
    """
    return jnp.concatenate([(X @ w - y) / jnp.sqrt(2.0 * y.size), jnp.sqrt(l / 2) * w])


@jacobian(
    of=ridge_residuals,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=reals("n"), l=nonnegative()),
)
def ridge_residuals_jacobian(w: Weights, X: Design, y: Targets, l: Scalar) -> Float[Array, "m d"]:
    """Both are affine in w;  hence X / sqrt(2n) above sqrt(l/2) I."""
    below = jnp.sqrt(l / 2) * jnp.eye(w.size, dtype=w.dtype)
    return jnp.concatenate([X / jnp.sqrt(2.0 * y.size), below])


@identity(
    of=ridge_loss,
    at=dict(w=reals("d"), X=reals("n d"), y=reals("n"), l=nonnegative()),
)
def ridge_loss_by_residuals(w: Weights, X: Design, y: Targets, l: Scalar) -> Scalar:
    """|Xw - y|²/(2n) + l/2 |w|² is the sum of the squares of (Xw - y)/sqrt(2n) and sqrt(l/2) w;
    hence r·r.
    """
    r = ridge_residuals(w, X, y, l)
    return r @ r


def ridge_fit(X: Design, y: Targets, l: Scalar) -> Weights:
    """Where the gradient is 0, the normal equations: ``(XᵀX/n + l I) w = Xᵀ y/n``."""
    return solve(X.T @ X / y.size + l * jnp.eye(X.shape[1], dtype=X.dtype), X.T @ y / y.size)


@jacobian(of=ridge_fit, wrt="y", at=dict(X=tall("n d"), y=reals("n"), l=positive()))
def ridge_fit_jacobian_in_the_targets(X: Design, y: Targets, l: Scalar) -> Float[Array, "d n"]:
    """H w = Xᵀ y/n is linear in y: H dw = Xᵀ dy/n;  hence H⁻¹ Xᵀ/n."""
    H = X.T @ X / y.size + l * jnp.eye(X.shape[1], dtype=X.dtype)
    return solve(H, X.T / y.size)


# ----- one at a time left out -----


def leave_one_out_errors(X: Design, y: Targets, penalty: Scalar) -> Targets:
    """Each sample's error when the fit to ``|X w - y|² + penalty |w|²`` has not seen it.

    As many fits as there are samples.
    """

    def without(i: Array) -> Scalar:
        seen = (jnp.arange(y.size) != i).astype(X.dtype)[:, None] * X
        w = solve(seen.T @ seen + penalty * jnp.eye(X.shape[1], dtype=X.dtype), seen.T @ y)
        return y[i] - X[i] @ w

    return jax.vmap(without)(jnp.arange(y.size))


@identity(of=leave_one_out_errors, at=dict(X=tall("n d"), y=reals("n"), penalty=positive()))
def leave_one_out_errors_by_leverage(X: Design, y: Targets, penalty: Scalar) -> Targets:
    """A sample put where its fit without it predicts it changes no fit; so lowering y_i by that

    error e_i lowers ŷ_i = Σ_j h_ij y_j to y_i - e_i: ŷ_i - h_ii e_i = y_i - e_i;  hence
    e_i = (y_i - ŷ_i)/(1 - h_ii), h the diagonal of X (XᵀX + penalty I)⁻¹ Xᵀ: one fit for all.
    """
    A = solve(X.T @ X + penalty * jnp.eye(X.shape[1], dtype=X.dtype), X.T)
    leverage = jnp.sum(X * A.T, axis=1)
    return (y - X @ (A @ y)) / (1 - leverage)


# ----- down the bowl -----


def descended(w: Weights, X: Design, y: Targets, l: Scalar, step: Scalar, steps: int) -> Weights:
    """Where gradient descent from w is after so many steps."""
    for _ in range(steps):
        w = w - step * ridge_loss_gradient(w, X, y, l)
    return w


@identity(
    of=descended,
    at=dict(
        w=reals("d"),
        X=tall("n d"),
        y=reals("n"),
        l=positive(),
        step=interval(0.0, 1.0),
        steps=choice(1, 2, 5),
    ),
)
def descended_in_closed_form(
    w: Weights, X: Design, y: Targets, l: Scalar, step: Scalar, steps: int
) -> Weights:
    """The gradient is H (w - w*), so w - w* is multiplied by I - a H;  hence w* + (I - aH)^k (w -

    w*), each eigenvector of H shrinking by its own factor 1 - a λ.
    """
    H, best = ridge_loss_hessian(w, X, y, l), ridge_fit(X, y, l)
    contraction = matrix_power(jnp.eye(w.size, dtype=w.dtype) - step * H, steps)
    return best + contraction @ (w - best)
