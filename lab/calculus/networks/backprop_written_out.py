"""Backpropagation written out: networks of one, two and three layers, one line for each arrow.

A batch X of shape (n, d), one sample to a row, goes through Z = A W + b and A = activation(Z) a few
times; the last Z holds the logits of a cross-entropy on integer labels. Every intermediate has a
name going forward (`tap`), and its cotangent, of the same shape, has it going back (`adjoint`): so
that a mistake in one line can be told from a mistake in another.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.calculus.networks.activations import gelu, gelu_derivative, tanh
from lab.calculus.networks.losses import batch_mean, batch_mean_gradient, surprisal, surprisal_vjp
from lab.derivation import adjoint, gradient, tap
from lab.domains import labels as classes
from lab.domains import reals

Network = dict[str, Float[Array, "..."]]


def one_layer_loss(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Float[Array, ""]:
    """Softmax regression: cross-entropy of ``X W + b``."""
    Z = tap("Z", X @ params["W"] + params["b"])
    losses = tap("losses", surprisal(Z, labels))
    return batch_mean(losses)


@gradient(
    of=one_layer_loss,
    wrt="params",
    at=dict(params={"W": reals("d k"), "b": reals("k")}, X=reals("n d"), labels=classes("n", "k")),
)
def one_layer_loss_gradient(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Network:
    """losses -> mean:   dℓ = 1/n each
    Z -> losses:      dZ = dℓ ∘ (P - Y), row by row, P = softmax(Z), Y = onehot(labels)
    W, b -> Z:        <dZ, X dW + 1 dbᵀ> = <Xᵀ dZ, dW> + <dZᵀ 1, db>.
    """
    Z = X @ params["W"] + params["b"]
    losses_bar = adjoint("losses", batch_mean_gradient(surprisal(Z, labels)))
    Z_bar = adjoint("Z", surprisal_vjp(Z, labels, losses_bar))
    return {"W": X.T @ Z_bar, "b": jnp.sum(Z_bar, axis=0)}


def two_layer_loss(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Float[Array, ""]:
    """Cross-entropy of ``tanh(X W1 + b1) W2 + b2``."""
    Z1 = tap("Z1", X @ params["W1"] + params["b1"])
    A1 = tap("A1", tanh(Z1))
    Z2 = tap("Z2", A1 @ params["W2"] + params["b2"])
    losses = tap("losses", surprisal(Z2, labels))
    return batch_mean(losses)


@gradient(
    of=two_layer_loss,
    wrt="params",
    at=dict(
        params={"W1": reals("d h"), "b1": reals("h"), "W2": reals("h k"), "b2": reals("k")},
        X=reals("n d"),
        labels=classes("n", "k"),
    ),
)
def two_layer_loss_gradient(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Network:
    """dℓ = 1/n;  dZ2 = dℓ ∘ (P - Y)
    dW2 = A1ᵀ dZ2,  db2 = column sums of dZ2,  dA1 = dZ2 W2ᵀ
    dZ1 = dA1 ∘ (1 - A1²), for tanh' = 1 - tanh², which needs the output A1 alone, not Z1
    dW1 = Xᵀ dZ1,  db1 = column sums of dZ1.
    """
    A1 = tanh(X @ params["W1"] + params["b1"])
    Z2 = A1 @ params["W2"] + params["b2"]

    losses_bar = adjoint("losses", batch_mean_gradient(surprisal(Z2, labels)))
    Z2_bar = adjoint("Z2", surprisal_vjp(Z2, labels, losses_bar))
    A1_bar = adjoint("A1", Z2_bar @ params["W2"].T)
    Z1_bar = adjoint("Z1", A1_bar * (1 - A1) * (1 + A1))
    return {
        "W1": X.T @ Z1_bar,
        "b1": jnp.sum(Z1_bar, axis=0),
        "W2": A1.T @ Z2_bar,
        "b2": jnp.sum(Z2_bar, axis=0),
    }


def three_layer_loss(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Float[Array, ""]:
    """Cross-entropy of ``gelu(gelu(X W1 + b1) W2 + b2) W3 + b3``."""
    Z1 = tap("Z1", X @ params["W1"] + params["b1"])
    A1 = tap("A1", gelu(Z1))
    Z2 = tap("Z2", A1 @ params["W2"] + params["b2"])
    A2 = tap("A2", gelu(Z2))
    Z3 = tap("Z3", A2 @ params["W3"] + params["b3"])
    losses = tap("losses", surprisal(Z3, labels))
    return batch_mean(losses)


@gradient(
    of=three_layer_loss,
    wrt="params",
    at=dict(
        params={
            "W1": reals("d h"),
            "b1": reals("h"),
            "W2": reals("h j"),
            "b2": reals("j"),
            "W3": reals("j k"),
            "b3": reals("k"),
        },
        X=reals("n d"),
        labels=classes("n", "k"),
    ),
)
def three_layer_loss_gradient(
    params: Network, X: Float[Array, "n d"], labels: Int[Array, " n"]
) -> Network:
    """As for two layers with one more turn of the same crank, and gelu' = Φ + z φ for tanh':

    dZ3 = (P - Y)/n;  dA2 = dZ3 W3ᵀ, dZ2 = dA2 ∘ gelu'(Z2);  dA1 = dZ2 W2ᵀ, dZ1 = dA1 ∘ gelu'(Z1);
    at each layer dW = (its input)ᵀ dZ and db = column sums of dZ.
    """
    Z1 = X @ params["W1"] + params["b1"]
    A1 = gelu(Z1)
    Z2 = A1 @ params["W2"] + params["b2"]
    A2 = gelu(Z2)
    Z3 = A2 @ params["W3"] + params["b3"]

    losses_bar = adjoint("losses", batch_mean_gradient(surprisal(Z3, labels)))
    Z3_bar = adjoint("Z3", surprisal_vjp(Z3, labels, losses_bar))
    A2_bar = adjoint("A2", Z3_bar @ params["W3"].T)
    Z2_bar = adjoint("Z2", A2_bar * gelu_derivative(Z2))
    A1_bar = adjoint("A1", Z2_bar @ params["W2"].T)
    Z1_bar = adjoint("Z1", A1_bar * gelu_derivative(Z1))
    return {
        "W1": X.T @ Z1_bar,
        "b1": jnp.sum(Z1_bar, axis=0),
        "W2": A1.T @ Z2_bar,
        "b2": jnp.sum(Z2_bar, axis=0),
        "W3": A2.T @ Z3_bar,
        "b3": jnp.sum(Z3_bar, axis=0),
    }
