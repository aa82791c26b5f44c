"""Whether two expressions are one: to 50 digits at points of the domain, and then by algebra."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.symbolic.expression import expression

DIGITS = 50
POINTS = 12
COMPLEX, HOPELESS = 40, 400  # operations beyond which simplifying, and all algebra, is not tried
EXPANDED = 40  # the largest power that is multiplied out


Draw = Callable[[np.random.Generator], Sequence[float]]


class Opinion(NamedTuple):
    """Whether two expressions are equal, whether that is proved, and in words.

    ``equal`` is None where neither could be evaluated.
    """

    equal: bool | None
    exact: bool
    says: str


def derivative_of(f: Callable[..., Any], symbols: Sequence[Any], wrt: int = 0) -> Any:
    """The derivative of a JAX function of numbers, as SymPy derives it.

    Raises `NoFormula` where ``f`` is none.
    """
    import sympy

    return sympy.diff(expression(f, *symbols), symbols[wrt])


def symbols_for(names: Sequence[str], positive: Sequence[bool]) -> tuple[Any, ...]:
    """Real symbols of these names."""
    import sympy

    pairs = zip(names, positive, strict=True)
    return tuple(sympy.Symbol(name, real=True, positive=sign or None) for name, sign in pairs)


def compare(
    one: Any,
    other: Any,
    symbols: Sequence[Any],
    draw: Callable[[np.random.Generator], Sequence[float]],
) -> Opinion:
    """Compare two expressions at points that ``draw`` gives, and by algebra where they agree."""
    import sympy

    difference = one - other
    rng = np.random.default_rng(0)
    rough = difference.has(sympy.Float)
    seen = 0
    for _ in range(2 * POINTS):
        point = dict(zip(symbols, map(_short, draw(rng)), strict=True))
        a, b = (_evaluated(side, point) for side in (one, other))
        if a is None:
            continue
        seen += 1
        if b is None or abs(a - b) > 10 ** (-12 if rough else -DIGITS // 2) * max(abs(a), abs(b)):
            where = ", ".join(f"{symbol} = {number}" for symbol, number in point.items())
            return Opinion(False, True, f"not equal, e.g. at {where}" if where else "not equal")
        if seen == POINTS:
            break
    if not seen:
        return Opinion(None, False, "neither can be evaluated at points of the domain")
    if not rough and _zero(difference):
        return Opinion(True, True, "equal, exactly: the difference simplifies to 0")
    digits = 12 if rough else DIGITS // 2
    return Opinion(True, False, f"equal to {digits} digits at {seen} points; no proof by algebra")


def _short(number: float) -> Any:
    """A number near the one drawn that is exact in few digits, so that both sides mean the same."""
    import sympy

    return sympy.Rational(f"{float(number):.6g}")


def _evaluated(side: Any, point: dict[Any, Any]) -> Any:
    try:
        found = side.subs(point).evalf(DIGITS)
    except Exception:  # sympy raises all kinds where a function has no value
        return None
    return found if found.is_number and found.is_finite and found.is_real is not False else None


def _zero(difference: Any) -> bool:
    """Whether algebra makes nothing of it, on either side of 0 apart where signs are asked for."""
    import sympy

    if difference == 0:
        return True
    powers = [power.exp for power in difference.atoms(sympy.Pow) if power.exp.is_number]
    if sympy.count_ops(difference) > HOPELESS or any(abs(power) > EXPANDED for power in powers):
        return False
    if any(way(difference) == 0 for way in _ways(difference)):
        return True
    sided = sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.Piecewise
    if not difference.has(*sided) or len(difference.free_symbols) != 1:
        return False
    (symbol,), size = difference.free_symbols, sympy.Symbol("size", positive=True)
    sides = [size] if symbol.is_positive else [size, -size]
    halves = [sympy.simplify(difference.subs(symbol, side)) for side in sides]
    return not any(half.has(*sided) for half in halves) and all(
        half == 0 or any(way(half) == 0 for way in _ways(half)) for half in halves
    )


def _ways(difference: Any) -> Iterator[Callable[[Any], Any]]:
    """Ways to make nothing of a difference, the cheap ones first."""
    import sympy

    by_exponentials = lambda x: sympy.expand(x.rewrite(sympy.exp), power_exp=True)
    ways: list[Callable[[Any], Any]] = [
        sympy.expand,
        lambda x: sympy.cancel(sympy.together(x)),
        lambda x: sympy.expand(sympy.expand_log(x)),
        lambda x: sympy.cancel(sympy.together(by_exponentials(x))),
    ]
    if sympy.count_ops(difference) <= COMPLEX:
        ways += [sympy.trigsimp, sympy.simplify]
    for way in ways:
        yield _bearing(way)


def _bearing(way: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same way, leaving alone what it does not apply to."""

    def bear(difference: Any) -> Any:
        try:
            return way(difference)
        except Exception:  # sympy raises all kinds
            return difference

    return bear
