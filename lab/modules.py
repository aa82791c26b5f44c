"""Python files as modules: loaded by path and, when that fails, the line at which it failed."""

import importlib
import importlib.util
import sys
import traceback
from hashlib import blake2b
from pathlib import Path
from types import ModuleType

from lab.errors import BadInput

_CALCULUS = Path(__file__).resolve().parent / "calculus"


def load_file(path: Path, prefix: str) -> ModuleType:
    """Run the file as a module of its own; afterwards ``sys.path`` is as it was.

    It and the files beside it are the modules of a package of its own, so that ``from .figures
    import walk`` finds the one next to it, whatever else is called figures; all are read anew each
    time. While it runs, neighbours can be imported by their bare names, too, as when Python runs a
    script. Raises ``BadInput`` in one line that begins with the failing line, when the file is not
    there or does not import.
    """
    path = path.resolve()
    if not path.is_file():
        raise BadInput(f"{shown(path)}: no such file")
    stem = path.stem.replace(".", "_")
    home = f"{prefix}_{stem}_{blake2b(bytes(path), digest_size=4).hexdigest()}"
    spec = importlib.util.spec_from_file_location(f"{home}.{stem}", path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{shown(path)}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    _forget(home)
    sys.modules[home] = package = ModuleType(home)
    package.__path__ = [str(path.parent)]
    sys.modules[spec.name] = module  # dataclasses and pickle look a class's module up by name
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as problem:
        _forget(home)
        raise BadInput(failing_line(problem, path)) from problem
    finally:
        sys.path.remove(str(path.parent))
    return module


def with_neighbours(module: ModuleType) -> list[ModuleType]:
    """A module, and where it was loaded from a file those beside it that have been imported."""
    home = module.__name__.rpartition(".")[0]
    if getattr(sys.modules.get(home), "__spec__", module) is not None:
        return [module]  # any package but those made here has a spec
    return [each for name, each in list(sys.modules.items()) if name.startswith(f"{home}.")]


def _forget(home: str) -> None:
    for name in [name for name in sys.modules if name == home or name.startswith(f"{home}.")]:
        del sys.modules[name]


def load_module(path: Path, prefix: str) -> ModuleType:
    """The file as `load_file` does it; one that stands in a package as the module it is there, so
    that it may import relative to itself.
    """
    root, names = path.resolve().parent, [path.stem]
    while (root / "__init__.py").is_file():
        root, names = root.parent, [root.name, *names]
    if len(names) < 2 or not path.is_file() or not all(map(str.isidentifier, names)):
        return load_file(path, prefix)
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(".".join(names))
    except (Exception, SystemExit) as problem:
        raise BadInput(failing_line(problem, path)) from problem
    finally:
        sys.path.remove(str(root))
    same = Path(module.__file__ or "").resolve() == path.resolve()
    return module if same else load_file(path, prefix)  # another package has the name


def failing_line(problem: BaseException, file: Path) -> str:
    """``file:line: Exception: message``; the line is the last one of ours that was running."""
    if isinstance(problem, SyntaxError) and problem.filename:
        where = f"{shown(Path(problem.filename))}:{problem.lineno}"
    else:
        frames = traceback.extract_tb(problem.__traceback__)
        ours = [frame for frame in frames if _is_ours(Path(frame.filename), file)]
        where = f"{shown(Path(ours[-1].filename))}:{ours[-1].lineno}" if ours else shown(file)
    said = next(iter(str(problem).strip().splitlines()), "")
    named = said if isinstance(problem, BadInput) else f"{type(problem).__name__}: {said}"
    return f"{where}: {named.rstrip(': ')}"


def shown(path: Path) -> str:
    """``path`` as a person in the current folder would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _is_ours(path: Path, file: Path) -> bool:
    """Where mathematics is written: the machinery it calls into only reports what it was given."""
    path = path.resolve()
    return path.parent == file.resolve().parent or path.is_relative_to(_CALCULUS)
