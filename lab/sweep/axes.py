"""What to vary, as it is typed: ``key=a,b,c``, ``key=0..3``, ``key=logspace(1e-4,1e-1,256)``.

Commas within brackets, braces and quotes belong to the value: ``start=[1,2],[3,4]`` are two.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from lab.config.reading import BROKEN, parse, plain, scalar
from lab.errors import BadInput, suggestion

# A table of so many rows is still looked at; beyond, a sweep is a mistake in a number.
MOST = 100_000

_RANGE = re.compile(r"([-+]?\d+)\.\.([-+]?\d+)")
_CALL = re.compile(r"([a-z_]+)\((.*)\)", re.DOTALL)
_CLOSING = {"[": "]", "{": "}", "(": ")"}


@dataclass(frozen=True)
class Axis:
    """A key and the values it takes, as a config would hold them; ``typed`` is the argument."""

    key: str
    values: tuple[Any, ...]
    typed: str

    @cached_property
    def numeric(self) -> bool:
        """Whether all values are numbers, so that they may be computed side by side."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)


class Asked(NamedTuple):
    """The arguments of a sweep: ``key=value`` that all runs share, and what varies."""

    fixed: tuple[str, ...]
    axes: tuple[Axis, ...]

    @property
    def runs(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)


def asked(arguments: Iterable[str]) -> Asked:
    """What the arguments ask for.

    Raises ``BadInput``, a line for each argument that cannot be read, for a key that varies twice,
    where nothing varies, and for more than 100,000 runs.
    """
    fixed: list[str] = []
    axes: list[Axis] = []
    faults: list[str] = []
    for text in arguments:
        try:
            axis = _axis(text)
        except BadInput as fault:
            faults.append(f"{text}: {fault}")
            continue
        if axis is None:
            fixed.append(text)
        elif any(axis.key == other.key for other in axes):
            faults.append(f"{text}: {axis.key} varies already; give all its values at once")
        else:
            axes.append(axis)
    if faults:
        raise BadInput("\n".join(faults))
    if not axes:
        raise BadInput("nothing varies: give a key several values, such as seed=0..3 (or lab run)")
    # what holds others comes first: `optimizer=adam,sgd` would else undo its learning_rate
    found = Asked(
        tuple(sorted(fixed, key=_depth)), tuple(sorted(axes, key=lambda a: _depth(a.key)))
    )
    if found.runs > MOST:
        sizes = " x ".join(str(len(axis.values)) for axis in found.axes)
        raise BadInput(f"{sizes} = {found.runs:,} runs; ask for {MOST:,} at most")
    return found


def _depth(argument: str) -> int:
    return argument.partition("=")[0].count(".")


def _axis(text: str) -> Axis | None:
    """The axis that an argument is, or None for a single value."""
    key, equals, written = text.partition("=")
    if not equals or not key:
        return None  # the config says what is wrong with it
    if not written.strip():
        raise BadInput("no value after '='")
    pieces = [piece.strip() for piece in _split(written)]
    if "" in pieces:
        raise BadInput("an empty value between commas")
    groups = [_several(piece) for piece in pieces]
    if len(pieces) == 1 and groups[0] is None:
        return None
    values = [
        value
        for piece, several in zip(pieces, groups, strict=True)
        for value in ((_one(piece),) if several is None else several)
    ]
    seen: set[str] = set()
    for value in values:
        written = repr(value)  # 1 and 1.0 and true are three
        if written in seen:
            raise BadInput(f"{value} is given twice")
        seen.add(written)
    return Axis(key, tuple(values), text)


def _split(text: str) -> Iterator[str]:
    """The pieces between commas that stand in no bracket and no quotes."""
    closing: list[str] = []
    begun, quote = 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in _CLOSING:
            closing.append(_CLOSING[letter])
        elif closing and letter == closing[-1]:
            closing.pop()
        elif letter == "," and not closing:
            yield text[begun:place]
            begun = place + 1
    yield text[begun:]


def _one(piece: str) -> Any:
    tree, faults = parse(piece, "")
    if faults or tree is None or tree.value is BROKEN:
        raise BadInput(f"{piece!r} cannot be read: {faults[0].says if faults else 'not YAML'}")
    return plain(tree)


def _several(piece: str) -> Sequence[Any] | None:
    """The values of a range or of a function of three numbers; None for a plain value."""
    if found := _RANGE.fullmatch(piece):
        low, high = int(found[1]), int(found[2])
        if low > high:
            raise BadInput(f"no number from {low} up to {high}; did you mean {high}..{low}?")
        _require_few(high - low + 1)
        return range(low, high + 1)
    if ".." in piece and not piece.startswith(("[", "{", '"', "'", ".", "/")):
        raise BadInput("a range is of whole numbers, such as 0..3; linspace(0,1,5) takes others")
    found = _CALL.fullmatch(piece)
    if found is None:
        return None
    name, inside = found[1], found[2]
    if name not in _SPACES:
        near = suggestion(name, _SPACES)
        if "did you mean" in near:
            raise BadInput(f"no {name!r}{near}")
        return None  # a setting that is a formula, perhaps
    numbers = [_number(part.strip(), name) for part in inside.split(",")]
    if len(numbers) != 3:
        raise BadInput(f"{name}(from,to,count) takes three numbers; got {len(numbers)}")
    start, end, count = numbers
    if count != int(count) or count < 1:
        raise BadInput(f"{name}: the count is a whole number from 1 on; got {count:g}")
    _require_few(int(count))
    return _SPACES[name](start, end, int(count))


def _require_few(count: int) -> None:
    if count > MOST:
        raise BadInput(f"{count:,} values; ask for {MOST:,} at most")


def _number(text: str, name: str) -> float:
    try:
        value = scalar(text)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{name}(from,to,count) takes three numbers; got {text!r}")
    return float(value)


def _linspace(low: float, high: float, count: int) -> list[float]:
    return _between(low, high, count, lambda t: low + t * (high - low))


def _logspace(low: float, high: float, count: int) -> list[float]:
    if low <= 0 or high <= 0:
        raise BadInput(
            f"logspace goes from one positive number to another; got {low:g} and {high:g}"
        )
    start, ratio = math.log(low), math.log(high) - math.log(low)
    return _between(low, high, count, lambda t: math.exp(start + t * ratio))


def _between(low: float, high: float, count: int, at: Callable[[float], float]) -> list[float]:
    """The ends as they were given, and between them numbers that are fit to be typed again."""
    inner = [float(f"{at(place / (count - 1)):.12g}") for place in range(1, count - 1)]
    return [low, *inner, high][:count]


_SPACES: dict[str, Callable[[float, float, int], list[float]]] = {
    "linspace": _linspace,
    "logspace": _logspace,
}
