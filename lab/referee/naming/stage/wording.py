"""Expressions of a source: how two of them are related, and one put into a formula."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

LONG = 32  # characters of an expression that is given a letter in a formula


def related(stands: str, should: str) -> str:
    """The name of the mistake that puts one expression in place of the other."""
    one, other = _parsed(stands), _parsed(should)
    if one is None or other is None:
        return "region" if one is not None and _chooses(one) else "wrong_variable"
    way = _way(other, one)  # what stands there is a part of what should
    if way is not None:
        return _name(way, "missing_term")
    way = _way(one, other)
    if way is not None:
        return _name(way, "extra_term")
    if _chooses(one):
        return "region"
    if isinstance(one, ast.Call) and isinstance(other, ast.Call):
        if _outlined(one) == _outlined(other):
            return "constant"
        return "wrong_variable"
    if isinstance(one, ast.Subscript) and isinstance(other, ast.Subscript):
        return "index" if ast.dump(one.value) == ast.dump(other.value) else "wrong_variable"
    return "wrong_variable"


def _name(way: list[ast.AST], by_sum: str) -> str:
    around = way[:-1]
    if _chooses(around[0]):
        return "region"
    if _sums(way):
        return by_sum
    if not _products(around):
        return "wrong_variable"
    numbers = (any(_is_number(side) for side in _operands(one)) for one in around)
    return "factor" if all(numbers) else "missing_chain_factor"


def _chooses(node: ast.AST) -> bool:
    """Whether it is a `where`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "where"


def _sums(way: list[ast.AST]) -> bool:
    """Whether all on the way from the whole to its part are sums, and nothing but the part is taken
    off: `u` is no term of ``1 - u``.
    """
    taken_off = (
        isinstance(whole, ast.BinOp)
        and isinstance(whole.op, ast.Sub)
        and ast.dump(whole.right) == ast.dump(part)
        for whole, part in pairwise(way)
    )
    parts = way[:-1]
    sums = all(isinstance(getattr(one, "op", None), (ast.Add, ast.Sub)) for one in parts)
    return sums and not any(taken_off)


def _products(way: list[ast.AST]) -> bool:
    return all(
        isinstance(getattr(one, "op", None), (ast.Mult, ast.Div, ast.MatMult)) for one in way
    )


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _way(whole: ast.AST, part: ast.AST) -> list[ast.AST] | None:
    """The nodes from an expression down to a part of it, which is the last."""
    for child in _operands(whole):
        if ast.dump(child) == ast.dump(part):
            return [whole, part]
        further = _way(child, part)
        if further is not None:
            return [whole, *further]
    return None


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Call):
        yield from node.args


def _outlined(call: ast.Call) -> str:
    """A call but for its numbers."""
    blank = ast.Constant(0)
    numbers = [a for a in (*call.args, *(k.value for k in call.keywords)) if _is_number(a)]
    args = [a for a in call.args if a not in numbers]
    return ast.dump(ast.Call(call.func, [*args, blank], []))


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    return isinstance(node, ast.Constant)


def filled(form: str, text: str) -> str:
    """A formula with ``{}`` in it, an expression of the source in its place: ``({})^2`` is
    `norm(x)^2`, and `(x + 1)^2`.
    """
    ticked = text[0] == text[-1] == "`"
    bare = text[1:-1] if ticked else text
    if _is_atom(bare):
        form = re.sub(r"(?<![a-z])\(\{\}\)", "{}", form)
    if _parsed(bare) is None:  # words, or an expression that was cut
        return form.replace("{}", text)
    return f"`{form.replace('{}', bare)}`"


def instantiated(formula: str, letters: dict[str, str]) -> tuple[str, list[str]]:
    """A formula in u, v and y with the short ones of what they stand for put in; what remains to be
    explained of the others.
    """
    known = lambda t: t.startswith("`") or t.isidentifier() or t.replace(".", "").isdigit()
    short = {a: t.strip("`") for a, t in letters.items() if known(t)}
    short = {a: t for a, t in short.items() if len(t) <= LONG}
    if formula in short:
        return f"`{short[formula]}`", []
    formula = re.sub(r"(\d)([uvy])\b", r"\1 \2", formula)

    def put(found: re.Match[str]) -> str:
        text = short.get(found.group(2))
        if text is None:
            return found.group(0)
        before, after = found.group(1) or "", found.group(3) or ""
        if not (before and after) and not _is_atom(text):
            text = f"({text})"
        return f"{before}{text}{after}"

    made = re.sub(r"((?<=[a-z0-9])\()?\b([uvy])\b(\))?", put, formula)
    left = [f"{a} = {t}" for a, t in letters.items() if a not in short and _has(formula, a)]
    return (f"`{made}`" if made != formula else made), left


def _has(formula: str, letter: str) -> bool:
    return re.search(rf"\b{letter}\b", formula) is not None


def _is_atom(text: str) -> bool:
    return isinstance(
        _parsed(text), (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.Constant)
    )
