"""Linear algebra: solving, factorising, eigenvalues."""

# fmt: off
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, invertible, normal, positive, spd, symmetric
from lab.domains import invertible as invertibles
from lab.domains import reals

solve, inv, eigh, chol = jnp.linalg.solve, jnp.linalg.inv, jnp.linalg.eigh, jnp.linalg.cholesky


def mahalanobis(x, S):
    return x @ solve(S, x)


def d_mahalanobis(x, S):
    u = solve(S, x)
    return 2 * u, -jnp.outer(u, u)


def ols(X, y):
    return solve(X.T @ X, X.T @ y)


def ridge_solution(X, y, s):
    return solve(X.T @ X + s * jnp.eye(X.shape[1], dtype=X.dtype), X.T @ y)


def power(A, x):
    for _ in range(3):
        x = A @ x
    return jnp.sum(x)


def d_power(A, x):
    ones = jnp.ones_like(x)
    return sum(jnp.outer(jnp.linalg.matrix_power(A.T, k) @ ones, jnp.linalg.matrix_power(A, 2 - k) @ x) for k in range(3))


def schur(A, B, C):
    return jnp.sum(A - B @ solve(C, B.T))


def rayleigh(x, A):
    return x @ A @ x / (x @ x)


CASES = [
    Case("linear solve", solve, lambda A, b, ct: (-jnp.outer(solve(A.T, ct), solve(A, b)), solve(A.T, ct)), at(invertible(4), normal(4)), kind="vjp", wrt=(0, 1),
         auto="sign zero constant", domains=dict(a=invertibles("n"), b=reals("n")), slips=[
             ("sign", lambda A, b, ct: (jnp.outer(solve(A.T, ct), solve(A, b)), solve(A.T, ct))),
             ("transpose", lambda A, b, ct: (-jnp.outer(solve(A.T, ct), solve(A, b)), solve(A, ct))),
             ("transpose", lambda A, b, ct: (-jnp.outer(solve(A, b), solve(A.T, ct)), solve(A.T, ct))),
             ("transpose", lambda A, b, ct: (-jnp.outer(solve(A, ct), solve(A, b)), solve(A.T, ct))),
             ("missing_chain_factor", lambda A, b, ct: (-jnp.outer(ct, solve(A, b)), solve(A.T, ct))),
             ("wrong_variable|missing_chain_factor", lambda A, b, ct: (-jnp.outer(solve(A.T, ct), b), solve(A.T, ct))),
         ]),
    Case("Mahalanobis distance", mahalanobis, d_mahalanobis, at(normal(3), spd(3)), wrt=(0, 1), auto="zero factor constant", slips=[
             ("factor", lambda x, S: (solve(S, x), d_mahalanobis(x, S)[1])),
             ("sign", lambda x, S: (2 * solve(S, x), jnp.outer(solve(S, x), solve(S, x)))),
             ("missing_chain_factor", lambda x, S: (2 * solve(S, x), -jnp.outer(x, solve(S, x)))),
             ("missing_chain_factor", lambda x, S: (2 * x, d_mahalanobis(x, S)[1])),
             ("wrong_variable|missing_chain_factor|unknown", lambda x, S: (2 * solve(S, x), -jnp.outer(x, x))),
             ("missing_chain_factor|unknown", lambda x, S: (2 * S @ x, d_mahalanobis(x, S)[1])),
         ]),
    Case("least squares solution in y", lambda y, X: ols(X, y), lambda y, X, ct: X @ solve(X.T @ X, ct), at(normal(6), normal(6, 3)), kind="vjp",
         auto="sign region index", slips=[
             ("missing_chain_factor", lambda y, X, ct: X @ ct),
             ("missing_chain_factor|unknown", lambda y, X, ct: X @ (X.T @ X) @ ct),
             ("factor", lambda y, X, ct: 2 * X @ solve(X.T @ X, ct)),
             ("batch_factor", lambda y, X, ct: X @ solve(X.T @ X, ct) / y.size),
         ]),
    Case("ridge solution in its strength", lambda s, X, y: ridge_solution(X, y, s),
         lambda s, X, y: -solve(X.T @ X + s * jnp.eye(3, dtype=X.dtype), ridge_solution(X, y, s)), at(positive(), normal(5, 3), normal(5)), kind="jacobian", auto="factor constant", slips=[
             ("sign", lambda s, X, y: solve(X.T @ X + s * jnp.eye(3, dtype=X.dtype), ridge_solution(X, y, s))),
             ("missing_chain_factor", lambda s, X, y: -ridge_solution(X, y, s)),
             ("missing_chain_factor", lambda s, X, y: -s * solve(X.T @ X + s * jnp.eye(3, dtype=X.dtype), ridge_solution(X, y, s))),
             ("missing_term|unknown|wrong_variable|constant", lambda s, X, y: -solve(X.T @ X, ridge_solution(X, y, s))),
         ]),
    Case("largest eigenvalue", lambda A: eigh(A)[0][-1], lambda A: (lambda v: jnp.outer(v, v))(eigh(A)[1][:, -1]), at(symmetric(4)), auto="sign constant", slips=[
             ("index|sign", lambda A: (lambda v: jnp.outer(v, v))(eigh(A)[1][:, 0])),
             ("index|transpose|unknown|wrong_axis", lambda A: (lambda v: jnp.outer(v, v))(eigh(A)[1][-1])),
             ("factor", lambda A: (lambda v: 2 * jnp.outer(v, v))(eigh(A)[1][:, -1])),
             ("missing_chain_factor", lambda A: (lambda w, v: w[-1] * jnp.outer(v[:, -1], v[:, -1]))(*eigh(A))),
             ("missing_term|symmetrize|unknown", lambda A: (lambda v: jnp.diag(v**2))(eigh(A)[1][:, -1])),
         ]),
    Case("log determinant by Cholesky", lambda S: 2 * jnp.sum(jnp.log(jnp.diag(chol(S)))), inv, at(spd(3)), auto="factor extra", slips=[
             ("missing_term|region|symmetrize", lambda S: jnp.diag(jnp.diag(inv(S)))),
             ("symmetrize|unknown", lambda S: 2 * inv(S) - jnp.diag(jnp.diag(inv(S)))),
             ("sign", lambda S: -inv(S)),
             ("missing_chain_factor|unknown", lambda S: inv(chol(S))),
             ("missing_chain_factor|unknown", lambda S: jnp.diag(1 / jnp.diag(chol(S)))),
         ]),
    Case("three steps of a linear recurrence", power, d_power, at(normal(3, 3), normal(3)), auto="constant sign", slips=[
             ("missing_term", lambda A, x: jnp.outer(jnp.ones_like(x), A @ A @ x)),
             ("missing_term", lambda A, x: d_power(A, x) - jnp.outer(A.T @ jnp.ones_like(x), A @ x)),
             ("transpose", lambda A, x: d_power(A, x).T),
             ("transpose|unknown", lambda A, x: sum(jnp.outer(jnp.linalg.matrix_power(A, k) @ jnp.ones_like(x), jnp.linalg.matrix_power(A, 2 - k) @ x) for k in range(3))),
             ("missing_term|factor|unknown", lambda A, x: 3 * jnp.outer(jnp.ones_like(x), A @ A @ x)),
             ("index|unknown", lambda A, x: sum(jnp.outer(jnp.linalg.matrix_power(A.T, k) @ jnp.ones_like(x), jnp.linalg.matrix_power(A, k) @ x) for k in range(3))),
         ]),
    Case("Schur complement", schur, lambda A, B, C: -2 * jnp.outer(jnp.ones(3, dtype=B.dtype), solve(C, B.T).sum(1)), at(normal(3, 3), normal(3, 4), spd(4)), wrt=1, auto="constant region", slips=[
             ("sign", lambda A, B, C: 2 * jnp.outer(jnp.ones(3, dtype=B.dtype), solve(C, B.T).sum(1))),
             ("factor|missing_term", lambda A, B, C: -jnp.outer(jnp.ones(3, dtype=B.dtype), solve(C, B.T).sum(1))),
             ("broadcast_sum|missing_term|unknown", lambda A, B, C: -2 * solve(C, B.T).T),
             ("missing_chain_factor", lambda A, B, C: -2 * jnp.outer(jnp.ones(3, dtype=B.dtype), B.sum(0))),
         ]),
    Case("Rayleigh quotient", rayleigh, lambda x, A: 2 * (A @ x - rayleigh(x, A) * x) / (x @ x), at(normal(4), symmetric(4)), auto="sign extra constant", slips=[
             ("missing_term", lambda x, A: 2 * A @ x / (x @ x)),
             ("factor", lambda x, A: (A @ x - rayleigh(x, A) * x) / (x @ x)),
             ("missing_chain_factor", lambda x, A: 2 * (A @ x - rayleigh(x, A) * x)),
             ("sign", lambda x, A: 2 * (A @ x + rayleigh(x, A) * x) / (x @ x)),
             ("factor|missing_chain_factor|unknown", lambda x, A: 2 * (A @ x - (x @ A @ x) * x) / (x @ x)),
             ("missing_term|factor|unknown", lambda x, A: (2 * A @ x - rayleigh(x, A) * x) / (x @ x)),
         ]),
    Case("Rayleigh quotient, no symmetry", rayleigh, lambda x, A: ((A + A.T) @ x - 2 * rayleigh(x, A) * x) / (x @ x), at(normal(3), normal(3, 3)), slips=[
             ("symmetrize|missing_term|factor", lambda x, A: 2 * (A @ x - rayleigh(x, A) * x) / (x @ x)),
             ("missing_term", lambda x, A: (A @ x - 2 * rayleigh(x, A) * x) / (x @ x)),
             ("missing_term", lambda x, A: (A + A.T) @ x / (x @ x)),
             ("factor|missing_term", lambda x, A: ((A + A.T) @ x - rayleigh(x, A) * x) / (x @ x)),
         ]),
]
