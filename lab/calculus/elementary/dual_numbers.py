"""Dual numbers: differentiation as arithmetic, with a number whose square is 0.

``f(a + b e) = f(a) + b f'(a) e`` when ``e² = 0``: a pair of a value and a slope, with the rules of
differentiation for its arithmetic.  Put ``x + e`` into any program made of such operations and the
slope comes out beside the value; that is forward-mode differentiation.  The parts of a dual number
may be dual numbers themselves, and then second derivatives come out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import Real
from lab.derivation import derivative, gradient, hessian, jvp
from lab.domains import nonzero, positive, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]

Number = Any
"""A Python number, an array or a `Dual`: what the functions of this file are defined for."""


@dataclass(frozen=True)
class Dual:
    """``value + slope e`` with ``e² = 0``; both parts may be dual numbers again."""

    value: Number
    slope: Number

    def __add__(self, other: Number) -> "Dual":
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope)

    def __sub__(self, other: Number) -> "Dual":
        return self + -dual(other)

    def __mul__(self, other: Number) -> "Dual":
        other = dual(other)
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: Number) -> "Dual":
        other = dual(other)
        value = self.value / other.value
        return Dual(value, (self.slope - value * other.slope) / other.value)

    def __pow__(self, n: int) -> "Dual":
        return Dual(self.value**n, n * self.value ** (n - 1) * self.slope if n else 0.0)

    def __radd__(self, other: Number) -> "Dual":
        return self + other

    def __rsub__(self, other: Number) -> "Dual":
        return dual(other) - self

    def __rmul__(self, other: Number) -> "Dual":
        return self * other

    def __rtruediv__(self, other: Number) -> "Dual":
        return dual(other) / self


def dual(x: Number) -> Dual:
    """A number as a dual number: a constant has slope 0."""
    return x if isinstance(x, Dual) else Dual(x, 0.0)


def lift(
    f: Callable[[Real], Real], slope: Callable[[Number], Number]
) -> Callable[[Number], Number]:
    """A function of numbers as one of dual numbers as well, given its slope: the chain rule."""

    def lifted(x: Number) -> Number:
        return Dual(lifted(x.value), slope(x.value) * x.slope) if isinstance(x, Dual) else f(x)

    return lifted


Lifted = Callable[[Number], Number]

sin: Lifted = lift(jnp.sin, lambda x: cos(x))
cos: Lifted = lift(jnp.cos, lambda x: -sin(x))
exp: Lifted = lift(jnp.exp, lambda x: exp(x))
log: Lifted = lift(jnp.log, lambda x: 1 / x)
sqrt: Lifted = lift(jnp.sqrt, lambda x: 0.5 / sqrt(x))


def slope_by_duals(f: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """f', read off f(x + e); of a function made of the operations here."""
    return lambda x: dual(f(Dual(x, 1.0))).slope


# ----- the arithmetic -----


@jvp(of=lambda a, c: a * c, wrt=("a", "c"), at=dict(a=reals(), c=reals()))
def dual_product(a: Real, c: Real, slopes: tuple[Real, Real]) -> Real:
    """(a + be)(c + de) = ac + (bc + ad) e + bd e², and e² = 0;  hence the slope bc + ad: the
    product rule."""
    b, d = slopes
    return (Dual(a, b) * Dual(c, d)).slope


@jvp(of=lambda a, c: a / c, wrt=("a", "c"), at=dict(a=reals(), c=nonzero()))
def dual_quotient(a: Real, c: Real, slopes: tuple[Real, Real]) -> Real:
    """(a + be)/(c + de), times (c - de)/(c - de), has c² below and (ac + (bc - ad) e) above;
    hence the slope (bc - ad)/c²: the quotient rule."""
    b, d = slopes
    return (Dual(a, b) / Dual(c, d)).slope


@jvp(of=lambda a: a**5, at=dict(a=reals()))
def dual_power(a: Real, b: Real) -> Real:
    """(a + be)⁵ = a⁵ + 5a⁴ be + terms with e²;  hence the slope 5a⁴ b: the power rule is the
    binomial theorem with all but two terms gone."""
    return (Dual(a, b) ** 5).slope


# ----- programs -----


def resonance(x: Number) -> Number:
    """x sin x / (1 + x²)"""
    return x * sin(x) / (1 + x**2)


@derivative(of=resonance, at=dict(x=reals()))
def resonance_slope_by_duals(x: Real) -> Real:
    """x + e goes in, and each operation hands on value and slope by its rule: a product, a sine,
    a square, a sum, a quotient;  hence the slope beside the value, without a formula for it."""
    return slope_by_duals(resonance)(x)


def babylonian_root(x: Number, rounds: int = 16) -> Number:
    """√x by the rule of Babylon: the mean of y and x/y, again and again"""
    y = (1 + x) / 2
    for _ in range(rounds):
        y = (y + x / y) / 2
    return y


@derivative(of=jnp.sqrt, at=dict(x=positive()))
def root_slope_by_duals(x: Real) -> Real:
    """y ← (y + x/y)/2 has the slope dy ← (dy + (dx - q dy)/y)/2, q = x/y, and dy settles when y
    does, where 2y dy = dx;  hence 1/(2√x) out of a loop."""
    return slope_by_duals(babylonian_root)(x)


@hessian(of=resonance, at=dict(x=reals()))
def resonance_bend_by_duals(x: Scalar) -> Scalar:
    """A dual number of dual numbers, x + e₁ + e₂ with e₁² = e₂² = 0, is hyper-dual: in
    f(x + e₁ + e₂) the square of e₁ + e₂ is 2e₁e₂;  hence f''(x) beside e₁e₂."""
    return slope_by_duals(slope_by_duals(resonance))(x)


def wavy_product(x: Number, y: Number) -> Number:
    """e^(-x²) sin(x y)"""
    return exp(-(x**2)) * sin(x * y)


@gradient(of=wavy_product, wrt=("x", "y"), at=dict(x=reals(), y=reals()))
def wavy_product_gradient_by_duals(x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
    """One argument at a time gets the slope 1;  hence one pass for each partial derivative, which
    is the price of forward mode."""
    return wavy_product(Dual(x, 1.0), y).slope, wavy_product(x, Dual(y, 1.0)).slope


@jvp(of=wavy_product, wrt=("x", "y"), at=dict(x=reals(), y=reals()))
def wavy_product_rate_by_duals(x: Scalar, y: Scalar, v: tuple[Scalar, Scalar]) -> Scalar:
    """Both arguments move at once: x + ae and y + be;  hence D_v f in a single pass."""
    a, b = v
    return wavy_product(Dual(x, a), Dual(y, b)).slope


@hessian(of=lambda p: wavy_product(p[0], p[1]), at=dict(p=reals("2")))
def wavy_product_hessian_by_duals(p: Point) -> Float[Array, "2 2"]:
    """e₁ marks one argument and e₂ one, the same or another: beside e₁e₂ stands ∂²f/∂xᵢ∂xⱼ;
    hence three passes, for the matrix is symmetric."""
    x, y = p

    def mixed(along: tuple[float, float], across: tuple[float, float]) -> Scalar:
        seed = lambda t, a, b: Dual(Dual(t, a), Dual(b, 0.0))
        return wavy_product(seed(x, along[0], across[0]), seed(y, along[1], across[1])).slope.slope

    first, second = (1.0, 0.0), (0.0, 1.0)
    xy = mixed(first, second)
    return jnp.array([[mixed(first, first), xy], [xy, mixed(second, second)]])
