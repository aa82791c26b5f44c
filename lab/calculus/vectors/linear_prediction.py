"""Linear prediction: a weighted sum of features, the forms behind it, and its squared errors.

The gradient of a prediction in its weights is the vector of features, and in the features the
vector of weights. Everything that linear models learn, they learn through that.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_calculus import bilinear_form, linear_form
from lab.derivation import gradient, hessian, jacobian
from lab.domains import nonnegative, nonzero, reals, symmetric

Scalar = Float[Array, ""]
Vector = Float[Array, " d"]
Matrix = Float[Array, "d d"]
Rows = Float[Array, "n d"]
Outputs = Float[Array, " n"]


def linear_prediction(w: Vector, b: Scalar, x: Vector) -> Scalar:
    """w . x + b"""
    return w @ x + b


@gradient(of=linear_prediction, wrt=("w", "b", "x"), at=dict(w=reals("d"), b=reals(), x=reals("d")))
def linear_prediction_gradient(w: Vector, b: Scalar, x: Vector) -> tuple[Vector, Scalar, Vector]:
    """dp = x . dw + db + w . dx;  hence the features, 1, and the weights: the bias is the weight of
    a feature that is always 1."""
    return x, jnp.ones_like(b), w


def predictions(w: Vector, b: Scalar, X: Rows) -> Outputs:
    """Xw + b: one prediction for each row of features"""
    return X @ w + b


@jacobian(of=predictions, wrt=("w", "b"), at=dict(w=reals("d"), b=reals(), X=reals("n d")))
def predictions_jacobian(w: Vector, b: Scalar, X: Rows) -> tuple[Rows, Outputs]:
    """dp = X dw + 1 db;  hence the data matrix itself, whatever the weights, and a column of 1."""
    return X, jnp.ones(X.shape[0], X.dtype)


@hessian(of=linear_form, wrt=("x", "a"), at=dict(x=reals("n"), a=reals("n")))
def linear_form_hessian(
    x: Float[Array, " n"], a: Float[Array, " n"]
) -> tuple[tuple[Float[Array, "n n"], ...], ...]:
    """The gradient (a, x) has differential (da, dx): a does not depend on x;  hence blocks 0, I, I,
    0: a plane does not bend in x, nor in a, and only moving both at once shows curvature."""
    zero, eye = jnp.zeros((x.size, x.size), x.dtype), jnp.eye(x.size, dtype=x.dtype)
    return (zero, eye), (eye, zero)


@gradient(of=bilinear_form, wrt=("x", "y"), at=dict(x=reals("m"), A=reals("m n"), y=reals("n")))
def bilinear_form_gradients_in_vectors(
    x: Float[Array, " m"], A: Float[Array, "m n"], y: Float[Array, " n"]
) -> tuple[Float[Array, " m"], Float[Array, " n"]]:
    """d(xᵀAy) = dx . Ay + (Aᵀx) . dy;  hence Ay and Aᵀx."""
    return A @ y, A.T @ x


def rayleigh_quotient(x: Vector, A: Matrix) -> Scalar:
    """xᵀAx / xᵀx"""
    return x @ A @ x / (x @ x)


@gradient(of=rayleigh_quotient, wrt="x", at=dict(x=nonzero("d"), A=symmetric("d")))
def rayleigh_quotient_gradient(x: Vector, A: Matrix) -> Vector:
    """R q = xᵀAx with q = xᵀx:  q dR = 2 (Ax) . dx - R 2x . dx, A being symmetric;
    hence 2 (Ax - Rx)/q, which is 0 exactly at eigenvectors."""
    return 2 * (A @ x - rayleigh_quotient(x, A) * x) / (x @ x)


# ----- squared errors -----


def weighted_least_squares(w: Vector, X: Rows, y: Outputs, S: Float[Array, "n n"]) -> Scalar:
    """(Xw - y)ᵀ S (Xw - y) / 2 with a symmetric weight S"""
    r = X @ w - y
    return r @ S @ r / 2


WEIGHTED = {"w": reals("d"), "X": reals("n d"), "y": reals("n"), "S": symmetric("n")}


@gradient(of=weighted_least_squares, at=WEIGHTED)
def weighted_least_squares_gradient(
    w: Vector, X: Rows, y: Outputs, S: Float[Array, "n n"]
) -> Vector:
    """r = Xw - y:  d(rᵀSr/2) = (Sr) . dr, as S = Sᵀ, and dr = X dw;  hence XᵀS(Xw - y)."""
    return X.T @ S @ (X @ w - y)


@hessian(of=weighted_least_squares, at=WEIGHTED)
def weighted_least_squares_hessian(
    w: Vector, X: Rows, y: Outputs, S: Float[Array, "n n"]
) -> Matrix:
    """d(XᵀSr) = XᵀS X dw;  hence XᵀSX, wherever w is."""
    return X.T @ S @ X


def ridge_objective(w: Vector, X: Rows, y: Outputs, strength: Scalar) -> Scalar:
    """|Xw - y|²/2 + λ|w|²/2"""
    return (jnp.sum((X @ w - y) ** 2) + strength * (w @ w)) / 2


RIDGE = {"w": reals("d"), "X": reals("n d"), "y": reals("n"), "strength": nonnegative()}


@gradient(of=ridge_objective, wrt=("w", "strength"), at=RIDGE)
def ridge_objective_gradient(
    w: Vector, X: Rows, y: Outputs, strength: Scalar
) -> tuple[Vector, Scalar]:
    """d = r . X dw + λ w . dw + |w|²/2 dλ;  hence Xᵀr + λw, and |w|²/2 in λ."""
    return X.T @ (X @ w - y) + strength * w, w @ w / 2


@hessian(of=ridge_objective, at=RIDGE)
def ridge_objective_hessian(w: Vector, X: Rows, y: Outputs, strength: Scalar) -> Matrix:
    """d(Xᵀr + λw) = (XᵀX + λI) dw;  hence XᵀX + λI: the ridge lifts every eigenvalue by λ."""
    return X.T @ X + strength * jnp.eye(w.size, dtype=w.dtype)
