"""``lab report``: a run's page, made anew from its folder."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.program import Json, app


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the page goes; else report.html of the run.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Write the report of a run again, from what its folder holds; nothing is run.

    For a run whose page was lost or came from an older version, or to put a copy elsewhere: one
    file that opens without a network.
    """
    from lab.modules import shown
    from lab.report import terminal
    from lab.report.folder import page
    from lab.report.page import render
    from lab.runs import folder

    path = out or run / "report.html"
    contents = page(run)
    folder.write_text(path, render(contents))
    if as_json:
        print(terminal.dumps({"report": str(path), "status": contents.status}))
    else:
        print(shown(path))
    return 0
