"""Counts and choices: Bernoulli, categorical and their kin, policies and entropy.

A score is the slope of a log-likelihood in its parameter. Its mean is 0, and its variance is the
Fisher information, here computed by summing over all outcomes.
"""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln, xlog1py, xlogy
from jaxtyping import Array, Float, Int

from lab.calculus.networks.activations import sigmoid, softplus
from lab.calculus.networks.losses import (
    log_softmax,
    softmax,
    softmax_jacobian,
    softmax_vjp,
    surprisal_vjp,
)
from lab.derivation import derivative, gradient, identity
from lab.domains import choice, interval, positive, reals
from lab.domains import labels as classes

Real = Float[Array, "..."]
Vector = Float[Array, " k"]
Scalar = Float[Array, ""]
CHANCE = interval(0.0, 1.0, "n")


# ----- yes or no -----


def bernoulli_log_likelihood(p: Real, y: Real) -> Real:
    """``y ln p + (1 - y) ln(1 - p)``."""
    return xlogy(y, p) + xlog1py(1 - y, -p)


@derivative(of=bernoulli_log_likelihood, wrt="p", at=dict(p=CHANCE, y=CHANCE))
def bernoulli_score(p: Real, y: Real) -> Real:
    """y/p - (1 - y)/(1 - p) over one denominator;  hence (y - p)/(p (1 - p))."""
    return (y - p) / (p * (1 - p))


def bernoulli_log_likelihood_of_logit(z: Real, y: Real) -> Real:
    """``y z - softplus(z)``, as ``-y softplus(-z) - (1 - y) softplus(z)``."""
    return -y * softplus(-z) - (1 - y) * softplus(z)


@derivative(of=bernoulli_log_likelihood_of_logit, wrt="z", at=dict(z=reals("n"), y=CHANCE))
def bernoulli_logit_score(z: Real, y: Real) -> Real:
    """d(yz - softplus z) = (y - s(z)) dz;  hence y s(-z) - (1 - y) s(z): seen minus expected."""
    return y * sigmoid(-z) - (1 - y) * sigmoid(z)


def bernoulli_expected_squared_score(p: Real) -> Real:
    """``p score(1)² + (1 - p) score(0)²``."""
    one, none = jnp.ones_like(p), jnp.zeros_like(p)
    return p * bernoulli_score(p, one) ** 2 + (1 - p) * bernoulli_score(p, none) ** 2


@identity(of=bernoulli_expected_squared_score, at=dict(p=CHANCE))
def bernoulli_fisher_information(p: Real) -> Real:
    """E (y - p)² = p (1 - p), over (p (1 - p))²;  hence 1/(p (1 - p)): rare things tell most."""
    return 1 / (p * (1 - p))


def binomial_log_likelihood(p: Real, k: Real, n: Real) -> Real:
    """``k ln p + (n - k) ln(1 - p)``, but for a constant."""
    return xlogy(k, p) + xlog1py(n - k, -p)


@derivative(of=binomial_log_likelihood, wrt="p", at=dict(p=CHANCE, k=positive(), n=positive()))
def binomial_score(p: Real, k: Real, n: Real) -> Real:
    """k/p - (n - k)/(1 - p);  hence (k - n p)/(p (1 - p)): 0 at p = k/n."""
    return (k - n * p) / (p * (1 - p))


def binomial_expected_squared_score(p: Scalar, n: int) -> Scalar:
    """Summed over k = 0, ..., n."""
    chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    scores = [(k / p - (n - k) / (1 - p)) ** 2 for k in range(n + 1)]
    return jnp.sum(jnp.stack(chances) * jnp.stack(scores))


@identity(of=binomial_expected_squared_score, at=dict(p=interval(0.0, 1.0), n=choice(1, 2, 5)))
def binomial_fisher_information(p: Scalar, n: int) -> Scalar:
    """n independent trials, whose informations add;  hence n/(p (1 - p))."""
    return n / (p * (1 - p))


# ----- how many, how long -----


def poisson_log_likelihood(rate: Real, k: Real) -> Real:
    """``k ln λ - λ - ln k!``."""
    return xlogy(k, rate) - rate - gammaln(k + 1)


@derivative(of=poisson_log_likelihood, wrt="rate", at=dict(rate=positive("n"), k=positive("n")))
def poisson_score(rate: Real, k: Real) -> Real:
    """d(k ln λ - λ) = (k/λ - 1) dλ;  hence k/λ - 1."""
    return k / rate - 1


def poisson_curvature_of_divergence(rate: Scalar) -> Scalar:
    """``d²/dμ² KL(λ ‖ μ)`` at μ = λ, of ``λ ln(λ/μ) - λ + μ``."""
    return jax.grad(jax.grad(lambda other: -rate * jnp.log(other) + other))(rate)


@identity(of=poisson_curvature_of_divergence, at=dict(rate=positive()))
def poisson_fisher_information(rate: Scalar) -> Scalar:
    """The score k/λ - 1 has the variance λ/λ²;  hence 1/λ, the curvature of the divergence, too."""
    return 1 / rate


def geometric_log_likelihood(p: Real, k: Real) -> Real:
    """``(k - 1) ln(1 - p) + ln p``: the first success is the k-th trial."""
    return xlog1py(k - 1, -p) + jnp.log(p)


@derivative(of=geometric_log_likelihood, wrt="p", at=dict(p=CHANCE, k=positive()))
def geometric_score(p: Real, k: Real) -> Real:
    """1/p for the success, -(k - 1)/(1 - p) for the failures;  hence their sum: 0 at p = 1/k."""
    return 1 / p - (k - 1) / (1 - p)


def negative_binomial_log_likelihood(p: Scalar, r: Scalar, k: int) -> Scalar:
    """``ln Γ(k + r) - ln Γ(r) - ln k! + k ln p + r ln(1 - p)``."""
    rising = jnp.log(jnp.prod(r + jnp.arange(k).astype(r.dtype)))
    return rising - math.lgamma(k + 1) + k * jnp.log(p) + r * jnp.log1p(-p)


@gradient(
    of=negative_binomial_log_likelihood,
    wrt=("p", "r"),
    at=dict(p=interval(0.0, 1.0), r=positive(), k=choice(0, 2, 5)),
)
def negative_binomial_log_likelihood_gradient(
    p: Scalar, r: Scalar, k: int
) -> tuple[Scalar, Scalar]:
    """Γ(k + r)/Γ(r) = r (r + 1) ... (r + k - 1), so ψ(k + r) - ψ(r) = Σ_{i<k} 1/(r + i);

    hence k/p - r/(1 - p) for p, and Σ_{i<k} 1/(r + i) + ln(1 - p) for r.
    """
    return k / p - r / (1 - p), jnp.sum(1 / (r + jnp.arange(k).astype(r.dtype))) + jnp.log1p(-p)


# ----- one of several -----


def categorical_log_likelihood(z: Vector, y: Int[Array, ""]) -> Scalar:
    """``ln p_y``, ``p = softmax(z)``: also the log-chance of an action under a softmax policy.

    The categorical distribution with logits z.
    """
    return log_softmax(z)[y]


@gradient(of=categorical_log_likelihood, wrt="z", at=dict(z=reals("k"), y=classes("", "k")))
def categorical_score(z: Vector, y: Int[Array, ""]) -> Vector:
    """ln p_y = z_y - ln Σ e^z;  hence e_y - p: make more likely what was seen."""
    return surprisal_vjp(z[None], y[None], -jnp.ones((1,), z.dtype))[0]


def categorical_expected_squared_score(z: Vector) -> Float[Array, "k k"]:
    """``Σ_y p_y score scoreᵀ``."""
    scores = jnp.eye(z.size, dtype=z.dtype) - softmax(z)
    return scores.T @ (softmax(z)[:, None] * scores)


@identity(of=categorical_expected_squared_score, at=dict(z=reals("k")))
def categorical_fisher_information(z: Vector) -> Float[Array, "k k"]:
    """E (e_y - p)(e_y - p)ᵀ = diag(p) - p pᵀ;  hence the softmax's Jacobian: singular along 1."""
    return softmax_jacobian(z)


def expected_reward(z: Vector, rewards: Vector) -> Scalar:
    """``Σ_a π_a r_a``, ``π = softmax(z)``: a bandit's."""
    return softmax(z) @ rewards


@gradient(of=expected_reward, wrt="z", at=dict(z=reals("k"), rewards=reals("k")))
def policy_gradient(z: Vector, rewards: Vector) -> Vector:
    """dV = r·dπ, dπ = (diag(π) - π πᵀ) dz;  hence π ∘ (r - V): what beats the average is done more.

    The same as E[r_a (e_a - π)], the mean of reward times score (Williams 1992).
    """
    return softmax_vjp(z, rewards)


def categorical_entropy(z: Vector) -> Scalar:
    """``-Σ p ln p``, ``p = softmax(z)``.

    The entropy of a categorical distribution with logits z.
    """
    return -jnp.sum(softmax(z) * log_softmax(z))


@gradient(of=categorical_entropy, at=dict(z=reals("k")))
def categorical_entropy_gradient(z: Vector) -> Vector:
    """dH = -Σ (ln p + 1) dp and Σ dp = 0;  hence -p ∘ (ln p + H): the unlikely ones gain."""
    return -softmax_vjp(z, log_softmax(z))
