"""YAML text -> plain values that remember the line they were written on.

Scalars are read by the core schema of YAML 1.2.2 (section 10.3.2): ``1e-3`` is a number, ``no`` is
a word, and nothing is a date. No tag is obeyed, so nothing is ever built but mappings, lists, text,
numbers, booleans and null. Mistakes are collected, not raised, so that all can be told at once.
"""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from lab.errors import BadInput

# A config is a page. The limits stop a file that is no config before it costs memory or minutes.
_LARGEST = 2**18
_DEEPEST = 32
_MOST = 10_000

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")


class Broken(Enum):
    """Stands where a value could not be read; its mistake is already told."""

    BROKEN = "..."


BROKEN = Broken.BROKEN
Scalar: TypeAlias = bool | int | float | str | Broken | None


class Where(NamedTuple):
    """A line of a file, or an override (which has no lines)."""

    origin: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}" if self.line else self.origin


class Fault(NamedTuple):
    """One mistake: where it was written, at which key (dotted, may be empty), and what is wrong."""

    where: Where
    key: str
    says: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.where), self.key, self.says)))


class Node(NamedTuple):
    """A value and where its key was written."""

    value: "Scalar | list[Node] | dict[str | int, Node]"
    where: Where

    @property
    def children(self) -> "dict[str | int, Node]":
        """By key of a mapping, by index of a list; a scalar has none."""
        if isinstance(self.value, list):
            return dict(enumerate(self.value))
        return self.value if isinstance(self.value, dict) else {}


class _StopError(Exception):
    """Reading cannot go on; the mistake is in the message."""


def read(path: Path, shown: str) -> str:
    """The text of a config file; BadInput names it as ``shown``."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{shown}: cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise BadInput(f"{shown}: larger than {_LARGEST // 1024} KiB; is it a config?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{shown}:{line}: not UTF-8 (byte 0x{data[error.start]:02x})") from None


def parse(text: str, origin: str, under: tuple[str, ...] = ()) -> tuple[Node | None, list[Fault]]:
    """The tree written in ``text``, if there is one, and the mistakes in it.

    ``under``: the key it is the value of, if it is an override (which has no lines).
    """
    reader = _Reader(text, origin, under)
    try:
        return reader.document(), reader.faults
    except _StopError as error:
        return None, [*reader.faults, Fault(reader.here, "", str(error))]


def plain(node: Node) -> Any:
    """The value without its lines."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def scalar(text: str) -> bool | int | float | str | None:
    """What an unquoted scalar means in YAML 1.2.

    Raises ValueError for an integer too long for Python to read.
    """
    if _NULL.fullmatch(text):
        return None
    if match := _BOOL.fullmatch(text):
        return match[1] is not None
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INFINITY.fullmatch(text):
        return float(f"{match[1]}inf")
    return float("nan") if _NAN.fullmatch(text) else text


class _Reader:
    """One pass over the events of a document."""

    def __init__(self, text: str, origin: str, under: tuple[str, ...]):
        self.faults: list[Fault] = []
        self.here = Where(origin, 0 if under else 1)
        self._text = text
        self._under = under
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._size = 0
        self._events = self._read()

    def _read(self) -> Iterator[Event]:
        try:
            for event in YAML(typ="safe", pure=True).parse(self._text):
                self._at(event.start_mark.line)
                yield event
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None:
                self._at(mark.line)
            problem = error.problem or error.context or "cannot be read"
            raise _StopError(f"not YAML: {' '.join(problem.split())}") from None
        except (YAMLError, ValueError) as error:
            position = getattr(error, "position", 0)
            self._at(self._text.count("\n", 0, position))
            reason = getattr(error, "reason", None) or str(error).splitlines()[0]
            raise _StopError(f"not YAML: {reason}") from None

    def _at(self, line: int) -> None:
        if not self._under:
            self.here = Where(self.here.origin, line + 1)

    def _fault(self, path: tuple[str | int, ...], says: str) -> None:
        self.faults.append(Fault(self.here, dotted(path), says))

    def document(self) -> Node:
        """The one document of the text; further ones are refused."""
        next(self._events)
        started = next(self._events)
        if isinstance(started, StreamEndEvent):
            return Node(None, self.here)
        if isinstance(started, DocumentStartEvent) and started.version not in (None, (1, 2)):
            raise _StopError("configs are YAML 1.2; remove the %YAML line")
        node = self._node(next(self._events), self._under)
        next(self._events)
        if not isinstance(next(self._events), StreamEndEvent):
            raise _StopError("a second document ('---'); a config is one")
        return node

    def _node(self, event: Event, path: tuple[str | int, ...]) -> Node:
        where, before = self.here, self._size
        self._grow(1)
        if len(path) > _DEEPEST:
            raise _StopError(f"nested more than {_DEEPEST} deep")
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, path)
        assert isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent)
        tag = event.tag
        if tag is not None:
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._fault(path, f"tag {shown!r} refused; a config holds plain values only")
        value: Any
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, path)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(path)
        else:
            value = self._mapping(path)
        node = Node(value if tag is None else BROKEN, where)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._size - before
        return node

    def _grow(self, size: int) -> None:
        # aliases count as often as they are used: a dozen lines can stand for a billion values
        self._size += size
        if self._size > _MOST:
            raise _StopError(f"more than {_MOST} values; is it a config?")

    def _alias(self, anchor: str, path: tuple[str | int, ...]) -> Node:
        if anchor not in self._anchors:
            self._fault(path, f"alias '*{anchor}' of something not written before it")
            return Node(BROKEN, self.here)
        node, size = self._anchors[anchor]
        self._grow(size)
        return Node(node.value, self.here)

    def _scalar(self, event: ScalarEvent, path: tuple[str | int, ...]) -> Scalar:
        text = str(event.value)
        if any("\ud800" <= c <= "\udfff" for c in text):
            self._fault(path, f"{text!r} is no text: half a character")
            return BROKEN
        if event.style is not None:
            return text
        try:
            return scalar(text)
        except ValueError:
            self._fault(path, f"a number of {len(text)} digits")
            return BROKEN

    def _sequence(self, path: tuple[str | int, ...]) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: tuple[str | int, ...]) -> dict[str | int, Node]:
        children: dict[str | int, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            where = self.here
            key = self._key(event, path)
            child = self._node(next(self._events), (*path, "?" if key is None else key))
            if key is None:
                continue
            if key in children:
                line = children[key].where.line
                says = f"duplicate key; first on line {line}" if line else "duplicate key"
                self.faults.append(Fault(where, dotted((*path, key)), says))
            else:
                children[key] = Node(child.value, where)
        return children

    def _key(self, event: Event, path: tuple[str | int, ...]) -> str | int | None:
        """A key, or None where the key is no name and the mistake is told."""
        if isinstance(event, ScalarEvent) and event.tag is None:
            key = self._scalar(event, path)
            if key is BROKEN:
                return None
            if key == "<<" and event.style is None:
                self._fault(path, "merge key '<<' is not YAML 1.2; write the keys out")
                return None
            if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
                return key
            self._fault(path, f"key {event.value!r} is not a name; put it in quotes to make it one")
            return None
        if not isinstance(event, ScalarEvent):
            self._node(event, path)
        self._fault(path, "a key must be a name")
        return None


def dotted(path: tuple[str | int, ...]) -> str:
    """``("optimizer", "betas", 0)`` -> ``optimizer.betas[0]``, on one line whatever the keys."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]" if text else str(part)
        else:
            name = part if part and part.isprintable() else repr(part)
            text += f".{name}" if text else name
    return text
