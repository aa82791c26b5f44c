"""Values on trial: numbers and arrays, each with what it was asked at."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.exercises.answer import NoAnswer, NotFinite, brief, copied, described, number, shape_words
from lab.exercises.record import OF_A_NUMBER, Exercise
from lab.exercises.slips import slips
from lab.referee.verdict import Mistake

CLOSE = 0.02  # a relative error below which an answer has only been rounded


class Case(NamedTuple):
    """What an answer is, and should be, at one of the places it is asked at."""

    given: np.ndarray
    right: np.ndarray
    place: str


def judge_value(asked: Exercise, answer: Callable[..., Any]) -> Mistake | None:
    """What is wrong with a value, or nothing, at every one of the arguments it is asked for.

    Raises `NoAnswer` where it is not of the kind asked for.
    """
    cases = []
    for args in asked.at:
        place = _place(asked.arguments, args)
        right, given = asked.solution(*copied(args)), answer(*copied(args))
        if isinstance(right, bool | str):
            mistake = _word(right, given)
            if mistake:
                return mistake
            continue
        right = np.asarray(right, float)
        try:
            given = number(given)
        except NotFinite as problem:
            raise NoAnswer(f"{place and f'at {place} '}{problem}") from None
        if given.shape != right.shape:
            return _misshapen(given, right)
        cases.append(Case(given, right, place))
    if all(_close(one.given, one.right, asked.tolerance) for one in cases):
        return None
    return _named(cases, asked.tolerance)


def _place(names: Sequence[str], args: Sequence[Any]) -> str:
    """``x = 2, h = 0``: where an answer was asked for; nothing where that would be long."""
    if not args or any(not isinstance(arg, str) and np.size(arg) > 3 for arg in args):
        return ""
    shown = [
        np.array2string(np.asarray(arg, float), precision=4, separator=", ")
        if np.ndim(arg)
        else f"{arg:.6g}"
        if isinstance(arg, int | float)
        else ""
        for arg in args
    ]
    pairs = [f"{name} = {arg}" for name, arg in zip(names, shown, strict=True) if arg]
    return ", ".join(pairs) if len(pairs) == len(args) else ""


def _word(right: bool | str, given: Any) -> Mistake | None:
    if isinstance(right, bool):
        if not isinstance(given, bool | np.bool_):
            raise NoAnswer(f"it returns {described(given)} where True or False is asked for")
        says = "it is the other way round"
        return None if bool(given) == right else Mistake("unknown", says, "value")
    if not isinstance(given, str):
        raise NoAnswer(f"it returns {described(given)} where a word is asked for, in quotes")
    says = f"{brief(given)} is not the word"
    return None if _plain(given) == _plain(right) else Mistake("unknown", says, "value")


def _plain(text: str) -> list[str]:
    """The words that matter: a saddle is a saddle point."""
    words = text.lower().replace("_", " ").replace("-", " ").split()
    return [word for word in words if word not in ("a", "an", "the", "it", "is", "point")]


def _misshapen(given: np.ndarray, right: np.ndarray) -> Mistake:
    says = f"it returns {shape_words(given)} where {shape_words(right)} is asked for"
    if given.ndim > 1 and given.shape == right.shape[::-1]:
        return Mistake("transpose", f"{says}: it is transposed", "value")
    return Mistake("shape", says, "value")


def _counted(given: Any, right: Any, tolerance: float) -> bool:
    whole = np.all(given == np.rint(given)) and np.all(right == np.rint(right))
    return bool(whole) and tolerance <= OF_A_NUMBER


def _off(given: Any, right: Any) -> float:
    """Relative to the size of the right answer as a whole; what is 0 has to be 0 absolutely."""
    scale = float(np.max(np.abs(right), initial=0.0)) or 1.0
    return float(np.max(np.abs(given - right), initial=0.0)) / scale


def _close(given: Any, right: Any, tolerance: float) -> bool:
    """Of what is counted, one more is another number, however many there are."""
    if _counted(given, right, tolerance):
        return bool(np.all(given == right))
    return _off(given, right) <= tolerance


def _named(cases: list[Case], tolerance: float) -> Mistake:
    """The first usual mistake that gives this answer in all cases, or what there is to say."""
    given, right = _rows([one.given for one in cases]), _rows([one.right for one in cases])
    shapes = {one.right.shape for one in cases}
    for name, says, slip in slips(given, right, shapes):
        with np.errstate(all="ignore"):
            made = slip(right)
        told_apart = np.all(np.isfinite(made)) and not _close(made, right, tolerance)
        rows = zip(given, made, strict=True)
        if told_apart and all(_close(one, two, max(tolerance, 1e-9)) for one, two in rows):
            return Mistake(name, says, "value")
    gap = max(_off(one.given, one.right) for one in cases)
    if gap < CLOSE:
        allowed = f"off by {100 * gap:.1g}%, and {100 * tolerance:.1g}% is allowed"
        counted = all(_counted(one.given, one.right, tolerance) for one in cases)
        says = f"close, but {'what is counted is exact' if counted else allowed}"
        return Mistake("constant", says, "value")
    wrong = [one for one in cases if not _close(one.given, one.right, tolerance)]
    if len(wrong) < len(cases):
        first = f", and wrong at {wrong[0].place}" if wrong[0].place else ""
        says = f"it is right at {len(cases) - len(wrong)} of {len(cases)} places tried{first}"
        return Mistake("region", says, "value")
    return Mistake(
        "unknown", _entries(cases, tolerance) or f"that is not it{_size(cases)}", "value"
    )


def _rows(sides: list[np.ndarray]) -> np.ndarray:
    """A row for each case; cases of different sizes are one long one."""
    flat = [side.ravel() for side in sides]
    return np.stack(flat) if len({side.size for side in flat}) == 1 else np.concatenate(flat)[None]


def _entries(cases: list[Case], tolerance: float) -> str:
    """Which entries of arrays of one shape are wrong, where not all of them are."""
    shape = cases[0].right.shape
    if not shape or any(one.right.shape != shape for one in cases):
        return ""
    off = np.zeros(shape, bool)
    for index in np.ndindex(shape):
        off[index] = any(not _close(one.given[index], one.right[index], tolerance) for one in cases)
    if off.all():
        return ""
    verb = "is" if off.sum() == 1 else "are"
    first = ", ".join(map(str, np.argwhere(off)[0]))
    return f"{int(off.sum())} of its {off.size} entries {verb} wrong, the first at index {first}"


def _size(cases: list[Case]) -> str:
    pairs = [(float(one.given), float(one.right)) for one in cases if one.right.shape == ()]
    if len(pairs) < len(cases) or not all(given * right > 0 for given, right in pairs):
        return ""
    below = all(abs(given) < abs(right) for given, right in pairs)
    above = all(abs(given) > abs(right) for given, right in pairs)
    word = "too small" if below else "too large" if above else ""
    size = "" if all(right > 0 for _, right in pairs) else " in size"
    return f": it is {word}{size}" if word else ""
