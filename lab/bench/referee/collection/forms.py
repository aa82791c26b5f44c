"""Quadratic forms, traces, kernels, cells, filters and densities, each drawn at one shape alone."""

# fmt: off
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, invertible, normal, spd, uniform

inv = jnp.linalg.inv


def kernel(x, Y, l):
    return jnp.sum(jnp.exp(-0.5 * jnp.sum((x - Y) ** 2, -1) / l**2))


def rbf(x, Y, l):
    return jnp.exp(-0.5 * jnp.sum((x - Y) ** 2, -1) / l**2)


def cosine(x, y):
    return x @ y / (jnp.sqrt(x @ x) * jnp.sqrt(y @ y))


def rnn(h, W, U, x):
    return jnp.sum(jnp.tanh(W @ jnp.tanh(W @ h + U @ x) + U @ x) ** 2)


def rnn_slope(h, W, U, x, *, both=True, slope=True, flip=True):
    a = jnp.tanh(W @ h + U @ x)
    b = jnp.tanh(W @ a + U @ x)
    db = 2 * b * (1 - b**2 if slope else 1.0)
    da = (W.T if flip else W) @ db * (1 - a**2)
    return jnp.outer(db, a) + (jnp.outer(da, h) if both else 0.0)


def smooth(x, w):
    return jnp.sum(jnp.convolve(x, w, mode="valid") ** 2)


def kl(mu, lv):
    return 0.5 * jnp.sum(jnp.exp(lv) + mu**2 - 1 - lv)


def gauss(mu, S, x):
    r = x - mu
    return -0.5 * r @ jnp.linalg.solve(S, r) - 0.5 * jnp.linalg.slogdet(S)[1]


CASES = [
    Case("quadratic form in a matrix without symmetry", lambda x, A, b: x @ A @ x + b @ x, lambda x, A, b: A @ x + A.T @ x + b, at(normal(4), normal(4, 4), normal(4)), slips=[
             ("symmetrize|missing_term", lambda x, A, b: 2 * A @ x + b),
             ("symmetrize|missing_term", lambda x, A, b: A @ x + b),
             ("missing_term", lambda x, A, b: (A + A.T) @ x),
             ("factor", lambda x, A, b: (A + A.T) @ x / 2 + b),
             ("sign", lambda x, A, b: (A + A.T) @ x - b),
             ("sign", lambda x, A, b: (A - A.T) @ x + b),
         ]),
    Case("quadratic form bent twice", lambda x, A: x @ A @ x, lambda x, A: A + A.T, at(normal(4), normal(4, 4)), kind="hessian", slips=[
             ("symmetrize", lambda x, A: 2 * A),
             ("symmetrize|missing_term", lambda x, A: A),
             ("factor", lambda x, A: (A + A.T) / 2),
         ]),
    Case("logarithm of a determinant", lambda A: jnp.linalg.slogdet(A)[1], lambda A: inv(A).T, at(invertible(4)), slips=[
             ("transpose", inv),
             ("sign", lambda A: -inv(A).T),
             ("missing_chain_factor", lambda A: jnp.linalg.det(A) * inv(A).T),
             ("symmetrize|transpose", lambda A: (inv(A) + inv(A).T) / 2),
         ]),
    Case("trace of a product around a matrix", lambda X, A, B: jnp.trace(X.T @ A @ X @ B), lambda X, A, B: A @ X @ B + A.T @ X @ B.T,
         at(normal(4, 3), normal(4, 4), normal(3, 3)), slips=[
             ("missing_term|symmetrize", lambda X, A, B: A @ X @ B),
             ("symmetrize|missing_term", lambda X, A, B: 2 * A @ X @ B),
             ("transpose", lambda X, A, B: A @ X @ B.T + A.T @ X @ B),
             ("transpose", lambda X, A, B: A @ X @ B + A.T @ X @ B),
             ("missing_term|symmetrize", lambda X, A, B: A.T @ X @ B.T),
         ]),
    Case("trace of an inverse", lambda X, A: jnp.trace(A @ inv(X)), lambda X, A: -(inv(X) @ A @ inv(X)).T, at(invertible(3), normal(3, 3)), slips=[
             ("transpose", lambda X, A: -inv(X) @ A @ inv(X)),
             ("sign", lambda X, A: (inv(X) @ A @ inv(X)).T),
             ("missing_chain_factor", lambda X, A: -(inv(X) @ A).T),
             ("missing_term|transpose", lambda X, A: -(inv(X) @ A.T @ inv(X)).T),
         ]),
    Case("similarity to a kernel's centres", kernel, lambda x, Y, l: ((Y - x).T @ rbf(x, Y, l)) / l**2, at(normal(3), normal(5, 3), uniform(0.7, 2.0)), slips=[
             ("sign", lambda x, Y, l: ((x - Y).T @ rbf(x, Y, l)) / l**2),
             ("missing_chain_factor", lambda x, Y, l: (Y - x).T @ rbf(x, Y, l)),
             ("missing_chain_factor", lambda x, Y, l: ((Y - x).T @ rbf(x, Y, l)) / l),
             ("factor", lambda x, Y, l: 2 * ((Y - x).T @ rbf(x, Y, l)) / l**2),
             ("missing_chain_factor", lambda x, Y, l: jnp.sum(Y - x, 0) / l**2),
         ]),
    Case("kernel in its width", kernel, lambda x, Y, l: jnp.sum(rbf(x, Y, l) * jnp.sum((x - Y) ** 2, -1)) / l**3, at(normal(3), normal(5, 3), uniform(0.7, 2.0)), wrt=2, slips=[
             ("missing_chain_factor", lambda x, Y, l: jnp.sum(rbf(x, Y, l) * jnp.sum((x - Y) ** 2, -1)) / l**2),
             ("sign", lambda x, Y, l: -jnp.sum(rbf(x, Y, l) * jnp.sum((x - Y) ** 2, -1)) / l**3),
             ("factor", lambda x, Y, l: 0.5 * jnp.sum(rbf(x, Y, l) * jnp.sum((x - Y) ** 2, -1)) / l**3),
         ]),
    Case("cosine of an angle", cosine, lambda x, y: (y - (x @ y) / (x @ x) * x) / jnp.sqrt((x @ x) * (y @ y)), at(normal(4), normal(4)), slips=[
             ("missing_term", lambda x, y: y / jnp.sqrt((x @ x) * (y @ y))),
             ("missing_chain_factor", lambda x, y: y - (x @ y) / (x @ x) * x),
             ("missing_chain_factor", lambda x, y: (y - (x @ y) * x) / jnp.sqrt((x @ x) * (y @ y))),
             ("sign", lambda x, y: (y + (x @ y) / (x @ x) * x) / jnp.sqrt((x @ x) * (y @ y))),
             ("wrong_variable|unknown", lambda x, y: (y - (x @ y) / (y @ y) * y) / jnp.sqrt((x @ x) * (y @ y))),
             ("wrong_variable", lambda x, y: (x - (x @ y) / (y @ y) * y) / jnp.sqrt((x @ x) * (y @ y))),
             ("factor", lambda x, y: (y - 2 * (x @ y) / (x @ x) * x) / jnp.sqrt((x @ x) * (y @ y))),
         ]),
    Case("cosine bent twice", lambda x: jnp.sqrt(x @ x), lambda x: (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(x, x) / (x @ x)) / jnp.sqrt(x @ x), at(normal(4)), kind="hessian", slips=[
             ("missing_term", lambda x: jnp.eye(4, dtype=x.dtype) / jnp.sqrt(x @ x)),
             ("missing_chain_factor", lambda x: jnp.eye(4, dtype=x.dtype) - jnp.outer(x, x) / (x @ x)),
             ("sign", lambda x: (jnp.eye(4, dtype=x.dtype) + jnp.outer(x, x) / (x @ x)) / jnp.sqrt(x @ x)),
             ("missing_chain_factor", lambda x: (jnp.eye(4, dtype=x.dtype) - jnp.outer(x, x)) / jnp.sqrt(x @ x)),
         ]),
    Case("two steps of a recurrent cell", rnn, rnn_slope, at(normal(3), normal(3, 3), normal(3, 2), normal(2)), wrt=1, slips=[
             ("missing_term", lambda h, W, U, x: rnn_slope(h, W, U, x, both=False)),
             ("missing_chain_factor", lambda h, W, U, x: rnn_slope(h, W, U, x, slope=False)),
             ("transpose", lambda h, W, U, x: rnn_slope(h, W, U, x, flip=False)),
             ("transpose", lambda h, W, U, x: rnn_slope(h, W, U, x).T),
         ]),
    Case("a filter of a signal", smooth, lambda x, w: 2 * jnp.convolve(jnp.convolve(x, w, mode="valid"), w[::-1], mode="full"), at(normal(8), normal(3)), slips=[
             ("index|transpose", lambda x, w: 2 * jnp.convolve(jnp.convolve(x, w, mode="valid"), w, mode="full")),
             ("factor", lambda x, w: jnp.convolve(jnp.convolve(x, w, mode="valid"), w[::-1], mode="full")),
             ("index", lambda x, w: jnp.roll(2 * jnp.convolve(jnp.convolve(x, w, mode="valid"), w[::-1], mode="full"), 1)),
         ]),
    Case("a filter in its weights", smooth, lambda x, w: 2 * jnp.convolve(x[::-1], jnp.convolve(x, w, mode="valid"), mode="valid"), at(normal(8), normal(3)), wrt=1, slips=[
             ("index", lambda x, w: 2 * jnp.convolve(x[::-1], jnp.convolve(x, w, mode="valid"), mode="valid")[::-1]),
             ("factor", lambda x, w: jnp.convolve(x[::-1], jnp.convolve(x, w, mode="valid"), mode="valid")),
         ]),
    Case("divergence from a standard Gaussian", kl, lambda mu, lv: (mu, (jnp.exp(lv) - 1) / 2), at(normal(4), normal(4)), wrt=(0, 1), slips=[
             ("missing_term", lambda mu, lv: (mu, jnp.exp(lv) / 2)),
             ("factor", lambda mu, lv: (mu, jnp.exp(lv) - 1)),
             ("factor", lambda mu, lv: (2 * mu, (jnp.exp(lv) - 1) / 2)),
             ("missing_chain_factor|missing_term|constant|unknown", lambda mu, lv: (mu, (1 - jnp.exp(-lv)) / 2)),
             ("sign", lambda mu, lv: (mu, (jnp.exp(lv) + 1) / 2)),
             ("batch_factor", lambda mu, lv: (mu / 4, (jnp.exp(lv) - 1) / 8)),
         ]),
    Case("Gaussian log-density in mean and covariance", gauss,
         lambda mu, S, x: (inv(S) @ (x - mu), 0.5 * (inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S) - inv(S))), at(normal(3), spd(3), normal(3)), wrt=(0, 1), slips=[
             ("sign", lambda mu, S, x: (inv(S) @ (mu - x), 0.5 * (inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S) - inv(S)))),
             ("missing_term", lambda mu, S, x: (inv(S) @ (x - mu), 0.5 * inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S))),
             ("missing_chain_factor", lambda mu, S, x: (x - mu, 0.5 * (inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S) - inv(S)))),
             ("missing_chain_factor|wrong_variable|unknown", lambda mu, S, x: (S @ (x - mu), 0.5 * (inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S) - inv(S)))),
             ("factor", lambda mu, S, x: (inv(S) @ (x - mu), inv(S) @ jnp.outer(x - mu, x - mu) @ inv(S) - inv(S))),
         ]),
]
