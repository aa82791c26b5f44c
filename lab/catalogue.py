"""The index of hand derivations: found in the sources, not kept, and without importing JAX."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lab.errors import BadInput, suggestion

CALCULUS = Path(__file__).resolve().parent / "calculus"
MAKERS = ("derivative", "gradient", "jacobian", "hessian", "jvp", "vjp", "hvp", "identity")


class Entry(NamedTuple):
    """A hand derivation as its source shows it.

    ``about`` is what the function differentiated says of itself, if it stands in the same file.
    """

    name: str
    topic: str
    kind: str
    of: str
    file: Path
    line: int
    doc: str
    about: str


class Claim(NamedTuple):
    """What a derivation is claimed to be, in the words of its source."""

    wrt: str
    at: tuple[tuple[str, str], ...]
    kinks: str


class Topic(NamedTuple):
    """A file of the catalogue: its name, its first sentence, its derivations in reading order."""

    name: str
    title: str
    file: Path
    entries: tuple[Entry, ...]

    @property
    def module(self) -> str:
        """What to import: ``lab.calculus.networks.losses``."""
        inside = self.file.resolve().relative_to(CALCULUS).with_suffix("")
        return ".".join(("lab", "calculus", *inside.parts))

    @property
    def shelf(self) -> str:
        """The folder of the catalogue the topic stands in."""
        return self.file.parent.name


def topics(folder: Path = CALCULUS) -> tuple[Topic, ...]:
    """Every topic under ``folder``, by name; files without derivations are no topics."""
    found = (_topic(file) for file in sorted(folder.rglob("*.py")))
    return tuple(topic for topic in found if topic.entries)


def entries(folder: Path = CALCULUS) -> tuple[Entry, ...]:
    """Every derivation under ``folder``."""
    return tuple(entry for topic in topics(folder) for entry in topic.entries)


def topic(name: str, folder: Path = CALCULUS) -> Topic:
    """The topic called ``name``; ``BadInput`` suggests the nearest."""
    known = {topic.name: topic for topic in topics(folder)}
    if name not in known:
        near = suggestion(name, known) or "; see lab list derivations"
        raise BadInput(f"no topic {name!r}{near}")
    return known[name]


def find(name: str, folder: Path = CALCULUS) -> Entry:
    """The derivation called ``name``, or ``topic.name`` where two topics use the same name.

    Raises ``BadInput``, with the nearest name, when there is none, and when there are two.
    """
    known = entries(folder)
    matches = [entry for entry in known if name in (entry.name, f"{entry.topic}.{entry.name}")]
    if len(matches) > 1:
        choices = " or ".join(f"{entry.topic}.{entry.name}" for entry in matches)
        raise BadInput(f"{name!r} is the name of {len(matches)} derivations; say {choices}")
    if not matches:
        near = suggestion(name, (entry.name for entry in known))
        if any(name == entry.topic for entry in known):
            near = f"; it is a topic: lab list --topic {name}"
        raise BadInput(f"no derivation {name!r}{near or '; see lab list derivations'}")
    return matches[0]


def source(entry: Entry) -> str:
    """The lines that define the derivation, decorators included."""
    text = entry.file.read_text(encoding="utf-8")
    for definition, _ in _derivations(ast.parse(text)):
        if definition.name == entry.name:
            return _lines(text, definition)
    raise BadInput(f"{entry.file}: {entry.name!r} is no longer there")


def claim(entry: Entry) -> Claim:
    """With respect to what the derivation is taken, and where its arguments come from.

    A domain that has a name in its file is given by what the name stands for.
    """
    tree = ast.parse(entry.file.read_text(encoding="utf-8"))
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    makers = (maker for found, maker in _derivations(tree) if found.name == entry.name)
    meant = lambda value: named.get(value.id, value) if isinstance(value, ast.Name) else value
    given = {word.arg: meant(word.value) for word in next(makers).keywords}
    return Claim(
        ast.unparse(given["wrt"]).strip("'") if "wrt" in given else "",
        tuple(_places(given["at"], named)),
        str(ast.literal_eval(given["kinks"])) if "kinks" in given else "",
    )


def _places(at: ast.expr, named: dict[str, ast.expr]) -> Iterator[tuple[str, str]]:
    """Each argument with its domain; a sampler, or whatever else it is, as one."""
    meant = lambda place: named.get(place.id, place) if isinstance(place, ast.Name) else place
    if isinstance(at, ast.Call) and _name(at.func) == "dict":
        for place in at.args:  # dict(AT, x=...)
            yield from _places(meant(place), named)
        for word in at.keywords:
            if word.arg is None:  # dict(**AT)
                yield from _places(meant(word.value), named)
            else:
                yield word.arg, ast.unparse(meant(word.value))
    elif isinstance(at, ast.Dict):
        for key, place in zip(at.keys, at.values, strict=True):
            if key is not None:
                yield ast.unparse(key).strip("'"), ast.unparse(meant(place))
            else:
                yield from _places(meant(place), named)
    elif isinstance(at, ast.BinOp) and isinstance(at.op, ast.BitOr):
        yield from _places(meant(at.left), named)
        yield from _places(meant(at.right), named)
    else:
        yield "all", ast.unparse(at)


def of_source(entry: Entry) -> str | None:
    """The lines of the function differentiated, where it stands in the same file."""
    text = entry.file.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == entry.of:
            return _lines(text, node)
    return None


def _topic(file: Path) -> Topic:
    seen = file.stat()
    return _read_topic(file, seen.st_mtime_ns, seen.st_size)


@cache
def _read_topic(file: Path, _time: int, _size: int) -> Topic:
    """The topic in ``file``, read again only where the file has changed."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    except SyntaxError as problem:
        raise BadInput(f"{file}:{problem.lineno}: {problem.msg}") from None
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    about = {function.name: ast.get_docstring(function) or "" for function in functions}
    found = tuple(
        Entry(
            name=definition.name,
            topic=file.stem,
            kind=_name(maker.func),
            of=(of := next(ast.unparse(one.value) for one in maker.keywords if one.arg == "of")),
            file=file,
            line=_first_line(definition),
            doc=ast.get_docstring(definition) or "",
            about=about.get(of, ""),
        )
        for definition, maker in _derivations(tree)
    )
    title = (ast.get_docstring(tree) or "").partition("\n\n")[0]
    return Topic(file.stem, " ".join(title.split()), file, found)


def _derivations(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """Each ``def`` under a maker, with the maker's call."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _is_maker(decorator):
                    yield node, decorator


def _is_maker(call: ast.Call) -> bool:
    # jax.jvp and jax.hessian share a maker's name, but take no `of`
    return _name(call.func) in MAKERS and any(given.arg == "of" for given in call.keywords)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _first_line(definition: ast.FunctionDef) -> int:
    return min([definition.lineno, *(node.lineno for node in definition.decorator_list)])


def _lines(text: str, definition: ast.FunctionDef) -> str:
    return "\n".join(text.splitlines()[_first_line(definition) - 1 : definition.end_lineno])
