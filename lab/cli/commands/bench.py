"""``lab bench``: what the lab claims about itself, measured. Each suite is a command of it."""

import inspect
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lab import bench as contract
from lab.bench import Report
from lab.cli.program import Json, app

Out = Annotated[Path | None, typer.Option(help="Write the report, as JSON, to this file as well.")]


ALL = "all"


class Suites(TyperGroup):
    """The suites of ``lab/bench``, found there; their options are those of their `measure`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return contract.suites()

    def get_command(self, ctx: Any, name: str) -> Any:
        return _all() if name == ALL else _command(name, contract.suite(name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or [ALL])


bench = typer.Typer(cls=Suites, subcommand_metavar="[SUITE]")
app.add_typer(bench, name="bench")


@bench.callback()
def everything() -> None:
    """Measure what the lab claims about itself, beside what others offer; all suites, or one."""


def _all() -> Any:
    program = typer.Typer(rich_markup_mode=None, add_completion=False)

    @program.command(ALL)
    def every_suite() -> None:
        """Every suite with its defaults."""
        for name in contract.suites():
            one = _command(name, contract.suite(name))
            one.main([], prog_name=name, standalone_mode=False)

    return typer.main.get_command(program)


def _command(name: str, suite: Any) -> Any:
    """The suite as a command: the options of its `measure`, and those that all share."""
    measure = suite.measure
    options = [*inspect.signature(measure, eval_str=True).parameters.values()][1:]

    def command(as_json: Json = False, out: Out = None, **given: Any) -> None:
        from lab.report import terminal
        from lab.report.progress import progress

        with progress() as watch:
            report: Report = measure(watch, **given)
        whole = terminal.dumps(plain(name, report))
        if out is not None:
            out.write_text(whole + "\n", encoding="utf-8")
        print(whole if as_json else text(report))

    own = [*inspect.signature(command).parameters.values()][:2]
    every = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*options, *own)]
    command.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in every}
    command.__doc__ = f"{inspect.getdoc(suite)}\n\n{inspect.getdoc(measure)}"
    program = typer.Typer(rich_markup_mode=None, add_completion=False)
    program.command(name)(command)
    return typer.main.get_command(program)


def text(report: Report) -> str:
    """The report for a person, and for a README."""
    tables = [f"{table.title}\n\n{contract.markdown(table)}" for table in report.tables]
    return "\n\n".join([*tables, *report.notes])


def plain(name: str, report: Report) -> dict[str, Any]:
    """The report for a program, with what it was measured on."""
    import os
    import platform
    from importlib.metadata import version

    return {
        "suite": name,
        "tables": [
            {
                "title": one.title,
                "rows": [dict(zip(one.columns, row, strict=True)) for row in one.rows],
            }
            for one in report.tables
        ],
        "facts": report.facts,
        "notes": list(report.notes),
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{one: version(one) for one in ("derivative-lab", "jax", "jaxlib", "numpy")},
        },
        "command": ["lab", *sys.argv[1:]],
    }
