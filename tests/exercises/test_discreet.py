"""What a learner may hear: where the mistake is, and not what should stand there."""

import jax
import jax.numpy as jnp
import pytest

from lab.derivation import derivative
from lab.domains import positive, reals
from lab.exercises import exercise
from lab.exercises.discreet import discreet
from lab.exercises.judge import judge
from lab.referee.verdict import Mistake

# What the referee would say to an author, who owns the formula, and must not say to a learner.
TELLING = [
    (jnp.log, lambda x: 1 / x**2, positive(), "1/x`"),
    (lambda x: jnp.sin(x**2), lambda x: 2 * x * jnp.sin(x**2), reals(), "cos"),
    (lambda x: jnp.tanh(3 * x), lambda x: 3 * (1 - jnp.tanh(3 * x)), reals(), "y^2"),
    (lambda x: x**3 + x**2, lambda x: 3 * x**2, reals(), "2 x"),
    (jax.nn.softplus, lambda x: jnp.exp(x) / (1 + jnp.exp(x)), reals(), "where the derivative is"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "answer", "domain", "secret"), TELLING)
def test_the_solution_is_not_given_away(f, answer, domain, secret):
    hand = lambda x: jax.grad(f)(x)
    asked = exercise(hints=(), wrong=())(derivative(of=f, at=dict(x=domain))(hand)).__exercise__
    verdict = judge(asked, answer)
    assert verdict is not None
    assert not verdict.passes
    assert secret not in verdict.reason, verdict


def test_discretion_keeps_what_a_learner_may_hear():
    said = "the slope of `jnp.sin(u)` is taken to be sin(u) where it is cos(u), u = x**2"
    mistake = discreet(Mistake("missing_chain_factor", said, "x"))
    assert mistake is not None
    assert "taken to be sin(u)" in mistake.says
    assert "cos" not in mistake.says
    assert discreet(None) is None


HUSHED = [
    ("`y(x)` lacks a term + 1 in the formula", "`y(x)` lacks a term in the formula"),
    ("x lacks a factor `a; b` on the left in the formula", "x lacks a factor in the formula"),
    (
        "x stands in the formula where `sin(x)` should; b: it is off",
        "where something else should; b",
    ),
    ("x should be squared in the formula", "with the wrong power"),
    ("b lacks a division by `h**2` in the formula", "b lacks a factor in the formula"),
    ("`cumsum(x)` of the formula runs forwards where it should run backwards", "the wrong way"),
    ("it runs along axis 0, and should run along axis 1", "axis 0, which is the wrong one"),
    ("the number 2 in `2 * x` should be 3", "the number 2 in `2 * x` is not the right one"),
    ("a term 3 x is left out", "a term is left out"),
    ("a factor `cos(x)` is left out, and it is 2 times it", "a factor is left out, and it is 2"),
    ("a factor a is left out, as if a were one", "a factor a is left out, as if a were one"),
    ("the numbers 1 and 2 in `f(1, 2)` should be 3 and 4", "in `f(1, 2)` are not the right ones"),
    (
        "is taken to be y where it is 1 - y^2, y = `tanh(x)`",
        "to be y, with y = `tanh(x)`, which it is not",
    ),
    ("is taken to be 1 where it is 2 u, u = x", "is taken to be 1, which it is not"),
    ("y stands in `c[y]` where `y - 1` should", "y stands in `c[y]` where something else should"),
    ("entry [2, 0] is 0 where it should be 1", "entry [2, 0] is 0, which it should not be"),
    ("entry [1, 3] lacks a factor h; b", "entry [1, 3] lacks a factor; b"),
]


@pytest.mark.parametrize(("said", "hushed"), HUSHED)
def test_discretion_says_where_and_not_what_should_stand_there(said, hushed):
    mistake = discreet(Mistake("unknown", f"the thing {said}", "x"))
    assert mistake is not None
    assert hushed in mistake.says
