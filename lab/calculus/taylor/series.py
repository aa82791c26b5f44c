"""Taylor series: the coefficients f⁽ᵏ⁾(0)/k!, derived, and held against the derivatives JAX finds.

``taylor_polynomial(f, n)`` differentiates f n times at 0; each claim below is that polynomial with
coefficients found another way: from a differential equation, a geometric series integrated term by
term, or a product of series compared power by power.
"""

from collections.abc import Callable, Sequence
from math import comb, factorial, log, pi, sqrt
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import polynomial
from lab.derivation import identity
from lab.domains import choice, nonzero, positive, reals

Real = Float[Array, "..."]
Scalar = Float[Array, ""]
Function = Callable[[Any], Any]


def derivatives(f: Function, a: Any, order: int) -> list[Any]:
    """f(a), f'(a), ..., f⁽ᵒʳᵈᵉʳ⁾(a), by forward mode within forward mode."""
    found, a = [], jnp.asarray(a)
    for _ in range(order + 1):
        found.append(f(a))
        f = slope_of(f)
    return found


def slope_of(f: Function) -> Function:
    """f', by forward mode."""
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


def taylor_coefficients(f: Function, a: Any, order: int) -> list[Any]:
    """f⁽ᵏ⁾(a)/k! for k up to the order."""
    return [d / factorial(k) for k, d in enumerate(derivatives(f, a, order))]


def taylor_polynomial(f: Function, order: int) -> Function:
    """The polynomial of that order which agrees best with f at 0."""

    def approximation(x: Any) -> Any:
        return polynomial(taylor_coefficients(f, jnp.zeros_like(x), order), x)

    approximation.__name__ = f"taylor_polynomial({getattr(f, '__name__', 'f')}, {order})"
    return approximation


# ----- from a differential equation -----


@identity(of=taylor_polynomial(jnp.exp, 6), at=dict(x=reals()))
def exponential_series(x: Real) -> Real:
    """f' = f asks (k + 1) c_{k+1} = c_k, and f(0) = 1;  hence c_k = 1/k!, good for every x."""
    return polynomial([1 / factorial(k) for k in range(7)], x)


@identity(of=taylor_polynomial(jnp.sin, 5), at=dict(x=reals()))
def sine_series(x: Real) -> Real:
    """f'' = -f asks (k + 2)(k + 1) c_{k+2} = -c_k, with c₀ = 0, c₁ = 1;
    hence x - x³/6 + x⁵/120."""
    return x * polynomial([1, -1 / 6, 1 / 120], x**2)


@identity(of=taylor_polynomial(jnp.cos, 5), at=dict(x=reals()))
def cosine_series(x: Real) -> Real:
    """The same equation with c₀ = 1, c₁ = 0;  hence 1 - x²/2 + x⁴/24."""
    return polynomial([1, -1 / 2, 1 / 24], x**2)


@identity(
    of=lambda x: jnp.stack([taylor_polynomial(f, 5)(x) for f in (jnp.sinh, jnp.cosh)]),
    at=dict(x=reals()),
)
def hyperbolic_series(x: Real) -> Float[Array, "2 ..."]:
    """(eˣ ∓ e⁻ˣ)/2 keeps the odd, or the even, powers of eˣ;  hence x + x³/6 + x⁵/120 and
    1 + x²/2 + x⁴/24, sine and cosine without the signs."""
    s = x**2
    return jnp.stack([x * polynomial([1, 1 / 6, 1 / 120], s), polynomial([1, 1 / 2, 1 / 24], s)])


@identity(of=taylor_polynomial(jnp.tan, 5), at=dict(x=reals()))
def tangent_series(x: Real) -> Real:
    """f' = 1 + f², f odd: with f = x + ax³ + bx⁵, 1 + 3ax² + 5bx⁴ = 1 + x² + 2ax⁴;
    hence a = 1/3, b = 2/15."""
    return x * polynomial([1, 1 / 3, 2 / 15], x**2)


@identity(of=taylor_polynomial(jnp.tanh, 5), at=dict(x=reals()))
def hyperbolic_tangent_series(x: Real) -> Real:
    """f' = 1 - f², f odd: 1 + 3ax² + 5bx⁴ = 1 - x² - 2ax⁴;  hence a = -1/3, b = 2/15.
    It converges for |x| < π/2 only: the tangent's poles lie on the imaginary axis."""
    return x * polynomial([1, -1 / 3, 2 / 15], x**2)


@identity(of=taylor_polynomial(jax.nn.sigmoid, 4), at=dict(x=reals()))
def sigmoid_series(x: Real) -> Real:
    """s(x) = (1 + tanh(x/2))/2;  hence 1/2 + x/4 - x³/48: no square, and good for |x| < π."""
    return polynomial([1 / 2, 1 / 4, 0, -1 / 48], x)


@identity(of=taylor_polynomial(jax.nn.softplus, 5), at=dict(x=reals()))
def softplus_series(x: Real) -> Real:
    """Its slope is the sigmoid, so integrate term by term from ln 2;
    hence ln 2 + x/2 + x²/8 - x⁴/192."""
    return polynomial([log(2), 1 / 2, 1 / 8, 0, -1 / 192], x)


@identity(of=taylor_polynomial(jax.scipy.special.erf, 5), at=dict(x=reals()))
def error_function_series(x: Real) -> Real:
    """erf' = 2/√π e^(-x²) = 2/√π (1 - x² + x⁴/2 - ...), integrated term by term;
    hence 2/√π (x - x³/3 + x⁵/10)."""
    return 2 / sqrt(pi) * x * polynomial([1, -1 / 3, 1 / 10], x**2)


# ----- from the geometric series -----


@identity(of=taylor_polynomial(lambda x: 1 / (1 - x), 5), at=dict(x=reals()))
def geometric_series(x: Real) -> Real:
    """(1 - x)(1 + x + ... + xⁿ) = 1 - xⁿ⁺¹;  hence 1 for every power, and what is left out is
    xⁿ⁺¹/(1 - x), small only for |x| < 1."""
    return polynomial([1, 1, 1, 1, 1, 1], x)


@identity(of=taylor_polynomial(jnp.log1p, 5), at=dict(x=reals()))
def logarithm_series(x: Real) -> Real:
    """Its slope 1/(1 + x) = 1 - x + x² - ... is geometric, integrate;
    hence x - x²/2 + x³/3 - ..."""
    return x * polynomial([1, -1 / 2, 1 / 3, -1 / 4, 1 / 5], x)


@identity(of=taylor_polynomial(jnp.arctan, 5), at=dict(x=reals()))
def arctangent_series(x: Real) -> Real:
    """Its slope 1/(1 + x²) = 1 - x² + x⁴ - ..., integrate;  hence x - x³/3 + x⁵/5: nothing happens
    to arctan at x = 1, yet there it ends, for 1 + x² = 0 at ±i, one away from 0."""
    return x * polynomial([1, -1 / 3, 1 / 5], x**2)


@identity(
    of=lambda x, a: taylor_polynomial(lambda x: (1 + x) ** a, 4)(x), at=dict(x=reals(), a=reals())
)
def binomial_series(x: Scalar, a: Scalar) -> Scalar:
    """(1 + x) f' = a f asks (k + 1) c_{k+1} = (a - k) c_k;
    hence c_k = a(a - 1)...(a - k + 1)/k!."""
    c = [jnp.ones_like(a)]
    for k in range(4):
        c.append(c[-1] * (a - k) / (k + 1))
    return sum((ck * x**k for k, ck in enumerate(c)), start=jnp.zeros_like(x))


@identity(of=taylor_polynomial(jnp.arcsin, 5), at=dict(x=reals()))
def arcsine_series(x: Real) -> Real:
    """Its slope (1 - x²)^(-1/2) is binomial: 1 + x²/2 + 3x⁴/8, integrate;
    hence x + x³/6 + 3x⁵/40."""
    return x * polynomial([1, 1 / 6, 3 / 40], x**2)


@identity(
    of=lambda x, a: taylor_polynomial(lambda e: jnp.sqrt(a**2 + e), 3)(x),
    at=dict(x=reals(), a=positive()),
)
def square_root_series(x: Scalar, a: Scalar) -> Scalar:
    """√(a² + e) = a (1 + e/a²)^(1/2), binomial coefficients 1, 1/2, -1/8, 1/16;
    hence a + e/2a - e²/8a³ + e³/16a⁵ (Newton)."""
    u = x / a**2
    return a * (1 + u * (1 / 2 + u * (-1 / 8 + u / 16)))


# ----- products, quotients and inverses of series -----


@identity(of=lambda x: taylor_polynomial(jnp.sin, 5)(x) / x, at=dict(x=nonzero()))
def sine_ratio_series(x: Real) -> Real:
    """Divide the sine's series by x;  hence 1 - x²/6 + x⁴/120, without a hole at 0."""
    return polynomial([1, -1 / 6, 1 / 120], x**2)


def reciprocal_series(c: Sequence[Any]) -> list[Any]:
    """The coefficients of 1/f from those of f: from f · (1/f) = 1, power by power,
    b₀ = 1/c₀ and b_n = -(c₁ b_{n-1} + ... + c_n b₀)/c₀."""
    b = [1 / c[0]]
    for n in range(1, len(c)):
        b.append(-sum(c[k] * b[n - k] for k in range(1, n + 1)) / c[0])
    return b


@identity(
    of=lambda x: polynomial(reciprocal_series([1 / factorial(k + 1) for k in range(5)]), x),
    at=dict(x=reals()),
)
def bernoulli_series(x: Real) -> Real:
    """x/(eˣ - 1) + x/2 = (x/2) coth(x/2) is even, so there is one odd power; dividing 1 by
    1 + x/2 + x²/6 + x³/24 + x⁴/120 gives the rest;  hence 1 - x/2 + x²/12 - x⁴/720. The generating
    function of Bernoulli's numbers.
    """
    return polynomial([1, -1 / 2, 1 / 12, 0, -1 / 720], x)


def lambert_w(x: Real, iterations: int = 3) -> Real:
    """w with w eʷ = x, by Newton's method from w = 0: near 0 each iteration doubles the number of
    right Taylor coefficients, so three give seven of them."""
    w = jnp.zeros_like(x)
    for _ in range(iterations):
        w = w - (w - x * jnp.exp(-w)) / (1 + w)
    return w


@identity(of=taylor_polynomial(lambert_w, 4), at=dict(x=reals()))
def lambert_series(x: Real) -> Real:
    """Lagrange's inversion of w eʷ = x: c_k is the coefficient of wᵏ⁻¹ in e^(-kw), over k;
    hence c_k = (-k)ᵏ⁻¹/k!: x - x² + 3x³/2 - 8x⁴/3."""
    return polynomial([0, *((-k) ** (k - 1) / factorial(k) for k in range(1, 5))], x)


@identity(of=taylor_polynomial(lambda x: (1 + x / 2) / (1 - x / 2), 3), at=dict(x=reals()))
def pade_series(x: Real) -> Real:
    """(1 + u)/(1 - u) = 1 + 2u + 2u² + 2u³ + ... with u = x/2;  hence 1 + x + x²/2 + x³/4: Padé's
    fraction meets eˣ to second order and misses it by x³/4 - x³/6 = x³/12. The Pade approximant
    [1/1] of exp.
    """
    return polynomial([1, 1, 1 / 2, 1 / 4], x)


@identity(of=lambda x, n: (1 + x) ** n, at=dict(x=reals(), n=choice(1, 2, 4, 7)))
def binomial_theorem(x: Real, n: int) -> Real:
    """For a whole exponent the binomial series ends by itself, (n - n) being a factor of c_{n+1};
    hence Σ C(n, k) xᵏ exactly."""
    return polynomial([comb(n, k) for k in range(n + 1)], x)
