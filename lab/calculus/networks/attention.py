"""Attention: every query takes an average of the values, and learns where to look.

Q holds n queries, K holds m keys and V the m values that belong to them, one to a row.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks.losses import softmax, softmax_vjp
from lab.derivation import identity, vjp
from lab.domains import reals


def attention(
    Q: Float[Array, "n d"], K: Float[Array, "m d"], V: Float[Array, "m e"]
) -> Float[Array, "n e"]:
    """``softmax(Q Kᵀ / sqrt d) V``: each query's average of the values (Vaswani et al. 2017).

    Scaled dot-product attention.
    """
    return softmax(Q @ K.T / Q.shape[1] ** 0.5) @ V


@vjp(
    of=attention,
    wrt=("Q", "K", "V"),
    at=dict(Q=reals("n d"), K=reals("m d"), V=reals("m e")),
)
def attention_vjp(
    Q: Float[Array, "n d"],
    K: Float[Array, "m d"],
    V: Float[Array, "m e"],
    cotangent: Float[Array, "n e"],
) -> tuple[Float[Array, "n d"], Float[Array, "m d"], Float[Array, "m e"]]:
    """O = PV, P = softmax(S), S = QKᵀ/√d, backwards: V̄ = Pᵀ C and P̄ = C Vᵀ;

    S̄ = P ∘ (P̄ - rowsum(P ∘ P̄)), the softmax's pullback row by row;
    dS = (dQ Kᵀ + Q dKᵀ)/√d, so Q̄ = S̄ K/√d and K̄ = S̄ᵀ Q/√d.
    """
    scale = Q.shape[1] ** -0.5
    S = scale * Q @ K.T
    S_bar = softmax_vjp(S, cotangent @ V.T)
    return scale * S_bar @ K, scale * S_bar.T @ Q, softmax(S).T @ cotangent


def attention_row_sums(
    Q: Float[Array, "n d"],
    K: Float[Array, "m d"],
    V: Float[Array, "m e"],
    cotangent: Float[Array, "n e"],
) -> Float[Array, " n"]:
    """``rowsum(P ∘ P̄)``, the dot products that attention's pullback subtracts."""
    return jnp.sum(softmax(Q @ K.T / Q.shape[1] ** 0.5) * (cotangent @ V.T), axis=1)


@identity(
    of=attention_row_sums,
    at=dict(Q=reals("n d"), K=reals("m d"), V=reals("m e"), cotangent=reals("n e")),
)
def attention_row_sums_from_output(
    Q: Float[Array, "n d"],
    K: Float[Array, "m d"],
    V: Float[Array, "m e"],
    cotangent: Float[Array, "n e"],
) -> Float[Array, " n"]:
    """Σ_j P_ij P̄_ij = Σ_j P_ij Σ_e C_ie V_je = Σ_e C_ie O_ie: the output is enough.

    So P (n by m) need not be kept for the backward pass: FlashAttention (Dao et al. 2022). The
    attention row identity.
    """
    return jnp.sum(attention(Q, K, V) * cotangent, axis=1)


def attention_head(
    X: Float[Array, "n d"],
    query: Float[Array, "d h"],
    key: Float[Array, "d h"],
    value: Float[Array, "d e"],
) -> Float[Array, "n e"]:
    """Self-attention: the rows of X ask, answer and are averaged, each through its own matrix."""
    return attention(X @ query, X @ key, X @ value)


@vjp(
    of=attention_head,
    wrt=("X", "query", "key", "value"),
    at=dict(X=reals("n d"), query=reals("d h"), key=reals("d h"), value=reals("d e")),
)
def attention_head_vjp(
    X: Float[Array, "n d"],
    query: Float[Array, "d h"],
    key: Float[Array, "d h"],
    value: Float[Array, "d e"],
    cotangent: Float[Array, "n e"],
) -> tuple[Float[Array, "n d"], Float[Array, "d h"], Float[Array, "d h"], Float[Array, "d e"]]:
    """Q = X W_q, K = X W_k, V = X W_v: attention's pullback, then that of three dense layers.

    X was used three times, so its cotangent is a sum: X̄ = Q̄ W_qᵀ + K̄ W_kᵀ + V̄ W_vᵀ.
    """
    Q_bar, K_bar, V_bar = attention_vjp(X @ query, X @ key, X @ value, cotangent)
    X_bar = Q_bar @ query.T + K_bar @ key.T + V_bar @ value.T
    return X_bar, X.T @ Q_bar, X.T @ K_bar, X.T @ V_bar
