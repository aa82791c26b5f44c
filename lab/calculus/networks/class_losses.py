"""Losses on many classes: cross-entropy with soft labels, margins, Brier's score, divergences.

Whatever is measured on the probabilities p = softmax(z) comes back to the scores z through the same
symmetric matrix, diag(p) - p pᵀ, which `losses.softmax_vjp` applies without forming it.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy
from jaxtyping import Array, Float, Int

from lab.calculus.networks.gates import sparsemax
from lab.calculus.networks.losses import (
    log_softmax,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
    softmax_jacobian,
    softmax_vjp,
)
from lab.derivation import gradient, hessian
from lab.domains import interval, one_hot, positive, reals, simplex
from lab.domains import labels as classes

Vector = Float[Array, " k"]
Scalar = Float[Array, ""]
Label = Int[Array, ""]


# ----- cross-entropy -----


def soft_cross_entropy(z: Vector, y: Vector) -> Scalar:
    """``-Σ y log softmax(z)``, for labels y that are probabilities themselves."""
    return -jnp.sum(y * log_softmax(z))


@gradient(of=soft_cross_entropy, wrt="z", at=dict(z=reals("k"), y=simplex("k")))
def soft_cross_entropy_gradient(z: Vector, y: Vector) -> Vector:
    """log Σ e^z - y·z since Σ y = 1;  d = Σ p_j dz_j - y·dz;  hence p - y."""
    return softmax(z) - y


@hessian(of=soft_cross_entropy, wrt="z", at=dict(z=reals("k"), y=simplex("k")))
def soft_cross_entropy_hessian(z: Vector, y: Vector) -> Float[Array, "k k"]:
    """d(p - y) = dp;  hence the softmax's Jacobian diag(p) - p pᵀ, whatever the label: convex."""
    return softmax_jacobian(z)


def cross_entropy_of_probabilities(p: Vector, y: Vector) -> Scalar:
    """``-Σ y log p``, p free to move off the simplex."""
    return -jnp.sum(xlogy(y, p))


@gradient(of=cross_entropy_of_probabilities, wrt="p", at=dict(p=positive("k"), y=simplex("k")))
def cross_entropy_of_probabilities_gradient(p: Vector, y: Vector) -> Vector:
    """d log p = dp/p;  hence -y/p, without bound where a label was thought impossible."""
    return -y / p


def smoothed_cross_entropy(z: Vector, y: Vector, e: Scalar) -> Scalar:
    """Cross-entropy on ``(1 - e) y + e/k``: no answer is quite certain (Szegedy et al. 2016).

    Label smoothing.
    """
    return soft_cross_entropy(z, (1 - e) * y + e / z.size)


@gradient(
    of=smoothed_cross_entropy,
    wrt="z",
    at=dict(z=reals("k"), y=one_hot("k"), e=interval(0.0, 1.0)),
)
def smoothed_cross_entropy_gradient(z: Vector, y: Vector, e: Scalar) -> Vector:
    """p - y with another y;  hence p - y + e (y - 1/k), 0 at finite scores: logits stop growing."""
    return softmax(z) - y + e * (y - 1 / z.size)


def softmax_regression_loss(
    W: Float[Array, "d k"], X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Scalar:
    """Mean cross-entropy of the scores ``X W``."""
    return softmax_cross_entropy(X @ W, labels)


@gradient(
    of=softmax_regression_loss,
    wrt="W",
    at=dict(W=reals("d k"), X=reals("n d"), labels=classes("n", "k")),
)
def softmax_regression_gradient(
    W: Float[Array, "d k"], X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Float[Array, "d k"]:
    """Z = XW, dZ = X dW;  dL = <(P - Y)/n, X dW>;  hence Xᵀ(P - Y)/n."""
    return X.T @ softmax_cross_entropy_gradient(X @ W, labels)


@hessian(
    of=softmax_regression_loss,
    wrt="W",
    at=dict(W=reals("d k"), X=reals("n d"), labels=classes("n", "k")),
)
def softmax_regression_hessian(
    W: Float[Array, "d k"], X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Float[Array, "d k d k"]:
    """dP row by row: dp = (diag(p) - p pᵀ) dWᵀ x;  hence the mean of x xᵀ ⊗ (diag(p) - p pᵀ)."""
    J = jax.vmap(softmax_jacobian)(X @ W)
    return jnp.einsum("ni,nab,nj->iajb", X, J, X) / X.shape[0]


def brier_score(z: Vector, y: Vector) -> Scalar:
    """``Σ (p - y)²``, p = softmax(z) (Brier 1950): Brier's multiclass score."""
    return jnp.sum((softmax(z) - y) ** 2)


@gradient(of=brier_score, wrt="z", at=dict(z=reals("k"), y=simplex("k")))
def brier_score_gradient(z: Vector, y: Vector) -> Vector:
    """dL = 2e·dp with e = p - y, dp = (diag(p) - p pᵀ) dz;  hence 2p ∘ (e - p·e):

    unlike p - y it vanishes where the answer is surely wrong.
    """
    return softmax_vjp(z, 2 * (softmax(z) - y))


# ----- margins between classes -----


def weston_watkins(z: Vector, label: Label) -> Scalar:
    """``Σ_{j≠c} max(0, 1 + z_j - z_c)`` (Weston and Watkins 1999).

    The multiclass hinge over all rivals.
    """
    margins = jnp.maximum(0.0, 1 + z - z[label])
    return jnp.sum(jnp.where(jnp.arange(z.size) == label, 0.0, margins))


@gradient(
    of=weston_watkins,
    wrt="z",
    at=dict(z=reals("k"), label=classes("", "k")),
    kinks="z_c - z_j == 1 for some j",
)
def weston_watkins_gradient(z: Vector, label: Label) -> Vector:
    """Each active j pays +1 for its own score and -1 for z_c;  hence [j active], and at c

    minus the number of them.
    """
    own = jnp.arange(z.size) == label
    active = jnp.where(own, 0.0, (1 + z - z[label] > 0).astype(z.dtype))
    return jnp.where(own, -jnp.sum(active), active)


def crammer_singer(z: Vector, label: Label) -> Scalar:
    """``max_j (z_j + [j≠c]) - z_c``: the worst rival only (Crammer and Singer 2001).

    The multiclass hinge.
    """
    return jnp.max(jnp.where(jnp.arange(z.size) == label, z, z + 1)) - z[label]


@gradient(
    of=crammer_singer,
    wrt="z",
    at=dict(z=reals("k"), label=classes("", "k")),
    kinks="two classes tie for the maximum",
)
def crammer_singer_gradient(z: Vector, label: Label) -> Vector:
    """The maximum is z_j* + [j*≠c] near z;  hence e_j* - e_c, which is 0 where c wins by 1."""
    place = jnp.arange(z.size)
    best = jnp.argmax(jnp.where(place == label, z, z + 1))
    return (place == best).astype(z.dtype) - (place == label).astype(z.dtype)


# ----- divergences from a softmax -----


def kl_to_softmax(z: Vector, y: Vector) -> Scalar:
    """``Σ y log(y/p)``, p = softmax(z): the nats wasted on p when y is true."""
    return jnp.sum(xlogy(y, y) - y * log_softmax(z))


@gradient(of=kl_to_softmax, wrt="z", at=dict(z=reals("k"), y=simplex("k")))
def kl_to_softmax_gradient(z: Vector, y: Vector) -> Vector:
    """Cross-entropy less the entropy of y, which does not move;  hence p - y, as before."""
    return softmax(z) - y


def kl_from_softmax(z: Vector, q: Vector) -> Scalar:
    """``Σ p log(p/q)``, p = softmax(z): the reverse one, that avoids where q is small."""
    return jnp.sum(softmax(z) * (log_softmax(z) - jnp.log(q)))


@gradient(of=kl_from_softmax, wrt="z", at=dict(z=reals("k"), q=simplex("k")))
def kl_from_softmax_gradient(z: Vector, q: Vector) -> Vector:
    """dK = Σ (log(p/q) + 1) dp and Σ dp = 0, dp = (diag(p) - p pᵀ) dz;

    hence p ∘ (log(p/q) - K).
    """
    return softmax_vjp(z, log_softmax(z) - jnp.log(q))


def log_sum_exp_bregman(p: Vector, q: Vector) -> Scalar:
    """``φ(p) - φ(q) - ∇φ(q)·(p - q)`` for φ = log Σ exp: by how much p is above q's tangent.

    A Bregman divergence, also in its second argument.
    """
    phi = jax.nn.logsumexp
    return phi(p) - phi(q) - softmax(q) @ (p - q)


@gradient(of=log_sum_exp_bregman, wrt=("p", "q"), at=dict(p=reals("k"), q=reals("k")))
def log_sum_exp_bregman_gradient(p: Vector, q: Vector) -> tuple[Vector, Vector]:
    """d_p D = (∇φ(p) - ∇φ(q))·dp;  in q, -∇φ·dq cancels +∇φ·dq, and -(H dq)·(p - q) is left;

    hence softmax(p) - softmax(q), and H(q)(q - p) with H = diag(s) - s sᵀ, s = softmax(q).
    """
    return softmax(p) - softmax(q), softmax_vjp(q, q - p)


def sparsemax_loss(z: Vector, y: Vector) -> Scalar:
    """``Ω*(z) + Ω(y) - y·z`` for Ω = |·|²/2 on the simplex (Blondel et al. 2020).

    A Fenchel-Young loss.
    """
    p = sparsemax(z)
    return p @ z - p @ p / 2 + y @ y / 2 - y @ z


@gradient(of=sparsemax_loss, wrt="z", at=dict(z=reals("k"), y=simplex("k")))
def sparsemax_loss_gradient(z: Vector, y: Vector) -> Vector:
    """Ω*(z) = max over the simplex of p·z - Ω(p): at the best p moving p gains nothing (Danskin),

    so dΩ* = p·dz;  hence p - y, p = sparsemax(z). For Ω = Σ p log p this is softmax(z) - y.
    """
    return sparsemax(z) - y
