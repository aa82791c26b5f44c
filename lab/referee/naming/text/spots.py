"""The places of a source at which a change is tried, and what is known there by name."""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from lab.referee.naming.text.written import Definition, Text


class Scope(NamedTuple):
    """What is known by name: all that is given or made in the functions around, what is ``idle``
    as it is given or made here and never used, what loops count with.
    """

    known: tuple[str, ...]
    idle: tuple[str, ...]
    counters: tuple[str, ...]


class Site(NamedTuple):
    """An expression, by where it stands: ``parent.field``, or one ``entry`` of it."""

    text: Text
    parent: ast.AST
    field: str
    entry: int | None
    node: ast.expr
    scope: Scope
    decides: bool  # whether it is compared, so that much may stand in its place
    taken: bool  # whether it stands in what says which entries are taken, however deep

    def put(self, node: ast.expr) -> None:
        """Another expression in its place."""
        if self.entry is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.entry] = node

    @property
    def indexes(self) -> bool:
        """Whether it says which entries are taken."""
        return isinstance(self.parent, (ast.Subscript, ast.Slice)) and self.field != "value"


def sites(text: Text) -> list[Site]:
    """All expressions of a function, the last first; no modules."""
    return list(_Sites(text).found())[::-1]


class _Sites:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.scopes: dict[tuple[int, ...], Scope] = {}

    def found(self) -> Iterator[Site]:
        top = self.text.node
        body = top.body if isinstance(top.body, list) else [top.body]
        for k, one in enumerate(body):
            index = k if isinstance(top.body, list) else None
            yield from self.within(top, "body", index, one, (top,))

    def scope(self, around: tuple[Definition, ...]) -> Scope:
        key = tuple(map(id, around))
        if key not in self.scopes:
            self.scopes[key] = _scope(around)
        return self.scopes[key]

    def within(
        self,
        parent: ast.AST,
        field: str,
        index: int | None,
        node: ast.AST,
        around: tuple[Definition, ...],
        decides: bool = False,
        taken: bool = False,
    ) -> Iterator[Site]:
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            scope = self.scope(around)
            if not isinstance(node, ast.Name) or node.id in scope.known:
                yield Site(self.text, parent, field, index, node, scope, decides, taken)
        decides = decides or isinstance(node, ast.Compare)
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            around = (*around, node)
            parts: list[tuple[str, Any]] = [("body", node.body)]
        else:
            parts = list(ast.iter_fields(node))
            if isinstance(node, (ast.If, ast.IfExp)):  # Python decides that, by a flag
                parts = [(name, value) for name, value in parts if name != "test"]
        for name, value in parts:
            here = taken or (isinstance(node, ast.Subscript) and name == "slice")
            if name == "func" and isinstance(value, ast.Attribute):
                yield from self.within(value, "value", None, value.value, around, decides, here)
            elif name == "func" or (name == "annotation"):
                continue
            elif isinstance(value, list):
                for k, one in enumerate(value):
                    if isinstance(one, ast.AST):
                        yield from self.within(node, name, k, one, around, decides, here)
            elif isinstance(value, ast.AST):
                yield from self.within(node, name, None, value, around, decides, here)


def _scope(around: tuple[Definition, ...]) -> Scope:
    whole, inner = around[0], around[-1]
    names: dict[str, None] = {}
    for one in reversed(around):
        names |= dict.fromkeys(names_of(one))
    used = lambda where: {n.id for n in _names(where) if isinstance(n.ctx, ast.Load)}
    loops = (one.target for one in ast.walk(whole) if isinstance(one, (ast.For, ast.comprehension)))
    counting = dict.fromkeys(n.id for one in loops for n in _names(one))
    flags = {n.id for one in ast.walk(whole) for test in _tests(one) for n in _names(test)}
    flags |= {name for one in around for name in _preset(one)}
    names = {name: None for name in names if name not in flags}
    everywhere, here = used(whole), used(inner)
    return Scope(
        tuple(sorted(names, key=everywhere.__contains__)),
        tuple(name for name in names_of(inner) if name in names and name not in here),
        tuple(counting),
    )


def _tests(node: ast.AST) -> list[ast.expr]:
    return [node.test] if isinstance(node, (ast.If, ast.IfExp)) else []


def _preset(function: Definition) -> list[str]:
    """What is a flag, a word or a number unless it is said otherwise."""
    args = function.args
    late = [*args.posonlyargs, *args.args][
        len(args.posonlyargs) + len(args.args) - len(args.defaults) :
    ]
    pairs = [
        *zip(late, args.defaults, strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    return [a.arg for a, b in pairs if isinstance(b, ast.Constant)]


def _names(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))


def names_of(function: Definition) -> list[str]:
    """What is given to a function, and what it makes itself; not what is thrown away."""
    args = function.args
    names = [one.arg for one in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    body = function.body if isinstance(function.body, list) else [function.body]
    names += [n.id for one in body for n in _own(one) if isinstance(n, ast.Name) and _stored(n)]
    return [name for name in dict.fromkeys(names) if name.strip("_")]


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree but for those of functions within."""
    yield node
    if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
        for inner in ast.iter_child_nodes(node):
            yield from _own(inner)


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


class _Filled(ast.NodeTransformer):
    def __init__(self, parts: dict[str, ast.expr]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.parts.get(node.id, node)


def made(template: str, **parts: ast.expr | str) -> ast.expr:
    """An expression with others in the place of its capital letters: ``made("A.T", A=node)``."""
    trees = {k: _read(v) if isinstance(v, str) else v for k, v in parts.items()}
    filled: ast.expr = _Filled(trees).visit(_read(template))
    return filled


def _read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
