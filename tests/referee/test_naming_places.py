"""What stands at the wrong place: another round's value, another entry, index, half or end, a sum along
another axis; each mistake beside a neighbour that is another one.
"""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from tests.referee.told import Told, draws, require, require_right


def recurrent(W, U, x):
    def step(h, xt):
        h = jnp.tanh(W @ h + U @ xt)
        return h, h

    return lax.scan(step, jnp.zeros(3, x.dtype), x)[1]


def recurrent_in_both(W, U, x, g, *, after=False, last=False, added=True):
    h, hs = jnp.zeros(3, x.dtype), []
    for t in range(x.shape[0]):
        h = jnp.tanh(W @ h + U @ x[t])
        hs.append(h)
    dW, dU, dh = jnp.zeros_like(W), jnp.zeros_like(U), jnp.zeros_like(h)
    for t in reversed(range(x.shape[0])):
        da = (dh + (g[t] * float(t == 3) if last else g[t])) * (1 - hs[t] ** 2)
        before = hs[t] if after else hs[t - 1] if t else jnp.zeros_like(h)
        outer = jnp.outer(da, before)
        dW, fed = dW + outer, jnp.outer(da, x[t])
        dU = dU + fed if added else fed
        dh = W.T @ da
    return dW, dU


def advantage(r, v):
    def step(a, d):
        a = d + 0.72 * a
        return a, a

    return lax.scan(step, 0.0 * r[0], r + 0.9 * v[1:] - v[:-1], reverse=True)[1]


def advantage_in_r(r, v, g, *, decay=0.72, sign=1.0):
    def step(b, d):
        b = sign * d + decay * b
        return b, b

    return lax.scan(step, 0.0 * g[0], g)[1]


def attended(q, k):
    return jnp.sin(q @ k.T)


def attended_in_q(q, k, g, *, added=True, divided=False):
    def body(dq, blocks):
        kb, gb = blocks
        ds = jnp.cos(q @ kb.T) * gb.T
        ds = ds / jnp.sum(ds, axis=1, keepdims=True) if divided else ds
        return (dq + ds @ kb if added else ds @ kb), None

    return lax.scan(body, jnp.zeros_like(q), (k.reshape(-1, 2, 3), g.T.reshape(-1, 2, 4)))[0]


def car(s, steer, h):
    moved = [s[3] * jnp.cos(s[2]), s[3] * jnp.sin(s[2]), s[3] * jnp.tan(steer) / 2.5, 0.0 * s[0]]
    return s + h * jnp.stack(moved)


def car_in_s(s, steer, h, *, at=(2, 3), times=None, sign=1.0):
    J = jnp.eye(4, dtype=s.dtype)
    J = J.at[0, 2].set(-h * s[3] * jnp.sin(s[2])).at[0, 3].set(sign * h * jnp.cos(s[2]))
    J = (
        J.at[1, 2]
        .set(h * s[3] * jnp.cos(s[2]))
        .at[1, 3]
        .set((h if times is None else times) * jnp.sin(s[2]))
    )
    return J.at[at].set(h * jnp.tan(steer) / 2.5)


def ordinal(c, eta, y):
    up = jnp.where(y == 3, 1.0, jax.nn.sigmoid(c[jnp.minimum(y, 2)] - eta))
    lo = jnp.where(y == 0, 0.0, jax.nn.sigmoid(c[jnp.maximum(y - 1, 0)] - eta))
    return -jnp.sum(jnp.log(up - lo))


def ordinal_in_c(c, eta, y, *, second="lower", sign=1):
    up = jnp.where(y == 3, 1.0, jax.nn.sigmoid(c[jnp.minimum(y, 2)] - eta))
    lo = jnp.where(y == 0, 0.0, jax.nn.sigmoid(c[jnp.maximum(y - 1, 0)] - eta))
    du, dl = -up * (1 - up) / (up - lo), sign * lo * (1 - lo) / (up - lo)
    below = jnp.maximum(y - 1, 0) if second == "lower" else jnp.minimum(y, 2)
    dc = jnp.zeros_like(c).at[jnp.minimum(y, 2)].add(du)
    return dc.at[below].add(dl)


def cuts(key):
    first, gaps, eta = draws((), (2,), (6,))(key)
    c = first + jnp.concatenate([jnp.zeros(1), jnp.cumsum(0.5 + jnp.abs(gaps))])
    return c, eta, jnp.array([0, 3, 1, 2, 2, 0])


def bilinear(x, y, image):
    i, j = jnp.floor(y).astype(int), jnp.floor(x).astype(int)
    a, b = y - i.astype(y.dtype), x - j.astype(x.dtype)
    top = (1 - b) * image[i, j] + b * image[i, j + 1]
    return jnp.sum((1 - a) * top + a * ((1 - b) * image[i + 1, j] + b * image[i + 1, j + 1]))


def bilinear_in_x(x, y, image, *, turned=False, sign=1):
    i, j = jnp.floor(y).astype(int), jnp.floor(x).astype(int)
    a = y - i.astype(y.dtype)
    tl, tr, bl, br = image[i, j], image[i, j + 1], image[i + 1, j], image[i + 1, j + 1]
    tr, bl = (bl, tr) if turned else (tr, bl)
    return (1 - a) * (tr - tl) + sign * a * (br - bl)


def pixels(key):
    x, y, image = draws((6,), (6,), (4, 5))(key)
    return 2 + 1.9 * jnp.tanh(x), 1.5 + 1.4 * jnp.tanh(y), image


def padded(x, w):
    p = jnp.pad(x, ((0, 0), (1, 1)))
    return w[0] * p[:, :-2] + w[1] * p[:, 1:-1] + w[2] * p[:, 2:]


def padded_in_x(x, w, g, *, wraps=False, flipped=True):
    a, b = (2, 0) if flipped else (0, 2)
    if wraps:
        return w[a] * jnp.roll(g, 1, 1) + w[1] * g + w[b] * jnp.roll(g, -1, 1)
    p = jnp.pad(g, ((0, 0), (1, 1)))
    return w[a] * p[:, :-2] + w[1] * p[:, 1:-1] + w[b] * p[:, 2:]


def convolved(u, k):
    n = u.shape[0]
    return jnp.fft.irfft(jnp.fft.rfft(u, 2 * n) * jnp.fft.rfft(k, 2 * n), 2 * n)[:n]


def convolved_in_both(u, k, g, *, conjugated=True, half=slice(None, 6)):
    n = u.shape[0]
    U, K, G = (jnp.fft.rfft(z, 2 * n) for z in (u, k, g))
    du = jnp.fft.irfft(G * jnp.conj(K) if conjugated else G * K, 2 * n)[half]
    return du, jnp.fft.irfft(G * jnp.conj(U), 2 * n)[:n]


def states(a, x):
    def step(h, ax):
        h = ax[0] * h + ax[1]
        return h, h

    return lax.scan(step, jnp.zeros_like(x[0]), (a, x))[1]


def combine(left, right):
    return left[0] * right[0], right[0] * left[1] + right[1]


def states_in_x(a, x, g, *, reverse=True, following=True):
    nxt = jnp.concatenate([a[1:], jnp.zeros_like(a[:1])]) if following else a
    return lax.associative_scan(combine, (nxt, g), reverse=reverse)[1]


def rotated(q, theta):
    c, s = jnp.cos(theta), jnp.sin(theta)
    q1, q2 = jnp.split(q, 2, axis=-1)
    return jnp.concatenate([q1 * c - q2 * s, q2 * c + q1 * s], axis=-1)


def rotated_in_theta(q, theta, g, *, turned=False, sign=1):
    g1, g2 = jnp.split(g, 2, axis=-1)
    o1, o2 = jnp.split(rotated(q, theta), 2, axis=-1)
    o1, o2 = (o2, o1) if turned else (o1, o2)
    return jnp.sum(g2 * o1 - sign * g1 * o2, axis=0)


def dice(z, y):
    p = jax.nn.sigmoid(z)
    inter = jnp.sum(p * y, axis=1)
    return 1 - jnp.mean((2 * inter + 1) / (jnp.sum(p, axis=1) + jnp.sum(y, axis=1) + 1))


def dice_in_z(z, y, *, axis=1, one=1):
    p = jax.nn.sigmoid(z)
    top = 2 * jnp.sum(p * y, axis=axis, keepdims=axis is not None) + one
    bottom = jnp.sum(p + y, axis=1, keepdims=True) + 1
    return -(2 * y / bottom - top / bottom**2) / z.shape[0] * p * (1 - p)


def norms(x):
    return jnp.sqrt(jnp.sum(x**2, axis=-1))


def norms_along(x, dx, *, axis=-1, power=1):
    return jnp.sum(x * dx, axis=axis) / norms(x) ** power


def pooled(x, c):
    return c @ jnp.mean(jnp.sort(x, axis=1)[:, -2:], axis=1)


def pooled_in_x(x, c, *, cut=-2, below=False):
    cut = jnp.sort(x, axis=1)[:, cut][:, None]
    return jnp.where(x <= cut if below else x >= cut, 0.5, 0.0) * c[:, None]


def gaussian(L, x):
    z = jax.scipy.linalg.solve_triangular(jnp.tril(L), x.T, lower=True)
    return 0.5 * jnp.sum(z**2) / x.shape[0]


def gaussian_in_l(L, x, *, trans=1, sign=-1):
    z = jax.scipy.linalg.solve_triangular(jnp.tril(L), x.T, lower=True)
    u = jax.scipy.linalg.solve_triangular(jnp.tril(L), z, lower=True, trans=trans)
    return sign * jnp.tril(u @ z.T) / x.shape[0]


def factors(key):
    L, x = draws((3, 3), (6, 3))(key)
    return jnp.tril(0.4 * L) + jnp.diag(1 + jnp.abs(jnp.diag(L))), x


def survival(b, X, event):
    return jnp.mean(jnp.exp(X @ b) - event * (X @ b))


def survival_in_b(b, X, event, *, censored):
    weight = event if censored else 1
    return X.T @ (jnp.exp(X @ b) - weight) / event.size


def events(key):
    b, X, event = draws((3,), (7, 3), (7,))(key)
    return b, X, (event > 0).astype(X.dtype)


def median(m, x):
    return jnp.sum(jnp.abs(x - m)) + 0.5 * m**2


BOTH = draws((3, 3), (3, 2), (4, 2))
CAR, IMAGE, WAVE = draws((4,), (), ()), draws((2, 9), (3,)), draws((6,), (6,))

TOLD = [
    Told("a state of the round after", recurrent, lambda *a: recurrent_in_both(*a, after=True), "index",
         "is that of one round later than it should be", BOTH, "vjp", (0, 1)),
    Told("the loss of the last round", recurrent, lambda *a: recurrent_in_both(*a, last=True), "missing_term",
         "the condition in `g[t] * float(t == 3)` leaves out what should be there", BOTH, "vjp", (0, 1)),
    Told("the last round alone", recurrent, lambda *a: recurrent_in_both(*a, added=False), "missing_term",
         "in each round `jnp.outer(da, x[t])` replaces what is there, where it should add to it", BOTH, "vjp", (0, 1)),
    Told("a number inside of a scan", advantage, lambda *a: advantage_in_r(*a, decay=0.8), "constant",
         "should be 0.72", draws((6,), (7,)), "vjp"),
    Told("a sign inside of a scan", advantage, lambda *a: advantage_in_r(*a, sign=-1.0), "sign", "", draws((6,), (7,)), "vjp"),
    Told("the last block of a scan", attended, lambda *a: attended_in_q(*a, added=False), "missing_term",
         "in each round `ds @ kb` replaces what is there", draws((4, 3), (6, 3)), "vjp"),
    Told("a division in every block", attended, lambda *a: attended_in_q(*a, divided=True), "extra_term",
         "divides in the formula, which it should not", draws((4, 3), (6, 3)), "vjp"),
    Told("row and column of an entry", car, lambda *a: car_in_s(*a, at=(3, 2)), "index",
         "entries [2, 3] and [3, 2] are exchanged", CAR, "jacobian"),
    Told("a factor of one entry", car, lambda *a: car_in_s(*a, times=1.0), "missing_chain_factor", "h", CAR, "jacobian"),
    Told("the sign of one entry", car, lambda *a: car_in_s(*a, sign=-1.0), "sign", "", CAR, "jacobian"),
    Told("an entry too far to the left", car, lambda *a: car_in_s(*a, at=(2, 1)), "index",
         "", CAR, "jacobian"),
    Told("indices of the upper cut", ordinal, lambda *a: ordinal_in_c(*a, second="upper"), "index", "where `y - 1` should", cuts),
    Told("the sign at the lower cut", ordinal, lambda *a: ordinal_in_c(*a, sign=-1), "sign", "", cuts),
    Told("rows for columns", bilinear, lambda *a: bilinear_in_x(*a, turned=True), "index wrong_variable",
         "stand in each other's place", pixels),
    Told("the sign of one row", bilinear, lambda *a: bilinear_in_x(*a, sign=-1), "sign", "", pixels),
    Told("wrapped around", padded, lambda *a: padded_in_x(*a, wraps=True), "region",
         "wraps around at the ends, where zeros should come in", IMAGE, "vjp"),
    Told("a kernel that is not turned", padded, lambda *a: padded_in_x(*a, flipped=False), "index", "", IMAGE, "vjp"),
    Told("no conjugate", convolved, lambda *a: convolved_in_both(*a, conjugated=False), "transpose",
         "`K` should be conjugated in `G * K`", WAVE, "vjp", (0, 1)),
    Told("the wrong half", convolved, lambda *a: convolved_in_both(*a, half=slice(6, 12)), "index", "is the wrong part", WAVE, "vjp", (0, 1)),
    Told("the scan runs forwards", states, lambda *a: states_in_x(*a, reverse=False), "index",
         "runs one way where it should run the other", draws((6, 3), (6, 3)), "vjp", 1),
    Told("the decay of the step itself", states, lambda *a: states_in_x(*a, following=False), "index", "place too",
         draws((6, 3), (6, 3)), "vjp", 1),
    Told("halves exchanged", rotated, lambda *a: rotated_in_theta(*a, turned=True), "index", "its two halves exchanged",
         draws((5, 6), (3,)), "vjp", 1),
    Told("a sign between halves", rotated, lambda *a: rotated_in_theta(*a, sign=-1), "sign", "", draws((5, 6), (3,)), "vjp", 1),
    Told("a sum over all for one in each row", dice, lambda *a: dice_in_z(*a, axis=None), "wrong_axis",
         "runs along axes 0, 1, and should run along axis 1", lambda k: (draws((2, 6))(k)[0], jax.nn.sigmoid(draws((2, 6))(k)[0] ** 2))),
    Told("a number beside that sum", dice, lambda *a: dice_in_z(*a, one=2), "constant factor", "the number 2",
         lambda k: (draws((2, 6))(k)[0], jax.nn.sigmoid(draws((2, 6))(k)[0] ** 2))),
    Told("one sum for all rows", norms, lambda *a: norms_along(*a, axis=None), "wrong_axis", "should run along axis 1",
         draws((5, 3)), "jvp"),
    Told("the norm squared", norms, lambda *a: norms_along(*a, power=2), "missing_chain_factor extra_term factor", "", draws((5, 3)), "jvp"),
    Told("the largest for the two largest", pooled, lambda *a: pooled_in_x(*a, cut=-1), "index",
         "is entry 4 along axis 1 where entry 3 should be", draws((3, 5), (3,))),
    Told("the smallest", pooled, lambda *a: pooled_in_x(*a, below=True), "region", "should be `>=`", draws((3, 5), (3,))),
    Told("the system not transposed", gaussian, lambda *a: gaussian_in_l(*a, trans=0), "transpose",
         "solves with a matrix where it should with its transpose", factors),
    Told("the sign of that system", gaussian, lambda *a: gaussian_in_l(*a, sign=1), "sign", "", factors),
    Told("the censored as events", survival, lambda *a: survival_in_b(*a, censored=False), "missing_chain_factor wrong_variable",
         "event", events),
    Told("one side of an absolute value", median, lambda m, x: m + jnp.sum(x <= m).astype(x.dtype), "missing_term",
         "the side of `jnp.abs(x - m)` where `x - m` > 0 is left out", draws((), (7,))),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.label)
def test_what_stands_at_the_wrong_place_is_told(told):
    require(told)


def test_what_is_right_is_not_suspected():
    require_right(recurrent, recurrent_in_both, BOTH, "vjp", (0, 1))
    require_right(car, car_in_s, CAR, "jacobian")
    require_right(convolved, convolved_in_both, WAVE, "vjp", (0, 1))
