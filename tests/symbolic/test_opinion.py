"""JAX functions as expressions, their derivatives, and whether two expressions are one."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from lab.referee.targets import everything
from lab.symbolic.claims import opinion as opinion_on
from lab.symbolic.expression import NoFormula, expression
from lab.symbolic.formula import expression as typed
from lab.symbolic.formula import parse
from lab.symbolic.opinion import compare, derivative_of, symbols_for

EQUAL = [
    (lambda x: jnp.sin(x**2), "2x cos(x^2)", False),
    (jax.nn.sigmoid, "sigmoid(x)(1 - sigmoid(x))", False),
    (jax.nn.softplus, "1/(1 + exp(-x))", False),
    (lambda x: jnp.logaddexp(x, 0.0), "sigmoid(x)", False),
    (jnp.tanh, "1 - tanh(x)^2", False),
    (jnp.tanh, "1/cosh(x)^2", False),
    (
        lambda x: jax.nn.gelu(x, approximate=False),
        "(1+erf(x/sqrt(2)))/2 + x exp(-x^2/2)/sqrt(2pi)",
        False,
    ),
    (lambda x: x**x, "x^x (ln(x) + 1)", True),
    (lambda x: jnp.sin(x) / x, "(x cos(x) - sin(x))/x^2", True),
    (lambda x: jnp.sin(x) ** 2, "sin(2x)", False),
    (jnp.abs, "x/abs(x)", False),
    (jax.nn.relu, "(1 + sign(x))/2", False),
    (lambda x: jnp.where(x > 0, x**2, 0.0), "max(x, 0) 2", False),
    (lambda x: jnp.log1p(x**2), "2x/(1 + x^2)", False),
    (lambda x: jnp.expm1(x) + jnp.square(x), "e^x + 2x", False),
    (jax.lax.rsqrt, "-(1/2) x^(-3/2)", True),
    (jax.scipy.special.gammaln, "digamma(x)", True),
    (lambda x: jnp.exp2(x), "ln(2) 2^x", False),
    (lambda x: jnp.pi * x / 3, "pi/3", False),
    (jax.jit(lambda x: 0.5 * x**2 + 0.1 * x), "x + 1/10", False),
    (jnp.arctan, "1/(1 + x^2)", False),
    (lambda x: (x > 0).astype(x.dtype) * x, "(1 + sign(x))/2", False),
]


def opinion(f, text, positive):
    symbols = symbols_for(["x"], [positive])
    (formula,) = parse(text, ("x",))
    draw = lambda rng: [abs(rng.standard_normal()) + 0.1 if positive else rng.standard_normal()]
    return compare(derivative_of(f, symbols), typed(formula, {"x": symbols[0]}), symbols, draw)


@pytest.mark.parametrize(("f", "text", "positive"), EQUAL)
def test_a_right_derivative_is_proved(f, text, positive):
    told = opinion(f, text, positive)
    assert told.equal, told
    assert told.exact, told


@pytest.mark.parametrize(("f", "text", "positive"), EQUAL)
def test_a_planted_mistake_is_seen(f, text, positive):
    told = opinion(f, f"({text}) * (1 + 10^-9)", positive)
    assert told.equal is False
    assert "not equal" in told.says


def test_it_says_when_there_is_no_proof():
    told = opinion(lambda x: 0.123456789 * x**2, "0.246913578 x", False)
    assert told.equal
    assert not told.exact
    assert "no proof" in told.says


def test_where_nothing_can_be_evaluated_it_has_no_opinion():
    assert opinion(lambda x: jnp.sqrt(-jnp.exp(x)), "x", False).equal is None


@pytest.mark.slow
def test_no_formula_of_the_catalogue_is_contradicted():
    opinions = {one.name: opinion_on(one) for one in everything()}
    told = {name: one for name, one in opinions.items() if one is not None}
    assert [name for name, one in told.items() if one.equal is False] == []
    assert sum(one.exact for one in told.values()) > 150


def test_a_claim_is_confirmed_or_contradicted():
    right = next(d for d in everything() if d.name == "tanh_derivative")
    told = opinion_on(right)
    assert told is not None
    assert told.exact
    assert told.equal
    wrong = opinion_on(replace(right, hand=lambda x: 1 - jnp.tanh(x)))
    assert wrong is not None
    assert wrong.equal is False


def test_several_variables():
    x, a = symbols_for(["x", "a"], [False, True])
    found = expression(lambda x, a: jnp.exp(-a * x), x, a)
    assert sympy.simplify(found - sympy.exp(-a * x)) == 0
    assert derivative_of(lambda x, a: a**x, (x, a), 1) == a**x * x / a


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jnp.linspace(0.0, 1.0, 3) * x,
        lambda x: jax.lax.fori_loop(0, 3, lambda i, y: y * x, x),
        lambda x: x if x > 0 else -x,
        lambda x: jnp.sum(jnp.stack([x, x])),
        lambda x: (x, x),
        lambda x: jax.scipy.special.bessel_jn(x, v=1)[0],
    ],
)
def test_what_is_no_formula_of_numbers_is_refused(f):
    with pytest.raises(NoFormula):
        expression(f, *symbols_for(["x"], [False]))


def test_constants_are_the_numbers_they_stand_for():
    x, *_ = symbols_for(["x"], [False])
    found = expression(lambda x: x * (1 / 3) + np.pi / 2 + np.sqrt(2.0) + jnp.sqrt(2 / jnp.pi), x)
    assert found == x / 3 + sympy.pi / 2 + sympy.sqrt(2) + sympy.sqrt(2 / sympy.pi)
