"""Rules for numbers before SymPy: right ones are proved, planted mistakes are found."""

import jax.numpy as jnp
import pytest

from lab import choice, jvp, nonzero, positive, reals
from lab.calculus.elementary import rules
from lab.derivation import derivation, derivation_of
from lab.symbolic.differential import is_rule, opinion_on_rule

PAIR = {"f": reals(), "g": nonzero()}
MISTAKES = [
    (lambda f, g: f * g, ("f", "g"), PAIR, lambda f, g, d: d[0] * g - f * d[1]),
    (lambda f, g: f / g, ("f", "g"), PAIR, lambda f, g, d: (d[0] * g + f * d[1]) / g**2),
    (lambda f, n: f**n, "f", {"f": nonzero(), "n": choice(3)}, lambda f, n, d: f ** (n - 1) * d),
    (lambda f: jnp.log(f), "f", {"f": positive()}, lambda f, d: d * f),
]


def test_the_rules_are_proved():
    claims = [derivation_of(member) for member in vars(rules).values()]
    found = [opinion_on_rule(claim) for claim in claims if claim and is_rule(claim)]
    assert len(found) >= 14
    assert all(one.equal and one.exact for one in found), found


@pytest.mark.parametrize(("of", "wrt", "at", "wrong"), MISTAKES)
def test_a_wrong_rule_is_not(of, wrt, at, wrong):
    assert opinion_on_rule(derivation(of, wrong, kind="jvp", wrt=wrt, at=at)).equal is False


def test_a_rule_is_a_jvp_of_numbers():
    vector = jvp(of=jnp.sum, at={"a": reals("n")})(lambda a, d: jnp.sum(d))
    assert not is_rule(derivation_of(vector))
