"""Where all points stand on kinks, what JAX says there is a convention, and contradicts nobody."""

import jax
import jax.numpy as jnp
import pytest

from lab import check

EDGES = jnp.array([0.8, 0.9, 1.0, 1.1, 1.2, 1.4])


def clipped(r, A):
    """The clipped objective of a policy whose probability has changed by ``r``."""
    return -jnp.mean(jnp.minimum(r * A, jnp.clip(r, 0.8, 1.2) * A))


def slope(r, A):
    dead = ((A > 0) & (r > 1.2)) | ((A < 0) & (r < 0.8))
    return -jnp.where(dead, 0.0, A) / A.size


def on_edges(key):
    """Of minimum and clip, both, where one slope is the whole truth: JAX halves it."""
    return jax.random.choice(key, EDGES, (6,)), jnp.array([1.0, -1.0, 2.0, -2.0, 0.5, -0.5])


WRONG = {
    "dead whatever the sign": lambda r, A: -jnp.where((r > 1.2) | (r < 0.8), 0.0, A) / A.size,
    "never dead": lambda r, A: -A / A.size,
    "a wider clip": lambda r, A: -jnp.where((A > 0) & (r > 1.25), 0.0, slope(r, A)),
    "another edge": lambda r, A: (
        -jnp.where(((A > 0) & (r > 1.45)) | ((A < 0) & (r < 0.8)), 0.0, A) / A.size
    ),
    "sign": lambda r, A: -slope(r, A),
}


def test_the_right_one_is_right():
    assert check(clipped, slope, at=on_edges).verdict == "subgradient"


@pytest.mark.parametrize("mistake", WRONG)
def test_what_is_wrong_beside_the_kinks_is_wrong(mistake):
    assert check(clipped, WRONG[mistake], at=on_edges, shrink=False).verdict == "wrong"


@jax.custom_vjp
def bent(x):
    return x**2


bent.defvjp(lambda x: (bent(x), x), lambda x, c: (3 * x * c,))


FOOLED = {
    "stop_gradient": (
        lambda x: jnp.sum(jnp.abs(jax.lax.stop_gradient(x)) * x),
        lambda x: 2 * jnp.abs(x),
    ),
    "a wrong rule": (lambda x: jnp.sum(jnp.maximum(bent(x), x**2)), lambda x: 2 * x),
}


@pytest.mark.parametrize("case", FOOLED)
def test_what_contradicts_itself_beside_them_too_is_odd(case):
    f, hand = FOOLED[case]
    points = lambda key: (jax.random.choice(key, jnp.array([-2.0, -1.0, 1.0, 2.0]), (5,)),)
    verdict = check(f, hand, at=points, shrink=False)
    assert verdict.verdict == "inconclusive"
    assert "contradict" in verdict.reason
