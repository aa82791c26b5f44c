"""``key.sub=value`` put into a tree of values; the value is read exactly as a file's would be."""

import re

from lab.config.source import Fault, Node, Where, parse
from lab.config.writing import inline

_PATH = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*")


def override(tree: Node, text: str) -> tuple[Node, list[Fault]]:
    """``tree`` with the value of ``text`` in place, and what is wrong with ``text``.

    Mappings on the way that the tree lacks are made: the model says whether they may be there.
    """
    where = Where(f"override {text!r}")
    key, equals, written = text.partition("=")
    if not equals:
        return tree, [Fault(where, "", "write it as key=value")]
    if not key:
        return tree, [Fault(where, "", "no key before '='")]
    if not _PATH.fullmatch(key):
        return tree, [Fault(where, "", f"{key!r} is not a key; write key=value or key.sub=value")]
    value, faults = parse(written, where.origin, lines=False)
    if value is None:
        return tree, faults
    return _put(tree, tuple(key.split(".")), 0, value, where, faults)


def _put(
    tree: Node, path: tuple[str, ...], depth: int, value: Node, where: Where, faults: list[Fault]
) -> tuple[Node, list[Fault]]:
    if depth == len(path):
        return Node(value.value, where), faults
    if not isinstance(tree.value, dict):
        above = ".".join(path[:depth])
        return tree, [*faults, Fault(where, above, f"{_shown(tree)} holds no {path[depth]!r}")]
    name = path[depth]
    child = tree.value.get(name, Node({}, where))
    child, faults = _put(child, path, depth + 1, value, where, faults)
    return Node({**tree.value, name: child}, tree.where), faults


def _shown(node: Node) -> str:
    return "a list" if isinstance(node.value, list) else inline(node.value)
