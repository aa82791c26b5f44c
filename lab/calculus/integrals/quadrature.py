"""Quadrature: an integral as a weighted sum of samples.

The gradient of such a sum in its samples is the row of weights; its gradient in a parameter of the
integrand is the same rule applied to the integrand's derivative. So automatic differentiation of a
quadrature differentiates under the sum, and is as accurate as the rule is for the derivative.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.derivation import gradient, identity
from lab.domains import choice, nonzero, positive, reals

Scalar = Float[Array, ""]
Samples = Float[Array, " n"]
Coefficients = Float[Array, " k"]


# ----- equal steps -----


def trapezoid(samples: Samples, width: Scalar) -> Scalar:
    """h (f₀/2 + f₁ + ... + f_n/2), h the width over the number of steps"""
    return width / (samples.size - 1) * (jnp.sum(samples) - (samples[0] + samples[-1]) / 2)


def trapezoid_weights(count: int, width: Scalar) -> Samples:
    """h (1/2, 1, ..., 1, 1/2)"""
    weights = jnp.ones(count, width.dtype).at[jnp.array([0, count - 1])].set(0.5)
    return width / (count - 1) * weights


@gradient(of=trapezoid, wrt=("samples", "width"), at=dict(samples=reals("n+1"), width=positive()))
def trapezoid_gradient(samples: Samples, width: Scalar) -> tuple[Samples, Scalar]:
    """Linear in the samples and in the width;  hence the weights, and the mean height."""
    weights = trapezoid_weights(samples.size, width)
    return weights, weights @ samples / width


def simpson(samples: Samples, width: Scalar) -> Scalar:
    """h/3 (f₀ + 4f₁ + 2f₂ + 4f₃ + ... + f_n), n even"""
    step = width / (samples.size - 1)
    odd, even = jnp.sum(samples[1::2]), jnp.sum(samples[2:-1:2])
    return step / 3 * (samples[0] + 4 * odd + 2 * even + samples[-1])


@gradient(of=simpson, wrt=("samples", "width"), at=dict(samples=reals("2n+1"), width=positive()))
def simpson_gradient(samples: Samples, width: Scalar) -> tuple[Samples, Scalar]:
    """Trapezoids of step h and of step 2h have errors 1 : 4, so (4 T_h - T_2h)/3 has none of second
    order;  hence the weights h/3 (1, 4, 2, 4, ..., 1), and the mean height in the width."""
    fine, coarse = (trapezoid_weights(n, width) for n in (samples.size, samples.size // 2 + 1))
    weights = (4 * fine.at[::2].add(-coarse / 4)) / 3
    return weights, weights @ samples / width


def equally_spaced(coefficients: Coefficients, a: Scalar, b: Scalar, steps: int) -> Samples:
    """A polynomial, highest power first, at steps + 1 places from a to b"""
    return jnp.polyval(coefficients, a + (b - a) * jnp.arange(steps + 1).astype(a.dtype) / steps)


def integral_of_polynomial(coefficients: Coefficients, a: Scalar, b: Scalar) -> Scalar:
    """Σ c_k (bᵏ⁺¹ - aᵏ⁺¹)/(k + 1), highest power first"""
    antiderivative = jnp.polyint(coefficients)
    return jnp.polyval(antiderivative, b) - jnp.polyval(antiderivative, a)


@identity(
    of=lambda c, a, b, steps: trapezoid(equally_spaced(c, a, b, steps), b - a),
    at=dict(c=reals("3"), a=reals(), b=reals(), steps=choice(1, 2, 5)),
)
def trapezoid_error(c: Coefficients, a: Scalar, b: Scalar, steps: int) -> Scalar:
    """On one step [0, h] the chord of x² lies above it by x(h - x), an area of h³/6 = h³f''/12;
    over (b - a)/h steps:  hence the integral plus (b - a) h² f''/12, exact for a parabola."""
    second = 2 * c[0]
    return integral_of_polynomial(c, a, b) + (b - a) ** 3 / steps**2 * second / 12


@identity(
    of=lambda c, a, b, steps: simpson(equally_spaced(c, a, b, steps), b - a),
    at=dict(c=reals("5"), a=reals(), b=reals(), steps=choice(2, 4, 6)),
)
def simpson_error(c: Coefficients, a: Scalar, b: Scalar, steps: int) -> Scalar:
    """Exact for cubics by symmetry; on [-h, h] x⁴ gets 2h⁵/3 instead of 2h⁵/5, 4h⁵/15 too much,
    which is 2h · h⁴ f''''/180;  hence the integral plus (b - a) h⁴ f''''/180."""
    fourth = 24 * c[0]
    return integral_of_polynomial(c, a, b) + (b - a) ** 5 / steps**4 * fourth / 180


# ----- Gauss: places chosen, too -----


def gauss_legendre(f: Callable[[Any], Any], a: Any, b: Any, nodes: int = 16) -> Any:
    """∫ₐᵇ f by the rule of ``nodes`` places that is exact for polynomials of degree 2 nodes - 1.

    ``f`` maps an array of places to values whose last axis runs over the places.
    """
    places, weights = np.polynomial.legendre.leggauss(nodes)
    half = (b - a) / 2
    dtype = jnp.result_type(half)
    return half * (f(a + half * (1 + jnp.asarray(places, dtype))) @ jnp.asarray(weights, dtype))


def gauss_of_polynomial(c: Coefficients, a: Scalar, b: Scalar, nodes: int) -> Scalar:
    return gauss_legendre(lambda x: jnp.polyval(c, x), a, b, nodes)


@identity(
    of=lambda c, a, b: gauss_of_polynomial(c, a, b, 3),
    at=dict(c=reals("6"), a=reals(), b=reals()),
)
def gauss_is_exact(c: Coefficients, a: Scalar, b: Scalar) -> Scalar:
    """A polynomial of degree 2n - 1 is qP_n + r with q and r of degree below n. P_n is orthogonal
    to q, and 0 at the nodes: neither integral nor sum sees qP_n, and r is interpolated exactly;
    hence the integral itself, here of degree 5 by 3 places."""
    return integral_of_polynomial(c, a, b)


@identity(
    of=lambda c, a, b, nodes: gauss_of_polynomial(c[: 2 * nodes + 1], a, b, nodes),
    at=dict(c=reals("7"), a=reals(), b=reals(), nodes=choice(1, 2, 3)),
)
def gauss_error(c: Coefficients, a: Scalar, b: Scalar, nodes: int) -> Scalar:
    """The first power missed is x²ⁿ, by the square of the monic Legendre polynomial's length:
    hence the integral minus (b - a)²ⁿ⁺¹ n!⁴ / ((2n + 1) (2n)!³) f⁽²ⁿ⁾."""
    n = nodes
    missed = (
        factorial(n) ** 4 / ((2 * n + 1) * factorial(2 * n) ** 2) * c[0] * (b - a) ** (2 * n + 1)
    )
    return integral_of_polynomial(c[: 2 * n + 1], a, b) - missed


# ----- expectations: sums over random places -----


def monte_carlo(mean: Scalar, scale: Scalar, noise: Samples) -> Scalar:
    """The mean of x³ over x = mean + scale noise: an expectation by samples"""
    return jnp.mean((mean + scale * noise) ** 3)


@gradient(
    of=monte_carlo,
    wrt=("mean", "scale"),
    at=dict(mean=reals(), scale=positive(), noise=reals("n")),
)
def pathwise_gradient(mean: Scalar, scale: Scalar, noise: Samples) -> tuple[Scalar, Scalar]:
    """The noise is held fixed while the parameters move each sample: dx = dmean + noise dscale;
    hence the means of f'(x) and of f'(x) noise."""
    slope = 3 * (mean + scale * noise) ** 2
    return jnp.mean(slope), jnp.mean(slope * noise)


def expected_value(logits: Samples, values: Samples) -> Scalar:
    """Σ p(i) f(i), with p the softmax of the logits"""
    weights = jnp.exp(logits - jnp.max(logits))
    return weights @ values / jnp.sum(weights)


@gradient(of=expected_value, wrt="logits", at=dict(logits=reals("n+1"), values=reals("n+1")))
def score_gradient(logits: Samples, values: Samples) -> Samples:
    """dp = p d ln p, so d Σ p f = Σ f p d ln p, the mean of f times the score, and
    d ln pᵢ = dθᵢ - p . dθ;  hence pᵢ (fᵢ - Σ p f): only what differs from the mean counts.
    The difference is Σⱼ pⱼ (fᵢ - fⱼ), which does not cancel where pᵢ is nearly 1."""
    weights = jnp.exp(logits - jnp.max(logits))
    p = weights / jnp.sum(weights)
    return p * ((values[:, None] - values) @ p)


def gaussian_expectation(f: Callable[[Any], Any], mean: Any, scale: Any, nodes: int = 8) -> Any:
    """E f(x) for x normal, by Gauss and Hermite: exact for polynomials of degree 2 nodes - 1"""
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    dtype = jnp.result_type(mean)
    shares = jnp.asarray(weights / weights.sum(), dtype)
    return f(mean + scale * jnp.asarray(places, dtype)) @ shares


def gaussian_cube(mean: Scalar, scale: Scalar) -> Scalar:
    """E x³"""
    return gaussian_expectation(lambda x: x**3, mean, scale)


@gradient(of=gaussian_cube, wrt=("mean", "scale"), at=dict(mean=reals(), scale=positive()))
def gaussian_cube_gradient(mean: Scalar, scale: Scalar) -> tuple[Scalar, Scalar]:
    """E x³ = m³ + 3ms², from E z = E z³ = 0 and E z² = 1;  hence 3m² + 3s² and 6ms."""
    return 3 * (mean**2 + scale**2), 6 * mean * scale


@identity(
    of=lambda mean, scale: gaussian_expectation(
        lambda x: x**3 * (x - mean) / scale**2, mean, scale
    ),
    at=dict(mean=reals(), scale=nonzero()),
)
def gaussian_score_estimate(mean: Scalar, scale: Scalar) -> Scalar:
    """∂/∂m ∫ f p = ∫ f ∂p/∂m = E f ∂(ln p)/∂m with ln p = -(x - m)²/2s² + ...: no derivative of f;
    hence the same 3m² + 3s² as by differentiating f (Stein's identity)."""
    return 3 * (mean**2 + scale**2)
