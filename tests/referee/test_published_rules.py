"""Custom rules as libraries write them: the right ones pass, with a mistake in them they do not."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.linalg import cho_factor, cho_solve

from lab import check, labels, reals, spd


def rule(body, forward, pullback, **options):
    made = partial(jax.custom_vjp, **options)(body)
    made.defvjp(forward, pullback)
    return made


def log_sum(x):
    m = jnp.max(x, axis=-1)
    return m + jnp.log(jnp.sum(jnp.exp(x - m[..., None]), axis=-1))


def log_sum_back(kept, c):
    x, y = kept
    return (c[..., None] * jnp.exp(x - y[..., None]),)


def attend(q, k, v):
    return jax.nn.softmax(q @ k.T / q.shape[-1] ** 0.5) @ v


def attend_forward(q, k, v):
    weights = jax.nn.logsumexp(q @ k.T / q.shape[-1] ** 0.5, axis=-1, keepdims=True)
    return attend(q, k, v), (q, k, v, attend(q, k, v), weights)


def attend_back(kept, c, mean=1.0):
    """Weights are recomputed from their logarithm, which alone was kept (Dao et al. 2022)."""
    q, k, v, out, weights = kept
    p = jnp.exp(q @ k.T / q.shape[-1] ** 0.5 - weights)
    ds = p * (c @ v.T - mean * jnp.sum(c * out, -1, keepdims=True)) / q.shape[-1] ** 0.5
    return ds @ k, ds.T @ q, p.T @ c


def norm(x, scale, shift):
    r = jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) * r * scale + shift


def norm_forward(x, scale, shift):
    r = jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
    return norm(x, scale, shift), ((x - x.mean(-1, keepdims=True)) * r, r, scale)


def norm_back(kept, c, projected=1.0):
    hat, r, scale = kept
    d = c * scale
    along = projected * hat * (d * hat).mean(-1, keepdims=True)
    return r * (d - d.mean(-1, keepdims=True) - along), (c * hat).sum(0), c.sum(0)


def entropy(z, y):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def entropy_back(kept, c):
    z, y = kept
    return c * (jax.nn.softmax(z) - jax.nn.one_hot(y, z.shape[1], dtype=z.dtype)) / y.size, None


def rows_of(table, picked):
    return table[picked]


def rows_back(kept, c):
    shape, picked = kept
    none = np.zeros(picked.shape, jax.dtypes.float0)
    return jnp.zeros(shape, c.dtype).at[picked].add(c), none


def rows_back_set(kept, c):
    return jnp.zeros(kept[0], c.dtype).at[kept[1]].set(c), rows_back(kept, c)[1]


def solve(A, b):
    return cho_solve(cho_factor(A), b)


def solve_back(kept, c, sign=-1.0):
    A, x = kept
    w = solve(A, c)
    return sign * jnp.outer(w, x), w


def clip_back(kept, c):
    return (jnp.clip(c, -1, 1),)


QKV = dict(q=reals("n d"), k=reals("m d"), v=reals("m e"))
NORM = dict(x=reals("n d"), scale=reals("d"), shift=reals("d"))
SOLVE = dict(A=spd("d"), b=reals("d"))
RULES = {
    "log-sum-exp": (log_sum, lambda x: (log_sum(x), (x, log_sum(x))), log_sum_back, dict(x=reals("n d")),
        lambda kept, c: (log_sum_back(kept, c)[0] / kept[0].shape[-1],)),
    "attention": (attend, attend_forward, attend_back, QKV, partial(attend_back, mean=0.0)),
    "layer norm": (norm, norm_forward, norm_back, NORM, partial(norm_back, projected=0.0)),
    "cross-entropy": (entropy, lambda z, y: (entropy(z, y), (z, y)), entropy_back,
        dict(z=reals("n k"), y=labels("n", "k")), lambda kept, c: (entropy_back(kept, c)[0] * kept[1].size, None)),
    "embedding": (rows_of, lambda t, i: (t[i], (t.shape, i)), rows_back,
        dict(table=reals("k d"), picked=labels("n", "k")), rows_back_set),
    "Cholesky solve": (solve, lambda A, b: (solve(A, b), (A, solve(A, b))), solve_back, SOLVE,
        partial(solve_back, sign=1.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_published_rule_passes(name):
    body, forward, pullback, at, _ = RULES[name]
    verdict = check(rule(body, forward, pullback), at=at)
    assert verdict.verdict == "correct", verdict


@pytest.mark.parametrize("name", RULES)
def test_with_a_mistake_it_does_not(name):
    body, forward, _, at, planted = RULES[name]
    assert check(rule(body, forward, planted), at=at, points=3, shrink=False).verdict == "wrong"


def test_a_rule_that_clips_is_told_how_to_say_so():
    verdict = check(rule(lambda x: x, lambda x: (x, None), clip_back), at=dict(x=reals("n")), shrink=False)  # fmt: skip
    assert verdict.verdict == "wrong"
    assert "clipped to [-1, 1]" in verdict.reason
    assert "lab.meant" in verdict.reason
