"""What a sweep leaves in numbers: a table with a row for each run, and all their trajectories."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lab.config.writing import inline
from lab.runs import folder
from lab.sweep.cases import Case
from lab.sweep.group import Ended
from lab.sweep.plan import Plan
from lab.training.stopping import DIVERGED, GOING

NAME = "table.parquet"


class Table:
    """The runs that have ended so far: their settings, how they ended, final and best values.

    ``run``, a column for each axis, ``status`` (``finished``, ``stopped``, ``diverged``), ``step``
    (how many updates were made), ``stopped`` (why), ``best.loss``, ``best.step``, ``final.loss``
    and all other columns in the end; nan where a run has no such number.
    """

    def __init__(self, plan: Plan, cases: Iterable[Case]) -> None:
        self._plan = plan
        self._known = np.zeros(plan.runs, bool)
        self._why: dict[int, str] = {}
        self._status = np.full(plan.runs, "finished", object)
        self._steps = np.zeros((2, plan.runs), np.int64)
        self._best = np.full(plan.runs, np.nan)
        wide = _dtypes([_final(case) for case in cases])
        self._final = {name: np.full(plan.runs, np.nan, dtype) for name, dtype in wide.items()}

    def add(self, ended: Ended) -> None:
        """Take in runs that have ended."""
        runs, end = ended.runs, ended.end
        self._known[runs] = True
        self._steps[0, runs], self._steps[1, runs] = end.ended, end.best_step
        self._best[runs] = np.where(np.isfinite(end.best), end.best, np.nan)
        for run, reason in zip(runs, end.reason, strict=True):
            if reason != GOING:
                diverged = reason == DIVERGED
                self._status[run] = "diverged" if diverged else "stopped"
                if not diverged:
                    self._why[int(run)] = ended.case.why(int(reason)) or ""
        for name, column in final(ended).items():
            self._final[name][runs] = column

    def columns(self) -> dict[str, np.ndarray]:
        """The table as columns, the runs in their order."""
        runs = np.flatnonzero(self._known)
        shape = [len(axis.values) for axis in self._plan.axes]
        places = np.unravel_index(runs, shape)
        found: dict[str, np.ndarray] = {"run": runs}
        for axis, place in zip(self._plan.axes, places, strict=True):
            found[axis.key] = _values(self._plan, axis.key, axis.numeric)[place]
        found |= {"status": self._status[runs], "step": self._steps[0, runs]}
        if self._why:
            found["stopped"] = np.array([self._why.get(int(run), "") for run in runs], object)
        found |= {"best.loss": self._best[runs], "best.step": self._steps[1, runs]}
        return found | {f"final.{name}": column[runs] for name, column in self._final.items()}

    def write(self, home: Path) -> None:
        """Write ``table.parquet`` into the folder, whole."""
        with folder.whole(home / NAME) as temporary:
            pq.write_table(pa.table(self.columns()), temporary)


def read(home: Path) -> dict[str, np.ndarray]:
    """The columns of the table in the folder of a sweep."""
    table = pq.ParquetFile(home / NAME).read()
    return {name: table.column(name).to_numpy() for name in table.column_names}


def _values(plan: Plan, key: str, numeric: bool) -> np.ndarray:
    if numeric:
        return np.array(plan.variations[0].numbers[key])
    (values,) = (axis.values for axis in plan.axes if axis.key == key)
    texts = [value if isinstance(value, str) else inline(value) for value in values]
    return np.array(texts, object)


def final(ended: Ended) -> dict[str, np.ndarray]:
    """All columns at the last point of each run, nan where nothing is known of a diverged one."""
    end: Any = ended.end  # NumPy's arrays
    found = {**end.row, **end.evaluated}
    if ended.case.held:
        return found
    lost = end.reason == DIVERGED
    if not lost.any():
        return found
    known = {"loss": end.loss}
    return {
        name: np.where(lost, known.get(name, np.nan), _floating(column))
        for name, column in found.items()
    }


class Trajectories:
    """The recorded rows of many runs in one table: a column ``run``, then as for a single run."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._dtypes = _dtypes([case.row for case in cases])

    def of(self, ended: Ended) -> dict[str, np.ndarray]:
        """The rows of runs that have ended, one run after the other, and of each where it ended."""
        end: Any = ended.end
        at = np.append(ended.steps, 0).astype(np.int32)
        keep = at[:, None] < end.ended
        keep[-1] = True
        whole = bool(keep.all())
        put = lambda column: column.T.ravel() if whole else column.T[keep.T]
        steps = np.broadcast_to(at[:, None], keep.shape).copy()
        steps[-1] = end.ended
        runs = np.broadcast_to(ended.runs.astype(np.int32), keep.shape)
        found = {"run": put(runs), "step": put(steps)}
        last = final(ended)
        for name, dtype in self._dtypes.items():
            if name in ended.rows:
                column = np.concatenate([ended.rows[name], last[name][None]])
                found[name] = put(column).astype(dtype, copy=False)
            else:
                found[name] = np.full(len(found["run"]), np.nan, dtype)
        return found


def _final(case: Case) -> dict[str, Any]:
    return {**case.row, **case.evaluated}


def _dtypes(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The names of all columns of all programs, and what holds their numbers and nan."""
    found: dict[str, Any] = {}
    for table in columns:
        for name, like in table.items():
            floating = _float_of(like.dtype)
            found[name] = np.result_type(found.get(name, floating), floating)
    return found


def _float_of(dtype: Any) -> Any:
    return dtype if np.dtype(dtype).kind == "f" else np.dtype(np.float64)


def _floating(column: np.ndarray) -> np.ndarray:
    return column.astype(_float_of(column.dtype))
