"""How the exercises on the chain rule are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, gradient, interval, reals, vjp
from lab.calculus.vectors.jacobian_chains import best_order, forward_cost, reverse_cost
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)
P = np.array([1.0, 2.0])


# ----- by hand -----


@exercise(
    hints=[
        "Three edges: x to x², x² to its sine, the sine to its exponential. One derivative each.",
        "Each at the value the node has: the cosine is that of x².",
        Hint("At 0 it is 0.", lambda: wave_derivative(0.0) == 0),
    ],
    wrong=[
        Wrong(lambda x: jnp.exp(jnp.sin(x**2)) * jnp.cos(x**2), "missing_chain_factor"),
        Wrong(
            lambda x: 2 * x * jnp.exp(jnp.sin(x**2)) * jnp.cos(x),
            "",
            "The cosine is taken at x; the sine was taken at x².",
        ),
        Wrong(lambda x: -2 * x * jnp.exp(jnp.sin(x**2)) * jnp.cos(x**2), "sign"),
    ],
)
@derivative(of=sheet.wave, at=dict(x=interval(-10, 10)))
def wave_derivative(x):
    """a = x², b = sin a, y = e^b:  dy = e^b cos a 2x dx;  hence 2x cos(x²) e^(sin x²)."""
    return 2 * x * jnp.cos(x**2) * jnp.exp(jnp.sin(x**2))


@exercise(
    hints=[
        "Count the paths from x to each node, in the order of the computation.",
        "A node has as many paths as all it reads have together.",
        Hint("To c lead 2, to d lead 3.", lambda: number_of_paths() == 2 + 3),
    ],
    wrong=[
        Wrong(4, "off by one", "d is reached by three paths: a alone, and c by two."),
        Wrong(2, "", "x is read twice, but then the paths branch again at a and at c."),
        Wrong(6, "off by one"),
    ],
)
def number_of_paths():
    """a: 1, b: 1, c: 1 + 1 = 2, d: 1 + 2 = 3, y: 2 + 3 = 5."""
    return 5


@exercise(
    hints=[
        "x reaches z by u and by v; so does y.",
        "∂z/∂u = 2uv and ∂z/∂v = u²; then the edges from x and y into u and v.",
        Hint(
            "At (1, 2) the derivative in x is 20 + 50.",
            lambda: jnp.allclose(crossing_gradient(P)[0], 70),
        ),
    ],
    wrong=[
        Wrong(
            lambda p: (
                crossing_gradient(p)
                - jnp.stack([(p[0] + p[1] ** 2) ** 2 * p[1], (p[0] + p[1] ** 2) ** 2 * p[0]])
            ),
            "missing_term",
            "The path by v is left out: only u is taken to move.",
        ),
        Wrong(
            lambda p: (
                crossing_gradient(p)
                - jnp.stack([0 * p[0], 2 * (2 * p[1] - 1) * (p[0] + p[1] ** 2) * p[0] * p[1]])
            ),
            "",
            "The edge from y into u is 2y, not 1.",
        ),
        Wrong(lambda p: crossing_gradient(p)[::-1], "index"),
        Wrong(lambda p: jnp.sum(crossing_gradient(p)), "shape"),
    ],
)
@gradient(of=sheet.crossing, at=dict(p=reals("2")))
def crossing_gradient(p):
    """dz = 2uv du + u² dv, du = dx + 2y dy, dv = y dx + x dy;
    hence 2uv + u² y for x, and 4uvy + u² x for y."""
    x, y = p
    u, v = x + y**2, x * y
    return jnp.stack([2 * u * v + u**2 * y, 4 * u * v * y + u**2 * x])


@exercise(
    hints=[
        "Begin at y, whose adjoint is 1. It hands d to c, and c to d.",
        "c is read by y and by d: it gathers from both before it hands on.",
        Hint("The adjoint of c is 8 + 6.", lambda: adjoints()[2] == 14),
    ],
    wrong=[
        Wrong([30.0, 16.0, 8.0, 6.0], "3 of its 4", "c is read by d, too: 8 from y and 6 from d."),
        Wrong([42.0, 28.0, 14.0, 6.0], "1 of its 4", "a is read by d, too."),
        Wrong([6.0, 14.0, 28.0, 48.0], "reverse order"),
        Wrong([48.0, 28.0], "shape"),
    ],
)
def adjoints():
    """d̄ = c = 6;  c̄ = d + d̄ = 14;  b̄ = a c̄ = 28;  ā = b c̄ + d̄ = 48."""
    return jnp.array([48.0, 28.0, 14.0, 6.0])


# ----- an equation instead of a formula -----


@exercise(
    hints=[
        "The equation y³ + y = x holds at every x. Differentiate both of its sides.",
        "3y² y' + y' = 1.",
        Hint("At x = 2, where y = 1, it is 1/4.", lambda: np.isclose(height_derivative(2.0), 0.25)),
    ],
    wrong=[
        Wrong(
            lambda x: 1 / (3 * x**2 + 1), "", "The slope is wanted in terms of y: call `height`."
        ),
        Wrong(lambda x: 3 * sheet.height(x) ** 2 + 1, "", "This is dx/dy."),
        Wrong(lambda x: 1 / (3 * sheet.height(x) ** 2), "", "The term y has a slope, too."),
        Wrong(lambda x: -1 / (3 * sheet.height(x) ** 2 + 1), "sign"),
    ],
)
@derivative(of=sheet.height, at=dict(x=reals()))
def height_derivative(x):
    """3y² dy + dy = dx;  hence 1 / (3y² + 1), y being the height at x."""
    return 1 / (3 * sheet.height(x) ** 2 + 1)


# ----- directions -----


@exercise(
    hints=[
        "J1 is 100 by 1000, J2 is 10 by 100, J3 is 1 by 10.",
        "A product of an a by b and a b by c matrix takes abc multiplications.",
        Hint("J3 J2 takes 1000 of them.", lambda: 1 * 10 * 100 == 1000),
    ],
    wrong=[
        Wrong([101_000.0, 1_010_000.0], "reverse order"),
        Wrong([1_000_000.0, 1_000.0], "", "There are two products in either order."),
        Wrong([1_010_000.0, 1_010_000.0], "1 of its 2", "The order matters: that is the point."),
    ],
)
def two_costs():
    """10 · 100 · 1000 + 1 · 10 · 1000 = 1 010 000, and 1 · 10 · 100 + 1 · 100 · 1000 = 101 000: a
    row, carried along from the output, is ten times cheaper than a matrix from the input."""
    return jnp.array([1_010_000.0, 101_000.0])


def has_a_better_order(sizes):
    if not np.all((sizes >= 1) & (sizes <= 100) & (sizes == np.round(sizes))):
        return "the sizes are whole numbers from 1 to 100"
    chain = [int(size) for size in sizes]
    best = best_order(chain)
    gain = min(forward_cost(chain), reverse_cost(chain)) / best.cost
    if gain < 5:
        return f"the best order, {best.brackets}, is {gain:.3g} times cheaper, not 5 times"
    return None


@exercise(
    argument=has_a_better_order,
    hints=[
        "Forward mode carries n0 columns all the way, reverse mode n4 rows. Where would one rather be?",
        "Make both ends wide and a place in between narrow.",
        Hint(
            "With 50, 50, 1, 50, 50 the order (J4 J3) (J2 J1) takes 7 500 multiplications.",
            lambda: best_order([50, 50, 1, 50, 50]).cost == 7500,
        ),
    ],
    wrong=[
        Wrong([100.0, 50.0, 20.0, 10.0, 1.0], "not 5 times", "Here reverse mode is the best."),
        Wrong([10.0, 10.0, 10.0, 10.0, 10.0], "1 times cheaper"),
        Wrong([1000.0, 1000.0, 1.0, 1000.0, 1000.0], "from 1 to 100"),
        Wrong([64.0, 1.0, 64.0, 1.0], "shape"),
    ],
)
def neither_way():
    """Wide, wide, narrow, wide, wide: forward mode drags 100 columns through the last Jacobian and
    reverse mode 100 rows through the first; from both sides to the narrow place is cheap."""
    return jnp.array([100.0, 100.0, 1.0, 100.0, 100.0])


@exercise(
    hints=[
        "W is read by the encoder W x and by the decoder W' a. Each sends something back.",
        "To the decoder: c'(dW' a) = a' dW c, an outer product of a and c.",
        "To the encoder: the cotangent of a is W c; gate it with 1 - a², then outer with x.",
        Hint(
            "For W = 0 it is 0.",
            lambda: jnp.all(autoencoder_pullback(np.zeros((3, 2)), P, P) == 0),
        ),
    ],
    wrong=[
        Wrong(
            lambda W, x, cotangent: jnp.outer(jnp.tanh(W @ x), cotangent),
            "missing_term",
            "W is read twice; the encoder sends something back, too.",
        ),
        Wrong(
            lambda W, x, cotangent: jnp.outer((1 - jnp.tanh(W @ x) ** 2) * (W @ cotangent), x),
            "missing_term",
        ),
        Wrong(
            lambda W, x, cotangent: (
                jnp.outer(jnp.tanh(W @ x), cotangent) + jnp.outer(W @ cotangent, x)
            ),
            "",
            "The cotangent of the encoder passes the gate tanh' = 1 - a².",
        ),
        Wrong(lambda W, x, cotangent: autoencoder_pullback(W, x, cotangent).T, "transpose"),
    ],
)
@vjp(of=sheet.autoencoder, wrt="W", at=dict(W=interval(-2, 2, "h d"), x=interval(-2, 2, "d")))
def autoencoder_pullback(W, x, cotangent):
    """a = tanh(Wx), dy = dW'a + W'da:  c'dW'a = <a c', dW>, and c'W'da = ā'(s ∘ dW x) with ā = Wc,
    s = 1 - a²;  hence a c' + (s ∘ ā) x': two readers, two terms."""
    a = jnp.tanh(W @ x)
    return jnp.outer(a, cotangent) + jnp.outer((1 - a**2) * (W @ cotangent), x)


def quotients(f, at, steps):
    """The slopes to the right and to the left, step by step."""
    value = float(f(at))
    return np.array([[(float(f(at + s * h)) - value) / (s * h) for h in steps] for s in (1, -1)])


def is_smoothed(pair):
    f, g = pair
    steps = np.array([1e-3, 1e-5, 1e-7])
    middle = float(g(0.0))
    if all(float(g(s * h)) == middle for s in (1, -1) for h in steps):
        return "g is constant near 0"
    outer, whole = quotients(f, middle, steps), quotients(lambda x: f(g(x)), 0.0, steps)
    settled = np.ptp(outer[:, 1:]) < 1e-2 * (1 + np.abs(outer).max())
    if settled and np.isfinite(outer).all():
        return f"f has the derivative {outer[0, -1].round(4) + 0:.3g} at g(0) = {middle:.3g}"
    if not np.isfinite(whole).all() or np.ptp(whole[:, -1]) > 1e-2 or np.ptp(whole[:, 1:]) > 0.1:
        return "f(g(x)) has no derivative at 0: its slopes to the right and to the left are " + (
            f"{whole[0, -1]:.3g} and {whole[1, -1]:.3g}"
        )
    return None


@exercise(
    counterexample=is_smoothed,
    hints=[
        "f needs a corner, say |u| at 0. Then g must arrive there in a special way.",
        "If g only touches the corner and turns back, f sees one of its sides alone.",
        Hint("|x²| = x².", lambda: abs((-2.0) ** 2) == 4.0),
    ],
    wrong=[
        Wrong((lambda u: jnp.abs(u), lambda x: x), "no derivative at 0: its slopes"),
        Wrong((lambda u: u**2, lambda x: jnp.abs(x)), "f has the derivative"),
        Wrong((lambda u: jnp.abs(u), lambda x: 0.0 * x), "g is constant"),
        Wrong((lambda u: jnp.abs(u), lambda x: 1.0 + x), "f has the derivative"),
    ],
)
def smooth_after_all():
    """f = |u| has a corner at 0, and g = x² comes from above and goes back up: f(g(x)) = x². The
    chain rule says when a derivative exists, not when there is none."""
    return lambda u: jnp.abs(u), lambda x: x**2
