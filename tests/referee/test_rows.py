"""Rows of Jacobians at kinks: held to the hull of the rows nearby, and each by itself."""

import jax
import jax.numpy as jnp
import pytest

from lab import check


def ties(key):
    first, second = jax.random.split(key)
    whole = lambda k: jax.random.randint(k, (4,), -1, 2).astype(float)
    return whole(first), whole(second)


def one(key):
    return (ties(key)[0],)


def with_rows(of_x, of_y):
    return lambda x, y: (jnp.diag(of_x(x, y)), jnp.diag(of_y(x, y)))


def up(x):
    return jnp.where(x >= 0, 1.0, -1.0)


def down(x):
    return jnp.where(x > 0, 1.0, -1.0)


def uneven(x):
    """Bends up in some entries and down in others, in every row."""
    return jnp.abs(x) - jnp.abs(jnp.flip(x))


def both(row):
    return lambda x: jnp.stack([row(x), -row(x)])


number = lambda mask, x: mask.astype(x.dtype)
more, least = (lambda x, y: number(x >= y, x)), (lambda x, y: number(x < y, x))
equal_too, not_equal = (lambda x, y: number(x <= y, x)), (lambda x, y: number(x > y, x))
half = lambda x, y: (1 + jnp.sign(x - y)) / 2
other_half = lambda x, y: (1 - jnp.sign(x - y)) / 2
largest = lambda x: jnp.stack([jnp.max(x), -jnp.max(x)])
tied = lambda x: number(x == jnp.max(x), x)
shared = lambda x: tied(x) / jnp.sum(tied(x))
last = lambda x: jax.nn.one_hot(3 - jnp.argmax(x[::-1]), 4, dtype=x.dtype)
across = lambda x: jnp.flip(jnp.diag(x), 0)
too_steep = lambda x: jnp.where(x == 0, 1.5, jnp.sign(x))

# name: kind, function, wrt, places, hands that are right, hands that are wrong
AT_TIES = {
    "the larger of two, rows": (
        "jacobian", jnp.maximum, (0, 1), ties,
        [with_rows(more, least), with_rows(half, other_half)],
        [with_rows(more, equal_too), with_rows(not_equal, least)]),
    "the larger of two, entries": (
        "derivative", jnp.maximum, (0, 1), ties,
        [lambda x, y: (more(x, y), least(x, y))],
        [lambda x, y: (more(x, y), equal_too(x, y)), lambda x, y: (not_equal(x, y), least(x, y))]),
    "bends of both kinds": (
        "jacobian", uneven, 0, one,
        [lambda x: jnp.diag(up(x)) - across(down(x)), lambda x: jnp.diag(down(x)) - across(up(x))],
        [lambda x: jnp.diag(too_steep(x)) - across(down(x))]),
    "the largest of all": ("jacobian", largest, 0, one, [both(shared), both(last)], [both(tied)]),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_TIES)
def test_a_row_is_one_of_those_nearby_or_between_them(name):
    kind, f, wrt, at, right, wrong = AT_TIES[name]
    for hand in right:
        assert check(f, hand, kind=kind, wrt=wrt, at=at).verdict in ("correct", "subgradient")
    for hand in wrong:
        verdict = check(f, hand, kind=kind, wrt=wrt, at=at)
        assert verdict.verdict == "wrong"
        assert verdict.mistake.name == "region"
