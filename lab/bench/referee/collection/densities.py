"""Log densities and what statistics makes of them."""

# fmt: off
import jax
import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln, i0e, i1e

from lab.bench.referee.case import Case
from lab.bench.referee.draws import (
    at,
    normal,
    positive,
    simplex,
    spd,
    uniform,
)
from lab.domains import positive as positives
from lab.domains import reals

solve, inv = jnp.linalg.solve, jnp.linalg.inv
lse, softmax, sigmoid = jax.nn.logsumexp, jax.nn.softmax, jax.nn.sigmoid


def normal_density(x, m, s):
    return -0.5 * ((x - m) / s) ** 2 - jnp.log(s) - 0.5 * jnp.log(2 * jnp.pi)


def d_normal(x, m, s):
    r = (x - m) / s
    return r / s, (r**2 - 1) / s


def likelihood(m, s, x):
    return jnp.sum(normal_density(x, m, s))


def student(x, n):
    return -0.5 * (n + 1) * jnp.log1p(x**2 / n)


def gamma_density(x, a, b):
    return a * jnp.log(b) - gammaln(a) + (a - 1) * jnp.log(x) - b * x


def mixture(x, m, a):
    return lse(jax.nn.log_softmax(a) - 0.5 * (x - m) ** 2)


def resp(x, m, a):
    return softmax(a - 0.5 * (x - m) ** 2)


def dirichlet(a, p):
    return gammaln(a.sum()) - gammaln(a).sum() + (a - 1) @ jnp.log(p)


def gaussian(x, m, S):
    return -0.5 * (x - m) @ solve(S, x - m) - 0.5 * jnp.linalg.slogdet(S)[1]


def d_gaussian(x, m, S):
    u = solve(S, x - m)
    return 0.5 * (jnp.outer(u, u) - inv(S))


def counts(low, high, n):
    return lambda rng: rng.integers(low, high, n).astype(float)


def elbo(m, s):
    return jnp.sum(jnp.log(s) - 0.5 * (m**2 + s**2))


CASES = [
    Case("normal, its mean", normal_density, lambda x, m, s: (x - m) / s**2, at(normal(5), normal(5), positive(5)), kind="derivative", wrt=1,
         auto="factor constant region", domains=dict(x=reals("n"), m=reals("n"), s=positives("n")), slips=[
             ("sign|wrong_variable", lambda x, m, s: -(x - m) / s**2),
             ("missing_chain_factor", lambda x, m, s: (x - m) / s),
             ("missing_chain_factor", lambda x, m, s: x - m),
             ("sign", lambda x, m, s: (x + m) / s**2),
             ("missing_chain_factor|factor|unknown", lambda x, m, s: (x - m) / s**4),
             ("missing_term", lambda x, m, s: x / s**2),
         ]),
    Case("normal, its scale", normal_density, lambda x, m, s: (x - m) ** 2 / s**3 - 1 / s, at(normal(5), normal(5), positive(5)), kind="derivative", wrt=2,
         auto="sign constant", slips=[
             ("missing_term", lambda x, m, s: (x - m) ** 2 / s**3),
             ("missing_term", lambda x, m, s: -1 / s),
             ("sign", lambda x, m, s: (x - m) ** 2 / s**3 + 1 / s),
             ("factor", lambda x, m, s: 0.5 * (x - m) ** 2 / s**3 - 1 / s),
             ("missing_chain_factor|unknown", lambda x, m, s: (x - m) ** 2 / s**2 - 1 / s),
             ("factor", lambda x, m, s: (x - m) ** 2 / s**3 - 0.5 / s),
         ]),
    Case("normal likelihood of a sample", likelihood, lambda m, s, x: (jnp.sum(x - m) / s**2, jnp.sum((x - m) ** 2) / s**3 - x.size / s),
         at(normal(), positive(), normal(7)), wrt=(0, 1), auto="zero sign factor", domains=dict(m=reals(), s=positives(), x=reals("n")), slips=[
             ("batch_factor", lambda m, s, x: (jnp.mean(x - m) / s**2, jnp.mean((x - m) ** 2) / s**3 - 1 / s)),
             ("batch_factor", lambda m, s, x: (jnp.sum(x - m) / s**2, jnp.sum((x - m) ** 2) / s**3 - 1 / s)),
             ("batch_factor", lambda m, s, x: (jnp.sum(x - m) / s**2, jnp.sum((x - m) ** 2) / s**3 - (x.size - 1) / s)),
             ("broadcast_sum|shape", lambda m, s, x: ((x - m) / s**2, jnp.sum((x - m) ** 2) / s**3 - x.size / s)),
             ("missing_term", lambda m, s, x: (jnp.sum(x - m) / s**2, jnp.sum((x - m) ** 2) / s**3)),
             ("missing_chain_factor", lambda m, s, x: (jnp.sum(x - m), jnp.sum((x - m) ** 2) / s**3 - x.size / s)),
         ]),
    Case("normal by precision", lambda t, x: jnp.sum(0.5 * jnp.log(t) - 0.5 * t * x**2), lambda t, x: 0.5 / t - 0.5 * x**2, at(positive(4), normal(4)),
         auto="sign index extra", slips=[
             ("factor", lambda t, x: 1 / t - 0.5 * x**2),
             ("factor", lambda t, x: 0.5 / t - x**2),
             ("missing_term", lambda t, x: -0.5 * x**2),
             ("wrong_variable", lambda t, x: -t * x),
             ("missing_chain_factor|unknown", lambda t, x: 0.5 / t - 0.5 * x),
         ]),
    Case("Student t", lambda x, n: jnp.sum(student(x, n)), lambda x, n: -(n + 1) * x / (n + x**2), at(normal(5, scale=2.0), uniform(2.0, 8.0)),
         auto="constant region extra", domains=dict(x=reals("k"), n=positives()), slips=[
             ("sign", lambda x, n: (n + 1) * x / (n + x**2)),
             ("missing_term|factor|constant", lambda x, n: -n * x / (n + x**2)),
             ("missing_chain_factor|unknown|constant", lambda x, n: -(n + 1) * x / (1 + x**2)),
             ("missing_chain_factor|factor", lambda x, n: -(n + 1) * x / (1 + x**2 / n)),
             ("missing_chain_factor|factor", lambda x, n: -0.5 * (n + 1) * x / (n + x**2)),
             ("region", lambda x, n: -(n + 1) * jnp.clip(x, -4, 4) / (n + jnp.clip(x, -4, 4) ** 2)),
         ]),
    Case("gamma, both parameters", lambda a, b, x: jnp.sum(gamma_density(x, a, b)), lambda a, b, x: (x.size * (jnp.log(b) - digamma(a)) + jnp.sum(jnp.log(x)), x.size * a / b - jnp.sum(x)),
         at(uniform(0.5, 4.0), positive(), positive(6)), wrt=(0, 1), auto="zero constant", slips=[
             ("batch_factor", lambda a, b, x: (jnp.log(b) - digamma(a) + jnp.sum(jnp.log(x)), x.size * a / b - jnp.sum(x))),
             ("missing_term", lambda a, b, x: (x.size * jnp.log(b) + jnp.sum(jnp.log(x)), x.size * a / b - jnp.sum(x))),
             ("missing_term", lambda a, b, x: (x.size * (jnp.log(b) - digamma(a)), x.size * a / b - jnp.sum(x))),
             ("sign", lambda a, b, x: (x.size * (jnp.log(b) - digamma(a)) + jnp.sum(jnp.log(x)), x.size * a / b + jnp.sum(x))),
             ("missing_chain_factor", lambda a, b, x: (x.size * (jnp.log(b) - digamma(a)) + jnp.sum(jnp.log(x)), x.size / b - jnp.sum(x))),
             ("constant|unknown|region", lambda a, b, x: (x.size * (jnp.log(b) - jnp.log(a) + 0.5 / a) + jnp.sum(jnp.log(x)), x.size * a / b - jnp.sum(x))),
         ]),
    Case("mixture of normals", lambda m, x, a: mixture(x, m, a), lambda m, x, a: resp(x, m, a) * (x - m), at(normal(4), normal(), normal(4)), auto="sign constant region extra", slips=[
             ("missing_chain_factor", lambda m, x, a: resp(x, m, a)),
             ("missing_chain_factor", lambda m, x, a: x - m),
             ("missing_term|unknown|wrong_variable", lambda m, x, a: softmax(a) * (x - m)),
             ("missing_term|unknown", lambda m, x, a: softmax(-0.5 * (x - m) ** 2) * (x - m)),
             ("factor", lambda m, x, a: 2 * resp(x, m, a) * (x - m)),
             ("missing_chain_factor", lambda m, x, a: jnp.exp(jax.nn.log_softmax(a) - 0.5 * (x - m) ** 2) * (x - m)),
         ]),
    Case("weights of a mixture", lambda a, x, m: mixture(x, m, a), lambda a, x, m: resp(x, m, a) - softmax(a), at(normal(3), normal(), normal(3)), auto="sign factor", slips=[
             ("missing_term", lambda a, x, m: resp(x, m, a)),
             ("missing_term", lambda a, x, m: -softmax(a)),
             ("sign", lambda a, x, m: resp(x, m, a) + softmax(a)),
             ("missing_term|unknown|batch_factor", lambda a, x, m: resp(x, m, a) - 1 / a.size),
         ]),
    Case("Dirichlet concentration", dirichlet, lambda a, p: digamma(a.sum()) - digamma(a) + jnp.log(p), at(uniform(0.5, 3.0, 4), simplex(4)), auto="constant sign index", slips=[
             ("missing_term", lambda a, p: -digamma(a) + jnp.log(p)),
             ("missing_term", lambda a, p: digamma(a.sum()) - digamma(a)),
             ("missing_term", lambda a, p: jnp.log(p)),
             ("sign", lambda a, p: digamma(a.sum()) + digamma(a) + jnp.log(p)),
             ("broadcast_sum|unknown|missing_term", lambda a, p: digamma(a.sum()) - digamma(a).sum() + jnp.log(p)),
         ]),
    Case("gaussian in several dimensions, covariance", lambda S, x, m: gaussian(x, m, S), lambda S, x, m: d_gaussian(x, m, S), at(spd(3), normal(3), normal(3)), auto="sign constant region", slips=[
             ("missing_term", lambda S, x, m: -0.5 * inv(S)),
             ("missing_term", lambda S, x, m: d_gaussian(x, m, S) + 0.5 * inv(S)),
             ("sign", lambda S, x, m: -d_gaussian(x, m, S) - inv(S)),
             ("factor", lambda S, x, m: 2 * d_gaussian(x, m, S)),
             ("symmetrize", lambda S, x, m: 2 * d_gaussian(x, m, S) - jnp.diag(jnp.diag(d_gaussian(x, m, S)))),
             ("missing_chain_factor|unknown", lambda S, x, m: 0.5 * (jnp.outer(x - m, x - m) - inv(S))),
         ]),
    Case("gaussian in several dimensions, mean", lambda m, x, S: gaussian(x, m, S), lambda m, x, S: solve(S, x - m), at(normal(4), normal(4), spd(4)), auto="factor region", slips=[
             ("sign|wrong_variable", lambda m, x, S: solve(S, m - x)),
             ("missing_chain_factor", lambda m, x, S: x - m),
             ("missing_chain_factor|unknown", lambda m, x, S: S @ (x - m)),
             ("missing_term", lambda m, x, S: solve(S, x)),
             ("missing_term|unknown", lambda m, x, S: (x - m) / jnp.diag(S)),
         ]),
    Case("von Mises", lambda k, x: jnp.sum(k * jnp.cos(x) - k - jnp.log(i0e(k))), lambda k, x: jnp.sum(jnp.cos(x)) - x.size * i1e(k) / i0e(k), at(uniform(0.5, 8.0), uniform(-3.0, 3.0, 5)),
         auto="sign constant", slips=[
             ("missing_term", lambda k, x: jnp.sum(jnp.cos(x))),
             ("batch_factor", lambda k, x: jnp.sum(jnp.cos(x)) - i1e(k) / i0e(k)),
             ("sign", lambda k, x: jnp.sum(jnp.cos(x)) + x.size * i1e(k) / i0e(k)),
             ("missing_chain_factor|unknown|extra_term", lambda k, x: jnp.sum(jnp.cos(x)) - x.size * i1e(k)),
             ("extra_term|missing_term|batch_factor", lambda k, x: jnp.sum(jnp.cos(x)) - x.size * i1e(k) / i0e(k) + x.size),
         ]),
    Case("evidence bound", elbo, lambda m, s: (-m, 1 / s - s), at(normal(4), positive(4)), wrt=(0, 1), auto="zero index constant", domains=dict(m=reals("n"), s=positives("n")), slips=[
             ("sign", lambda m, s: (m, 1 / s - s)),
             ("missing_term", lambda m, s: (-m, 1 / s)),
             ("missing_term", lambda m, s: (-m, -s)),
             ("sign", lambda m, s: (-m, 1 / s + s)),
             ("factor", lambda m, s: (-2 * m, 1 / s - s)),
             ("wrong_variable", lambda m, s: (1 / s - s, -m)),
         ]),
    Case("log odds of counts", lambda t, k, n: jnp.sum(k * t - n * jax.nn.softplus(t)), lambda t, k, n: k - n * sigmoid(t), at(normal(5), counts(0, 5, 5), counts(5, 9, 5)), slips=[
             ("sign", lambda t, k, n: n * sigmoid(t) - k),
             ("missing_chain_factor", lambda t, k, n: k - sigmoid(t)),
             ("missing_term", lambda t, k, n: -n * sigmoid(t)),
             ("missing_chain_factor", lambda t, k, n: k - n * sigmoid(t) * (1 - sigmoid(t))),
             ("wrong_variable", lambda t, k, n: n - k * sigmoid(t)),
         ]),
]
