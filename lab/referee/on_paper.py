"""Numbers as a person writes them: short, aligned, and long enough to tell two of them apart."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lab.referee.verdict import Counterexample

FEWEST, MOST = 5, 16  # digits


def written(shown: Counterexample, sides: tuple[str, str] = ("by hand", "true")) -> Iterator[str]:
    """The lines of a counterexample: arguments, what the hand gives, and what is true."""
    digits = _digits(shown)
    yield from _named(shown.arguments, FEWEST)
    alone = len(shown.hand) == 1 and not any("[" in name for name in shown.hand)
    width = max(map(len, sides))
    for side, answer in zip(sides, (shown.hand, shown.truth), strict=True):
        side = f"{side:<{width}}"
        yield from _named(
            {side if alone else f"{side} {name}": x for name, x in answer.items()}, digits
        )


def _named(leaves: dict[str, Any], digits: int) -> Iterator[str]:
    width = max(map(len, leaves), default=0)
    for name, leaf in leaves.items():
        first, *rest = _array(leaf, digits)
        yield f"{name:<{width}} = {first}"
        yield from (" " * (width + 3) + line for line in rest)


def _digits(shown: Counterexample) -> int:
    """As many as it takes to see that hand and truth differ."""
    for digits in range(FEWEST, MOST):
        if all(
            _array(shown.hand[name], digits) != _array(shown.truth[name], digits)
            for name in shown.hand
        ):
            return digits
    return MOST


def _array(leaf: Any, digits: int) -> list[str]:
    """Row by row, entries right under each other."""
    if not isinstance(leaf, list):
        return [_number(leaf, digits)]
    entries = np.vectorize(lambda x: _number(x, digits), otypes=[object])(np.array(leaf))
    width = max(map(len, entries.ravel()), default=0)
    aligned = np.vectorize(lambda x: x.rjust(width), otypes=[object])(entries)
    return _rows(aligned)


def _rows(entries: np.ndarray) -> list[str]:
    if entries.ndim == 1:
        return ["[" + ", ".join(entries) + "]"]
    parts = [_rows(part) for part in entries]
    lines = [line + "," * (line is part[-1]) for part in parts for line in part]
    lines = ["[" * (k == 0) + " " * (k > 0) + line for k, line in enumerate(lines)]
    return [*lines[:-1], lines[-1].removesuffix(",") + "]"]


def _number(value: Any, digits: int) -> str:
    if isinstance(value, float):
        short = f"{value:.{digits}g}"
        return "0" if float(short) == 0 else short
    return str(value)
