"""Where an equation comes from: file, line and the very expression, by the traceback it carries."""

import ast
import linecache
import re
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import jax

_LAB = Path(__file__).parents[2]
_MACHINERY = tuple(map(str, (Path(jax.__file__).parent, _LAB / "referee", _LAB / "derivation")))
# what reads a formula that was typed: its own expressions are nobody's
_READERS = tuple(str(_LAB / room) for room in ("symbolic", "exercises", "lessons"))
_LONG = 60
_TAP = re.compile(r"""(?:\w+\.)?tap\(\s*["'](\w+)["']""")  # a value that has a name


class Place(NamedTuple):
    """An expression of the function's source. ``text`` is all of it, on one line."""

    file: str
    line: int
    text: str
    column: int

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def quoted(self) -> str:
        """As written; where that is long, the variable that it is assigned to, or its beginning."""
        if len(self.text) <= _LONG:
            return f"`{self.text}`"
        lines = "".join(linecache.getlines(self.file))
        name = _assigned(lines).get((self.line, self.column, self.text))
        return f"`{name or self.text[: _LONG - 3] + '...'}`"

    @property
    def sums(self) -> bool:
        """Whether the expression itself is a sum or a difference, as written."""
        node = _parsed(self.text)
        return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))

    @property
    def operands(self) -> tuple[str, ...]:
        """The two sides of the expression, where it has two."""
        node = _parsed(self.text)
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
        return tuple(map(ast.unparse, sides))

    @property
    def calls(self) -> bool:
        """Whether the expression itself is a call."""
        return isinstance(_parsed(self.text), ast.Call)


def place_of(equation: Any) -> Place | None:
    """The innermost expression outside JAX and outside the referee that made the equation."""
    traceback = equation.source_info.traceback
    if traceback is None:
        return None
    # JAX has no public reader of the columns; the code objects tell them themselves.
    for code, instruction in zip(*traceback.raw_frames(), strict=True):
        if code.co_filename.startswith(_READERS):
            return None
        if not code.co_filename.startswith(_MACHINERY):
            return _place(code, instruction)
    return None


def _place(code: CodeType, instruction: int) -> Place | None:
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None))
    if first is None or last is None:
        return None
    lines = [linecache.getline(code.co_filename, n) for n in range(first, last + 1)]
    if not all(lines):
        return None
    lines[-1] = _cut(lines[-1], 0, end)
    lines[0] = _cut(lines[0], start or 0, None)
    text = " ".join(" ".join(lines).split())
    tapped = _TAP.match(text)
    if tapped:
        text = tapped[1]
    return Place(code.co_filename, first, text, start or 0) if _is_code(text) else None


@lru_cache(16)
def _assigned(source: str) -> dict[tuple[int, int, str], str]:
    """The variables that expressions are assigned to, by where these begin and how they read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            text = " ".join((ast.get_source_segment(source, value) or "").split())
            found[value.lineno, value.col_offset, text] = node.targets[0].id
    return found


@lru_cache(4096)
def _is_code(text: str) -> bool:
    """Notebooks compile a cell of a file without its indentation: their columns cut words apart."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@lru_cache(4096)
def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _cut(line: str, start: int, end: int | None) -> str:
    """Columns count bytes, not characters."""
    return line.encode()[start:end].decode(errors="replace")
