"""Trigonometric functions and their inverses: circles, and the angles read off them.

The inverses all come by one rule: if x = g(y), then dx = g'(y) dy, so dy/dx = 1/g'(y), and what is
left is to say g'(y) in terms of x.  Differences like 1 - x² are written (1 - x)(1 + x), which keeps
its digits next to the ends.
"""

import jax.numpy as jnp

from lab.calculus.elementary.limits_and_first_principles import Real
from lab.derivation import derivative, gradient
from lab.domains import beyond, interval, nonzero, reals

# ----- the other four functions, by the quotient rule -----


def tangent_function(x: Real) -> Real:
    """tan x"""
    return jnp.tan(x)


@derivative(of=tangent_function, at=dict(x=reals()))
def tangent_function_derivative(x: Real) -> Real:
    """d(sin/cos) = (cos cos + sin sin)/cos²;  hence 1/cos² x = 1 + tan² x."""
    return 1 + jnp.tan(x) ** 2


def secant_function(x: Real) -> Real:
    """sec x = 1/cos x"""
    return 1 / jnp.cos(x)


@derivative(of=secant_function, at=dict(x=reals()))
def secant_function_derivative(x: Real) -> Real:
    """d(1/u) = -du/u² with u = cos x, du = -sin x dx;  hence sin/cos² = sec x tan x."""
    return jnp.tan(x) / jnp.cos(x)


def cosecant_function(x: Real) -> Real:
    """csc x = 1/sin x"""
    return 1 / jnp.sin(x)


@derivative(of=cosecant_function, at=dict(x=nonzero()))
def cosecant_function_derivative(x: Real) -> Real:
    """d(1/u) = -du/u² with u = sin x, du = cos x dx;  hence -cos/sin² = -csc x cot x."""
    return -1 / (jnp.sin(x) * jnp.tan(x))


def cotangent_function(x: Real) -> Real:
    """cot x = cos x / sin x"""
    return 1 / jnp.tan(x)


@derivative(of=cotangent_function, at=dict(x=nonzero()))
def cotangent_function_derivative(x: Real) -> Real:
    """d(cos/sin) = (-sin sin - cos cos)/sin²;  hence -1/sin² x."""
    return -1 / jnp.sin(x) ** 2


# ----- the six inverses, by the inverse rule -----


def arcsine(x: Real) -> Real:
    """arcsin x"""
    return jnp.arcsin(x)


@derivative(of=arcsine, at=dict(x=interval(-1, 1)))
def arcsine_derivative(x: Real) -> Real:
    """x = sin y, dx = cos y dy and cos y = √(1 - x²) ≥ 0 on the branch;  hence 1/√(1 - x²)."""
    return 1 / jnp.sqrt((1 - x) * (1 + x))


def arccosine(x: Real) -> Real:
    """arccos x"""
    return jnp.arccos(x)


@derivative(of=arccosine, at=dict(x=interval(-1, 1)))
def arccosine_derivative(x: Real) -> Real:
    """arccos x = π/2 - arcsin x;  hence -1/√(1 - x²)."""
    return -1 / jnp.sqrt((1 - x) * (1 + x))


def arctangent(x: Real) -> Real:
    """arctan x"""
    return jnp.arctan(x)


@derivative(of=arctangent, at=dict(x=reals()))
def arctangent_derivative(x: Real) -> Real:
    """x = tan y, dx = (1 + tan² y) dy;  hence 1/(1 + x²)."""
    return 1 / (1 + x**2)


def arcsecant(x: Real) -> Real:
    """arcsec x = arccos(1/x)"""
    return jnp.arccos(1 / x)


@derivative(of=arcsecant, at=dict(x=beyond(1)))
def arcsecant_derivative(x: Real) -> Real:
    """u = 1/x, du = -dx/x², d arccos u = -du/√(1 - u²);  x² √(1 - 1/x²) = |x| √(x² - 1);
    hence 1 / (|x| √(x² - 1))."""
    size = jnp.abs(x)
    return 1 / (size * jnp.sqrt((size - 1) * (size + 1)))


def arccosecant(x: Real) -> Real:
    """arccsc x = arcsin(1/x)"""
    return jnp.arcsin(1 / x)


@derivative(of=arccosecant, at=dict(x=beyond(1)))
def arccosecant_derivative(x: Real) -> Real:
    """arccsc x = π/2 - arcsec x;  hence -1 / (|x| √(x² - 1))."""
    size = jnp.abs(x)
    return -1 / (size * jnp.sqrt((size - 1) * (size + 1)))


def arccotangent(x: Real) -> Real:
    """arccot x = π/2 - arctan x"""
    return jnp.pi / 2 - jnp.arctan(x)


@derivative(of=arccotangent, at=dict(x=reals()))
def arccotangent_derivative(x: Real) -> Real:
    """The complement of the arctangent;  hence -1/(1 + x²)."""
    return -1 / (1 + x**2)


# ----- angles and lengths in the plane -----


def angle_of_point(y: Real, x: Real) -> Real:
    """atan2(y, x), the angle of the point (x, y): arctan2."""
    return jnp.arctan2(y, x)


@gradient(of=angle_of_point, wrt=("y", "x"), at=dict(y=nonzero(), x=reals()))
def angle_of_point_gradient(y: Real, x: Real) -> tuple[Real, Real]:
    """t = arctan(y/x) + const:  dt = (x dy - y dx)/x² / (1 + y²/x²);
    hence (x, -y) / (x² + y²): across the ray, and the less the farther out."""
    squared = x**2 + y**2
    return x / squared, -y / squared


def length_of_point(x: Real, y: Real) -> Real:
    """√(x² + y²): hypot."""
    return jnp.hypot(x, y)


@gradient(of=length_of_point, wrt=("x", "y"), at=dict(x=nonzero(), y=reals()))
def length_of_point_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    """r² = x² + y², so 2r dr = 2x dx + 2y dy;  hence (x, y)/r, the unit vector outwards."""
    r = jnp.hypot(x, y)
    return x / r, y / r
