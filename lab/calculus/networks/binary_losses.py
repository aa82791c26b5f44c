"""Losses on two classes: the margin, the odds, and how hard a wrong answer is pulled back.

A score z, a label y. With y = ±1 the product yz is the *margin*, positive where the answer is
right; with y in [0, 1] the sigmoid of z is the chance of a 1. Differences such as s(z) - y are
written as (1 - y) s(z) - y s(-z), where a sure answer leaves more than rounding.
"""

import jax.numpy as jnp
from jax.scipy.special import xlog1py, xlogy
from jaxtyping import Array, Float

from lab.calculus.networks.activations import sigmoid, softplus
from lab.derivation import derivative, gradient, hessian
from lab.domains import interval, positive, reals

Real = Float[Array, "..."]
Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


# ----- on probabilities and on logits -----


def binary_cross_entropy(p: Real, y: Real) -> Real:
    """``-y log p - (1 - y) log(1 - p)``."""
    return -xlogy(y, p) - xlog1py(1 - y, -p)


@derivative(
    of=binary_cross_entropy,
    wrt="p",
    at=dict(p=interval(0.0, 1.0, "n"), y=interval(0.0, 1.0, "n")),
)
def binary_cross_entropy_derivative(p: Real, y: Real) -> Real:
    """-y/p + (1 - y)/(1 - p), over one denominator;  hence (p - y)/(p (1 - p))."""
    return (p - y) / (p * (1 - p))


def binary_cross_entropy_with_logits(z: Real, y: Real) -> Real:
    """``softplus(z) - y z`` as ``(1 - y) softplus(z) + y softplus(-z)``: BCE on logits."""
    return (1 - y) * softplus(z) + y * softplus(-z)


@derivative(
    of=binary_cross_entropy_with_logits, wrt="z", at=dict(z=reals("n"), y=interval(0.0, 1.0, "n"))
)
def binary_cross_entropy_with_logits_derivative(z: Real, y: Real) -> Real:
    """d(softplus(z) - yz) = (s(z) - y) dz;  hence s(z) - y = (1 - y) s(z) - y s(-z):

    prediction minus truth, the p (1 - p) of the slope in p having cancelled against s'.
    """
    return (1 - y) * sigmoid(z) - y * sigmoid(-z)


@derivative(
    of=binary_cross_entropy_with_logits_derivative,
    wrt="z",
    at=dict(z=reals("n"), y=interval(0.0, 1.0, "n")),
)
def binary_cross_entropy_with_logits_second_derivative(z: Real, y: Real) -> Real:
    """d(s(z) - y) = s'(z) dz;  hence s(z) s(-z), whatever the label: convex, and at most 1/4."""
    return sigmoid(z) * sigmoid(-z)


def focal_loss(p: Real, c: Real) -> Real:
    """``-(1 - p)^c log p`` of the true class's probability: easy samples count less (Lin 2017)."""
    return -((1 - p) ** c) * jnp.log(p)


@derivative(of=focal_loss, wrt="p", at=dict(p=interval(0.0, 1.0, "n"), c=positive()))
def focal_loss_derivative(p: Real, c: Real) -> Real:
    """d(-(1 - p)^c) = c (1 - p)^(c-1) dp and d log p = dp/p;

    hence c (1 - p)^(c-1) log p - (1 - p)^c/p = (1 - p)^(c-1) (c log p - (1 - p)/p).
    """
    return (1 - p) ** (c - 1) * (c * jnp.log(p) - (1 - p) / p)


# ----- logistic regression -----


def logistic_regression_loss(w: Float[Array, " d"], X: Float[Array, "n d"], y: Vector) -> Scalar:
    """Mean binary cross-entropy of the logits ``X w``, labels y in [0, 1].

    On separable data its infimum 0 is not reached.
    """
    return jnp.mean(binary_cross_entropy_with_logits(X @ w, y))


@gradient(
    of=logistic_regression_loss,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=interval(0.0, 1.0, "n")),
)
def logistic_regression_gradient(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Vector
) -> Float[Array, " d"]:
    """z = Xw, p = s(z);  dL = 1/n (p - y)·dz = 1/n (p - y)·(X dw);  hence Xᵀ(p - y)/n:

    that of linear regression, with a probability for a prediction.
    """
    return X.T @ binary_cross_entropy_with_logits_derivative(X @ w, y) / y.size


@hessian(
    of=logistic_regression_loss,
    wrt="w",
    at=dict(w=reals("d"), X=reals("n d"), y=interval(0.0, 1.0, "n")),
)
def logistic_regression_hessian(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Vector
) -> Float[Array, "d d"]:
    """d(Xᵀ(p - y)/n) = Xᵀ dp/n, dp = p (1 - p) ∘ (X dw);  hence Xᵀ diag(p (1 - p)) X/n, which has

    no negative direction, and is at most XᵀX/(4n).
    """
    z = X @ w
    return X.T @ ((sigmoid(z) * sigmoid(-z))[:, None] * X) / y.size


# ----- on margins: y = 1 or -1 -----


def logistic_margin_loss(z: Real, y: Real) -> Real:
    """``log(1 + e^(-yz))``."""
    return softplus(-y * z)


@derivative(of=logistic_margin_loss, wrt="z", at=dict(z=reals("n"), y=reals("n")))
def logistic_margin_loss_derivative(z: Real, y: Real) -> Real:
    """softplus' = s and d(-yz) = -y dz;  hence -y s(-yz): the pull fades once yz is large."""
    return -y * sigmoid(-y * z)


def hinge(z: Real, y: Real) -> Real:
    """``max(0, 1 - yz)``: no loss from a margin of 1 on (Cortes and Vapnik 1995)."""
    return jnp.maximum(0.0, 1 - y * z)


@derivative(of=hinge, wrt="z", at=dict(z=reals("n"), y=reals("n")), kinks="y z == 1")
def hinge_derivative(z: Real, y: Real) -> Real:
    """1 - yz while that is positive, else 0;  hence -y for yz < 1, and 0 from the corner on."""
    return jnp.where(y * z < 1, -y, 0.0)


def squared_hinge(z: Real, y: Real) -> Real:
    """``max(0, 1 - yz)²``."""
    return jnp.maximum(0.0, 1 - y * z) ** 2


@derivative(of=squared_hinge, wrt="z", at=dict(z=reals("n"), y=reals("n")))
def squared_hinge_derivative(z: Real, y: Real) -> Real:
    """2 m dm with m = max(0, 1 - yz), dm = -y dz where m > 0;  hence -2y m, with no corner left."""
    return -2 * y * jnp.maximum(0.0, 1 - y * z)


def perceptron_loss(z: Real, y: Real) -> Real:
    """``max(0, -yz)``: only mistakes cost (Rosenblatt 1958)."""
    return jnp.maximum(0.0, -y * z)


@derivative(of=perceptron_loss, wrt="z", at=dict(z=reals("n"), y=reals("n")), kinks="y z == 0")
def perceptron_loss_derivative(z: Real, y: Real) -> Real:
    """-yz where that is positive, else 0;  hence -y on a mistake, and else 0, also at z = 0."""
    return jnp.where(y * z < 0, -y, 0.0)


def exponential_loss(z: Real, y: Real) -> Real:
    """``e^(-yz)``: AdaBoost's (Freund and Schapire 1997)."""
    return jnp.exp(-y * z)


@derivative(of=exponential_loss, wrt="z", at=dict(z=reals("n"), y=reals("n")))
def exponential_loss_derivative(z: Real, y: Real) -> Real:
    """d e^u = e^u du with u = -yz;  hence -y e^(-yz): a bad mistake outweighs all other samples."""
    return -y * jnp.exp(-y * z)
