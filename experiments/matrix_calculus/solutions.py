"""How the exercises on matrix calculus are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import gradient, invertible, jacobian, jvp, reals
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)
A = np.array([[1.0, 2.0], [0.0, 3.0]])

# ----- vectors -----


@exercise(
    hints=[
        "x stands there twice: d(x'Ax) = dx'Ax + x'A dx.",
        "A number is its own transpose: dx'Ax = x'A'dx.",
        Hint(
            "For symmetric A it is 2Ax, and only then.",
            lambda: jnp.allclose(quadratic_form_gradient(A[0], A + A.T), 2 * (A + A.T) @ A[0]),
        ),
    ],
    wrong=[
        Wrong(lambda x, A: 2 * A @ x, "symmetrize"),
        Wrong(lambda x, A: A @ x, "missing_term"),
        Wrong(lambda x, A: A.T @ x, "missing_term"),
        Wrong(lambda x, A: x @ A @ x, "shape"),
        Wrong(lambda x, A: -(A + A.T) @ x, "sign"),
    ],
)
@gradient(of=sheet.quadratic_form, wrt="x", at=dict(x=reals("d"), A=reals("d d")))
def quadratic_form_gradient(x, A):
    """df = dx'Ax + x'A dx = (Ax + A'x)'dx;  hence (A + A')x."""
    return (A + A.T) @ x


@exercise(
    hints=[
        "Output i is the sum of A[i, j] x[j] over j. What is its slope in x[j]?",
        Hint(
            "It does not depend on x.",
            lambda: jnp.all(linear_map_jacobian(A[0], A) == linear_map_jacobian(A[1], A)),
        ),
    ],
    wrong=[
        Wrong(lambda x, A: A.T, "transposed"),
        Wrong(
            lambda x, A: A * x,
            "",
            "This is A diag(x): the x that each entry is multiplied with is gone after differentiating.",
        ),
        Wrong(lambda x, A: A.sum(0), "shape"),
    ],
)
@jacobian(of=sheet.linear_map, wrt="x", at=dict(x=reals("n"), A=reals("m n")))
def linear_map_jacobian(x, A):
    """d(Ax) = A dx;  hence A."""
    return A


def needs_symmetry(matrix):
    apart = matrix - matrix.T
    if np.all(apart == 0):
        return "it is symmetric: 2Ax is right everywhere"
    if abs(np.linalg.det(apart)) < 1e-12 * np.max(abs(matrix)) ** 2:
        return "there is an x besides 0 at which 2Ax is right"
    return None


@exercise(
    argument=needs_symmetry,
    hints=[
        "2Ax is wrong by (A - A')x.",
        Hint(
            "In two dimensions A - A' is a turn by 90 degrees, but for a factor.",
            lambda: np.allclose(A - A.T, 2 * np.array([[0, 1], [-1, 0]])),
        ),
    ],
    wrong=[
        Wrong(np.eye(2), "it is symmetric"),
        Wrong([[1.0, 2.0], [2.0, 1.0]], "it is symmetric"),
        Wrong([1.0, 2.0], "shape"),
        Wrong([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]], "shape"),
    ],
)
def not_twice():
    """(A + A')x - 2Ax = (A' - A)x, and any A - A' but 0 turns the plane: so any A that is not
    symmetric."""
    return jnp.array([[0.0, 1.0], [0.0, 0.0]])


# ----- matrices -----


@exercise(
    hints=[
        "R = XW - Y is a matrix. df = 2 tr(R'dR), and dR = X dW.",
        "2 tr(R'X dW) = tr(G'dW): read off G, which has the shape of W.",
        Hint(
            "Where XW = Y it is 0.",
            lambda: jnp.all(residual_sum_gradient(A, A, A @ A) == 0),
        ),
    ],
    wrong=[
        Wrong(lambda W, X, Y: X.T @ (X @ W - Y), "factor"),
        Wrong(lambda W, X, Y: 2 * X.T @ (Y - X @ W), "sign"),
        Wrong(lambda W, X, Y: 2 * X.T @ (X @ W), "missing_term"),
        Wrong(lambda W, X, Y: (2 * X.T @ (X @ W - Y)).T, "transposed"),
        Wrong(lambda W, X, Y: 2 / len(X) * X.T @ (X @ W - Y), "batch_factor"),
        Wrong(lambda W, X, Y: 2 * (X @ W - Y), "shape"),
    ],
)
@gradient(of=sheet.residual_sum, wrt="W", at=dict(W=reals("d k"), X=reals("n d"), Y=reals("n k")))
def residual_sum_gradient(W, X, Y):
    """R = XW - Y, f = tr(R'R): df = 2 tr(R'X dW);  hence 2X'R."""
    return 2 * X.T @ (X @ W - Y)


@exercise(
    hints=[
        "d ln det A = tr(A⁻¹ dA).",
        "tr(G'dA) = tr(A⁻¹ dA): what is G?",
        Hint(
            "For a diagonal matrix it is 1 over the diagonal.",
            lambda: jnp.allclose(log_det_gradient(np.diag([2.0, 4.0])), np.diag([0.5, 0.25])),
        ),
    ],
    wrong=[
        Wrong(lambda A: jnp.linalg.inv(A), "transpose"),
        Wrong(
            lambda A: jnp.linalg.det(A) * jnp.linalg.inv(A).T,
            "",
            "This is the gradient of det A: the logarithm divides by det A.",
        ),
        Wrong(lambda A: -jnp.linalg.inv(A).T, "sign"),
        Wrong(lambda A: 1 / jnp.linalg.det(A), "shape"),
        Wrong(lambda A: jnp.sign(jnp.linalg.det(A)) * jnp.linalg.inv(A).T, "region"),
        Wrong(lambda A: 2 * jnp.linalg.inv(A).T, "factor"),
    ],
)
@gradient(of=sheet.log_det, at=dict(A=invertible("d")))
def log_det_gradient(A):
    """d ln det A = tr(A⁻¹ dA) = tr((A⁻ᵀ)' dA);  hence A⁻ᵀ."""
    return jnp.linalg.inv(A).T


@exercise(
    hints=[
        "0 = d(A A⁻¹) = dA A⁻¹ + A d(A⁻¹).",
        "Solve for d(A⁻¹); mind the order of the factors.",
        Hint(
            "For numbers it is -da / a².",
            lambda: jnp.allclose(inverse_differential(np.array([[2.0]]), np.array([[1.0]])), -0.25),
        ),
    ],
    wrong=[
        Wrong(lambda A, dA: jnp.linalg.inv(A) @ dA @ jnp.linalg.inv(A), "sign"),
        Wrong(
            lambda A, dA: -jnp.linalg.inv(A) @ jnp.linalg.inv(A) @ dA,
            "",
            "Matrices do not commute: dA stands between the two.",
        ),
        Wrong(
            lambda A, dA: -jnp.linalg.inv(A @ A) * dA,
            "",
            "This is the rule for numbers, entry by entry.",
        ),
        Wrong(lambda A, dA: jnp.linalg.inv(dA), "", "The inverse is not linear."),
        Wrong(
            lambda A, dA: jnp.linalg.inv(A + dA) - jnp.linalg.inv(A),
            "",
            "This is the whole change; the differential is what of it is of first order in dA.",
        ),
    ],
)
@jvp(of=sheet.inverse, at=dict(A=invertible("d")))
def inverse_differential(A, dA):
    """0 = dA A⁻¹ + A d(A⁻¹);  hence -A⁻¹ dA A⁻¹."""
    inverse = jnp.linalg.inv(A)
    return -inverse @ dA @ inverse


def _printed(X, a, b):
    """The identity as it is printed, for n = 2."""
    power = lambda r: jnp.linalg.matrix_power(X, r)
    ab = jnp.outer(a, b)
    return sum(
        power(1 - r) @ ab @ power(2).T @ power(r) + power(r).T @ power(2) @ ab @ power(1 - r).T
        for r in range(2)
    )


@exercise(
    hints=[
        "With u = X²a and v = X²b: df = du'v + u'dv, and d(X²) = dX X + X dX.",
        "tr(p q' dX) = q' dX p: the gradient of q' dX p is q p'.",
        "Of the two printed terms, one is like q p' and one like p q'.",
        Hint(
            "For a = b the two right terms are alike.",
            lambda: np.allclose(
                square_form_gradient(A, A[0], A[0]) / 2,
                sum(
                    np.linalg.matrix_power(A, r).T
                    @ A
                    @ A
                    @ np.outer(A[0], A[0])
                    @ np.linalg.matrix_power(A, 1 - r).T
                    for r in range(2)
                ),
            ),
        ),
    ],
    wrong=[
        Wrong(
            _printed,
            "",
            "This is what is printed. Of a rank one matrix p q' and its transpose, which one is it?",
        ),
        Wrong(lambda X, a, b: _printed(X, a, b).T, "", "Now the other term is transposed."),
        Wrong(lambda X, a, b: -square_form_gradient(X, a, b), "sign"),
        Wrong(lambda X, a, b: square_form_gradient(X, a, b).T, "transpose"),
    ],
)
@gradient(of=sheet.square_form, wrt="X", at=dict(X=reals("d d"), a=reals("d"), b=reals("d")))
def square_form_gradient(X, a, b):
    """u = X²a, v = X²b: df = v'(dX X + X dX)a + u'(dX X + X dX)b;
    hence v(Xa)' + X'v a' + u(Xb)' + X'u b': the first term of the print is transposed."""
    u, v = X @ X @ a, X @ X @ b
    first = jnp.outer(v, X @ a) + jnp.outer(X.T @ v, a)
    return first + jnp.outer(u, X @ b) + jnp.outer(X.T @ u, b)
