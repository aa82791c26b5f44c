"""Jacobians of maps, and derivatives along a direction."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, invertible, normal, positive
from lab.domains import positive as positives
from lab.domains import reals

solve, inv, softmax = jnp.linalg.solve, jnp.linalg.inv, jax.nn.softmax


def polar(q):
    return jnp.stack([q[0] * jnp.cos(q[1]), q[0] * jnp.sin(q[1])])


def j_polar(q):
    r, t = q
    return jnp.array([[jnp.cos(t), -r * jnp.sin(t)], [jnp.sin(t), r * jnp.cos(t)]])


def sphere(q):
    r, t, p = q
    return jnp.stack([r * jnp.sin(t) * jnp.cos(p), r * jnp.sin(t) * jnp.sin(p), r * jnp.cos(t)])


def j_sphere(q):
    r, t, p = q
    s, c, sp, cp = jnp.sin(t), jnp.cos(t), jnp.sin(p), jnp.cos(p)
    return jnp.array([[s * cp, r * c * cp, -r * s * sp], [s * sp, r * c * sp, r * s * cp], [c, -r * s, 0 * r]])


def unit(x):
    return x / jnp.sqrt(x @ x)


def j_unit(x, second=1.0):
    n = jnp.sqrt(x @ x)
    return (jnp.eye(x.size, dtype=x.dtype) - second * jnp.outer(x, x) / n**2) / n


def share(x):
    return x / x.sum()


def arm(q):
    a = jnp.cumsum(q)
    return jnp.stack([jnp.cos(a).sum(), jnp.sin(a).sum()])


def j_arm(q):
    a = jnp.cumsum(q)
    back = lambda v: jnp.cumsum(v[::-1])[::-1]
    return jnp.stack([-back(jnp.sin(a)), back(jnp.cos(a))])


def lotka(x):
    return jnp.stack([x[0] * (1.1 - 0.4 * x[1]), x[1] * (0.1 * x[0] - 0.4)])


def j_lotka(x):
    return jnp.array([[1.1 - 0.4 * x[1], -0.4 * x[0]], [0.1 * x[1], 0.1 * x[0] - 0.4]])


def rotated(t, x):
    c, s = jnp.cos(t), jnp.sin(t)
    return jnp.stack([c * x[0] - s * x[1], s * x[0] + c * x[1]])


def deep(x, W, V):
    return jnp.tanh(V @ jnp.tanh(W @ x))


def t_deep(x, W, V, dx, inner=1.0):
    h = jnp.tanh(W @ x)
    o = jnp.tanh(V @ h)
    return (1 - o**2) * (V @ ((1 - inner * h**2) * (W @ dx)))


def lnorm(x):
    c = x - x.mean()
    return c / jnp.sqrt((c**2).mean() + 1e-5)


def t_lnorm(x, dx, var=1.0, mean=1.0):
    c = x - x.mean()
    s = 1 / jnp.sqrt((c**2).mean() + 1e-5)
    dc = dx - mean * dx.mean()
    return s * dc - var * c * s**3 * (c * dc).mean()


CASES = [
    Case("polar coordinates", polar, j_polar, at(lambda r: r.uniform(0.5, 2.0, 2)), kind="jacobian", auto="sign constant shape", slips=[
             ("transpose", lambda q: j_polar(q).T),
             ("sign|region|index", lambda q: j_polar(q).at[0, 1].multiply(-1.0)),
             ("missing_chain_factor", lambda q: j_polar(q) / jnp.stack([1.0 + 0 * q[0], q[0]])),
             ("index", lambda q: j_polar(q)[::-1]),
             ("index", lambda q: j_polar(q)[:, ::-1]),
         ]),
    Case("spherical coordinates", sphere, j_sphere, at(lambda r: r.uniform(0.4, 1.4, 3)), kind="jacobian", auto="factor constant", slips=[
             ("transpose", lambda q: j_sphere(q).T),
             ("missing_term|region|index", lambda q: j_sphere(q).at[2, 1].set(0.0)),
             ("sign|region|index", lambda q: j_sphere(q).at[0, 2].multiply(-1.0)),
             ("missing_chain_factor|region|index|wrong_axis", lambda q: j_sphere(q).at[:, 1].divide(q[0])),
             ("index", lambda q: j_sphere(q)[:, jnp.array([0, 2, 1])]),
         ]),
    Case("normalised vector", unit, j_unit, at(normal(4)), kind="jacobian", auto="sign region", domains=dict(x=reals("n+1")), slips=[
             ("missing_term", lambda x: j_unit(x, second=0.0)),
             ("sign", lambda x: j_unit(x, second=-1.0)),
             ("missing_chain_factor", lambda x: j_unit(x) * jnp.sqrt(x @ x)),
             ("missing_term", lambda x: j_unit(x) - jnp.eye(x.size, dtype=x.dtype) / jnp.sqrt(x @ x)),
             ("factor", lambda x: j_unit(x, second=2.0)),
         ]),
    Case("shares of a total", share, lambda x: jnp.eye(x.size, dtype=x.dtype) / x.sum() - x[:, None] / x.sum() ** 2, at(positive(4)), kind="jacobian",
         auto="constant factor", domains=dict(x=positives("n")), slips=[
             ("transpose", lambda x: jnp.eye(x.size, dtype=x.dtype) / x.sum() - x[None, :] / x.sum() ** 2),
             ("missing_term", lambda x: jnp.eye(x.size, dtype=x.dtype) / x.sum()),
             ("sign", lambda x: jnp.eye(x.size, dtype=x.dtype) / x.sum() + x[:, None] / x.sum() ** 2),
             ("missing_term", lambda x: -jnp.tile(x[:, None], (1, x.size)) / x.sum() ** 2),
             ("missing_chain_factor|factor", lambda x: jnp.eye(x.size, dtype=x.dtype) / x.sum() - x[:, None] / x.sum()),
         ]),
    Case("robot arm", arm, j_arm, at(normal(4)), kind="jacobian", auto="sign region", slips=[
             ("missing_term|broadcast_sum|missing_chain_factor|unknown|region|index", lambda q: jnp.stack([-jnp.sin(jnp.cumsum(q)), jnp.cos(jnp.cumsum(q))])),
             ("index|unknown|missing_term|transpose", lambda q: jnp.stack([-jnp.cumsum(jnp.sin(jnp.cumsum(q))), jnp.cumsum(jnp.cos(jnp.cumsum(q)))])),
             ("sign|region|wrong_axis", lambda q: j_arm(q).at[0].multiply(-1.0)),
             ("index", lambda q: j_arm(q)[:, ::-1]),
             ("index|transpose|unknown", lambda q: j_arm(q)[::-1]),
         ]),
    Case("predators and prey", lotka, j_lotka, at(positive(2)), kind="jacobian", auto="constant factor", slips=[
             ("transpose", lambda x: j_lotka(x).T),
             ("missing_term", lambda x: j_lotka(x) * jnp.eye(2, dtype=x.dtype)),
             ("sign|region|index", lambda x: j_lotka(x).at[1, 0].multiply(-1.0)),
             ("constant|region|factor|index", lambda x: j_lotka(x).at[0, 1].multiply(1.001)),
             ("missing_term|region|index", lambda x: j_lotka(x).at[0, 0].set(1.1)),
             ("wrong_variable|index|region|unknown", lambda x: j_lotka(x[::-1])),
         ]),
    Case("rotation by an angle", rotated, lambda t, x: jnp.stack([-jnp.sin(t) * x[0] - jnp.cos(t) * x[1], jnp.cos(t) * x[0] - jnp.sin(t) * x[1]]), at(normal(), normal(2)), kind="jacobian", auto="sign constant index", slips=[
             ("wrong_variable|missing_chain_factor|unknown|index", rotated),
             ("sign", lambda t, x: jnp.stack([jnp.sin(t) * x[0] - jnp.cos(t) * x[1], jnp.cos(t) * x[0] - jnp.sin(t) * x[1]])),
             ("transpose|sign|unknown|index|wrong_variable", lambda t, x: jnp.stack([-jnp.sin(t) * x[0] + jnp.cos(t) * x[1], -jnp.cos(t) * x[0] - jnp.sin(t) * x[1]])),
             ("shape", lambda t, x: jnp.stack([jnp.stack([-jnp.sin(t), -jnp.cos(t)]), jnp.stack([jnp.cos(t), -jnp.sin(t)])])),
         ]),
    Case("linear map, square", lambda x, A: A @ x, lambda x, A: A, at(normal(3), normal(3, 3)), kind="jacobian", auto="factor region", domains=dict(x=reals("n"), A=reals("m n")), slips=[
             ("transpose", lambda x, A: A.T),
             ("symmetrize", lambda x, A: (A + A.T) / 2),
             ("wrong_variable|missing_chain_factor|unknown|broadcast_sum", lambda x, A: A * x),
             ("missing_term|region", lambda x, A: jnp.diag(jnp.diag(A))),
         ]),
    Case("linear map in its matrix", lambda A, x: A @ x, lambda A, x: jnp.einsum("ik,j->ikj", jnp.eye(len(A), dtype=x.dtype), x), at(normal(3, 3), normal(3)), kind="jacobian", auto="sign constant", slips=[
             ("transpose|index|wrong_axis", lambda A, x: jnp.einsum("ik,j->ijk", jnp.eye(len(A), dtype=x.dtype), x)),
             ("missing_term|broadcast_sum|missing_chain_factor|unknown|extra_term", lambda A, x: jnp.broadcast_to(x, (3, 3, 3))),
             ("shape", lambda A, x: jnp.broadcast_to(x, A.shape)),
             ("missing_chain_factor", lambda A, x: jnp.einsum("ik,j->ikj", jnp.eye(len(A), dtype=x.dtype), jnp.ones_like(x))),
         ]),
    Case("two layers along a direction", deep, t_deep, at(normal(3), normal(4, 3), normal(2, 4)), kind="jvp", auto="sign factor constant region", domains=dict(x=reals("n"), W=reals("h n"), V=reals("m h")), slips=[
             ("missing_chain_factor", lambda x, W, V, dx: V @ ((1 - jnp.tanh(W @ x) ** 2) * (W @ dx))),
             ("missing_chain_factor", lambda x, W, V, dx: t_deep(x, W, V, dx, inner=0.0)),
             ("sign", lambda x, W, V, dx: t_deep(x, W, V, dx, inner=-1.0)),
             ("wrong_variable|missing_chain_factor", lambda x, W, V, dx: t_deep(x, W, V, x)),
             ("missing_chain_factor", lambda x, W, V, dx: t_deep(x, W, V, jnp.ones_like(dx))),
         ]),
    Case("solve along a direction", solve, lambda A, b, d: solve(A, d[1] - d[0] @ solve(A, b)), at(invertible(3), normal(3)), kind="jvp", wrt=(0, 1), auto="factor constant", slips=[
             ("sign", lambda A, b, d: solve(A, d[1] + d[0] @ solve(A, b))),
             ("missing_term", lambda A, b, d: solve(A, d[1])),
             ("missing_term", lambda A, b, d: -solve(A, d[0] @ solve(A, b))),
             ("transpose", lambda A, b, d: solve(A.T, d[1] - d[0] @ solve(A, b))),
             ("transpose", lambda A, b, d: solve(A, d[1] - d[0].T @ solve(A, b))),
             ("missing_chain_factor", lambda A, b, d: solve(A, d[1]) - d[0] @ solve(A, b)),
             ("missing_chain_factor|wrong_variable|unknown", lambda A, b, d: solve(A, d[1] - d[0] @ b)),
         ]),
    Case("log determinant along a direction", lambda A: jnp.linalg.slogdet(A)[1], lambda A, dA: jnp.trace(solve(A, dA)), at(invertible(3)), kind="jvp", auto="sign constant", slips=[
             ("transpose", lambda A, dA: jnp.trace(solve(A.T, dA))),
             ("missing_chain_factor", lambda A, dA: jnp.linalg.det(A) * jnp.trace(solve(A, dA))),
             ("missing_term|broadcast_sum|unknown", lambda A, dA: jnp.sum(solve(A, dA))),
             ("missing_chain_factor", lambda A, dA: jnp.trace(dA)),
             ("missing_chain_factor", lambda A, dA: jnp.trace(inv(A))),
         ]),
    Case("inverse along a direction", inv, lambda A, dA: -inv(A) @ dA @ inv(A), at(invertible(3)), kind="jvp", auto="sign factor", slips=[
             ("transpose", lambda A, dA: -inv(A).T @ dA @ inv(A).T),
             ("transpose", lambda A, dA: -inv(A) @ dA.T @ inv(A)),
             ("missing_chain_factor", lambda A, dA: -inv(A) @ dA),
             ("transpose", lambda A, dA: -(inv(A) @ dA @ inv(A)).T),
             ("missing_chain_factor|unknown", lambda A, dA: -dA @ inv(A) @ inv(A)),
         ]),
    Case("normalisation along a direction", lnorm, t_lnorm, at(normal(6)), kind="jvp", auto="constant region", domains=dict(x=reals("n", n=6)), slips=[
             ("missing_term", lambda x, dx: t_lnorm(x, dx, var=0.0)),
             ("missing_term", lambda x, dx: t_lnorm(x, dx, mean=0.0)),
             ("sign", lambda x, dx: t_lnorm(x, dx, var=-1.0)),
             ("factor", lambda x, dx: t_lnorm(x, dx, var=2.0)),
             ("batch_factor", lambda x, dx: t_lnorm(x, dx, var=x.size)),
         ]),
    Case("softmax along a direction", softmax, lambda x, dx: softmax(x) * (dx - softmax(x) @ dx), at(normal(5)), kind="jvp", auto="sign index factor", domains=dict(x=reals("n")), slips=[
             ("missing_term", lambda x, dx: softmax(x) * dx),
             ("sign", lambda x, dx: softmax(x) * (dx + softmax(x) @ dx)),
             ("batch_factor|unknown|broadcast_sum|wrong_variable", lambda x, dx: softmax(x) * (dx - dx.mean())),
             ("missing_chain_factor", lambda x, dx: dx - softmax(x) @ dx),
             ("wrong_variable|missing_chain_factor", lambda x, dx: softmax(x) * (x - softmax(x) @ x)),
         ]),
    Case("product of two series along a direction", lambda a, b: jnp.convolve(a, b), lambda a, b, d: jnp.convolve(d[0], b) + jnp.convolve(a, d[1]), at(normal(4), normal(4)), kind="jvp", wrt=(0, 1), auto="sign region", slips=[
             ("missing_term", lambda a, b, d: jnp.convolve(d[0], b)),
             ("missing_term|missing_chain_factor|unknown", lambda a, b, d: jnp.convolve(d[0], d[1])),
             ("wrong_variable", lambda a, b, d: jnp.convolve(d[1], b) + jnp.convolve(a, d[0])),
             ("index", lambda a, b, d: jnp.convolve(d[0], b[::-1]) + jnp.convolve(a[::-1], d[1])),
             ("sign", lambda a, b, d: jnp.convolve(d[0], b) - jnp.convolve(a, d[1])),
         ]),
]
