"""Matrix calculus: traces, determinants, inverses, products."""

# fmt: off
import jax.numpy as jnp

from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, invertible, normal, spd
from lab.domains import invertible as invertibles
from lab.domains import reals
from lab.domains import spd as spds

inv, tr, det = jnp.linalg.inv, jnp.trace, jnp.linalg.det


def log_det(A):
    return jnp.linalg.slogdet(A)[1]


CASES = [
    Case("trace of a product", lambda X, A: tr(A @ X), lambda X, A: A.T, at(normal(3, 4), normal(4, 3)), auto="sign factor constant extra",
         domains=dict(X=reals("n m"), A=reals("m n")), slips=[
             ("shape|transpose", lambda X, A: A),
             ("missing_chain_factor|unknown", lambda X, A: jnp.ones_like(X)),
             ("wrong_variable|unknown|extra_term", lambda X, A: A.T + X),
         ]),
    Case("trace of a product, square", lambda X, A: tr(A @ X), lambda X, A: A.T, at(normal(4, 4), normal(4, 4)), auto="region index", slips=[
             ("transpose", lambda X, A: A),
             ("symmetrize", lambda X, A: A + A.T),
             ("symmetrize", lambda X, A: (A + A.T) / 2),
             ("wrong_variable", lambda X, A: X.T),
             ("missing_term|region|unknown", lambda X, A: jnp.diag(jnp.diag(A))),
             ("symmetrize|unknown", lambda X, A: A + A.T - jnp.diag(jnp.diag(A))),
         ]),
    Case("trace of X'AX", lambda X, A: tr(X.T @ A @ X), lambda X, A: (A + A.T) @ X, at(normal(4, 3), normal(4, 4)), auto="sign constant extra",
         domains=dict(X=reals("n m"), A=reals("n n")), slips=[
             ("symmetrize|missing_term|factor", lambda X, A: 2 * A @ X),
             ("missing_term", lambda X, A: A @ X),
             ("missing_term", lambda X, A: A.T @ X),
             ("shape|transpose", lambda X, A: X.T @ (A + A.T)),
             ("sign", lambda X, A: (A - A.T) @ X),
         ]),
    Case("trace of AXBX'", lambda X, A, B: tr(A @ X @ B @ X.T), lambda X, A, B: A.T @ X @ B.T + A @ X @ B, at(normal(3, 3), normal(3, 3), normal(3, 3)),
         auto="factor region", domains=dict(X=reals("n m"), A=reals("n n"), B=reals("m m")), slips=[
             ("missing_term", lambda X, A, B: A @ X @ B),
             ("missing_term", lambda X, A, B: A.T @ X @ B.T),
             ("missing_term|factor|symmetrize", lambda X, A, B: 2 * A @ X @ B),
             ("transpose|unknown", lambda X, A, B: A.T @ X @ B + A @ X @ B.T),
             ("transpose", lambda X, A, B: B @ X.T @ A + B.T @ X.T @ A.T),
             ("wrong_variable", lambda X, A, B: B.T @ X @ A.T + B @ X @ A),
             ("sign", lambda X, A, B: A @ X @ B - A.T @ X @ B.T),
         ]),
    Case("log determinant", log_det, lambda A: inv(A).T, at(invertible(4)), auto="sign constant region", domains=dict(A=invertibles("n")), slips=[
             ("transpose", inv),
             ("symmetrize", lambda A: (inv(A) + inv(A).T) / 2),
             ("symmetrize|factor|unknown", lambda A: 2 * inv(A).T - jnp.diag(jnp.diag(inv(A)))),
             ("missing_chain_factor", lambda A: det(A) * inv(A).T),
             ("missing_term|region|unknown", lambda A: jnp.diag(1 / jnp.diag(A))),
             ("missing_chain_factor|unknown", lambda A: A.T),
         ]),
    Case("log determinant of a covariance", log_det, inv, at(spd(4)), auto="sign factor index", domains=dict(A=spds("n")), slips=[
             ("symmetrize|unknown", lambda S: 2 * inv(S) - jnp.diag(jnp.diag(inv(S)))),
             ("missing_chain_factor|unknown", lambda S: S),
             ("missing_chain_factor", lambda S: det(S) * inv(S)),
             ("missing_term|region|unknown|symmetrize", lambda S: jnp.diag(jnp.diag(inv(S)))),
             ("constant|factor", lambda S: 0.9999 * inv(S)),
         ]),
    Case("determinant", det, lambda A: det(A) * inv(A).T, at(invertible(3)), auto="factor region extra", slips=[
             ("transpose", lambda A: det(A) * inv(A)),
             ("missing_chain_factor", lambda A: inv(A).T),
             ("sign", lambda A: -det(A) * inv(A).T),
             ("missing_chain_factor|unknown", lambda A: det(A) * A.T),
             ("region|missing_term|unknown", lambda A: (det(A) * inv(A).T).at[0, 1].set(0.0)),
         ]),
    Case("inverse between two vectors", lambda A, a, b: a @ inv(A) @ b, lambda A, a, b: -jnp.outer(inv(A).T @ a, inv(A) @ b),
         at(invertible(4), normal(4), normal(4)), auto="constant region", domains=dict(A=invertibles("n"), a=reals("n"), b=reals("n")), slips=[
             ("sign", lambda A, a, b: jnp.outer(inv(A).T @ a, inv(A) @ b)),
             ("transpose", lambda A, a, b: -jnp.outer(inv(A) @ b, inv(A).T @ a)),
             ("transpose|unknown", lambda A, a, b: -jnp.outer(inv(A) @ a, inv(A).T @ b)),
             ("wrong_variable|transpose|unknown", lambda A, a, b: -jnp.outer(inv(A).T @ b, inv(A) @ a)),
             ("missing_chain_factor", lambda A, a, b: -jnp.outer(a, inv(A) @ b)),
             ("symmetrize", lambda A, a, b: (lambda G: G + G.T)(-jnp.outer(inv(A).T @ a, inv(A) @ b))),
             ("symmetrize", lambda A, a, b: (lambda G: (G + G.T) / 2)(-jnp.outer(inv(A).T @ a, inv(A) @ b))),
         ]),
    Case("trace of a cube", lambda X: tr(X @ X @ X), lambda X: 3 * (X @ X).T, at(normal(3, 3)), auto="sign constant index extra", slips=[
             ("transpose", lambda X: 3 * X @ X),
             ("factor|missing_term", lambda X: (X @ X).T),
             ("missing_chain_factor|unknown|wrong_variable", lambda X: 3 * X**2),
             ("missing_chain_factor|unknown", lambda X: 3 * X.T),
             ("transpose|unknown|symmetrize", lambda X: X.T @ X + X @ X.T + X.T @ X.T),
         ]),
    Case("Frobenius fit", lambda X, A, B, C: jnp.sum((A @ X @ B - C) ** 2), lambda X, A, B, C: 2 * A.T @ (A @ X @ B - C) @ B.T,
         at(normal(3, 2), normal(5, 3), normal(2, 4), normal(5, 4)), auto="sign constant region",
         domains=dict(X=reals("n m"), A=reals("k n"), B=reals("m l"), C=reals("k l")), slips=[
             ("factor", lambda X, A, B, C: A.T @ (A @ X @ B - C) @ B.T),
             ("missing_term", lambda X, A, B, C: 2 * A.T @ (A @ X @ B) @ B.T),
             ("sign", lambda X, A, B, C: 2 * A.T @ (C - A @ X @ B) @ B.T),
             ("sign", lambda X, A, B, C: 2 * A.T @ (A @ X @ B + C) @ B.T),
             ("batch_factor", lambda X, A, B, C: 2 / C.size * A.T @ (A @ X @ B - C) @ B.T),
             ("shape|transpose", lambda X, A, B, C: (2 * A.T @ (A @ X @ B - C) @ B.T).T),
         ]),
    Case("Frobenius norm", lambda X: jnp.sqrt(jnp.sum(X**2)), lambda X: X / jnp.sqrt(jnp.sum(X**2)), at(normal(3, 4)), auto="sign factor extra", slips=[
             ("missing_chain_factor|factor", lambda X: 2 * X),
             ("missing_chain_factor", lambda X: X / jnp.sum(X**2)),
             ("wrong_axis", lambda X: X / jnp.sqrt(jnp.sum(X**2, axis=0))),
             ("wrong_axis", lambda X: X / jnp.sqrt(jnp.sum(X**2, axis=1, keepdims=True))),
             ("shape|transpose", lambda X: (X / jnp.sqrt(jnp.sum(X**2))).T),
         ]),
    Case("gram matrix fit", lambda X, G: jnp.sum((X @ X.T - G) ** 2), lambda X, G: 4 * (X @ X.T - (G + G.T) / 2) @ X, at(normal(4, 2), normal(4, 4)),
         auto="constant region", slips=[
             ("symmetrize", lambda X, G: 4 * (X @ X.T - G) @ X),
             ("missing_term|factor|symmetrize", lambda X, G: 2 * (X @ X.T - G) @ X),
             ("factor", lambda X, G: 2 * (X @ X.T - (G + G.T) / 2) @ X),
             ("sign", lambda X, G: 4 * (X @ X.T + (G + G.T) / 2) @ X),
             ("missing_term", lambda X, G: 4 * X @ X.T @ X),
             ("missing_term", lambda X, G: 4 * (X @ X.T - G / 2) @ X),
         ]),
    Case("least squares in two matrices", lambda U, V, R: 0.5 * jnp.sum((R - U @ V.T) ** 2), lambda U, V, R: (-(R - U @ V.T) @ V, -(R - U @ V.T).T @ U),
         at(normal(4, 2), normal(4, 2), normal(4, 4)), wrt=(0, 1), auto="factor zero constant", domains=dict(U=reals("n k"), V=reals("m k"), R=reals("n m")), slips=[
             ("sign", lambda U, V, R: ((R - U @ V.T) @ V, (R - U @ V.T).T @ U)),
             ("transpose|wrong_variable", lambda U, V, R: (-(R - U @ V.T) @ V, -(R - U @ V.T) @ U)),
             ("wrong_variable", lambda U, V, R: (-(R - U @ V.T).T @ U, -(R - U @ V.T) @ V)),
             ("wrong_variable|unknown", lambda U, V, R: (-(R - U @ V.T) @ U, -(R - U @ V.T).T @ V)),
             ("missing_term", lambda U, V, R: (-R @ V, -R.T @ U)),
         ]),
    Case("product of two matrices", lambda A, B: A @ B, lambda A, B, ct: (ct @ B.T, A.T @ ct), at(normal(3, 3), normal(3, 3)), kind="vjp", wrt=(0, 1),
         auto="sign zero region", domains=dict(A=reals("n m"), B=reals("m k")), slips=[
             ("transpose", lambda A, B, ct: (ct @ B, A.T @ ct)),
             ("transpose", lambda A, B, ct: (ct @ B.T, A @ ct)),
             ("wrong_variable|unknown|transpose", lambda A, B, ct: (B.T @ ct, ct @ A.T)),
             ("transpose", lambda A, B, ct: ((ct @ B.T).T, A.T @ ct)),
             ("transpose|wrong_variable|unknown", lambda A, B, ct: (ct.T @ B.T, A.T @ ct.T)),
             ("missing_chain_factor", lambda A, B, ct: (B.T, A.T)),
         ]),
    Case("matrix inverse", inv, lambda A, ct: -inv(A).T @ ct @ inv(A).T, at(invertible(3)), kind="vjp", auto="factor constant", domains=dict(a=invertibles("n")), slips=[
             ("sign", lambda A, ct: inv(A).T @ ct @ inv(A).T),
             ("transpose", lambda A, ct: -inv(A) @ ct @ inv(A)),
             ("transpose", lambda A, ct: -(inv(A) @ ct.T @ inv(A))),
             ("missing_chain_factor", lambda A, ct: -inv(A).T @ ct),
             ("missing_chain_factor|unknown", lambda A, ct: -ct / A**2),
             ("missing_chain_factor", lambda A, ct: -inv(A).T @ inv(A).T),
         ]),
    Case("bilinear form, all three", lambda x, A, y: x @ A @ y, lambda x, A, y: (A @ y, jnp.outer(x, y), A.T @ x), at(normal(4), normal(4, 4), normal(4)),
         wrt=(0, 1, 2), auto="zero sign index", domains=dict(x=reals("n"), A=reals("n m"), y=reals("m")), slips=[
             ("transpose", lambda x, A, y: (A.T @ y, jnp.outer(x, y), A.T @ x)),
             ("transpose", lambda x, A, y: (A @ y, jnp.outer(x, y), A @ x)),
             ("transpose", lambda x, A, y: (A @ y, jnp.outer(y, x), A.T @ x)),
             ("wrong_variable", lambda x, A, y: (A.T @ x, jnp.outer(x, y), A @ y)),
             ("wrong_variable", lambda x, A, y: (A @ x, jnp.outer(x, y), A.T @ x)),
             ("missing_chain_factor", lambda x, A, y: (y, jnp.outer(x, y), x)),
         ]),
    Case("row sums squared", lambda X: jnp.sum(jnp.sum(X, axis=1) ** 2), lambda X: 2 * jnp.broadcast_to(X.sum(1, keepdims=True), X.shape), at(normal(4, 4)),
         auto="factor constant", domains=dict(X=reals("n m")), slips=[
             ("wrong_axis", lambda X: 2 * jnp.broadcast_to(X.sum(0), X.shape)),
             ("wrong_axis|transpose|broadcast_sum", lambda X: 2 * jnp.broadcast_to(X.sum(1), X.shape)),
             ("wrong_axis|broadcast_sum", lambda X: 2 * jnp.broadcast_to(X.sum(), X.shape)),
             ("broadcast_sum|missing_term", lambda X: 2 * X),
             ("broadcast_sum|shape", lambda X: 2 * X.sum(1)),
             ("batch_factor", lambda X: 2 * jnp.broadcast_to(X.mean(1, keepdims=True), X.shape)),
         ]),
    Case("nuclear norm by singular values", lambda X: jnp.sum(jnp.linalg.svd(X, compute_uv=False)), lambda X: (lambda u, s, v: u @ v)(*jnp.linalg.svd(X, full_matrices=False)),
         at(normal(4, 3)), auto="sign constant", slips=[
             ("shape|transpose", lambda X: (lambda u, s, v: (u @ v).T)(*jnp.linalg.svd(X, full_matrices=False))),
             ("missing_chain_factor|unknown|extra_term", lambda X: (lambda u, s, v: (u * s) @ v)(*jnp.linalg.svd(X, full_matrices=False))),
             ("transpose|unknown", lambda X: (lambda u, s, v: u @ v.T)(*jnp.linalg.svd(X, full_matrices=False))),
             ("missing_term|region|unknown|index", lambda X: (lambda u, s, v: u[:, :1] @ v[:1])(*jnp.linalg.svd(X, full_matrices=False))),
         ]),
]
