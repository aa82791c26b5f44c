"""Digits: lost where they could be had is unstable; lost by the function itself is nobody's fault."""

import jax
import jax.numpy as jnp
import pytest

from lab import check, reals


def wide(low, high, *shape):
    return lambda key: jax.random.uniform(key, shape, minval=low, maxval=high)


def magnitudes(low, high, *shape):
    return lambda key: 10 ** jax.random.uniform(key, shape, minval=low, maxval=high)


def two(scale, *shape):
    """Scores, and a class of two for each row of them."""

    def draw(key):
        key_z, key_y = jax.random.split(key)
        z = scale * jax.random.normal(key_z, shape)
        return z, jax.random.randint(key_y, shape[:1], 0, 2)

    return draw


def softplus(x):
    return jnp.sum(jax.nn.softplus(x))


def cross_entropy(z, y):
    return -jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def minus_one_hot(z, y):
    return jax.nn.softmax(z) - jax.nn.one_hot(y, 2, dtype=z.dtype)


def log_loss(z, y):
    return -jnp.sum(jax.nn.log_sigmoid(jnp.where(y == 1, z, -z)))


conjugate = lambda x: 1 / (jnp.sqrt(x**2 + 1) + x)

# Kind, function, derivative that keeps its digits, one that loses them in small entries, arguments.
LOST = {
    "sigmoid": ("gradient", softplus, jax.nn.sigmoid,
        lambda x: 1 - 1 / (1 + jnp.exp(x)), wide(-30, 30, 4)),
    "sigmoid, entry by entry": ("derivative", jax.nn.softplus, jax.nn.sigmoid,
        lambda x: 1 - 1 / (1 + jnp.exp(x)), wide(-30, 30, 4)),
    "expm1": ("gradient", lambda x: jnp.sum(jnp.expm1(x) ** 2),
        lambda x: 2 * jnp.exp(x) * jnp.expm1(x), lambda x: 2 * jnp.exp(2 * x) - 2 * jnp.exp(x),
        magnitudes(-6, 0, 4)),
    "conjugate": ("derivative", conjugate, lambda x: -conjugate(x) / jnp.sqrt(x**2 + 1),
        lambda x: x / jnp.sqrt(x**2 + 1) - 1, magnitudes(0, 4, 4)),
    "growth": ("gradient", lambda r: jnp.sum(jnp.expm1(12 * jnp.log1p(r)) ** 2),
        lambda r: 24 * jnp.expm1(12 * jnp.log1p(r)) * (1 + r) ** 11,
        lambda r: 24 * ((1 + r) ** 12 - 1) * (1 + r) ** 11, magnitudes(-4.5, -3.5, 4)),
    "logarithm": ("gradient", lambda x: jnp.sum(jnp.log1p(x) ** 2),
        lambda x: 2 * jnp.log1p(x) / (1 + x), lambda x: 2 * jnp.log(1 + x) / (1 + x),
        magnitudes(-5, 2, 6)),
    "few of them": ("gradient", lambda x: jnp.sum(jnp.expm1(-x) ** 2),
        lambda x: -2 * jnp.exp(-x) * jnp.expm1(-x), lambda x: 2 * jnp.exp(-x) * (1 - jnp.exp(-x)),
        lambda key: jnp.array([2e-4, 0.1, 1.0, 3.0]) * jax.random.uniform(key, (4,), minval=1.0, maxval=2.0)),
    "tanh of tanh'": ("jvp", lambda x: jnp.log(jnp.cosh(x)), lambda x, v: jnp.tanh(x) * v,
        lambda x, v: (1 - 2 / (jnp.exp(2 * x) + 1)) * v, magnitudes(-7, 0, 4)),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_digits_that_could_be_had_are_owed_in_small_entries_too(case):
    kind, f, right, lossy, at = LOST[case]
    assert check(f, right, kind=kind, at=at).verdict == "correct"
    verdict = check(f, lossy, kind=kind, at=at)
    assert (verdict.verdict, verdict.mistake and verdict.mistake.name) == ("unstable", "unstable")
    assert "in float32 it gives" in verdict.reason
    wrong = check(f, lambda *args: 1.001 * lossy(*args), kind=kind, at=at, shrink=False)
    assert wrong.verdict == "wrong"


# Where JAX loses them as well, where the arguments are not known well enough, where the tail is
# nothing that is drawn: nobody is asked for digits that are not there.
NOT_OWED = {
    "as JAX loses them": ("derivative", jnp.tanh, lambda x: 1 - jnp.tanh(x) ** 2, wide(-9, 9, 4)),
    "confident logits": ("gradient", cross_entropy, minus_one_hot, two(8.0, 3, 2)),
    "a sum in another order": ("gradient",
        lambda w, X, y: jnp.sum((X @ w - y) ** 2), lambda w, X, y: 2 * (X.T @ X @ w - X.T @ y),
        lambda key: (jnp.ones(3), jax.random.normal(key, (5, 3)), jax.random.normal(key, (5, 3)).sum(1) + 1e-6)),
    "labels taken off": ("gradient", log_loss, lambda z, y: jax.nn.sigmoid(z) - y.astype(z.dtype),
        two(20.0, 6)),
    "a tail seldom drawn": ("derivative", lambda x: jax.nn.gelu(x, approximate=False),
        lambda x: (1 + jax.lax.erf(x / 2**0.5)) / 2 + x * jnp.exp(-x * x / 2) / (2 * jnp.pi) ** 0.5,
        lambda key: 3 * jax.random.normal(key, (20,))),
    "never drawn": ("derivative", jax.nn.softplus, lambda x: 1 - 1 / (1 + jnp.exp(x)),
        lambda key: jax.random.normal(key, (4,))),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_OWED)
def test_digits_that_could_not_be_had_are_not_owed(case):
    kind, f, hand, at = NOT_OWED[case]
    assert check(f, hand, kind=kind, at=at).verdict == "correct"
    assert check(f, lambda *a: hand(*a) * (1 + 1e-4), kind=kind, at=at, shrink=False).verdict == "wrong"  # fmt: skip


# Functions whose own terms cancel: of them forward mode, reverse mode and differences part.
CANCELLING = {
    "a power written out": (
        lambda x: x**6 - 6 * x**5 + 15 * x**4 - 20 * x**3 + 15 * x**2 - 6 * x + 1,
        lambda x: 6 * (x - 1) ** 5,
        lambda x: 6 * (x - 1) ** 6,
        lambda key: (1 + 0.01 * jax.random.normal(key, (4,)),),
    ),
    "a tail": (
        lambda x: jax.nn.softplus(x) - x,
        lambda x: -jax.nn.sigmoid(-x),
        jax.nn.sigmoid,
        wide(20, 60, 4),
    ),
}


@pytest.mark.parametrize("case", CANCELLING)
def test_a_function_whose_terms_cancel_contradicts_nobody(case):
    f, hand, planted, at = CANCELLING[case]
    verdict = check(f, hand, kind="derivative", at=at)
    assert verdict.verdict == "correct", verdict
    for wrong in (planted, lambda x: -hand(x)):
        assert check(f, wrong, kind="derivative", at=at, shrink=False).verdict == "wrong"


def nearly_one(x):
    return 1e-12 * (jnp.tanh(x) @ jnp.cos(x))


DETERMINANTS = {
    "slogdet": lambda x: jnp.linalg.slogdet(
        jnp.eye(2, dtype=x.dtype) + 1e-12 * jnp.outer(jnp.tanh(x), jnp.cos(x))
    )[1],
    "log": lambda x: jnp.log(1 + nearly_one(x)),
    "difference": lambda x: (1 + nearly_one(x)) - 1.0,
}


@pytest.mark.parametrize("case", DETERMINANTS)
def test_what_an_identity_rounds_on_one_side_is_no_difference(case):
    of = DETERMINANTS[case]
    at = dict(x=reals("2"))
    hand = lambda x: jnp.log1p(nearly_one(x))
    assert check(of, hand, kind="identity", at=at).verdict == "correct"
    for wrong in (lambda x: 1.1 * hand(x), lambda x: -hand(x), lambda x: hand(x) + 1e-12):
        assert check(of, wrong, kind="identity", at=at, shrink=False).verdict == "wrong"


def at_the_edge(key):
    return (0.5 * jax.random.randint(key, (6,), 0, 4).astype(float),)


EDGES = [
    (lambda x: x * jnp.sqrt(x), lambda x: 1.5 * jnp.sqrt(x), "correct"),
    (lambda x: x * jnp.sqrt(x), lambda x: jnp.sqrt(x) + x / (2 * jnp.sqrt(x)), "unstable"),
    (lambda x: x * jnp.sqrt(x), lambda x: 0.5 * jnp.sqrt(x) + x / (2 * jnp.sqrt(x)), "wrong"),
    (jnp.sqrt, lambda x: 0.5 / jnp.sqrt(x), "correct"),
    (jnp.sqrt, lambda x: 0.6 / jnp.sqrt(x), "wrong"),
    (lambda x: jnp.sqrt(x) * x**0.25, lambda x: 0.75 / x**0.25, "correct"),
]


@pytest.mark.parametrize(("f", "hand", "word"), EDGES)
def test_at_an_edge_a_number_is_owed_where_the_derivative_has_a_limit(f, hand, word):
    verdict = check(f, hand, kind="derivative", at=at_the_edge, shrink=False)
    assert verdict.verdict == word, verdict
    if word == "unstable":
        assert "gives nan" in verdict.reason
        assert "where the derivative is 0" in verdict.reason
