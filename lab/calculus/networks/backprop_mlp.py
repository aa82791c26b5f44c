"""Backpropagation by hand: the gradient of a network's loss, layer by layer, last layer first.

A multilayer perceptron sends a batch X of shape (n, d), one sample to a row, through

    Z_l = A_{l-1} W_l + b_l,   A_l = activation(Z_l),   A_0 = X,

and the last Z, without an activation, holds the logits of a cross-entropy on integer labels.
Going back, one array per layer is enough: the cotangent of its pre-activation, dZ_l, the shape of
Z_l. From it come dW_l = A_{l-1}ᵀ dZ_l and db_l = column sums of dZ_l, and the layer below:
dA_{l-1} = dZ_l W_lᵀ, dZ_{l-1} = dA_{l-1} ∘ activation'(Z_{l-1}).

Networks of one to three layers, every line of them, are in ``backprop_written_out``.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.calculus.networks.activations import (
    gelu,
    gelu_derivative,
    relu,
    relu_derivative,
    tanh,
    tanh_derivative,
)
from lab.calculus.networks.losses import batch_mean, batch_mean_gradient, surprisal, surprisal_vjp
from lab.derivation import adjoint, gradient, tap
from lab.domains import choice, reals
from lab.domains import labels as classes

Layer = dict[str, Float[Array, "..."]]
"""``{"W": (d_in, d_out), "b": (d_out,)}``"""


class Activation(NamedTuple):
    """What a hidden layer needs: the function, and its slope at the pre-activation."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


ACTIVATIONS = {
    "tanh": Activation(tanh, tanh_derivative),
    "relu": Activation(relu, relu_derivative),
    "gelu": Activation(gelu, gelu_derivative),
}
ActivationName = Literal["tanh", "relu", "gelu"]


class Pass(NamedTuple):
    """What the forward pass leaves for the way back: each layer's input and pre-activation."""

    inputs: list[Float[Array, "n _"]]
    preactivations: list[Float[Array, "n _"]]


def forward(params: Sequence[Layer], X: Float[Array, "n d"], activation: ActivationName) -> Pass:
    """Through every layer, keeping what the backward pass will ask for; the last Z is the logits.

    Taps: ``Z1, A1, Z2, ...`` name the pre-activation and the output of layers 1, 2, ...
    """
    inputs, preactivations = [X], []
    for depth, layer in enumerate(params, start=1):
        Z = tap(f"Z{depth}", inputs[-1] @ layer["W"] + layer["b"])
        preactivations.append(Z)
        if depth < len(params):
            inputs.append(tap(f"A{depth}", ACTIVATIONS[activation].value(Z)))
    return Pass(inputs, preactivations)


def mlp_logits(
    params: Sequence[Layer], X: Float[Array, "n d"], activation: ActivationName = "tanh"
) -> Float[Array, "n k"]:
    """The scores of the k classes for each sample."""
    return forward(params, X, activation).preactivations[-1]


def mlp_loss(
    params: Sequence[Layer],
    X: Float[Array, "n d"],
    labels: Int[Array, " n"],
    activation: ActivationName = "tanh",
) -> Float[Array, ""]:
    """Mean cross-entropy of a network of any number of layers; ``params`` is a list of them."""
    losses = tap("losses", surprisal(mlp_logits(params, X, activation), labels))
    return batch_mean(losses)


@gradient(
    of=mlp_loss,
    wrt="params",
    at=dict(
        params=[
            {"W": reals("d h"), "b": reals("h")},
            {"W": reals("h j"), "b": reals("j")},
            {"W": reals("j k"), "b": reals("k")},
        ],
        X=reals("n d"),
        labels=classes("n", "k"),
        activation=choice("tanh", "relu", "gelu"),
    ),
    kinks="a relu unit's Z == 0",
)
def mlp_loss_gradient(
    params: Sequence[Layer],
    X: Float[Array, "n d"],
    labels: Int[Array, " n"],
    activation: ActivationName = "tanh",
) -> Sequence[Layer]:
    """Last layer: dZ = (P - Y)/n.  Then, for l = L, ..., 1, with A = A_{l-1} and W = W_l:

    Z_l = A W + 1bᵀ, so <dZ, dA W + A dW + 1 dbᵀ> = <dZ Wᵀ, dA> + <Aᵀ dZ, dW> + <dZᵀ 1, db>:
        dW = Aᵀ dZ,  db = column sums of dZ,  dA = dZ Wᵀ;
    A = φ(Z_{l-1}) entry by entry: dZ_{l-1} = dA ∘ φ'(Z_{l-1}).  At l = 1, A is the data: stop.
    """
    inputs, preactivations = forward(params, X, activation)
    losses_bar = adjoint("losses", batch_mean_gradient(surprisal(preactivations[-1], labels)))
    Z_bar = adjoint(f"Z{len(params)}", surprisal_vjp(preactivations[-1], labels, losses_bar))

    grads: list[Layer] = []
    for depth in range(len(params), 0, -1):
        grads.append({"W": inputs[depth - 1].T @ Z_bar, "b": jnp.sum(Z_bar, axis=0)})
        if depth > 1:
            A_bar = adjoint(f"A{depth - 1}", Z_bar @ params[depth - 1]["W"].T)
            slope = ACTIVATIONS[activation].slope(preactivations[depth - 2])
            Z_bar = adjoint(f"Z{depth - 1}", A_bar * slope)
    return type(params)(reversed(grads))  # type: ignore[call-arg]
