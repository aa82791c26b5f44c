"""Densities on the line and on the circle: Laplace, Cauchy, Student, logistic, Gumbel, von Mises.

The score says how hard the centre pulls at x: with a spring for the normal, a constant force for
Laplace, less and less for the heavy tails of Cauchy and Student.
"""

import math

import jax.numpy as jnp
from jax.scipy.special import gammaln, i0e, i1e
from jaxtyping import Array, Float

from lab.calculus.networks.activations import softplus
from lab.derivation import derivative, gradient
from lab.domains import positive, reals

Real = Float[Array, "..."]


def laplace_log_density(x: Real, m: Real, b: Real) -> Real:
    """``-ln(2b) - |x - m|/b``."""
    return -jnp.log(2 * b) - jnp.abs(x - m) / b


@gradient(
    of=laplace_log_density,
    wrt=("x", "b"),
    at=dict(x=reals(), m=reals(), b=positive()),
    kinks="x == m",
)
def laplace_log_density_gradient(x: Real, m: Real, b: Real) -> tuple[Real, Real]:
    """d(-|r|/b) = -sign r dr/b + |r|/b² db, and 0 at r = 0;  hence -sign(x - m)/b, of one size

    everywhere, and (|x - m|/b - 1)/b.
    """
    return -jnp.sign(x - m) / b, (jnp.abs(x - m) / b - 1) / b


def cauchy_log_density(x: Real, m: Real, g: Real) -> Real:
    """``-ln(π g) - ln(1 + z²)``, ``z = (x - m)/g``."""
    return -jnp.log(jnp.pi * g) - jnp.log1p(((x - m) / g) ** 2)


@derivative(of=cauchy_log_density, wrt="x", at=dict(x=reals("n"), m=reals(), g=positive()))
def cauchy_score(x: Real, m: Real, g: Real) -> Real:
    """d ln(1 + z²) = 2z dz/(1 + z²), dz = dx/g;  hence -2 (x - m)/(g² + (x - m)²):

    strongest at x = m ± g, and next to nothing far out.
    """
    z = (x - m) / g
    return -2 * z / (g * (1 + z**2))


def student_log_density(x: Real, v: Real) -> Real:
    """``-(v + 1)/2 ln(1 + x²/v) + ln Γ((v + 1)/2) - ln Γ(v/2) - ln(π v)/2``"""
    constant = gammaln((v + 1) / 2) - gammaln(v / 2) - jnp.log(math.pi * v) / 2
    return constant - (v + 1) / 2 * jnp.log1p(x**2 / v)


@derivative(of=student_log_density, wrt="x", at=dict(x=reals("n"), v=positive()))
def student_score(x: Real, v: Real) -> Real:
    """u = x²/v, du = 2x/v dx;  -(v + 1)/2 du/(1 + u);  hence -(v + 1) x/(v + x²)."""
    return -(v + 1) * x / (v + x**2)


def logistic_log_density(x: Real, m: Real, s: Real) -> Real:
    """``-z - 2 ln(1 + e^-z) - ln s`` as ``-softplus(z) - softplus(-z) - ln s``."""
    z = (x - m) / s
    return -softplus(z) - softplus(-z) - jnp.log(s)


@derivative(of=logistic_log_density, wrt="x", at=dict(x=reals("n"), m=reals(), s=positive()))
def logistic_score(x: Real, m: Real, s: Real) -> Real:
    """-s(z) + s(-z) = 1 - 2 s(z), times dz/dx = 1/s;  hence -tanh(z/2)/s, between -1/s and 1/s."""
    return -jnp.tanh((x - m) / (2 * s)) / s


def gumbel_log_density(z: Real) -> Real:
    """``-z - e^-z``: of the largest of many."""
    return -z - jnp.exp(-z)


@derivative(of=gumbel_log_density, at=dict(z=reals("n")))
def gumbel_score(z: Real) -> Real:
    """d(-z - e^-z) = (-1 + e^-z) dz;  hence e^-z - 1: a wall to the left, a slope to the right."""
    return jnp.expm1(-z)


def von_mises_log_density(x: Real, m: Real, k: Real) -> Real:
    """``k cos(x - m) - ln(2π I0(k))``, with ``I0(k) e^-k`` in place of I0, which overflows."""
    return k * (jnp.cos(x - m) - 1) - jnp.log(2 * jnp.pi * i0e(k))


@gradient(of=von_mises_log_density, wrt=("x", "k"), at=dict(x=reals(), m=reals(), k=positive()))
def von_mises_log_density_gradient(x: Real, m: Real, k: Real) -> tuple[Real, Real]:
    """d k cos = -k sin dx + cos dk, I0' = I1;  hence -k sin(x - m) and cos(x - m) - I1(k)/I0(k)."""
    return -k * jnp.sin(x - m), jnp.cos(x - m) - i1e(k) / i0e(k)
