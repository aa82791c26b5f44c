"""Vectors: norms, products, regressions, and sums over neighbours."""

# fmt: off
import jax.numpy as jnp
import numpy as np

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, integers, normal, positive, sized
from lab.domains import positive as positives
from lab.domains import reals

xy = at(normal(5), normal(5))


def norm(x):
    return jnp.sqrt(x @ x)


def cosine(a, b):
    return a @ b / (norm(a) * norm(b))


def d_cosine(a, b):
    return b / (norm(a) * norm(b)) - (a @ b) * a / (norm(a) ** 3 * norm(b))


def smoothness(x):
    return jnp.sum((x[1:] - x[:-1]) ** 2)


def d_smoothness(x):
    d = 2 * jnp.diff(x)
    return jnp.concatenate([-d[:1], d[:-1] - d[1:], d[-1:]])


def weighted_mean(x, w):
    return w @ x / w.sum()


def rosenbrock(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def d_rosenbrock(x, h=100.0):
    u = x[1:] - x[:-1] ** 2
    return jnp.zeros_like(x).at[1:].add(2 * h * u).at[:-1].add(-4 * h * x[:-1] * u - 2 * (1 - x[:-1]))


def pairwise(X):
    D = X[:, None, :] - X[None, :, :]
    return jnp.sum(jnp.exp(-jnp.sum(D**2, -1)))


def d_pairwise(X, c=-4.0):
    D = X[:, None, :] - X[None, :, :]
    return c * jnp.sum(jnp.exp(-jnp.sum(D**2, -1))[:, :, None] * D, 1)


def outer_sum(a, b):
    return jnp.sum(jnp.tanh(a[:, None] + b[None, :]))


def path(x, v):
    return v @ jnp.tanh(jnp.cumsum(x))


CASES = [
    Case("squared norm", lambda x: x @ x, lambda x: 2 * x, at(normal(5)), auto="sign factor constant region shape index",
         domains=dict(x=reals("n")), slips=[
             ("missing_term|factor", lambda x: x),
             ("missing_chain_factor|unknown|factor", lambda x: x / norm(x)),
             ("missing_chain_factor|unknown", lambda x: 2 * jnp.ones_like(x)),
             ("batch_factor", lambda x: 2 * x / x.size),
             ("region", lambda x: 2 * jnp.abs(x)),
             ("region", lambda x: jnp.where(x @ x > 9.0, 0.0, 2.0) * x),
         ]),
    Case("norm", norm, lambda x: x / norm(x), at(normal(4)), auto="sign constant region extra", slips=[
             ("missing_chain_factor", lambda x: x),
             ("missing_chain_factor", lambda x: 1 / norm(x) * jnp.ones_like(x)),
             ("factor", lambda x: x / (2 * norm(x))),
             ("missing_chain_factor|unknown", lambda x: x / norm(x) ** 2),
             ("missing_chain_factor|unknown|region", jnp.sign),
         ]),
    Case("cosine similarity", cosine, d_cosine, xy, auto="sign constant region", domains=dict(a=reals("n"), b=reals("n")), slips=[
             ("missing_term", lambda a, b: b / (norm(a) * norm(b))),
             ("sign", lambda a, b: b / (norm(a) * norm(b)) + (a @ b) * a / (norm(a) ** 3 * norm(b))),
             ("missing_chain_factor|factor|unknown", lambda a, b: b / (norm(a) * norm(b)) - (a @ b) * a / (norm(a) * norm(b))),
             ("wrong_variable", lambda a, b: d_cosine(b, a)),
             ("missing_chain_factor", lambda a, b: b - (a @ b) * a / (a @ a)),
             ("missing_term", lambda a, b: -(a @ b) * a / (norm(a) ** 3 * norm(b))),
         ]),
    Case("cosine similarity, both", cosine, lambda a, b: (d_cosine(a, b), d_cosine(b, a)), xy, wrt=(0, 1), auto="zero sign index", slips=[
             ("wrong_variable", lambda a, b: (d_cosine(b, a), d_cosine(a, b))),
             ("wrong_variable", lambda a, b: (d_cosine(a, b), d_cosine(a, b))),
             ("missing_term", lambda a, b: (d_cosine(a, b), a / (norm(a) * norm(b)))),
             ("factor", lambda a, b: (d_cosine(a, b), 2 * d_cosine(b, a))),
         ]),
    Case("quadratic form", lambda x, A: x @ A @ x, lambda x, A: (A + A.T) @ x, at(normal(4), normal(4, 4)), auto="sign constant extra",
         domains=dict(x=reals("n"), A=reals("n n")), slips=[
             ("symmetrize|missing_term|factor", lambda x, A: 2 * A @ x),
             ("symmetrize|transpose|missing_term|factor", lambda x, A: 2 * A.T @ x),
             ("missing_term", lambda x, A: A @ x),
             ("missing_term", lambda x, A: A.T @ x),
             ("symmetrize|factor", lambda x, A: (A + A.T) @ x / 2),
             ("sign", lambda x, A: (A - A.T) @ x),
         ]),
    Case("quadratic form, its matrix", lambda x, A, y: x @ A @ y, lambda x, A, y: jnp.outer(x, y), at(normal(4), normal(4, 4), normal(4)),
         wrt=1, auto="sign region index", slips=[
             ("transpose", lambda x, A, y: jnp.outer(y, x)),
             ("symmetrize", lambda x, A, y: jnp.outer(x, y) + jnp.outer(y, x)),
             ("symmetrize", lambda x, A, y: (jnp.outer(x, y) + jnp.outer(y, x)) / 2),
             ("wrong_variable", lambda x, A, y: jnp.outer(x, x)),
             ("missing_term|unknown|missing_chain_factor", lambda x, A, y: jnp.diag(x * y)),
         ]),
    Case("squared distance to a point", lambda x, c: 0.5 * jnp.sum((x - c) ** 2), lambda x, c: x - c, xy, auto="factor region",
         domains=dict(x=reals("n"), c=reals("n")), slips=[
             ("sign", lambda x, c: c - x),
             ("sign", lambda x, c: x + c),
             ("missing_term", lambda x, c: x),
             ("factor", lambda x, c: 2 * (x - c)),
             ("batch_factor", lambda x, c: (x - c) / x.size),
             ("wrong_variable|sign", lambda x, c: -(x - c)),
         ]),
    Case("variance", jnp.var, lambda x: 2 / x.size * (x - x.mean()), at(normal(6, shift=2.0)), auto="sign constant", domains=dict(a=reals("n+1")), slips=[
             ("batch_factor", lambda x: 2 / (x.size - 1) * (x - x.mean())),
             ("batch_factor", lambda x: 2 * (x - x.mean())),
             ("missing_term", lambda x: 2 / x.size * x),
             ("factor", lambda x: (x - x.mean()) / x.size),
             ("batch_factor|missing_term|unknown|extra_term|constant", lambda x: 2 / x.size * (x - x.sum())),
         ]),
    Case("standard deviation", jnp.std, lambda x: (x - x.mean()) / (x.size * x.std()), at(normal(5)), auto="factor region", slips=[
             ("missing_chain_factor", lambda x: 2 / x.size * (x - x.mean())),
             ("missing_chain_factor", lambda x: (x - x.mean()) / x.size),
             ("batch_factor", lambda x: (x - x.mean()) / x.std()),
             ("missing_term", lambda x: x / (x.size * x.std())),
             ("missing_chain_factor", lambda x: (x - x.mean()) / (x.size * x.var())),
         ]),
    Case("sum of squared steps", smoothness, d_smoothness, at(normal(7)), auto="sign factor constant", domains=dict(x=reals("n+2")), slips=[
             ("region|missing_term", lambda x: d_smoothness(x).at[0].set(0.0)),
             ("region|missing_term", lambda x: d_smoothness(x).at[-1].set(0.0)),
             ("region|index|unknown", lambda x: 2 * (2 * x - jnp.roll(x, 1) - jnp.roll(x, -1))),
             ("missing_term", lambda x: jnp.concatenate([jnp.zeros_like(x[:1]), 2 * jnp.diff(x)])),
             ("missing_term", lambda x: jnp.concatenate([-2 * jnp.diff(x), jnp.zeros_like(x[:1])])),
             ("index", lambda x: jnp.roll(d_smoothness(x), 1)),
             ("sign", lambda x: jnp.concatenate([2 * jnp.diff(x), jnp.zeros_like(x[:1])]) + jnp.concatenate([jnp.zeros_like(x[:1]), 2 * jnp.diff(x)])),
         ]),
    Case("weighted mean", weighted_mean, lambda x, w: (w / w.sum(), (x - weighted_mean(x, w)) / w.sum()), at(normal(5), positive(5)),
         wrt=(0, 1), auto="zero sign constant", domains=dict(x=reals("n"), w=positives("n")), slips=[
             ("missing_term", lambda x, w: (w / w.sum(), x / w.sum())),
             ("missing_chain_factor", lambda x, w: (w, (x - weighted_mean(x, w)) / w.sum())),
             ("batch_factor", lambda x, w: (w / w.size, (x - weighted_mean(x, w)) / w.sum())),
             ("sign", lambda x, w: (w / w.sum(), (x + weighted_mean(x, w)) / w.sum())),
             ("missing_chain_factor|unknown", lambda x, w: (w / w.sum(), x / w.sum() - w @ x / w.sum())),
         ]),
    Case("Rosenbrock in several dimensions", rosenbrock, d_rosenbrock, at(normal(5)), auto="sign constant region index", slips=[
             ("missing_term", lambda x: d_rosenbrock(x) + jnp.zeros_like(x).at[:-1].set(2 * (1 - x[:-1]))),
             ("missing_term|region|unknown", lambda x: d_rosenbrock(x).at[-1].set(0.0)),
             ("sign", lambda x: d_rosenbrock(x) + jnp.zeros_like(x).at[:-1].set(4 * (1 - x[:-1]))),
             ("factor|missing_chain_factor", lambda x: d_rosenbrock(x) + jnp.zeros_like(x).at[:-1].set(200 * x[:-1] * (x[1:] - x[:-1] ** 2))),
             ("constant|factor", lambda x: d_rosenbrock(x, h=100.01)),
             ("missing_term", lambda x: d_rosenbrock(x).at[1:].add(-200 * (x[1:] - x[:-1] ** 2))),
         ]),
    Case("gaussian kernel of all pairs", pairwise, d_pairwise, at(normal(4, 3, scale=0.7)), auto="constant region", domains=dict(X=reals("n d")), slips=[
             ("missing_term|factor", lambda X: d_pairwise(X, c=-2.0)),
             ("missing_term|factor", lambda X: d_pairwise(X, c=-1.0)),
             ("sign", lambda X: d_pairwise(X, c=4.0)),
             ("batch_factor", lambda X: d_pairwise(X) / len(X)),
             ("missing_chain_factor", lambda X: -4 * jnp.sum(X[:, None] - X[None], 1)),
             ("missing_term|factor|unknown", lambda X: -4 * X * jnp.exp(-jnp.sum((X[:, None] - X[None]) ** 2, -1)).sum(1, keepdims=True)),
         ]),
    Case("sum over a table", outer_sum, lambda a, b: ((1 - jnp.tanh(a[:, None] + b) ** 2).sum(1), (1 - jnp.tanh(a[:, None] + b) ** 2).sum(0)),
         at(normal(4), normal(4)), wrt=(0, 1), auto="factor zero", slips=[
             ("wrong_axis|wrong_variable", lambda a, b: ((1 - jnp.tanh(a[:, None] + b) ** 2).sum(0), (1 - jnp.tanh(a[:, None] + b) ** 2).sum(1))),
             ("wrong_axis|wrong_variable|broadcast_sum", lambda a, b: ((1 - jnp.tanh(a[:, None] + b) ** 2).sum(1),) * 2),
             ("broadcast_sum|missing_term|unknown|wrong_variable|index", lambda a, b: (1 - jnp.tanh(a + b) ** 2, (1 - jnp.tanh(a[:, None] + b) ** 2).sum(0))),
             ("batch_factor|broadcast_sum", lambda a, b: ((1 - jnp.tanh(a[:, None] + b) ** 2).mean(1), (1 - jnp.tanh(a[:, None] + b) ** 2).sum(0))),
             ("broadcast_sum|shape", lambda a, b: ((1 - jnp.tanh(a[:, None] + b) ** 2), (1 - jnp.tanh(a[:, None] + b) ** 2).sum(0))),
             ("missing_chain_factor", lambda a, b: (b.size * jnp.ones_like(a), a.size * jnp.ones_like(b))),
         ]),
    Case("running sum through tanh", path, lambda x, v: jnp.cumsum((v * (1 - jnp.tanh(jnp.cumsum(x)) ** 2))[::-1])[::-1], at(normal(6), normal(6)),
         auto="sign constant region", slips=[
             ("index|unknown|missing_term|transpose", lambda x, v: jnp.cumsum(v * (1 - jnp.tanh(jnp.cumsum(x)) ** 2))),
             ("missing_term|broadcast_sum|unknown|missing_chain_factor", lambda x, v: v * (1 - jnp.tanh(jnp.cumsum(x)) ** 2)),
             ("missing_chain_factor", lambda x, v: jnp.cumsum(v[::-1])[::-1]),
             ("wrong_variable|missing_chain_factor|unknown|missing_term", lambda x, v: jnp.cumsum((v * (1 - jnp.tanh(x) ** 2))[::-1])[::-1]),
             ("index", lambda x, v: jnp.cumsum((v * (1 - jnp.tanh(jnp.cumsum(x)) ** 2))[::-1])),
         ]),
    Case("cross product with a fixed vector", lambda x, a, b: jnp.cross(x, a) @ b, lambda x, a, b: jnp.cross(a, b), at(normal(3), normal(3), normal(3)),
         auto="factor index region", slips=[
             ("sign|wrong_variable", lambda x, a, b: jnp.cross(b, a)),
             ("wrong_variable|unknown", lambda x, a, b: jnp.cross(x, b)),
             ("wrong_variable", lambda x, a, b: jnp.cross(b, x)),
             ("region|missing_term|unknown", lambda x, a, b: jnp.cross(a, b).at[1].multiply(-1.0)),
         ]),
    Case("only the k-th entry", lambda x, k: jnp.sin(x[k]) * jnp.cos(x[k - 1]), lambda x, k: jnp.zeros_like(x).at[k].add(jnp.cos(x[k]) * jnp.cos(x[k - 1])).at[k - 1].add(-jnp.sin(x[k]) * jnp.sin(x[k - 1])),
         at(normal(5), integers(1, 5)), auto="sign constant", slips=[
             ("missing_term", lambda x, k: jnp.zeros_like(x).at[k].add(jnp.cos(x[k]) * jnp.cos(x[k - 1]))),
             ("index|missing_term", lambda x, k: jnp.zeros_like(x).at[k].add(jnp.cos(x[k]) * jnp.cos(x[k - 1])).at[k - 2].add(-jnp.sin(x[k]) * jnp.sin(x[k - 1]))),
             ("index", lambda x, k: jnp.roll(jnp.zeros_like(x).at[k].add(jnp.cos(x[k]) * jnp.cos(x[k - 1])).at[k - 1].add(-jnp.sin(x[k]) * jnp.sin(x[k - 1])), 1)),
             ("sign", lambda x, k: jnp.zeros_like(x).at[k].add(jnp.cos(x[k]) * jnp.cos(x[k - 1])).at[k - 1].add(jnp.sin(x[k]) * jnp.sin(x[k - 1]))),
         ]),
    Case("trigonometric moments, varying size", lambda x: jnp.mean(jnp.cos(x)) ** 2 + jnp.mean(jnp.sin(x)) ** 2,
         lambda x: 2 / x.size * (jnp.mean(jnp.sin(x)) * jnp.cos(x) - jnp.mean(jnp.cos(x)) * jnp.sin(x)), sized(1, 7, lambda n: (normal(n),)), auto="sign", slips=[
             ("batch_factor", lambda x: 2 * (jnp.mean(jnp.sin(x)) * jnp.cos(x) - jnp.mean(jnp.cos(x)) * jnp.sin(x))),
             ("batch_factor", lambda x: 2 / x.size * (jnp.sum(jnp.sin(x)) * jnp.cos(x) - jnp.sum(jnp.cos(x)) * jnp.sin(x))),
             ("factor", lambda x: 1 / x.size * (jnp.mean(jnp.sin(x)) * jnp.cos(x) - jnp.mean(jnp.cos(x)) * jnp.sin(x))),
             ("missing_term", lambda x: 2 / x.size * jnp.mean(jnp.sin(x)) * jnp.cos(x)),
             ("sign", lambda x: 2 / x.size * (jnp.mean(jnp.sin(x)) * jnp.cos(x) + jnp.mean(jnp.cos(x)) * jnp.sin(x))),
         ]),
    Case("angle to the pole of a sphere", lambda x: jnp.arccos(x[0] / norm(x)), lambda x: -(jnp.zeros_like(x).at[0].set(1.0) - x[0] * x / (x @ x)) / jnp.sqrt(x @ x - x[0] ** 2),
         at(lambda rng: rng.standard_normal(3) + np.array([0.0, 2, 0])), auto="sign factor", slips=[
             ("missing_term", lambda x: -jnp.zeros_like(x).at[0].set(1.0) / jnp.sqrt(x @ x - x[0] ** 2)),
             ("sign", lambda x: -(jnp.zeros_like(x).at[0].set(1.0) + x[0] * x / (x @ x)) / jnp.sqrt(x @ x - x[0] ** 2)),
             ("missing_chain_factor", lambda x: -(jnp.zeros_like(x).at[0].set(1.0) / norm(x) - x[0] * x / norm(x) ** 3)),
             ("index", lambda x: -(jnp.zeros_like(x).at[1].set(1.0) - x[1] * x / (x @ x)) / jnp.sqrt(x @ x - x[1] ** 2)),
         ]),
]
