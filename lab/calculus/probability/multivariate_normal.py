"""Normal distributions of many variables: scores, covariances, mixtures, entropy.

Two differentials do the work: d ln det S = Tr(S⁻¹ dS) and d S⁻¹ = -S⁻¹ dS S⁻¹. A covariance is
differentiated entry by entry, as a general matrix; its gradient is symmetric all the same.
Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import inv, slogdet, solve
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from lab.calculus.networks.losses import softmax
from lab.calculus.probability.normal import LOG_SQRT_TAU
from lab.derivation import gradient, hessian
from lab.domains import positive, reals, spd

Vector = Float[Array, " d"]
Matrix = Float[Array, "d d"]
Scalar = Float[Array, ""]


def gaussian_log_density(x: Vector, m: Vector, S: Matrix) -> Scalar:
    """``-(x - m)ᵀ S⁻¹ (x - m)/2 - ln det(2π S)/2``."""
    return -(x - m) @ solve(S, x - m) / 2 - slogdet(S)[1] / 2 - x.size * LOG_SQRT_TAU


@gradient(
    of=gaussian_log_density,
    wrt=("x", "m", "S"),
    at=dict(x=reals("d"), m=reals("d"), S=spd("d")),
)
def gaussian_log_density_gradient(x: Vector, m: Vector, S: Matrix) -> tuple[Vector, Vector, Matrix]:
    """r = x - m, u = S⁻¹ r;  d = -u·(dx - dm) + uᵀ dS u/2 - Tr(S⁻¹ dS)/2;

    hence -u, u and (u uᵀ - S⁻¹)/2: the covariance wants to be r rᵀ.
    """
    u = solve(S, x - m)
    return -u, u, (jnp.outer(u, u) - inv(S)) / 2


def precision_log_density(x: Vector, m: Vector, L: Matrix) -> Scalar:
    """The same by the precision ``L = S⁻¹``: nothing to invert."""
    return -(x - m) @ L @ (x - m) / 2 + slogdet(L)[1] / 2 - x.size * LOG_SQRT_TAU


@gradient(of=precision_log_density, wrt="L", at=dict(x=reals("d"), m=reals("d"), L=spd("d")))
def precision_log_density_gradient(x: Vector, m: Vector, L: Matrix) -> Matrix:
    """d = -rᵀ dL r/2 + Tr(L⁻¹ dL)/2;  hence (L⁻¹ - r rᵀ)/2."""
    return (inv(L) - jnp.outer(x - m, x - m)) / 2


def gaussian_density(x: Vector, m: Vector, S: Matrix) -> Scalar:
    """``e`` to the log density."""
    return jnp.exp(gaussian_log_density(x, m, S))


@gradient(of=gaussian_density, wrt="x", at=dict(x=reals("d"), m=reals("d"), S=spd("d")))
def gaussian_density_gradient(x: Vector, m: Vector, S: Matrix) -> Vector:
    """(Cookbook 8.1) dp = p d ln p;  hence -p S⁻¹(x - m)."""
    return -gaussian_density(x, m, S) * solve(S, x - m)


@hessian(of=gaussian_density, wrt="x", at=dict(x=reals("d"), m=reals("d"), S=spd("d")))
def gaussian_density_hessian(x: Vector, m: Vector, S: Matrix) -> Matrix:
    """u = S⁻¹(x - m);  d(-p u) = p u uᵀ dx - p S⁻¹ dx;  hence p (u uᵀ - S⁻¹)."""
    u = solve(S, x - m)
    return gaussian_density(x, m, S) * (jnp.outer(u, u) - inv(S))


# ----- mixtures -----


def mixture_terms(
    x: Vector, a: Float[Array, " k"], M: Float[Array, "k d"], S: Float[Array, "k d d"]
) -> Float[Array, " k"]:
    """``ln w_k + ln N(x; m_k, S_k)``, weights ``w = softmax(a)``."""
    densities = jax.vmap(gaussian_log_density, (None, 0, 0))(x, M, S)
    return jax.nn.log_softmax(a) + densities


def mixture_log_density(
    x: Vector, a: Float[Array, " k"], M: Float[Array, "k d"], S: Float[Array, "k d d"]
) -> Scalar:
    """``ln Σ_k w_k N(x; m_k, S_k)``: a Gaussian mixture."""
    return logsumexp(mixture_terms(x, a, M, S))


@gradient(
    of=mixture_log_density,
    wrt=("x", "a", "M"),
    at=dict(x=reals("d"), a=reals("k"), M=reals("k d"), S=spd("k d")),
)
def mixture_log_density_gradient(
    x: Vector, a: Float[Array, " k"], M: Float[Array, "k d"], S: Float[Array, "k d d"]
) -> tuple[Vector, Float[Array, " k"], Float[Array, "k d"]]:
    """d ln Σ e^t = Σ γ_k dt_k with γ = softmax(t), the responsibilities;  u_k = S_k⁻¹(x - m_k);

    hence -Σ γ_k u_k for x, γ - w for the log-weights, and γ_k u_k for the means.
    """
    responsible = softmax(mixture_terms(x, a, M, S))
    u = jax.vmap(solve)(S, x - M)
    pulls = responsible[:, None] * u
    return -jnp.sum(pulls, axis=0), responsible - softmax(a), pulls


# ----- entropy, divergence, and a distribution of covariances -----


def gaussian_entropy(S: Matrix) -> Scalar:
    """``ln det(2π e S)/2``."""
    return slogdet(S)[1] / 2 + len(S) * (LOG_SQRT_TAU + 0.5)


@gradient(of=gaussian_entropy, at=dict(S=spd("d")))
def gaussian_entropy_gradient(S: Matrix) -> Matrix:
    """d ln det S/2 = Tr(S⁻¹ dS)/2;  hence S⁻¹/2 (its transpose, for a general S)."""
    return inv(S).T / 2


def gaussian_divergence(m: Vector, S: Matrix, m0: Vector, S0: Matrix) -> Scalar:
    """``KL(N(m, S) ‖ N(m0, S0))``. The KL divergence of multivariate normal distributions."""
    r = m - m0
    trace = jnp.trace(solve(S0, S))
    logs = slogdet(S0)[1] - slogdet(S)[1]
    return (trace + r @ solve(S0, r) - m.size + logs) / 2


@gradient(
    of=gaussian_divergence,
    wrt=("m", "S"),
    at=dict(m=reals("d"), S=spd("d"), m0=reals("d"), S0=spd("d")),
)
def gaussian_divergence_gradient(
    m: Vector, S: Matrix, m0: Vector, S0: Matrix
) -> tuple[Vector, Matrix]:
    """d = rᵀ S0⁻¹ dm + Tr(S0⁻¹ dS)/2 - Tr(S⁻¹ dS)/2;  hence S0⁻¹(m - m0) and (S0⁻¹ - S⁻¹)/2."""
    return solve(S0, m - m0), (inv(S0) - inv(S)) / 2


def wishart_log_density(X: Matrix, V: Matrix, freedom: Scalar) -> Scalar:
    """``(ν - d - 1)/2 ln det X - Tr(V⁻¹ X)/2``, but for what does not depend on X.

    Wishart's with ν degrees of freedom and scale V.
    """
    return (freedom - len(X) - 1) / 2 * slogdet(X)[1] - jnp.trace(solve(V, X)) / 2


@gradient(of=wishart_log_density, wrt="X", at=dict(X=spd("d"), V=spd("d"), freedom=positive()))
def wishart_log_density_gradient(X: Matrix, V: Matrix, freedom: Scalar) -> Matrix:
    """d ln det X = Tr(X⁻¹ dX), d Tr(V⁻¹ X) = Tr(V⁻¹ dX);  hence (ν - d - 1)/2 X⁻¹ - V⁻¹/2:

    0 at X = (ν - d - 1) V, the mode.
    """
    return (freedom - len(X) - 1) / 2 * inv(X) - inv(V) / 2
