"""Two runs side by side: what differs in what was asked for, and where their trajectories part."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lab.config.reading import parse, plain, read
from lab.errors import BadInput
from lab.runs import record, trajectory

_ABOUT = ("status", "stopped", "device", "precision", "seed", "git", "versions")


class Parting(NamedTuple):
    """The first common step at which the runs differ: the column that differs most there.

    ``relative`` is the difference over the larger of the two sizes; None for text.
    """

    step: int
    column: str
    values: tuple[Any, Any]
    relative: float | None


class Comparison(NamedTuple):
    """``config`` and ``about`` are what differs, by dotted key; None stands where a key is missing.

    ``rows`` are the steps that both recorded, ``lengths`` how many each did. ``only`` are columns
    that one of them has alone. ``parting`` is None where all common numbers are equal, bit for bit.
    ``largest`` is the largest relative difference of each column that differs.
    """

    config: dict[str, tuple[Any, Any]]
    about: dict[str, tuple[Any, Any]]
    rows: int
    lengths: tuple[int, int]
    only: tuple[list[str], list[str]]
    parting: Parting | None
    largest: dict[str, float]

    @property
    def same(self) -> bool:
        """Whether the trajectories are one, bit for bit."""
        whole = self.lengths == (self.rows, self.rows) and not any(self.only)
        return whole and self.parting is None


def compare(first: Path, second: Path) -> Comparison:
    """Compare two runs by what their folders say; nothing of them is executed.

    Raises ``BadInput`` where one is not a run.
    """
    runs = first, second
    about = [{name: record.read(run).get(name) for name in _ABOUT} for run in runs]
    tables = [trajectory.read(run) for run in runs]
    one, other = _at_common_steps(*tables)
    names = [name for name in one if name in other]
    return Comparison(
        _differing(*(_config(run) for run in runs)),
        _differing(*(_flat(said) for said in about)),
        len(next(iter(one.values()), ())),
        (_length(tables[0]), _length(tables[1])),
        (
            [n for n in tables[0] if n not in tables[1]],
            [n for n in tables[1] if n not in tables[0]],
        ),
        _parting(one, other, names),
        {name: size for name in names if (size := _largest(one[name], other[name])) > 0},
    )


def gaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``|a - b|`` over the larger of both, entry by entry; infinite where one alone is a number."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        relative = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
    relative = np.where(_equal(a, b), 0.0, relative)
    return np.where(np.isnan(relative), np.inf, relative)


def _config(run: Path) -> dict[str, Any]:
    path = run / "config.yaml"
    tree, faults = parse(read(path, str(path)), str(path))
    if tree is None or faults:
        raise BadInput(f"{path} cannot be read: {faults[0] if faults else 'it is empty'}")
    return _flat(plain(tree))


def _flat(tree: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        return {path: list(tree) if isinstance(tree, tuple) else tree}
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{path}.{key}" if path else str(key))
    return found


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = dict.fromkeys([*one, *other])
    pairs = {key: (one.get(key), other.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _at_common_steps(
    one: dict[str, np.ndarray], other: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The rows of the steps that both have; of tables without steps, as many as both have."""
    if "step" in one and "step" in other:
        _, here, there = np.intersect1d(one["step"], other["step"], return_indices=True)
    else:
        here = there = np.arange(min(_length(one), _length(other)))
    return {n: c[here] for n, c in one.items()}, {n: c[there] for n, c in other.items()}


def _length(table: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(table.values()), ()))


def _equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a == b) | ((a != a) & (b != b))


def _parting(
    one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray], names: list[str]
) -> Parting | None:
    unequal = {name: ~_equal(one[name], other[name]) for name in names}
    firsts = [int(np.argmax(found)) for found in unequal.values() if found.any()]
    if not firsts:
        return None
    row = min(firsts)
    sizes = {
        name: float(gaps(one[name][row : row + 1], other[name][row : row + 1])[0])
        if _numeric(one[name], other[name])
        else None
        for name, found in unequal.items()
        if found[row]
    }
    worst = max(sizes, key=lambda name: -1.0 if sizes[name] is None else float(sizes[name] or 0))
    step = int(one["step"][row]) if "step" in one else row
    values = one[worst][row], other[worst][row]
    a, b = (value.item() if hasattr(value, "item") else value for value in values)
    return Parting(step, worst, (a, b), sizes[worst])


def _largest(a: np.ndarray, b: np.ndarray) -> float:
    return float(gaps(a, b).max(initial=0.0)) if _numeric(a, b) else 0.0


def _numeric(*columns: np.ndarray) -> bool:
    return all(column.dtype.kind in "biuf" for column in columns)
