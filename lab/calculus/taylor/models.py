"""Taylor models: what a function is worth near a point, and what the model leaves out.

The model of first order is the tangent, of second order the parabola with the same curvature; what
is left is an integral over the next derivative, so it is of the next order in the step. In several
variables slope and curvature are gradient and Hessian, and ``f(p + d) - f(p) - g . d - dᵀHd/2``
being of third order is how a gradient and a Hessian are tested.
"""

from math import factorial

import jax
import jax.numpy as jnp
from jax.experimental.jet import jet
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import polynomial
from lab.calculus.integrals.quadrature import gauss_legendre
from lab.calculus.taylor.series import taylor_polynomial
from lab.calculus.vectors.surfaces import folium, folium_gradient, folium_hessian
from lab.derivation import derivative, identity, jvp
from lab.domains import choice, interval, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]


# ----- several variables -----


@identity(of=lambda p, d: folium(p + d), at=dict(p=reals("2"), d=reals("2")))
def first_order_model(p: Point, d: Point) -> Scalar:
    """Along t ↦ f(p + td) the slope at 0 is g . d, and the integral of (1 - t) dᵀH(p + td)d is what
    it leaves out;  hence f + g . d + remainder, of second order in d. First order in several
    variables.
    """
    remainder = gauss_legendre(
        lambda t: (1 - t) * jax.vmap(lambda t: d @ folium_hessian(p + t * d) @ d)(t),
        jnp.zeros_like(d[0]),
        jnp.ones_like(d[0]),
        4,
    )
    return folium(p) + folium_gradient(p) @ d + remainder


@identity(of=lambda p, d: folium(p + d), at=dict(p=reals("2"), d=reals("2")))
def second_order_model(p: Point, d: Point) -> Scalar:
    """One more term, dᵀHd/2, and the third derivatives of x³ - 3xy + y³ are 6 and 6;
    hence f + g . d + dᵀHd/2 + d₁³ + d₂³, the last of third order and exact. Second order in several
    variables.
    """
    quadratic = folium(p) + folium_gradient(p) @ d + d @ folium_hessian(p) @ d / 2
    return quadratic + jnp.sum(d**3)


# ----- remainders -----


@identity(
    of=lambda a, h, n: jnp.exp(a + h),
    at=dict(a=interval(-3, 3), h=interval(-3, 3), n=choice(0, 1, 2, 4)),
)
def integral_remainder(a: Scalar, h: Scalar, n: int) -> Scalar:
    """By parts, again and again: f(a + h) - f(a) = ∫ f' = h f'(a) + ∫ (a + h - t) f''(t) dt = ...;
    hence Σ_{k≤n} f⁽ᵏ⁾(a) hᵏ/k! + ∫ f⁽ⁿ⁺¹⁾(a + th) (1 - t)ⁿ dt hⁿ⁺¹/n!, t from 0 to 1."""
    model = jnp.exp(a) * polynomial([1 / factorial(k) for k in range(n + 1)], h)
    rest = gauss_legendre(
        lambda t: jnp.exp(a + t * h) * (1 - t) ** n, jnp.zeros_like(h), jnp.ones_like(h)
    )
    return model + rest * h ** (n + 1) / factorial(n)


def power_model_gap(a: Scalar, h: Scalar, n: int) -> Scalar:
    """What Taylor's polynomial of order n at a leaves out of xⁿ⁺¹, at x = a + h"""
    model = sum(
        (factorial(n + 1) / (factorial(k) * factorial(n + 1 - k)) * a ** (n + 1 - k) * h**k)
        for k in range(n + 1)
    )
    return (a + h) ** (n + 1) - model


@identity(of=power_model_gap, at=dict(a=reals(), h=reals(), n=choice(1, 2, 3)))
def lagrange_remainder(a: Scalar, h: Scalar, n: int) -> Scalar:
    """R = f⁽ⁿ⁺¹⁾(c) hⁿ⁺¹/(n + 1)! for some c between a and a + h, the mean value theorem applied to
    the integral; of xⁿ⁺¹ that derivative is (n + 1)! everywhere;  hence hⁿ⁺¹."""
    return h ** (n + 1)


def logarithm_remainder_bound(x: Scalar, n: int) -> Scalar:
    """The most that |ln(1 + x) - T_n(x)| can be by Lagrange: |f⁽ⁿ⁺¹⁾| ≤ n! at the end of [0, x]
    nearer to -1, so |x|ⁿ⁺¹/((n + 1) min(1, 1 + x)ⁿ⁺¹)."""
    return (jnp.abs(x) / jnp.minimum(1.0, 1 + x)) ** (n + 1) / (n + 1)


# ----- the algebra of models -----


@derivative(of=taylor_polynomial(jnp.sin, 5), at=dict(x=reals()))
def derivative_of_taylor_polynomial(x: Scalar) -> Scalar:
    """(c_k xᵏ)' = k c_k xᵏ⁻¹, and k c_k is coefficient k - 1 of f': T_n[f]' = T_{n-1}[f'];
    hence, for the sine, the cosine's 1 - x²/2 + x⁴/24."""
    return polynomial([1, -1 / 2, 1 / 24], x**2)


def jet_of_sine(x: Scalar, moves: Float[Array, " 3"]) -> Float[Array, " 4"]:
    """sin x(t) and its first three derivatives in t, from those of x(t), by JAX's Taylor mode"""
    value, series = jet(jnp.sin, (x,), ([moves[0], moves[1], moves[2]],))
    return jnp.stack([value, *series])


@identity(of=jet_of_sine, at=dict(x=reals(), moves=reals("3")))
def jet_composition(x: Scalar, moves: Float[Array, " 3"]) -> Float[Array, " 4"]:
    """y = f(x(t)), differentiated three times: y' = f'x', y'' = f''x'² + f'x'',
    y''' = f'''x'³ + 3f''x'x'' + f'x''' (Faà di Bruno);  hence, for the sine, with its derivatives
    cos, -sin, -cos."""
    s, c = jnp.sin(x), jnp.cos(x)
    v, a, j = moves
    return jnp.stack([s, c * v, -s * v**2 + c * a, -c * v**3 - 3 * s * v * a + c * j])


@jvp(of=jet_of_sine, wrt="x", at=dict(x=reals(), moves=reals("3")))
def jet_moved(x: Scalar, moves: Float[Array, " 3"], tangent: Scalar) -> Float[Array, " 4"]:
    """Differentiating in x and in t may be exchanged: the jet of f' takes f's place;
    hence that of the cosine, times the tangent."""
    s, c = jnp.sin(x), jnp.cos(x)
    v, a, j = moves
    moved = [c, -s * v, -c * v**2 - s * a, s * v**3 - 3 * c * v * a - s * j]
    return tangent * jnp.stack(moved)
