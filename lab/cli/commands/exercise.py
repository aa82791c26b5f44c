"""``lab exercise``: questions to answer by hand, hints, and how far one has come."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli import shelves
from lab.cli.program import Json, app
from lab.errors import BadInput


@app.command()
def exercise(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC[.EXERCISE]]",
            help="A topic, or an exercise of it; nothing shows how far you have come.",
            autocompletion=shelves.sheets,
            show_default=False,
        ),
    ] = None,
    question: Annotated[
        str | None, typer.Argument(metavar="[EXERCISE]", show_default=False, help="One of it.")
    ] = None,
    hint: Annotated[bool, typer.Option("--hint", help="The next hint.")] = False,
    solution: Annotated[bool, typer.Option("--solution", help="Give up: how it is done.")] = False,
    answer: Annotated[
        str | None,
        typer.Option(metavar="FORMULA", help='Judge a formula, e.g. --answer "2*x*cos(x^2)".'),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a sheet with answers.")] = False,
    as_json: Json = False,
) -> int:
    """Copy a sheet of exercises into the current folder, or help with one.

    Fill in the functions and let `lab check TOPIC.py` judge them: exit status as for derivations,
    open questions do not count. What you have done is kept in progress.json beside the sheet.
    """
    from lab.exercises import desk

    if name is None:
        if force:
            raise BadInput("which sheet? lab exercise TOPIC --force")
        if not (hint or solution or answer is not None):
            return desk.overview(Path.cwd(), as_json)
        name = desk.begun(Path.cwd())
    topic, dot, inside = name.partition(".")
    if dot and question is not None:
        raise BadInput(f"{name!r} names an exercise already; {question!r} is one too many")
    chosen = question if question is not None else inside or None
    wishes = {"--hint": hint, "--solution": solution, "--answer": answer is not None}
    asked = [wish for wish, made in wishes.items() if made]
    if len(asked) > 1:
        raise BadInput(f"{' and '.join(asked)}: one at a time")
    if answer is not None:
        return desk.judge_formula(topic, chosen, answer, Path.cwd(), as_json)
    if hint:
        return desk.give_hint(topic, chosen, Path.cwd(), as_json)
    if solution:
        return desk.show_solution(topic, chosen, as_json)
    if chosen is not None:
        return desk.show_question(topic, chosen, as_json)
    return desk.hand_out(topic, Path.cwd(), force, as_json)
