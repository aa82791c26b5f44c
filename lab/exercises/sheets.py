"""Sheets of questions: found in the experiments' folders, and read without running them.

The docstring of a sheet begins with ``Exercises on TOPIC: title``; what follows is the recap. A
question is a function whose docstring begins with its level and the skill it trains:

    def bowl_gradient(p):
        \"""Easy: partial derivatives.

        The gradient of `bowl` at p = (x, y).
        \"""
        ...
"""

import ast
import inspect
import re
from pathlib import Path
from typing import NamedTuple

from lab.config import shelf
from lab.errors import BadInput, suggestion
from lab.modules import shown

LEVELS = ("easy", "medium", "hard")
_TITLE = re.compile(r"Exercises on (\w+): (.+)")
_HEAD = re.compile(rf"({'|'.join(LEVELS)}): (.+)", re.IGNORECASE)


class Question(NamedTuple):
    """A question as the learner reads it; ``open`` while the function has no body."""

    name: str
    level: str
    skill: str
    text: str
    arguments: tuple[str, ...]
    line: int
    open: bool


class Sheet(NamedTuple):
    """A file of questions on a topic."""

    topic: str
    title: str
    recap: str
    file: Path
    questions: tuple[Question, ...]

    def question(self, name: str) -> Question:
        """The question called ``name``; ``BadInput`` suggests the nearest."""
        known = {question.name: question for question in self.questions}
        if name not in known:
            raise BadInput(f"{self.topic} asks no question {name!r}{suggestion(name, known)}")
        return known[name]


def names() -> tuple[str, ...]:
    """The topics that have a sheet."""
    folders = shelf.experiments().items()
    return tuple(name for name, folder in folders if (folder / "exercises.py").is_file())


def find(topic: str) -> Sheet:
    """The sheet on a topic; ``BadInput`` suggests the nearest."""
    known = names()
    if topic not in known:
        raise BadInput(
            f"no exercises on {topic!r}{suggestion(topic, known) or '; see lab exercise'}"
        )
    return read(shelf.experiments()[topic] / "exercises.py")


def read(file: Path) -> Sheet:
    """The sheet in ``file``. Raises ``BadInput`` where there is none."""
    sheet = _read(file)
    if sheet is None:
        raise BadInput(
            f"{shown(file)}:1: no sheet of exercises: its docstring does not begin with "
            "'Exercises on TOPIC: TITLE'"
        )
    return sheet


def spoken_of(sheet: Sheet, question: Question) -> tuple[str, ...]:
    """The source of each function of the sheet that the question names, and of those that it takes,
    in the order of the sheet.
    """
    asked = {one.name for one in sheet.questions}
    given = {
        node.name: node
        for node in _parsed(sheet.file).body
        if isinstance(node, ast.FunctionDef) and node.name not in asked
    }
    wanted: set[str] = set()
    fresh = given.keys() & set(re.findall(r"\w+", " ".join(re.findall("`[^`]+`", question.text))))
    while fresh:
        wanted |= fresh
        within = (node for name in fresh for node in ast.walk(given[name]))
        named = {node.id for node in within if isinstance(node, ast.Name)}
        fresh = (given.keys() & named) - wanted
    text = sheet.file.read_text("utf-8-sig")
    return tuple(
        ast.get_source_segment(text, node) or "" for name, node in given.items() if name in wanted
    )


def is_sheet(file: Path) -> bool:
    """Whether a file that may be anything is a sheet, a learner's or a shipped one."""
    try:
        return _read(file) is not None
    except BadInput:
        return False


def is_python(file: Path) -> bool:
    """Whether there is a file that Python can read."""
    try:
        return bool(_parsed(file))
    except BadInput:
        return False


def without_title(file: Path) -> bool:
    """Whether a file is named like a sheet and answers its questions, but has lost its title.

    The derivations of a catalogue may have such a name, too: each of them has its maker above it.
    """
    if file.stem not in names() or not is_python(file) or is_sheet(file):
        return False
    answers = {
        node.name
        for node in _parsed(file).body
        if isinstance(node, ast.FunctionDef) and not node.decorator_list
    }
    return not answers.isdisjoint(question.name for question in find(file.stem).questions)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text("utf-8-sig"), str(file))
    except OSError as problem:
        raise BadInput(f"{shown(file)}: cannot be read: {problem.strerror}") from None
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None) or 1
        raise BadInput(f"{shown(file)}:{line}: not Python: {problem}") from None


def _read(file: Path) -> Sheet | None:
    tree = _parsed(file)
    head, _, recap = (ast.get_docstring(tree) or "").partition("\n")
    said = _TITLE.fullmatch(head.strip())
    if said is None:
        return None
    # of two functions of one name Python keeps the later one
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    questions = (_question(node) for node in found.values())
    return Sheet(said[1], said[2], recap.strip(), file, tuple(filter(None, questions)))


def _question(node: ast.FunctionDef) -> Question | None:
    head, _, text = (ast.get_docstring(node) or "").partition("\n")
    said = _HEAD.fullmatch(head.strip())
    if said is None:
        return None
    arguments = tuple(argument.arg for argument in node.args.args)
    skill, text = said[2].rstrip("."), inspect.cleandoc(text)
    return Question(
        node.name, said[1].lower(), skill, text, arguments, node.lineno, unanswered(node)
    )


def unanswered(node: ast.FunctionDef) -> bool:
    """Nothing but a docstring, dots, ``pass`` or ``raise NotImplementedError``."""
    return all(_says_nothing(statement) for statement in node.body)


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)
