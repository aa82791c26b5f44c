"""Hessians, and test functions of optimization with gradient and Hessian."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, normal, of, positive
from lab.domains import reals

softmax, sigmoid, lse = jax.nn.softmax, jax.nn.sigmoid, jax.nn.logsumexp
pi = jnp.pi


def banana(x, a=100.0):
    return (1 - x[0]) ** 2 + a * (x[1] - x[0] ** 2) ** 2


def h_banana(x, a=100.0, cross=-4.0):
    off = cross * a * x[0]
    return jnp.stack([jnp.stack([2 - 4 * a * (x[1] - 3 * x[0] ** 2), off]), jnp.stack([off, 2 * a + 0 * x[0]])])


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def d_himmelblau(x):
    u, v = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
    return jnp.stack([4 * x[0] * u + 2 * v, 2 * u + 4 * x[1] * v])


def beale(x):
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def d_beale(x, last=1.0, c=2.625):
    a, b = x
    r = [1.5 - a + a * b, 2.25 - a + a * b**2, c - a + a * b**3]
    return jnp.stack([2 * r[0] * (b - 1) + 2 * r[1] * (b**2 - 1) + last * 2 * r[2] * (b**3 - 1), 2 * r[0] * a + 4 * r[1] * a * b + last * 6 * r[2] * a * b**2])


def rastrigin(x):
    return 10 * x.size + jnp.sum(x**2 - 10 * jnp.cos(2 * pi * x))


def d_rastrigin(x, inner=2 * pi):
    return 2 * x + 10 * inner * jnp.sin(2 * pi * x)


def ackley(x):
    return -20 * jnp.exp(-0.2 * jnp.sqrt(jnp.mean(x**2))) - jnp.exp(jnp.mean(jnp.cos(2 * pi * x))) + 20 + jnp.e


def d_ackley(x, first=4.0, second=1.0, n=None):
    n = n or x.size
    r = jnp.sqrt(jnp.mean(x**2))
    return first * jnp.exp(-0.2 * r) * x / (n * r) + second * 2 * pi / n * jnp.sin(2 * pi * x) * jnp.exp(jnp.mean(jnp.cos(2 * pi * x)))


def tang(x):
    return 0.5 * jnp.sum(x**4 - 16 * x**2 + 5 * x)


def logistic(w, X, y):
    return jnp.mean(jax.nn.softplus(-y * (X @ w)))


def h_logistic(w, X, y):
    s = sigmoid(X @ w)
    return X.T @ (X * (s * (1 - s))[:, None]) / y.size


def norm(x):
    return jnp.sqrt(x @ x)


def neural(w, x, y):
    return 0.5 * (jnp.tanh(w @ x) - y) ** 2


def h_neural(w, x, y, gauss=1.0, rest=1.0):
    t = jnp.tanh(w @ x)
    return (gauss * (1 - t**2) ** 2 - rest * 2 * (t - y) * t * (1 - t**2)) * jnp.outer(x, x)


def levy(x):
    w = 1 + (x - 1) / 4
    return jnp.sin(pi * w[0]) ** 2 + jnp.sum((w[:-1] - 1) ** 2 * (1 + 10 * jnp.sin(pi * w[:-1] + 1) ** 2)) + (w[-1] - 1) ** 2


def d_levy(x, inner=0.25, first=1.0):
    w = 1 + (x - 1) / 4
    s = jnp.sin(pi * w[:-1] + 1)
    g = jnp.zeros_like(x).at[0].add(first * pi * jnp.sin(2 * pi * w[0])).at[-1].add(2 * (w[-1] - 1))
    return inner * g.at[:-1].add(2 * (w[:-1] - 1) * (1 + 10 * s**2) + (w[:-1] - 1) ** 2 * 20 * pi * s * jnp.cos(pi * w[:-1] + 1))


CASES = [
    Case("Hessian of Rosenbrock", banana, h_banana, at(normal(2)), kind="hessian", auto="sign constant region shape", slips=[
             ("missing_term|index|region", lambda x: h_banana(x).at[0, 1].set(0.0).at[1, 0].set(0.0)),
             ("factor|region|index", lambda x: h_banana(x, cross=-2.0)),
             ("sign|region|index", lambda x: h_banana(x, cross=4.0)),
             ("missing_term|region|index", lambda x: h_banana(x).at[0, 0].add(-2.0)),
             ("region|index|symmetrize|missing_term|transpose", lambda x: h_banana(x).at[1, 0].set(0.0)),
             ("index", lambda x: h_banana(x)[::-1, ::-1]),
             ("constant|factor", lambda x: h_banana(x, a=99.99)),
         ]),
    Case("Himmelblau", himmelblau, d_himmelblau, at(normal(2, scale=3.0)), auto="sign factor region extra", slips=[
             ("missing_term|region|index", lambda x: jnp.stack([4 * x[0] * (x[0] ** 2 + x[1] - 11), d_himmelblau(x)[1]])),
             ("missing_chain_factor|factor", lambda x: jnp.stack([2 * x[0] * (x[0] ** 2 + x[1] - 11) + 2 * (x[0] + x[1] ** 2 - 7), d_himmelblau(x)[1]])),
             ("index", lambda x: d_himmelblau(x)[::-1]),
             ("index|wrong_variable", lambda x: d_himmelblau(x[::-1])),
             ("constant", Alt(lambda x: (x[0] ** 2 + x[1] - 11.01) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2)),
         ]),
    Case("Beale", beale, d_beale, at(normal(2)), auto="sign constant extra", slips=[
             ("missing_term", lambda x: d_beale(x, last=0.0)),
             ("constant", lambda x: d_beale(x, c=2.626)),
             ("constant", lambda x: d_beale(x, c=2.6251)),
             ("sign", lambda x: d_beale(x, last=-1.0)),
             ("factor", lambda x: d_beale(x, last=0.5)),
         ]),
    Case("Rastrigin", rastrigin, d_rastrigin, at(normal(4, scale=2.0)), auto="sign index region extra", domains=dict(x=reals("n")), slips=[
             ("missing_chain_factor|factor", lambda x: d_rastrigin(x, inner=1.0)),
             ("constant|factor", lambda x: d_rastrigin(x, inner=6.28)),
             ("missing_term", lambda x: 2 * x),
             ("sign", lambda x: 2 * x - 20 * pi * jnp.sin(2 * pi * x)),
             ("missing_term", lambda x: 20 * pi * jnp.sin(2 * pi * x)),
         ]),
    Case("Ackley", ackley, d_ackley, at(normal(4, scale=2.0)), auto="sign constant", slips=[
             ("missing_chain_factor|factor", lambda x: d_ackley(x, first=20.0)),
             ("missing_term", lambda x: d_ackley(x, first=0.0)),
             ("missing_term", lambda x: d_ackley(x, second=0.0)),
             ("sign", lambda x: d_ackley(x, second=-1.0)),
             ("missing_chain_factor|factor", lambda x: d_ackley(x, second=1 / (2 * pi))),
             ("batch_factor", lambda x: d_ackley(x, n=1)),
         ]),
    Case("Styblinski-Tang", tang, lambda x: 2 * x**3 - 16 * x + 2.5, at(normal(5, scale=2.0)), auto="factor constant region", slips=[
             ("missing_term", lambda x: 2 * x**3 - 16 * x),
             ("factor", lambda x: 4 * x**3 - 32 * x + 5),
             ("missing_chain_factor|factor", lambda x: 0.5 * x**3 - 16 * x + 2.5),
             ("sign", lambda x: 2 * x**3 + 16 * x + 2.5),
             ("factor|missing_chain_factor", lambda x: 2 * x**3 - 8 * x + 2.5),
         ]),
    Case("Levy", levy, d_levy, at(normal(3, scale=3.0)), auto="sign region", slips=[
             ("missing_chain_factor|factor", lambda x: d_levy(x, inner=1.0)),
             ("missing_term|region|index", lambda x: d_levy(x, first=0.0)),
             ("factor|region|index|missing_chain_factor", lambda x: d_levy(x, first=2.0)),
             ("region|missing_term|index", lambda x: d_levy(x).at[-1].set(0.0)),
         ]),
    Case("Hessian of Styblinski-Tang", tang, lambda x: jnp.diag(6 * x**2 - 16), at(normal(4)), kind="hessian", auto="sign factor constant", slips=[
             ("shape", lambda x: 6 * x**2 - 16),
             ("missing_term", lambda x: jnp.diag(6 * x**2)),
             ("missing_chain_factor|factor", lambda x: jnp.diag(2 * x**2 - 16)),
             ("extra_term|broadcast_sum|unknown|region|missing_term", lambda x: jnp.diag(6 * x**2) - 16),
             ("index", lambda x: jnp.diag(6 * x[::-1] ** 2 - 16)),
         ]),
    Case("Hessian of a quadratic form", lambda x, A: x @ A @ x, lambda x, A: A + A.T, at(normal(4), normal(4, 4)), kind="hessian", auto="sign constant",
         domains=dict(x=reals("n"), A=reals("n n")), slips=[
             ("symmetrize", lambda x, A: 2 * A),
             ("symmetrize|missing_term|factor", lambda x, A: A),
             ("symmetrize|transpose|factor|missing_term", lambda x, A: 2 * A.T),
             ("factor|symmetrize", lambda x, A: (A + A.T) / 2),
             ("sign|symmetrize", lambda x, A: A - A.T),
             ("symmetrize|missing_term|region|unknown", lambda x, A: A + A.T - jnp.diag(jnp.diag(A))),
         ]),
    Case("Hessian of logsumexp", lse, lambda x: jnp.diag(softmax(x)) - jnp.outer(softmax(x), softmax(x)), at(normal(4)), kind="hessian", auto="sign region", slips=[
             ("missing_term", lambda x: jnp.diag(softmax(x))),
             ("sign", lambda x: jnp.diag(softmax(x)) + jnp.outer(softmax(x), softmax(x))),
             ("missing_term", lambda x: -jnp.outer(softmax(x), softmax(x))),
             ("missing_chain_factor", lambda x: jnp.diag(jnp.exp(x)) - jnp.outer(jnp.exp(x), jnp.exp(x))),
             ("shape", softmax),
         ]),
    Case("Hessian of the logistic loss", logistic, h_logistic, at(normal(3), normal(7, 3), of((-1, 1), 7)), kind="hessian", auto="sign constant shape",
         slips=[
             ("batch_factor", lambda w, X, y: h_logistic(w, X, y) * y.size),
             ("missing_chain_factor", lambda w, X, y: X.T @ X / y.size),
             ("missing_chain_factor", lambda w, X, y: X.T @ (X * sigmoid(X @ w)[:, None]) / y.size),
             ("factor|constant|unknown|missing_chain_factor", lambda w, X, y: 0.25 * X.T @ X / y.size),
             ("extra_term", lambda w, X, y: h_logistic(w, X, y) + 0.01 * jnp.eye(w.size, dtype=w.dtype)),
             ("missing_term|region|symmetrize", lambda w, X, y: jnp.diag(jnp.diag(h_logistic(w, X, y)))),
         ]),
    Case("Hessian of the norm", norm, lambda x: (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(x, x) / (x @ x)) / norm(x), at(normal(3)), kind="hessian", auto="factor constant", slips=[
             ("missing_term", lambda x: jnp.eye(x.size, dtype=x.dtype) / norm(x)),
             ("missing_term", lambda x: -jnp.outer(x, x) / norm(x) ** 3),
             ("sign", lambda x: (jnp.eye(x.size, dtype=x.dtype) + jnp.outer(x, x) / (x @ x)) / norm(x)),
             ("missing_chain_factor", lambda x: jnp.eye(x.size, dtype=x.dtype) - jnp.outer(x, x) / (x @ x)),
             ("missing_chain_factor|factor|unknown", lambda x: (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(x, x) / norm(x)) / norm(x)),
         ]),
    Case("Hessian of one neuron", neural, h_neural, at(normal(3), normal(3), normal()), kind="hessian", auto="sign region", slips=[
             ("missing_term", lambda w, x, y: h_neural(w, x, y, rest=0.0)),
             ("missing_term", lambda w, x, y: h_neural(w, x, y, gauss=0.0)),
             ("sign", lambda w, x, y: h_neural(w, x, y, rest=-1.0)),
             ("factor", lambda w, x, y: h_neural(w, x, y, rest=0.5)),
             ("wrong_variable|unknown", lambda w, x, y: h_neural(w, x, y) / (x @ x) * (w @ w)),
             ("missing_term|region|symmetrize", lambda w, x, y: jnp.diag(jnp.diag(h_neural(w, x, y)))),
         ]),
    Case("Hessian of a product of powers", lambda x: jnp.prod(x) ** 2, lambda x: (lambda p: 4 * p**2 / jnp.outer(x, x) - jnp.diag(2 * p**2 / x**2))(jnp.prod(x)), at(positive(3)),
         kind="hessian", auto="factor constant", slips=[
             ("missing_term", lambda x: 4 * jnp.prod(x) ** 2 / jnp.outer(x, x)),
             ("missing_term|region", lambda x: jnp.diag(2 * jnp.prod(x) ** 2 / x**2)),
             ("sign", lambda x: (lambda p: 4 * p**2 / jnp.outer(x, x) + jnp.diag(2 * p**2 / x**2))(jnp.prod(x))),
             ("factor|region|unknown", lambda x: (lambda p: 2 * p**2 / jnp.outer(x, x))(jnp.prod(x))),
         ]),
]
