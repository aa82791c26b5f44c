"""``lab run``: an experiment, from config to report."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab import compiled
from lab.cli import shelves
from lab.cli.program import Json, app
from lab.cli.together import Distributed, Part, Telling, alone, together
from lab.errors import BadInput
from lab.interrupts import INTERRUPTED

if TYPE_CHECKING:
    from lab.config import Config

# The bytes of a row: the step, the loss, the norm of the gradient, one more column; and how many
# of a run are worth a word.
_ROW, _MUCH = 20, 10e9


@app.command()
def run(
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG",
            show_default=False,
            help="A shipped name (lab list) or a path to YAML.",
            autocompletion=shelves.configs,
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Settings to change, e.g. optimizer.learning_rate=1e-2."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where run folders go.")] = Path("runs"),
    checks: Annotated[bool, typer.Option(help="Try the hand derivations first.")] = True,
    every: Annotated[
        bool, typer.Option("--all", help="Every experiment, a few at a time, and a table of them.")
    ] = False,
    distributed: Distributed = False,
    as_json: Json = False,
) -> int:
    """Run an experiment, from config to report.

    The last line printed is the folder with all it left. Exit status: 0 fine; 1 a derivation is
    wrong or unstable, or the run diverged or failed; 2 bad input; 3 a derivation is inconclusive
    or in error; 130 interrupted. A finding that does not hold is said, and leaves the status as
    it is. With --all the exit status is that of the worst.
    """
    if every:
        if config is not None:
            raise BadInput(f"--all runs every experiment as it is shipped: leave out {config!r}")
        if distributed:
            raise BadInput("--all takes a process each for its runs: leave out --distributed")
        return _all(out, checks, as_json)
    if config is None:
        raise BadInput("lab run: Missing argument 'CONFIG' (see lab run --help)")
    from lab.config import load

    checked = load(config, overrides or [])
    _say_if_much(checked)

    def conducted(telling: Telling) -> Part:
        from lab.conduct import conduct
        from lab.report import terminal
        from lab.report.progress import progress

        with progress() as watch:
            folder, ending = conduct(
                checked,
                command=["lab", "run", config, *(overrides or [])],
                out=out,
                checks=checks,
                watch=telling(watch),
            )
        if as_json:
            print(terminal.dumps(terminal.plain_run(folder, ending)))
        else:
            terminal.run(folder, ending)
        return Part(ending.exit_status, ending.status in ("finished", "diverged"))

    def followed() -> None:
        from lab.conduct import follow

        follow(checked)

    if distributed:
        return together(conducted, followed)
    # from here on it is worth importing JAX
    compiled.keep()
    return conducted(alone).status


def _say_if_much(config: "Config") -> None:
    """Whoever records every step of very many is told before the disk is full."""
    if config.kind == "study":
        return
    rows = config["steps"] / config["record"]["every"]
    if rows * _ROW > _MUCH:
        said = f"{rows:.1e} rows are to be recorded, {rows * _ROW / 1e9:.0f} GB or more"
        print(f"{said}; record.every=1000 keeps one in a thousand", file=sys.stderr)


def _all(out: Path, checks: bool, as_json: bool) -> int:
    """Every experiment, and a table of how they ended."""
    from lab import tour
    from lab.report import terminal
    from lab.report.progress import progress

    names, stops, begun = tour.configs(), [], time.perf_counter()
    status = 0
    with progress() as watch:
        watch.phase("experiments", len(names))
        try:
            for stop in tour.tour(names, out, checks=checks):
                stops.append(stop)
                watch.at(len(stops), f"{stop.name}: {stop.status}")
        except KeyboardInterrupt:
            status = INTERRUPTED
    stops.sort()
    status = status or tour.exit_status(stops)
    if as_json:
        found = {"runs": [stop._asdict() for stop in stops], "exit_status": status}
        print(terminal.dumps(found))
    else:
        terminal.stops(stops, time.perf_counter() - begun)
    return status
