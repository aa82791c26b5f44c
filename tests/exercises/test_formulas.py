"""Answers typed as formulas: judged by the referee, and by SymPy."""

import jax.numpy as jnp
import pytest

from lab.derivation import derivative, gradient, hessian, identity
from lab.domains import choice, positive, reals
from lab.errors import BadInput
from lab.exercises import exercise
from lab.exercises.formulas import judge_typed, of_function


def asked(solution, **options):
    return exercise(hints=(), wrong=(), **options)(solution).__exercise__


@derivative(of=lambda x: jnp.sin(x**2), at=dict(x=reals("n")))
def wave(x):
    return 2 * x * jnp.cos(x**2)


@gradient(of=lambda x, a: a * jnp.log(x), wrt="x", at=dict(x=positive(), a=reals()))
def scaled_logarithm(x, a):
    return a / x


@gradient(of=lambda x, y: x**2 * y, wrt=("x", "y"), at=dict(x=reals(), y=reals()))
def pair(x, y):
    return 2 * x * y, x**2


@hessian(of=lambda x: x**3, at=dict(x=reals()))
def bend(x):
    return 6 * x


@identity(of=lambda x: (x + 1) ** 2, at=dict(x=reals()))
def binomial(x):
    return x**2 + 2 * x + 1


@gradient(of=lambda p: p @ p, at=dict(p=reals("n")))
def of_arrays(p):
    return 2 * p


@derivative(of=lambda x, n: x**n, at=dict(x=positive(), n=choice(2, 3)))
def power(x, n):
    return n * x ** (n - 1)


WAVE = asked(wave)

RIGHT = [
    (WAVE, "2x cos(x^2)", True),
    (WAVE, "x(exp(0) + 1)cos(x*x)", True),
    (WAVE, "¼ 8x cos(x^2)", True),
    (asked(scaled_logarithm), "a/x", True),
    (asked(bend), "6x", True),
    (asked(binomial), "x(x + 2) + 1", True),
    (asked(pair), "2x y, x^2", None),
    (asked(lambda: 0.5), "1/2", None),
    (asked(lambda: jnp.array([1.0, 2.0])), "(cos(0), 2)", None),
    (asked(lambda x: x + 1, at=[(1.0,), (3.0,)]), "1 + x", None),
]


@pytest.mark.parametrize(("question", "text", "proved"), RIGHT)
def test_right_formulas_pass(question, text, proved):
    verdict, opinion = judge_typed(question, text)
    assert verdict.passes, verdict
    assert (opinion and opinion.exact) == proved
    if opinion:
        assert verdict.witnesses[-1].name == "symbolic"
        assert verdict.witnesses[-1].says == "agrees"


WRONG = [
    (WAVE, "cos(x^2)", "missing_chain_factor", True),
    (WAVE, "-2x cos(x^2)", "sign", True),
    (WAVE, "2", "", True),
    (asked(pair), "x^2, 2x y", "wrong_variable", False),
    (asked(lambda: 0.3), "10/3", "reciprocal", False),
]


@pytest.mark.parametrize(("question", "text", "name", "told"), WRONG)
def test_wrong_formulas_are_told_why(question, text, name, told):
    verdict, opinion = judge_typed(question, text)
    assert not verdict.passes
    assert verdict.mistake is not None
    assert name in verdict.mistake.name
    assert (opinion is not None and opinion.equal is False) == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3..2 x", "two numbers side by side at '.2'"),
        ("1 000 x", "two numbers side by side at '000'"),
        ("y = 2x", "the right-hand side alone"),
    ],
)
def test_what_may_be_a_slip_of_the_pen_is_asked_about(text, said):
    with pytest.raises(BadInput, match=said):
        judge_typed(WAVE, text)


def test_a_word_is_typed_as_it_is():
    word = asked(lambda: "saddle")
    assert judge_typed(word, "Saddle point")[0].passes
    assert not judge_typed(word, "'minimum'")[0].passes
    with pytest.raises(BadInput, match="an empty answer"):
        judge_typed(word, " ''")


def test_a_power_beyond_all_numbers_is_told_quietly(recwarn):
    for text in ("x^1e300", "9**9**9**9", "1e300 x"):
        assert not judge_typed(WAVE, text)[0].passes
    assert not recwarn.list


def test_a_formula_does_not_say_what_arrays_do():
    with pytest.raises(BadInput, match="about arrays"):
        judge_typed(asked(of_arrays), "2 p")


def test_whole_numbers_leave_sympy_without_an_opinion():
    verdict, opinion = judge_typed(asked(power), "n x^(n - 1)")
    assert verdict.passes
    assert opinion is None


def test_a_function_that_is_a_formula_is_proved():
    told = of_function(WAVE, lambda x: jnp.cos(x * x) * x + x * jnp.cos(x * x))
    assert told is not None
    assert told.equal
    assert told.exact
    assert of_function(asked(of_arrays), lambda p: 2 * p) is None
    assert of_function(asked(lambda: 1.0), lambda: 1.0) is None
