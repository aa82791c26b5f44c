"""How the exercises on losses are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


@exercise(
    hints=[
        "Differentiate each piece by itself.",
        "Outside, |r| has the slope sign(r). Do the pieces meet at |r| = d?",
        Hint("At r = 5, d = 2 it is 2.", lambda: huber_slope(jnp.array(5.0), jnp.array(2.0)) == 2),
    ],
    wrong=[
        Wrong(lambda r, d: r, "region", "Beyond d the loss is a line."),
        Wrong(lambda r, d: jnp.where(jnp.abs(r) <= d, r, d), "", "To the left it pulls left."),
        Wrong(lambda r, d: -jnp.clip(r, -d, d), "sign"),
        Wrong(lambda r, d: jnp.where(jnp.abs(r) <= d, r, jnp.sign(r)), "", "The line is d steep."),
    ],
)
@derivative(of=sheet.huber, wrt="r", at=dict(r=reals(), d=positive()))
def huber_slope(r, d):
    """r inside, d sign(r) outside, and at |r| = d both are d sign(r);  hence r clipped to [-d, d]:
    a corner there would be a jump in the slope, and there is none."""
    return jnp.clip(r, -d, d)


@exercise(
    hints=[
        "The slope of |c - y| is 1 if c > y and -1 if c < y. When do they balance?",
        "As many numbers must lie below c as above it.",
    ],
    wrong=[
        Wrong(23.2, "", "23.2 is the mean: it balances distances, and is best for squares."),
        Wrong(10.0, "", "At 10 three numbers pull down and one up."),
        Wrong(50.5, "", "Halfway between the extremes the largest distance is least."),
    ],
)
def dearest_middle():
    """Two below, two above, one on it: the median 3. The 100 might as well be a million."""
    return 3.0


@exercise(
    hints=[
        "The nudge is h = -0.1. The slope predicts 3h.",
        "A parabola: f(w + h) = f(w) + f'(w) h + f''(w) h²/2, with nothing left out.",
        Hint("The second term is a hundredth.", lambda: np.isclose(2 * 0.1**2 / 2, 0.01)),
    ],
    wrong=[
        Wrong(-0.3, "", "This is what the slope predicts. The parabola bends."),
        Wrong(0.29, "sign"),
        Wrong(-0.28, "", "h² times the second derivative, halved."),
        Wrong(-0.31, "", "The curvature is positive: it makes the fall smaller."),
    ],
)
def change_in_one_step():
    """3 (-0.1) + 2 (0.1)²/2 = -0.3 + 0.01."""
    return -0.29


@exercise(
    hints=[
        "Call the errors r = Xw - y. What is d(r . r)?",
        "dr = X dw, and r . (X dw) = (X^T r) . dw.",
        "A mean over n samples: count the n.",
    ],
    wrong=[
        Wrong(lambda w, X, y: 2 * X.T @ (X @ w - y), "batch_factor", "The cost is a mean."),
        Wrong(lambda w, X, y: X.T @ (X @ w - y) / y.size, "factor", "There is no half in it."),
        Wrong(lambda w, X, y: 2 * X.T @ (y - X @ w) / y.size, "sign"),
        Wrong(lambda w, X, y: 2 * (X @ w - y) / y.size, "shape"),
    ],
)
@gradient(of=sheet.cost, at=dict(w=reals("d"), X=reals("n d"), y=reals("n")))
def cost_gradient(w, X, y):
    """r = Xw - y;  dL = 2/n r.dr = 2/n r.(X dw);  hence 2/n Xᵀ r: each error times its inputs."""
    return 2 / y.size * X.T @ (X @ w - y)


@exercise(
    hints=[
        "Two ways: differentiate ln s with s' = s (1 - s), or rewrite it as softplus(z) - y z.",
        "The slope of softplus is s.",
        Hint(
            "At z = 0 it is 1/2 - y.",
            lambda: jnp.isclose(log_loss_slope(jnp.array(0.0), jnp.array(0.3)), 0.2),
        ),
    ],
    wrong=[
        Wrong(
            lambda z, y: (jax.nn.sigmoid(z) - y) * jax.nn.sigmoid(z) * jax.nn.sigmoid(-z),
            "",
            "One s' too many: the logarithm's 1/s has already met it.",
        ),
        Wrong(lambda z, y: y - jax.nn.sigmoid(z), "sign"),
        Wrong(lambda z, y: jax.nn.sigmoid(z), "missing_term", "That is right for y = 0."),
        Wrong(lambda z, y: -jax.nn.sigmoid(-z), "", "That is right for y = 1."),
    ],
)
@derivative(of=sheet.log_loss, wrt="z", at=dict(z=reals(), y=interval(0.0, 1.0)))
def log_loss_slope(z, y):
    """softplus(z) - y z has the slope s(z) - y, prediction minus truth;  hence, where that would
    cancel, (1 - y) s(z) - y s(-z)."""
    return (1 - y) * jax.nn.sigmoid(z) - y * jax.nn.sigmoid(-z)


def is_best_quantile(c):
    y, c = np.arange(1.0, 11.0), float(c)
    mean = lambda c: np.mean(np.where(y > c, 0.8 * (y - c), 0.2 * (c - y)))
    if mean(c) < mean(8.0) + 1e-9:
        return None
    below = int(np.sum(y < c))
    return f"the mean loss is {mean(c):.4g}, which is not the least; {below} of ten lie below it"


@exercise(
    argument=is_best_quantile,
    hints=[
        "The slope of the loss in c is -0.8 for each y above c and 0.2 for each y below.",
        "0.2 times the number below is 0.8 times the number above.",
        Hint("At c = 9.5 the slopes add up to 1: too high.", lambda: np.isclose(9 * 0.2 - 0.8, 1)),
    ],
    wrong=[
        Wrong(5.5, "5 of ten", "The median: best if both sides cost alike."),
        Wrong(2.5, "2 of ten", "The other way round: too low is what costs most."),
        Wrong(0.8, "0 of ten"),
        Wrong(10.0, "9 of ten"),
    ],
)
def four_in_five():
    """Eight below and two above: anywhere from 8 to 9."""
    return jnp.array(8.5)


@exercise(
    at=[(5.0,), (17.0,), (1000.0,)],
    hints=[
        "For t > 4 the outlier is farther than 2 from c: its pull is 2, whatever t is.",
        "The other three are near: their pulls are c + 1, c, c - 1.",
        Hint(
            "The three pull back with 3c.",
            lambda: np.isclose(sum(0.5 - y for y in (-1, 0, 1)), 1.5),
        ),
    ],
    wrong=[
        Wrong(lambda t: t / 4, "", "This is the mean: squares, not Huber's loss."),
        Wrong(lambda t: 0.0, "", "0 balances the three alone: the outlier pulls, too."),
        Wrong(lambda t: 0.5, "", "This is the median of the four."),
        Wrong(lambda t: 2.0, "factor", "The pull is 2, and three samples share in holding it."),
    ],
)
def pull_of_the_outlier(t):
    """(c + 1) + c + (c - 1) = 2, the pull of the outlier; hence c = 2/3, which is within 2 of -1 and
    1, as was assumed, and farther than 2 from any t > 4."""
    return 2 / 3


def is_forgiving(f):
    r = np.concatenate(
        [np.linspace(-5, 5, 401), np.geomspace(5, 1e4, 400), -np.geomspace(5, 1e4, 400)]
    )
    value = values_at(f, r)
    if not np.all(np.isfinite(value)):
        return f"at {r[np.argmin(np.isfinite(value))]:.3g} it is {value[np.argmin(np.isfinite(value))]}"
    zero = float(values_at(f, np.zeros(1))[0])
    if abs(zero) > 1e-9:
        return f"at 0 it is {zero:.3g}, not 0"
    if np.min(value) < -1e-9:
        return f"at {r[np.argmin(value)]:.3g} it is {np.min(value):.3g}, below 0"
    skew = abs(value - values_at(f, -r)) / (1 + abs(value))
    if np.max(skew) > 1e-6:
        return f"it is not even: at {r[np.argmax(skew)]:.3g} and its negative it differs"
    h = 1e-3
    bend = float(values_at(f, np.array([h]))[0] + values_at(f, np.array([-h]))[0] - 2 * zero) / h**2
    if abs(bend - 1) > 1e-2:
        return f"its second derivative at 0 is {bend:.3g}, not 1"
    far = np.geomspace(1e3, 1e5, 200)
    slope = (values_at(f, far * 1.001) - values_at(f, far)) / (0.001 * far)
    worst = int(np.argmax(abs(slope)))
    if abs(slope[worst]) > 1e-2:
        return f"at {far[worst]:.4g} it still pulls with {slope[worst]:.3g}"
    return None


@exercise(
    counterexample=is_forgiving,
    hints=[
        "It must begin like r²/2, and grow more slowly than |r| far out.",
        "What grows as slowly as you like? A logarithm, or something that stops altogether.",
        Hint(
            "r²/(2 + 2r²) would do: it never exceeds 1/2.",
            lambda: is_forgiving(lambda r: r**2 / (2 + 2 * r**2)) is None,
        ),
    ],
    wrong=[
        Wrong(lambda r: r**2 / 2, "still pulls"),
        Wrong(lambda r: jnp.sqrt(1 + r**2) - 1, "still pulls with 1"),
        Wrong(lambda r: jnp.log1p(r**2), "second derivative at 0 is 2"),
        Wrong(lambda r: jnp.exp(-(r**2) / 2), "at 0 it is 1"),
        Wrong(lambda r: 1 - jnp.cos(r), "still pulls"),
    ],
)
def forgiving(r):
    """ln(1 + r²)/2 has the slope r/(1 + r²): r near 0, 1/r far out. Its price: it is not convex."""
    return jnp.log1p(r**2) / 2
