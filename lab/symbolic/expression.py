"""A JAX function of numbers as an expression of SymPy: its program, read step by step.

Constants are taken at the exact number they stand for (0.5 is a half, 3.14159... is pi) where there
is a simple one; a constant that is none stays a decimal, and nothing exact follows from it.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.symbolic.functions import FUNCTIONS


class NoFormula(Exception):  # noqa: N818 - it says what a function is not
    """The function is no formula of numbers; the message names the step that is none."""


def expression(f: Callable[..., Any], *symbols: Any) -> Any:
    """``f`` at the given symbols (or expressions) of SymPy, one for each of its arguments.

    Raises `NoFormula` where ``f`` is not made of elementary functions of single numbers, or takes
    branches that depend on the value of an argument.
    """
    with jax.enable_x64(True):
        try:
            # not 0 or 1, so that nothing that is one number by accident is read as a constant
            program = jax.make_jaxpr(f)(*(jnp.asarray(0.625) for _ in symbols))
        except Exception as problem:
            raise NoFormula(f"it cannot be traced: {type(problem).__name__}") from problem
    found = _run(program.jaxpr, program.consts, symbols)
    if len(found) != 1:
        raise NoFormula(f"it returns {len(found)} numbers")
    return found[0]


def _run(program: Any, constants: Any, arguments: Any) -> list[Any]:
    known: dict[Any, Any] = {}
    known |= dict(zip(program.constvars, map(exact, constants), strict=True))
    known |= dict(zip(program.invars, arguments, strict=True))
    read = lambda atom: exact(atom.val) if hasattr(atom, "val") else known[atom]
    for step in program.eqns:
        given = [read(atom) for atom in step.invars]
        if any(variable.aval.shape not in ((), (1,)) for variable in step.outvars):
            raise NoFormula(f"{step.primitive.name} makes an array of it")
        results = _inside(step, given)
        if results is None:
            results = [_step(step, given)]
        known |= dict(zip(step.outvars, results, strict=True))
    return [read(atom) for atom in program.outvars]


def _inside(step: Any, given: list[Any]) -> list[Any] | None:
    """The results of a step that is a program of its own."""
    inner = step.params.get("jaxpr") or step.params.get("call_jaxpr")
    if inner is None or step.primitive.name in ("while", "scan", "cond"):
        return None
    return _run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), given)


def _step(step: Any, given: list[Any]) -> Any:
    name = step.primitive.name
    if name in _SAME:
        return given[0]
    if name == "integer_pow":
        return given[0] ** step.params["y"]
    if name == "convert_element_type":
        return _number_of(given[0]) if np.dtype(step.params["new_dtype"]).kind != "b" else given[0]
    meaning = _meanings().get(name)
    if meaning is None:
        raise NoFormula(f"{name} is no elementary function")
    return meaning(*given)


def _number_of(value: Any) -> Any:
    """A condition as a number: 1 where it holds."""
    import sympy as s

    if isinstance(value, s.logic.boolalg.Boolean) and not value.is_symbol:
        return s.Piecewise((s.Integer(1), value), (s.Integer(0), True))
    return value


_SAME = {
    "broadcast_in_dim",
    "copy",
    "copy_p",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reshape",
    "squeeze",
    "stop_gradient",
}


@cache
def _meanings() -> Mapping[str, Callable[..., Any]]:
    """What each step of a program means, for expressions."""
    import sympy as s

    def select(which: Any, *cases: Any) -> Any:
        if len(cases) != 2:
            raise NoFormula("a choice among more than two")
        false, true = cases
        return s.Piecewise((true, s.sympify(which)), (false, True))

    by_name = {
        "exp": "exp", "log": "log", "sqrt": "sqrt", "cbrt": "cbrt", "abs": "abs", "sign": "sign",
        "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
        "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh",
        "acosh": "arccosh", "atanh": "arctanh", "erf": "erf", "lgamma": "lgamma",
        "digamma": "digamma", "logistic": "sigmoid", "max": "max", "min": "min",
    }  # fmt: skip
    return {primitive: FUNCTIONS[name].sympy for primitive, name in by_name.items()} | {
        "add": lambda a, b: a + b,
        "add_any": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "square": lambda a: a**2,
        "rsqrt": lambda a: 1 / s.sqrt(a),
        "exp2": lambda a: s.Integer(2) ** a,
        "log1p": lambda a: s.log(1 + a),
        "expm1": lambda a: s.exp(a) - 1,
        "erfc": lambda a: 1 - s.erf(a),
        "atan2": lambda a, b: s.atan2(a, b),
        "clamp": lambda low, a, high: s.Min(s.Max(low, a), high),
        "select_n": select,
        "eq": s.Eq,
        "ne": s.Ne,
        "lt": s.Lt,
        "le": s.Le,
        "gt": s.Gt,
        "ge": s.Ge,
        "and": s.And,
        "or": s.Or,
        "not": s.Not,
        "is_finite": lambda a: s.true,
    }


def exact(constant: Any) -> Any:
    """The number that a constant of a program stands for."""
    import sympy as s

    array = np.asarray(constant)
    if array.size != 1:
        raise NoFormula("an array is among its constants")
    if array.dtype.kind == "b":
        return s.true if array.item() else s.false
    if array.dtype.kind in "iu":
        return s.Integer(array.item())
    number = float(array.item())
    if not np.isfinite(number):
        return s.oo if number > 0 else -s.oo if number < 0 else s.nan
    units = ((s.Integer(1), 1.0), (s.pi, np.pi), (1 / s.pi, 1 / np.pi), (s.E, np.e))
    for unit, size in (*units, (s.log(2), np.log(2))):
        ratio = _simple(number / size, 10**6 if size == 1.0 else 100)
        if ratio is not None:
            return s.Rational(ratio.numerator, ratio.denominator) * unit
    for square, unit in (
        (number**2, s.Integer(1)),
        (number**2 / np.pi, s.pi),
        (number**2 * np.pi, 1 / s.pi),
    ):
        ratio = _simple(square, 100)
        if ratio is not None:
            root = s.sqrt(s.Rational(ratio.numerator, ratio.denominator) * unit)
            return root if number > 0 else -root
    return s.Float(number, 17)


def _simple(number: float, largest: int) -> Fraction | None:
    """A fraction with a small denominator that is this number but for rounding."""
    found = Fraction(number).limit_denominator(largest)
    return found if abs(float(found) - number) <= 1e-15 * abs(number) else None
