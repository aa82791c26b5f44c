"""A function's signature, read from its source file without importing it.

Importing an experiment or optax costs seconds and runs code; their sources say the same for less.
"""

import ast
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lab.errors import BadInput


class Default(Enum):
    """Where there is no default that can be read."""

    REQUIRED = "required"
    UNREADABLE = "not a literal"


class Argument(NamedTuple):
    """One argument: its name, annotation as written, literal default, and line."""

    name: str
    annotation: ast.expr | None
    default: Any
    keyword_only: bool
    line: int


class Function(NamedTuple):
    """A function as its source shows it."""

    name: str
    file: Path
    line: int
    arguments: tuple[Argument, ...]
    variadic: bool
    returns: ast.expr | None
    doc: str


class Module(NamedTuple):
    """A module as its source shows it: docstring, top-level functions, and names bound to others.

    ``bound`` maps a name to the dotted name it stands for: ``from a.b import c`` and ``c = b.c``
    both give ``c -> a.b.c``.
    """

    doc: str
    functions: dict[str, Function]
    bound: dict[str, str]


def read_module(file: Path) -> Module:
    """Read a Python file.

    Raises BadInput with file and line where it is not Python, or cannot be read.
    """
    try:
        return _module(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise BadInput(f"{file}: cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        raise BadInput(f"{file}:{error.lineno or 1}: not Python: {error.msg}") from None
    except ValueError as error:
        raise BadInput(f"{file}: not Python: {error}") from None


@cache
def _module(file: Path, modified: int) -> Module:
    tree = ast.parse(file.read_bytes(), filename=str(file))
    functions: dict[str, Function] = {}
    bound: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            functions[statement.name] = _function(statement, file)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for name in statement.names:
                bound[name.asname or name.name] = f"{statement.module}.{name.name}"
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            first, *rest = dotted_name(statement.value)
            if first in bound:
                bound[statement.targets[0].id] = ".".join((bound[first], *rest))
    return Module(ast.get_docstring(tree) or "", functions, bound)


def _function(node: ast.FunctionDef, file: Path) -> Function:
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(positional) - len(spec.defaults)) + list(spec.defaults)
    arguments = [
        _argument(arg, default, keyword_only=False)
        for arg, default in zip(positional, defaults, strict=True)
    ] + [
        _argument(arg, default, keyword_only=True)
        for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    ]
    return Function(
        name=node.name,
        file=file,
        line=node.lineno,
        arguments=tuple(arguments),
        variadic=bool(spec.vararg or spec.kwarg),
        returns=node.returns,
        doc=ast.get_docstring(node) or "",
    )


def _argument(arg: ast.arg, default: ast.expr | None, keyword_only: bool) -> Argument:
    value: Any = Default.REQUIRED
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            value = Default.UNREADABLE
    return Argument(arg.arg, arg.annotation, value, keyword_only, arg.lineno)


def dotted_name(node: ast.expr | None) -> tuple[str, ...]:
    """``a.b.c`` -> ``("a", "b", "c")``; ``("",)`` for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ("",)
