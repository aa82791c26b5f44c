"""One sweep, from what was typed to the report: the order of things, and what is kept."""

import re
import shlex
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jax.sharding import Mesh

from lab import experiment
from lab.conduct.ending import Ending, whatever_happens
from lab.conduct.trial import put_on_trial
from lab.config import dump
from lab.config.shelf import shipped
from lab.interrupts import deaf, heed, stoppable
from lab.report.picture import description, png
from lab.report.progress import Unwatched
from lab.runs import folder, record, trajectory
from lab.sweep.cases import Case, cases
from lab.sweep.figures import figures
from lab.sweep.folder import page
from lab.sweep.group import Group, Work, carried_out, groups
from lab.sweep.plan import Plan
from lab.sweep.table import Table, Trajectories
from lab.training import devices

# The table is written again at most this often while runs come in.
_SECONDS = 1.0


@dataclass
class Swept(Ending):
    """How a sweep went so far.

    ``columns`` are its table; ``programs`` how many there were to compile; ``remarks`` what could
    not be computed side by side, and why; ``best`` the run with the least final loss.
    """

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    programs: int = 0
    remarks: list[str] = field(default_factory=list)
    best: int | None = None

    @property
    def diverged(self) -> np.ndarray:
        """The rows of the runs that diverged."""
        return np.flatnonzero(self.columns.get("status", np.zeros(0, object)) == "diverged")


def conduct(
    plan: Plan,
    *,
    command: Sequence[str],
    out: Path = Path("runs"),
    checks: bool = True,
    watch: Unwatched | None = None,
) -> tuple[Path, Swept]:
    """Make all runs of the plan, into a new folder under ``out``: the folder, and how it went.

    Raises ``BadInput`` before any work as a single run does. Whatever happens later is the status,
    and is kept: ``finished``, with the exit status of the checks (0, 1 or 3), or 1 where every run
    diverged; ``failed``, 2 for bad input, else 1; ``interrupted``, 130, or 143 if told to end.
    """
    config = plan.variations[0].config
    about = experiment.read(config.folder / "experiment.py")
    module = experiment.load(about)
    mesh = _mesh(plan)
    home = folder.create(plan.name, out)
    with folder.held(home), stoppable():
        schema = str(shipped("configs") / "schema.json")
        folder.write_text(home / "config.yaml", dump(plan.base, schema))
        kept = _begin(plan, about, home, mesh, command, checks)
        ending = Swept()
        with whatever_happens(ending, home, Path(str(module.__file__))):
            _carry_out(plan, module, mesh, home, ending, checks, watch or Unwatched())
        if ending.status == "interrupted":
            ending.note = "interrupted; the runs that had ended are kept"
        with deaf():
            _end(plan, home, kept, ending)
        return home, ending


def _mesh(plan: Plan) -> Mesh:
    """The devices that share the runs: as many as were asked for, else all there are, and cores."""
    config = plan.variations[0].config
    name, count = config["device"], config["devices"]
    if count == 1 and not any(text.startswith("devices=") for text in plan.asked.fixed):
        devices.every_core()
        count = min(devices.mesh(name, "all").size, plan.runs)
    return devices.mesh(name, count)


def _carry_out(
    plan: Plan,
    module: ModuleType,
    mesh: Mesh,
    home: Path,
    ending: Swept,
    checks: bool,
    watch: Unwatched,
) -> None:
    if checks:
        with ending.timed("checks"):
            put_on_trial(module, plan.variations[0].config["seed"], home, ending, watch)
    with devices.device(plan.variations[0].config["device"]):
        with ending.timed("tracing"):
            found = _traced(plan, module, ending, watch)
        with ending.timed("training"):
            _train(plan, groups(found), mesh, home, ending, watch)
        with ending.timed("figures"):
            watch.phase("figures", 1)
            _draw(plan, home, ending)


def _traced(plan: Plan, module: ModuleType, ending: Swept, watch: Unwatched) -> list[Case]:
    """The cases of all variations."""

    def told(remark: str) -> None:
        if remark not in ending.remarks:
            ending.remarks.append(remark)

    found: list[Case] = []
    watch.phase("tracing", len(plan.variations))
    for place, variation in enumerate(plan.variations):
        found += cases(plan, variation, place, module, told)
        watch.at(place + 1)
    return found


def _train(
    plan: Plan, found: Sequence[Group], mesh: Mesh, home: Path, ending: Swept, watch: Unwatched
) -> None:
    """Make the runs, group by group; what has ended is on the disk soon after."""
    ending.programs = len(found)
    every = [case for group in found for case in group.cases]
    table, trajectories = Table(plan, every), Trajectories(every)
    done, written = 0, time.monotonic()

    def tick(part: float) -> None:
        watch.at(int(done + part))
        heed()

    watch.phase("runs", plan.runs)
    try:
        with trajectory.Writer(home) as writer:
            for group in found:
                precision = group.cases[0].values["precision"]
                with devices.precision(precision):
                    for ended in carried_out(Work(group, mesh), tick):
                        table.add(ended)
                        writer.append(trajectories.of(ended))
                        done += len(ended.runs)
                        watch.at(done)
                        if time.monotonic() - written > _SECONDS:
                            table.write(home)
                            written = time.monotonic()
                writer.flush()
                table.write(home)
    finally:
        with deaf():
            ending.columns = table.columns()
            table.write(home)
            _judge(ending)


def _draw(plan: Plan, home: Path, ending: Swept) -> None:
    rows = trajectory.read(home)
    for name, drawing in figures(plan, ending.columns, rows):
        file = re.sub(r"[^\w-]+", "-", name).strip("-") + ".png"
        folder.write_bytes(home / "figures" / file, png(drawing))
        ending.figures.append({"name": name, "file": file, "alt": description(name, drawing)})


def _judge(ending: Swept) -> None:
    """Which run is the best, and whether any arrived at all."""
    losses = np.where(ending.columns["status"] == "diverged", np.nan, ending.columns["final.loss"])
    if np.isfinite(losses).any():
        ending.best = int(ending.columns["run"][np.nanargmin(losses)])
    elif len(losses):
        ending.exit_status, ending.note = 1, "every run diverged"


def _begin(
    plan: Plan,
    about: experiment.Experiment,
    home: Path,
    mesh: Mesh,
    command: Sequence[str],
    checks: bool,
) -> dict[str, Any]:
    device = mesh.devices.flat[0]
    again = ["lab", "sweep", str(home / "config.yaml"), *(axis.typed for axis in plan.axes)]
    kept = {
        "status": "running",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(command),
        "again": shlex.join(again),
        "runs": plan.runs,
        "axes": {axis.key: list(axis.values) for axis in plan.axes},
        "device": f"{device.platform} ({device.device_kind})",
        "devices": mesh.size,
        "checked": checks,
        "experiment": {**about._asdict(), "file": str(about.file)},
        "versions": record.versions(),
        "git": record.git(about.folder),
    }
    folder.write_json(home / "sweep.json", kept)
    return kept


def _end(plan: Plan, home: Path, kept: dict[str, Any], ending: Swept) -> None:
    ended = {
        **kept,
        "status": ending.status,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "note": ending.note,
        "exit_status": ending.exit_status,
        "checks": Counter(verdict.verdict for verdict in ending.verdicts),
        "programs": ending.programs,
        "remarks": ending.remarks,
        "figures": ending.figures,
        "seconds": ending.seconds,
        **summary(plan, ending),
    }
    folder.write_json(home / "sweep.json", ended)
    folder.write_text(home / "report.html", page(home, plan))


def summary(plan: Plan, ending: Swept) -> dict[str, Any]:
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


def _row(columns: dict[str, np.ndarray], run: int) -> int:
    return int(np.searchsorted(columns["run"], run))


def _told(plan: Plan, columns: dict[str, np.ndarray], row: int) -> dict[str, Any]:
    run = int(columns["run"][row])
    values = {name: columns[name][row] for name in columns if name.startswith(("final.", "best."))}
    return {
        "run": run,
        "settings": plan.settings(run),
        **{name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()},
        "command": plan.alone(run),
    }
