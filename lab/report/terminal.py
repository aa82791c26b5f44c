"""What the command line shows on stdout: folded for a terminal, one line a row for a pipe."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer

from lab.catalogue import Entry, Topic, of_source, source
from lab.experiment import Experiment, Finding
from lab.modules import shown
from lab.report.page import number

if TYPE_CHECKING:
    from rich.console import Console

    from lab.conduct import Ending
    from lab.tour import Stop


def experiments(found: Sequence[Experiment], configs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each experiment with its question and the configs that run it."""
    yield heading("Experiments", "lab run NAME, lab show NAME")
    yield from columns([(one.name, _asks(one, configs.get(one.name, ()))) for one in found])


def topics(found: Sequence[Topic]) -> Iterator[str]:
    """Each topic of the catalogue with the number of its derivations, shelf by shelf."""
    count = sum(len(one.entries) for one in found)
    yield heading(f"{count} derivations", "lab list --topic TOPIC, lab check NAME")
    by_shelf: dict[str, list[Topic]] = {}
    for one in found:
        by_shelf.setdefault(one.shelf, []).append(one)
    width = max((len(one.name) for one in found), default=0)
    for shelf, here in by_shelf.items():
        yield f"\n{styled(shelf, bold=True)}"
        yield from columns(
            [(f"{one.name:<{width}}", f"{len(one.entries):>3}", one.title) for one in here]
        )


def derivations(found: Sequence[Topic]) -> Iterator[str]:
    """Each derivation under its topic, with the first line of how it was derived."""
    for index, topic in enumerate(found):
        if index:
            yield ""
        yield heading(topic.name, topic.title)
        yield from columns(
            [
                (one.name, f"{one.kind} of {one.of}", one.doc.partition("\n")[0])
                for one in topic.entries
            ]
        )


def entry(one: Entry, facts: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """A derivation: what it claims, how it was derived, what else is known of it, its source."""
    yield heading(one.name, f"{one.kind} of {one.of}, in {one.topic}")
    yield f"{shown(one.file)}:{one.line}"
    if one.doc:
        yield f"\n{one.doc}"
    if facts:
        yield ""
        yield from columns(facts)
    for code in filter(None, (of_source(one), source(one))):
        yield "\n" + _coloured(code)


def experiment(
    one: Experiment, configs: Sequence[str], facts: Sequence[tuple[str, str]] = ()
) -> Iterator[str]:
    """An experiment: its title, what it asks and promises, and how to run it."""
    yield heading(one.title)
    yield shown(one.file)
    yield from columns(
        [
            ("question", one.question),
            ("command", one.command),
            ("time", one.time),
            ("expect", one.expect),
            ("configs", ", ".join(configs) or "none"),
            *facts,
        ]
    )


def plain(
    one: Experiment | Entry, configs: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """An experiment (with the configs that run it) or a derivation (with its source) for JSON."""
    found = one._asdict() | {"file": str(one.file)}
    if isinstance(one, Entry):
        return found | {"source": source(one)}
    return found | {"configs": list((configs or {}).get(one.name, ()))}


def run(folder: Path, ending: "Ending") -> None:
    """How a run ended: what is wrong, what was found, where it all is; the folder comes last."""
    if ending.verdicts:
        from lab.referee.show import Details, summary

        screen = console()
        for verdict in ending.verdicts:
            if not verdict.passes:
                screen.print(Details(verdict))
        screen.print(summary(ending.verdicts))
    lines = [
        (found.name, number(found.value), f"expected {found.expected}", _held(found))
        for found in ending.findings
    ]
    print(*columns(lines), sep="\n", end="\n" if lines else "")
    missed = sum(not found.holds for found in ending.findings)
    if missed:
        noun = "finding" if missed == 1 else "findings"
        said = f"{missed} {noun} did not hold (which leaves the exit status as it is)"
        print(styled(said, fg="yellow"))
    if ending.stopped:
        print(f"stopped at {ending.stopped}")
    if ending.devices and not ending.devices["rows"]:
        print(
            f"devices: nothing to deal out over {ending.devices['count']}: there is no batch with "
            "a row for each",
            file=sys.stderr,
        )
    if ending.status != "finished":
        print(styled(ending.status, fg="red", bold=True))
        print(ending.note, file=sys.stderr)
    if (folder / "traceback.txt").exists():
        print(f"the whole traceback is in {shown(folder / 'traceback.txt')}", file=sys.stderr)
    print(shown(folder / "report.html"))
    print(shown(folder))


def stops(found: Sequence["Stop"], seconds: float) -> None:
    """Every experiment of a tour with how it ended, and what went wrong."""
    rows = []
    for one in found:
        checks = ", ".join(f"{count} {word}" for word, count in sorted(one.checks.items()))
        held = f"{one.findings - len(one.missed)} of {one.findings} held" if one.findings else ""
        time, folder = f"{one.seconds:.1f} s", shown(Path(one.folder)) if one.folder else ""
        rows.append((one.name, one.status, checks, held, f"{time:>7}", folder))
    print(*columns(rows), sep="\n")
    for one in found:
        for missed in one.missed:
            print(styled(f"{one.name}: did not hold: {missed}", fg="yellow"))
        if one.note:
            print(f"{one.name}: {one.note}", file=sys.stderr)
    bad = sum(one.exit_status != 0 for one in found)
    said = f", {bad} with faults" if bad else ""
    print(f"{len(found)} experiments{said}  ({seconds:.0f} s)")


def plain_run(folder: Path, ending: "Ending") -> dict[str, Any]:
    """How a run ended, for JSON."""
    return {
        "folder": str(folder),
        "report": str(folder / "report.html"),
        "status": ending.status,
        "stopped": ending.stopped,
        "note": ending.note,
        "exit_status": ending.exit_status,
        "verdicts": {verdict.name: verdict.verdict for verdict in ending.verdicts},
        "findings": [found._asdict() for found in ending.findings],
        "seconds": ending.seconds,
    }


def dumps(content: Any, indent: int | None = 2) -> str:
    """JSON; numbers that are not finite become null, for which JSON has no other word."""
    finite = json.loads(json.dumps(content), parse_constant=lambda _: None)
    return json.dumps(finite, indent=indent, ensure_ascii=False)


def console() -> "Console":
    """Rich's view of stdout: text is taken literally, and a pipe has no edge to fold at."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    return Console(markup=False, emoji=False, highlight=False, width=width)


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows in columns; on a terminal the last one is folded within what room is left."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    indent = sum(widths) + 2 * len(widths)
    room = get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    for row in rows:
        cells = [f"{cell:<{width}}  " for cell, width in zip(row[:-1], widths, strict=True)]
        folded = wrap(row[-1], room) if room > 20 else [row[-1]]
        yield (styled(cells[0], fg="cyan") + "".join(cells[1:]) + (folded or [""])[0]).rstrip()
        yield from (" " * indent + line for line in folded[1:])


def styled(text: str, **style: bool | str) -> str:
    """Text in bold or colour where somebody looks and does not mind."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else typer.style(text, **style)  # type: ignore[arg-type]


def heading(title: str, remark: str = "") -> str:
    return f"{styled(title, bold=True)}  {styled(remark, dim=True)}".rstrip()


def _asks(one: Experiment, configs: Sequence[str]) -> str:
    others = [config for config in configs if config != one.name]
    return one.question + (f" [also: {', '.join(others)}]" if others else "")


def _held(found: Finding) -> str:
    return styled("held", fg="green") if found.holds else styled("DID NOT HOLD", fg="red")


def _coloured(code: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return code
    from rich.console import Console
    from rich.syntax import Syntax

    screen = Console()
    with screen.capture() as captured:
        screen.print(Syntax(code, "python", theme="ansi_dark", background_color="default"))
    return captured.get().rstrip("\n")
