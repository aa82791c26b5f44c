"""Layers of networks, with their parameters as pytrees."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, integers, normal, of, positive
from lab.domains import positive as positives
from lab.domains import reals

sg = jax.lax.stop_gradient
sigmoid = jax.nn.sigmoid


def dense(X, W, b):
    return jnp.tanh(X @ W + b)


def d_dense(X, W, b, ct, slope=lambda a: 1 - a**2):
    dz = ct * slope(dense(X, W, b))
    return dz @ W.T, X.T @ dz, dz.sum(0)


def layer_norm(x, g, b):
    c = x - x.mean(-1, keepdims=True)
    return g * c / jnp.sqrt((c**2).mean(-1, keepdims=True) + 1e-5) + b


def d_layer_norm(x, g, b, ct, axis=-1, mean=1.0, var=1.0, eps=1e-5):
    avg = lambda a: a.mean(axis, keepdims=True)
    c = x - avg(x)
    s = 1 / jnp.sqrt(avg(c**2) + eps)
    d = g * ct
    return s * (d - mean * avg(d) - var * c * s**2 * avg(d * c)), (ct * c * s).sum(0), ct.sum(0)


def batch_norm(X, g):
    c = X - X.mean(0)
    return g * c / jnp.sqrt((c**2).mean(0) + 1e-3)


def d_batch_norm(X, g, ct, axis=0, mean=1.0, var=1.0, n=None):
    avg = lambda a: a.sum(axis, keepdims=True) / (n or X.shape[axis])
    c = X - X.mean(0)
    s = 1 / jnp.sqrt((c**2).mean(0) + 1e-3)
    d = g * ct
    return s * (d - mean * avg(d) - var * c * s**2 * avg(d * c))


def rms_norm(x, g):
    return g * x / jnp.sqrt(jnp.mean(x**2) + 1e-6)


def d_rms_norm(x, g, ct, second=1.0, n=None):
    s = 1 / jnp.sqrt(jnp.mean(x**2) + 1e-6)
    return s * g * ct - second * s**3 * x * jnp.sum(g * ct * x) / (n or x.size), ct * x * s


def conv(x, k):
    return jnp.convolve(x, k, mode="valid")


def d_conv(x, k, ct):
    return jnp.convolve(ct, k[::-1], mode="full"), jnp.convolve(x, ct[::-1], mode="valid")[::-1]


def mlp(p, X, y):
    a = jnp.tanh(X @ p["W1"] + p["b1"])
    return jnp.mean((a @ p["W2"] + p["b2"] - y) ** 2)


def d_mlp(p, X, y, slope=lambda a: 1 - a**2, scale=lambda r: 2 / r.size, through=lambda dz, W: dz @ W.T):
    a = jnp.tanh(X @ p["W1"] + p["b1"])
    r = a @ p["W2"] + p["b2"] - y
    do = scale(r) * r
    dz = through(do, p["W2"]) * slope(a)
    return {"W1": X.T @ dz, "b1": dz.sum(0), "W2": a.T @ do, "b2": do.sum(0)}


def embedding(E, ids, v):
    return jnp.mean(jnp.tanh(E[ids] @ v))


def d_embedding(E, ids, v):
    h = jnp.tanh(E[ids] @ v)
    return jnp.zeros_like(E).at[ids].add((1 - h**2)[:, None] * v / ids.size)


def residual(x, W, V):
    return x + V @ jax.nn.silu(W @ x)


def d_residual(x, W, V, ct, skip=1.0):
    z = W @ x
    s = sigmoid(z)
    dz = (V.T @ ct) * s * (1 + z * (1 - s))
    return skip * ct + W.T @ dz, jnp.outer(dz, x), jnp.outer(ct, z * s)


def cell(h, x, p):
    z = sigmoid(p["Wz"] @ x + p["Uz"] @ h)
    return (1 - z) * h + z * jnp.tanh(p["Wn"] @ x)


def d_cell(h, x, p, ct, gate=1.0, keep=1.0):
    z, n = sigmoid(p["Wz"] @ x + p["Uz"] @ h), jnp.tanh(p["Wn"] @ x)
    dz = ct * (n - keep * h) * z * (1 - z)
    return ct * (1 - z) + gate * p["Uz"].T @ dz


def on(z):
    return jnp.where(z > 0, 1.0, 0.0)


def loss_of_dense(p, X, s):
    return jnp.sum(s * jnp.maximum(X @ p[0] + p[1], 0.0))


P = {"W1": normal(3, 5), "b1": normal(5), "W2": normal(5, 2), "b2": normal(2)}
PD = {"W1": reals("d h"), "b1": reals("h"), "W2": reals("h k"), "b2": reals("k")}
GRU = {"Wz": normal(4, 3), "Uz": normal(4, 4), "Wn": normal(4, 3)}
keep = lambda d, **new: {**d, **new}

CASES = [
    Case("dense layer with tanh", dense, d_dense, at(normal(6, 3), normal(3, 4), normal(4)), kind="vjp", wrt=(0, 1, 2),
         auto="sign zero constant region", domains=dict(X=reals("n d"), W=reals("d k"), b=reals("k")), slips=[
             ("missing_chain_factor", lambda *a: d_dense(*a, slope=lambda h: 1.0)),
             ("missing_chain_factor", lambda *a: d_dense(*a, slope=lambda h: 1 - h)),
             ("missing_chain_factor|sign", lambda *a: d_dense(*a, slope=lambda h: 1 + h**2)),
             ("missing_chain_factor|wrong_variable|unknown", lambda *a: d_dense(*a, slope=lambda h: 1 - jnp.tanh(h) ** 2)),
             ("batch_factor|broadcast_sum", lambda *a: (*d_dense(*a)[:2], d_dense(*a)[2] / len(a[0]))),
             ("batch_factor", lambda *a: (d_dense(*a)[0], d_dense(*a)[1] / len(a[0]), d_dense(*a)[2])),
             ("broadcast_sum|shape", lambda X, W, b, ct: (*d_dense(X, W, b, ct)[:2], ct * (1 - dense(X, W, b) ** 2))),
             ("missing_chain_factor", lambda X, W, b, ct: d_dense(X, W, b, jnp.ones_like(ct))),
         ]),
    Case("dense layer, square", dense, d_dense, at(normal(4, 4), normal(4, 4), normal(4)), kind="vjp", wrt=(0, 1, 2), slips=[
             ("transpose", lambda X, W, b, ct: (d_dense(X, W, b, ct)[0] @ jnp.linalg.inv(W.T) @ W, *d_dense(X, W, b, ct)[1:])),
             ("transpose", lambda X, W, b, ct: (d_dense(X, W, b, ct)[0], d_dense(X, W, b, ct)[1].T, d_dense(X, W, b, ct)[2])),
             ("transpose", lambda X, W, b, ct: (d_dense(X, W, b, ct)[0], X @ (ct * (1 - dense(X, W, b) ** 2)), d_dense(X, W, b, ct)[2])),
             ("wrong_axis|broadcast_sum", lambda X, W, b, ct: (*d_dense(X, W, b, ct)[:2], (ct * (1 - dense(X, W, b) ** 2)).sum(1))),
             ("wrong_variable", lambda X, W, b, ct: (d_dense(X, W, b, ct)[1], d_dense(X, W, b, ct)[0], d_dense(X, W, b, ct)[2])),
         ]),
    Case("dense layer with relu", loss_of_dense,
         lambda p, X, s: (X.T @ (s * on(X @ p[0] + p[1])), (s * on(X @ p[0] + p[1])).sum(0)),
         at((normal(3, 4), normal(4)), normal(5, 3), normal(5, 4)), auto="sign factor region", slips=[
             ("region|missing_chain_factor", lambda p, X, s: (X.T @ s, s.sum(0))),
             ("missing_chain_factor", lambda p, X, s: (X.T @ on(X @ p[0] + p[1]), on(X @ p[0] + p[1]).sum(0))),
             ("region|missing_chain_factor|unknown", lambda p, X, s: (X.T @ (s * jnp.maximum(X @ p[0] + p[1], 0.0)), (s * jnp.maximum(X @ p[0] + p[1], 0.0)).sum(0))),
             ("region|missing_term|unknown|wrong_variable|missing_chain_factor", lambda p, X, s: (X.T @ (s * on(X @ p[0])), (s * on(X @ p[0])).sum(0))),
             ("region|wrong_variable|unknown|missing_chain_factor", lambda p, X, s: (X.T @ (s * on(s)), (s * on(s)).sum(0))),
         ]),
    Case("layer norm", layer_norm, d_layer_norm, at(normal(5, 6), normal(6), normal(6)), kind="vjp", wrt=(0, 1, 2),
         auto="constant zero sign", domains=dict(x=reals("n d", d=5), g=reals("d"), b=reals("d")), slips=[
             ("missing_term", lambda *a: d_layer_norm(*a, mean=0.0)),
             ("missing_term", lambda *a: d_layer_norm(*a, var=0.0)),
             ("missing_term", lambda *a: d_layer_norm(*a, mean=0.0, var=0.0)),
             ("factor", lambda *a: d_layer_norm(*a, var=2.0)),
             ("sign", lambda *a: d_layer_norm(*a, var=-1.0)),
             ("constant", lambda *a: d_layer_norm(*a, eps=1e-4)),
             ("missing_chain_factor", lambda x, g, b, ct: d_layer_norm(x, jnp.ones_like(g), b, ct)),
             ("batch_factor|broadcast_sum", lambda *a: (*d_layer_norm(*a)[:2], a[-1].mean(0))),
         ]),
    Case("layer norm, square", layer_norm, lambda *a: d_layer_norm(*a)[0], at(normal(5, 5), normal(5), normal(5)), kind="vjp", slips=[
             ("wrong_axis", Alt(lambda x, g, b: g * (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5) + b)),
             ("transpose", lambda *a: d_layer_norm(*a)[0].T),
             ("wrong_variable|missing_chain_factor|unknown", lambda x, g, b, ct: d_layer_norm(x, b, g, ct)[0]),
         ]),
    Case("batch norm", batch_norm, d_batch_norm, at(normal(7, 3), positive(3)), kind="vjp", auto="sign constant region",
         domains=dict(X=reals("n d"), g=positives("d")), slips=[
             ("missing_term", lambda *a: d_batch_norm(*a, mean=0.0)),
             ("missing_term", lambda *a: d_batch_norm(*a, var=0.0)),
             ("wrong_axis|unknown", lambda *a: d_batch_norm(*a, axis=1)),
             ("batch_factor", lambda *a: d_batch_norm(*a, n=6)),
             ("batch_factor|unknown", lambda *a: d_batch_norm(*a, n=1)),
             ("sign", lambda *a: d_batch_norm(*a, var=-1.0)),
             ("missing_chain_factor", lambda X, g, ct: d_batch_norm(X, jnp.ones_like(g), ct)),
         ]),
    Case("rms norm", rms_norm, d_rms_norm, at(normal(6), normal(6)), kind="vjp", wrt=(0, 1), auto="zero factor",
         domains=dict(x=reals("n"), g=reals("n")), slips=[
             ("missing_term", lambda *a: d_rms_norm(*a, second=0.0)),
             ("sign", lambda *a: d_rms_norm(*a, second=-1.0)),
             ("factor", lambda *a: d_rms_norm(*a, second=2.0)),
             ("batch_factor", lambda *a: d_rms_norm(*a, n=1)),
             ("missing_chain_factor", lambda x, g, ct: (d_rms_norm(x, g, ct)[0], ct * x)),
         ]),
    Case("convolution", conv, d_conv, at(normal(8), normal(3)), kind="vjp", wrt=(0, 1), auto="sign constant zero", slips=[
             ("index", lambda x, k, ct: (jnp.convolve(ct, k, mode="full"), d_conv(x, k, ct)[1])),
             ("index", lambda x, k, ct: (d_conv(x, k, ct)[0], d_conv(x, k, ct)[1][::-1])),
             ("index", lambda x, k, ct: (jnp.roll(d_conv(x, k, ct)[0], 1), d_conv(x, k, ct)[1])),
             ("missing_chain_factor", lambda x, k, ct: d_conv(x, k, jnp.ones_like(ct))),
             ("region|missing_term|index|unknown", lambda x, k, ct: (d_conv(x, k, ct)[0].at[0].set(0.0).at[-1].set(0.0), d_conv(x, k, ct)[1])),
             ("batch_factor|factor", lambda x, k, ct: (d_conv(x, k, ct)[0], d_conv(x, k, ct)[1] / x.size)),
         ]),
    Case("two layers", mlp, d_mlp, at(P, normal(6, 3), normal(6, 2)), auto="sign factor zero region",
         domains=dict(p=PD, X=reals("n d"), y=reals("n k")), slips=[
             ("missing_chain_factor", lambda *a: d_mlp(*a, slope=lambda h: 1.0)),
             ("missing_chain_factor", lambda *a: d_mlp(*a, slope=lambda h: h * (1 - h))),
             ("batch_factor|factor", lambda *a: d_mlp(*a, scale=lambda r: 2 / len(r))),
             ("batch_factor", lambda *a: d_mlp(*a, scale=lambda r: 2.0)),
             ("factor", lambda *a: d_mlp(*a, scale=lambda r: 1 / r.size)),
             ("missing_chain_factor|unknown", lambda *a: d_mlp(*a, through=lambda d, W: jnp.broadcast_to(d.sum(1, keepdims=True), (len(d), len(W))))),
             ("broadcast_sum|batch_factor", lambda *a: keep(d_mlp(*a), b1=d_mlp(*a)["b1"] / len(a[1]))),
             ("index", lambda *a: keep(d_mlp(*a), b2=d_mlp(*a)["b2"][::-1])),
             ("shape|transpose", lambda *a: keep(d_mlp(*a), W2=d_mlp(*a)["W2"].T)),
             ("shape", lambda *a: {k: v for k, v in d_mlp(*a).items() if k != "b2"}),
         ]),
    Case("embedding lookup", embedding, d_embedding, at(normal(6, 3), integers(0, 6, 8), normal(3)), auto="factor constant", slips=[
             ("index|missing_term|broadcast_sum|unknown", lambda E, i, v: jnp.zeros_like(E).at[i].set((1 - jnp.tanh(E[i] @ v) ** 2)[:, None] * v / i.size)),
             ("missing_chain_factor", lambda E, i, v: jnp.zeros_like(E).at[i].add(jnp.broadcast_to(v / i.size, (i.size, v.size)))),
             ("index", lambda E, i, v: jnp.roll(d_embedding(E, i, v), 1, 0)),
             ("batch_factor", lambda E, i, v: d_embedding(E, i, v) * i.size),
             ("batch_factor", lambda E, i, v: d_embedding(E, i, v) * i.size / len(E)),
             ("missing_chain_factor|unknown", lambda E, i, v: jnp.zeros_like(E).at[i].add((1 - jnp.tanh(E[i] @ v) ** 2)[:, None] * jnp.ones_like(v) / i.size)),
         ]),
    Case("residual block", residual, d_residual, at(normal(3), normal(4, 3), normal(3, 4)), kind="vjp", wrt=(0, 1, 2),
         auto="zero sign", slips=[
             ("missing_term", lambda *a: d_residual(*a, skip=0.0)),
             ("factor|missing_term", lambda *a: d_residual(*a, skip=2.0)),
             ("missing_chain_factor|factor|unknown", lambda x, W, V, ct: (ct + W.T @ (V.T @ ct), *d_residual(x, W, V, ct)[1:])),
             ("missing_chain_factor|missing_term", lambda x, W, V, ct: (*d_residual(x, W, V, ct)[:2], jnp.outer(ct, W @ x))),
             ("missing_chain_factor", lambda x, W, V, ct: (*d_residual(x, W, V, ct)[:2], jnp.outer(ct, sigmoid(W @ x)))),
             ("transpose|shape", lambda x, W, V, ct: (*d_residual(x, W, V, ct)[:2], jnp.outer(jax.nn.silu(W @ x), ct))),
         ]),
    Case("gated cell, its state", cell, d_cell, at(normal(4), normal(3), GRU), kind="vjp", auto="factor constant region", slips=[
             ("missing_term", lambda *a: d_cell(*a, gate=0.0)),
             ("missing_term", lambda *a: d_cell(*a, keep=0.0)),
             ("sign", lambda *a: d_cell(*a, gate=-1.0)),
             ("sign", lambda *a: d_cell(*a, keep=-1.0)),
             ("transpose", lambda h, x, p, ct: d_cell(h, x, {**p, "Uz": p["Uz"].T}, ct)),
             ("missing_term", lambda h, x, p, ct: d_cell(h, x, p, ct) - ct * (1 - sigmoid(p["Wz"] @ x + p["Uz"] @ h))),
         ]),
    Case("dropout with a given mask", lambda x, m: jnp.sum((x * m / 0.8) ** 2), lambda x, m: 2 * x * m**2 / 0.64,
         at(normal(6), of((0, 1, 1, 1, 1), 6)), auto="sign constant region", slips=[
             ("missing_chain_factor|factor", lambda x, m: 2 * x * m / 0.8),
             ("missing_chain_factor|factor", lambda x, m: 2 * x * m),
             ("missing_chain_factor|missing_term|region", lambda x, m: 2 * x / 0.64),
             ("missing_term|missing_chain_factor|region|sign", lambda x, m: 2 * x * (1 - m) / 0.64),
         ]),
    Case("mean pooling over a sequence", lambda S, v: jnp.tanh(S.mean(0)) @ v, lambda S, v: jnp.broadcast_to((1 - jnp.tanh(S.mean(0)) ** 2) * v / len(S), S.shape),
         at(normal(5, 3), normal(3)), auto="sign constant", slips=[
             ("batch_factor", lambda S, v: jnp.broadcast_to((1 - jnp.tanh(S.mean(0)) ** 2) * v, S.shape)),
             ("batch_factor", lambda S, v: jnp.broadcast_to((1 - jnp.tanh(S.mean(0)) ** 2) * v / S.size, S.shape)),
             ("broadcast_sum|shape", lambda S, v: (1 - jnp.tanh(S.mean(0)) ** 2) * v),
             ("wrong_variable|missing_chain_factor|unknown", lambda S, v: (1 - jnp.tanh(S) ** 2) * v / len(S)),
             ("missing_chain_factor", lambda S, v: jnp.broadcast_to(v / len(S), S.shape)),
             ("region|index|missing_term", lambda S, v: jnp.broadcast_to((1 - jnp.tanh(S.mean(0)) ** 2) * v / len(S), S.shape).at[-1].set(0.0)),
         ]),
    Case("low-rank adapter", lambda A, B, X, Y: jnp.mean((X @ A @ B - Y) ** 2),
         lambda A, B, X, Y: (2 / Y.size * X.T @ (X @ A @ B - Y) @ B.T, 2 / Y.size * A.T @ X.T @ (X @ A @ B - Y)),
         at(normal(4, 2), normal(2, 3), normal(6, 4), normal(6, 3)), wrt=(0, 1), auto="zero sign constant",
         domains=dict(A=reals("d r"), B=reals("r k"), X=reals("n d"), Y=reals("n k")), slips=[
             ("batch_factor", lambda A, B, X, Y: (2 / len(Y) * X.T @ (X @ A @ B - Y) @ B.T, 2 / len(Y) * A.T @ X.T @ (X @ A @ B - Y))),
             ("batch_factor", lambda A, B, X, Y: (2 * X.T @ (X @ A @ B - Y) @ B.T, 2 / Y.size * A.T @ X.T @ (X @ A @ B - Y))),
             ("missing_term", lambda A, B, X, Y: (2 / Y.size * X.T @ (X @ A @ B) @ B.T, 2 / Y.size * A.T @ X.T @ (X @ A @ B))),
             ("shape|transpose", lambda A, B, X, Y: (2 / Y.size * B @ (X @ A @ B - Y).T @ X, 2 / Y.size * A.T @ X.T @ (X @ A @ B - Y))),
         ]),
]
