"""What is printed of a verdict: short, whole, and nothing twice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, labels, reals
from lab.referee.on_paper import written
from lab.referee.show import described
from lab.referee.verdict import Counterexample, Mistake, Verdict, Witness

JAX = (Witness("jax forward", "disagrees", 6.0), Witness("jax reverse", "disagrees", 6.0))
ROUNDING = Witness("float32", "abstains", None, "the formula is wrong to begin with")
AGREEING = (
    Witness("jax forward", "agrees", 2.5e-16),
    Witness("differences", "agrees", 2.6e-13),
    Witness("float32", "disagrees", None),
)


def verdict(mistake, *, word="wrong", witnesses=(), kind="gradient"):
    return Verdict(
        "mine", "f", kind, None, None, word, mistake, mistake.says, {}, witnesses, None, 9, 0.1
    )


@pytest.mark.parametrize(
    ("name", "word", "head"),
    [
        ("batch_factor", "wrong", "✗ mine is wrong: batch factor"),
        ("symmetrize", "wrong", "✗ mine is wrong: symmetry"),
        ("unknown", "wrong", "✗ mine is wrong"),
        ("unstable", "unstable", "✗ mine is unstable"),
        ("unknown", "error", "! mine cannot be judged"),
    ],
)
def test_the_first_line(name, word, head):
    said = described(verdict(Mistake(name, "it is off", "w"), word=word))
    assert said.splitlines()[0] == head


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("derivative", None),
        ("derivative, mine.py:3", "  where      mine.py:3"),
        ("w, mine.py:3", "  where      w, mine.py:3"),
    ],
)
def test_the_place_is_told_where_there_is_one(where, told):
    said = described(verdict(Mistake("sign", "it is off", where), kind="derivative"))
    assert [line for line in said.splitlines() if "where" in line] == ([told] if told else [])


@pytest.mark.parametrize(
    ("says", "where", "told"),
    [
        ("right except where w < 0", "w, w < 0", "  where      w"),
        ("right except where x > 3: there it is 0", "x > 3", None),
        ("right except where x < f(a, b) (m.py:3)", "x, x < f(a, b) (m.py:3)", "  where      x"),
    ],
)
def test_a_condition_is_told_once(says, where, told):
    said = described(verdict(Mistake("region", says, where)))
    assert [line for line in said.splitlines() if "  where" in line] == ([told] if told else [])


@pytest.mark.parametrize(
    ("word", "witnesses", "told"),
    [
        ("wrong", (*JAX, ROUNDING), "jax forward and jax reverse disagree"),
        (
            "wrong",
            (*JAX, Witness("differences", "abstains", None, "a kink"), ROUNDING),
            "jax forward and jax reverse disagree; differences abstain (a kink)",
        ),
        (
            "unstable",
            AGREEING,
            "jax forward (3e-16) and differences (3e-13) agree; float32 disagrees",
        ),
    ],
)
def test_witnesses_that_say_the_same_are_heard_together(word, witnesses, told):
    said = described(verdict(Mistake("sign", "it is off", "w"), word=word, witnesses=witnesses))
    assert said.splitlines()[-1] == f"  witnesses  {told}"


def test_a_verdict_stands_for_itself_in_an_assertion():
    made = verdict(Mistake("sign", "the sign is flipped", "w"))
    assert repr(made) == "<mine is wrong: the sign is flipped [w]>"
    assert made._replace(name="yours").name == "yours"


def cross_entropy(z, y):
    return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(y.size), y])


def of_all(z, y):
    e = jnp.exp(z)
    return (e / jnp.sum(e) - jax.nn.one_hot(y, z.shape[1])) / y.size


def of_each(z, y):
    e = jnp.exp(z)
    return (e / jnp.sum(e, axis=1, keepdims=True) - jax.nn.one_hot(y, z.shape[1])) / y.size


LOGITS = dict(z=reals("n k"), y=labels("n", "k"))


def test_at_a_kink_jax_chooses_too():
    hand = lambda x: jnp.where(x > 0, 1.0, jnp.where(x < 0, 0.0, 3.0))
    said = described(check(lambda x: jnp.sum(jnp.maximum(x, 0)), hand, at=dict(x=reals("n"))))
    assert "by JAX" in said
    assert "0.]" not in said


def test_a_formula_that_overflows_too_is_shown_where_it_does_not():
    shown = check(cross_entropy, of_all, at=LOGITS).counterexample
    assert np.isfinite(shown.hand["z"]).all()
    assert len(shown.arguments["z"]) > 1  # of a single row the sum is right


def test_what_overflows_is_shown_where_it_does():
    judged = check(cross_entropy, of_each, at=LOGITS)
    assert judged.verdict == "unstable"
    assert np.isnan(judged.counterexample.hand["z"]).any()
    assert np.isfinite(judged.counterexample.truth["z"]).all()
    assert "example" in described(judged)


def test_of_one_sample_there_is_no_spread():
    variance = lambda x: jnp.mean((x - jnp.mean(x)) ** 2)
    hand = lambda x: 2 * (x - jnp.mean(x)) / (x.size - 1)
    shown = check(variance, hand, at=dict(x=reals("n"))).counterexample
    assert np.isfinite(shown.hand["x"]).all()
    assert len(shown.arguments["x"]) == 2


def test_an_example_shows_a_difference():
    def clipped(x, s):
        return jnp.sum(s * jnp.clip(x / s, -3.0, 3.0))  # without s while all x are inside

    def mean(x, s):
        return jnp.mean(jnp.where(jnp.abs(x / s) < 3, 0.0, 3 * jnp.sign(x)))

    at = lambda key: (2 * jax.random.normal(key, (6,)), jnp.exp(jax.random.normal(key, ())))
    shown = check(clipped, mean, wrt="s", at=at).counterexample
    assert abs(shown.hand["s"] - shown.truth["s"]) > 0.1


def test_what_is_cut_in_halves_is_made_small_too():
    def turned(x, angle):
        a, b = jnp.split(x, 2, axis=-1)
        c, s = jnp.cos(angle), jnp.sin(angle)
        return jnp.sum(jnp.concatenate([a * c - b * s, b * c + a * s], axis=-1) ** 3)

    at = lambda key: (jax.random.normal(key, (5, 6)), jax.random.normal(key, (5, 3)))
    shown = check(turned, lambda x, angle: -jax.grad(turned)(x, angle), at=at).counterexample
    assert np.shape(shown.arguments["x"]) == (1, 2)
    assert np.shape(shown.arguments["angle"]) == (1, 1)


def test_sides_and_leaves_stand_under_each_other():
    shown = Counterexample({"x": 1.0}, {"a": 1.0, "rate": 2.0}, {"a": 3.0, "rate": 4.0})
    assert list(written(shown)) == [
        "x = 1",
        "by hand a    = 1",
        "by hand rate = 2",
        "true    a    = 3",
        "true    rate = 4",
    ]


def test_a_leaf_of_several_is_named():
    shown = Counterexample({"p['W']": 1.0, "p['b']": 1.0}, {"p['b']": 1.0}, {"p['b']": 3.0})
    said = list(written(shown))
    assert said[2:] == ["by hand p['b'] = 1", "true    p['b'] = 3"]


def test_a_single_answer_has_no_name():
    hand = lambda x: jnp.zeros((2, *x.shape))
    says = check(jnp.sum, hand, at=dict(a=reals("n"))).mistake.says
    assert says.startswith("the answer has shape (2, ")
    assert says.endswith("sum over axis 0, along which the argument was broadcast")
