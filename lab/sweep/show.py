"""How a sweep went, on stdout and for a program."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.modules import shown
from lab.report.page import number
from lab.report.terminal import columns, styled
from lab.sweep.axes import Axis
from lab.sweep.plan import Plan

if TYPE_CHECKING:
    from lab.sweep.conduct import Swept

_BEST, _LOST = 5, 3


def told(home: Path, plan: Plan, ending: "Swept") -> None:
    """The best runs, which diverged, and where it all is; the folder comes last."""
    if ending.verdicts:
        from lab.referee.show import Details, summary
        from lab.report.terminal import console

        screen = console()
        for verdict in ending.verdicts:
            if not verdict.passes:
                screen.print(Details(verdict))
        screen.print(summary(ending.verdicts))
    for remark in ending.remarks:
        print(styled(remark, fg="yellow"))
    rows = ranking(plan, ending.columns)
    if len(rows):
        print(*columns(best(plan, ending.columns, rows[:_BEST])), sep="\n")
    print(*_counted(plan, ending), sep="\n")
    if ending.best is not None:
        print(f"the best alone: {plan.alone(ending.best)}")
    if ending.note:
        print(ending.note, file=sys.stderr)
    if (home / "traceback.txt").exists():
        print(f"the whole traceback is in {shown(home / 'traceback.txt')}", file=sys.stderr)
    if (home / "report.html").exists():
        print(shown(home / "report.html"))
    print(shown(home))


def ranking(plan: Plan, table: Mapping[str, np.ndarray]) -> np.ndarray:
    """The rows of the runs that arrived somewhere, the least final loss first.

    Of runs that differ in nothing but what makes no difference it is the first.
    """
    if not len(table.get("run", ())):
        return np.zeros(0, int)
    losses = np.where(table["status"] == "diverged", np.nan, table["final.loss"].astype(float))
    places = np.unravel_index(table["run"], [len(axis.values) for axis in plan.axes])
    alike = idle(plan, table)
    for axis, place in zip(plan.axes, places, strict=True):
        if axis in alike:
            losses = np.where(place == 0, losses, np.nan)
    order = np.argsort(losses, kind="stable")
    return order[np.isfinite(losses[order])]


def idle(plan: Plan, table: Mapping[str, np.ndarray]) -> list[Axis]:
    """What was varied and makes no difference: for each of its values all runs end alike."""
    if len(table["run"]) < plan.runs or not np.isfinite(table["final.loss"].astype(float)).any():
        return []
    settings = {"run", *(axis.key for axis in plan.axes)}
    shape = [len(axis.values) for axis in plan.axes]
    ends = [column.reshape(shape) for name, column in table.items() if name not in settings]

    def same(end: np.ndarray, place: int) -> bool:
        first = np.broadcast_to(end.take([0], axis=place), shape)
        return np.array_equal(end, first, equal_nan=end.dtype.kind == "f")

    return [
        axis
        for place, axis in enumerate(plan.axes)
        if len(axis.values) > 1 and all(same(end, place) for end in ends)
    ]


def best(plan: Plan, table: Mapping[str, np.ndarray], rows: np.ndarray) -> list[tuple[str, ...]]:
    """The rows as text, with a heading."""
    names = ["run", *(axis.key for axis in plan.axes), "final.loss", "best.loss", "status"]
    cells = [tuple(number(_plain(table[name][row])) for name in names) for row in rows]
    return [tuple(names), *cells]


def plain(home: Path, plan: Plan, ending: "Swept") -> dict[str, Any]:
    """How a sweep went, for JSON."""
    return {
        "folder": str(home),
        "report": str(home / "report.html"),
        "status": ending.status,
        "note": ending.note,
        "exit_status": ending.exit_status,
        "verdicts": {verdict.name: verdict.verdict for verdict in ending.verdicts},
        "runs": plan.runs,
        "programs": ending.programs,
        "remarks": ending.remarks,
        "seconds": ending.seconds,
        **summary(plan, ending),
    }


def summary(plan: Plan, ending: "Swept") -> dict[str, Any]:
    """The best run, and the runs that diverged, each with what repeats it alone."""
    columns, lost = ending.columns, ending.diverged
    return {
        "ended_runs": len(columns.get("run", ())),
        "best": None if ending.best is None else _told(plan, columns, _row(columns, ending.best)),
        "diverged": [
            {"run": int(columns["run"][row]), "step": int(columns["step"][row]),
             "settings": plan.settings(int(columns["run"][row]))}
            for row in lost
        ],
    }  # fmt: skip


def _row(columns: Mapping[str, np.ndarray], run: int) -> int:
    return int(np.searchsorted(columns["run"], run))


def _told(plan: Plan, columns: Mapping[str, np.ndarray], row: int) -> dict[str, Any]:
    run = int(columns["run"][row])
    values = {name: columns[name][row] for name in columns if name.startswith(("final.", "best."))}
    return {
        "run": run,
        "settings": plan.settings(run),
        **{name: _plain(value) for name, value in values.items()},
        "command": plan.alone(run),
    }


def _counted(plan: Plan, ending: "Swept") -> Iterator[str]:
    done, seconds = len(ending.columns.get("run", ())), sum(ending.seconds.values())
    of = f"{done:,} runs" if done == plan.runs else f"{done:,} of {plan.runs:,} runs"
    programs = f"{ending.programs} program{'s' * (ending.programs != 1)}"
    yield f"{of} in {programs}  ({seconds:.1f} s)"
    lost = ending.diverged
    if len(lost):
        first = (
            f"run {ending.columns['run'][row]} at step {ending.columns['step'][row]}"
            for row in lost[:_LOST]
        )
        more = f", and {len(lost) - _LOST:,} more" if len(lost) > _LOST else ""
        yield styled(f"{len(lost):,} diverged: {', '.join(first)}{more}", fg="red")


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
