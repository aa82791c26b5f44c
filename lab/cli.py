"""The command line: results to stdout, progress and remarks to stderr, one line a bad input."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lab import compiled
from lab.errors import BadInput, suggestion

# what a shell reports of a program whose reader went away
BROKEN_PIPE = 141
INTERRUPTED = 130
SHELVES = ["experiments", "derivations"]

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def _configs() -> list[str]:
    from lab.config import configs

    return [*configs()]


def _topics() -> list[str]:
    from lab.catalogue import topics

    return [topic.name for topic in topics()]


def _derivations() -> list[str]:
    from lab.catalogue import entries

    return [entry.name for entry in entries()]


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
)


def main() -> None:
    """The ``lab`` program."""
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


@app.command()
def run(
    config: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="A shipped name (lab list) or a path to YAML.",
            autocompletion=_configs,
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Settings to change, e.g. optimizer.learning_rate=1e-2."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where run folders go.")] = Path("runs"),
    checks: Annotated[bool, typer.Option(help="Try the hand derivations first.")] = True,
    as_json: Json = False,
) -> int:
    """Run an experiment, from config to report.

    The last line printed is the folder with all it left. Exit status: 0 fine; 1 a derivation is
    wrong or unstable, or the run diverged or failed; 2 bad input; 3 a derivation is inconclusive
    or in error; 130 interrupted. A finding that does not hold is said, and leaves the status as
    it is.
    """
    from lab.config import load

    checked = load(config, overrides or [])
    # from here on it is worth importing JAX
    compiled.keep()
    from lab.conduct import conduct
    from lab.report import terminal
    from lab.report.progress import progress

    with progress() as watch:
        folder, ending = conduct(
            checked,
            command=["lab", "run", config, *(overrides or [])],
            out=out,
            checks=checks,
            watch=watch,
        )
    if as_json:
        print(terminal.dumps(terminal.plain_run(folder, ending)))
    else:
        terminal.run(folder, ending)
    return ending.exit_status


@app.command()
def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="file.py, file.py::name, package.module, package.module:name, a name of the "
            "catalogue, or nothing for all of it.",
            autocompletion=_derivations,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Draws other points.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each derivation.")
    ] = False,
) -> int:
    """Put hand derivations on trial.

    Witnesses are JAX's forward and reverse mode, numerical differences and both precisions. Exit
    status: 0 nothing wrong; 1 something is wrong or unstable; 2 bad input; 3 inconclusive or
    error only.
    """
    from lab import referee
    from lab.referee.show import show
    from lab.referee.targets import everything, resolve
    from lab.report import terminal
    from lab.report.progress import progress

    compiled.keep()
    meant = [one for target in targets or [] for one in resolve(target)] or [*everything()]
    derivations = list({(one.file, one.line, one.name): one for one in meant}.values())
    verdicts = []
    faults: list[str] = []
    interrupted = False
    with progress(streaming=as_json) as watch:
        watch.phase("checks", len(derivations))
        try:
            for done, derivation in enumerate(derivations):
                watch.at(done, derivation.name)
                try:
                    verdicts.append(referee.check(derivation, seed=seed))
                except BadInput as problem:  # the others are heard all the same
                    where = f"{derivation.file}:{derivation.line}: " if derivation.file else ""
                    faults.append(f"{where}{problem}")
                    continue
                if as_json:
                    print(terminal.dumps(verdicts[-1].to_json(), indent=None), flush=True)
        except KeyboardInterrupt:
            interrupted = True
    if not as_json and verdicts:
        show(verdicts, terminal.console())
    if interrupted:
        print(f"interrupted after {len(verdicts)} of {len(derivations)}", file=sys.stderr)
    return INTERRUPTED if interrupted else _said(faults) or referee.exit_status(verdicts)


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
        typer.Option(help="Only the derivations of this topic.", autocompletion=_topics),
    ] = None,
    as_json: Json = False,
) -> int:
    """List experiments with their questions, and derivations by topic."""
    import lab.catalogue as catalogue
    import lab.experiment as experiment
    from lab.report import terminal

    if shelf is not None and shelf not in SHELVES:
        near = suggestion(shelf, SHELVES)
        if shelf in _topics():
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
    return _said(faults)


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A derivation, an experiment or a config.",
            autocompletion=lambda: [*_configs(), *_derivations()],
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
        if name in _topics():
            near = f"; it is a topic: lab list --topic {name}"
        raise BadInput(f"nothing is named {name!r}{near}")
    if as_json:
        print(terminal.dumps(terminal.plain(found, configs)))
    elif isinstance(found, catalogue.Entry):
        print("\n".join(terminal.entry(found)))
    else:
        print("\n".join(terminal.experiment(found, configs.get(found.name, []))))
    return 0


def _said(faults: list[str]) -> int:
    """Say what could not be read; the status that goes with it."""
    for fault in faults:
        print(fault, file=sys.stderr)
    return 2 if faults else 0
