"""How the exercises on vectors and linear prediction are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import gradient, interval, nonzero, reals, spd
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)
X, Y = np.array([3.0, 4.0]), np.array([1.0, 0.0])


# ----- predictions -----


@exercise(
    hints=[
        "Weight times feature, one after the other, all added up, and the bias once.",
        Hint("The first two products are 2 and -3.", lambda: (2 * 1, -1 * 3) == (2, -3)),
    ],
    wrong=[
        Wrong(3.0, "", "The bias is missing."),
        Wrong(11.0, "", "The second weight is negative."),
        Wrong([2.0, -3.0, 4.0], "shape", "These are the contributions: add them, and the bias."),
        Wrong(-5.0, "sign"),
    ],
)
def one_prediction():
    """2 · 1 - 1 · 3 + 0.5 · 8 + 2 = 5."""
    return 5.0


@exercise(
    hints=[
        "How much does the prediction change when the first weight grows by a little?",
        "w₁ stands beside x₁ and nowhere else: dp = x₁ dw₁ + x₂ dw₂ + ...",
        Hint(
            "It does not depend on w.",
            lambda: np.allclose(prediction_gradient(np.ones(2), 0.0, X), X),
        ),
    ],
    wrong=[
        Wrong(lambda w, b, x: w, "wrong_variable", "This is the gradient in the features."),
        Wrong(lambda w, b, x: w * x, "", "These are the contributions to the prediction."),
        Wrong(lambda w, b, x: jnp.sum(x), "shape"),
        Wrong(lambda w, b, x: x + b, "", "The bias stands by itself: it has no weight beside it."),
    ],
)
@gradient(of=sheet.predict, wrt="w", at=dict(w=reals("d"), b=reals(), x=reals("d")))
def prediction_gradient(w, b, x):
    """d(w . x + b) = x . dw + db + w . dx;  hence x, the features."""
    return x


# ----- lengths -----


@exercise(
    hints=[
        "Differentiate r² = x . x on both sides: 2r dr on the left.",
        "On the right 2 x . dx. Divide by 2r and read off what stands before dx.",
        Hint("At x = (3, 4) it is (0.6, 0.8).", lambda: np.allclose(norm_gradient(X), [0.6, 0.8])),
    ],
    wrong=[
        Wrong(lambda x: 2 * x, "missing_chain_factor", "This is the gradient of |x|²."),
        Wrong(lambda x: x / (x @ x), "", "Divided by |x| once too often: its length should be 1."),
        Wrong(lambda x: x / (2 * jnp.sqrt(x @ x)), "factor", "The 2 from x . x cancels the 1/2."),
        Wrong(lambda x: jnp.sign(x), "", "This is the gradient of the 1-norm."),
    ],
)
@gradient(of=sheet.norm, at=dict(x=nonzero("d")))
def norm_gradient(x):
    """r² = x . x, so 2r dr = 2 x . dx;  hence x/r, the unit vector along x."""
    return x / jnp.sqrt(x @ x)


@exercise(
    hints=[
        "By the chain rule it is the slope of the root at x . x = 0, times the gradient of x . x.",
        Hint(
            "The root's slope 1/(2√s) is infinite at s = 0, and the gradient of x . x is 0.",
            lambda: np.isinf(jax.grad(jnp.sqrt)(0.0)),
        ),
        "What does floating point make of infinity times 0?",
    ],
    wrong=[
        Wrong("zero", "not the word"),  # 0 times infinity is not 0 for a computer
        Wrong("inf", "", "One factor is infinite. The other one is 0."),
        Wrong("one", "not the word"),  # what JAX says of the 1-norm
    ],
)
def autodiff_at_zero():
    """1/(2√s) at s = 0 is infinite, 2x is 0, and their product is not a number."""
    return "nan"


def is_subgradient(g):
    length = np.sqrt(g @ g)
    if length == 0:
        return "(0, 0) is a subgradient, but the question asks for another one"
    if length > 1 + 1e-6:
        y = g / length
        return f"for y = ({y[0]:.3g}, {y[1]:.3g}), of length 1, g . y is {g @ y:.7g}: more than |y|"
    return None


@exercise(
    argument=is_subgradient,
    hints=[
        "For which y is g . y greatest, compared with |y|?",
        Hint("For y = g itself: g . g against |g|.", lambda: X @ X == 25 and np.hypot(*X) == 5),
        "So |g|² must not be more than |g|.",
    ],
    wrong=[
        Wrong([1.0, 1.0], "more than |y|", "Its entries are 1, its length is not."),
        Wrong([0.0, 0.0], "another one"),
        Wrong([-2.0, 0.0], "more than |y|"),
        Wrong(0.5, "shape"),
    ],
)
def subgradient_at_zero():
    """g . y ≤ |g| |y| (Cauchy and Schwarz), with equality along g;  hence any g with |g| ≤ 1."""
    return jnp.array([0.6, 0.0])


# ----- angles -----


@exercise(
    hints=[
        "Write it as u . v with the unit vectors u = x/|x| and v = y/|y|. Only u moves.",
        "du = (dx - u (u . dx)) / |x|: what goes along u does not turn it.",
        Hint(
            "Dotted with x it is 0: a longer arrow has the same direction.",
            lambda: np.allclose(cosine_gradient(X, np.array([1.0, 2.0])) @ X, 0),
        ),
    ],
    wrong=[
        Wrong(lambda x, y: y / jnp.sqrt(x @ x * (y @ y)), "missing_term", "|x| moves with x, too."),
        Wrong(
            lambda x, y: (
                (y / jnp.sqrt(y @ y) + sheet.cosine(x, y) * x / jnp.sqrt(x @ x)) / jnp.sqrt(x @ x)
            ),
            "sign",
        ),
        Wrong(
            lambda x, y: y / jnp.sqrt(y @ y) - sheet.cosine(x, y) * x / jnp.sqrt(x @ x),
            "",
            "Far out it takes a longer way to turn: where is the 1/|x|?",
        ),
        Wrong(
            lambda x, y: (
                (x / jnp.sqrt(x @ x) - sheet.cosine(x, y) * y / jnp.sqrt(y @ y)) / jnp.sqrt(y @ y)
            ),
            "wrong_variable",
        ),
    ],
)
@gradient(of=sheet.cosine, wrt="x", at=dict(x=nonzero("d+1"), y=nonzero("d+1")))
def cosine_gradient(x, y):
    """c = u . v, du = (dx - u (u . dx))/|x|;  hence (v - c u)/|x|, orthogonal to x as u . v = c."""
    u, v = x / jnp.sqrt(x @ x), y / jnp.sqrt(y @ y)
    return (v - u @ v * u) / jnp.sqrt(x @ x)


def leaves_the_cosine(v):
    if not np.any(v):
        return "(0, 0) is not a direction: the point stays where it is"
    rate = np.asarray(cosine_gradient(X, Y)) @ v / np.hypot(*v)
    return None if abs(rate) < 1e-6 else f"along it the cosine changes at the rate {rate:.4g}"


@exercise(
    argument=leaves_the_cosine,
    hints=[
        "What does a cosine know of the length of x?",
        Hint(
            "The point (6, 8) has the same cosine as (3, 4).",
            lambda: np.isclose(sheet.cosine(2 * X, Y), sheet.cosine(X, Y)),
        ),
    ],
    wrong=[
        Wrong([1.0, 0.0], "changes at the rate 0.128", "Towards y the angle gets smaller."),
        Wrong([-4.0, 3.0], "changes at the rate", "Across x the angle changes fastest."),
        Wrong([0.0, 0.0], "not a direction"),
    ],
)
def same_cosine():
    """Outwards, v = x: the gradient of the cosine is orthogonal to x."""
    return jnp.array([3.0, 4.0])


# ----- two harder ones -----


@exercise(
    hints=[
        "Square it, as for the norm: m² = eᵀPe with e = x - c.",
        "d(eᵀPe) = deᵀPe + eᵀPde = 2 (Pe) . de, because P is symmetric.",
        Hint(
            "With P = I it is the unit vector away from the center.",
            lambda: np.allclose(mahalanobis_gradient(X, np.zeros(2), np.eye(2)), [0.6, 0.8]),
        ),
    ],
    wrong=[
        Wrong(lambda x, c, P: 2 * P @ (x - c), "missing_chain_factor", "This is that of m²."),
        Wrong(
            lambda x, c, P: (x - c) / jnp.sqrt((x - c) @ P @ (x - c)), "", "Where is the matrix?"
        ),
        Wrong(lambda x, c, P: -P @ (x - c) / jnp.sqrt((x - c) @ P @ (x - c)), "sign"),
        Wrong(
            lambda x, c, P: P @ (x - c) / jnp.sqrt((x - c) @ (x - c)),
            "",
            "Divided by the wrong length: by Euclid's, not by Mahalanobis'.",
        ),
    ],
)
@gradient(
    of=sheet.mahalanobis,
    wrt="x",
    at=dict(x=nonzero("d"), center=interval(-10, 10, "d"), precision=spd("d")),
)
def mahalanobis_gradient(x, center, precision):
    """m² = eᵀPe:  2m dm = 2 (Pe) . dx;  hence Pe/m, normal to the ellipsoid through x."""
    e = x - center
    return precision @ e / jnp.sqrt(e @ precision @ e)


def breaks_the_triangle(f):
    turn = np.linspace(0, 2 * np.pi, 97)[:-1]
    x, y = np.cos(turn), np.sin(turn)
    around = np.asarray(values_at(f, x, y))
    if not np.all(np.isfinite(around)):
        return "somewhere on the unit circle it is not finite"
    if np.min(around) <= 0:
        k = int(np.argmin(around))
        return f"f({x[k]:.3g}, {y[k]:.3g}) is {around[k]:.3g}, not positive"
    for t in (2.0, -0.3):
        scaled = np.asarray(values_at(f, t * x, t * y))
        k = int(np.argmax(abs(scaled / around - abs(t))))
        if abs(scaled[k] / around[k] - abs(t)) > 1e-6:
            return f"f({t:g} p) is {scaled[k] / around[k]:.4g} f(p) at p = ({x[k]:.3g}, {y[k]:.3g})"
    i, j = (grid.ravel() for grid in np.meshgrid(np.arange(turn.size), np.arange(turn.size)))
    for t in (1.0, 3.0):  # q may be longer than p
        excess = values_at(f, x[i] + t * x[j], y[i] + t * y[j]) - around[i] - t * around[j]
        if np.max(excess) > 1e-6 * np.max(around):
            return None
    return "f(p + q) is never more than f(p) + f(q)"


@exercise(
    counterexample=breaks_the_triangle,
    hints=[
        "The unit ball of a norm is convex. Which shapes with corners that point inwards do you know?",
        "In (|x|^p + |y|^p)^(1/p) nobody forces p to be 1 or more.",
        Hint(
            "With p = 1/2, (1, 1) has the length 4, but (1, 0) and (0, 1) only 1.",
            lambda: np.isclose(not_a_norm(1.0, 1.0), 4.0) and np.isclose(not_a_norm(1.0, 0.0), 1.0),
        ),
    ],
    wrong=[
        Wrong(lambda x, y: jnp.abs(x) + jnp.abs(y), "never more than"),
        Wrong(lambda x, y: x**2 + y**2, "f(2 p) is 4 f(p)"),
        Wrong(lambda x, y: jnp.minimum(jnp.abs(x), jnp.abs(y)), "not positive"),
        Wrong(lambda x, y: x + y, "not positive"),
    ],
)
def not_a_norm(x, y):
    """(√|x| + √|y|)²: (1, 0) and (0, 1) have length 1, their sum has length 4, more than 2."""
    return (jnp.sqrt(jnp.abs(x)) + jnp.sqrt(jnp.abs(y))) ** 2
