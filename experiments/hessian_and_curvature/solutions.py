"""How the exercises on curvature are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import distinct, gradient, hessian, jvp, reals
from lab.exercises import Hint, Wrong, beside, exercise

from .judges import depends_on_order, is_bottom, is_undecided

sheet = beside(__file__)
P = np.array([1.0, 2.0])


# ----- entries and directions -----


@exercise(
    hints=[
        "The gradient first: (2xy, x² + 3y²).",
        "Differentiate each of its entries in x and in y: a row for each entry.",
        Hint(
            "At (1, 2) its trace is 16.",
            lambda: jnp.trace(fold_hessian(P)) == 16,
        ),
    ],
    wrong=[
        Wrong(
            lambda p: jnp.diag(jnp.stack([2 * p[1], 6 * p[1]])), "", "The mixed partials are 2x."
        ),
        Wrong(lambda p: jnp.stack([2 * p[1], 6 * p[1]]), "shape"),
        Wrong(lambda p: fold_hessian(p) / 2, "factor"),
        Wrong(
            lambda p: fold_hessian(p)[::-1, ::-1],
            "",
            "x and y are exchanged: the first row belongs to ∂f/∂x.",
        ),
    ],
)
@hessian(of=sheet.fold, at=dict(p=reals("2")))
def fold_hessian(p):
    """d(2xy) = 2y dx + 2x dy and d(x² + 3y²) = 2x dx + 6y dy;  hence [[2y, 2x], [2x, 6y]]."""
    x, y = p
    return jnp.stack([jnp.stack([2 * y, 2 * x]), jnp.stack([2 * x, 6 * y])])


@exercise(
    hints=[
        "v'Hv with v of length 1.",
        "v = (1, 1)/√2, so v'Hv is half of (1, 1) H (1, 1)'.",
        Hint("(1, 1) H (1, 1)' is 6.", lambda: np.ones(2) @ [[2, 1], [1, 2]] @ np.ones(2) == 6),
    ],
    wrong=[
        Wrong(6.0, "factor", "(1, 1) has length √2, and the rate goes with its square."),
        Wrong(6 / np.sqrt(2), "factor", "Once by √2 is for slopes; twice for second derivatives."),
        Wrong(2.0, "off by one", "The diagonal alone forgets the mixed terms."),
        Wrong([3.0, 3.0], "shape"),
    ],
)
def curvature_along():
    """(2 + 1 + 1 + 2)/2 = 3: an eigenvalue, for (1, 1) is an eigenvector."""
    return 3.0


@exercise(
    hints=[
        "The curvatures are the eigenvalues. Along (1, 1) and across it the matrix only stretches.",
        Hint(
            "H (1, -1)' = (1, -1)'.",
            lambda: np.all(np.array([[2, 1], [1, 2]]) @ [1, -1] == [1, -1]),
        ),
    ],
    wrong=[
        Wrong(1 / 3, "reciprocal"),
        Wrong(
            2.0,
            "off by one",
            "That is the ratio of a row's entries, not of curvatures.",
        ),
        Wrong(9.0, "factor"),
    ],
)
def condition():
    """Eigenvalues 3 along (1, 1) and 1 along (1, -1)."""
    return 3.0


# ----- level points -----


@exercise(
    hints=[
        "The Hessian is diagonal: 12x² - 4 and 2.",
        "At the origin that is -4 and 2. Which way is it curved along x, which way along y?",
    ],
    wrong=[
        Wrong("minimum", "not the word"),
        Wrong("maximum", "not the word"),
        Wrong(-4.0, "a word is asked for"),
    ],
)
def kind_of_point():
    """Curvature -4 along x and 2 along y: both signs."""
    return "saddle"


@exercise(
    argument=is_bottom,
    hints=[
        "The gradient is (3x² - 12y, 24y² - 12x). Both entries are 0.",
        "From the first, y = x²/4. Put that into the second.",
        Hint(
            "x⁴ = 8x has the solutions 0 and 2.",
            lambda: all(x**4 == 8 * x for x in (0, 2)),
        ),
    ],
    wrong=[
        Wrong([0.0, 0.0], "one of the curvatures there is -12", "Level, but it is the saddle."),
        Wrong([1.0, 2.0], "not level", "x and y are exchanged, perhaps?"),
        Wrong([-2.0, 1.0], "not level"),
        Wrong(2.0, "shape"),
    ],
)
def bottom():
    """y = x²/4 and 2y² = x give x⁴ = 8x, so x = 2, y = 1; there H = [[12, -12], [-12, 48]] with
    determinant 432 and positive diagonal."""
    return jnp.array([2.0, 1.0])


@exercise(
    counterexample=is_undecided,
    hints=[
        "No term of first or second order may be left. Which powers come next?",
        "Odd powers change their sign. Take even ones, and in both variables.",
        Hint(
            "x⁴ is flatter at 0 than x²: at 0.1 it is a hundredth.",
            lambda: np.isclose(0.1**4, 0.1**2 / 100),
        ),
    ],
    wrong=[
        Wrong(lambda x, y: x**2 + y**2, "like |p|²"),
        Wrong(lambda x, y: x**4, "no strict minimum"),
        Wrong(lambda x, y: x**3 + y**3, "no strict minimum"),
        Wrong(lambda x, y: x**4 - y**4, "no strict minimum"),
        Wrong(lambda x, y: 1 + x**4 + y**4, "f(0, 0) is 1"),
        Wrong(lambda x, y: 0 * x, "no strict minimum"),
        Wrong(lambda x, y: -(x**4) - y**4, "no strict minimum"),
        Wrong(lambda x, y: 0.01 * (x**2 + y**2), "like |p|²"),
        Wrong(lambda x, y: (y - 3 * x**2) ** 2 * (x**2 + y**2), "no strict minimum"),
    ],
)
def undecided(x, y):
    """x⁴ + y⁴: second derivatives 12x² and 12y², 0 at the origin, and yet it rises everywhere."""
    return x**4 + y**4


# ----- without a matrix -----


@exercise(
    hints=[
        "The gradient is a product: the number x'x times the vector x. Both move.",
        "x'x changes at the rate 2x'v, and x at the rate v.",
        Hint(
            "Along x itself it is three times the gradient.",
            lambda: jnp.allclose(curvature_product(P, P), 3 * sheet.quartic_slope(P)),
        ),
    ],
    wrong=[
        Wrong(lambda x, v: x @ x * v, "missing_term"),
        Wrong(lambda x, v: x @ v * x + x @ x * v, "", "d(x'x) = 2x'dx."),
        Wrong(lambda x, v: 2 * (x @ v) * v + x @ x * v, "", "The first term points along x."),
        Wrong(lambda x, v: -curvature_product(x, v), "sign"),
    ],
)
@jvp(of=sheet.quartic_slope, at=dict(x=reals("d")))
def curvature_product(x, v):
    """d((x'x) x) = 2(x'dx) x + (x'x) dx;  hence 2(x'v) x + (x'x) v."""
    return 2 * (x @ v) * x + x @ x * v


def hidden(spectrum, seed):
    """A product with a symmetric matrix of these eigenvalues, in axes nobody knows."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((len(spectrum), len(spectrum))))[0]
    return lambda v: jnp.asarray(Q * spectrum) @ (jnp.asarray(Q.T) @ v)


def few_products(product, size):
    """Two steps of the power method: not enough."""
    v = product(product(jnp.ones(size)))
    return v @ product(v) / (v @ v)


@exercise(
    at=[
        (hidden(np.array([0.5, 1.0, 2.0, 8.0]), 1), 4),
        (hidden(np.linspace(0, 3, 30) ** 2, 2), 30),
    ],
    tolerance=1e-3,
    hints=[
        "Apply H again and again: which part of a vector grows the fastest?",
        "Divide by the length after each product, or it overflows. v'Hv is then the curvature along v.",
        Hint(
            "The part along the next eigenvector shrinks by the ratio of the two at each product: at "
            "8.1 and 9 a hundred products leave three parts in a hundred thousand.",
            lambda: 1e-5 < 0.9**100 < 3e-5,
        ),
    ],
    wrong=[
        Wrong(few_products, "", "Too small: a few products more, and it will stop changing."),
        Wrong(lambda product, size: jnp.sqrt(greatest_curvature(product, size)), "root"),
        Wrong(lambda product, size: product(jnp.ones(size)), "shape"),
        Wrong(
            lambda product, size: jnp.ones(size) @ product(jnp.ones(size)) / size,
            "",
            "That is the curvature along one direction, (1, ..., 1).",
        ),
    ],
)
def greatest_curvature(product, size):
    """The power method: v ← Hv/|Hv| turns towards the eigenvector of the greatest eigenvalue, and
    v'Hv is then right to the square of what is left. (Lanczos' method needs fewer products.)"""
    v = jnp.sin(1.0 + jnp.arange(size).astype(float))
    for _ in range(200):
        v = product(v)
        v = v / jnp.sqrt(v @ v)
    return v @ product(v)


@exercise(
    hints=[
        "Call the root r: r² = (a - c)²/4 + b². Differentiate both sides.",
        "2r dr = (a - c)(da - dc)/2 + 2b db.",
        Hint(
            "The first and the last entry add up to 1.",
            lambda: np.isclose(greater_gradient(np.array([1.0, 2.0, 5.0]))[::2].sum(), 1.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda h: greater_gradient(h) * jnp.array([1, 0.5, 1]).astype(h.dtype),
            "",
            "b stands in H twice, at both mirror places.",
        ),
        Wrong(lambda h: greater_gradient(h)[::-1], "index"),
        Wrong(
            lambda h: jnp.stack(
                [1 - greater_gradient(h)[0], -greater_gradient(h)[1], greater_gradient(h)[0]]
            ),
            "",
            "This belongs to the lesser one.",
        ),
        Wrong(lambda h: jnp.full_like(h, 0.5), "", "The root moves, too."),
    ],
)
@gradient(of=sheet.greater, at=dict(h=distinct("3")))
def greater_gradient(h):
    """r² = (a - c)²/4 + b², dr = (a - c)(da - dc)/4r + b db/r;
    hence (1/2 + (a - c)/4r, b/r, 1/2 - (a - c)/4r), which is v v' for the eigenvector v."""
    a, b, c = h
    r = jnp.hypot((a - c) / 2, b)
    tilt = (a - c) / (4 * r)
    return jnp.stack([0.5 + tilt, b / r, 0.5 - tilt])


@exercise(
    counterexample=depends_on_order,
    hints=[
        "Along the y axis let the slope in x be -y; along the x axis the slope in y be +x.",
        "So f is about -xy near the y axis and +xy near the x axis: xy times something that is 1 on one "
        "axis and -1 on the other.",
        Hint(
            "(x² - y²)/(x² + y²) is 1 on the x axis and -1 on the y axis.",
            lambda: (1 - 0) / (1 + 0) == 1 and (0 - 1) / (0 + 1) == -1,
        ),
    ],
    wrong=[
        Wrong(lambda x, y: x * y, "no difference"),
        Wrong(lambda x, y: x * y * (x**2 - y**2) / (x**2 + y**2), "NaN"),
        Wrong(lambda x, y: jnp.abs(x * y), "the first derivative is missing"),
        Wrong(lambda x, y: jnp.hypot(x, y), "the first derivative is missing"),
        Wrong(lambda x, y: x**2 + 3 * x * y - y**3, "no difference"),
    ],
)
def order_matters(x, y):
    """xy (x² - y²)/(x² + y²): f_x(0, y) = -y and f_y(x, 0) = x, so -1 in one order and 1 in the
    other. The second partials have no limit at the origin, and Schwarz' theorem asks for one."""
    below = x**2 + y**2
    return x * y * (x**2 - y**2) / jnp.where(below == 0, 1.0, below)
