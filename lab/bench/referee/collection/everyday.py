"""Losses, softmaxes and normalising layers, each drawn at one shape alone.

The formulas stand as a person would write them on paper, not by way of the function's own
intermediates; an opaque sampler that knows one shape is all that the referee gets."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, integers, normal, uniform

sigmoid = jax.nn.sigmoid
softmax = jax.nn.softmax


def least_squares(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


def ridge(w, X, y, lam):
    return jnp.mean((X @ w - y) ** 2) / 2 + lam / 2 * jnp.sum(w**2)


def logistic(w, X, y):
    return jnp.mean(jnp.logaddexp(0.0, -y * (X @ w)))


def crossed(z, y):
    return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(len(y)), y])


def onehot(y, z):
    return jax.nn.one_hot(y, z.shape[-1], dtype=z.dtype)


def softmax_regression(W, X, y):
    return crossed(X @ W, y)


def soft_jvp(z, t):
    p = softmax(z)
    return p * (t - jnp.sum(p * t, -1, keepdims=True))


def layernorm(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def ln_vjp(x, g, *, ax=-1, mean=1.0, along=1.0, scale=True):
    m, s = x.mean(ax, keepdims=True), jnp.sqrt(x.var(ax, keepdims=True) + 1e-5)
    h = (x - m) / s
    out = g - mean * g.mean(ax, keepdims=True) - along * h * (g * h).mean(ax, keepdims=True)
    return out / s if scale else out


def batchnorm(x):
    return (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5)


def attention(q, k, v):
    return softmax(q @ k.T / jnp.sqrt(1.0 * q.shape[-1])) @ v


def attend_vjp(q, k, v, g, *, scale=None, ax=-1, centred=True, weigh=True):
    d = q.shape[-1]
    c = 1 / jnp.sqrt(1.0 * d) if scale is None else scale(d)
    a = softmax(q @ k.T / jnp.sqrt(1.0 * d))
    da = g @ v.T
    ds = da - jnp.sum(a * da, ax, keepdims=True) if centred else da
    ds = a * ds if weigh else ds
    return c * ds @ k, c * ds.T @ q, a.T @ g


class _Rows:
    """One-shape samplers, named where they are shared."""

    regression = at(normal(3), normal(5, 3), normal(5))
    signs = at(normal(3), normal(6, 3), lambda rng: rng.choice([-1.0, 1.0], 6))
    classes = at(normal(5, 3), integers(0, 3, 5))


CASES = [
    Case("least squares at one shape", least_squares, lambda w, X, y: 2 / len(y) * (X.T @ X @ w - X.T @ y), _Rows.regression, slips=[
             ("batch_factor", lambda w, X, y: 2 * (X.T @ X @ w - X.T @ y)),
             ("factor", lambda w, X, y: (X.T @ X @ w - X.T @ y) / len(y)),
             ("batch_factor", lambda w, X, y: 2 / len(w) * (X.T @ X @ w - X.T @ y)),
             ("missing_term", lambda w, X, y: 2 / len(y) * (X.T @ X @ w)),
             ("sign", lambda w, X, y: 2 / len(y) * (X.T @ X @ w + X.T @ y)),
             ("batch_factor", lambda w, X, y: 2 / (len(y) - 1) * (X.T @ X @ w - X.T @ y)),
             ("missing_term", lambda w, X, y: -2 / len(y) * X.T @ y),
         ]),
    Case("least squares bent twice", least_squares, lambda w, X, y: 2 / len(y) * X.T @ X, _Rows.regression, kind="hessian", slips=[
             ("batch_factor", lambda w, X, y: 2 * X.T @ X),
             ("factor", lambda w, X, y: X.T @ X / len(y)),
             ("missing_term", lambda w, X, y: 2 / len(y) * jnp.diag(jnp.diag(X.T @ X))),
             ("missing_term|batch_factor|unknown|index", lambda w, X, y: 2 / len(y) * jnp.outer(X[0], X[0])),
         ]),
    Case("ridge at one shape", ridge, lambda w, X, y, lam: (X.T @ X / len(y) + lam * jnp.eye(len(w), dtype=w.dtype)) @ w - X.T @ y / len(y),
         at(normal(4), normal(6, 4), normal(6), uniform(0.1, 1.0)), slips=[
             ("missing_term", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y) / len(y)),
             ("factor", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y) / len(y) + 2 * lam * w),
             ("batch_factor", lambda w, X, y, lam: X.T @ (X @ w) - X.T @ y + lam * w),
             ("batch_factor", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y + lam * w) / len(y)),
             ("sign", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y) / len(y) - lam * w),
             ("missing_chain_factor|missing_term", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y) / len(y) + w),
             ("missing_chain_factor|missing_term", lambda w, X, y, lam: (X.T @ (X @ w) - X.T @ y) / len(y) + lam),
         ]),
    Case("logistic loss, labels of either sign", logistic, lambda w, X, y: -(X.T * y) @ (1 / (1 + jnp.exp(y * (X @ w)))) / len(y), _Rows.signs, slips=[
             ("sign", lambda w, X, y: (X.T * y) @ (1 / (1 + jnp.exp(y * (X @ w)))) / len(y)),
             ("batch_factor", lambda w, X, y: -(X.T * y) @ (1 / (1 + jnp.exp(y * (X @ w))))),
             ("missing_chain_factor|wrong_variable", lambda w, X, y: -X.T @ (1 / (1 + jnp.exp(y * (X @ w)))) / len(y)),
             ("sign|wrong_variable", lambda w, X, y: -(X.T * y) @ (1 / (1 + jnp.exp(-y * (X @ w)))) / len(y)),
             ("missing_chain_factor|wrong_variable|sign|unknown|missing_term", lambda w, X, y: -(X.T * y) @ (1 / (1 + jnp.exp(X @ w))) / len(y)),
         ]),
    Case("logistic loss bent twice", logistic, lambda w, X, y: (X.T * (sigmoid(X @ w) * sigmoid(-(X @ w)))) @ X / len(y), _Rows.signs, kind="hessian", slips=[
             ("batch_factor", lambda w, X, y: (X.T * (sigmoid(X @ w) * sigmoid(-(X @ w)))) @ X),
             ("missing_chain_factor", lambda w, X, y: (X.T * sigmoid(X @ w)) @ X / len(y)),
             ("missing_chain_factor", lambda w, X, y: X.T @ X / len(y)),
             ("sign", lambda w, X, y: -(X.T * (sigmoid(X @ w) * sigmoid(-(X @ w)))) @ X / len(y)),
         ]),
    Case("cross-entropy of logits at one shape", crossed, lambda z, y: (softmax(z) - onehot(y, z)) / len(y), _Rows.classes, slips=[
             ("batch_factor", lambda z, y: softmax(z) - onehot(y, z)),
             ("batch_factor", lambda z, y: (softmax(z) - onehot(y, z)) / z.size),
             ("sign", lambda z, y: (onehot(y, z) - softmax(z)) / len(y)),
             ("missing_term", lambda z, y: softmax(z) / len(y)),
             ("wrong_axis", lambda z, y: (softmax(z, 0) - onehot(y, z)) / len(y)),
             ("index", lambda z, y: (softmax(z) - jnp.roll(onehot(y, z), 1, -1)) / len(y)),
             ("missing_chain_factor|unknown|wrong_variable", lambda z, y: (jnp.exp(z) - onehot(y, z)) / len(y)),
         ]),
    Case("softmax regression at one shape", softmax_regression, lambda W, X, y: X.T @ (softmax(X @ W) - onehot(y, W)) / len(y),
         at(normal(4, 3), normal(6, 4), integers(0, 3, 6)), slips=[
             ("batch_factor", lambda W, X, y: X.T @ (softmax(X @ W) - onehot(y, W))),
             ("missing_chain_factor|missing_term", lambda W, X, y: X.T @ (softmax(X @ W) * (1 - softmax(X @ W)) * (softmax(X @ W) - onehot(y, W))) / len(y)),
             ("wrong_axis", lambda W, X, y: X.T @ (softmax(X @ W, 0) - onehot(y, W)) / len(y)),
             ("sign", lambda W, X, y: X.T @ (softmax(X @ W) + onehot(y, W)) / len(y)),
             ("batch_factor", lambda W, X, y: X.T @ (softmax(X @ W) - onehot(y, W)) / W.shape[1]),
         ]),
    Case("softmax pushed forward", softmax, soft_jvp, at(normal(4, 5)), kind="jvp", slips=[
             ("missing_term", lambda z, t: softmax(z) * t),
             ("wrong_axis", lambda z, t: softmax(z) * (t - jnp.sum(softmax(z) * t, 0, keepdims=True))),
             ("sign", lambda z, t: softmax(z) * (t + jnp.sum(softmax(z) * t, -1, keepdims=True))),
             ("missing_chain_factor|missing_term|wrong_variable", lambda z, t: t - jnp.sum(softmax(z) * t, -1, keepdims=True)),
             ("missing_term", lambda z, t: softmax(z) * (1 - softmax(z)) * t),
         ]),
    Case("softmax pulled back, square", softmax, soft_jvp, at(normal(4, 4)), kind="vjp", slips=[
             ("wrong_axis", lambda z, g: softmax(z) * (g - jnp.sum(softmax(z) * g, 0, keepdims=True))),
             ("wrong_axis", lambda z, g: softmax(z, 0) * (g - jnp.sum(softmax(z, 0) * g, 0, keepdims=True))),
             ("missing_term|missing_chain_factor|unknown", lambda z, g: softmax(z) * (g - g.mean(-1, keepdims=True))),
             ("missing_term", lambda z, g: softmax(z) * g),
         ]),
    Case("softmax by its matrix", softmax, lambda z: jnp.diag(softmax(z)) - jnp.outer(softmax(z), softmax(z)), at(normal(4)), kind="jacobian", slips=[
             ("missing_term", lambda z: jnp.diag(softmax(z))),
             ("missing_term", lambda z: jnp.diag(softmax(z) * (1 - softmax(z)))),
             ("sign", lambda z: jnp.diag(softmax(z)) + jnp.outer(softmax(z), softmax(z))),
             ("missing_term|region|unknown", lambda z: jnp.eye(4, dtype=z.dtype) - jnp.outer(softmax(z), softmax(z))),
         ]),
    Case("layer norm pulled back", layernorm, ln_vjp, at(normal(4, 6)), kind="vjp", slips=[
             ("missing_term", lambda x, g: ln_vjp(x, g, mean=0.0)),
             ("missing_term", lambda x, g: ln_vjp(x, g, along=0.0)),
             ("missing_term", lambda x, g: ln_vjp(x, g, mean=0.0, along=0.0)),
             ("wrong_axis", lambda x, g: ln_vjp(x, g, ax=0)),
             ("missing_chain_factor", lambda x, g: ln_vjp(x, g, scale=False)),
             ("sign", lambda x, g: ln_vjp(x, g, along=-1.0)),
             ("batch_factor", lambda x, g: ln_vjp(x, g, along=6.0)),
             ("batch_factor", lambda x, g: ln_vjp(x, g, mean=6.0)),
         ]),
    Case("layer norm pulled back, square", layernorm, ln_vjp, at(normal(5, 5)), kind="vjp", slips=[
             ("wrong_axis", lambda x, g: ln_vjp(x, g, ax=0)),
             ("missing_term", lambda x, g: ln_vjp(x, g, along=0.0)),
             ("factor", lambda x, g: ln_vjp(x, g, along=2.0)),
         ]),
    Case("batch norm pulled back", batchnorm, lambda x, g: ln_vjp(x, g, ax=0), at(normal(6, 3)), kind="vjp", slips=[
             ("wrong_axis", ln_vjp),
             ("missing_term", lambda x, g: ln_vjp(x, g, ax=0, mean=0.0)),
             ("missing_term", lambda x, g: g / jnp.sqrt(x.var(0) + 1e-5)),
             ("batch_factor", lambda x, g: (6 * g - g.sum(0) - (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5) * (g * (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5)).sum(0)) / jnp.sqrt(x.var(0) + 1e-5)),
         ]),
    Case("attention pulled back at one shape", attention, attend_vjp, at(normal(3, 4), normal(5, 4), normal(5, 2)), kind="vjp", wrt=(0, 1, 2), slips=[
             ("missing_chain_factor|factor|batch_factor", lambda q, k, v, g: attend_vjp(q, k, v, g, scale=lambda d: 1.0)),
             ("missing_chain_factor|factor|batch_factor", lambda q, k, v, g: attend_vjp(q, k, v, g, scale=lambda d: 1 / d)),
             ("missing_term", lambda q, k, v, g: attend_vjp(q, k, v, g, centred=False)),
             ("missing_chain_factor", lambda q, k, v, g: attend_vjp(q, k, v, g, weigh=False)),
             ("wrong_axis", lambda q, k, v, g: attend_vjp(q, k, v, g, ax=0)),
         ]),
]
