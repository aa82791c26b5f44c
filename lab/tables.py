"""Tables of a study: columns by name. Several under each other, and some rows taken out again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

Table: TypeAlias = dict[str, np.ndarray]
Columns: TypeAlias = Mapping[str, Any]
Row: TypeAlias = dict[str, Any]


def table(*columns: Columns) -> Table:
    """Columns of equal length; a single value stands in every row."""
    arrays = {name: np.asarray(values) for some in columns for name, values in some.items()}
    length = max((len(array) for array in arrays.values() if array.ndim), default=1)
    return {name: np.broadcast_to(array, length) for name, array in arrays.items()}


def stacked(*tables: Columns) -> Table:
    """All rows in one table with the columns of all; blank where a table has no such column.

    Blank is an empty text among texts, and nan among numbers.
    """
    full = [table(columns) for columns in tables]
    return {name: _column(name, full) for name in dict.fromkeys(n for t in full for n in t)}


def parts(tables: Mapping[str, Columns]) -> Table:
    """Several tables as one trajectory, told apart by the column ``part``."""
    return stacked(*(table({"part": part}, columns) for part, columns in tables.items()))


def written(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Rows, each of which says what it knows, as a table; blank where a row says nothing."""
    told = list(rows)
    known = {name: value for row in told for name, value in row.items()}
    blank = {name: "" if isinstance(value, str) else np.nan for name, value in known.items()}
    return {name: np.array([row.get(name, blank[name]) for row in told]) for name in known}


def read(whole: Columns) -> Iterator[Row]:
    """The rows of a table, one at a time."""
    columns = {name: np.asarray(values).tolist() for name, values in whole.items()}
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def rows(whole: Columns, **where: Any) -> Table:
    """The rows that have these values in these columns, in the order they were recorded."""
    columns = {name: np.asarray(values) for name, values in whole.items()}
    keep = np.ones(_length(columns), bool)
    for name, value in where.items():
        keep &= columns[name] == value
    return {name: values[keep] for name, values in columns.items()}


def _column(name: str, tables: list[Table]) -> np.ndarray:
    texts = any(t[name].dtype.kind in "SUO" for t in tables if name in t)
    blank = "" if texts else np.nan
    missing = lambda t: np.full(_length(t), blank)
    return np.concatenate([t[name] if name in t else missing(t) for t in tables])


def _length(columns: Table) -> int:
    return len(next(iter(columns.values())))
