"""What a hand does beyond the points it was judged at: a remark, and no other verdict."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check


def normal(key):
    return (jax.random.normal(key, (5,)),)


def positive(key):
    return (jnp.exp(jax.random.normal(key, (5,))),)


def fractions(key):
    return (jax.random.uniform(key, (5,)),)


def simplex(key):
    return (jax.nn.softmax(jax.random.normal(key, (5,))),)


naive = lambda z: jnp.exp(z) / jnp.sum(jnp.exp(z))
softplus = lambda z: jnp.sum(jax.nn.softplus(z))
log_sum = lambda z: jax.nn.logsumexp(z)
log_expm1 = lambda x: jnp.sum(jnp.log(-jnp.expm1(-x)))
naive_log_sum = lambda z: jnp.log(jnp.sum(jnp.exp(z)))
square = lambda x: jnp.sum(x**2)

# function, hand, places, what is remarked
REMARKED = {
    "a softmax": (log_sum, naive, normal, "|z| ="),
    "a sigmoid": (softplus, lambda z: jnp.exp(z) / (1 + jnp.exp(z)), normal, "has no number"),
    "near zero": (log_expm1, lambda x: 1 / (jnp.exp(x) - 1), positive, "down"),
}
NOT_REMARKED = {
    "a stable softmax": (log_sum, jax.nn.softmax, normal),
    "a stable sigmoid": (softplus, jax.nn.sigmoid, normal),
    "a stable one near zero": (log_expm1, lambda x: 1 / jnp.expm1(x), positive),
    "a function that overflows itself": (naive_log_sum, naive, normal),
    "a polynomial": (square, lambda x: 2 * x, normal),
    "draws that fill a box": (log_sum, naive, fractions),
    "draws that sum to one": (log_sum, naive, simplex),
}


@pytest.mark.parametrize("name", REMARKED)
def test_where_the_hand_gives_up_and_the_function_does_not_is_told(name):
    f, hand, at, says = REMARKED[name]
    verdict = check(f, hand, at=at)
    assert verdict.verdict == "correct"
    assert "beyond the points given" in verdict.reason
    assert says in verdict.reason


@pytest.mark.parametrize("name", NOT_REMARKED)
def test_and_nothing_is_said_where_that_is_no_concern_of_the_hand(name):
    verdict = check(*NOT_REMARKED[name][:2], at=NOT_REMARKED[name][2])
    assert verdict.verdict == "correct"
    assert "beyond" not in verdict.reason


def matrices(key):
    first, second = jax.random.split(key)
    return jax.random.normal(first, (4, 3)), jax.random.normal(second, (3,))


def narrow(x):
    return x.astype(jnp.bfloat16)


ROUNDING = {
    "in the hand alone": (
        lambda A, x: jnp.sum((A @ x) ** 2) / 2,
        lambda A, x: jnp.outer(narrow(A) @ narrow(x), narrow(x)).astype(A.dtype),
        "the hand rounds to bfloat16",
    ),
    "in both": (
        lambda A, x: jnp.sum((narrow(A) @ narrow(x)).astype(A.dtype) ** 2) / 2,
        lambda A, x: jnp.outer(narrow(A) @ narrow(x), narrow(x)).astype(A.dtype),
        "",
    ),
    "in neither": (
        lambda A, x: jnp.sum((A @ x) ** 2) / 2,
        lambda A, x: jnp.outer(A @ x, x),
        "",
    ),
}


@pytest.mark.parametrize("name", ROUNDING)
def test_narrow_types_of_the_hand_alone_are_told(name):
    f, hand, says = ROUNDING[name]
    verdict = check(f, hand, at=matrices)
    assert verdict.verdict == "correct"
    assert says in verdict.reason
    assert ("rounds to" in verdict.reason) == bool(says)


def scores(key):
    return (30 * jax.random.normal(key, (10,)),)


def seldom_far(key):
    """One draw in twenty has entries a hundred times as large."""
    key_x, key_far = jax.random.split(key)
    far = jnp.where(jax.random.uniform(key_far) < 0.05, 100.0, 1.0)
    return (far * jax.random.normal(key_x, (4,)),)


def row_by_row(key):
    """A sampler of numbers read off the key, which nothing can trace."""
    return (30 * np.random.default_rng(int(key[-1])).standard_normal((2, 5)),)


by_exp = lambda z: jnp.exp(z) / (1 + jnp.exp(z))
log_cosh = lambda z: jnp.sum(jnp.logaddexp(z, -z) - jnp.log(2.0))

# function, hand that gives up at what is seldom drawn, one that does not, places
SELDOM = {
    "large scores": (softplus, by_exp, jax.nn.sigmoid, scores),
    "a tail of its own": (log_cosh, lambda z: jnp.sinh(z) / jnp.cosh(z), jnp.tanh, seldom_far),
    "numbers read off the key": (softplus, by_exp, jax.nn.sigmoid, row_by_row),
}


@pytest.mark.parametrize("name", SELDOM)
def test_what_is_seldom_drawn_is_in_the_range_of_the_sampler(name):
    f, gives_up, stable, at = SELDOM[name]
    for seed in (0, 1, 2):  # whether it is among the first draws or not
        verdict = check(f, gives_up, at=at, seed=seed, shrink=False)
        assert verdict.verdict == "unstable"
        assert "it gives nan" in verdict.reason
        assert check(f, stable, at=at, seed=seed).verdict == "correct"
    assert check(f, lambda z: 1.001 * stable(z), at=at, shrink=False).verdict == "wrong"


def test_many_draws_that_are_never_so_large_leave_it_a_remark():
    verdict = check(softplus, by_exp, at=lambda key: (4 * jax.random.normal(key, (10,)),))
    assert verdict.verdict == "correct"
    assert "beyond the points given" in verdict.reason
