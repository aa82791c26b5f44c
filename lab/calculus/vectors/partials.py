"""Partial derivatives put together: fields that are gradients, moves of one or all variables.

A gradient field has a potential: what it does along a path depends on the ends alone.  A field
that turns has none, and its curl says so.  And a step down may move all variables by one gradient,
or one variable after the other, each by a partial derivative taken anew.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.vectors.surfaces import mixed_cubic
from lab.derivation import identity, jacobian
from lab.domains import positive, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Field = Callable[[Point], Point]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)


def work(field: Field, start: Point, end: Point) -> Scalar:
    """∫ F.dr along the straight way, by 12 Gauss nodes: exact for polynomials to degree 23"""
    way = end - start
    share = ((1 + NODES) / 2).astype(start.dtype)
    along = jax.vmap(lambda t: field(start + t * way) @ way)(jnp.asarray(share))
    return jnp.asarray((WEIGHTS / 2).astype(start.dtype)) @ along


def plane_curl(field: Field, p: Point) -> Scalar:
    """∂F₂/∂x - ∂F₁/∂y: how fast a small wheel in the field turns, twice"""
    matrix = jax.jacfwd(field)(p)
    return matrix[1, 0] - matrix[0, 1]


def rotation(p: Point) -> Point:
    """(-y, x): around the origin, the faster the farther"""
    x, y = p
    return jnp.stack([-y, x])


def stirred(p: Point, spin: Scalar) -> Point:
    """The gradient of x²y + xy², and a rotation"""
    x, y = p
    return jnp.stack([2 * x * y + y**2, x**2 + 2 * x * y]) + spin * rotation(p)


# ----- is it a gradient? -----


@identity(
    of=lambda p, spin: plane_curl(lambda q: stirred(q, spin), p),
    at=dict(p=reals("2"), spin=reals()),
)
def curl_of_stirred_gradient(p: Point, spin: Scalar) -> Scalar:
    """Mixed partials agree, so a gradient has curl f_yx - f_xy = 0;  s (-y, x) has s - (-s);
    hence 2s, everywhere: the field is a gradient only where s = 0."""
    return 2 * spin


@identity(
    of=lambda a, b: work(lambda p: stirred(p, jnp.zeros_like(p[0])), a, b),
    at=dict(a=reals("2"), b=reals("2")),
)
def work_of_gradient_field(a: Point, b: Point) -> Scalar:
    """d f(r(t)) = grad f . r' dt, and the integral adds up all changes of height on the way;
    hence f(b) - f(a): the field (2xy + y², x² + 2xy) has the potential x²y + xy²."""
    return mixed_cubic(b) - mixed_cubic(a)


@identity(
    of=lambda p, w, h: (
        work(rotation, p, p + jnp.stack([w, 0 * w]))
        + work(rotation, p + jnp.stack([w, 0 * w]), p + jnp.stack([w, h]))
        + work(rotation, p + jnp.stack([w, h]), p + jnp.stack([0 * h, h]))
        + work(rotation, p + jnp.stack([0 * h, h]), p)
    ),
    at=dict(p=reals("2"), w=positive(), h=positive()),
)
def rotation_around_rectangle(p: Point, w: Scalar, h: Scalar) -> Scalar:
    """Along the bottom -y w, up the right side (x + w) h, back (y + h) w, down -x h;  hence 2wh:
    the curl 2 times the area, wherever the rectangle lies.  A gradient would have left 0."""
    return 2 * w * h


# ----- all variables at once, or one after the other -----


def together(p: Point, step: Scalar) -> Point:
    """A step down x² + xy + y²: both partial derivatives at p, then both variables move"""
    x, y = p
    return jnp.stack([x - step * (2 * x + y), y - step * (x + 2 * y)])


def one_by_one(p: Point, step: Scalar) -> Point:
    """x moves first; the partial derivative in y is taken where that leads"""
    x, y = p
    x = x - step * (2 * x + y)
    return jnp.stack([x, y - step * (x + 2 * y)])


@jacobian(of=together, at=dict(p=reals("2"), step=reals()))
def together_jacobian(p: Point, step: Scalar) -> Float[Array, "2 2"]:
    """p - a Hp with H = [[2, 1], [1, 2]];  hence I - aH, whose eigenvalues are 1 - a and 1 - 3a."""
    keep, mix = 1 - 2 * step, -step
    return jnp.stack([jnp.stack([keep, mix]), jnp.stack([mix, keep])])


@jacobian(of=one_by_one, at=dict(p=reals("2"), step=reals()))
def one_by_one_jacobian(p: Point, step: Scalar) -> Float[Array, "2 2"]:
    """First dx' = (1 - 2a) dx - a dy, then dy' = (1 - 2a) dy - a dx';  hence the second row is
    (-a (1 - 2a), 1 - 2a + a²): at a = 1/2 the matrix is [[0, -1/2], [0, 1/4]]."""
    keep, mix = 1 - 2 * step, -step
    return jnp.stack([jnp.stack([keep, mix]), jnp.stack([mix * keep, keep + mix**2])])
