"""SymPy's opinion on a hand derivation, where it is a matter of formulas of numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.derivation import Derivation
from lab.domains import Domain
from lab.errors import BadInput
from lab.symbolic.expression import NoFormula, expression
from lab.symbolic.opinion import Opinion, compare, derivative_of, symbols_for
from lab.timelimit import TimeUp, limited

SECONDS = 10  # that algebra may take


def opinion(claim: Derivation, hand: Callable[..., Any] | None = None) -> Opinion | None:
    """Whether the hand derivative is what is claimed; None where it is no formula of numbers.

    ``hand`` is the derivative as a function of symbols of SymPy, where it is not the claim's own.
    """
    if claim.kind not in ("derivative", "gradient", "hessian", "identity") or not claim.single:
        return None
    if not isinstance(claim.at, tuple) or is_about_arrays(claim):
        return None
    places: tuple[Any, ...] = claim.at
    if not all(map(_is_number, places)):
        return None
    signs = [place.bounds is not None and place.bounds[0] >= 0 for place in places]
    symbols = symbols_for(claim.arguments, signs)
    draw = lambda rng: [float(np.ravel(_sample(place, rng))[0]) for place in places]
    try:
        with limited(SECONDS):
            by_hand = hand(*symbols) if hand else expression(claim.hand, *symbols)
            if claim.kind == "identity":
                truth = expression(claim.of, *symbols)
            else:
                truth = derivative_of(claim.of, symbols, claim.wrt[0])
                truth = truth.diff(symbols[claim.wrt[0]]) if claim.kind == "hessian" else truth
            return compare(truth, by_hand, symbols, draw)
    except (NoFormula, BadInput, TimeUp):
        return None
    except Exception:  # what SymPy does not bear it has no opinion on
        return None


def is_about_arrays(claim: Derivation) -> bool:
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
