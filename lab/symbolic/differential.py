"""What SymPy says of a rule: a jvp of numbers against the total differential it derives."""

from typing import Any

import numpy as np

from lab.derivation import Derivation
from lab.symbolic.expression import expression
from lab.symbolic.opinion import Opinion, compare, symbols_for


def is_rule(claim: Derivation) -> bool:
    """Whether the claim is a jvp of numbers, each from a domain."""
    places = claim.at
    return claim.kind == "jvp" and isinstance(places, tuple) and not any(p.shape for p in places)


def opinion_on_rule(claim: Derivation) -> Opinion:
    """Whether the hand's jvp is the sum of ∂f/∂xᵢ dxᵢ; an exponent that is a whole number is drawn.

    Raises `NoFormula` where function or rule are not made of elementary functions.
    """
    assert isinstance(claim.at, tuple)
    places, rng = claim.at, np.random.default_rng(0)
    drawn = [place.sample(rng, {}) for place in places]
    moving = [i for i, one in enumerate(drawn) if not isinstance(one, int)]
    positive = [places[i].bounds is not None and places[i].bounds[0] == 0 for i in moving]
    differentials = [f"d{claim.arguments[i]}" for i in claim.wrt]
    names = [*(claim.arguments[i] for i in moving), *differentials]
    symbols = symbols_for(names, [*positive, *(False for _ in differentials)])

    def full(given: Any) -> list[Any]:
        return [given[moving.index(i)] if i in moving else one for i, one in enumerate(drawn)]

    def hand(*given: Any) -> Any:
        tangent = given[len(moving) :]
        return claim.hand(*full(given), tangent[0] if claim.single else tuple(tangent))

    f = expression(lambda *given: claim.of(*full(given)), *symbols[: len(moving)])
    changes = zip(claim.wrt, symbols[len(moving) :], strict=True)
    total = sum(f.diff(symbols[moving.index(i)]) * change for i, change in changes)

    def draw(rng: np.random.Generator) -> list[float]:
        values = [float(places[i].sample(rng, {})) for i in moving]
        return [*values, *rng.standard_normal(len(differentials))]

    return compare(total, expression(hand, *symbols), symbols, draw)
