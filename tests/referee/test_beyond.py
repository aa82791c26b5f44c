"""What a hand does beyond the points it was judged at: a remark, and no other verdict."""

import jax
import jax.numpy as jnp
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
