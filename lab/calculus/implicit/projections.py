"""Projections and proximal maps: minimisers with constraints and corners, and their derivatives.

A projection moves nothing inside its set and forgets a direction outside; a proximal map is a
projection gone soft. In between lies a boundary where there are two derivatives. For a convex f the
envelope min_u f(u) + |u - x|² / 2t is smooth even where f has corners.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import logsumexp, sigmoid
from jax.numpy.linalg import eigh, inv, norm, solve
from jaxtyping import Array, Float

from lab.calculus.matrices.matrix_functions import symmetric_part
from lab.derivation import derivative, gradient, jacobian, jvp
from lab.domains import distinct, interval, nonzero, positive, reals, spd, symmetric, tall

Scalar = Float[Array, ""]


# ----- on sets -----


def entropic_argmax(z: Float[Array, " k"]) -> Float[Array, " k"]:
    """argmax pᵀ z + H(p) over the simplex, H(p) = -Σ p ln p: e^z over its sum."""
    weights = jnp.exp(z - jnp.max(z))
    return weights / jnp.sum(weights)


@jacobian(of=entropic_argmax, at=dict(z=reals("k")))
def entropic_argmax_jacobian(z: Float[Array, " k"]) -> Float[Array, "k k"]:
    """Lagrange: z - ln p - 1 = μ 1, Σ p = 1:  dz - dp / p = dμ 1 and Σ dp = 0, so that
    dp = p ∘ (dz - dμ) and dμ = pᵀ dz;  hence diag(p) - p pᵀ: softmax is this argmax."""
    p = entropic_argmax(z)
    return jnp.diag(p) - jnp.outer(p, p)


def onto_ball(x: Float[Array, " n"], radius: Scalar) -> Float[Array, " n"]:
    """The nearest point of the ball |x| ≤ r."""
    return x * jnp.minimum(1.0, radius / norm(x))


@jacobian(of=onto_ball, wrt="x", at=dict(x=nonzero("n"), radius=positive()), kinks="|x| == radius")
def onto_ball_jacobian(x: Float[Array, " n"], radius: Scalar) -> Float[Array, "n n"]:
    """Inside the point itself, I. Outside r u, u = x / |x|, du = (I - u uᵀ) dx / |x|;
    hence (r / |x|)(I - u uᵀ): nothing along u is left."""
    length, eye = norm(x), jnp.eye(x.size, dtype=x.dtype)
    u = x / length
    return jnp.where(length <= radius, eye, radius / length * (eye - jnp.outer(u, u)))


def onto_hyperplane(x: Float[Array, " n"], a: Float[Array, " n"], b: Scalar) -> Float[Array, " n"]:
    """The nearest point with aᵀ x = b."""
    return x - (a @ x - b) / (a @ a) * a


@jacobian(of=onto_hyperplane, wrt="x", at=dict(x=reals("n"), a=nonzero("n"), b=reals()))
def onto_hyperplane_jacobian(
    x: Float[Array, " n"], a: Float[Array, " n"], b: Scalar
) -> Float[Array, "n n"]:
    """x - μ a with aᵀ (x - μ a) = b:  dμ = aᵀ dx / aᵀ a;  hence I - a aᵀ / aᵀ a, at every x."""
    return jnp.eye(x.size, dtype=x.dtype) - jnp.outer(a, a) / (a @ a)


def onto_box(x: Float[Array, " n"], low: Scalar, high: Scalar) -> Float[Array, " n"]:
    """Each coordinate moved into [low, high]."""
    return jnp.clip(x, low, high)


@jacobian(
    of=onto_box,
    wrt="x",
    at=dict(x=reals("n"), low=interval(-2, 0), high=interval(0.1, 2)),
    kinks="x == low or x == high",
)
def onto_box_jacobian(x: Float[Array, " n"], low: Scalar, high: Scalar) -> Float[Array, "n n"]:
    """A coordinate inside moves freely, one outside sits on the wall;  hence diag of 1 and 0."""
    return jnp.diag(((low < x) & (x < high)).astype(x.dtype))


def onto_psd_cone(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The nearest positive semidefinite matrix: V diag(max(w, 0)) Vᵀ."""
    w, V = eigh(S)
    return V * jax.nn.relu(w) @ V.T


@jvp(of=onto_psd_cone, at=dict(S=symmetric("n")), kinks="an eigenvalue that is 0")
def onto_psd_cone_jvp(S: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Daleckii and Krein with f = max(., 0):  V (K ∘ Vᵀ dS V) Vᵀ, K_ij = (f(w_i) - f(w_j)) /
    (w_i - w_j);  hence 1 for two positive, 0 for two negative, and p / (p + q) for p and -q."""
    w, V = eigh(S)
    above, below = jax.nn.relu(w), jax.nn.relu(-w)
    mixed = above[:, None] + above + below[:, None] + below
    K = (above[:, None] + above) / jnp.where(mixed > 0, mixed, 1.0)
    return V @ (K * (V.T @ symmetric_part(tangent) @ V)) @ V.T


# ----- proximal maps -----


def soft_threshold(x: Float[Array, "..."], t: Scalar) -> Float[Array, "..."]:
    """argmin t |u| + (u - x)² / 2: the prox of l1, t |u|."""
    return jnp.sign(x) * jax.nn.relu(jnp.abs(x) - t)


@derivative(of=soft_threshold, at=dict(x=reals(), t=positive()), kinks="|x| == t")
def soft_threshold_derivative(x: Float[Array, "..."], t: Scalar) -> Float[Array, "..."]:
    """u = 0 as long as |x| ≤ t, for then 0 is in t [-1, 1] - x; beyond it u - x + t sign u = 0;
    hence 0 inside and 1 outside."""
    return (jnp.abs(x) > t).astype(x.dtype)


def quadratic_prox(v: Float[Array, " n"], Q: Float[Array, "n n"], t: Scalar) -> Float[Array, " n"]:
    """argmin uᵀ Q u / 2 + |u - v|² / 2t."""
    return solve(jnp.eye(v.size, dtype=v.dtype) + t * Q, v)


@jacobian(of=quadratic_prox, wrt="v", at=dict(v=reals("n"), Q=spd("n"), t=positive()))
def quadratic_prox_jacobian(
    v: Float[Array, " n"], Q: Float[Array, "n n"], t: Scalar
) -> Float[Array, "n n"]:
    """Q u + (u - v) / t = 0:  (I + t Q) du = dv;  hence (I + t Q)⁻¹: one implicit step of gradient
    flow."""
    return inv(jnp.eye(v.size, dtype=v.dtype) + t * Q)


def group_threshold(v: Float[Array, " n"], t: Scalar) -> Float[Array, " n"]:
    """argmin t |u| + |u - v|² / 2 with the Euclidean norm: all of the group, or none.

    The prox of the group l2 norm.
    """
    return v * jax.nn.relu(1 - t / norm(v))


@jacobian(of=group_threshold, wrt="v", at=dict(v=nonzero("n"), t=positive()), kinks="|v| == t")
def group_threshold_jacobian(v: Float[Array, " n"], t: Scalar) -> Float[Array, "n n"]:
    """Outside u = v - t w, w = v / |v|, dw = (I - w wᵀ) dv / |v|;  hence I - (t / |v|)(I - w wᵀ),
    and 0 where |v| < t."""
    length, eye = norm(v), jnp.eye(v.size, dtype=v.dtype)
    w = v / length
    return jnp.where(length > t, eye - t / length * (eye - jnp.outer(w, w)), 0.0)


def absolute_envelope(x: Float[Array, "..."], t: Scalar) -> Float[Array, "..."]:
    """min_u |u| + (u - x)² / 2t, the Moreau envelope of |x|: Huber's function."""
    u = soft_threshold(x, t)
    return jnp.abs(u) + (u - x) ** 2 / (2 * t)


@derivative(of=absolute_envelope, at=dict(x=reals(), t=positive()), kinks="|x| == t")
def absolute_envelope_derivative(x: Float[Array, "..."], t: Scalar) -> Float[Array, "..."]:
    """The envelope theorem: only x outside of u moves, so (x - u) / t with u = prox(x);
    hence x / t for |x| ≤ t and sign x beyond: no corner is left at 0."""
    return jnp.clip(x / t, -1, 1)


def moreau_envelope(x: Float[Array, " n"], Q: Float[Array, "n n"], t: Scalar) -> Scalar:
    """min_u uᵀ Q u / 2 + |u - x|² / 2t."""
    u = quadratic_prox(x, Q, t)
    return u @ Q @ u / 2 + jnp.sum((u - x) ** 2) / (2 * t)


@gradient(of=moreau_envelope, wrt="x", at=dict(x=reals("n"), Q=spd("n"), t=interval(0.1, 3)))
def moreau_envelope_gradient(
    x: Float[Array, " n"], Q: Float[Array, "n n"], t: Scalar
) -> Float[Array, " n"]:
    """dV = (x - u)ᵀ dx / t by the envelope theorem;  hence (x - prox(x)) / t, which for this
    quadratic is Q u, the slope where the implicit step lands."""
    return Q @ quadratic_prox(x, Q, t)


def lasso_weights(
    penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " d"]:
    """argmin |X w - y|² / 2 + λ |w|_1 of a tall X, by 4000 proximal steps."""
    H, g = X.T @ X, X.T @ y
    length = 1 / jnp.sum(H**2) ** 0.5
    advance = lambda _, w: soft_threshold(w - length * (H @ w - g), length * penalty)
    return jax.lax.fori_loop(0, 4000, advance, jnp.zeros_like(g))


@jacobian(
    of=lasso_weights,
    wrt="penalty",
    at=dict(penalty=interval(0.05, 2), X=tall("n d"), y=reals("n")),
    kinks="a weight that is about to enter or to leave",
)
def lasso_weights_derivative(
    penalty: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " d"]:
    """On the active set A with signs s:  X_Aᵀ (X_A w_A - y) + λ s = 0, X_Aᵀ X_A dw_A = -s dλ;
    hence -(X_Aᵀ X_A)⁻¹ s there and 0 elsewhere: the path is made of straight pieces."""
    s = jnp.sign(lasso_weights(penalty, X, y))
    active = s != 0
    H = jnp.where(active[:, None] & active, X.T @ X, jnp.eye(s.size, dtype=s.dtype))
    return -solve(H, s)


# ----- transport, and the middle of a sample -----


def transport_cost(
    a_logits: Float[Array, " m"], b_logits: Float[Array, " n"], C: Float[Array, "m n"]
) -> Scalar:
    """min <P, C> - H(P) over P with marginals softmax(a) and softmax(b), H(P) = -Σ P (ln P - 1).

    The cost of entropic optimal transport, wrt the marginal a.
    """
    f, g, a, b = transport_potentials(a_logits, b_logits, C)
    return f @ a + g @ b - 1


def transport_potentials(
    a_logits: Float[Array, " m"], b_logits: Float[Array, " n"], C: Float[Array, "m n"]
) -> tuple[Float[Array, " m"], Float[Array, " n"], Float[Array, " m"], Float[Array, " n"]]:
    """The duals f, g with P = e^(f + g - C) by Sinkhorn's iteration, and the marginals."""
    log_a, log_b = jax.nn.log_softmax(a_logits), jax.nn.log_softmax(b_logits)

    def balance(_: Any, g: Float[Array, " n"]) -> Float[Array, " n"]:
        f = log_a - logsumexp(g - C, axis=1)
        return log_b - logsumexp(f[:, None] - C, axis=0)

    g = jax.lax.fori_loop(0, 100, balance, jnp.zeros_like(log_b))
    f = log_a - logsumexp(g - C, axis=1)
    return f, g, jnp.exp(log_a), jnp.exp(log_b)


@gradient(
    of=transport_cost,
    wrt="a_logits",
    at=dict(a_logits=interval(-2, 2, "m"), b_logits=interval(-2, 2, "n"), C=interval(0, 2, "m n")),
)
def transport_cost_gradient(
    a_logits: Float[Array, " m"], b_logits: Float[Array, " n"], C: Float[Array, "m n"]
) -> Float[Array, " m"]:
    """The dual is max f.a + g.b - Σ e^(f + g - C), so by the envelope theorem dV = f.da: the
    potential, up to a constant, as Σ da = 0. With da = a ∘ (dz - a.dz);  hence a ∘ (f - a.f)."""
    f, _, a, _ = transport_potentials(a_logits, b_logits, C)
    return a * (f - a @ f)


def lower_median(x: Float[Array, " n"]) -> Scalar:
    """The value in the middle, the lower one of two. A quantile, the median."""
    return jnp.sort(x)[(x.size - 1) // 2]


@gradient(of=lower_median, at=dict(x=distinct("n")))
def lower_median_gradient(x: Float[Array, " n"]) -> Float[Array, " n"]:
    """As long as nobody overtakes, the median is one of the samples;  hence 1 for that one and 0
    for all others: an outlier may go where it likes."""
    order = jnp.argsort(x)
    return jnp.zeros_like(x).at[order[(x.size - 1) // 2]].set(1.0)


def smooth_quantile(x: Float[Array, " n"], share: Scalar) -> Scalar:
    """The q with mean sigmoid(q - x) = share, by bisection and Newton's method.

    A smoothed median for a share of 1/2.
    """

    def halve(_: Any, ends: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        low, high = ends
        middle = (low + high) / 2
        short = jnp.mean(sigmoid(middle - x)) < share
        return jnp.where(short, middle, low), jnp.where(short, high, middle)

    margin = jnp.log(share) - jnp.log1p(-share)
    low, high = jax.lax.fori_loop(0, 20, halve, (jnp.min(x) + margin, jnp.max(x) + margin))
    q = (low + high) / 2
    for _ in range(4):
        s = sigmoid(q - x)
        q = q - (jnp.mean(s) - share) / jnp.mean(s * (1 - s))
    return q


@gradient(
    of=smooth_quantile,
    wrt=("x", "share"),
    at=dict(x=interval(-4, 4, "n"), share=interval(0.1, 0.9)),
)
def smooth_quantile_gradient(
    x: Float[Array, " n"], share: Scalar
) -> tuple[Float[Array, " n"], Scalar]:
    """mean s'(q - x_i) (dq - dx_i) = d share;  hence s'_i / Σ s' for x_i, weights that add up to 1,
    and 1 / mean s' for the share: one over the density there."""
    s = sigmoid(smooth_quantile(x, share) - x)
    slopes = s * (1 - s)
    return slopes / jnp.sum(slopes), 1 / jnp.mean(slopes)
