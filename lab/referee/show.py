"""Verdicts for people: a table of all, then every one that does not pass, with what is known about
it.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

from lab.modules import shown
from lab.referee.on_paper import written
from lab.referee.verdict import WORDS, Verdict

MARKS = {
    "correct": ("✓", "green"),
    "subgradient": ("✓", "cyan"),
    "wrong": ("✗", "bold red"),
    "unstable": ("✗", "bold yellow"),
    "inconclusive": ("?", "magenta"),
    "error": ("!", "bold red"),
}

TITLES = {"symmetrize": "symmetry", "condition": ""}

_EACH = re.compile(r"; (?=step '\w+': |behind the steps: )")  # a line each
LINED: Any = dict(replace_whitespace=False, drop_whitespace=True)  # columns stay columns


def show(verdicts: Iterable[Verdict], console: Console) -> None:
    """Print the table, what is wrong with each that does not pass, and the count."""
    verdicts = list(verdicts)
    console.print(table(verdicts))
    for verdict in verdicts:
        if not verdict.passes or verdict.meant:
            console.print()
            console.print(Details(verdict))
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


def in_a_line(verdict: Verdict) -> str:
    """The verdict alone, or with what is wrong; of a pass the points, and what would have shown."""
    mark, _ = MARKS[verdict.verdict]
    word = f"{mark} {verdict.verdict}"
    if not verdict.passes:
        return f"{word}: {verdict.reason}"
    sees = f", sees errors from {verdict.power:.0e}" if verdict.power else ""
    return f"{word} at {verdict.points} points{sees}"


def described(verdict: Verdict, width: int = 100) -> str:
    """What `lab check` prints of a derivation that does not pass, as plain text."""
    console = Console(width=width, no_color=True, highlight=False, force_terminal=False)
    with console.capture() as said:
        console.print(Details(verdict))
    return said.get().rstrip()


def as_html(verdict: Verdict) -> str:
    """A verdict as a small table, for a notebook."""
    mark, _ = MARKS[verdict.verdict]
    rows = [("verdict", f"{mark} {verdict.verdict}"), ("derivation", verdict.name)]
    rows.append(("of", _claim(verdict)))
    if verdict.passes:
        rows.append(("why", verdict.reason))
    rows += Details(verdict).said() if not verdict.passes else []
    if verdict.power:
        rows.append(("sees errors from", f"{verdict.power:.0e}"))
    rows.append(("points", str(verdict.points)))
    cells = (
        f'<tr><th style="text-align:left">{label}</th>'
        f'<td style="text-align:left; white-space:pre-wrap">{escape(said)}</td></tr>'
        for label, said in rows
    )
    return f"<table>{''.join(cells)}</table>"


class Details(NamedTuple):
    """What is wrong with one derivation and where, and who says so."""

    verdict: Verdict

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        verdict = self.verdict
        mark, style = MARKS[verdict.verdict]
        word = "as meant" if verdict.meant and verdict.passes else verdict.verdict
        said = "cannot be judged" if word == "error" else f"is {word}"
        head = Text.assemble((f"{mark} {verdict.name}", style), f" {said}")
        if name := titled(verdict):
            head.append(f": {name}")
        yield head
        for label, said in self.said():
            # hanging, and without the spaces that a table would fill the line with
            width = max(24, options.max_width - 13)
            first, *rest = [
                line
                for part in said.splitlines() or [""]
                for line in textwrap.wrap(part, width, break_on_hyphens=False, **LINED) or [""]
            ]
            yield Text.assemble((f"  {label:<11}", "dim"), first)
            yield from (Text(" " * 13 + line) for line in rest)

    def said(self) -> Iterator[tuple[str, str]]:
        """Labelled sentences: what, where, who says so."""
        verdict = self.verdict
        if verdict.mistake:
            yield "what", _EACH.sub("\n", verdict.mistake.says)
            if where := placed(verdict):
                yield "where", where
        else:
            yield "why", verdict.reason
        if verdict.assumed and verdict.mistake:
            yield "assumed", f"{verdict.assumed}; other arguments: at=dict(...), or --at"
        if verdict.steps:
            marks = {"correct": "✓", "wrong": "✗"}
            yield (
                "steps",
                "  ".join(f"{name} {marks[word]}" for name, word in verdict.steps.items()),
            )
        if verdict.counterexample:
            yield "example", "\n".join(written(verdict.counterexample, _sides(verdict)))
        if verdict.witnesses:
            yield "witnesses", "; ".join(_heard(verdict))
        if verdict.file:
            yield "source", f"{shown(Path(verdict.file))}:{verdict.line}"


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
    word = "as meant" if verdict.meant and verdict.passes else verdict.verdict
    return Text(f"{mark} {word}", style)


def _claim(verdict: Verdict) -> str:
    return (
        f"{verdict.kind} of {verdict.of}" if verdict.kind != "identity" else f"equals {verdict.of}"
    )


def titled(verdict: Verdict) -> str:
    """The name of the mistake as it stands behind the verdict; nothing where it adds nothing."""
    if verdict.mistake is None or verdict.mistake.name in ("unknown", verdict.verdict):
        return ""
    return TITLES.get(verdict.mistake.name, verdict.mistake.name.replace("_", " "))


def placed(verdict: Verdict) -> str:
    """The place, without what goes without saying: that it is the derivative, the only one; and
    without the condition that has just been read.
    """
    assert verdict.mistake is not None
    place, says = verdict.mistake.where, verdict.mistake.says
    parts = place.split(", ")
    for k in range(len(parts)):
        if says.startswith(f"right except where {', '.join(parts[k:])}"):
            place = ", ".join(parts[:k])
            break
    only = "value" if verdict.kind == "identity" else verdict.kind
    return "" if place == only else place.removeprefix(f"{only}, ")


def _sides(verdict: Verdict) -> tuple[str, str]:
    """Whose answers an example sets side by side. At a kink JAX's is a choice, too."""
    if verdict.kind == "identity":
        return "by hand", "function"
    says = verdict.mistake.says if verdict.mistake else ""
    kink = says.startswith("right but for its choice at a kink")
    return "by hand", "by JAX" if kink else "true"


def _heard(verdict: Verdict) -> Iterator[str]:
    """The witnesses, those that say the same together. By how much they disagree is left out where
    it is wrong anyway: errors are relative to the usual size, and an example is shown. So is
    float32 where it has nothing to say.
    """
    wrong = verdict.verdict == "wrong"
    same: dict[tuple[str, str, str], list[str]] = {}
    for witness in verdict.witnesses:
        if (witness.name, witness.says) == ("float32", "abstains"):
            continue
        told = witness.error is not None and not (wrong and witness.says == "disagrees")
        error = f" ({witness.error:.0e})" if told else ""
        alone = witness.name if ":" in witness.name else ""  # of two that are named already
        same.setdefault((witness.says, witness.note, alone), []).append(witness.name + error)
    for (says, note, _), names in same.items():
        *others, last = names
        several = f"{', '.join(others)} and {last}" if others else last
        verb = says.removesuffix("s") if others or "differences" in last else says
        yield f"{several} {verb}" + (f" ({note})" if note else "")
