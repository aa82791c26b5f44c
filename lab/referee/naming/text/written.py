"""The functions that a hand is written in, as trees of their source that can be changed and run.

The hand itself and what it calls of its own file, each compiled anew from its changed tree, in the
place of what it was: nothing of the person's is touched."""

import ast
import functools
import linecache
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple

import jax

_LAB = Path(__file__).parents[3]
_MACHINERY = tuple(map(str, (Path(jax.__file__).parent, _LAB / "referee", _LAB / "derivation")))
DEEP = 6  # functions that call one another
MOST = 12  # functions
LARGE = 4000  # nodes of a source

Definition = ast.FunctionDef | ast.Lambda


class Text(NamedTuple):
    """A function with the tree of its source, which may be changed in place."""

    function: Any  # a `FunctionType`; as such it would be taken for a method
    node: Definition

    @property
    def file(self) -> str:
        return self.function.__code__.co_filename

    def compiled(self, extra: dict[str, Any]) -> FunctionType:
        """The function as its tree says now, with some more names known."""
        old = self.function
        code = _code(self.node, old.__code__.co_freevars, self.file)
        cells = dict(zip(old.__code__.co_freevars, old.__closure__ or (), strict=True))
        made = FunctionType(
            code,
            {**extra, **old.__globals__},
            old.__name__,
            old.__defaults__,
            tuple(cells[name] for name in code.co_freevars),
        )
        made.__kwdefaults__ = old.__kwdefaults__
        return made


def texts(hand: Callable[..., Any]) -> list[Text]:
    """The functions of a hand whose source can be read, the hand itself first."""
    found: dict[int, Text] = {}
    for function in _reached(hand, 0, set()):
        if not function.__code__.co_filename.startswith(_MACHINERY) and len(found) < MOST:
            node = _node(function)
            if node is not None:
                found[id(function)] = Text(function, node)
    return list(found.values())


def with_another(hand: Any, old: FunctionType, new: FunctionType) -> Any:
    """The hand with one of its functions in place of another, wherever it is called."""
    return _replaced(hand, old, new, 0)


def _reached(one: Any, deep: int, seen: set[int]) -> Iterator[FunctionType]:
    if id(one) in seen or deep > DEEP:
        return
    seen.add(id(one))
    if isinstance(one, FunctionType):
        yield one
        for inner in _mentioned(one).values():
            yield from _reached(inner, deep + 1, seen)
    elif isinstance(one, functools.partial):
        for inner in (one.func, *one.args, *one.keywords.values()):
            yield from _reached(inner, deep + 1, seen)
    elif _jitted(one):
        yield from _reached(one.__wrapped__, deep, seen)


def _mentioned(function: FunctionType) -> dict[tuple[str, str], Any]:
    """What a function knows by its closure, and what it calls of its own file."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = {("cell", name): _content(cell) for name, cell in cells}
    if not function.__code__.co_filename.startswith(_MACHINERY):
        for name in _names(function.__code__):
            inner = function.__globals__.get(name)
            bare = getattr(inner, "__wrapped__", None) if _jitted(inner) else inner
            if not isinstance(bare, FunctionType):
                continue
            if bare.__code__.co_filename == function.__code__.co_filename:
                known["global", name] = inner
    return known


def _names(code: CodeType) -> set[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _jitted(one: Any) -> bool:
    return type(one).__name__ == "PjitFunction" and hasattr(one, "__wrapped__")


def _replaced(one: Any, old: FunctionType, new: FunctionType, deep: int) -> Any:
    if one is old:
        return new
    if deep > DEEP:
        return one
    if _jitted(one):
        inner = _replaced(one.__wrapped__, old, new, deep)
        return one if inner is one.__wrapped__ else inner
    if isinstance(one, functools.partial):
        put = lambda part: _replaced(part, old, new, deep + 1)
        args, keywords = tuple(map(put, one.args)), {k: put(v) for k, v in one.keywords.items()}
        return functools.partial(put(one.func), *args, **keywords)
    if not isinstance(one, FunctionType):
        return one
    known = _mentioned(one)
    put_in = {key: _replaced(inner, old, new, deep + 1) for key, inner in known.items()}
    changed = {key: inner for key, inner in put_in.items() if inner is not known[key]}
    if not changed:
        return one
    names = {name: inner for (of, name), inner in changed.items() if of == "global"}
    cells = dict(zip(one.__code__.co_freevars, one.__closure__ or (), strict=True))
    cells |= {name: CellType(inner) for (of, name), inner in changed.items() if of == "cell"}
    known_names = {**one.__globals__, **names} if names else one.__globals__
    closure = tuple(cells[name] for name in one.__code__.co_freevars)
    made = FunctionType(one.__code__, known_names, one.__name__, one.__defaults__, closure)
    made.__kwdefaults__ = one.__kwdefaults__
    return made


def _node(function: FunctionType) -> Definition | None:
    """The tree of a function, if what it says is what is run."""
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename))
    try:
        tree = ast.parse(source)
        now = compile(tree, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    if not any(one.co_code == code.co_code for one in _codes(now, code.co_firstlineno)):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            node.decorator_list = []
        elif isinstance(node, ast.Lambda):
            first = node.lineno
        else:
            continue
        if first != code.co_firstlineno or sum(1 for _ in ast.walk(node)) > LARGE:
            continue
        own = _code(node, code.co_freevars, code.co_filename)
        alike = ("co_name", "co_varnames", "co_freevars", "co_names")
        if all(getattr(own, what) == getattr(code, what) for what in alike):
            return node
    return None


def _codes(code: CodeType, line: int) -> Iterator[CodeType]:
    """The code of functions that begin in a line."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_firstlineno == line:
                yield one
            yield from _codes(one, line)


def _code(node: Definition, free: tuple[str, ...], file: str) -> CodeType:
    """Compiled where the ``free`` names are those of a function around it."""
    body: ast.stmt = node if isinstance(node, ast.FunctionDef) else ast.Return(node)
    given = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    around = ast.FunctionDef("around", given, [body], [], lineno=1)
    if hasattr(ast, "TypeVar"):  # from Python 3.12 on
        setattr(around, "type_params", [])  # noqa: B010 - unknown to 3.11
    module = ast.fix_missing_locations(ast.Module([around], []))
    inner = lambda code: next(one for one in code.co_consts if isinstance(one, CodeType))
    return inner(inner(compile(module, file, "exec", dont_inherit=True)))
