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
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only what holds all these words.")
    ] = None,
    curriculum: Annotated[
        bool, typer.Option("--curriculum", help="What is to be covered, and what covers it.")
    ] = False,
    as_json: Json = False,
) -> int:
    """List experiments with their questions, and derivations by topic."""
    if curriculum:
        if shelf is not None or topic is not None or search is not None:
            raise BadInput("--curriculum is listed whole: leave out the rest")
        return _curriculum(as_json)
    if search is not None:
        if shelf is not None or topic is not None:
            raise BadInput("--search looks everywhere: leave out the rest")
        return _search(search, as_json)
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


def _curriculum(as_json: bool) -> int:
    """What is to be covered, source by source, and what covers it."""
    from lab.curriculum import rows
    from lab.report import terminal

    if as_json:
        print(terminal.dumps({"curriculum": [row._asdict() for row in rows()]}))
        return 0
    source = ""
    for row in rows():
        if row.source != source:
            source = row.source
            print(f"\n{terminal.heading(source, 'lab show NAME')}")
        print(f"{terminal.styled(row.item, fg='cyan')}: {row.asks}")
        print(f"    {', '.join(row.by)}")
    return 0


def _search(words: str, as_json: bool) -> int:
    """Experiments, derivations and exercises that hold the words."""
    from lab import experiment
    from lab.report import terminal
    from lab.search import nearest, search

    if not words.split():
        raise BadInput("--search '': no words to look for")
    found, configs = search(words), experiment.configs()
    if as_json:
        whole = lambda these: [terminal.plain(one, configs) for one in these]
        answer = {
            "experiments": whole(found.experiments),
            "derivations": whole(one for topic in found.topics for one in topic.entries),
            "exercises": [f"{topic}.{question.name}" for topic, question in found.exercises],
        }
        print(terminal.dumps(answer))
        return 0
    parts = []
    if found.experiments:
        parts.append([*terminal.experiments(found.experiments, configs)])
    if found.topics:
        parts.append([*terminal.derivations(found.topics)])
    if found.exercises:
        rows = [(f"{topic}.{one.name}", one.level, one.skill) for topic, one in found.exercises]
        heading = terminal.heading("Exercises", "lab show TOPIC.EXERCISE")
        parts.append([heading, *terminal.columns(rows)])
    if not parts:
        near = ", ".join(one.name for one in nearest(words))
        raise BadInput(
            f"nothing holds the words {words!r}; {f'near: {near}' if near else 'see lab list'}"
        )
    print("\n\n".join("\n".join(part) for part in parts))
    return 0
