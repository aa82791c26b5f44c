"""What is wrong is shown at a point made small and round, which still shows the same mistake."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, choice, invertible, positive, reals, simplex, spd
from lab.referee.on_paper import written
from lab.referee.show import described
from lab.referee.verdict import Counterexample


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


def mse_right(w, X, y):
    return 2 / y.size * X.T @ (X @ w - y)


def entropy(p):
    return -jnp.sum(p * jnp.log(p))


def drawn(key):
    a, b, c = jax.random.split(key, 3)
    return jax.random.normal(a, (4,)), jax.random.normal(b, (7, 4)), jax.random.normal(c, (7,))


MSE = dict(w=reals("d"), X=reals("n d"), y=reals("n"))
LOG_DET = lambda A: jnp.linalg.slogdet(A)[1]
INVERSE = lambda A: jnp.linalg.inv(A)

# kind, function, hand, at, how many numbers the arguments come to at most
WRONG = {
    "sign": ("gradient", mse, lambda w, X, y: -mse_right(w, X, y), MSE, 3),
    "a size": ("gradient", mse, lambda w, X, y: y.size * mse_right(w, X, y), MSE, 5),
    "a size, of a sampler": (
        "gradient", mse, lambda w, X, y: y.size * mse_right(w, X, y), drawn, 5),
    "a term": ("gradient", mse, lambda w, X, y: 2 / y.size * X.T @ (X @ w), MSE, 3),
    "a millionth": ("gradient", mse, lambda w, X, y: 1.000001 * mse_right(w, X, y), MSE, 3),
    "not finite": ("gradient", mse, lambda w, X, y: jnp.nan * mse_right(w, X, y), MSE, 3),
    "only far out": (
        "gradient", mse, lambda w, X, y: 2 / y.size * X.T @ jnp.clip(X @ w - y, -9.0, 9.0), MSE, 5),
    "a transpose": ("gradient", LOG_DET, INVERSE, dict(A=invertible("d")), 4),
    "a convention": (
        "gradient", LOG_DET, lambda A: 2 * INVERSE(A) - jnp.diag(jnp.diag(INVERSE(A))),
        dict(A=spd("d")), 4),
    "of probabilities": ("gradient", entropy, lambda p: -jnp.log(p), dict(p=simplex("k")), 2),
    "an exponent": ("derivative", lambda x, n: x**n, lambda x, n: 2 * x ** (n - 1),
        dict(x=positive(), n=choice(2, 3)), 2),
    "along a tangent": ("jvp", INVERSE, lambda A, dA: -dA @ INVERSE(A) @ INVERSE(A),
        lambda key: (jax.random.normal(key, (4, 4)) + 5 * jnp.eye(4),), 8),
    "of a cotangent": ("vjp", lambda X, b: X + b, lambda X, b, c: (c, c.mean(0)),
        dict(X=reals("n d"), b=reals("d")), 5),
    "a product": ("hessian", lambda x, A: x @ A @ x, lambda x, A: 2 * A,
        dict(x=reals("n"), A=reals("n n")), 6),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_small_and_round_and_shows_the_mistake(name):
    kind, f, hand, at, most = WRONG[name]
    wrt = ("X", "b") if name == "of a cotangent" else 0
    verdict = check(f, hand, kind=kind, wrt=wrt, at=at)
    assert verdict.verdict == "wrong"
    shown = verdict.counterexample
    values = [np.asarray(value) for value in shown.arguments.values()]
    assert sum(value.size for value in values) <= most, shown
    assert all(np.all(2 * value == np.round(2 * value)) for value in values), shown
    given = [jnp.asarray(x) if isinstance(x, list) else x for x in shown.arguments.values()]
    said = jax.tree.leaves(hand(*given))
    told = list(shown.hand.values())
    assert any(
        np.allclose(a, b, 1e-9, equal_nan=True)
        for a in said
        for b in told
        if np.shape(a) == np.shape(b)
    )
    assert not any(np.allclose(a, b, 1e-9) for a, b in zip(told, shown.truth.values(), strict=True))


def test_what_is_true_is_true():
    shown = check(mse, lambda w, X, y: X.T @ (X @ w - y), at=MSE).counterexample
    at = [jnp.asarray(x) for x in shown.arguments.values()]
    assert np.allclose(jax.grad(mse)(*at), shown.truth["w"])


def test_a_point_that_was_given_stays():
    at = (jnp.array([1.25, 2.5]), jnp.ones((3, 2)), jnp.zeros(3))
    shown = check(mse, lambda w, X, y: -mse_right(w, X, y), at=at).counterexample
    assert shown.arguments["w"] == [1.25, 2.5]


def test_a_sampler_keeps_what_its_draws_share():
    at = lambda key: jax.nn.softmax(jax.random.normal(key, (5,)))
    shown = check(entropy, lambda p: -jnp.log(p), at=at).counterexample
    assert np.isclose(sum(shown.arguments["p"]), 1.0)
    assert min(shown.arguments["p"]) > 0


def test_a_right_one_has_none_and_a_wrong_one_may_go_without():
    assert check(mse, mse_right, at=MSE).counterexample is None
    assert check(mse, lambda w, X, y: X.T @ y, at=MSE, shrink=False).counterexample is None


def test_it_is_printed_aligned():
    shown = Counterexample(
        {"X": [[1.0, -20.0], [0.0, 0.5]], "y": 3.0, "f": "sin"},
        {"X": [[1.0, 2.0000001]]},
        {"X": [[1.0, 2.0]]},
    )
    assert list(written(shown)) == [
        "X = [[  1, -20],",
        "     [  0, 0.5]]",
        "y = 3",
        "f = sin",
        "by hand = [[        1, 2.0000001]]",
        "true    = [[1, 2]]",
    ]


def test_it_is_part_of_what_is_said_and_of_the_json():
    verdict = check(mse, lambda w, X, y: -mse_right(w, X, y), at=MSE)
    assert "example    w = [1]" in described(verdict)
    assert verdict.to_json()["counterexample"]["truth"] == {"w": [2.0]}
