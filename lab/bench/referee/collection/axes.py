"""Sums over the wrong axis, broadcasts not summed, symmetry assumed: arrays of two and three axes."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, normal, positive, sized
from lab.domains import positive as positives
from lab.domains import reals

softmax, lse = jax.nn.softmax, jax.nn.logsumexp
onto = jnp.broadcast_to


def shares(X, axis=1):
    return X / X.sum(axis, keepdims=True)


def d_shares(X, ct, axis=1):
    total = X.sum(axis, keepdims=True)
    return ct / total - (ct * X).sum(axis, keepdims=True) / total**2


def standard(X, axis=0):
    c = X - X.mean(axis, keepdims=True)
    return jnp.sum(jnp.tanh(c / jnp.sqrt((c**2).mean(axis, keepdims=True) + 0.1)))


def d_standard(X, axis=0):
    avg = lambda a: a.mean(axis, keepdims=True)
    c = X - avg(X)
    s = 1 / jnp.sqrt(avg(c**2) + 0.1)
    d = 1 - jnp.tanh(c * s) ** 2
    return s * (d - avg(d) - c * s**2 * avg(d * c))


def sequence(X, W, b):
    return jnp.tanh(jnp.einsum("btd,dk->btk", X, W) + b)


def d_sequence(X, W, b, ct, axes=(0, 1)):
    dz = ct * (1 - sequence(X, W, b) ** 2)
    return jnp.einsum("btd,btk->dk", X, dz), dz.sum(axes)


def channels(X, g, b):
    return jnp.sum(jax.nn.silu(X * g[:, None, None] + b[:, None, None]))


def d_channels(X, g, b, axes=(0, 2, 3)):
    z = X * g[:, None, None] + b[:, None, None]
    s = jax.nn.sigmoid(z)
    d = s * (1 + z * (1 - s))
    return (d * X).sum(axes), d.sum(axes)


def row_norms(X, axis=1):
    return jnp.sum(jnp.sqrt((X**2).sum(axis)))


def distances(X, Y):
    return jnp.sum(jnp.log1p(((X[:, None] - Y[None]) ** 2).sum(-1)))


def d_distances(X, Y):
    D = X[:, None] - Y[None]
    G = 2 * D / (1 + (D**2).sum(-1, keepdims=True))
    return G.sum(1), -G.sum(0)


def laplacian(x, W):
    return jnp.sum(W * (x[:, None] - x[None, :]) ** 2)


def sym(A):
    return (A + A.T) / 2


CASES = [
    Case("shares of each row", shares, lambda X, ct: d_shares(X, ct), at(positive(4, 4)), kind="vjp", auto="sign constant", domains=dict(X=positives("n m")), slips=[
             ("wrong_axis", lambda X, ct: d_shares(X, ct, 0)),
             ("wrong_axis|unknown", lambda X, ct: ct / X.sum(1, keepdims=True) - (ct * X).sum(0) / X.sum(1, keepdims=True) ** 2),
             ("wrong_axis|broadcast_sum", lambda X, ct: ct / X.sum(1, keepdims=True) - (ct * X).sum() / X.sum(1, keepdims=True) ** 2),
             ("broadcast_sum|missing_term|unknown", lambda X, ct: ct / X.sum(1, keepdims=True) - ct * X / X.sum(1, keepdims=True) ** 2),
             ("missing_term", lambda X, ct: ct / X.sum(1, keepdims=True)),
         ]),
    Case("standardised columns", standard, lambda X: d_standard(X), at(normal(5, 5)), auto="region factor", slips=[
             ("wrong_axis", lambda X: d_standard(X, 1)),
             ("wrong_axis", Alt(lambda X: standard(X, None))),
             ("transpose|unknown|wrong_axis", lambda X: d_standard(X).T),
         ]),
    Case("sequence layer, its weights", lambda W, b, X: sequence(X, W, b), lambda W, b, X, ct: d_sequence(X, W, b, ct), at(normal(3, 4), normal(4), normal(2, 5, 3)), kind="vjp", wrt=(0, 1), auto="zero sign",
         domains=dict(W=reals("d k"), b=reals("k"), X=reals("b t d")), slips=[
             ("broadcast_sum|shape", lambda W, b, X, ct: (d_sequence(X, W, b, ct)[0], d_sequence(X, W, b, ct, axes=0)[1])),
             ("broadcast_sum|batch_factor|factor", lambda W, b, X, ct: (d_sequence(X, W, b, ct)[0], d_sequence(X, W, b, ct)[1] / len(X))),
             ("broadcast_sum|batch_factor", lambda W, b, X, ct: (d_sequence(X, W, b, ct)[0], d_sequence(X, W, b, ct)[1] / X.shape[1])),
             ("broadcast_sum|index|missing_term|unknown", lambda W, b, X, ct: (d_sequence(X, W, b, ct)[0], d_sequence(X[:1], W, b, ct[:1])[1])),
             ("broadcast_sum|index|missing_term|unknown", lambda W, b, X, ct: (d_sequence(X[:, :1], W, b, ct[:, :1])[0], d_sequence(X, W, b, ct)[1])),
         ]),
    Case("scale and shift of channels", lambda g, b, X: channels(X, g, b), lambda g, b, X: d_channels(X, g, b), at(normal(3), normal(3), normal(2, 3, 3, 3)), wrt=(0, 1), auto="constant zero", slips=[
             ("wrong_axis", lambda g, b, X: d_channels(X, g, b, axes=(0, 1, 2))),
             ("wrong_axis", lambda g, b, X: d_channels(X, g, b, axes=(0, 1, 3))),
             ("broadcast_sum|shape", lambda g, b, X: d_channels(X, g, b, axes=(0, 2))),
             ("broadcast_sum|batch_factor|factor", lambda g, b, X: jax.tree.map(lambda d: d / len(X), d_channels(X, g, b))),
             ("broadcast_sum|index|missing_term|unknown", lambda g, b, X: d_channels(X[:1], g, b)),
             ("wrong_variable", lambda g, b, X: d_channels(X, g, b)[::-1]),
         ]),
    Case("scale of each column", lambda X, g: X * g, lambda X, g, ct: (ct * g, (ct * X).sum(0)), at(normal(4, 4), normal(4)), kind="vjp", wrt=(0, 1), auto="sign factor", domains=dict(X=reals("n d"), g=reals("d")), slips=[
             ("wrong_axis|broadcast_sum", lambda X, g, ct: (ct * g, (ct * X).sum(1))),
             ("wrong_axis|transpose|unknown", lambda X, g, ct: (ct * g[:, None], (ct * X).sum(0))),
             ("broadcast_sum|batch_factor", lambda X, g, ct: (ct * g, (ct * X).mean(0))),
             ("broadcast_sum|shape", lambda X, g, ct: (ct * g, ct * X)),
             ("broadcast_sum|index|missing_term|unknown", lambda X, g, ct: (ct * g, (ct * X)[-1])),
             ("broadcast_sum", lambda X, g, ct: (ct * g, onto((ct * X).sum(), g.shape))),
             ("missing_chain_factor", lambda X, g, ct: (ct, ct.sum(0))),
         ]),
    Case("one scale for all", lambda s, X: jnp.sum(jnp.sin(s * X)), lambda s, X: jnp.sum(X * jnp.cos(s * X)), at(normal(), normal(3, 4)), auto="sign constant", slips=[
             ("broadcast_sum|shape", lambda s, X: X * jnp.cos(s * X)),
             ("broadcast_sum|batch_factor", lambda s, X: jnp.mean(X * jnp.cos(s * X))),
             ("broadcast_sum|shape", lambda s, X: jnp.sum(X * jnp.cos(s * X), axis=0)),
             ("broadcast_sum|index|unknown|missing_term", lambda s, X: jnp.trace(X * jnp.cos(s * X))),
             ("missing_chain_factor", lambda s, X: jnp.sum(jnp.cos(s * X))),
         ]),
    Case("norms of rows", row_norms, lambda X: X / jnp.sqrt((X**2).sum(1, keepdims=True)), at(normal(4, 4)), auto="factor region extra", slips=[
             ("wrong_axis", lambda X: X / jnp.sqrt((X**2).sum(0, keepdims=True))),
             ("wrong_axis|transpose|unknown", lambda X: X / jnp.sqrt((X**2).sum(1))),
             ("wrong_axis|broadcast_sum", lambda X: X / jnp.sqrt((X**2).sum())),
             ("missing_chain_factor|unknown", jnp.sign),
         ]),
    Case("logsumexp of columns", lambda X: jnp.sum(lse(X, axis=0) ** 2), lambda X: 2 * lse(X, axis=0) * softmax(X, axis=0), at(normal(4, 4)), auto="sign constant", domains=dict(X=reals("n m")), slips=[
             ("wrong_axis", lambda X: 2 * lse(X, axis=1)[:, None] * softmax(X, axis=1)),
             ("wrong_axis|unknown", lambda X: 2 * lse(X, axis=0) * softmax(X, axis=1)),
             ("wrong_axis|unknown", lambda X: 2 * lse(X, axis=1) * softmax(X, axis=0)),
             ("wrong_axis|transpose|unknown|broadcast_sum", lambda X: 2 * lse(X, axis=0)[:, None] * softmax(X, axis=0)),
             ("missing_chain_factor", lambda X: 2 * lse(X, axis=0) * jnp.ones_like(X)),
             ("missing_chain_factor", lambda X: softmax(X, axis=0)),
         ]),
    Case("means of the last axis", lambda T: jnp.sum(jnp.tanh(T.mean(-1)) ** 2), lambda T: (lambda t: onto((2 * t * (1 - t**2) / T.shape[-1])[..., None], T.shape))(jnp.tanh(T.mean(-1))), at(normal(3, 3, 3)), auto="sign region", slips=[
             ("wrong_axis", Alt(lambda T: jnp.sum(jnp.tanh(T.mean(0)) ** 2))),
             ("wrong_axis", Alt(lambda T: jnp.sum(jnp.tanh(T.mean(1)) ** 2))),
             ("wrong_axis|transpose|index", lambda T: (lambda t: onto((2 * t * (1 - t**2) / T.shape[-1])[:, None], T.shape))(jnp.tanh(T.mean(-1)))),
             ("batch_factor|broadcast_sum", lambda T: (lambda t: onto((2 * t * (1 - t**2))[..., None], T.shape))(jnp.tanh(T.mean(-1)))),
             ("broadcast_sum|shape", lambda T: (lambda t: 2 * t * (1 - t**2) / T.shape[-1])(jnp.tanh(T.mean(-1)))),
             ("missing_chain_factor", lambda T: (lambda t: onto((2 * t / T.shape[-1])[..., None], T.shape))(jnp.tanh(T.mean(-1)))),
         ]),
    Case("running sums of rows", lambda X: jnp.cumsum(X, axis=1), lambda X, ct: jnp.cumsum(ct[:, ::-1], axis=1)[:, ::-1], at(normal(4, 4)), kind="vjp", auto="factor transpose", slips=[
             ("wrong_axis", lambda X, ct: jnp.cumsum(ct[::-1], axis=0)[::-1]),
             ("index|transpose|unknown", lambda X, ct: jnp.cumsum(ct, axis=1)),
             ("index|unknown", lambda X, ct: jnp.cumsum(ct[:, ::-1], axis=1)),
             ("missing_term|broadcast_sum|unknown", lambda X, ct: ct),
         ]),
    Case("variance of each row", lambda X: jnp.sum(X.var(1) ** 2), lambda X: 4 / X.shape[1] * X.var(1)[:, None] * (X - X.mean(1, keepdims=True)), at(normal(4, 4)), auto="sign constant", slips=[
             ("wrong_axis", Alt(lambda X: jnp.sum(X.var(0) ** 2))),
             ("wrong_axis|unknown", lambda X: 4 / X.shape[1] * X.var(1)[:, None] * (X - X.mean(0))),
             ("wrong_axis|unknown", lambda X: 4 / X.shape[1] * X.var(1) * (X - X.mean(1, keepdims=True))),
             ("batch_factor", lambda X: 4 / (X.shape[1] - 1) * X.var(1)[:, None] * (X - X.mean(1, keepdims=True))),
             ("missing_chain_factor|factor|unknown", lambda X: 2 / X.shape[1] * (X - X.mean(1, keepdims=True))),
         ]),
    Case("distances between two sets", distances, d_distances, at(normal(4, 3), normal(4, 3)), wrt=(0, 1), auto="zero region", domains=dict(X=reals("n d"), Y=reals("m d")), slips=[
             ("wrong_axis|broadcast_sum|unknown", lambda X, Y: (-d_distances(X, Y)[1], -d_distances(X, Y)[0])),
             ("sign", lambda X, Y: (d_distances(X, Y)[0], -d_distances(X, Y)[1])),
             ("wrong_variable", lambda X, Y: d_distances(X, Y)[::-1]),
             ("factor", lambda X, Y: jax.tree.map(lambda g: g / 2, d_distances(X, Y))),
             ("missing_chain_factor", lambda X, Y: (2 * (X[:, None] - Y[None]).sum(1), -2 * (X[:, None] - Y[None]).sum(0))),
             ("broadcast_sum|missing_term|index|unknown", lambda X, Y: (lambda D: (2 * D / (1 + (D**2).sum(-1, keepdims=True)), -2 * D / (1 + (D**2).sum(-1, keepdims=True))))(X - Y)),
         ]),
    Case("energy of a graph", laplacian, lambda x, W: 2 * ((W + W.T) * (x[:, None] - x[None, :])).sum(1), at(normal(5), normal(5, 5)), auto="sign extra", domains=dict(x=reals("n"), W=reals("n n")), slips=[
             ("symmetrize|missing_term|factor", lambda x, W: 4 * (W * (x[:, None] - x[None, :])).sum(1)),
             ("missing_term", lambda x, W: 2 * (W * (x[:, None] - x[None, :])).sum(1)),
             ("missing_term|transpose", lambda x, W: 2 * (W.T * (x[:, None] - x[None, :])).sum(1)),
             ("factor|symmetrize", lambda x, W: ((W + W.T) * (x[:, None] - x[None, :])).sum(1)),
             ("wrong_axis|sign", lambda x, W: 2 * ((W + W.T) * (x[:, None] - x[None, :])).sum(0)),
         ]),
    Case("quadratic form of the symmetric part", lambda A, x: x @ sym(A) @ jnp.sin(x), lambda A, x: sym(jnp.outer(x, jnp.sin(x))), at(normal(4, 4), normal(4)), auto="sign region", slips=[
             ("symmetrize", lambda A, x: jnp.outer(x, jnp.sin(x))),
             ("symmetrize|transpose", lambda A, x: jnp.outer(jnp.sin(x), x)),
             ("symmetrize|factor", lambda A, x: 2 * sym(jnp.outer(x, jnp.sin(x)))),
             ("wrong_variable|missing_chain_factor", lambda A, x: jnp.outer(x, x)),
         ]),
    Case("square of the symmetric part", lambda A: jnp.sum(sym(A) ** 2), lambda A: 2 * sym(A), at(normal(4, 4)), auto="constant index", domains=dict(A=reals("n n")), slips=[
             ("symmetrize", lambda A: 2 * A),
             ("symmetrize|transpose", lambda A: 2 * A.T),
             ("factor|missing_term", sym),
             ("symmetrize", lambda A: 4 * sym(A) - 2 * jnp.diag(jnp.diag(A))),
             ("sign|symmetrize", lambda A: A - A.T),
         ]),
    Case("weighted gram matrix", lambda X, C: jnp.sum(C * jnp.tanh(X @ X.T)), lambda X, C: (lambda S: (S + S.T) @ X)(C * (1 - jnp.tanh(X @ X.T) ** 2)), at(normal(4, 3), normal(4, 4)), auto="factor constant extra", domains=dict(X=reals("n d"), C=reals("n n")), slips=[
             ("symmetrize|missing_term|factor", lambda X, C: 2 * (C * (1 - jnp.tanh(X @ X.T) ** 2)) @ X),
             ("missing_term|symmetrize", lambda X, C: (C * (1 - jnp.tanh(X @ X.T) ** 2)) @ X),
             ("missing_term|symmetrize|transpose", lambda X, C: (C * (1 - jnp.tanh(X @ X.T) ** 2)).T @ X),
             ("missing_chain_factor", lambda X, C: (C + C.T) @ X),
             ("symmetrize|factor", lambda X, C: (lambda S: (S + S.T) @ X / 2)(C * (1 - jnp.tanh(X @ X.T) ** 2))),
         ]),
    Case("Hessian of a bilinear mixture", lambda x, A: jnp.sum(jnp.cos(x)) + x @ A @ x, lambda x, A: A + A.T - jnp.diag(jnp.cos(x)), at(normal(3), normal(3, 3)), kind="hessian", auto="sign region", slips=[
             ("symmetrize", lambda x, A: 2 * A - jnp.diag(jnp.cos(x))),
             ("symmetrize|missing_term|factor", lambda x, A: A - jnp.diag(jnp.cos(x))),
             ("missing_term", lambda x, A: A + A.T),
             ("sign", lambda x, A: A + A.T + jnp.diag(jnp.cos(x))),
             ("missing_chain_factor|broadcast_sum|unknown", lambda x, A: A + A.T - jnp.cos(x)),
         ]),
    Case("inverse of the symmetric part", lambda A, b: b @ jnp.linalg.solve(sym(A) + 8 * jnp.eye(3, dtype=A.dtype), jnp.cos(b)),
         lambda A, b: (lambda S: -sym(jnp.outer(jnp.linalg.solve(S, b), jnp.linalg.solve(S, jnp.cos(b)))))(sym(A) + 8 * jnp.eye(3, dtype=A.dtype)), at(normal(3, 3), normal(3)), auto="factor", slips=[
             ("symmetrize", lambda A, b: (lambda S: -jnp.outer(jnp.linalg.solve(S, b), jnp.linalg.solve(S, jnp.cos(b))))(sym(A) + 8 * jnp.eye(3, dtype=A.dtype))),
             ("sign", lambda A, b: (lambda S: sym(jnp.outer(jnp.linalg.solve(S, b), jnp.linalg.solve(S, jnp.cos(b)))))(sym(A) + 8 * jnp.eye(3, dtype=A.dtype))),
             ("symmetrize|unknown|wrong_variable", lambda A, b: (lambda S: -sym(jnp.outer(jnp.linalg.solve(S, b), jnp.linalg.solve(S, jnp.cos(b)))))(A + 8 * jnp.eye(3, dtype=A.dtype))),
         ]),
    Case("batched products", lambda X, W: jnp.einsum("bij,jk->bik", X, W), lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), jnp.einsum("bij,bik->jk", X, ct)), at(normal(3, 3, 3), normal(3, 3)), kind="vjp", wrt=(0, 1), auto="zero constant", slips=[
             ("transpose", lambda X, W, ct: (jnp.einsum("bik,kj->bij", ct, W), jnp.einsum("bij,bik->jk", X, ct))),
             ("transpose", lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), jnp.einsum("bij,bik->kj", X, ct))),
             ("transpose|wrong_axis|index|unknown", lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), jnp.einsum("bji,bik->jk", X, ct))),
             ("batch_factor|broadcast_sum", lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), jnp.einsum("bij,bik->jk", X, ct) / len(X))),
             ("broadcast_sum|index|missing_term|unknown", lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), X[0].T @ ct[0])),
             ("broadcast_sum|shape", lambda X, W, ct: (jnp.einsum("bik,jk->bij", ct, W), jnp.einsum("bij,bik->bjk", X, ct))),
         ]),
    Case("product along rows", lambda X: jnp.sum(jnp.prod(X, axis=1)), lambda X: jnp.prod(X, axis=1, keepdims=True) / X, at(positive(3, 3)), auto="sign factor", slips=[
             ("wrong_axis", lambda X: jnp.prod(X, axis=0) / X),
             ("wrong_axis|broadcast_sum", lambda X: jnp.prod(X) / X),
             ("wrong_axis|transpose|unknown", lambda X: jnp.prod(X, axis=1) / X),
             ("missing_chain_factor", lambda X: onto(jnp.prod(X, axis=1, keepdims=True), X.shape)),
         ]),
    Case("bias over a batch of varying size", lambda b, X: jnp.sum(jnp.logaddexp(X, b)), lambda b, X: jax.nn.sigmoid(b - X).sum(0), sized(1, 5, lambda n: (normal(3), normal(n, 3))), auto="constant", slips=[
             ("broadcast_sum|batch_factor", lambda b, X: jax.nn.sigmoid(b - X).mean(0)),
             ("broadcast_sum|index|region|unknown|missing_term", lambda b, X: jax.nn.sigmoid(b - X)[0]),
             ("broadcast_sum|shape", lambda b, X: jax.nn.sigmoid(b - X)),
             ("sign|wrong_variable", lambda b, X: jax.nn.sigmoid(X - b).sum(0)),
             ("region|batch_factor|unknown", lambda b, X: jax.nn.sigmoid(b - X[:4]).sum(0)),
         ]),
]
