"""``key.sub=value`` put into a tree of values; the value is read exactly as a file's would be."""

import re

from lab.config.reading import Fault, Node, Where, dotted, parse
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
    path = tuple(key.split("."))
    value, faults = parse(written, where.origin, under=path)
    node = tree
    for depth, name in enumerate(path):
        if not isinstance(node.value, dict):
            got = "a list" if isinstance(node.value, list) else inline(node.value)
            return tree, [*faults, Fault(where, dotted(path[:depth]), f"{got} holds no {name!r}")]
        node = node.children.get(name, Node({}, where))
    return tree if value is None else put(tree, path, Node(value.value, where)), faults


def put(tree: Node, path: tuple[str, ...], value: Node) -> Node:
    """``tree`` with ``value`` at the end of ``path``."""
    if not path:
        return value
    child = tree.children.get(path[0], Node({}, value.where))
    return Node({**tree.children, path[0]: put(child, path[1:], value)}, tree.where)
