"""Densities of positive numbers and of shares: waiting times, sizes, lifetimes, proportions.

Log densities are sums, and so are their slopes: one term for each factor of the density, and for
the parameters one more, from the constant that makes it integrate to 1. There the logarithm of the
gamma function has the slope ψ, the digamma function.
"""

import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln, xlog1py, xlogy
from jaxtyping import Array, Float

from lab.calculus.networks.activations import sigmoid
from lab.calculus.probability.normal import LOG_SQRT_TAU
from lab.derivation import derivative, gradient
from lab.domains import interval, nonnegative, positive, reals, simplex

Real = Float[Array, "..."]
Vector = Float[Array, " k"]
Scalar = Float[Array, ""]


def exponential_log_density(x: Real, rate: Real) -> Real:
    """``ln λ - λ x``."""
    return jnp.log(rate) - rate * x


@gradient(of=exponential_log_density, wrt=("x", "rate"), at=dict(x=nonnegative(), rate=positive()))
def exponential_log_density_gradient(x: Real, rate: Real) -> tuple[Real, Real]:
    """d = dλ/λ - x dλ - λ dx;  hence -λ and 1/λ - x, of variance 1/λ²: the information."""
    return -rate, 1 / rate - x


def gamma_log_density(x: Real, a: Real, b: Real) -> Real:
    """``a ln b - ln Γ(a) + (a - 1) ln x - b x``: shape a, rate b."""
    return a * jnp.log(b) - gammaln(a) + xlogy(a - 1, x) - b * x


@gradient(
    of=gamma_log_density, wrt=("x", "a", "b"), at=dict(x=positive(), a=positive(), b=positive())
)
def gamma_log_density_gradient(x: Real, a: Real, b: Real) -> tuple[Real, Real, Real]:
    """d(a ln b) = ln b da + a/b db, d ln Γ(a) = ψ(a) da;  hence (a - 1)/x - b,

    ln b - ψ(a) + ln x, and a/b - x.
    """
    return (a - 1) / x - b, jnp.log(b) - digamma(a) + jnp.log(x), a / b - x


def inverse_gamma_log_density(x: Real, a: Real, b: Real) -> Real:
    """``a ln b - ln Γ(a) - (a + 1) ln x - b/x``: of 1/x, x gamma."""
    return a * jnp.log(b) - gammaln(a) - (a + 1) * jnp.log(x) - b / x


@gradient(
    of=inverse_gamma_log_density,
    wrt=("x", "b"),
    at=dict(x=positive(), a=positive(), b=positive()),
)
def inverse_gamma_log_density_gradient(x: Real, a: Real, b: Real) -> tuple[Real, Real]:
    """d(-b/x) = b/x² dx - db/x;  hence b/x² - (a + 1)/x and a/b - 1/x."""
    return (b / x - (a + 1)) / x, a / b - 1 / x


def beta_log_density(x: Real, a: Real, b: Real) -> Real:
    """``(a - 1) ln x + (b - 1) ln(1 - x) - ln B(a, b)``."""
    constant = gammaln(a) + gammaln(b) - gammaln(a + b)
    return xlogy(a - 1, x) + xlog1py(b - 1, -x) - constant


@gradient(
    of=beta_log_density,
    wrt=("x", "a", "b"),
    at=dict(x=interval(0.0, 1.0), a=positive(), b=positive()),
)
def beta_log_density_gradient(x: Real, a: Real, b: Real) -> tuple[Real, Real, Real]:
    """ln B = ln Γ(a) + ln Γ(b) - ln Γ(a + b);  hence (a - 1)/x - (b - 1)/(1 - x),

    ln x - ψ(a) + ψ(a + b), and ln(1 - x) - ψ(b) + ψ(a + b).
    """
    together = digamma(a + b)
    return (
        (a - 1) / x - (b - 1) / (1 - x),
        jnp.log(x) - digamma(a) + together,
        jnp.log1p(-x) - digamma(b) + together,
    )


def dirichlet_log_density(x: Vector, a: Vector) -> Scalar:
    """``Σ (a_k - 1) ln x_k - Σ ln Γ(a_k) + ln Γ(Σ a)``."""
    return jnp.sum(xlogy(a - 1, x)) - jnp.sum(gammaln(a)) + gammaln(jnp.sum(a))


@gradient(of=dirichlet_log_density, wrt="a", at=dict(x=simplex("k"), a=positive("k")))
def dirichlet_log_density_gradient(x: Vector, a: Vector) -> Vector:
    """Each a_k is in its own gamma function and in that of the sum;

    hence ln x_k - ψ(a_k) + ψ(Σ a).
    """
    return jnp.log(x) - digamma(a) + digamma(jnp.sum(a))


def weibull_log_density(x: Real, k: Real, l: Real) -> Real:
    """``ln(k/l) + (k - 1) ln(x/l) - (x/l)^k``: shape k, scale l."""
    log_ratio = jnp.log(x / l)
    return jnp.log(k / l) + (k - 1) * log_ratio - jnp.exp(k * log_ratio)


@derivative(of=weibull_log_density, wrt="x", at=dict(x=positive("n"), k=positive(), l=positive()))
def weibull_score(x: Real, k: Real, l: Real) -> Real:
    """u = ln(x/l), du = dx/x;  d = (k - 1) du - k e^(ku) du;  hence (k - 1 - k (x/l)^k)/x."""
    return (k - 1 - k * jnp.exp(k * jnp.log(x / l))) / x


def log_normal_log_density(x: Real, m: Real, s: Real) -> Real:
    """``-ln x - ln s - (ln x - m)²/(2 s²)`` and a constant: of e^y, y normal."""
    return -jnp.log(x) - jnp.log(s) - ((jnp.log(x) - m) / s) ** 2 / 2 - LOG_SQRT_TAU


@derivative(of=log_normal_log_density, wrt="x", at=dict(x=positive("n"), m=reals(), s=positive()))
def log_normal_score(x: Real, m: Real, s: Real) -> Real:
    """u = ln x, du = dx/x;  d = -du - (u - m)/s² du;  hence -(1 + (ln x - m)/s²)/x."""
    return -(1 + (jnp.log(x) - m) / s**2) / x


def pareto_log_density(excess: Real, a: Real, m: Real) -> Real:
    """``ln a + a ln m - (a + 1) ln x`` at ``x = m (1 + excess)``."""
    return jnp.log(a / m) - (a + 1) * jnp.log1p(excess)


@gradient(
    of=pareto_log_density,
    wrt=("excess", "a"),
    at=dict(excess=positive(), a=positive(), m=positive()),
)
def pareto_log_density_gradient(excess: Real, a: Real, m: Real) -> tuple[Real, Real]:
    """x = m (1 + e), so d ln x = de/(1 + e);  hence -(a + 1)/(1 + e) and 1/a - ln(x/m):

    the best a is one over the mean log-excess (Hill's estimator).
    """
    return -(a + 1) / (1 + excess), 1 / a - jnp.log1p(excess)


def chi_square_log_density(x: Real, k: Real) -> Real:
    """``(k/2 - 1) ln x - x/2 - ln Γ(k/2) - k/2 ln 2``: k degrees of freedom."""
    half = k / 2
    return xlogy(half - 1, x) - x / 2 - gammaln(half) - half * jnp.log(2.0).astype(x.dtype)


@derivative(of=chi_square_log_density, wrt="x", at=dict(x=positive("n"), k=positive()))
def chi_square_score(x: Real, k: Real) -> Real:
    """d((k/2 - 1) ln x - x/2);  hence (k/2 - 1)/x - 1/2, 0 at the mode k - 2."""
    return (k / 2 - 1) / x - 0.5


def logistic_hazard(x: Real) -> Real:
    """``f/(1 - F)`` of the logistic distribution, of density s(x) s(-x) and survival s(-x)."""
    density, survival = sigmoid(x) * sigmoid(-x), sigmoid(-x)
    return density / survival


# Far out density and survival are both next to nothing, and their quotient knows few digits.
@derivative(of=logistic_hazard, at=dict(x=interval(-10.0, 10.0, "n")))
def logistic_hazard_derivative(x: Real) -> Real:
    """h = f/(1 - F), dF = f dx: h' = f'/(1 - F) + f²/(1 - F)² = h (h + f'/f), for any density;

    here h = s(x) and f'/f = 1 - 2s, hence s (1 - s) = s(x) s(-x): the risk itself is logistic.
    """
    return sigmoid(x) * sigmoid(-x)


def weibull_hazard(x: Real, k: Real, l: Real) -> Real:
    """``k/l (x/l)^(k - 1)``; for k = 1 the exponential's, which is constant."""
    return k / l * (x / l) ** (k - 1)


@derivative(
    of=weibull_hazard, wrt="x", at=dict(x=positive("n"), k=interval(0.0, 4.0), l=positive())
)
def weibull_hazard_derivative(x: Real, k: Real, l: Real) -> Real:
    """d u^(k-1) = (k - 1) u^(k-2) du, u = x/l;  hence (k - 1) h/x: ageing for k > 1, else youth."""
    return (k - 1) * weibull_hazard(x, k, l) / x
