"""What a sweep leaves in numbers: a table with a row for each run, and all their trajectories."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lab.config.writing import inline
from lab.errors import BadInput
from lab.runs import folder, trajectory
from lab.sweep.cases import Case
from lab.sweep.group import Ended, Group, whole
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

    def take_up(self, kept: Mapping[str, np.ndarray], known: np.ndarray) -> None:
        """Take in the ``known`` runs of a table that was written earlier.

        Raises ``BadInput`` where it is the table of another sweep.
        """
        rows = np.flatnonzero(known[kept["run"]])
        runs = kept["run"][rows]
        self._known[runs] = True
        names = [name for name in self.columns() if name != "stopped"]
        if names != [name for name in kept if name != "stopped"]:
            raise BadInput(f"the table has the columns {', '.join(kept)}; expected: {names}")
        self._status[runs] = kept["status"][rows]
        self._steps[0, runs], self._steps[1, runs] = kept["step"][rows], kept["best.step"][rows]
        self._best[runs] = kept["best.loss"][rows]
        for name, column in self._final.items():
            column[runs] = kept[f"final.{name}"][rows]
        if "stopped" in kept:
            said = zip(runs, kept["stopped"][rows], strict=True)
            self._why |= {int(run): why for run, why in said if why}
        settings = self.columns()
        for axis in self._plan.axes:
            if not np.array_equal(settings[axis.key], kept[axis.key][rows]):
                raise BadInput(f"the table has other values of {axis.key}")

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


def taken_up(
    home: Path, plan: Plan, found: Sequence[Group], devices: int, into: Table
) -> np.ndarray:
    """Which runs are not to be made again, yes or no; the table in the folder goes ``into`` ours.

    Runs are handed over several at a time, and kept where all of these are: in the table and, with
    their rows, in the trajectory.
    """
    known = np.zeros(plan.runs, bool)
    if not (home / NAME).exists():
        return known
    kept = read(home)
    known[np.intersect1d(kept["run"], trajectory.runs(home))] = True
    known = np.logical_or.reduce([whole(group, devices, known) for group in found])
    try:
        into.take_up(kept, known)
    except BadInput as fault:
        raise BadInput(f"{home} is of another sweep than its config: {fault}") from fault
    return known


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
