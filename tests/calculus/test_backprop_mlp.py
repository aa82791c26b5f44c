"""Backpropagation at any depth, slopes that keep their digits, mistakes found where they are."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check
from lab.calculus.networks import activations, losses
from lab.calculus.networks.backprop_mlp import mlp_loss, mlp_loss_gradient
from lab.calculus.networks.backprop_written_out import (
    one_layer_loss,
    one_layer_loss_gradient,
    two_layer_loss,
    two_layer_loss_gradient,
)
from lab.calculus.networks.losses import (
    batch_mean_gradient,
    softmax,
    softmax_cross_entropy_gradient,
    surprisal,
    surprisal_vjp,
)
from lab.derivation import adjoint, derivation_of


def network(sizes, dtype):
    keys = jax.random.split(jax.random.key(len(sizes)), len(sizes) + 1)
    params = [
        {"W": jax.random.normal(key, (d, h), dtype), "b": jax.random.normal(key, (h,), dtype)}
        for key, (d, h) in zip(keys, pairwise(sizes), strict=False)
    ]
    X = jax.random.normal(keys[-1], (6, sizes[0]), dtype)
    return params, X, jnp.arange(6) % sizes[-1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("sizes", "activation"),
    [((3, 2), "tanh"), ((1, 1, 1), "gelu"), ((2, 5, 4, 3), "relu"), ((5, 4, 3, 2, 6, 3), "tanh")],
)
def test_any_depth_has_jaxs_gradient(sizes, activation, dtype):
    params, X, labels = network(sizes, dtype)

    @jax.jit
    def both(params):
        arguments = (params, X, labels, activation)
        return mlp_loss_gradient(*arguments), jax.grad(mlp_loss)(*arguments)

    hand, reference = both(tuple(params))
    assert jax.tree.structure(hand) == jax.tree.structure(reference)
    tolerance = 100 * float(jnp.finfo(dtype).eps)
    for ours, theirs in zip(jax.tree.leaves(hand), jax.tree.leaves(reference), strict=True):
        assert ours.dtype == dtype
        atol = tolerance * max(1.0, float(jnp.abs(theirs).max()))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol)


@pytest.mark.parametrize(
    "name",
    [
        *("relu", "tanh", "sigmoid", "softplus", "log_sigmoid"),
        *("silu", "gelu", "gelu_tanh", "elu", "softsign"),
    ],
)
def test_float32_keeps_the_digits_of_a_slope(name):
    slope = getattr(activations, f"{name}_derivative")
    x = jnp.concatenate([jnp.linspace(-1000, 1000, 4001), jnp.linspace(-12, 12, 4001)])
    x = x.astype("float32")
    low, high = slope(x), slope(x.astype("float64"))
    assert low.dtype == "float32"
    # An exponential's error is its argument's, hence |x| and, for a normal density, x².
    allowed = 1e-6 * (1 + x.astype("float64") ** 2) * jnp.abs(high)
    crossing = jnp.where(jnp.abs(high) < 0.1, 1e-7, 0.0)  # gelu and silu have slope 0 once
    smallest = float(jnp.finfo("float32").tiny) * 1e3
    assert jnp.all(jnp.abs(low.astype("float64") - high) <= allowed + crossing + smallest)


def test_a_sure_answer_keeps_its_gradient_in_float32():
    """One subtracted from a probability of 1 - 1e-9 would leave nothing."""
    z, labels = jnp.array([[0.0, 21.0, -2.0]]), jnp.array([1])
    exact = softmax_cross_entropy_gradient(z, labels)
    low = softmax_cross_entropy_gradient(z.astype("float32"), labels)
    np.testing.assert_allclose(low, exact, rtol=1e-5)
    assert softmax(z.astype("float32"))[0, 1] - 1 == 0


@pytest.mark.parametrize("name", ["softmax_vjp", "log_softmax_vjp"])
def test_a_constant_on_all_logits_changes_nothing(name):
    z, cotangent = jax.random.normal(jax.random.key(0), (2, 4, 5))
    np.testing.assert_allclose(getattr(losses, name)(z, cotangent).sum(axis=-1), 0, atol=1e-15)


def backward(params, X, labels, *, slope, per_sample):
    """The two-layer pullback, with two of its lines to be put in wrong."""
    A1 = jnp.tanh(X @ params["W1"] + params["b1"])
    Z2 = A1 @ params["W2"] + params["b2"]
    losses_bar = adjoint("losses", per_sample(surprisal(Z2, labels)))
    Z2_bar = adjoint("Z2", surprisal_vjp(Z2, labels, losses_bar))
    A1_bar = adjoint("A1", Z2_bar @ params["W2"].T)
    Z1_bar = adjoint("Z1", A1_bar * slope(A1))
    return {
        **{"W1": X.T @ Z1_bar, "b1": jnp.sum(Z1_bar, axis=0)},
        **{"W2": A1.T @ Z2_bar, "b2": jnp.sum(Z2_bar, axis=0)},
    }


def right_slope(A):
    return 1 - A**2


@pytest.mark.parametrize(
    ("slope", "per_sample", "wrong"),
    [
        (right_slope, batch_mean_gradient, []),
        (lambda A: 1 - A, jnp.ones_like, ["losses", "Z1"]),
    ],
)
def test_each_wrong_line_of_a_backward_pass_is_named(slope, per_sample, wrong):
    def hand(params, X, labels):
        return backward(params, X, labels, slope=slope, per_sample=per_sample)

    at = derivation_of(two_layer_loss_gradient).at
    verdict = check(two_layer_loss, hand, wrt="params", at=at)
    assert [name for name, said in verdict.steps.items() if said == "wrong"] == wrong
    assert verdict.verdict == ("wrong" if wrong else "correct")


def test_an_unsummed_bias_is_called_that():
    def hand(params, X, labels):
        Z = X @ params["W"] + params["b"]
        Z_bar = softmax_cross_entropy_gradient(Z, labels)
        return {"W": X.T @ Z_bar, "b": Z_bar}

    at = derivation_of(one_layer_loss_gradient).at
    verdict = check(one_layer_loss, hand, wrt="params", at=at)
    assert verdict.verdict == "wrong"
    assert "params['b']" in verdict.mistake.where
    assert "sum over axis 0" in verdict.mistake.says
