"""The house keeps its order: imports point one way, machinery names no member of the catalogue."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from lab import catalogue

ROOT = Path(__file__).resolve().parent.parent

# From the ground up. A room may import from the floors below its own and from its own floor only
# where it is the same room.
FLOORS = [
    ["errors", "compiled", "interrupts", "tables", "timelimit"],
    ["modules", "domains", "config", "catalogue"],
    ["derivation", "experiment"],
    ["calculus"],
    ["referee", "symbolic", "training", "plots"],
    ["runs"],
    ["report"],
    ["conduct", "exercises"],
    ["sweep"],
    ["bench", "curriculum", "lessons", "search", "tour"],
    ["cli", "plugin"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}


def imports(source: str) -> list[str]:
    """The modules of the project that a source imports when it runs; not those for types alone."""
    found = []
    for node in ast.walk(_without_type_checking(ast.parse(source))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "lab":
            found += [f"lab.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return [name for name in found if name.split(".")[0] in ("lab", "experiments")]


def _without_type_checking(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


def upward(room: str, source: str) -> list[str]:
    """The imports of a room that lead up, or sideways into another room of its floor."""
    rooms = [name.split(".")[1] for name in imports(source) if name.count(".")]
    return [to for to in rooms if to != room and FLOOR.get(to, 99) >= FLOOR[room]]


MODULES = [
    path
    for path in sorted((ROOT / "lab").rglob("*.py"))
    if path.relative_to(ROOT / "lab").parts[0] != "__init__.py"
]


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "lab").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    assert room_of(path) in FLOOR, f"say on which floor {room_of(path)} stands, in FLOORS"
    assert upward(room_of(path), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("calculus", "from lab.referee import check"),
        ("derivation", "from lab import referee"),
        ("referee", "def late():\n    import lab.cli"),
        ("training", "from lab.plots.style import figure"),
        ("runs", "import lab.report.page as page"),
    ],
)
def test_an_upward_import_would_be_seen(room, source):
    assert upward(room, source)


def test_an_import_for_types_alone_is_no_import():
    assert upward("referee", "if TYPE_CHECKING:\n    from lab.cli import main") == []


# A verdict shows itself in a notebook, and what shows it knows what a verdict is.
MUTUAL = {("verdict", "show")}


def circle(package: str, sources: dict[str, str]) -> list[str]:
    """Rooms or files of a package that import each other in a circle, all below them included."""
    inside = lambda module: module.removeprefix(f"{package}.").split(".")[0]
    needs: dict[str, set[str]] = {}
    for module, source in sources.items():
        theirs = {inside(name) for name in imports(source) if name.startswith(f"{package}.")}
        needs.setdefault(inside(module), set()).update(theirs)
    for room, theirs in needs.items():
        theirs -= {room, *(to for of, to in MUTUAL if of == room)}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return error.args[1]
    return []


PACKAGES = {
    ".".join(path.parent.relative_to(ROOT).parts): path.parent
    for path in sorted((ROOT / "lab").rglob("__init__.py"))
}


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way_at_every_height(package):
    folder = PACKAGES[package]
    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text("utf-8")
        for path in folder.rglob("*.py")
        if path != folder / "__init__.py"
    }
    assert circle(package, sources) == []


def test_a_circle_would_be_seen():
    rooms = {
        "lab.house.stage.scene": "from lab.house.paths.flow import Flow",
        "lab.house.paths.broken": "from lab.house.stage import scene",
    }
    assert sorted(set(circle("lab.house", rooms))) == ["paths", "stage"]


def test_calculus_is_nothing_but_mathematics():
    allowed = {
        "collections",
        "dataclasses",
        "functools",
        "itertools",
        "math",
        "typing",
        "jax",
        "jaxtyping",
        "lab",
        "numpy",
    }
    for path in sorted((ROOT / "lab/calculus").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = (
                    [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else [alias.name for alias in node.names]
                )
                assert {name.split(".")[0] for name in names} <= allowed, path


def test_machinery_names_no_member_of_the_catalogue():
    members = {entry.name for entry in catalogue.entries()}
    for path in MODULES:
        if room_of(path) in ("calculus", "derivation"):  # the record shows one as its example
            continue
        words = set(re.findall(r"\w+", path.read_text("utf-8")))
        assert not words & members, path


def test_names_are_unique_in_the_catalogue():
    names = [entry.name for entry in catalogue.entries()]
    assert len(names) == len(set(names))
