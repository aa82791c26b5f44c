"""Asked again: what was compiled is used again, and only where it is the same."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, reals
from lab.referee.asking.evaluate import Asker, _programs
from lab.referee.points.drawn import groups
from lab.referee.programs.fingerprint import fingerprint

FIRST, SECOND = np.arange(3.0), np.arange(3.0) + 1


def scaled(by):
    return jax.jit(lambda x: x * by)


def scanned(by):
    return lambda x: jax.lax.scan(lambda total, one: (total + by * one, one), 0.0, x)[0]


def ruled(slope):
    """A sine with a rule of its own."""
    sine = jax.custom_jvp(lambda x: jnp.sin(x))
    sine.defjvp(lambda primals, tangents: (sine(*primals), slope * tangents[0]))
    return lambda x: sine(x).sum()


def trace(f):
    return jax.make_jaxpr(lambda x: f(x))(FIRST)


ALIKE = {
    "one formula, written twice": (lambda x: 2 * jnp.sin(x), lambda y: 2 * jnp.sin(y)),
    "a constant of the same entries": (lambda x: x * FIRST, lambda x: x * FIRST.copy()),
    "a constant within": (scaled(FIRST), scaled(FIRST.copy())),
    "a key": (
        lambda x: x + jax.random.normal(jax.random.key(1), (3,)),
        lambda x: x + jax.random.normal(jax.random.key(1), (3,)),
    ),
}
APART = {
    "another number": (lambda x: 2.0 * x, lambda x: 2.0000001 * x),
    "another constant": (lambda x: x * FIRST, lambda x: x * SECOND),
    "another constant within": (scaled(FIRST), scaled(SECOND)),
    "another number in a loop": (scanned(2.0), scanned(3.0)),
    "another order": (lambda x: (x - 1) / (x + 1), lambda x: (x + 1) / (x - 1)),
    "another parameter": (lambda x: jnp.sum(x, 0), lambda x: jnp.max(x, 0)),
    "another key": (
        lambda x: x + jax.random.normal(jax.random.key(1), (3,)),
        lambda x: x + jax.random.normal(jax.random.key(2), (3,)),
    ),
    "another rule": (jax.grad(ruled(3)), jax.grad(ruled(4))),
}


@pytest.mark.parametrize("name", ALIKE)
def test_programs_that_compute_alike_are_known_as_one(name):
    first, second = map(trace, ALIKE[name])
    assert fingerprint(first) == fingerprint(second) is not None


@pytest.mark.parametrize("name", APART)
def test_programs_that_do_not_are_told_apart(name):
    first, second = map(trace, APART[name])
    assert fingerprint(first) != fingerprint(second)


def test_a_program_that_calls_back_is_not_known_at_all():
    result = jax.ShapeDtypeStruct((3,), np.float32)
    back = lambda x: jax.pure_callback(np.sin, result, x)
    assert fingerprint(jax.make_jaxpr(back)(FIRST.astype(np.float32))) is None


def test_what_a_function_means_may_change_under_it():
    rate = {"by": 2.0}
    square = lambda x: jnp.sum(rate["by"] * x**2)
    hand = lambda x: 4 * x
    at = dict(x=reals("n"))
    assert check(square, hand, at=at)
    rate["by"] = 2.5
    assert check(square, hand, at=at).mistake.name == "factor"
    rate["by"] = 2.0
    assert check(square, hand, at=at)


def test_a_hand_written_anew_is_not_compiled_again():
    square = lambda x: jnp.sum(x**3)
    hand = lambda factor: lambda x: factor * x**2
    at = dict(x=reals("n"))
    first = check(square, hand(3.0), at=at)
    known = list(_programs)
    again = check(square, hand(3.0), at=at)
    assert sorted(map(str, _programs)) == sorted(map(str, known))
    assert again._replace(seconds=0) == first._replace(seconds=0)
    assert not check(square, hand(3.00001), at=at)


def test_answers_come_in_the_shape_that_was_asked_for():
    claim = groups_of(lambda x: x)
    pair = Asker(lambda x: {"a": 2 * x, "b": x}, claim, 64, 4)(claim.leaves)
    other = Asker(lambda x: (2 * x, x), claim, 64, 4)(claim.leaves)
    assert np.array_equal(pair["a"], other[0])
    assert np.array_equal(pair["b"], other[1])


def groups_of(f):
    from lab.derivation import derivation

    return groups(derivation(f, f, kind="identity", wrt=0, at=dict(x=reals("n"))), 0, None)[0]
