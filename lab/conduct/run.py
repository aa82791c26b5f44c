"""One run, from config to report: the order of things, and what is kept when one goes wrong."""

import math
import re
import shlex
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from lab import experiment
from lab.conduct.ending import Ending, whatever_happens
from lab.conduct.training import kept_state, placed, pose, prepare, train, walk
from lab.conduct.trial import put_on_trial
from lab.config import Config, dump, load
from lab.config.shelf import shipped
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.interrupts import deaf, heed, stoppable
from lab.modules import failing_line
from lab.report.folder import page
from lab.report.page import render
from lab.report.picture import description, png
from lab.report.progress import Unwatched
from lab.runs import folder, record, trajectory
from lab.runs.mistaken import no_run
from lab.training import devices, processes

# Findings and figures of a training see no more rows than about these.
_READ = 2**20


def conduct(
    config: Config,
    *,
    command: Sequence[str],
    out: Path = Path("runs"),
    checks: bool = True,
    watch: Unwatched | None = None,
) -> tuple[Path, Ending]:
    """Run what ``config`` names into a new folder under ``out``: the folder, and how it ended.

    Raises ``BadInput`` before any work where the experiment's file does not load, the device is
    not there or the folder cannot be made. Whatever happens later is the status, and is kept:
    ``finished``, with the exit status of the checks (0, 1 or 3); ``diverged``, 1; ``failed``, 2 for
    bad input, else 1; ``interrupted``, 130, or 143 if it was told to end, or 1 where another
    process of the run went away.
    """
    about, module, hardware = _found(config)
    # a run's own config, run again, belongs to the experiment
    run = folder.create(about.name if config.name == "config" else config.name, out)
    watch = watch or Unwatched()
    watch.begins(run)
    with folder.held(run), stoppable():
        folder.write_text(
            run / "config.yaml", dump(config, str(shipped("configs") / "schema.json"))
        )
        begun = _begin(config, about, hardware, run, command, checks)
        return run, _see_through(config, module, run, begun, watch)


def resume(
    run: Path, overrides: Sequence[str] = (), *, watch: Unwatched | None = None
) -> Ending | None:
    """Go on with the run in folder ``run`` from where it was put aside last; None if it had ended.

    What it leaves is what it would have left uninterrupted, bit for bit on the same device;
    ``overrides`` may take another (``device=cpu``, ``devices=2``). Raises
    ``BadInput`` where ``run`` is no run, or is still running, or cannot be gone on with: the
    experiment is gone, or its training is another one now.
    """
    _require_run(run)
    with folder.held(run), stoppable():
        kept = record.read(run) if (run / "run.json").exists() else None
        if kept and kept["status"] in ("finished", "diverged"):
            return None
        config = of_run(run, overrides)
        about, module, hardware = _found(config)
        folder.sweep(run)
        watch = watch or Unwatched()
        watch.begins(run)
        if kept is None:
            begun = _begin(config, about, hardware, run, ["lab", "resume", str(run)], True)
        else:
            begun = record.resume(run, kept)
        return _see_through(config, module, run, begun, watch)


def follow(config: Config, run: Path | None = None) -> None:
    """Do the steps of a run that another process conducts, and nothing else.

    ``run`` is its folder where it is gone on with; it is only read. Raises as ``conduct`` does.
    """
    with stoppable():
        _, module, _ = _found(config)
        if config.kind == "problem":
            with placed(config) as (dtype, over):
                problem, key = pose(module, config, dtype)
                training = prepare(problem, config, key, over)
                for _ in walk(training, config, kept_state(training, run, over), over):
                    heed()


def of_run(run: Path, overrides: Sequence[str] = ()) -> Config:
    """The config of the run in folder ``run``, perhaps for another device.

    Raises ``BadInput`` where it is no run, or brings its own program, or for other overrides.
    """
    _require_run(run)
    for override in overrides:
        if override.partition("=")[0] not in ("device", "devices"):
            raise BadInput(f"{override}: a run is gone on with as it is, on another device at most")
    config = load(run / "config.yaml", overrides)
    if config.folder.is_relative_to(run.resolve()):
        raise BadInput(f"{run} brings its own program, which is not run; move it out to trust it")
    return config


def _found(config: Config) -> tuple[experiment.Experiment, ModuleType, str]:
    """What a config names: the experiment, its module, and the device."""
    about = experiment.read(config.folder / "experiment.py")
    devices.mesh(config["device"], config["devices"])  # there may be more only if asked for first
    module = experiment.load(about)
    processes.same("the config", dump(config))
    with devices.device(config["device"]) as found:
        return about, module, f"{found.platform} ({found.device_kind})"


def _require_run(run: Path) -> None:
    if not (run / "config.yaml").is_file():
        raise no_run(run, "it holds no config.yaml" if run.exists() else "it is not there")


def _begin(
    config: Config,
    about: experiment.Experiment,
    hardware: str,
    run: Path,
    command: Sequence[str],
    checks: bool,
) -> dict[str, Any]:
    return record.begin(
        run,
        seed=config["seed"],
        precision=config["precision"],
        device=hardware,
        code=about.folder,
        command=shlex.join(command),
        checked=checks,
        experiment={**about._asdict(), "file": str(about.file)},
    )


def _see_through(
    config: Config, module: ModuleType, run: Path, begun: dict[str, Any], watch: Unwatched
) -> Ending:
    ending = Ending()
    with whatever_happens(ending, run, Path(str(module.__file__))):
        _carry_out(config, module, run, ending, begun["checked"], watch)
    try:
        if not run.is_dir():
            raise BadInput(f"{run} was taken away")
        with deaf():
            record.end(
                run,
                begun,
                ending.status,
                stopped=ending.stopped,
                note=ending.note,
                exit_status=ending.exit_status,
                checks=Counter(verdict.verdict for verdict in ending.verdicts),
                findings=[finding._asdict() for finding in ending.findings],
                figures=ending.figures,
                devices=ending.devices,
                seconds=ending.seconds,
            )
            folder.write_text(run / "report.html", render(page(run)))
    except BadInput as problem:  # what keeps the run from ending keeps it from saying so
        raise BadInput(ending.note if ending.status == "failed" else str(problem)) from problem
    return ending


def _carry_out(
    config: Config, module: ModuleType, run: Path, ending: Ending, checks: bool, watch: Unwatched
) -> None:
    if checks:
        with ending.timed("checks"):
            put_on_trial(module, config["seed"], run, ending, watch)
    with placed(config) as (dtype, over):
        ending.devices = _told(over) if over.size > 1 else None
        with ending.timed("study" if config.kind == "study" else "training"):
            if config.kind == "study":
                watch.phase("study", 1)
                key = jax.random.key(config["seed"])
                trajectory.write(run, module.study(key, **config.settings))
                params, problem = None, None
            else:
                problem, key = pose(module, config, dtype)
                params = train(problem, config, key, over, run, ending, watch)
        most = None if config.kind == "study" else _READ
        outcome = Outcome(dict(config), trajectory.read(run, most), problem, params)
        if ending.status == "diverged":
            # the promises were about a descent that arrives; what can still be drawn is drawn
            try:
                with warnings.catch_warnings():  # of numbers that are not finite, which is said
                    warnings.simplefilter("ignore", RuntimeWarning)
                    _conclude(module, outcome, run, ending, watch)
            except Exception as fault:
                ending.note += f"\n{failing_line(fault, Path(str(module.__file__)))}"
        else:
            _conclude(module, outcome, run, ending, watch)


def _told(over: Mesh) -> dict[str, Any]:
    """Where it is computed; ``rows`` are how many rows of each leaf of a batch were dealt out."""
    return {"count": over.size, "processes": jax.process_count(), "rows": {}}


def _conclude(
    module: ModuleType, outcome: Outcome, run: Path, ending: Ending, watch: Unwatched
) -> None:
    with ending.timed("findings"):
        ending.findings += [_plain(finding) for finding in module.findings(outcome)]
    with ending.timed("figures"):
        watch.phase("figures", 1)
        for name, drawing in module.figures(outcome):
            file = re.sub(r"[^\w-]+", "-", name).strip("-") + ".png"
            if any(figure["file"] == file for figure in ending.figures):
                raise BadInput(f"two figures are called {name!r}; give one another name")
            folder.write_bytes(run / "figures" / file, png(drawing))
            alt = description(name, drawing)
            ending.figures.append({"name": name, "file": file, "alt": alt})


def _plain(finding: Finding) -> Finding:
    """A finding in Python's own types; a number that is not finite becomes its name."""
    value: Any = finding.value
    if not isinstance(value, str):
        value = np.asarray(value).item()
        value = value if math.isfinite(value) else str(value)
    return Finding(finding.name, value, str(finding.expected), bool(finding.holds))
