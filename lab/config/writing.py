"""Plain values -> YAML text that reads back as the same values."""

import math
import re
from collections.abc import Mapping
from typing import Any

from lab.config.reading import scalar

_WORD = re.compile(r"[A-Za-z_./][\w./-]*", re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def inline(value: Any) -> str:
    """A value on one line, as it would be written in a config."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        if math.isnan(value):
            return ".nan"
        return repr(value) if math.isfinite(value) else "-.inf" if value < 0 else ".inf"
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) and scalar(value) == value else _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(k)}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    return str(getattr(value, "value", value))


def block(values: Mapping[Any, Any], indent: int = 0) -> str:
    """A mapping, one key a line; lists stay on the line of their key."""
    text = ""
    for key, value in values.items():
        text += f"{' ' * indent}{inline(key)}:"
        if isinstance(value, Mapping) and value:
            text += f"\n{block(value, indent + 2)}"
        else:
            text += f" {inline(value)}\n"
    return text


def _quoted(text: str) -> str:
    return (
        '"'
        + "".join(_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
        + '"'
    )
