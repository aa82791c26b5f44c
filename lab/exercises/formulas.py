"""Answers typed as formulas, and SymPy's opinion on answers that are formulas of numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lab.derivation import Derivation
from lab.domains import Domain
from lab.errors import BadInput
from lab.exercises.answer import TimeUp, limited
from lab.exercises.derivatives import claimed
from lab.exercises.judge import judge
from lab.exercises.record import Exercise
from lab.referee.verdict import Verdict, Witness
from lab.symbolic import formula
from lab.symbolic.expression import NoFormula, expression
from lab.symbolic.opinion import Opinion, compare, derivative_of, symbols_for

SECONDS = 20  # that algebra may take


def judge_typed(asked: Exercise, text: str) -> tuple[Verdict, Opinion | None]:
    """The verdict on an answer typed as a formula of the question's arguments, and SymPy's opinion.

    Raises `BadInput` where the text is no such formula.
    """
    if asked.derivation is not None and _is_about_arrays(asked.derivation):
        raise BadInput(f"{asked.name} is about arrays, which no formula says: answer in the sheet")
    parts = formula.parse(text, asked.arguments)

    def answer(*args: Any) -> Any:
        names = dict(zip(asked.arguments, args, strict=True))
        values = [formula.value(part, names) for part in parts]
        return values[0] if len(values) == 1 else _together(values, asked)

    answer.__name__ = answer.__qualname__ = asked.name
    judged = judge(asked, answer)
    assert judged is not None  # a formula is an answer
    found = judged._replace(file=None, line=None)
    told = None
    if asked.derivation is not None and len(parts) == 1:
        told = opinion(asked.derivation, lambda *symbols: _in_sympy(parts[0], asked, symbols))
    return (witnessed(found, told) if told else found), told


def _together(values: list[Any], asked: Exercise) -> Any:
    """Several formulas are a tuple where the derivative is one, else an array."""
    if asked.derivation is not None and not asked.derivation.single:
        return tuple(values)
    return jnp.stack([jnp.asarray(value, float) for value in jnp.broadcast_arrays(*values)])


def _in_sympy(part: formula.Formula, asked: Exercise, symbols: Sequence[Any]) -> Any:
    return formula.expression(part, dict(zip(asked.arguments, symbols, strict=True)))


def of_function(asked: Exercise, answer: Callable[..., Any]) -> Opinion | None:
    """SymPy's opinion on a learner's function, where it is a formula of numbers."""
    if asked.derivation is None:
        return None
    claim = claimed(asked, answer)
    return opinion(claim, lambda *symbols: expression(claim.hand, *symbols))


def opinion(claim: Derivation, hand: Callable[..., Any]) -> Opinion | None:
    """Whether ``hand`` (of symbols) is what is claimed, where that is a matter of numbers."""
    if claim.kind not in ("derivative", "gradient", "hessian", "identity") or not claim.single:
        return None
    if not isinstance(claim.at, tuple) or _is_about_arrays(claim):
        return None
    places: tuple[Any, ...] = claim.at
    if not all(map(_is_number, places)):
        return None
    signs = [place.bounds is not None and place.bounds[0] >= 0 for place in places]
    symbols = symbols_for(claim.arguments, signs)
    draw = lambda rng: [float(np.ravel(_sample(place, rng))[0]) for place in places]
    try:
        with limited(SECONDS):
            if claim.kind == "identity":
                truth = expression(claim.of, *symbols)
            else:
                truth = derivative_of(claim.of, symbols, claim.wrt[0])
                truth = truth.diff(symbols[claim.wrt[0]]) if claim.kind == "hessian" else truth
            return compare(truth, hand(*symbols), symbols, draw)
    except (NoFormula, BadInput, TimeUp):
        return None


def _is_about_arrays(claim: Derivation) -> bool:
    """Whether an argument is an array that is not taken entry by entry."""
    if claim.kind == "derivative" or not isinstance(claim.at, tuple):
        return False
    shapes = (place.shape if isinstance(place, Domain) else np.shape(place) for place in claim.at)
    return any(len(shape) > 0 for shape in shapes)


def _is_number(place: Any) -> bool:
    """Whether a domain is one of real numbers, or acts on each entry by itself."""
    if not isinstance(place, Domain) or place.last or len(place.shape) > 1:
        return False
    drawn = np.asarray(_sample(place, np.random.default_rng(0)))
    return drawn.size == 1 and drawn.dtype.kind == "f"


def _sample(place: Domain, rng: np.random.Generator) -> Any:
    return place.sample(rng, dict.fromkeys(place.names, 1))


def witnessed(found: Verdict, told: Opinion) -> Verdict:
    """The verdict with one witness more."""
    if told.equal is None or told.equal != found.passes:
        says = "abstains" if told.equal is None else "contradicts"
    else:
        says = "agrees" if told.equal else "disagrees"
    return found._replace(witnesses=(*found.witnesses, Witness("symbolic", says, None, told.says)))
