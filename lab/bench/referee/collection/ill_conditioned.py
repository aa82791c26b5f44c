"""Right derivatives that are hard to call right: cancellation, large and tiny numbers, near singular matrices."""

# fmt: off
import functools

import jax
import jax.numpy as jnp
import numpy as np

from lab.bench.referee import case
from lab.bench.referee.draws import (
    at,
    magnitudes,
    normal,
    signed,
    sometimes,
    uniform,
)

Case = functools.partial(case.Case, group="ill-conditioned")
solve, inv, softmax, sigmoid, lse = jnp.linalg.solve, jnp.linalg.inv, jax.nn.softmax, jax.nn.sigmoid, jax.nn.logsumexp


def norm(x):
    return jnp.sqrt(x @ x)


def hilbert(n):
    return 1 / (np.arange(n)[:, None] + np.arange(n) + 1.0)


def near_singular(n, least):
    def draw(rng):
        q = np.linalg.qr(rng.standard_normal((n, n)))[0]
        return (q * np.geomspace(1.0, least, n)) @ q.T
    return draw


def gradual(x):
    return jnp.where(jnp.abs(x) < 0.02, 1 + x / 2 + x**2 / 6 + x**3 / 24 + x**4 / 120, jnp.expm1(x) / jnp.where(x == 0, 1.0, x))


def d_gradual(x):
    safe = jnp.where(jnp.abs(x) < 0.5, 1.0, x)
    series = sum((k / fact(k + 1)) * x ** (k - 1) for k in range(1, 14))
    return jnp.where(jnp.abs(x) < 0.5, series, (safe * jnp.exp(safe) - jnp.expm1(safe)) / safe**2)


def fact(k):
    return float(np.prod(np.arange(1.0, k + 1)))


def cosine(a, b):
    return a @ b / (norm(a) * norm(b))


def d_cosine(a, b):
    return (b / norm(b) - cosine(a, b) * a / norm(a)) / norm(a)


def spread(x):
    c = x - x.mean()
    return jnp.mean(c**2)


CASES = [
    Case("logsumexp of large numbers", lse, softmax, at(normal(5, scale=3.0, shift=1e4)), auto="sign constant", slips=[
             ("unstable", lambda x: jnp.exp(x) / jnp.exp(x).sum()),
             ("unstable", lambda x: 1 / jnp.sum(jnp.exp(x[None, :]) / jnp.exp(x[:, None]), 1)),
             ("missing_chain_factor", lambda x: jnp.exp(x - x.max())),
         ]),
    Case("squares of large numbers", lambda x: jnp.sum(x**2), lambda x: 2 * x, at(normal(4, scale=1e8)), auto="factor constant region", slips=[
             ("extra_term", lambda x: 2 * x + 3e3 * jnp.sign(x)),
             ("missing_chain_factor|unknown", lambda x: 2 * jnp.ones_like(x)),
         ]),
    Case("squares of tiny numbers", lambda x: jnp.sum(x**2), lambda x: 2 * x, at(normal(4, scale=1e-8)), auto="sign factor constant", slips=[
             ("extra_term", lambda x: 2 * x + 1e-9),
             ("missing_term", lambda x: 0 * x),
         ]),
    Case("arguments of very different size", lambda a, b, c: a * b * jnp.sin(c), lambda a, b, c: (b * jnp.sin(c), a * jnp.sin(c), a * b * jnp.cos(c)),
         at(normal(scale=1e8), normal(scale=1e-6), normal()), wrt=(0, 1, 2), auto="zero sign", slips=[
             ("missing_term|region", lambda a, b, c: (0 * b, a * jnp.sin(c), a * b * jnp.cos(c))),
             ("factor", lambda a, b, c: (2 * b * jnp.sin(c), a * jnp.sin(c), a * b * jnp.cos(c))),
             ("constant|factor", lambda a, b, c: (b * jnp.sin(c), a * jnp.sin(c), 1.0001 * a * b * jnp.cos(c))),
         ]),
    Case("log of one plus a tiny number", lambda x: jnp.log1p(x), lambda x: 1 / (1 + x), at(signed(magnitudes(1e-9, 1e-2, 4))), kind="derivative", auto="sign", slips=[
             ("sign", lambda x: 1 / (1 - x)),
             ("missing_term|constant|unknown", lambda x: 1 - x),
             ("constant|factor", lambda x: 0.9999 / (1 + x)),
         ]),
    Case("one minus cosine near zero", lambda x: 2 * jnp.sin(x / 2) ** 2, jnp.sin, at(signed(magnitudes(1e-5, 1e-1, 5))), kind="derivative", auto="factor constant", slips=[
             ("unstable", lambda x: (1 - jnp.cos(x)) * (1 + jnp.cos(x)) / jnp.sin(x)),
             ("missing_term|region|unknown|constant", lambda x: x - x**3 / 3),
             ("missing_term|region|unknown|missing_chain_factor", lambda x: x),
         ]),
    Case("relative exponential", gradual, d_gradual, at(signed(magnitudes(1e-4, 3.0, 4))), kind="derivative", auto="constant", slips=[
             ("unstable", lambda x: (x * jnp.exp(x) - jnp.exp(x) + 1) / x**2),
             ("missing_term", lambda x: jnp.exp(x) / x),
             ("sign", lambda x: d_gradual(-x)),
             ("region", lambda x: jnp.where(jnp.abs(x) < 0.02, 0.5, d_gradual(x))),
         ]),
    Case("conjugate of a root", lambda x: 1 / (jnp.sqrt(x**2 + 1) + x), lambda x: -1 / (jnp.sqrt(x**2 + 1) + x) / jnp.sqrt(x**2 + 1), at(magnitudes(1.0, 1e4, 5)), kind="derivative", auto="sign constant", slips=[
             ("unstable", lambda x: x / jnp.sqrt(x**2 + 1) - 1),
             ("missing_chain_factor", lambda x: -1 / (jnp.sqrt(x**2 + 1) + x) ** 2),
             ("region", lambda x: jnp.where(x > 1e3, 0.0, -1 / (jnp.sqrt(x**2 + 1) + x) / jnp.sqrt(x**2 + 1))),
         ]),
    Case("sixth power about one", lambda x: (x - 1) ** 6, lambda x: 6 * (x - 1) ** 5, at(uniform(0.9, 1.1, 4)), kind="derivative", auto="factor constant", slips=[
             ("unstable", lambda x: 6 * x**5 - 30 * x**4 + 60 * x**3 - 60 * x**2 + 30 * x - 6),
             ("missing_chain_factor|factor", lambda x: (x - 1) ** 5),
             ("index|missing_chain_factor|unknown|wrong_variable|factor", lambda x: 6 * (x - 1) ** 6),
         ]),
    Case("log of one minus exponential", lambda x: jnp.log(-jnp.expm1(-x)), lambda x: 1 / jnp.expm1(x), at(magnitudes(1e-6, 30.0, 5)), kind="derivative", auto="sign", slips=[
             ("unstable", lambda x: jnp.exp(-x) / (1 - jnp.exp(-x))),
             ("unstable", lambda x: 1 / (jnp.exp(x) - 1)),
             ("missing_chain_factor", lambda x: -1 / jnp.expm1(-x)),
             ("sign|wrong_variable", lambda x: 1 / jnp.expm1(-x)),
         ]),
    Case("log normal cdf in the tail", jax.scipy.stats.norm.logcdf, lambda x: jnp.exp(-0.5 * x**2 - 0.5 * jnp.log(2 * jnp.pi) - jax.scipy.stats.norm.logcdf(x)), at(uniform(-12.0, 3.0, 4)), kind="derivative", auto="constant factor", slips=[
             ("unstable", lambda x: jax.scipy.stats.norm.pdf(x) / (0.5 * (1 + jax.scipy.special.erf(x / jnp.sqrt(2.0))))),
             ("missing_chain_factor", jax.scipy.stats.norm.pdf),
             ("region", lambda x: jnp.where(x < -8, -x, jnp.exp(-0.5 * x**2 - 0.5 * jnp.log(2 * jnp.pi) - jax.scipy.stats.norm.logcdf(x)))),
         ]),
    Case("log determinant, near singular", lambda A: jnp.linalg.slogdet(A)[1], lambda A: inv(A).T, at(near_singular(4, 1e-4)), auto="sign factor", slips=[
             ("missing_chain_factor", lambda A: jnp.linalg.det(A) * inv(A).T),
         ]),
    Case("solve with a Hilbert matrix", lambda b, H: b @ solve(H, b), lambda b, H: 2 * solve(H, b), at(normal(5), hilbert(5)), auto="sign constant", slips=[
             ("factor", lambda b, H: solve(H, b)),
             ("missing_chain_factor|unknown", lambda b, H: 2 * H @ b),
             ("constant|unknown|extra_term", lambda b, H: 2 * solve(H + 1e-4 * jnp.eye(5, dtype=b.dtype), b)),
         ]),
    Case("cosine of nearly parallel vectors", cosine, d_cosine, at(lambda r: r.standard_normal(4) * 1e-3 + np.array([1.0, 2, 3, 4]), lambda r: r.standard_normal(4) * 1e-3 + np.array([1.0, 2, 3, 4])), auto="sign factor", slips=[
             ("missing_term", lambda a, b: b / (norm(a) * norm(b))),
             ("sign", lambda a, b: (b / norm(b) + cosine(a, b) * a / norm(a)) / norm(a)),
             ("wrong_variable", lambda a, b: d_cosine(b, a)),
         ]),
    Case("variance about a large mean", spread, lambda x: 2 * (x - x.mean()) / x.size, at(normal(6, shift=1e4)), auto="factor", slips=[
             ("batch_factor", lambda x: 2 * (x - x.mean())),
             ("missing_term", lambda x: 2 * x / x.size),
             ("sign", lambda x: 2 * (x + x.mean()) / x.size),
         ]),
    Case("hypotenuse of huge sides", jnp.hypot, lambda x, y: x / jnp.hypot(x, y), at(sometimes(normal(), signed(magnitudes(1e22, 1e28))), sometimes(normal(), signed(magnitudes(1e22, 1e28)))), auto="sign constant", slips=[
             ("unstable", lambda x, y: x / jnp.sqrt(x**2 + y**2)),
             ("wrong_variable", lambda x, y: y / jnp.hypot(x, y)),
             ("missing_chain_factor|factor|unknown", lambda x, y: 0.5 * x / jnp.hypot(x, y)),
         ]),
    Case("divergence of nearly equal distributions", lambda p, q: jnp.sum(p * jnp.log(p / q)), lambda p, q: -p / q, at(lambda r: np.full(4, 0.25) + 1e-5 * np.array([1, -1, 1, -1.0]) * r.random(), np.full(4, 0.25)), wrt=1, auto="factor", slips=[
             ("sign", lambda p, q: p / q),
             ("missing_term|unknown|constant|extra_term", lambda p, q: 1 - p / q),
             ("wrong_variable|constant|unknown|region", lambda p, q: -q / p),
             ("constant|factor", lambda p, q: -0.99 * p / q),
         ]),
    Case("exponential of large numbers", lambda x: jnp.sum(jnp.exp(x)), jnp.exp, at(uniform(40.0, 80.0, 3)), auto="sign constant", slips=[
             ("missing_chain_factor|missing_term", jnp.ones_like),
             ("missing_chain_factor|wrong_variable|factor|unknown", lambda x: x * jnp.exp(x)),
             ("constant", lambda x: jnp.exp(1.0001 * x)),
         ]),
    Case("tiny probabilities", lambda p: jnp.sum(-p * jnp.log(p)), lambda p: -jnp.log(p) - 1, at(magnitudes(1e-12, 1.0, 5)), auto="sign constant", slips=[
             ("missing_term", lambda p: -jnp.log(p)),
             ("constant|region|unknown|extra_term", lambda p: -jnp.log(p + 1e-10) - 1),
             ("region", lambda p: -jnp.log(jnp.maximum(p, 1e-8)) - 1),
             ("sign", lambda p: 1 - jnp.log(p)),
         ]),
    Case("tanh of tiny and of large numbers", jnp.tanh, lambda x: 1 / jnp.cosh(x) ** 2, at(signed(magnitudes(1e-8, 8.0, 5))), kind="derivative", slips=[
             ("sign", lambda x: -1 / jnp.cosh(x) ** 2),
             ("region", lambda x: jnp.where(jnp.abs(x) > 4, 0.0, 1 / jnp.cosh(x) ** 2)),
             ("missing_chain_factor", lambda x: 1 / jnp.cosh(x)),
         ]),
    Case("difference of large energies", lambda x: jnp.sum((1e4 + x) ** 2 - 1e8), lambda x: 2 * (1e4 + x), at(normal(4)), auto="factor", slips=[
             ("missing_term|unknown|region", lambda x: 2 * x),
             ("missing_term|constant", lambda x: 2e4 * jnp.ones_like(x)),
             ("sign", lambda x: 2 * (1e4 - x)),
         ]),
    Case("softplus over many scales", jax.nn.softplus, sigmoid, at(signed(magnitudes(1e-3, 300.0, 6))), kind="derivative", auto="sign", slips=[
             ("unstable", lambda x: jnp.exp(x) / (1 + jnp.exp(x))),
             ("unstable", lambda x: jnp.exp(x - jnp.log(1 + jnp.exp(x)))),
             ("region", lambda x: jnp.where(x < -30, 0.1, sigmoid(x))),
         ]),
    Case("weights of very different scale", lambda w, X: jnp.mean((X @ w) ** 2), lambda w, X: 2 * X.T @ (X @ w) / len(X), at(lambda r: r.standard_normal(4) * np.array([1e-4, 1.0, 1e2, 1e4]), lambda r: r.standard_normal((6, 4)) / np.array([1e-4, 1.0, 1e2, 1e4])), auto="sign", slips=[
             ("batch_factor", lambda w, X: 2 * X.T @ (X @ w)),
             ("region|missing_term|index", lambda w, X: (2 * X.T @ (X @ w) / len(X)).at[3].set(0.0)),
             ("region|factor|constant|index", lambda w, X: (2 * X.T @ (X @ w) / len(X)).at[3].multiply(1.001)),
             ("factor", lambda w, X: X.T @ (X @ w) / len(X)),
         ]),
    Case("root near its singularity", jnp.sqrt, lambda x: 0.5 / jnp.sqrt(x), at(magnitudes(1e-14, 1.0, 5)), kind="derivative", auto="sign factor", slips=[
             ("constant|region|unknown|extra_term", lambda x: 0.5 / (jnp.sqrt(x) + 1e-6)),
             ("constant|region|unknown|extra_term", lambda x: 0.5 / jnp.sqrt(x + 1e-12)),
             ("factor|missing_chain_factor", lambda x: 1 / jnp.sqrt(x)),
         ]),
    Case("far tail of a density", lambda x, m: -0.5 * jnp.sum((x - m) ** 2), lambda x, m: m - x, at(normal(4, scale=1e5), normal(4)), auto="constant", slips=[
             ("sign|wrong_variable", lambda x, m: x - m),
             ("missing_term", lambda x, m: -x),
             ("factor", lambda x, m: 2 * (m - x)),
         ]),
    Case("inverse of a badly scaled diagonal", lambda A, b: b @ solve(A, b), lambda A, b: -jnp.outer(solve(A.T, b), solve(A, b)), at(lambda r: np.diag(np.geomspace(1e-3, 1e3, 4)) + 1e-5 * r.standard_normal((4, 4)), normal(4)), auto="sign factor", slips=[
             ("transpose", lambda A, b: -jnp.outer(solve(A, b), solve(A.T, b))),
             ("missing_chain_factor", lambda A, b: -jnp.outer(b, solve(A, b))),
             ("missing_term|region|unknown|symmetrize", lambda A, b: -jnp.diag(solve(A, b) ** 2)),
         ]),
]
