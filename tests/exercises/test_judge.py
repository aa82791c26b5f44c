"""Answers of every kind and shape: right ones pass, wrong ones are told why, odd ones get one line."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import adjoint, tap
from lab.derivation import derivative, gradient, identity
from lab.domains import reals
from lab.exercises import Hint, Wrong, exercise
from lab.exercises.answer import values_at
from lab.exercises.by_machine import differentiated
from lab.exercises.judge import judge


def made(solution, **options):
    return exercise(hints=(), wrong=options.pop("wrong", ()), **options)(solution).__exercise__


def square(x):
    return x**2


@derivative(of=square, at=dict(x=reals()))
def square_slope(x):
    return 2 * x


@gradient(of=lambda p: p[0] ** 2 * p[1], at=dict(p=reals("2")))
def pair_gradient(p):
    return jnp.stack([2 * p[0] * p[1], p[0] ** 2])


def is_unit(v):
    return None if np.isclose(v @ v, 1) else f"its length is {np.sqrt(v @ v):.3g}"


def odd_function(f):
    return None if np.isclose(f(1.3), -f(-1.3)) else "f(-x) is not -f(x)"


def four_times(x):
    return 2 * (x + x)


@gradient(of=lambda p, q: p @ q, wrt=("p", "q"), at=dict(p=reals("d"), q=reals("d")))
def product_gradient(p, q):
    return q, p


def model(x):
    return 4 * x


SLOPE = made(square_slope)
FOUR_TIMES = made(identity(of=four_times, at=dict(x=reals()))(lambda x: 4 * x))
PRODUCT = made(product_gradient)
PAIR = made(pair_gradient)
NUMBER = made(lambda: 0.25)
ARRAY = made(lambda: np.array([1.0, 2.0, 4.0]))
COUNTS = made(lambda: np.array([1_010_000.0, 101_000.0]))
MATRIX = made(lambda: np.array([[1.0, 2.0], [3.0, 4.0]]))
WORD = made(lambda: "saddle point")
COUNT = made(lambda: 10.0)
BELOW = made(lambda: -0.29)
THIRD = made(lambda: 1 / 3)
ROOT = made(lambda x, h: x**0.5, at=[(4.0, 1.0), (9.0, 1.0)])
SHIFTED = made(lambda x: x + 1, at=[(np.zeros(2),), (np.ones(3),)])
SUM_OF_SQUARES = made(lambda x, h: 3 * x**2 + h**2, at=[(2.0, 0.5), (0.1, 0.1), (0.0, 2.0)])
YES = made(lambda: True)
OF_TWO = made(lambda x, h: 2 * x + h, at=[(1.0, 0.5), (2.0, 0.25)])
UNIT = made(lambda: np.array([0.6, 0.8]), argument=is_unit)
ALL_AT_ONCE = made(lambda x: x**3, counterexample=lambda f: str(jax.vmap(f)(np.ones(3))))
ON_A_GRID = made(
    lambda x: x, counterexample=lambda f: None if values_at(f, np.arange(3.0))[2] == 6 else "no"
)
ODD = made(lambda x: x**3, counterexample=odd_function)
TUPLE = made(lambda: (1.0, np.eye(2)), argument=lambda answer: None)


def raises(x):
    return [][1]


def in_place(x):
    x += 1
    return x


RIGHT = [
    (SLOPE, lambda x: x + x),
    (PAIR, lambda p: jnp.stack([2 * p[0] * p[1], p[0] ** 2])),
    (PAIR, lambda p: (2 * p[0] * p[1], p[0] ** 2)),
    (PAIR, lambda p: np.array([2 * float(p[0]) * float(p[1]), float(p[0]) ** 2])),
    (NUMBER, 1 / 4),
    (NUMBER, 0.25 + 1e-8),
    (ARRAY, [1, 2, 4]),
    (NUMBER, Fraction(1, 4)),
    (ARRAY, [Fraction(1), 2, 4.0]),
    (MATRIX, ((1, 2), (3, 4))),
    (WORD, "Saddle-Point"),
    (WORD, "a saddle"),
    (THIRD, 0.333333),
    (SHIFTED, in_place),
    (YES, True),
    (OF_TWO, lambda x, h: x + x + h),
    (UNIT, [1.0, 0.0]),
    (ODD, jnp.sin),
    (TUPLE, [3, np.zeros((2, 2))]),
    (ON_A_GRID, lambda x: 3 * x),
    (ON_A_GRID, lambda x: 3 * x if x > 1 else 0.0),
    (ON_A_GRID, lambda x: 3 * np.fabs(x)),
    (ON_A_GRID, lambda x: 3 * math.fabs(x)),
    (SLOPE, jax.grad(lambda x: x**2)),
    (SLOPE, lambda x: np.multiply(2, x)),
    (FOUR_TIMES, lambda x: x * 4),
    (FOUR_TIMES, lambda x: model(x)),
    (COUNTS, [1_010_000, 101_000]),
    (PRODUCT, lambda p, q: (list(q), list(p))),
    (PRODUCT, lambda p, q: jnp.stack([q, p])),
    (PRODUCT, lambda p, q: np.array([q, p])),
]


@pytest.mark.parametrize(("asked", "answer"), RIGHT)
def test_right_answers_pass(asked, answer):
    verdict = judge(asked, answer)
    assert verdict is not None
    assert verdict.passes, verdict


WRONG = [
    # values, by what is usually done wrong
    (NUMBER, -0.25, "sign"),
    (NUMBER, 0.5, "twice"),
    (NUMBER, 0.125, "half"),
    (NUMBER, 4.0, "reciprocal"),
    (NUMBER, -4.0, "sign is flipped"),
    (ARRAY, [0, 1, 3], "a constant is forgotten: 1"),
    (NUMBER, 0.25 + np.pi, "a constant π too much"),
    (NUMBER, 0.0625, "factor"),
    (NUMBER, 0.2501, "close, but off by 0.04%"),
    (NUMBER, 0.37, "too large"),
    (NUMBER, 0.11, "too small"),
    (BELOW, -0.39, "too large in size"),
    (THIRD, 0.333, "close, but off by 0.1%, and 0.001% is allowed"),
    (COUNT, 9, "off by one"),
    (COUNT, 11, "off by one"),
    (COUNT, 8, "too small"),
    (ROOT, lambda x, h: jnp.sqrt(x - 5), "at x = 4, h = 1 it returns NaN"),
    (ROOT, lambda x, h: 2.0, "right at 1 of 2 places tried, and wrong at x = 9, h = 1"),
    (SHIFTED, lambda x: jnp.where(x == 0, 1.0, 3.0), "wrong at x = [1., 1., 1.]"),
    (SUM_OF_SQUARES, lambda x, h: 3 * x**2 + h, "that is not it"),
    (COUNTS, [1_010_001, 101_000], "what is counted is exact"),
    (ARRAY, [1, 2, 5], "1 of its 3 entries is wrong, the first at index 2"),
    (ARRAY, [4, 2, 1], "reverse order"),
    (ARRAY, [2, 1, 4], "another order"),
    (ARRAY, [1, 2], "an array of shape (2,) where an array of shape (3,)"),
    (ARRAY, 7.0, "a single number where an array"),
    (MATRIX, [[1, 3], [2, 4]], "transpose"),
    (WORD, "minimum", "not the word"),
    (WORD, 3, "a word is asked for"),
    (YES, False, "other way round"),
    (YES, 1, "True or False"),
    (OF_TWO, lambda x, h: 2 * x - h, "that is not it"),
    (OF_TWO, lambda x, h: 4 * x + 2 * h, "twice"),
    # what is no number
    (NUMBER, None, "`return` missing"),
    (NUMBER, "0.25", "the text '0.25'"),
    (NUMBER, "0.25" * 99, "0.25'... where numbers"),
    (NUMBER, float("nan"), "NaN"),
    (NUMBER, float("inf"), "infinity"),
    (NUMBER, 1j, "complex"),
    (NUMBER, lambda: np.sin, "call it"),
    (NUMBER, {"a": 1}, "dict"),
    (NUMBER, lambda: 10**400, "beyond all floating point numbers"),
    (NUMBER, lambda: 10**5000, "beyond all floating point numbers"),
    (NUMBER, {1, 2}, "a set where"),
    (ARRAY, [[1], [2, 3]], "rows of different lengths"),
    # conditions
    (UNIT, [3.0, 4.0], "its length is 5"),
    (UNIT, [1.0, 0.0, 0.0], "shape"),
    (UNIT, "north", "text"),
    (ODD, jnp.cos, "f(-x) is not -f(x)"),
    (ODD, lambda x: jnp.stack([x, x]), "shape (2,)"),
    (ODD, lambda x: None, "`return` missing"),
    (ODD, lambda x: jnp.sin(x) + 0j, "complex numbers"),
    (TUPLE, [3], "1 parts where 2 parts"),
    (TUPLE, [3, 4], "a single number where an array of shape (2, 2)"),
    # derivatives
    (SLOPE, lambda x: x, "factor"),
    (SLOPE, lambda x: None, "`return` missing"),
    (SLOPE, lambda x: "2x", "the text '2x'"),
    (SLOPE, lambda x: x * jnp.nan, "not finite"),
    (SLOPE, lambda x: jnp.stack([x, x]), "shape"),
    (PAIR, lambda p: p[0], "a single number where an array of shape (2,)"),
    (PAIR, lambda p: jnp.stack([p]), "another arrangement"),
    (PAIR, lambda p: [], "shape (0,)"),
    (PAIR, lambda p: (None, p[0]), "`return` missing"),
    (PAIR, lambda p: p.astype(complex), "complex numbers"),
    (PAIR, lambda p: object(), "an object where"),
    (PAIR, lambda p: [np.sin, np.cos], "call it"),
    (SLOPE, lambda x: x * x, "the function itself"),
    (FOUR_TIMES, lambda x: four_times(x), "calls four_times"),
    (FOUR_TIMES, four_times, "calls four_times"),
    (FOUR_TIMES, lambda x: 3 * x, "it is 3/4 times what is asked for"),
    (PAIR, lambda p: (2 * p[0] * p[1], [p[0] ** 2, 1]), "shape"),
    (SLOPE, lambda x: (square(x + 1e-6) - square(x)) / 1e-6, "a difference quotient"),
    (PAIR, lambda p: {"x": p[0]}, "shape"),
    (PRODUCT, lambda p, q: jnp.stack([p, q]), "exchanged"),
    (PRODUCT, lambda p, q: jnp.stack([q, p, p]), "shape"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answer", "said"), WRONG)
def test_wrong_answers_are_told_why_in_one_line(asked, answer, said):
    verdict = judge(asked, answer)
    assert verdict is not None
    assert not verdict.passes
    told = verdict.reason + (f" {verdict.mistake.name}" if verdict.mistake else "")
    assert said in told
    assert "\n" not in told


ODDITIES = [
    (SLOPE, raises, "IndexError"),
    (NUMBER, lambda: 1 / 0, "ZeroDivisionError"),
    (ODD, raises, "IndexError"),
    (ODD, lambda x: x ^ 3, "in Python a power is x ** 2"),
    (SLOPE, lambda x: 2 * x ^ 1, "in Python a power is x ** 2"),
    (NUMBER, lambda: 0.5 ^ 2, "in Python a power is x ** 2"),
    (SLOPE, lambda x: 2 * sin(x), "NameError: name 'sin' is not defined: jnp.sin, perhaps?"),  # noqa: F821
    (NUMBER, lambda: ln(2.0), "jnp.log, perhaps?"),  # noqa: F821
    (SLOPE, lambda x: exit(), "ends the program"),
    (NUMBER, lambda: exit(), "ends the program"),
    (ALL_AT_ONCE, lambda x: x if x > 0 else -x, "an `if` cannot ask"),
    (ALL_AT_ONCE, lambda x: np.sin(x), "neither NumPy nor math"),
    (ALL_AT_ONCE, lambda x: math.sin(x), "neither NumPy nor math"),
    (NUMBER, eval("lambda: np.pi", {}), "is `import numpy as np` missing"),
    (SLOPE, eval("lambda x: jax.grad(f)(x)", {}), "is `import jax` missing"),
    (PAIR, lambda p: p if p > 0 else -p, "an `if` cannot ask a whole array"),
    (SLOPE, lambda x, y: x, "it takes (x, y) where the question gives (x)"),
    (OF_TWO, lambda h, x: 2 * x + h, "it takes (h, x); the question gives (x, h), in that order"),
    (NUMBER, lambda x: x, "the question gives (nothing)"),
]


@pytest.mark.parametrize(("asked", "answer", "said"), ODDITIES)
def test_an_answer_that_raises_is_told_where(asked, answer, said):
    verdict = judge(asked, answer)
    assert verdict is not None
    assert verdict.verdict == "error"
    assert said in verdict.reason
    if "Error" in said:
        assert "test_judge.py:" in verdict.reason


def not_yet(*args):
    raise NotImplementedError


@pytest.mark.parametrize("asked", [SLOPE, NUMBER, UNIT, ODD])
def test_what_is_not_implemented_is_open(asked):
    answer = (lambda x: not_yet()) if asked.arguments else lambda: not_yet()
    assert judge(asked, answer) is None


def for_ever(*args):
    while True:
        pass


def test_a_loop_that_does_not_end_is_told_so():
    for asked, answer in ((NUMBER, lambda: for_ever()), (SLOPE, lambda x: for_ever())):
        verdict = judge(asked, answer, seconds=1)
        assert verdict is not None
        assert "does not end" in verdict.reason


def test_an_answer_that_was_heard_once_is_not_said_to_have_no_end():
    calls = []

    def tires(x):
        calls.append(x)
        return for_ever() if len(calls) > 3 else 2 * x

    verdict = judge(SLOPE, tires, seconds=1)
    assert verdict is not None
    assert "not judged after" in verdict.reason


@pytest.mark.parametrize(
    ("answer", "by_jax"),
    [
        (lambda x: 2 * x, False),
        (lambda x: jax.grad(lambda x: x**2)(x), True),
        (jax.grad(square), True),
        (jax.jacfwd(square), True),
        (lambda x: asks_jax(x), True),
        (lambda x: jvp(x), False),
        (jnp.sin, False),
        (jax.jit(lambda x: 2 * x), False),
        (jax.jit(jax.grad(square)), True),
        (jax.vmap(jax.grad(square)), True),
    ],
)
def test_who_has_jax_differentiate_is_known(answer, by_jax):
    assert differentiated(answer) == by_jax


def asks_jax(x):
    return jax.value_and_grad(square)(x)[1]


def jvp(x):
    return 2 * x


def test_a_wrong_answer_that_is_known_gets_its_remark():
    known = [
        Wrong(lambda x: x**2, "", "That is the function itself."),
        Wrong(lambda x: x, "factor"),
    ]
    asked = made(derivative(of=square, at=dict(x=reals()))(lambda x: 2 * x), wrong=known)
    told = judge(asked, lambda x: x * x)
    assert told is not None
    assert told.reason.endswith("That is the function itself.")
    other = judge(asked, lambda x: x * x + 1)
    assert other is not None
    assert "itself" not in other.reason


def test_a_step_that_is_wrong_is_no_rounding():
    def loss(p):
        return tap("a", jnp.sin(p)) @ p

    @gradient(of=loss, at=dict(p=reals("d")))
    def hand(p):
        return adjoint("a", p) * jnp.cos(p) + jnp.sin(p)

    answer = lambda p: adjoint("a", p * jnp.cos(p)) + jnp.sin(p)
    told = judge(made(hand), answer)
    assert told is not None
    assert "a step on the way is not" in told.reason
    assert "So close" not in told.reason


def test_hints_may_be_plain_words():
    asked = exercise(hints=["look", Hint("twice", lambda: True)], wrong=())(lambda: 1.0)
    assert [hint.says for hint in asked.__exercise__.hints] == ["look", "twice"]
