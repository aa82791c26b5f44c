"""Arguments of every kind: nested parameters, masks, settings, sizes that vary, one number."""

# fmt: off
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, integers, mixed, normal, positive, sized, uniform


class Neuron(NamedTuple):
    w: object
    b: object


def nested(p, x):
    h = jnp.tanh(x @ p["layers"][0]["W"])
    return jnp.mean((h @ p["layers"][1]["W"]) ** 2) * p["scale"]


def d_nested(p, x, scale=1.0, slope=lambda h: 1 - h**2):
    W0, W1 = p["layers"][0]["W"], p["layers"][1]["W"]
    h = jnp.tanh(x @ W0)
    o = h @ W1
    do = 2 * p["scale"] * o / o.size * scale
    return {"layers": [{"W": x.T @ (do @ W1.T * slope(h))}, {"W": h.T @ do}], "scale": jnp.mean(o**2)}


def neuron(n, X, y):
    return jnp.sum((jax.nn.sigmoid(X @ n.w + n.b) - y) ** 2)


def d_neuron(n, X, y, slope=lambda s: s * (1 - s), total=jnp.sum):
    s = jax.nn.sigmoid(X @ n.w + n.b)
    dz = 2 * (s - y) * slope(s)
    return Neuron(X.T @ dz, total(dz))


def power_mean(x, p):
    return jnp.mean(x**p) ** (1 / p)


def masked_mean(x, m):
    return jnp.sum(jnp.where(m, x**2, 0.0)) / jnp.sum(jnp.where(m, 1.0, 0.0))


def segments(x, ids, v):
    return jnp.sum(v * jnp.zeros(3, x.dtype).at[ids].add(x) ** 2)


def d_segments(x, ids, v):
    return 2 * (v * jnp.zeros(3, x.dtype).at[ids].add(x))[ids]


def recur(h, w, u, steps):
    for _ in range(steps):
        h = jnp.tanh(w * h + u)
    return h


def d_recur(h, w, u, steps, back=None):
    states = [h]
    for _ in range(steps):
        states.append(jnp.tanh(w * states[-1] + u))
    total, carry = 0.0 * h, 1.0
    for before, after in [*itertools.pairwise(states)][::-1][:back]:
        carry = carry * (1 - after**2)
        total = total + carry * before
        carry = carry * w
    return total


CASES = [
    Case("nested parameters", nested, d_nested, at({"layers": [{"W": normal(3, 4)}, {"W": normal(4, 2)}], "scale": positive()}, normal(5, 3)), auto="sign zero constant region", slips=[
             ("missing_chain_factor", lambda p, x: d_nested(p, x, slope=lambda h: 1.0)),
             ("missing_chain_factor", lambda p, x: d_nested(p, x, scale=1 / p["scale"])),
             ("batch_factor", lambda p, x: d_nested(p, x, scale=2.0)),
             ("batch_factor", lambda p, x: d_nested(p, x, scale=10.0)),
             ("shape", lambda p, x: {"layers": [d_nested(p, x)["layers"][0]], "scale": d_nested(p, x)["scale"]}),
             ("missing_term", lambda p, x: {**d_nested(p, x), "scale": 0.0 * p["scale"]}),
         ]),
    Case("one neuron in a named tuple", neuron, d_neuron, at(Neuron(normal(3), normal()), normal(6, 3), uniform(0.0, 1.0, 6)), auto="sign zero", slips=[
             ("missing_chain_factor", lambda n, X, y: d_neuron(n, X, y, slope=lambda s: 1.0)),
             ("missing_chain_factor", lambda n, X, y: d_neuron(n, X, y, slope=lambda s: 1 - s)),
             ("missing_chain_factor|unknown|sign", lambda n, X, y: d_neuron(n, X, y, slope=lambda s: 1 - s**2)),
             ("broadcast_sum|batch_factor", lambda n, X, y: d_neuron(n, X, y, total=jnp.mean)),
             ("broadcast_sum|index|unknown", lambda n, X, y: d_neuron(n, X, y, total=lambda d: d[0])),
             ("broadcast_sum|shape", lambda n, X, y: d_neuron(n, X, y, total=lambda d: d)),
         ]),
    Case("power mean with its order", power_mean, lambda x, p: power_mean(x, p) ** (1 - p) * x ** (p - 1) / x.size, sized(1, 5, lambda n: (positive(n), 1 + n % 3)), auto="sign factor", slips=[
             ("batch_factor", lambda x, p: power_mean(x, p) ** (1 - p) * x ** (p - 1)),
             ("missing_chain_factor|unknown", lambda x, p: x ** (p - 1) / x.size),
             ("region", lambda x, p: jnp.ones_like(x) / x.size),
             ("missing_chain_factor|factor|batch_factor|unknown", lambda x, p: p * power_mean(x, p) ** (1 - p) * x ** (p - 1) / x.size),
         ]),
    Case("mean under a mask", masked_mean, lambda x, m: jnp.where(m, 2 * x, 0.0) / jnp.sum(jnp.where(m, 1.0, 0.0)), at(normal(6), lambda r: np.r_[True, r.random(5) < 0.6]), auto="sign constant", slips=[
             ("batch_factor", lambda x, m: jnp.where(m, 2 * x, 0.0) / x.size),
             ("batch_factor", lambda x, m: jnp.where(m, 2 * x, 0.0)),
             ("region|missing_chain_factor|missing_term|extra_term|unknown", lambda x, m: 2 * x / jnp.sum(jnp.where(m, 1.0, 0.0))),
             ("region", lambda x, m: jnp.where(m, 2 * x, 0.1 * x) / jnp.sum(jnp.where(m, 1.0, 0.0))),
             ("factor", lambda x, m: jnp.where(m, x, 0.0) / jnp.sum(jnp.where(m, 1.0, 0.0))),
         ]),
    Case("sums by segment", segments, d_segments, at(normal(6), integers(0, 3, 6), normal(3)), auto="factor constant region", slips=[
             ("missing_term|broadcast_sum|unknown", lambda x, i, v: 2 * v[i] * x),
             ("missing_chain_factor", lambda x, i, v: 2 * jnp.zeros(3, x.dtype).at[i].add(x)[i]),
             ("index", lambda x, i, v: d_segments(x, (i + 1) % 3, v)),
             ("index|unknown|wrong_variable", lambda x, i, v: 2 * (jnp.roll(v, 1) * jnp.zeros(3, x.dtype).at[i].add(x))[i]),
         ]),
    Case("recurrence with its weight", recur, lambda h, w, u, n: d_recur(h, w, u, n), at(normal(), normal(), normal(), 4), kind="gradient", wrt=1, auto="sign constant", slips=[
             ("missing_term", lambda h, w, u, n: d_recur(h, w, u, n, back=1)),
             ("missing_term", lambda h, w, u, n: d_recur(h, w, u, n, back=2)),
             ("missing_term", lambda h, w, u, n: d_recur(h, w, u, n, back=3)),
             ("missing_chain_factor|unknown", lambda h, w, u, n: (1 - recur(h, w, u, n) ** 2) * recur(h, w, u, n - 1)),
             ("factor|batch_factor", lambda h, w, u, n: d_recur(h, w, u, n) / n),
         ]),
    Case("one number", lambda x: x**2 * jnp.exp(x), lambda x: (2 * x + x**2) * jnp.exp(x), lambda key: jax.random.normal(key), auto="sign factor constant region shape", slips=[
             ("missing_term", lambda x: x**2 * jnp.exp(x)),
             ("missing_term", lambda x: 2 * x * jnp.exp(x)),
             ("missing_chain_factor|unknown|missing_term", lambda x: (2 * x + x**2)),
         ]),
    Case("a setting in words", lambda x, how: jnp.sum(x**2) if how == "sum" else jnp.mean(x**2), lambda x, how: 2 * x if how == "sum" else 2 * x / x.size, mixed(at(normal(4), "sum"), at(normal(4), "mean")), auto="sign factor", slips=[
             ("region|batch_factor", lambda x, how: 2 * x),
             ("region|batch_factor", lambda x, how: 2 * x / x.size),
             ("region", lambda x, how: 2 * x if how == "sum" else -2 * x / x.size),
         ]),
    Case("mean of outer products, varying batch", lambda A, X: jnp.mean(jnp.einsum("ni,ij,nj->n", X, A, X)), lambda A, X: X.T @ X / len(X), sized(1, 5, lambda n: (normal(3, 3), normal(n, 3))), auto="constant", slips=[
             ("batch_factor", lambda A, X: X.T @ X),
             ("batch_factor", lambda A, X: X.T @ X / A.shape[0]),
             ("symmetrize|factor", lambda A, X: 2 * X.T @ X / len(X)),
             ("region", lambda A, X: X.T @ X / max(len(X), 2)),
             ("missing_term|unknown|region|symmetrize", lambda A, X: jnp.diag((X**2).mean(0))),
             ("missing_term|unknown|broadcast_sum", lambda A, X: jnp.outer(X.mean(0), X.mean(0))),
         ]),
    Case("stack of matrices", lambda T, x: jnp.sum(jnp.tanh(jnp.einsum("kij,j->ki", T, x))), lambda T, x: (1 - jnp.tanh(jnp.einsum("kij,j->ki", T, x)) ** 2)[:, :, None] * x, at(normal(3, 3, 3), normal(3)), auto="sign index shape", slips=[
             ("transpose|index|wrong_axis", lambda T, x: ((1 - jnp.tanh(jnp.einsum("kij,j->ki", T, x)) ** 2)[:, :, None] * x).swapaxes(1, 2)),
             ("transpose|index|wrong_axis", lambda T, x: ((1 - jnp.tanh(jnp.einsum("kij,j->ki", T, x)) ** 2)[:, :, None] * x).swapaxes(0, 1)),
             ("transpose|wrong_axis|index|unknown", lambda T, x: (1 - jnp.tanh(jnp.einsum("kji,j->ki", T, x)) ** 2)[:, :, None] * x),
             ("missing_chain_factor", lambda T, x: jnp.broadcast_to(x, T.shape)),
             ("missing_chain_factor", lambda T, x: jnp.broadcast_to((1 - jnp.tanh(jnp.einsum("kij,j->ki", T, x)) ** 2)[:, :, None], T.shape)),
         ]),
]
