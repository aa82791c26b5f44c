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

import jax
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
from lab.sweep import resuming
from lab.sweep.cases import Case, cases
from lab.sweep.figures import figures
from lab.sweep.folder import page
from lab.sweep.group import Group, Work, carried_out, groups
from lab.sweep.plan import Plan
from lab.sweep.show import idle, summary
from lab.sweep.table import Table, Trajectories, taken_up
from lab.training import devices, processes

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
    about, module, mesh = _found(plan)
    home, watch = folder.create(plan.name, out), watch or Unwatched()
    watch.begins(home)
    with folder.held(home), stoppable():
        # first what says that it is no single run
        kept = _begin(plan, about, home, mesh, command, checks)
        schema = str(shipped("configs") / "schema.json")
        folder.write_text(home / "config.yaml", dump(plan.base, schema))
        return home, _see_through(plan, module, mesh, home, kept, watch)


def resume(home: Path, plan: Plan, *, watch: Unwatched | None = None) -> Swept | None:
    """Go on with the sweep in the folder, which is of that ``plan``; None if it had finished.

    The runs that are kept are not made again, and what it leaves is what it would have left, bit
    for bit on the same devices. Raises ``BadInput`` where it is still running, or its experiment
    is another one now.
    """
    about, module, mesh = _found(plan)
    with folder.held(home), stoppable():
        kept = resuming.read(home)
        if kept["status"] == "finished":
            return None
        resuming.require_same(kept, about, home)
        folder.sweep(home)
        kept |= {"status": "running", "resumed": [*kept.get("resumed", []), _now()]}
        folder.write_json(home / "sweep.json", kept)
        return _see_through(plan, module, mesh, home, kept, watch or Unwatched())


def follow(plan: Plan) -> None:
    """Do the share of a sweep that another process conducts, and nothing else."""
    with stoppable():
        _, module, mesh = _found(plan)
        with devices.device(plan.variations[0].config["device"]):
            for group in groups(_traced(plan, module, Swept(), Unwatched())):
                with devices.precision(group.cases[0].values["precision"]):
                    for _ in carried_out(Work(group, mesh), lambda part: heed()):
                        heed()


def _found(plan: Plan) -> tuple[experiment.Experiment, ModuleType, Mesh]:
    """The experiment of a plan, its module, and the devices."""
    about = experiment.read(plan.variations[0].config.folder / "experiment.py")
    module, mesh = experiment.load(about), _mesh(plan)
    processes.same("the sweep", "\n".join([dump(plan.base), *resuming.asked(plan)["arguments"]]))
    return about, module, mesh


def _see_through(
    plan: Plan, module: ModuleType, mesh: Mesh, home: Path, kept: dict[str, Any], watch: Unwatched
) -> Swept:
    ending = Swept()
    with whatever_happens(ending, home, Path(str(module.__file__))):
        _carry_out(plan, module, mesh, home, ending, kept["checked"], watch)
    if ending.status == "interrupted":
        # of a run it is what was recorded
        ending.note = ending.note.replace("what was recorded is", "the runs that had ended are")
    with deaf():
        _end(plan, home, kept, ending)
    return ending


def _mesh(plan: Plan) -> Mesh:
    """The devices that share the runs: as many as were asked for, else all there are, and cores."""
    config = plan.variations[0].config
    name, count = config["device"], config["devices"]
    if count == 1 and not any(text.startswith("devices=") for text in plan.asked.fixed):
        devices.every_core()
        count = devices.mesh(name, "all").size
        if jax.process_count() == 1:
            count = min(count, plan.runs)
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
    known = taken_up(home, plan, found, mesh.size, table)
    done, written = int(known.sum()), time.monotonic()

    def tick(part: float) -> None:
        watch.at(int(done + part))
        heed()

    watch.phase("runs", plan.runs)
    try:
        with trajectory.Writer(home, runs=np.flatnonzero(known)) as writer:
            for group in found:
                precision = group.cases[0].values["precision"]
                with devices.precision(precision):
                    for ended in carried_out(Work(group, mesh), tick, known):
                        table.add(ended)
                        writer.append(trajectories.of(ended))
                        done += len(ended.runs)
                        watch.at(done)
                        if time.monotonic() - written > _SECONDS:
                            writer.flush()  # what is in the table has its rows on the disk
                            table.write(home)
                            written = time.monotonic()
                writer.flush()
                table.write(home)
    finally:
        with deaf():
            ending.columns = table.columns()
            table.write(home)
            _judge(plan, ending)


def _draw(plan: Plan, home: Path, ending: Swept) -> None:
    rows = trajectory.read(home)
    for name, drawing in figures(plan, ending.columns, rows):
        file = re.sub(r"[^\w-]+", "-", name).strip("-") + ".png"
        folder.write_bytes(home / "figures" / file, png(drawing))
        ending.figures.append({"name": name, "file": file, "alt": description(name, drawing)})


def _judge(plan: Plan, ending: Swept) -> None:
    """Which run is the best, whether any arrived at all, and what makes no difference."""
    ending.remarks += [
        f"{axis.key} makes no difference: runs that differ in nothing else end alike; "
        "of these the best runs show the first"
        for axis in idle(plan, ending.columns)
    ]
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
    asked = resuming.asked(plan)
    kept = {
        "status": "running",
        "started": _now(),
        "command": shlex.join(command),
        "again": shlex.join(["lab", "sweep", str(home / "config.yaml"), *asked["arguments"]]),
        **asked,
        "runs": plan.runs,
        "axes": {axis.key: list(axis.values) for axis in plan.axes},
        "device": f"{device.platform} ({device.device_kind})",
        "devices": mesh.size,
        "processes": jax.process_count(),
        "checked": checks,
        "experiment": {**about._asdict(), "file": str(about.file)},
        "source": resuming.source(about),
        "versions": record.versions(),
        "git": record.git(about.folder),
    }
    folder.write_json(home / "sweep.json", kept)
    return kept


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _end(plan: Plan, home: Path, kept: dict[str, Any], ending: Swept) -> None:
    ended = {
        **kept,
        "status": ending.status,
        "ended": _now(),
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
