"""Limits and first principles: a derivative is a hole in a graph, filled.

The difference quotient ``(f(x + h) - f(x)) / h`` says 0/0 at h = 0.  For every function here
algebra (or one of two famous limits) takes the h out of the denominator; what is left is the
*secant slope*: the quotient wherever there is one, and at h = 0 the *tangent slope*.
"""

from collections.abc import Callable, Sequence
from math import factorial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, hessian, identity, jacobian, jvp, name_of, vjp
from lab.domains import choice, distinct, nonzero, positive, reals

Real = Float[Array, "..."]
"""A number, or an array of them: everything here acts on each entry by itself."""

Function = Callable[[Real], Real]


def difference_quotient(f: Function) -> Callable[[Real, Real], Real]:
    """The slope of the line through the graph of ``f`` at x and at x + h, as it is defined."""

    def quotient(x: Real, h: Real) -> Real:
        return (f(x + h) - f(x)) / h

    quotient.__name__ = f"difference_quotient({name_of(f)})"
    return quotient


def central_quotient(f: Function) -> Callable[[Real, Real], Real]:
    """The slope of the line through the graph of ``f`` at x - h and at x + h."""

    def quotient(x: Real, h: Real) -> Real:
        return (f(x + h) - f(x - h)) / (2 * h)

    quotient.__name__ = f"central_quotient({name_of(f)})"
    return quotient


def tangent_gap(f: Function) -> Callable[[Real, Real], Real]:
    """How far the graph of ``f`` at x has left its tangent line at a."""

    def gap(a: Real, x: Real) -> Real:
        height, rise = jax.jvp(f, (a,), (x - a,))
        return f(x) - (height + rise)

    gap.__name__ = f"tangent_gap({name_of(f)})"
    return gap


# ----- powers: expand, cancel, let h go -----


def cube(x: Real) -> Real:
    """x³"""
    return x**3


@identity(of=difference_quotient(cube), at=dict(x=reals(), h=nonzero()))
def cube_secant_slope(x: Real, h: Real | float) -> Real:
    """(x + h)³ = x³ + 3x²h + 3xh² + h³;  x³ cancels and each term left has an h to give;
    hence 3x² + 3xh + h²."""
    return 3 * x**2 + 3 * x * h + h**2


@derivative(of=cube, at=dict(x=reals()))
def cube_tangent_slope(x: Real) -> Real:
    """3x² + 3xh + h² at h = 0;  hence 3x²."""
    return 3 * x**2


@identity(of=central_quotient(cube), at=dict(x=reals(), h=nonzero()))
def cube_central_slope(x: Real, h: Real | float) -> Real:
    """The mean of the secant slopes for h and -h, in which 3xh cancels: 3x² + h²;
    hence the error h² is of second order, and is f''' / 6 h² exactly."""
    return 3 * x**2 + h**2


@identity(of=tangent_gap(cube), at=dict(a=reals(), x=reals()))
def cube_tangent_gap(a: Real, x: Real) -> Real:
    """x³ - a³ - 3a²(x - a) vanishes twice at x = a, so (x - a)² divides it;  the rest is x + 2a."""
    return (x - a) ** 2 * (x + 2 * a)


def power(x: Real, n: int) -> Real:
    """xⁿ"""
    return x**n


@identity(
    of=lambda x, h, n: (power(x + h, n) - power(x, n)) / h,
    at=dict(x=reals(), h=nonzero(), n=choice(1, 2, 3, 5, 8)),
)
def power_secant_slope(x: Real, h: Real | float, n: int) -> Real:
    """bⁿ - aⁿ = (b - a)(bⁿ⁻¹ + bⁿ⁻²a + ... + aⁿ⁻¹) with b = x + h, a = x, b - a = h;
    hence a sum of n products."""
    return sum(((x + h) ** k * x ** (n - 1 - k) for k in range(1, n)), start=x ** (n - 1))


@derivative(of=power, at=dict(x=reals(), n=choice(1, 2, 3, 5, 8)))
def power_tangent_slope(x: Real, n: int) -> Real:
    """At h = 0 each of the n products is xⁿ⁻¹;  hence n xⁿ⁻¹."""
    return n * x ** (n - 1)


def reciprocal(x: Real) -> Real:
    """1/x"""
    return 1 / x


@identity(of=difference_quotient(reciprocal), at=dict(x=nonzero(), h=nonzero()))
def reciprocal_secant_slope(x: Real, h: Real | float) -> Real:
    """1/(x+h) - 1/x = (x - (x+h)) / (x(x+h)) = -h / (x(x+h));  hence -1 / (x(x+h))."""
    return -1 / (x * (x + h))


@derivative(of=reciprocal, at=dict(x=nonzero()))
def reciprocal_tangent_slope(x: Real) -> Real:
    """-1 / (x(x+h)) at h = 0;  hence -1/x²."""
    return -1 / x**2


@gradient(of=difference_quotient(reciprocal), wrt=("x", "h"), at=dict(x=nonzero(), h=nonzero()))
def reciprocal_secant_slope_gradient(x: Real, h: Real) -> tuple[Real, Real]:
    """s = -1/(x b), b = x + h.  In x both factors move: ds/dx = (x + b) / (x b)²;
    in h only b does: ds/dh = 1 / (x b²), which at h = 0 is 1/x³ = f''/2."""
    b = x + h
    return (1 / x + 1 / b) / (x * b), 1 / (x * b**2)


@identity(of=difference_quotient(jnp.sqrt), at=dict(x=positive(), h=positive()))
def square_root_secant_slope(x: Real, h: Real | float) -> Real:
    """√(x+h) - √x times its conjugate √(x+h) + √x is h;  hence 1 / (√(x+h) + √x)."""
    return 1 / (jnp.sqrt(x + h) + jnp.sqrt(x))


@derivative(of=jnp.sqrt, at=dict(x=positive()))
def square_root_tangent_slope(x: Real) -> Real:
    """1 / (√(x+h) + √x) at h = 0;  hence 1 / (2√x), which has no limit as x itself goes to 0."""
    return 1 / (2 * jnp.sqrt(x))


@identity(
    of=lambda a, x: jnp.sqrt(a) + jax.jvp(jnp.sqrt, (a,), (x - a,))[1],
    at=dict(a=positive(), x=positive()),
)
def square_root_tangent_line(a: Real, x: Real) -> Real:
    """√a + (x - a) / (2√a), over one denominator: hence (a + x) / (2√a) = (√a + x/√a) / 2,
    the step by which Babylon took square roots."""
    return (a + x) / (2 * jnp.sqrt(a))


# ----- holes: 0/0 that has a limit -----


def polynomial(coefficients: Sequence[float | Real] | Float[Array, " n"], x: Real) -> Real:
    """c₀ + c₁x + c₂x² + ..., by Horner's rule."""
    total = jnp.zeros_like(x)
    for coefficient in coefficients[::-1]:
        total = total * x + coefficient
    return total


def fill_hole(x: Real | float, series: Sequence[float], formula: Function) -> Real:
    """``formula`` away from 0, and its Taylor series where it would divide nothing by nothing.

    Each branch sees only arguments it can bear, so that neither spoils the other's derivative.
    """
    near = jnp.abs(x) < 1
    close, far = jnp.where(near, x, 0.0), jnp.where(near, 1.0, x)
    return jnp.where(near, polynomial(series, close), formula(far))


def term_by_term(series: Sequence[float]) -> list[float]:
    """The derivative of a power series: c₁ + 2c₂x + 3c₃x² + ..."""
    return [k * coefficient for k, coefficient in enumerate(series)][1:]


SINE_RATIO = [(-1) ** (k // 2) / factorial(k + 1) if k % 2 == 0 else 0.0 for k in range(20)]
GROWTH_RATIO = [1 / factorial(k + 1) for k in range(20)]


def quotient_with_a_hole(x: Real) -> Real:
    """(x² - 4) / (x - 2), which says 0/0 at x = 2"""
    return (x**2 - 4) / (x - 2)


@identity(of=quotient_with_a_hole, at=dict(x=reals()))
def quotient_with_a_hole_filled(x: Real) -> Real:
    """x² - 4 = (x - 2)(x + 2);  hence x + 2, and the limit at the hole x = 2 is 4."""
    return x + 2


@derivative(of=quotient_with_a_hole, at=dict(x=reals()))
def quotient_with_a_hole_derivative(x: Real) -> Real:
    """It is the line x + 2 with one point missing;  hence 1."""
    return jnp.ones_like(x)


def sine_ratio(x: Real | float) -> Real:
    """sin x / x, with the hole at 0 filled: sin x lies between x cos x and x, hence the limit 1.

    The unnormalised sinc.
    """
    return fill_hole(x, SINE_RATIO, lambda x: jnp.sin(x) / x)


@derivative(of=sine_ratio, at=dict(x=reals()))
def sine_ratio_derivative(x: Real) -> Real:
    """x q = sin x, so q + x q' = cos x;  hence q' = (cos x - q) / x, and 0 at x = 0 as q is even.
    Near 0 cos x and q nearly cancel: there the series 1 - x²/6 + x⁴/120 - ... term by term."""
    return fill_hole(x, term_by_term(SINE_RATIO), lambda x: (jnp.cos(x) - jnp.sin(x) / x) / x)


def growth_ratio(h: Real | float) -> Real:
    """(eʰ - 1) / h, with the hole at 0 filled: e is the base for which the limit is 1."""
    return fill_hole(h, GROWTH_RATIO, lambda h: jnp.expm1(h) / h)


@derivative(of=growth_ratio, at=dict(h=reals()))
def growth_ratio_derivative(h: Real) -> Real:
    """h q = eʰ - 1, so q + h q' = eʰ;  hence q' = (eʰ - q) / h, and 1/2 at h = 0:
    there by the series 1 + h/2 + h²/6 + ... term by term, as eʰ and q nearly cancel."""
    return fill_hole(h, term_by_term(GROWTH_RATIO), lambda h: (jnp.exp(h) - jnp.expm1(h) / h) / h)


@identity(of=lambda h: (1 - jnp.cos(h)) / h**2, at=dict(h=nonzero()))
def cosine_ratio(h: Real) -> Real:
    """1 - cos h = 2 sin²(h/2), which cancels nothing;  hence ½ (sin(h/2) / (h/2))², limit ½."""
    return sine_ratio(h / 2) ** 2 / 2


# ----- exponentials and logarithms -----


@identity(of=difference_quotient(jnp.exp), at=dict(x=reals(), h=nonzero()))
def exponential_secant_slope(x: Real, h: Real | float) -> Real:
    """eˣ⁺ʰ - eˣ = eˣ(eʰ - 1);  hence eˣ (eʰ - 1)/h.  Taken from whichever end is higher,
    e^max(x, x+h) (1 - e^-|h|)/|h|, so that nothing overflows before the slope does."""
    return jnp.exp(jnp.maximum(x, x + h)) * growth_ratio(-jnp.abs(h))


@derivative(of=jnp.exp, at=dict(x=reals()))
def exponential_tangent_slope(x: Real) -> Real:
    """eˣ (eʰ - 1)/h, and the second factor tends to 1 by the choice of e;  hence eˣ."""
    return jnp.exp(x)


@derivative(of=lambda x, a: a**x, at=dict(x=reals(), a=positive()))
def exponential_of_any_base_tangent_slope(x: Real, a: Real) -> Real:
    """aˣ = e^(x ln a): over a step h the exponent moves by h ln a;  hence aˣ ln a,
    so ln a is the slope of aˣ at 0."""
    return a**x * jnp.log(a)


@identity(of=difference_quotient(jnp.log), at=dict(x=positive(), h=positive()))
def logarithm_secant_slope(x: Real, h: Real | float) -> Real:
    """ln(x+h) - ln x = ln(1 + h/x);  hence ln(1 + u)/u / x with u = h/x."""
    # log1p is right to the last digit: at h = 0 a ratio too small to see stands in for none
    u = jnp.where(h == 0, 1e-30, h / x)
    return jnp.log1p(u) / u / x


@derivative(of=jnp.log, at=dict(x=positive()))
def logarithm_tangent_slope(x: Real) -> Real:
    """u = ln(1 + t) means t = eᵘ - 1, so ln(1 + t)/t = u/(eᵘ - 1) tends to 1;  hence 1/x."""
    return 1 / x


# ----- sine and cosine -----


@identity(of=difference_quotient(jnp.sin), at=dict(x=reals(), h=nonzero()))
def sine_secant_slope(x: Real, h: Real | float) -> Real:
    """sin b - sin a = 2 cos((a+b)/2) sin((b-a)/2);  hence cos(x + h/2) times sin(h/2)/(h/2)."""
    return jnp.cos(x + h / 2) * sine_ratio(h / 2)


@derivative(of=jnp.sin, at=dict(x=reals()))
def sine_tangent_slope(x: Real) -> Real:
    """cos(x + h/2) sin(h/2)/(h/2), and the ratio tends to 1;  hence cos x."""
    return jnp.cos(x)


@identity(of=difference_quotient(jnp.cos), at=dict(x=reals(), h=nonzero()))
def cosine_secant_slope(x: Real, h: Real | float) -> Real:
    """cos b - cos a = -2 sin((a+b)/2) sin((b-a)/2);  hence -sin(x + h/2) times sin(h/2)/(h/2)."""
    return -jnp.sin(x + h / 2) * sine_ratio(h / 2)


@derivative(of=jnp.cos, at=dict(x=reals()))
def cosine_tangent_slope(x: Real) -> Real:
    """-sin(x + h/2) sin(h/2)/(h/2), and the ratio tends to 1;  hence -sin x."""
    return -jnp.sin(x)


# ----- where the two sides disagree -----


@derivative(of=jnp.abs, at=dict(x=reals()), kinks="x == 0")
def absolute_value_derivative(x: Real) -> Real:
    """(|x+h| - |x|) / h is 1 for x > 0 and -1 for x < 0, once |h| < |x|;  hence the sign of x.
    At 0 it is |h|/h, 1 from the right and -1 from the left: no limit, and of the subgradients
    between the two 0 is taken."""
    return jnp.sign(x)


def trough(x: Real, a: Real, b: Real) -> Real:
    """Continuous everywhere, differentiable everywhere but at a and b."""
    return jnp.abs(x - a) + jnp.abs(x - b)


@derivative(of=trough, at=dict(x=reals(), a=reals(), b=reals()), kinks="x == a or x == b")
def trough_derivative(x: Real, a: Real, b: Real) -> Real:
    """Left of both points -2, between them 0, right of both 2;  hence sign(x - a) + sign(x - b)."""
    return jnp.sign(x - a) + jnp.sign(x - b)


def tamed_wiggle(x: Real) -> Real:
    """x² sin(1/x), and 0 at 0."""
    away = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, away**2 * jnp.sin(1 / away))


@derivative(of=tamed_wiggle, at=dict(x=reals()))
def tamed_wiggle_derivative(x: Real) -> Real:
    """u = 1/x, du = -dx/x²:  d(x² sin u) = 2x sin u dx + x² cos u du;  hence 2x sin u - cos u.
    At 0 the quotient is h sin(1/h), within |h| of 0;  hence 0 there, though f' has no limit."""
    away = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, 2 * away * jnp.sin(1 / away) - jnp.cos(1 / away))


# ----- the same slope in the other roles it plays -----


def chord_slope(ends: Float[Array, " 2"]) -> Float[Array, ""]:
    """The slope of the chord of x³ over the interval between two ends."""
    a, b = ends
    return (b**3 - a**3) / (b - a)


@hessian(of=chord_slope, at=dict(ends=distinct("2")))
def chord_slope_hessian(ends: Float[Array, " 2"]) -> Float[Array, "2 2"]:
    """(b³ - a³) / (b - a) = a² + ab + b²;  hence 2 on the diagonal and 1 beside it: a bowl."""
    return jnp.array([[2.0, 1.0], [1.0, 2.0]], ends.dtype)


@jacobian(of=jnp.sqrt, at=dict(x=positive("n")))
def sampled_square_root_jacobian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
    """n samples of one curve: each value listens to its own x alone;  hence diag(1 / (2√x))."""
    return jnp.diag(square_root_tangent_slope(x))


@jvp(of=jnp.sin, at=dict(x=reals()))
def sine_tangent_rise(x: Real, run: Real) -> Real:
    """What the tangent line climbs over a run: slope times run;  hence cos x · run."""
    return jnp.cos(x) * run


@vjp(of=reciprocal, at=dict(x=nonzero()))
def reciprocal_pullback(x: Real, cotangent: Real) -> Real:
    """The price of y is c, so the price of x is c dy/dx;  hence -c/x²."""
    return -cotangent / x**2
