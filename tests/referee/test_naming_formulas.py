"""What is wrong within the hand's own formula: its values, pieces, counts, sums; each mistake beside
a neighbour that is another one.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import digamma, gammaln

from lab.domains import reals
from lab.referee.naming.formula.functions import FUNCTIONS
from tests.referee.told import Told, draws, require, require_right


def symmetric(key):
    (A,) = draws((4, 4))(key)
    return ((A + A.T) / 2 + jnp.diag(jnp.array([0.0, 3.0, 6.0, 9.0])),)


def system(key):
    A, b, c = draws((3, 3), (3,), (3,))(key)
    return A + 3 * jnp.eye(3), b, c


def form(x, A, b):
    return x @ A @ x - 2 * b @ x


def whitened(W, X):
    Z = X @ W.T
    return jnp.sum((Z.T @ Z / X.shape[0] - jnp.eye(3)) ** 2)


def whitened_in_w(W, X, first, second):
    Z = X @ W.T
    return 4 / first * (Z.T @ Z / second - jnp.eye(3)) @ Z.T @ X


def spectral(A):
    return jnp.linalg.norm(A, 2)


def spectral_in_a(A, i, j):
    U, _, Vt = jnp.linalg.svd(A, full_matrices=False)
    return jnp.outer(U[:, i], Vt[j])


def solved(A, b, c):
    return c @ jnp.linalg.solve(A, b)


def solved_in_both(A, b, c, *, turned=False, doubled=False):
    x, dual = jnp.linalg.solve(A, b), jnp.linalg.solve(A.T, c)
    outer = jnp.outer(x, x) if doubled else jnp.outer(dual, x)
    return -(outer.T if turned else outer), dual


def dirichlet(a):
    return gammaln(jnp.sum(a)) - jnp.sum(gammaln(a))


def returns(x):
    i, j = jnp.arange(x.size)[:, None], jnp.arange(x.size)[None, :]
    return jnp.sum((jnp.where(j >= i, 1.0, 0.0) @ x) ** 2) / 2


def returns_in_x(x, compared):
    i, j = jnp.arange(x.size)[:, None], jnp.arange(x.size)[None, :]
    M = jnp.where(compared(j, i), 1.0, 0.0)
    return M.T @ (M @ x)


def later(x):
    """The risk of each time is that of all later ones."""
    return jnp.sum(jnp.log(jnp.cumsum(jnp.exp(x)[::-1])))


def later_in_x(x, *, risk, weight):
    e = jnp.exp(x)
    risks = jax.lax.cumsum(e, reverse=risk)
    return e * jax.lax.cumsum(1 / risks, reverse=weight)


def pooled(x):
    return jnp.max(x.reshape(x.shape[0], -1, 2), axis=-1)


def matrix_softplus(A):
    w, V = jnp.linalg.eigh((A + A.T) / 2)
    return (V * jax.nn.softplus(w)) @ V.T


def matrix_softplus_jvp(A, T, *, turned=False, fixed=False):
    w, V = jnp.linalg.eigh(A)
    f, same = jax.nn.softplus(w), jnp.eye(4, dtype=bool)
    gaps = jnp.where(same, 1.0, w[:, None] - w[None, :])
    K = jnp.where(same, jax.nn.sigmoid(w)[:, None], (f[:, None] - f[None, :]) / gaps)
    T = (T + T.T) / 2
    if fixed:
        return (V * (jax.nn.sigmoid(w) * jnp.diag(V.T @ T @ V))) @ V.T
    return V.T @ (K * (V @ T @ V.T)) @ V if turned else V @ (K * (V.T @ T @ V)) @ V.T


def saddle(p):
    u, v = p
    return u**2 * jnp.sin(v)


def largest(x):
    return jnp.max(jnp.abs(x))


def largest_in_x(x, of):
    i = jnp.argmax(jnp.abs(x))
    return jnp.zeros_like(x).at[i].set(of(x[i]))


def shared(x, y):
    d = x + 2 * y
    return jnp.sum(jnp.sin(d))


def shared_in_both(x, y):
    d = x + 2 * y
    e = d - 0.5 * y
    return jnp.cos(d), 2 * jnp.cos(e)


def rotated(y, W):
    for _ in range(3):
        y = y + 0.1 * jnp.sin(W @ y)
    return jnp.sum(y**2)


def rotated_in_y(y, W, *, turned):
    before = []
    for _ in range(3):
        before.append(y)
        y = y + 0.1 * jnp.sin(W @ y)
    pulled = 2 * y
    for state in reversed(before):
        slope = 0.1 * jnp.cos(W @ state) * pulled
        pulled = pulled + (W @ slope if turned else W.T @ slope)
    return pulled


def scanned(a, b):
    def step(h, ab):
        h = ab[0] * h + ab[1]
        return h, h

    return jax.lax.scan(step, jnp.zeros(3), (a, b))[1]


def scanned_in_a(a, b, g, *, off):
    h = scanned(a, b)
    before = h if off else jnp.concatenate([jnp.zeros_like(h[:1]), h[:-1]])

    def back(dual, given):
        following, direct = given
        dual = following * dual + direct
        return dual, dual

    following = jnp.concatenate([a[1:], jnp.zeros_like(a[:1])])
    return jax.lax.scan(back, jnp.zeros(3), (following, g), reverse=True)[1] * before


FORM = draws((4,), (4, 4), (4,))

TOLD = [
    Told("as if a matrix were symmetric", form, lambda x, A, b: 2 * A @ x - 2 * b, "symmetrize",
         "A is taken to be symmetric", FORM),
    Told("the slope of a logarithm", lambda A: jnp.log(jnp.linalg.det(A @ A.T)),
         lambda A: 2 * jnp.linalg.det(A @ A.T) * jnp.linalg.solve(A @ A.T, A), "missing_chain_factor",
         "multiplies in the formula, which it should not", draws((3, 5))),
    Told("wrong where the first is positive", lambda x: jnp.sum(jnp.sin(x)),
         lambda x: jnp.where(x[0] > 0.2, 0.7, 1.0) * jnp.cos(x), "region", "x[0] > 0.2", draws((5,))),
    Told("its transpose as if so", form, lambda x, A, b: 2 * A.T @ x - 2 * b, "symmetrize", "A is taken to be symmetric", FORM),
    Told("one of two terms", form, lambda x, A, b: A @ x - 2 * b, "missing_term", "is left out", FORM),
    Told("n - 1 wherever n is counted", whitened, lambda W, X: whitened_in_w(W, X, 6, 6), "batch_factor",
         "X.shape[0] - 1 stands in the formula where X.shape[0] should", draws((3, 4), (7, 4))),
    Told("n - 1 once", whitened, lambda W, X: whitened_in_w(W, X, 7, 6), "batch_factor", "6 ", draws((3, 4), (7, 4))),
    Told("the last vector for the first", spectral, lambda A: spectral_in_a(A, 0, -1), "index",
         "`Vt[j]` is entry 2 along axis 0 where entry 0 should be", draws((4, 3))),
    Told("a vector for itself", spectral, lambda A: -spectral_in_a(A, 0, 0), "sign", "the sign is flipped", draws((4, 3))),
    Told("a value of its own", solved, lambda *a: solved_in_both(*a, doubled=True), "wrong_variable",
         "stands in the formula where", system, "gradient", (0, 1)),
    Told("an outer product turned", solved, lambda *a: solved_in_both(*a, turned=True), "transpose", "transpose", system, "gradient", (0, 1)),
    Told("the sum of the digammas", dirichlet, lambda a: digamma(a).sum() - digamma(a), "wrong_variable",
         "where the digamma of the sum should be", lambda k: (jnp.exp(draws((4,))(k)[0]),)),
    Told("no digamma of the sum", dirichlet, lambda a: -digamma(a), "missing_term", "is left out",
         lambda k: (jnp.exp(draws((4,))(k)[0]),)),
    Told("the variance of a sample", lambda x: jnp.sqrt(jnp.var(x) + 1e-2),
         lambda x: (x - x.mean()) / x.size / jnp.sqrt(jnp.var(x, ddof=1) + 1e-2), "batch_factor", "should be 0", draws((6,))),
    Told("strictly later", returns, lambda x: returns_in_x(x, jnp.greater), "index", "should also hold where both are equal", draws((5,))),
    Told("earlier", returns, lambda x: returns_in_x(x, jnp.less_equal), "index transpose", "", draws((5,))),
    Told("all running sums the wrong way", later, lambda x: later_in_x(x, risk=False, weight=True), "index",
         "all run the wrong way", draws((5,))),
    Told("one running sum the wrong way", later, lambda x: later_in_x(x, risk=True, weight=True), "index",
         "runs backwards where it should run forwards", draws((5,))),
    Told("no mask", pooled, lambda x, g: jnp.repeat(g, 2, axis=1), "region", "a mask is left out", draws((3, 8)), "vjp"),
    Told("eigenvectors turned", matrix_softplus, lambda A, T: matrix_softplus_jvp(A, T, turned=True), "transpose",
         "the eigenvectors of `jnp.linalg.eigh(A)` and its transpose are exchanged", symmetric, "jvp"),
    Told("eigenvectors held fixed", matrix_softplus, lambda A, T: matrix_softplus_jvp(A, T, fixed=True), "missing_term",
         "the eigenvectors of `jnp.linalg.eigh((A + A.T) / 2)`", symmetric, "jvp"),
    Told("one of two that are unpacked", saddle, lambda p: jnp.array([2 * p[0] * jnp.sin(p[1]), -(p[0] ** 2) * jnp.cos(p[1])]),
         "sign", "`v`", draws((2,))),
    Told("the sign of the largest", largest, lambda x: largest_in_x(x, jnp.ones_like), "missing_chain_factor", "sign(x)", draws((5,))),
    Told("the largest itself", largest, lambda x: largest_in_x(x, lambda u: u), "missing_chain_factor wrong_variable unknown", "", draws((5,))),
    Told("what is right stays right", shared, shared_in_both, "extra_term", "the number 0.5 in `0.5 * y` should not be there",
         dict(x=reals("n"), y=reals("n")), "gradient", (0, 1)),
    Told("a matrix turned in every round", rotated, lambda y, W: rotated_in_y(y, W, turned=True), "transpose",
         "W enters the formula where its transpose should", draws((3,), (3, 3))),
    Told("a state after the step", scanned, lambda *a: scanned_in_a(*a, off=True), "index", "one place too early along axis 0",
         draws((5, 3), (5, 3)), "vjp"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.label)
def test_a_formula_is_told_what_is_wrong_in_it(told):
    require(told)


def test_what_is_right_is_not_suspected():
    require_right(whitened, lambda W, X: whitened_in_w(W, X, 7, 7), draws((3, 4), (7, 4)))
    require_right(matrix_softplus, matrix_softplus_jvp, symmetric, "jvp")
    require_right(later, lambda x: later_in_x(x, risk=True, weight=False), draws((5,)))


def test_every_function_that_is_tried_takes_any_number():
    """SciPy's trigamma takes time in proportion to a negative argument."""
    anywhere = np.array([[-1e30, -1e10, -0.5, 0.0, 2.0, 1e10, 1e30]])
    with np.errstate(all="ignore"):
        tried = {text: function(anywhere) for text, function in FUNCTIONS}
    assert all(values.shape == anywhere.shape for values in tried.values())
    assert np.isclose(tried["trigamma({})"][0, 4], np.pi**2 / 6 - 1)
    assert np.isclose(tried["trigamma({})"][0, 5], 1e-10)
