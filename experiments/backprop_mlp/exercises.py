"""Exercises on backprop_mlp: the chain rule, layer by layer, backwards.

Of every value z in a network let dz be the gradient of the loss with respect to it, in its shape.
A layer y = g(x, W) turns dy into dx and dW. Linear layers transpose, dX = dY W' and dW = X' dY;
what was broadcast is summed; elementwise functions multiply by their slope.
"""

import jax
import jax.numpy as jnp

from lab import adjoint, tap

# ----- one layer -----


def gradient_sizes():
    """Easy: every gradient has the shape of its argument.

    Five samples X of 3 features go through W1 (3 x 4), b1 (4), a nonlinearity and W2 (4 x 2). How
    many numbers are in the gradients of the loss for X, W1, b1 and W2? An array of four.
    """
    ...


def affine(X, W, b):
    return X @ W + b


def affine_backward(X, W, b, dY):
    """Easy: a linear layer, backwards.

    From dY, the cotangent of the output of `affine`, the tuple (dX, dW, db).
    """
    ...


def tanh_layer(X, W, b):
    return jnp.tanh(X @ W + b)


def tanh_layer_backward(X, W, b, dY):
    """Medium: a layer with a nonlinearity, backwards.

    From dY, the cotangent of the output of `tanh_layer`, the tuple (dX, dW, db).
    """
    ...


def dead_unit():
    """Medium: a unit that has stopped learning.

    A unit computes relu(2x + b) and sees the inputs -1, 0, 1 and 3. Give a b with which none of
    its gradients is ever anything but 0, whatever slope relu is given at its corner.
    """
    ...


# ----- the end of the network -----


def cross_entropy(z, y):
    """The mean over the batch of -ln softmax(z) at the labels y."""
    return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(y.size), y])


def cross_entropy_gradient(z, y):
    """Medium: the shortcut of softmax and cross-entropy.

    The gradient of `cross_entropy` with respect to the logits z (n x k), for labels y (n).
    """
    ...


# ----- all of it -----


def loss(W1, W2, X, Y):
    a = tap("a", jnp.tanh(X @ W1))
    z = tap("z", a @ W2)
    return jnp.sum((z - Y) ** 2) / 2


def loss_gradient(W1, W2, X, Y):
    """Hard: two layers, backwards.

    The gradients of `loss` for W1 and W2, as a tuple. Wrap the steps, dz = adjoint("z", ...) and
    da = adjoint("a", ...), and each of them is judged by itself.
    """
    ...


def layer_norm(x):
    centered = x - jnp.mean(x)
    return centered / jnp.sqrt(jnp.mean(centered**2) + 1e-5)


def layer_norm_backward(x, dy):
    """Hard: layer normalisation, backwards.

    From dy, the cotangent of the output of `layer_norm`, that of x: without building an n x n
    matrix. Mean and deviation move with x, too.
    """
    ...


# ----- attention -----


def attention(Q, K, V):
    """Every row of Q asks the rows of K, and gets a mean of the rows of V, weighted by likeness."""
    P = jax.nn.softmax(Q @ K.T / Q.shape[1] ** 0.5)
    return P @ V


def attention_backward(Q, K, V, dO):
    """Hard: attention, backwards.

    From dO, the cotangent of the output of `attention`, those of Q, K and V, in that order. (Name
    the steps: S = QK' / sqrt d, P = softmax(S), row by row, and O = PV.)
    """
    ...
