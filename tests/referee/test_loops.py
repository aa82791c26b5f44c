"""Loops that stop at a tolerance: never waited for in vain, and judged by what they tend to."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lab import check, positive
from lab.timelimit import TimeUp, limited


def root(tolerance):
    """The square root, by Newton's steps until two are alike."""

    def function(a):
        apart = lambda at: jnp.abs(at[0] - at[1]) > tolerance * jnp.ones((), a.dtype)
        step = lambda at: (at[1], 0.5 * (at[1] + a / at[1]))
        return lax.while_loop(apart, step, step((a, a)))[1]

    return function


def cosine(tolerance):
    """Where x = cos(a x), by iteration: slow, and so far from its limit when it stops."""

    def function(a):
        apart = lambda at: jnp.abs(at[0] - at[1]) > tolerance
        step = lambda at: (at[1], jnp.cos(a * at[1]))
        return lax.while_loop(apart, step, step((a, jnp.ones_like(a))))[1]

    return function


def cosine_slope(a):
    x = lax.fori_loop(0, 200, lambda _, x: jnp.cos(a * x), jnp.ones_like(a))
    return -x * jnp.sin(a * x) / (1 + a * jnp.sin(a * x))


NARROW = lambda key: 0.3 + 0.4 * jax.random.uniform(key)
ROWS = [
    ("fine enough", root(1e-6), lambda a: 0.5 / jnp.sqrt(a), positive(), "correct", "every point"),
    ("a wrong one", root(1e-6), lambda a: 0.6 / jnp.sqrt(a), positive(), "wrong", "6/5"),
    ("coarse", cosine(1e-4), cosine_slope, NARROW, "correct", "to their limit"),
    ("coarse and wrong", cosine(1e-4), lambda a: 1.00001 * cosine_slope(a), NARROW, "wrong", ""),
    ("finer than float32", cosine(1e-12), cosine_slope, NARROW, "correct", "in float32 a loop"),
    ("finer than float64", cosine(-1.0), cosine_slope, NARROW, "inconclusive", "a loop had not"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "hand", "a", "word", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])  # fmt: skip
def test_a_loop_with_a_tolerance(f, hand, a, word, says):
    at = a if callable(a) else dict(a=a)
    verdict = check(f, hand, kind="derivative", at=at, points=8, shrink=False)
    assert (verdict.verdict, says in verdict.reason) == (word, True), verdict


def test_a_hand_whose_loop_does_not_end_is_told_so():
    endless = lambda a: jnp.cos(a) + 0 * cosine(-1.0)(a)
    verdict = check(jnp.sin, endless, kind="derivative", at=NARROW, points=8, shrink=False)
    assert verdict.verdict == "wrong"
    assert "a loop had not ended" in verdict.reason


def test_the_outer_one_of_two_time_limits_holds():
    def wait():
        with limited(60):
            pass
        while True:
            pass

    with pytest.raises(TimeUp), limited(0.2):
        wait()
