"""Acceleration: Nesterov's momentum, the heavy ball at its best, and a ball rolling with friction.

Nesterov takes the gradient where the momentum will have carried the point, not where it is. Along
an eigenvector of curvature c that multiplies the memory by 1 - ac, too: steep directions, which the
heavy ball lets swing, forget sooner.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.optimizers.momentum import (
    MODE,
    heavy_ball,
    heavy_ball_rate,
    mode_matrix,
    two_moves,
)
from lab.derivation import derivative, identity
from lab.domains import choice, interval, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]
Pair = Float[Array, "2 2"]

# ----- Nesterov's momentum -----


def nesterov(start: Vector, H: Matrix, step: Scalar, momentum: Scalar, steps: int) -> Vector:
    """Nesterov's accelerated gradient on xᵀHx/2, from rest.

    y = x + b (x - x⁻), then x⁺ = y - a ∇f(y).
    """

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], None]:
        x, before = state
        ahead = x + momentum * (x - before)
        return (ahead - step * (H @ ahead), x), None

    return jax.lax.scan(move, (start, start), length=steps)[0][0]


@identity(
    of=nesterov,
    at=dict(
        start=reals("n"),
        H=spd("n"),
        step=interval(0, 0.5),
        momentum=interval(0, 1),
        steps=choice(1, 2, 3, 8),
    ),
)
def nesterov_with_velocity(
    start: Vector, H: Matrix, step: Scalar, momentum: Scalar, steps: int
) -> Vector:
    """With the last move v = x - x⁻ it is y = x + b v and x⁺ = x + v⁺;  hence
    v⁺ = b v - a ∇f(x + b v): the heavy ball, but for the place where the gradient is taken
    (Sutskever and others 2013).
    """

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], None]:
        x, v = state
        v = momentum * v - step * (H @ (x + momentum * v))
        return (x + v, v), None

    return jax.lax.scan(move, (start, jnp.zeros_like(start)), length=steps)[0][0]


def nesterov_matrix(curvature: Scalar, step: Scalar, momentum: Scalar) -> Pair:
    """What one step of Nesterov's does to (x, x⁻) on c x²/2."""
    left = 1 - step * curvature
    now = jnp.stack([(1 + momentum) * left, -momentum * left])
    return jnp.stack([now, jnp.array([1, 0], now.dtype)])


def two_nesterov_moves(curvature: Scalar, step: Scalar, momentum: Scalar) -> Pair:
    """What two steps of Nesterov's do to (x, x⁻) on c x²/2."""
    M = nesterov_matrix(curvature, step, momentum)
    return M @ M


@identity(of=two_nesterov_moves, at=MODE)
def nesterov_characteristic_polynomial(curvature: Scalar, step: Scalar, momentum: Scalar) -> Pair:
    """M has trace (1 + b)(1 - ac) and determinant b (1 - ac), and M² = (tr M) M - (det M) I;  hence
    the rates are the roots of z² - (1 + b)(1 - ac) z + b (1 - ac).
    """
    M, left = nesterov_matrix(curvature, step, momentum), 1 - step * curvature
    return (1 + momentum) * left * M - momentum * left * jnp.eye(2, dtype=M.dtype)


def nesterov_rate(curvature: Scalar, step: Scalar, momentum: Scalar) -> Scalar:
    """The greater |z| of the roots of z² - (1 + b) q z + b q, q = 1 - ac."""
    left = 1 - step * curvature
    total = (1 + momentum) * left
    spread = total**2 - 4 * momentum * left
    real = (jnp.abs(total) + jnp.sqrt(jnp.where(spread > 0, spread, 1))) / 2
    complex_ = jnp.sqrt(jnp.where(spread > 0, 1, momentum * left))
    return jnp.where(spread > 0, real, complex_)


@derivative(
    of=nesterov_rate,
    wrt="momentum",
    at=MODE,
    kinks="the double roots, where (1 + momentum)² (1 - step curvature) == 4 momentum",
)
def nesterov_rate_derivative(curvature: Scalar, step: Scalar, momentum: Scalar) -> Scalar:
    """Complex roots: |z|² = b q, so √(q/b)/2. Real ones: z = (|t| + √D)/2 with t = (1 + b) q and
    D = t² - 4bq, dt = q db and dD = (2t - 4) q db;  hence (sign t + (t - 2)/√D) q/2.
    """
    left = 1 - step * curvature
    total = (1 + momentum) * left
    spread = total**2 - 4 * momentum * left
    root = jnp.sqrt(jnp.where(spread > 0, spread, 1))
    real = (jnp.sign(total) + (total - 2) / root) * left / 2
    complex_ = jnp.sqrt(jnp.where(spread > 0, 1, left / momentum)) / 2
    return jnp.where(spread > 0, real, complex_)


# ----- the heavy ball at its best -----


def critically_damped(curvature: Scalar, step: Scalar) -> Pair:
    """What two steps of the heavy ball do to (x, v) with the momentum b = (1 - √(ac))²."""
    return two_moves(curvature, step, (1 - jnp.sqrt(step * curvature)) ** 2)


@identity(of=critically_damped, at=dict(curvature=interval(0, 1), step=interval(0, 1)))
def critical_damping_double_root(curvature: Scalar, step: Scalar) -> Pair:
    """The trace 1 + b - ac is then 2z, the determinant b = z², with z = 1 - √(ac): both roots are
    z;  hence M² = 2z M - z² I. No swinging any more, and not yet crawling: critical damping.
    """
    z = 1 - jnp.sqrt(step * curvature)
    M = mode_matrix(curvature, step, z**2)
    return 2 * z * M - z**2 * jnp.eye(2, dtype=M.dtype)


def tuned_heavy_ball_rate(low: Scalar, high: Scalar, where: Scalar) -> Scalar:
    """The rate of the optimal heavy ball at a curvature between the least and the greatest.

    a = (2/(√h + √l))², b = ((√h - √l)/(√h + √l))², the curvature l + (h - l)/(1 + e⁻ʷ).
    """
    step = (2 / (jnp.sqrt(high) + jnp.sqrt(low))) ** 2
    momentum = ((jnp.sqrt(high) - jnp.sqrt(low)) / (jnp.sqrt(high) + jnp.sqrt(low))) ** 2
    return heavy_ball_rate(low + jax.nn.sigmoid(where) * (high - low), step, momentum)


@identity(
    of=tuned_heavy_ball_rate,
    at=dict(low=interval(0, 0.5), high=interval(0.5, 1), where=interval(-5, 5)),
)
def optimal_heavy_ball_rate(low: Scalar, high: Scalar, where: Scalar) -> Scalar:
    """At both ends b = (1 - √(ac))²: a double root. Between them the roots are complex, of size √b
    whatever the curvature;  hence (√h - √l)/(√h + √l) = (√κ - 1)/(√κ + 1), κ = h/l: what plain
    descent would need the condition √κ for (Polyak 1964).
    """
    return (jnp.sqrt(high) - jnp.sqrt(low)) / (jnp.sqrt(high) + jnp.sqrt(low))


def rolled(start: Vector, H: Matrix, friction: Scalar, time: Scalar, steps: int) -> Vector:
    """Where a ball is that rolls from rest in the bowl xᵀHx/2: v' = -∇f - c v, x' = v.

    By semi-implicit Euler: first the new velocity, then the place with it.
    """

    def move(state: tuple[Vector, Vector], _: None) -> tuple[tuple[Vector, Vector], None]:
        x, v = state
        v = v - time * (H @ x + friction * v)
        return (x + time * v, v), None

    return jax.lax.scan(move, (start, jnp.zeros_like(start)), length=steps)[0][0]


@identity(
    of=rolled,
    at=dict(
        start=reals("n"),
        H=spd("n"),
        friction=interval(0, 1),
        time=interval(0, 0.5),
        steps=choice(1, 2, 3, 8),
    ),
)
def ball_with_friction_is_heavy_ball(
    start: Vector, H: Matrix, friction: Scalar, time: Scalar, steps: int
) -> Vector:
    """With w = h v: w⁺ = (1 - c h) w - h² ∇f(x), x⁺ = x + w⁺;  hence momentum b = 1 - c h and step
    a = h²: the heavy ball is a ball rolling with friction, seen every h seconds.
    """
    return heavy_ball(start, H, time**2, 1 - friction * time, steps)
