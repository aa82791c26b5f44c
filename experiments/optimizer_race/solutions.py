"""How the exercises on the race of optimizers are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, identity, nonzero, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)


@exercise(
    hints=[
        "Corrected, the averages are the gradient and its square.",
        Hint("√(300²) = 300.", lambda: np.sqrt(300.0**2) == 300),
    ],
    wrong=[
        Wrong(-0.01, "sign", "It walks against the gradient, which is negative here."),
        Wrong(3.0, "", "That is gradient descent: Adam divides by the size of the gradient."),
        Wrong(0.0316228, "", "Without the corrections? They make up for the averages' start at 0."),
    ],
)
def adam_first():
    """-a m̂/√v̂ = -0.01 (-300)/300;  hence 0.01: the rate is the length of the step."""
    return 0.01


@exercise(
    hints=[
        "0.1 / (1 - 0.9) and 0.001 / (1 - 0.999) are both 1.",
        "√g² is |g|.",
        Hint(
            "For g = 1, rate 1 and floor 1 it is -1/2.",
            lambda: jnp.allclose(rate_of_adam(*map(np.float64, (1, 1, 1))), -0.5),
        ),
    ],
    wrong=[
        Wrong(lambda g, rate, floor: rate * g / (jnp.abs(g) + floor), "sign"),
        Wrong(lambda g, rate, floor: -rate * g / (g + floor), "", "√g² is |g|, not g."),
        Wrong(lambda g, rate, floor: -rate * g, "", "Adam divides by the root of the squares."),
    ],
)
@identity(of=sheet.adam_step, at=dict(g=nonzero("n"), rate=positive(), floor=positive()))
def rate_of_adam(g, rate, floor):
    """m̂ = g and v̂ = g²;  hence -a g/(|g| + e), nearly -a sign(g)."""
    return -rate * g / (jnp.abs(g) + floor)


@exercise(
    hints=[
        "Both roots coincide where the discriminant (1 + b - ac)² - 4b is 0.",
        "That is 1 + b - ac = 2√b, or (1 - √b)² = ac.",
    ],
    wrong=[
        Wrong(2.25, "", "That is the other solution, (1 + √ac)²: the momentum is to be below 1."),
        Wrong(0.5, "", "That is √b."),
        Wrong(0.75, "", "(1 - √b)² = ac has two roots in it, not 1 - b = ac."),
    ],
    tolerance=1e-3,
)
def critical_momentum():
    """(1 - √b)² = 0.25, √b = 1 - 0.5;  hence b = (1 - √(ac))² = 0.25."""
    return 0.25


def _judge_settings(settings):
    a, b = (float(each) for each in np.asarray(settings))
    if a <= 2:
        return f"a = {a:g} is not beyond 2, the limit without momentum"
    greatest = float(max(abs(np.roots([1.0, -(1 + b - a), b]))))
    if greatest < 1 - 1e-9:
        return None
    return f"the greater root is {greatest:.3g} in size, not below 1"


@exercise(
    argument=_judge_settings,
    hints=[
        "At the limit a root is z = -1: put it in.",
        "1 + (1 + b - ac) + b > 0 is a < 2 (1 + b)/c.",
    ],
    wrong=[
        Wrong([1.5, 0.5], "not beyond 2"),
        Wrong([2.5, 0.1], "not below 1", "The limit is 2 (1 + b) = 2.2 there."),
        Wrong([2.5, 1.0], "is 1 in size, not below 1"),
        Wrong([2.5, 1.2], "not below 1", "The product of the roots is b: it must be below 1, too."),
    ],
)
def stable_settings():
    """Inside the circle: |b| < 1 and 0 < ac < 2 (1 + b);  hence a = 3, b = 0.8, say."""
    return np.array([3.0, 0.8])


@exercise(
    hints=[
        "A Hessian of 10 columns is 10 products.",
        "The trial that is accepted is the next step's own loss: it is counted once.",
    ],
    wrong=[
        Wrong(10.0, "", "That leaves the Hessians out: 10 products a step."),
        Wrong(15.0, "", "A Hessian counts as its columns, not as 1."),
        Wrong(65.0, "", "The accepted trial is counted by the step it leads to: not twice."),
    ],
)
def evaluations_of_newton():
    """A loss, a gradient and 10 products a step;  hence 5 (1 + 1 + 10) = 60."""
    return 60.0


@exercise(
    hints=[
        "The chain rule: the loss in x', then x' in a.",
        "dL/dx' = c x', dx'/da = -c x.",
        Hint(
            "At a = 0, x = 1, c = 1 it is -1.",
            lambda: jnp.allclose(hypergradient(*map(np.float64, (0, 1, 1))), -1.0),
        ),
    ],
    wrong=[
        Wrong(lambda a, x, c: c * (x - a * c * x) * c * x, "sign"),
        Wrong(
            lambda a, x, c: c * (x - a * c * x),
            "",
            "That is the slope in x': the chain goes on, x' moves by -c x da.",
        ),
        Wrong(lambda a, x, c: -2 * (c * x) * c * (x - a * c * x), "factor"),
    ],
)
@derivative(of=sheet.loss_after_a_step, wrt="a", at=dict(a=reals(), x=reals(), c=positive()))
def hypergradient(a, x, c):
    """d(c x'²/2) = c x' dx' and dx' = -c x da;  hence -c x' c x: minus two gradients in a row."""
    return -(c * (x - a * c * x)) * (c * x)


def _judge_cost(cost):
    cost = float(cost)
    if 12 * cost > 20 * 2:
        return None
    return f"at {cost:g} a step B needs {12 * cost:g} evaluations, A needs 40: B is not behind"


@exercise(
    argument=_judge_cost,
    hints=[
        "A needs 20 steps of 2 evaluations.",
        "B is behind once 12 times its cost exceeds that.",
    ],
    wrong=[
        Wrong(2.0, "not behind", "At the same price B stays ahead, as in steps."),
        Wrong(3.0, "not behind"),
    ],
)
def costs_that_flip():
    """20 · 2 = 40 < 12 k;  hence any k above 10/3, say 4: a Hessian in 2 variables is enough."""
    return 4.0
