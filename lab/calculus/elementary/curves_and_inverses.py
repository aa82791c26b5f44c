"""Curves and inverses: slopes of what is given by an equation, a parameter or an inverse.

Nothing has to be solved for: differentiate the equation as it stands, and the unknown slope appears
in it linearly.  So do tangents, normals and curvature, and the two maps that iterate on slopes,
Newton's step and the Schwarzian.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import Real, polynomial
from lab.calculus.elementary.rules import Coefficients, derived
from lab.derivation import derivative, hessian, identity
from lab.domains import choice, interval, nonzero, positive, reals

Scalar = Float[Array, ""]
Curve = Callable[[Scalar], Scalar]


def slope_of(f: Curve) -> Curve:
    """f', by forward mode"""
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


# ----- the inverse of a function -----


def inverse_of_rising_cubic(y: Real) -> Real:
    """The x with x³ + x = y: x = 2/√3 sinh(arsinh(3√3 y/2) / 3), as 4 sinh³ + 3 sinh = sinh 3t"""
    root = 3**0.5
    return 2 / root * jnp.sinh(jnp.arcsinh(1.5 * root * y) / 3)


@identity(of=lambda x: inverse_of_rising_cubic(x**3 + x), at=dict(x=reals()))
def inverse_of_rising_cubic_inverts(x: Real) -> Real:
    """There and back, for x³ + x rises everywhere and takes each value once;  hence x."""
    return x


@derivative(of=inverse_of_rising_cubic, at=dict(y=reals()))
def inverse_function_rule(y: Real) -> Real:
    """y = f(x), dy = f'(x) dx;  hence (f⁻¹)'(y) = 1/f'(x) with x = f⁻¹(y), here 1/(3x² + 1)."""
    return 1 / (3 * inverse_of_rising_cubic(y) ** 2 + 1)


@hessian(of=inverse_of_rising_cubic, at=dict(y=reals()))
def inverse_function_second_derivative(y: Scalar) -> Scalar:
    """s = 1/f'(x), ds = -f''/f'² dx and dx = dy/f';  hence (f⁻¹)'' = -f''/f'³,
    here -6x/(3x² + 1)³."""
    x = inverse_of_rising_cubic(y)
    return -6 * x / (3 * x**2 + 1) ** 3


# ----- a curve given by an equation -----


def upper_ellipse(x: Real) -> Real:
    """The upper y with x² + xy + y² = 3"""
    return (jnp.sqrt(3 * (2 - x) * (2 + x)) - x) / 2


@derivative(of=upper_ellipse, at=dict(x=interval(-2, 2)))
def implicit_slope(x: Real) -> Real:
    """F(x, y) = 0 along the curve, so F_x dx + F_y dy = 0;  hence y' = -F_x/F_y,
    here -(2x + y)/(x + 2y). The slope of an implicit function of one equation F(x, y) = 0.
    """
    y = upper_ellipse(x)
    return -(2 * x + y) / (x + 2 * y)


@hessian(of=upper_ellipse, at=dict(x=interval(-2, 2)))
def implicit_second_derivative(x: Scalar) -> Scalar:
    """Differentiate F_x + F_y y' = 0 once more and put in y' = -F_x/F_y;  hence
    y'' = -(F_xx F_y² - 2 F_xy F_x F_y + F_yy F_x²)/F_y³, here -6 (x² + xy + y²)/(x + 2y)³, and the
    bracket is 3 on the curve. The second order of the implicit function of one equation.
    """
    return -18 / (x + 2 * upper_ellipse(x)) ** 3


def mixed_equation_root(x: Real) -> Real:
    """The y with e^y + x² y = sin x + 2, by Newton's method from the right of it, y = ln 3

    The left side is convex in y, so that every step stays on the right: it cannot miss."""
    y = jnp.log(jnp.full_like(x, 3.0))
    for _ in range(8):
        y = y - (jnp.exp(y) + x**2 * y - jnp.sin(x) - 2) / (jnp.exp(y) + x**2)
    return y


@derivative(of=mixed_equation_root, at=dict(x=reals()))
def mixed_equation_slope(x: Real) -> Real:
    """e^y dy + 2xy dx + x² dy = cos x dx, in which y is a function of x wherever it stands;
    hence y' = (cos x - 2xy)/(e^y + x²)."""
    y = mixed_equation_root(x)
    return (jnp.cos(x) - 2 * x * y) / (jnp.exp(y) + x**2)


# ----- a curve given by a parameter -----


def slope_of_path(x: Curve, y: Curve) -> Curve:
    """dy/dx of the path (x(t), y(t)), from the two velocities"""
    return lambda t: slope_of(y)(t) / slope_of(x)(t)


def rolled(t: Scalar) -> Scalar:
    """How far right a point on the rim of a rolling unit wheel is"""
    return t - jnp.sin(t)


def lifted(t: Scalar) -> Scalar:
    """How high a point on the rim of a rolling unit wheel is"""
    return 1 - jnp.cos(t)


@identity(of=slope_of_path(rolled, lifted), at=dict(t=interval(0, 2 * jnp.pi)))
def cycloid_slope(t: Scalar) -> Scalar:
    """dx = x' dt, dy = y' dt;  hence dy/dx = y'/x' = sin t/(1 - cos t), which is cot(t/2).

    The slope of a parametric curve.
    """
    return 1 / jnp.tan(t / 2)


@identity(
    of=slope_of_path(rolled, slope_of_path(rolled, lifted)), at=dict(t=interval(0, 2 * jnp.pi))
)
def cycloid_second_derivative(t: Scalar) -> Scalar:
    """The slope is a function of t as well: d(y'/x')/dt / x' = (x'y'' - y'x'')/x'³;  hence
    -1/(1 - cos t)² = -1/(4 sin⁴(t/2)): the arch is concave all along. The second derivative of a
    parametric curve.
    """
    return -1 / (4 * jnp.sin(t / 2) ** 4)


@identity(
    of=slope_of_path(
        lambda t: (1 + jnp.cos(t)) * jnp.cos(t), lambda t: (1 + jnp.cos(t)) * jnp.sin(t)
    ),
    at=dict(t=interval(0, 2 * jnp.pi / 3)),
)
def cardioid_slope(t: Scalar) -> Scalar:
    """x = r cos t, y = r sin t: dy/dx = (r' sin t + r cos t)/(r' cos t - r sin t);  r = 1 + cos t:
    that is -(cos t + cos 2t)/(sin t + sin 2t);  hence -cot(3t/2). The slope of a polar curve.
    """
    return -1 / jnp.tan(1.5 * t)


# ----- tangent, normal, curvature -----


@identity(
    of=lambda x, a, f: polynomial(f, a) + jax.jvp(lambda t: polynomial(f, t), (a,), (x - a,))[1],
    at=dict(x=reals(), a=reals(), f=reals("n")),
)
def tangent_line(x: Scalar, a: Scalar, f: Coefficients) -> Scalar:
    """The line through (a, f(a)) with the slope of f there;  hence f(a) + f'(a)(x - a)."""
    return polynomial(f, a) + polynomial(derived(f), a) * (x - a)


def slope_across(f: Curve) -> Curve:
    """The slope of the tangent's direction (1, f') after a quarter turn"""

    def slope(x: Scalar) -> Scalar:
        along, up = jnp.ones_like(x), slope_of(f)(x)
        return along / -up

    return slope


@identity(of=slope_across(lambda x: x**3 + x), at=dict(x=reals()))
def normal_line_slope(x: Scalar) -> Scalar:
    """A quarter turn takes (1, f') to (-f', 1), for their dot product is 0;  hence -1/f',
    here -1/(3x² + 1). The slope of the normal line.
    """
    return -1 / (3 * x**2 + 1)


@identity(
    of=lambda x: slope_of(lambda t: jnp.arctan(2 * t))(x) / jnp.sqrt(1 + (2 * x) ** 2),
    at=dict(x=reals()),
)
def parabola_curvature(x: Scalar) -> Scalar:
    """The direction arctan f' turns by f''/(1 + f'²) dx while the way grows by √(1 + f'²) dx;
    hence f''/(1 + f'²)^(3/2) of turning per way, here 2/(1 + 4x²)^(3/2). The curvature of a graph.
    """
    return 2 / jnp.hypot(jnp.ones_like(x), 2 * x) ** 3


# ----- Newton's step, and the Schwarzian -----


def newton_step(x: Real, a: Real) -> Real:
    """One step of Newton's method for x³ + x = a"""
    return x - (x**3 + x - a) / (3 * x**2 + 1)


@derivative(of=newton_step, at=dict(x=reals(), a=reals()))
def newton_step_derivative(x: Real, a: Real) -> Real:
    """d(x - f/f') = dx - dx + f f''/f'² dx;  hence f f''/f'²: 0 at the root, which is why the error
    squares at every step."""
    return (x**3 + x - a) * 6 * x / (3 * x**2 + 1) ** 2


def schwarzian(f: Curve) -> Curve:
    """f'''/f' - 3/2 (f''/f')²"""

    def value(x: Scalar) -> Scalar:
        first = slope_of(f)
        second = slope_of(first)
        ratio = second(x) / first(x)
        return slope_of(second)(x) / first(x) - 1.5 * ratio**2

    return value


@identity(
    of=lambda x, n: schwarzian(lambda t: t**n)(x), at=dict(x=nonzero(), n=choice(-2, 2, 3, 4))
)
def schwarzian_of_power(x: Scalar, n: int) -> Scalar:
    """f''/f' = (n-1)/x and f'''/f' = (n-1)(n-2)/x²;
    hence (1 - n²)/(2x²), and 0 for n = 1 and -1. The Schwarzian derivative of xⁿ.
    """
    return (1 - n**2) / (2 * x**2)


@identity(
    of=lambda x, a, b, c: schwarzian(lambda t: (a * jnp.exp(b * t)) / (1 + c * jnp.exp(b * t)))(x),
    at=dict(x=interval(-2, 2), a=nonzero(), b=interval(0.5, 2), c=positive()),
)
def schwarzian_of_logistic(x: Scalar, a: Scalar, b: Scalar, c: Scalar) -> Scalar:
    """A Moebius map has Schwarzian 0 and, put around f, leaves that of f as it is.  The logistic
    curve is one of e^(bx), where f''/f' = b;  hence b² - 3/2 b² = -b²/2 everywhere."""
    return -(b**2) / 2
