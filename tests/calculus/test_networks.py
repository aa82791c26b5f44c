"""What activations, losses and layers promise beyond being right one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, interval, positive, reals
from lab.calculus.networks import (
    activations,
    binary_losses,
    class_losses,
    convolutions,
    gates,
    linear_models,
    losses,
    naive_forms,
    normalisations,
    recurrence,
    regression_losses,
    smooth_activations,
)


@pytest.mark.parametrize(
    ("slope", "bend", "place", "height"),
    [
        (activations.sigmoid_derivative, smooth_activations.sigmoid_second_derivative, 0.0, 0.25),
        (activations.gelu_derivative, smooth_activations.gelu_second_derivative, 2**0.5, 1.1289),
        (activations.silu_derivative, smooth_activations.silu_second_derivative, 2.39936, 1.0998),
    ],
)
def test_where_an_activation_is_steepest(slope, bend, place, height):
    at, beside = jnp.array(place), jnp.linspace(-8.0, 8.0, 401)
    np.testing.assert_allclose(bend(at), 0, atol=1e-5)
    np.testing.assert_allclose(slope(at), height, atol=5e-5)
    assert jnp.all(slope(beside) <= slope(at) + 1e-9)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_sparsemax_is_the_nearest_point_of_the_simplex(size):
    z = 2 * jax.random.normal(jax.random.key(size), (size,))
    p = gates.sparsemax(z)
    np.testing.assert_allclose(p.sum(), 1, rtol=1e-12)
    assert jnp.all(p >= 0)
    others = jax.random.dirichlet(jax.random.key(1), jnp.ones(size), (200,))
    assert jnp.all(jnp.sum((others - z) ** 2, axis=1) >= jnp.sum((p - z) ** 2) - 1e-12)


@pytest.mark.parametrize(
    ("a", "other"),
    [
        (1.0, lambda r, c: regression_losses.pseudo_huber(r / c, jnp.array(1.0))),
        (-2.0, lambda r, c: 4 * regression_losses.geman_mcclure(r / c / 2)),
        (2 - 1e-7, lambda r, c: (r / c) ** 2 / 2),
        (1e-7, lambda r, c: jnp.log1p((r / c) ** 2 / 2)),
    ],
)
def test_one_robust_loss_for_all(a, other):
    r, c = jnp.linspace(-9, 9, 31), jnp.array(1.7)
    np.testing.assert_allclose(
        regression_losses.barron_loss(r, c, jnp.array(a)), other(r, c), rtol=1e-4, atol=1e-12
    )


def test_a_correlation_is_numpys():
    x, w = np.arange(7.0) ** 2, np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(
        convolutions.correlate(jnp.asarray(x), jnp.asarray(w)), np.correlate(x, w)
    )
    X, K = np.outer(x, x + 1)[:5], np.outer(w[:2], w)
    windows = np.lib.stride_tricks.sliding_window_view(X, K.shape)
    np.testing.assert_allclose(
        convolutions.correlate_images(jnp.asarray(X), jnp.asarray(K)),
        np.einsum("ijkl,kl->ij", windows, K),
    )


def test_pooling_undoes_upsampling():
    X = jax.random.normal(jax.random.key(0), (3, 4))
    for pool in (convolutions.average_pooling, convolutions.max_pooling):
        np.testing.assert_allclose(pool(convolutions.upsampling(X)), X)


def test_what_keeps_lengths():
    X = jax.random.normal(jax.random.key(0), (3, 8))
    turned = recurrence.rotary_embedding(X, jax.random.normal(jax.random.key(1), (3, 4)))
    np.testing.assert_allclose(jnp.linalg.norm(turned, axis=1), jnp.linalg.norm(X, axis=1))
    W = normalisations.spectral_normalisation(X)
    np.testing.assert_allclose(jnp.linalg.norm(W, ord=2), 1)


def test_descent_arrives_at_the_normal_equations():
    X = jax.random.normal(jax.random.key(0), (20, 3))
    y, l = jax.random.normal(jax.random.key(1), (20,)), jnp.array(0.1)
    w = linear_models.descended(jnp.zeros(3), X, y, l, jnp.array(0.5), 300)
    np.testing.assert_allclose(w, linear_models.ridge_fit(X, y, l), rtol=1e-10)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_sure_answer_still_has_a_slope(dtype):
    z, one = jnp.array(25.0, dtype), jnp.ones((), dtype)
    slope = binary_losses.binary_cross_entropy_with_logits_derivative(z, one)
    np.testing.assert_allclose(slope, -np.exp(-25.0), rtol=1e-5)


@pytest.mark.parametrize(
    ("of", "wrong", "kind", "wrt", "at"),
    [
        (activations.sigmoid, lambda x: activations.sigmoid(x) * (1 + activations.sigmoid(x)),
         "derivative", 0, {"x": reals()}),
        (smooth_activations.swish, lambda x, b: activations.sigmoid(b * x)
         * (1 + x * activations.sigmoid(-b * x)), "derivative", "x", {"x": reals(), "b": reals()}),
        (regression_losses.huber, lambda r, d: r, "derivative", "r",
         {"r": reals(), "d": positive()}),
        (binary_losses.logistic_regression_loss,
         lambda w, X, y: X.T @ (activations.sigmoid(X @ w) - y), "gradient", "w",
         {"w": reals("d"), "X": reals("n d"), "y": interval(0.0, 1.0, "n")}),
        (class_losses.brier_score, lambda z, y: 2 * (class_losses.softmax(z) - y), "gradient", "z",
         {"z": reals("k"), "y": reals("k")}),
        (convolutions.embedding, lambda E, index, c: jnp.zeros_like(E).at[index].set(c), "vjp",
         "E", {"E": reals("3 d"), "index": np.array([1, 1, 0])}),
        (normalisations.unit_rows, lambda X, c: c / jnp.linalg.norm(X, axis=1, keepdims=True),
         "vjp", 0, {"X": positive("n d")}),
        (recurrence.rotary_embedding, lambda X, angle, c: recurrence.rotary_embedding(c, angle),
         "vjp", "X", {"X": reals("n 2d"), "angle": reals("n d")}),
        (linear_models.leave_one_out_errors, lambda X, y, penalty: y - X @ linear_models.ridge_fit(
            X, y, penalty / y.size), "identity", 0,
         {"X": reals("n+3 2"), "y": reals("n+3"), "penalty": positive()}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, kind, wrt, at):
    assert check(of, wrong, kind=kind, wrt=wrt, at=at).verdict == "wrong"


@pytest.mark.parametrize(
    ("of", "naive", "stable", "kind", "wrt", "at"),
    [
        (activations.softplus, naive_forms.naive_softplus, activations.softplus, "identity", 0,
         {"x": reals()}),
        (activations.softplus, naive_forms.naive_softplus_derivative,
         activations.softplus_derivative, "derivative", 0, {"x": reals()}),
        (losses.softmax, naive_forms.naive_softmax_jacobian, losses.softmax_jacobian, "jacobian",
         0, {"z": reals("k")}),
        (losses.softmax, naive_forms.naive_softmax, losses.softmax, "identity", 0,
         {"z": reals("k")}),
    ],
)  # fmt: skip
def test_a_naive_form_is_told_from_the_stable_one(of, naive, stable, kind, wrt, at):
    assert check(of, stable, kind=kind, wrt=wrt, at=at).verdict == "correct"
    assert check(of, naive, kind=kind, wrt=wrt, at=at).verdict == "unstable"


def test_a_naive_variance_of_large_numbers_is_noise():
    x = 1e4 + jnp.arange(5.0).astype("float32")
    assert abs(naive_forms.naive_variance(x) - 2) > 1
    np.testing.assert_allclose(jnp.mean((x - jnp.mean(x)) ** 2), 2)


@pytest.mark.parametrize(
    ("naive", "stable", "place"),
    [
        (naive_forms.naive_sigmoid_derivative, activations.sigmoid_derivative, 20.0),
        (naive_forms.naive_tanh_derivative, activations.tanh_derivative, 11.0),
        (lambda z: naive_forms.naive_log_loss_derivative(z, jnp.ones_like(z)),
         lambda z: binary_losses.binary_cross_entropy_with_logits_derivative(z, jnp.ones_like(z)),
         20.0),
    ],
)  # fmt: skip
def test_where_a_naive_slope_has_no_digits_left_the_stable_one_has(naive, stable, place):
    at = jnp.float32(place)
    assert abs(naive(at) / stable(at) - 1) > 0.5
    np.testing.assert_allclose(stable(at), stable(at.astype("float64")), rtol=1e-5)
