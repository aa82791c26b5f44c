"""Exponentials and logarithms: e to the x is its own slope, and ln turns products into sums.

Every base is e in disguise, ``aˣ = e^(x ln a)``, and where both base and exponent move, the
logarithm brings the exponent down.  Entropies and log odds are here because probability is where
logarithms earn their living.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import xlogy
from jaxtyping import Array, Float

from lab.calculus.elementary.limits_and_first_principles import Real, growth_ratio
from lab.derivation import derivative, gradient, identity
from lab.domains import above, choice, interval, nonzero, positive, reals

# ----- exponentials -----


def exponential_base_two(x: Real) -> Real:
    """2ˣ"""
    return jnp.exp2(x)


@derivative(of=exponential_base_two, at=dict(x=reals()))
def exponential_base_two_derivative(x: Real) -> Real:
    """2ˣ = e^(x ln 2);  hence 2ˣ ln 2: smaller than 2ˣ itself, for 2 is smaller than e."""
    return jnp.exp2(x) * jnp.log(2.0).astype(x.dtype)


@identity(of=lambda h, a: (a**h - 1) / h, at=dict(h=nonzero(), a=positive()))
def growth_ratio_of_any_base(h: Real, a: Real) -> Real:
    """aʰ - 1 = e^(h ln a) - 1;  hence ln a (eᵘ - 1)/u with u = h ln a, and the limit at h = 0 is
    ln a: e is the base for which that is 1."""
    return jnp.log(a) * growth_ratio(h * jnp.log(a))


def exponential_minus_one(x: Real) -> Real:
    """eˣ - 1"""
    return jnp.expm1(x)


@derivative(of=exponential_minus_one, at=dict(x=reals()))
def exponential_minus_one_derivative(x: Real) -> Real:
    """The 1 has no slope;  hence eˣ.  What expm1 saves are the digits of the value near 0."""
    return jnp.exp(x)


def self_power(x: Real) -> Real:
    """xˣ"""
    return x**x


@derivative(of=self_power, at=dict(x=positive()))
def self_power_derivative(x: Real) -> Real:
    """ln y = x ln x, so dy/y = (ln x + 1) dx;  hence xˣ (ln x + 1), which is 0 at x = 1/e."""
    return x**x * (jnp.log(x) + 1)


def gaussian_bump(x: Real) -> Real:
    """e^(-x²)"""
    return jnp.exp(-(x**2))


@derivative(of=gaussian_bump, at=dict(x=reals()))
def gaussian_bump_derivative(x: Real) -> Real:
    """u = -x², du = -2x dx, d eᵘ = eᵘ du;  hence -2x e^(-x²)."""
    return -2 * x * jnp.exp(-(x**2))


def smooth_cutoff(x: Real) -> Real:
    """e^(-1/x) for x > 0, else 0: smooth, and flat to every order at 0"""
    right = jnp.where(x > 0, x, 1.0)
    return jnp.where(x > 0, jnp.exp(-1 / right), 0.0)


@derivative(of=smooth_cutoff, at=dict(x=reals()))
def smooth_cutoff_derivative(x: Real) -> Real:
    """u = -1/x, du = dx/x², d eᵘ = eᵘ du;  hence e^(-1/x) / x² for x > 0 and 0 for x < 0.
    At 0 the quotient e^(-1/h)/h goes to 0 as well: every Taylor coefficient there is 0."""
    right = jnp.where(x > 0, x, 1.0)
    return jnp.where(x > 0, jnp.exp(-1 / right) / right**2, 0.0)


def damped_oscillation(x: Real, a: Real, w: Real) -> Real:
    """e^(-ax) cos wx"""
    return jnp.exp(-a * x) * jnp.cos(w * x)


@derivative(of=damped_oscillation, at=dict(x=reals(), a=reals(), w=reals()))
def damped_oscillation_derivative(x: Real, a: Real, w: Real) -> Real:
    """d(uv) = v du + u dv, du = -a u dx, dv = -w sin wx dx;
    hence -e^(-ax) (a cos wx + w sin wx)."""
    return -jnp.exp(-a * x) * (a * jnp.cos(w * x) + w * jnp.sin(w * x))


# ----- logarithms -----


def logarithm_of_absolute_value(x: Real) -> Real:
    """ln |x|"""
    return jnp.log(jnp.abs(x))


@derivative(of=logarithm_of_absolute_value, at=dict(x=nonzero()))
def logarithm_of_absolute_value_derivative(x: Real) -> Real:
    """For x < 0 it is ln(-x), with slope -1/(-x);  hence 1/x on both sides: ∫ dx/x = ln |x|."""
    return 1 / x


def logarithm_in_base(x: Real, a: Real) -> Real:
    """log_a x"""
    return jnp.log(x) / jnp.log(a)


@derivative(of=logarithm_in_base, at=dict(x=positive(), a=choice(0.1, 0.5, 2.0, 10.0)))
def logarithm_in_base_derivative(x: Real, a: Real) -> Real:
    """log_a x = ln x / ln a and ln a is a constant;  hence 1 / (x ln a)."""
    return 1 / (x * jnp.log(a))


@derivative(of=logarithm_in_base, wrt="a", at=dict(x=positive(), a=above(1)))
def logarithm_in_base_derivative_in_base(x: Real, a: Real) -> Real:
    """d(ln x / ln a) = -ln x d(ln a) / (ln a)²;  hence -ln x / (a (ln a)²)."""
    return -jnp.log(x) / (a * jnp.log(a) ** 2)


def logarithm_of_one_plus(x: Real) -> Real:
    """ln(1 + x): log1p."""
    return jnp.log1p(x)


@derivative(of=logarithm_of_one_plus, at=dict(x=above(-1)))
def logarithm_of_one_plus_derivative(x: Real) -> Real:
    """u = 1 + x, du = dx, d ln u = du/u;  hence 1/(1 + x)."""
    return 1 / (1 + x)


def x_log_x(x: Real) -> Real:
    """x ln x"""
    return x * jnp.log(x)


@derivative(of=x_log_x, at=dict(x=positive()))
def x_log_x_derivative(x: Real) -> Real:
    """d(x ln x) = ln x dx + x dx/x;  hence ln x + 1."""
    return jnp.log(x) + 1


@gradient(of=lambda u: jnp.log(jnp.prod(u)), at=dict(u=positive("n")))
def logarithm_of_product_gradient(u: Float[Array, " n"]) -> Float[Array, " n"]:
    """ln Πuᵢ = Σ ln uᵢ: each factor has a term of its own;  hence 1/uᵢ.  The product itself has
    the gradient Πuⱼ/uᵢ, in which all factors hang together, and it underflows."""
    return 1 / u


# ----- odds, likelihood and entropy -----


def coin_log_likelihood(p: Real, heads: Real, tails: Real) -> Real:
    """k ln p + m ln(1 - p)"""
    return heads * jnp.log(p) + tails * jnp.log1p(-p)


@derivative(of=coin_log_likelihood, at=dict(p=interval(0, 1), heads=positive(), tails=positive()))
def coin_log_likelihood_derivative(p: Real, heads: Real, tails: Real) -> Real:
    """d = k dp/p - m dp/(1 - p);  hence k/p - m/(1 - p), which is 0 where p = k/(k + m): the
    likeliest p is the share that was seen."""
    return heads / p - tails / (1 - p)


def logit(p: Real) -> Real:
    """ln(p / (1 - p))"""
    return jnp.log(p) - jnp.log1p(-p)


@derivative(of=logit, at=dict(p=interval(0, 1)))
def logit_derivative(p: Real) -> Real:
    """1/p + 1/(1 - p), over one denominator;  hence 1 / (p (1 - p)): the inverse of s (1 - s),
    as the logit is the inverse of the sigmoid."""
    return 1 / (p * (1 - p))


def binary_entropy(p: Real) -> Real:
    """-p ln p - (1 - p) ln(1 - p)"""
    return -p * jnp.log(p) - (1 - p) * jnp.log1p(-p)


@derivative(of=binary_entropy, at=dict(p=interval(0, 1)))
def binary_entropy_derivative(p: Real) -> Real:
    """Each x ln x has slope ln x + 1: -(ln p + 1) + (ln(1 - p) + 1);  hence ln((1 - p)/p),
    minus the log odds: a fair coin, where it is 0, is the most uncertain."""
    return jnp.log1p(-p) - jnp.log(p)


# ----- of two arguments -----


def power_of_two_arguments(x: Real, y: Real) -> Real:
    """xʸ"""
    return x**y


@gradient(of=power_of_two_arguments, wrt=("x", "y"), at=dict(x=positive(), y=reals()))
def power_of_two_arguments_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    """xʸ = e^(y ln x): d = xʸ (y/x dx + ln x dy);  hence y xʸ⁻¹ and xʸ ln x: as a power of its
    base, as an exponential of its exponent."""
    return y * x ** (y - 1), x**y * jnp.log(x)


def x_log_y(x: Real, y: Real) -> Real:
    """x ln y (xlogy)."""
    return xlogy(x, y)


@gradient(of=x_log_y, wrt=("x", "y"), at=dict(x=reals(), y=positive()))
def x_log_y_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    """d(x ln y) = ln y dx + x dy/y;  hence ln y and x/y.  (By convention 0 ln 0 is 0.)"""
    return jnp.log(y), x / y


def log_add_exp(x: Real, y: Real) -> Real:
    """ln(eˣ + eʸ): logaddexp."""
    return jnp.logaddexp(x, y)


@gradient(of=log_add_exp, wrt=("x", "y"), at=dict(x=reals(), y=reals()))
def log_add_exp_gradient(x: Real, y: Real) -> tuple[Real, Real]:
    """d = (eˣ dx + eʸ dy) / (eˣ + eʸ);  hence the sigmoids of x - y and of y - x: two shares."""
    return jax.nn.sigmoid(x - y), jax.nn.sigmoid(y - x)
