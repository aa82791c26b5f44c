"""Higher derivatives: the n-th one at once, by a pattern that repeats.

Some functions come back to themselves when differentiated (e to the x, sine), some lose a factor
each time (powers).  Products follow Leibniz, with the coefficients of (a + b)ⁿ; compositions follow
Faa di Bruno, with one term for each way to split n marks into groups.
"""

from collections.abc import Callable
from math import comb, factorial, perm

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import polynomial
from lab.calculus.elementary.rules import Coefficients, composed, derived
from lab.derivation import derivative, hessian, identity
from lab.domains import choice, nonzero, positive, reals

Scalar = Float[Array, ""]


def differentiated(f: Callable[[Scalar], Scalar], n: int) -> Callable[[Scalar], Scalar]:
    """The n-th derivative of f, by forward mode on itself n times."""
    if n == 0:
        return f
    return differentiated(lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1], n - 1)


# ----- patterns -----


@identity(
    of=lambda x, a, n: differentiated(lambda t: jnp.exp(a * t), n)(x),
    at=dict(x=reals(), a=reals(), n=choice(1, 2, 3, 5)),
)
def exponential_nth_derivative(x: Scalar, a: Scalar, n: int) -> Scalar:
    """Each differentiation brings down one a and leaves the rest;  hence aⁿ e^(ax)."""
    return a**n * jnp.exp(a * x)


@identity(
    of=lambda x, n: differentiated(jnp.sin, n)(x), at=dict(x=reals(), n=choice(1, 2, 3, 4, 5))
)
def sine_nth_derivative(x: Scalar, n: int) -> Scalar:
    """cos x = sin(x + π/2): to differentiate is to go a quarter turn ahead;  hence
    sin(x + nπ/2): after four times the sine is back. The n-th derivative of sin and, a step ahead,
    of cos.
    """
    quarters = (jnp.sin(x), jnp.cos(x), -jnp.sin(x), -jnp.cos(x))
    return quarters[n % 4]


@identity(
    of=lambda x, n: differentiated(lambda t: 1 / t, n)(x),
    at=dict(x=nonzero(), n=choice(1, 2, 3, 5)),
)
def reciprocal_nth_derivative(x: Scalar, n: int) -> Scalar:
    """The exponents -1, -2, ..., -n come down, one each time;  hence (-1)ⁿ n! / xⁿ⁺¹: they grow
    like n!, and that is why the Taylor series of 1/x has a radius. The n-th derivative of 1/x.
    """
    return (-1) ** n * factorial(n) / x ** (n + 1)


@identity(
    of=lambda x, n: differentiated(jnp.log, n)(x), at=dict(x=positive(), n=choice(1, 2, 3, 5))
)
def logarithm_nth_derivative(x: Scalar, n: int) -> Scalar:
    """The first is 1/x, and n - 1 more of that;  hence (-1)ⁿ⁻¹ (n-1)! / xⁿ."""
    return (-1) ** (n - 1) * factorial(n - 1) / x**n


@identity(
    of=lambda x, m, n: differentiated(lambda t: t**m, n)(x),
    at=dict(x=reals(), m=choice(1, 2, 4, 7), n=choice(1, 2, 3)),
)
def power_nth_derivative(x: Scalar, m: int, n: int) -> Scalar:
    """m (m-1) ... (m-n+1) xᵐ⁻ⁿ;  hence m!/(m-n)! xᵐ⁻ⁿ, and 0 once n exceeds m."""
    return perm(m, n) * x ** max(m - n, 0)


# ----- products -----


@identity(
    of=lambda x, n: differentiated(lambda t: t**4 * jnp.sin(t), n)(x),
    at=dict(x=reals(), n=choice(1, 2, 3, 5)),
)
def leibniz_rule(x: Scalar, n: int) -> Scalar:
    """Each of n differentiations goes to f or to g, and C(n, k) ways send k of them to f;  hence
    (fg)⁽ⁿ⁾ = Σₖ C(n, k) f⁽ᵏ⁾ g⁽ⁿ⁻ᵏ⁾, here for f = x⁴ and g = sin x. The n-th derivative of a
    product (Leibniz).
    """
    terms = (
        comb(n, k) * power_nth_derivative(x, 4, k) * sine_nth_derivative(x, n - k)
        for k in range(n + 1)
    )
    return sum(terms, start=jnp.zeros_like(x))


@identity(
    of=lambda x, a, b, n: differentiated(lambda t: jnp.exp(a * t) * jnp.sin(b * t), n)(x),
    at=dict(x=reals(), a=reals(), b=nonzero(), n=choice(1, 2, 3, 5)),
)
def damped_sine_nth_derivative(x: Scalar, a: Scalar, b: Scalar, n: int) -> Scalar:
    """e^(ax) sin bx is the imaginary part of e^(zx), z = a + ib = r e^(iφ), and its n-th derivative
    that of zⁿ e^(zx);  hence rⁿ e^(ax) sin(bx + nφ): n times stretched, n times turned."""
    r, phi = jnp.hypot(a, b), jnp.arctan2(b, a)
    return r**n * jnp.exp(a * x) * jnp.sin(b * x + n * phi)


# ----- compositions -----


@hessian(of=composed, wrt="x", at=dict(x=reals(), f=reals("m"), g=reals("n")))
def faa_di_bruno_second(x: Scalar, f: Float[Array, " m"], g: Coefficients) -> Scalar:
    """(f∘g)' = f'(g) g', and by the product rule once more;  hence f''(g) g'² + f'(g) g''."""
    u, slope, bend = (polynomial(c, x) for c in (g, derived(g), derived(derived(g))))
    return polynomial(derived(derived(f)), u) * slope**2 + polynomial(derived(f), u) * bend


@derivative(
    of=lambda x, f, g: jax.hessian(composed)(x, f, g),
    at=dict(x=reals(), f=reals("m"), g=reals("n")),
)
def faa_di_bruno_third(x: Scalar, f: Float[Array, " m"], g: Coefficients) -> Scalar:
    """d(f'' g'² + f' g'') = f''' g'³ + 2 f'' g' g'' + f'' g' g'' + f' g''';
    hence f'''(g) g'³ + 3 f''(g) g' g'' + f'(g) g''': three marks together, in two groups, apart."""
    g1 = derived(g)
    g2 = derived(g1)
    u, slope, bend, twist = (polynomial(c, x) for c in (g, g1, g2, derived(g2)))
    f1 = derived(f)
    f2 = derived(f1)
    first, second, third = (polynomial(c, u) for c in (f1, f2, derived(f2)))
    return third * slope**3 + 3 * second * slope * bend + first * twist
