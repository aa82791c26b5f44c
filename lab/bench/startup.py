"""From the prompt to the report: a warm run of an experiment, beside the imports it stands on."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from statistics import median
from typing import Annotated

from typer import Option

from lab.bench import Report, Table
from lab.bench._turns import over
from lab.report.progress import Unwatched

IMPORTS = "import jax, matplotlib.pyplot"
LAB = "import sys; from lab.cli import main; sys.argv[0] = 'lab'; main()"


def measure(
    watch: Unwatched,
    *,
    config: Annotated[str, Option(help="What is run.")] = "gradient_descent",
    repeats: Annotated[int, Option(help="Medians are over so many.")] = 5,
) -> Report:
    """Seconds of the processor, system calls included, of whole processes in turn; medians.

    Each run goes from the prompt to the report, figures drawn, in a folder of its own. Compiled
    programs are there already, as from the second run on.
    """
    from lab import compiled

    ways: dict[str, Sequence[str]] = {
        f"python -c '{IMPORTS}'": [sys.executable, "-c", IMPORTS],
        f"lab run {config} --no-checks": [sys.executable, "-c", LAB, "run", config, "--no-checks"],
        f"lab run {config}": [sys.executable, "-c", LAB, "run", config],
        "lab list": [sys.executable, "-c", LAB, "list"],
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    watch.phase("processes", (repeats + 1) * len(ways))
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(repeats + 1):
            for place, (name, command) in enumerate(ways.items()):
                watch.at(turn * len(ways) + place, name)
                seconds = _seconds(command, folder)
                if turn:  # the first one compiles
                    taken[name].append(seconds)
    medians = {name: median(seconds) for name, seconds in taken.items()}
    base = next(iter(taken.values()))
    rows = [(name, medians[name], over(seconds, base)) for name, seconds in taken.items()]
    notes = [f"Compiled programs are kept in {compiled.folder()}."]
    return Report(
        [Table("Start to end", ("command", "CPU seconds", "times the imports"), rows)],
        {"seconds": medians, "all": taken},
        notes,
    )


def _seconds(command: Sequence[str], folder: str) -> float:
    """The processor time of a process and of those it started."""
    before = os.times()
    # the lab of this very process, from wherever it is run
    paths = os.pathsep.join(filter(None, sys.path))
    environment = os.environ | {"PYTHONPATH": paths}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    after = os.times()
    spent = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return spent
