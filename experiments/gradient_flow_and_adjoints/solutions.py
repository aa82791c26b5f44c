"""How the exercises on flows and adjoints are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, interval, reals, vjp
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)


@exercise(
    hints=[
        "Only the exponent contains k.",
        Hint("At t = 0 it is 0.", lambda: decay_sensitivity(1.0, 0.0, 2.0) == 0),
    ],
    wrong=[
        Wrong(lambda k, t, y0: t * sheet.decay(k, t, y0), "sign", "A quicker decay leaves less."),
        Wrong(lambda k, t, y0: -k * sheet.decay(k, t, y0), "", "That is the derivative in t."),
    ],
)
@derivative(of=sheet.decay, at=dict(k=interval(0.1, 3), t=interval(0, 3), y0=reals()))
def decay_sensitivity(k, t, y0):
    """dy = -t y dk;  hence -t y0 e^(-k t)."""
    return -t * sheet.decay(k, t, y0)


@exercise(
    hints=[
        "By the chain rule it is grad f times the velocity.",
        Hint("The gradient there is (2, 4).", lambda: np.all(np.array([1, 4]) * [2, 1] == [2, 4])),
    ],
    wrong=[
        Wrong(20.0, "sign", "The flow goes down."),
        Wrong(
            -(20.0**0.5), "", "The length of the gradient is to be squared: it is slope and speed."
        ),
    ],
)
def fall_rate():
    """grad f = (2, 4), and -|grad f|² = -(4 + 16)."""
    return -20.0


def runs_away(h):
    if h <= 0:
        return f"{h:g} is not positive"
    factors = abs(1 - h), abs(1 - 4 * h)
    if max(factors) > 1:
        return None
    return f"a step multiplies x by {1 - h:.3g} and y by {1 - 4 * h:.3g}: neither grows"


@exercise(
    argument=runs_away,
    hints=[
        "A step multiplies x by 1 - h and y by 1 - 4h.",
        Hint("At h = 1/4 the second factor is 0.", lambda: 1 - 4 * 0.25 == 0),
    ],
    wrong=[
        Wrong(0.4, "neither grows", "It jumps across the valley, and still arrives."),
        Wrong(-1.0, "not positive"),
    ],
)
def too_long():
    """|1 - 4h| > 1 for h > 1/2."""
    return 0.6


@exercise(
    hints=[
        "The Jacobian of the step is I + h f_y, with rows (1, h) and (-h cos q, 1).",
        "A pullback multiplies by its transpose.",
        Hint(
            "For h = 0 it is the cotangent.",
            lambda: np.allclose(swing_back(np.ones(2), 0.0, np.array([2.0, 3.0])), [2, 3]),
        ),
    ],
    wrong=[
        Wrong(
            lambda y, h, g: jnp.stack([g[0] + h * g[1], g[1] - h * jnp.cos(y[0]) * g[0]]),
            "",
            "That is the pushforward: the transpose is missing.",
        ),
        Wrong(lambda y, h, g: -swing_back(y, h, g), "sign"),
    ],
)
@vjp(of=sheet.swing_step, at=dict(y=interval(-3, 3, "2"), h=interval(0, 1)))
def swing_back(y, h, cotangent):
    """dq+ = dq + h dp, dp+ = dp - h cos q dq;  hence (g1 - h cos q g2, g2 + h g1)."""
    a, b = cotangent
    return jnp.stack([a - h * jnp.cos(y[0]) * b, b + h * a])


@exercise(
    hints=[
        "Both are near the true derivative. How near?",
        "For Euler's method, of order 1, it is h.",
    ],
    wrong=[
        Wrong(1.0, "", "That is Euler's method."),
        Wrong(3.0, "", "That is the error of one step; there are 1/h of them."),
    ],
)
def gap_order():
    """Both are within O(h²) of the derivative of the solution, and so of each other."""
    return 2.0
