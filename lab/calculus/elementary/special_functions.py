"""Special functions: integrals that have no formula, but whose slopes do.

Where a function is an integral up to x, its derivative is the integrand at x and nothing else is
needed: that settles the error function, the normal distribution and the incomplete gamma and beta
functions.  Inverses follow by the inverse rule.  The gamma function's slope is a new function, the
digamma function psi, and so on up.
"""

import jax.numpy as jnp
from jax.scipy import special
from jax.scipy.stats import norm

from lab.calculus.elementary.limits_and_first_principles import Real
from lab.derivation import derivative
from lab.domains import interval, nonzero, positive, reals

TWO_OVER_ROOT_PI = 2 / jnp.pi**0.5

# ----- the error function and the normal distribution -----


def error_function(x: Real) -> Real:
    """erf x = 2/√π ∫₀ˣ e^(-t²) dt"""
    return special.erf(x)


@derivative(of=error_function, at=dict(x=reals()))
def error_function_derivative(x: Real) -> Real:
    """The derivative of an integral up to x is the integrand at x;  hence 2/√π e^(-x²)."""
    return TWO_OVER_ROOT_PI * jnp.exp(-(x**2))


def complementary_error_function(x: Real) -> Real:
    """erfc x = 1 - erf x: the complementary erf."""
    return special.erfc(x)


@derivative(of=complementary_error_function, at=dict(x=reals()))
def complementary_error_function_derivative(x: Real) -> Real:
    """The integral from x on: the lower end counts with a minus;  hence -2/√π e^(-x²)."""
    return -TWO_OVER_ROOT_PI * jnp.exp(-(x**2))


def inverse_error_function(p: Real) -> Real:
    """erf⁻¹ p"""
    return special.erfinv(p)


@derivative(of=inverse_error_function, at=dict(p=interval(-1, 1)))
def inverse_error_function_derivative(p: Real) -> Real:
    """p = erf y, dp = 2/√π e^(-y²) dy;  hence √π/2 e^(y²) with y = erf⁻¹ p."""
    return jnp.exp(special.erfinv(p) ** 2) / TWO_OVER_ROOT_PI


def normal_distribution(x: Real) -> Real:
    """Φ(x), the share of a standard normal variable below x: the normal cdf."""
    return special.ndtr(x)


@derivative(of=normal_distribution, at=dict(x=reals()))
def normal_distribution_derivative(x: Real) -> Real:
    """Φ is the integral of the density up to x;  hence φ(x) = e^(-x²/2) / √(2π)."""
    return norm.pdf(x)


def normal_quantile(p: Real) -> Real:
    """Φ⁻¹(p)"""
    return special.ndtri(p)


@derivative(of=normal_quantile, at=dict(p=interval(0, 1)))
def normal_quantile_derivative(p: Real) -> Real:
    """p = Φ(y), dp = φ(y) dy;  hence 1/φ(Φ⁻¹(p)), large in the tails, where data are thin."""
    return 1 / norm.pdf(special.ndtri(p))


def inverse_mills_ratio(x: Real) -> Real:
    """φ(x)/Φ(x).  Far left both vanish: there it is t + 1/(t + 2/(t + 3/(t + ...))) with t = -x,
    Laplace's continued fraction, of which 60 levels are exact to rounding from t = 4 on."""
    left = x < -4
    t, here = jnp.where(left, -x, 4.0), jnp.where(left, 0.0, x)
    tail = t
    for k in range(60, 0, -1):
        tail = t + k / tail
    return jnp.where(left, tail, norm.pdf(here) / special.ndtr(here))


def log_normal_distribution(x: Real) -> Real:
    """ln Φ(x); on the far left as ln φ(x) less the logarithm of φ/Φ (JAX's own is off by 4e-9).

    The log of the normal cdf.
    """
    left = x < -4
    t, here = jnp.where(left, x, -4.0), jnp.where(left, 0.0, x)
    far = norm.logpdf(t) - jnp.log(inverse_mills_ratio(t))
    return jnp.where(left, far, special.log_ndtr(here))


@derivative(of=log_normal_distribution, at=dict(x=reals()))
def log_normal_distribution_derivative(x: Real) -> Real:
    """d ln Φ = dΦ/Φ;  hence φ(x)/Φ(x), the inverse Mills ratio: about -x on the far left, where
    it pulls a misclassified point of a probit model back."""
    return inverse_mills_ratio(x)


# ----- the gamma function and what is built of it -----


def log_gamma(x: Real) -> Real:
    """ln Γ(x)"""
    return special.gammaln(x)


@derivative(of=log_gamma, at=dict(x=positive()))
def log_gamma_derivative(x: Real) -> Real:
    """Γ(x+1) = x Γ(x), so the slope s of ln Γ has s(x+1) = s(x) + 1/x: at whole x a harmonic sum;
    hence the function that goes on from there between them, named digamma, ψ(x)."""
    return special.digamma(x)


def gamma_function(x: Real) -> Real:
    """Γ(x), which is (n - 1)! at x = n"""
    return special.gamma(x)


@derivative(of=gamma_function, at=dict(x=positive()))
def gamma_function_derivative(x: Real) -> Real:
    """Γ = e^(ln Γ), dΓ = Γ d ln Γ;  hence Γ(x) ψ(x)."""
    return special.gamma(x) * special.digamma(x)


def digamma_function(x: Real) -> Real:
    """ψ(x) = d ln Γ(x) / dx"""
    return special.digamma(x)


@derivative(of=digamma_function, at=dict(x=positive()))
def digamma_function_derivative(x: Real) -> Real:
    """ψ(x) = -γ + Σₖ (1/(k+1) - 1/(k+x)), term by term: Σₖ 1/(k+x)²;  hence the trigamma ψ₁(x)."""
    return special.polygamma(1, x)


def log_beta(a: Real, b: Real) -> Real:
    """ln B(a, b), of three log gammas: from a = 8 on JAX's own ``betaln`` is off by 1e-6"""
    return special.gammaln(a) + special.gammaln(b) - special.gammaln(a + b)


def beta_function(a: Real, b: Real) -> Real:
    """B(a, b) = Γ(a) Γ(b) / Γ(a + b)"""
    return jnp.exp(log_beta(a, b))


@derivative(of=beta_function, at=dict(a=positive(), b=positive()))
def beta_function_derivative(a: Real, b: Real) -> Real:
    """ln B = ln Γ(a) + ln Γ(b) - ln Γ(a+b): d ln B = (ψ(a) - ψ(a+b)) da;
    hence B (ψ(a) - ψ(a+b))."""
    return jnp.exp(log_beta(a, b)) * (special.digamma(a) - special.digamma(a + b))


def lower_gamma(a: Real, x: Real) -> Real:
    """P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a), the regularised lower incomplete gamma function."""
    return special.gammainc(a, x)


@derivative(of=lower_gamma, wrt="x", at=dict(a=positive(), x=positive()))
def lower_gamma_derivative(a: Real, x: Real) -> Real:
    """An integral up to x;  hence the integrand there, xᵃ⁻¹ e⁻ˣ / Γ(a): the gamma density,
    taken as the exponential of its logarithm, since Γ(a) overflows first."""
    return jnp.exp((a - 1) * jnp.log(x) - x - special.gammaln(a))


def incomplete_beta(a: Real, b: Real, x: Real) -> Real:
    """I_x(a, b) = ∫₀ˣ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt / B(a, b), the regularised incomplete beta function."""
    return special.betainc(a, b, x)


@derivative(
    of=incomplete_beta,
    wrt="x",
    at=dict(a=positive(), b=positive(), x=interval(0, 1)),
)
def incomplete_beta_derivative(a: Real, b: Real, x: Real) -> Real:
    """An integral up to x;  hence the integrand there, xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b)."""
    return jnp.exp((a - 1) * jnp.log(x) + (b - 1) * jnp.log1p(-x) - log_beta(a, b))


# ----- Bessel functions and the exponential integral -----


def bessel_i0(x: Real) -> Real:
    """I₀(x) = Σₖ (x/2)²ᵏ / k!², the modified Bessel function of order 0."""
    return special.i0(x)


@derivative(of=bessel_i0, at=dict(x=reals()), kinks="x == 0, for JAX, which computes it of |x|")
def bessel_i0_derivative(x: Real) -> Real:
    """Term by term: Σ k (x/2)²ᵏ⁻¹ / k!² = Σ (x/2)²ᵏ⁺¹ / (k! (k+1)!);  hence I₁(x), and 0 at 0,
    where I₀ has its minimum."""
    return special.i1(x)


def bessel_i1(x: Real) -> Real:
    """I₁(x) = Σₖ (x/2)²ᵏ⁺¹ / (k! (k+1)!), the modified Bessel function of order 1."""
    return special.i1(x)


@derivative(of=bessel_i1, at=dict(x=nonzero()))
def bessel_i1_derivative(x: Real) -> Real:
    """(x I₁)' = x I₀ term by term, so I₁ + x I₁' = x I₀;  hence I₀(x) - I₁(x)/x."""
    return special.i0(x) - special.i1(x) / x


def exponential_integral(x: Real) -> Real:
    """Ei(x), the integral of eᵗ/t up to x"""
    return special.expi(x)


@derivative(of=exponential_integral, at=dict(x=positive()))
def exponential_integral_derivative(x: Real) -> Real:
    """An integral up to x;  hence the integrand there, eˣ/x."""
    return jnp.exp(x) / x
