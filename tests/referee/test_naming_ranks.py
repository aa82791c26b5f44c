"""What a person would have done is told before what merely amounts to it; each mistake beside a
neighbour that is another one.
"""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lab.domains import positive, reals
from tests.referee.told import Told, draws, require


def signed(key):
    w, X, y = draws((3,), (6, 3), (6,))(key)
    return w, X, jnp.sign(y)


def near_zero(key):
    return (1e-4 * draws((5,))(key)[0],)


def halves(key):
    """Points that land on kinks."""
    return tuple(jnp.round(2 * x) / 2 for x in draws((2,), (5, 2), (5,))(key))


def correlate(x, w):
    return lax.conv_general_dilated(x[None, None], w[None, None], (1, 1), "VALID")[0, 0]


def filtered(x, w):
    return jnp.sum(correlate(x, w) ** 2) / 2


def scores(K, Q):
    return jnp.einsum("hid,hjd->hij", Q, K)


def gated(x):
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.tanh(0.8 * (a + 0.04 * a**3)) * b


def gated_in_x(x, g, *, inner=None):
    a, b = jnp.split(x, 2, axis=-1)
    t = jnp.tanh(0.8 * (a + 0.04 * a**3))
    du = 0.8 * (1 + 0.12 * a**2) if inner is None else inner
    return jnp.concatenate([g * b * (1 - t**2) * du, g * t], axis=-1)


def embedded(table, ids):
    return table[ids]


def embedded_in_table(table, ids, g):
    return jnp.zeros_like(table).at[ids].add(g)


def counts(table, ids):
    return jnp.zeros(table.shape[0]).at[ids].add(1.0)


def tokens(key):
    return draws((5, 3))(key)[0], jax.random.randint(key, (9,), 0, 5)


def crossed(x, V, W, g):
    a, t = x @ V, jnp.tanh(x @ W)
    return (g * t) @ W.T + (g * a * (1 - t**2)) @ V.T


def scaled_inverse(A):
    return jnp.linalg.slogdet(A)[1] * jnp.linalg.inv(A)


def scaled_inverse_jvp(A, dA, *, second=-1.0):
    M = jnp.linalg.inv(A)
    return jnp.trace(M @ dA) * M + second * jnp.linalg.slogdet(A)[1] * M @ dA @ M


def matrices(key):
    return (0.4 * jax.random.normal(key, (3, 3)) + 2 * jnp.eye(3),)


def distilled(z, t):
    return -4 * jnp.sum(jax.nn.softmax(t / 2) * jax.nn.log_softmax(z / 2))


def sampled(mean, rho, noise):
    return 0.5 * jnp.sum((mean + jax.nn.softplus(rho) * noise) ** 2)


def sampled_in_rho(mean, rho, noise, slope):
    return (mean + jax.nn.softplus(rho) * noise) * noise * slope(rho)


def quantile(q, y):
    return jnp.mean(jnp.maximum(0.3 * (y - q[0]), -0.7 * (y - q[0])))


def quantile_in_q(q, y, above, below):
    return jnp.mean(jnp.where(y > q[0], above, below))[None]


def hinge(w, X, y):
    return jnp.mean(jnp.maximum(0.0, 1 - y * (X @ w)))


def standard(x):
    c = x - jnp.mean(x)
    return c / jnp.sqrt(jnp.mean(c**2) + 1e-5)


def standard_vjp(x, g, *, ddof=0, mean=jnp.mean):
    s = jnp.sqrt(jnp.var(x, ddof=ddof) + 1e-5)
    y = (x - jnp.mean(x)) / s
    return (g - mean(g) - y * mean(g * y)) / s


def quotient(x):
    return jnp.exp(x) / (1 + x**2)


def ranked(b, X):
    s = X @ b
    return sum(s[i] - jax.nn.logsumexp(s[i:]) for i in range(4))


def recurrent(w, x):
    def turn(h, u):
        h = jnp.tanh(w[0] * h + u)
        return h, h

    return lax.scan(turn, x[0], x)[1][-1] ** 2


def recurrent_in_w(w, x, *, carried=1.0, weight=None, slope=1.0):
    """Backpropagation through time, with a path lost, or a factor of the chain rule."""

    def turn(h, u):
        new = jnp.tanh(w[0] * h + u)
        return new, (h, new)

    last, (before, after) = lax.scan(turn, x[0], x)
    weight = w[0] if weight is None else weight

    def back(dh, states):
        h, new = states
        da = dh * (1 - slope * new**2)
        return carried * weight * da, da * h

    return jnp.sum(lax.scan(back, 2 * last, (before, after), reverse=True)[1])[None]


def pooled(z, v):
    return jnp.tanh(jax.nn.softmax(z) @ v)


def pooled_in_z(z, v, *, away=1.0):
    p = jax.nn.softmax(z)
    return (1 - jnp.tanh(p @ v) ** 2) * p * (v - away * p @ v)


def pooled_entrywise(z, v):
    p = jax.nn.softmax(z)
    return (1 - jnp.tanh(p @ v) ** 2) * p * (1 - p) * v


def logistic(w, X, y):
    return jnp.mean(jax.nn.softplus(X @ w) - y * (X @ w))


def gelu(x):
    return 0.5 * x * (1 + jnp.tanh(0.8 * (x + 0.04 * x**3)))


def gelu_slope(x, inner):
    t = jnp.tanh(0.8 * (x + 0.04 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner


Z = draws((4,), (4,))

TOLD = [
    Told("a flipped sign, two ways in a row", scaled_inverse, lambda A, v: scaled_inverse_jvp(A, v, second=1.0),
         "sign", "enters with the wrong sign", matrices, "jvp"),
    Told("a term left out", scaled_inverse, lambda A, v: scaled_inverse_jvp(A, v, second=0.0),
         "missing_term", "is left out, as if it were constant", matrices, "jvp"),
    Told("a temperature forgotten", distilled, lambda z, t: 2 * (jax.nn.softmax(z / 2) - jax.nn.softmax(t)),
         "factor", "t in the formula is 2 times what it should be", Z),
    Told("another temperature of both", distilled, lambda z, t: 3 * (jax.nn.softmax(z / 2) - jax.nn.softmax(t / 2)),
         "factor", "it is 3/2 times the derivative", Z),
    Told("exp for sigmoid", sampled, lambda *a: (a[0] + jax.nn.softplus(a[1]) * a[2], sampled_in_rho(*a, jnp.exp))[1],
         "wrong_variable", "where `sigmoid(rho)` should", draws((3,), (3,), (3,)), wrt=1),
    Told("levels exchanged", quantile, lambda q, y: quantile_in_q(q, y, -0.7, 0.3), "constant",
         "should be", draws((1,), (7,))),
    Told("one level", quantile, lambda q, y: quantile_in_q(q, y, -0.3, 0.4), "constant factor region", "", draws((1,), (7,))),
    Told("the margin at 0", hinge, lambda w, X, y: -X.T @ jnp.where(y * (X @ w) < 0, y, 0.0) / y.size,
         "constant region", "the number 0 in `y * (X @ w) < 0` should be 1", signed),
    Told("the condition forgotten", hinge, lambda w, X, y: -X.T @ y / y.size, "region",
         "the condition of `jnp.maximum(0.0, 1 - y * (X @ w))` is left out", signed),
    Told("the other side", hinge, lambda w, X, y: -X.T @ jnp.where(y * (X @ w) > 1, y, 0.0) / y.size, "region",
         "the two sides of", signed),
    Told("n - 1 inside of a variance", standard, lambda x, g: standard_vjp(x, g, ddof=1), "batch_factor",
         "the number 1 in `jnp.var(x, ddof=ddof)` should be 0", draws((5,)), "vjp"),
    Told("sums for means", standard, lambda x, g: standard_vjp(x, g, mean=jnp.sum), "batch_factor unknown", "", draws((5,)), "vjp"),
    Told("quotient of the derivatives", quotient, lambda x: jnp.exp(x) / (2 * x), "missing_term",
         "the quotient of the derivatives", draws((4,)), "derivative"),
    Told("quotient rule with +", quotient, lambda x: jnp.exp(x) * (1 + x**2 + 2 * x) / (1 + x**2) ** 2, "sign",
         "wrong sign", draws((4,)), "derivative"),
    Told("product of the derivatives", lambda x: x**2 * jnp.sin(x), lambda x: 2 * x * jnp.cos(x), "missing_term",
         "the product of the derivatives", draws((4,)), "derivative"),
    Told("one half of the product rule", lambda x: x**2 * jnp.sin(x), lambda x: x**2 * jnp.cos(x), "missing_term",
         "is left out, as if it were constant", draws((4,)), "derivative"),
    Told("one list item after the other", ranked, lambda b, X: sum(X[i] for i in range(4)), "missing_term",
         "everything that enters", draws((2,), (4, 2))),
    Told("truncated backpropagation", recurrent, lambda w, x: recurrent_in_w(w, x, carried=0.0), "missing_term",
         "in every round `h` in `w[0] * h` is left out", draws((1,), (5,))),
    Told("the weight forgotten on the way back", recurrent, lambda w, x: recurrent_in_w(w, x, weight=1.0),
         "missing_chain_factor", "in every round", draws((1,), (5,))),
    Told("the slope forgotten on the way back", recurrent, lambda w, x: recurrent_in_w(w, x, slope=0.0),
         "missing_chain_factor", "in every round", draws((1,), (5,))),
    Told("the wrong sign on the way back", recurrent, lambda w, x: recurrent_in_w(w, x, carried=-1.0), "sign",
         "wrong sign", draws((1,), (5,))),
    Told("n, where all points stand at kinks", lambda w, X, y: jnp.mean(jnp.abs(X @ w - y)),
         lambda w, X, y: X.T @ jnp.sign(X @ w - y), "batch_factor", "", halves),
    Told("the sign, where all points stand at kinks", lambda w, X, y: jnp.mean(jnp.abs(X @ w - y)),
         lambda w, X, y: -X.T @ jnp.sign(X @ w - y) / y.size, "sign", "", halves),
    Told("a power, where its base is nearly one", lambda x: jnp.log1p(x) - x, lambda x: -x / (1 + x) ** 2,
         "wrong_variable", "`1 + x`", near_zero, "derivative"),
    Told("a running sum that does not turn back", lambda x: jnp.sum(jnp.cumsum(x) ** 2), lambda x: 2 * jnp.cumsum(jnp.cumsum(x)),
         "index", "runs forwards where it should run backwards", dict(x=reals("n"))),
    Told("a running sum without its 2", lambda x: jnp.sum(jnp.cumsum(x) ** 2), lambda x: jnp.cumsum(jnp.cumsum(x)[::-1])[::-1],
         "factor", "1/2 times the derivative", dict(x=reals("n"))),
    Told("a softmax as if of sigmoids", pooled, pooled_entrywise, "missing_term", "only the diagonal of the Jacobian of", Z),
    Told("a softmax with the wrong sign", pooled, lambda z, v: pooled_in_z(z, v, away=-1.0), "sign", "wrong sign", Z),
    Told("tanh for sigmoid", logistic, lambda w, X, y: X.T @ (jnp.tanh(X @ w) - y) / y.size, "wrong_variable",
         "`jnp.tanh(X @ w)` stands in the formula where `sigmoid(X @ w)` should", draws((3,), (6, 3), (6,))),
    Told("a sigmoid of the wrong sign", logistic, lambda w, X, y: X.T @ (jax.nn.sigmoid(-X @ w) - y) / y.size, "sign",
         "wrong sign", draws((3,), (6, 3), (6,))),
    Told("one row for the sum", lambda X, b: X + b, lambda X, b, g: g[0], "broadcast_sum",
         "`g[0]` stands in the formula where sum(the cotangent, axis=0) should", draws((4, 2), (2,)), "vjp", 1),
    Told("the mean for the sum", lambda X, b: X + b, lambda X, b, g: g.mean(0), "batch_factor", "1/", draws((4, 2), (2,)), "vjp", 1),
    Told("inner derivative", gelu, lambda x: gelu_slope(x, 1.0), "missing_chain_factor",
         "the inner derivative is left out: `0.8 * (x + 0.04 * x**3)` counts as if it were x", draws((5,)), "derivative"),
    Told("half of the inner derivative", gelu, lambda x: gelu_slope(x, 0.8), "missing_term missing_chain_factor", "",
         draws((5,)), "derivative"),
    Told("matrices in the wrong order", lambda A, B: jnp.trace(jnp.linalg.inv(A) @ B),
         lambda A, B: -(jnp.linalg.inv(A) @ jnp.linalg.inv(A) @ B).T, "transpose", "jnp.linalg.inv(A)", lambda k: (*matrices(k), jax.random.normal(jax.random.fold_in(k, 1), (3, 3)))),
    Told("a factor that nobody left out", lambda x: x * jax.nn.sigmoid(x),
         lambda x: jax.nn.sigmoid(x) + x * (1 - jax.nn.sigmoid(x)) ** 2, "unknown wrong_variable", "", draws((5,)), "derivative"),
    Told("a mean that is no constant", lambda x: jnp.mean((x - jnp.mean(x)) ** 2), lambda x: 2 * x / x.size,
         "missing_term", "x stands in the formula where `x - jnp.mean(x)` should", dict(x=reals("n"))),
    Told("a term of an identity", lambda m, s: m**4 / s**2 + 14 * m**2, lambda m, s: 14 * m**2, "missing_term",
         "lacks a term + `m**4 / s**2`", dict(m=reals(), s=positive()), "identity"),
    Told("a kernel that is not turned round", filtered, lambda x, w: correlate(jnp.pad(correlate(x, w), 2), w), "index",
         "w enters the formula the wrong way round along axes 0 and 1", draws((6, 7), (3, 3))),
    Told("scores of queries and keys the wrong way round", lambda K, Q: jnp.sum(jnp.tanh(scores(K, Q))),
         lambda K, Q: jnp.einsum("hij,hjd->hid", 1 - jnp.tanh(scores(K, Q)) ** 2, Q), "transpose",
         "with its axes 1 and 2 exchanged", draws((2, 4, 3), (2, 4, 3))),
    Told("the halves of the answer exchanged", gated, lambda x, g: jnp.roll(gated_in_x(x, g), 3, axis=1), "index",
         "its two halves along axis 1 are exchanged", draws((4, 6)), "vjp"),
    Told("the inner derivative of a value on the way", gated, lambda x, g: gated_in_x(x, g, inner=1.0), "missing_chain_factor",
         "the inner derivative is left out", draws((4, 6)), "vjp"),
    Told("set for add", embedded, lambda table, ids, g: jnp.zeros_like(table).at[ids].set(g), "missing_term",
         "replaces what is there, where it should add to it", tokens, "vjp"),
    Told("divided by a count", embedded,
         lambda table, ids, g: embedded_in_table(table, ids, g) / jnp.maximum(counts(table, ids), 1)[:, None],
         "extra_term", "divides in the formula, which it should not", tokens, "vjp"),
    Told("the least for the largest", lambda x: jnp.sum(jnp.max(x, axis=1) ** 2),
         lambda x: 2 * x * jax.nn.one_hot(jnp.argmin(x, axis=1), x.shape[1]), "wrong_variable", "should be a maximum", draws((4, 5))),
    Told("two matrices exchanged, both transposed", lambda x, V, W: x @ V * jnp.tanh(x @ W), crossed, "wrong_variable",
         "V and W are exchanged in the formula", draws((5, 4), (4, 3), (4, 3)), "vjp"),
    Told("the sigmoid in a silu", lambda x: jax.nn.silu(x), lambda x: jax.nn.sigmoid(x) + x * (1 - jax.nn.sigmoid(x)),
         "missing_chain_factor", "the slope of the sigmoid in `jax.nn.silu(x)` is taken to be `1 - sigmoid(x)`", draws((5,)), "derivative"),
    Told("a threshold that is another", lambda r: jnp.where(jnp.abs(r) <= 1.5, 0.5 * r**2, 1.5 * (jnp.abs(r) - 0.75)),
         lambda r: jnp.where(jnp.abs(r) <= 1.0, r, 1.5 * jnp.sign(r)), "region", "the number 1 should be 1.5, as in the function",
         draws((9,)), "derivative"),
    Told("the wrong angle, twice", lambda q: jnp.cos(q[0] + q[1]) + jnp.sin(q[0] + q[1]),
         lambda q: (jnp.cos(q[1]) - jnp.sin(q[1])) * jnp.ones(2), "missing_term",
         "`q[1]` stands in the formula where `q[0] + q[1]` should", draws((2,))),
    Told("a path inside of a softmax", lambda z: jnp.sum(jax.nn.softmax(z) * jnp.arange(4.0)),
         lambda z: jax.nn.softmax(z) * jnp.arange(4.0), "missing_term", "in `jax.nn.softmax(z)` is left out", draws((4,))),
    Told("half of an identity", lambda x: jnp.sum(x**2), lambda x: x @ x / 2, "factor", "1/2 times the value",
         dict(x=reals("n")), "identity"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.label)
def test_what_a_person_would_have_done_is_told_first(told):
    require(told)
