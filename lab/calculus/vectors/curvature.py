"""Curvature: what a Hessian says, and how to ask it without writing it down.

Along a unit vector v the second derivative is vᵀ H v. It is greatest and least along eigenvectors
of H, and these values, the curvatures, tell bowl from dome from saddle. A product H v costs no more
than two gradients, and a few products find the greatest curvature in a million variables.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float

from lab.calculus.optimizers.gradient_descent import logistic_loss_gradient
from lab.derivation import gradient, identity, jvp
from lab.domains import distinct, nonnegative, reals

Scalar = Float[Array, ""]


# ----- in the plane, where eigenvalues have a formula -----


def symmetric_matrix(h: Float[Array, " 3"]) -> Float[Array, "2 2"]:
    """[[a, b], [b, c]] for h = (a, b, c)"""
    a, b, c = h
    return jnp.stack([jnp.stack([a, b]), jnp.stack([b, c])])


@identity(of=lambda h: jnp.linalg.eigvalsh(symmetric_matrix(h)), at=dict(h=reals("3")))
def plane_curvatures(h: Float[Array, " 3"]) -> Float[Array, " 2"]:
    """det(H - w I) = w² - (a + c) w + ac - b² = 0;  hence (a + c)/2 ∓ √(((a - c)/2)² + b²): the
    mean curvature, and how far the two are from it. Their product is the determinant."""
    a, b, c = h
    mean, apart = a / 2 + c / 2, jnp.hypot(a / 2 - c / 2, b)
    larger = jnp.where(mean < 0, mean - apart, mean + apart)
    # the smaller one, where mean and apart nearly cancel, from the determinant
    product = (
        a / jnp.where(larger == 0, 1.0, larger) * c - b / jnp.where(larger == 0, 1.0, larger) * b
    )
    return jnp.sort(jnp.stack([product, larger]))


def greatest_plane_curvature(h: Float[Array, " 3"]) -> Scalar:
    """(a + c)/2 + √(((a - c)/2)² + b²)"""
    a, b, c = h
    return a / 2 + c / 2 + jnp.hypot(a / 2 - c / 2, b)


@gradient(of=greatest_plane_curvature, at=dict(h=reals("3")), kinks="a == c and b == 0")
def greatest_plane_curvature_gradient(h: Float[Array, " 3"]) -> Float[Array, " 3"]:
    """r² = ((a - c)/2)² + b², r dr = ((a - c)/2) d(a - c)/2 + b db. With cos 2θ = (a - c)/2r and
    sin 2θ = b/r;  hence (cos² θ, 2 sin θ cos θ, sin² θ), which is v vᵀ for v at the angle θ."""
    a, b, c = h
    apart = jnp.hypot(a / 2 - c / 2, b)
    cosine = jnp.where(apart == 0, 0.0, (a / 2 - c / 2) / jnp.where(apart == 0, 1.0, apart))
    sine = jnp.where(apart == 0, 0.0, b / jnp.where(apart == 0, 1.0, apart))
    return jnp.stack([(1 + cosine) / 2, sine, (1 - cosine) / 2])


def principal_angle(h: Float[Array, " 3"]) -> Scalar:
    """The angle θ of the direction of greatest curvature, tan 2θ = 2b / (a - c)."""
    a, b, c = h
    return jnp.arctan2(2 * b, a - c) / 2


@gradient(of=principal_angle, at=dict(h=distinct("3")))
def principal_angle_gradient(h: Float[Array, " 3"]) -> Float[Array, " 3"]:
    """d arctan2(q, p) = (p dq - q dp)/(p² + q²) with q = 2b, p = a - c;  hence (-b, a - c, b) over
    (a - c)² + 4b²: where the curvatures meet the axes turn without end."""
    a, b, c = h
    return jnp.stack([-b, a - c, b]) / ((a - c) ** 2 + 4 * b**2)


# ----- products with a Hessian that is never written down -----


@jvp(
    of=logistic_loss_gradient,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=reals("n"), ridge=nonnegative()),
)
def logistic_curvature_product(
    w: Float[Array, " d"],
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    ridge: Scalar,
    tangent: Float[Array, " d"],
) -> Float[Array, " d"]:
    """dg = Xᵀ (y² s(m) s(-m) ∘ X dw) / n + ridge dw: down to the samples, weigh, and back up;
    hence H v for two products with X, where H itself would take d of them."""
    m = y * (X @ w)
    weights = y**2 * sigmoid(m) * sigmoid(-m)
    return X.T @ (weights * (X @ tangent)) / y.size + ridge * tangent


class Tridiagonal(NamedTuple):
    """Vᵀ H V for orthonormal columns V: its diagonal, and the one beside it."""

    diagonal: Float[Array, " k"]
    beside: Float[Array, " j"]


def lanczos(
    product: Callable[[Float[Array, " d"]], Float[Array, " d"]],
    start: Float[Array, " d"],
    steps: int,
) -> Tridiagonal:
    """H on the span of v, H v, H² v, ..., from ``steps`` products (Lanczos 1950).

    Each new direction is H times the last, made orthogonal to all before it: in exact arithmetic
    two would do. The greatest eigenvalue of what is returned approaches that of H from below.
    """
    basis = [start / jnp.linalg.norm(start)]
    diagonal, beside = [], []
    for _ in range(steps):
        ahead = product(basis[-1])
        diagonal.append(ahead @ basis[-1])
        known = jnp.stack(basis)
        for _ in range(2):  # once more, for what rounding has left
            ahead = ahead - known.T @ (known @ ahead)
        length = jnp.linalg.norm(ahead)
        beside.append(length)
        basis.append(ahead / length)
    return Tridiagonal(jnp.stack(diagonal), jnp.stack(beside[:-1]) if steps > 1 else jnp.zeros(0))


def ritz_values(small: Tridiagonal) -> Float[Array, " k"]:
    """The eigenvalues of the small matrix, ascending."""
    off = jnp.diag(small.beside, 1)
    return jnp.linalg.eigvalsh(jnp.diag(small.diagonal) + off + off.T)
