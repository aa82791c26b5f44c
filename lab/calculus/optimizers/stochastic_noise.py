"""SGD noise: what a minibatch gets wrong about the gradient, and where the descent then hovers.

A minibatch has the right gradient on average and a variance of Σ/B. Descent with a fixed step does
not arrive: it comes down to a cloud, and the size of the cloud is a formula.
"""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.derivation import gradient, identity
from lab.domains import choice, interval, positive, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

# ----- one minibatch -----


def minibatch_means(g: Vector, batch: int) -> Float[Array, " k"]:
    """The mean over every minibatch of so many draws with replacement, out of the gradients g."""
    drawn = np.array(list(product(range(g.size), repeat=batch)))
    return jnp.mean(g[drawn], axis=1)


def minibatch_moments(g: Vector, batch: int) -> Float[Array, " 2"]:
    """Mean and variance of the stochastic gradient, all minibatches alike."""
    means = minibatch_means(g, batch)
    return jnp.stack([jnp.mean(means), jnp.var(means)])


@identity(of=minibatch_moments, at=dict(g=reals("n"), batch=choice(1, 2, 3)))
def minibatch_noise(g: Vector, batch: int) -> Float[Array, " 2"]:
    """E of a mean is the mean of E;  draws are independent, so the variance of their sum is B Σ, of
    their mean Σ/B;  hence the full gradient, and Σ/B: unbiased, and noisy as 1/√B.
    """
    return jnp.stack([jnp.mean(g), jnp.var(g) / batch])


# ----- many steps on c x²/2, with noise -----


def variance_after(
    start: Scalar, step: Scalar, curvature: Scalar, noise: Scalar, steps: int
) -> Scalar:
    """The variance of x after so many steps x - a (c x + e), the noise e of variance s."""
    left = 1 - step * curvature
    move = lambda v, _: (left**2 * v + step**2 * noise, None)
    return jax.lax.scan(move, start, length=steps)[0]


@identity(
    of=variance_after,
    at=dict(
        start=positive(),
        step=interval(0, 1.5),
        curvature=interval(0, 1),
        noise=positive(),
        steps=choice(1, 2, 7),
    ),
)
def variance_in_closed_form(
    start: Scalar, step: Scalar, curvature: Scalar, noise: Scalar, steps: int
) -> Scalar:
    """v⁺ = q v + a² s with q = (1 - ac)²: qᵏ v₀ + a² s (1 + q + ... + qᵏ⁻¹);  hence qᵏ v₀ +
    a² s (1 - qᵏ)/(1 - q), which tends to a s/(c (2 - ac)): the descent hovers.
    """
    q = (1 - step * curvature) ** 2
    whole = step * curvature * (2 - step * curvature)  # 1 - q, with all its digits
    gone = -jnp.expm1(steps * jnp.log1p(-whole))
    return q**steps * start + step**2 * noise * gone / whole


def noise_floor(step: Scalar, curvature: Scalar, noise: Scalar, batch: Scalar) -> Scalar:
    """The expected loss c x²/2 at which descent with minibatches hovers, a s/(2B (2 - ac))."""
    return step * noise / (2 * batch * (2 - step * curvature))


@gradient(
    of=noise_floor,
    wrt=("step", "batch"),
    at=dict(step=interval(0, 1.5), curvature=interval(0, 1), noise=positive(), batch=positive()),
)
def noise_floor_gradient(
    step: Scalar, curvature: Scalar, noise: Scalar, batch: Scalar
) -> tuple[Scalar, Scalar]:
    """d(a/(2 - ac)) = 2/(2 - ac)² da;  hence s/(B (2 - ac)²), and minus the floor over B: for short
    steps half the step does what twice the batch does.
    """
    to_go = 2 - step * curvature
    return noise / (batch * to_go**2), -step * noise / (2 * batch**2 * to_go)


# ----- and on any quadratic -----


def stationary_covariance(H: Matrix, S: Matrix, share: Scalar, batch: Scalar) -> Matrix:
    """The covariance of SGD that hovers over xᵀHx/2, step a = share/|H|, noise S/B.

    In the eigenbasis of H: Cᵢⱼ = a Sᵢⱼ/(B (lᵢ + lⱼ - a lᵢ lⱼ)).
    """
    step = share / jnp.linalg.norm(H)
    l, V = jnp.linalg.eigh(H)
    spread = l[:, None] + l - step * l[:, None] * l
    return V @ (step / batch * (V.T @ S @ V) / spread) @ V.T


def covariance_a_step_later(H: Matrix, S: Matrix, share: Scalar, batch: Scalar) -> Matrix:
    """(I - aH) C (I - aH) + a² S/B for the covariance C that is to be stationary."""
    step = share / jnp.linalg.norm(H)
    keep = jnp.eye(H.shape[0], dtype=H.dtype) - step * H
    C = stationary_covariance(H, S, share, batch)
    return keep @ C @ keep + step**2 * S / batch


@identity(
    of=covariance_a_step_later,
    at=dict(H=spd("n"), S=spd("n"), share=interval(0, 1.9), batch=positive()),
)
def sgd_noise_is_stationary(H: Matrix, S: Matrix, share: Scalar, batch: Scalar) -> Matrix:
    """C = (I - aH) C (I - aH) + a² S/B says HC + CH - a HCH = a S/B, in the eigenbasis of H
    (lᵢ + lⱼ - a lᵢlⱼ) Cᵢⱼ = a Sᵢⱼ/B;  hence C again: noise in and contraction out are even.
    """
    return stationary_covariance(H, S, share, batch)
