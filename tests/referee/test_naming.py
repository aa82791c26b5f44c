"""The referee names planted mistakes and their place, and does not name what it does not know."""

import inspect
from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest

from lab import check
from lab.domains import choice, invertible, labels, positive, reals, simplex, spd
from lab.referee import naming

# ----- the functions on trial, and their right derivatives -----


def mse(w, X, y):
    residual = X @ w - y
    return jnp.mean(residual**2)


def mse_gradient(w, X, y):
    return 2 / y.size * X.T @ (X @ w - y)


def quadratic(x, A):
    return x @ A @ x


def softmax_jacobian(x):
    p = jax.nn.softmax(x)
    return jnp.diag(p) - jnp.outer(p, p)


def layer_norm(x, v):
    mean = jnp.mean(x)
    centered = x - mean
    variance = jnp.mean(centered**2)
    return v @ (centered / jnp.sqrt(variance + 1e-5))


def layer_norm_gradient(x, v, *, mean=1.0, variance=1.0, eps=1e-5):
    c = x - x.mean()
    s = 1 / jnp.sqrt((c**2).mean() + eps)
    return s * (v - mean * v.mean() - variance * c * s**2 * (v * c).mean())


def batch_norm(X, gamma):
    mean = jnp.mean(X, axis=0)
    variance = jnp.mean((X - mean) ** 2, axis=0)
    return gamma * (X - mean) / jnp.sqrt(variance + 1e-3)


def batch_norm_vjp(X, gamma, cotangent, axis=0, mean=1.0, variance=1.0):
    c = X - X.mean(0)
    s = 1 / jnp.sqrt((c**2).mean(0) + 1e-3)
    d = gamma * cotangent
    average = lambda a: a.mean(axis, keepdims=True)
    return s * (d - mean * average(d) - variance * c * s**2 * average(d * c))


def layer(X, W, b):
    z = X @ W + b
    return jnp.tanh(z)


def layer_vjp(X, W, b, cotangent, slope=lambda a: 1 - a**2):
    dz = cotangent * slope(layer(X, W, b))
    return dz @ W.T, X.T @ dz, dz.sum(0)


def logistic(w, X, y):
    margin = y * (X @ w)
    return jnp.mean(jnp.log1p(jnp.exp(-margin)))


def logistic_gradient(w, X, y):
    return -X.T @ (y * jax.nn.sigmoid(-y * (X @ w))) / y.size


def cosine(a, b):
    return a @ b / (jnp.sqrt(a @ a) * jnp.sqrt(b @ b))


def cosine_gradient(a, b):
    na, nb = jnp.sqrt(a @ a), jnp.sqrt(b @ b)
    return b / (na * nb) - (a @ b) * a / (na**3 * nb)


def huber(r):
    size = jnp.abs(r)
    return jnp.where(size < 1.0, 0.5 * r**2, size - 0.5)


def huber_loss(w, X, y):
    return jnp.mean(huber(X @ w - y))


def gelu(x):
    return 0.5 * x * (1 + jnp.tanh(0.8 * (x + 0.044715 * x**3)))


def gelu_slope(x, inner=0.044715, outer=0.044715):
    t = jnp.tanh(0.8 * (x + inner * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * 0.8 * (1 + 3 * outer * x**2)


def cross_entropy(logits, y):
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    return -jnp.mean(picked)


def cross_entropy_gradient(logits, y, axis=1):
    one_hot = jax.nn.one_hot(y, logits.shape[1], dtype=logits.dtype)
    return (jax.nn.softmax(logits, axis) - one_hot) / y.size


def probabilities(X):
    return jax.nn.softmax(X, axis=1)


def probabilities_vjp(X, cotangent):
    p = jax.nn.softmax(X, axis=0)
    return p * (cotangent - (p * cotangent).sum(0))


def row_norm(X):
    mean = jnp.mean(X, axis=1, keepdims=True)
    spread = jnp.mean((X - mean) ** 2, axis=1, keepdims=True)
    return (X - mean) / jnp.sqrt(spread + 1e-3)


def row_norm_wrong(X, cotangent):
    return batch_norm_vjp(X, 1.0, cotangent)


def attention(q, K, V):
    scores = K @ q / jnp.sqrt(q.size)
    return jax.nn.softmax(scores) @ V


def attention_vjp(q, K, V, cotangent, scale=True, outer=1.0):
    p = jax.nn.softmax(K @ q / jnp.sqrt(q.size))
    dp = V @ cotangent
    ds = p * (dp - outer * p @ dp)
    return K.T @ ds / (jnp.sqrt(q.size) if scale else 1.0)


def smooth(x):
    return jnp.sum((x[1:] - x[:-1]) ** 2)


def smooth_gradient(x):
    d = 2 * jnp.diff(x)
    return jnp.concatenate([-d[:1], d[:-1] - d[1:], d[-1:]])


def ridge(w, X, y, strength):
    return jnp.sum((X @ w - y) ** 2) + strength * jnp.sum(w**2)


def ridge_gradient(w, X, y, strength):
    return 2 * X.T @ (X @ w - y) + 2 * strength * w


def two_layers(p, X):
    hidden = jnp.tanh(X @ p["W"])
    out = jax.nn.sigmoid(hidden @ p["v"])
    return jnp.mean(out**2)


def two_layers_gradient(p, X, out_slope=lambda s: s * (1 - s), hidden_slope=lambda a: 1 - a**2):
    a = jnp.tanh(X @ p["W"])
    s = jax.nn.sigmoid(a @ p["v"])
    ds = 2 / len(X) * s * out_slope(s)
    dz = jnp.outer(ds, p["v"]) * hidden_slope(a)
    return {"W": X.T @ dz, "v": a.T @ ds}


def normalized(x):
    return x / jnp.sum(x)


def normalized_jacobian(x):
    total = jnp.sum(x)
    return jnp.eye(x.size) / total - x[:, None] / total**2


def wave(x):
    return jnp.sin(x**2) / x


def wave_slope(x):
    return 2 * jnp.cos(x**2) - jnp.sin(x**2) / x**2


def variance(x):
    return jnp.var(x)


def log_det(A):
    return jnp.linalg.slogdet(A)[1]


def bilinear(x, y, A):
    return x @ A @ y


def distance(x, y):
    return jnp.sum((x - y) ** 2)


def kl(p, q):
    return jnp.sum(p * jnp.log(p / q))


def normal(x, mean, scale):
    return -0.5 * ((x - mean) / scale) ** 2 - jnp.log(scale)


def rolled(x, k):
    return jnp.sum(k * x * jnp.roll(x, 1))


N, ND = dict(x=reals("n")), dict(w=reals("d"), X=reals("n d"), y=reals("n"))
TWO = dict(x=reals("n"), y=reals("n"))
QUAD = dict(x=reals("n"), A=reals("n n"))
NORM = dict(x=reals("n", n=5), v=reals("n", n=5))
BATCH = dict(X=reals("n d"), gamma=positive("d"))
LAYER = dict(X=reals("n d"), W=reals("d k"), b=reals("k"))
SIGNED = dict(w=reals("d"), X=reals("n d"), y=reals("n"))
COSINE = dict(a=reals("n"), b=reals("n"))
LOGITS = dict(logits=reals("n k"), y=labels("n", "k"))
ATTENTION = dict(q=reals("d"), K=reals("n d"), V=reals("n k"))
RIDGE = dict(**ND, strength=positive())
NET = dict(p={"W": reals("d k"), "v": reals("k")}, X=reals("n d"))
BILINEAR = dict(x=reals("n"), y=reals("n"), A=reals("n n"))
NORMAL = dict(x=reals("n"), mean=reals("n"), scale=positive("n"))


class Slip(NamedTuple):
    """A planted mistake: ``named`` is what it may be called, ``place`` part of the place named."""

    label: str
    f: object
    hand: object
    named: str
    place: str
    at: object
    kind: str = "gradient"
    wrt: object = 0


def line(function, text):
    """The place of the only line of a function that has this text."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [k for k, one in enumerate(lines) if text in one]
    return f"test_naming.py:{first + found}"


def _leaf(gradient, name, change):
    def hand(p, X):
        right = gradient(p, X)
        return {**right, name: change(right[name])}

    return hand


relu = lambda x: jnp.maximum(x, 0)

SLIPS = [
    # simple transforms of the truth
    Slip("sign", mse, lambda w, X, y: -mse_gradient(w, X, y), "sign", "w", ND),
    Slip("no 2", mse, lambda w, X, y: X.T @ (X @ w - y) / y.size, "factor", "w", ND),
    Slip("no 1/n", mse, lambda w, X, y: 2 * X.T @ (X @ w - y), "batch_factor", "w", ND),
    Slip("no 2/n", mse, lambda w, X, y: X.T @ (X @ w - y), "batch_factor", "w", ND),
    Slip("1/d for 1/n", mse, lambda w, X, y: 2 / w.size * X.T @ (X @ w - y), "batch_factor", "w", ND),
    Slip("n - 1 for n", variance, lambda x: 2 * (x - x.mean()) / (x.size - 1), "batch_factor", "x",
         dict(x=reals("n+1"))),
    Slip("n forgotten", lambda x, n: jnp.sum(x**n), lambda x, n: x ** (n - 1), "factor", "x",
         dict(x=positive("k"), n=choice(1, 2, 3, 5))),
    Slip("constant", mse, lambda w, X, y: 1.002 * mse_gradient(w, X, y), "constant", "w", ND),
    Slip("no y", mse, lambda w, X, y: 2 / y.size * X.T @ (X @ w), "missing_term", "w", ND),
    Slip("nothing", mse, lambda w, X, y: 0 * w, "missing_term", "w", ND),
    Slip("transposed gradient", log_det, lambda A: jnp.linalg.inv(A), "transpose", "A", dict(A=invertible("d"))),
    Slip("free entries", log_det, lambda A: 2 * jnp.linalg.inv(A) - jnp.diag(jnp.diag(jnp.linalg.inv(A))),
         "symmetrize", "A", dict(A=spd("d"))),
    Slip("2A for A + A'", quadratic, lambda x, A: 2 * A, "symmetrize", "hessian", QUAD, "hessian"),
    Slip("A for A + A'", quadratic, lambda x, A: A, "symmetrize", "hessian", QUAD, "hessian"),
    Slip("diagonal only", jax.nn.softmax, lambda x: jnp.diag(jnp.diag(softmax_jacobian(x))), "missing_term",
         "jacobian", N, "jacobian"),
    Slip("shifted", lambda x: jnp.sum(x**3), lambda x: 3 * jnp.roll(x, 1) ** 2, "index", "x", N),
    Slip("reversed", lambda x: jnp.sum(x**3), lambda x: 3 * x[::-1] ** 2, "index", "x", N),
    Slip("one leaf", two_layers, _leaf(two_layers_gradient, "v", lambda g: -g), "sign", "p['v']", NET),
    Slip("leaves exchanged", bilinear, lambda x, y, A: (A.T @ x, A @ y), "wrong_variable", "x, y",
         BILINEAR, "gradient", ("x", "y")),
    # the truth at the wrong place
    Slip("labels shifted", cross_entropy, lambda z, y: cross_entropy_gradient(z, (y + 1) % z.shape[1]),
         "index", "logits", LOGITS),
    Slip("y for x", lambda x, y: jnp.sum(x * y**2), lambda x, y: x**2, "wrong_variable", "x", TWO),
    Slip("wrong argument", bilinear, lambda x, y, A: A.T @ x, "wrong_variable", "x", BILINEAR),
    Slip("A' for A", bilinear, lambda x, y, A: A.T @ y, "transpose", "x", BILINEAR),
    Slip("cotangent forgotten", layer, lambda X, W, b, c: layer_vjp(X, W, b, jnp.ones_like(c)),
         "missing_chain_factor", "X", LAYER, "vjp", ("X", "W", "b")),
    Slip("matrix left out", bilinear, lambda x, y, A: y, "missing_chain_factor", "x", BILINEAR),
    # a path forgotten or miscounted
    Slip("mean is a constant", layer_norm, lambda x, v: layer_norm_gradient(x, v, mean=0.0), "missing_term",
         line(layer_norm, "mean = "), NORM),
    Slip("variance is a constant", layer_norm, lambda x, v: layer_norm_gradient(x, v, variance=0.0),
         "missing_term", line(layer_norm, "variance ="), NORM),
    Slip("both are constants", layer_norm, lambda x, v: layer_norm_gradient(x, v, mean=0.0, variance=0.0),
         "missing_term", line(layer_norm, "mean = "), NORM),
    Slip("variance counts twice", layer_norm, lambda x, v: layer_norm_gradient(x, v, variance=2.0), "factor",
         line(layer_norm, "variance ="), NORM),
    Slip("variance with the wrong sign", layer_norm, lambda x, v: layer_norm_gradient(x, v, variance=-1.0),
         "sign", line(layer_norm, "variance ="), NORM),
    Slip("batch mean is a constant", batch_norm, lambda *a: batch_norm_vjp(*a, mean=0.0), "missing_term",
         line(batch_norm, "mean = "), BATCH, "vjp"),
    Slip("batch variance is a constant", batch_norm, lambda *a: batch_norm_vjp(*a, variance=0.0),
         "missing_term", line(batch_norm, "variance ="), BATCH, "vjp"),
    Slip("one term of x'Ax", quadratic, lambda x, A: A @ x, "missing_term", line(quadratic, "A @ x"), QUAD),
    Slip("the other term", quadratic, lambda x, A: A.T @ x, "missing_term", line(quadratic, "A @ x"), QUAD),
    Slip("2Ax for (A + A')x", quadratic, lambda x, A: 2 * A @ x, "symmetrize", line(quadratic, "A @ x"), QUAD),
    Slip("no outer product", jax.nn.softmax, lambda x: jnp.diag(jax.nn.softmax(x)), "missing_term",
         "jacobian", N, "jacobian"),
    Slip("outer product added", jax.nn.softmax, lambda x: jnp.diag(jax.nn.softmax(x))
         + jnp.outer(jax.nn.softmax(x), jax.nn.softmax(x)), "sign", "jacobian", N, "jacobian"),
    Slip("cosine: norm is a constant", cosine, lambda a, b: b / jnp.sqrt(a @ a * b @ b), "missing_term",
         line(cosine, "return"), COSINE),
    Slip("cosine: norm with +", cosine, lambda a, b: 2 * b / (jnp.sqrt(a @ a) * jnp.sqrt(b @ b))
         - cosine_gradient(a, b), "sign", line(cosine, "return"), COSINE),
    Slip("normalized: sum is a constant", normalized, lambda x: jnp.eye(x.size) / jnp.sum(x),
         "missing_term", line(normalized, "return"), dict(x=positive("n")), "jacobian"),
    Slip("attention: no outer product", attention, lambda *a: attention_vjp(*a, outer=0.0), "missing_term",
         line(attention, "softmax"), ATTENTION, "vjp"),
    Slip("attention: no 1/sqrt(d)", attention, lambda *a: attention_vjp(*a, scale=False), "factor",
         "q", ATTENTION, "vjp"),
    Slip("ridge: no 2 in the penalty", ridge, lambda w, X, y, s: ridge_gradient(w, X, y, s) - s * w, "factor",
         line(ridge, "return"), RIDGE),
    Slip("ridge: no penalty", ridge, lambda w, X, y, s: ridge_gradient(w, X, y, s) - 2 * s * w, "missing_term",
         "w", RIDGE),
    Slip("penalty that is not there", mse, lambda w, X, y: mse_gradient(w, X, y) + 0.1 * w, "extra_term",
         "w", ND),
    Slip("logistic: sign", logistic, lambda *a: -logistic_gradient(*a), "sign", "w", SIGNED),
    Slip("logistic: sign of the margin", logistic, lambda w, X, y: -X.T @ (y * jax.nn.sigmoid(y * (X @ w)))
         / y.size, "sign", "w", SIGNED),
    Slip("logsumexp: not normalized", lambda x: jnp.log(jnp.sum(jnp.exp(x))), jnp.exp, "missing_chain_factor",
         "x", N),
    # factors of the chain rule
    Slip("tanh' forgotten", layer, lambda *a: layer_vjp(*a, slope=lambda s: 1.0), "missing_chain_factor",
         line(layer, "tanh"), LAYER, "vjp", ("X", "W", "b")),
    Slip("tanh' forgotten, one leaf", two_layers, lambda p, X: {**two_layers_gradient(p, X),
         "W": two_layers_gradient(p, X, hidden_slope=lambda a: 1.0)["W"]}, "missing_chain_factor",
         line(two_layers, "hidden ="), NET),
    Slip("tanh' = 1 - tanh", layer, lambda *a: layer_vjp(*a, slope=lambda s: 1 - s), "missing_chain_factor",
         line(layer, "tanh"), LAYER, "vjp", ("X", "W", "b")),
    Slip("only ones", lambda x: jnp.sum(jnp.sin(x)), jnp.ones_like, "missing_chain_factor", "x", N),
    Slip("sigmoid' forgotten", two_layers, lambda p, X: two_layers_gradient(p, X, out_slope=lambda s: 1.0),
         "missing_chain_factor", line(two_layers, "out ="), NET),
    Slip("sigmoid' of the output", two_layers, lambda p, X: two_layers_gradient(p, X,
         out_slope=lambda s: jax.nn.sigmoid(s) * (1 - jax.nn.sigmoid(s))), "wrong_variable",
         line(two_layers, "out ="), NET),
    Slip("inner factor forgotten", wave, lambda x: jnp.cos(x**2) / x - jnp.sin(x**2) / x**2,
         "missing_chain_factor", line(wave, "sin"), dict(x=positive("n")), "derivative"),
    Slip("sin for cos", wave, lambda x: 2 * jnp.sin(x**2) - jnp.sin(x**2) / x**2, "missing_chain_factor",
         line(wave, "sin"), dict(x=positive("n")), "derivative"),
    Slip("quotient rule without the square", wave, lambda x: 2 * jnp.cos(x**2) - jnp.sin(x**2) / x,
         "missing_chain_factor factor", "test_naming.py", dict(x=positive("n")), "derivative"),
    Slip("quotient rule with +", wave, lambda x: 2 * jnp.cos(x**2) + jnp.sin(x**2) / x**2, "sign",
         line(wave, "sin"), dict(x=positive("n")), "derivative"),
    Slip("scale forgotten", normal, lambda x, m, s: -(x - m) / s, "missing_chain_factor", line(normal, "return"), NORMAL, "derivative"),
    Slip("log scale forgotten", normal, lambda x, m, s: (x - m) ** 2 / s**3, "missing_term",
         line(normal, "return"), NORMAL, "derivative", "scale"),
    Slip("one of a product", rolled, lambda x, k: k * jnp.roll(x, 1), "missing_term", line(rolled, "return"),
         dict(x=reals("n+1"), k=reals("n+1"))),
    Slip("kl: 1 forgotten", kl, lambda p, q: jnp.log(p / q), "missing_term", line(kl, "return"),
         dict(p=simplex("k"), q=simplex("k"))),
    # constants
    Slip("gelu: one constant", gelu, lambda x: gelu_slope(x, outer=0.0447), "constant", line(gelu, "return"),
         N, "derivative"),
    Slip("gelu: the constant", gelu, lambda x: gelu_slope(x, 0.0447, 0.0447), "constant",
         line(gelu_slope, "t = "), N, "derivative"),
    Slip("eps forgotten", layer_norm, lambda x, v: layer_norm_gradient(x, v, eps=0.0), "constant missing_term",
         line(layer_norm_gradient, "s = "), NORM),
    # axes and sums
    Slip("softmax along the wrong axis", probabilities, probabilities_vjp,
         "wrong_axis", line(probabilities_vjp, "p = "), dict(X=reals("n d")), "vjp"),
    Slip("normalized along the wrong axis", row_norm, row_norm_wrong, "wrong_axis",
         line(batch_norm_vjp, "c = "), dict(X=reals("n d")), "vjp"),
    Slip("bias: mean for sum", layer, lambda X, W, b, c: layer_vjp(X, W, b, c)[2] / len(X), "batch_factor",
         "b", LAYER, "vjp", "b"),
    Slip("bias: sum over everything", layer, lambda X, W, b, c: 0 * b + (c * (1 - layer(X, W, b) ** 2)).sum(),
         "broadcast_sum", "b", LAYER, "vjp", "b"),
    # part of the domain
    Slip("huber: no clipping", huber, lambda r: r, "region", "|r| > 1", dict(r=reals("n")), "derivative"),
    Slip("huber loss: no clipping", huber_loss, lambda w, X, y: X.T @ (X @ w - y) / y.size, "region",
         line(huber, "where"), ND),
    Slip("relu: leaks", lambda x: jnp.sum(relu(x)), lambda x: jnp.where(x > 0, 1.0, 0.1), "region", "x", N),
    Slip("right for x > 0 only", lambda x: jnp.sum(jnp.tanh(x)), lambda x: jnp.where(x > 0, 1 - jnp.tanh(x) ** 2, 1.0),
         "region", "x", N),
    Slip("large x only", lambda x: jnp.sum(x**3), lambda x: jnp.where(x > 1.5, 3 * x, 3 * x**2), "region", "x", N),
    Slip("first entry", smooth, lambda x: smooth_gradient(x).at[0].set(0.0), "region", "x", dict(x=reals("n+1"))),
    Slip("last entry", mse, lambda w, X, y: mse_gradient(w, X, y).at[-1].multiply(1.01), "region constant", "w", ND),
]  # fmt: skip

noise = lambda x, scale: scale * jnp.sin(1e3 * x)

# Wrong answers that are none of the above.
UNNAMED = [
    Slip("random", mse, lambda w, X, y: mse_gradient(w, X, y) * (1 + 1e-3 * jnp.sin(1e3 * w)), "unknown extra_term missing_chain_factor", "w", ND),
    Slip("rounded", mse, lambda w, X, y: jnp.round(mse_gradient(w, X, y), 2), "unknown", "w", ND),
    Slip("noise added", lambda x: jnp.sum(x**3), lambda x: 3 * x**2 + noise(x, 1e-4), "unknown extra_term", "x", N),
    Slip("differences", lambda x: jnp.sum(jnp.sin(x)), lambda x: (jnp.sin(x + 1e-3) - jnp.sin(x)) / 1e-3,
         "unknown", "x", N),
    Slip("another function", lambda x: jnp.sum(jnp.sin(x)), lambda x: jnp.cos(x) ** 3 + x**4, "unknown", "x", N),
    Slip("normalized gradient", mse, lambda w, X, y: mse_gradient(w, X, y)
         / jnp.sqrt(jnp.sum(mse_gradient(w, X, y) ** 2)), "unknown extra_term", "w", ND),
    Slip("clipped gradient", mse, lambda w, X, y: jnp.clip(mse_gradient(w, X, y), -0.5, 0.5), "unknown region", "w", ND),
    Slip("a factor that depends on the point", mse, lambda w, X, y: mse_gradient(w, X, y) * (1 + 0.1 * y[0] ** 2),
         "unknown extra_term missing_chain_factor", "w", ND),
    Slip("signs only", mse, lambda w, X, y: jnp.sign(mse_gradient(w, X, y)), "unknown", "w", ND),
    Slip("Gauss-Newton step", mse, lambda w, X, y: X.T @ (X @ w - y) / (1.0 + jnp.sum(X**2)), "unknown", "w", ND),
    Slip("three slips at once", layer_norm, lambda x, v: 1.7 * layer_norm_gradient(x, v, mean=0.3, variance=2.6),
         "unknown", "x", NORM),
    Slip("unrelated matrix", lambda x: jnp.outer(x, x) @ x, lambda x: jnp.outer(x, jnp.cos(x)) + 2.0, "unknown",
         "jacobian", N, "jacobian"),
    Slip("scrambled", mse, lambda w, X, y: jnp.sort(mse_gradient(w, X, y)), "unknown", "w", dict(ND, w=reals("d", d=5),
         X=reals("n d", d=5))),
    Slip("means along the wrong axis, backwards only", batch_norm, lambda *a: batch_norm_vjp(*a, axis=1),
         "unknown wrong_axis", "X", BATCH, "vjp"),
    Slip("softmax of columns, in the result only", cross_entropy, lambda z, y: cross_entropy_gradient(z, y, axis=0),
         "unknown wrong_axis", "logits", LOGITS),
    Slip("first row for the sum", layer, lambda X, W, b, c: (c * (1 - layer(X, W, b) ** 2))[0],
         "unknown broadcast_sum", "b", LAYER, "vjp", "b"),
    Slip("a slope of no name", layer, lambda *a: layer_vjp(*a, slope=lambda s: jnp.exp(-s * 1.3)), "unknown wrong_variable", "X", LAYER,
         "vjp", ("X", "W", "b")),
    Slip("one number", lambda x: x**2, lambda x: x, "unknown", "x", (3.0,)),
    Slip("one point", mse, lambda w, X, y: 1.234 * mse_gradient(w, X, y) + 0.3 * jnp.ones_like(w), "unknown", "w",
         (jnp.array([0.3]), jnp.array([[1.0], [2.0]]), jnp.array([1.0, 0.5]))),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.label)
def test_planted_mistakes_are_named_with_their_place(slip):
    mistake = _judged(slip)
    assert mistake.name in slip.named.split(), mistake
    assert slip.place in mistake.where, mistake


@pytest.mark.slow
@pytest.mark.parametrize("slip", UNNAMED, ids=lambda slip: slip.label)
def test_what_is_not_known_is_not_named(slip):
    mistake = _judged(slip)
    assert mistake.name in slip.named.split(), mistake
    assert "off" in mistake.says or mistake.name != "unknown", mistake


def test_an_explanation_names_the_expression_and_its_line():
    mistake = _judged(next(slip for slip in SLIPS if slip.label == "variance is a constant"))
    assert "`jnp.mean(centered**2)`" in mistake.says
    assert mistake.where == f"x, {line(layer_norm, 'variance =')}"


def test_leaves_with_different_mistakes_are_told_apart():
    def hand(X, W, b, cotangent):
        dX, dW, db = layer_vjp(X, W, b, cotangent)
        return -dX, dW, db / len(X)

    mistake = _judged(Slip("two", layer, hand, "", "", LAYER, "vjp", ("X", "W", "b")))
    assert mistake.name == "sign"
    assert mistake.where == "X; b"
    assert "X: the sign is flipped" in mistake.says
    assert "b: it is 1/n times" in mistake.says


def _judged(slip):
    verdict = check(slip.f, slip.hand, kind=slip.kind, wrt=slip.wrt, at=slip.at)
    assert verdict.verdict == "wrong", verdict
    return verdict.mistake


def test_whoever_has_no_patience_is_told_how_the_error_looks(monkeypatch):
    f, hand = lambda x: jnp.sum(jnp.sin(x) * x), lambda x: jnp.sin(x)
    assert check(f, hand, kind="gradient", at=dict(x=reals("n"))).mistake.name == "missing_term"
    monkeypatch.setattr(naming, "PATIENCE", -1.0)
    verdict = check(f, hand, kind="gradient", at=dict(x=reals("n")))
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "unknown")
    assert "entry" in verdict.mistake.says


def test_a_finder_that_fails_is_passed_over(monkeypatch):
    def fails(_):
        raise ZeroDivisionError
        yield

    def asked():
        f, hand = lambda x: jnp.sum(jnp.sin(x) * x), lambda x: jnp.sin(x)
        return check(f, hand, kind="gradient", at=dict(x=reals("n"))).mistake

    monkeypatch.setattr(naming, "BY_LEAF", (fails, *naming.BY_LEAF))
    assert "ZeroDivisionError" in asked().says
    monkeypatch.setattr(naming, "FORGIVEN", (Exception,))
    assert asked().name == "missing_term"
