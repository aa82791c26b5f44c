"""Of matrices that are always symmetric, only the symmetric directions are in question, where a function knows no other."""

import jax
import jax.numpy as jnp
import pytest
from jax.scipy.linalg import cho_factor, cho_solve

from lab import check, reals, spd


def solve(A, b):
    return cho_solve(cho_factor(A), b)  # reads one triangle


def log_det(A):
    return 2 * jnp.sum(jnp.log(jnp.diagonal(jnp.linalg.cholesky(A))))  # takes the mean of both


def form(A, x, y):
    return x @ A @ y  # knows a matrix from its transpose


def pullback(A, b, c):
    return -jnp.outer(solve(A, c), solve(A, b))


def jacobian(A, b):
    return -jnp.einsum("ik,l->ikl", jnp.linalg.inv(A), solve(A, b))


def curvature(A):
    return -jnp.einsum("il,jk->ijkl", jnp.linalg.inv(A), jnp.linalg.inv(A))


def sampler(key):
    one, two = jax.random.split(key)
    a = jax.random.normal(one, (3, 3))
    return a @ a.T + 3 * jnp.eye(3), jax.random.normal(two, (3,))


SOLVE = dict(A=spd("d"), b=reals("d"))
FORM = dict(A=spd("d"), x=reals("d"), y=reals("d"))
RIGHT = [
    ("vjp", solve, pullback, SOLVE),
    ("vjp", solve, pullback, sampler),
    ("vjp", solve, lambda *a: (pullback(*a) + pullback(*a).T) / 2, SOLVE),
    ("jvp", solve, lambda A, b, dA: -solve(A, dA @ solve(A, b)), SOLVE),
    ("jacobian", solve, jacobian, SOLVE),
    ("gradient", log_det, jnp.linalg.inv, dict(A=spd("d"))),
    ("hessian", log_det, curvature, dict(A=spd("d"))),
    ("gradient", form, lambda A, x, y: jnp.outer(x, y), FORM),
    ("gradient", form, lambda A, x, y: (jnp.outer(x, y) + jnp.outer(y, x)) / 2, FORM),
]
WRONG = [
    ("vjp", solve, lambda A, b, c: -pullback(A, b, c), SOLVE, "sign"),
    ("vjp", solve, lambda A, b, c: pullback(A, b, c) / 2, sampler, "factor"),
    ("vjp", solve, lambda A, b, c: -jnp.outer(c, solve(A, b)), SOLVE, None),
    ("jvp", solve, lambda A, b, dA: -solve(A, dA @ b), SOLVE, None),
    ("jacobian", solve, lambda A, b: -jacobian(A, b), SOLVE, "sign"),
    ("gradient", log_det, lambda A: 2 * jnp.linalg.inv(A) - jnp.diag(jnp.diagonal(jnp.linalg.inv(A))),
        dict(A=spd("d")), "symmetrize"),
    ("hessian", log_det, lambda A: 2 * curvature(A), dict(A=spd("d")), "factor"),
    ("gradient", form, lambda A, x, y: jnp.outer(y, x), FORM, "transpose"),
    ("gradient", form, lambda A, x, y: jnp.outer(x, y) + jnp.outer(y, x), FORM, "factor"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "f", "hand", "at"), RIGHT)
def test_right_along_symmetric_directions(kind, f, hand, at):
    verdict = check(f, hand, kind=kind, at=at)
    assert verdict.verdict == "correct", verdict


@pytest.mark.parametrize(("kind", "f", "hand", "at", "mistake"), WRONG)
def test_a_mistake_shows_along_them(kind, f, hand, at, mistake):
    verdict = check(f, hand, kind=kind, at=at, shrink=False)
    assert verdict.verdict == "wrong", verdict
    assert mistake in (None, verdict.mistake.name), verdict


def test_where_directions_are_left_out_the_reason_says_so():
    assert "directions that stay so" in check(solve, pullback, kind="vjp", at=SOLVE).reason
    assert "directions" not in check(log_det, jnp.linalg.inv, at=dict(A=spd("d"))).reason
    one = (2 * jnp.eye(2), jnp.asarray([1.0, 2.0]))
    assert (
        check(solve, pullback, kind="vjp", at=one, shrink=False).verdict == "wrong"
    )  # nobody said symmetric
