"""The rules on trial: on random expressions, one by one, and where one is left out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.calculus.elementary import dual_numbers, forward_mode, rules
from lab.calculus.elementary.dual_numbers import Dual, cos, dual, exp, log, sin, sqrt
from lab.calculus.elementary.forward_mode import forward_sweep
from lab.calculus.elementary.higher_derivatives import damped_sine_nth_derivative, differentiated
from lab.derivation import derivation_of
from lab.symbolic import opinion
from lab.symbolic.differential import is_rule, opinion_on_rule
from lab.tables import Table

EXPRESSIONS: Mapping[str, Callable[[Any], Any]] = {
    "wave": forward_mode.wave,
    "resonance": dual_numbers.resonance,
    "nested": forward_mode.nested,
    "entropy": forward_mode.coin_entropy,
}


class Row(NamedTuple):
    """A row of the trajectory: a node of an expression, or a whole one."""

    part: str
    node: str
    operation: str
    inputs: str
    says: str
    x: float
    value: float
    derivative: float
    jax: float
    sympy: float = float("nan")


WORDS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "integer_pow": "power"}


def sweep(f: Callable[[Any], Any], x: Any) -> Iterator[Row]:
    """Every step of f at x, with its slope by the rule for it and by JAX."""
    values = lambda x: [step.value for step in forward_sweep(f, x)]
    truths = jax.jvp(values, (x,), (jnp.ones_like(x),))[1]
    for step, truth in zip(forward_sweep(f, x), truths, strict=True):
        name, *power = step.operation.split()
        labels = (step.name, " ".join([WORDS.get(name, name), *power]), ", ".join(step.inputs), "")
        yield Row("sweep", *labels, *map(float, (x, step.value, step.slope, truth)))


# ----- random expressions, by dual numbers, by JAX and by SymPy


class Tree(NamedTuple):
    """An expression in x, how it is written, and how many operations it has."""

    f: Callable[[Any], Any]
    text: str
    size: int


UNARY: Mapping[str, Callable[[Any], Any]] = {
    "sin({})": sin,
    "cos({})": cos,
    "exp(-({})^2)": lambda u: exp(-(u**2)),
    "log(1 + ({})^2)": lambda u: log(1 + u**2),
    "sqrt(1 + ({})^2)": lambda u: sqrt(1 + u**2),
    "({})^3": lambda u: u**3,
}
BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "({} + {})": lambda u, v: u + v,
    "({} - {})": lambda u, v: u - v,
    "{} * {}": lambda u, v: u * v,
    "{} / (1 + ({})^2)": lambda u, v: u / (1 + v**2),
}


def grown(rng: np.random.Generator, height: int) -> Tree:
    """A random expression: leaves are x, or now and then a number."""
    if height == 0:
        number = int(rng.integers(1, 4))
        constant = Tree(lambda x: number + 0 * x, str(number), 0)
        return constant if rng.random() < 0.2 else Tree(lambda x: x, "x", 0)
    left = grown(rng, height - 1)
    if rng.random() < 0.5:
        text, f = list(UNARY.items())[rng.integers(len(UNARY))]
        return Tree(lambda x: f(left.f(x)), text.format(left.text), left.size + 1)
    right = grown(rng, int(rng.integers(height)))
    text, g = list(BINARY.items())[rng.integers(len(BINARY))]
    both = lambda x: g(left.f(x), right.f(x))
    return Tree(both, text.format(left.text, right.text), left.size + right.size + 1)


def on_random_expressions(rng: np.random.Generator, count: int, symbolic: int) -> Iterator[Row]:
    for place in range(count):
        tree = grown(rng, int(rng.integers(1, 7)))
        x = np.round(rng.uniform(-1.5, 1.5), 3)
        here = jnp.array(x, float)
        seen = dual(tree.f(Dual(here, jnp.ones_like(here))))
        slope = jax.jvp(tree.f, (here,), (jnp.ones_like(here),))[1]
        exact = by_sympy(tree.f, x) if place < symbolic else np.nan
        numbers = (float(x), float(seen.value), float(seen.slope), float(slope), exact)
        yield Row("random", f"e{place}", str(tree.size), "x", tree.text, *numbers)


def by_sympy(f: Callable[[Any], Any], x: float) -> float:
    """f'(x), of the derivative that SymPy derives."""
    (symbol,) = opinion.symbols_for(["x"], [False])
    derived = opinion.derivative_of(f, (symbol,))
    return float(derived.evalf(30, subs={symbol: x}))


# ----- the rules, one by one, before SymPy


def before_sympy() -> Iterator[Row]:
    """Each rule of `rules` for numbers against the total differential that SymPy derives."""
    for member in vars(rules).values():
        claim = derivation_of(member)
        if claim is None or not is_rule(claim):
            continue
        found = opinion_on_rule(claim)
        value = float(bool(found.equal and found.exact))
        inputs = ", ".join(claim.arguments)
        yield Row("rule", claim.name, "jvp", inputs, found.says, np.nan, value, np.nan, np.nan)


# ----- what the product rule leaves out, and what n derivatives do


def corners() -> Iterator[Row]:
    """Δ(fg) less f Δg and g Δf, for f = eˣ, g = sin x at 1: the corner Δf Δg ~ f' g' h²."""
    x, f, g = 1.0, np.exp(1.0), np.sin(1.0)
    for h in 0.5 ** np.arange(1, 13):
        df, dg = f * np.expm1(h), np.sin(x + h) - g
        corner = (f + df) * (g + dg) - f * g - df * g - f * dg
        says = "the corner, and f' g' h²"
        yield Row("corner", "fg", "product", "f, g", says, h, corner, f * np.cos(x) * h**2, np.nan)


def higher(a: float, b: float, orders: int) -> Iterator[Row]:
    """The n-th derivatives of e^(ax) sin bx for x from 0 to 6, by hand and by JAX."""
    x = jnp.linspace(0.0, 6.0, 121).astype(float)
    rate, frequency = jnp.asarray(a, x.dtype), jnp.asarray(b, x.dtype)
    f = lambda t: jnp.exp(rate * t) * jnp.sin(frequency * t)
    truths = jax.jit(lambda x: [differentiated(f, n)(x) for n in range(orders + 1)])(x)
    for n, truth in enumerate(truths):
        hand = damped_sine_nth_derivative(x, rate, frequency, n)
        for point in zip(x.tolist(), hand.tolist(), truth.tolist(), strict=True):
            yield Row("nth", f"n = {n}", str(n), "x", "", point[0], *point[1:2], *point[1:])


def amplitudes(table: Table, settings: Mapping[str, Any]) -> np.ndarray:
    """The greatest size of each n-th derivative, with the damping taken out."""
    bare = abs(table["jax"]) * np.exp(-settings["damping"] * table["x"])
    return np.array(
        [bare[table["operation"] == str(n)].max() for n in range(settings["orders"] + 1)]
    )


def relative(table: Table, witness: str) -> np.ndarray:
    """The error of the derivative, relative to it or, near its zeros, to 1."""
    return abs(table["derivative"] - table[witness]) / np.maximum(abs(table["derivative"]), 1.0)
