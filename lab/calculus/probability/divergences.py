"""Divergences: how far apart two distributions are, and how that changes with either of them.

Probabilities p and q are free here to leave the simplex; on it, a constant added to a gradient
changes nothing. Where p is close to q the leading terms cancel, and the difference is written out.
"""

import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln, polygamma
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient
from lab.domains import interval, nonnegative, positive, simplex

Real = Float[Array, "..."]
Vector = Float[Array, " k"]
Scalar = Float[Array, ""]
CHANCE = interval(0.0, 1.0)


# ----- of one family: Kullback and Leibler's -----


def bernoulli_divergence(p: Real, q: Real) -> Real:
    """``p ln(p/q) + (1 - p) ln((1 - p)/(1 - q))``: the KL divergence of Bernoulli variables."""
    return p * jnp.log(p / q) + (1 - p) * jnp.log((1 - p) / (1 - q))


@gradient(of=bernoulli_divergence, wrt=("p", "q"), at=dict(p=CHANCE, q=CHANCE))
def bernoulli_divergence_gradient(p: Real, q: Real) -> tuple[Real, Real]:
    """In p the slopes of p ln p and (1 - p) ln(1 - p) add 1 - 1;  in q, -p/q + (1 - p)/(1 - q);

    hence logit p - logit q = ln(p (1 - q)/(q (1 - p))), and (q - p)/(q (1 - q)).
    """
    ratio = (p - q) / (q * (1 - p))
    return jnp.log1p(ratio), (q - p) / (q * (1 - q))


def poisson_divergence(a: Real, b: Real) -> Real:
    """``a ln(a/b) - a + b``, of rates a and b. The KL divergence of Poisson variables."""
    return a * jnp.log(a / b) - a + b


@gradient(of=poisson_divergence, wrt=("a", "b"), at=dict(a=positive(), b=positive()))
def poisson_divergence_gradient(a: Real, b: Real) -> tuple[Real, Real]:
    """d(a ln a - a) = ln a da;  hence ln(a/b) and 1 - a/b = (b - a)/b."""
    return jnp.log(a / b), (b - a) / b


def exponential_divergence(a: Real, b: Real) -> Real:
    """``ln(a/b) + b/a - 1``, of rates a and b. The KL divergence of exponential distributions."""
    return jnp.log(a / b) + b / a - 1


@gradient(of=exponential_divergence, wrt=("a", "b"), at=dict(a=positive(), b=positive()))
def exponential_divergence_gradient(a: Real, b: Real) -> tuple[Real, Real]:
    """d = da/a - db/b + db/a - b da/a²;  hence (a - b)/a² and 1/a - 1/b = (b - a)/(a b)."""
    return (a - b) / a**2, (b - a) / a / b


def dirichlet_divergence(a: Vector, b: Vector) -> Scalar:
    """``KL(Dirichlet(a) ‖ Dirichlet(b))``. The KL divergence of Dirichlet distributions."""
    A, B = jnp.sum(a), jnp.sum(b)
    constants = gammaln(A) - jnp.sum(gammaln(a)) - gammaln(B) + jnp.sum(gammaln(b))
    return constants + (a - b) @ (digamma(a) - digamma(A))


@gradient(of=dirichlet_divergence, wrt=("a", "b"), at=dict(a=positive("k"), b=positive("k")))
def dirichlet_divergence_gradient(a: Vector, b: Vector) -> tuple[Vector, Vector]:
    """In a, ψ(A) - ψ(a_k) from the constants cancels against the moving factor a - b;  hence

    (a_k - b_k) ψ'(a_k) - (A - B) ψ'(A), and, in b, ψ(b_k) - ψ(B) - (ψ(a_k) - ψ(A)).
    """
    A, B = jnp.sum(a), jnp.sum(b)
    in_a = (a - b) * polygamma(1, a) - jnp.sum(a - b) * polygamma(1, A)
    return in_a, digamma(b) - digamma(B) - (digamma(a) - digamma(A))


def laplace_divergence(d: Real, b1: Real, b2: Real) -> Real:
    """``ln(b2/b1) + (b1 e^(-d/b1) + d)/b2 - 1``, d the distance of the two medians.

    The KL divergence of Laplace distributions.
    """
    return jnp.log(b2 / b1) + (b1 * jnp.exp(-d / b1) + d) / b2 - 1


@derivative(
    of=laplace_divergence, wrt="d", at=dict(d=nonnegative("n"), b1=positive(), b2=positive())
)
def laplace_divergence_derivative(d: Real, b1: Real, b2: Real) -> Real:
    """d(b1 e^(-d/b1)) = -e^(-d/b1) dd;  hence (1 - e^(-d/b1))/b2: from a parabola to a line."""
    return -jnp.expm1(-d / b1) / b2


# ----- of two lists of probabilities -----


def generalised_divergence(p: Vector, q: Vector) -> Scalar:
    """``Σ p ln(p/q) - p + q``: Bregman's, of ``Σ p ln p``, positive also off the simplex."""
    return jnp.sum(p * jnp.log(p / q) - p + q)


@gradient(of=generalised_divergence, wrt=("p", "q"), at=dict(p=positive("k"), q=positive("k")))
def generalised_divergence_gradient(p: Vector, q: Vector) -> tuple[Vector, Vector]:
    """∇φ(p) - ∇φ(q) with ∇φ = 1 + ln p, and H(q)(q - p) with H = diag(1/q);

    hence ln(p/q), and 1 - p/q.
    """
    return jnp.log(p / q), (q - p) / q


def jensen_shannon(p: Vector, q: Vector) -> Scalar:
    """``(KL(p ‖ m) + KL(q ‖ m))/2``, ``m = (p + q)/2``: symmetric, and at most ln 2."""
    m = (p + q) / 2
    return jnp.sum(p * jnp.log(p / m) + q * jnp.log(q / m)) / 2


@gradient(of=jensen_shannon, wrt="p", at=dict(p=positive("k"), q=positive("k")))
def jensen_shannon_gradient(p: Vector, q: Vector) -> Vector:
    """½ (ln(p/m) + 1) dp, and through m -(p + q)/(2m) dm = -dp/2;  hence ½ ln(p/m)."""
    return jnp.log(2 * p / (p + q)) / 2


def squared_hellinger(p: Vector, q: Vector) -> Scalar:
    """``1 - Σ sqrt(p q)``."""
    return 1 - jnp.sum(jnp.sqrt(p * q))


@gradient(of=squared_hellinger, wrt="p", at=dict(p=simplex("k"), q=simplex("k")))
def squared_hellinger_gradient(p: Vector, q: Vector) -> Vector:
    """d sqrt(p q) = sqrt(q) dp/(2 sqrt p);  hence -sqrt(q/p)/2."""
    return -jnp.sqrt(q / p) / 2


def chi_square_divergence(p: Vector, q: Vector) -> Scalar:
    """``Σ (p - q)²/q``."""
    return jnp.sum((p - q) ** 2 / q)


@gradient(of=chi_square_divergence, wrt="p", at=dict(p=positive("k"), q=positive("k")))
def chi_square_divergence_gradient(p: Vector, q: Vector) -> Vector:
    """d(p - q)² = 2 (p - q) dp;  hence 2 (p - q)/q: near q, twice the Fisher metric's."""
    return 2 * (p - q) / q


def renyi_divergence(p: Scalar, q: Scalar, a: Scalar) -> Scalar:
    """``ln(p^a q^(1-a) + (1-p)^a (1-q)^(1-a))/(a - 1)``, of two Bernoulli variables.

    Renyi's divergence of order a.
    """
    return jnp.log(p**a * q ** (1 - a) + (1 - p) ** a * (1 - q) ** (1 - a)) / (a - 1)


@gradient(of=renyi_divergence, wrt="p", at=dict(p=CHANCE, q=CHANCE, a=interval(0.0, 1.0)))
def renyi_divergence_gradient(p: Scalar, q: Scalar, a: Scalar) -> Scalar:
    """Z the sum, dZ = a ((p/q)^(a-1) - ((1-p)/(1-q))^(a-1)) dp;  hence a/(a - 1) times the bracket

    over Z, which for a -> 1 is ln(p/q) - ln((1-p)/(1-q)), the Bernoulli divergence's.
    """
    one, none = jnp.log(p / q), jnp.log((1 - p) / (1 - q))
    Z = p * jnp.exp((a - 1) * one) + (1 - p) * jnp.exp((a - 1) * none)
    bracket = jnp.exp((a - 1) * none) * jnp.expm1((a - 1) * (one - none))
    return a / (a - 1) * bracket / Z
