"""How the exercises on Taylor models are done, and where people go astray."""

from math import factorial

import jax
import jax.numpy as jnp
import numpy as np

from lab import identity, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


def taylor(f, order):
    """The Taylor polynomial at 0, by differentiating."""

    def model(x):
        total, slope = jnp.zeros_like(x), f
        for k in range(order + 1):
            total = total + slope(jnp.zeros_like(x)) / factorial(k) * x**k
            slope = lambda x, f=slope: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]
        return total

    return model


# ----- coefficients -----


@exercise(
    hints=[
        "Differentiate the cosine four times and put 0 in.",
        Hint("The derivatives at 0 are 1, 0, -1, 0, 1.", lambda: np.isclose(-np.cos(0.0), -1)),
        "Each over its factorial.",
    ],
    wrong=[
        Wrong(lambda x: 1 - x**2 + x**4, "", "The factorials are missing."),
        Wrong(lambda x: 1 - x**2 / 2, "", "This is the polynomial of order 2."),
        Wrong(lambda x: x - x**3 / 6, "", "This is the sine's."),
        Wrong(lambda x: 1 - x**2 / 2 + x**4 / 4, "", "4! is not 4."),
        Wrong(lambda x: jnp.cos(x), "", "This is the cosine itself, and no polynomial."),
    ],
)
@identity(of=taylor(jnp.cos, 4), at=dict(x=reals()))
def cosine_model(x):
    """cos, -sin, -cos, sin, cos at 0 are 1, 0, -1, 0, 1;  hence 1 - x²/2 + x⁴/24."""
    return 1 - x**2 / 2 + x**4 / 24


@exercise(
    hints=[
        "Each derivative takes down one factor 2.",
        Hint("The third derivative at 0 is 8.", lambda: 2**3 == 8),
        "Over 3!.",
    ],
    wrong=[
        Wrong(8.0, "", "This is the derivative; the coefficient is that over a factorial."),
        Wrong(1 / 6, "", "This is that of e^x: where is the 2?"),
        Wrong(2 / 6, "factor", "Three derivatives take down three factors 2."),
        Wrong(8 / 3, "factor", "3! is 6."),
    ],
)
def third_coefficient():
    """f''' = 8 e^(2x);  hence 8/3! = 4/3."""
    return 4 / 3


@exercise(
    hints=[
        "Integrate 1/2 + x/4 + 0 x² term by term. What is the constant?",
        Hint("softplus(0) = ln 2.", lambda: np.isclose(sheet.softplus(0.0), np.log(2))),
    ],
    wrong=[
        Wrong(lambda x: x / 2 + x**2 / 8, "", "At 0 it is not 0."),
        Wrong(lambda x: jnp.log(2.0).astype(x.dtype) + x / 2 + x**2 / 4, "", "Integrate x/4."),
        Wrong(lambda x: 1 / 2 + x / 4, "", "This is the sigmoid's."),
    ],
)
@identity(of=taylor(sheet.softplus, 3), at=dict(x=reals()))
def softplus_model(x):
    """The sigmoid 1/2 + x/4 + 0x² integrated from softplus(0) = ln 2;  hence ln 2 + x/2 + x²/8."""
    return np.log(2) + x / 2 + x**2 / 8


# ----- errors -----


@exercise(
    tolerance=0.05,
    hints=[
        "What is the first term that a tangent plane leaves out?",
        Hint("The gap of x² to its tangent at 0 is x².", lambda: 0.1**2 < 0.1),
    ],
    wrong=[
        Wrong(10.0, "", "This is for a plane that touches the point but is not tangent."),
        Wrong(1000.0, "factor", "A tangent plane has no curvature: the second order is left out."),
        Wrong(0.01, "reciprocal"),
    ],
)
def error_ratio():
    """dᵀHd/2 is of second order in the distance: 10² = 100 times."""
    return 100.0


@exercise(
    hints=[
        "Where, in the complex plane, is x² + 2x + 5 equal to 0?",
        Hint(
            "At -1 + 2i and -1 - 2i.",
            lambda: np.allclose(sorted(np.roots([1, 2, 5]).imag), [-2, 2]),
        ),
        "The radius is the distance from 0 to the nearest of them.",
    ],
    wrong=[
        Wrong(2.0, "", "The poles are not right above 0."),
        Wrong(1.0, "", "This is how far off to the left the poles are, not how far away."),
        Wrong(5.0, "", "This is the square of it."),
        Wrong(np.inf, "", "There is no pole on the real line, but there are two beside it."),
    ],
)
def radius():
    """x² + 2x + 5 = (x + 1)² + 4 is 0 at -1 ± 2i, and |-1 ± 2i| = √5."""
    return np.sqrt(5.0)


@exercise(
    hints=[
        "The bound at x = 1 is e/(n + 1)!.",
        Hint("For n = 4 it is 0.0227.", lambda: np.isclose(np.e / factorial(5), 0.0227, atol=5e-5)),
    ],
    wrong=[
        Wrong(5.0, "", "e/6! is 0.0038: not yet."),
        Wrong(7.0, "", "It is enough, but one less is, too: mind that it is (n + 1)!."),
        Wrong(1000.0, "", "Factorials grow faster than that."),
    ],
)
def enough_terms():
    """e/(n + 1)! ≤ 0.001 asks (n + 1)! ≥ 2718: 6! = 720 is too small and 7! = 5040 is not, n = 6."""
    return 6.0


# ----- several variables -----


def by_autodiff(d):
    zero = jnp.zeros_like(d)
    g, H = jax.grad(sheet.surface)(zero), jax.hessian(sheet.surface)(zero)
    return sheet.surface(zero) + g @ d + d @ H @ d / 2


@exercise(
    hints=[
        "f + g . d + dᵀHd/2, everything at the origin.",
        "Or multiply the series 1 + a + a²/2 and 1 - b²/2, and keep what is of second order.",
        Hint("At d = (1, 0) it is 2.5.", lambda: np.isclose(second_order_model((1.0, 0.0)), 2.5)),
    ],
    wrong=[
        Wrong(lambda d: 1 + d[0], "", "This is the model of first order."),
        Wrong(sheet.surface, "", "This is the surface itself, and no polynomial."),
        Wrong(lambda d: 1 + d[0] + d[0] ** 2 - d[1] ** 2, "", "Half of dᵀHd."),
        Wrong(lambda d: 1 + d[0] + d[0] ** 2 / 2 + d[1] ** 2 / 2, "", "The cosine bends down."),
        Wrong(
            lambda d: (1 + d[0] + d[0] ** 2 / 2) * (1 - d[1] ** 2 / 2),
            "",
            "The product has terms of third and fourth order, which the model does not.",
        ),
    ],
)
@identity(of=by_autodiff, at=dict(d=reals("2")))
def second_order_model(d):
    """(1 + a + a²/2)(1 - b²/2) up to second order;  hence 1 + a + (a² - b²)/2."""
    a, b = d
    return 1 + a + (a**2 - b**2) / 2


# ----- two harder ones -----


@exercise(
    hints=[
        "y' = f'(x) x'. Differentiate once more: both factors move.",
        "y'' = f''(x) x'² + f'(x) x'', with f' = 1/(2√x).",
        Hint(
            "At x = 1, v = 2, a = 0 it is -1.",
            lambda: np.isclose(jet_of_square_root(1.0, 2.0, 0.0), -1.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda x, v, a: -(v**2) / (4 * x**1.5), "missing_term", "The point accelerates, too."
        ),
        Wrong(
            lambda x, v, a: a / (2 * jnp.sqrt(x)), "missing_term", "The slope changes on the way."
        ),
        Wrong(
            lambda x, v, a: -v / (4 * x**1.5) + a / (2 * jnp.sqrt(x)),
            "",
            "The velocity is squared.",
        ),
        Wrong(lambda x, v, a: v**2 / (4 * x**1.5) + a / (2 * jnp.sqrt(x)), "", "f'' is negative."),
    ],
)
@identity(of=sheet.second_derivative_along, at=dict(x=positive(), v=reals(), a=reals()))
def jet_of_square_root(x, v, a):
    """y'' = f'' v² + f' a, f' = x^(-1/2)/2, f'' = -x^(-3/2)/4;  hence (a - v²/(2x))/(2√x)."""
    return (a - v**2 / (2 * x)) / (2 * jnp.sqrt(x))


def is_flat_and_positive(f):
    if abs(float(f(0.0))) > 1e-12:
        return f"f(0) is {float(f(0.0)):.4g}, not 0"
    x = np.concatenate([-np.geomspace(0.2, 3, 40), np.geomspace(0.2, 3, 40)])
    values = np.asarray(values_at(f, x))
    if not np.all(np.isfinite(values)):
        return "somewhere between 0.2 and 3 it is not finite"
    if np.min(values) <= 0:
        k = int(np.argmin(values))
        return f"f({x[k]:.3g}) is {values[k]:.3g}, not positive"
    if (low := min(float(f(1.0)), float(f(-1.0)))) < 0.1:
        return f"at 1 or -1 it is {low:.3g}, less than 0.1"
    return next(filter(None, (_like_a_power(f, side) for side in (1, -1))), None)


def _like_a_power(f, side):
    """Whether f falls towards 0 like a power, on this side, or not at all; or nothing.

    In logarithms a power is a straight line. What is flatter gets steeper and steeper, down to
    where a computer says 0.
    """
    x = 2.0 ** -(np.arange(3200) / 32)
    found = values_at(f, side * x)
    last = int(np.argmax(np.append(found, 0) < 1e-290)) - 1
    if np.any(no_number := ~np.isfinite(found[: last + 2])):
        here = int(np.argmax(no_number))
        return f"f({side * x[here]:.3g}) is {found[here]}"
    where, height = np.log(x[: last + 1]), np.log(found[: last + 1])
    marks = [int(np.argmax(height < bound)) for bound in (-40, -200)]
    if height[-1] > -200:
        if last + 1 < x.size:
            return f"f({side * x[last + 1]:.3g}) is {found[last + 1]:.3g}, not positive"
        power = height[-1] / where[-1]
    else:
        slopes = np.diff(height[[*marks, -1]]) / np.diff(where[[*marks, -1]])
        power = 0.0 if slopes[1] > 1.3 * slopes[0] else slopes[1]
    if power or height[-1] > -200:
        return f"near 0 it is about |x| to the {power + 0.0:.3g}: not flatter than any power"
    return None


@exercise(
    counterexample=is_flat_and_positive,
    hints=[
        "No power of x will do: x^n has a derivative that is not 0. What falls faster than any power?",
        "e^(-s) falls faster than any power of 1/s as s grows. Let s grow as x goes to 0.",
        Hint("e^(-1/x²) at x = 0.1 is below 1e-43.", lambda: float(flat_but_not_zero(0.1)) < 1e-43),
    ],
    wrong=[
        Wrong(lambda x: x**2, "not flatter than any power"),
        Wrong(lambda x: x**8, "not flatter than any power"),
        Wrong(lambda x: x**100, "|x| to the 100"),
        Wrong(lambda x: jnp.where(jnp.abs(x) < 0.1, 0.0, 1.0), "not positive"),
        Wrong(lambda x: jnp.where(x == 0, 0.0, 1.0), "|x| to the 0"),
        Wrong(lambda x: jnp.exp(-(x**2)), "f(0) is 1"),
        Wrong(lambda x: jnp.where(x > 0, jnp.exp(-1 / jnp.where(x > 0, x, 1.0)), 0.0), "positive"),
        Wrong(lambda x: 0.0 * x, "not positive"),
    ],
)
def flat_but_not_zero(x):
    """e^(-1/x²): each derivative is it times a polynomial in 1/x, and goes to 0 with x. Its Taylor
    series at 0 is 0, converges everywhere, and is wrong everywhere but at 0."""
    away = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, jnp.exp(-1 / away**2))
