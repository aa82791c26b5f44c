"""How the exercises on probability and noise are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, identity, interval, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


@exercise(
    hints=[
        "Let z = (x - m)/s. What is the derivative of -z²/2 in z, and of z in x?",
        "The chain rule brings one more 1/s.",
        Hint("Two deviations above the mean it is -2/s.", lambda: score(7.0, 1.0, 3.0) == -2 / 3),
    ],
    wrong=[
        Wrong(
            lambda x, m, s: (x - m) / s**2, "sign", "In x it is a spring back; in m, the other way."
        ),
        Wrong(lambda x, m, s: -(x - m) / s, "", "dz = dx/s: one more s below."),
        Wrong(lambda x, m, s: -(x - m) / s**2 - 1 / s, "", "ln s does not move with x."),
        Wrong(lambda x, m, s: -2 * (x - m) / s**2, "factor", "The half takes the 2."),
    ],
)
@derivative(of=sheet.log_density, wrt="x", at=dict(x=reals(), m=reals(), s=positive()))
def score(x, m, s):
    """d(-z²/2) = -z dz, dz = dx/s;  hence -(x - m)/s²."""
    return (m - x) / s**2


@exercise(
    hints=[
        "Call the distances r_i = x_i - m. d of the sum of r_i² is 2 sum r_i (dx_i - dm).",
        "The mean moves too. What is the sum of all r_i?",
        Hint(
            "Moving all numbers alike changes nothing: the entries add up to 0.",
            lambda: np.isclose(np.sum(variance_gradient(np.array([1.0, 5.0, 9.0, 2.0]))), 0),
        ),
    ],
    wrong=[
        Wrong(lambda x: 2 * (x - jnp.mean(x)), "batch_factor", "It is a mean."),
        Wrong(lambda x: 2 * x / x.size, "", "The mean moves, too."),
        Wrong(lambda x: (x - jnp.mean(x)) / x.size, "factor"),
        Wrong(
            lambda x: 2 * (x - jnp.mean(x)) * (1 - 1 / x.size) / x.size,
            "",
            "The mean moves by 1/n of each, which pulls at all r_i; and those add up to 0.",
        ),
    ],
)
@gradient(of=sheet.variance, at=dict(x=reals("n")))
def variance_gradient(x):
    """dV = 2/n Σ r_i (dx_i - dm) and Σ r_i = 0;  hence 2 (x_i - m)/n."""
    return 2 * (x - jnp.mean(x)) / x.size


@exercise(
    hints=[
        "The best model is 3x itself: its error is the noise.",
        "The variance of e is the mean of e² over -1 to 1: an integral of e²/2.",
    ],
    wrong=[
        Wrong(0.0, "", "Even the truth misses y by e."),
        Wrong(1.0, "factor", "e is seldom as large as 1."),
        Wrong(np.sqrt(1 / 3), "", "This is its root, the standard deviation."),
        Wrong(1 / 12, "factor", "1/12 is the variance on an interval of length 1; this one has 2."),
        Wrong(2 / 3, "factor", "The density of e is 1/2."),
    ],
)
def noise_floor():
    """E e² = ½ ∫ e² de from -1 to 1 = ⅓."""
    return 1 / 3


@exercise(
    hints=[
        "Each entry by itself: e^l + m² - 1 - l, halved.",
        "What is the slope of m²/2? And of (e^l - l)/2?",
        Hint(
            "Both are 0 for the standard normal.",
            lambda: not np.any(divergence_gradient(np.zeros(2), np.zeros(2))),
        ),
    ],
    wrong=[
        Wrong(lambda m, l: (m, jnp.exp(l) / 2), "missing_term", "-l has a slope, too."),
        Wrong(lambda m, l: (2 * m, jnp.exp(l) - 1), "factor"),
        Wrong(lambda m, l: (m, (1 - jnp.exp(l)) / 2), "", "A large variance is to shrink."),
        Wrong(lambda m, l: (jnp.expm1(l) / 2, m), "", "In the order of the arguments: m, then l."),
    ],
)
@gradient(of=sheet.divergence, wrt=("m", "l"), at=dict(m=reals("d"), l=reals("d")))
def divergence_gradient(m, l):
    """d = m dm + (e^l - 1)/2 dl;  hence m and (e^l - 1)/2, with expm1 near l = 0."""
    return m, jnp.expm1(l) / 2


@exercise(
    hints=[
        "p (1/p²) is 1/p. And the other term?",
        "1/p + 1/(1 - p): one denominator.",
        Hint("A fair coin: 4.", lambda: information(0.5) == 4),
    ],
    wrong=[
        Wrong(
            lambda p: p * (1 - p), "", "This is the variance of y; the information is one over it."
        ),
        Wrong(lambda p: 1 / p, "missing", "Tails say something, too."),
        Wrong(lambda p: 1 / p**2 + 1 / (1 - p) ** 2, "", "Weighted by their chances."),
        Wrong(lambda p: 1 / p - 1 / (1 - p), "sign", "This is the sum of the two scores."),
    ],
)
@identity(of=sheet.mean_squared_score, at=dict(p=interval(0.0, 1.0)))
def information(p):
    """1/p + 1/(1 - p) = (1 - p + p)/(p (1 - p));  hence 1/(p (1 - p))."""
    return 1 / (p * (1 - p))


@exercise(
    at=[(0.5,), (0.1,), (0.9,)],
    hints=[
        "The score is the derivative in p: one term from ln p, one from (k - 1) ln(1 - p).",
        "1/p - (k - 1)/(1 - p) has the mean 0. It is linear in k: put the mean of k for k.",
        Hint("With p = 1/2 the score is 4 - 2k.", lambda: 1 / 0.5 - (3 - 1) / 0.5 == 4 - 2 * 3),
    ],
    wrong=[
        Wrong(lambda p: (1 - p) / p, "", "These are the failures before it; k counts the success."),
        Wrong(lambda p: 1 / (1 - p), "", "The mean number of trials to the first failure."),
        Wrong(lambda p: p, "reciprocal"),
        Wrong(
            lambda p: 1.0, "", "That is the k at which the likelihood of one success is largest."
        ),
    ],
)
def mean_wait(p):
    """1/p = (E k - 1)/(1 - p), so E k = 1 + (1 - p)/p = 1/p: no series was summed."""
    return 1 / p


@exercise(
    hints=[
        "x = m + s z: how does x² move with m, how with s?",
        "d(x²) = 2x (dm + z ds). Now take means: E z = 0, E z² = 1.",
        Hint(
            "Or: E x² = m² + s².",
            lambda: np.isclose(sheet.expected_square(jnp.array(2.0), jnp.array(3.0)), 13.0),
        ),
    ],
    wrong=[
        Wrong(lambda m, s: (2 * m, 0 * s), "", "E x is m, but E x² is more: it moves with s."),
        Wrong(lambda m, s: (2 * (m + s), 2 * s), "", "z has the mean 0."),
        Wrong(lambda m, s: (m, s), "factor"),
        Wrong(lambda m, s: (2 * m, 2 * s * m), "", "E (m + sz) z = s: m z has the mean 0."),
    ],
)
@gradient(of=sheet.expected_square, wrt=("m", "s"), at=dict(m=reals(), s=positive()))
def expected_square_gradient(m, s):
    """d E x² = E 2x (dm + z ds) with E x = m, E xz = s;  hence 2m and 2s."""
    return 2 * m, 2 * s


@exercise(
    hints=[
        "One estimate is (m + sz)² z / s = (m² z + 2ms z² + s² z³)/s. Its mean is 2m.",
        "Square it: m⁴z² + 4m²s²z⁴ + s⁴z⁶ + 2m²s²z⁴, and terms of odd power. Then means.",
        Hint(
            "At m = 0 it is 15 s².",
            lambda: np.isclose(score_estimate_variance_formula(0.0, 2.0), 60.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda m, s: m**4 / s**2 + 18 * m**2 + 15 * s**2,
            "",
            "This is the mean square. The mean, 2m, is still to be squared and subtracted.",
        ),
        Wrong(lambda m, s: 14 * m**2 + 15 * s**2, "", "z² m⁴ has the mean m⁴."),
        Wrong(
            lambda m, s: m**4 / s**2 + 8 * m**2 + 15 * s**2,
            "",
            "The square has 2 (m² z)(s² z³), which has the mean 6 m² s².",
        ),
        Wrong(lambda m, s: 4 * s**2 + 0 * m, "", "This is the path's, 2x: it is so much better."),
    ],
)
@identity(of=sheet.score_estimate_variance, at=dict(m=reals(), s=positive()))
def score_estimate_variance_formula(m, s):
    """(m⁴ + 18 m²s² + 15 s⁴)/s² - 4m²;  hence m⁴/s² + 14m² + 15s²: it grows without end when s is
    small, where the path's 4s² vanishes."""
    return (m**2 / s) ** 2 + 14 * m**2 + 15 * s**2


@exercise(
    hints=[
        "The mean does not depend on b. So the mean square must be least.",
        "E (x² - b)² z² is a parabola in b: its lowest point is b = E[x² z²] / E[z²].",
        Hint("E x² z² = m² + 3 s².", lambda: np.isclose(1 + 3, best_baseline())),
    ],
    wrong=[
        Wrong(2.0, "factor", "The mean of x²: a good guess, and not the best. Weigh it by z²."),
        Wrong(0.0, "", "Without a baseline the variance is 30, with the best one 14."),
        Wrong(1.0, "factor", "m²: the score's own square has to be counted in."),
    ],
)
def best_baseline():
    """d/db E (x² - b)² z² = -2 E x² z² + 2b E z² = 0 for b = m² + 3s² = 4."""
    return 4.0


def is_beyond_the_path(f):
    x = (np.arange(4000) + 0.5) / 250 - 8
    weights = np.exp(-(x**2) / 2)
    weights /= weights.sum()
    value = values_at(f, x)
    if not np.all(np.isfinite(value)):
        return "it is not finite everywhere"
    if np.max(abs(value)) > 10:
        return f"at {x[np.argmax(abs(value))]:.3g} it is {value[np.argmax(abs(value))]:.3g}"
    try:
        slopes = values_at(jax.grad(lambda x: jnp.asarray(f(x), float)), x)
    except jax.errors.ConcretizationTypeError:
        return "JAX cannot differentiate it: use jnp.where for cases"
    path, by_score = float(weights @ np.nan_to_num(slopes)), float(weights @ (value * x))
    if abs(path - by_score) < 0.01 * np.max(abs(value), initial=1e-12):
        path, by_score = (round(side, 4) + 0.0 for side in (path, by_score))
        return f"both say {by_score:.3g}: the path {path:.4g}, the score {by_score:.4g}"
    return None


@exercise(
    counterexample=is_beyond_the_path,
    hints=[
        "A corner does not hurt: it is met with probability 0, and f does not jump there.",
        "Where f jumps, E f moves as m carries the samples across. f' does not see it.",
        Hint(
            "For f = sign x the score says 0.798, the slope of E f.",
            lambda: np.isclose(2 / np.sqrt(2 * np.pi), 0.798, atol=1e-3),
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.tanh(x), "both say"),
        Wrong(lambda x: jnp.maximum(x, 0.0), "both say"),
        Wrong(lambda x: jnp.sin(20 * x), "both say"),
        Wrong(lambda x: x**2, "at -8 it is"),
        Wrong(lambda x: 0.0 * x, "both say 0"),
    ],
)
def where_the_path_fails(x):
    """A step: f' is 0 wherever it exists, and E f = P(x > 0) has the slope phi(0) = 0.399 in m."""
    return jnp.where(x > 0, 1.0, 0.0)
