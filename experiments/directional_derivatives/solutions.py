"""How the exercises on directional derivatives are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import gradient, hessian, jvp, nonzero, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at
from lab.exercises.places import around_origin, compass

sheet = beside(__file__)
P = np.array([1.0, 0.0])
G = np.array([2.0, 1.0])  # the gradient of the bowl there


# ----- a bowl -----


@exercise(
    hints=[
        "Hold y still: what is the slope of x² + xy + y² as a function of x alone?",
        "The term xy has a slope in both directions: y along x, and x along y.",
        Hint("At p = (1, 0) it is (2, 1).", lambda: jnp.allclose(bowl_gradient(P), G)),
    ],
    wrong=[
        Wrong(lambda p: jnp.stack([2 * p[0], 2 * p[1]]), "missing_term"),
        Wrong(lambda p: jnp.stack([p[0] + 2 * p[1], 2 * p[0] + p[1]]), "index"),
        Wrong(lambda p: -jnp.stack([2 * p[0] + p[1], p[0] + 2 * p[1]]), "sign"),
        Wrong(lambda p: 3 * p[0] + 3 * p[1], "shape", "A gradient has one entry per variable."),
    ],
)
@gradient(of=sheet.bowl, at=dict(p=reals("2")))
def bowl_gradient(p):
    """df = (2x + y) dx + (x + 2y) dy;  hence (2x + y, x + 2y)."""
    x, y = p
    return jnp.stack([2 * x + y, x + 2 * y])


@exercise(
    hints=[
        "You have the gradient from the exercise before; here it meets a direction.",
        "D_v f = grad f . v = ∂f/∂x a + ∂f/∂y b.",
        Hint(
            "At p = (1, 0) on the way v = (1, 1) the rate is 3.",
            lambda: jnp.allclose(bowl_rate(P, np.ones(2)), 3.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda p, v: bowl_gradient(p) @ v / jnp.sqrt(v @ v),
            "",
            "This is the rate at unit speed: the question does not divide by the length of v.",
        ),
        Wrong(lambda p, v: 2 * p[0] * v[0] + 2 * p[1] * v[1], "missing_term"),
        Wrong(lambda p, v: -bowl_gradient(p) @ v, "sign"),
        Wrong(lambda p, v: bowl_gradient(p), "shape"),
        Wrong(lambda p, v: jnp.nan * p[0], "not finite"),
        Wrong(lambda p, v: None, "return"),
    ],
)
@jvp(of=sheet.bowl, at=dict(p=reals("2")))
def bowl_rate(p, v):
    """df = grad f . dp with dp = v;  hence (2x + y) a + (x + 2y) b."""
    return bowl_gradient(p) @ v


@exercise(
    hints=[
        "The rate is greatest in the direction of the gradient. How great is it there?",
        Hint("The gradient at (1, 0) is (2, 1).", lambda: jnp.allclose(bowl_gradient(P), G)),
    ],
    wrong=[
        Wrong(5.0, "factor", "|g|² is g . g, |g| is its root."),
        Wrong(3.0, "unknown", "The entries added up are the rate along (1, 1), which is no unit."),
        Wrong(-np.sqrt(5.0), "sign"),
        Wrong([2.0, 1.0], "shape"),
        Wrong(2.236, "constant"),
    ],
)
def steepest_rate():
    """|grad f(1, 0)| = |(2, 1)| = √5."""
    return jnp.sqrt(5.0)


def is_level(v):
    if not np.isclose(v @ v, 1.0):
        return f"a direction has length 1, yours has length {np.sqrt(v @ v):.7g}"
    rate = G @ v
    return None if abs(rate) < 1e-5 else f"the rate along it is {rate:.4g}, not 0"


@exercise(
    argument=is_level,
    hints=[
        "D_v f = grad f . v is 0 for v at a right angle to the gradient.",
        Hint(
            "(-b, a) stands at a right angle to (a, b).", lambda: np.dot([-3.0, 2.0], [2, 3]) == 0
        ),
        "Divide by the length to make it a unit vector.",
    ],
    wrong=[
        Wrong([-1.0, 2.0], "length 1"),
        Wrong([2 / np.sqrt(5), 1 / np.sqrt(5)], "the rate along it is 2.236", "The steepest way."),
        Wrong([1.0, 2.0], "length 1"),
        Wrong([0.0, 1.0], "the rate along it is 1"),
        Wrong([0.0, 0.0], "length 1"),
        Wrong(0.0, "shape"),
    ],
)
def level_direction():
    """g = (2, 1) turned by a right angle is (-1, 2), of length √5."""
    return jnp.array([-1.0, 2.0]) / jnp.sqrt(5.0)


def is_half_as_steep(v):
    if not np.isclose(v @ v, 1.0):
        return f"a direction has length 1, yours has length {np.sqrt(v @ v):.7g}"
    share = G @ v / np.sqrt(5.0)
    return None if abs(share - 0.5) < 1e-5 else f"the rate along it is {share:.3g} of the greatest"


@exercise(
    argument=is_half_as_steep,
    hints=[
        "For a unit vector at the angle φ to the gradient the rate is |grad f| cos φ.",
        Hint("cos 60° = 1/2.", lambda: np.isclose(np.cos(np.pi / 3), 0.5)),
        "Turn the unit vector along (2, 1) by 60°: cos 60° of itself and sin 60° of (-1, 2)/√5.",
    ],
    wrong=[
        Wrong(
            np.array([1.0, 0.5]) / np.sqrt(5.0),
            "length 1",
            "Walking at half the speed is cheating.",
        ),
        Wrong(
            np.array([2.0, 1.0]) / np.sqrt(10.0) + np.array([-1.0, 2.0]) / np.sqrt(10.0),
            "0.707 of the greatest",
            "This is 45° off the gradient: halfway to the level direction is not half the rate.",
        ),
        Wrong(-np.array([2.0, 1.0]) / np.sqrt(5.0), "-1 of the greatest"),
        Wrong(0.5, "shape"),
    ],
)
def half_as_steep():
    """cos φ = 1/2 for φ = 60°: half a step along g, and √3/2 across."""
    along, across = jnp.array([2.0, 1.0]), jnp.array([-1.0, 2.0])
    return (along + jnp.sqrt(3.0) * across) / (2 * jnp.sqrt(5.0))


# ----- a walk -----


@exercise(
    hints=[
        "Write X = x + ta and Y = y + tb. Then d/dt X = a, d/dt Y = b.",
        "The first derivative is 2XaY + X²b. Each factor that moves gives a term once more.",
        Hint(
            "At t = 0, p = (1, 2), v = (1, 0) it is 4.",
            lambda: jnp.allclose(second_rate(0.0, np.array([1.0, 2.0]), np.array([1.0, 0.0])), 4.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda t, p, v: 2 * v[0] ** 2 * (p + t * v)[1],
            "",
            "Y moves, too: the terms with ab are left out.",
        ),
        Wrong(
            lambda t, p, v: second_rate(t, p, v) - 2 * (p + t * v)[0] * v[0] * v[1],
            "",
            "The mixed term 2Xab comes twice: from d(2XaY), and from d(X²b).",
        ),
        Wrong(
            lambda t, p, v: second_rate(t, p, v) / 2, "factor", "Half of it is in Taylor's formula."
        ),
        Wrong(lambda t, p, v: second_rate(0.0 * t, p, v), "", "This is right at t = 0 only."),
    ],
)
@hessian(of=sheet.walk, wrt="t", at=dict(t=reals(), p=reals("2"), v=reals("2")))
def second_rate(t, p, v):
    """X = x + ta, Y = y + tb:  d(X²Y)/dt = 2aXY + bX²;  once more 2a(aY + Xb) + 2abX;
    hence 2a²Y + 4abX."""
    (X, Y), (a, b) = p + t * v, v
    return 2 * a**2 * Y + 4 * a * b * X


# ----- two harder ones -----


@exercise(
    hints=[
        "A quotient: g.v over |v|. Both change with v.",
        "d(g.v) = g.dv, and |v|² = v.v gives d|v| = v.dv / |v|.",
        Hint(
            "It is at a right angle to v: longer arrows are not steeper.",
            lambda: jnp.allclose(
                slope_gradient(np.array([1.0, 2.0]), G) @ np.array([1.0, 2.0]), 0.0
            ),
        ),
    ],
    wrong=[
        Wrong(lambda v, g: g / jnp.sqrt(v @ v), "missing_term", "|v| moves with v, too."),
        Wrong(lambda v, g: g / jnp.sqrt(v @ v) + (g @ v) * v / jnp.sqrt(v @ v) ** 3, "sign"),
        Wrong(
            lambda v, g: g / jnp.sqrt(v @ v) - (g @ v) * v / (v @ v),
            "",
            "Count the powers of |v|: the whole must scale as 1/|v|.",
        ),
        Wrong(lambda v, g: v / jnp.sqrt(v @ v), "wrong_variable"),
    ],
)
@gradient(of=sheet.slope, at=dict(v=nonzero("d"), g=reals("d")))
def slope_gradient(v, g):
    """n = |v|, dn = v.dv / n:  d(g.v / n) = g.dv / n - (g.v) v.dv / n³;
    hence (g - (g.v/v.v) v) / |v|, what is left of g across v: 0 only where v lies along g."""
    n = jnp.sqrt(v @ v)
    unit = v / n
    return (g - (g @ unit) * unit) / n


def has_rates_and_no_gradient(f):
    if not abs(f(0.0, 0.0)) < 1e-12:
        return f"f(0, 0) is {float(f(0.0, 0.0)):.4g}, not 0"
    c, s = (np.append(*sides) for sides in zip(compass(48), turned(compass(48), 0.03), strict=True))
    steps = (1e-5, 1e-7)
    rates = np.array([values_at(f, t * c, t * s) / t for t in steps])
    if not np.all(np.isfinite(rates)):
        return "on the way into the origin it is not finite: is something divided by 0 on an axis?"
    worst = int(np.argmax(abs(rates[1])))
    # some rates take their time on the way to 0
    if abs(rates[1, worst]) > max(1e-3, 0.6 * abs(rates[0, worst])):
        angle = np.degrees(np.arctan2(s[worst], c[worst])) % 360
        return (
            f"in the direction {angle:.0f}° the rate at the origin is {rates[1, worst]:.3g}, not 0"
        )
    # the straight lines are blind: is there any point next to the origin that is not next to level?
    ratios = []
    for radius in (1e-2, 1e-4):
        x, y = around_origin(radius)
        ratios.append(np.max(abs(values_at(f, x, y)) / np.hypot(x, y)))
    if ratios[1] < 1e-2 or ratios[1] < ratios[0] / 5:
        return (
            f"it is differentiable at the origin, with gradient 0: on the circle of radius 1e-4 "
            f"|f| / |p| is {ratios[1]:.1g} at the most"
        )
    return None


def turned(directions, angle):
    c, s = directions
    return c * np.cos(angle) - s * np.sin(angle), c * np.sin(angle) + s * np.cos(angle)


@exercise(
    counterexample=has_rates_and_no_gradient,
    hints=[
        "Straight lines into the origin must see nothing. A parabola y = x² is not straight.",
        "Something like x^a y^b / (x⁴ + y²): on the parabola both terms below are alike.",
        Hint(
            "On the parabola x³y / (x⁴ + y²) is x/2, on the line y = x next to nothing.",
            lambda: np.isclose(blade(0.1, 0.01), 0.05) and abs(blade(1e-6, 1e-6)) < 1e-11,
        ),
    ],
    wrong=[
        Wrong(lambda x, y: x**2 + y**2, "differentiable at the origin"),
        Wrong(lambda x, y: jnp.abs(x) + jnp.abs(y), "the rate at the origin is"),
        Wrong(lambda x, y: jnp.sqrt(x**2 + y**2), "the rate at the origin is 1"),
        Wrong(
            lambda x, y: x**2 * y / jnp.where(x == 0, 1.0, x**2 + y**2), "the rate at the origin is"
        ),
        Wrong(lambda x, y: x**3 * y / (x**4 + y**2), "NaN"),
        Wrong(lambda x, y: 1.0 + x * y, "f(0, 0) is 1"),
    ],
)
def without_gradient(x, y):
    """The blade x³y / (x⁴ + y²): on a line t (a, b) it is t² a³b / (t²a⁴ + b²), next to nothing
    beside t; on the parabola y = x² it is x/2, as much as x itself."""
    below = x**4 + y**2
    return jnp.where(below == 0, 0.0, x**3 * y / jnp.where(below == 0, 1.0, below))


blade = without_gradient
