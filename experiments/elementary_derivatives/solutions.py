"""How the exercises on the table of derivatives are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import above, derivative, interval, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)

# ----- powers, exponentials, logarithms -----


@exercise(
    hints=[
        "x^(3/2): the exponent comes down, and one is taken off it.",
        Hint("At x = 4 the slope is 3.", lambda: np.isclose(root_of_cube_slope(4.0), 3.0)),
    ],
    wrong=[
        Wrong(lambda x: 1.5 * x**1.5, "", "One power of x has to go."),
        Wrong(lambda x: x**0.5, "factor", "The exponent comes down."),
        Wrong(lambda x: 1.5 * x**2.5 / 2.5, "", "This integrates: the exponent goes down."),
        Wrong(lambda x: 1.5 / jnp.sqrt(x), "", "1.5 - 1 is +0.5."),
    ],
)
@derivative(of=sheet.root_of_cube, at=dict(x=positive()))
def root_of_cube_slope(x):
    """The power rule with exponent 3/2;  hence 3/2 √x."""
    return 1.5 * jnp.sqrt(x)


@exercise(
    at=[(2.0,), (0.25,), (10.0,)],
    hints=[
        "The slope of ln at x is 1/x. Set it to m.",
        Hint("The slope 1 is at x = 1.", lambda: point_with_slope(1.0) == 1),
    ],
    wrong=[
        Wrong(lambda m: m, "reciprocal", "Where ln is steep, x is small."),
        Wrong(lambda m: jnp.exp(m), "", "This is where ln has the value m."),
        Wrong(lambda m: -1 / m, "sign"),
    ],
)
def point_with_slope(m):
    """1/x = m;  hence 1/m."""
    return 1 / m


@exercise(
    at=[(2.0, 1.0), (0.5, 3.0), (10.0, -1.0)],
    hints=[
        "a^x = e^(x ln a): what is the slope of the exponent?",
        Hint(
            "For a = e it is 1, whatever x is.",
            lambda: np.isclose(growth_factor(np.e, 0.3), 1.0) and growth_factor(np.e, 5.0) == 1.0,
        ),
    ],
    wrong=[
        Wrong(lambda a, x: x / a, "", "The power rule is for a moving base; here x is above."),
        Wrong(lambda a, x: a**x * jnp.log(a), "", "Divide by a^x."),
        Wrong(lambda a, x: 1 / jnp.log(a), "reciprocal"),
        Wrong(lambda a, x: jnp.log10(a), "", "The natural logarithm: (a^h - 1)/h tends to ln a."),
    ],
)
def growth_factor(a, x):
    """(a^x)' = a^x ln a;  hence ln a, for all x: an exponential grows in proportion to itself."""
    return jnp.log(a)


@exercise(
    hints=[
        "ln x is a constant here; only 1/ln a moves.",
        "d(1/u) = -du/u² with u = ln a, du = da/a.",
        Hint(
            "At a = e, x = e it is -1/e.",
            lambda: np.isclose(log_in_base_slope(np.e, np.e), -1 / np.e),
        ),
    ],
    wrong=[
        Wrong(lambda a, x: 1 / (x * jnp.log(a)), "wrong_variable", "This is the slope in x."),
        Wrong(lambda a, x: jnp.log(x) / (a * jnp.log(a) ** 2), "sign"),
        Wrong(lambda a, x: -jnp.log(x) / jnp.log(a) ** 2, "", "ln a has a slope of its own: 1/a."),
        Wrong(lambda a, x: -jnp.log(x) / (a * jnp.log(a)), "", "d(1/u) has u² below."),
    ],
)
@derivative(of=sheet.log_in_base, at=dict(a=above(1), x=positive()))
def log_in_base_slope(a, x):
    """d(ln x / ln a) = -ln x / (ln a)² da/a;  hence -ln x / (a (ln a)²)."""
    return -jnp.log(x) / (a * jnp.log(a) ** 2)


def equals_its_slope(f):
    x, h = np.linspace(-2.0, 2.0, 41), 1e-5
    here, right, left = (values_at(f, x + s) for s in (0.0, h, -h))
    if not np.all(np.isfinite(here)):
        return "between -2 and 2 it is not finite"
    start = float(values_at(f, np.zeros(1))[0])
    if abs(start - 2) > 1e-9:
        return f"f(0) is {start:.4g}, not 2"
    off = abs((right - left) / (2 * h) - here)
    worst = int(np.argmax(off))
    if off[worst] > 1e-6 * max(1.0, abs(here[worst])):
        slope = (right[worst] - left[worst]) / (2 * h)
        return f"at x = {x[worst]:.3g} it is {here[worst]:.4g}, and its slope {slope:.4g}"
    return None


@exercise(
    counterexample=equals_its_slope,
    hints=[
        "e^x equals its own slope. Which rule says what becomes of a multiple?",
        Hint("e^x itself has f(0) = 1.", lambda: float(jnp.exp(0.0)) == 1),
    ],
    wrong=[
        Wrong(lambda x: jnp.exp(x) + 1, "and its slope"),
        Wrong(lambda x: jnp.exp(2 * x) + 1, "and its slope"),
        Wrong(lambda x: 2.0**x + 1, "and its slope"),
        Wrong(lambda x: jnp.exp(x), "f(0) is 1"),
    ],
)
def own_slope(x):
    """(c e^x)' = c e^x for every number c, and f(0) = c;  hence 2 e^x."""
    return 2 * jnp.exp(x)


# ----- inverses -----


@exercise(
    hints=[
        "y = arctan x means x = tan y, so dx = (1 + tan² y) dy.",
        "tan y is x.",
        Hint("At x = 1 the slope is one half.", lambda: angle_slope(1.0) == 0.5),
    ],
    wrong=[
        Wrong(lambda x: 1 / jnp.cos(x) ** 2, "", "This is the slope of the tangent itself."),
        Wrong(lambda x: 1 + x**2, "", "This is dx/dy: turn it over."),
        Wrong(lambda x: 1 / jnp.sqrt(1 + x**2), "", "That belongs to arsinh."),
        Wrong(lambda x: -1 / (1 + x**2), "sign", "That is the slope of arccot."),
    ],
)
@derivative(of=sheet.angle, at=dict(x=reals()))
def angle_slope(x):
    """x = tan y, dx = (1 + tan² y) dy = (1 + x²) dy;  hence 1/(1 + x²)."""
    return 1 / (1 + x**2)


@exercise(
    hints=[
        "x = sin² y: differentiate this, it is simpler than the chain.",
        "dx = 2 sin y cos y dy, with sin y = √x and cos y = √(1 - x).",
        Hint("At x = 1/2 the slope is 1.", lambda: np.isclose(angle_of_root_slope(0.5), 1.0)),
    ],
    wrong=[
        Wrong(lambda x: 1 / jnp.sqrt(1 - x), "", "The slope of the root, 1/(2√x), is missing."),
        Wrong(
            lambda x: 1 / (2 * jnp.sqrt(x) * jnp.sqrt(1 - x**2)),
            "",
            "arcsin u has √(1 - u²) below, and u² is x.",
        ),
        Wrong(lambda x: 1 / jnp.sqrt(x * (1 - x)), "factor"),
        Wrong(lambda x: -1 / (2 * jnp.sqrt(x * (1 - x))), "sign"),
    ],
)
@derivative(of=sheet.angle_of_root, at=dict(x=interval(0, 1)))
def angle_of_root_slope(x):
    """x = sin² y, dx = 2 sin y cos y dy = 2 √x √(1 - x) dy;  hence 1 / (2 √(x (1 - x)))."""
    return 1 / (2 * jnp.sqrt(x * (1 - x)))


# ----- both move -----


@exercise(
    hints=[
        "ln y = x ln x. Differentiate both sides.",
        "dy/y = (ln x + 1) dx.",
        Hint("At x = 1 the slope is 1.", lambda: self_power_slope(1.0) == 1.0),
    ],
    wrong=[
        Wrong(lambda x: x * x ** (x - 1), "", "The power rule alone: the exponent moves, too."),
        Wrong(lambda x: x**x * jnp.log(x), "missing_term", "The base moves, too."),
        Wrong(lambda x: jnp.log(x) + 1, "", "This is dy/y: multiply by y."),
        Wrong(lambda x: x**x * (jnp.log(x) - 1), "sign"),
    ],
)
@derivative(of=sheet.self_power, at=dict(x=positive()))
def self_power_slope(x):
    """ln y = x ln x, dy/y = (ln x + 1) dx;  hence x^x (ln x + 1)."""
    return x**x * (jnp.log(x) + 1)


def is_highest(x):
    if not x > 0:
        return f"{x:.4g} is not positive"
    slope = x ** (1 / x - 2) * (1 - np.log(x))
    return None if abs(slope) < 4e-7 else f"the slope of x^(1/x) there is {slope:.3g}, not 0"


@exercise(
    argument=is_highest,
    hints=[
        "x^(1/x) is greatest where its logarithm, ln x / x, is.",
        "The slope of ln x / x is (1 - ln x)/x².",
        Hint("It lies between 2 and 3.", lambda: 2 < float(highest()) < 3),
    ],
    wrong=[
        Wrong(1.0, "the slope of x^(1/x) there is 1"),
        Wrong(3.0, "the slope", "Among whole numbers 3 wins; between 2 and 3 there is better."),
        Wrong(1 / np.e, "the slope", "There x^x is least."),
        Wrong(-1.0, "not positive"),
    ],
)
def highest():
    """(1 - ln x)/x² = 0;  hence x = e."""
    return jnp.exp(1.0)


@exercise(
    tolerance=1e-4,
    hints=[
        "`jax.grad(jax.scipy.special.gammaln)` is one way, a central difference another.",
        "The function is called digamma: in jax.scipy.special it stands under that name.",
        Hint(
            "It is negative: Γ falls at 1 and turns at 1.46.",
            lambda: slope_of_log_gamma() < 0,
        ),
    ],
    wrong=[
        Wrong(0.5772, "sign"),
        Wrong(-0.577, "close", "Three digits."),
        Wrong(1.0, "", "Γ(1) = 1, but here the slope of its logarithm is asked for."),
        Wrong(0.0, "", "ln Γ is 0 at 1 and at 2: it goes down in between and up again."),
        Wrong(0.4228, "", "That is the slope at 2, one more than at 1."),
    ],
)
def slope_of_log_gamma():
    """ψ(1) = -0.5772..., minus Euler's constant; the function is called digamma."""
    return jax.scipy.special.digamma(1.0)
