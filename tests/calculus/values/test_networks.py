"""Activations, losses and layers are what their names say, by jax.nn, optax, SciPy and scikit-learn."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optax import projections
from scipy import linalg, ndimage, signal, special, stats
from sklearn import linear_model, metrics
from sklearn.metrics.pairwise import rbf_kernel

from lab.calculus.networks import (
    activations,
    attention,
    backprop_mlp,
    backprop_written_out,
    class_losses,
    convolutions,
    custom_rules,
    gates,
    layers,
    linear_models,
    losses,
    normalisations,
    penalties,
    products_and_sums,
    recurrence,
)
from lab.calculus.networks import binary_losses as binary
from lab.calculus.networks import likelihood_losses as likely
from lab.calculus.networks import piecewise_activations as piecewise
from lab.calculus.networks import regression_losses as regression
from lab.calculus.networks import smooth_activations as smooth
from tests.calculus.values.known import agrees, rows

nn = jax.nn
rng = np.random.default_rng(1)
x = np.array([-4.3, -2.3, -0.4, 0.2, 1.7, 7.1])
j = jnp.asarray(x)
n, k = rng.normal(size=(2, 6))
p, q = special.softmax(n), special.softmax(k)
hot = np.eye(6)[2]
share = special.expit(n)
sign = np.array([1.0, -1, 1, 1, -1, -1])
X, Y, Z = rng.normal(size=(3, 5, 3))
U = rng.normal(size=(4, 3))
W, V = rng.normal(size=(2, 3, 3))
w, b, g = rng.normal(size=(3, 3))
y5 = rng.normal(size=5)
labels = np.array([2, 0, 1, 1, 2])
counts = np.array([0.0, 3, 1, 2, 5, 1])
image, stencil = rng.normal(size=(4, 6)), rng.normal(size=(2, 3))
half, third = np.array(0.5), np.array(0.3)
rate = np.array(1.3)
phi = lambda z: np.where(z > 0, z + 1, np.exp(z))
centred = X - X.mean(1, keepdims=True)
tapped = np.tanh(X @ W + b) @ V + g


def cross_entropy(scores):
    return metrics.log_loss(labels, special.softmax(scores, axis=1), labels=[0, 1, 2])


def attend(Q, K, V):
    return special.softmax(Q @ K.T / math.sqrt(3), axis=1) @ V


def gelu(z):
    return z * stats.norm.cdf(z)


def states(W, U, h, X):
    out = []
    for x in X:
        h = np.tanh(W @ h + U @ x)
        out.append(h)
    return np.stack(out)


def turned(X, angle):
    pairs = (X[:, 0::2] + 1j * X[:, 1::2]) * np.exp(1j * angle)
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(X.shape)


ACTIVATIONS = [
    (activations.relu, (x,), np.clip(x, 0, None)),
    (activations.tanh, (x,), 2 * special.expit(2 * x) - 1),
    (activations.sigmoid, (x,), special.expit(x)),
    (activations.softplus, (x,), np.log1p(np.exp(x))),
    (activations.log_sigmoid, (x,), special.log_expit(x)),
    (activations.silu, (x,), x * special.expit(x)),
    (activations.gelu, (x,), gelu(x)),
    (activations.gelu_tanh, (x,), lambda: nn.gelu(j, approximate=True)),
    (activations.elu, (x,), np.where(x > 0, x, np.exp(x) - 1)),
    (activations.softsign, (x,), x / (1 + abs(x))),
    (piecewise.leaky_relu, (x, third), np.where(x > 0, x, 0.3 * x)),
    (piecewise.elu_scaled, (x, rate), lambda: nn.elu(j, 1.3)),
    (piecewise.selu, (x,), 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    (piecewise.celu, (x, rate), lambda: nn.celu(j, 1.3)),
    (piecewise.relu6, (x,), np.minimum(np.maximum(x, 0), 6)),
    (piecewise.hard_sigmoid, (x,), lambda: nn.hard_sigmoid(j)),
    (piecewise.hard_tanh, (x,), lambda: nn.hard_tanh(j)),
    (piecewise.hard_swish, (x,), x * np.clip(x + 3, 0, 6) / 6),
    (piecewise.soft_shrink, (x, rate), x - np.clip(x, -1.3, 1.3)),
    (piecewise.hard_shrink, (x, rate), np.where((x > 1.3) | (x < -1.3), x, 0)),
    (piecewise.maxout, (X, w), max(X @ w)),
    (smooth.swish, (x, rate), x / (1 + np.exp(-1.3 * x))),
    (smooth.sharp_softplus, (x, rate), np.logaddexp(0, 1.3 * x) / 1.3),
    (smooth.squareplus, (x, rate), lambda: nn.squareplus(j, 1.3)),
    (smooth.inverse_square_root_unit, (x, rate), np.tanh(np.arcsinh(math.sqrt(1.3) * x)) / math.sqrt(1.3)),
    (smooth.sine_activation, (x, rate), np.imag(np.exp(1.3j * x))),
    (smooth.snake, (x, rate), x + (1 - np.cos(2.6 * x)) / 2.6),
    (smooth.mish, (x,), x * np.tanh(np.log1p(np.exp(x)))),
    (smooth.arctan_activation, (x,), np.angle(1 + 1j * x)),
    (smooth.tanh_shrink, (x,), x - np.sinh(x) / np.cosh(x)),
    (smooth.log_cosh, (x,), np.log(np.cosh(x))),
    (gates.glu, (x, k), lambda: nn.glu(jnp.stack([j, jnp.asarray(k)]), axis=0)[0]),
    (gates.swiglu, (x, k), x * k * special.expit(k)),
    (gates.tempered_softmax, (n, half), special.softmax(n / 0.5)),
    (gates.sparsemax, (n,), lambda: projections.projection_simplex(jnp.asarray(n))),
]  # fmt: skip

LOSSES = [
    (losses.softmax, (X,), special.softmax(X, axis=1)),
    (losses.log_softmax, (X,), special.log_softmax(X, axis=1)),
    (losses.surprisal, (X, labels), -np.log(special.softmax(X, axis=1)[np.arange(5), labels])),
    (losses.softmax_cross_entropy, (X, labels), cross_entropy(X)),
    (losses.batch_mean, (n,), np.mean(n)),
    (losses.l2_penalty, ({"W": W, "b": w}, third), 0.15 * linalg.norm(W) ** 2),
    (backprop_mlp.mlp_loss, ([{"W": W, "b": b}, {"W": V, "b": g}], X, labels, "tanh"), cross_entropy(tapped)),
    (backprop_written_out.one_layer_loss, ({"W": W, "b": b}, X, labels), cross_entropy(X @ W + b)),
    (backprop_written_out.two_layer_loss, ({"W1": W, "b1": b, "W2": V, "b2": g}, X, labels), cross_entropy(tapped)),
    (backprop_written_out.three_layer_loss, (dict(W1=W, b1=b, W2=V, b2=g, W3=W.T.copy(), b3=w), X, labels),
     cross_entropy(gelu(gelu(X @ W + b) @ V + g) @ W.T + w)),
    (binary.binary_cross_entropy, (share, q), special.entr(q) + special.entr(1 - q) + special.rel_entr(q, share) + special.rel_entr(1 - q, 1 - share)),
    (binary.binary_cross_entropy_with_logits, (n, share), lambda: optax.sigmoid_binary_cross_entropy(jnp.asarray(n), jnp.asarray(share))),
    (binary.focal_loss, (share, rate), -np.exp(1.3 * np.log(1 - share)) * np.log(share)),
    (binary.logistic_regression_loss, (w, X, np.array([1.0, 0, 1, 0, 0])), metrics.log_loss([1, 0, 1, 0, 0], special.expit(X @ w))),
    (binary.logistic_margin_loss, (n, sign), -special.log_expit(sign * n)),
    (binary.hinge, (n, sign), lambda: optax.hinge_loss(jnp.asarray(n), jnp.asarray(sign))),
    (binary.squared_hinge, (n, sign), np.clip(1 - sign * n, 0, None) ** 2),
    (binary.perceptron_loss, (n, sign), lambda: optax.losses.perceptron_loss(jnp.asarray(n), jnp.asarray(sign))),
    (binary.exponential_loss, (n, sign), np.where(sign > 0, np.exp(-n), np.exp(n))),
    (class_losses.soft_cross_entropy, (n, q), lambda: optax.softmax_cross_entropy(jnp.asarray(n), jnp.asarray(q))),
    (class_losses.cross_entropy_of_probabilities, (p, q), stats.entropy(q) + stats.entropy(q, p)),
    (class_losses.smoothed_cross_entropy, (n, hot, third),
     lambda: optax.softmax_cross_entropy(jnp.asarray(n), optax.smooth_labels(jnp.asarray(hot), 0.3))),
    (class_losses.softmax_regression_loss, (W, X, labels), cross_entropy(X @ W)),
    (class_losses.brier_score, (n, hot), linalg.norm(p - hot) ** 2),
    (class_losses.weston_watkins, (n, np.array(2)), np.clip(np.delete(1 + n - n[2], 2), 0, None).sum()),
    (class_losses.crammer_singer, (n, np.array(2)), max(0, *(np.delete(1 + n - n[2], 2)))),
    (class_losses.kl_to_softmax, (n, q), stats.entropy(q, p)),
    (class_losses.kl_from_softmax, (n, q), stats.entropy(p, q)),
    (class_losses.log_sum_exp_bregman, (n, k), special.logsumexp(n) - special.logsumexp(k) - q @ (n - k)),
    (class_losses.sparsemax_loss, (n, hot), lambda: optax.losses.multiclass_sparsemax_loss(jnp.asarray(n[None]), jnp.asarray([2]))[0]),
    (likely.poisson_loss, (n, counts), special.kl_div(counts, np.exp(n)) - special.xlogy(counts, counts) + counts),
    (likely.gamma_loss, (n, share), -stats.gamma(1, scale=np.exp(n)).logpdf(share)),
    (likely.tweedie_loss, (n[:1].copy(), share[:1].copy(), rate),
     metrics.mean_tweedie_deviance(share[:1], np.exp(n[:1]), power=1.3) / 2 - share[:1] ** 0.7 / ((1 - 1.3) * 0.7)),
    (likely.gaussian_loss, (n, k, x), -np.mean(stats.norm(n, np.exp(k / 2)).logpdf(x)) - np.log(2 * np.pi) / 2),
    (likely.contrastive_loss, (share, np.eye(2)[0].repeat(3), rate), np.where(np.arange(6) < 3, share**2, np.clip(1.3 - share, 0, None) ** 2)),
    (likely.triplet_loss, (w, b, g, rate * 9), max(0, linalg.norm(w - b) ** 2 - linalg.norm(w - g) ** 2 + 11.7)),
    (likely.info_nce, (n, np.array(2), half), -special.log_softmax(n / 0.5)[2]),
    (likely.pairwise_ranking_loss, (n, k), -special.log_expit(n - k).sum()),
    (likely.generator_loss, (n,), -np.log(special.expit(n))),
    (likely.cosine_embedding_loss, (n, k), lambda: optax.cosine_distance(jnp.asarray(n), jnp.asarray(k))),
    (likely.soft_dice_loss, (hot, hot + np.eye(6)[4]), 1 - metrics.f1_score(hot > 0, hot + np.eye(6)[4] > 0)),
    (likely.soft_jaccard_loss, (hot, hot + np.eye(6)[4]), 1 - metrics.jaccard_score(hot > 0, hot + np.eye(6)[4] > 0)),
    (likely.wasserstein_on_the_line, (n, k), stats.wasserstein_distance(n, k)),
    (likely.squared_mmd, (X, U, np.array(0.8)), sum(
        weight * rbf_kernel(first, second, 1 / (2 * 0.64)).mean()
        for weight, first, second in ((1, X, X), (-2, X, U), (1, U, U)))),
    (regression.squared_error, (n, k), lambda: optax.l2_loss(jnp.asarray(n), jnp.asarray(k))),
    (regression.mean_squared_error, (n, k), metrics.mean_squared_error(k, n)),
    (regression.affine_squared_error, (w, half, X, y5), metrics.mean_squared_error(y5, X @ w + 0.5)),
    (regression.root_mean_squared_error, (n, k), metrics.root_mean_squared_error(k, n)),
    (regression.mean_absolute_error, (n, k), metrics.mean_absolute_error(k, n)),
    (regression.pinball, (n[:1].copy(), k[:1].copy(), third), np.array([metrics.mean_pinball_loss(k[:1], n[:1], alpha=0.3)])),
    (regression.expectile_loss, (x, third), np.where(x < 0, 0.7, 0.3) * x * x),
    (regression.huber, (x, rate), special.huber(1.3, x)),
    (regression.pseudo_huber, (x, rate), special.pseudo_huber(1.3, x)),
    (regression.cauchy_loss, (x, rate), 1.69 / 2 * (stats.cauchy(0, 1.3).logpdf(0) - stats.cauchy(0, 1.3).logpdf(x))),
    (regression.geman_mcclure, (x,), 0.5 - 0.5 / (1 + x * x)),
    (regression.welsch, (x, rate), 1.69 / 2 * (1 - np.exp(-x * x / 1.69))),
    (regression.tukey_biweight, (x, rate), 1.69 / 6 * (1 - np.clip(1 - (x / 1.3) ** 2, 0, 1) ** 3)),
    (regression.barron_loss, (x, rate, np.array(1.0)), special.pseudo_huber(1, x / 1.3)),
    (regression.barron_loss, (x, rate, np.array(-2.0)), 2 * (x / 1.3) ** 2 / ((x / 1.3) ** 2 + 4)),
    (penalties.ridge_penalty, (n, third), 0.15 * linalg.norm(n) ** 2),
    (penalties.lasso_penalty, (n, third), 0.3 * linalg.norm(n, 1)),
    (penalties.elastic_net_penalty, (n, third, half), 0.3 * linalg.norm(n, 1) + 0.25 * linalg.norm(n) ** 2),
    (penalties.group_lasso_penalty, (X, third), 0.3 * sum(map(linalg.norm, X))),
    (penalties.smoothed_total_variation, (n, third), np.sqrt((n[1:] - n[:-1]) ** 2 + 0.3).sum()),
]  # fmt: skip

LAYERS = [
    (layers.dense, (X, W, b), np.einsum("ni,ij->nj", X, W) + b),
    (layers.tanh_layer, (X,), 2 * special.expit(2 * X) - 1),
    (layers.relu_layer, (X,), X * (X > 0)),
    (layers.gelu_layer, (X,), gelu(X)),
    (layers.layer_norm, (X, g, b), lambda: g * nn.standardize(jnp.asarray(X), axis=1, epsilon=1e-5) + b),
    (layers.batch_norm, (X, g, b), g * (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-5) + b),
    (layers.rms_norm, (X, g), g * X / np.sqrt(np.square(X).mean(1, keepdims=True) + 1e-5)),
    (normalisations.standardised_rows, (X,), centred / np.sqrt(X.var(1, keepdims=True) + 1e-5)),
    (normalisations.frozen_batch_norm, (X, g, b, w, np.exp(w)), g * (X - w) / np.sqrt(np.exp(w) + 1e-5) + b),
    (normalisations.unit_rows, (X,), np.stack([row / linalg.norm(row) for row in X])),
    (normalisations.weight_norm, (rate, w), 1.3 * w / math.dist(w, [0, 0, 0])),
    (normalisations.spectral_normalisation, (X,), X / np.linalg.norm(X, 2)),
    (products_and_sums.dense_one_sample, (X, w, y5), np.einsum("ij,j->i", X, w) + y5),
    (products_and_sums.dense_by_rows, (X, U, np.ones(4)), np.einsum("ni,hi->nh", X, U) + 1),
    (products_and_sums.neuron, (w, half, b), max(0.0, w @ b + 0.5)),
    (products_and_sums.neuron_squared_loss, (w, half, X, y5), metrics.mean_squared_error(y5, np.clip(X @ w + 0.5, 0, None))),
    (products_and_sums.two_layers, (U, np.ones(4), U.T.copy(), b, w), U.T @ special.expit(U @ w + 1) + b),
    (products_and_sums.deep_linear, ([U.T.copy(), X, X.T.copy()],), np.linalg.multi_dot([X.T, X, U.T])),
    (products_and_sums.residual_block, (X, W), X + np.tanh(X @ W)),
    (products_and_sums.rematerialised_blocks, (X, W), (once := X + np.tanh(X @ W)) + np.tanh(once @ W)),
    (products_and_sums.gated, (w, b, g), g + w * (b - g)),
    (products_and_sums.gains, (X, w), X @ np.diag(w)),
    (products_and_sums.mixture_of_experts, (y5, X), np.average(X, axis=0, weights=np.exp(y5))),
    (products_and_sums.low_rank_adapter, (W, X, X.T.copy(), w), (W + X.T @ X) @ w),
    (convolutions.correlate, (n, w), np.correlate(n, w, "valid")),
    (convolutions.correlate_images, (image, stencil), signal.correlate2d(image, stencil, "valid")),
    (convolutions.average_pooling, (image,), ndimage.uniform_filter(image, 2, origin=-1)[::2, ::2]),
    (convolutions.max_pooling, (image,), ndimage.maximum_filter(image, 2, origin=-1)[::2, ::2]),
    (convolutions.upsampling, (image,), np.kron(image, np.ones((2, 2)))),
    (convolutions.embedding, (X, labels), np.eye(5)[labels] @ X),
    (convolutions.dropout, (X, (X > 0).astype(int), half), np.where(X > 0, 2 * X, 0)),
    (convolutions.cosine_transform, (X,), np.cos(2 * np.pi * np.outer(np.arange(5), np.arange(5)) / 5) @ X),
    (custom_rules.root_or_zero, (x,), np.sqrt(np.clip(x, 0, None))),
    (custom_rules.symmetric_exponential, (W,), linalg.expm((W + W.T) / 2)),
    (custom_rules.masked_softmax, (X, (X > -0.2).astype(int)), np.stack([
        np.nan_to_num(special.softmax(np.where(row > -0.2, row, -np.inf))) for row in X])),
    (attention.attention, (X, U, U), attend(X, U, U)),
    (attention.attention_head, (X, W, V, W.T.copy()), attend(X @ W, X @ V, X @ W.T)),
    (recurrence.rnn_states, (W, V, w, X), states(W, V, w, X)),
    (recurrence.last_state, (W, w, X), states(W, np.eye(3), w, X)[-1]),
    (recurrence.lstm_cell, (w, b, g, n[:3].copy(), k[:3].copy()), (n[:3] * np.tanh(w * k[:3] + b * g), w * k[:3] + b * g)),
    (recurrence.gru_update, (w, b, g), g + special.expit(w) * (np.tanh(b) - g)),
    (recurrence.linear_attention, (X, U, U), phi(X) @ phi(U).T @ U),
    (recurrence.rotary_embedding, (image, image[:, :3].copy()), turned(image, image[:, :3])),
    (linear_models.ridge_loss, (w, X, y5, third), metrics.mean_squared_error(y5, X @ w) / 2 + 0.15 * linalg.norm(w) ** 2),
    (linear_models.ridge_fit, (X, y5, third), linear_model.Ridge(1.5, fit_intercept=False).fit(X, y5).coef_),
    (linear_models.leave_one_out_errors, (X, y5, third), np.array([
        y5[i] - X[i] @ linear_model.Ridge(0.3, fit_intercept=False).fit(np.delete(X, i, 0), np.delete(y5, i)).coef_
        for i in range(5)])),
]  # fmt: skip

TABLE = ACTIVATIONS + LOSSES + LAYERS


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)
