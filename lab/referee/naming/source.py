"""Where an equation comes from: file, line and the very expression, by the traceback it carries."""

import linecache
from pathlib import Path
from typing import Any, NamedTuple

import jax

_MACHINERY = (str(Path(jax.__file__).parent), str(Path(__file__).parents[1]))
_LONG = 60


class Place(NamedTuple):
    """An expression of the function's source. ``text`` is all of it, on one line."""

    file: str
    line: int
    text: str
    columns: tuple[int, int]

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def quoted(self) -> str:
        short = self.text if len(self.text) <= _LONG else self.text[: _LONG - 3] + "..."
        return f"`{short}`"


def place_of(equation: Any) -> Place | None:
    """The innermost expression outside JAX and outside the referee that made the equation."""
    traceback = equation.source_info.traceback
    if traceback is None:
        return None
    step, innermost = traceback.as_python_traceback(), None
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_MACHINERY):
            innermost = step
        step = step.tb_next
    return _place(innermost) if innermost is not None else None


def _place(step: Any) -> Place | None:
    code = step.tb_frame.f_code
    positions = list(code.co_positions())[step.tb_lasti // 2 : step.tb_lasti // 2 + 1]
    if not positions or None in positions[0]:
        line = step.tb_lineno
        text = linecache.getline(code.co_filename, line).strip()
        return Place(code.co_filename, line, text, (0, len(text))) if text else None
    first, last, start, end = positions[0]
    lines = [linecache.getline(code.co_filename, n) for n in range(first, last + 1)]
    if not all(lines):
        return None
    lines[-1] = _cut(lines[-1], 0, end)
    lines[0] = _cut(lines[0], start, None)
    text = " ".join(" ".join(lines).split())
    return Place(code.co_filename, first, text, (start, end))


def _cut(line: str, start: int, end: int | None) -> str:
    """Columns count bytes, not characters."""
    return line.encode()[start:end].decode(errors="replace")
