"""How the exercises on linear models are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.numpy.linalg import solve

from lab import gradient, hessian, identity, interval, jacobian, reals, tall
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)
LOGISTIC = dict(w=reals("d"), X=reals("n d"), y=interval(0.0, 1.0, "n"))


@exercise(
    hints=[
        "Let r = Xw - y. The loss is r . r / (2n).",
        "dL = r . dr / n with dr = X dw. Bring X to the other side of the dot.",
        "r . (X dw) = (X^T r) . dw: the gradient is what stands before dw.",
    ],
    wrong=[
        Wrong(lambda w, X, y: X.T @ (X @ w - y), "batch_factor", "The loss is a mean."),
        Wrong(lambda w, X, y: X.T @ (y - X @ w) / y.size, "sign", "Prediction minus truth."),
        Wrong(lambda w, X, y: 2 * X.T @ (X @ w - y) / y.size, "factor", "The half takes the 2."),
        Wrong(lambda w, X, y: X.T @ X @ w / y.size, "missing_term", "The targets are gone."),
    ],
)
@gradient(of=sheet.squared_loss, at=dict(w=reals("d"), X=reals("n d"), y=reals("n")))
def squared_loss_gradient(w, X, y):
    """r = Xw - y;  dL = r.(X dw)/n;  hence Xᵀ r/n, 0 where r is at right angles to all columns."""
    return X.T @ (X @ w - y) / y.size


@exercise(
    hints=[
        "A step a multiplies the error along an eigenvector by 1 - a lambda.",
        "The one with 1 shrinks by 1 - a. The one with 9 may change its sign: 9a - 1.",
    ],
    wrong=[
        Wrong(1 / 9, "", "This makes one error vanish at once; the other shrinks by 8/9 only."),
        Wrong(2 / 9, "", "At 2/9 the steep direction jumps to and fro for ever."),
        Wrong(5.0, "reciprocal", "The mean curvature; the step is one over it."),
        Wrong(1.0, "", "From 2/9 on the steep direction diverges."),
    ],
)
def best_step():
    """1 - a = 9a - 1 for a = 2/(1 + 9)."""
    return 0.2


@exercise(
    hints=[
        "What is 1 - a for the step of the question before?",
        Hint("After one step 0.8 is left.", lambda: np.isclose(left_after_ten() ** 0.1, 0.8)),
    ],
    wrong=[
        Wrong(0.8, "", "After one step; each of ten multiplies."),
        Wrong(0.0, "", "It never arrives, it only comes nearer."),
        Wrong(1 - 0.8**10, "", "This is what is gone."),
        Wrong((8 / 9) ** 10, "", "With the step 1/9."),
    ],
)
def left_after_ten():
    """(1 - 0.2)^10: (kappa - 1)/(kappa + 1) = 8/10, ten times."""
    return 0.8**10


@exercise(
    hints=[
        "Each sample's loss is softplus(z) - y z. What is its slope in z?",
        "softplus' = s, so the slope is s(z) - y. And dz = X dw.",
        Hint(
            "At w = 0 it is X^T (1/2 - y)/n.",
            lambda: np.allclose(
                logistic_loss_gradient(np.zeros(1), np.array([[2.0], [4.0]]), np.array([1.0, 0.0])),
                0.5,
            ),
        ),
    ],
    wrong=[
        Wrong(
            lambda w, X, y: X.T @ (jax.nn.sigmoid(X @ w) - y), "batch_factor", "The loss is a mean."
        ),
        Wrong(lambda w, X, y: X.T @ (y - jax.nn.sigmoid(X @ w)) / y.size, "sign"),
        Wrong(
            lambda w, X, y: X.T @ (X @ w - y) / y.size,
            "",
            "The prediction is s(Xw), not Xw itself.",
        ),
        Wrong(
            lambda w, X, y: (
                X.T
                @ ((jax.nn.sigmoid(X @ w) - y) * jax.nn.sigmoid(X @ w) * jax.nn.sigmoid(-X @ w))
                / y.size
            ),
            "",
            "That is the gradient of a squared error of s: cross-entropy has no s' left.",
        ),
    ],
)
@gradient(of=sheet.logistic_loss, at=LOGISTIC)
def logistic_loss_gradient(w, X, y):
    """ℓ = softplus(z) - yz, dℓ = (s(z) - y) dz, dz = X dw;  hence Xᵀ(p - y)/n, with p - y written
    as (1 - y) s(z) - y s(-z), which keeps its digits."""
    z = X @ w
    return X.T @ ((1 - y) * jax.nn.sigmoid(z) - y * jax.nn.sigmoid(-z)) / y.size


@exercise(
    hints=[
        "Differentiate the gradient X^T (s(Xw) - y)/n once more: only s moves.",
        "ds = s (1 - s) dz, entry by entry, and dz = X dw.",
        Hint(
            "For one sample x = 2 and w = 0 it is 2² / 4 = 1.",
            lambda: np.allclose(
                logistic_loss_hessian(np.zeros(1), np.array([[2.0]]), np.ones(1)), 1
            ),
        ),
    ],
    wrong=[
        Wrong(
            lambda w, X, y: X.T @ X / y.size, "", "The slope s (1 - s) of the sigmoid is missing."
        ),
        Wrong(
            lambda w, X, y: X.T @ ((jax.nn.sigmoid(X @ w) * jax.nn.sigmoid(-X @ w))[:, None] * X),
            "batch_factor",
        ),
        Wrong(
            lambda w, X, y: X.T @ (jax.nn.sigmoid(X @ w)[:, None] * X) / y.size,
            "",
            "s (1 - s), not s.",
        ),
        Wrong(lambda w, X, y: -logistic_loss_hessian(w, X, y), "sign", "The loss is convex."),
    ],
)
@hessian(of=sheet.logistic_loss, at=LOGISTIC)
def logistic_loss_hessian(w, X, y):
    """dp = p (1 - p) ∘ (X dw);  hence Xᵀ diag(p (1 - p)) X/n: no label in it, and no negative
    direction."""
    z = X @ w
    return X.T @ ((jax.nn.sigmoid(z) * jax.nn.sigmoid(-z))[:, None] * X) / y.size


@exercise(
    hints=[
        "The predictions are linear in y. What is the derivative of A y in y?",
        "The matrix before y is X (X^T X)^-1 X^T: it puts the hat on y.",
        Hint(
            "Its trace is the number of weights.",
            lambda: np.isclose(
                np.trace(leverage(np.zeros(4), np.array([[1.0, 0], [1, 1], [1, 2], [1, 5]]))), 2
            ),
        ),
    ],
    wrong=[
        Wrong(lambda y, X: solve(X.T @ X, X.T), "shape", "These are the weights' derivatives."),
        Wrong(lambda y, X: X @ X.T, "", "The columns of X are not unit vectors at right angles."),
        Wrong(
            lambda y, X: jnp.eye(y.size, dtype=X.dtype) - X @ solve(X.T @ X, X.T),
            "",
            "This is the derivative of the residual y - fitted.",
        ),
    ],
)
@jacobian(of=sheet.fitted, at=dict(y=reals("n"), X=tall("n d")))
def leverage(y, X):
    """fitted = H y with H = X (XᵀX)⁻¹ Xᵀ, linear in y;  hence H, a projection: H H = H."""
    return X @ solve(X.T @ X, X.T)


@exercise(
    hints=[
        "Replace y_i by what the fit without i predicts there. Which fit is now best for all?",
        "The same one: it costs nothing at i. So lowering y_i by its error e_i lowers the fit by h_ii e_i",
        "You know two numbers at i: the fit to all, and what it becomes. Solve for e_i.",
    ],
    wrong=[
        Wrong(
            lambda X, y: y - X @ solve(X.T @ X, X.T @ y),
            "",
            "These are the errors on samples that were fitted: too small.",
        ),
        Wrong(
            lambda X, y: (
                (y - X @ solve(X.T @ X, X.T @ y)) * (1 - jnp.sum(X * solve(X.T @ X, X.T).T, axis=1))
            ),
            "",
            "Errors on samples not seen are larger, not smaller.",
        ),
        Wrong(
            lambda X, y: (y - X @ solve(X.T @ X, X.T @ y)) / (1 - X.shape[1] / X.shape[0]),
            "",
            "That is right on average: each sample has a leverage of its own.",
        ),
    ],
)
@identity(of=sheet.errors_left_out, at=dict(X=tall("n+3 d", d=2), y=reals("n+3")))
def errors_left_out_at_once(X, y):
    """ŷ_i - h_ii e_i = y_i - e_i;  hence e_i = (y_i - ŷ_i)/(1 - h_ii)."""
    A = solve(X.T @ X, X.T)
    return (y - X @ (A @ y)) / (1 - jnp.sum(X * A.T, axis=1))


def is_sure(answer):
    w, b = answer
    x, y = np.array([-2.0, -1.0, 1.0, 3.0]), np.array([0, 0, 1, 1])
    scores = w * x + b
    losses = np.logaddexp(0, np.where(y == 1, -scores, scores))
    if losses.mean() < 1e-6:
        return None
    worst = int(np.argmax(losses))
    return f"the mean loss is {losses.mean():.3g}; the input {x[worst]:g} costs {losses[worst]:.3g}"


@exercise(
    argument=is_sure,
    hints=[
        "A line at 0 separates the two classes. What does a larger weight do to the loss?",
        "A score of m on the right side costs about e^-m. The nearest inputs are 1 away.",
        Hint("e^-14 is less than a millionth.", lambda: np.exp(-14) < 1e-6 < np.exp(-13)),
    ],
    wrong=[
        Wrong([1.0, 0.0], "the mean loss is", "It separates. Not surely enough."),
        Wrong([-20.0, 0.0], "the mean loss is", "The classes are on the wrong sides."),
        Wrong([10.0, 0.0], "the mean loss is", "e^-10 is 5e-5."),
        Wrong([20.0, 40.0], "the mean loss is", "The line is no longer between them."),
    ],
)
def sure_of_it():
    """Any (w, 0) with w ≥ 14: the loss falls like e^-w, and there is no best w."""
    return jnp.array([20.0, 0.0])
