"""Robust losses, networks, variances, shares and second derivatives, each drawn at one shape alone."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, integers, normal, positive, simplex, spd, symmetric, uniform

sigmoid = jax.nn.sigmoid
softmax = jax.nn.softmax
inv = jnp.linalg.inv


def logistic(w, X, y):
    return jnp.mean(jnp.logaddexp(0.0, -y * (X @ w)))


def triplet(a, p, n):
    return jnp.mean(jnp.logaddexp(0.0, jnp.sum((a - p) ** 2, -1) - jnp.sum((a - n) ** 2, -1)))


def variance(x):
    return jnp.var(x, ddof=1)


def pairs(x):
    return jnp.sum((x[:, None] - x[None]) ** 2)


def focal(z, y, g):
    p = sigmoid(z)
    return -jnp.mean(y * (1 - p) ** g * jnp.log(p))


def huber(r, d):
    return jnp.mean(jnp.where(jnp.abs(r) < d, 0.5 * r**2, d * (jnp.abs(r) - 0.5 * d)))


def hinge(w, X, y):
    return jnp.mean(jnp.maximum(0.0, 1 - y * (X @ w)) ** 2)


def gelu_hand(x, *, root=0.7978845608028654, cube=0.044715, three=3.0):
    u = root * (x + cube * x**3)
    s = 1 / (1 + jnp.exp(-2 * u))  # (1 + tanh u) / 2
    return s + 2 * x * s * (1 - s) * root * (1 + three * cube * x**2)


def mlp(p, x, y):
    return 0.5 * jnp.mean(jnp.sum((jnp.tanh(x @ p["W"] + p["b"]) @ p["V"] - y) ** 2, -1))


def mlp_slopes(p, x, y, *, slope=True, n=True, bias=lambda d: d.sum(0), last=True):
    a = jnp.tanh(x @ p["W"] + p["b"])
    d = (a @ p["V"] - y) / (len(y) if n else 1)
    dz = d @ p["V"].T * ((1 - a**2) if slope else 1)
    return {"W": x.T @ dz, "b": bias(dz), "V": (a.T if last else jnp.ones_like(a).T) @ d}


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def valley_slope(x, *, four=400.0, inner=True, last=True, two=2.0):
    r = x[1:] - x[:-1] ** 2
    g = jnp.zeros_like(x).at[:-1].add(-four * x[:-1] * r if inner else 0.0)
    g = g.at[:-1].add(-two * (1 - x[:-1]))
    return g.at[1:].add(200 * r) if last else g


def matrix_factors(U, V, R):
    return 0.5 * jnp.sum((R - U @ V.T) ** 2) + 0.05 * (jnp.sum(U**2) + jnp.sum(V**2))


def lse_hessian(x):
    p = softmax(x)
    return jnp.diag(p) - jnp.outer(p, p)


def contrastive(x, y):
    return -jnp.mean(jnp.diag(jax.nn.log_softmax(x @ y.T, axis=1)))


class _Rows:
    """One-shape samplers, named where they are shared."""

    regression = at(normal(3), normal(5, 3), normal(5))
    signs = at(normal(3), normal(6, 3), lambda rng: rng.choice([-1.0, 1.0], 6))
    classes = at(normal(5, 3), integers(0, 3, 5))


CASES = [
    Case("distances of a triplet", triplet, lambda a, p, n: 2 / len(a) * sigmoid(jnp.sum((a - p) ** 2 - (a - n) ** 2, -1))[:, None] * (n - p), at(normal(5, 3), normal(5, 3), normal(5, 3)), slips=[
             ("batch_factor", lambda a, p, n: 2 * sigmoid(jnp.sum((a - p) ** 2 - (a - n) ** 2, -1))[:, None] * (n - p)),
             ("sign|wrong_variable", lambda a, p, n: 2 / len(a) * sigmoid(jnp.sum((a - p) ** 2 - (a - n) ** 2, -1))[:, None] * (p - n)),
             ("missing_chain_factor", lambda a, p, n: 2 / len(a) * (n - p)),
             ("factor", lambda a, p, n: 1 / len(a) * sigmoid(jnp.sum((a - p) ** 2 - (a - n) ** 2, -1))[:, None] * (n - p)),
             ("missing_term", lambda a, p, n: 2 / len(a) * sigmoid(jnp.sum((a - p) ** 2 - (a - n) ** 2, -1))[:, None] * (a - p)),
             ("sign", lambda a, p, n: 2 / len(a) * sigmoid(jnp.sum((a - p) ** 2 + (a - n) ** 2, -1))[:, None] * (n - p)),
         ]),
    Case("variance of a sample", variance, lambda x: 2 / (x.size - 1) * (x - x.mean()), at(normal(6)), slips=[
             ("batch_factor", lambda x: 2 / x.size * (x - x.mean())),
             ("missing_term", lambda x: 2 / (x.size - 1) * x),
             ("factor", lambda x: 1 / (x.size - 1) * (x - x.mean())),
             ("batch_factor", lambda x: 2 * (x - x.mean())),
             ("batch_factor|factor", lambda x: 2 * (x.size - 1) / x.size**2 * (x - x.mean())),
         ]),
    Case("all differences of pairs", pairs, lambda x: 4 * (x.size * x - x.sum()), at(normal(5)), slips=[
             ("factor", lambda x: 2 * (x.size * x - x.sum())),
             ("batch_factor", lambda x: 4 * (x - x.mean())),
             ("missing_term", lambda x: 4 * x.size * x),
             ("missing_chain_factor|batch_factor", lambda x: 4 * (x - x.sum())),
         ]),
    Case("focal loss of logits", focal, lambda z, y, g: y / len(y) * (g * sigmoid(z) * sigmoid(-z) ** g * jnp.log(sigmoid(z)) - sigmoid(-z) ** (g + 1)),
         at(normal(5), integers(0, 2, 5), uniform(1.0, 3.0)), slips=[
             ("missing_term", lambda z, y, g: -y / len(y) * sigmoid(-z) ** (g + 1)),
             ("missing_term", lambda z, y, g: y / len(y) * g * sigmoid(z) * sigmoid(-z) ** g * jnp.log(sigmoid(z))),
             ("sign", lambda z, y, g: y / len(y) * (-g * sigmoid(z) * sigmoid(-z) ** g * jnp.log(sigmoid(z)) - sigmoid(-z) ** (g + 1))),
             ("missing_chain_factor", lambda z, y, g: y / len(y) * (sigmoid(z) * sigmoid(-z) ** g * jnp.log(sigmoid(z)) - sigmoid(-z) ** (g + 1))),
             ("batch_factor", lambda z, y, g: y * (g * sigmoid(z) * sigmoid(-z) ** g * jnp.log(sigmoid(z)) - sigmoid(-z) ** (g + 1))),
         ]),
    Case("Huber loss at one shape", huber, lambda r, d: jnp.clip(r, -d, d) / r.size, at(normal(6), uniform(0.5, 1.5)), slips=[
             ("region", lambda r, d: r / r.size),
             ("region|missing_chain_factor", lambda r, d: jnp.where(jnp.abs(r) < d, r, jnp.sign(r)) / r.size),
             ("region|sign", lambda r, d: jnp.where(jnp.abs(r) < d, r, d) / r.size),
             ("region", lambda r, d: jnp.where(jnp.abs(r) < d, 2 * r, d * jnp.sign(r)) / r.size),
             ("batch_factor", lambda r, d: jnp.clip(r, -d, d)),
             ("region", lambda r, d: jnp.where(jnp.abs(r) < d, r, 0.0) / r.size),
         ]),
    Case("squared hinge at one shape", hinge, lambda w, X, y: -2 / len(y) * X.T @ (y * jnp.clip(1 - y * (X @ w), 0.0)), _Rows.signs, slips=[
             ("region|missing_chain_factor|missing_term", lambda w, X, y: -2 / len(y) * X.T @ (y * (1 - y * (X @ w)))),
             ("missing_chain_factor", lambda w, X, y: -2 / len(y) * X.T @ (y * (1.0 * (1 - y * (X @ w) > 0)))),
             ("batch_factor", lambda w, X, y: -2 * X.T @ (y * jnp.clip(1 - y * (X @ w), 0.0))),
             ("sign", lambda w, X, y: 2 / len(y) * X.T @ (y * jnp.clip(1 - y * (X @ w), 0.0))),
             ("missing_chain_factor", lambda w, X, y: -2 / len(y) * X.T @ jnp.clip(1 - y * (X @ w), 0.0)),
             ("region|unknown|sign|index", lambda w, X, y: -2 / len(y) * X.T @ (y * jnp.clip(1 - y * (X @ w), None, 0.0))),
         ]),
    Case("gelu written by a logistic", lambda x: jnp.sum(jax.nn.gelu(x, approximate=True)), gelu_hand, at(normal(6)), slips=[
             ("constant", lambda x: gelu_hand(x, root=0.79)),
             ("constant|missing_chain_factor", lambda x: gelu_hand(x, cube=0.04)),
             ("missing_chain_factor|factor|constant", lambda x: gelu_hand(x, three=1.0)),
             ("constant", lambda x: gelu_hand(x, root=0.8, cube=0.0447)),
             ("missing_term", lambda x: 1 / (1 + jnp.exp(-2 * 0.7978845608028654 * (x + 0.044715 * x**3)))),
         ]),
    Case("hyperbolic tangent summed", lambda x, w: jnp.sum(w * jnp.tanh(x)), lambda x, w: w / jnp.cosh(x) ** 2, at(normal(5), normal(5)), slips=[
             ("sign", lambda x, w: w * (1 + jnp.tanh(x) ** 2)),
             ("missing_chain_factor", lambda x, w: w / jnp.cosh(x)),
             ("missing_chain_factor|missing_term", lambda x, w: 1 / jnp.cosh(x) ** 2),
             ("missing_chain_factor|missing_term|unknown|constant", lambda x, w: w * (1 - jnp.tanh(x))),
         ]),
    Case("network of two layers at one shape", mlp, mlp_slopes, at({"W": normal(3, 4), "b": normal(4), "V": normal(4, 2)}, normal(5, 3), normal(5, 2)), slips=[
             ("missing_chain_factor", lambda p, x, y: mlp_slopes(p, x, y, slope=False)),
             ("batch_factor", lambda p, x, y: mlp_slopes(p, x, y, n=False)),
             ("batch_factor", lambda p, x, y: mlp_slopes(p, x, y, bias=lambda d: d.mean(0))),
             ("broadcast_sum|shape", lambda p, x, y: mlp_slopes(p, x, y, bias=lambda d: d)),
             ("missing_chain_factor|missing_term|unknown", lambda p, x, y: mlp_slopes(p, x, y, last=False)),
             ("broadcast_sum|missing_term|index", lambda p, x, y: mlp_slopes(p, x, y, bias=lambda d: d[0])),
         ]),
    Case("valley of Rosenbrock", rosenbrock, valley_slope, at(normal(5)), slips=[
             ("missing_term", lambda x: valley_slope(x, last=False)),
             ("missing_term", lambda x: valley_slope(x, inner=False)),
             ("factor|constant", lambda x: valley_slope(x, four=200.0)),
             ("sign", lambda x: valley_slope(x, two=-2.0)),
             ("factor|constant", lambda x: valley_slope(x, four=40.0)),
         ]),
    Case("factors of a matrix", matrix_factors, lambda U, V, R: ((U @ V.T - R) @ V + 0.1 * U, (U @ V.T - R).T @ U + 0.1 * V), at(normal(5, 2), normal(4, 2), normal(5, 4)), wrt=(0, 1), slips=[
             ("missing_term", lambda U, V, R: ((U @ V.T - R) @ V, (U @ V.T - R).T @ U + 0.1 * V)),
             ("factor|constant", lambda U, V, R: ((U @ V.T - R) @ V + 0.05 * U, (U @ V.T - R).T @ U + 0.05 * V)),
             ("sign", lambda U, V, R: ((R - U @ V.T) @ V + 0.1 * U, (R - U @ V.T).T @ U + 0.1 * V)),
             ("factor", lambda U, V, R: (2 * (U @ V.T - R) @ V + 0.1 * U, 2 * (U @ V.T - R).T @ U + 0.1 * V)),
             ("index|wrong_variable", lambda U, V, R: ((U @ V.T - R) @ V[:, ::-1] + 0.1 * U, (U @ V.T - R).T @ U + 0.1 * V)),
         ]),
    Case("logarithm of a sum of exponentials, bent twice", jax.nn.logsumexp, lse_hessian, at(normal(5)), kind="hessian", slips=[
             ("missing_term", lambda x: jnp.diag(softmax(x))),
             ("sign", lambda x: jnp.diag(softmax(x)) + jnp.outer(softmax(x), softmax(x))),
             ("missing_term|region", lambda x: lse_hessian(x) * jnp.eye(5, dtype=x.dtype)),
             ("missing_term", lambda x: -jnp.outer(softmax(x), softmax(x))),
         ]),
    Case("two views contrasted", contrastive, lambda x, y: (softmax(x @ y.T, 1) - jnp.eye(len(x), dtype=x.dtype)) @ y / len(x), at(normal(4, 3), normal(4, 3)), slips=[
             ("wrong_axis", lambda x, y: (softmax(x @ y.T, 0) - jnp.eye(len(x), dtype=x.dtype)) @ y / len(x)),
             ("batch_factor", lambda x, y: (softmax(x @ y.T, 1) - jnp.eye(len(x), dtype=x.dtype)) @ y),
             ("missing_term", lambda x, y: softmax(x @ y.T, 1) @ y / len(x)),
             ("transpose", lambda x, y: (softmax(x @ y.T, 1) - jnp.eye(len(x), dtype=x.dtype)).T @ y / len(x)),
             ("wrong_variable|unknown", lambda x, y: (softmax(x @ y.T, 1) - jnp.eye(len(x), dtype=x.dtype)) @ x / len(x)),
         ]),
    Case("two products through a sine", lambda x, y: jnp.sin(x @ y) * jnp.exp(x @ x), lambda x, y: (jnp.cos(x @ y) * y + 2 * jnp.sin(x @ y) * x) * jnp.exp(x @ x), at(normal(3, scale=0.5), normal(3)), slips=[
             ("missing_term", lambda x, y: jnp.cos(x @ y) * y * jnp.exp(x @ x)),
             ("sign", lambda x, y: (-jnp.cos(x @ y) * y + 2 * jnp.sin(x @ y) * x) * jnp.exp(x @ x)),
             ("factor", lambda x, y: (jnp.cos(x @ y) * y + jnp.sin(x @ y) * x) * jnp.exp(x @ x)),
             ("missing_chain_factor", lambda x, y: (jnp.cos(x @ y) + 2 * jnp.sin(x @ y) * x) * jnp.exp(x @ x)),
             ("missing_chain_factor", lambda x, y: jnp.cos(x @ y) * y + 2 * jnp.sin(x @ y) * x),
         ]),
    Case("mixed second derivatives", lambda x: x[0] ** 2 * x[1] + jnp.sin(x[1] * x[2]),
         lambda x: jnp.array([[2 * x[1], 2 * x[0], 0 * x[0]], [2 * x[0], -x[2] ** 2 * jnp.sin(x[1] * x[2]), jnp.cos(x[1] * x[2]) - x[1] * x[2] * jnp.sin(x[1] * x[2])],
                              [0 * x[0], jnp.cos(x[1] * x[2]) - x[1] * x[2] * jnp.sin(x[1] * x[2]), -x[1] ** 2 * jnp.sin(x[1] * x[2])]]), at(normal(3)), kind="hessian", slips=[
             ("missing_term", lambda x: jnp.diag(jnp.array([2 * x[1], -x[2] ** 2 * jnp.sin(x[1] * x[2]), -x[1] ** 2 * jnp.sin(x[1] * x[2])]))),
             ("missing_term|index|region", lambda x: jnp.array([[2 * x[1], 2 * x[0], 0 * x[0]], [2 * x[0], -x[2] ** 2 * jnp.sin(x[1] * x[2]), jnp.cos(x[1] * x[2])],
                              [0 * x[0], jnp.cos(x[1] * x[2]), -x[1] ** 2 * jnp.sin(x[1] * x[2])]])),
             ("sign|index|region", lambda x: jnp.array([[2 * x[1], 2 * x[0], 0 * x[0]], [2 * x[0], x[2] ** 2 * jnp.sin(x[1] * x[2]), jnp.cos(x[1] * x[2]) - x[1] * x[2] * jnp.sin(x[1] * x[2])],
                              [0 * x[0], jnp.cos(x[1] * x[2]) - x[1] * x[2] * jnp.sin(x[1] * x[2]), x[1] ** 2 * jnp.sin(x[1] * x[2])]])),
         ]),
    Case("residuals in their weights", lambda w, X, y: jnp.tanh(X @ w - y), lambda w, X, y: (1 - jnp.tanh(X @ w - y) ** 2)[:, None] * X, at(normal(3), normal(5, 3), normal(5)), kind="jacobian", slips=[
             ("missing_chain_factor", lambda w, X, y: X),
             ("sign", lambda w, X, y: (1 + jnp.tanh(X @ w - y) ** 2)[:, None] * X),
             ("shape|transpose", lambda w, X, y: ((1 - jnp.tanh(X @ w - y) ** 2)[:, None] * X).T),
             ("missing_term|missing_chain_factor", lambda w, X, y: (1 - jnp.tanh(X @ w) ** 2)[:, None] * X),
         ]),
    Case("Cholesky's log-determinant", lambda S: 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(S)))), inv, at(spd(3)), slips=[
             ("factor", lambda S: 2 * inv(S)),
             ("factor", lambda S: inv(S) / 2),
             ("missing_term|index|region", lambda S: jnp.diag(jnp.diag(inv(S)))),
             ("missing_chain_factor|unknown|missing_term", lambda S: jnp.diag(1 / jnp.diag(S))),
         ]),
    Case("energy of a symmetric matrix", lambda S, x: jnp.exp(-x @ S @ x), lambda S, x: -2 * jnp.exp(-x @ S @ x) * S @ x, at(symmetric(3), normal(3, scale=0.5)), wrt=1, slips=[
             ("sign", lambda S, x: 2 * jnp.exp(-x @ S @ x) * S @ x),
             ("factor", lambda S, x: -jnp.exp(-x @ S @ x) * S @ x),
             ("missing_chain_factor", lambda S, x: -2 * S @ x),
             ("missing_chain_factor", lambda S, x: -2 * jnp.exp(-x @ S @ x) * x),
             ("sign", lambda S, x: -2 * jnp.exp(x @ S @ x) * S @ x),
         ]),
    Case("entropy of logits", lambda z: -jnp.sum(softmax(z) * jax.nn.log_softmax(z)), lambda z: -softmax(z) * (jnp.log(softmax(z)) - jnp.sum(softmax(z) * jnp.log(softmax(z)))), at(normal(5)), slips=[
             ("missing_term", lambda z: -softmax(z) * jnp.log(softmax(z))),
             ("sign", lambda z: softmax(z) * (jnp.log(softmax(z)) - jnp.sum(softmax(z) * jnp.log(softmax(z))))),
             ("sign", lambda z: -softmax(z) * (jnp.log(softmax(z)) + jnp.sum(softmax(z) * jnp.log(softmax(z))))),
             ("missing_chain_factor", lambda z: -(jnp.log(softmax(z)) + 1)),
         ]),
    Case("relative entropy of two lists of shares", lambda p, q: jnp.sum(p * jnp.log(p / q)), lambda p, q: (jnp.log(p) - jnp.log(q) + 1, -p / q), at(simplex(5), simplex(5)), wrt=(0, 1), slips=[
             ("missing_term", lambda p, q: (jnp.log(p) - jnp.log(q), -p / q)),
             ("sign", lambda p, q: (jnp.log(p) - jnp.log(q) + 1, p / q)),
             ("missing_chain_factor|wrong_variable", lambda p, q: (jnp.log(p) - jnp.log(q) + 1, -1 / q)),
             ("wrong_variable|sign|unknown", lambda p, q: (jnp.log(q) - jnp.log(p) + 1, -q / p)),
         ]),
    Case("discounted returns", lambda r, g: jnp.sum(g ** jnp.arange(r.size) * r), lambda r, g: (g ** jnp.arange(r.size), jnp.sum(jnp.arange(1, r.size) * g ** jnp.arange(r.size - 1) * r[1:])), at(normal(6), uniform(0.5, 0.95)), wrt=(0, 1), slips=[
             ("index|missing_chain_factor|factor", lambda r, g: (g ** jnp.arange(1, r.size + 1), jnp.sum(jnp.arange(1, r.size) * g ** jnp.arange(r.size - 1) * r[1:]))),
             ("missing_chain_factor", lambda r, g: (g ** jnp.arange(r.size), jnp.sum(g ** jnp.arange(r.size - 1) * r[1:]))),
             ("index", lambda r, g: (g ** jnp.arange(r.size)[::-1], jnp.sum(jnp.arange(1, r.size) * g ** jnp.arange(r.size - 1) * r[1:]))),
             ("missing_chain_factor|index", lambda r, g: (g ** jnp.arange(r.size), jnp.sum(jnp.arange(r.size) * g ** jnp.arange(r.size) * r))),
         ]),
    Case("positive weights in proportion", lambda w, x: jnp.sum(w * x) / jnp.sum(w), lambda w, x: (x - jnp.sum(w * x) / jnp.sum(w)) / jnp.sum(w), at(positive(5), normal(5)), slips=[
             ("missing_term", lambda w, x: x / jnp.sum(w)),
             ("missing_chain_factor", lambda w, x: x - jnp.sum(w * x) / jnp.sum(w)),
             ("sign", lambda w, x: (x + jnp.sum(w * x) / jnp.sum(w)) / jnp.sum(w)),
             ("missing_chain_factor", lambda w, x: (x - jnp.sum(w * x)) / jnp.sum(w)),
             ("batch_factor|constant|missing_term|unknown", lambda w, x: (x - x.mean()) / jnp.sum(w)),
         ]),
]
