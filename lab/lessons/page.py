"""What the page of a lesson is made of: pictures, questions, trials, and where to go from here.

Everything here returns something that marimo shows; a lesson's cell ends in it.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import marimo as mo
import numpy as np

from lab.config import shelf
from lab.errors import BadInput
from lab.exercises import sheets
from lab.lessons import found, trial
from lab.referee.show import MARKS, as_html
from lab.referee.verdict import Verdict
from lab.report.picture import description, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS: dict[str, Any] = {"✓": "success", "✗": "danger", "?": "warn", "!": "warn"}

# nobody has the file of the function open in a lesson, and there is only one derivative asked for
UNSEEN = re.compile(r"\.py:\d+$|^derivative$")


def picture(drawing: "Figure") -> Any:
    """A figure, with its description for those who cannot see it.

    The picture is part of the page: a file of its own may be gone before it is asked for, when a
    slider moves fast.
    """
    inside = b64encode(png(drawing)).decode()
    alt = escape(description("figure", drawing))
    widest = f"width: 100%; max-width: {92 * drawing.get_figwidth():.0f}px"
    return mo.Html(f'<img src="data:image/png;base64,{inside}" alt="{alt}" style="{widest}">')


def beside(what: str, hand: Any, machine: Any) -> Any:
    """A derivative by hand next to JAX's, and how far they are apart."""
    hand, machine = np.asarray(hand, float) + 0.0, np.asarray(machine, float) + 0.0  # no -0
    apart = float(np.max(np.abs(hand - machine)))
    numbers = lambda value: np.array2string(
        value, precision=8, separator=", ", formatter={"float_kind": "{:.8g}".format}
    )
    return mo.md(
        f"{what} by hand: **{numbers(hand)}** · from JAX: **{numbers(machine)}** "
        f"· apart: {apart:.1e}"
    )


def table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows of words and numbers as a small table, the keys of the first one its heads."""
    heads = [*rows[0]]
    lines = [heads, ["---"] * len(heads), *([_cell(row[head]) for head in heads] for row in rows)]
    return mo.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):.6g}"


# ----- a prediction -----


def question(words: str, answers: Sequence[str]) -> Any:
    """A prediction to make before anything is shown."""
    return mo.ui.radio(options=list(answers), label=words)


def reveal(guess: str | None, right: str, because: str, *shown: Any) -> Any:
    """Nothing before there is a guess; then whether it is right, why, and what there is to see."""
    if guess is None:
        return mo.md("*Choose first. What you will see depends on nothing but the mathematics.*")
    verdict = "✓ You saw it coming." if guess == right else f"✗ No: **{right}**."
    words = mo.callout(mo.md(f"{verdict} {because}"), kind="success" if guess == right else "warn")
    return mo.vstack([words, *shown])


# ----- a trial -----


def formula(label: str, *, like: str) -> Any:
    """A field for a formula; it answers when Enter is pressed."""
    return mo.ui.text(label=label, placeholder=f"{like}, then Enter", full_width=True)


def typed(asked: Callable[..., Any], text: str, entries: tuple[str, ...] = ()) -> Any:
    """What the referee says to a formula in the place of the derivation ``asked``."""
    if not text.strip():
        return mo.md("*The referee is waiting. Wrong answers are welcome: they are told why.*")
    try:
        return said(trial.typed(asked, text, entries))
    except BadInput as problem:
        return mo.callout(mo.md(f"Not a formula yet: {problem}"), kind="warn")


def chosen(
    asked: Callable[..., Any], answers: dict[str, Callable[..., Any]], choice: str | None
) -> Any:
    """What the referee says to one of several functions in the place of a derivation."""
    if choice is None:
        return mo.md("*Choose one, and it goes before the referee.*")
    return said(trial.chosen(asked, answers[choice]))


def said(verdict: Verdict) -> Any:
    """A verdict, and in a fold what it rests on."""
    mark, _ = MARKS[verdict.verdict]
    name, places = (verdict.mistake.name, verdict.mistake.where) if verdict.mistake else ("", "")
    where = ", ".join(place for place in places.split(", ") if not UNSEEN.search(place))
    named = f": {name.replace('_', ' ')}" if name not in ("", "unknown", verdict.verdict) else ""
    words = (
        f"**{mark} {verdict.verdict}{named}**{f' ({where})' if where else ''}\n\n{verdict.reason}"
    )
    return mo.vstack(
        [
            mo.callout(mo.md(words), kind=KINDS[mark]),
            mo.accordion({"What it rests on": mo.Html(as_html(verdict))}),
        ]
    )


# ----- from here -----


def onward(topic: str) -> Any:
    """The sections of the theory, to unfold, and what to type next."""
    folder = shelf.experiments()[topic]
    parts = found.sections((folder / "theory.md").read_text("utf-8"))
    theory = {name: mo.md(found.for_marimo(text)) for name, text in parts.items() if name}
    sheet = sheets.find(topic)
    levels = ", ".join(f"{one.name} ({one.level})" for one in sheet.questions)
    commands = (
        f"```sh\nlab exercise {topic}   # {len(sheet.questions)} questions: answers for the dots\n"
        f"lab run {topic}        # the experiment, its figures and its report\n"
        f"lab show {topic}\n```\n\nThe questions: {levels}."
    )
    return mo.vstack([mo.md("## The theory, and on"), mo.accordion(theory), mo.md(commands)])
