"""Steps and corners: functions that are flat, jump, or take whichever argument is larger.

Where they are smooth their derivatives are 0 or 1 and carry no information about the inside; that
is why a network made of steps cannot be trained by its gradient.  At the places between, a
convention decides, and the derivations say which.
"""

import jax.numpy as jnp

from lab.calculus.elementary.limits_and_first_principles import Real
from lab.derivation import derivative, gradient
from lab.domains import choice, interval, nonzero, positive, reals


def staircase(x: Real, height: Real, stair: Real) -> Real:
    """c ⌊n + x⌋ for 0 < x < 1: every number that is not whole is n + x.

    Floor; ceil and round are the same stairs, moved.
    """
    return height * jnp.floor(stair + x)


@gradient(
    of=staircase,
    wrt=("x", "height"),
    at=dict(x=interval(0, 1), height=reals(), stair=choice(-3.0, 0.0, 4.0)),
)
def staircase_gradient(x: Real, height: Real, stair: Real) -> tuple[Real, Real]:
    """On one stair nothing changes with x, and all is proportional to the height;  hence 0 and
    ⌊n + x⌋ = n.  Rounding and ⌈x⌉ are the same stairs moved sideways; at the edges they jump."""
    return jnp.zeros_like(x), jnp.zeros_like(height) + stair


def sawtooth(x: Real, stair: Real) -> Real:
    """(n + x) - ⌊n + x⌋ for 0 < x < 1, the fractional part"""
    return (stair + x) - jnp.floor(stair + x)


@derivative(of=sawtooth, at=dict(x=interval(0, 1), stair=choice(-3.0, 0.0, 4.0)))
def sawtooth_derivative(x: Real, stair: Real) -> Real:
    """x less a function whose slope is 0;  hence 1, between the jumps."""
    return jnp.ones_like(x)


def sign_of(x: Real, size: Real) -> Real:
    """c sign(x)"""
    return size * jnp.sign(x)


@gradient(of=sign_of, wrt=("x", "size"), at=dict(x=nonzero(), size=reals()))
def sign_of_gradient(x: Real, size: Real) -> tuple[Real, Real]:
    """Constant on either side of 0, where it jumps;  hence 0 in x, and sign(x) in c."""
    return jnp.zeros_like(x), jnp.sign(x)


def heaviside_step(x: Real, height: Real) -> Real:
    """c if x > 0, else 0: Heaviside's function."""
    return jnp.where(x > 0, height, 0.0)


@gradient(of=heaviside_step, wrt=("x", "height"), at=dict(x=nonzero(), height=reals()))
def heaviside_step_gradient(x: Real, height: Real) -> tuple[Real, Real]:
    """Constant on either side of 0, where it jumps;  hence 0 in x, and in c 1 if x > 0, else 0."""
    return jnp.zeros_like(x), (x > 0).astype(height.dtype)


def clipped(x: Real, low: Real, width: Real) -> Real:
    """x kept between l and l + w: clip."""
    return jnp.clip(x, low, low + width)


@derivative(
    of=clipped,
    at=dict(x=reals(), low=reals(), width=positive()),
    kinks="x == low or x == low + width",
)
def clipped_derivative(x: Real, low: Real, width: Real) -> Real:
    """Between the bounds the identity, beyond them constant;  hence 1 if l < x < l + w, else 0.
    On a bound any number from 0 to 1 is a subgradient, and 0 is taken."""
    return ((low < x) & (x < low + width)).astype(x.dtype)


def larger_of_two(x: Real, y: Real) -> Real:
    """max(x, y)"""
    return jnp.maximum(x, y)


@gradient(of=larger_of_two, wrt=("x", "y"), at=dict(x=reals(), y=reals()), kinks="x == y")
def larger_of_two_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    """Near x > y it is x, near x < y it is y;  hence 1 for the larger and 0 for the other.  At a
    tie the two shares may be any that sum to 1: the first argument takes all."""
    first = (x >= y).astype(x.dtype)
    return first, 1 - first


def multiply_add(x: Real, y: Real, z: Real) -> Real:
    """x y + z, a fused multiply-add (fma)."""
    return x * y + z


@gradient(of=multiply_add, wrt=("x", "y", "z"), at=dict(x=reals(), y=reals(), z=reals()))
def multiply_add_gradient(x: Real, y: Real, z: Real) -> tuple[Real, Real, Real]:
    """d(xy + z) = y dx + x dy + dz;  hence (y, x, 1)."""
    return y, x, jnp.ones_like(z)
