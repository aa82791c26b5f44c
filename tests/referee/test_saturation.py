"""Where JAX's own derivative has lost its digits, a hand that kept them is right."""

import jax
import jax.numpy as jnp
import pytest

from lab import check

SIGMOID = lambda x: jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)
TANH = lambda x: 1 / jnp.cosh(jnp.clip(x, -300, 300)) ** 2
SATURATED = [
    ("sigmoid", jax.nn.sigmoid, SIGMOID),
    ("tanh", jnp.tanh, TANH),
    ("two of them", lambda x: jnp.tanh(x) + jax.nn.sigmoid(x), lambda x: TANH(x) + SIGMOID(x)),
]


def far(key):
    return (60 * jax.random.normal(key, (5,)),)


def test_a_derivative_of_which_autodiff_leaves_only_rounding_is_known_by_that():
    f = lambda x: jax.nn.softplus(x) - x
    hand = lambda x: -jax.nn.sigmoid(-x)
    at = lambda key: (jax.random.uniform(key, (4,), minval=8.0, maxval=35.0),)
    assert check(f, hand, kind="derivative", at=at).verdict == "correct"
    for planted in (lambda x: -hand(x), lambda x: 1.01 * hand(x)):
        assert check(f, planted, kind="derivative", at=at).verdict == "wrong"


@pytest.mark.parametrize(("name", "f", "hand"), SATURATED, ids=[row[0] for row in SATURATED])
def test_the_accurate_tail_is_right_and_what_is_off_in_it_is_not(name, f, hand):
    verdict = check(f, hand, kind="derivative", at=far)
    assert verdict.verdict == "correct", verdict
    for planted in (
        lambda x: hand(x) * jnp.where(x > 4, 1 + 1e-3, 1.0),
        lambda x: hand(x) * (1 + 1e-7),
        lambda x: hand(x) + jnp.where(x > 50, 1e-12, 0.0),
    ):
        verdict = check(f, planted, kind="derivative", at=far)
        assert verdict.verdict == "wrong", verdict
