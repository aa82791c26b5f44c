"""How the exercises on Jacobians are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import jacobian, jvp, nonzero, reals, vjp
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)
P = np.array([1.0, 2.0])


def rows(*entries):
    return jnp.stack([jnp.stack(row) for row in entries])


# ----- maps of the plane -----


@exercise(
    hints=[
        "The first row belongs to x² - y²: its slope in x, then its slope in y.",
        "The second row belongs to 2xy: hold y still, then hold x still.",
        Hint(
            "At (1, 2) the first row is (2, -4).",
            lambda: np.allclose(square_jacobian(P)[0], [2, -4]),
        ),
    ],
    wrong=[
        Wrong(lambda p: rows([2 * p[0], 2 * p[1]], [-2 * p[1], 2 * p[0]]), "transpose"),
        Wrong(lambda p: rows([2 * p[0], 2 * p[1]], [2 * p[1], 2 * p[0]]), "", "Mind the minus."),
        Wrong(lambda p: jnp.stack([2 * p[0], 2 * p[0]]), "shape", "Each output has two slopes."),
        Wrong(lambda p: rows([p[0], -p[1]], [p[1], p[0]]), "factor"),
    ],
)
@jacobian(of=sheet.square, at=dict(p=reals("2")))
def square_jacobian(p):
    """d(x² - y²) = 2x dx - 2y dy, d(2xy) = 2y dx + 2x dy;  hence 2 [[x, -y], [y, x]]."""
    x, y = p
    return 2 * rows([x, -y], [y, x])


@exercise(
    tolerance=0.02,
    hints=[
        "How far does the image move for dr, how far for dt, and in which directions?",
        Hint(
            "The two columns of J are at a right angle.",
            lambda: np.isclose(
                np.dot(*np.asarray(jax.jacfwd(sheet.polar)(jnp.array([3.0, 0.5]))).T), 0
            ),
        ),
        "Their lengths are 1 and r. Areas grow by the product.",
    ],
    wrong=[
        Wrong(0.001, "factor", "Areas change: far out the same angle covers a longer way."),
        Wrong(3.0, "", "This is by how much areas grow. How large is this one?"),
        Wrong(0.009, "factor", "Only one of the two sides grows with r."),
    ],
)
def polar_determinant():
    """det J = r cos² t + r sin² t = r = 3;  hence 0.003."""
    return 0.003


@exercise(
    hints=[
        "One row for each output, one column for each input.",
        "It is multiplied with dx, which has 5 entries, and dF, which has 2, comes out.",
        Hint("A gradient is a single row.", lambda: jax.jacrev(jnp.sum)(np.ones(5)).shape == (5,)),
    ],
    wrong=[
        Wrong([5, 2], "", "Inputs are columns. Some books transpose; JAX does not."),
        Wrong(10, "shape", "So many entries. How are they arranged?"),
        Wrong([2, 2], "", "It has to take all five inputs."),
    ],
)
def shape_of_jacobian():
    """Outputs by inputs: (2, 5)."""
    return jnp.array([2, 5])


# ----- undoing -----


@exercise(
    hints=[
        "By the inverse function theorem it is the inverse of polar's Jacobian.",
        "The columns of that are orthogonal, so inverting is transposing, and dividing by the squares "
        "of their lengths 1 and r.",
        Hint(
            "At (1, 2) the second row, of the angle, is (-0.4, 0.2).",
            lambda: np.allclose(to_polar_jacobian(P)[1], [-0.4, 0.2]),
        ),
    ],
    wrong=[
        Wrong(
            lambda p: rows([p[0], p[1]], [-p[1], p[0]]) / jnp.sqrt(p @ p),
            "",
            "The angle changes by less the farther out one is: compare dt with way/r.",
        ),
        Wrong(
            lambda p: rows([p[0], -p[1]], [p[1], p[0]]) / jnp.sqrt(p @ p),
            "",
            "This is the Jacobian of the map from (r, t) but for a factor, not of its inverse.",
        ),
        Wrong(
            lambda p: rows(
                [p[0] / jnp.sqrt(p @ p), p[1] / jnp.sqrt(p @ p)], [p[1] / (p @ p), -p[0] / (p @ p)]
            ),
            "sign",
            "Which way does the angle go when y grows?",
        ),
    ],
)
@jacobian(of=sheet.to_polar, at=dict(p=nonzero("2")))
def to_polar_jacobian(p):
    """dr = (x dx + y dy)/r; from tan t = y/x, dt = (x dy - y dx)/r²;  hence [[x/r, y/r],
    [-y/r², x/r²]]."""
    x, y = p
    r = jnp.hypot(x, y)
    return rows([x / r, y / r], [-y / r / r, x / r / r])


def is_fold(p):
    x, y = p
    if np.hypot(x, y) < 1e-9:
        return "this is the origin: the question asks for another point"
    determinant = 2 * (x**2 - y**2) / (x**2 + y**2)
    if abs(determinant) > 1e-6:
        return (
            f"det J is {2 * (x**2 - y**2):.4g} there, so by the theorem there is an inverse nearby"
        )
    return None


@exercise(
    argument=is_fold,
    hints=[
        "Where is the determinant of its Jacobian 0?",
        "J has the rows (2x, 2y) and (y, x).",
        Hint(
            "On the x axis the determinant is 2x².",
            lambda: np.isclose(np.linalg.det([[2 * 3.0, 0.0], [0.0, 3.0]]), 18),
        ),
    ],
    wrong=[
        Wrong([1.0, 0.0], "det J is 2"),
        Wrong([0.0, 0.0], "the origin"),
        Wrong([0.0, 1.0], "det J is -2", "A negative determinant turns orientation: no fold yet."),
        Wrong(1.0, "shape"),
    ],
)
def fold():
    """det [[2x, 2y], [y, x]] = 2x² - 2y², which is 0 on the diagonals: (x, y) and (y, x) go to the
    same place, so the plane is folded along x = y."""
    return jnp.array([1.0, 1.0])


def share_an_image(points):
    p, q = points
    size = np.max(abs(np.asarray(points)))
    if np.max(abs(p - q)) <= 1e-6 * size:
        return "the two points are one"
    images = [np.asarray(sheet.square(jnp.asarray(point))) for point in points]
    if np.max(abs(images[0] - images[1])) <= 1e-5 * size**2:
        return None
    shown = [f"({image[0]:.3g}, {image[1]:.3g})" for image in images]
    return f"they are sent to {shown[0]} and {shown[1]}"


@exercise(
    argument=share_an_image,
    hints=[
        "What is the square of -z?",
        Hint("(-1)² = 1².", lambda: (-1) ** 2 == 1**2),
    ],
    wrong=[
        Wrong([[1.0, 2.0], [2.0, 1.0]], "they are sent to (-3, 4) and (3, 4)"),
        Wrong([[1.0, 2.0], [1.0, 2.0]], "the two points are one"),
        Wrong([[1e-4, 0.0], [0.0, 1e-4]], "they are sent to (1e-08, 0) and (-1e-08, 0)"),
        Wrong([[1.0, 2.0], [1.0, -2.0]], "they are sent to", "The conjugate's square is another."),
    ],
)
def same_image():
    """z² = (-z)²: near p and near -p there is an inverse each, and they are different."""
    return jnp.array([[1.0, 2.0], [-1.0, -2.0]])


# ----- an arm -----


@exercise(
    hints=[
        "Turning the shoulder moves the hand by a quarter turn of the whole arm, the elbow by one of "
        "the second bone.",
        "J^T force: the dot product of the force with each column.",
        Hint(
            "Along the stretched arm a force needs no torque.",
            lambda: np.allclose(torques(np.zeros(2), np.array([1.0, 0.0])), 0),
        ),
    ],
    wrong=[
        Wrong(
            lambda angles, force: jax.jacfwd(sheet.hand)(angles) @ force,
            "",
            "This is J force, the way of the hand if the force were a turning of joints.",
        ),
        Wrong(
            lambda angles, force: jnp.stack(
                [
                    -jnp.sin(angles[0]) * force[0] + jnp.cos(angles[0]) * force[1],
                    -jnp.sin(angles.sum()) * force[0] + jnp.cos(angles.sum()) * force[1],
                ]
            ),
            "",
            "The shoulder turns the second bone, too.",
        ),
        Wrong(lambda angles, force: -torques(angles, force), "sign"),
    ],
)
@vjp(of=sheet.hand, at=dict(angles=reals("2")))
def torques(angles, force):
    """The columns of J are the quarter turns (-y, x) of the hand and of the second bone;
    hence -y f_x + x f_y for either."""
    hand = sheet.hand(angles)
    bone = jnp.stack([jnp.cos(angles.sum()), jnp.sin(angles.sum())])
    across = lambda way: way[0] * force[1] - way[1] * force[0]
    return jnp.stack([across(hand), across(bone)])


# ----- two harder ones -----


@exercise(
    hints=[
        "Differentiate ln p_i = z_i - ln Σ e^z_j along v.",
        "d ln p_i = v_i - Σ p_j v_j, and dp_i = p_i d ln p_i.",
        Hint(
            "It sums to 0, since probabilities sum to 1.",
            lambda: np.isclose(np.sum(softmax_push(P, np.array([1.0, 3.0]))), 0),
        ),
    ],
    wrong=[
        Wrong(lambda z, v: sheet.softmax(z) * v, "", "The sum below moves, too."),
        Wrong(
            lambda z, v: sheet.softmax(z) * (v - jnp.sum(v)),
            "",
            "The mean of v is weighted: with the probabilities.",
        ),
        Wrong(lambda z, v: sheet.softmax(z) * (1 - sheet.softmax(z)) * v, "", "Only the diagonal."),
        Wrong(lambda z, v: sheet.softmax(z) * (sheet.softmax(z) @ v - v), "sign"),
    ],
)
@jvp(of=sheet.softmax, at=dict(z=reals("k")))
def softmax_push(z, v):
    """dp_i = p_i (v_i - Σ p_j v_j);  hence p ∘ (v - p . v). Where p_i is nearly 1 the difference is
    Σ p_j (v_i - v_j), which does not cancel."""
    p = sheet.softmax(z)
    return p * ((v[:, None] - v) @ p)


@exercise(
    hints=[
        "Forward mode gives a column at a time, reverse mode a row.",
        Hint("There are 1000 columns: 2000 evaluations.", lambda: 2 * 1000 == 2000),
    ],
    wrong=[
        Wrong(2000.0, "", "That is column by column. How many rows are there?"),
        Wrong(80.0, "factor", "40 rows, but a vjp costs 4."),
        Wrong(4000.0, "", "A vjp gives a row: there are not 1000 rows."),
        Wrong(4.0, "", "That is one row of forty."),
    ],
)
def cheaper_backwards():
    """40 rows at 4 evaluations, 160, against 1000 columns at 2."""
    return 160.0
