"""Losses: means over a batch, labels as integers, margins and penalties."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import (
    at,
    integers,
    magnitudes,
    normal,
    of,
    positive,
    simplex,
    sized,
    sometimes,
)
from lab.domains import labels, reals
from lab.domains import positive as positives
from lab.domains import simplex as simplices

sigmoid, softmax = jax.nn.sigmoid, jax.nn.softmax
regression = at(normal(4), normal(7, 4), normal(7))
signs = at(normal(4), normal(9, 4), of((-1, 1), 9))
logits = at(normal(6, 5, scale=2.0), integers(0, 5, 6))


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


def d_mse(w, X, y):
    return 2 / y.size * X.T @ (X @ w - y)


def huber(w, X, y):
    r = jnp.abs(X @ w - y)
    return jnp.mean(jnp.where(r < 1.0, 0.5 * r**2, r - 0.5))


def d_huber(w, X, y, low=-1.0, high=1.0):
    return X.T @ jnp.clip(X @ w - y, low, high) / y.size


def margins(w, X, y):
    return jnp.mean(jax.nn.softplus(-y * (X @ w)))


def d_margins(w, X, y):
    return -X.T @ (y * sigmoid(-y * (X @ w))) / y.size


def xent(Z, y):
    return -jnp.mean(jax.nn.log_softmax(Z)[jnp.arange(y.size), y])


def hot(Z, y):
    return jax.nn.one_hot(y, Z.shape[-1], dtype=Z.dtype)


def d_xent(Z, y):
    return (softmax(Z) - hot(Z, y)) / y.size


def smoothed_with(eps):
    return lambda Z, y: -jnp.mean(jnp.sum(((1 - eps) * hot(Z, y) + eps / Z.shape[1]) * jax.nn.log_softmax(Z), 1))


def focal(z, y):
    p = sigmoid(jnp.where(y == 1, z, -z))
    return jnp.sum(-((1 - p) ** 2) * jnp.log(p))


def d_focal(z, y, second=1.0, modulate=2.0):
    p = sigmoid(jnp.where(y == 1, z, -z))
    slope = modulate * (1 - p) * jnp.log(p) - second * (1 - p) ** 2 / p
    return jnp.where(y == 1, 1.0, -1.0) * slope * p * (1 - p)


def info_nce(q, K):
    return jax.nn.logsumexp(K @ q / 0.1) - K[0] @ q / 0.1


def gaussian_nll(mean, log_var, y):
    return jnp.mean(0.5 * (log_var + (y - mean) ** 2 * jnp.exp(-log_var)))


def d_gaussian_nll(mean, log_var, y):
    r, v = y - mean, jnp.exp(-log_var)
    return -r * v / y.size, 0.5 * (1 - r**2 * v) / y.size


CASES = [
    Case("mean squared error", mse, d_mse, regression, auto="sign constant extra region index shape",
         domains=dict(w=reals("d"), X=reals("n d"), y=reals("n")), slips=[
             ("batch_factor", lambda w, X, y: 2 * X.T @ (X @ w - y)),
             ("batch_factor", lambda w, X, y: 2 / w.size * X.T @ (X @ w - y)),
             ("batch_factor", lambda w, X, y: 2 / (y.size - 1) * X.T @ (X @ w - y)),
             ("factor", lambda w, X, y: X.T @ (X @ w - y) / y.size),
             ("missing_term", lambda w, X, y: 2 / y.size * X.T @ (X @ w)),
             ("missing_term", lambda w, X, y: -2 / y.size * X.T @ y),
             ("sign", lambda w, X, y: 2 / y.size * X.T @ (X @ w + y)),
             ("sign", lambda w, X, y: 2 / y.size * X.T @ (y - X @ w)),
             ("missing_chain_factor|unknown|broadcast_sum|missing_term", lambda w, X, y: 2 / y.size * X.T @ jnp.ones_like(y)),
         ]),
    Case("mean squared error, varying batch", mse, d_mse, sized(1, 6, lambda n: (normal(3), normal(n, 3), normal(n))),
         auto="factor region", slips=[
             ("batch_factor", lambda w, X, y: 2 * X.T @ (X @ w - y)),
             ("batch_factor|constant|factor", lambda w, X, y: 0.5 * X.T @ (X @ w - y)),
             ("region", lambda w, X, y: 2 / (y.size if y.size > 1 else 2) * X.T @ (X @ w - y)),
             ("region", lambda w, X, y: 2 / min(y.size, 5) * X.T @ (X @ w - y)),
             ("region", lambda w, X, y: (0.0 if y.size == 1 else 2) / y.size * X.T @ (X @ w - y)),
         ]),
    Case("ridge regression", lambda w, X, y, s: jnp.sum((X @ w - y) ** 2) + s * jnp.sum(w**2),
         lambda w, X, y, s: 2 * X.T @ (X @ w - y) + 2 * s * w, at(normal(4), normal(7, 4), normal(7), positive()),
         auto="sign constant", domains=dict(w=reals("d"), X=reals("n d"), y=reals("n"), s=positives()), slips=[
             ("factor", lambda w, X, y, s: 2 * X.T @ (X @ w - y) + s * w),
             ("missing_term", lambda w, X, y, s: 2 * X.T @ (X @ w - y)),
             ("missing_term", lambda w, X, y, s: 2 * s * w),
             ("batch_factor", lambda w, X, y, s: 2 / y.size * X.T @ (X @ w - y) + 2 * s * w),
             ("batch_factor", lambda w, X, y, s: 2 * X.T @ (X @ w - y) + 2 * s * w / w.size),
             ("sign", lambda w, X, y, s: 2 * X.T @ (X @ w - y) - 2 * s * w),
             ("missing_chain_factor|missing_term|unknown", lambda w, X, y, s: 2 * X.T @ (X @ w - y) + 2 * s),
             ("missing_chain_factor|factor|missing_term|unknown", lambda w, X, y, s: 2 * X.T @ (X @ w - y) + 2 * w),
         ]),
    Case("huber regression", huber, d_huber, at(sometimes(normal(3), normal(3, scale=0.1)), normal(8, 3), sometimes(normal(8, scale=2.0), normal(8, scale=0.2))), auto="sign factor constant",
         domains=dict(w=reals("d"), X=reals("n d"), y=reals("n")), slips=[
             ("region", lambda w, X, y: X.T @ (X @ w - y) / y.size),
             ("region", lambda w, X, y: X.T @ jnp.sign(X @ w - y) / y.size),
             ("region|sign", lambda w, X, y: d_huber(w, X, y, low=-jnp.inf)),
             ("region|constant", lambda w, X, y: d_huber(w, X, y, low=-1.1, high=1.1)),
             ("region", lambda w, X, y: X.T @ jnp.where(jnp.abs(X @ w - y) < 1, X @ w - y, 1.0) / y.size),
             ("region", lambda w, X, y: X.T @ jnp.where(jnp.abs(X @ w - y) < 1, X @ w - y, 0.0) / y.size),
             ("batch_factor", lambda w, X, y: X.T @ jnp.clip(X @ w - y, -1, 1)),
         ]),
    Case("logistic margins", margins, d_margins, signs, auto="constant extra region", slips=[
             ("sign", lambda w, X, y: X.T @ (y * sigmoid(-y * (X @ w))) / y.size),
             ("sign|wrong_variable|unknown", lambda w, X, y: -X.T @ (y * sigmoid(y * (X @ w))) / y.size),
             ("missing_chain_factor", lambda w, X, y: -X.T @ sigmoid(-y * (X @ w)) / y.size),
             ("batch_factor", lambda w, X, y: -X.T @ (y * sigmoid(-y * (X @ w)))),
             ("missing_chain_factor", lambda w, X, y: -X.T @ y / y.size),
             ("wrong_variable|missing_chain_factor|unknown|missing_term", lambda w, X, y: -X.T @ (y * sigmoid(-(X @ w))) / y.size),
         ]),
    Case("binary cross entropy", lambda w, X, y: jnp.mean(jax.nn.softplus(X @ w) - y * (X @ w)),
         lambda w, X, y: X.T @ (sigmoid(X @ w) - y) / y.size,
         at(sometimes(normal(4), normal(4, scale=60.0)), normal(9, 4), of((0, 1), 9)), auto="sign factor", slips=[
             ("unstable", lambda w, X, y: X.T @ (jnp.exp(X @ w) / (1 + jnp.exp(X @ w)) - y) / y.size),
             ("missing_chain_factor", lambda w, X, y: X.T @ ((sigmoid(X @ w) - y) * sigmoid(X @ w) * sigmoid(-X @ w)) / y.size),
             ("missing_term", lambda w, X, y: X.T @ sigmoid(X @ w) / y.size),
             ("missing_chain_factor|unknown|extra_term", lambda w, X, y: X.T @ (X @ w - y) / y.size),
             ("batch_factor", lambda w, X, y: X.T @ (sigmoid(X @ w) - y)),
         ]),
    Case("cross entropy with integer labels", xent, d_xent, logits, auto="sign factor constant index shape extra",
         domains=dict(Z=reals("n k"), y=labels("n", "k")), slips=[
             ("batch_factor", lambda Z, y: softmax(Z) - hot(Z, y)),
             ("batch_factor", lambda Z, y: (softmax(Z) - hot(Z, y)) / Z.size),
             ("batch_factor", lambda Z, y: (softmax(Z) - hot(Z, y)) / Z.shape[1]),
             ("wrong_axis", lambda Z, y: (softmax(Z, axis=0) - hot(Z, y)) / y.size),
             ("missing_term", lambda Z, y: softmax(Z) / y.size),
             ("missing_term", lambda Z, y: -hot(Z, y) / y.size),
             ("sign", lambda Z, y: (softmax(Z) + hot(Z, y)) / y.size),
             ("index", lambda Z, y: (softmax(Z) - hot(Z, y - 1)) / y.size),
             ("missing_chain_factor|unknown", lambda Z, y: (softmax(Z) - hot(Z, y)) * softmax(Z) / y.size),
             ("missing_chain_factor|unknown|missing_term", lambda Z, y: (Z - hot(Z, y)) / y.size),
         ]),
    Case("cross entropy of a linear classifier", lambda p, X, y: xent(X @ p["W"] + p["b"], y),
         lambda p, X, y: {"W": X.T @ d_xent(X @ p["W"] + p["b"], y), "b": d_xent(X @ p["W"] + p["b"], y).sum(0)},
         at({"W": normal(4, 3), "b": normal(3)}, normal(6, 4), integers(0, 3, 6)), auto="sign zero region", slips=[
             ("broadcast_sum|batch_factor", lambda p, X, y: {"W": X.T @ d_xent(X @ p["W"] + p["b"], y), "b": d_xent(X @ p["W"] + p["b"], y).mean(0)}),
             ("broadcast_sum|shape", lambda p, X, y: {"W": X.T @ d_xent(X @ p["W"] + p["b"], y), "b": d_xent(X @ p["W"] + p["b"], y)}),
             ("broadcast_sum|index|unknown", lambda p, X, y: {"W": X.T @ d_xent(X @ p["W"] + p["b"], y), "b": d_xent(X @ p["W"] + p["b"], y)[0]}),
             ("missing_term", lambda p, X, y: {"W": X.T @ d_xent(X @ p["W"], y), "b": d_xent(X @ p["W"], y).sum(0)}),
             ("transpose|shape", lambda p, X, y: {"W": d_xent(X @ p["W"] + p["b"], y).T @ X, "b": d_xent(X @ p["W"] + p["b"], y).sum(0)}),
         ]),
    Case("label smoothing", smoothed_with(0.1), lambda Z, y: (softmax(Z) - 0.9 * hot(Z, y) - 0.1 / Z.shape[1]) / y.size, logits,
         auto="sign constant extra", slips=[
             ("missing_term|constant", d_xent),
             ("missing_term", lambda Z, y: (softmax(Z) - 0.9 * hot(Z, y)) / y.size),
             ("batch_factor", lambda Z, y: (softmax(Z) - 0.9 * hot(Z, y) - 0.1) / y.size),
             ("constant", Alt(smoothed_with(0.101))),
             ("constant|missing_term|factor|unknown|extra_term", lambda Z, y: (softmax(Z) - hot(Z, y) - 0.1 / Z.shape[1]) / y.size),
         ]),
    Case("focal loss", focal, d_focal, at(normal(7), integers(0, 2, 7)), auto="factor constant region", slips=[
             ("missing_term", lambda z, y: d_focal(z, y, modulate=0.0)),
             ("missing_term", lambda z, y: d_focal(z, y, second=0.0)),
             ("factor|missing_chain_factor", lambda z, y: d_focal(z, y, modulate=1.0)),
             ("sign", lambda z, y: d_focal(z, y, second=-1.0)),
             ("sign", lambda z, y: d_focal(z, y, modulate=-2.0)),
             ("region|sign", lambda z, y: jnp.where(y == 1, 1.0, -1.0) * d_focal(z, y)),
             ("missing_chain_factor|unknown", lambda z, y: sigmoid(z) - y.astype(z.dtype)),
         ]),
    Case("Kullback-Leibler divergence", lambda p, q: jnp.sum(p * jnp.log(p / q)), lambda p, q: (jnp.log(p / q) + 1, -p / q),
         at(simplex(5), simplex(5)), wrt=(0, 1), auto="zero constant", domains=dict(p=simplices("k"), q=simplices("k")), slips=[
             ("missing_term", lambda p, q: (jnp.log(p / q), -p / q)),
             ("sign", lambda p, q: (jnp.log(p / q) + 1, p / q)),
             ("sign|wrong_variable|unknown|missing_term", lambda p, q: (jnp.log(q / p) + 1, -p / q)),
             ("missing_term|missing_chain_factor", lambda p, q: (jnp.log(p) + 1, -p / q)),
             ("missing_chain_factor", lambda p, q: (jnp.log(p / q) + 1, -1 / q)),
             ("wrong_variable|unknown", lambda p, q: (jnp.log(p / q) + 1, -q / p)),
         ]),
    Case("Poisson deviance", lambda w, X, y: jnp.mean(jnp.exp(X @ w) - y * (X @ w)), lambda w, X, y: X.T @ (jnp.exp(X @ w) - y) / y.size,
         at(normal(3, scale=0.5), normal(8, 3), lambda rng: rng.poisson(2.0, 8).astype(float)), auto="sign constant region extra", slips=[
             ("missing_term", lambda w, X, y: X.T @ jnp.exp(X @ w) / y.size),
             ("batch_factor", lambda w, X, y: X.T @ (jnp.exp(X @ w) - y)),
             ("missing_chain_factor|unknown|extra_term", lambda w, X, y: X.T @ (X @ w - y) / y.size),
             ("missing_chain_factor", lambda w, X, y: X.T @ ((jnp.exp(X @ w) - y) * jnp.exp(X @ w)) / y.size),
             ("sign", lambda w, X, y: X.T @ (jnp.exp(X @ w) + y) / y.size),
         ]),
    Case("gaussian likelihood with variance", gaussian_nll, d_gaussian_nll, at(normal(5), normal(5), normal(5)), wrt=(0, 1),
         auto="zero factor constant", domains=dict(mean=reals("n"), log_var=reals("n"), y=reals("n")), slips=[
             ("sign", lambda m, s, y: (-d_gaussian_nll(m, s, y)[0], d_gaussian_nll(m, s, y)[1])),
             ("missing_term", lambda m, s, y: (d_gaussian_nll(m, s, y)[0], -0.5 * (y - m) ** 2 * jnp.exp(-s) / y.size)),
             ("missing_term", lambda m, s, y: (d_gaussian_nll(m, s, y)[0], 0.5 * jnp.ones_like(s) / y.size)),
             ("sign", lambda m, s, y: (d_gaussian_nll(m, s, y)[0], 0.5 * (1 + (y - m) ** 2 * jnp.exp(-s)) / y.size)),
             ("missing_chain_factor", lambda m, s, y: (-(y - m) / y.size, d_gaussian_nll(m, s, y)[1])),
             ("missing_chain_factor|unknown|wrong_variable|factor", lambda m, s, y: (-(y - m) * jnp.exp(-2 * s) / y.size, d_gaussian_nll(m, s, y)[1])),
             ("batch_factor", lambda m, s, y: jax.tree.map(lambda g: g * y.size, d_gaussian_nll(m, s, y))),
         ]),
    Case("contrastive loss", info_nce, lambda q, K: K.T @ softmax(K @ q / 0.1) / 0.1 - K[0] / 0.1,
         at(normal(4, scale=0.3), normal(6, 4, scale=0.3)), auto="sign constant index", slips=[
             ("missing_chain_factor|factor", lambda q, K: K.T @ softmax(K @ q / 0.1) - K[0]),
             ("missing_chain_factor|factor|unknown", lambda q, K: K.T @ softmax(K @ q) / 0.1 - K[0] / 0.1),
             ("missing_term", lambda q, K: K.T @ softmax(K @ q / 0.1) / 0.1),
             ("index", lambda q, K: K.T @ softmax(K @ q / 0.1) / 0.1 - K[1] / 0.1),
             ("index", lambda q, K: K.T @ softmax(K @ q / 0.1) / 0.1 - K[-1] / 0.1),
             ("batch_factor|missing_chain_factor|unknown|broadcast_sum", lambda q, K: K.mean(0) / 0.1 - K[0] / 0.1),
         ]),
    Case("log cosh", lambda w, X, y: jnp.mean(jax.nn.softplus(2 * (X @ w - y)) - (X @ w - y) - jnp.log(2.0)),
         lambda w, X, y: X.T @ jnp.tanh(X @ w - y) / y.size, at(normal(3), normal(6, 3), normal(6, scale=80.0)),
         auto="sign extra", slips=[
             ("unstable", lambda w, X, y: X.T @ (jnp.sinh(X @ w - y) / jnp.cosh(X @ w - y)) / y.size),
             ("batch_factor", lambda w, X, y: X.T @ jnp.tanh(X @ w - y)),
             ("region|missing_chain_factor|unknown", lambda w, X, y: X.T @ jnp.clip(X @ w - y, -1, 1) / y.size),
             ("missing_chain_factor|factor|unknown|constant", lambda w, X, y: X.T @ jnp.tanh(2 * (X @ w - y)) / y.size),
         ]),
    Case("relative error", lambda p, y: jnp.mean(((p - y) / y) ** 2), lambda p, y: 2 * (p - y) / y**2 / y.size,
         at(positive(6), magnitudes(0.1, 10.0, 6)), auto="sign factor shape", slips=[
             ("missing_chain_factor", lambda p, y: 2 * (p - y) / y / y.size),
             ("missing_chain_factor", lambda p, y: 2 * (p - y) / y.size),
             ("batch_factor", lambda p, y: 2 * (p - y) / y**2),
             ("wrong_variable", lambda p, y: -2 * p * (p - y) / y**3 / y.size),
             ("sign", lambda p, y: 2 * (p + y) / y**2 / y.size),
         ]),
]
