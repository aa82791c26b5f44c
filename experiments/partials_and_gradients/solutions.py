"""How the exercises on partial derivatives are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, nonzero, reals
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import values_at
from lab.exercises.places import around_origin

sheet = beside(__file__)

# ----- partial derivatives -----


@exercise(
    hints=[
        "With y held it is ln s, s = x² + y², and ds = 2x dx.",
        "The other one is the same with x and y exchanged.",
        Hint(
            "At (1, 1) it is (1, 1).",
            lambda: jnp.allclose(wire_gradient(jnp.ones(2)), jnp.ones(2)),
        ),
    ],
    wrong=[
        Wrong(lambda p: p / (p @ p), "factor", "ds = 2x dx."),
        Wrong(lambda p: 1 / (p @ p) + 0 * p, "", "The inner slope is missing."),
        Wrong(lambda p: 2 / p, "", "With y held, y² stays below."),
        Wrong(lambda p: -2 * p / (p @ p), "sign"),
        Wrong(lambda p: 2 * p / jnp.sqrt(p @ p), "", "ln s has the slope 1/s, s is r²."),
    ],
)
@gradient(of=sheet.wire, at=dict(p=nonzero("2")))
def wire_gradient(p):
    """s = x² + y², d ln s = ds/s = (2x dx + 2y dy)/s;  hence 2(x, y)/(x² + y²)."""
    return 2 * p / (p @ p)


@exercise(
    hints=[
        "x and z are numbers like 3 and 7 for now.",
        "e^(yz) has the slope z e^(yz) in y.",
        Hint("At (1, 0, 2) it is 2.", lambda: held_slope(1.0, 0.0, 2.0) == 2.0),
    ],
    wrong=[
        Wrong(lambda x, y, z: x * jnp.exp(y * z) + 2 * y, "", "The inner slope z is missing."),
        Wrong(lambda x, y, z: x * z * jnp.exp(y * z), "missing_term"),
        Wrong(lambda x, y, z: jnp.exp(y * z), "wrong_variable"),
        Wrong(
            lambda x, y, z: jnp.exp(y * z) + x * z * jnp.exp(y * z) + 2 * y,
            "",
            "x is held: there is no term for its change.",
        ),
    ],
)
@derivative(of=sheet.held, wrt="y", at=dict(x=reals(), y=interval(-3, 3), z=interval(-3, 3)))
def held_slope(x, y, z):
    """x and z held: d(x e^(yz)) = x z e^(yz) dy;  hence x z e^(yz) + 2y."""
    return x * z * jnp.exp(y * z) + 2 * y


@exercise(
    at=[(1,), (10,), (1000,)],
    hints=[
        "One partial derivative takes two points.",
        Hint("A thousand weights, two thousand losses.", lambda: evaluations(1000) == 2000),
    ],
    wrong=[
        Wrong(lambda n: n + 1, "", "That is the price of forward differences."),
        Wrong(lambda n: n, "factor"),
        Wrong(lambda n: n**2, "", "Each weight is nudged by itself, not with each other one."),
    ],
)
def evaluations(n):
    """f(w + h e_i) and f(w - h e_i) for each of n weights;  hence 2n."""
    return 2 * n


# ----- fields -----


@exercise(
    at=[(0.5, 0.6), (-1.0, 2.0), (2.0, -0.4)],
    hints=[
        "∂/∂x of the second component less ∂/∂y of the first.",
        Hint("At (0, y) it is 1: no gradient.", lambda: swirl_curl(0.0, 3.0) == 1.0),
    ],
    wrong=[
        Wrong(lambda x, y: x**2 - jnp.cos(x), "sign", "Second component first."),
        Wrong(lambda x, y: 2 * x * y - 2 * y, "", "This is the divergence, ∂F/∂x + ∂G/∂y."),
        Wrong(lambda x, y: jnp.cos(x) + x**2, "", "A difference: turning both ways cancels."),
    ],
)
def swirl_curl(x, y):
    """∂(sin x - y²)/∂x - ∂(x² y)/∂y;  hence cos x - x²: not 0 everywhere, so no gradient."""
    return jnp.cos(x) - x**2


def has_no_curl(k):
    curl = 2 - k  # at x = 1: (2x + 2y) - (k x + 2y)
    return None if abs(curl) < 1e-6 else f"at x = 1 the curl is {curl:.4g}, not 0"


@exercise(
    argument=has_no_curl,
    hints=[
        "∂/∂x (x² + 2xy) and ∂/∂y (kxy + y²) have to agree.",
        Hint("2x + 2y and kx + 2y.", lambda: right_factor() * 3 + 2 * 5 == 2 * 3 + 2 * 5),
    ],
    wrong=[
        Wrong(1.0, "the curl is 1"),
        Wrong(-2.0, "the curl is 4"),
        Wrong(0.0, "the curl is 2"),
    ],
)
def right_factor():
    """2x + 2y = kx + 2y for all x;  hence k = 2, and the potential is x² y + x y²."""
    return 2.0


@exercise(
    at=[(0.5, 0.6), (-1.0, 2.0), (2.0, -0.4), (0.0, 0.0)],
    hints=[
        "Integrate the first component in x, with y held: x² y + sin x + c(y).",
        "Its slope in y is x² + c'(y), and must be x² - 3y².",
        Hint("At (0, 1) it is -1.", lambda: potential(0.0, 1.0) == -1.0),
    ],
    wrong=[
        Wrong(
            lambda x, y: x**2 * y + jnp.sin(x) + x**2 * y - y**3,
            "",
            "x² y was counted for both components: it is one term with two slopes.",
        ),
        Wrong(lambda x, y: x**2 * y + jnp.sin(x), "", "c(y) is missing: its slope is -3y²."),
        Wrong(lambda x, y: x**2 * y - jnp.sin(x) - y**3, "", "The slope of -sin is -cos."),
        Wrong(lambda x, y: x**2 * y + jnp.sin(x) - y**3 + 1, "", "f(0, 0) is to be 0."),
    ],
)
def potential(x, y):
    """∫ (2xy + cos x) dx = x² y + sin x + c(y), and c' = -3y²;  hence x² y + sin x - y³."""
    return x**2 * y + jnp.sin(x) - y**3


# ----- two harder ones -----


def has_partials_and_jumps(f):
    t = np.array([1e-3, 1e-5, 1e-7])
    zero = np.zeros(3)
    start = float(values_at(f, np.zeros(1), np.zeros(1))[0])
    if not abs(start) < 1e-12:
        return f"f(0, 0) is {start:.4g}, not 0"
    for name, x, y in (("x", t, zero), ("y", zero, t)):
        for sign in (1, -1):
            slopes = sign * values_at(f, sign * x, sign * y) / t
            if not np.all(np.isfinite(slopes)):
                return f"on the {name} axis it is not finite near the origin"
            if abs(slopes[2] - slopes[1]) > 1e-3 * max(1.0, abs(slopes[2])):
                return f"it has no partial derivative in {name} at the origin"
        right, left = (values_at(f, s * x[2:], s * y[2:])[0] / (s * t[2]) for s in (1, -1))
        if abs(right - left) > 1e-3 * max(1.0, abs(right)):
            return f"in {name} its slope is {right:.3g} to the right and {left:.3g} to the left"
    around = [float(np.nanmax(abs(values_at(f, *around_origin(r))))) for r in (1e-4, 1e-7)]
    if around[1] < 1e-3 or around[1] < around[0] / 5:
        return (
            f"it is continuous at the origin: on the circle of radius 1e-7 |f| <= {around[1]:.1g}"
        )
    return None


@exercise(
    counterexample=has_partials_and_jumps,
    hints=[
        "On both axes it may be 0; the axes know nothing of the diagonal.",
        "A quotient whose numerator vanishes on the axes, of the same degree as its denominator.",
        Hint("x y / (x² + y²) is 1/2 on the diagonal.", lambda: blind(1e-9, 1e-9) == 0.5),
    ],
    wrong=[
        Wrong(lambda x, y: x * y, "it is continuous at the origin"),
        Wrong(lambda x, y: jnp.sqrt(jnp.abs(x * y)), "it is continuous at the origin"),
        Wrong(lambda x, y: x * y / (x**2 + y**2), "nan"),
        Wrong(lambda x, y: jnp.abs(x) + jnp.abs(y), "to the left"),
        Wrong(lambda x, y: jnp.where((x == 0) & (y == 0), 0.0, 1.0), "no partial derivative"),
    ],
)
def blind(x, y):
    """x y / (x² + y²) is 0 on the axes, where its partial derivatives are 0, and 1/2 on the diagonal,
    however near the origin."""
    below = x**2 + y**2
    return jnp.where(below == 0, 0.0, x * y / jnp.where(below == 0, 1.0, below))


N = np.array([10.0, 100.0, 1000.0])


@exercise(
    at=[
        (N, 2 * N),
        (N, np.array([4.0, 4.4, 3.9])),
        (np.array([2.0, 4.0, 8.0, 16.0]), np.array([1.0, 3.0, 10.0, 30.0])),
    ],
    hints=[
        "Take logarithms: log cost = log c + p log n is a line.",
        "`jnp.polyfit(u, v, 1)[0]`, or covariance over variance.",
        Hint("2n has the order 1.", lambda: np.isclose(order_of_growth(N, 2 * N), 1.0)),
    ],
    wrong=[
        Wrong(lambda n, c: jnp.polyfit(n, c, 1)[0], "", "This is a slope without logarithms."),
        Wrong(
            lambda n, c: jnp.polyfit(jnp.log(c), jnp.log(n), 1)[0],
            "",
            "The other way round: log cost over log n.",
        ),
        Wrong(lambda n, c: jnp.polyfit(jnp.log(n), jnp.log(c), 1)[1], "", "This is log c."),
        Wrong(
            lambda n, c: jnp.log(c[-1] / c[0]) / jnp.log(n[-1] / n[0]),
            "",
            "Two points instead of all.",
        ),
    ],
)
def order_of_growth(n, cost):
    """With u = log n and v = log cost less their means: p = Σ uv / Σ u²."""
    u, v = (jnp.log(jnp.asarray(one)) for one in (n, cost))
    u, v = u - jnp.mean(u), v - jnp.mean(v)
    return u @ v / (u @ u)
