"""Losses that are likelihoods: counts, rates, spreads, and the scores of pairs and sets.

With a linear score z for the logarithm of a mean (the canonical link of counts) every gradient is
again "predicted minus seen", in the units of the score.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.calculus.networks.activations import sigmoid, softplus
from lab.calculus.networks.losses import surprisal, surprisal_vjp
from lab.derivation import derivative, gradient
from lab.domains import distinct, interval, nonzero, positive, reals
from lab.domains import labels as classes

Real = Float[Array, "..."]
Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


# ----- generalised linear models: z is the logarithm of the mean -----


def poisson_loss(z: Real, y: Real) -> Real:
    """``e^z - y z``: minus the log-likelihood of a count y of mean e^z, but for a constant.

    The Poisson NLL of a log rate z.
    """
    return jnp.exp(z) - y * z


@derivative(of=poisson_loss, wrt="z", at=dict(z=reals("n"), y=positive("n")))
def poisson_loss_derivative(z: Real, y: Real) -> Real:
    """d e^z = e^z dz;  hence e^z - y: mean minus count."""
    return jnp.exp(z) - y


@derivative(of=poisson_loss_derivative, wrt="z", at=dict(z=reals("n"), y=positive("n")))
def poisson_loss_second_derivative(z: Real, y: Real) -> Real:
    """d(e^z - y) = e^z dz;  hence e^z: the variance of the count, which is its mean."""
    return jnp.exp(z)


def gamma_loss(z: Real, y: Real) -> Real:
    """``z + y e^-z``: for positive y whose spread grows like its mean e^z.

    Half the gamma deviance, but for a constant, of a log mean z.
    """
    return z + y * jnp.exp(-z)


@derivative(of=gamma_loss, wrt="z", at=dict(z=reals("n"), y=positive("n")))
def gamma_loss_derivative(z: Real, y: Real) -> Real:
    """d(y e^-z) = -y e^-z dz;  hence 1 - y e^-z: a relative error."""
    return 1 - y * jnp.exp(-z)


def tweedie_loss(z: Real, y: Real, p: Real) -> Real:
    """``e^((2-p)z)/(2-p) - y e^((1-p)z)/(1-p)``: a variance that grows like mean^p, 1 < p < 2.

    Half Tweedie's deviance, but for a constant, of a log mean z.
    """
    return jnp.exp((2 - p) * z) / (2 - p) - y * jnp.exp((1 - p) * z) / (1 - p)


@derivative(of=tweedie_loss, wrt="z", at=dict(z=reals("n"), y=positive("n"), p=interval(1.0, 2.0)))
def tweedie_loss_derivative(z: Real, y: Real, p: Real) -> Real:
    """Each exponential brings down what it is divided by;  hence e^((2-p)z) - y e^((1-p)z):

    Poisson's for p = 1, the gamma's for p = 2.
    """
    return jnp.exp((2 - p) * z) - y * jnp.exp((1 - p) * z)


def gaussian_loss(m: Vector, s: Vector, y: Vector) -> Scalar:
    """``mean of (s + (y - m)² e^-s)/2``: normal, with mean m and log-variance s.

    The Gaussian NLL with log variance s.
    """
    return jnp.mean(s + (y - m) ** 2 * jnp.exp(-s)) / 2


@gradient(of=gaussian_loss, wrt=("m", "s"), at=dict(m=reals("n"), s=reals("n"), y=reals("n")))
def gaussian_loss_gradient(m: Vector, s: Vector, y: Vector) -> tuple[Vector, Vector]:
    """d((y - m)²) = 2 (m - y) dm, d e^-s = -e^-s ds;  hence (m - y) e^-s/n for the mean, and

    (1 - (y - m)² e^-s)/(2n) for the log-variance: 0 where e^s is the mean of the squared errors.
    """
    weight = jnp.exp(-s)
    return (m - y) * weight / m.size, (1 - (y - m) ** 2 * weight) / (2 * m.size)


# ----- pairs, triplets, rankings -----


def contrastive_loss(d: Real, y: Real, margin: Real) -> Real:
    """``y d² + (1 - y) max(0, margin - d)²`` of a distance d (Hadsell et al. 2006).

    The contrastive loss of a pair.
    """
    return y * d**2 + (1 - y) * jnp.maximum(0.0, margin - d) ** 2


@derivative(
    of=contrastive_loss,
    wrt="d",
    at=dict(d=positive("n"), y=interval(0.0, 1.0, "n"), margin=positive()),
)
def contrastive_loss_derivative(d: Real, y: Real, margin: Real) -> Real:
    """d(d²) = 2d, and -2 max(0, margin - d) for the other;  hence 2y d - 2(1 - y) max(0, m - d):

    a spring that pulls friends together, another that pushes strangers out to the margin.
    """
    return 2 * y * d - 2 * (1 - y) * jnp.maximum(0.0, margin - d)


def triplet_loss(a: Vector, p: Vector, n: Vector, margin: Scalar) -> Scalar:
    """``max(0, |a - p|² - |a - n|² + margin)`` (Schroff et al. 2015)."""
    return jnp.maximum(0.0, jnp.sum((a - p) ** 2) - jnp.sum((a - n) ** 2) + margin)


@gradient(
    of=triplet_loss,
    wrt=("a", "p", "n"),
    at=dict(a=reals("d"), p=reals("d"), n=reals("d"), margin=positive()),
    kinks="|a - n|² - |a - p|² == margin",
)
def triplet_loss_gradient(
    a: Vector, p: Vector, n: Vector, margin: Scalar
) -> tuple[Vector, Vector, Vector]:
    """d = 2(a - p)·(da - dp) - 2(a - n)·(da - dn), where a·da cancels;

    hence 2(n - p), 2(p - a), 2(a - n) while the triplet is active, and 0 otherwise.
    """
    active = triplet_loss(a, p, n, margin) > 0
    return (
        jnp.where(active, 2 * (n - p), 0.0),
        jnp.where(active, 2 * (p - a), 0.0),
        jnp.where(active, 2 * (a - n), 0.0),
    )


def info_nce(s: Vector, positive_one: Int[Array, ""], t: Scalar) -> Scalar:
    """``log Σ e^(s/t) - s_k/t``: find the one that belongs to you (van den Oord et al. 2018).

    InfoNCE, similarities s, the positive k, temperature t.
    """
    return surprisal((s / t)[None], positive_one[None])[0]


@gradient(
    of=info_nce,
    wrt="s",
    at=dict(s=reals("k"), positive_one=classes("", "k"), t=positive()),
)
def info_nce_gradient(s: Vector, positive_one: Int[Array, ""], t: Scalar) -> Vector:
    """Cross-entropy at s/t, and d(s/t) = ds/t;  hence (softmax(s/t) - e_k)/t."""
    return surprisal_vjp((s / t)[None], positive_one[None], jnp.ones((1,), s.dtype))[0] / t


def pairwise_ranking_loss(p: Vector, n: Vector) -> Scalar:
    """``Σ softplus(n - p)``: minus the log of the odds that each p outranks its n (Rendle 2009).

    BPR, the logistic margin of a ranking.
    """
    return jnp.sum(softplus(n - p))


@gradient(of=pairwise_ranking_loss, wrt=("p", "n"), at=dict(p=reals("k"), n=reals("k")))
def pairwise_ranking_loss_gradient(p: Vector, n: Vector) -> tuple[Vector, Vector]:
    """softplus' = s of the difference;  hence -s(n - p) and s(n - p): equal and opposite."""
    return -sigmoid(n - p), sigmoid(n - p)


def generator_loss(d: Real) -> Real:
    """``softplus(-d) = -log sigmoid(d)``: non-saturating, for a generator (Goodfellow 2014).

    GAN.
    """
    return softplus(-d)


@derivative(of=generator_loss, at=dict(d=reals("n")))
def generator_loss_derivative(d: Real) -> Real:
    """softplus'(-d) · (-1);  hence -s(-d), near -1 where the fake is recognised: it still learns.

    The saturating log(1 - s(d)) has the slope -s(d) there: next to nothing.
    """
    return -sigmoid(-d)


def cosine_embedding_loss(x: Vector, y: Vector) -> Scalar:
    """``1 - cos(x, y)``."""
    return 1 - x @ y / (jnp.linalg.norm(x) * jnp.linalg.norm(y))


@gradient(of=cosine_embedding_loss, wrt="x", at=dict(x=nonzero("d"), y=nonzero("d")))
def cosine_embedding_loss_gradient(x: Vector, y: Vector) -> Vector:
    """u = x/|x|, v = y/|y|, du = (dx - u u·dx)/|x|;  hence -(v - (u·v) u)/|x|:

    at a right angle to x, and smaller the longer x is.
    """
    length = jnp.linalg.norm(x)
    u, v = x / length, y / jnp.linalg.norm(y)
    return -(v - (u @ v) * u) / length


# ----- overlaps and clouds of points -----


def soft_dice_loss(p: Vector, y: Vector) -> Scalar:
    """``1 - 2 p·y/(Σp + Σy)`` (Milletari et al. 2016)."""
    return 1 - 2 * (p @ y) / (jnp.sum(p) + jnp.sum(y))


@gradient(of=soft_dice_loss, wrt="p", at=dict(p=interval(0.0, 1.0, "n"), y=interval(0.0, 1.0, "n")))
def soft_dice_loss_gradient(p: Vector, y: Vector) -> Vector:
    """S = Σp + Σy, dS = 1·dp;  d(-2 p·y/S) = -2 y·dp/S + 2 p·y 1·dp/S²;  hence

    -2y/S + 2 p·y/S²: every pixel knows the total.
    """
    S = jnp.sum(p) + jnp.sum(y)
    return -2 * y / S + 2 * (p @ y) / S**2


def soft_jaccard_loss(p: Vector, y: Vector) -> Scalar:
    """``1 - I/U``, ``I = p·y``, ``U = Σp + Σy - I``: intersection over union."""
    both = p @ y
    return 1 - both / (jnp.sum(p) + jnp.sum(y) - both)


@gradient(
    of=soft_jaccard_loss, wrt="p", at=dict(p=interval(0.0, 1.0, "n"), y=interval(0.0, 1.0, "n"))
)
def soft_jaccard_loss_gradient(p: Vector, y: Vector) -> Vector:
    """dI = y·dp, dU = (1 - y)·dp;  d(-I/U) = (-U dI + I dU)/U²;  hence -(y U - I (1 - y))/U²."""
    both = p @ y
    union = jnp.sum(p) + jnp.sum(y) - both
    return -(y * union - both * (1 - y)) / union**2


def wasserstein_on_the_line(x: Vector, y: Vector) -> Scalar:
    """``mean |sort x - sort y|``: the earth mover's distance of two samples of one size.

    Wasserstein-1 in 1-D.
    """
    return jnp.mean(jnp.abs(jnp.sort(x) - jnp.sort(y)))


@gradient(
    of=wasserstein_on_the_line,
    wrt="x",
    at=dict(x=distinct("n"), y=distinct("n")),
    kinks="x meets its partner in y",
)
def wasserstein_on_the_line_gradient(x: Vector, y: Vector) -> Vector:
    """Sorting only relabels, and a small step relabels nothing;  hence sign(x_(i) - y_(i))/n, put

    back where x_(i) came from.
    """
    order = jnp.argsort(x)
    slopes = jnp.sign(x[order] - jnp.sort(y)) / x.size
    return jnp.zeros_like(x).at[order].set(slopes)


def gaussian_kernel(X: Float[Array, "n d"], Y: Float[Array, "m d"], l: Scalar) -> Array:
    """``e^(-|x_i - y_j|²/(2 l²))``."""
    return jnp.exp(-jnp.sum((X[:, None] - Y[None]) ** 2, axis=-1) / (2 * l**2))


def squared_mmd(X: Float[Array, "n d"], Y: Float[Array, "m d"], l: Scalar) -> Scalar:
    """``mean k(x, x') - 2 mean k(x, y) + mean k(y, y')`` (Gretton et al. 2012).

    The squared MMD with an RBF kernel.
    """
    means = [jnp.mean(gaussian_kernel(A, B, l)) for A, B in ((X, X), (X, Y), (Y, Y))]
    return means[0] - 2 * means[1] + means[2]


@gradient(of=squared_mmd, wrt="X", at=dict(X=reals("n d"), Y=reals("m d"), l=positive()))
def squared_mmd_gradient(
    X: Float[Array, "n d"], Y: Float[Array, "m d"], l: Scalar
) -> Float[Array, "n d"]:
    """dk(x, y) = -k (x - y)·dx/l², and each x is in the first mean twice;  hence for x_i

    -2/(n² l²) Σ_j k_ij (x_i - x_j) + 2/(n m l²) Σ_j k(x_i, y_j)(x_i - y_j): its own kind repels.
    """
    n, m = len(X), len(Y)

    def pull(A: Array) -> Array:
        return jnp.sum(gaussian_kernel(X, A, l)[..., None] * (X[:, None] - A[None]), axis=1)

    return (pull(Y) / m - pull(X) / n) * 2 / (n * l**2)
