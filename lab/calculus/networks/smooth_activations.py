"""Smooth activations: the family around relu, tanh and swish, and the bend of each.

The second derivative says where a slope changes. For the sigmoid and its relatives it is written
with ``1 - 2 s(x) = -tanh(x/2)``, which keeps its digits near 0.
"""

import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from lab.calculus.networks.activations import (
    gelu_derivative,
    sigmoid,
    sigmoid_derivative,
    silu_derivative,
    softplus,
    softplus_derivative,
    softsign_derivative,
    tanh,
    tanh_derivative,
)
from lab.derivation import derivative
from lab.domains import nonzero, positive, reals

Real = Float[Array, "..."]


# ----- with a knob -----


def swish(x: Real, b: Real) -> Real:
    """``x sigmoid(b x)``: from x/2 at b = 0 towards relu (Ramachandran et al. 2017)."""
    return x * sigmoid(b * x)


@derivative(of=swish, wrt="x", at=dict(x=reals("n"), b=reals()))
def swish_derivative(x: Real, b: Real) -> Real:
    """d(x s(bx)) = s dx + x s' b dx, with s' = s(bx) s(-bx);  hence s(bx) (1 + b x s(-bx))."""
    return sigmoid(b * x) * (1 + b * x * sigmoid(-b * x))


@derivative(of=swish, wrt="b", at=dict(x=reals("n"), b=reals("n")))
def swish_derivative_in_the_rate(x: Real, b: Real) -> Real:
    """The argument bx moves by x db;  hence x · x s'(bx) = x² s(bx) s(-bx)."""
    return x**2 * sigmoid(b * x) * sigmoid(-b * x)


def sharp_softplus(x: Real, b: Real) -> Real:
    """``log(1 + e^(bx)) / b``: relu's corner, rounded over a width of 1/b."""
    return softplus(b * x) / b


@derivative(of=sharp_softplus, wrt="x", at=dict(x=reals("n"), b=positive()))
def sharp_softplus_derivative(x: Real, b: Real) -> Real:
    """d softplus(bx)/b = s(bx) b dx / b;  hence s(bx)."""
    return sigmoid(b * x)


def squareplus(x: Real, b: Real) -> Real:
    """``(x + sqrt(x² + b)) / 2``, for x < 0 as ``b / (2 (sqrt(x² + b) - x))``: no cancelling."""
    r = jnp.sqrt(x**2 + b)
    return jnp.where(x > 0, (x + r) / 2, b / (2 * (r - jnp.where(x > 0, 0.0, x))))


@derivative(of=squareplus, wrt="x", at=dict(x=reals("n"), b=positive()))
def squareplus_derivative(x: Real, b: Real) -> Real:
    """r² = x² + b, so dr = x/r dx and f' = (1 + x/r)/2 = (r + x)/(2r);  hence f/r."""
    return squareplus(x, b) / jnp.sqrt(x**2 + b)


def inverse_square_root_unit(x: Real, a: Real) -> Real:
    """``x / sqrt(1 + a x²)``: tanh's shape without an exponential (Carlile et al. 2017). ISRU."""
    return x / jnp.sqrt(1 + a * x**2)


@derivative(of=inverse_square_root_unit, wrt="x", at=dict(x=reals("n"), a=positive()))
def inverse_square_root_unit_derivative(x: Real, a: Real) -> Real:
    """r² = 1 + ax², dr = ax/r dx;  d(x/r) = (1/r - ax²/r³) dx = (r² - ax²)/r³ dx;  hence 1/r³."""
    return (1 + a * x**2) ** -1.5


def sine_activation(x: Real, w: Real) -> Real:
    """``sin(w x)``: SIREN (Sitzmann et al. 2020)."""
    return jnp.sin(w * x)


@derivative(of=sine_activation, wrt="x", at=dict(x=reals("n"), w=reals()))
def sine_activation_derivative(x: Real, w: Real) -> Real:
    """d sin(wx) = cos(wx) w dx;  hence w cos(wx): the same wave, a quarter ahead, w as high."""
    return w * jnp.cos(w * x)


def snake(x: Real, a: Real) -> Real:
    """``x + sin²(a x) / a``: a line with waves on it, for periodic data (Ziyin et al. 2020)."""
    return x + jnp.sin(a * x) ** 2 / a


@derivative(of=snake, wrt="x", at=dict(x=reals("n"), a=nonzero()))
def snake_derivative(x: Real, a: Real) -> Real:
    """d sin²(ax)/a = 2 sin cos dx = sin(2ax) dx;  hence 1 + sin(2ax), never below 0."""
    return 1 + jnp.sin(2 * a * x)


# ----- without -----


def mish(x: Real) -> Real:
    """``x tanh(softplus(x))`` (Misra 2019)."""
    return x * jnp.tanh(softplus(x))


@derivative(of=mish, at=dict(x=reals("n")))
def mish_derivative(x: Real) -> Real:
    """u = softplus(x), du = s(x) dx;  d(x tanh u) = tanh u dx + x tanh'(u) s(x) dx,

    hence tanh u + x s(x) / cosh² u.
    """
    u = softplus(x)
    return jnp.tanh(u) + x * sigmoid(x) * tanh_derivative(u)


def arctan_activation(x: Real) -> Real:
    """``arctan x``, from -π/2 to π/2, with tails as fat as they come."""
    return jnp.arctan(x)


@derivative(of=arctan_activation, at=dict(x=reals("n")))
def arctan_activation_derivative(x: Real) -> Real:
    """x = tan y, dx = (1 + tan² y) dy;  hence dy/dx = 1 / (1 + x²)."""
    return 1 / (1 + x**2)


def tanh_shrink(x: Real) -> Real:
    """``x - tanh x``: flat at 0, a line far out."""
    return x - jnp.tanh(x)


@derivative(of=tanh_shrink, at=dict(x=reals("n")))
def tanh_shrink_derivative(x: Real) -> Real:
    """1 - tanh' = 1 - (1 - tanh²);  hence tanh² x, which near 0 keeps what the difference loses."""
    return jnp.tanh(x) ** 2


def log_cosh(x: Real) -> Real:
    """``log cosh x`` as ``log(e^x + e^-x) - log 2``: a parabola at 0, |x| - log 2 far out.

    The log-cosh gate.
    """
    return jnp.logaddexp(x, -x) - jnp.log(2.0).astype(x.dtype)


@derivative(of=log_cosh, at=dict(x=reals("n")))
def log_cosh_derivative(x: Real) -> Real:
    """d log cosh x = sinh x / cosh x dx;  hence tanh x."""
    return jnp.tanh(x)


# ----- the bend: second derivatives -----


@derivative(of=sigmoid_derivative, at=dict(x=reals("n")))
def sigmoid_second_derivative(x: Real) -> Real:
    """d(s (1 - s)) = (1 - 2s) ds = (1 - 2s) s (1 - s) dx, and 1 - 2s = -tanh(x/2);

    hence -s(x) s(-x) tanh(x/2): the slope is greatest, 1/4, at x = 0.
    """
    return -sigmoid(x) * sigmoid(-x) * jnp.tanh(x / 2)


@derivative(of=tanh_derivative, at=dict(x=reals("n")))
def tanh_second_derivative(x: Real) -> Real:
    """d cosh⁻² x = -2 cosh⁻³ x sinh x dx;  hence -2 tanh x / cosh² x."""
    return -2 * tanh(x) * tanh_derivative(x)


@derivative(of=softplus_derivative, at=dict(x=reals("n")))
def softplus_second_derivative(x: Real) -> Real:
    """softplus' = s, whose slope is s(x) s(-x) > 0;  hence softplus is convex."""
    return sigmoid(x) * sigmoid(-x)


@derivative(of=silu_derivative, at=dict(x=reals("n")))
def silu_second_derivative(x: Real) -> Real:
    """(x s)'' = 2 s' + x s'', and s'' = -s' tanh(x/2);  hence s(x) s(-x) (2 - x tanh(x/2)):

    silu' is greatest, 1.0998, where x tanh(x/2) = 2, at x = 2.3994.
    """
    return sigmoid(x) * sigmoid(-x) * (2 - x * jnp.tanh(x / 2))


@derivative(of=gelu_derivative, at=dict(x=reals("n")))
def gelu_second_derivative(x: Real) -> Real:
    """(xΦ)'' = 2 φ + x φ', and φ' = -x φ;  hence φ(x) (2 - x²):

    gelu' is greatest, 1.1289, at x = sqrt 2, and exceeds 1 from x = 0.7518 on.
    """
    return norm.pdf(x) * (2 - x**2)


@derivative(of=softsign_derivative, at=dict(x=reals("n")), kinks="x == 0")
def softsign_second_derivative(x: Real) -> Real:
    """d (1 + |x|)⁻² = -2 (1 + |x|)⁻³ sign x dx;  hence it jumps from 2 to -2 at 0: once smooth."""
    return -2 * jnp.sign(x) / (1 + jnp.abs(x)) ** 3
