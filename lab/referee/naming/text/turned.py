"""Edits of what runs along which axis, of what is spread over rows or columns, and of the order of
factors."""

import ast
import re
from itertools import combinations, permutations, product

from lab.referee.naming.text.edits import (
    Named,
    argument,
    called,
    changed,
    is_method,
    subject,
    whole,
)
from lab.referee.naming.text.spots import Site, made

REDUCE = ("sum", "mean", "max", "min", "prod", "logsumexp")
ALONG = (
    *REDUCE, "softmax", "log_softmax", "cumsum", "cumprod", "argsort", "sort", "argmax", "argmin",
    "norm", "flip", "concatenate", "stack", "var", "std", "median", "roll",
)  # fmt: skip
THIRD = ("roll",)  # whose axis is one argument later
AXES = (-1, 0, 1, -2, 2, -3, 3)
ROWS, COLUMNS = "A[:, None]", "A[None, :]"


def other_axes(site: Site) -> Named:
    """A reduction along another axis, spread anew or not."""
    node = site.node
    spread = isinstance(node, ast.Subscript) and _orientations(node)
    if isinstance(node, ast.Subscript) and spread:
        if called(node.value) in ALONG:
            for axes, way in product(_along(node.value), (node, *spread)):
                yield "wrong_axis", ast.Subscript(axes, _slice(way), ast.Load())
    elif called(node) in ALONG and isinstance(node, ast.Call):
        for other in _along(node):
            yield "wrong_axis", other
        if called(node) in REDUCE:
            for one, form in product((*_plainly(node), node), (ROWS, COLUMNS)):
                yield "wrong_axis", made(form, A=one)


def _slice(node: ast.expr) -> ast.expr:
    assert isinstance(node, ast.Subscript)
    return node.slice


def _along(call: ast.expr) -> list[ast.expr]:
    assert isinstance(call, ast.Call)
    found = _plainly(call)
    if called(call) in REDUCE:
        for axis in AXES:
            one = changed(call, _position(call), "axis", made(repr(axis)))
            found.append(changed(one, None, "keepdims", made("True")))
    return found


def _plainly(call: ast.Call) -> list[ast.expr]:
    now = argument(call, _position(call), "axis")
    known = whole(now)
    if now is not None and known is None and not isinstance(now, ast.Tuple):
        return []
    from_the_end = known is None or known < 0
    wanted = sorted((k for k in AXES if k != known), key=lambda k: (k < 0) is not from_the_end)
    found: list[ast.expr] = [
        changed(call, _position(call), "axis", made(repr(axis))) for axis in wanted
    ]
    if now is not None and called(call) in REDUCE:
        found.append(changed(call, _position(call), "axis", made("None")))
    return found


def _position(call: ast.Call) -> int:
    return 1 + (called(call) in THIRD) - is_method(call)


def _orientations(node: ast.Subscript) -> list[ast.expr]:
    """`[None, :]` for `[:, None]`."""
    if not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) > 4:
        return []
    parts = node.slice.elts
    is_none = [isinstance(one, ast.Constant) and one.value is None for one in parts]
    if not any(is_none) or all(is_none):
        return []
    now = tuple(is_none)
    ways = [way for way in dict.fromkeys(permutations(now)) if way != now]
    rest = [one for one, none in zip(parts, is_none, strict=True) if not none]
    found: list[ast.expr] = []
    for way in ways:
        left = iter(rest)
        elements: list[ast.expr] = [ast.Constant(None) if none else next(left) for none in way]
        index = ast.Tuple(elements, ast.Load())
        found.append(ast.Subscript(node.value, index, ast.Load()))
    return found


def other_spreads(site: Site) -> Named:
    """Rows for columns."""
    node = site.node
    if isinstance(node, ast.Subscript):
        for other in _orientations(node):
            yield "wrong_axis", other


def other_subscripts(site: Site) -> Named:
    """An `einsum` that leaves other axes, or takes them in another order; spread anew or not."""
    node = site.node
    ways: list[ast.expr | None] = [None]
    if isinstance(node, ast.Subscript) and called(node.value) == "einsum":
        ways = [node, *_orientations(node)]
        node = node.value
    elif site.field == "value" and isinstance(site.parent, ast.Subscript):
        return
    if called(node) != "einsum" or not isinstance(node, ast.Call) or not node.args:
        return
    first = node.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return
    for other, way in product(_subscripts(first.value), ways):
        call = ast.Call(node.func, [ast.Constant(other), *node.args[1:]], node.keywords)
        yield "wrong_axis", call if way is None else ast.Subscript(call, _slice(way), ast.Load())


def _subscripts(now: str) -> list[str]:
    into, arrow, out = now.replace(" ", "").partition("->")
    letters = list(dict.fromkeys(re.findall("[A-Za-z]", into)))
    if not arrow or "." in now or len(letters) > 6:
        return []
    found = []
    for count in (len(out), len(out) - 1, len(out) + 1):
        if 0 <= count <= 4:
            some = ("".join(way) for way in permutations(letters, count))
            found += [f"{into}->{way}" for way in some]
    operands = into.split(",")
    for k, one in enumerate(operands):
        for i, j in combinations(range(len(one)), 2):
            turned = list(one)
            turned[i], turned[j] = turned[j], turned[i]
            found.append(
                ",".join([*operands[:k], "".join(turned), *operands[k + 1 :]]) + f"->{out}"
            )
        for i, letter in product(range(len(one)), letters):
            if letter not in one:
                other = one[:i] + letter + one[i + 1 :]
                found.append(",".join([*operands[:k], other, *operands[k + 1 :]]) + f"->{out}")
    return [one for one in dict.fromkeys(found) if one != now.replace(" ", "")]


def other_products(site: Site) -> Named:
    """Factors in another order, one of them transposed, entry by entry for row by column."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        a, b = node.left, node.right
        for way in ("B @ A", "A.T @ B", "A @ B.T", "B.T @ A", "B @ A.T", "(A @ B).T"):
            yield "transpose", made(way, A=a, B=b)
        chain = _chain(node)
        if 2 < len(chain) <= 4:
            for order in permutations(chain):
                if list(order) != chain:
                    yield "transpose", _joined(list(order))
        yield "wrong_variable", made("A * B", A=a, B=b)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for way in ("A @ B", "B @ A"):
            yield "wrong_variable", made(way, A=node.left, B=node.right)
    elif called(node) in ("outer", "cross", "kron") and isinstance(node, ast.Call):
        if len(node.args) == 2:
            name = "sign" if called(node) == "cross" else "transpose"
            yield name, ast.Call(node.func, node.args[::-1], node.keywords)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", node.value
    elif isinstance(node, (ast.Name, ast.Call)) and not site.indexes:
        yield "transpose", made("A.T", A=node)


def _chain(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [*_chain(node.left), *_chain(node.right)]
    return [node]


def _joined(parts: list[ast.expr]) -> ast.expr:
    product = parts[0]
    for one in parts[1:]:
        product = ast.BinOp(product, ast.MatMult(), one)
    return product


def other_sums(site: Site) -> Named:
    """A sum where there should be none, a running sum or a mean; all of them the other way."""
    node = site.node
    call = called(node)
    if not isinstance(node, ast.Call) or call not in ("sum", "mean", "cumsum"):
        return
    inner = subject(node)
    if inner is None:
        return
    yield "broadcast_sum", inner
    if call == "cumsum":
        yield "index", made("jnp.cumsum(A[::-1])[::-1]", A=inner)
        yield "broadcast_sum", made("A.sum()", A=inner)
        return
    yield "broadcast_sum", made("jnp.cumsum(A)", A=inner)
    yield "broadcast_sum", made("jnp.cumsum(A[::-1])[::-1]", A=inner)
