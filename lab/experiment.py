"""An experiment: a question in a docstring, something to study or train, findings and figures.

The docstring is read without running the file, so listing experiments costs no import.
"""

import ast
import inspect
import re
import tokenize
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.config import shelf
from lab.errors import BadInput, suggestion
from lab.modules import load_file, shown, with_neighbours

if TYPE_CHECKING:
    import numpy as np

    from lab.derivation import Derivation
    from lab.training.problem import Problem

SECTIONS = ("Question", "Command", "Time", "Expect")


class Finding(NamedTuple):
    """A number the experiment promised, as it came out, and whether the promise held."""

    name: str
    value: float | str
    expected: str
    holds: bool


class Outcome(NamedTuple):
    """What a run leaves behind for findings and figures to read.

    Of a training that recorded millions of rows the trajectory is a million, evenly spaced, with
    the first and the last one and all at which something was evaluated.
    """

    settings: Mapping[str, Any]
    trajectory: "Mapping[str, np.ndarray]"
    problem: "Problem | None" = None
    params: Any = None

    def rows(self, part: str, **where: Any) -> "dict[str, np.ndarray]":
        """The rows of one part of the trajectory that have these values in these columns."""
        from lab import tables

        return tables.rows(self.trajectory, part=part, **where)


def near(name: str, value: Any, target: Any, margin: Any) -> Finding:
    """The finding that a number is ``target``, but for ``margin``."""
    within = f" within {float(margin):.1g}" if margin else ""
    expected = f"{float(target):.4g}{within}"
    return Finding(name, float(value), expected, bool(abs(value - target) <= margin))


class Experiment(NamedTuple):
    """What an experiment says of itself."""

    name: str
    file: Path
    title: str
    question: str
    command: str
    time: str
    expect: str

    @property
    def folder(self) -> Path:
        return self.file.parent


def read(file: Path) -> Experiment:
    """The experiment described by the docstring of ``file``, of which nothing else is read.

    Raises ``BadInput`` naming the file and whatever its docstring lacks.
    """
    title, said = sections(_docstring(file))
    if not title:
        raise BadInput(f"{shown(file)}:1: no docstring; begin the file with one, a title sentence")
    missing = [section for section in SECTIONS if not said.get(section)]
    if missing:
        raise BadInput(
            "\n".join(
                f"{shown(file)}:1: the docstring has no '{section}:' section" for section in missing
            )
        )
    return Experiment(file.parent.name, file, title, *(said[section] for section in SECTIONS))


def _docstring(file: Path) -> str:
    """The string a file begins with, or nothing; parsing all of it would cost a list its snap."""
    try:
        with tokenize.open(file) as text:
            for token in tokenize.generate_tokens(text.readline):
                if token.type == tokenize.STRING:
                    return inspect.cleandoc(str(ast.literal_eval(token.string)))
                if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE):
                    return ""
    except OSError as problem:
        raise BadInput(f"{shown(file)}: cannot be read: {problem.strerror}") from None
    except (SyntaxError, tokenize.TokenError, ValueError) as problem:
        line = getattr(problem, "lineno", None) or 1
        raise BadInput(f"{shown(file)}:{line}: not Python: {problem}") from None
    return ""


def names() -> tuple[str, ...]:
    """The experiments there are."""
    return tuple(shelf.experiments())


def readable() -> tuple[tuple[Experiment, ...], list[str]]:
    """Every experiment whose docstring can be read, and what is wrong with the others."""
    found, faults = [], []
    for folder in shelf.experiments().values():
        try:
            found.append(read(folder / "experiment.py"))
        except BadInput as problem:
            faults.append(str(problem))
    return tuple(found), faults


def find(name: str) -> Experiment:
    """The experiment called ``name``, one's own or shipped; ``BadInput`` suggests the nearest."""
    known = shelf.experiments()
    if name not in known:
        raise BadInput(f"no experiment named {name!r}{suggestion(name, known)}")
    return read(known[name] / "experiment.py")


def configs() -> dict[str, list[str]]:
    """The names of the configs that run each experiment, by the experiment's name."""
    found: dict[str, list[str]] = {}
    for name, file in shelf.configs().items():
        # enough of a look to list it; whether the file is a good config is for loading to say
        said = re.search(r"(?m)^experiment:[ \t]*(\S+)", file.read_text("utf-8", "replace"))
        if said:
            found.setdefault(said[1].strip("'\""), []).append(name)
    return found


def sections(docstring: str) -> tuple[str, dict[str, str]]:
    """The title (what comes first) and the text after each ``Section:``, up to a blank line."""
    said: dict[str, list[str]] = {"": []}
    current: str | None = ""
    for line in docstring.strip().splitlines():
        head, colon, tail = line.partition(":")
        if colon and head in SECTIONS:
            current, line = head, tail
            said[head] = []
        elif not line.strip() and any(map(str.strip, said.get(current or "", ()))):
            current = None
        if current is not None:
            said[current].append(line)
    text = {name: " ".join(" ".join(lines).split()) for name, lines in said.items()}
    return text.pop(""), text


def load(experiment: Experiment) -> ModuleType:
    """Run the experiment's file as a module of its own; ``sys.path`` is as it was afterwards.

    Raises ``BadInput``, in one line that begins with the failing line, when the file does not
    import, and when it does not define exactly one of ``study`` and ``problem``, or lacks
    ``findings`` or ``figures``.
    """
    module = load_file(experiment.file, f"experiment_{experiment.name}")
    _require_parts(module, experiment.file)
    return module


def kind(module: ModuleType) -> str:
    """``"study"`` or ``"problem"``: which of the two the experiment defines."""
    return "study" if callable(getattr(module, "study", None)) else "problem"


def derivations(module: ModuleType) -> "tuple[Derivation, ...]":
    """The hand derivations that a module, and those of its neighbours it imports, stand on.

    They are the ones in its namespace, and all those defined in any ``lab.calculus`` module there.
    """
    found: dict[int, Any] = {}
    for value in [value for each in with_neighbours(module) for value in vars(each).values()]:
        if isinstance(value, ModuleType) and value.__name__.startswith("lab.calculus."):
            for member in vars(value).values():
                record = getattr(member, "__derivation__", None)
                if record is not None and getattr(member, "__module__", None) == value.__name__:
                    found.setdefault(id(record), record)
        elif not isinstance(value, ModuleType):
            record = getattr(value, "__derivation__", None)
            if record is not None:
                found.setdefault(id(record), record)
    return tuple(found.values())


def _require_parts(module: ModuleType, file: Path) -> None:
    starts = [part for part in ("study", "problem") if callable(getattr(module, part, None))]
    faults = []
    if not starts:
        faults.append("defines neither study(key, ...) nor problem(key, ...); define one of them")
    if len(starts) == 2:
        faults.append("defines both study and problem; define exactly one of them")
    faults += [
        f"defines no {part}(outcome)"
        for part in ("findings", "figures")
        if not callable(getattr(module, part, None))
    ]
    if faults:
        raise BadInput("\n".join(f"{shown(file)}: {fault}" for fault in faults))
