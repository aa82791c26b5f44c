"""Edits of the names in a formula: one for another, two exchanged, a factor or a term put in, first
of those that the source knows and never uses."""

import ast
import copy
from itertools import combinations, islice

from lab.referee.naming.text.edits import Named, argument, called, is_method, quoted, subject, whole
from lab.referee.naming.text.spots import Site, made

SPREAD = ("N", "N[:, None]", "N[None, :]")
MOST = 14  # names
WHOLE = ("range", "arange", "scan", "zeros", "ones", "eye", "reshape")  # calls that take no curves
PAIRS = 60  # of names that are exchanged
REDUCE = ("sum", "mean", "average")
FACTORS = ("A * N", "A / N")
OWN = ("1 - A", "A ** 2", "A.T @ A")


def forgotten_names(site: Site) -> Named:
    """What is given and never used, as a factor or a term."""
    if not _grows(site):
        return
    for name in site.scope.idle:
        for spread in SPREAD:
            n = made(spread, N=name)
            yield "missing_term", made("A + N", A=site.node, N=n)
            yield "missing_chain_factor", made("A * N", A=site.node, N=n)
            yield "missing_term", made("A - N", A=site.node, N=n)
            yield "missing_chain_factor", made("A / N", A=site.node, N=n)


def forgotten_entries(site: Site) -> Named:
    """The entry of a row that is never taken, as a factor or a term."""
    if not _grows(site):
        return
    for text in _idle_entries(site):
        yield "missing_chain_factor", made("A * N", A=site.node, N=text)
        yield "missing_term", made("A + N", A=site.node, N=text)


def _idle_entries(site: Site) -> list[str]:
    taken: dict[str, set[int]] = {}
    for node in ast.walk(site.text.node):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            k = whole(node.slice)
            if k is not None and k >= 0:
                taken.setdefault(node.value.id, set()).add(k)
    return [
        f"{name}[{k}]"
        for name, known in taken.items()
        for k in range(max(known) + 2)
        if len(known) > 1 and k not in known
    ]


def exchanged_names(site: Site) -> Named:
    """Two names of an expression in each other's place."""
    node = site.node
    if not isinstance(node, ast.BinOp) or isinstance(site.parent, ast.BinOp):
        return
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    uses = [n for n in names if n.id in site.scope.known]
    pairs = ((a, b) for a, b in combinations(uses, 2) if a.id != b.id)
    for a, b in islice(pairs, PAIRS):
        a.id, b.id = b.id, a.id
        other = copy.deepcopy(node)
        a.id, b.id = b.id, a.id
        says = f"`{a.id}` and `{b.id}` stand in each other's place in {quoted(node)}"
        yield "wrong_variable", other, says


def other_names(site: Site) -> Named:
    """One name for another, spread as it may have to be."""
    node = site.node
    if not isinstance(node, ast.Name) or isinstance(site.parent, ast.Attribute):
        return
    for name in site.scope.known[:MOST]:
        if name != node.id:
            for spread in SPREAD if isinstance(site.parent, ast.BinOp) else SPREAD[:1]:
                yield "wrong_variable", made(spread, N=name)


def own_forms(site: Site) -> Named:
    """`1 - u` for `u`, its square, and the other way round."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and whole(node.left) == 1:
        yield "wrong_variable", node.right
    elif isinstance(node, (ast.Name, ast.Call)) and not site.indexes:
        yield "wrong_variable", made("1 - A", A=node)
        yield "missing_chain_factor", made("A ** 2", A=node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for call, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(call, ast.Call) and call.args and not is_method(call):
                inside = made("A * B", A=other, B=call.args[0])
                yield "index", ast.Call(call.func, [inside, *call.args[1:]], call.keywords)
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.BinOp):
        first = node.args[0]
        if isinstance(first.op, ast.Mult):
            for one, other in ((first.left, first.right), (first.right, first.left)):
                call = ast.Call(node.func, [other, *node.args[1:]], node.keywords)
                yield "index", made("A * B", A=one, B=call)


def weighted_sums(site: Site) -> Named:
    """A plain sum or mean where a weighted one should be; a spread array for its sum."""
    node = site.node
    if not isinstance(node, ast.Call) or called(node) not in REDUCE:
        return
    inner = subject(node)
    if inner is None:
        return
    if argument(node, 1 - is_method(node), "axis") is None:
        for spread in ("A[:, None]", "A[None, :]"):
            yield "broadcast_sum", made(spread, A=inner)
    for name in site.scope.known[:MOST]:
        for way in ("N @ A", "A @ N"):
            yield "wrong_variable", made(way, N=name, A=inner)


def other_constants(site: Site) -> Named:
    """A number where a name, a mean or a size should stand."""
    node = site.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, (int, float)):
        return
    if isinstance(node.value, bool) or site.taken or isinstance(site.parent, ast.keyword):
        return  # entries out of bounds are dropped without a word, and that mends much
    if isinstance(site.parent, ast.Tuple):
        return  # axes and shapes
    if site.decides and isinstance(site.parent, ast.UnaryOp):
        return  # `z > -z` is `z > 0`
    if called(site.parent) in WHOLE:
        return
    exponent = isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Pow)
    for name in site.scope.known[:MOST]:
        for spread in SPREAD:
            yield "wrong_variable", made(spread, N=name)
        if not exponent and not site.decides:
            yield "wrong_variable", made("jnp.mean(N)", N=name)
            yield "batch_factor", made("N.size", N=name)
            yield "batch_factor", made("N.shape[0]", N=name)
            yield "batch_factor", made("N.shape[-1]", N=name)


def missing_gram(site: Site) -> Named:
    """The products of a matrix with itself, left out beside others."""
    if not _grows(site):
        return
    for name in site.scope.known[:MOST]:
        for gram in ("N.T @ N", "N @ N.T"):
            n = made(gram, N=name)
            yield "missing_chain_factor", made("A * N", A=site.node, N=n)
            yield "missing_chain_factor", made("A @ N", A=site.node, N=n)


def missing_names(site: Site) -> Named:
    """Any name as a factor, a divisor or a term."""
    if not _grows(site):
        return
    for name in site.scope.known[:MOST]:
        n = made(name)
        yield "missing_chain_factor", made("A * N", A=site.node, N=n)
        yield "missing_chain_factor", made("A / N", A=site.node, N=n)
        yield "missing_term", made("A + N", A=site.node, N=n)
        yield "missing_term", made("A - N", A=site.node, N=n)


def missing_products(site: Site) -> Named:
    """A product of two names as a term, where what is returned or named is made."""
    if isinstance(site.parent, (ast.BinOp, ast.Subscript, ast.keyword)) or not _grows(site):
        return
    names = [made(name) for name in site.scope.known[:MOST]]
    pairs = [(a, b) for a in names for b in names]
    for way in ("A - jnp.outer(X, Y)", "A - X @ Y", "A + jnp.outer(X, Y)", "A + X @ Y"):
        for x, y in pairs:
            yield "missing_term", made(way, A=site.node, X=x, Y=y)


def spare_parts(site: Site) -> Named:
    """One side of a product or a sum alone."""
    node = site.node
    if isinstance(node, ast.BinOp):
        sums = isinstance(node.op, (ast.Add, ast.Sub))
        name = "extra_term" if sums else "missing_chain_factor"
        yield name, node.left
        if not isinstance(node.op, (ast.Pow, ast.Div)):
            yield name, node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    elif isinstance(node, ast.Call) and len(node.args) == 1 and not is_method(node):
        yield "wrong_variable", node.args[0]


def _grows(site: Site) -> bool:
    """Whether an expression may have had another factor, or another term."""
    node, parent = site.node, site.parent
    if site.indexes or isinstance(parent, (ast.Attribute, ast.keyword, ast.Tuple, ast.List)):
        return isinstance(parent, (ast.Tuple, ast.List)) and isinstance(node, (ast.BinOp, ast.Call))
    if not isinstance(node, (ast.BinOp, ast.Call, ast.Name, ast.Subscript, ast.UnaryOp)):
        return False
    return called(parent) not in WHOLE
