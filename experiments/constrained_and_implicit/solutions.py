"""How the exercises on implicit derivatives are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, jacobian, reals
from lab.exercises import Hint, Wrong, beside, exercise

from .judges import deceives, has_a_double_root, is_nearest

sheet = beside(__file__)
X = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]])
Y = np.array([1.0, 2.0, 0.0])


def normal(penalty, X):
    return X.T @ X + penalty * jnp.eye(X.shape[1], dtype=X.dtype)


# ----- roots -----


@exercise(
    hints=[
        "e^x + x = t holds for every t. Differentiate both sides in t.",
        "e^x x' + x' = 1.",
        Hint("At t = 1, where x = 0, it is 1/2.", lambda: np.isclose(root_derivative(1.0), 0.5)),
    ],
    wrong=[
        Wrong(lambda t: jnp.exp(sheet.root(t)) + 1, "", "This is dt/dx."),
        Wrong(lambda t: jnp.exp(-sheet.root(t)), "", "The term x has a slope, too."),
        Wrong(lambda t: 1 / (1 + jnp.exp(t)), "", "The exponential is that of the root, not of t."),
        Wrong(lambda t: -root_derivative(t), "sign", "F = e^x + x - t, and F_t is -1."),
    ],
)
@derivative(of=sheet.root, at=dict(t=interval(-20, 20)))
def root_derivative(t):
    """(e^x + 1) dx = dt;  hence 1 / (1 + e^x)."""
    return 1 / (1 + jnp.exp(sheet.root(t)))


@exercise(
    argument=has_a_double_root,
    hints=[
        "x' = 1 / (3x² - 3). For which x is that no number?",
        Hint("At x = 1 the function x³ - 3x turns back.", lambda: 3 * 1.0**2 - 3 == 0),
        "Which t belongs to that x?",
    ],
    wrong=[
        Wrong(1.0, "has a derivative there", "That is the root; which t belongs to it?"),
        Wrong(0.0, "has a derivative there: 0.167, -0.333, 0.167"),
        Wrong([2.0, -2.0], "shape"),
    ],
)
def turning_point():
    """3x² = 3 at x = ±1, and t = x³ - 3x is ∓2 there."""
    return -2.0


@exercise(
    hints=[
        "Write s = 1 - z² for the slope of tanh there. Then dz = s (w dz + z dw + db).",
        "Collect the terms with dz on one side.",
        Hint(
            "For w = 0 it is (s z, s).",
            lambda: np.allclose(
                echo_gradient(jnp.asarray(0.0), jnp.asarray(1.0))[1], 1 / np.cosh(1.0) ** 2
            ),
        ),
    ],
    wrong=[
        Wrong(
            lambda w, b: (
                (1 - sheet.echo(w, b) ** 2) * sheet.echo(w, b),
                1 - sheet.echo(w, b) ** 2,
            ),
            "",
            "One round of the echo only: z moves on the right side, too.",
        ),
        Wrong(lambda w, b: echo_gradient(w, b)[1], "shape"),
        Wrong(lambda w, b: echo_gradient(w, b)[::-1], "exchanged"),
    ],
)
@gradient(of=sheet.echo, wrt=("w", "b"), at=dict(w=interval(-0.8, 0.8), b=interval(-2, 2)))
def echo_gradient(w, b):
    """z = tanh(wz + b), s = 1 - z²:  dz (1 - sw) = s (z dw + db);  hence sz/(1 - sw) for w and
    s/(1 - sw) for b: a geometric series of echoes."""
    z = sheet.echo(w, b)
    s = 1 - z**2
    louder = s / (1 - s * w)
    return z * louder, louder


# ----- constraints -----


@exercise(
    hints=[
        "The gradient (2x, 2y) lies along that of x + 2y, which is (1, 2).",
        "So (x, y) = m (1, 2)/2. Put that into x + 2y = 5.",
        Hint("(1, 2) lies on the line.", lambda: 1 + 2 * 2 == 5),
    ],
    wrong=[
        Wrong([2.0, 1.0], "reverse order"),
        Wrong(
            [5 / 3, 5 / 3], "", "On the line, but walk along it: the sum of squares falls still."
        ),
        Wrong([5.0, 0.0], "", "On the line, but far out."),
        Wrong(5.0, "shape"),
    ],
)
def nearest_on_line():
    """(2x, 2y) = m (1, 2), so y = 2x, and x + 4x = 5."""
    return jnp.array([1.0, 2.0])


@exercise(
    hints=[
        "The multiplier is the answer: grad f = m grad h.",
        Hint(
            "At (1, 2) the gradient of f is (2, 4).", lambda: np.all(2 * np.array([1, 2]) == [2, 4])
        ),
    ],
    wrong=[
        Wrong(5.0, "", "That is how great it is, 1 + 4; the question is how fast it grows."),
        Wrong(-2.0, "sign", "Further out, it grows."),
        Wrong(1.0, "factor"),
        Wrong(0.5, "factor"),
    ],
)
def price():
    """(2, 4) = m (1, 2) gives m = 2. By formula: the least is c²/5, and its slope at 5 is 2."""
    return 2.0


@exercise(
    argument=is_nearest,
    hints=[
        "(3 - x, 3 - y) is a multiple of the gradient (x/4, y) of the ellipse's equation.",
        "So x = 3/(1 + m/4) and y = 3/(1 + m). Try whole numbers m.",
        Hint(
            "With m = 2 one has x = 2 and y = 1.", lambda: 3 / (1 + 2 / 4) == 2 and 3 / (1 + 2) == 1
        ),
    ],
    wrong=[
        Wrong([3.0, 3.0], "does not lie on the ellipse"),
        Wrong([np.sqrt(1.6), np.sqrt(1.6)], "not across the ellipse", "Straight to the middle."),
        Wrong([-2.0, -1.0], "the cosine between the two is", "The other side."),
        Wrong(2.0, "shape"),
    ],
)
def nearest_on_ellipse():
    """x = 3/(1 + m/4), y = 3/(1 + m): m = 2 gives (2, 1), and 4/8 + 1/2 = 1."""
    return jnp.array([2.0, 1.0])


@exercise(
    counterexample=deceives,
    hints=[
        "Along the circle, t ↦ (cos t, sin t), f should be level at t = 0 and go on rising, like t³.",
        "sin³ t is y³. It has no gradient at (1, 0): add something that is constant on the circle.",
        Hint("x² + y² is 1 all along it, and its gradient there is (2, 0).", lambda: 2 * 1.0 == 2),
    ],
    wrong=[
        Wrong(lambda x, y: x, "lower and on the other lower"),
        Wrong(lambda x, y: -x, "higher and on the other higher"),
        Wrong(lambda x, y: y**3, "the gradient is 0"),
        Wrong(lambda x, y: x + y, "not along (1, 0)"),
        Wrong(lambda x, y: x**2 + y**2, "as high"),
    ],
)
def deceiving(x, y):
    """x² + y² + y³: on the circle 1 + sin³ t, level at 0 and rising on; its gradient at (1, 0) is
    (2, 0). Aligned gradients are necessary for a minimum and not enough."""
    return x**2 + y**2 + y**3


# ----- fits -----

FITS = dict(penalty=interval(0.1, 3), X=reals("n d"), y=reals("n"))


@exercise(
    hints=[
        "(X'X + λI) w = X'y holds for every λ. The right side does not move.",
        "dλ w + (X'X + λI) dw = 0.",
        Hint(
            "It points against w where X'X is a multiple of I.",
            lambda: np.allclose(
                ridge_derivative(1.0, np.eye(2), Y[:2]), -sheet.ridge(1.0, np.eye(2), Y[:2]) / 2
            ),
        ),
    ],
    wrong=[
        Wrong(lambda penalty, X, y: -sheet.ridge(penalty, X, y), "", "One more solve is missing."),
        Wrong(lambda penalty, X, y: -ridge_derivative(penalty, X, y), "sign"),
        Wrong(
            lambda penalty, X, y: -jnp.linalg.solve(normal(penalty, X), X.T @ y),
            "",
            "One more solve is missing.",
        ),
    ],
)
@jacobian(of=sheet.ridge, wrt="penalty", at=FITS)
def ridge_derivative(penalty, X, y):
    """(X'X + λI) w = X'y:  w dλ + (X'X + λI) dw = 0;  hence -(X'X + λI)⁻¹ w."""
    return -jnp.linalg.solve(normal(penalty, X), sheet.ridge(penalty, X, y))


@exercise(
    hints=[
        "The loss depends on λ in two ways: openly, and through w. What is its slope in w at the least?",
        "Only the open one is left: hold w still and differentiate λ|w|².",
        Hint(
            "It is never negative.",
            lambda: least_loss_derivative(0.5, X, Y) >= 0,
        ),
    ],
    wrong=[
        Wrong(lambda penalty, X, y: 0 * penalty, "", "f_w is 0 there; f_λ is not."),
        Wrong(
            lambda penalty, X, y: penalty * jnp.sum(sheet.ridge(penalty, X, y) ** 2),
            "",
            "Differentiate in λ: the factor λ goes.",
        ),
        Wrong(lambda penalty, X, y: -least_loss_derivative(penalty, X, y), "sign"),
    ],
)
@gradient(of=sheet.least_loss, wrt="penalty", at=FITS)
def least_loss_derivative(penalty, X, y):
    """V = f(w(λ), λ), dV = f_w dw + f_λ dλ with f_w = 0;  hence f_λ = |w|²."""
    return jnp.sum(sheet.ridge(penalty, X, y) ** 2)


@exercise(
    hints=[
        "Chain rule: the slope of |Zw - t|² in w, times dw/dλ.",
        "dw/dλ is that of `ridge_derivative`; the slope is 2Z'(Zw - t).",
        Hint(
            "With Z = X and t = y it is positive: more penalty fits its own data worse.",
            lambda: hypergradient(0.5, X, Y, X, Y) > 0,
        ),
    ],
    wrong=[
        Wrong(lambda penalty, X, y, Z, t: hypergradient(penalty, X, y, Z, t) / 2, "factor"),
        Wrong(lambda penalty, X, y, Z, t: -hypergradient(penalty, X, y, Z, t), "sign"),
        Wrong(
            lambda penalty, X, y, Z, t: jnp.sum(sheet.ridge(penalty, X, y) ** 2),
            "",
            "The envelope theorem is about the loss that w minimises; this is another one.",
        ),
        Wrong(
            lambda penalty, X, y, Z, t: (
                -2 * (Z @ sheet.ridge(penalty, X, y) - t) @ Z @ sheet.ridge(penalty, X, y)
            ),
            "",
            "The linear solve is missing.",
        ),
    ],
)
@gradient(of=sheet.judged, wrt="penalty", at=FITS | dict(Z=reals("m d"), t=reals("m")))
def hypergradient(penalty, X, y, Z, t):
    """dL = g'dw, g = 2Z'(Zw - t), and A dw = -w dλ, A = X'X + λI;  hence -u'w with A u = g."""
    w = sheet.ridge(penalty, X, y)
    u = jnp.linalg.solve(normal(penalty, X), 2 * Z.T @ (Z @ w - t))
    return -u @ w


def descended(c, a, k):
    """The derivative of w in c, step by step: w ← w - a (cw - 1)."""
    w = change = 0.0 * c
    for _ in range(k):
        w, change = w - a * (c * w - 1), change - a * (w + c * change)
    return change


@exercise(
    at=[(2.0, 0.1, 1), (2.0, 0.1, 5), (1.0, 0.3, 12), (3.0, 0.2, 20)],
    hints=[
        "w = (1 - r^k)/c with r = 1 - ac, and r moves with c at the rate -a.",
        "Differentiate the quotient; the part without r is -1/c², the minimiser's.",
        Hint(
            "After one step from 0, w = a does not depend on c: the difference is 1/c² then.",
            lambda: np.isclose(lag(2.0, 0.1, 1), 0.25),
        ),
    ],
    wrong=[
        Wrong(
            lambda c, a, k: (1 - a * c) ** k / c**2,
            "",
            "An old error that shrinks; but each of the k steps has made a new one.",
        ),
        Wrong(
            lambda c, a, k: a * k * (1 - a * c) ** (k - 1) / c, "", "The first term is left out."
        ),
        Wrong(lambda c, a, k: -lag(c, a, k), "sign"),
        Wrong(lambda c, a, k: descended(c, a, k), "", "Subtract the derivative of 1/c."),
    ],
)
def lag(c, a, k):
    """d((1 - r^k)/c)/dc = -(1 - r^k)/c² + k a r^(k-1)/c, and the minimiser's is -1/c²; hence
    r^k/c² + k a r^(k-1)/c: the derivative arrives later than the weight, by a factor k."""
    r = 1 - a * c
    return r**k / c**2 + k * a * r ** (k - 1) / c
