"""How the exercises on activations and saturation are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from lab import derivative, jacobian, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


@exercise(
    hints=[
        "Write s = 1 / (1 + e^-x) and use the quotient rule, or the chain rule on u^-1.",
        "You have e^-x / (1 + e^-x)². One factor is s; what is the other?",
        Hint("At x = 0 it is 1/4.", lambda: jnp.isclose(sigmoid_slope(jnp.array(0.0)), 0.25)),
    ],
    wrong=[
        Wrong(lambda x: jax.nn.sigmoid(x), "", "This is s itself; its slope is at most 1/4."),
        Wrong(lambda x: -jax.nn.sigmoid(x) * jax.nn.sigmoid(-x), "sign", "d(-x) = -dx, twice."),
        Wrong(lambda x: jax.nn.sigmoid(x) ** 2, "", "1 / (1 + e^-x)² lacks the inner e^-x."),
        Wrong(
            lambda x: jax.nn.sigmoid(x) * (1 + jax.nn.sigmoid(x)), "", "1 minus s, not 1 plus s."
        ),
    ],
)
@derivative(of=sheet.sigmoid, at=dict(x=reals()))
def sigmoid_slope(x):
    """s = 1/(1 + e^-x), ds = e^-x/(1 + e^-x)² dx = s · e^-x/(1 + e^-x) dx;  hence s (1 - s), and
    1 - s(x) = s(-x), which does not cancel."""
    return jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)


@exercise(
    hints=[
        "s (1 - s) is a parabola in s. For which s is it greatest?",
        "The two factors add up to 1; their product is greatest when they are equal.",
    ],
    wrong=[
        Wrong(0.5, "factor", "1/2 is the value of the sigmoid where it is steepest."),
        Wrong(1.0, "factor", "1 is the greatest slope of tanh."),
        Wrong(0.0, "", "The slope itself is asked for, not where it is greatest."),
        Wrong(4.0, "reciprocal"),
    ],
)
def greatest_sigmoid_slope():
    """s (1 - s) = 1/4 - (s - 1/2)²: 1/4, where s = 1/2, at x = 0."""
    return 0.25


@exercise(
    hints=[
        "Each layer leaves at most the greatest slope of the sigmoid.",
        Hint("After 5 layers less than a thousandth is left.", lambda: 4.0**-5 < 1e-3 < 4.0**-4),
        "ln 10^6 / ln 4 is not a whole number: round the right way.",
    ],
    wrong=[
        Wrong(9.0, "", "4^9 = 262144 is not yet a million."),
        Wrong(20.0, "factor", "With 1/2 a layer: that is the sigmoid's value, not its slope."),
        Wrong(6.0, "", "Each layer leaves a quarter, not a tenth."),
        Wrong(np.log(1e6) / np.log(4.0), "", "A whole number of layers, please."),
    ],
)
def layers_until_gone():
    """4^-d < 10^-6 for d > 6 ln 10 / ln 4 = 9.97, so d = 10."""
    return 10.0


@exercise(
    hints=[
        "A product of x and Phi(x): both move.",
        "d(x Phi) = Phi dx + x dPhi, and the slope of Phi is the density phi.",
        Hint("At x = 0 it is 1/2.", lambda: jnp.isclose(gelu_slope(jnp.array(0.0)), 0.5)),
    ],
    wrong=[
        Wrong(lambda x: norm.cdf(x), "missing_term", "The Phi in x Phi(x) moves, too."),
        Wrong(lambda x: x * norm.pdf(x), "missing_term", "The x in x Phi(x) moves, too."),
        Wrong(lambda x: norm.pdf(x), "", "The derivative of a product is no product of slopes."),
        Wrong(lambda x: norm.cdf(x) - x * norm.pdf(x), "sign"),
    ],
)
@derivative(of=sheet.gelu, at=dict(x=reals()))
def gelu_slope(x):
    """d(x Phi) = Phi dx + x phi dx;  hence Phi(x) + x phi(x)."""
    return norm.cdf(x) + x * norm.pdf(x)


def is_steepest(x):
    if abs(abs(float(x)) - np.sqrt(2)) < 1e-5 and x < 0:
        return "there the slope is least, -0.129"
    bend = float(norm.pdf(x) * (2 - x**2))
    if abs(bend) < 3e-6 and abs(x) < 4:
        return None
    slope = float(norm.cdf(x) + x * norm.pdf(x))
    way = "still growing" if bend > 0 else "falling"
    return f"at {float(x):.4g} the slope is {slope:.4f} and {way}: it bends by {bend:.2g}"


@exercise(
    argument=is_steepest,
    hints=[
        "A slope is greatest where its own slope, the second derivative, is 0.",
        "phi'(x) = -x phi(x), as the exponent of the density is -x²/2.",
        Hint(
            "The second derivative at 0 is 2 phi(0) = 0.798.",
            lambda: np.isclose(jax.grad(jax.grad(sheet.gelu))(0.0), 0.7979, atol=1e-4),
        ),
    ],
    wrong=[
        Wrong(0.0, "still growing"),
        Wrong(1.0, "still growing", "1 is where phi bends, not gelu'."),
        Wrong(-np.sqrt(2.0), "there the slope is least"),
        Wrong(2.0, "falling", "x² = 2, not x = 2."),
        Wrong(10.0, "falling", "Far out the slope is 1, and it comes down to that from above."),
    ],
)
def steepest_gelu():
    """(x Phi)'' = 2 phi + x phi' = phi (2 - x²), which changes from + to - at √2."""
    return jnp.sqrt(2.0)


@exercise(
    hints=[
        "Take logarithms: ln p_i = z_i - ln(e^z_1 + ... + e^z_k).",
        "d ln p_i = dz_i - sum_j p_j dz_j. Multiply by p_i.",
        Hint(
            "Its rows sum to 0.",
            lambda: np.allclose(np.sum(softmax_slopes(np.array([0.3, 1.0, -2.0])), axis=1), 0),
        ),
    ],
    wrong=[
        Wrong(
            lambda z: jnp.diag(jax.nn.softmax(z)),
            "missing_term",
            "Every output hears every input: the sum in the denominator moves.",
        ),
        Wrong(
            lambda z: jnp.diag(jax.nn.softmax(z) * (1 - jax.nn.softmax(z))),
            "",
            "p (1 - p) is the diagonal. What is beside it?",
        ),
        Wrong(
            lambda z: jnp.diag(jax.nn.softmax(z)) + jnp.outer(jax.nn.softmax(z), jax.nn.softmax(z)),
            "sign",
        ),
        Wrong(lambda z: jax.nn.softmax(z) * (1 - jax.nn.softmax(z)), "shape"),
    ],
)
@jacobian(of=sheet.softmax, at=dict(z=reals("k")))
def softmax_slopes(z):
    """dp_i = p_i (dz_i - Σ_j p_j dz_j);  hence diag(p) - p pᵀ. Rows sum to 0, and so the diagonal
    p_i (1 - p_i) is minus the sum of the rest, which does not cancel."""
    p = jax.nn.softmax(z)
    beside_it = -jnp.outer(p, p) * (1 - jnp.eye(z.size, dtype=z.dtype))
    return beside_it - jnp.diag(jnp.sum(beside_it, axis=1))


def is_open_everywhere(f):
    far = np.geomspace(40.0, 1e4, 1000)
    x = np.concatenate([np.linspace(-40.0, 40.0, 4001), np.linspace(-1.0, 1.0, 401), far, -far])
    h = 1e-4 * np.maximum(1.0, np.abs(x) / 100)
    value = values_at(f, x)
    if not np.all(np.isfinite(value)):
        return f"at {x[int(np.argmin(np.isfinite(value)))]:.3g} it is not finite"
    slope = (values_at(f, x + h) - values_at(f, x - h)) / (2 * h)
    low, high, sharp = int(np.argmin(slope)), int(np.argmax(slope)), int(np.argmax(np.abs(slope)))
    if abs(slope[sharp]) > 1000:
        return f"at {x[sharp]:.3g} it jumps: it has to be continuous"
    if slope[low] < 0.5 - 1e-6:
        return f"at {x[low]:.3g} its slope is {slope[low]:.3g}, below 1/2"
    if slope[high] > 1 + 1e-6:
        return f"at {x[high]:.3g} its slope is {slope[high]:.3g}, above 1"
    if slope[high] - slope[low] < 1e-3:
        return f"its slope is {slope[low]:.3g} everywhere: a straight line, and layers of them too"
    return None


@exercise(
    counterexample=is_open_everywhere,
    hints=[
        "Add a straight line to something that saturates.",
        "softplus has slopes from 0 to 1. Halve it, and what has to be added?",
        Hint(
            "x/2 + tanh(x)/2 has slopes from 1/2 to 1.",
            lambda: is_open_everywhere(lambda x: x / 2 + jnp.tanh(x) / 2) is None,
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.tanh(x), "below 1/2"),
        Wrong(lambda x: jnp.maximum(x, 0.0), "below 1/2"),
        Wrong(lambda x: x, "a straight line"),
        Wrong(lambda x: x + jnp.tanh(x), "above 1"),
        Wrong(lambda x: jnp.where(x > 0, x + 1, x / 2), "jumps"),
        Wrong(lambda x: jnp.where(x > 100, x / 4 + 75, jnp.maximum(x, x / 2)), "below 1/2"),
    ],
)
def never_saturated(x):
    """(x + softplus(x))/2 has the slope (1 + s(x))/2, between 1/2 and 1. Even so fifty of them may
    leave 2^-50: open is not enough, the average slope must be near 1."""
    return (x + jax.nn.softplus(x)) / 2
