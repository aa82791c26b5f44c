"""Adaptive and averaged gradients: Adam's algebra, clipping, schedules, and their derivatives."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, identity, jacobian, vjp
from lab.domains import choice, interval, nonzero, positive, reals, simplex, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

# ----- averages -----


def moving_average(g: Vector, decay: Scalar) -> Scalar:
    """m ← b m + (1 - b) g, over g₁, ..., gₙ from 0: the exponential moving average."""

    def step(m: Scalar, g: Scalar) -> tuple[Scalar, None]:
        return decay * m + (1 - decay) * g, None

    return jax.lax.scan(step, jnp.zeros_like(decay), g)[0]


@gradient(of=moving_average, wrt="g", at=dict(g=reals("n"), decay=interval(0, 1)))
def moving_average_gradient(g: Vector, decay: Scalar) -> Vector:
    """mₙ = (1 - b) Σ bⁿ⁻ᵗ gₜ;  hence (1 - b) bⁿ⁻ᵗ: the past fades by b a step."""
    ages = jnp.arange(g.size - 1, -1, -1, dtype=g.dtype)
    return (1 - decay) * decay**ages


def average_of_a_constant(g: Scalar, decay: Scalar, steps: int) -> Scalar:
    """The moving average of a gradient that stays g."""
    return moving_average(jnp.full(steps, g), decay)


STEADY = dict(g=reals(), decay=interval(0, 1), steps=choice(1, 2, 7))


@identity(of=average_of_a_constant, at=STEADY)
def bias_of_the_average(g: Scalar, decay: Scalar, steps: int) -> Scalar:
    """(1 - b) Σ bᵏ g over k < t is a geometric sum;  hence (1 - bᵗ) g, too small by what Adam
    divides by. As -expm1(t ln b), which keeps its digits as b nears 1.
    """
    return -jnp.expm1(steps * jnp.log(decay)) * g


# ----- first steps -----

FIRST = dict(g=reals("n"), rate=positive(), floor=positive())


def adam_first_step(g: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """Adam's first move: -a m̂/(√v̂ + e) with m̂ = m/(1 - b₁), v̂ = v/(1 - b₂), from 0."""
    b1, b2 = 0.9, 0.999
    m, v = (1 - b1) * g, (1 - b2) * g**2
    return -rate * (m / (1 - b1)) / (jnp.sqrt(v / (1 - b2)) + floor)


@identity(of=adam_first_step, at=dict(g=nonzero("n"), rate=positive(), floor=positive()))
def adam_first_step_is_a_sign(g: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """The corrections cancel the factors, and √g² = |g|;  hence -a g/(|g| + e), for small e
    -a sign(g): of every entry the same size, whatever the loss is measured in.
    """
    return -rate * g / (jnp.abs(g) + floor)


def soft_sign_step(g: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """-a g/(|g| + e)"""
    return -rate * g / (jnp.abs(g) + floor)


@derivative(of=soft_sign_step, wrt="g", at=FIRST)
def soft_sign_step_derivative(g: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """d(g/(|g| + e)) = ((|g| + e) - |g|)/(|g| + e)² dg;  hence -a e/(|g| + e)²: -a/e at 0, and all
    but gone beyond e.
    """
    return -rate * floor / (jnp.abs(g) + floor) ** 2


def rmsprop_first_step(g: Vector, rate: Scalar, decay: Scalar) -> Vector:
    """-a g/√v, v = (1 - r) g²: RMSProp's first step."""
    return -rate * g / jnp.sqrt((1 - decay) * g**2)


@identity(of=rmsprop_first_step, at=dict(g=nonzero("n"), rate=positive(), decay=interval(0, 1)))
def rmsprop_first_step_is_long(g: Vector, rate: Scalar, decay: Scalar) -> Vector:
    """√g² = |g|;  hence -a sign(g)/√(1 - r), for r = 0.99 ten times a: no bias is corrected."""
    return -rate * jnp.sign(g) / jnp.sqrt(1 - decay)


def adagrad_step(g: Scalar, rate: Scalar, steps: int) -> Scalar:
    """The step after so many equal gradients, -a g/√(Σ g²). AdaGrad."""
    return -rate * g / jnp.sqrt(jnp.sum(jnp.full(steps, g) ** 2))


@identity(of=adagrad_step, at=dict(g=nonzero(), rate=positive(), steps=choice(1, 2, 9)))
def adagrad_step_shrinks(g: Scalar, rate: Scalar, steps: int) -> Scalar:
    """Σ g² = t g²;  hence -a sign(g)/√t: a rate that decays by itself, and never recovers."""
    return -rate * jnp.sign(g) / math.sqrt(steps)


# ----- clipping, mirrors, schedules -----


def clipped(g: Vector, most: Scalar) -> Vector:
    """g min(1, c/|g|): clipping by norm."""
    return g * jnp.minimum(1, most / jnp.linalg.norm(g))


@vjp(of=clipped, wrt="g", at=dict(g=nonzero("n"), most=positive()), kinks="|g| == most")
def clipped_vjp(g: Vector, most: Scalar, cotangent: Vector) -> Vector:
    """Inside dg. Outside c u, u = g/|g|: du = (dg - u u.dg)/|g|, symmetric;  hence the cotangent
    itself, or c/|g| times what of it is across u: the length is fixed, so nothing pulls along it.
    """
    size = jnp.linalg.norm(g)
    u = g / size
    across = cotangent - u * (u @ cotangent)
    return jnp.where(size <= most, cotangent, most / size * across)


def mirror_step(x: Vector, g: Vector, rate: Scalar) -> Vector:
    """x e^(-a g) / Z: a step on the simplex that stays on it. Mirror descent with the entropy."""
    logits = jnp.log(x) - rate * g
    return jax.nn.softmax(logits)


@jacobian(of=mirror_step, wrt="g", at=dict(x=simplex("n"), g=reals("n"), rate=positive()))
def mirror_step_jacobian(x: Vector, g: Vector, rate: Scalar) -> Matrix:
    """p = softmax(ln x - a g), dp = (diag p - p pᵀ) (-a dg);  hence -a (diag p - p pᵀ)."""
    p = mirror_step(x, g, rate)
    return -rate * (jnp.diag(p) - jnp.outer(p, p))


def cosine_schedule(t: Scalar, high: Scalar, low: Scalar, steps: Scalar) -> Scalar:
    """From ``high`` to ``low`` in so many steps, along half a cosine."""
    return low + (high - low) * (1 + jnp.cos(math.pi * t / steps)) / 2


@derivative(
    of=cosine_schedule,
    wrt="t",
    at=dict(t=interval(0, 10), high=positive(), low=positive(), steps=interval(10, 100)),
)
def cosine_schedule_derivative(t: Scalar, high: Scalar, low: Scalar, steps: Scalar) -> Scalar:
    """d cos u = -sin u du, du = π/T dt;  hence -(h - l) π/2T sin πt/T: flat at both ends."""
    return -(high - low) * math.pi / (2 * steps) * jnp.sin(math.pi * t / steps)


# ----- through the unroll -----


def _descent(
    settings: Float[Array, " 2"], x: Vector, H: Matrix, steps: int
) -> tuple[Vector, tuple[Float[Array, "k n"], Float[Array, "k n"]]]:
    """Where it ends, and the places and velocities before each step."""
    step, momentum = settings

    def move(state: tuple[Vector, Vector], _: None) -> tuple[Any, tuple[Vector, Vector]]:
        x, v = state
        after = momentum * v - step * (H @ x)
        return (x + after, after), (x, v)

    (x, _), path = jax.lax.scan(move, (x, jnp.zeros_like(x)), length=steps)
    return x, path


def unrolled_loss(settings: Float[Array, " 2"], x: Vector, H: Matrix, steps: int) -> Scalar:
    """xᵀHx/2 after so many steps with momentum, settings the step and the momentum."""
    x, _ = _descent(settings, x, H, steps)
    return x @ H @ x / 2


@gradient(
    of=unrolled_loss,
    wrt="settings",
    at=dict(
        settings=interval(0, 0.9, "2"),
        x=reals("n"),
        H=spd("n"),
        steps=choice(1, 2, 5),
    ),
)
def unrolled_loss_gradient(
    settings: Float[Array, " 2"], x: Vector, H: Matrix, steps: int
) -> Float[Array, " 2"]:
    """Backwards: x̄ = Hx at the end. Each step v⁺ = b v - a Hx, x⁺ = x + v⁺ hands back v̄⁺ += x̄⁺,
    then ā -= v̄⁺.Hx, b̄ += v̄⁺.v, x̄ = x̄⁺ - a H v̄⁺ and v̄ = b v̄⁺;  hence the two sums: the hypergradient
    of step and momentum, at the price of one descent backwards.
    """
    step, momentum = settings
    x, path = _descent(settings, x, H, steps)
    zero = jnp.zeros_like(step)

    def back(carry: tuple[Any, ...], before: tuple[Vector, Vector]) -> tuple[tuple[Any, ...], None]:
        back_x, back_v, back_step, back_momentum = carry
        x, v = before
        back_v = back_v + back_x
        back_step = back_step - back_v @ (H @ x)
        back_momentum = back_momentum + back_v @ v
        return (back_x - step * (H @ back_v), momentum * back_v, back_step, back_momentum), None

    end = (H @ x, jnp.zeros_like(x), zero, zero)
    (_, _, back_step, back_momentum), _ = jax.lax.scan(back, end, path, reverse=True)
    return jnp.stack([back_step, back_momentum])
