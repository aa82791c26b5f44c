"""Tables of a study: columns by name. Several under each other, and some rows taken out again."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

Table: TypeAlias = dict[str, np.ndarray]


def table(labels: Mapping[str, Any], columns: Mapping[str, Any]) -> Table:
    """Columns of equal length, and labels that are the same in every row."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    length = len(next(iter(arrays.values())))
    return {name: np.full(length, value) for name, value in labels.items()} | arrays


def stacked(*tables: Table) -> Table:
    """All rows in one table with the columns of all; blank where a table has no such column.

    Blank is an empty text among texts, and nan among numbers.
    """
    return {name: _column(name, tables) for name in dict.fromkeys(n for t in tables for n in t)}


def _column(name: str, tables: tuple[Table, ...]) -> np.ndarray:
    texts = any(t[name].dtype.kind in "SU" for t in tables if name in t)
    blank = "" if texts else np.nan
    missing = lambda t: np.full(len(next(iter(t.values()))), blank)
    return np.concatenate([t[name] if name in t else missing(t) for t in tables])


def rows(whole: Mapping[str, Any], **where: Any) -> Table:
    """The rows that have these values in these columns, in the order they were recorded."""
    columns = {name: np.asarray(values) for name, values in whole.items()}
    keep = np.ones(len(next(iter(columns.values()))), bool)
    for name, value in where.items():
        keep &= columns[name] == value
    return {name: values[keep] for name, values in columns.items()}
