"""Edits of what is taken, and how often: indices, slices, shifts, orders, the lengths of loops."""

import ast
from itertools import product

from lab.referee.naming.text.edits import (
    Named,
    argument,
    called,
    changed,
    is_method,
    numeral,
    whole,
)
from lab.referee.naming.text.spots import Site, made

COUNTING = ("range", "arange")
LOOPS = ("scan", "fori_loop", "cumsum", "cumprod", "cumlogsumexp", "associative_scan")
FAR = 4


def other_shifts(site: Site) -> Named:
    """`roll` the other way, or by one more or less; another diagonal."""
    node = site.node
    if called(node) == "roll" and isinstance(node, ast.Call):
        position = 1 - is_method(node)
        by = argument(node, position, "shift")
        if by is not None:
            ways = [made("-A", A=by), made("A + 1", A=by), made("A - 1", A=by)]
            known = whole(by)
            if known is not None:
                ways = [numeral(k) for k in (-known, known + 1, known - 1, -known + 1, -known - 1)]
            for other in ways:
                yield "index", changed(node, position, "shift", other)
        yield "index", node.args[0]
    elif called(node) in ("tril", "triu", "eye", "diag") and isinstance(node, ast.Call):
        now = whole(argument(node, 1, "k")) or 0
        for k in (now - 1, now + 1):
            yield "index", changed(node, 1, "k", numeral(k))


def other_orders(site: Site) -> Named:
    """Ranks for the order that sorts, and the other way round; an array the wrong way round."""
    node = site.node
    if called(node) == "argsort" and isinstance(node, ast.Call) and node.args:
        inner = node.args[0]
        if called(inner) == "argsort":
            yield "index", inner
        else:
            yield "index", made("jnp.argsort(A)", A=node)
    elif isinstance(node, ast.Name) and not isinstance(site.parent, ast.Attribute):
        if site.indexes:
            yield "index", made("jnp.argsort(A)", A=node)
        yield "index", made("jnp.sort(A)", A=node)
    if isinstance(node, (ast.Name, ast.Call)) and not site.indexes:
        yield "index", made("A[::-1]", A=node)
        yield "index", made("A[:, ::-1]", A=node)
    if isinstance(node, ast.Subscript) and ast.unparse(node.slice).endswith("::-1"):
        yield "index", node.value


def other_entries(site: Site) -> Named:
    """Another entry, or other ones by one place; the counter of another loop."""
    node = site.node
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for k, part in enumerate(parts):
            for other in _other_parts(part):
                yield "index", _with_part(node, k, other)
    if isinstance(node, ast.Name) and (node.id in site.scope.counters or site.indexes):
        for name in site.scope.counters:
            if name != node.id:
                yield "index", made(name)
        if site.indexes or node.id in site.scope.counters:
            yield "index", made("A + 1", A=node)
            yield "index", made("A - 1", A=node)


def _other_parts(part: ast.expr) -> list[ast.expr]:
    known = whole(part)
    if known is not None:
        near = (known + 1, known - 1, -1 - known, known + 2, known - 2, known + 3, known - 3)
        return [numeral(k) for k in dict.fromkeys(near) if abs(k) <= FAR + abs(known)]
    if not isinstance(part, ast.Slice) or (part.lower is None and part.upper is None):
        return []
    trees = (part.lower, part.upper)
    ends = [whole(one) for one in trees]
    if any(e is None and one is not None for e, one in zip(ends, trees, strict=True)):
        return [
            ast.Slice(_moved(part.lower, a), _moved(part.upper, b), part.step)
            for a, b in product((0, 1, -1), repeat=2)
            if a or b
        ]
    found: list[ast.expr] = []
    for a, b in ((1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)):
        low = (ends[0] or 0) + a
        high = 0 + b if ends[1] is None else ends[1] + b
        if ends[1] is None and b > 0:
            continue
        low_tree = None if low == 0 else numeral(low)
        high_tree = None if (ends[1] is None or ends[1] < 0) and high == 0 else numeral(high)
        found.append(ast.Slice(low_tree, high_tree, part.step))
    return found


def _moved(end: ast.expr | None, by: int) -> ast.expr | None:
    if end is None or not by:
        return end
    known = whole(end)
    if known is not None:
        return numeral(known + by)
    return made(f"A {'+' if by > 0 else '-'} 1", A=end)


def _with_part(node: ast.Subscript, k: int, part: ast.expr) -> ast.expr:
    if isinstance(node.slice, ast.Tuple):
        parts = [part if i == k else one for i, one in enumerate(node.slice.elts)]
        return ast.Subscript(node.value, ast.Tuple(parts, ast.Load()), ast.Load())
    return ast.Subscript(node.value, part, ast.Load())


def other_lengths(site: Site) -> Named:
    """Loops and counts that begin or end one too early or too late, or run the wrong way."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    if called(node) in COUNTING and node.args:
        yield from _recounted(site, node)
    elif called(node) == "reversed" and node.args:
        yield "index", node.args[0]
    elif called(node) in LOOPS:
        now = argument(node, None, "reverse")
        backwards = isinstance(now, ast.Constant) and now.value is True
        yield "index", changed(node, None, "reverse", made(repr(not backwards)))
        length = argument(node, None, "length")
        if length is not None:
            for by in (1, -1):
                other = _moved(length, by)
                assert other is not None
                yield "index", changed(node, None, "length", other)
        if called(node) == "fori_loop" and len(node.args) > 1:
            for k, by in product((0, 1), (1, -1)):
                other = _moved(node.args[k], by)
                assert other is not None
                args = [other if i == k else one for i, one in enumerate(node.args)]
                yield "index", ast.Call(node.func, args, node.keywords)


def _recounted(site: Site, node: ast.Call) -> Named:
    args = node.args
    put = lambda *new: ast.Call(node.func, list(new), node.keywords)
    for k, by in product(range(len(args)), (1, -1)):
        other = _moved(args[k], by)
        if other is not None:
            yield "index", put(*args[:k], other, *args[k + 1 :])
    if len(args) == 1:
        one_more = _moved(args[0], 1)
        assert one_more is not None
        yield "index", put(made("1"), one_more)
        yield "index", put(made("1"), args[0])
    elif len(args) == 2:
        yield "index", put(args[1])
        by_one = [_moved(one, by) for by in (1, -1) for one in args]
        for low, high in (by_one[:2], by_one[2:]):
            if low is not None and high is not None:
                yield "index", put(low, high)
    if called(node) == "arange":
        yield "index", made("A[::-1]", A=node)
    else:
        yield "index", made("reversed(A)", A=node)
    ends = [ast.unparse(one) for one in args]
    others = [
        one.args[-1]
        for one in ast.walk(site.text.node)
        if called(one) == called(node) and isinstance(one, ast.Call) and one.args
    ]
    for text in dict.fromkeys(map(ast.unparse, others)):
        if text not in ends:
            yield "index", put(*args[:-1], made(text))
            if len(args) == 1:
                yield "index", put(args[0], made(text))
                yield "index", put(made("A + 1", A=args[0]), made(text))
