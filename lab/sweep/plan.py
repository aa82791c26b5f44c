"""The runs of a sweep as checked settings: what all share, and what each of them has of its own.

Nothing here computes: a sweep that asks for what cannot be is refused before JAX is imported.
"""

import shlex
from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil
from typing import Any, NamedTuple

from lab.config import Config
from lab.config.loading import along, load, written
from lab.config.writing import inline
from lab.errors import BadInput
from lab.sweep.axes import Asked, Axis, asked

# A curve of so many points looks like one of all its steps; all curves together fill no disk.
_POINTS, _FEWEST_POINTS, _ALL_POINTS, _MOST_ROWS = 200, 20, 4_000_000, 200_000_000
# What all runs of a sweep have alike.
_SHARED = ("experiment", "device", "devices", "record")


class Variation(NamedTuple):
    """Runs that differ in numbers alone: their config, but for those; and what runs they are.

    ``config`` holds the first of the numbers; ``numbers`` are all of them by key.
    """

    config: Config
    numbers: Mapping[str, tuple[Any, ...]]
    every: int


class Plan(NamedTuple):
    """A sweep as asked for: run number k has the k-th combination of the axes, the last fastest.

    ``variations`` are the combinations of what is not a number, in the same order.
    """

    config: str
    asked: Asked
    variations: tuple[Variation, ...]
    base: dict[str, Any]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.asked.axes

    @property
    def runs(self) -> int:
        return self.asked.runs

    @property
    def words(self) -> tuple[Axis, ...]:
        """The axes that are not of numbers."""
        return tuple(axis for axis in self.axes if not axis.numeric)

    @property
    def name(self) -> str:
        """What the folder is called: a sweep's own config, swept again, is the experiment's."""
        first = self.variations[0].config
        return first.folder.name if first.name == "config" else first.name

    def settings(self, run: int) -> dict[str, Any]:
        """What run number ``run`` has of its own, by key."""
        found: dict[str, Any] = {}
        for axis in reversed(self.axes):
            run, place = divmod(run, len(axis.values))
            found[axis.key] = axis.values[place]
        return {axis.key: found[axis.key] for axis in self.axes}

    def alone(self, run: int) -> str:
        """The command that makes one run alone."""
        own = [f"{key}={inline(value)}" for key, value in self.settings(run).items()]
        return shlex.join(["lab", "run", self.config, *_in_order([*self.asked.fixed, *own])])

    def number(self, places: Mapping[str, Any]) -> Any:
        """The number of the run that has these places along the axes; arrays of them will do."""
        found: Any = 0
        for axis in self.axes:
            found = found * len(axis.values) + places[axis.key]
        return found


def plan(config: str, arguments: Sequence[str]) -> Plan:
    """The sweep that the arguments ask for, every setting of it checked.

    Raises ``BadInput`` for what ``load`` refuses with any of the values in place, for what all runs
    have alike, and for a study, which trains nothing.
    """
    wanted = asked(arguments)
    for axis in wanted.axes:
        if axis.key.partition(".")[0] in _SHARED:
            raise BadInput(f"{axis.typed}: all runs of a sweep have the same {axis.key}")
    words = [axis for axis in wanted.axes if not axis.numeric]
    numbers = [axis for axis in wanted.axes if axis.numeric]
    first = [_typed(axis.key, axis.values[0]) for axis in numbers]
    variations = []
    for chosen in product(*(axis.values for axis in words)):
        mine = [_typed(axis.key, value) for axis, value in zip(words, chosen, strict=True)]
        overrides = _in_order([*wanted.fixed, *mine, *first])
        checked = load(config, overrides)
        if checked.kind == "study":
            raise BadInput(f"{config} is a study: it trains nothing, so there is nothing to sweep")
        every = _every(wanted, checked)
        values = {axis.key: along(config, overrides, axis.key, axis.values) for axis in numbers}
        variations.append(Variation(checked, values, every))
    return Plan(config, wanted, tuple(variations), written(config, _in_order(wanted.fixed)))


def replaced(tree: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The tree with ``value`` at the dotted ``key``."""
    first, _, rest = key.partition(".")
    return {**tree, first: replaced(tree[first], rest, value) if rest else value}


def _every(wanted: Asked, config: Config) -> int:
    """One step in so many is kept: as said on the command line, else as many as a curve needs.

    What the config says is meant for one run.
    """
    said = any(text.startswith(("record.every=", "record=")) for text in wanted.fixed)
    steps = config["steps"]
    points = max(_FEWEST_POINTS, min(_POINTS, _ALL_POINTS // wanted.runs))
    every = config["record"]["every"] if said else ceil(steps / points)
    rows = wanted.runs * (ceil(steps / every) + 1)
    if rows > _MOST_ROWS:
        raise BadInput(
            f"record.every={every} of {steps} steps in {wanted.runs:,} runs keeps {rows:,} rows; "
            f"take record.every={ceil(steps * wanted.runs / _MOST_ROWS)}, or leave it out"
        )
    return every


def _typed(key: str, value: Any) -> str:
    return f"{key}={inline(value)}"


def _in_order(overrides: Sequence[str]) -> list[str]:
    """What holds others before them: ``optimizer=adam`` would else undo ``optimizer.b1=0.8``."""
    return sorted(overrides, key=lambda text: text.partition("=")[0].count("."))
