"""Fields: divergence, curl and Laplacian, what a Jacobian says that does not depend on the axes.

Of the Jacobian of a field the trace says how much flows out of a point (divergence), the
antisymmetric part how it turns there (curl); of a Hessian the trace is the Laplacian, how far the
value at a point lies below the mean around it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.vectors.maps import polar
from lab.derivation import identity
from lab.domains import nonzero, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Space = Float[Array, " 3"]
Cube = Float[Array, "3 3"]


def curl(field: Cube) -> Space:
    """(∂F₃/∂y - ∂F₂/∂z, ...), from the Jacobian of F"""
    return jnp.stack(
        [field[2, 1] - field[1, 2], field[0, 2] - field[2, 0], field[1, 0] - field[0, 1]]
    )


@identity(
    of=lambda x, A: jnp.trace(jax.jacrev(lambda x: A @ x)(x)), at=dict(x=reals("d"), A=reals("d d"))
)
def linear_field_divergence(x: Float[Array, " d"], A: Float[Array, "d d"]) -> Scalar:
    """div F = Σᵢ ∂Fᵢ/∂xᵢ, and of (Ax)ᵢ = Σⱼ Aᵢⱼ xⱼ that takes Aᵢᵢ;  hence tr A, everywhere."""
    return jnp.trace(A)


@identity(
    of=lambda x, a, b: curl(jax.jacfwd(lambda x: jnp.sin(a @ x) * 2 * (b @ x) * b)(x)),
    at=dict(x=reals("3"), a=reals("3"), b=reals("3")),
)
def curl_of_scaled_gradient(x: Space, a: Space, b: Space) -> Space:
    """curl(f grad g) = grad f × grad g + f curl(grad g), and curl(grad g) = 0, as mixed partials
    agree; here f = sin a.x and g = (b.x)²;  hence 2 (b.x) cos(a.x) a × b."""
    return 2 * (b @ x) * jnp.cos(a @ x) * jnp.cross(a, b)


def _stirred(x: Space, a: Space, b: Space) -> Space:
    """f curl F for f = a . x and F = |x|² b"""
    swirl = curl(jax.jacfwd(lambda x: (x @ x) * b)(x))
    return (a @ x) * swirl


@identity(
    of=lambda x, a, b: jnp.trace(jax.jacfwd(_stirred)(x, a, b)),
    at=dict(x=reals("3"), a=reals("3"), b=reals("3")),
)
def divergence_of_scaled_curl(x: Space, a: Space, b: Space) -> Scalar:
    """div(f curl F) = grad f . curl F + f div(curl F), and div(curl F) = 0, as mixed partials
    agree; here grad f = a and curl(|x|² b) = 2x × b;  hence 2 a . (x × b)."""
    return 2 * a @ jnp.cross(x, b)


def _wave(p: Point) -> Scalar:
    """x³ + sin x cos y"""
    return p[0] ** 3 + jnp.sin(p[0]) * jnp.cos(p[1])


def _steepness_in_polar_form(q: Point) -> Scalar:
    """f_r² + f_t²/r²"""
    in_r, in_t = jax.grad(lambda q: _wave(polar(q)))(q)
    return in_r**2 + (in_t / q[0]) ** 2


@identity(of=_steepness_in_polar_form, at=dict(q=nonzero("2")))
def steepness_from_polar_partials(q: Point) -> Scalar:
    """(f_r, f_t) = Jᵀ grad f with J's columns orthogonal of lengths 1 and r, so (f_r, f_t/r) is
    grad f turned;  hence |grad f|²: a turn keeps lengths.  Here f = x³ + sin x cos y. The
    gradient's norm in polar coordinates.
    """
    x, y = polar(q)
    return (3 * x**2 + jnp.cos(x) * jnp.cos(y)) ** 2 + (jnp.sin(x) * jnp.sin(y)) ** 2


def _laplacian_in_polar_form(q: Point) -> Scalar:
    """f_rr + f_r/r + f_tt/r² of f = x²y"""
    r = q[0]
    f = lambda q: polar(q)[0] ** 2 * polar(q)[1]
    g, H = jax.grad(f)(q), jax.hessian(f)(q)
    return H[0, 0] + g[0] / r + H[1, 1] / r**2


@identity(of=_laplacian_in_polar_form, at=dict(q=nonzero("2")))
def laplacian_from_polar_partials(q: Point) -> Scalar:
    """tr H = f_xx + f_yy does not depend on the axes: along r it is f_rr, across it is f_tt/r² and
    f_r/r for the circle bending away;  hence, for f = x²y, the 2y of f_xx + f_yy: 2r sin t."""
    return 2 * q[0] * jnp.sin(q[1])


def gaussian_bump(x: Float[Array, " d"]) -> Scalar:
    """e^(-|x|²/2)"""
    return jnp.exp(-(x @ x) / 2)


@identity(of=lambda x: jnp.trace(jax.hessian(gaussian_bump)(x)), at=dict(x=reals("d")))
def gaussian_bump_laplacian(x: Float[Array, " d"]) -> Scalar:
    """A radial function has Laplacian φ'' + (d - 1) φ'/r: the second derivative outwards, and one
    φ'/r for each direction across; φ' = -rφ and φ'' = (r² - 1)φ;  hence (r² - d) e^(-r²/2)."""
    return (x @ x - x.size) * gaussian_bump(x)
