"""Formulas as people type them, and as people who mean no good type them."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from lab.errors import BadInput
from lab.symbolic.formula import constant, expression, parse, value
from lab.symbolic.opinion import symbols_for

AT = dict(x=1.5, y=0.7)

READ = [
    ("2*x*cos(x**2)", 2 * 1.5 * np.cos(2.25)),
    ("2x cos(x^2)", 2 * 1.5 * np.cos(2.25)),
    ("-x^2", -2.25),
    ("2^-x", 2**-1.5),
    ("x^y^2", 1.5 ** (0.7**2)),
    ("3(x+1)(x-1)", 3 * 2.5 * 0.5),
    ("x y", 1.05),
    ("(x)(y)", 1.05),
    ("x - -y", 2.2),
    ("1 - 2 - 3", -4),
    ("8/4/2", 1),
    ("x/2*y", 0.525),
    ("e^x", np.exp(1.5)),
    ("ln(e)", 1),
    ("x²+√(y)", 2.25 + np.sqrt(0.7)),
    ("x⁻² y¹⁰", 1.5**-2 * 0.7**10),
    ("eˣ", np.exp(1.5)),
    ("2π", 2 * np.pi),
    ("2−x·y", 2 - 1.05),
    (".5 + 1e-3", 0.501),
    ("max(x, y) + min(x, y)", 2.2),
    ("sigmoid(x)(1 - sigmoid(x))", np.exp(-1.5) / (1 + np.exp(-1.5)) ** 2),
    ("atan(x)", np.arctan(1.5)),
    ("((((x))))", 1.5),
    ("(-x)^3", -3.375),
    ("x^(1/2)", np.sqrt(1.5)),
    ("1/(2√x)", 0.5 / np.sqrt(1.5)),
    ("√2 + 1/√5", np.sqrt(2) + 1 / np.sqrt(5)),
    ("|y - x|", 0.8),
    ("2*jnp.sin(x) + np.cos(y) - math.sqrt(x)", 2 * np.sin(1.5) + np.cos(0.7) - np.sqrt(1.5)),
]


@pytest.mark.parametrize(("text", "meant"), READ)
def test_a_formula_is_read_as_it_is_meant(text, meant):
    (formula,) = parse(text, ("x", "y"))
    names = {name: jnp.asarray(number) for name, number in AT.items()}
    np.testing.assert_allclose(value(formula, names), meant, rtol=1e-12)
    symbols = dict(zip("xy", symbols_for("xy", [True, True]), strict=True))
    exact = expression(formula, symbols).subs(
        {symbols[name]: number for name, number in AT.items()}
    )
    np.testing.assert_allclose(float(exact), meant, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "count"), [("x, y", 2), ("(x, y)", 2), ("[x, y]", 2), ("(x), (y)", 2), ("(x)+(y)", 1)]
)
def test_several_formulas_stand_between_commas(text, count):
    assert len(parse(text, ("x", "y"))) == count


REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("x +", "ends too early"),
    ("sin(x", "ends too early"),
    ("x)", "cannot read ')'"),
    ("sin x", "needs brackets"),
    ("2 sinx", "argument: sin(x)"),
    ("sin", "needs brackets"),
    ("z", "no 'z' here"),
    ("sni(x)", "did you mean 'sin'?"),
    ("1/2x", "two ways"),
    ("max(x)", "takes 2"),
    ("x..y", "cannot read"),
    ("x = 2", "cannot read '='"),
    ("x; y", "cannot read ';'"),
    ("lambda x: x", "lambda"),
    ("__import__('os').system('true')", "cannot read"),
    ("exec(x)", "no 'exec'"),
    ("x.__class__", "cannot read '.'"),
    ("[x for x in y]", "no 'for' here"),
    ("x[0]", "cannot read '['"),
    ("√2x", "√ needs brackets"),
    ("√x^2", "√ needs brackets"),
    ("1/2√x", "two ways"),
    ("|x", "ends too early"),
    ("'x'", "cannot read"),
    ("f'", "cannot read"),
    ("(" * 200 + "x" + ")" * 200, "deep"),
    ("2^" * 200 + "2", "deep"),
    ("x+" * 400 + "x", "characters"),
    ("1e999", "too long"),
    ("9" * 50, "too long"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_no_formula_is_refused_in_one_line(text, said):
    with pytest.raises(BadInput, match=re.escape(said)) as refused:
        parse(text, ("x", "y"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["9^9^9^9", "(9^900)^900", "lgamma(10^9)", "exp(9^9^9)", "2^(10^10)"]
)
def test_numbers_that_would_never_end_are_refused(text):
    (formula,) = parse(text, ())
    with pytest.raises(BadInput, match="large"):
        expression(formula, {})
    assert np.size(value(formula, {})) == 1


def test_constants_are_exact():
    (formula,) = parse("1/3 + 1/6", ())
    assert constant(formula) == 0.5
    (formula,) = parse("x + 1", ("x",))
    assert constant(formula) is None
    (formula,) = parse("1/(1-1)", ())
    assert constant(formula) is None
