"""The normal distribution: its score, its curvature, its information, and two of them compared.

Everything goes by the standardised distance z = (x - m)/s: d ln p = -z dz - ds/s, with
dz = (dx - dm - z ds)/s.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, hessian, identity
from lab.domains import positive, reals

Real = Float[Array, "..."]
Vector = Float[Array, " n"]
Scalar = Float[Array, ""]

LOG_SQRT_TAU = 0.5 * float(np.log(2 * np.pi))


def gaussian_quadrature(count: int, like: Real) -> tuple[Vector, Vector]:
    """Nodes and weights that give E f(z), z standard normal, exactly for degrees below 2 count."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return jnp.asarray(nodes, like.dtype), jnp.asarray(weights / weights.sum(), like.dtype)


# ----- the density -----


def normal_log_density(x: Real, m: Real, s: Real) -> Real:
    """``-z²/2 - ln s - ln(2π)/2``, ``z = (x - m)/s``."""
    return -(((x - m) / s) ** 2) / 2 - jnp.log(s) - LOG_SQRT_TAU


@gradient(of=normal_log_density, wrt=("x", "m", "s"), at=dict(x=reals(), m=reals(), s=positive()))
def normal_log_density_gradient(x: Real, m: Real, s: Real) -> tuple[Real, Real, Real]:
    """d ln p = -z dz - ds/s, dz = (dx - dm - z ds)/s;  hence -z/s, z/s and (z² - 1)/s."""
    z = (x - m) / s
    return -z / s, z / s, (z**2 - 1) / s


@derivative(of=normal_log_density, wrt="x", at=dict(x=reals("n"), m=reals(), s=positive()))
def normal_score(x: Real, m: Real, s: Real) -> Real:
    """d(-z²/2) = -z dz, dz = dx/s;  hence -(x - m)/s²: a spring to the mean."""
    return (m - x) / s**2


def normal_log_density_of_variance(x: Real, m: Real, v: Real) -> Real:
    """The same with ``v = s²``. The normal density's log in the variance as parameter."""
    return -((x - m) ** 2) / (2 * v) - jnp.log(v) / 2 - LOG_SQRT_TAU


@derivative(
    of=normal_log_density_of_variance, wrt="v", at=dict(x=reals("n"), m=reals(), v=positive())
)
def normal_variance_score(x: Real, m: Real, v: Real) -> Real:
    """d(-r²/(2v)) = r²/(2v²) dv, d(-ln v/2) = -dv/(2v);  hence (r² - v)/(2v²): 0 where r² = v."""
    return ((x - m) ** 2 / v - 1) / (2 * v)


def normal_density(x: Real, m: Real, s: Real) -> Real:
    """``e^(-z²/2) / (s sqrt(2π))``: the normal density itself."""
    return jnp.exp(-(((x - m) / s) ** 2) / 2 - LOG_SQRT_TAU) / s


@derivative(of=normal_density, wrt="x", at=dict(x=reals("n"), m=reals(), s=positive()))
def normal_density_slope(x: Real, m: Real, s: Real) -> Real:
    """dp = p d ln p;  hence -p z/s: steepest where z = ±1."""
    return -normal_density(x, m, s) * (x - m) / s**2


@derivative(of=normal_density_slope, wrt="x", at=dict(x=reals("n"), m=reals(), s=positive()))
def normal_density_curvature(x: Real, m: Real, s: Real) -> Real:
    """d(-p z/s) = p z²/s² dx - p/s² dx;  hence p (z² - 1)/s²: it bends the other way at z = ±1."""
    z = (x - m) / s
    return normal_density(x, m, s) * (z**2 - 1) / s**2


# ----- information -----


def normal_expected_squared_score(m: Scalar, s: Scalar) -> Float[Array, "2 2"]:
    """``E[score scoreᵀ]`` in (m, s), by a quadrature that is exact for it."""
    z, weights = gaussian_quadrature(4, m)
    scores = jnp.stack(normal_log_density_gradient(m + s * z, m, s)[1:])
    return (scores * weights) @ scores.T


@identity(of=normal_expected_squared_score, at=dict(m=reals(), s=positive()))
def normal_fisher_information(m: Scalar, s: Scalar) -> Float[Array, "2 2"]:
    """Scores z/s and (z² - 1)/s;  E z² = 1, E z(z² - 1) = 0, E (z² - 1)² = 3 - 2 + 1 = 2;

    hence diag(1, 2)/s²: location and scale do not mix, and precision comes with 1/s².
    """
    return jnp.diag(jnp.stack([jnp.ones_like(s), 2 * jnp.ones_like(s)])) / s**2


def normal_log_likelihood(theta: Float[Array, " 2"], x: Vector) -> Scalar:
    """Of n samples, at mean ``theta[0]`` and log-deviation ``theta[1]``, but for a constant.

    Its maximum is the normal MLE.
    """
    m, l = theta
    return -jnp.sum(((x - m) * jnp.exp(-l)) ** 2) / 2 - x.size * l


@gradient(of=normal_log_likelihood, wrt="theta", at=dict(theta=reals("2"), x=reals("n")))
def normal_log_likelihood_gradient(theta: Float[Array, " 2"], x: Vector) -> Float[Array, " 2"]:
    """dz = -e^-l dm - z dl;  dL = -Σ z dz - n dl;  hence Σ z e^-l and Σ (z² - 1):

    both 0 at m = mean x and e^2l = mean (x - m)², with n and not n - 1.
    """
    m, l = theta
    z = (x - m) * jnp.exp(-l)
    return jnp.stack([jnp.sum(z) * jnp.exp(-l), jnp.sum(z**2 - 1)])


@hessian(of=normal_log_likelihood, wrt="theta", at=dict(theta=reals("2"), x=reals("n")))
def normal_log_likelihood_hessian(theta: Float[Array, " 2"], x: Vector) -> Float[Array, "2 2"]:
    """d(Σ z e^-l) = -n e^-2l dm - 2 Σ z e^-l dl, d(Σ z²) = -2 Σ z e^-l dm - 2 Σ z² dl;

    hence, at the maximum, where Σ z = 0 and Σ z² = n, minus diag(n/s², 2n).
    """
    m, l = theta
    z = (x - m) * jnp.exp(-l)
    mixed = -2 * jnp.sum(z) * jnp.exp(-l)
    upper = jnp.stack([-x.size * jnp.exp(-2 * l), mixed])
    return jnp.stack([upper, jnp.stack([mixed, -2 * jnp.sum(z**2)])])


# ----- entropy and divergence -----


def normal_entropy(s: Real) -> Real:
    """``ln(2π e s²)/2``."""
    return jnp.log(s) + LOG_SQRT_TAU + 0.5


@derivative(of=normal_entropy, at=dict(s=positive("n")))
def normal_entropy_derivative(s: Real) -> Real:
    """ln s and a constant;  hence 1/s: twice the spread, ln 2 nats more."""
    return 1 / s


def normal_divergence(m1: Scalar, s1: Scalar, m2: Scalar, s2: Scalar) -> Scalar:
    """``KL(N(m1, s1²) ‖ N(m2, s2²)) = ln(s2/s1) + (s1² + (m1 - m2)²)/(2 s2²) - 1/2``.

    The KL divergence of normal distributions.
    """
    return jnp.log(s2 / s1) + ((s1 / s2) ** 2 + ((m1 - m2) / s2) ** 2 - 1) / 2


@gradient(
    of=normal_divergence,
    wrt=("m1", "s1", "m2", "s2"),
    at=dict(m1=reals(), s1=positive(), m2=reals(), s2=positive()),
)
def normal_divergence_gradient(
    m1: Scalar, s1: Scalar, m2: Scalar, s2: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """a = s1/s2, d = (m1 - m2)/s2;  dK = -da/a + a da + d dd, with da = (ds1 - a ds2)/s2 and

    dd = (dm1 - dm2 - d ds2)/s2;  hence d/s2, (a - 1/a)/s2, -d/s2 and (1 - a² - d²)/s2.
    """
    a, d = s1 / s2, (m1 - m2) / s2
    return d / s2, (a - 1 / a) / s2, -d / s2, (1 - a**2 - d**2) / s2


def divergence_from_standard_normal(m: Vector, l: Vector) -> Scalar:
    """``Σ (e^l + m² - 1 - l)/2``, l the log-variance: a VAE's penalty (Kingma and Welling 2014).

    The KL divergence to N(0, I).
    """
    return jnp.sum(jnp.expm1(l) - l + m**2) / 2


@gradient(of=divergence_from_standard_normal, wrt=("m", "l"), at=dict(m=reals("d"), l=reals("d")))
def divergence_from_standard_normal_gradient(m: Vector, l: Vector) -> tuple[Vector, Vector]:
    """d(m²/2) = m dm, d((e^l - l)/2) = (e^l - 1)/2 dl;  hence m and (e^l - 1)/2."""
    return m, jnp.expm1(l) / 2
