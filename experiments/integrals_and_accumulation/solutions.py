"""How the exercises on integrals and accumulation are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


# ----- the fundamental theorem -----


@exercise(
    hints=[
        "What flows in between x and x + h, when h is small?",
        Hint(
            "At x = 0 it is 1, the rate at which the flow begins.",
            lambda: np.isclose(tank_derivative(0.0), 1.0),
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.cos(x), "", "This is the slope of the rate, not of what is in."),
        Wrong(lambda x: x - jnp.cos(x), "", "This is an antiderivative: what is in, but for 1."),
        Wrong(lambda x: jnp.sin(x), "missing_term"),
        Wrong(lambda x: -1 - jnp.sin(x), "sign"),
    ],
)
@derivative(of=sheet.tank, at=dict(x=interval(-4, 4)))
def tank_derivative(x):
    """(F(x + h) - F(x))/h is the mean of the rate between x and x + h;  hence the rate, 1 + sin x."""
    return 1 + jnp.sin(x)


@exercise(
    hints=[
        "The integral from 0 to 3, over the length of the interval.",
        Hint("An antiderivative is t³/3: 9 at t = 3.", lambda: 3**3 / 3 == 9),
    ],
    wrong=[
        Wrong(9.0, "factor", "This is the integral. The mean is that over the length."),
        Wrong(4.5, "", "The mean of the values at the ends is not the mean of all values."),
        Wrong(2.25, "", "This is the square of the mean place: the mean of the squares is more."),
    ],
)
def mean_of_square():
    """[t³/3] from 0 to 3 is 9, over 3."""
    return 3.0


@exercise(
    hints=[
        "With F' = cos it is F(x²) - F(x). Differentiate that.",
        "The upper limit gives cos(x²) times its own slope; the lower limit counts with a minus.",
        Hint("At x = 1 it is cos 1.", lambda: np.isclose(moving_derivative(1.0), np.cos(1.0))),
    ],
    wrong=[
        Wrong(lambda x: jnp.cos(x**2) - jnp.cos(x), "", "The limit x² moves at the rate 2x."),
        Wrong(lambda x: 2 * x * jnp.cos(x**2), "missing_term", "The lower limit moves, too."),
        Wrong(lambda x: 2 * x * jnp.cos(x**2) + jnp.cos(x), "", "Moving a start takes area away."),
        Wrong(lambda x: -2 * x * jnp.sin(x**2) + jnp.sin(x), "", "The heights are those of cos."),
    ],
)
@derivative(of=sheet.moving, at=dict(x=interval(-2, 2)))
def moving_derivative(x):
    """dI = cos(x²) d(x²) - cos(x) dx;  hence 2x cos x² - cos x."""
    return 2 * x * jnp.cos(x**2) - jnp.cos(x)


# ----- probabilities -----


@exercise(
    hints=[
        "All three act through z = (x - mean)/scale. What is the slope in z?",
        "The slope in z is the density φ(z) = e^(-z²/2)/√(2π); dz = (dx - dmean - z dscale)/scale.",
        Hint(
            "Moving x and the mean together changes nothing.",
            lambda: np.isclose(sum(normal_cdf_gradient(1.0, 0.3, 2.0)[:2]), 0),
        ),
    ],
    wrong=[
        Wrong(
            lambda x, m, s: (
                jnp.exp(-(((x - m) / s) ** 2) / 2) / np.sqrt(2 * np.pi),
                -jnp.exp(-(((x - m) / s) ** 2) / 2) / np.sqrt(2 * np.pi),
                -(x - m) / s * jnp.exp(-(((x - m) / s) ** 2) / 2) / np.sqrt(2 * np.pi),
            ),
            "",
            "The slope of z in x is 1/scale.",
        ),
        Wrong(
            lambda x, m, s: tuple(abs(part) for part in normal_cdf_gradient(x, m, s)),
            "",
            "A greater mean makes it less probable to be below x.",
        ),
        Wrong(lambda x, m, s: normal_cdf_gradient(x, m, s)[:2], "shape"),
    ],
)
@gradient(
    of=sheet.normal_cdf,
    wrt=("x", "mean", "scale"),
    at=dict(x=interval(-2, 2), mean=interval(-1, 1), scale=interval(1, 3)),
)
def normal_cdf_gradient(x, mean, scale):
    """dΦ(z) = φ(z) dz and dz = (dx - dm - z ds)/s;  hence φ/s, -φ/s, -zφ/s."""
    z = (x - mean) / scale
    density = jnp.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / scale
    return density, -density, -z * density


# ----- parameters -----


@exercise(
    hints=[
        "Each derivative in a takes down a factor -t under the integral.",
        "Three times: the integral of -t³ e^(-at) is the third derivative of 1/a.",
        Hint(
            "The third derivative of 1/a is -6/a⁴: -6 at a = 1.",
            lambda: -6 / 1**4 == -6,
        ),
    ],
    wrong=[
        Wrong(6.0, "", "This is for a = 1."),
        Wrong(-0.375, "sign", "All that is added up is positive."),
        Wrong(0.75, "factor", "Three factors t ask for a⁴ below."),
        Wrong(0.0625, "", "The factors of the derivatives multiply to 3!."),
    ],
)
def third_moment():
    """3!/a⁴ at a = 2: 6/16."""
    return 0.375


@exercise(
    hints=[
        "By Leibniz: sin(x · x) from the limit, and ∫ t cos(xt) dt from the curve.",
        "With s = xt the integral is (1 - cos x²)/x.",
        Hint(
            "1 - cos u = 2 sin²(u/2), which cancels nothing.",
            lambda: np.isclose(1 - np.cos(0.7), 2 * np.sin(0.35) ** 2),
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.sin(x**2), "missing_term", "The curve changes with x, too."),
        Wrong(
            lambda x: sheet.integral(lambda t: t * jnp.cos(x * t), jnp.zeros_like(x), x),
            "missing_term",
            "The limit moves, too.",
        ),
        Wrong(
            lambda x: 2 * jnp.sin(x**2) + (1 - jnp.cos(x**2)) / jnp.where(x == 0, 1.0, x) ** 2,
            "",
            "Check the sign of the derivative of 1/x.",
        ),
    ],
)
@derivative(of=sheet.wave, at=dict(x=interval(-2.5, 2.5)))
def wave_derivative(x):
    """(1 - cos x²)/x = 2 sin²(x²/2)/x:  its derivative is 2 sin x² - (1 - cos x²)/x²;
    hence 2 sin x² - 2 (sin(x²/2)/x)², which is 0 at x = 0."""
    away = jnp.where(x == 0, 1.0, x)
    return 2 * jnp.sin(x**2) - 2 * (jnp.sin(x**2 / 2) / away) ** 2


# ----- rules -----


@exercise(
    hints=[
        "Each sample is in the sum once; which two are there only half?",
        Hint(
            "The weights add up to the width of the interval, h (n - 1) for n samples.",
            lambda: np.isclose(np.sum(trapezoid_weights(np.zeros(5), 0.5)), 2.0),
        ),
    ],
    wrong=[
        Wrong(lambda f, h: h * jnp.ones_like(f), "", "The ends count half."),
        Wrong(
            lambda f, h: jnp.ones_like(f).at[jnp.array([0, f.size - 1])].set(0.5),
            "missing_chain_factor",
            "Where is the step?",
        ),
        Wrong(lambda f, h: sheet.trapezoid(f, h), "shape"),
    ],
)
@gradient(of=sheet.trapezoid, wrt="samples", at=dict(samples=reals("n+1"), h=positive()))
def trapezoid_weights(samples, h):
    """Linear in the samples;  hence the weights: h, and h/2 at the ends."""
    weights = jnp.ones_like(samples).at[jnp.array([0, samples.size - 1])].set(0.5)
    return h * weights


def is_exact_though_coarse(f):
    places, weights = np.polynomial.legendre.leggauss(200)
    values = np.asarray(values_at(f, (1 + places) / 2))
    ends, inner = (np.asarray(values_at(f, np.array(x))) for x in ([0.0, 1.0], [0.25, 0.5, 0.75]))
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(ends))):
        return "somewhere on [0, 1] it is not finite"
    line = ends[0] + (ends[1] - ends[0]) * np.array([0.25, 0.5, 0.75])
    if np.max(abs(inner - line)) < 0.01:
        return f"it is within {np.max(abs(inner - line)):.2g} of a line at 1/4, 1/2 and 3/4"
    area, rule = values @ weights / 2, ends.mean()
    if abs(area - rule) > 1e-4 * max(1.0, np.max(abs(values))):
        return f"its integral is {area.round(6):.4g}, the rule gives {rule.round(6):.4g}"
    return None


@exercise(
    counterexample=is_exact_though_coarse,
    hints=[
        "The chord must cut off as much area above the curve as below it.",
        "A curve that is odd about x = 1/2 does: what it has too much on the left it lacks on the "
        "right.",
        Hint(
            "The cubic (x - 1/2)³ is -1/8 and 1/8 at the ends, and its integral is 0.",
            lambda: (-0.5) ** 3 + 0.5**3 == 0,
        ),
    ],
    wrong=[
        Wrong(lambda x: 2 * x + 1, "of a line"),
        Wrong(lambda x: x**2, "its integral is 0.3333, the rule gives 0.5"),
        Wrong(lambda x: jnp.sin(jnp.pi * x), "the rule gives"),
        Wrong(lambda x: 1 / x, "not finite"),
    ],
)
def exact_though_coarse(x):
    """sin 2πx, say: what is above the chord on the left is below it on the right. An error that is 0 does
    not mean that a rule is exact."""
    return jnp.sin(2 * jnp.pi * x)
