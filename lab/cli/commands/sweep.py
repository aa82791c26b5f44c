"""``lab sweep``: many runs of an experiment at once."""

from pathlib import Path
from typing import Annotated

import typer

from lab import compiled
from lab.cli import shelves
from lab.cli.program import Json, app
from lab.cli.together import Distributed, Part, Telling, alone, together


@app.command()
def sweep(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            show_default=False,
            help="A shipped name (lab list) or a path to YAML.",
            autocompletion=shelves.configs,
        ),
    ],
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUES",
            show_default=False,
            help="What varies: several values, a range, linspace or logspace. A key with one value "
            "is the same in all runs.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where sweep folders go.")] = Path("runs"),
    checks: Annotated[bool, typer.Option(help="Try the hand derivations first.")] = True,
    distributed: Distributed = False,
    as_json: Json = False,
) -> int:
    """Make every combination of the values given, side by side in as few programs as will do.

    lab sweep gradient_descent optimizer.learning_rate=logspace(1e-3,1,64) condition=2,10,50

    lab sweep backprop_mlp optimizer.name=adam,sgd seed=0..3 steps=300

    Quote what your shell would take for its own: 'key=logspace(1e-4,1e-1,256)'. Numbers and seeds
    are computed together; what decides shapes or programs (optimizers, sizes) is grouped. The
    result of each run is that of `lab run` with its values. It leaves a table with a row for each
    run, the trajectories, thinned unless record.every is given here, and a report.

    The last line printed is the folder. Exit status: 0 fine, be it that some runs diverged; 1 a
    derivation is wrong or unstable, all runs diverged or the sweep failed; 2 bad input; 3 a
    derivation is inconclusive or in error; 130 interrupted, with what had ended kept.
    """
    from lab.sweep.plan import plan

    planned = plan(config, arguments)

    def conducted(telling: Telling) -> Part:
        from lab.report import terminal
        from lab.report.progress import progress
        from lab.sweep import show
        from lab.sweep.conduct import conduct

        with progress() as watch:
            home, ending = conduct(
                planned,
                command=["lab", "sweep", config, *arguments],
                out=out,
                checks=checks,
                watch=telling(watch),
            )
        if as_json:
            print(terminal.dumps(show.plain(home, planned, ending)))
        else:
            show.told(home, planned, ending)
        return Part(ending.exit_status, ending.status == "finished")

    def followed() -> None:
        from lab.sweep.conduct import follow

        follow(planned)

    if distributed:
        return together(conducted, followed)
    # from here on it is worth importing JAX
    compiled.keep()
    return conducted(alone).status
