"""Gradients of expectations: by the score, by the path, and how noisy each of them is.

``E f(x)`` for x normal, of mean m and deviation s, is to be differentiated in m and s, which are
not in f but in where x falls. Either the chances move (score) or the samples do (path). f is a
polynomial here, so that a quadrature gives every expectation exactly.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.probability.normal import gaussian_quadrature
from lab.derivation import derivative, gradient, identity
from lab.domains import positive, reals

Scalar = Float[Array, ""]
Real = Float[Array, "..."]
COEFFICIENTS = (1.0, -2.0, -1.5, 0.5, 0.25)  # of a quartic with two wells


def quartic(x: Real) -> Real:
    """``1 - 2x - 3/2 x² + x³/2 + x⁴/4``."""
    a, b, c, d, e = COEFFICIENTS
    return a + x * (b + x * (c + x * (d + x * e)))


@derivative(of=quartic, at=dict(x=reals("n")))
def quartic_derivative(x: Real) -> Real:
    """Power by power;  hence -2 - 3x + 3/2 x² + x³."""
    _, b, c, d, e = COEFFICIENTS
    return b + x * (2 * c + x * (3 * d + x * 4 * e))


@derivative(of=quartic_derivative, at=dict(x=reals("n")))
def quartic_second_derivative(x: Real) -> Real:
    """And once more;  hence -3 + 3x + 3x²."""
    _, _, c, d, e = COEFFICIENTS
    return 2 * c + x * (6 * d + x * 12 * e)


def quartic_rise(x: Real, m: Real) -> Real:
    """``f(x) - f(m)``, with x - m divided out: far from 0 the two would cancel."""
    _, b, c, d, e = COEFFICIENTS
    second = d + m * e
    first = c + m * second
    return (x - m) * (b + m * first + x * (first + x * (second + x * e)))


def expected_quartic(m: Scalar, s: Scalar) -> Scalar:
    """``E f(m + s z)``, z standard normal."""
    z, weights = gaussian_quadrature(6, m)
    return weights @ quartic(m + s * z)


@gradient(of=expected_quartic, wrt=("m", "s"), at=dict(m=reals(), s=positive()))
def score_function_gradient(m: Scalar, s: Scalar) -> tuple[Scalar, Scalar]:
    """d ∫ f p = ∫ f p d ln p;  hence E[f (x - m)/s²] and E[f (z² - 1)/s]: f is only evaluated.

    Any constant may be subtracted from f, as the score has mean 0; f(m) is one that helps
    (REINFORCE with a baseline, Williams 1992).
    """
    z, weights = gaussian_quadrature(6, m)
    gain = quartic_rise(m + s * z, m)
    return weights @ (gain * z) / s, weights @ (gain * (z**2 - 1)) / s


@gradient(of=expected_quartic, wrt=("m", "s"), at=dict(m=reals(), s=positive()))
def reparameterised_gradient(m: Scalar, s: Scalar) -> tuple[Scalar, Scalar]:
    """x = m + s z where z is given: dx = dm + z ds;  hence E f'(x) and E[f'(x) z]."""
    z, weights = gaussian_quadrature(6, m)
    slopes = quartic_derivative(m + s * z)
    return weights @ slopes, weights @ (slopes * z)


def expected_quartic_of_variance(m: Scalar, v: Scalar) -> Scalar:
    """``E f`` by the variance ``v = s²``."""
    return expected_quartic(m, jnp.sqrt(v))


@gradient(of=expected_quartic_of_variance, wrt=("m", "v"), at=dict(m=reals(), v=positive()))
def bonnet_and_price_gradient(m: Scalar, v: Scalar) -> tuple[Scalar, Scalar]:
    """∂p/∂m = -∂p/∂x and ∂p/∂v = ½ ∂²p/∂x² (the heat equation); by parts, hence E f' and ½ E f''

    (Bonnet 1964, Price 1958): a little noise adds half the curvature.
    """
    z, weights = gaussian_quadrature(6, m)
    x = m + jnp.sqrt(v) * z
    return weights @ quartic_derivative(x), weights @ quartic_second_derivative(x) / 2


def correlation_with_quartic(m: Scalar, s: Scalar) -> Scalar:
    """``E[(x - m) f(x)]``."""
    z, weights = gaussian_quadrature(6, m)
    return weights @ (s * z * quartic_rise(m + s * z, m))


@identity(of=correlation_with_quartic, at=dict(m=reals(), s=positive()))
def stein_identity(m: Scalar, s: Scalar) -> Scalar:
    """(x - m) p = -s² p', and by parts -∫ s² p' f = s² ∫ p f';  hence s² E f'(x) (Stein 1981)."""
    z, weights = gaussian_quadrature(6, m)
    return s**2 * (weights @ quartic_derivative(m + s * z))


# ----- how noisy: one sample's gradient of E x² in the mean -----


def variance_over_samples(values: Real, weights: Real) -> Scalar:
    """``E v² - (E v)²``, as ``E (v - E v)²``."""
    return weights @ (values - weights @ values) ** 2


def path_sample_variance(m: Scalar, s: Scalar) -> Scalar:
    """Of ``d(x²)/dm = 2x``."""
    z, weights = gaussian_quadrature(6, m)
    return variance_over_samples(2 * (m + s * z), weights)


@identity(of=path_sample_variance, at=dict(m=reals(), s=positive()))
def path_sample_variance_in_closed_form(m: Scalar, s: Scalar) -> Scalar:
    """2x = 2m + 2sz;  hence 4s², wherever m is."""
    return 4 * s**2


def score_sample_variance(m: Scalar, s: Scalar, baseline: Scalar) -> Scalar:
    """Of ``(x² - b) z/s``."""
    z, weights = gaussian_quadrature(6, m)
    return variance_over_samples(((m + s * z) ** 2 - baseline) * z / s, weights)


@identity(of=score_sample_variance, at=dict(m=reals(), s=positive(), baseline=reals()))
def score_sample_variance_in_closed_form(m: Scalar, s: Scalar, baseline: Scalar) -> Scalar:
    """c = m² - b: (c + 2msz + s²z²) z/s has mean 2m and, with E z² = 1, E z⁴ = 3, E z⁶ = 15, mean

    square (c² + 12 m²s² + 6 c s² + 15 s⁴)/s²;  hence (c/s + 3s)² + 8m² + 6s²: with b = 0 it is
    m⁴/s² + 14m² + 15s², and at best, b = m² + 3s², 8m² + 6s², still more than the path's 4s².
    """
    return ((m**2 - baseline) / s + 3 * s) ** 2 + 8 * m**2 + 6 * s**2
