"""Sentences that are true, and no more: what a value stands for, the region rather than a comparison
turned off, numbers and sizes that are meant.
"""

import jax
import jax.numpy as jnp
import pytest
from jax.scipy.special import i0e, i1e

from lab import check
from lab.referee.naming.stage.wording import related
from tests.referee.told import Told, draws, require


def divergence(z, q):
    lp = jax.nn.log_softmax(z)
    return jnp.exp(lp) @ (lp - jnp.log(q))


def two_softmaxes(key):
    z, w = draws((5,), (5,))(key)
    return z, jax.nn.softmax(w)


def bessel(k, t):
    return jnp.mean(jnp.log(i0e(k)) + k - k * jnp.cos(t))


def bessel_draws(key):
    (t,) = draws((5,))(key)
    return jnp.exp(t[0]), t


def fitted(w, X, y):
    return jnp.sum(jnp.log(jnp.cosh(X @ w - y)))


def gate(x, reach):
    r = jnp.sqrt(x @ x)
    return jnp.where(r > reach, reach * (r - reach / 2), 0.5 * r**2)


def gated_by(x, reach, of):
    r = jnp.linalg.norm(x)
    return jnp.where(of > reach, reach / r, 1.0) * x


def gate_draws(key):
    return (*draws((2,))(key), jnp.array(1.2))


def top(S):
    return jnp.linalg.eigvalsh(S)[-1]


def of_the_smallest(S):
    v = jnp.linalg.eigh(S)[1][:, 0]
    return jnp.outer(v, v)


def symmetric(key):
    (A,) = draws((4, 4))(key)
    return (A + A.T,)


def convolved(k, x, y):
    return 0.5 * jnp.sum((jnp.convolve(x, k, mode="same") - y) ** 2)


def convolved_in_k(k, x, y):
    r = jnp.convolve(x, k, mode="same") - y
    around = jnp.pad(x, 1, mode="wrap")
    return jnp.stack([r @ around[2 - j : 8 - j] for j in range(3)])


def pinball(q, y, tau):
    e = y[:, None] - q
    return jnp.sum(jnp.maximum(tau * e, (tau - 1) * e))


def pinball_in_q(q, y, tau):
    return (y[:, None] < q).sum(0).astype(q.dtype) - tau * q.size


def levels(key):
    return (*draws((3,), (9,))(key), jnp.array([0.1, 0.5, 0.9]))


def regression(w, x, y):
    return jnp.mean((x @ w - y) ** 2)


def contrast(a, y):
    return jnp.sum(jnp.where(y == 1, a**2, jnp.maximum(0.0, 1.5 - a) ** 2))


def contrast_in_a(a, y):
    return jnp.where(y == 0, 2 * a, -2 * jnp.maximum(0.0, 1.5 - a))


def labelled(key):
    one, other = jax.random.split(key)
    return jax.random.uniform(one, (7,)) + 0.1, jax.random.randint(other, (7,), 0, 2)


def springs(q, k):
    return 0.5 * k @ jnp.diff(q) ** 2 + jnp.sum(q**4) / 4


def springs_in_q(q, k):
    ends = jnp.pad(k, 1)
    return jnp.diag(ends[:-1] + ends[1:] + q**2) - jnp.diag(k, 1) - jnp.diag(k, -1)


def layer(x, W):
    return jnp.tanh(x @ W)


def saturated(x, W, g):
    y = layer(x, W)
    return (g * jnp.where(jnp.abs(y) > 0.8, 0.0, 1 - y * y)) @ W.T


def series(x):
    near = -x / 12 * (1 - x**2 / 15 * (1 - 3 * x**2 / 100))
    s, c = jnp.sin(x / 2), jnp.cos(x / 2)
    return jnp.where(x < 0.3, near, 2 * s * (x * c - 2 * s) / x**3)


def small(key):
    return (jax.random.uniform(key, (6,), minval=1e-2, maxval=1.0),)


TOLD = [
    Told("the value itself is not taken off", divergence, lambda z, q: jax.nn.softmax(z) * jnp.log(jax.nn.softmax(z) / q),
         "missing_term", "lacks a term - `jnp.exp(lp) @ (lp - jnp.log(q))`", two_softmaxes),
    Told("a quotient upside down", bessel, lambda k, t: i0e(k) / i1e(k) - jnp.mean(jnp.cos(t)), "wrong_variable",
         "`i0e(k) / i1e(k)` is upside down", bessel_draws),
    Told("as if matrices commuted", lambda X: X @ X @ X, lambda X, E: 3 * X @ X @ E, "transpose",
         "as if the factors could be exchanged", draws((3, 3)), "jvp"),
    Told("a function left out", fitted, lambda w, X, y: X.T @ (X @ w - y), "missing_chain_factor",
         "where `tanh(X @ w - y)` should", draws((3,), (6, 3), (6,))),
    Told("another radius", gate, lambda x, reach: gated_by(x, reach, x[0]), "region",
         "`x[0]` stands in the formula where `jnp.sqrt(x @ x)` should", gate_draws),
    Told("compared with one", gate, lambda x, reach: jnp.where(jnp.linalg.norm(x) > 1.0, reach / jnp.linalg.norm(x), 1.0) * x, "region",
         "`1.0` stands in the formula where `reach` should", gate_draws),
    Told("the other end of a spectrum", top, of_the_smallest, "index", "is entry 0 along axis 1 where entry 3 should be", symmetric),
    Told("what is put around", convolved, convolved_in_k, "index", "what is put around x in", draws((3,), (6,), (6,))),
    Told("one length for another", pinball, pinball_in_q, "batch_factor", "should be 9, which is y.shape[0]", levels),
    Told("lengths, not one less", regression, lambda w, x, y: 2 / len(w) * x.T @ (x @ w - y), "batch_factor",
         "x.shape[0]/w.shape[0] = 5/4 times", draws((4,), (5, 4), (5,))),
    Told("labels the other way round", contrast, contrast_in_a, "wrong_variable region", "0 for 1", labelled),
    Told("a factor on a diagonal", springs, springs_in_q, "factor", "`q**2` in the formula is 1/3 times", draws((5,), (4,)), "hessian"),
    Told("one taken off", lambda x: jnp.exp(-x * x / 2), lambda x: x * x * jnp.exp(-x * x / 2), "missing_term",
         "`x * x` lacks a term - 1", draws(()), "hessian"),
    Told("cut off where it saturates", layer, saturated, "region", "stands in the formula where", draws((3, 4), (4, 2)), "vjp"),
    Told("a series that is off", lambda x: 2 * (jnp.sin(x / 2) / x) ** 2, series, "region constant", "", small, "derivative"),
    Told("next to one", lambda x: jnp.sum(3.14159265 * x**2), lambda x: 2 * 3.14159272 * x, "constant", "1.00000002 times", draws((3,))),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.label)
def test_a_mistake_is_told_truly(told):
    require(told)


@pytest.mark.parametrize(
    ("stands", "should", "name"),
    [
        ("x", "x * y", "missing_chain_factor"),
        ("x", "2 * x", "factor"),
        ("a", "a - b", "missing_term"),
        ("b", "a - b", "wrong_variable"),
        ("1 - y", "y", "wrong_variable"),
        ("a + b", "b", "extra_term"),
        ("jnp.cos(t)", "jnp.sin(t)", "wrong_variable"),
        ("jnp.where(x > 0, 1.0, f(x))", "f(x)", "region"),
        ("u", "jnp.where(m, u, 0.0)", "region"),
        ("x[0]", "x[1]", "index"),
    ],
)
def test_two_expressions_are_related(stands, should, name):
    assert related(stands, should) == name


def wide(W, X, Y):
    return jnp.mean(jnp.square(jax.nn.relu(X @ W) - Y))


def wide_in_w(W, X, Y, slope):
    Z = X @ W
    return X.T @ (2 * (jax.nn.relu(Z) - Y) * slope(Z)) / Y.size


WIDE = draws((32, 16), (64, 32), (64, 16))  # too many numbers for a formula to be taken apart


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (-jnp.inf, "the condition of `jax.nn.relu(X @ W)` is left out"),
        (-0.1, "the number -0.1 should be 0"),
        (0.0, None),
    ],
)
def test_what_is_too_large_to_be_taken_apart_is_named_where_it_is_cut_down(bound, words):
    def hand(W, X, Y):
        return wide_in_w(W, X, Y, lambda z: jnp.where(z > bound, 1.0, 0.0))

    def always(W, X, Y):
        return wide_in_w(W, X, Y, jnp.ones_like)

    verdict = check(wide, hand if bound > -jnp.inf else always, at=WIDE, shrink=False)
    assert verdict.passes is (words is None), verdict
    if words is not None:
        assert verdict.mistake.name == "region", verdict
        assert words in verdict.mistake.says, verdict
        assert "cut down" in verdict.reason
