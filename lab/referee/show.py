"""Verdicts for people: a table of all, then every one that does not pass, with what is known about
it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lab.referee.verdict import WORDS, Verdict

MARKS = {
    "correct": ("✓", "green"),
    "subgradient": ("✓", "cyan"),
    "wrong": ("✗", "bold red"),
    "unstable": ("✗", "bold yellow"),
    "inconclusive": ("?", "magenta"),
    "error": ("!", "bold red"),
}


def show(verdicts: Iterable[Verdict], console: Console) -> None:
    """Print the table, what is wrong with each that does not pass, and the count."""
    verdicts = list(verdicts)
    console.print(table(verdicts))
    for verdict in verdicts:
        if not verdict.passes:
            console.print()
            console.print(details(verdict))
    console.print()
    console.print(summary(verdicts))


def table(verdicts: list[Verdict]) -> Table:
    """One line each: the verdict, what was derived from what, and the smallest error that would
    have shown.
    """
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    made.add_column("verdict", no_wrap=True)
    made.add_column("derivation", no_wrap=True, overflow="fold")
    made.add_column("of", style="dim", no_wrap=True, overflow="ellipsis")
    made.add_column("points", justify="right", style="dim")
    made.add_column("sees errors from", justify="right", style="dim")
    for verdict in verdicts:
        power = f"{verdict.power:.0e}" if verdict.power else "-"
        made.add_row(_word(verdict), verdict.name, _claim(verdict), str(verdict.points), power)
    return made


def details(verdict: Verdict) -> Any:
    """What is wrong and where, and who says so."""
    mark, style = MARKS[verdict.verdict]
    head = Text.assemble((f"{mark} {verdict.name}", style), f" is {verdict.verdict}")
    if verdict.mistake:
        head.append(f": {verdict.mistake.name.replace('_', ' ')}")
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    if verdict.mistake:
        rows.add_row("what", Text(verdict.mistake.says))
        if verdict.mistake.where:
            rows.add_row("where", Text(verdict.mistake.where))
    else:
        rows.add_row("why", Text(verdict.reason))
    if verdict.steps:
        steps = [
            (name, "red" if word == "wrong" else "green") for name, word in verdict.steps.items()
        ]
        rows.add_row("steps", Text(" ").join(Text(name, style) for name, style in steps))
    if verdict.witnesses:
        rows.add_row("witnesses", Text("; ".join(map(_witness, verdict.witnesses))))
    if verdict.file:
        rows.add_row("source", Text(f"{verdict.file}:{verdict.line}"))
    return Group(head, Padding(rows, (0, 0, 0, 2)))


def summary(verdicts: list[Verdict]) -> Text:
    """How many of each."""
    counts: Counter[str] = Counter(verdict.verdict for verdict in verdicts)
    parts = [(f"{counts[word]} {word}", MARKS[word][1]) for word in WORDS if counts[word]]
    seconds = sum(verdict.seconds for verdict in verdicts)
    noun = "derivation" if len(verdicts) == 1 else "derivations"
    line = Text(f"{len(verdicts)} {noun}: ")
    line.append(Text(", ").join(Text(text, style) for text, style in parts))
    return line.append(f"  ({seconds:.1f} s)", "dim")


def _word(verdict: Verdict) -> Text:
    mark, style = MARKS[verdict.verdict]
    return Text(f"{mark} {verdict.verdict}", style)


def _claim(verdict: Verdict) -> str:
    return (
        f"{verdict.kind} of {verdict.of}" if verdict.kind != "identity" else f"equals {verdict.of}"
    )


def _witness(witness: Any) -> str:
    error = f" ({witness.error:.1e})" if witness.error is not None else ""
    note = f" ({witness.note})" if witness.note else ""
    return f"{witness.name} {witness.says}{error}{note}"
