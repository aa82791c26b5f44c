"""Benchmarks: what the lab claims about itself, measured, beside what others offer.

A suite is a module or package of this folder, found and not registered: `lab bench NAME` runs
`lab/bench/NAME.py` or `lab/bench/NAME/__init__.py`. The first sentence of its docstring is what
`lab bench --help` shows. It defines one function,

    def measure(watch: Unwatched, *, sample: int = 1, peers: bool = True) -> Report:
        \"""What is measured, against whom, and how to read the numbers.\"""

- ``watch`` is told how far the work is (``watch.phase("steps", 300)``, ``watch.at(17)``; see
  `lab.report.progress`); whatever else there is to say goes into the notes of the report.
- The keyword arguments are the options on the command line (``sample`` is ``--sample``, a `bool`
  is ``--peers/--no-peers``, ``Literal["a", "b"]`` a choice): annotated, each with a default that
  makes the plain command the number to quote. A help text is ``Annotated[int, Option(help=...)]``
  with typer's ``Option``.
- Importing a suite costs nothing: JAX and the like are imported when it measures.
- Times are CPU seconds or ratios taken within one run; a peer that is not installed is left out,
  and a note says so.

The report is printed as Markdown tables, fit for a README; ``--json`` prints all of it as JSON, and
``--out FILE`` writes that JSON."""

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from lab.errors import BadInput, suggestion


class Table(NamedTuple):
    """Numbers with a title. A cell is text, a number or None (not measured, shown as a dash)."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Report(NamedTuple):
    """What a suite measured: tables for people, ``facts`` (plain data, for JSON) for programs, and
    ``notes``, a sentence each, on what was left out and why.
    """

    tables: Sequence[Table]
    facts: Mapping[str, Any] = {}
    notes: Sequence[str] = ()


def suites() -> list[str]:
    """The names of the suites in this folder."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in names if not name.startswith("_"))


def suite(name: str) -> ModuleType:
    """The suite called ``name``; `BadInput` suggests the nearest."""
    if name not in suites():
        near = suggestion(name, suites()) or f"; there are {', '.join(suites())}"
        raise BadInput(f"no suite {name!r}{near}")
    return importlib.import_module(f"{__name__}.{name}")


def markdown(table: Table) -> str:
    """The table as Markdown, its columns aligned for those who read it as it is."""
    cells = [list(map(str, table.columns)), *([_cell(one) for one in row] for row in table.rows)]
    numeric = [
        all(_NUMBER.fullmatch(_cell(row[k])) for row in table.rows)
        for k in range(len(table.columns))
    ]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    rule = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(widths, numeric, strict=True)
    ]
    line = lambda row: (
        "| "
        + " | ".join(
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
    )
    lines = [line(cells[0]) + " |", "| " + " | ".join(rule) + " |"]
    return "\n".join([*lines, *(line(row) + " |" for row in cells[1:])])


_NUMBER = re.compile(r"-|[-+\d.e]+( %)?|\d+ of \d+")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("|", "\\|")
