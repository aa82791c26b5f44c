"""``lab resume``: go on with a run or a sweep that was stopped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lab import compiled
from lab.cli.program import Json, app
from lab.cli.together import Distributed, Part, Telling, alone, together
from lab.errors import BadInput


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run or a sweep.")],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Where to compute: device=cpu, devices=2."),
    ] = None,
    distributed: Distributed = False,
    as_json: Json = False,
) -> int:
    """Go on with a run or a sweep that was killed, interrupted or out of disk.

    It ends as if it had never stopped: the same trajectory, the same parameters, bit for bit on the
    same device. A sweep keeps the runs that had ended and makes the others, from their first step.
    Exit status as for run, or sweep; 0 where it had finished already.
    """
    from lab.runs import record

    if (run / "sweep.json").is_file():
        if overrides or distributed:
            raise BadInput(f"{run} is a sweep: it is gone on with as it is, by one process")
        return _sweep(run, as_json)
    if (run / "run.json").exists() and record.read(run)["status"] in ("finished", "diverged"):
        return _ended(run, as_json)

    def conducted(telling: Telling) -> Part:
        from lab.conduct import resume as go_on
        from lab.report import terminal
        from lab.report.progress import progress

        with progress() as watch:
            ending = go_on(run, overrides or [], watch=telling(watch))
        if ending is None:
            return Part(_ended(run, as_json), False)
        if as_json:
            print(terminal.dumps(terminal.plain_run(run, ending)))
        else:
            terminal.run(run, ending)
        return Part(ending.exit_status, ending.status in ("finished", "diverged"))

    def followed() -> None:
        from lab.conduct import follow, of_run

        follow(of_run(run, overrides or []), run)

    if distributed:
        return together(conducted, followed)
    # from here on it is worth importing JAX
    compiled.keep()
    return conducted(alone).status


def _sweep(home: Path, as_json: bool) -> int:
    from lab.sweep import resuming

    kept = resuming.read(home)
    if kept["status"] == "finished":
        return _finished(home, kept, as_json)
    planned = resuming.planned(home, kept)
    # from here on it is worth importing JAX
    compiled.keep()
    from lab.report import terminal
    from lab.report.progress import progress
    from lab.sweep import show
    from lab.sweep.conduct import resume as go_on

    with progress() as watch:
        ending = go_on(home, planned, watch=watch)
    if ending is None:  # by another process, meanwhile
        return _finished(home, resuming.read(home), as_json)
    if as_json:
        print(terminal.dumps(show.plain(home, planned, ending)))
    else:
        show.told(home, planned, ending)
    return ending.exit_status


def _ended(run: Path, as_json: bool) -> int:
    """Say that there is nothing left to do, and how the run ended."""
    from lab.modules import shown
    from lab.report import terminal
    from lab.runs import record

    kept = record.read(run)
    diverged = kept["status"] == "diverged"
    if as_json:
        print(terminal.dumps({"folder": str(run), "status": kept["status"], "note": kept["note"]}))
    else:
        print(kept["note"].partition("\n")[0] if diverged else f"already {kept['status']}")
        print(shown(run))
    return 1 if diverged else 0


def _finished(home: Path, kept: Mapping[str, Any], as_json: bool) -> int:
    from lab.modules import shown
    from lab.report import terminal

    if as_json:
        print(terminal.dumps({"folder": str(home), "status": "finished", "note": kept["note"]}))
    else:
        print("already finished", shown(home), sep="\n")
    return int(kept["exit_status"])
