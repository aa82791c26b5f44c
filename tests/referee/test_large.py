"""Large arguments are judged at one point, every entry, and a mistake in one entry of a million shows."""

import jax
import jax.numpy as jnp
import pytest

from lab import check

SIDE = 400


def loss(W, x):
    return jnp.mean(jnp.tanh(W @ x) ** 2)


def loss_gradient(W, x):
    a = jnp.tanh(W @ x)
    return jnp.outer(2 / a.size * a * (1 - a**2), x)


def at(key):
    W, x = jax.random.normal(key, (SIDE, SIDE)), jax.random.normal(key, (SIDE,))
    return W / SIDE**0.5, x


def one_entry_off(W, x):
    g = loss_gradient(W, x)
    return g.at[7, 11].multiply(1 + 1e-6)


@jax.custom_vjp
def doubled(x):
    return x


doubled.defvjp(lambda x: (x, None), lambda _, c: (2 * c,))


def test_it_passes_at_one_point_with_power():
    verdict = check(loss, loss_gradient, at=at)
    assert (verdict.verdict, verdict.points) == ("correct", 1)
    assert verdict.power is not None
    assert verdict.power < 1e-8
    assert {w.name for w in verdict.witnesses} > {"jax forward", "jax reverse", "differences"}


def test_one_entry_is_enough():
    verdict = check(loss, one_entry_off, at=at)
    assert verdict.verdict == "wrong"
    assert "[7, 11]" in verdict.mistake.says


def test_a_wrong_rule_inside_is_odd():
    def fooled(W, x):
        return loss(doubled(W), x)

    reverse_only = check(fooled, loss_gradient, at=at)
    assert reverse_only.verdict in ("inconclusive", "wrong")
    assert not reverse_only.passes


@pytest.mark.parametrize("kind", ["vjp", "derivative"])
def test_other_kinds(kind):
    f = {"vjp": lambda x: jnp.sin(x) * x, "derivative": lambda x: jnp.sin(x) * x}[kind]
    slope = lambda x: jnp.cos(x) * x + jnp.sin(x)
    hand = (lambda x, c: slope(x) * c) if kind == "vjp" else slope
    wrong = (lambda x, c: slope(x) * c * c) if kind == "vjp" else lambda x: jnp.cos(x) * x
    draw = lambda key: (jax.random.normal(key, (SIDE, SIDE)),)
    assert check(f, hand, kind=kind, at=draw).verdict == "correct"
    assert check(f, wrong, kind=kind, at=draw).verdict == "wrong"
