"""Differentiating under the integral sign: integrals as functions of a parameter.

Feynman's way: an integral that is known for every value of a parameter gives, by each derivative in
the parameter, another integral for nothing. The integrals over the half line are taken numerically
(``half_line``), so that what is compared is an integral with a formula.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient
from lab.domains import choice, interval, positive

Scalar = Float[Array, ""]
Real = Float[Array, "..."]


def half_line(f: Callable[[Any], Any], like: Scalar) -> Any:
    """∫ f(x) dx for x from 0 to ∞, in the dtype of ``like``.

    With x = eᵘ every scale counts alike, and equal steps in u converge faster than any power of the
    step for integrands that are smooth in u and die away at both ends (Trefethen and Weideman,
    2014). Steps of 1/8 from e⁻⁴⁸ to e¹⁶.
    """
    x = jnp.exp(jnp.arange(-48 * 8, 16 * 8 + 1).astype(like.dtype) / 8)
    return jnp.sum(f(x) * x, axis=-1) / 8


def laplace_of_power(s: Scalar, n: int) -> Scalar:
    """∫ tⁿ e⁻ˢᵗ dt over the half line, the Laplace transform of tⁿ.

    Feynman's way to ∫ tⁿ e^(-at).
    """
    return half_line(lambda t: t**n * jnp.exp(-s * t), s)


@derivative(of=laplace_of_power, wrt="s", at=dict(s=positive(), n=choice(0, 1, 2, 3)))
def laplace_of_power_derivative(s: Scalar, n: int) -> Scalar:
    """∂/∂s takes down -t: F'(s) = -∫ t tⁿ e⁻ˢᵗ dt. From ∫ e⁻ˢᵗ = 1/s, n + 1 such derivatives give
    n!/sⁿ⁺¹ and then;  hence -(n + 1)!/sⁿ⁺²."""
    result = -1 / s**2
    for k in range(1, n + 1):
        result = result * (k + 1) / s
    return result


def gaussian_integral(a: Scalar) -> Scalar:
    """∫ e^(-ax²) dx over the line"""
    return 2 * half_line(lambda x: jnp.exp(-a * x**2), a)


@derivative(of=gaussian_integral, at=dict(a=positive()))
def gaussian_integral_derivative(a: Scalar) -> Scalar:
    """∂/∂a takes down -x²: the derivative is -∫ x² e^(-ax²). The integral is √(π/a), by scaling x;
    hence -√π/(2 a^(3/2)): the variance of a Gaussian, without integrating by parts."""
    return -jnp.sqrt(jnp.pi / a) / (2 * a)


def gaussian_wave_integral(k: Scalar) -> Scalar:
    """∫ e^(-x²/2) cos(kx) dx over the line: the Gaussian's Fourier integral."""
    x = jnp.arange(-96, 97).astype(k.dtype) / 8
    return jnp.sum(jnp.exp(-(x**2) / 2) * jnp.cos(k * x)) / 8


# beyond, the integral is what is left of terms that cancel
@derivative(of=gaussian_wave_integral, at=dict(k=interval(-3, 3)))
def gaussian_wave_integral_derivative(k: Scalar) -> Scalar:
    """I' = -∫ x e^(-x²/2) sin(kx) = -k ∫ e^(-x²/2) cos(kx) = -kI by parts, so I = √(2π) e^(-k²/2);
    hence -k √(2π) e^(-k²/2)."""
    return -k * jnp.sqrt(2 * jnp.pi).astype(k.dtype) * jnp.exp(-(k**2) / 2)


def frullani_integral(a: Scalar, b: Scalar) -> Scalar:
    """∫ (xᵇ - xᵃ)/ln x dx over (0, 1), with x = e⁻ᵘ: ∫ e^(-(a+1)u) (1 - e^(-(b-a)u))/u du.

    An integral of Frullani's type.
    """
    return half_line(lambda u: -jnp.exp(-(a + 1) * u) * jnp.expm1(-(b - a) * u) / u, a)


@gradient(of=frullani_integral, wrt=("a", "b"), at=dict(a=interval(-0.9, 9), b=interval(-0.9, 9)))
def frullani_integral_gradient(a: Scalar, b: Scalar) -> tuple[Scalar, Scalar]:
    """∂/∂b of xᵇ/ln x is xᵇ: the logarithm below is gone, and ∫ xᵇ = 1/(b + 1);
    hence -1/(a + 1) and 1/(b + 1), so that the integral is ln((b + 1)/(a + 1))."""
    return -1 / (a + 1), 1 / (b + 1)


def dirichlet_integral(a: Real) -> Real:
    """∫ e⁻ᵃˣ sin x/x dx over the half line, which is π/2 - arctan a = arctan(1/a)"""
    return jnp.arctan2(jnp.ones_like(a), a)


@derivative(of=dirichlet_integral, at=dict(a=positive()))
def dirichlet_integral_derivative(a: Real) -> Real:
    """∂/∂a takes down -x, which cancels the x below: I' = -∫ e⁻ᵃˣ sin x = -Im 1/(a - i);
    hence -1/(1 + a²).  With I(∞) = 0 that gives I, and at a = 0 ∫ sin x/x = π/2."""
    return -1 / (1 + a**2)


def gamma_integral(a: Scalar) -> Scalar:
    """Γ(a) = ∫ xᵃ⁻¹ e⁻ˣ dx over the half line"""
    return half_line(lambda x: jnp.exp((a - 1) * jnp.log(x) - x), a)


# for a below 1 the integrand's tail leaves the range of the rule
@derivative(of=gamma_integral, at=dict(a=interval(1, 20)))
def gamma_integral_derivative(a: Scalar) -> Scalar:
    """∂xᵃ⁻¹/∂a = xᵃ⁻¹ ln x;  hence ∫ xᵃ⁻¹ ln x e⁻ˣ = Γ(a) ψ(a), by the definition ψ = Γ'/Γ."""
    return jnp.exp(jax.scipy.special.gammaln(a)) * jax.scipy.special.digamma(a)
