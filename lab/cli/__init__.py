"""The command line: results to stdout, progress and remarks to stderr, one line a bad input.

A command is a file of ``lab/cli/commands``: it is found there, not registered.
"""

import gc
import importlib
import pkgutil
import sys

from lab.cli import commands
from lab.cli.program import app

for _command in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
    importlib.import_module(_command.name)


def main() -> None:
    """The ``lab`` program."""
    # What JAX and matplotlib make as they start they keep: to look through it every 700 objects
    # for what could go takes a tenth of a run, and finds nothing.
    gc.set_threshold(50_000)
    sys.exit(status())


def status(arguments: list[str] | None = None) -> int:
    """Carry out ``lab ARGUMENTS`` and answer its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result = app(given or ["--help"], prog_name="lab", standalone_mode=False)
    except Exception as problem:
        # typer's own exceptions have no public home; they are told by what they can do
        if not hasattr(problem, "format_message"):
            raise
        context = getattr(problem, "ctx", None)
        command = context.command_path if context else "lab"
        message = " ".join(problem.format_message().split())
        print(f"{command}: {message} (see {command} --help)", file=sys.stderr)
        return 2
    return result or 0
