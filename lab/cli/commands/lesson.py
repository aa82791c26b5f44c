"""``lab lesson``: a topic to play with, in the browser."""

from typing import Annotated

import typer

from lab.cli import shelves
from lab.cli.program import Json, app
from lab.errors import BadInput


@app.command()
def lesson(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            help="A topic; nothing lists the lessons.",
            autocompletion=shelves.lessons,
            show_default=False,
        ),
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Copy it into the current folder, and open the copy.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open a browser.")
    ] = True,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where it is served; else a free one.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Open a lesson in the browser: sliders, predictions, and formulas on trial.

    It runs on this machine, with JAX, until interrupted; nothing is fetched from a network.
    """
    from lab.lessons import browser as shown_by
    from lab.lessons import found

    if topic is not None:
        one = found.find(topic)
        if as_json:
            raise BadInput("--json lists the lessons: lab lesson --json")
        return shown_by.opened(one, edit=edit, browser=browser, port=port)
    if edit or port is not None or not browser:
        raise BadInput(f"which lesson? lab lesson TOPIC, topics: {', '.join(found.topics())}")
    from lab.report import terminal

    every = found.lessons()
    if as_json:
        plain = [{"topic": one.topic, "title": one.title, "file": str(one.file)} for one in every]
        print(terminal.dumps(plain))
    else:
        print(terminal.heading("Lessons", "lab lesson TOPIC"))
        print("\n".join(terminal.columns([(one.topic, one.title) for one in every])))
    return 0
