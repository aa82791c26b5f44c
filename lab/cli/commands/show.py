"""``lab show``: one derivation or experiment."""

from typing import Annotated

import typer

from lab.cli import shelves
from lab.cli.program import Json, app
from lab.errors import BadInput, suggestion


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A derivation, an experiment or a config.",
            autocompletion=lambda: [*shelves.configs(), *shelves.derivations()],
        ),
    ],
    as_json: Json = False,
) -> int:
    """Show a derivation, or what an experiment asks."""
    import lab.catalogue as catalogue
    import lab.experiment as experiment
    from lab.report import terminal

    configs = experiment.configs()
    runs = {config: owner for owner, names in configs.items() for config in names}
    asked = {one: one for one in experiment.names()} | runs
    derivations = [one.name for one in catalogue.entries()]
    found: experiment.Experiment | catalogue.Entry
    if name in asked:
        found = experiment.find(asked[name])
    elif name.rpartition(".")[2] in derivations:
        found = catalogue.find(name)
    else:
        near = suggestion(name, [*asked, *derivations]) or "; see lab list"
        if name in shelves.topics():
            near = f"; it is a topic: lab list --topic {name}"
        raise BadInput(f"nothing is named {name!r}{near}")
    if as_json:
        print(terminal.dumps(terminal.plain(found, configs)))
    elif isinstance(found, catalogue.Entry):
        print("\n".join(terminal.entry(found)))
    else:
        print("\n".join(terminal.experiment(found, configs.get(found.name, []))))
    return 0
