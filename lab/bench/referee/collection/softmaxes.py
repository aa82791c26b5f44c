"""Softmax and attention."""

# fmt: off
import jax
import jax.numpy as jnp
import numpy as np

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, integers, normal, positive, sized, sometimes, uniform
from lab.domains import reals

softmax, lse = jax.nn.softmax, jax.nn.logsumexp
sg = jax.lax.stop_gradient


def naive(x, axis=-1):
    e = jnp.exp(x)
    return e / e.sum(axis, keepdims=True)


def J(p):
    return jnp.diag(p) - jnp.outer(p, p)


def pull(p, ct, axis=-1):
    return p * (ct - (p * ct).sum(axis, keepdims=True))


def entropy(x):
    p = softmax(x)
    return -p @ jax.nn.log_softmax(x)


def attention(Q, K, V):
    return softmax(Q @ K.T / jnp.sqrt(Q.shape[1])) @ V


def d_attention(Q, K, V, ct, scale=True, outer=1.0, axis=-1):
    s = 1 / jnp.sqrt(Q.shape[1])
    P = softmax(Q @ K.T * s)
    dP = ct @ V.T
    dS = P * (dP - outer * (P * dP).sum(axis, keepdims=True)) * (s if scale else 1.0)
    return dS @ K, dS.T @ Q, P.T @ ct


def masked(x, mask):
    return lse(jnp.where(mask == 1, x, -jnp.inf))


def heads(x, W):
    return jnp.sum(softmax(jnp.einsum("d,hdk->hk", x, W), axis=1)[:, 0] ** 2)


def d_heads(x, W):
    P = softmax(jnp.einsum("d,hdk->hk", x, W), axis=1)
    dP = jnp.zeros_like(P).at[:, 0].set(2 * P[:, 0])
    return jnp.einsum("hk,hdk->d", pull(P, dP), W)


CASES = [
    Case("softmax", softmax, lambda x: J(softmax(x)), at(normal(5)), kind="jacobian", auto="sign factor constant shape",
         domains=dict(x=reals("n")), slips=[
             ("missing_term", lambda x: jnp.diag(softmax(x))),
             ("missing_term|region", lambda x: jnp.diag(softmax(x) * (1 - softmax(x)))),
             ("sign", lambda x: jnp.diag(softmax(x)) + jnp.outer(softmax(x), softmax(x))),
             ("missing_term", lambda x: -jnp.outer(softmax(x), softmax(x))),
             ("missing_chain_factor|unknown|missing_term|batch_factor", lambda x: jnp.eye(x.size) - jnp.outer(softmax(x), softmax(x))),
             ("missing_chain_factor|unknown", lambda x: J(jnp.exp(x))),
         ]),
    Case("softmax far out", softmax, lambda x: J(softmax(x)), at(sometimes(normal(4), normal(4, scale=100.0))), kind="jacobian", slips=[
             ("unstable", lambda x: J(naive(x))),
             ("unstable", lambda x: J(jnp.exp(x - x.mean()) / jnp.exp(x - x.mean()).sum())),
             ("region", lambda x: J(softmax(jnp.clip(x, -50, 50)))),
         ]),
    Case("log softmax", jax.nn.log_softmax, lambda x: jnp.eye(x.size) - softmax(x)[None, :], at(normal(4, scale=2.0)), kind="jacobian",
         auto="sign constant region", slips=[
             ("transpose", lambda x: jnp.eye(x.size) - softmax(x)[:, None]),
             ("missing_term", lambda x: jnp.eye(x.size)),
             ("missing_term", lambda x: jnp.tile(-softmax(x), (x.size, 1))),
             ("sign", lambda x: jnp.eye(x.size) + softmax(x)[None, :]),
             ("missing_chain_factor|unknown", lambda x: J(softmax(x))),
         ]),
    Case("softmax of rows", lambda X: softmax(X, axis=1), lambda X, ct: pull(softmax(X, 1), ct), at(normal(4, 4)), kind="vjp",
         auto="sign factor", domains=dict(X=reals("n k")), slips=[
             ("wrong_axis", lambda X, ct: pull(softmax(X, 0), ct, 0)),
             ("wrong_axis|unknown", lambda X, ct: pull(softmax(X, 1), ct, 0)),
             ("wrong_axis|unknown", lambda X, ct: pull(softmax(X, 0), ct, 1)),
             ("wrong_axis|broadcast_sum", lambda X, ct: softmax(X, 1) * (ct - (softmax(X, 1) * ct).sum())),
             ("missing_term", lambda X, ct: softmax(X, 1) * ct),
             ("batch_factor|broadcast_sum", lambda X, ct: softmax(X, 1) * (ct - (softmax(X, 1) * ct).mean(1, keepdims=True))),
             ("transpose", lambda X, ct: pull(softmax(X, 1), ct).T),
         ]),
    Case("logsumexp", lse, softmax, at(sometimes(normal(5), normal(5, scale=2.0, shift=500.0))), auto="sign constant region", slips=[
             ("unstable", naive),
             ("unstable", lambda x: jnp.exp(x - jnp.log(jnp.sum(jnp.exp(x))))),
             ("missing_term|region|unknown|index", lambda x: (x == x.max()).astype(x.dtype)),
             ("missing_term|region", lambda x: softmax(x).at[-1].set(0.0)),
         ]),
    Case("logsumexp, small arguments", lambda x: jnp.log(jnp.sum(jnp.exp(x))), lambda x: jnp.exp(x) / jnp.exp(x).sum(), at(normal(5)),
         auto="sign factor index shape extra", domains=dict(x=reals("n")), slips=[
             ("missing_chain_factor", jnp.exp),
             ("missing_chain_factor", lambda x: 1 / jnp.exp(x).sum() * jnp.ones_like(x)),
             ("batch_factor", lambda x: jnp.exp(x) / jnp.exp(x).mean()),
             ("missing_chain_factor|unknown", lambda x: x / x.sum()),
         ]),
    Case("logsumexp with temperature", lambda x, t: t * lse(x / t),
         lambda x, t: (softmax(x / t), lse(x / t) - softmax(x / t) @ x / t), at(normal(5), positive()), wrt=(0, 1),
         auto="zero constant", slips=[
             ("missing_term", lambda x, t: (softmax(x / t), lse(x / t))),
             ("missing_term", lambda x, t: (softmax(x / t), -softmax(x / t) @ x / t)),
             ("missing_chain_factor", lambda x, t: (softmax(x / t), lse(x / t) - softmax(x / t) @ x)),
             ("missing_chain_factor|factor", lambda x, t: (softmax(x / t) / t, lse(x / t) - softmax(x / t) @ x / t)),
             ("missing_chain_factor|unknown|constant|wrong_variable", lambda x, t: (softmax(x), lse(x / t) - softmax(x / t) @ x / t)),
             ("sign", lambda x, t: (softmax(x / t), lse(x / t) + softmax(x / t) @ x / t)),
         ]),
    Case("entropy of a softmax", entropy, lambda x: -softmax(x) * (jax.nn.log_softmax(x) + entropy(x)), at(normal(5, scale=1.5)),
         auto="sign constant region", slips=[
             ("missing_term", lambda x: -softmax(x) * jax.nn.log_softmax(x)),
             ("sign", lambda x: -softmax(x) * (jax.nn.log_softmax(x) - entropy(x))),
             ("missing_chain_factor", lambda x: -(jax.nn.log_softmax(x) + 1)),
             ("extra_term|missing_term|wrong_variable|unknown", lambda x: -softmax(x) * (jax.nn.log_softmax(x) + 1)),
             ("missing_chain_factor", lambda x: -(jax.nn.log_softmax(x) + entropy(x))),
         ]),
    Case("attention", attention, d_attention, at(normal(3, 4), normal(5, 4), normal(5, 2)), kind="vjp", wrt=(0, 1, 2),
         auto="sign zero constant", domains=dict(Q=reals("n d"), K=reals("m d"), V=reals("m k")), slips=[
             ("batch_factor|missing_chain_factor|factor", lambda *a: d_attention(*a, scale=False)),
             ("missing_term", lambda *a: d_attention(*a, outer=0.0)),
             ("sign", lambda *a: d_attention(*a, outer=-1.0)),
             ("wrong_axis|unknown", lambda *a: d_attention(*a, axis=0)),
             ("missing_chain_factor", lambda Q, K, V, ct: (*d_attention(Q, K, V, ct)[:2], jnp.ones((5, 3)) @ ct)),
             ("batch_factor|constant|factor", lambda Q, K, V, ct: (d_attention(Q, K, V, ct)[0] * Q.shape[1] ** -0.5, *d_attention(Q, K, V, ct)[1:])),
         ]),
    Case("attention, square", attention, d_attention, at(normal(4, 4), normal(4, 4), normal(4, 4)), kind="vjp", wrt=(0, 1, 2), slips=[
             ("transpose", lambda Q, K, V, ct: (*d_attention(Q, K, V, ct)[:2], d_attention(Q, K, V, ct)[2].T)),
             ("transpose", lambda Q, K, V, ct: (*d_attention(Q, K, V, ct)[:2], softmax(Q @ K.T / 2) @ ct)),
             ("wrong_variable", lambda Q, K, V, ct: (d_attention(Q, K, V, ct)[1], d_attention(Q, K, V, ct)[0], d_attention(Q, K, V, ct)[2])),
             ("wrong_axis", Alt(lambda Q, K, V: softmax(Q @ K.T / 2, axis=0) @ V)),
             ("transpose|unknown", lambda Q, K, V, ct: (lambda d: (d[0], d_attention(K, Q, V, ct)[0], d[2]))(d_attention(Q, K, V, ct))),
         ]),
    Case("masked logsumexp", masked, lambda x, m: softmax(jnp.where(m == 1, x, -jnp.inf)),
         at(normal(6), lambda rng: np.r_[1, rng.integers(0, 2, 5)]), auto="sign factor", slips=[
             ("region|missing_term|extra_term|unknown", lambda x, m: softmax(x)),
             ("missing_chain_factor|missing_term|region|unknown", lambda x, m: softmax(x) * m.astype(x.dtype)),
             ("missing_chain_factor|unknown|wrong_variable|region", lambda x, m: m.astype(x.dtype) / m.astype(x.dtype).sum()),
         ]),
    Case("softmax with several heads", heads, d_heads, at(normal(3), normal(2, 3, 4)), auto="sign constant region", slips=[
             ("wrong_axis", Alt(lambda x, W: jnp.sum(softmax(jnp.einsum("d,hdk->hk", x, W), axis=0)[:, 0] ** 2))),
             ("index", Alt(lambda x, W: jnp.sum(softmax(jnp.einsum("d,hdk->hk", x, W), axis=1)[:, 1] ** 2))),
             ("missing_term|index|unknown", lambda x, W: d_heads(x, W[:1])),
             ("factor", lambda x, W: d_heads(x, W) / 2),
             ("batch_factor", lambda x, W: d_heads(x, W) / W.shape[0]),
         ]),
    Case("soft labels", lambda Z, T: -jnp.sum(T * jax.nn.log_softmax(Z)), lambda Z, T: softmax(Z) * T.sum(1, keepdims=True) - T,
         at(normal(3, 4), positive(3, 4)), auto="factor constant", slips=[
             ("missing_chain_factor", lambda Z, T: softmax(Z) - T),
             ("missing_term", lambda Z, T: softmax(Z) * T.sum(1, keepdims=True)),
             ("wrong_axis", lambda Z, T: softmax(Z) * T.sum(0, keepdims=True) - T),
             ("wrong_axis|broadcast_sum|unknown", lambda Z, T: softmax(Z) * T.sum() - T),
             ("sign", lambda Z, T: T - softmax(Z) * T.sum(1, keepdims=True)),
             ("wrong_axis", lambda Z, T: softmax(Z, 0) * T.sum(0) - T),
         ]),
    Case("log of a mixture", lambda a, x: lse(jax.nn.log_softmax(a) + x), lambda a, x: (softmax(a + x) - softmax(a), softmax(a + x)),
         sized(2, 5, lambda n: (normal(n), normal(n))), wrt=(0, 1), auto="zero sign", slips=[
             ("missing_term", lambda a, x: (softmax(a + x), softmax(a + x))),
             ("missing_term", lambda a, x: (-softmax(a), softmax(a + x))),
             ("missing_term|wrong_variable|unknown", lambda a, x: (softmax(a + x) - softmax(a), softmax(x))),
             ("sign", lambda a, x: (softmax(a + x) + softmax(a), softmax(a + x))),
         ]),
    Case("gumbel softmax", lambda z, g, t: softmax((z + g) / t), lambda z, g, t, ct: pull(softmax((z + g) / t), ct) / t,
         at(normal(4), normal(4), uniform(0.5, 1.5)), kind="vjp", auto="sign constant", slips=[
             ("missing_chain_factor|factor", lambda z, g, t, ct: pull(softmax((z + g) / t), ct)),
             ("missing_term|wrong_variable|unknown", lambda z, g, t, ct: pull(softmax(z / t), ct) / t),
             ("missing_term", lambda z, g, t, ct: softmax((z + g) / t) * ct / t),
             ("missing_chain_factor|factor", lambda z, g, t, ct: pull(softmax((z + g) / t), ct) / t**2),
             ("missing_chain_factor", lambda z, g, t, ct: pull(softmax((z + g) / t), ct) / ct),
         ]),
    Case("most likely class", lambda Z, k: jnp.sum(softmax(Z)[:, k]), lambda Z, k: softmax(Z)[:, k, None] * (jnp.eye(Z.shape[1])[k] - softmax(Z)),
         at(normal(3, 4), integers(0, 4)), auto="sign index", slips=[
             ("missing_term", lambda Z, k: softmax(Z)[:, k, None] * jnp.eye(Z.shape[1])[k]),
             ("index", lambda Z, k: softmax(Z)[:, 0, None] * (jnp.eye(Z.shape[1])[0] - softmax(Z))),
             ("missing_chain_factor", lambda Z, k: jnp.eye(Z.shape[1])[k] - softmax(Z)),
             ("wrong_axis", lambda Z, k: softmax(Z, 0)[:, k, None] * (jnp.eye(Z.shape[1])[k] - softmax(Z, 0))),
         ]),
]
