"""Accumulation: what an integral does when its limits, its integrand or its path move.

The fundamental theorem says that adding up undoes differentiating. All rules here follow from it
and the chain rule: an integral with limits a(x) and b(x) depends on x by three paths, the two
limits and the integrand. Integrals are taken by Gauss' rule, which is exact for polynomials; where
the integrand is none the domain is as wide as the rule has converged.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import sine_ratio
from lab.calculus.integrals.quadrature import gauss_legendre
from lab.calculus.vectors.surfaces import folium
from lab.derivation import derivative, gradient, identity
from lab.domains import interval, positive, reals

Real = Float[Array, "..."]
Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Coefficients = Float[Array, " n"]

HALF_PI = jnp.pi / 2


# ----- the fundamental theorem -----


def accumulated(x: Scalar, c: Coefficients) -> Scalar:
    """∫₀ˣ of the polynomial with coefficients c, highest power first"""
    return gauss_legendre(lambda t: jnp.polyval(c, t), jnp.zeros_like(x), x)


@derivative(of=accumulated, wrt="x", at=dict(x=reals(), c=reals("n")))
def fundamental_theorem(x: Scalar, c: Coefficients) -> Scalar:
    """(F(x + h) - F(x))/h is the mean of f between x and x + h;  hence f(x), f being continuous.

    The fundamental theorem, part I.
    """
    return jnp.polyval(c, x)


@identity(
    of=lambda a, b: gauss_legendre(lambda t: jax.jvp(jnp.sin, (t,), (jnp.ones_like(t),))[1], a, b),
    at=dict(a=interval(-4, 4), b=interval(-4, 4)),
)
def integral_of_a_derivative(a: Scalar, b: Scalar) -> Scalar:
    """∫ₐᵇF' and F(b) - F(a) have the same derivative in b and agree at b = a;  hence, for the sine,
    sin b - sin a = 2 cos((a + b)/2) sin((b - a)/2): adding up all changes is the whole change. The
    fundamental theorem, part II.
    """
    return 2 * jnp.cos((a + b) / 2) * jnp.sin((b - a) / 2)


def between(a: Scalar, b: Scalar, c: Coefficients) -> Scalar:
    """∫ₐᵇ of the polynomial with coefficients c: the lower limit a, the upper limit b."""
    return gauss_legendre(lambda t: jnp.polyval(c, t), a, b)


@gradient(of=between, wrt=("a", "b", "c"), at=dict(a=reals(), b=reals(), c=reals("n")))
def integral_limits_gradient(
    a: Scalar, b: Scalar, c: Coefficients
) -> tuple[Scalar, Scalar, Coefficients]:
    """Moving b by db adds a strip of height f(b), moving a takes one of height f(a) away, and each
    coefficient has the integral of its power;  hence -f(a), f(b), and ∫ tᵏ = (bᵏ⁺¹ - aᵏ⁺¹)/(k + 1).
    """
    powers = jnp.arange(c.size - 1, -1, -1, dtype=c.dtype)
    moments = gauss_legendre(lambda t: t ** powers[:, None], a, b)
    return -jnp.polyval(c, a), jnp.polyval(c, b), moments


def cosine_between_moving_limits(x: Scalar) -> Scalar:
    """∫ of cos t from sin x to x²/2: variable limits."""
    return gauss_legendre(jnp.cos, jnp.sin(x), x**2 / 2)


@derivative(of=cosine_between_moving_limits, at=dict(x=interval(-3, 3)))
def moving_limits_derivative(x: Scalar) -> Scalar:
    """dI = f(b) db - f(a) da;  hence f(b(x)) b'(x) - f(a(x)) a'(x), with b' = x and a' = cos x."""
    return x * jnp.cos(x**2 / 2) - jnp.cos(x) * jnp.cos(jnp.sin(x))


def leibniz_integral(x: Scalar) -> Scalar:
    """∫ of sin(xt) from x to x + 1: the parameter is in both limits and in the integrand.

    Leibniz' rule in full.
    """
    return gauss_legendre(lambda t: jnp.sin(x * t), x, x + 1)


@derivative(of=leibniz_integral, at=dict(x=interval(-3, 3)))
def leibniz_integral_rule(x: Scalar) -> Scalar:
    """Three paths from x to the integral: f(x, b) b' - f(x, a) a' + ∫ ∂f/∂x dt;
    hence sin(x² + x) - sin x² + ∫ t cos(xt) dt over [x, x + 1]."""
    inside = gauss_legendre(lambda t: t * jnp.cos(x * t), x, x + 1)
    return jnp.sin(x * (x + 1)) - jnp.sin(x**2) + inside


# ----- quantities that are integrals -----


def average_value(x: Scalar, a: Scalar) -> Scalar:
    """The mean of sin t for t between a and x, taken over [0, 1] so that x = a is no hole"""
    return gauss_legendre(lambda u: jnp.sin(a + u * (x - a)), jnp.zeros_like(x), jnp.ones_like(x))


@derivative(of=average_value, wrt="x", at=dict(x=interval(-4, 4), a=interval(-4, 4)))
def average_value_derivative(x: Scalar, a: Scalar) -> Scalar:
    """∂/∂x of sin(a + u (x - a)) is u cos(...);  hence ∫ u cos(a + u (x - a)) du over [0, 1].
    By parts that is (f(x) - mean)/(x - a), which cancels where x is near a."""
    return gauss_legendre(
        lambda u: u * jnp.cos(a + u * (x - a)), jnp.zeros_like(x), jnp.ones_like(x)
    )


def average_value_derivative_by_parts(x: Scalar, a: Scalar) -> Scalar:
    """(f(x) - mean)/(x - a): right, but 0/0 at x = a, and near it the error is eps/(x - a)²."""
    return (jnp.sin(x) - average_value(x, a)) / (x - a)


def parabola_arc_length(x: Real) -> Real:
    """The length of y = t² from 0 to x: x√(1 + 4x²)/2 + arsinh(2x)/4"""
    return x * jnp.hypot(1.0, 2 * x) / 2 + jnp.arcsinh(2 * x) / 4


@derivative(of=parabola_arc_length, at=dict(x=reals()))
def arc_length_derivative(x: Real) -> Real:
    """ds² = dx² + dy² and dy = 2x dx;  hence √(1 + f'²) = √(1 + 4x²): the way gained per step."""
    return jnp.hypot(1.0, 2 * x)


def smoothed_sine(x: Scalar, w: Scalar) -> Scalar:
    """The sine convolved with a box: its mean over [x - w, x + w]"""
    return gauss_legendre(lambda u: jnp.sin(x - w * u), -jnp.ones_like(x), jnp.ones_like(x)) / 2


@derivative(of=smoothed_sine, wrt="x", at=dict(x=reals(), w=interval(0, 4)))
def convolution_derivative(x: Scalar, w: Scalar) -> Scalar:
    """(f * g)' = f * g', and the box changes only at its ends: (f(x + w) - f(x - w))/2w, which for
    the sine is cos x sin w/w;  hence also f' * g: the derivative may fall on either."""
    return jnp.cos(x) * sine_ratio(w)


@derivative(of=jax.scipy.special.ndtr, at=reals())
def normal_distribution_function_derivative(x: Real) -> Real:
    """Φ(x) = ∫ of the density from -∞ to x;  hence the density e^(-x²/2)/√(2π): a distribution
    function is an accumulation, and its slope is what accumulates. A cdf's slope is its density.
    """
    return jnp.exp(-(x**2) / 2) / jnp.sqrt(2 * jnp.pi).astype(x.dtype)


# ----- the rules of differentiation, read backwards -----


@identity(
    of=lambda a, b: gauss_legendre(lambda t: jnp.cos(t**2 / 2) * t, a, b, 32),
    at=dict(a=interval(-4, 4), b=interval(-4, 4)),
)
def substitution_rule(a: Scalar, b: Scalar) -> Scalar:
    """u = g(t), du = g'(t) dt is the chain rule read backwards: ∫ f(g) g' dt from a to b is ∫ f du
    from g(a) to g(b);  hence, with g = t²/2, ∫ cos u = sin(b²/2) - sin(a²/2)."""
    return gauss_legendre(jnp.cos, a**2 / 2, b**2 / 2, 32)


@identity(
    of=lambda a, b: gauss_legendre(lambda t: t * jnp.cos(t), a, b),
    at=dict(a=interval(-4, 4), b=interval(-4, 4)),
)
def integration_by_parts(a: Scalar, b: Scalar) -> Scalar:
    """(uv)' = u'v + uv' read backwards: ∫ uv' = uv|ₐᵇ - ∫ u'v;  hence, with u = t and v = sin t,
    b sin b - a sin a + cos b - cos a."""
    return (b * jnp.sin(b) - a * jnp.sin(a)) - gauss_legendre(jnp.sin, a, b)


# ----- along paths -----


def curve(t: Real, start: Point, bend: Point, end: Point) -> Float[Array, "2 k"]:
    """A parabola from start to end, pulled towards bend"""
    s = 1 - t
    return s**2 * start[:, None] + 2 * s * t * bend[:, None] + t**2 * end[:, None]


def work_along_curve(start: Point, bend: Point, end: Point) -> Scalar:
    """∫ grad f . dr along the curve, for f = x³ - 3xy + y³"""

    def power(t: Real) -> Real:
        places, velocity = jax.jvp(lambda t: curve(t, start, bend, end), (t,), (jnp.ones_like(t),))
        slopes = jax.vmap(jax.grad(folium), 1, 1)(places)
        return jnp.sum(slopes * velocity, axis=0)

    return gauss_legendre(power, jnp.zeros_like(start[0]), jnp.ones_like(start[0]), 6)


@identity(of=work_along_curve, at=dict(start=reals("2"), bend=reals("2"), end=reals("2")))
def gradient_theorem(start: Point, bend: Point, end: Point) -> Scalar:
    """grad f . r' dt = d f(r(t));  hence f(end) - f(start), whatever way was taken between.

    A line integral.
    """
    return folium(end) - folium(start)


def half_circulation(half_axes: Point, steps: int = 16) -> Scalar:
    """½ ∮ x dy - y dx once around an ellipse, by equal steps (exact, the integrand being even)"""
    angle = 2 * jnp.pi * jnp.arange(steps).astype(half_axes.dtype) / steps
    (a, b), (c, s) = half_axes, (jnp.cos(angle), jnp.sin(angle))
    return jnp.sum(a * c * b * c + b * s * a * s) / 2 * (2 * jnp.pi / steps)


@identity(of=half_circulation, at=dict(half_axes=positive("2")))
def green_area(half_axes: Point) -> Scalar:
    """Green: ∮ P dx + Q dy = ∬ Q_x - P_y, and for (P, Q) = (-y, x)/2 that is ∬ 1;
    hence the area πab: a field that is no gradient adds up to something on the way round. Green's
    theorem: a line integral around an area.
    """
    return jnp.pi * half_axes[0] * half_axes[1]
