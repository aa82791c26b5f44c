"""Two formulas for the same value."""

# fmt: off
import math

import jax
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import (
    at,
    normal,
    positive,
    uniform,
)
from lab.domains import reals

inv, tr, sigmoid, softmax = jnp.linalg.inv, jnp.trace, jax.nn.sigmoid, jax.nn.softmax


def fact(k):
    return float(math.factorial(k))


def woodbury(U, a):
    return inv(jnp.diag(a) + U @ U.T)


def woodbury_right(U, a, sign=-1.0):
    D = jnp.diag(1 / a)
    return D + sign * D @ U @ inv(jnp.eye(U.shape[1], dtype=a.dtype) + U.T @ D @ U) @ U.T @ D


def momentum(w, v, g):
    return w - 0.1 * (0.9 * v + g), 0.9 * v + g


CASES = [
    Case("logsumexp by a shift", lambda x: jnp.log(jnp.sum(jnp.exp(x))), lambda x: x.max() + jnp.log(jnp.sum(jnp.exp(x - x.max()))), at(normal(5)), kind="identity", auto="constant sign shape", slips=[
             ("missing_term", lambda x: jnp.log(jnp.sum(jnp.exp(x - x.max())))),
             ("sign", lambda x: -x.max() + jnp.log(jnp.sum(jnp.exp(x - x.max())))),
             ("batch_factor|extra_term|missing_term|constant|unknown", lambda x: jnp.log(jnp.mean(jnp.exp(x)))),
         ]),
    Case("sigmoid by tanh", sigmoid, lambda x: 0.5 + 0.5 * jnp.tanh(x / 2), at(normal(5, scale=2.0)), kind="identity", auto="factor constant", domains=dict(x=reals("n")), slips=[
             ("missing_chain_factor|constant|factor|unknown", lambda x: 0.5 + 0.5 * jnp.tanh(x)),
             ("missing_term|constant", lambda x: 0.5 * jnp.tanh(x / 2)),
             ("factor|constant", lambda x: 0.5 + jnp.tanh(x / 2)),
             ("sign", lambda x: 0.5 - 0.5 * jnp.tanh(x / 2)),
         ]),
    Case("variance as a difference", jnp.var, lambda x: jnp.mean(x**2) - jnp.mean(x) ** 2, at(normal(6)), kind="identity", auto="sign", slips=[
             ("missing_term", lambda x: jnp.mean(x**2)),
             ("sign", lambda x: jnp.mean(x**2) + jnp.mean(x) ** 2),
             ("batch_factor", lambda x: jnp.sum((x - x.mean()) ** 2) / (x.size - 1)),
             ("batch_factor", lambda x: jnp.sum((x - x.mean()) ** 2)),
         ]),
    Case("Woodbury", woodbury, woodbury_right, at(normal(4, 2), positive(4)), kind="identity", auto="constant", slips=[
             ("sign", lambda U, a: woodbury_right(U, a, sign=1.0)),
             ("missing_term", lambda U, a: jnp.diag(1 / a)),
             ("factor", lambda U, a: woodbury_right(U, a, sign=-0.5)),
             ("missing_chain_factor|unknown|wrong_variable", lambda U, a: woodbury_right(U, 1 / a)),
         ]),
    Case("exponential by its series", jnp.exp, lambda x: sum(x**k / fact(k) for k in range(30)), at(uniform(-1.0, 1.0, 4)), kind="identity", slips=[
             ("missing_term|region|constant|unknown", lambda x: sum(x**k / fact(k) for k in range(6))),
             ("missing_term|constant", lambda x: sum(x**k / fact(k) for k in range(1, 30))),
             ("factor|constant|missing_chain_factor|unknown", lambda x: sum(x**k / fact(max(k - 1, 0)) for k in range(30))),
             ("sign|wrong_variable", lambda x: sum((-x) ** k / fact(k) for k in range(30))),
         ]),
    Case("geometric series", lambda x: 1 / (1 - x), lambda x: sum(x**k for k in range(60)), at(uniform(-0.5, 0.5, 3)), kind="identity", auto="constant", slips=[
             ("missing_term|constant", lambda x: sum(x**k for k in range(1, 60))),
             ("region|missing_term|unknown", lambda x: sum(x**k for k in range(12))),
             ("sign|wrong_variable", lambda x: sum((-x) ** k for k in range(60))),
         ]),
    Case("step of momentum", momentum, lambda w, v, g: (w - 0.09 * v - 0.1 * g, 0.9 * v + g), at(normal(3), normal(3), normal(3)), kind="identity", auto="zero sign", slips=[
             ("factor|constant|missing_chain_factor", lambda w, v, g: (w - 0.1 * v - 0.1 * g, 0.9 * v + g)),
             ("missing_term", lambda w, v, g: (w - 0.1 * g, 0.9 * v + g)),
             ("sign", lambda w, v, g: (w + 0.09 * v - 0.1 * g, 0.9 * v + g)),
             ("factor|constant|missing_chain_factor", lambda w, v, g: (w - 0.09 * v - 0.1 * g, 0.9 * v + 0.1 * g)),
             ("wrong_variable", lambda w, v, g: (w - 0.09 * g - 0.1 * v, 0.9 * g + v)),
         ]),
    Case("trace of a commuted product", lambda A, B: tr(A @ B), lambda A, B: jnp.sum(A * B.T), at(normal(3, 4), normal(4, 3)), kind="identity", auto="factor region", slips=[
             ("missing_term|unknown|transpose", lambda A, B: jnp.sum(A) * jnp.sum(B) / 3),
             ("index|unknown|missing_term", lambda A, B: jnp.sum(A[:, :3] * B[:3].T)),
             ("sign", lambda A, B: -jnp.sum(A * B.T)),
         ]),
    Case("softmax is blind to a shift", softmax, lambda x: softmax(x - 3.0), at(normal(5)), kind="identity", auto="index constant shape", slips=[
             ("constant|missing_chain_factor|unknown", lambda x: softmax(1.001 * x)),
             ("missing_chain_factor|unknown", lambda x: jnp.exp(x - 3.0)),
             ("sign|wrong_variable|unknown|index", lambda x: softmax(-x)),
         ]),
    Case("angle sum", lambda a, b: jnp.sin(a + b), lambda a, b: jnp.sin(a) * jnp.cos(b) + jnp.cos(a) * jnp.sin(b), at(normal(4), normal(4)), kind="identity", auto="factor constant", slips=[
             ("sign", lambda a, b: jnp.sin(a) * jnp.cos(b) - jnp.cos(a) * jnp.sin(b)),
             ("missing_term", lambda a, b: jnp.sin(a) * jnp.cos(b)),
             ("wrong_variable|unknown", lambda a, b: jnp.sin(a) * jnp.sin(b) + jnp.cos(a) * jnp.cos(b)),
             ("region", lambda a, b: jnp.where(a > 1.5, 0.0, jnp.sin(a + b))),
         ]),
]
