"""How the exercises on the rules are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative, identity, interval, reals
from lab.exercises import Hint, Wrong, beside, exercise

from .expressions import differentiates, evaluated, factor_by_factor, without_inner_slope
from .judges import is_rough_and_its_square_is_not

sheet = beside(__file__)

# ----- rules -----


@exercise(
    hints=[
        "Three factors, each of which moves: three terms.",
        "2x e^x sin x + x² e^x sin x + ...",
        Hint("At 0 it is 0.", lambda: three_factors_slope(0.0) == 0.0),
    ],
    wrong=[
        Wrong(lambda x: 2 * x * jnp.exp(x) * jnp.cos(x), "", "A product of slopes is no slope."),
        Wrong(
            lambda x: (2 * x + x**2) * jnp.exp(x) * jnp.sin(x),
            "missing_term",
            "The sine moves, too.",
        ),
        Wrong(
            lambda x: jnp.exp(x) * (2 * x * jnp.sin(x) + x**2 * jnp.sin(x) - x**2 * jnp.cos(x)),
            "",
            "The sine has the slope +cos.",
        ),
    ],
)
@derivative(of=sheet.three_factors, at=dict(x=reals()))
def three_factors_slope(x):
    """A term for each factor that moves;  hence e^x (2x sin x + x² sin x + x² cos x)."""
    return jnp.exp(x) * x * ((2 + x) * jnp.sin(x) + x * jnp.cos(x))


@exercise(
    hints=[
        "q (1 + x²) = sin 3x: differentiate both sides, or use the rule with g² below.",
        "(sin 3x)' = 3 cos 3x: the inner slope is 3.",
        Hint("At 0 the slope is 3.", lambda: np.isclose(squashed_slope(0.0), 3.0)),
    ],
    wrong=[
        Wrong(
            lambda x: (jnp.cos(3 * x) * (1 + x**2) - 2 * x * jnp.sin(3 * x)) / (1 + x**2) ** 2,
            "",
            "The inner slope of sin 3x is missing.",
        ),
        Wrong(lambda x: 3 * jnp.cos(3 * x) / (2 * x), "", "A quotient of slopes is no slope."),
        Wrong(
            lambda x: -(3 * jnp.cos(3 * x) * (1 + x**2) - 2 * x * jnp.sin(3 * x)) / (1 + x**2) ** 2,
            "sign",
            "f' g first, then f g'.",
        ),
        Wrong(
            lambda x: (3 * jnp.cos(3 * x) * (1 + x**2) - 2 * x * jnp.sin(3 * x)) / (1 + x**2),
            "",
            "The bottom is squared.",
        ),
    ],
)
@derivative(of=sheet.squashed, at=dict(x=reals()))
def squashed_slope(x):
    """q = f/g: (f' - q g')/g with f' = 3 cos 3x, g' = 2x."""
    bottom = 1 + x**2
    return (3 * jnp.cos(3 * x) - jnp.sin(3 * x) / bottom * 2 * x) / bottom


@exercise(
    hints=[
        "ln y = sin x · ln(1 + x²): a product.",
        "dy/y = (cos x ln(1 + x²) + sin x · 2x/(1 + x²)) dx.",
        Hint("At 0 the slope is 0.", lambda: moving_power_slope(0.0) == 0.0),
    ],
    wrong=[
        Wrong(
            lambda x: jnp.sin(x) * (1 + x**2) ** (jnp.sin(x) - 1) * 2 * x,
            "missing_term",
            "The power rule: only the base moves in it.",
        ),
        Wrong(
            lambda x: (1 + x**2) ** jnp.sin(x) * jnp.log1p(x**2) * jnp.cos(x),
            "missing_term",
            "The exponential rule: only the exponent moves in it.",
        ),
        Wrong(
            lambda x: jnp.cos(x) * jnp.log1p(x**2) + jnp.sin(x) * 2 * x / (1 + x**2),
            "",
            "This is dy/y: multiply by y.",
        ),
    ],
)
@derivative(of=sheet.moving_power, at=dict(x=interval(-5, 5)))
def moving_power_slope(x):
    """ln y = g ln f, dy/y = g' ln f + g f'/f;  hence y (cos x ln(1 + x²) + 2x sin x/(1 + x²))."""
    inner = jnp.cos(x) * jnp.log1p(x**2) + 2 * x * jnp.sin(x) / (1 + x**2)
    return (1 + x**2) ** jnp.sin(x) * inner


@exercise(
    counterexample=is_rough_and_its_square_is_not,
    hints=[
        "A corner at 0, and a value of 0 there: squaring flattens it.",
        Hint("|x| squared is x².", lambda: float(rough(-3.0)) ** 2 == 9.0),
    ],
    wrong=[
        Wrong(lambda x: x, "it has a slope at 0"),
        Wrong(lambda x: 1 + jnp.abs(x), "its square has no slope"),
        Wrong(lambda x: jnp.sign(x), "not continuous"),
        Wrong(lambda x: jnp.sqrt(jnp.abs(x)), "its square has no slope"),
    ],
)
def rough(x):
    """|x| has a corner at 0; |x|² = x² has none. The product rule needs slopes of the factors."""
    return jnp.abs(x)


# ----- equations instead of formulas -----


@exercise(
    at=[(0.5, 0.6), (-1.0, 0.1), (2.0, 0.45), (0.0, 0.7)],
    hints=[
        "Differentiate each term; y is a function of x wherever it stands.",
        "e^y dy + 2xy dx + x² dy = cos x dx.",
        Hint(
            "Where x = 0 it is e^(-y).",
            lambda: np.isclose(curve_slope(0.0, 0.7), np.exp(-0.7)),
        ),
    ],
    wrong=[
        Wrong(
            lambda x, y: (2 * x * y - jnp.cos(x)) / (jnp.exp(y) + x**2),
            "sign",
            "dy/dx = -F_x/F_y.",
        ),
        Wrong(
            lambda x, y: (jnp.cos(x) - 2 * x * y) / jnp.exp(y),
            "",
            "x² y is a product: it moves with y, too.",
        ),
        Wrong(lambda x, y: (jnp.cos(x) - 2 * x) / (jnp.exp(y) + x**2), "", "d(x²) y, not d(x²)."),
        Wrong(
            lambda x, y: (jnp.exp(y) + x**2) / (jnp.cos(x) - 2 * x * y),
            "reciprocal",
            "This is dx/dy.",
        ),
    ],
)
def curve_slope(x, y):
    """F_x dx + F_y dy = 0 with F_x = 2xy - cos x, F_y = e^y + x²;  hence (cos x - 2xy)/(e^y + x²)."""
    return (jnp.cos(x) - 2 * x * y) / (jnp.exp(y) + x**2)


@exercise(
    at=[(5.0, 3.0, 1.0), (13.0, 5.0, 2.0), (2.0, 1.0, 0.5)],
    hints=[
        "foot² + height² = length²: differentiate with respect to time before putting in numbers.",
        "2 foot · speed + 2 height · rate = 0.",
        Hint(
            "Length 5, foot 3, speed 1: the top comes down at 3/4.",
            lambda: np.isclose(ladder(5.0, 3.0, 1.0), -0.75),
        ),
    ],
    wrong=[
        Wrong(lambda n, x, v: x * v / jnp.sqrt(n**2 - x**2), "sign", "The top comes down."),
        Wrong(lambda n, x, v: -v + 0 * x, "", "Foot and top are not equally fast."),
        Wrong(
            lambda n, x, v: -jnp.sqrt(n**2 - x**2) * v / x,
            "",
            "Solve for the rate of the height: the height goes below.",
        ),
        Wrong(lambda n, x, v: -x * v / n, "", "Below stands the height, not the length."),
    ],
)
def ladder(length, foot, speed):
    """2 foot foot' + 2 height height' = 0;  hence -foot speed / height, height by Pythagoras."""
    return -foot * speed / jnp.sqrt(length**2 - foot**2)


@exercise(
    at=[(1.0, 1.0), (2.0, 3.0), (0.5, 0.2)],
    hints=[
        "V = 4/3 π r³. What is V' in terms of r'?",
        "V' = 4π r² r': the surface, times how fast it moves out.",
        Hint(
            "At twice the radius it grows a quarter as fast.",
            lambda: np.isclose(balloon(2.0, 1.0) * 4, balloon(1.0, 1.0)),
        ),
    ],
    wrong=[
        Wrong(lambda r, q: q * 4 * jnp.pi * r**2, "", "Divide: the larger it is the slower."),
        Wrong(lambda r, q: q / (4 / 3 * jnp.pi * r**3), "", "Volume over volume is no speed."),
        Wrong(lambda r, q: q / (jnp.pi * r**2), "factor", "The surface of a ball is 4π r²."),
    ],
)
def balloon(radius, inflow):
    """V' = 4π r² r';  hence r' = inflow / (4π r²)."""
    return inflow / (4 * jnp.pi * radius**2)


# ----- machines that differentiate -----


@exercise(
    at=[(1.0, 2.0, 4.0, 0.5), (-3.0, 1.0, 2.0, 5.0), (0.0, 1.0, -2.0, 3.0)],
    hints=[
        "Multiply above and below by c - d e: below e² = 0 leaves c².",
        "(a + be)(c - de) = ac + (bc - ad) e.",
        Hint(
            "(a + be)/(a + be) is 1 + 0e.",
            lambda: np.allclose(dual_quotient(2.0, 3.0, 2.0, 3.0), [1.0, 0.0]),
        ),
    ],
    wrong=[
        Wrong(
            lambda a, b, c, d: jnp.stack([a / c, b / d]),
            "",
            "A quotient of slopes is no slope.",
        ),
        Wrong(
            lambda a, b, c, d: jnp.stack([a / c, (b * c + a * d) / c**2]),
            "",
            "Below is c + d e: divided by more, it is less.",
        ),
        Wrong(
            lambda a, b, c, d: jnp.stack([a / c, (b * c - a * d) / c]),
            "",
            "c² is below.",
        ),
        Wrong(lambda a, b, c, d: a / c, "shape"),
    ],
)
def dual_quotient(a, b, c, d):
    """(a + be)(c - de)/c²;  hence a/c and (bc - ad)/c²: the quotient rule."""
    return jnp.stack([a / c, (b * c - a * d) / c**2])


def nested(f, n):
    return nested(jax.grad(f), n - 1) if n else f


@exercise(
    hints=[
        "damped_wave is the imaginary part of e^(zx), z = a + ib = r e^(it).",
        "Four derivatives multiply by z⁴ = r⁴ e^(4it).",
        Hint(
            "With a = 0, b = 1 the sine is back.",
            lambda: np.isclose(fourth_derivative(0.3, 0.0, 1.0), np.sin(0.3)),
        ),
    ],
    wrong=[
        Wrong(
            lambda x, a, b: (a**4 + b**4) * sheet.damped_wave(x, a, b),
            "",
            "Leibniz: the two factors share the four derivatives, five terms.",
        ),
        Wrong(
            lambda x, a, b: (a**2 + b**2) ** 2 * sheet.damped_wave(x, a, b),
            "",
            "Stretched, but not turned.",
        ),
        Wrong(
            lambda x, a, b: (
                jnp.hypot(a, b) * jnp.exp(a * x) * jnp.sin(b * x + 4 * jnp.arctan2(b, a))
            ),
            "",
            "Turned four times, and stretched once.",
        ),
        Wrong(
            lambda x, a, b: (
                (a**2 + b**2) ** 2 * jnp.exp(a * x) * jnp.sin(b * x + jnp.arctan2(b, a))
            ),
            "",
            "Stretched four times, and turned once.",
        ),
    ],
)
@identity(
    of=lambda x, a, b: nested(lambda t: sheet.damped_wave(t, a, b), 4)(x),
    at=dict(x=interval(-2, 2), a=interval(-2, 2), b=interval(0.5, 3)),
)
def fourth_derivative(x, a, b):
    """z⁴ e^(zx) with z = r e^(it), of which the imaginary part is r⁴ e^(ax) sin(bx + 4t)."""
    return (a**2 + b**2) ** 2 * jnp.exp(a * x) * jnp.sin(b * x + 4 * jnp.arctan2(b, a))


@exercise(
    counterexample=differentiates,
    any_shape=True,
    hints=[
        'Five cases: "x" gives 1, a number 0, and one line for each rule.',
        "For a sum: return ('+', differentiate(u), differentiate(v)).",
        Hint(
            'A power: ("*", ("*", n, u to the n - 1), du); u to the 0 is 1, not ("^", u, 0).',
            lambda: evaluated(differentiate(("^", "x", 3)), 2.0) == 12.0,
        ),
    ],
    wrong=[
        Wrong(factor_by_factor, "of (3 * x) it is 0"),
        Wrong(without_inner_slope, "it is"),
        Wrong(lambda tree: 0.0, "of x it is 0"),
        Wrong(lambda tree: "dx", "no expression"),
    ],
)
def differentiate(tree):
    """One rule for each kind of expression, and the rules call differentiate for the parts."""
    if tree == "x":
        return 1.0
    if not isinstance(tree, tuple):
        return 0.0
    sign, u, v = tree
    if sign == "+":
        return ("+", differentiate(u), differentiate(v))
    if sign == "*":
        return ("+", ("*", differentiate(u), v), ("*", u, differentiate(v)))
    lower = ("^", u, v - 1) if v > 1 else 1.0
    return ("*", ("*", float(v), lower), differentiate(u))
