"""Losses on numbers: squared, absolute and asymmetric errors, and losses that forgive outliers.

r is a residual. The slope of a loss in r is its *influence*: how hard one sample pulls at the fit.
It grows without bound for squares, stops at a ceiling for Huber's loss, and returns to nothing for
the redescending ones (Geman-McClure, Welsch, Tukey).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient
from lab.domains import interval, positive, reals

Real = Float[Array, "..."]
Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


# ----- squares -----


def squared_error(p: Real, y: Real) -> Real:
    """``(p - y)² / 2`` of each prediction."""
    return (p - y) ** 2 / 2


@derivative(of=squared_error, wrt="p", at=dict(p=reals("n"), y=reals("n")))
def squared_error_derivative(p: Real, y: Real) -> Real:
    """d(r²/2) = r dr with r = p - y;  hence p - y: the error is the slope."""
    return p - y


@derivative(of=squared_error_derivative, wrt="p", at=dict(p=reals("n"), y=reals("n")))
def squared_error_second_derivative(p: Real, y: Real) -> Real:
    """d(p - y) = dp;  hence 1, everywhere: the same bowl wherever one stands."""
    return jnp.ones_like(p)


def mean_squared_error(p: Vector, y: Vector) -> Scalar:
    """``mean (p - y)²``."""
    return jnp.mean((p - y) ** 2)


@gradient(of=mean_squared_error, wrt="p", at=dict(p=reals("n"), y=reals("n")))
def mean_squared_error_gradient(p: Vector, y: Vector) -> Vector:
    """dL = 1/n Σ 2 (p_i - y_i) dp_i;  hence 2 (p - y)/n."""
    return 2 * (p - y) / p.size


def affine_squared_error(
    w: Float[Array, " d"], b: Scalar, X: Float[Array, "n d"], y: Vector
) -> Scalar:
    """``mean (X w + b - y)²``: linear regression with an intercept. The MSE of a linear model."""
    return jnp.mean((X @ w + b - y) ** 2)


@gradient(
    of=affine_squared_error,
    wrt=("w", "b"),
    at=dict(w=reals("d"), b=reals(), X=reals("n d"), y=reals("n")),
)
def affine_squared_error_gradient(
    w: Float[Array, " d"], b: Scalar, X: Float[Array, "n d"], y: Vector
) -> tuple[Float[Array, " d"], Scalar]:
    """e = Xw + b1 - y;  dL = 2/n e·(X dw + 1 db);  hence 2/n Xᵀ e for w and 2/n Σ e_i for b."""
    e = X @ w + b - y
    return 2 / y.size * X.T @ e, 2 * jnp.mean(e)


def root_mean_squared_error(p: Vector, y: Vector) -> Scalar:
    """``sqrt(mean (p - y)²)``, in the units of y: RMSE."""
    return jnp.linalg.norm(p - y) / p.size**0.5


@gradient(of=root_mean_squared_error, wrt="p", at=dict(p=reals("n"), y=reals("n")), kinks="p == y")
def root_mean_squared_error_gradient(p: Vector, y: Vector) -> Vector:
    """R² = MSE, so 2R dR = 2/n (p - y)·dp;  hence (p - y)/(n R), of length 1/√n however small R;

    at p == y, the tip of a cone, we choose 0.
    """
    length = jnp.linalg.norm(p - y)
    return jnp.where(length > 0, (p - y) / jnp.where(length > 0, length, 1.0), 0.0) / p.size**0.5


# ----- absolute values -----


def mean_absolute_error(p: Vector, y: Vector) -> Scalar:
    """``mean |p - y|``: MAE."""
    return jnp.mean(jnp.abs(p - y))


@gradient(
    of=mean_absolute_error, wrt="p", at=dict(p=reals("n"), y=reals("n")), kinks="an entry p == y"
)
def mean_absolute_error_gradient(p: Vector, y: Vector) -> Vector:
    """d|r| = sign r dr, and 0 where r = 0;  hence sign(p - y)/n: every sample pulls alike.

    The sum of signs is 0 where as many lie above as below: at the median.
    """
    return jnp.sign(p - y) / p.size


def pinball(p: Real, y: Real, t: Real) -> Real:
    """``max(t r, (t - 1) r)``, ``r = y - p``: least, on average, at the t-quantile of y.

    The quantile loss.
    """
    return jnp.maximum(t * (y - p), (t - 1) * (y - p))


@derivative(
    of=pinball,
    wrt="p",
    at=dict(p=reals("n"), y=reals("n"), t=interval(0.0, 1.0)),
    kinks="p == y",
)
def pinball_derivative(p: Real, y: Real, t: Real) -> Real:
    """dr = -dp: slope -t below y, 1 - t above, hence 0 on average where P(y < p) = t.

    At p == y we choose 1 - t.
    """
    return jnp.where(y > p, -t, 1 - t)


def expectile_loss(r: Real, t: Real) -> Real:
    """``|t - [r < 0]| r²``: squares, dearer on one side (Newey and Powell 1987)."""
    return jnp.where(r < 0, 1 - t, t) * r**2


@derivative(of=expectile_loss, wrt="r", at=dict(r=reals("n"), t=interval(0.0, 1.0)))
def expectile_loss_derivative(r: Real, t: Real) -> Real:
    """The weight is constant on either side, and at 0 both slopes are 0;  hence 2 |t - [r<0]| r."""
    return 2 * jnp.where(r < 0, 1 - t, t) * r


# ----- robust losses: what one outlier can do -----


def huber(r: Real, d: Real) -> Real:
    """``r²/2`` up to ``|r| = d``, then straight on: ``d (|r| - d/2)`` (Huber 1964)."""
    size = jnp.abs(r)
    return jnp.where(size <= d, r**2 / 2, d * (size - d / 2))


@derivative(of=huber, wrt="r", at=dict(r=reals("n"), d=positive()))
def huber_derivative(r: Real, d: Real) -> Real:
    """r inside, d sign r outside, and they meet at |r| = d;  hence r clipped to [-d, d]."""
    return jnp.clip(r, -d, d)


def pseudo_huber(r: Real, d: Real) -> Real:
    """``d² (sqrt(1 + (r/d)²) - 1)``, written ``r² / (1 + sqrt(1 + (r/d)²))``: nothing cancels."""
    return r**2 / (1 + jnp.sqrt(1 + (r / d) ** 2))


@derivative(of=pseudo_huber, wrt="r", at=dict(r=reals("n"), d=positive()))
def pseudo_huber_derivative(r: Real, d: Real) -> Real:
    """q² = 1 + (r/d)², 2q dq = 2r/d² dr;  d(d² q) = r/q dr;  hence r/q, which tends to ±d."""
    return r / jnp.sqrt(1 + (r / d) ** 2)


def cauchy_loss(r: Real, c: Real) -> Real:
    """``c²/2 log(1 + (r/c)²)``: the surprisal of a Cauchy distribution, but for a constant.

    Lorentz' loss.
    """
    return c**2 / 2 * jnp.log1p((r / c) ** 2)


@derivative(of=cauchy_loss, wrt="r", at=dict(r=reals("n"), c=positive()))
def cauchy_loss_derivative(r: Real, c: Real) -> Real:
    """u = (r/c)², du = 2r/c² dr;  c²/2 du/(1 + u);  hence r/(1 + (r/c)²), at most c/2, at r = c."""
    return r / (1 + (r / c) ** 2)


def geman_mcclure(r: Real) -> Real:
    """``r² / (2 (1 + r²))``, never above 1/2 (Geman and McClure 1985)."""
    return r**2 / (2 * (1 + r**2))


@derivative(of=geman_mcclure, at=dict(r=reals("n")))
def geman_mcclure_derivative(r: Real) -> Real:
    """1/2 - 1/(2 (1 + r²)), so d = r dr/(1 + r²)²;  hence r/(1 + r²)²: far away, no pull at all."""
    return r / (1 + r**2) ** 2


def welsch(r: Real, c: Real) -> Real:
    """``c²/2 (1 - e^(-(r/c)²))`` (Dennis and Welsch 1978)."""
    return -(c**2) / 2 * jnp.expm1(-((r / c) ** 2))


@derivative(of=welsch, wrt="r", at=dict(r=reals("n"), c=positive()))
def welsch_derivative(r: Real, c: Real) -> Real:
    """d e^(-u) = -e^(-u) du with du = 2r/c² dr;  hence r e^(-(r/c)²)."""
    return r * jnp.exp(-((r / c) ** 2))


def tukey_biweight(r: Real, c: Real) -> Real:
    """``c²/6 (1 - (1 - (r/c)²)³)`` up to ``|r| = c``, then ``c²/6`` (Beaton and Tukey 1974)."""
    left = jnp.where(jnp.abs(r) < c, 1 - (r / c) ** 2, 0.0)
    return c**2 / 6 * (1 - left**3)


@derivative(of=tukey_biweight, wrt="r", at=dict(r=reals("n"), c=positive()))
def tukey_biweight_derivative(r: Real, c: Real) -> Real:
    """v = 1 - (r/c)², dv = -2r/c² dr;  -c²/6 · 3v² dv = r v² dr;  hence r (1 - (r/c)²)² inside and

    0 outside, where they meet twice differentiably: an outlier is not heard.
    """
    return jnp.where(jnp.abs(r) < c, r * (1 - (r / c) ** 2) ** 2, 0.0)


def barron_loss(r: Real, c: Real, a: Real) -> Real:
    """``b/a ((u/b + 1)^(a/2) - 1)``, ``u = (r/c)²``, ``b = |a - 2|``: all of them (Barron 2019).

    a = 1 is the pseudo-Huber loss, a = -2 Geman-McClure's; the limits a -> 2, 0, -inf are the
    squares, Cauchy's and Welsch's. Barron's general robust loss.
    """
    b = jnp.abs(a - 2)
    return b / a * jnp.expm1(a / 2 * jnp.log1p((r / c) ** 2 / b))


@derivative(of=barron_loss, wrt="r", at=dict(r=reals("n"), c=positive(), a=interval(-4.0, 2.0)))
def barron_loss_derivative(r: Real, c: Real, a: Real) -> Real:
    """v = u/b + 1, dv = 2r/(b c²) dr;  b/a · a/2 v^(a/2 - 1) dv;  hence r/c² (u/b + 1)^(a/2 - 1):

    the power 1 - a/2 > 0 by which far residuals lose weight can be learned.
    """
    u = (r / c) ** 2
    return r / c**2 * jnp.exp((a / 2 - 1) * jnp.log1p(u / jnp.abs(a - 2)))
