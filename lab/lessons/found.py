"""Which lessons there are: found beside the experiments, and read without running them."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from lab.config import shelf
from lab.errors import BadInput, suggestion
from lab.modules import shown

DISPLAYED = re.compile(r"^```math$(.*?)^```$", re.DOTALL | re.MULTILINE)
FOLDED = re.compile(
    r"^<details>\n<summary>(.*?)</summary>(.*?)^</details>$", re.DOTALL | re.MULTILINE
)


class Lesson(NamedTuple):
    """A lesson by its topic; the title is the first line of its docstring."""

    topic: str
    title: str
    file: Path


def topics() -> tuple[str, ...]:
    """The topics that have a lesson."""
    folders = shelf.experiments().items()
    return tuple(topic for topic, folder in folders if (folder / "lesson.py").is_file())


def lessons() -> list[Lesson]:
    """Every lesson there is."""
    return [find(topic) for topic in topics()]


def find(topic: str) -> Lesson:
    """The lesson on a topic. ``BadInput`` suggests the nearest, and names a file that is none."""
    known = topics()
    if topic not in known:
        raise BadInput(f"no lesson on {topic!r}{suggestion(topic, known) or '; see lab lesson'}")
    file = shelf.experiments()[topic] / "lesson.py"
    try:
        title = ast.get_docstring(ast.parse(file.read_text("utf-8"), str(file)))
    except SyntaxError as problem:
        raise BadInput(f"{shown(file)}:{problem.lineno}: not Python: {problem.msg}") from None
    if not title:
        raise BadInput(f"{shown(file)}:1: a lesson begins with a docstring, its title")
    return Lesson(topic, title.partition("\n")[0], file)


def sections(text: str) -> dict[str, str]:
    """The parts of a page of theory by their headings; what stands before the first is ``""``."""
    found = {"": ""}
    heading = ""
    for line in text.splitlines(keepends=True):
        if line.startswith("## "):
            heading = line.removeprefix("## ").strip()
            found[heading] = ""
        else:
            found[heading] += line
    return found


def for_marimo(text: str) -> str:
    """A page written for GitHub as marimo wants displayed mathematics and folded parts written.

    A formula goes on one line: one that begins with a plus would be an item of a list.
    """
    text = DISPLAYED.sub(lambda block: f"$${' '.join(block[1].split())}$$", text)
    return FOLDED.sub(r"/// details | \1\2///", text)
