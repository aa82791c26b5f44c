"""Exponential families: one function, the log-partition, whose derivatives are all the moments.

``ln p(y) = θ·T(y) - A(θ)`` over m outcomes with statistics ``T`` of shape (m, d), a row each, and
``A = ln Σ_y e^(θ·T(y))``. Expectations are finite sums here, so that what holds on average can be
checked to the last digit.
"""

import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from lab.calculus.networks.losses import log_softmax, softmax
from lab.derivation import gradient, hessian, identity
from lab.domains import labels, reals

Parameters = Float[Array, " d"]
Statistics = Float[Array, "m d"]
Matrix = Float[Array, "d d"]
Scalar = Float[Array, ""]


def mean_of(T: Statistics, theta: Parameters) -> Parameters:
    """``E T``."""
    return softmax(T @ theta) @ T


def covariance_of(T: Statistics, theta: Parameters) -> Matrix:
    """``E (T - E T)(T - E T)ᵀ``."""
    p = softmax(T @ theta)
    centred = T - p @ T
    return centred.T @ (p[:, None] * centred)


def log_partition(theta: Parameters, T: Statistics) -> Scalar:
    """``ln Σ_y e^(θ·T(y))``."""
    return logsumexp(T @ theta)


@gradient(of=log_partition, wrt="theta", at=dict(theta=reals("d"), T=reals("m d")))
def log_partition_gradient(theta: Parameters, T: Statistics) -> Parameters:
    """dA = Σ e^(θ·T) T·dθ / Σ e^(θ·T);  hence E T: the first moment."""
    return mean_of(T, theta)


@hessian(of=log_partition, wrt="theta", at=dict(theta=reals("d"), T=reals("m d")))
def log_partition_hessian(theta: Parameters, T: Statistics) -> Matrix:
    """d E T = Σ dp T, dp = p (T - E T)·dθ;  hence Cov T: the second, so that A is convex."""
    return covariance_of(T, theta)


def family_log_likelihood(theta: Parameters, T: Statistics, y: Int[Array, ""]) -> Scalar:
    """``θ·T(y) - A(θ)``."""
    return log_softmax(T @ theta)[y]


@gradient(
    of=family_log_likelihood,
    wrt="theta",
    at=dict(theta=reals("d"), T=reals("m d"), y=labels("", "m")),
)
def family_score(theta: Parameters, T: Statistics, y: Int[Array, ""]) -> Parameters:
    """d = T(y)·dθ - dA;  hence T(y) - E T: seen minus expected."""
    return softmax(T @ theta) @ (T[y] - T)


@hessian(
    of=family_log_likelihood,
    wrt="theta",
    at=dict(theta=reals("d"), T=reals("m d"), y=labels("", "m")),
)
def family_log_likelihood_hessian(theta: Parameters, T: Statistics, y: Int[Array, ""]) -> Matrix:
    """θ·T(y) is linear, A's Hessian is left;  hence -Cov T, whatever was seen."""
    return -covariance_of(T, theta)


def average_score(theta: Parameters, other: Parameters, T: Statistics) -> Parameters:
    """``Σ_y p_θ(y) score_other(y)``, from the scores one by one.

    At the true parameter the score has zero mean.
    """
    scores = T - softmax(T @ other) @ T
    return softmax(T @ theta) @ scores


@identity(of=average_score, at=dict(theta=reals("d"), other=reals("d"), T=reals("m d")))
def average_score_from_means(theta: Parameters, other: Parameters, T: Statistics) -> Parameters:
    """The score at other is T(y) - E_other T;  hence its mean is E_θ T - E_other T,

    which is 0 at the true parameter, as in any family: Σ p d ln p = Σ dp = d 1 = 0.
    """
    return mean_of(T, theta) - mean_of(T, other)


def expected_squared_score(theta: Parameters, T: Statistics) -> Matrix:
    """``Σ_y p(y) score(y) score(y)ᵀ``: the Fisher information by its definition."""
    p = softmax(T @ theta)
    scores = T - p @ T
    return jnp.einsum("y,yi,yj->ij", p, scores, scores)


@identity(of=expected_squared_score, at=dict(theta=reals("d"), T=reals("m d")))
def fisher_information_from_curvature(theta: Parameters, T: Statistics) -> Matrix:
    """0 = d Σ p d ln p = Σ p (d ln p)² + Σ p d² ln p;  hence minus the mean Hessian: Cov T here."""
    return covariance_of(T, theta)


def family_divergence(other: Parameters, theta: Parameters, T: Statistics) -> Scalar:
    """``KL(p_θ ‖ p_other)``."""
    return softmax(T @ theta) @ (log_softmax(T @ theta) - log_softmax(T @ other))


@gradient(
    of=family_divergence,
    wrt="other",
    at=dict(other=reals("d"), theta=reals("d"), T=reals("m d")),
)
def family_divergence_gradient(other: Parameters, theta: Parameters, T: Statistics) -> Parameters:
    """-E_θ ln p_other = A(other) - other·E_θ T and a constant;  hence E_other T - E_θ T:

    the best fit matches the moments.
    """
    return mean_of(T, other) - mean_of(T, theta)


@hessian(
    of=family_divergence,
    wrt="other",
    at=dict(other=reals("d"), theta=reals("d"), T=reals("m d")),
)
def family_divergence_hessian(other: Parameters, theta: Parameters, T: Statistics) -> Matrix:
    """d E_other T = Cov T dother;  hence the Fisher information at other: KL is ½ dθᵀ F dθ nearby,

    a ruler on the family that no change of parameters alters.
    """
    return covariance_of(T, other)
