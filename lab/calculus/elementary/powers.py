"""Powers and polynomials: the exponent comes down, and one power is gone.

Roots, reciprocals and rational functions are powers too, with exponents that are not whole or not
positive.  Polynomials are sums of powers; the three families at the end (Chebyshev, Hermite,
Legendre) are polynomials whose derivatives stay in the family.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import Real, polynomial
from lab.derivation import derivative, gradient, identity
from lab.domains import choice, interval, nonzero, positive, reals

Coefficients = Float[Array, " n"]

# ----- one power -----


def constant_function(x: Real, c: Real) -> Real:
    """c"""
    return jnp.zeros_like(x) + c


@gradient(of=constant_function, wrt=("x", "c"), at=dict(x=reals(), c=reals()))
def constant_function_gradient(x: Real, c: Real) -> tuple[Real, Real]:
    """f(x + h) - f(x) = c - c = 0 for every h, and raising c raises f as much;  hence 0 and 1."""
    return jnp.zeros_like(x), jnp.ones_like(c)


def identity_function(x: Real) -> Real:
    """x"""
    return x


@derivative(of=identity_function, at=dict(x=reals()))
def identity_function_derivative(x: Real) -> Real:
    """(x + h - x) / h = 1 for every h;  hence 1."""
    return jnp.ones_like(x)


def integer_power(x: Real, n: int) -> Real:
    """xⁿ for any whole n"""
    return x**n


@derivative(of=integer_power, at=dict(x=nonzero(), n=choice(-4, -1, 0, 2, 7)))
def integer_power_derivative(x: Real, n: int) -> Real:
    """For n < 0 by the quotient rule from x⁻ⁿ: d(1/u) = -du/u² with u = x⁻ⁿ, du = -n x⁻ⁿ⁻¹ dx;
    hence n x⁻ⁿ⁻¹ x²ⁿ = n xⁿ⁻¹, the same formula as for n > 0."""
    return n * x ** (n - 1)


def real_power(x: Real, a: Real) -> Real:
    """xᵃ"""
    return x**a


@derivative(of=real_power, at=dict(x=positive(), a=reals()))
def real_power_derivative(x: Real, a: Real) -> Real:
    """xᵃ = e^(a ln x): d = xᵃ d(a ln x) = xᵃ a/x dx;  hence a xᵃ⁻¹."""
    return a * x ** (a - 1)


def inverse_square_root(x: Real) -> Real:
    """1/√x"""
    return 1 / jnp.sqrt(x)


@derivative(of=inverse_square_root, at=dict(x=positive()))
def inverse_square_root_derivative(x: Real) -> Real:
    """The power rule with exponent -1/2;  hence -½ x^(-3/2), written -1 / (2 x √x)."""
    return -1 / (2 * x * jnp.sqrt(x))


def cube_root(x: Real) -> Real:
    """∛x"""
    return jnp.cbrt(x)


@derivative(of=cube_root, at=dict(x=nonzero()))
def cube_root_derivative(x: Real) -> Real:
    """y³ = x, so 3y² dy = dx;  hence 1 / (3y²), which has no bound as x goes to 0."""
    return 1 / (3 * jnp.cbrt(x) ** 2)


def power_of_absolute_value(x: Real, p: Real) -> Real:
    """|x|ᵖ"""
    return jnp.abs(x) ** p


@derivative(of=power_of_absolute_value, at=dict(x=nonzero(), p=reals()))
def power_of_absolute_value_derivative(x: Real, p: Real) -> Real:
    """u = |x|, du = sign(x) dx, d(uᵖ) = p uᵖ⁻¹ du;  hence p |x|ᵖ⁻¹ sign(x)."""
    return p * jnp.abs(x) ** (p - 1) * jnp.sign(x)


@derivative(of=power_of_absolute_value, at=dict(x=reals(), p=choice(2.0, 3.0, 4.0)))
def power_of_absolute_value_derivative_through_zero(x: Real, p: Real) -> Real:
    """At 0 the quotient is |h|ᵖ/h, which goes to 0 when p > 1: no corner is left;
    hence p x |x|ᵖ⁻², that is p |x|ᵖ⁻¹ sign(x), everywhere."""
    return p * jnp.abs(x) ** (p - 1) * jnp.sign(x)


# ----- sums and quotients of powers -----


@derivative(of=polynomial, wrt="x", at=dict(coefficients=reals("n"), x=reals()))
def polynomial_derivative(coefficients: Coefficients, x: Real) -> Real:
    """Horner's step p ← p x + c has the differential dp ← dp x + p dx: carry both along;
    hence c₁ + 2c₂x + 3c₃x² + ..., each term by the power rule."""
    total, slope = jnp.zeros_like(x), jnp.zeros_like(x)
    for coefficient in coefficients[::-1]:
        total, slope = total * x + coefficient, slope * x + total
    return slope


@gradient(of=polynomial, wrt="coefficients", at=dict(coefficients=reals("n"), x=reals()))
def polynomial_gradient_in_coefficients(coefficients: Coefficients, x: Real) -> Coefficients:
    """The polynomial is linear in its coefficients: df = Σ xᵏ dcₖ;  hence the powers 1, x, x², ...:
    polynomial regression is linear regression with these features."""
    return jnp.vander(x[None], coefficients.size, increasing=True)[0]


def moebius_map(x: Real, a: Real, b: Real, c: Real, d: Real) -> Real:
    """(a x + b) / (c x + d)"""
    return (a * x + b) / (c * x + d)


@derivative(
    of=moebius_map,
    at=dict(x=positive(), a=reals(), b=reals(), c=positive(), d=positive()),
)
def moebius_map_derivative(x: Real, a: Real, b: Real, c: Real, d: Real) -> Real:
    """d(u/v) = (v du - u dv)/v² = ((cx + d) a - (ax + b) c) dx / v² and x cancels on top;
    hence (ad - bc) / (cx + d)²: one sign everywhere, that of the determinant."""
    return (a * d - b * c) / (c * x + d) ** 2


# ----- families of polynomials -----


def chebyshev(x: Real, n: int) -> Real:
    """Tₙ(x), with Tₙ(cos t) = cos nt; by its recurrence Tₙ₊₁ = 2x Tₙ - Tₙ₋₁"""
    before, here = x, jnp.ones_like(x)  # T₋₁ = T₁
    for _ in range(n):
        before, here = here, 2 * x * here - before
    return here


def chebyshev_second_kind(x: Real, n: int) -> Real:
    """Uₙ(x), with sin t Uₙ(cos t) = sin (n+1)t; the same recurrence from U₋₁ = 0"""
    before, here = jnp.zeros_like(x), jnp.ones_like(x)
    for _ in range(n):
        before, here = here, 2 * x * here - before
    return here


@identity(of=lambda t, n: chebyshev(jnp.cos(t), n), at=dict(t=reals(), n=choice(0, 1, 2, 3, 6)))
def chebyshev_of_cosine(t: Real, n: int) -> Real:
    """cos (n+1)t + cos (n-1)t = 2 cos t cos nt, which is the recurrence;  hence cos nt."""
    return jnp.cos(n * t)


@derivative(of=chebyshev, at=dict(x=interval(-1, 1), n=choice(1, 2, 3, 5, 8)))
def chebyshev_derivative(x: Real, n: int) -> Real:
    """x = cos t, dx = -sin t dt, d(cos nt) = -n sin nt dt;  hence n sin nt / sin t = n Uₙ₋₁(x)."""
    return n * chebyshev_second_kind(x, n - 1)


def hermite(x: Real, n: int) -> Real:
    """Heₙ(x), the probabilists' Hermite polynomials: Heₙ₊₁ = x Heₙ - n Heₙ₋₁"""
    before, here = jnp.zeros_like(x), jnp.ones_like(x)
    for k in range(n):
        before, here = here, x * here - k * before
    return here


@derivative(of=hermite, at=dict(x=reals(), n=choice(1, 2, 3, 5, 8)))
def hermite_derivative(x: Real, n: int) -> Real:
    """e^(xt - t²/2) = Σ Heₙ(x) tⁿ/n!, and ∂/∂x multiplies the left side by t, which moves every
    coefficient one place on;  hence n Heₙ₋₁(x)."""
    return n * hermite(x, n - 1)


def legendre(x: Real, n: int) -> Real:
    """Pₙ(x): (n+1) Pₙ₊₁ = (2n+1) x Pₙ - n Pₙ₋₁"""
    before, here = jnp.zeros_like(x), jnp.ones_like(x)
    for k in range(n):
        before, here = here, ((2 * k + 1) * x * here - k * before) / (k + 1)
    return here


@derivative(of=legendre, at=dict(x=interval(-1, 1), n=choice(1, 2, 3, 5, 8)))
def legendre_derivative(x: Real, n: int) -> Real:
    """P'ₖ₊₁ - P'ₖ₋₁ = (2k+1) Pₖ, summed over k = n-1, n-3, ... where the left side telescopes;
    hence (2n-1) Pₙ₋₁ + (2n-5) Pₙ₋₃ + ..., at the ends of the interval too."""
    terms = ((2 * k + 1) * legendre(x, k) for k in range(n - 1, -1, -2))
    return sum(terms, start=jnp.zeros_like(x))


@identity(
    of=legendre_derivative,
    at=dict(x=interval(-0.9, 0.9), n=choice(1, 2, 3, 5, 8)),
)
def legendre_derivative_naive(x: Real, n: int) -> Real:
    """(x² - 1) P'ₙ = n (x Pₙ - Pₙ₋₁);  hence n (x Pₙ - Pₙ₋₁) / (x² - 1), as tables have it.  At the
    ends it is 0/0 and near them it cancels: it is claimed for |x| < 0.9 only."""
    return n * (x * legendre(x, n) - legendre(x, n - 1)) / (x**2 - 1)
