"""The trajectory of a run: rows in Parquet parts, read as one table in the order they were written.

``pandas.read_parquet(run / "trajectory")`` reads it as well: parts are numbered, all have the
schema of the first one, and unfinished ones have names that readers of Parquet folders skip.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lab.errors import BadInput
from lab.runs import folder

# Rows are kept at most this long before they are on the disk: a second, or, in a long run, a
# fiftieth of what it already took. So an hour of one makes some 250 parts rather than 3600.
_SECONDS, _SHARE = 1.0, 0.02
_BYTES = 16 * 2**20


class Writer:
    """Appends columns to ``run/trajectory``; leaving its context writes what is left, however left.

    A thread writes while the caller computes: one part at a time, in order, and the next one waits
    for it. What it could not write is raised by the calls that come after, and nothing is written
    beyond the gap; ``flush`` returns when all rows are on the disk.

    with Writer(run) as writer:
        for chunk in chunks(...):
            writer.append(chunk.columns)

    What ``run/trajectory`` already holds is kept below the step ``before``, or, in a sweep, where
    it is of ``runs``, and all else forgotten: the rows to come are its continuation.
    """

    def __init__(self, run: Path, before: int = 0, runs: np.ndarray | None = None) -> None:
        self._folder = run / "trajectory"
        self._tables: list[pa.Table] = []
        self._schema: pa.Schema | None = None
        self._bytes = 0
        self._parts = _cut(run, before) if runs is None else _only(run, runs)
        self._thread = ThreadPoolExecutor(1, "trajectory")
        self._writing: Future[None] | None = None
        self._started = self._written = time.monotonic()

    def append(self, columns: Mapping[str, Any]) -> None:
        """Rows to come after those before: equal-length columns of numbers, flags or text.

        The first call settles names and types. The masked entries of a masked array are nulls.
        Raises ``BadInput`` for columns that are no such table, or another one than the first, and
        where earlier rows could not be written.
        """
        if self._writing is not None and self._writing.done():
            self._writing.result()
        table = _table(columns)
        if self._schema is None:
            self._schema = table.schema
        elif table.schema != self._schema:
            raise BadInput(
                f"the trajectory has the columns {_described(self._schema)}; "
                f"these rows have {_described(table.schema)}"
            )
        self._tables.append(table)
        now = time.monotonic()
        patience = max(_SECONDS, _SHARE * (now - self._started))
        self._bytes += table.nbytes
        if self._bytes > _BYTES or not self._parts or now - self._written > patience:
            self._hand_over()

    def flush(self) -> None:
        """Write the rows that are kept; they are on the disk when it returns.

        Raises ``BadInput`` where they, or earlier ones, cannot be written.
        """
        if self._tables:
            self._hand_over()
        self._settle()

    def _hand_over(self) -> None:
        """Have the rows that are kept written as one part, after the one before."""
        self._settle()
        path = self._folder / f"part-{self._parts:05}.parquet"
        self._writing = self._thread.submit(_write_part, self._tables, path)
        self._tables, self._bytes, self._written = [], 0, time.monotonic()
        self._parts += 1

    def _settle(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.flush()
        finally:
            self._thread.shutdown()


def write(run: Path, columns: Mapping[str, Any]) -> None:
    """A whole trajectory at once, as a study has it. Raises ``BadInput`` as ``Writer.append``."""
    with Writer(run) as writer:
        writer.append(columns)


def _cut(run: Path, before: int) -> int:
    """Forget all rows from step ``before`` on; the number of parts that are left.

    From the last part to the first: whenever it is stopped, what is left is a beginning.
    """
    parts = sorted((run / "trajectory").glob("*.parquet"))
    while parts:
        table = pq.ParquetFile(parts[-1]).read() if before else None
        kept = 0 if table is None else int(np.sum(_values(table.column("step")) < before))
        if table is not None and kept == len(table):
            break
        if table is None or not kept:
            parts.pop().unlink()
            continue
        with folder.whole(parts[-1]) as temporary:
            _write(table.slice(0, kept), temporary)
    return len(parts)


def _only(home: Path, runs: np.ndarray) -> int:
    """Forget all rows but those of the runs; the number of the next part."""
    parts = sorted((home / "trajectory").glob("[!.]*.parquet"))
    for part in parts:
        known = np.isin(_runs(part), runs)
        if not known.any():
            part.unlink()
        elif not known.all():
            with folder.whole(part) as temporary:
                _write(pq.ParquetFile(part).read().filter(pa.array(known)), temporary)
    return 1 + int(parts[-1].stem.rpartition("-")[2]) if parts else 0


def runs(home: Path) -> np.ndarray:
    """The numbers of the runs that a sweep has rows of."""
    found = [np.unique(_runs(part)) for part in (home / "trajectory").glob("[!.]*.parquet")]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def _runs(part: Path) -> np.ndarray:
    return _values(pq.ParquetFile(part).read(["run"]).column("run"))


def read(run: Path, most: int | None = None) -> dict[str, np.ndarray]:
    """The columns of ``run/trajectory`` in the order of its rows; {} if nothing was recorded.

    Nulls are NaN, so a column of integers that has any is read as floats; text is of dtype object.

    Where there are more than ``most`` rows it is one in so many of them, the first and the last
    one, and those with a value that others lack: memory for some ``most`` rows and a part is taken.
    """
    parts = sorted((run / "trajectory").glob("[!.]*.parquet"))
    if not parts:
        return {}
    total = sum(pq.read_metadata(part).num_rows for part in parts) if most else 0
    stride = -(-total // most) if most else 1
    tables, start = [], 0
    for part in parts:
        # Each part by itself: a partitioned data set would read the folder's name as a column too.
        table = pq.ParquetFile(part).read()
        rows = len(table)
        if stride > 1:
            table = table.take(_some(table, start, total, stride))
        tables.append(table)
        start += rows
    table = pa.concat_tables(tables, promote_options="default")
    return {name: _values(table.column(name)) for name in table.column_names}


def _some(table: pa.Table, start: int, total: int, stride: int) -> np.ndarray:
    """Which rows of a part to keep: every so many of all, the last, and those that say more."""
    places = np.arange(start, start + len(table))
    keep = (places % stride == 0) | (places == total - 1)
    for column in table.columns:
        if column.null_count:
            keep |= np.asarray(column.is_valid())
    return np.flatnonzero(keep)


def _table(columns: Mapping[str, Any]) -> pa.Table:
    arrays = {name: _array(name, values) for name, values in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if not lengths:
        raise BadInput("a trajectory needs at least one column")
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise BadInput(f"the columns of a trajectory are equally long; {said}")
    # of a column that may have gaps Parquet writes down for every value whether there is one
    gaps = {name: isinstance(values, np.ma.MaskedArray) for name, values in columns.items()}
    fields = [pa.field(name, array.type, gaps[name]) for name, array in arrays.items()]
    return pa.table([*arrays.values()], pa.schema(fields))


def _array(name: str, values: Any) -> pa.Array:
    array = values if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.ndim != 1:
        raise BadInput(f"column {name!r} has shape {array.shape}; a column has one axis")
    if array.dtype.kind not in "biufUO":
        raise BadInput(f"column {name!r} holds {array.dtype}; numbers, flags or text can be kept")
    if array.dtype.kind == "O" and not all(isinstance(value, str) for value in array):
        raise BadInput(f"column {name!r} mixes types; a column is all numbers or all text")
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values = np.ascontiguousarray(np.ma.getdata(array))
    if array.dtype.kind not in "iuf":
        return pa.array(values, mask=mask)
    # pa.array looks whether they are pandas' own, which takes as long as importing pandas does
    valid = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def _write_part(tables: list[pa.Table], path: Path) -> None:
    with folder.whole(path) as temporary:
        _write(pa.concat_tables(tables), temporary)


def _write(table: pa.Table, path: Path) -> None:
    # Numbers of a descent repeat too seldom for dictionaries and compression to pay: they would
    # save a sixth of the bytes, and take four times as long. Values are copied a batch at a time,
    # and a page is as many batches as fill it.
    pq.write_table(
        table,
        path,
        use_dictionary=False,
        compression="none",
        write_statistics=False,
        write_batch_size=2**16,
    )


def _values(column: pa.ChunkedArray) -> np.ndarray:
    """A column as numpy has it, nulls as NaN; numbers without the detour over pandas."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return column.to_numpy()
    dtype = np.dtype(kind.to_pandas_dtype())
    read = [np.zeros(0, dtype)]
    for chunk in column.chunks:
        valid, data = chunk.buffers()
        values = np.frombuffer(data, dtype)[chunk.offset : chunk.offset + len(chunk)]
        if chunk.null_count:
            bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
            known = bits[chunk.offset : chunk.offset + len(chunk)].astype(bool)
            values = np.where(known, values, np.nan)
        read.append(values)
    return np.concatenate(read)


def _described(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)
