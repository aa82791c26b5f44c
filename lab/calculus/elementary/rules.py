"""Rules of differentiation: how the slope of a whole follows from the slopes of its parts.

A rule takes values and their differentials, ``f`` and ``df``, ``g`` and ``dg``, to the differential
of what is made of them.  That is the jvp of an operation, and so each rule is stated and judged
here: for any values, with any differentials.  The rules about composition are judged with
polynomials of any degree and any coefficients for f and g.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import Real, polynomial
from lab.derivation import derivative, identity, jvp
from lab.domains import choice, nonzero, positive, reals

Scalar = Float[Array, ""]
Coefficients = Float[Array, " n"]
Pair = tuple[Real, Real]


def derived(coefficients: Float[Array, " _"]) -> Float[Array, " _"]:
    """The coefficients of the derivative of a polynomial, by the power rule on each term."""
    return coefficients[1:] * jnp.arange(1, coefficients.size).astype(coefficients.dtype)


# ----- sums, products, quotients -----


@jvp(of=lambda f, c: c * f, at=dict(f=reals(), c=reals()))
def constant_multiple_rule(f: Real, c: Real, df: Real) -> Real:
    """c (f + df) - c f;  hence (c f)' = c f'."""
    return c * df


@jvp(of=lambda f, g: f + g, wrt=("f", "g"), at=dict(f=reals(), g=reals()))
def sum_rule(f: Real, g: Real, change: Pair) -> Real:
    """(f + df) + (g + dg) - (f + g);  hence (f + g)' = f' + g'."""
    df, dg = change
    return df + dg


@jvp(of=lambda f, g: f * g, wrt=("f", "g"), at=dict(f=reals(), g=reals()))
def product_rule(f: Real, g: Real, change: Pair) -> Real:
    """The rectangle f by g grows by two strips, df g + f dg, and a corner df dg of second order;
    hence (f g)' = f' g + f g'."""
    df, dg = change
    return df * g + f * dg


@jvp(
    of=lambda f, g, k: f * g * k,
    wrt=("f", "g", "k"),
    at=dict(f=reals(), g=reals(), k=reals()),
)
def triple_product_rule(f: Real, g: Real, k: Real, change: tuple[Real, Real, Real]) -> Real:
    """The product rule twice, on (f g) k;  hence (f g k)' = f' g k + f g' k + f g k'."""
    df, dg, dk = change
    return df * g * k + f * dg * k + f * g * dk


@jvp(of=lambda g: 1 / g, at=dict(g=nonzero()))
def reciprocal_rule(g: Real, dg: Real) -> Real:
    """g q = 1, so dg q + g dq = 0;  hence (1/g)' = -g'/g²."""
    return -dg / g**2


@jvp(of=lambda f, g: f / g, wrt=("f", "g"), at=dict(f=reals(), g=nonzero()))
def quotient_rule(f: Real, g: Real, change: Pair) -> Real:
    """g q = f, so dg q + g dq = df;  hence (f/g)' = (f' - q g')/g, which is (f' g - f g')/g²."""
    df, dg = change
    return (df - f / g * dg) / g


# ----- a known function of something that moves: the chain rule, one outer function at a time -----


@jvp(of=lambda f, n: f**n, at=dict(f=nonzero(), n=choice(-3, -1, 2, 5)))
def power_of_function_rule(f: Real, n: int, df: Real) -> Real:
    """n factors, each of which may move;  hence (fⁿ)' = n fⁿ⁻¹ f'. The generalised power rule."""
    return n * f ** (n - 1) * df


@jvp(of=jnp.exp, at=dict(x=reals()))
def exponential_of_function_rule(x: Real, dx: Real) -> Real:
    """e^(f + df) = e^f e^df = e^f (1 + df + ...);  hence (e^f)' = e^f f'."""
    return jnp.exp(x) * dx


@jvp(of=jnp.log, at=dict(x=positive()))
def logarithm_of_function_rule(x: Real, dx: Real) -> Real:
    """ln(f + df) - ln f = ln(1 + df/f);  hence (ln f)' = f'/f, the relative rate of change."""
    return dx / x


@jvp(of=lambda f: jnp.cos(f), at=dict(f=reals()))
def cosine_of_function_rule(f: Real, df: Real) -> Real:
    """The slope of the cosine at f, times df;  hence (cos f)' = -f' sin f."""
    return -df * jnp.sin(f)


@jvp(of=lambda f: jnp.tan(f), at=dict(f=reals()))
def tangent_of_function_rule(f: Real, df: Real) -> Real:
    """The slope of the tangent at f, times df;  hence (tan f)' = f' / cos² f."""
    return df / jnp.cos(f) ** 2


@jvp(of=lambda f: 1 / jnp.cos(f), at=dict(f=reals()))
def secant_of_function_rule(f: Real, df: Real) -> Real:
    """The slope of the secant at f, times df;  hence (sec f)' = f' sec f tan f."""
    return df * jnp.tan(f) / jnp.cos(f)


@jvp(of=lambda f: jnp.arctan(f), at=dict(f=reals()))
def arctangent_of_function_rule(f: Real, df: Real) -> Real:
    """The slope of the arctangent at f, times df;  hence (arctan f)' = f' / (1 + f²)."""
    return df / (1 + f**2)


@jvp(of=lambda f, g: f**g, wrt=("f", "g"), at=dict(f=positive(), g=reals()))
def power_of_functions_rule(f: Real, g: Real, change: Pair) -> Real:
    """ln y = g ln f, so dy/y = dg ln f + g df/f;  hence (f^g)' = f^g (g' ln f + g f'/f)."""
    df, dg = change
    return f**g * (dg * jnp.log(f) + g * df / f)


@jvp(of=lambda u, a: jnp.prod(u**a), at=dict(u=positive("n"), a=reals("n")))
def logarithmic_differentiation(
    u: Float[Array, " n"], a: Float[Array, " n"], du: Float[Array, " n"]
) -> Scalar:
    """ln y = Σ aᵢ ln uᵢ, so dy/y = Σ aᵢ duᵢ/uᵢ;
    hence y' = y Σ aᵢ uᵢ'/uᵢ: a product becomes a sum."""
    return jnp.prod(u**a) * jnp.sum(a * du / u)


# ----- composition, for any two functions -----


def composed(x: Real, f: Float[Array, " m"], g: Float[Array, " n"]) -> Real:
    """f(g(x)), two polynomials with coefficients f and g"""
    return polynomial(f, polynomial(g, x))


@derivative(of=composed, at=dict(x=reals(), f=reals("m"), g=reals("n")))
def chain_rule(x: Real, f: Float[Array, " m"], g: Float[Array, " n"]) -> Real:
    """u = g(x), du = g'(x) dx, df = f'(u) du;  hence (f∘g)' = f'(g(x)) g'(x)."""
    return polynomial(derived(f), polynomial(g, x)) * polynomial(derived(g), x)


@derivative(
    of=lambda x, f, g, k: composed(polynomial(k, x), f, g),
    at=dict(x=reals(), f=reals("3"), g=reals("3"), k=reals("n")),
)
def triple_chain_rule(
    x: Real, f: Float[Array, " 3"], g: Float[Array, " 3"], k: Float[Array, " n"]
) -> Real:
    """The chain rule twice, from the inside out: v = k(x), u = g(v);
    hence f'(u) g'(v) k'(x), one slope for each link."""
    v = polynomial(k, x)
    u = polynomial(g, v)
    return polynomial(derived(f), u) * polynomial(derived(g), v) * polynomial(derived(k), x)


@derivative(
    of=lambda x, a, b, f: polynomial(f, a * x + b),
    at=dict(x=reals(), a=reals(), b=reals(), f=reals("n")),
)
def scaling_and_shift_rule(x: Real, a: Real, b: Real, f: Coefficients) -> Real:
    """u = ax + b, du = a dx;  hence f(ax + b)' = a f'(ax + b)."""
    return a * polynomial(derived(f), a * x + b)


# ----- what symmetry does to the slope -----


def even_part(x: Real, f: Coefficients) -> Real:
    """(f(x) + f(-x)) / 2: the even half of f by parity."""
    return (polynomial(f, x) + polynomial(f, -x)) / 2


@derivative(of=even_part, at=dict(x=reals(), f=reals("n")))
def even_part_derivative(x: Real, f: Coefficients) -> Real:
    """d f(-x) = -f'(-x) dx;  hence (f'(x) - f'(-x))/2, the odd part of f': an even function has an
    odd derivative."""
    slope = derived(f)
    return (polynomial(slope, x) - polynomial(slope, -x)) / 2


@derivative(
    of=lambda x, f: (polynomial(f, x) - polynomial(f, -x)) / 2, at=dict(x=reals(), f=reals("n"))
)
def odd_part_derivative(x: Real, f: Coefficients) -> Real:
    """d f(-x) = -f'(-x) dx;  hence (f'(x) + f'(-x))/2, the even part of f': an odd function has an
    even derivative. Parity, the other way round.
    """
    return even_part(x, derived(f))


def wave(x: Real, a: Coefficients, b: Coefficients, period: Real) -> Real:
    """Σₖ aₖ cos(2πkx/T) + bₖ sin(2πkx/T)"""
    turn = 2 * jnp.pi * x / period * jnp.arange(1, a.size + 1).astype(a.dtype)
    return a @ jnp.cos(turn) + b @ jnp.sin(turn)


@identity(
    of=lambda x, a, b, period: jax.grad(wave)(x + period, a, b, period),
    at=dict(x=reals(), a=reals("n"), b=reals("n"), period=positive()),
)
def periodic_function_slope(x: Real, a: Coefficients, b: Coefficients, period: Real) -> Real:
    """f(x + T) = f(x) for all x, and both sides may be differentiated;  hence f'(x + T) = f'(x),
    Σ wₖ (bₖ cos wₖx - aₖ sin wₖx) with wₖ = 2πk/T."""
    rate = 2 * jnp.pi / period * jnp.arange(1, a.size + 1).astype(a.dtype)
    return rate * b @ jnp.cos(rate * x) - rate * a @ jnp.sin(rate * x)
