"""A constraint that bends: the nearest point of an ellipse, its multiplier, and rules by hand.

At a constrained minimum the gradients of objective and constraint lie along one line: otherwise a
step along the constraint would lower the objective. The factor between them, the multiplier, is
what moving the constraint is worth. The last section gives two solvers a derivative of their own,
so that JAX need not walk through their iterations.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.numpy.linalg import inv, solve
from jaxtyping import Array, Float

from lab.calculus.implicit.roots_and_fixed_points import (
    balance,
    balance_root,
    equilibrium,
)
from lab.derivation import gradient, jacobian, vjp
from lab.domains import interval, reals, spd

Scalar = Float[Array, ""]

# ----- the nearest point of x²/a² + y²/b² = c -----


def ellipse_multiplier(q: Float[Array, " 2"], axes: Float[Array, " 2"], level: Scalar) -> Scalar:
    """The μ ≥ 0 for which x = q / (1 + μ/axes²) has x²/a² + y²/b² = level, for a q outside.

    The left side falls and is convex in μ, so Newton's method climbs from 0 without passing it.
    """

    def improve(_: Any, mu: Scalar) -> Scalar:
        x = q * axes / (axes**2 + mu)
        return mu + (x @ x - level) / (2 * jnp.sum(x**2 / (axes**2 + mu)))

    return jax.lax.fori_loop(0, 30, improve, jnp.zeros_like(level))


def nearest_on_ellipse(
    q: Float[Array, " 2"], axes: Float[Array, " 2"], level: Scalar
) -> Float[Array, " 2"]:
    """argmin |x - q|² / 2 over the ellipse, for a q outside of it."""
    return q * axes**2 / (axes**2 + ellipse_multiplier(q, axes, level))


OUTSIDE = dict(q=interval(3, 9, "2"), axes=interval(0.5, 2, "2"), level=interval(0.5, 1.5))


@jacobian(of=nearest_on_ellipse, wrt="q", at=OUTSIDE)
def nearest_on_ellipse_jacobian(
    q: Float[Array, " 2"], axes: Float[Array, " 2"], level: Scalar
) -> Float[Array, "2 2"]:
    """x + μ D x = q with D = diag(1/a², 1/b²) and xᵀ D x = c:  (I + μ D) dx + D x dμ = dq and
    (D x)ᵀ dx = 0;  hence with M = (I + μ D)⁻¹ and g = D x:  M - M g gᵀ M / gᵀ M g."""
    mu = ellipse_multiplier(q, axes, level)
    inverted = axes**2 / (axes**2 + mu)
    g = nearest_on_ellipse(q, axes, level) / axes**2
    moved = inverted * g
    return jnp.diag(inverted) - jnp.outer(moved, moved) / (g @ moved)


def distance_to_ellipse(q: Float[Array, " 2"], axes: Float[Array, " 2"], level: Scalar) -> Scalar:
    """min |x - q|² / 2 over the ellipse."""
    return jnp.sum((nearest_on_ellipse(q, axes, level) - q) ** 2) / 2


@gradient(of=distance_to_ellipse, wrt=("q", "level"), at=OUTSIDE)
def distance_to_ellipse_gradient(
    q: Float[Array, " 2"], axes: Float[Array, " 2"], level: Scalar
) -> tuple[Float[Array, " 2"], Scalar]:
    """V = f(x, q), dV = f_x.dx + f_q.dq with f_x = x - q = -μ D x, and 2 (D x).dx = dc, as the
    point stays on the ellipse;  hence q - x for q, the envelope theorem, and -μ/2 for the level:
    what the constraint costs is its multiplier."""
    mu = ellipse_multiplier(q, axes, level)
    return q - nearest_on_ellipse(q, axes, level), -mu / 2


# ----- solvers that bring their derivative along -----


def root_with_rule(theta: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The x with A x + tanh x = θ, for JAX a root: it solves one linear system for a derivative."""
    return jax.lax.custom_root(
        lambda x: balance(x, theta, A),
        jnp.zeros_like(theta),
        lambda _, start: balance_root(theta, A),
        lambda linear, y: solve(jax.jacobian(linear)(y), y),
    )


@jacobian(of=root_with_rule, wrt="theta", at=dict(theta=interval(-2, 2, "n"), A=spd("n")))
def root_with_rule_jacobian(
    theta: Float[Array, " n"], A: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """F(x, θ) = A x + tanh x - θ = 0:  (A + diag(sech² x)) dx = dθ, and no step of Newton's is
    asked;  hence (A + diag(sech² x))⁻¹."""
    return inv(A + jnp.diag(1 - jnp.tanh(balance_root(theta, A)) ** 2))


def tamed(W: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """W / 2√(1 + |W|²): shorter than 1/2, whatever W, so that tanh(W z + b) contracts."""
    return W / (2 * jnp.sqrt(1 + jnp.sum(W**2)))


@jax.custom_vjp
def equilibrium_layer(W: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, " n"]:
    """The z with z = tanh(V z + b), V = tamed(W): an infinitely deep layer, with a rule by hand."""
    return equilibrium(tamed(W), b)


def equilibrium_layer_kept(
    W: Float[Array, "n n"], b: Float[Array, " n"]
) -> tuple[Float[Array, " n"], tuple[Float[Array, "n n"], Float[Array, " n"]]]:
    """Forwards: of all the iterations only the last is kept."""
    z = equilibrium_layer(W, b)
    return z, (W, z)


def equilibrium_layer_pullback(
    kept: tuple[Float[Array, "n n"], Float[Array, " n"]], cotangent: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """Backwards: u = g + f_zᵀ u, one linear solve, and the chain rule through ``tamed``."""
    W, z = kept
    s, length = 1 - z**2, jnp.sqrt(1 + jnp.sum(W**2))
    u = solve((jnp.eye(z.size, dtype=z.dtype) - s[:, None] * tamed(W)).T, cotangent)
    for_tamed = jnp.outer(s * u, z)
    radial = jnp.sum(W / length * for_tamed) * (W / length)
    return (for_tamed - radial) / (2 * length), s * u


equilibrium_layer.defvjp(equilibrium_layer_kept, equilibrium_layer_pullback)


@vjp(
    of=lambda W, b: equilibrium(tamed(W), b),
    wrt=("W", "b"),
    at=dict(W=reals("n n"), b=reals("n")),
)
def equilibrium_layer_vjp(
    W: Float[Array, "n n"], b: Float[Array, " n"], cotangent: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """z = tanh(V z + b), s = 1 - z²:  dz = s ∘ (V dz + dV z + db), so <g, dz> = uᵀ s ∘ (dV z + db)
    with u = g + Vᵀ (s ∘ u);  and dV = (dW - W <W, dW>/l²)/2l, l² = 1 + |W|²;
    hence s ∘ u for b, and for W the same projection of (s ∘ u) zᵀ: the rule of the layer."""
    return equilibrium_layer_pullback((W, equilibrium(tamed(W), b)), cotangent)
