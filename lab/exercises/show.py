"""Exercises for people: a sheet's verdicts, and how far one has come."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab.exercises.check import Judged
from lab.modules import shown
from lab.referee.show import MARKS, placed, titled
from lab.referee.verdict import WORDS

OPEN = ("○", "dim")


def show(judged: list[Judged], console: Console) -> None:
    """Print every question with its verdict, what is wrong with each answer, and the count."""
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("verdict", "exercise", "level", "skill"):
        made.add_column(title, no_wrap=title != "skill")
    for one in judged:
        question = one.question
        made.add_row(_word(one), question.name, question.level, Text(question.skill, style="dim"))
    console.print(made)
    for one in judged:
        if one.verdict is not None and not one.verdict.passes:
            console.print()
            for line in _details(one, console.width):
                console.print(line)
    for one in judged:
        if one.remark:
            console.print()
            console.print(Text.assemble((f"✓ {one.question.name}", "green"), f": {one.remark}"))
    console.print()
    console.print(_count(judged))


def _word(one: Judged) -> Text:
    mark, style = MARKS.get(_named(one), OPEN)
    proved = one.verdict is not None and any(
        witness.name == "symbolic" and witness.says == "agrees" and "exactly" in witness.note
        for witness in one.verdict.witnesses
    )
    return Text(f"{mark} {_named(one)}{', proved' if proved else ''}", style)


def _named(one: Judged) -> str:
    return one.verdict.verdict if one.verdict is not None else "open"


def _details(one: Judged, width: int) -> Iterator[Text]:
    verdict = one.verdict
    assert verdict is not None
    mark, style = MARKS[verdict.verdict]
    word = "no answer that can be judged" if verdict.verdict == "error" else verdict.verdict
    head = Text.assemble((f"{mark} {verdict.name}", style), f" is {word}")
    if verdict.mistake and verdict.mistake.where != "the answer" and (name := titled(verdict)):
        head.append(f": {name}")  # of the wrong kind is no shape
    yield head
    rows = [("what" if verdict.mistake else "why", verdict.reason)]
    if verdict.mistake and (place := placed(verdict)) not in ("", "value", "the answer"):
        rows.append(("where", place))
    if verdict.steps:
        marks = {"correct": "✓", "wrong": "✗"}
        rows.append(("steps", "  ".join(f"{name} {marks[w]}" for name, w in verdict.steps.items())))
    if verdict.file:
        rows.append(("source", f"{shown(Path(verdict.file))}:{verdict.line}"))
    rows.append(("stuck?", f"lab exercise {one.topic} {verdict.name} --hint"))
    for label, said in rows:
        first, *rest = textwrap.wrap(said, max(24, width - 10), break_on_hyphens=False) or [""]
        yield Text.assemble((f"  {label:<8}", "dim"), first)
        yield from (Text(" " * 10 + line) for line in rest)


def _count(judged: Iterable[Judged]) -> Text:
    judged = list(judged)
    words: Counter[str] = Counter(
        one.verdict.verdict if one.verdict is not None else "open" for one in judged
    )
    parts = [
        (f"{words[word]} {word}", MARKS.get(word, OPEN)[1])
        for word in (*WORDS, "open")
        if words[word]
    ]
    noun = "exercise" if len(judged) == 1 else "exercises"
    line = Text(f"{len(judged)} {noun}: ")
    line.append(Text(", ").join(Text(text, style) for text, style in parts))
    seconds = sum(one.verdict.seconds for one in judged if one.verdict is not None)
    return line.append(f"  ({seconds:.1f} s)", "dim")
