"""From what a person types after `lab check` to the derivations it means.

A target is ``file.py``, ``file.py::name``, ``package.module``, ``package.module:name`` or the name
of a catalogue entry; no target at all means the whole catalogue."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from lab.derivation import Derivation, derivation_of
from lab.errors import BadInput, suggestion


def from_module(module: ModuleType) -> list[Derivation]:
    """The derivations a module defines, in the order of its source; imported ones are not its
    own.
    """
    found = [derivation_of(value) for value in vars(module).values()]
    own = {id(d): d for d in found if d is not None and d.hand.__module__ == module.__name__}
    return sorted(own.values(), key=lambda d: d.line or 0)


def from_file(path: Path) -> list[Derivation]:
    """The derivations of a Python file that need not be on the import path.

    Raises `BadInput` for a file that cannot be read or imported, naming its line.
    """
    return from_module(load_file(path))


def load_file(path: Path) -> ModuleType:
    """Import a Python file by its path; beside it, its own neighbours can be imported.

    Raises `BadInput`, one line with file and line number, when it cannot be read or fails to
    import."""
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    name = f"_lab_file_{path.resolve().stem}_{abs(hash(path.resolve())):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise BadInput(_failed_import(path, error)) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _failed_import(path: Path, error: Exception) -> str:
    """``file:line: what went wrong``, the line being the last one of that file on the way to the
    error.
    """
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {error.msg}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    where = f"{path}:{lines[-1]}" if lines else str(path)
    kind = "" if isinstance(error, BadInput) else f"{type(error).__name__}: "
    return f"{where}: {kind}{said}"


def resolve(target: str) -> list[Derivation]:
    """The derivations a target means; `BadInput` with the next step when it means none."""
    if "::" in target or target.endswith(".py") or "/" in target:
        file, _, name = target.partition("::")
        return _chosen(target, from_file(Path(file)), name)
    module_name, colon, name = target.partition(":")
    if colon or "." in target:
        return _chosen(target, from_module(_module(target, module_name)), name)
    return _from_catalogue(target)


def everything() -> Iterator[Derivation]:
    """The whole catalogue, file by file."""
    from lab import catalogue

    for topic in catalogue.topics():
        yield from from_module(importlib.import_module(f"lab.calculus.{topic.name}"))


def _chosen(target: str, found: list[Derivation], name: str) -> list[Derivation]:
    if not found:
        raise BadInput(
            f"{target}: no derivations found; decorate a function with @gradient(of=..., at=...) "
            "or another maker of lab.derivation"
        )
    if not name:
        return found
    chosen = [derivation for derivation in found if derivation.name == name]
    if not chosen:
        names = [derivation.name for derivation in found]
        raise BadInput(f"{target}: no derivation {name!r}{suggestion(name, names)}")
    return chosen


def _module(target: str, name: str) -> ModuleType:
    sys.path.insert(0, "")  # as `python -m` does: modules of the current folder can be named
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise BadInput(f"{target}: there is no module {error.name!r}") from error
        raise BadInput(f"{target}: {error}") from error
    except Exception as error:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else Path(name)
        raise BadInput(_failed_import(origin, error)) from error
    finally:
        sys.path.remove("")


def _from_catalogue(name: str) -> list[Derivation]:
    from lab import catalogue

    entry = catalogue.find(name)
    module = importlib.import_module(f"lab.calculus.{entry.topic}")
    return _chosen(name, from_module(module), name)
