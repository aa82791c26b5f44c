"""Hyperbolic functions and their inverses: even and odd halves of e to the x.

``cosh² - sinh² = 1`` plays the part of ``cos² + sin² = 1``, with the signs that follow from it.
tanh itself is among the activations.
"""

import jax.numpy as jnp

from lab.calculus.elementary.limits_and_first_principles import Real
from lab.derivation import derivative
from lab.domains import above, beyond, interval, nonzero, reals

# ----- functions -----


def hyperbolic_sine(x: Real) -> Real:
    """sinh x = (eˣ - e⁻ˣ)/2"""
    return jnp.sinh(x)


@derivative(of=hyperbolic_sine, at=dict(x=reals()))
def hyperbolic_sine_derivative(x: Real) -> Real:
    """(eˣ - e⁻ˣ)/2 term by term: (eˣ + e⁻ˣ)/2;  hence cosh x."""
    return jnp.cosh(x)


def hyperbolic_cosine(x: Real) -> Real:
    """cosh x = (eˣ + e⁻ˣ)/2"""
    return jnp.cosh(x)


@derivative(of=hyperbolic_cosine, at=dict(x=reals()))
def hyperbolic_cosine_derivative(x: Real) -> Real:
    """(eˣ + e⁻ˣ)/2 term by term: (eˣ - e⁻ˣ)/2;  hence sinh x, with no minus sign."""
    return jnp.sinh(x)


def hyperbolic_secant(x: Real) -> Real:
    """sech x = 1/cosh x"""
    return 1 / jnp.cosh(x)


@derivative(of=hyperbolic_secant, at=dict(x=reals()))
def hyperbolic_secant_derivative(x: Real) -> Real:
    """d(1/u) = -du/u² with u = cosh x, du = sinh x dx;  hence -sech x tanh x."""
    return -jnp.tanh(x) / jnp.cosh(x)


def hyperbolic_cosecant(x: Real) -> Real:
    """csch x = 1/sinh x"""
    return 1 / jnp.sinh(x)


@derivative(of=hyperbolic_cosecant, at=dict(x=nonzero()))
def hyperbolic_cosecant_derivative(x: Real) -> Real:
    """d(1/u) = -du/u² with u = sinh x, du = cosh x dx;  hence -csch x coth x."""
    return -1 / (jnp.sinh(x) * jnp.tanh(x))


def hyperbolic_cotangent(x: Real) -> Real:
    """coth x = cosh x / sinh x"""
    return 1 / jnp.tanh(x)


@derivative(of=hyperbolic_cotangent, at=dict(x=nonzero()))
def hyperbolic_cotangent_derivative(x: Real) -> Real:
    """d(cosh/sinh) = (sinh sinh - cosh cosh)/sinh²;  hence -1/sinh² x."""
    return -1 / jnp.sinh(x) ** 2


def gudermannian(x: Real) -> Real:
    """gd x = 2 arctan(tanh(x/2)), the latitude at height x on Mercator's map"""
    return 2 * jnp.arctan(jnp.tanh(x / 2))


@derivative(of=gudermannian, at=dict(x=reals()))
def gudermannian_derivative(x: Real) -> Real:
    """t = tanh(x/2), dt = ½(1 - t²) dx, d(2 arctan t) = 2 dt/(1 + t²);  (1 - t²)/(1 + t²) is
    (cosh² - sinh²)/(cosh² + sinh²) at x/2;  hence 1/cosh x."""
    return 1 / jnp.cosh(x)


# ----- inverses -----


def area_hyperbolic_sine(x: Real) -> Real:
    """arsinh x: the inverse sinh (area hyperbolic sine)."""
    return jnp.arcsinh(x)


@derivative(of=area_hyperbolic_sine, at=dict(x=reals()))
def area_hyperbolic_sine_derivative(x: Real) -> Real:
    """x = sinh y, dx = cosh y dy and cosh² = 1 + sinh²;  hence 1/√(x² + 1)."""
    return 1 / jnp.hypot(x, jnp.ones_like(x))


def area_hyperbolic_cosine(x: Real) -> Real:
    """arcosh x: the inverse cosh."""
    return jnp.arccosh(x)


@derivative(of=area_hyperbolic_cosine, at=dict(x=above(1)))
def area_hyperbolic_cosine_derivative(x: Real) -> Real:
    """x = cosh y, dx = sinh y dy and sinh² = cosh² - 1, y > 0;  hence 1/√(x² - 1)."""
    return 1 / jnp.sqrt((x - 1) * (x + 1))


def area_hyperbolic_tangent(x: Real) -> Real:
    """artanh x: the inverse tanh."""
    return jnp.arctanh(x)


@derivative(of=area_hyperbolic_tangent, at=dict(x=interval(-1, 1)))
def area_hyperbolic_tangent_derivative(x: Real) -> Real:
    """x = tanh y, dx = (1 - tanh² y) dy;  hence 1/(1 - x²)."""
    return 1 / ((1 - x) * (1 + x))


def area_hyperbolic_secant(x: Real) -> Real:
    """arsech x = arcosh(1/x): the inverse sech."""
    return jnp.arccosh(1 / x)


@derivative(of=area_hyperbolic_secant, at=dict(x=interval(0, 1)))
def area_hyperbolic_secant_derivative(x: Real) -> Real:
    """u = 1/x, du = -dx/x², d arcosh u = du/√(u² - 1);  x² √(1/x² - 1) = x √(1 - x²);
    hence -1 / (x √(1 - x²))."""
    return -1 / (x * jnp.sqrt((1 - x) * (1 + x)))


def area_hyperbolic_cosecant(x: Real) -> Real:
    """arcsch x = arsinh(1/x): the inverse csch."""
    return jnp.arcsinh(1 / x)


@derivative(of=area_hyperbolic_cosecant, at=dict(x=nonzero()))
def area_hyperbolic_cosecant_derivative(x: Real) -> Real:
    """u = 1/x, du = -dx/x², d arsinh u = du/√(u² + 1);  x² √(1/x² + 1) = |x| √(1 + x²);
    hence -1 / (|x| √(1 + x²))."""
    return -1 / (jnp.abs(x) * jnp.hypot(x, jnp.ones_like(x)))


def area_hyperbolic_cotangent(x: Real) -> Real:
    """arcoth x = artanh(1/x): the inverse coth."""
    return jnp.arctanh(1 / x)


@derivative(of=area_hyperbolic_cotangent, at=dict(x=beyond(1)))
def area_hyperbolic_cotangent_derivative(x: Real) -> Real:
    """u = 1/x, du = -dx/x², d artanh u = du/(1 - u²);  hence -1/(x² - 1) = 1/(1 - x²): the formula
    of artanh, on the other side of 1."""
    return 1 / ((1 - x) * (1 + x))
