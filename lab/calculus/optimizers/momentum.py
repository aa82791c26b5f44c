"""Momentum: gradient descent that remembers its last move, Polyak's heavy ball.

Along an eigenvector of the Hessian, of curvature c, one step is a 2 x 2 matrix on (x, v) with trace
1 + b - ac and determinant b. While its two eigenvalues are complex their size is √b, whatever c is:
one rate for all curvatures at once, which plain descent never has.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, identity
from lab.domains import choice, interval, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]


def heavy_ball(start: Vector, H: Matrix, step: Scalar, momentum: Scalar, steps: int) -> Vector:
    """v⁺ = b v - a ∇f(x), x⁺ = x + v⁺ on xᵀH x / 2, from rest. Gradient descent with momentum."""

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], None]:
        x, v = state
        v = momentum * v - step * (H @ x)
        return (x + v, v), None

    return jax.lax.scan(move, (start, jnp.zeros_like(start)), length=steps)[0][0]


@identity(
    of=heavy_ball,
    at=dict(
        start=reals("n"),
        H=spd("n"),
        step=interval(0, 0.5),
        momentum=interval(0, 1),
        steps=choice(1, 2, 3, 8),
    ),
)
def heavy_ball_recurrence(
    start: Vector, H: Matrix, step: Scalar, momentum: Scalar, steps: int
) -> Vector:
    """v = x - x⁻ is the last move, so x⁺ = x - a ∇f(x) + b (x - x⁻): the velocity is gone, and the
    sequence remembers two places instead. From rest, x⁻ = x.
    """

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], None]:
        x, before = state
        return (x - step * (H @ x) + momentum * (x - before), x), None

    return jax.lax.scan(move, (start, start), length=steps)[0][0]


MODE = dict(curvature=interval(0, 2), step=interval(0, 1.5), momentum=interval(0, 1))


def mode_matrix(curvature: Scalar, step: Scalar, momentum: Scalar) -> Float[Array, "2 2"]:
    """What one step with momentum does to (x, v) on c x² / 2."""
    pull = -step * curvature
    return jnp.stack([jnp.stack([1 + pull, momentum]), jnp.stack([pull, momentum])])


def two_moves(curvature: Scalar, step: Scalar, momentum: Scalar) -> Float[Array, "2 2"]:
    """What two steps with momentum do to (x, v) on c x² / 2."""
    M = mode_matrix(curvature, step, momentum)
    return M @ M


@identity(of=two_moves, at=MODE)
def two_moves_by_recurrence(
    curvature: Scalar, step: Scalar, momentum: Scalar
) -> Float[Array, "2 2"]:
    """M has trace 1 + b - ac and determinant b, and M² = (tr M) M - (det M) I (Cayley-Hamilton):
    the recurrence again, for matrices. Its roots z² = (1 + b - ac) z - b are the rates.
    """
    M = mode_matrix(curvature, step, momentum)
    return (1 + momentum - step * curvature) * M - momentum * jnp.eye(2, dtype=M.dtype)


def heavy_ball_rate(curvature: Scalar, step: Scalar, momentum: Scalar) -> Scalar:
    """The greater |z| of the roots of z² - (1 + b - ac) z + b: the error shrinks by it a step."""
    total = 1 + momentum - step * curvature
    spread = total**2 - 4 * momentum
    real = (jnp.abs(total) + jnp.sqrt(jnp.where(spread > 0, spread, 1))) / 2
    return jnp.where(spread > 0, real, jnp.sqrt(momentum))


@derivative(
    of=heavy_ball_rate,
    wrt="momentum",
    at=MODE,
    kinks="the double root, where momentum == (1 - sqrt(step curvature))²",
)
def heavy_ball_rate_derivative(curvature: Scalar, step: Scalar, momentum: Scalar) -> Scalar:
    """Complex roots: |z|² = b, so 1 / (2 √b). Real ones: z = (|t| + √D) / 2 with t = 1 + b - ac and
    D = t² - 4b, dt = db and dD = (2t - 4) db. Momentum helps up to the double root, then it hurts.
    """
    total = 1 + momentum - step * curvature
    spread = total**2 - 4 * momentum
    root = jnp.sqrt(jnp.where(spread > 0, spread, 1))
    real = (jnp.sign(total) + (total - 2) / root) / 2
    return jnp.where(spread > 0, real, 0.5 / jnp.sqrt(momentum))
