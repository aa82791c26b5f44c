"""Right in exact arithmetic only: overflow and lost digits are told apart from mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check
from lab.domains import (
    interval,
    reals,
)

UNSTABLE = [
    ("derivative", jax.nn.softplus, lambda x: jnp.exp(x) / (1 + jnp.exp(x)), reals()),
    ("derivative", jnp.tanh, lambda x: 4 / (jnp.exp(x) + jnp.exp(-x)) ** 2 * jnp.exp(x) / jnp.exp(x), reals()),
    ("gradient", lambda x: jax.nn.logsumexp(x), lambda x: jnp.exp(x) / jnp.sum(jnp.exp(x)), reals("n")),
    ("gradient", lambda x: jnp.std(x), lambda x: (x - x.mean())
        / (x.size * jnp.sqrt((x**2).mean() - x.mean() ** 2)), interval(1000, 1001, "n")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "f", "hand", "x"), UNSTABLE)
def test_overflow_and_lost_digits_are_unstable_not_wrong(kind, f, hand, x):
    verdict = check(f, hand, kind=kind, at=dict(x=x))
    assert verdict.verdict == "unstable", verdict
    assert verdict.mistake.name == "unstable"


def test_what_single_precision_cannot_compute_at_all_excuses_no_factor():
    rates = jnp.linspace(1.0, 40.0, 9)  # all digits are gone in float32, JAX's as well
    f = lambda x: jnp.exp(rates * x) - jnp.exp(rates * (x + 1e-9))
    slope = jax.jacfwd(f)
    words = [
        check(
            f, lambda x, c=c: c * slope(x), kind="jacobian", at=dict(x=reals()), points=points
        ).verdict
        for c, points in ((1.0, 4), (1 + 1e-6, 4), (1 + 1e-6, 2))
    ]
    assert words == ["correct", "wrong", "wrong"]


def test_the_stable_forms_of_the_same_derivatives_pass():
    for kind, f, hand, x in [
        ("derivative", jax.nn.softplus, jax.nn.sigmoid, reals()),
        ("gradient", lambda x: jax.nn.logsumexp(x), jax.nn.softmax, reals("n")),
    ]:
        assert check(f, hand, kind=kind, at=dict(x=x)).verdict == "correct"


STEEP = lambda x: jax.nn.logsumexp(1000 * x) / 1000  # logits of a million at huge points
FROM_ITS_LOGARITHM = [
    (lambda x: jnp.exp(1000 * x - jax.nn.logsumexp(1000 * x)), "correct"),
    (lambda x: jnp.exp(1000 * x) / jnp.sum(jnp.exp(1000 * x)), "unstable"),
    (lambda x: jnp.exp(999 * x - jax.nn.logsumexp(999 * x)), "wrong"),
]


@pytest.mark.parametrize(("hand", "word"), FROM_ITS_LOGARITHM)
def test_weights_recomputed_from_their_logarithm_are_as_good_as_that(hand, word):
    assert check(STEEP, hand, at=dict(x=reals("n"))).verdict == word


def test_ill_conditioned_but_right():
    hilbert = jnp.asarray(1 / (np.arange(6)[:, None] + np.arange(6) + 1.0))
    f = lambda b: jnp.sum(jnp.linalg.solve(hilbert, b) ** 2)
    hand = lambda b: 2 * jnp.linalg.solve(hilbert.T, jnp.linalg.solve(hilbert, b))
    verdict = check(f, hand, at=dict(b=reals("6")))
    assert verdict.verdict == "correct", verdict
