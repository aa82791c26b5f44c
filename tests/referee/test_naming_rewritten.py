"""Mistakes that only the source shows: along which axis, in which order, how many times, which name.
Each is told by its tell-tale word, and the right form beside it passes.
"""

import ast
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from lab.referee.naming.text.reckoned import reckoned
from lab.referee.naming.text.spots import sites
from lab.referee.naming.text.worded import other_constants
from lab.referee.naming.text.written import texts, with_another
from tests.referee.told import Told, draws, require, require_right


def gated(X, U):
    return jnp.sum(jax.nn.softmax(X) * U) ** 2


def gated_in_x(X, U):
    p = jax.nn.softmax(X)
    s = jnp.sum(p * U)
    return 2 * s * p * (U - jnp.einsum("nc,nc->n", p, U)[:, None])


def gated_by_columns(X, U):
    p = jax.nn.softmax(X)
    s = jnp.sum(p * U)
    return 2 * s * p * (U - jnp.einsum("nc,nc->c", p, U)[None, :])


def advected(u, c):
    return jnp.sum((u - c * jnp.roll(u, 2)) ** 3)


def advected_in_u(u, c):
    g = 3 * (u - c * jnp.roll(u, 2)) ** 2
    return g - jnp.roll(c * g, -2)


def advected_forwards(u, c):
    g = 3 * (u - c * jnp.roll(u, 2)) ** 2
    return g - jnp.roll(c * g, 2)


def advected_apart(u, c):
    g = 3 * (u - c * jnp.roll(u, 2)) ** 2
    return g - c * jnp.roll(g, -2)


def rank_weighted(x):
    return jnp.sort(x) @ jnp.arange(6.0) ** 2


def rank_weighted_in_x(x):
    return jnp.arange(6.0)[jnp.argsort(jnp.argsort(x))] ** 2


def rank_weighted_unsorted(x):
    return jnp.arange(6.0)[jnp.argsort(x)] ** 2


def polynomial(c, t):
    return jnp.sum(jnp.polyval(c, t) ** 2)


def polynomial_in_c(c, t):
    V = t[:, None] ** jnp.arange(4.0)[::-1]
    return 2 * V.T @ (V @ c)


def polynomial_upwards(c, t):
    V = t[:, None] ** jnp.arange(4.0)
    return 2 * V.T @ (V @ c)


def shares(w):
    e = jnp.exp(w - w.max())
    return e / e.sum()


def shares_in_w(w):
    q = shares(w)
    return jnp.diag(q) - jnp.outer(q, q)


def shares_diagonal(w):
    q = shares(w)
    return jnp.diag(q)


def kernel(P, Q, Y):
    return jnp.sum(jnp.einsum("ia,ja->ij", P, Q) * Y) + jnp.sum((P @ Q.T) ** 2) / 2


def kernel_in_p(P, Q, Y):
    return Y @ Q + P @ (Q.T @ Q)


def kernel_without(P, Q, Y):
    return Y @ Q + P


def pooled(Z, v):
    return jax.nn.logsumexp(Z @ v)


def pooled_in_v(Z, v):
    q = jax.nn.softmax(Z @ v)
    m = q @ Z
    return (Z - m).T @ (q[:, None] * (Z - m))


def pooled_plainly(Z, v):
    q = jax.nn.softmax(Z @ v)
    m = Z.mean(0)
    return Z.T @ (q[:, None] * Z) - jnp.outer(m, m)


def towers(x, B):
    return sum(B[i, j] * x[i] * x[j] ** 2 for i in range(5) for j in range(5))


def towers_in_x(x, B):
    g = [0.0] * 5
    for i in range(5):
        for j in range(5):
            g[i] = g[i] + B[i, j] * x[j] ** 2
            g[j] = g[j] + 2 * B[i, j] * x[i] * x[j]
    return jnp.stack(g)


def towers_half(x, B):
    g = [0.0] * 5
    for i in range(5):
        for j in range(i):
            g[i] = g[i] + B[i, j] * x[j] ** 2
            g[j] = g[j] + 2 * B[i, j] * x[i] * x[j]
    return jnp.stack(g)


def leaky(x, k):
    """What is left of x after seven rounds of a logistic map."""
    return lax.scan(lambda s, _: (k * s * (1 - s), None), x, None, length=7)[0]


def leaky_in_x(x, k):
    def back(carry, _):
        s, d = carry
        return (k * s * (1 - s), d * k * (1 - 2 * s)), None

    return lax.scan(back, (x, jnp.ones_like(x)), None, length=7)[0][1]


def leaky_early(x, k):
    def back(carry, _):
        s, d = carry
        return (k * s * (1 - s), d * k * (1 - 2 * s)), None

    return lax.scan(back, (x, jnp.ones_like(x)), None, length=6)[0][1]


def smoothed(x, rate):
    def one(s, v):
        s = rate * v + (1 - rate) * s
        return s, s

    return lax.scan(one, jnp.zeros(()), x)[1]


def smoothed_back(x, rate, g):
    def back(late, now):
        late = late + now
        return (1 - rate) * late, rate * late

    return lax.scan(back, jnp.zeros(()), g, reverse=True)[1]


def smoothed_wrongly(x, rate, g):
    def back(late, now):
        late = late + now
        return rate * late, rate * late

    return lax.scan(back, jnp.zeros(()), g, reverse=True)[1]


def gated_sum(x, w):
    def one(s, now):
        v, gate = now
        s = jnp.tanh(gate * s + v)
        return s, s

    return lax.scan(one, jnp.zeros(()), (x, w))[1]


def gated_sum_back(x, w, g):
    def back(late, at):
        now, gate, y = at
        late = (late + now) * (1 - y**2)
        return gate * late, late

    return lax.scan(back, jnp.zeros(()), (g, w, gated_sum(x, w)), reverse=True)[1]


def gated_sum_deaf(x, w, g):
    def back(late, at):
        now, gate, y = at  # noqa: RUF059 - that is the mistake
        late = (late + now) * (1 - y**2)
        return late, late

    return lax.scan(back, jnp.zeros(()), (g, w, gated_sum(x, w)), reverse=True)[1]


def pinched(x, y, width):
    r = jnp.abs(x - y)
    return jnp.sum(jnp.where(r < width, r**2 / 2, width * (r - width / 2)))


def pinched_in_x(x, y, width):
    return jnp.clip(x - y, -width, width)


def pinched_above(x, y, width):
    return jnp.minimum(x - y, width)


def pinched_at_one(x, y, width):
    return jnp.clip(x - y, -width, 1.0)


def spun(S, x):
    return jax.nn.softmax(S @ x)


def spun_along(S, x, v):
    q = jax.nn.softmax(S @ x)
    u = S @ v
    return q * u - q * (q @ u)


def spun_across(S, x, v):
    q = jax.nn.softmax(S @ x)
    u = S @ v
    return q * u - u * (q @ q)


def with_width(key):
    x, y = draws((4, 3), (4, 3))(key)
    return x, y, jnp.array(0.7)


def fractions(key):
    a, b = jax.random.split(key)
    return jax.random.uniform(a, (), minval=0.1, maxval=0.9), jax.random.uniform(
        b, (), minval=2.0, maxval=3.5
    )


def rates(key):
    a, b = jax.random.split(key)
    return jax.random.normal(a, (6,)), jax.random.uniform(b, (), minval=0.2, maxval=0.7)


HEADS = draws((2, 3, 4, 5), (2, 3, 4, 5))


def heads(S, G):
    return jnp.sum(jax.nn.softmax(S, axis=2) * G)


def heads_in_s(S, G):
    p = jax.nn.softmax(S, axis=2)
    return p * (G - (p * G).sum(axis=2, keepdims=True))


def heads_across(S, G):
    p = jax.nn.softmax(S, axis=2)
    return p * (G - (p * G).sum(axis=1, keepdims=True))


TOLD = [
    Told("columns for rows", gated, gated_by_columns, "wrong_axis", "->n", draws((5, 3), (5, 3))),
    Told("another of four axes", heads, heads_across, "wrong_axis", "axis 2", HEADS),
    Told("rolled forwards", advected, advected_forwards, "index", ", -2)", draws((7,), (7,))),
    Told("rolled too early", advected, advected_apart, "index", "(c * g, -2)", draws((7,), (7,))),
    Told("order for rank", rank_weighted, rank_weighted_unsorted, "index", "argsort", draws((6,))),
    Told("powers upwards", polynomial, polynomial_upwards, "index", "the wrong way round", draws((4,), (6,))),
    Told(
        "the diagonal of a softmax", shares, shares_diagonal, "missing_term", "outer(q, q)",
        draws((5,)), "jacobian",
    ),
    Told(
        "a Gram matrix", kernel, kernel_without, "missing_chain_factor", "Q.T @ Q",
        draws((5, 3), (4, 3), (5, 4)),
    ),
    Told(
        "a plain mean", pooled, pooled_plainly, "wrong_variable", "q @ Z", draws((6, 3), (3,)),
        "hessian", 1,
    ),
    Told("half of the pairs", towers, towers_half, "index", "range(5)", draws((5,), (5, 5))),
    Told("a round too few", leaky, leaky_early, "index", "length=7", fractions),
    Told("rate for 1 - rate", smoothed, smoothed_wrongly, "wrong_variable", "1 - rate", rates, "vjp"),
    Told(
        "deaf to its gate", gated_sum, gated_sum_deaf, "missing_chain_factor", "gate",
        draws((6,), (6,)), "vjp",
    ),
    Told("clipped above only", pinched, pinched_above, "region", "jnp.clip", with_width),
    Told("clipped at one", pinched, pinched_at_one, "region constant", "width", with_width),
    Told(
        "two names crossed", spun, spun_across, "wrong_variable", "each other's place",
        draws((4, 3), (3,)), "jvp", 1,
    ),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", TOLD, ids=[one.label for one in TOLD])
def test_what_the_source_shows_is_told(told):
    require(told)


RIGHT = [
    (gated, gated_in_x, draws((5, 3), (5, 3)), "gradient", 0),
    (heads, heads_in_s, HEADS, "gradient", 0),
    (advected, advected_in_u, draws((7,), (7,)), "gradient", 0),
    (rank_weighted, rank_weighted_in_x, draws((6,)), "gradient", 0),
    (polynomial, polynomial_in_c, draws((4,), (6,)), "gradient", 0),
    (shares, shares_in_w, draws((5,)), "jacobian", 0),
    (kernel, kernel_in_p, draws((5, 3), (4, 3), (5, 4)), "gradient", 0),
    (pooled, pooled_in_v, draws((6, 3), (3,)), "hessian", 1),
    (towers, towers_in_x, draws((5,), (5, 5)), "gradient", 0),
    (leaky, leaky_in_x, fractions, "gradient", 0),
    (smoothed, smoothed_back, rates, "vjp", 0),
    (gated_sum, gated_sum_back, draws((6,), (6,)), "vjp", 0),
    (pinched, pinched_in_x, with_width, "gradient", 0),
    (spun, spun_along, draws((4, 3), (3,)), "jvp", 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("f", "hand", "at", "kind", "wrt"), RIGHT, ids=[one[1].__name__ for one in RIGHT]
)
def test_the_right_form_passes(f, hand, at, kind, wrt):
    require_right(f, hand, at, kind, wrt)


def helper(x):
    return 2 * x


def by_helper(x):
    return helper(x) + 1


def test_a_function_is_put_in_the_place_of_what_is_called():
    first, second = texts(by_helper)
    second.node.body[0].value.left.value = 5
    new = with_another(by_helper, helper, second.compiled({}))
    assert (new(1), by_helper(1), first.function) == (6, 3, by_helper)


def test_closures_and_partials_are_seen_through():
    scale = 3.0
    hand = functools.partial(lambda k, x: k * scale * x, 2.0)
    (only,) = texts(hand)
    only.node.body.right.id = "k"
    assert with_another(hand, only.function, only.compiled({}))(1.0) == 12.0
    assert hand(1.0) == 6.0


def test_what_has_no_source_has_no_text():
    scope = {}
    exec("def f(x): return x", scope)
    assert texts(scope["f"]) == []


def one_row_off(x):
    return (2 * x).at[3, 0].multiply(1.01) + x[4:, 1]


def over_axes(X):
    return 3.0 * jnp.sum(X, axis=(0, 2)).reshape((5, 1))


def masked(z):
    return jnp.where(z > -0.1, z, 0.0) * (z < 0.3)


@pytest.mark.parametrize(
    ("hand", "numbers"),
    [(one_row_off, {"2", "1.01"}), (masked, {"0.0", "0.3"}), (over_axes, {"3.0"})],
)
def test_no_name_stands_for_a_number_that_says_which_entries_are_taken(hand, numbers):
    (text,) = texts(hand)
    offered = {ast.unparse(site.node) for site in sites(text) if list(other_constants(site))}
    assert offered == numbers


def everything(x, A, i):
    carried, made = lax.scan(lambda s, r: (s * r.sum(), jnp.cumsum(r)), 1.0, A, reverse=True)
    padded = jnp.pad(x, (2, 1), mode="edge")[1:-1:2]
    gone = lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * 1.1), (0, x))[1]
    which = lax.cond(x[0] > 0, lambda y: y**2, lambda y: -y, x)
    folded = jnp.einsum("ij,kj->ik", A, A[::-1]).argmax(axis=1)
    chosen = jnp.where(x > 0, jnp.tanh(x), jnp.clip(x, -0.5, 0.5)) + lax.pad(x, 0.0, [(1, -1, 0)])
    at = jnp.zeros(4).at[i].add(x[:3]) + lax.dynamic_slice(jnp.arange(9.0), (i[0],), (4,))
    return carried, made, padded, gone, which, folded, chosen, at, jax.nn.softmax(A.T), x**-2


def test_numpy_carries_out_what_jax_has_traced():
    x, A = (np.asarray(leaf) for leaf in draws((4,), (3, 4))(jax.random.key(0)))
    at = (x, A, np.array([2, 0, 2]))
    told = reckoned(jax.make_jaxpr(everything)(*at), at)
    for mine, theirs in zip(told, jax.tree.leaves(everything(*at)), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
