"""What one edit of a source is, and small tools for those who make them."""

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lab.referee.naming.text.spots import Site, made

LONG = 60  # characters of an expression that is quoted
GROWN: dict[type, str] = {
    ast.Mult: "a factor",
    ast.Div: "a division by",
    ast.Add: "a term +",
    ast.Sub: "a term -",
}
MODULES = ("jnp", "np", "jax", "lax", "nn", "linalg", "numpy", "scipy", "fft", "special", "math")
Named = Iterator[tuple[str, ast.expr] | tuple[str, ast.expr, str]]
Edits = Callable[[Site], Named]  # what is wrong, what should stand there, maybe in words


class Edit(NamedTuple):
    """Another expression at a site, or at several where the same stands; ``name`` is that of the
    mistake which it mends.
    """

    sites: tuple[Site, ...]
    node: ast.expr
    name: str
    says: str


def called(node: ast.AST) -> str:
    """The last name of what is called: `sum` of `jnp.sum(x)` and of `x.sum()`; empty of others."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def subject(call: ast.Call) -> ast.expr | None:
    """The array that a call is about: `x` of `jnp.sum(x)`, of `x.sum()`, of `sum(x)`."""
    if isinstance(call.func, ast.Attribute) and not is_module(call.func.value):
        return call.func.value
    return call.args[0] if call.args else None


def is_method(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and not is_module(call.func.value)


def is_module(node: ast.AST) -> bool:
    """`jnp`, `jax.nn`, `jnp.linalg`: by the names that people import them under."""
    if isinstance(node, ast.Attribute):
        return is_module(node.value) and node.attr in MODULES
    return isinstance(node, ast.Name) and node.id in MODULES


def whole(node: ast.AST | None) -> int | None:
    """The whole number that an expression is, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = whole(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


def numeral(value: float) -> ast.expr:
    return made(repr(value))


def changed(call: ast.Call, position: int | None, keyword: str, value: ast.expr) -> ast.Call:
    """A call with another argument, by position where it has it so, else by its keyword."""
    args, keywords = list(call.args), [ast.keyword(k.arg, k.value) for k in call.keywords]
    by_name = next((k for k in keywords if k.arg == keyword), None)
    if position is not None and position < len(args):
        args[position] = value
    elif by_name is not None:
        by_name.value = value
    else:
        keywords.append(ast.keyword(keyword, value))
    return ast.Call(call.func, args, keywords)


def argument(call: ast.Call, position: int | None, keyword: str) -> ast.expr | None:
    by_name = next((k.value for k in call.keywords if k.arg == keyword), None)
    if by_name is None and position is not None and position < len(call.args):
        return call.args[position]
    return by_name


def with_function(call: ast.Call, name: str) -> ast.Call:
    """The same call of another function of the same module."""
    if isinstance(call.func, ast.Attribute):
        func: ast.expr = ast.Attribute(call.func.value, name, ast.Load())
    else:
        func = ast.Name(name, ast.Load())
    return ast.Call(func, call.args, call.keywords)


def quoted(node: ast.AST) -> str:
    """An expression as it is told; a long one by its beginning."""
    text = ast.unparse(node)
    return f"`{text if len(text) <= LONG else text[: LONG - 3] + '...'}`"


def said(stands: ast.expr, should: ast.expr) -> str:
    """What is wrong where one expression stands and the other should."""
    if isinstance(should, ast.BinOp) and should.left is stands:
        lacks = GROWN.get(type(should.op))
        if lacks is not None:
            return f"{quoted(stands)} lacks {lacks} {quoted(should.right)} in the formula"
    return f"{quoted(stands)} stands in the formula where {quoted(should)} should"
