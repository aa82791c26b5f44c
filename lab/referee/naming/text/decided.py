"""Edits of what is compared, clipped and chosen, and of whole numbers and common functions."""

import ast

from lab.referee.naming.text.edits import Named, called, numeral, whole, with_function
from lab.referee.naming.text.spots import Site, made

TURNED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.GtE, ast.LtE, ast.Gt), ast.LtE: (ast.Gt, ast.Lt, ast.GtE),
    ast.Gt: (ast.LtE, ast.GtE, ast.Lt), ast.GtE: (ast.Lt, ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
RELATIVES = (
    ("tril", "triu"), ("sin", "cos"), ("sinh", "cosh"), ("minimum", "maximum"), ("min", "max"),
    ("argmin", "argmax"), ("exp", "expm1"), ("log", "log1p"), ("softmax", "log_softmax"),
    ("zeros_like", "ones_like"), ("floor", "ceil"), ("vdot", "outer"),
)  # fmt: skip


def other_comparisons(site: Site) -> Named:
    """Compared the other way, or with another number."""
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    (op,), (right,) = node.ops, node.comparators
    if isinstance(op, (ast.Eq, ast.NotEq)) and whole(right) is not None:
        now = whole(right)
        for value in (0, 1, -1, 2):
            if value != now:
                yield "region", ast.Compare(node.left, [op], [numeral(value)])
    for other in TURNED.get(type(op), ()):
        yield "region", ast.Compare(node.left, [other()], [right])


def other_bounds(site: Site) -> Named:
    """`clip` between other bounds, or on one side only."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    bounds = ["0.0", "1.0", "-1.0"]
    for name in site.scope.known:
        bounds += [name, f"-{name}"]
    if called(node) in ("clip", "clamp") and len(node.args) == 3:
        x, low, high = node.args
        if called(node) == "clamp":
            low, x, high = node.args
        texts = {ast.unparse(low), ast.unparse(high)}
        for text in dict.fromkeys(["1.0", *texts, *site.scope.known]):
            yield "region", made(f"jnp.clip(X, -({text}), {text})", X=x)
        for text in bounds:
            yield "region", made("jnp.clip(X, A, B)", X=x, A=text, B=high)
            yield "region", made("jnp.clip(X, A, B)", X=x, A=low, B=text)
        yield "region", made("jnp.minimum(X, B)", X=x, B=high)
        yield "region", made("jnp.maximum(X, A)", X=x, A=low)
        yield "region", x
    elif called(node) in ("minimum", "maximum") and len(node.args) == 2:
        for x, end in (node.args, node.args[::-1]):
            ways = ("-(B)", "B") if called(node) == "minimum" else ("B", "-(B)")
            yield "region", made(f"jnp.clip(X, {ways[0]}, {ways[1]})", X=x, B=end)
            for text in bounds:
                low, high = (made(text), end) if called(node) == "minimum" else (end, made(text))
                yield "region", made("jnp.clip(X, A, B)", X=x, A=low, B=high)
            yield "region", x


def other_functions(site: Site) -> Named:
    node = site.node
    if not isinstance(node, ast.Call):
        return
    for pair in RELATIVES:
        for one, other in (pair, pair[::-1]):
            if called(node) == one:
                yield "wrong_variable", with_function(node, other)


def other_whole_numbers(site: Site) -> Named:
    """One more, one less, nought or the negative, where whole numbers stand by themselves."""
    node = site.node
    now = whole(node)
    if now is None or site.taken or isinstance(site.parent, ast.UnaryOp):
        return
    for value in dict.fromkeys((now + 1, now - 1, -now, 2 * now)):
        if value != now:
            yield _number(site.parent), numeral(value)


def _number(parent: ast.AST) -> str:
    """What is wrong when a whole number is: an exponent, an axis among others, a constant."""
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow):
        return "missing_chain_factor"
    return "wrong_axis" if isinstance(parent, ast.Tuple) else "constant"
