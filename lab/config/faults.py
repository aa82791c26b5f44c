"""The join: pydantic says which path is wrong, the tree says on which line it was written."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from lab.config.reading import BROKEN, Fault, Node, dotted, scalar
from lab.config.writing import inline
from lab.errors import BadInput, suggestion

_SWITCHES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_LONGEST = 60


def refusal(faults: Iterable[Fault]) -> BadInput:
    """What to raise: a line for every fault, in the order of the file, overrides last."""
    told = sorted(faults, key=lambda fault: fault.where.line or float("inf"))
    return BadInput("\n".join(map(str, told)))


def located(error: ErrorDetails, tree: Node, model: type[BaseModel]) -> Fault | None:
    """An error of ``model.model_validate(plain(tree))``, where and how it was written.

    None for a value that could not be read: its mistake is told already.
    """
    if error["input"] is BROKEN:
        return None
    path = error["loc"]
    if path[-1] == "[key]" and error["type"] != "extra_forbidden":
        path = path[:-1]  # pydantic's mark for a dict's key, where it is the key that is wrong
    node = tree
    for part in path:
        if part not in node.children:
            break  # a missing key: told at the mapping that lacks it
        node = node.children[part]
    return Fault(node.where, dotted(path), _says(error, path, model))


def _says(error: ErrorDetails, path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    given = error["input"]
    got = f", got {_short(given)}"
    match error["type"]:
        case "missing":
            return "missing; it has no default"
        case "extra_forbidden" | "invalid_key":
            return f"unknown key{nearest(str(path[-1]), _keys(model, path[:-1]))}"
        case "model_type" | "dict_type":
            return f"should be a mapping of keys to values{got}"
        case "tuple_type":
            return f"should be a list{got}"
        case "literal_error":
            expected = error["ctx"]["expected"]
            near = suggestion(given, re.findall("'([^']*)'", expected)) if _is_text(given) else ""
            return f"should be {expected}{got}{near if 'did you mean' in near else ''}"
        case "too_long" | "too_short":
            return error["msg"].replace("Tuple ", "").replace(" after validation", "")
    return error["msg"].removeprefix("Input ") + got + _respelled(given, error["type"])


def nearest(key: str, known: Iterable[str]) -> str:
    """``suggestion``, and what people shorten: lr for learning_rate, dim for dimension."""
    known = list(known)
    for name in known:
        initials = "".join(word[:1] for word in name.split("_"))
        if len(key) > 1 and (key == initials or name.startswith(key)):
            return f"; did you mean {name!r}?"
    return suggestion(key, known)


def _respelled(given: Any, kind: str) -> str:
    if not _is_text(given) or kind.startswith("string"):
        return ""
    if kind == "bool_type" and given.lower() in _SWITCHES:
        return f"; did you mean {_SWITCHES[given.lower()]}?"
    return "" if _is_text(scalar(given)) else "; leave out the quotes"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else inline(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that may be written in the mapping at ``path``."""
    for part in path:
        inner = _fields(model).get(part)
        found = [kind for kind in (inner, *get_args(inner)) if _is_model(kind)]
        if not found:
            return []
        model = found[0]
    return [str(key) for key in _fields(model)]


def _fields(model: type[BaseModel]) -> Mapping[str | int, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
