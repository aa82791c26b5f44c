"""Forward mode: read a program step by step, and hand on a slope beside each value.

JAX writes a function down as a list of primitive steps.  There are few kinds of them, and for each
kind there is a rule in `rules`; that is a table, and with it every program made of these steps is
differentiated.  Dual numbers do the same without looking at the program.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.elementary import rules
from lab.calculus.elementary.dual_numbers import Number, exp, log, sin
from lab.calculus.elementary.limits_and_first_principles import (
    sine_tangent_rise,
    square_root_tangent_slope,
)
from lab.derivation import derivative
from lab.domains import interval, reals

Scalar = Float[Array, ""]


def minus(f: Scalar, df: Scalar) -> Scalar:
    """The rule of a constant multiple, for the constant -1."""
    return rules.constant_multiple_rule(f, -jnp.ones_like(f), df)


RULES: Mapping[str, Callable[..., Scalar]] = {
    "add": lambda f, g, df, dg: rules.sum_rule(f, g, (df, dg)),
    "sub": lambda f, g, df, dg: rules.sum_rule(f, -g, (df, minus(g, dg))),
    "mul": lambda f, g, df, dg: rules.product_rule(f, g, (df, dg)),
    "div": lambda f, g, df, dg: rules.quotient_rule(f, g, (df, dg)),
    "neg": minus,
    "integer_pow": lambda f, df, y: rules.power_of_function_rule(f, y, df),
    "sqrt": lambda f, df: square_root_tangent_slope(f) * df,
    "sin": sine_tangent_rise,
    "cos": rules.cosine_of_function_rule,
    "exp": rules.exponential_of_function_rule,
    "log": rules.logarithm_of_function_rule,
}
"""From values and their differentials to the differential of the result, for each kind of step."""


class Step(NamedTuple):
    """One step: what it is called, does and takes, its result, and the slope of that in x."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    value: Scalar
    slope: Scalar


def forward_sweep(f: Callable[[Any], Any], x: Scalar) -> list[Step]:
    """Every step of f at x, the argument itself first and the result last.

    Of functions of a number that are made of the steps in `RULES`; raises ``KeyError`` naming
    another.
    """
    program = jax.make_jaxpr(f)(x).jaxpr
    steps = [Step("x", "input", (), x, jnp.ones_like(x))]
    known = {program.invars[0]: steps[0]}
    for place, equation in enumerate(program.eqns, 1):
        taken = [
            constant(atom.val, x) if hasattr(atom, "val") else known[atom]
            for atom in equation.invars
        ]
        values, slopes = ([getattr(step, part) for step in taken] for part in ("value", "slope"))
        power = {"y": equation.params["y"]} if "y" in equation.params else {}
        value = equation.primitive.bind(*values, **equation.params)
        slope = RULES[equation.primitive.name](*values, *slopes, **power)
        words = " ".join([equation.primitive.name, *map(str, power.values())])
        step = Step(f"v{place}", words, tuple(step.name for step in taken), value, slope)
        steps.append(step)
        known[equation.outvars[0]] = step
    return steps


def constant(number: Any, x: Scalar) -> Step:
    """A number in the program: its slope is 0."""
    return Step(f"{float(number):g}", "number", (), jnp.asarray(number, x.dtype), jnp.zeros_like(x))


# ----- programs to differentiate -----


def wave(x: Number) -> Number:
    """x sin(x²) e^(-x/2) + ln(1 + x²)"""
    return x * sin(x**2) * exp(-x / 2) + log(1 + x**2)


def nested(x: Number) -> Number:
    """e^(sin x²)"""
    return exp(sin(x**2))


def coin_entropy(x: Number) -> Number:
    """-x ln x - (1 - x) ln(1 - x)"""
    return -x * log(x) - (1 - x) * log(1 - x)


@derivative(of=wave, at=dict(x=reals()))
def wave_slope_by_forward_mode(x: Scalar) -> Scalar:
    """Eleven steps, a rule for each: powers, sine, products, exponential, quotient, sum, logarithm;
    hence the slope of the last of them."""
    return forward_sweep(wave, x)[-1].slope


@derivative(of=nested, at=dict(x=reals()))
def nested_slope_by_forward_mode(x: Scalar) -> Scalar:
    """The chain rule from the inside out: 2x, then cos(x²) 2x;  hence e^(sin x²) cos(x²) 2x, a
    factor a step."""
    return forward_sweep(nested, x)[-1].slope


@derivative(of=coin_entropy, at=dict(x=interval(0, 1)))
def coin_entropy_slope_by_forward_mode(x: Scalar) -> Scalar:
    """Two products: -(ln x + 1) and ln(1 - x) + 1 in the sum;  hence ln((1 - x)/x), after nine
    steps."""
    return forward_sweep(coin_entropy, x)[-1].slope
