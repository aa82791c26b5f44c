"""``lab compare``: two runs side by side."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.program import Json, app

Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]


@app.command()
def compare(
    first: Run,
    second: Run,
    out: Annotated[
        Path | None, typer.Option(help="Where the figure goes; else beside the first run.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Tell what differs between two runs, and at which step their trajectories part.

    The figure shows both losses and how far they are apart. Exit status: 0, be they equal or not.
    """
    from lab.modules import shown
    from lab.report import comparison, terminal
    from lab.runs import folder
    from lab.runs.compare import compare as compared

    found = compared(first, second)
    drawing = comparison.figure(first, second)
    path = None
    if drawing is not None:
        from lab.report.picture import png

        path = out or first.parent / f"compare-{first.name}-{second.name}.png"
        folder.write_bytes(path, png(drawing))
    if as_json:
        parting = found.parting._asdict() if found.parting else None
        answer = found._asdict() | {"same": found.same, "parting": parting}
        print(terminal.dumps(answer | {"figure": None if path is None else str(path)}))
    else:
        print(*comparison.told(found), sep="\n")
        if path is not None:
            print(shown(path))
    return 0
