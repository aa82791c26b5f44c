"""``lab list``: what there is."""

from typing import Annotated, Any

import typer

from lab.cli import shelves
from lab.cli.program import Json, app, said
from lab.errors import BadInput, suggestion

SHELVES = ["experiments", "derivations"]


@app.command("list")
def list_shelves(
    shelf: Annotated[
        str | None,
        typer.Argument(
            metavar="experiments|derivations", autocompletion=lambda: SHELVES, show_default=False
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(help="Only the derivations of this topic.", autocompletion=shelves.topics),
    ] = None,
    as_json: Json = False,
) -> int:
    """List experiments with their questions, and derivations by topic."""
    import lab.catalogue as catalogue
    import lab.experiment as experiment
    from lab.report import terminal

    if shelf is not None and shelf not in SHELVES:
        near = suggestion(shelf, SHELVES)
        if shelf in shelves.topics():
            near = f"; it is a topic: lab list --topic {shelf}"
        raise BadInput(f"nothing to list is called {shelf!r}{near}")
    if topic is not None and shelf == "experiments":
        raise BadInput(f"--topic picks derivations: lab list derivations --topic {topic}")
    answer: dict[str, list[Any]] = {}
    lines: list[str] = []
    faults: list[str] = []
    if topic is None and shelf != "derivations":
        experiments, faults = experiment.readable()
        configs = experiment.configs()
        lines += terminal.experiments(experiments, configs)
        answer["experiments"] = list(experiments)
    if shelf != "experiments":
        topics = catalogue.topics() if topic is None else (catalogue.topic(topic),)
        overview = topic is None and shelf is None
        lines += ["", *terminal.topics(topics)] if overview else terminal.derivations(topics)
        answer["derivations"] = [one for found in topics for one in found.entries]
    if as_json:  # each with its source, which takes its time
        configs = experiment.configs()
        whole = lambda shelf: [terminal.plain(one, configs) for one in shelf]
        print(terminal.dumps({name: whole(found) for name, found in answer.items()}))
    else:
        print("\n".join(lines))
    return said(faults)
