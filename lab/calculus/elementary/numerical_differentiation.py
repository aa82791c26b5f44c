"""Numerical differentiation: slopes from values alone, and the two errors that fight over h.

A scheme combines a few values of f into a slope.  Taylor's theorem says what it misses, a power of
h (*truncation*); the machine knows each value only to a relative eps, and dividing by h makes that
large (*rounding*).  The best step is where the two are of one size.  For powers and for the sine
the error of each scheme is known exactly, and that is what is claimed here.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import (
    Function,
    Real,
    central_quotient,
    difference_quotient,
    polynomial,
    sine_ratio,
)
from lab.calculus.elementary.rules import Coefficients, derived
from lab.derivation import derivative, identity, name_of
from lab.domains import choice, nonzero, positive, reals

Quotient = Callable[[Real, Real], Real]

# ----- schemes: a function in, a slope at x with step h out -----


def five_point_quotient(f: Function) -> Quotient:
    """(-f(x+2h) + 8 f(x+h) - 8 f(x-h) + f(x-2h)) / 12h"""

    def quotient(x: Real, h: Real) -> Real:
        return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)

    quotient.__name__ = f"five_point_quotient({name_of(f)})"
    return quotient


def richardson_quotient(f: Function) -> Quotient:
    """(4 D(h/2) - D(h)) / 3, with D the central quotient: the h² of its error cancels"""
    central = central_quotient(f)

    def quotient(x: Real, h: Real) -> Real:
        return (4 * central(x, h / 2) - central(x, h)) / 3

    quotient.__name__ = f"richardson_quotient({name_of(f)})"
    return quotient


def complex_step(f: Function) -> Quotient:
    """Im f(x + ih) / h: nothing is subtracted, so h may be as small as one likes"""

    def quotient(x: Real, h: Real) -> Real:
        return jnp.imag(f(jax.lax.complex(x, h))) / h

    quotient.__name__ = f"complex_step({name_of(f)})"
    return quotient


def second_quotient(f: Function) -> Quotient:
    """(f(x+h) - 2 f(x) + f(x-h)) / h², a second derivative"""

    def quotient(x: Real, h: Real) -> Real:
        return ((f(x + h) - f(x)) - (f(x) - f(x - h))) / h**2

    quotient.__name__ = f"second_quotient({name_of(f)})"
    return quotient


# ----- what each scheme makes of a sine: its slope, times a factor that tends to 1 -----


@identity(of=central_quotient(jnp.sin), at=dict(x=reals(), h=nonzero()))
def central_quotient_of_sine(x: Real, h: Real) -> Real:
    """sin(x+h) - sin(x-h) = 2 cos x sin h;  hence cos x · sin h / h: relative error -h²/6."""
    return jnp.cos(x) * sine_ratio(h)


@identity(of=five_point_quotient(jnp.sin), at=dict(x=reals(), h=nonzero()))
def five_point_quotient_of_sine(x: Real, h: Real) -> Real:
    """8 · 2 cos x sin h - 2 cos x sin 2h, over 12h;  hence cos x (4 s(h) - s(2h))/3 with s the
    sine ratio: the h² of 4 s(h) and of s(2h) cancel, relative error -h⁴/30. The five-point stencil.
    """
    return jnp.cos(x) * (4 * sine_ratio(h) - sine_ratio(2 * h)) / 3


@identity(of=second_quotient(jnp.sin), at=dict(x=reals(), h=nonzero()))
def second_quotient_of_sine(x: Real, h: Real) -> Real:
    """sin(x+h) + sin(x-h) - 2 sin x = -2 sin x (1 - cos h) = -4 sin x sin²(h/2);
    hence -sin x (sin(h/2)/(h/2))²: relative error -h²/12. The second central difference.
    """
    return -jnp.sin(x) * sine_ratio(h / 2) ** 2


@identity(of=complex_step(jnp.sin), at=dict(x=reals(), h=nonzero()))
def complex_step_of_sine(x: Real, h: Real) -> Real:
    """sin(x + ih) = sin x cosh h + i cos x sinh h;  hence cos x · sinh h / h: relative error h²/6,
    the sign of the central quotient turned, as (ih)² = -h²."""
    return jnp.cos(x) * jnp.sinh(h) / h


@identity(of=richardson_quotient(jnp.sin), at=dict(x=reals(), h=nonzero()))
def richardson_is_five_point(x: Real, h: Real) -> Real:
    """4 D(h/2) - D(h) over 3 has the values at ±h/2 with weights ±4/h and at ±h with ∓1/2h, over 3;
    hence the five points of step h/2."""
    return five_point_quotient(jnp.sin)(x, h / 2)


# ----- what each scheme makes of the power at which it first errs -----


@identity(of=second_quotient(lambda x: x**4), at=dict(x=reals(), h=nonzero()))
def second_quotient_of_fourth_power(x: Real, h: Real) -> Real:
    """(x+h)⁴ + (x-h)⁴ = 2x⁴ + 12x²h² + 2h⁴;  hence 12x² + 2h²: the error is h²/12 f''''."""
    return 12 * x**2 + 2 * h**2


@identity(of=five_point_quotient(lambda x: x**5), at=dict(x=reals(), h=nonzero()))
def five_point_quotient_of_fifth_power(x: Real, h: Real) -> Real:
    """Odd powers of h in (x±h)⁵: 5x⁴h + 10x²h³ + h⁵.  Weights 8/12 and -1/12 keep the first, cancel
    the h³ (8 - 2³ = 0) and make (8 - 2⁵)/6 = -4 of the last;  hence 5x⁴ - 4h⁴: -h⁴/30 f⁽⁵⁾."""
    return 5 * x**4 - 4 * h**4


@identity(of=complex_step(lambda z: z**3), at=dict(x=reals(), h=nonzero()))
def complex_step_of_cube(x: Real, h: Real) -> Real:
    """(x + ih)³ = x³ + 3ix²h - 3xh² - ih³;  hence 3x² - h²: the error is -h²/6 f''', and no two
    nearly equal numbers were subtracted."""
    return 3 * x**2 - h**2


# ----- the best step -----


def step_error(h: Real, a: Real, b: Real, order: int) -> Real:
    """a hᵖ + b/h: truncation of order p, and rounding"""
    return a * h**order + b / h


AT_A_STEP = dict(h=positive(), a=positive(), b=positive(), order=choice(1, 2, 4))


@derivative(of=step_error, at=AT_A_STEP)
def step_error_slope(h: Real, a: Real, b: Real, order: int) -> Real:
    """The power rule on hᵖ and on h⁻¹;  hence p a hᵖ⁻¹ - b/h², negative for small h."""
    return order * a * h ** (order - 1) - b / h**2


def best_step(a: Real, b: Real, order: int) -> Real:
    """Where `step_error_slope` is 0: hᵖ⁺¹ = b / (p a)"""
    return (b / (order * a)) ** (1 / (order + 1))


@identity(
    of=lambda a, b, order: step_error(best_step(a, b, order), a, b, order),
    at=dict(a=positive(), b=positive(), order=choice(1, 2, 4)),
)
def least_step_error(a: Real, b: Real, order: int) -> Real:
    """At the best h truncation a hᵖ is b/(p h), the p-th part of rounding;  hence (1 + 1/p) b/h:
    with b ~ eps that is eps to the p/(p+1): order 1 keeps half the digits, order 4 four fifths."""
    return (1 + 1 / order) * b / best_step(a, b, order)


@identity(
    of=lambda value, second, eps: best_step(jnp.abs(second) / 2, 2 * eps * jnp.abs(value), 1),
    at=dict(value=nonzero(), second=nonzero(), eps=positive()),
)
def best_forward_step(value: Real, second: Real, eps: Real) -> Real:
    """Truncation h/2 |f''|, rounding 2 eps |f|/h: h² = 4 eps |f|/|f''|;  hence 2 √(eps |f/f''|)."""
    return 2 * jnp.sqrt(eps * jnp.abs(value / second))


@identity(
    of=lambda value, third, eps: best_step(jnp.abs(third) / 6, eps * jnp.abs(value), 2),
    at=dict(value=nonzero(), third=nonzero(), eps=positive()),
)
def best_central_step(value: Real, third: Real, eps: Real) -> Real:
    """Truncation h²/6 |f'''|, rounding eps |f|/h: 2h³/6 |f'''| = eps |f|;
    hence (3 eps |f/f'''|)^(1/3)."""
    return jnp.cbrt(3 * eps * jnp.abs(value / third))


class Scheme(NamedTuple):
    """A quotient and what is known of its error: ``constant h^order |f^(needs)|`` of truncation,
    ``rounding eps |f| / h`` of rounding."""

    quotient: Callable[[Function], Quotient]
    order: int
    needs: int
    constant: float
    rounding: float

    def parts(self, value: Real, highest: Real, eps: float) -> tuple[Real, Real]:
        """The a and b of its `step_error`, from f(x) and f^(needs)(x)."""
        return self.constant * jnp.abs(highest), self.rounding * eps * jnp.abs(value)


SCHEMES = {
    "forward": Scheme(difference_quotient, 1, 2, 1 / 2, 2.0),
    "central": Scheme(central_quotient, 2, 3, 1 / 6, 1.0),
    "five-point": Scheme(five_point_quotient, 4, 5, 1 / 30, 1.5),
    "Richardson": Scheme(richardson_quotient, 4, 5, 1 / 480, 3.0),
    "complex step": Scheme(complex_step, 2, 3, 1 / 6, 0.0),
}


# ----- chords, and quotients of the form 0/0 -----


@identity(of=lambda a, b: (b**2 - a**2) / (b - a), at=dict(a=reals(), b=reals()))
def mean_value_point_of_square(a: Real, b: Real) -> Real:
    """(b - a)(b + a)/(b - a) = 2 (a + b)/2;  hence the slope at the middle, c = (a + b)/2.

    The secant slope is the slope somewhere between: the mean value theorem (MVT).
    """
    return 2 * ((a + b) / 2)


@identity(
    of=lambda a, h: -difference_quotient(lambda x: 1 / x)(a, h), at=dict(a=positive(), h=positive())
)
def mean_value_point_of_reciprocal(a: Real, h: Real) -> Real:
    """1/a - 1/b = (b - a)/(ab), and f'(c) = -1/c²;  hence c = √(ab), the geometric mean."""
    c = jnp.sqrt(a) * jnp.sqrt(a + h)
    return 1 / c**2


@identity(
    of=lambda a, f, g: polynomial(f, a) / polynomial(g, a),
    at=dict(a=positive(), f=reals("n"), g=positive("n")),
)
def lhopital_rule(a: Real, f: Coefficients, g: Coefficients) -> Real:
    """F = (x - a) f and G = (x - a) g are both 0 at a, and F/G is f/g once x - a has cancelled.  By
    the product rule F' = f + (x - a) f', which at a is f(a);  hence lim F/G = F'(a)/G'(a).
    L'Hopital's rule for 0/0.
    """

    def times_x_minus_a(c: Coefficients) -> Float[Array, " _"]:
        zero = jnp.zeros(1, c.dtype)
        return jnp.concatenate([zero, c]) - a * jnp.concatenate([c, zero])

    top, bottom = derived(times_x_minus_a(f)), derived(times_x_minus_a(g))
    return polynomial(top, a) / polynomial(bottom, a)
