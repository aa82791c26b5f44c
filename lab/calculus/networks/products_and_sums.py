"""Layers of products and sums: one neuron, deep linear maps, shortcuts, gates, experts, adapters.

Every rule here is read off <C, dY>: write dY, move everything but the one differential to the other
side of the bracket. What was used twice collects twice.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks.activations import sigmoid, sigmoid_derivative, tanh_derivative
from lab.calculus.networks.losses import softmax, softmax_vjp
from lab.derivation import adjoint, gradient, tap, vjp
from lab.domains import reals

Vector = Float[Array, "..."]
Matrix = Float[Array, "_ _"]
Scalar = Float[Array, ""]


# ----- one sample, one neuron -----


def dense_one_sample(
    W: Float[Array, "h d"], x: Float[Array, " d"], b: Float[Array, " h"]
) -> Float[Array, " h"]:
    """``W x + b``: a column in, a column out."""
    return W @ x + b


@vjp(of=dense_one_sample, wrt=("W", "x", "b"), at=dict(W=reals("h d"), x=reals("d"), b=reals("h")))
def dense_one_sample_vjp(
    W: Float[Array, "h d"],
    x: Float[Array, " d"],
    b: Float[Array, " h"],
    cotangent: Float[Array, " h"],
) -> tuple[Float[Array, "h d"], Float[Array, " d"], Float[Array, " h"]]:
    """c·(dW x + W dx + db) = <c xᵀ, dW> + (Wᵀ c)·dx + c·db;  hence c xᵀ, Wᵀ c and c."""
    return jnp.outer(cotangent, x), W.T @ cotangent, cotangent


def dense_by_rows(
    X: Float[Array, "n d"], W: Float[Array, "h d"], b: Float[Array, " h"]
) -> Float[Array, "n h"]:
    """``X Wᵀ + b``: a row of W for each unit, as PyTorch keeps it. A dense layer on a batch."""
    return X @ W.T + b


@vjp(of=dense_by_rows, wrt=("X", "W", "b"), at=dict(X=reals("n d"), W=reals("h d"), b=reals("h")))
def dense_by_rows_vjp(
    X: Float[Array, "n d"],
    W: Float[Array, "h d"],
    b: Float[Array, " h"],
    cotangent: Float[Array, "n h"],
) -> tuple[Float[Array, "n d"], Float[Array, "h d"], Float[Array, " h"]]:
    """<C, dX Wᵀ + X dWᵀ + 1 dbᵀ>, and <C, X dWᵀ> = <Cᵀ X, dW>;

    hence C W for X, Cᵀ X for W and column sums of C for b.
    """
    return cotangent @ W, cotangent.T @ X, jnp.sum(cotangent, axis=0)


def neuron(w: Float[Array, " d"], b: Scalar, x: Float[Array, " d"]) -> Scalar:
    """``max(0, w·x + b)``. One neuron's activation."""
    return jnp.maximum(0.0, w @ x + b)


@gradient(
    of=neuron,
    wrt=("w", "b"),
    at=dict(w=reals("d"), b=reals(), x=reals("d")),
    kinks="w·x + b == 0",
)
def neuron_gradient(
    w: Float[Array, " d"], b: Scalar, x: Float[Array, " d"]
) -> tuple[Float[Array, " d"], Scalar]:
    """While active it is w·x + b, and else 0;  hence x and 1 if w·x + b > 0, and 0 if not."""
    active = (w @ x + b > 0).astype(x.dtype)
    return active * x, active


def neuron_squared_loss(
    w: Float[Array, " d"], b: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Scalar:
    """``mean (y - max(0, X w + b))²``."""
    return jnp.mean((y - jnp.maximum(0.0, X @ w + b)) ** 2)


@gradient(
    of=neuron_squared_loss,
    wrt=("w", "b"),
    at=dict(w=reals("d"), b=reals(), X=reals("n d"), y=reals("n")),
    kinks="an entry of X w + b == 0",
)
def neuron_squared_loss_gradient(
    w: Float[Array, " d"], b: Scalar, X: Float[Array, "n d"], y: Float[Array, " n"]
) -> tuple[Float[Array, " d"], Scalar]:
    """e = y - max(0, z), z = Xw + b1;  dL = -2/n Σ e_i [z_i > 0] (x_i·dw + db);

    hence -2/n Σ_active e_i x_i and -2/n Σ_active e_i: who is silent learns nothing.
    """
    z = X @ w + b
    felt = jnp.where(z > 0, -2 / y.size * (y - z), 0.0)
    return X.T @ felt, jnp.sum(felt)


# ----- one after another -----


def two_layers(
    W1: Float[Array, "h d"],
    b1: Float[Array, " h"],
    W2: Float[Array, "k h"],
    b2: Float[Array, " k"],
    x: Float[Array, " d"],
) -> Float[Array, " k"]:
    """``W2 sigmoid(W1 x + b1) + b2``."""
    a = tap("a", W1 @ x + b1)
    h = tap("h", sigmoid(a))
    return W2 @ h + b2


@vjp(
    of=two_layers,
    wrt=("W1", "b1", "W2", "b2", "x"),
    at=dict(W1=reals("h d"), b1=reals("h"), W2=reals("k h"), b2=reals("k"), x=reals("d")),
)
def two_layers_vjp(
    W1: Float[Array, "h d"],
    b1: Float[Array, " h"],
    W2: Float[Array, "k h"],
    b2: Float[Array, " k"],
    x: Float[Array, " d"],
    cotangent: Float[Array, " k"],
) -> tuple[Matrix, Vector, Matrix, Vector, Vector]:
    """dy = dW2 h + W2 dh + db2, dh = s'(a) ∘ da, da = dW1 x + W1 dx + db1;  backwards

    h̄ = W2ᵀ c, ā = h̄ ∘ s'(a), hence ā xᵀ, ā, c hᵀ, c, and W1ᵀ ā for x.
    """
    a = W1 @ x + b1
    h_bar = adjoint("h", W2.T @ cotangent)
    a_bar = adjoint("a", h_bar * sigmoid_derivative(a))
    return jnp.outer(a_bar, x), a_bar, jnp.outer(cotangent, sigmoid(a)), cotangent, W1.T @ a_bar


def deep_linear(weights: Sequence[Matrix]) -> Matrix:
    """``W_L ... W_2 W_1``, weights listed from the first layer on."""
    product = weights[0]
    for W in weights[1:]:
        product = W @ product
    return product


@vjp(of=deep_linear, at=dict(weights=[reals("h d"), reals("j h"), reals("k j")]))
def deep_linear_vjp(weights: Sequence[Matrix], cotangent: Matrix) -> list[Matrix]:
    """dP = Σ_l A_l dW_l B_l, A_l = W_L ... W_{l+1}, B_l = W_{l-1} ... W_1;

    hence A_lᵀ C B_lᵀ: what follows and what comes before, both transposed. All is linear in each
    layer and nothing is linear in all of them.
    """
    grads = []
    for l in range(len(weights)):
        G = cotangent
        for W in reversed(weights[l + 1 :]):
            G = W.T @ G
        if l:
            G = G @ deep_linear(weights[:l]).T
        grads.append(G)
    return grads


def residual_block(X: Float[Array, "n d"], W: Float[Array, "d d"]) -> Float[Array, "n d"]:
    """``X + tanh(X W)`` (He et al. 2016)."""
    return X + jnp.tanh(X @ W)


@vjp(of=residual_block, wrt=("X", "W"), at=dict(X=reals("n d"), W=reals("d d")))
def residual_block_vjp(
    X: Float[Array, "n d"], W: Float[Array, "d d"], cotangent: Float[Array, "n d"]
) -> tuple[Float[Array, "n d"], Float[Array, "d d"]]:
    """dY = dX + tanh'(Z) ∘ (dX W + X dW);  hence C + Z̄ Wᵀ and Xᵀ Z̄ with Z̄ = C ∘ tanh'(Z):

    whatever the block does, C itself arrives below.
    """
    Z_bar = cotangent * tanh_derivative(X @ W)
    return cotangent + Z_bar @ W.T, X.T @ Z_bar


def rematerialised_blocks(X: Float[Array, "n d"], W: Float[Array, "d d"]) -> Float[Array, "n d"]:
    """``residual_block`` twice, neither keeping its intermediates (`jax.checkpoint`).

    Rematerialisation.
    """
    block = jax.checkpoint(residual_block)
    return block(block(X, W), W)


@vjp(of=rematerialised_blocks, wrt=("X", "W"), at=dict(X=reals("n d"), W=reals("d d")))
def rematerialised_blocks_vjp(
    X: Float[Array, "n d"], W: Float[Array, "d d"], cotangent: Float[Array, "n d"]
) -> tuple[Float[Array, "n d"], Float[Array, "d d"]]:
    """Forgetting and recomputing changes no value;  hence the chain of two pullbacks as ever, the

    middle computed again from X, and W, used twice, collecting twice.
    """
    middle_bar, W_late = residual_block_vjp(residual_block(X, W), W, cotangent)
    X_bar, W_early = residual_block_vjp(X, W, middle_bar)
    return X_bar, W_late + W_early


# ----- side by side -----


def gated(g: Vector, x: Vector, h: Vector) -> Vector:
    """``g x + (1 - g) h``: a highway between two values (Srivastava et al. 2015).

    Gating.
    """
    return g * x + (1 - g) * h


@vjp(of=gated, wrt=("g", "x", "h"), at=dict(g=reals("n d"), x=reals("n d"), h=reals("n d")))
def gated_vjp(g: Vector, x: Vector, h: Vector, cotangent: Vector) -> tuple[Vector, Vector, Vector]:
    """dy = (x - h) dg + g dx + (1 - g) dh;  hence c (x - h), c g and c (1 - g)."""
    return cotangent * (x - h), cotangent * g, cotangent * (1 - g)


def gains(X: Float[Array, "n d"], gain: Float[Array, " d"]) -> Float[Array, "n d"]:
    """``gain ∘ row`` for every row: positional (affine) scaling."""
    return gain * X


@vjp(of=gains, wrt=("X", "gain"), at=dict(X=reals("n d"), gain=reals("d")))
def gains_vjp(
    X: Float[Array, "n d"], gain: Float[Array, " d"], cotangent: Float[Array, "n d"]
) -> tuple[Float[Array, "n d"], Float[Array, " d"]]:
    """dY = gain ∘ dX + X ∘ 1 dgainᵀ;  hence C ∘ gain, and column sums of C ∘ X for what was

    copied to every row.
    """
    return cotangent * gain, jnp.sum(cotangent * X, axis=0)


def mixture_of_experts(z: Float[Array, " k"], F: Float[Array, "k d"]) -> Float[Array, " d"]:
    """``Σ_k p_k F_k``, ``p = softmax(z)``: answers averaged, each by how much it is trusted.

    A soft gate over experts.
    """
    return softmax(z) @ F


@vjp(of=mixture_of_experts, wrt=("z", "F"), at=dict(z=reals("k"), F=reals("k d")))
def mixture_of_experts_vjp(
    z: Float[Array, " k"], F: Float[Array, "k d"], cotangent: Float[Array, " d"]
) -> tuple[Float[Array, " k"], Float[Array, "k d"]]:
    """dy = Σ dp_k F_k + p_k dF_k, so p̄ = F c and F̄_k = p_k c;

    hence z̄ = p ∘ (F c - y·c): trust goes to the experts that beat the average.
    """
    return softmax_vjp(z, F @ cotangent), jnp.outer(softmax(z), cotangent)


def low_rank_adapter(
    W: Float[Array, "h d"], A: Float[Array, "r d"], B: Float[Array, "h r"], x: Float[Array, " d"]
) -> Float[Array, " h"]:
    """``(W + B A) x``, W frozen (Hu et al. 2021): LoRA, a low-rank adapter."""
    return W @ x + B @ (A @ x)


@vjp(
    of=low_rank_adapter,
    wrt=("A", "B", "x"),
    at=dict(W=reals("h d"), A=reals("r d"), B=reals("h r"), x=reals("d")),
)
def low_rank_adapter_vjp(
    W: Float[Array, "h d"],
    A: Float[Array, "r d"],
    B: Float[Array, "h r"],
    x: Float[Array, " d"],
    cotangent: Float[Array, " h"],
) -> tuple[Float[Array, "r d"], Float[Array, "h r"], Float[Array, " d"]]:
    """c·(dB A x + B dA x + (W + BA) dx);  hence Bᵀ c xᵀ for A, c (A x)ᵀ for B, and Wᵀc + AᵀBᵀc:

    with B = 0 at the start A is not moved, and B is.
    """
    through = B.T @ cotangent
    return (
        jnp.outer(through, x),
        jnp.outer(cotangent, A @ x),
        W.T @ cotangent + A.T @ through,
    )
