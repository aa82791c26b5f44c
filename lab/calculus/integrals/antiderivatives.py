"""Antiderivatives: a table of integrals, each checked the only way there is, by differentiating.

An antiderivative is known up to a constant, and often in several forms; the one chosen here is the
one that keeps its digits.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, identity
from lab.domains import choice, interval, nonzero, positive, reals

Real = Float[Array, "..."]

QUARTER = jnp.pi / 2  # of a turn


@derivative(
    of=lambda x, n: x ** (n + 1) / (n + 1), wrt="x", at=dict(x=nonzero(), n=choice(-3, -2, 0, 1, 4))
)
def power_from_antiderivative(x: Real, n: int) -> Real:
    """d xⁿ⁺¹/(n + 1) = xⁿ dx;  hence ∫ xⁿ = xⁿ⁺¹/(n + 1), but for n = -1.

    The antiderivative of a polynomial, term by term.
    """
    return x**n


@derivative(of=lambda x: jnp.log(jnp.abs(x)), at=dict(x=nonzero()))
def reciprocal_from_antiderivative(x: Real) -> Real:
    """For x > 0 d ln x = dx/x, for x < 0 d ln(-x) = -dx/(-x);  hence ∫ dx/x = ln|x| on either side
    of 0 (never across it). The antiderivative of 1/x.
    """
    return 1 / x


@derivative(of=lambda x: x * jnp.log(x) - x, at=dict(x=positive()))
def logarithm_from_antiderivative(x: Real) -> Real:
    """By parts, u = ln x and v = x: ∫ ln x = x ln x - ∫ x/x;  hence x ln x - x."""
    return jnp.log(x)


@derivative(of=lambda x: -jnp.log(jnp.abs(jnp.cos(x))), at=dict(x=interval(-QUARTER, QUARTER)))
def tangent_from_antiderivative(x: Real) -> Real:
    """u = cos x, du = -sin x dx: ∫ tan x = -∫ du/u;  hence -ln|cos x|."""
    return jnp.tan(x)


@derivative(of=lambda x: jnp.arcsinh(jnp.tan(x)), at=dict(x=interval(-QUARTER, QUARTER)))
def secant_from_antiderivative(x: Real) -> Real:
    """d arsinh u = du/√(1 + u²), and for u = tan x √(1 + u²) = 1/cos x, du = dx/cos² x;
    hence ∫ dx/cos x = arsinh tan x, which is ln|sec x + tan x| without the cancelling sum."""
    return 1 / jnp.cos(x)


@identity(
    of=lambda x: jnp.log(1 / jnp.cos(x) + jnp.tan(x)),
    at=dict(x=interval(0, QUARTER)),
)
def secant_integral_as_tabulated(x: Real) -> Real:
    """arsinh u = ln(u + √(1 + u²)) with u = tan x;  hence ln(sec x + tan x)."""
    return jnp.arcsinh(jnp.tan(x))


@derivative(
    of=lambda x, a: jnp.exp(a * x) * (a * x - 1) / a**2, wrt="x", at=dict(x=reals(), a=nonzero())
)
def linear_exponential_from_antiderivative(x: Real, a: Real) -> Real:
    """By parts, u = x and v = e^(ax)/a: ∫ x e^(ax) = x e^(ax)/a - ∫ e^(ax)/a;
    hence e^(ax) (x/a - 1/a²)."""
    return x * jnp.exp(a * x)


def damped_wave_antiderivative(x: Real, a: Real, b: Real) -> Real:
    """e^(ax) (a sin bx - b cos bx)/(a² + b²)"""
    return jnp.exp(a * x) * (a * jnp.sin(b * x) - b * jnp.cos(b * x)) / (a**2 + b**2)


@derivative(of=damped_wave_antiderivative, wrt="x", at=dict(x=reals(), a=nonzero(), b=nonzero()))
def damped_wave_from_antiderivative(x: Real, a: Real, b: Real) -> Real:
    """e^(ax) sin bx = Im e^((a+ib)x), whose antiderivative is e^((a+ib)x) (a - ib)/(a² + b²);
    hence, the imaginary part taken, e^(ax) (a sin bx - b cos bx)/(a² + b²)."""
    return jnp.exp(a * x) * jnp.sin(b * x)


@derivative(of=lambda x, a: jnp.arctan(x / a) / a, wrt="x", at=dict(x=reals(), a=nonzero()))
def arctangent_kernel(x: Real, a: Real) -> Real:
    """x = a tan t, dx = a (1 + tan² t) dt, a² + x² = a² (1 + tan² t): ∫ dx/(a² + x²) = t/a;
    hence arctan(x/a)/a."""
    return 1 / (a**2 + x**2)


@derivative(
    of=lambda x, a: jnp.arcsin(x / a), wrt="x", at=dict(x=interval(-1, 1), a=interval(1, 8))
)
def arcsine_kernel(x: Real, a: Real) -> Real:
    """x = a sin t, dx = a cos t dt, √(a² - x²) = a cos t: ∫ dx/√(a² - x²) = t;
    hence arcsin(x/a), for |x| < a."""
    return 1 / jnp.sqrt((a - x) * (a + x))
