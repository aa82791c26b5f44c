"""The curriculum: what is to be covered, and what covers it; kept as data beside the experiments.

A row names derivations, experiments, exercises (``topic.exercise``), figures and pages
(``topic/figure``, ``topic/theory.md``) and functions (``lab.module:function``).
"""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from lab import catalogue, experiment
from lab.config.shelf import experiments, shipped
from lab.exercises import sheets


class Row(NamedTuple):
    """Something to be covered, where that is asked for, and the names of what covers it."""

    source: str
    item: str
    asks: str
    by: tuple[str, ...]


def rows() -> tuple[Row, ...]:
    """The curriculum, row by row."""
    from ruamel.yaml import YAML

    parts = YAML(typ="safe").load(shipped("experiments") / "curriculum.yaml")
    return tuple(
        Row(part["source"], row["item"], row["asks"], tuple(row["by"]))
        for part in parts
        for row in part["rows"]
    )


def kind(name: str) -> str | None:
    """What a name is: the kind of thing that covers a row, or None where there is no such thing."""
    if ":" in name:
        module, _, function = name.partition(":")
        return "function" if hasattr(import_module(module), function) else None
    if name.endswith(".md"):
        return "page" if (shipped("experiments") / name).is_file() else None
    topic, slash, figure = name.partition("/")
    if slash:
        return "figure" if figure in _figures(topic) else None
    topic, dot, exercise = name.partition(".")
    if dot:
        return "exercise" if topic in sheets.names() and exercise in _questions(topic) else None
    if name in experiment.names():
        return "experiment"
    return "derivation" if name in _derivations() else None


@cache
def _derivations() -> frozenset[str]:
    return frozenset(entry.name for entry in catalogue.entries())


@cache
def _questions(topic: str) -> frozenset[str]:
    return frozenset(question.name for question in sheets.find(topic).questions)


@cache
def _figures(topic: str) -> frozenset[str]:
    """The names under which an experiment yields figures, as its sources have them."""
    folder = experiments().get(topic)
    files = folder.glob("*.py") if folder is not None else ()
    return frozenset(name for file in files for name in _yielded(file))


def _yielded(file: Path) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            head = node.value.elts[0]
            if isinstance(head, ast.Constant) and isinstance(head.value, str):
                found.add(head.value)
    return frozenset(found)
