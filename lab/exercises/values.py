"""Values on trial: numbers and arrays, and the usual ways to miss them."""

from collections.abc import Callable, Iterator
from functools import partial
from math import pi
from typing import Any

import jax.numpy as jnp
import numpy as np

from lab.exercises.answer import NoAnswer, described, number, shape_words
from lab.exercises.record import Exercise
from lab.referee.verdict import Mistake

FACTORS = {
    2: "twice",
    3: "3 times",
    4: "4 times",
    10: "10 times",
    100: "100 times",
    1 / 2: "half",
    1 / 3: "a third of",
    1 / 4: "a quarter of",
    1 / 10: "a tenth of",
    1 / 100: "a hundredth of",
    2**0.5: "√2 times",
    0.5**0.5: "1/√2 times",
    pi: "π times",
    1 / pi: "1/π times",
    2 * pi: "2π times",
    1 / (2 * pi): "1/(2π) times",
    180 / pi: "in degrees where radians are asked for: 180/π times",
    pi / 180: "in radians where degrees are asked for: π/180 times",
}
ROUNDING = 1e-6  # what is not meant to be rounded is not compared any finer
CONSTANTS = {1.0: "1", 2.0: "2", 0.5: "1/2", pi: "π", pi / 2: "π/2", 2 * pi: "2π"}


def judge_value(asked: Exercise, answer: Callable[..., Any]) -> Mistake | None:
    """What is wrong with a value, or nothing, at every one of the arguments it is asked for.

    Raises `NoAnswer` where it is not of the kind asked for.
    """
    pairs = []
    for args in asked.at:
        args = tuple(jnp.asarray(arg) if isinstance(arg, float) else arg for arg in args)
        right, given = asked.solution(*args), answer(*args)
        if isinstance(right, bool | str):
            mistake = _word(right, given)
            if mistake:
                return mistake
            continue
        right = np.asarray(right, float)
        given = number(given)
        if given.shape != right.shape:
            return _misshapen(given, right)
        pairs.append((given, right))
    if all(_close(given, right, asked.tolerance) for given, right in pairs):
        return None
    given, right = ([side.ravel() for side in sides] for sides in zip(*pairs, strict=True))
    # a row for each case; cases of different sizes are one long one
    together = np.stack if len({len(row) for row in right}) == 1 else _one_row
    return _named(together(given), together(right), asked)


def _one_row(rows: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(rows)[None]


def _word(right: bool | str, given: Any) -> Mistake | None:
    if isinstance(right, bool):
        if not isinstance(given, bool | np.bool_):
            raise NoAnswer(f"it returns {described(given)} where True or False is asked for")
        says = "it is the other way round"
        return None if bool(given) == right else Mistake("unknown", says, "value")
    if not isinstance(given, str):
        raise NoAnswer(f"it returns {described(given)} where a word is asked for, in quotes")
    plain = lambda text: " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    says = f"{given!r} is not the word"
    return None if plain(given) == plain(right) else Mistake("unknown", says, "value")


def _misshapen(given: np.ndarray, right: np.ndarray) -> Mistake:
    says = f"it returns {shape_words(given)} where {shape_words(right)} is asked for"
    if given.ndim > 1 and given.shape == right.shape[::-1]:
        return Mistake("transpose", f"{says}: it is transposed", "value")
    return Mistake("shape", says, "value")


def _close(given: Any, right: Any, tolerance: float) -> bool:
    """Relative to the size of the right answer as a whole; what is 0 has to be 0 absolutely.

    Of what is counted, one more is another number, however many there are.
    """
    if (
        tolerance <= ROUNDING
        and np.all(given == np.rint(given))
        and np.all(right == np.rint(right))
    ):
        return bool(np.all(given == right))
    scale = float(np.max(np.abs(right), initial=0.0)) or 1.0
    return bool(np.all(np.abs(given - right) <= tolerance * scale))


def _named(given: np.ndarray, right: np.ndarray, asked: Exercise) -> Mistake:
    """The first usual mistake that gives this answer in all cases."""
    for name, says, slip in _slips(given, right, asked):
        with np.errstate(all="ignore"):
            made = slip(right)
        told_apart = np.all(np.isfinite(made)) and not _close(made, right, asked.tolerance)
        if told_apart and _close(given, made, max(asked.tolerance, 1e-9)):
            return Mistake(name, says, "value")
    off = np.array(
        [not _close(g, r, asked.tolerance) for g, r in zip(given.T, right.T, strict=True)]
    )
    scale = np.max(np.abs(right), initial=0.0) or 1.0
    gap = float(np.max(np.abs(given - right)) / scale)
    if gap < 0.02:
        off_by = f"off by {100 * gap:.1g}%: {asked.tolerance:.0e} is asked for"
        says = f"close, but {off_by if gap > asked.tolerance else 'what is counted is exact'}"
        return Mistake("constant", says, "value")
    if len(off) > 1 and not off.all():
        verb = "is" if off.sum() == 1 else "are"
        count = f"{int(off.sum())} of its {len(off)} entries {verb} wrong"
        return Mistake("unknown", f"{count}, the first at index {int(np.argmax(off))}", "value")
    size = ""
    if len(off) == 1 and np.all(given * right > 0):
        below, above = np.all(abs(given) < abs(right)), np.all(abs(given) > abs(right))
        size = ": it is too small" if below else ": it is too large" if above else ""
    return Mistake("unknown", f"that is not it{size}", "value")


Slip = tuple[str, str, Callable[[np.ndarray], np.ndarray]]


def _slips(given: np.ndarray, right: np.ndarray, asked: Exercise) -> Iterator[Slip]:
    yield "sign", "the sign is flipped: it should be the negative of this", np.negative
    some = np.abs(right) > 1e-3 * np.max(np.abs(right), initial=0.0)
    if some.any():
        alike = bool(np.all(given[some] * right[some] > 0))
        for factor, word in FACTORS.items():
            head, sign = ("a factor:", "") if alike else ("a factor and the sign:", "minus ")
            says = f"{head} it is {sign}{word} what it should be"
            yield "factor", says, partial(np.multiply, factor if alike else -factor)
    yield "reciprocal", "upside down: it is 1 over what it should be", np.reciprocal
    yield "reciprocal", "upside down, and the sign is flipped", lambda x: -1 / x
    for shift, word in CONSTANTS.items():
        yield "missing_term", f"a constant is forgotten: {word} is missing", partial(np.add, -shift)
        yield "extra_term", f"a constant {word} too much", partial(np.add, shift)
    if np.all(right >= 0):
        yield "factor", "the root of what it should be: a square is forgotten", np.sqrt
        yield "factor", "the square of what it should be: a root is forgotten", np.square
    (shape, *rest) = {np.shape(asked.solution(*args)) for args in asked.at}
    if not rest and len(shape) == 2 and shape[0] == shape[1]:
        yield "transpose", "it is transposed", partial(_transposed, shape)
    if right.shape[1] > 1:
        yield "index", "the entries are in the reverse order", lambda x: x[:, ::-1]
        if _close(np.sort(given), np.sort(right), asked.tolerance):
            yield "index", "the right numbers in another order", lambda x: given


def _transposed(shape: tuple[int, ...], rows: np.ndarray) -> np.ndarray:
    return rows.reshape(-1, *shape).swapaxes(1, 2).reshape(rows.shape)
