"""Gates, soft choices and rules that break the rules: activations of more than one number.

A custom rule is no derivative of what is computed forward; it is a definition. What can be checked
of it is that the machinery carries it out, and these two claims do.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks.activations import sigmoid, silu, silu_derivative
from lab.calculus.networks.losses import softmax, softmax_jacobian, softmax_vjp
from lab.derivation import identity, jacobian, vjp
from lab.domains import positive, reals

Real = Float[Array, "..."]
Vector = Float[Array, " k"]
Scalar = Float[Array, ""]


def glu(a: Real, b: Real) -> Real:
    """``a sigmoid(b)``: b opens the gate for a (Dauphin et al. 2017)."""
    return a * sigmoid(b)


@vjp(of=glu, wrt=("a", "b"), at=dict(a=reals("n d"), b=reals("n d")))
def glu_vjp(a: Real, b: Real, cotangent: Real) -> tuple[Real, Real]:
    """d(a s(b)) = s(b) da + a s(b) s(-b) db;  hence c s(b) for a, and c a s(b) s(-b) for b."""
    return cotangent * sigmoid(b), cotangent * a * sigmoid(b) * sigmoid(-b)


def swiglu(a: Real, b: Real) -> Real:
    """``a silu(b)`` (Shazeer 2020)."""
    return a * silu(b)


@vjp(of=swiglu, wrt=("a", "b"), at=dict(a=reals("n d"), b=reals("n d")))
def swiglu_vjp(a: Real, b: Real, cotangent: Real) -> tuple[Real, Real]:
    """d(a silu(b)) = silu(b) da + a silu'(b) db;  hence c silu(b) and c a s(b)(1 + b s(-b))."""
    return cotangent * silu(b), cotangent * a * silu_derivative(b)


def tempered_softmax(z: Vector, t: Scalar) -> Vector:
    """``softmax(z / t)``: uniform when hot, the largest alone when cold."""
    return softmax(z / t)


@jacobian(of=tempered_softmax, wrt="z", at=dict(z=reals("k"), t=positive()))
def tempered_softmax_jacobian(z: Vector, t: Scalar) -> Float[Array, "k k"]:
    """The softmax's Jacobian at z/t, and d(z/t) = dz/t;  hence (diag(p) - p pᵀ)/t."""
    return softmax_jacobian(z / t) / t


@jacobian(of=tempered_softmax, wrt="t", at=dict(z=reals("k"), t=positive()))
def tempered_softmax_jacobian_in_the_temperature(z: Vector, t: Scalar) -> Vector:
    """d(z/t) = -z/t² dt;  hence -(diag(p) - p pᵀ) z/t² = -p ∘ (z - p·z)/t²: warming takes from

    the entries above the mean score and gives to those below.
    """
    return -softmax_vjp(z / t, z / t) / t


def sparsemax(z: Vector) -> Vector:
    """The point of the simplex nearest to z (Martins and Astudillo 2016): ``max(z - tau, 0)``.

    tau makes the entries sum to 1. Sorted, the support is the longest run of largest entries that
    all stay above the tau it would give.
    """
    shifted = z - jnp.max(z)
    falling = -jnp.sort(-shifted)
    counts = jnp.arange(1, z.size + 1).astype(z.dtype)
    taus = (jnp.cumsum(falling) - 1) / counts
    size = jnp.sum(falling > taus)
    return jnp.maximum(shifted - taus[size - 1], 0.0)


@jacobian(of=sparsemax, at=dict(z=reals("k")), kinks="an entry on the edge of the support")
def sparsemax_jacobian(z: Vector) -> Float[Array, "k k"]:
    """On its support p = z - tau and Σ p = 1, so dtau is the mean of dz there;

    hence diag(s) - s sᵀ/|s| with s = [p > 0]: an averaging matrix, where softmax has pᵀ for 1/|s|.
    """
    s = (sparsemax(z) > 0).astype(z.dtype)
    return jnp.diag(s) - jnp.outer(s, s) / jnp.sum(s)


# ----- definitions, not derivatives -----


@jax.custom_vjp
def straight_through_round(x: Real) -> Real:
    """``round(x)`` forward; backward as if it had been x (Bengio et al. 2013).

    Not the derivative: straight through.
    """
    return jnp.round(x)


straight_through_round.defvjp(
    lambda x: (straight_through_round(x), None), lambda _, cotangent: (cotangent,)
)


def straight_through_pullback(x: Real, cotangent: Real) -> Real:
    """What JAX sends back through ``straight_through_round``."""
    return jax.vjp(straight_through_round, x)[1](cotangent)[0]


@identity(of=straight_through_pullback, at=dict(x=reals("n"), cotangent=reals("n")))
def straight_through_rule(x: Real, cotangent: Real) -> Real:
    """round is flat between its jumps and would send back 0, from which nothing learns;

    hence by definition c, the pullback of the identity: right on average over a unit of x. The
    straight-through estimator of rounding.
    """
    return cotangent


@jax.custom_vjp
def gradient_reversal(x: Real, strength: Scalar) -> Real:
    """``x`` forward; backward minus ``strength`` times what comes (Ganin and Lempitsky 2015).

    Not the derivative: reversed, for what is to be unlearnt.
    """
    return x


gradient_reversal.defvjp(
    lambda x, strength: (x, strength),
    lambda strength, cotangent: (-strength * cotangent, jnp.zeros_like(strength)),
)


def gradient_reversal_pullback(x: Real, strength: Scalar, cotangent: Real) -> Real:
    """What JAX sends back through ``gradient_reversal``."""
    return jax.vjp(gradient_reversal, x, strength)[1](cotangent)[0]


@identity(
    of=gradient_reversal_pullback,
    at=dict(x=reals("n"), strength=reals(), cotangent=reals("n")),
)
def gradient_reversal_rule(x: Real, strength: Scalar, cotangent: Real) -> Real:
    """One loss is to be lowered by what follows and raised by what comes before;

    hence by definition -strength c: descent after the layer, ascent before it.
    """
    return -strength * cotangent
