"""How the exercises on gradient descent are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at

sheet = beside(__file__)


@exercise(
    hints=[
        "The gradient of x² + 4y² is (2x, 8y).",
        Hint(
            "A step multiplies x by 0.8 and y by 0.2.",
            lambda: np.allclose(np.array([4.0, 1.0]) * np.array([0.8, 0.2]) ** 2, two_steps()),
        ),
    ],
    wrong=[
        Wrong([3.2, 0.2], "", "This is one step."),
        Wrong([2.4, -0.6], "", "The second step uses the gradient where the first one ended."),
        Wrong([5.76, 3.24], "", "Against the gradient, not along it."),
        Wrong([2.56, 0.64], "the first at index 1", "y has four times the curvature."),
        Wrong(2.56, "shape"),
    ],
)
def two_steps():
    """x goes to x - 0.1 · 2x = 0.8x and y to y - 0.1 · 8y = 0.2y;  twice: (2.56, 0.04)."""
    return jnp.array([4 * 0.8**2, 0.2**2])


@exercise(
    hints=[
        "The curvature, the second derivative of 5x², is 10.",
        Hint("A step multiplies x by 1 - 10a.", lambda: jax.grad(lambda x: 5 * x**2)(1.0) == 10),
        "How large may a be with |1 - 10a| < 1?",
    ],
    wrong=[
        Wrong(0.1, "half", "With 1/L one step lands in the minimum."),
        Wrong(0.4, "twice", "5 is half the curvature."),
        Wrong(5.0, "reciprocal"),
        Wrong(10.0, "too large"),
        Wrong(-0.2, "sign"),
    ],
)
def largest_rate():
    """|1 - 10a| < 1 means 0 < a < 2/10."""
    return 0.2


@exercise(
    hints=[
        "How far does w move? Against the slope, 0.05 times it.",
        Hint("It moves to 3.1.", lambda: 3 - 0.05 * -2 == 3.1),
        "The change is slope times move.",
    ],
    wrong=[
        Wrong(0.2, "sign", "A step against the slope goes down, whatever its sign."),
        Wrong(0.1, "", "This is how far the weight moves."),
        Wrong(-0.1, "half", "The slope comes in twice: in the move, and in what the move does."),
        Wrong(2.9, "that is not it"),
    ],
)
def predicted_change():
    """The move is -0.05 · (-2) = 0.1, the change -2 · 0.1 = -0.2: minus a times the slope squared."""
    return -0.2


@exercise(
    hints=[
        "A step multiplies x by 1 - 2a and y by 1 - 8a.",
        "One factor is to be minus the other.",
        Hint(
            "Both are then 0.6 in size.",
            lambda: np.allclose([1 - 2 * best_rate(), 8 * best_rate() - 1], 0.6),
        ),
    ],
    wrong=[
        Wrong(0.25, "too large", "This is 2/8, where y begins to diverge."),
        Wrong(0.125, "too small", "This is 1/8, the best for y alone."),
        Wrong(0.5, "too large", "This is 1/2, the best for x alone; y runs away."),
        Wrong(0.1, "half"),
        Wrong(5.0, "reciprocal"),
    ],
)
def best_rate():
    """1 - 2a = -(1 - 8a);  hence a = 2 / (2 + 8) = 0.2, and the factor is 0.6."""
    return 0.2


@exercise(
    hints=[
        "With the margin m = y (Xw): the derivative of ln(1 + e^-m) is -σ(-m).",
        "dm = y (X dw): each row of X comes with its label.",
        Hint(
            "At w = 0 it is minus half the mean of y times x.",
            lambda: jnp.allclose(
                logistic_loss_gradient(np.zeros(2), np.eye(2), np.array([1.0, -1.0])),
                np.array([-0.25, 0.25]),
            ),
        ),
    ],
    wrong=[
        Wrong(lambda w, X, y: -X.T @ (y * jax.nn.sigmoid(-y * (X @ w))), "batch_factor"),
        Wrong(lambda w, X, y: X.T @ (y * jax.nn.sigmoid(-y * (X @ w))) / y.size, "sign"),
        Wrong(
            lambda w, X, y: -X.T @ (y * jax.nn.sigmoid(y * (X @ w))) / y.size,
            "",
            "A margin that is large and right should not pull at all.",
        ),
        Wrong(
            lambda w, X, y: X.T @ (jax.nn.sigmoid(X @ w) - y) / y.size,
            "",
            "This belongs to labels 0 and 1.",
        ),
        Wrong(
            lambda w, X, y: -X.T @ jax.nn.sigmoid(-y * (X @ w)) / y.size,
            "",
            "dm = y (X dw): the label is a factor, too.",
        ),
    ],
)
@gradient(
    of=sheet.logistic_loss, wrt="w", at=dict(w=reals("d"), X=reals("n d"), y=interval(-2, 2, "n"))
)
def logistic_loss_gradient(w, X, y):
    """m = y Xw, d ln(1 + e^-m) = -σ(-m) dm, dm = y X dw;  hence -X'(y σ(-m)) / n."""
    return -X.T @ (y * jax.nn.sigmoid(-y * (X @ w))) / y.size


def goes_to_and_fro(answer):
    a, x = answer
    path = [x]
    for _ in range(4):
        path.append(path[-1] - a * 2 * path[-1])
    if abs(path[1] - x) <= 1e-9 * abs(x):
        return f"from {x:g} it does not move at all"
    if not np.isclose(path[2], x, atol=0):
        return f"it goes from {path[0]:.4g} to {path[1]:.4g}, and then to {path[2]:.4g}"
    return None


@exercise(
    argument=goes_to_and_fro,
    hints=[
        "On x² a step multiplies x by 1 - 2a.",
        Hint("Twice the factor -1 is no change.", lambda: (-1) ** 2 == 1),
    ],
    wrong=[
        Wrong([0.5, 1.0], "and then to 0"),
        Wrong([1.0, 0.0], "does not move"),
        Wrong([2.0, 1.0], "and then to 9"),
        Wrong([1.0], "shape"),
    ],
)
def for_ever_to_and_fro():
    """1 - 2a = -1;  hence a = 1, which is 2/L, from anywhere but 0."""
    return jnp.array([1.0, 1.0])


@exercise(
    hints=[
        "f(x - a f'(x)): a moves what is inside, by -f'(x) da.",
        "The slope of ln cosh at the new place is tanh of the new place.",
        Hint(
            "At a = 0 it is minus the slope squared.",
            lambda: jnp.isclose(rate_slope(0.0, 1.0), -(np.tanh(1.0) ** 2)),
        ),
    ],
    wrong=[
        Wrong(
            lambda a, x: -(jnp.tanh(x) ** 2),
            "",
            "This is the slope at a = 0: the second slope is to be taken where the step ends.",
        ),
        Wrong(
            lambda a, x: jnp.tanh(x - a * jnp.tanh(x)),
            "",
            "The factor for what is inside is missing: how fast does it move with a?",
        ),
        Wrong(lambda a, x: jnp.tanh(x) * jnp.tanh(x - a * jnp.tanh(x)), "sign"),
    ],
)
@derivative(of=sheet.after_one_step, wrt="a", at=dict(a=interval(0, 4), x=interval(-5, 5)))
def rate_slope(a, x):
    """d f(x - a f'(x)) = -f'(x - a f'(x)) f'(x) da;  hence -tanh(x) tanh(x - a tanh x): two
    gradients in a row, dotted."""
    return -jnp.tanh(x) * jnp.tanh(x - a * jnp.tanh(x))


def _descent(f, x, steps=400):
    slope = jax.jit(jax.grad(f))
    for _ in range(steps):
        x = x - 0.5 * float(slope(x))
        if not abs(x) < 1e6:
            return np.inf
    return x


def converges_near_only(f):
    grid = np.linspace(-6, 6, 241)
    heights = values_at(f, grid)
    if not np.all(np.isfinite(heights)):
        return "it is not finite everywhere between -6 and 6"
    bend = heights[2:] - 2 * heights[1:-1] + heights[:-2]
    if np.min(bend) < -1e-9 * max(1.0, np.max(np.abs(heights))):
        return f"it is not convex near x = {grid[1 + int(np.argmin(bend))]:.2g}"
    if np.ptp(heights) == 0:
        return "it is level: every x is a minimum"
    lowest = grid[int(np.argmin(heights))]
    if abs(lowest) > 0.03:
        return f"its minimum is near {lowest:.2g}, not at 0"
    half = _descent(f, 0.5, 200)
    near, far = _descent(f, half, 200), _descent(f, 4.0)
    if not (abs(near) < 0.1 or abs(near) < 0.98 * abs(half)):  # where it is flat it takes its time
        return f"from 0.5 descent does not go to 0: after 400 steps it is at {near:.3g}"
    if abs(far) < 1e3:
        return f"from 4 descent does not run away: after 400 steps it is at {far:.3g}"
    return None


@exercise(
    counterexample=converges_near_only,
    hints=[
        "The limit 2/L is set by the curvature, and the curvature may grow with x.",
        Hint(
            "Near 0 the curvature has to stay below 4, far out it has to grow beyond.",
            lambda: (
                jax.grad(jax.grad(far_is_too_far))(0.5)
                < 4
                < jax.grad(jax.grad(far_is_too_far))(4.0)
            ),
        ),
    ],
    wrong=[
        Wrong(lambda x: x**2, "from 4 descent does not run away"),
        Wrong(lambda x: 5 * x**2, "from 0.5 descent does not go to 0"),
        Wrong(lambda x: jnp.cos(x), "not convex"),
        Wrong(lambda x: (x - 1) ** 4, "minimum is near 1"),
        Wrong(lambda x: jnp.abs(x), "from 0.5 descent does not go to 0"),
        Wrong(lambda x: jnp.log(x), "not finite"),
    ],
)
def far_is_too_far(x):
    """x⁴: the step is x - 2x³ = x(1 - 2x²), which shrinks x while x² < 1 and blows up from 4."""
    return x**4
