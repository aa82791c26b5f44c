"""Formulas that are right on paper and fail in single precision, where function and derivative are fine."""

# fmt: off
import functools

import jax
import jax.numpy as jnp

from lab.bench.referee import case
from lab.bench.referee.draws import (
    at,
    integers,
    magnitudes,
    normal,
    signed,
    sometimes,
)

Case = functools.partial(case.Case, group="ill-conditioned")
softmax, sigmoid, lse = jax.nn.softmax, jax.nn.sigmoid, jax.nn.logsumexp
exp, log, sqrt = jnp.exp, jnp.log, jnp.sqrt
large = sometimes(normal(4), normal(4, scale=150.0))


def hot(Z, y):
    return jax.nn.one_hot(y, Z.shape[1], dtype=Z.dtype)


def xent(Z, y):
    return -jnp.sum(hot(Z, y) * jax.nn.log_softmax(Z))


def naive(Z):
    e = exp(Z)
    return e / e.sum(-1, keepdims=True)


def scaled_norm(x):
    m = jax.lax.stop_gradient(jnp.max(jnp.abs(x)))
    return m * sqrt(jnp.sum((x / m) ** 2))


def d_scaled_norm(x):
    m = jnp.max(jnp.abs(x))
    return x / m / sqrt(jnp.sum((x / m) ** 2))


def mixture(x, m):
    return lse(-0.5 * (x - m) ** 2)


def root(b):
    return -2.0 / (b + sqrt(b**2 + 4))


CASES = [
    Case("cross entropy of confident logits", xent, lambda Z, y: softmax(Z) - hot(Z, y), at(lambda r: r.standard_normal((3, 4)) * r.choice([1.0, 80.0]), integers(0, 4, 3)), auto="sign", slips=[
             ("unstable", lambda Z, y: naive(Z) - hot(Z, y)),
             ("unstable", lambda Z, y: (lambda p: (-hot(Z, y) / p * p) - p * (-(hot(Z, y) / p) * p).sum(-1, keepdims=True))(softmax(Z))),
             ("missing_term", lambda Z, y: softmax(Z)),
         ]),
    Case("log of a sum of two exponentials", jnp.logaddexp, lambda a, b: sigmoid(a - b), at(large, large), kind="derivative", auto="constant", slips=[
             ("unstable", lambda a, b: exp(a) / (exp(a) + exp(b))),
             ("unstable", lambda a, b: exp(a - log(exp(a) + exp(b)))),
             ("sign|wrong_variable", lambda a, b: sigmoid(b - a)),
         ]),
    Case("norm of huge vectors", scaled_norm, d_scaled_norm, at(sometimes(normal(3), normal(3, scale=1e25))), auto="sign", slips=[
             ("unstable", lambda x: x / sqrt(jnp.sum(x**2))),
             ("missing_chain_factor", lambda x: x / jnp.max(jnp.abs(x))),
         ]),
    Case("responsibilities far away", lambda m, x: mixture(x, m), lambda m, x: softmax(-0.5 * (x - m) ** 2) * (x - m), at(normal(3), normal(scale=30.0)), auto="factor", slips=[
             ("unstable", lambda m, x: naive(-0.5 * (x - m) ** 2) * (x - m)),
             ("unstable", lambda m, x: exp(-0.5 * (x - m) ** 2) * (x - m) / jnp.sum(exp(-0.5 * (x - m) ** 2))),
             ("sign", lambda m, x: softmax(-0.5 * (x - m) ** 2) * (m - x)),
         ]),
    Case("small root of a quadratic", root, lambda b: 2.0 * (1 + b / sqrt(b**2 + 4)) / (b + sqrt(b**2 + 4)) ** 2, at(magnitudes(1.0, 1e4, 4)), kind="derivative", auto="constant", slips=[
             ("unstable", lambda b: 0.5 - 0.5 * b / sqrt(b**2 + 4)),
             ("missing_term", lambda b: 2.0 / (b + sqrt(b**2 + 4)) ** 2),
         ]),
    Case("hyperbolic tangent, large", jnp.tanh, lambda x: 4 * sigmoid(2 * x) * sigmoid(-2 * x), at(large), kind="derivative", slips=[
             ("unstable", lambda x: 1 - ((exp(x) - exp(-x)) / (exp(x) + exp(-x))) ** 2),
             ("unstable", lambda x: 4 * exp(2 * x) / (exp(2 * x) + 1) ** 2),
             ("factor", lambda x: sigmoid(2 * x) * sigmoid(-2 * x)),
         ]),
    Case("binary loss of large scores", lambda z, y: jnp.sum(jax.nn.softplus(z) - y * z), lambda z, y: sigmoid(z) - y, at(large, lambda r: r.integers(0, 2, 4).astype(float)), auto="sign", slips=[
             ("unstable", lambda z, y: exp(z) / (1 + exp(z)) - y),
             ("unstable", lambda z, y: (lambda p: (p - y) / (p * (1 - p)) * p * (1 - p))(sigmoid(z))),
             ("missing_chain_factor", lambda z, y: (sigmoid(z) - y) * sigmoid(z) * sigmoid(-z)),
         ]),
    Case("difference of exponentials", lambda x: jnp.sum(jnp.expm1(x) ** 2), lambda x: 2 * exp(x) * jnp.expm1(x), at(signed(magnitudes(1e-6, 1.0, 4))), auto="factor", slips=[
             ("unstable", lambda x: 2 * exp(2 * x) - 2 * exp(x)),
             ("unstable", lambda x: 2 * exp(x) * (exp(x) - 1)),
             ("missing_chain_factor", lambda x: 2 * jnp.expm1(x)),
         ]),
    Case("squared logarithm near one", lambda x: jnp.log1p(x) ** 2, lambda x: 2 * jnp.log1p(x) / (1 + x), at(signed(magnitudes(1e-7, 0.5, 4))), kind="derivative", auto="sign", slips=[
             ("unstable", lambda x: 2 * log(1 + x) / (1 + x)),
             ("missing_chain_factor", lambda x: 2 * jnp.log1p(x)),
         ]),
    Case("distance of nearby points", lambda x, y: jnp.sum((x - y) ** 2), lambda x, y: 2 * (x - y), at(lambda r: 1e3 + r.standard_normal(3), lambda r: 1e3 + r.standard_normal(3)), auto="constant", slips=[
             ("factor", lambda x, y: x - y),
             ("sign", lambda x, y: 2 * (x + y)),
         ]),
    Case("softmax attention of large scores", lambda s, v: softmax(s) @ v, lambda s, v: softmax(s) * (v - softmax(s) @ v), at(large, normal(4)), auto="sign", slips=[
             ("unstable", lambda s, v: naive(s) * (v - naive(s) @ v)),
             ("unstable", lambda s, v: exp(s) * (v * exp(s).sum() - exp(s) @ v) / exp(s).sum() ** 2),
             ("missing_term", lambda s, v: softmax(s) * v),
         ]),
    Case("log of the hyperbolic cosine", lambda x: jnp.logaddexp(x, -x) - log(2.0), jnp.tanh, at(large), kind="derivative", auto="constant", slips=[
             ("unstable", lambda x: jnp.sinh(x) / jnp.cosh(x)),
             ("unstable", lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
             ("region", lambda x: jnp.where(jnp.abs(x) > 20, 0.0, jnp.tanh(x))),
         ]),
    Case("Gaussian over many widths", lambda x, s: jnp.exp(-0.5 * (x / s) ** 2), lambda x, s: -x / s**2 * exp(-0.5 * (x / s) ** 2), at(normal(3), magnitudes(0.1, 1e3, 3)), kind="derivative", auto="sign factor", slips=[
             ("missing_chain_factor", lambda x, s: -x / s * exp(-0.5 * (x / s) ** 2)),
             ("missing_chain_factor", lambda x, s: -x * exp(-0.5 * (x / s) ** 2)),
             ("wrong_variable", lambda x, s: -s / x**2 * exp(-0.5 * (x / s) ** 2)),
         ]),
    Case("power of a small base", lambda x, n: x**n, lambda x, n: n * x ** (n - 1), at(magnitudes(1e-6, 1e-2, 4), 5.0), kind="derivative", auto="constant", slips=[
             ("unstable", lambda x, n: n * jnp.exp((n - 1) * jnp.log1p(x - 1))),
             ("index|missing_chain_factor|unknown|factor", lambda x, n: n * x**n),
             ("missing_chain_factor|factor", lambda x, n: x ** (n - 1)),
         ]),
]
