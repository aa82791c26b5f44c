"""``lab run``: an experiment, from config to report."""

from pathlib import Path
from typing import Annotated

import typer

from lab import compiled
from lab.cli import shelves
from lab.cli.program import Json, app


@app.command()
def run(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="A shipped name (lab list) or a path to YAML.",
            autocompletion=shelves.configs,
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Settings to change, e.g. optimizer.learning_rate=1e-2."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where run folders go.")] = Path("runs"),
    checks: Annotated[bool, typer.Option(help="Try the hand derivations first.")] = True,
    as_json: Json = False,
) -> int:
    """Run an experiment, from config to report.

    The last line printed is the folder with all it left. Exit status: 0 fine; 1 a derivation is
    wrong or unstable, or the run diverged or failed; 2 bad input; 3 a derivation is inconclusive
    or in error; 130 interrupted. A finding that does not hold is said, and leaves the status as
    it is.
    """
    from lab.config import load

    checked = load(config, overrides or [])
    # from here on it is worth importing JAX
    compiled.keep()
    from lab.conduct import conduct
    from lab.report import terminal
    from lab.report.progress import progress

    with progress() as watch:
        folder, ending = conduct(
            checked,
            command=["lab", "run", config, *(overrides or [])],
            out=out,
            checks=checks,
            watch=watch,
        )
    if as_json:
        print(terminal.dumps(terminal.plain_run(folder, ending)))
    else:
        terminal.run(folder, ending)
    return ending.exit_status
