"""Changed variables and estimates: flows, quantiles, sample moments, denoising, evidence bounds.

A map squeezes volume by |det J|, and densities grow by as much. Its logarithm is differentiated by
d ln|det J| = Tr(J⁻¹ dJ).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import inv, slogdet, solve
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from lab.calculus.networks.losses import log_softmax, softmax, softmax_vjp
from lab.calculus.probability.normal import LOG_SQRT_TAU
from lab.derivation import derivative, gradient, identity
from lab.domains import interval, invertible, positive, reals

Vector = Float[Array, " d"]
Samples = Float[Array, " n"]
Matrix = Float[Array, "d d"]
Scalar = Float[Array, ""]
Real = Float[Array, "..."]


# ----- change of variables -----


def linear_flow_log_density(y: Vector, A: Matrix) -> Scalar:
    """Of ``y = A x``, x standard normal: ``ln N(A⁻¹ y) - ln|det A|``."""
    x = solve(A, y)
    return -x @ x / 2 - y.size * LOG_SQRT_TAU - slogdet(A)[1]


@gradient(of=linear_flow_log_density, wrt=("y", "A"), at=dict(y=reals("d"), A=invertible("d")))
def linear_flow_log_density_gradient(y: Vector, A: Matrix) -> tuple[Vector, Matrix]:
    """dx = A⁻¹(dy - dA x);  with u = A⁻ᵀ x, d = -u·dy + u·dA x - Tr(A⁻¹ dA);

    hence -u, and u xᵀ - A⁻ᵀ: the second term, Tr(J⁻¹ dJ), is all that keeps A from growing.
    """
    x = solve(A, y)
    u = solve(A.T, x)
    return -u, jnp.outer(u, x) - inv(A).T


def coupling(x: Float[Array, " e"], W: Matrix, V: Matrix) -> Float[Array, " e"]:
    """``y1 = x1``, ``y2 = x2 e^s + t``, ``s = tanh(W x1)``, ``t = V x1`` (Dinh et al. 2017)."""
    first, second = jnp.split(x, 2)
    return jnp.concatenate([first, second * jnp.exp(jnp.tanh(W @ first)) + V @ first])


def coupling_log_volume(x: Float[Array, " e"], W: Matrix, V: Matrix) -> Scalar:
    """``ln|det|`` of the Jacobian, by a determinant. An affine coupling."""
    return slogdet(jax.jacfwd(coupling)(x, W, V))[1]


@identity(of=coupling_log_volume, at=dict(x=reals("2d"), W=reals("d d"), V=reals("d d")))
def coupling_log_volume_by_hand(x: Float[Array, " e"], W: Matrix, V: Matrix) -> Scalar:
    """J has 1 on the diagonal for y1, e^s for y2, and 0 above: triangular, whatever s and t are;

    hence ln|det J| = Σ s.
    """
    return jnp.sum(jnp.tanh(W @ jnp.split(x, 2)[0]))


def planar_flow(z: Vector, u: Vector, w: Vector, b: Scalar) -> Vector:
    """``z + u tanh(w·z + b)`` (Rezende and Mohamed 2015)."""
    return z + u * jnp.tanh(w @ z + b)


def planar_log_volume(z: Vector, u: Vector, w: Vector, b: Scalar) -> Scalar:
    """``ln|det|`` of the planar flow's Jacobian, by a determinant."""
    return slogdet(jax.jacfwd(planar_flow)(z, u, w, b))[1]


# A planar flow can be undone only if h' u·w > -1, which small w make sure of.
@identity(
    of=planar_log_volume,
    at=dict(
        z=interval(-4.0, 4.0, "d"),  # where the flow bends: far out a determinant near 1 has no log
        u=interval(-1.0, 1.0, "d"),
        w=interval(-0.1, 0.1, "d"),
        b=interval(-2.0, 2.0),
    ),
)
def planar_log_volume_by_hand(z: Vector, u: Vector, w: Vector, b: Scalar) -> Scalar:
    """J = I + h' u wᵀ, and det(I + a bᵀ) = 1 + b·a;  hence ln(1 + h' u·w): no determinant left."""
    slope = 1 / jnp.cosh(w @ z + b) ** 2
    return jnp.log1p(slope * (u @ w))


# ----- quantiles, and samples that move with their parameters -----


def weibull_sample(u: Real, k: Real, l: Real) -> Real:
    """``l (-ln(1 - u))^(1/k)``: where ``F(x; k, l) = 1 - e^(-(x/l)^k)`` is u.

    Implicit reparameterisation.
    """
    return l * (-jnp.log1p(-u)) ** (1 / k)


@gradient(
    of=weibull_sample,
    wrt=("k", "l"),
    at=dict(u=interval(0.0, 1.0), k=interval(0.0, 10.0), l=positive()),
)
def weibull_sample_gradient(u: Real, k: Real, l: Real) -> tuple[Real, Real]:
    """F(x(θ); θ) = u for every θ, so f dx + F_θ dθ = 0 and dx/dθ = -F_θ/f (Figurnov et al. 2018);

    t = (x/l)^k, F = 1 - e^-t, F_k = e^-t t ln(x/l), F_l = -e^-t t k/l, f = e^-t t k/x;
    hence -x ln(x/l)/k and x/l.
    """
    x = weibull_sample(u, k, l)
    log_ratio = jnp.log(-jnp.log1p(-u)) / k
    return -x * log_ratio / k, x / l


# ----- estimates -----


def score_matching_loss(m: Scalar, v: Scalar, x: Samples) -> Scalar:
    """``mean of s²/2 + s'`` for the model score ``s = -(x - m)/v`` (Hyvärinen 2005).

    The target of score matching.
    """
    return jnp.mean(((x - m) / v) ** 2) / 2 - 1 / v


@gradient(of=score_matching_loss, wrt=("m", "v"), at=dict(m=reals(), v=positive(), x=reals("n")))
def score_matching_loss_gradient(m: Scalar, v: Scalar, x: Samples) -> tuple[Scalar, Scalar]:
    """d(r²/(2v²)) = -r dm/v² - r² dv/v³, d(-1/v) = dv/v²;  hence (m - x̄)/v² and

    (v - mean r²)/v³: both 0 at the sample's mean and variance, with no constant to normalise by.
    """
    r = x - m
    return -jnp.mean(r) / v**2, (1 - jnp.mean(r**2) / v) / v**2


def noisy_log_density(y: Real, points: Samples, s: Scalar) -> Real:
    """Of ``y = x + s z``, x one of n points: ``ln mean N(y; x_i, s²)``."""
    terms = -(((y[..., None] - points) / s) ** 2) / 2
    return logsumexp(terms, axis=-1) - jnp.log(s) - jnp.log(points.size) - LOG_SQRT_TAU


@derivative(of=noisy_log_density, wrt="y", at=dict(y=reals("k"), points=reals("n"), s=positive()))
def noisy_score(y: Real, points: Samples, s: Scalar) -> Real:
    """d ln Σ e^t = Σ γ dt, γ = softmax(t), dt_i = -(y - x_i)/s² dy;  hence Σ γ_i (x_i - y)/s²."""
    gaps = points - y[..., None]
    return jnp.sum(softmax(-((gaps / s) ** 2) / 2) * gaps, axis=-1) / s**2


def posterior_mean(y: Real, points: Samples, s: Scalar) -> Real:
    """``E[x | y]``, by Bayes' rule."""
    return softmax(-(((y[..., None] - points) / s) ** 2) / 2) @ points


@identity(of=posterior_mean, at=dict(y=reals("k"), points=reals("n"), s=positive()))
def tweedie_denoiser(y: Real, points: Samples, s: Scalar) -> Real:
    """s² score = Σ γ_i (x_i - y) = E[x | y] - y;  hence y + s² score(y): who knows the score of

    noisy data can take the noise off (Robbins 1956; diffusion models).
    """
    return y + s**2 * noisy_score(y, points, s)


def evidence_lower_bound(z: Float[Array, " k"], joint: Float[Array, " k"]) -> Scalar:
    """``Σ q (ln p(x, k) - ln q)``, ``q = softmax(z)``, ``joint`` the list of ln p(x, k).

    The ELBO.
    """
    return softmax(z) @ (joint - log_softmax(z))


@gradient(of=evidence_lower_bound, wrt="z", at=dict(z=reals("k"), joint=reals("k")))
def evidence_lower_bound_gradient(
    z: Float[Array, " k"], joint: Float[Array, " k"]
) -> Float[Array, " k"]:
    """dB = Σ (a - ln q - 1) dq, a = joint;  hence q ∘ (a - ln q - B), 0 where a - ln q is constant:

    at the posterior.
    """
    return softmax_vjp(z, joint - log_softmax(z))


def evidence_gap(z: Float[Array, " k"], joint: Float[Array, " k"]) -> Scalar:
    """``ln p(x) - bound``, the ELBO's gap."""
    return logsumexp(joint) - evidence_lower_bound(z, joint)


@identity(of=evidence_gap, at=dict(z=reals("k"), joint=reals("k")))
def evidence_gap_is_a_divergence(z: Float[Array, " k"], joint: Float[Array, " k"]) -> Scalar:
    """ln p(x, k) = ln p(k | x) + ln p(x), and Σ q = 1;  hence KL(q ‖ posterior), never negative."""
    return softmax(z) @ (log_softmax(z) - log_softmax(joint))
