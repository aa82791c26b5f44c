"""Functions with kinks that the sampler hits, and every right choice of a subgradient there."""

# fmt: off
import functools

import jax
import jax.numpy as jnp
import numpy as np

from lab.bench.referee import case
from lab.bench.referee.draws import (
    at,
    normal,
    of,
    sometimes,
    tied,
)

Case = functools.partial(case.Case, group="kinked")
zeros = lambda *shape: lambda rng: np.zeros(shape)
round_numbers = of((-2, -1, 0, 1, 2), 6)
where, sign = jnp.where, jnp.sign


def step(x, at_zero=0.0):
    return where(x > 0, 1.0, where(x < 0, 0.0, at_zero))


def norm(x):
    return jnp.sqrt(jnp.sum(x**2))


def d_norm(x, at_zero=0.0):
    n = norm(x)
    return where(n > 0, x / where(n > 0, n, 1.0), at_zero)


def first_max(x):
    return jax.nn.one_hot(jnp.argmax(x), x.size, dtype=x.dtype)


def last_max(x):
    return first_max(x[::-1])[::-1]


def shared_max(x):
    ties = where(x == x.max(), 1.0, 0.0)
    return ties / ties.sum()


def hinge(w, X, y):
    return jnp.mean(jnp.maximum(0.0, 1 - y * (X @ w)))


def d_hinge(w, X, y, at_kink=0.0):
    return -X.T @ (y * step(1 - y * (X @ w), at_kink)) / y.size


def lasso(w, X, y):
    return 0.5 * jnp.sum((X @ w - y) ** 2) + 2.0 * jnp.sum(jnp.abs(w))


def d_lasso(w, X, y, at_zero=0.0):
    return X.T @ (X @ w - y) + 2.0 * where(w == 0, at_zero, sign(w))


def pinball(q, y):
    return jnp.mean(jnp.maximum(0.3 * (y - q), -0.7 * (y - q)))


def d_pinball(q, y, at_zero=0.0):
    return where(y > q, -0.3, where(y < q, 0.7, at_zero)) / y.size


def total_variation(x):
    return jnp.sum(jnp.abs(jnp.diff(x)))


def d_total_variation(x, at_zero=0.0):
    d = jnp.diff(x)
    s = where(d == 0, at_zero, sign(d))
    return jnp.zeros_like(x).at[1:].add(s).at[:-1].add(-s)


def pool(X):
    return jnp.sum(jnp.max(X.reshape(-1, 2), 1) ** 2)


def d_pool(X, pick=first_max):
    rows = X.reshape(-1, 2)
    return (2 * rows.max(1, keepdims=True) * jnp.stack([pick(row) for row in rows])).reshape(X.shape)


def triplet(a, p, n):
    return jnp.maximum(0.0, jnp.sum((a - p) ** 2) - jnp.sum((a - n) ** 2))


def d_triplet(a, p, n, at_kink=0.0):
    return step(jnp.sum((a - p) ** 2) - jnp.sum((a - n) ** 2), at_kink) * 2 * (n - p)


def clip_mid(x, low=0.0, high=0.0):
    return where((x > -1) & (x < 1), 1.0, where(x == -1, low, where(x == 1, high, 0.0)))


CASES = [
    Case("relu", lambda x: jnp.sum(jnp.maximum(x, 0)), step, at(round_numbers), auto="sign factor shape",
         others=[lambda x: step(x, 1.0), lambda x: step(x, 0.5), lambda x: step(x, 0.25)], slips=[
             ("region", lambda x: step(x, 2.0)),
             ("region", lambda x: step(x, -0.5)),
             ("region", lambda x: where(x > 0, 1.0, 0.1)),
             ("region", lambda x: step(x - 1.5, 0.0)),
             ("missing_chain_factor|region|unknown", lambda x: jnp.maximum(x, 0)),
         ]),
    Case("relu applied entry by entry", jax.nn.relu, lambda x: step(x, 1.0), at(of((-1, 0, 0.5, 3))), kind="derivative", auto="factor",
         others=[lambda x: step(x, 0.5)], slips=[
             ("region", lambda x: step(x, 1.5)),
             ("sign|region|wrong_variable", lambda x: step(-x, 0.0)),
             ("region", lambda x: where(x > 1, 1.0, 0.0)),
         ]),
    Case("absolute value", jnp.abs, lambda x: sign(x), at(round_numbers), kind="derivative", auto="sign constant",
         others=[lambda x: where(x >= 0, 1.0, -1.0), lambda x: where(x > 0, 1.0, -1.0), lambda x: where(x == 0, 0.3, sign(x))], slips=[
             ("region", lambda x: where(x == 0, 2.0, sign(x))),
             ("region", jnp.ones_like),
             ("region", lambda x: where(x > 0, 1.0, 0.0)),
             ("missing_chain_factor|unknown|wrong_variable|factor", lambda x: x),
         ]),
    Case("largest entry", jnp.max, first_max, at(of((0, 1, 2), 5)), auto="sign shape",
         others=[last_max, shared_max], slips=[
             ("region|broadcast_sum|extra_term|unknown", lambda x: where(x == x.max(), 1.0, 0.0)),
             ("index|region|unknown", lambda x: jnp.roll(first_max(x), 1)),
             ("index|sign|wrong_variable|unknown|region", lambda x: first_max(-x)),
             ("missing_chain_factor|unknown|batch_factor|broadcast_sum", lambda x: jnp.ones_like(x) / x.size),
         ]),
    Case("larger of two", lambda x, y: jnp.sum(jnp.maximum(x, y)), lambda x, y: (where(x >= y, 1.0, 0.0), where(x >= y, 0.0, 1.0)), at(of((0, 1, 2), 4), of((0, 1, 2), 4)), wrt=(0, 1),
         auto="zero", others=[lambda x, y: (where(x > y, 1.0, 0.0), where(x > y, 0.0, 1.0)), lambda x, y: (where(x == y, 0.2, where(x > y, 1.0, 0.0)), where(x == y, 0.8, where(x > y, 0.0, 1.0)))], slips=[
             ("region", lambda x, y: (where(x >= y, 1.0, 0.0), where(y >= x, 1.0, 0.0))),
             ("region", lambda x, y: (where(x > y, 1.0, 0.0), where(y > x, 1.0, 0.0))),
             ("wrong_variable", lambda x, y: (where(x >= y, 0.0, 1.0), where(x >= y, 1.0, 0.0))),
         ]),
    Case("hinge loss", hinge, d_hinge, at(of((-1, 0, 1), 3), of((-1, 0, 1), 6, 3), of((-1, 1), 6)), auto="factor constant",
         others=[lambda w, X, y: d_hinge(w, X, y, 1.0), lambda w, X, y: d_hinge(w, X, y, 0.5)], slips=[
             ("sign", lambda w, X, y: -d_hinge(w, X, y)),
             ("batch_factor", lambda w, X, y: y.size * d_hinge(w, X, y)),
             ("region", lambda w, X, y: -X.T @ y / y.size),
             ("region", lambda w, X, y: -X.T @ (y * step(-y * (X @ w), 0.0)) / y.size),
             ("missing_chain_factor", lambda w, X, y: -X.T @ step(1 - y * (X @ w), 0.0) / y.size),
             ("region|factor|unknown", lambda w, X, y: d_hinge(w, X, y, 3.0)),
         ]),
    Case("lasso with zeros", lasso, d_lasso, at(of((-1.5, 0, 0, 0.5), 4), normal(6, 4), normal(6)), auto="sign",
         others=[lambda w, X, y: d_lasso(w, X, y, 1.0), lambda w, X, y: d_lasso(w, X, y, -0.7)], slips=[
             ("missing_term", lambda w, X, y: X.T @ (X @ w - y)),
             ("region", lambda w, X, y: X.T @ (X @ w - y) + 2.0),
             ("region", lambda w, X, y: d_lasso(w, X, y, 1.5)),
             ("factor", lambda w, X, y: X.T @ (X @ w - y) + sign(w)),
             ("missing_chain_factor|unknown|extra_term|wrong_variable", lambda w, X, y: X.T @ (X @ w - y) + 2.0 * w),
             ("missing_term", lambda w, X, y: 2.0 * sign(w)),
         ]),
    Case("clip at its edges", lambda x: jnp.sum(jnp.clip(x, -1, 1)), clip_mid, at(round_numbers), auto="factor",
         others=[lambda x: clip_mid(x, 1.0, 1.0), lambda x: clip_mid(x, 0.5, 0.5), lambda x: clip_mid(x, 1.0, 0.0)], slips=[
             ("region", jnp.ones_like),
             ("region", lambda x: where(x < 1, 1.0, 0.0)),
             ("region", lambda x: clip_mid(x, 0.0, -1.0)),
             ("region", lambda x: where(jnp.abs(x) > 1, 1.0, 0.0)),
         ]),
    Case("norm with zero vectors", norm, d_norm, at(sometimes(normal(4), zeros(4))), auto="sign constant",
         others=[lambda x: d_norm(x, 0.5), lambda x: d_norm(x, jnp.zeros_like(x).at[1].set(-1.0))], slips=[
             ("region", lambda x: d_norm(x, 1.0)),
             ("region", lambda x: d_norm(x, jnp.zeros_like(x).at[0].set(1.3))),
             ("missing_chain_factor", lambda x: x),
             ("region|unstable", lambda x: x / (norm(x) + where(norm(x) > 0, 0.0, 1.0)) + where(norm(x) > 0, 0.0, 2.0)),
         ]),
    Case("smallest entry", jnp.min, lambda x: first_max(-x), at(tied(normal(5))), auto="sign",
         others=[lambda x: shared_max(-x), lambda x: last_max(-x)], slips=[
             ("index|sign|wrong_variable|unknown|region", first_max),
             ("missing_chain_factor|unknown|batch_factor|broadcast_sum", lambda x: jnp.ones_like(x) / x.size),
             ("shape", lambda x: x.min()),
         ]),
    Case("quantile loss", pinball, d_pinball, at(of((-1, 0, 1), 5), of((-1, 0, 1), 5)), auto="constant",
         others=[lambda q, y: d_pinball(q, y, -0.3), lambda q, y: d_pinball(q, y, 0.7), lambda q, y: d_pinball(q, y, 0.4)], slips=[
             ("sign", lambda q, y: -d_pinball(q, y)),
             ("region", lambda q, y: d_pinball(q, y, 0.8)),
             ("region", lambda q, y: d_pinball(q, y, -0.5)),
             ("region|wrong_variable|unknown|constant", lambda q, y: where(y > q, -0.7, where(y < q, 0.3, 0.0)) / y.size),
             ("batch_factor", lambda q, y: d_pinball(q, y) * y.size),
             ("region|constant", lambda q, y: where(y > q, -0.3, where(y < q, 0.71, 0.0)) / y.size),
         ]),
    Case("total variation with ties", total_variation, d_total_variation, at(of((0, 1, 2), 6)), auto="sign",
         others=[lambda x: d_total_variation(x, 1.0), lambda x: d_total_variation(x, -1.0)], slips=[
             ("region|missing_term", lambda x: d_total_variation(x).at[0].set(0.0)),
             ("region", lambda x: d_total_variation(x, 2.0)),
             ("missing_term", lambda x: jnp.zeros_like(x).at[1:].add(sign(jnp.diff(x)))),
             ("sign", lambda x: jnp.zeros_like(x).at[1:].add(sign(jnp.diff(x))).at[:-1].add(sign(jnp.diff(x)))),
         ]),
    Case("max pooling with ties", pool, d_pool, at(of((0.5, 1, 2), 6)), auto="factor",
         others=[lambda x: d_pool(x, last_max), lambda x: d_pool(x, shared_max)], slips=[
             ("region|broadcast_sum|extra_term|unknown", lambda x: d_pool(x, lambda r: where(r == r.max(), 1.0, 0.0))),
             ("missing_chain_factor", lambda x: jnp.concatenate([first_max(r) for r in x.reshape(-1, 2)])),
             ("index|region|unknown", lambda x: d_pool(x.reshape(-1, 2)[:, ::-1].ravel())),
             ("region|missing_chain_factor|unknown|missing_term", lambda x: 2 * x),
         ]),
    Case("triplet loss at its margin", triplet, d_triplet, at(of((0, 1, 2), 3), of((0, 1, 2), 3), of((0, 1, 2), 3)), auto="constant",
         others=[lambda a, p, n: d_triplet(a, p, n, 1.0), lambda a, p, n: d_triplet(a, p, n, 0.5)], slips=[
             ("sign", lambda a, p, n: -d_triplet(a, p, n)),
             ("region", lambda a, p, n: 2 * (n - p)),
             ("factor", lambda a, p, n: 0.5 * d_triplet(a, p, n)),
             ("region|missing_term", lambda a, p, n: step(jnp.sum((a - p) ** 2) - jnp.sum((a - n) ** 2)) * 2 * (a - p)),
         ]),
    Case("hard sigmoid at its edges", lambda x: jnp.sum(jnp.clip(x / 6 + 0.5, 0, 1)), lambda x: where(jnp.abs(x) < 3, 1 / 6, 0.0), at(of((-4, -3, 0, 2, 3, 5), 6)), auto="region",
         others=[lambda x: where(jnp.abs(x) <= 3, 1 / 6, 0.0)], slips=[
             ("region", lambda x: jnp.ones_like(x) / 6),
             ("region|constant|factor", lambda x: where(jnp.abs(x) < 3, 0.1667, 0.0)),
             ("factor|region|missing_chain_factor", lambda x: where(jnp.abs(x) < 3, 1.0, 0.0)),
             ("region", lambda x: where(jnp.abs(x) < 1, 1 / 6, 0.0)),
         ]),
    Case("distance in the 1-norm", lambda x, y: jnp.sum(jnp.abs(x - y)), lambda x, y: sign(x - y), at(of((0, 1, 2), 5), of((0, 1, 2), 5)), auto="factor extra",
         others=[lambda x, y: where(x >= y, 1.0, -1.0), lambda x, y: where(x > y, 1.0, -1.0)], slips=[
             ("sign|wrong_variable", lambda x, y: sign(y - x)),
             ("region|wrong_variable|unknown|missing_term", lambda x, y: sign(x)),
             ("region", lambda x, y: where(x >= y, 1.0, 0.0)),
             ("missing_chain_factor|factor|unknown", lambda x, y: 2 * (x - y)),
         ]),
    Case("group lasso with empty groups", lambda W: jnp.sum(jnp.sqrt(jnp.sum(W**2, 1))), lambda W: jnp.stack([d_norm(row) for row in W]), at(lambda r: r.standard_normal((3, 4)) * r.integers(0, 2, (3, 1))), auto="sign factor",
         others=[lambda W: jnp.stack([d_norm(row, 0.5) for row in W])], slips=[
             ("region|wrong_axis|unknown|missing_chain_factor", lambda W: d_norm(W)),
             ("region", lambda W: jnp.stack([d_norm(row, 0.9) for row in W])),
             ("region|missing_chain_factor|unknown", sign),
         ]),
    Case("median of an even number", lambda x: jnp.median(x), lambda x: shared_median(x), at(normal(4)), auto="sign", slips=[
             ("index|region|unknown", lambda x: first_max(x)),
             ("missing_term|factor|unknown", lambda x: where(jnp.argsort(jnp.argsort(x)) == 1, 1.0, 0.0)),
             ("missing_chain_factor|batch_factor|unknown|broadcast_sum", lambda x: jnp.ones_like(x) / x.size),
             ("factor", lambda x: 2 * shared_median(x)),
         ]),
    Case("sum of the two largest", lambda x: jnp.sum(jnp.sort(x)[-2:]), lambda x: where(jnp.argsort(jnp.argsort(x)) >= x.size - 2, 1.0, 0.0), at(of((0, 1, 2, 3), 5)), auto="factor",
         others=[lambda x: where(jnp.argsort(jnp.argsort(x[::-1]))[::-1] >= x.size - 2, 1.0, 0.0)], slips=[
             ("region|missing_term|unknown", first_max),
             ("index|region|unknown|sign|wrong_variable", lambda x: where(jnp.argsort(jnp.argsort(x)) < 2, 1.0, 0.0)),
             ("index|region|unknown|transpose|wrong_variable", lambda x: where(jnp.argsort(x) >= x.size - 2, 1.0, 0.0)),
             ("region|broadcast_sum|extra_term|unknown", lambda x: where(x >= jnp.sort(x)[-2], 1.0, 0.0) + where(x == x.max(), 1.0, 0.0)),
         ]),
]


def shared_median(x):
    ranks = jnp.argsort(jnp.argsort(x))
    return where((ranks == 1) | (ranks == 2), 0.5, 0.0)
