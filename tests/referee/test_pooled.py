"""Steps that hand a batch out to XLA's pool of threads are seen wherever they hide."""

import jax
import jax.numpy as jnp
import pytest

from lab import check
from lab.referee.programs.pooled import over_points, pooled

M = jnp.eye(3)
rounds = lambda step: lambda A: jax.lax.scan(lambda B, _: (step(B), None), A, None, length=2)[0]

POOLED = {
    "inverse": jnp.linalg.inv,
    "log determinant": lambda A: jnp.linalg.slogdet(A)[1],
    "Cholesky": jnp.linalg.cholesky,
    "eigenvectors": lambda A: jnp.linalg.eigh(A)[1],
    "least squares": lambda A: jnp.linalg.lstsq(A, M[0])[0],
    "transform": lambda A: jnp.fft.rfft(A).real,
    "in a loop": rounds(lambda A: jnp.linalg.solve(A + M, A)),
    "on a branch": lambda A: jax.lax.cond(A[0, 0] > 0, jnp.linalg.inv, lambda A: A, A),
    "in a gradient": jax.grad(lambda A: jnp.linalg.slogdet(A)[1]),
}
NOT_POOLED = {
    "product": lambda A: A @ A,
    "loop": rounds(lambda A: A @ jnp.tanh(A)),
    "sorted": jnp.sort,
}


@pytest.mark.parametrize("name", POOLED | NOT_POOLED)
def test_what_asks_the_pool_is_asked_point_by_point_and_gives_the_same(name):
    function = (POOLED | NOT_POOLED)[name]
    points = 2 * M + jax.random.normal(jax.random.key(0), (4, 3, 3)) / 8
    points = points + jnp.swapaxes(points, 1, 2)
    closed = jax.make_jaxpr(function)(M)
    assert pooled(closed) == (name in POOLED)
    over = over_points(closed, function)
    assert jnp.allclose(over(points), jax.vmap(function)(points), rtol=1e-4, atol=1e-5)
    loops = [eqn for eqn in jax.make_jaxpr(over)(points).eqns if eqn.primitive.name == "scan"]
    assert any(eqn.params["length"] == len(points) for eqn in loops) == (name in POOLED)


def test_a_log_determinant_is_judged():
    at = lambda key: {"A": 9 * jax.random.normal(key, (12, 12))}
    f = lambda A: jnp.linalg.slogdet(A)[1]
    assert check(f, lambda A: jnp.linalg.inv(A).T, at=at).verdict == "correct"
    assert check(f, jnp.linalg.inv, at=at, shrink=False).verdict == "wrong"
