"""How the exercises on limits are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)

# ----- secants and tangents -----


@exercise(
    at=[(1.0, 0.5), (-2.0, 0.25), (3.0, -1.0), (2.0, 0.0)],
    hints=[
        "(x + h)³ = x³ + 3x²h + 3xh² + h³.",
        "x³ cancels; every term that is left has an h to give.",
        Hint(
            "At h = 0 it is the slope of the tangent, 12 at x = 2.",
            lambda: cube_secant(2.0, 0.0) == 12,
        ),
    ],
    wrong=[
        Wrong(lambda x, h: 3 * x**2, "", "This is the tangent: the terms with h are left out."),
        Wrong(
            lambda x, h: 3 * x**2 + h**2,
            "",
            "Three products of two x and one h, three of one x and two h.",
        ),
        Wrong(lambda x, h: ((x + h) ** 3 - x**3) / h, "NaN"),
        Wrong(lambda x, h: 3 * x**2 * h + 3 * x * h**2 + h**3, "", "Divide by h."),
    ],
)
def cube_secant(x, h):
    """(x³ + 3x²h + 3xh² + h³ - x³) / h;  hence 3x² + 3xh + h²."""
    return 3 * x**2 + 3 * x * h + h**2


@exercise(
    hints=[
        "1/(4 + h) - 1/4 = (4 - (4 + h)) / (4 (4 + h)).",
        "Divide by h, then put h = 0.",
        Hint("The graph falls.", lambda: reciprocal_slope() < 0),
    ],
    wrong=[
        Wrong(1 / 16, "sign"),
        Wrong(-16.0, "reciprocal"),
        Wrong(-1 / 4, "factor", "1/x² at 4 has 4² below."),
        Wrong(-1 / 8, "factor"),
        Wrong(0.25, "factor"),
    ],
)
def reciprocal_slope():
    """-h / (4 (4 + h)) / h = -1 / (4 (4 + h));  hence -1/16."""
    return -1 / 16


@exercise(
    hints=[
        "√(x+h) - √x times √(x+h) + √x is (x + h) - x.",
        Hint("At x = 1 the slope is one half.", lambda: root_slope(1.0) == 0.5),
    ],
    wrong=[
        Wrong(lambda x: 1 / jnp.sqrt(x), "factor"),
        Wrong(
            lambda x: jnp.sqrt(x) / 2,
            "",
            "At x = 4 the slope is less than at x = 1: a root in the numerator grows.",
        ),
        Wrong(lambda x: -1 / (2 * jnp.sqrt(x)), "sign"),
        Wrong(lambda x: 2 * jnp.sqrt(x), "", "This grows; the graph of the root gets flatter."),
        Wrong(lambda x: 1 / (2 * x), "", "Below stands the root of x, twice."),
    ],
)
@derivative(of=sheet.root, at=dict(x=positive()))
def root_slope(x):
    """h / (√(x+h) + √x) / h = 1 / (√(x+h) + √x);  hence 1 / (2√x)."""
    return 1 / (2 * jnp.sqrt(x))


# ----- limits -----


@exercise(
    hints=[
        "x² - 9 = (x - 3)(x + 3): all but one factor cancels.",
        "sin u / u goes to 1. What is u here, and what stands below it?",
        "1 - cos x = 2 sin²(x/2), which brings back sin u / u, squared.",
        Hint(
            "At x = 0.001 the three are within a thousandth of their limits.",
            lambda: np.allclose(
                [0.001 + 6, np.sin(0.003) / 0.001, (1 - np.cos(0.001)) / 1e-6], three_limits(), 1e-3
            ),
        ),
    ],
    wrong=[
        Wrong([6.0, 1.0, 0.5], "the first at index 1", "sin(3x) / x is 3 sin(u) / u with u = 3x."),
        Wrong([6.0, 3.0, 1.0], "the first at index 2"),
        Wrong([0.0, 3.0, 0.5], "the first at index 0", "0/0 is not 0."),
        Wrong([3.0, 6.0, 0.5], "index"),
        Wrong([np.nan, 3.0, 0.5], "NaN"),
        Wrong([6.0, 1 / 3, 0.0], "2 of its 3 entries"),
    ],
)
def three_limits():
    """x + 3 at 3;  3 sin(3x)/(3x);  ½ (sin(x/2) / (x/2))²:  hence 6, 3 and 1/2."""
    return jnp.array([6.0, 3.0, 0.5])


def rises_by_two(a):
    if a <= 0:
        return "a^x is no function of all numbers x for a base that is not positive"
    slope = np.log(a)
    return None if abs(slope - 2) < 1e-6 else f"the slope of {a:.6g}^x at 0 is {slope:.7g}"


@exercise(
    argument=rises_by_two,
    hints=[
        "a^x = e^(x ln a). What is its slope at 0?",
        Hint("ln a has to be 2.", lambda: np.isclose(np.log(base_with_slope_two()), 2)),
    ],
    wrong=[
        Wrong(2.0, "slope of 2^x at 0 is 0.69314"),
        Wrong(np.e, "at 0 is 1"),
        Wrong(2 * np.e, "at 0 is 1.69314"),
        Wrong(7.0, "at 0 is 1.94591"),
        Wrong(-2.0, "not positive"),
    ],
)
def base_with_slope_two():
    """d/dx e^(x ln a) = ln a e^(x ln a), at 0 it is ln a = 2;  hence a = e²."""
    return jnp.exp(2.0)


# ----- kinks -----


@exercise(
    hints=[
        "For h > 0, |h| = h; for h < 0, |h| = -h.",
        "(|h| + 2h) / h: put in each of the two.",
        Hint("They differ by 2.", lambda: np.diff(one_sided_slopes()) == 2),
    ],
    wrong=[
        Wrong([3.0, 1.0], "reverse order"),
        Wrong([-1.0, 1.0], "constant", "The 2x has a slope, too."),
        Wrong([-3.0, 3.0], "the first at index 0"),
        Wrong([2.0, 2.0], "", "This is the mean of the two; JAX's convention, but no slope."),
        Wrong(2.0, "shape"),
    ],
)
def one_sided_slopes():
    """(-h + 2h)/h = 1 for h < 0, (h + 2h)/h = 3 for h > 0."""
    return jnp.array([1.0, 3.0])


def has_two_kinks(f):
    heights = lambda x: values_at(f, x)
    slope = lambda a, b: float(np.diff(heights(np.array([a, b])))[0] / (b - a))
    for c in (-2.0, 1.0):
        around = heights(c + np.array([-1e-9, 0.0, 1e-9]))
        if not np.all(np.isfinite(around)):
            return f"it is not finite at {c:g}"
        if np.ptp(around) > 1e-2:
            return f"it jumps at {c:g}: it has to be continuous"
        right, left = slope(c, c + 1e-6), slope(c - 1e-6, c)
        steepens = abs(slope(c, c + 1e-4) - right) + abs(slope(c - 1e-4, c) - left)
        if abs(right - left) < 1e-3 and steepens < 1e-2:
            return f"it is differentiable at {c:g}, with slope {right:.3g}"
    near, far = np.linspace(-5.0003, 5.0007, 8193), np.geomspace(5, 100, 4097)
    if not np.all(np.isfinite(heights(near))):
        return "it is not finite everywhere between -5 and 5"
    return next(filter(None, (another_kink(heights, x) for x in (near, far, -far[::-1]))), None)


def another_kink(heights, x):
    """Where a slope changes at once, besides at -2 and at 1."""
    found = heights(x)
    bends = np.abs(np.diff(np.diff(found) / np.diff(x)))
    # a smooth bend is like those beside it
    beside_it = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(bends, 4, "edge"), 9), 1)
    sharp = np.where(np.isfinite(bends), np.abs(bends - beside_it), 0.0)
    for k in np.argsort(sharp)[::-1][:40]:
        c, around = x[k + 1], x[k + 2] - x[k]
        if sharp[k] < 1e-3 or min(abs(c + 2), abs(c - 1)) < 0.01:
            continue
        fine = np.linspace(c - around, c + around, 257)
        rounding = 1e-12 * np.max(np.abs(found[k : k + 3])) / (fine[1] - fine[0])
        bend = np.abs(np.diff(np.diff(heights(fine)) / np.diff(fine)))
        if np.max(bend) > sharp[k] / 2 + rounding:
            return f"it has a kink or a jump near {c:.2f}, too"
    return None


@exercise(
    counterexample=has_two_kinks,
    hints=[
        "|x| has a kink at 0. Where has |x - a| one?",
        Hint(
            "A sum of two functions has a kink where one of them has, and the other has none.",
            lambda: has_two_kinks(lambda x: jnp.abs(x + 2) + 3 * jnp.abs(x - 1) + x**3) is None,
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.abs(x + 2), "differentiable at 1"),
        Wrong(lambda x: sum(jnp.abs(x - c) for c in (-2, 1, 7)), "kink or a jump near 7.0"),
        Wrong(lambda x: jnp.abs(x - 2) + jnp.abs(x + 1), "differentiable at -2"),
        Wrong(lambda x: jnp.abs(x) + jnp.abs(x + 2) + jnp.abs(x - 1), "kink or a jump near 0.00"),
        Wrong(lambda x: jnp.where(x < -2, 0.0, jnp.where(x < 1, 1.0, 0.0)), "jumps at -2"),
        Wrong(lambda x: (x + 2) * (x - 1), "differentiable at -2"),
        Wrong(lambda x: 1 / (x + 2) + 1 / (x - 1), "not finite"),
    ],
)
def two_kinks(x):
    """|x - a| has a kink at a and nowhere else, and a sum keeps them apart: |x + 2| + |x - 1|."""
    return jnp.abs(x + 2) + jnp.abs(x - 1)


@exercise(
    hints=[
        "Away from 0: the product rule, then the chain rule with u = 1/x, du/dx = -1/x².",
        "At 0 the quotient is h sin(1/h), which is no larger than |h|.",
        Hint("At x = 1/π it is 1.", lambda: jnp.isclose(wiggle_slope(1 / np.pi), 1.0)),
        "`jnp.where` looks at both of its branches: keep 1/0 out of the one that is not taken.",
    ],
    wrong=[
        Wrong(lambda x: _at_zero(0.0, x, lambda x: 2 * x * jnp.sin(1 / x)), "missing_term"),
        Wrong(
            lambda x: _at_zero(0.0, x, lambda x: 2 * x * jnp.sin(1 / x) + jnp.cos(1 / x)), "sign"
        ),
        Wrong(
            lambda x: _at_zero(0.0, x, lambda x: 2 * x * jnp.cos(1 / x)),
            "",
            "A product has two terms, and each keeps one of its factors.",
        ),
        Wrong(
            lambda x: _at_zero(1.0, x, lambda x: 2 * x * jnp.sin(1 / x) - jnp.cos(1 / x)),
            "region",
        ),
    ],
)
@derivative(of=sheet.wiggle, at=dict(x=reals()))
def wiggle_slope(x):
    """u = 1/x, du = -dx/x²:  d(x² sin u) = 2x sin u dx - cos u dx;  at 0 the quotient h sin(1/h)
    goes to 0;  hence 2x sin(1/x) - cos(1/x), and 0 at 0."""
    away = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, 2 * away * jnp.sin(1 / away) - jnp.cos(1 / away))


def _at_zero(value, x, formula):
    return jnp.where(x == 0, value, formula(jnp.where(x == 0, 1.0, x)))
