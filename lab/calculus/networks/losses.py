"""Losses on logits: softmax, its logarithm, cross-entropy on integer labels, and the L2 penalty.

Logits z, shape (n, k), are scores before the softmax p_j = e^z_j / Σ_i e^z_i. A constant added to
a row of z changes nothing, which is used twice: forward, each row is shifted by its largest entry,
so that no exponential exceeds 1; backward, each row of a derivative sums to 0, so that an entry
that would cancel (p - 1, where p is nearly 1) is had from the others instead.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.derivation import gradient, jacobian, vjp
from lab.domains import labels as classes
from lab.domains import nonnegative, reals


def _summing_to_zero(rows: Float[Array, "*n k"], entry: Int[Array, "*n"]) -> Float[Array, "*n k"]:
    """The rows with one entry in each, whatever it was, set to minus the sum of the others."""
    chosen = jax.nn.one_hot(entry, rows.shape[-1], dtype=rows.dtype)
    others = rows * (1 - chosen)
    return others - chosen * jnp.sum(others, axis=-1, keepdims=True)


def softmax(z: Float[Array, "*n k"]) -> Float[Array, "*n k"]:
    """Scores to probabilities along the last axis: positive, and every row sums to one."""
    e = jnp.exp(z - jnp.max(z, axis=-1, keepdims=True))
    return e / jnp.sum(e, axis=-1, keepdims=True)


@jacobian(of=softmax, at=dict(z=reals("k")))
def softmax_jacobian(z: Float[Array, " k"]) -> Float[Array, "k k"]:
    """log p_i = z_i - log Σ_j e^z_j, so d log p_i = dz_i - Σ_j p_j dz_j;

    times p_i: dp_i = p_i dz_i - p_i Σ_j p_j dz_j, hence J = diag(p) - p pᵀ.
    Rows sum to 0: the diagonal p_i - p_i² is p_i Σ_{j≠i} p_j, which does not cancel.
    """
    p = softmax(z)
    return _summing_to_zero(-jnp.outer(p, p), jnp.arange(z.size))


@vjp(of=softmax, at=dict(z=reals("n k")))
def softmax_vjp(z: Float[Array, "*n k"], cotangent: Float[Array, "*n k"]) -> Float[Array, "*n k"]:
    """Jᵀ c = (diag(p) - p pᵀ) c = p ∘ (c - p·c): no k by k matrix, one dot product per row.

    Rows sum to 0 (1ᵀ J = 0), which gives the entry of the largest p, where c - p·c would cancel.
    """
    p = softmax(z)
    rows = p * (cotangent - jnp.sum(p * cotangent, axis=-1, keepdims=True))
    return _summing_to_zero(rows, jnp.argmax(z, axis=-1))


def log_softmax(z: Float[Array, "*n k"]) -> Float[Array, "*n k"]:
    """``z - log sum exp z`` along the last axis, where ``log(softmax(z))`` would meet log 0."""
    shifted = z - jnp.max(z, axis=-1, keepdims=True)
    return shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=-1, keepdims=True))


@jacobian(of=log_softmax, at=dict(z=reals("k")))
def log_softmax_jacobian(z: Float[Array, " k"]) -> Float[Array, "k k"]:
    """d log p_i = dz_i - Σ_j p_j dz_j, hence J = I - 1 pᵀ.

    Every row is -p but for the diagonal, 1 - p_i = Σ_{j≠i} p_j, where the row balances to 0.
    """
    rows = jnp.broadcast_to(-softmax(z), (z.size, z.size))
    return _summing_to_zero(rows, jnp.arange(z.size))


@vjp(of=log_softmax, at=dict(z=reals("n k")))
def log_softmax_vjp(
    z: Float[Array, "*n k"], cotangent: Float[Array, "*n k"]
) -> Float[Array, "*n k"]:
    """Jᵀ c = (I - p 1ᵀ) c = c - p Σ_i c_i, row by row; again rows that sum to 0."""
    rows = cotangent - softmax(z) * jnp.sum(cotangent, axis=-1, keepdims=True)
    return _summing_to_zero(rows, jnp.argmax(z, axis=-1))


def surprisal(z: Float[Array, "n k"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """``-log p[label]`` of each sample: 0 if the label was certain, log k if all were equal."""
    return -jnp.take_along_axis(log_softmax(z), labels[:, None], axis=1)[:, 0]


@vjp(of=surprisal, at=dict(z=reals("n k"), labels=classes("n", "k")))
def surprisal_vjp(
    z: Float[Array, "n k"], labels: Int[Array, " n"], cotangent: Float[Array, " n"]
) -> Float[Array, "n k"]:
    """-log p_y = log Σ_j e^z_j - z_y, hence ∂/∂z_j = p_j - [j = y]; row i times its cotangent c_i.

    A row of P - Y sums to 1 - 1 = 0: at the label, p_y - 1 = -Σ_{j≠y} p_j.
    """
    return cotangent[:, None] * _summing_to_zero(softmax(z), labels)


def batch_mean(losses: Float[Array, " n"]) -> Float[Array, ""]:
    """The mean over a batch; the only place in a network's loss where n appears."""
    return jnp.mean(losses)


@gradient(of=batch_mean, at=dict(losses=reals("n")))
def batch_mean_gradient(losses: Float[Array, " n"]) -> Float[Array, " n"]:
    """(ℓ_1 + ... + ℓ_n) / n has slope 1/n in each: this is where every 1/n downstream is from."""
    return jnp.full_like(losses, 1 / losses.size)


def softmax_cross_entropy(z: Float[Array, "n k"], labels: Int[Array, " n"]) -> Float[Array, ""]:
    """Mean over the batch of ``-log p[label]``."""
    return batch_mean(surprisal(z, labels))


@gradient(of=softmax_cross_entropy, at=dict(z=reals("n k"), labels=classes("n", "k")))
def softmax_cross_entropy_gradient(
    z: Float[Array, "n k"], labels: Int[Array, " n"]
) -> Float[Array, "n k"]:
    """Chain rule: the mean sends 1/n to every sample, the surprisal sends p - onehot(y) to its row.

    dL/dz = (P - Y) / n: prediction minus truth, with every row summing to 0.
    """
    return surprisal_vjp(z, labels, batch_mean_gradient(surprisal(z, labels)))


def l2_penalty(params: Any, strength: float | Float[Array, ""]) -> Float[Array, ""]:
    """``strength / 2`` times the sum of squares of the matrices in params; biases are left free."""
    squares = [jnp.sum(w**2) for w in jax.tree.leaves(params) if w.ndim > 1]
    return 0.5 * strength * jnp.sum(jnp.stack(squares))


@gradient(
    of=l2_penalty,
    at=dict(params={"W": reals("d h"), "b": reals("h")}, strength=nonnegative()),
)
def l2_penalty_gradient(params: Any, strength: float | Float[Array, ""]) -> Any:
    """d(λ/2 Σ w²) = λ Σ w dw: each matrix pulls itself towards 0 by λW, and biases feel nothing."""
    return jax.tree.map(lambda w: strength * w if w.ndim > 1 else jnp.zeros_like(w), params)
