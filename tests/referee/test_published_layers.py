"""More custom rules as they are published, each with a slip that people make in it: recurrences,
layers, solvers run backwards, losses, and rules of forward mode."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, labels, meant, positive, reals, spd


def rule(body, forward, pullback):
    made = jax.custom_vjp(body)
    made.defvjp(forward, pullback)
    return made


def pushed(body, pushforward):
    made = jax.custom_jvp(body)
    made.defjvp(pushforward)
    return made


# ----- two layers (Rumelhart, Hinton and Williams, "Learning representations", 1986) -----


def mlp(params, x):
    return jnp.tanh(x @ params["U"] + params["b"]) @ params["V"]


def mlp_back(kept, c, slope=lambda a: 1 - a * a):
    params, x = kept
    a = jnp.tanh(x @ params["U"] + params["b"])
    dz = (c @ params["V"].T) * slope(a)
    return {"U": x.T @ dz, "b": dz.sum(0), "V": a.T @ c}, dz @ params["U"].T


# ----- Euler's method run backwards (Chen et al., "Neural ordinary differential equations", 2018,
# discretized first) -----

STEPS, WIDTH = 4, 0.25


def flow(y, w):
    return jnp.tanh(w @ y)


def odeint(y, w):
    return jax.lax.fori_loop(0, STEPS, lambda _, y: y + WIDTH * flow(y, w), y)


def odeint_forward(y, w):
    end, path = jax.lax.scan(lambda y, _: (y + WIDTH * flow(y, w), y), y, None, STEPS)
    return end, (path, w)


def odeint_back(kept, c, turned=True):
    path, w = kept

    def step(carry, y):
        a, dw = carry
        da, extra = jax.vjp(flow, y, w)[1](a)
        return (a + WIDTH * da, dw + WIDTH * extra), None

    return jax.lax.scan(step, (c, jnp.zeros_like(w)), path, reverse=turned)[0]


# ----- a linear recurrence (Martin and Cundy, "Parallelizing linear recurrent neural nets", 2018)


def recurrence(decay, x):
    step = lambda h, now: (now[0] * h + now[1],) * 2
    return jax.lax.scan(step, jnp.zeros_like(x[0]), (decay, x))[1]


def recurrence_back(kept, c, shift=1):
    """The same recurrence from the other end, with the decays one step later."""
    decay, h = kept
    later = jnp.concatenate([decay[shift:], jnp.zeros_like(decay[:shift])])
    dx = recurrence(later[::-1], c[::-1])[::-1]
    before = jnp.concatenate([jnp.zeros_like(h[:1]), h[:-1]])
    return dx * before, dx


# ----- root mean square normalization (Zhang and Sennrich 2019) -----


def rms(x, scale):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * scale


def rms_back(kept, c, power=3):
    x, scale = kept
    r = jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6)
    d = c * scale
    return r * d - x * r**power * jnp.mean(d * x, -1, keepdims=True), jnp.sum(c * x * r, 0)


# ----- rotary positions (Su et al., "RoFormer", 2021): a rotation, pulled back by its inverse -----


def turn(x, sign=1.0):
    angle = sign * jnp.arange(x.shape[0], dtype=x.dtype)[:, None] / 3
    u, v = x[:, :2], x[:, 2:]
    return jnp.concatenate([u * jnp.cos(angle) - v * jnp.sin(angle),
                            u * jnp.sin(angle) + v * jnp.cos(angle)], 1)  # fmt: skip


# ----- a gated unit (Shazeer, "GLU variants improve transformer", 2020) -----


def swiglu(x, gate, value):
    return jax.nn.silu(x @ gate) * (x @ value)


def swiglu_back(kept, c, rest=1.0):
    x, gate, value = kept
    z, y = x @ gate, x @ value
    s = jax.nn.sigmoid(z)
    dz, dy = c * y * (s + rest * z * s * (1 - s)), c * z * s
    return dz @ gate.T + dy @ value.T, x.T @ dz, x.T @ dy


# ----- sums of segments (as in graph networks), and their gather -----


def sums(x, segment):
    return jax.ops.segment_sum(x, segment, 3)


def sums_back(segment, c, way=lambda c, segment: c[segment]):
    return way(c, segment), np.zeros(segment.shape, jax.dtypes.float0)


# ----- a root by Newton's iteration, by the implicit function theorem -----


def root(a):
    return jax.lax.fori_loop(0, 60, lambda _, y: (y + a / y) / 2, a)


# ----- entropic transport (Cuturi, "Sinkhorn distances", 2013): its slope is the plan (Danskin) -----


def plan(cost):
    kernel = jnp.exp(-cost)
    row, column = (
        jnp.full(cost.shape[0], 1 / cost.shape[0]),
        jnp.full(cost.shape[1], 1 / cost.shape[1]),
    )

    def step(_, v):
        return column / (kernel.T @ (row / (kernel @ v)))

    v = jax.lax.fori_loop(0, 200, step, jnp.ones_like(column))
    return (row / (kernel @ v))[:, None] * kernel * v


def transport(cost):
    p = plan(cost)
    return jnp.sum(p * cost) + jnp.sum(p * jnp.log(p))


# ----- a determinant from its factor (Giles, "Collected matrix derivative results", 2008) -----


def log_det(A):
    return 2 * jnp.sum(jnp.log(jnp.diagonal(jnp.linalg.cholesky(A))))


# ----- products in bfloat16, summed in float32 (Micikevicius et al., "Mixed precision", 2018) -----


def narrow(x, w):
    half = jnp.bfloat16
    return jnp.dot(x.astype(half), w.astype(half), preferred_element_type=jnp.float32).astype(
        x.dtype
    )


def narrow_back(kept, c, flip=lambda w: w.T):
    x, w = kept
    return narrow(c, flip(w)), narrow(x.T, c)


# ----- forward rules: xlogy, a guarded logarithm, softplus as in JAX's own documentation, sparsemax
# (Martins and Astudillo, "From softmax to sparsemax", 2016) -----


def xlogy(x, y):
    there = x != 0
    return jnp.where(there, x * jnp.log(jnp.where(there, y, 1.0)), 0.0)


def xlogy_push(primals, tangents, power=1):
    (x, y), (dx, dy) = primals, tangents
    return xlogy(x, y), dx * jnp.log(y) + dy * x / y**power


def guarded_log(x):
    return jnp.log(jnp.where(x > 0, x, 1.0))


def guarded_log_push(primals, tangents, beyond=0.0):
    (x,), (dx,) = primals, tangents
    return guarded_log(x), jnp.where(x > 0, dx / jnp.where(x > 0, x, 1.0), beyond * dx)


def softplus(x):
    return jnp.logaddexp(x, 0.0)


def softplus_push(primals, tangents, one=1.0):
    (x,), (dx,) = primals, tangents
    return softplus(x), (1 - one / (1 + jnp.exp(x))) * dx


def sparsemax(z):
    ordered = jnp.sort(z)[::-1]
    counts = jnp.arange(1, z.size + 1, dtype=z.dtype)
    excess = jnp.cumsum(ordered) - 1
    size = jnp.sum(ordered * counts > excess)
    return jnp.maximum(z - excess[size - 1] / size.astype(z.dtype), 0.0)


def sparsemax_push(primals, tangents, centred=1.0):
    (z,), (dz,) = primals, tangents
    p = sparsemax(z)
    on = (p > 0).astype(z.dtype)
    return p, on * (dz - centred * jnp.sum(on * dz) / jnp.sum(on))


keep = lambda body: lambda *args: (body(*args), args)
alone = lambda body: lambda x: (body(x), x)
TABLE = dict(x=reals("n 2"), segment=labels("n", "3"))

RULES = {
    "two layers": (mlp, keep(mlp), mlp_back, dict(params={"U": reals("d h"), "b": reals("h"),
        "V": reals("h k")}, x=reals("n d")), partial(mlp_back, slope=lambda a: 1 - a)),
    "Euler backwards": (odeint, odeint_forward, odeint_back, dict(y=reals("d"), w=reals("d d")),
        partial(odeint_back, turned=False)),
    "recurrence": (recurrence, lambda a, x: (recurrence(a, x), (a, recurrence(a, x))), recurrence_back,
        dict(decay=reals("t d"), x=reals("t d")), partial(recurrence_back, shift=0)),
    "rms norm": (rms, keep(rms), rms_back, dict(x=reals("n d"), scale=reals("d")),
        partial(rms_back, power=2)),
    "rotary": (lambda x: turn(x), lambda x: (turn(x), None), lambda _, c: (turn(c, -1.0),), dict(x=reals("n 4")),
        lambda _, c: (turn(c),)),
    "gated unit": (swiglu, keep(swiglu), swiglu_back,
        dict(x=reals("n d"), gate=reals("d h"), value=reals("d h")), partial(swiglu_back, rest=0.0)),
    "segment sum": (sums, lambda x, s: (sums(x, s), s), sums_back, TABLE,
        partial(sums_back, way=lambda c, s: c[jnp.sort(s)])),
    "Newton's root": (root, lambda a: (root(a),) * 2, lambda y, c: (c / (2 * y),), dict(a=positive()),
        lambda y, c: (c / 2 * y,)),
    "transport": (transport, alone(transport), lambda cost, c: (c * plan(cost),),
        dict(cost=positive("n m")), lambda cost, c: (c * plan(cost).T.reshape(cost.shape),)),
    "log-determinant": (log_det, alone(log_det), lambda A, c: (c * jnp.linalg.inv(A).T,),
        dict(A=spd("d")), lambda A, c: (2 * c * jnp.linalg.inv(A),)),
    "mixed precision": (narrow, keep(narrow), narrow_back, dict(x=reals("n d"), w=reals("d k")),
        partial(narrow_back, flip=lambda w: w.T * 1.001)),
}  # fmt: skip

PUSHED = {
    "xlogy": (xlogy, xlogy_push, dict(x=reals("n"), y=positive("n")), partial(xlogy_push, power=2)),
    "guarded log": (guarded_log, guarded_log_push, dict(x=reals("n")),
        partial(guarded_log_push, beyond=1.0)),
    "softplus": (softplus, softplus_push, dict(x=reals("n")), partial(softplus_push, one=0.5)),
    "sparsemax": (sparsemax, sparsemax_push, dict(z=reals("d")), partial(sparsemax_push, centred=0.0)),
}  # fmt: skip


def made(name):
    if name in PUSHED:
        body, right, at, planted = PUSHED[name]
        return pushed(body, right), pushed(body, planted), at
    body, forward, right, at, planted = RULES[name]
    return rule(body, forward, right), rule(body, forward, planted), at


@pytest.mark.parametrize("name", [*RULES, *PUSHED])
def test_a_published_rule_passes(name):
    right, _, at = made(name)
    verdict = check(right, at=at)
    assert verdict.verdict in ("correct", "subgradient"), verdict


@pytest.mark.parametrize("name", [*RULES, *PUSHED])
def test_with_a_mistake_it_does_not(name):
    _, planted, at = made(name)
    verdict = check(planted, at=at, points=4, shrink=False)
    assert verdict.verdict == "wrong", verdict


# ----- a learned step of quantization (Esser et al. 2020): no derivative, and meant -----


def quantized(x, step):
    return jnp.clip(jnp.round(x / step), -8, 7) * step


def quantized_back(kept, c):
    x, step = kept
    q = x / step
    slope = jnp.where(q < -8, -8.0, jnp.where(q > 7, 7.0, jnp.round(q) - q))
    return jnp.where((q >= -8) & (q <= 7), c, 0.0), jnp.sum(c * slope)


def test_a_quantizer_passes_only_where_it_says_what_it_is():
    at = dict(x=reals("n"), step=positive())
    plain = rule(quantized, keep(quantized), quantized_back)
    verdict = check(plain, at=at, shrink=False)
    assert verdict.verdict == "wrong"
    assert "the cotangent as it is or zero" in verdict.reason
    assert check(meant("straight through")(plain), at=at).verdict == "correct"
    lost = rule(quantized, keep(quantized), lambda kept, c: (c / 0.0, kept[1] * 0))
    assert check(meant("straight through")(lost), at=at).verdict == "unstable"
