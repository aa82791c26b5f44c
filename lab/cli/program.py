"""What all commands share: the program they belong to, its options, and how bad input ends."""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lab.errors import BadInput

# what a shell reports of a program whose reader went away
BROKEN_PIPE = 141

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


class Commands(TyperGroup):
    """Commands whose bad input ends in its message and status 2, never in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BadInput as problem:
            print(problem, file=sys.stderr)
            return 2
        except BrokenPipeError:
            # else the interpreter meets the same error again when it flushes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE


app = typer.Typer(
    name="lab",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Derive a gradient by hand, put it on trial, and put it to work.",
    epilog="What the symbols mean: lab show notation. What is covered: lab list --curriculum.",
)


def _version(asked: bool) -> bool:
    if asked:
        from importlib.metadata import version

        print(f"lab {version('derivative-lab')}")
        raise typer.Exit
    return asked


@app.callback()
def lab(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options of the program itself."""


def said(faults: list[str]) -> int:
    """Say what could not be read; the status that goes with it."""
    for fault in faults:
        print(fault, file=sys.stderr)
    return 2 if faults else 0
