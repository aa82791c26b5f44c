"""``lab report``: the page of a run or a sweep, made anew from its folder."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.program import Json, app


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run or a sweep.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the page goes; else report.html in that folder.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write the report of a run or a sweep again, from what its folder holds; nothing is run.

    For one whose page was lost or came from an older version, or to put a copy elsewhere: one
    file that opens without a network.
    """
    from lab.modules import shown
    from lab.report import terminal
    from lab.runs import folder

    path = out or run / "report.html"
    page, state = _of_a_sweep(run) if (run / "sweep.json").is_file() else _of_a_run(run)
    folder.write_text(path, page)
    if as_json:
        print(terminal.dumps({"report": str(path), "status": state}))
    else:
        print(shown(path))
    return 0


def _of_a_run(run: Path) -> tuple[str, str]:
    """The page, and the status."""
    from lab.report.folder import page
    from lab.report.page import render

    contents = page(run)
    return render(contents), contents.status


def _of_a_sweep(home: Path) -> tuple[str, str]:
    from lab.sweep import resuming
    from lab.sweep.folder import page

    kept = resuming.read(home)
    return page(home, resuming.planned(home, kept)), kept["status"]
