"""From what a person types after `lab check` to the derivations it means.

A target is ``file.py``, ``file.py::name``, ``package.module``, ``package.module:name`` or the name
of a catalogue entry; no target at all means the whole catalogue. In files and modules of the
user's, functions with ``jax.custom_vjp`` or ``jax.custom_jvp`` are meant as well.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lab import catalogue
from lab.derivation import Derivation, derivation_of
from lab.errors import BadInput, suggestion
from lab.modules import failing_line, load_module
from lab.referee.attached import attached
from lab.referee.rules import rule_claim
from lab.referee.stated import stated


def from_module(module: ModuleType) -> list[Derivation]:
    """The derivations a module defines, in the order of its source, imported ones left out."""
    found = [derivation_of(value) for value in vars(module).values()]
    own = {id(d): d for d in found if d is not None and _home(d.hand, module) == module.__name__}
    return sorted(own.values(), key=lambda d: d.line or 0)


def rules_in(module: ModuleType) -> dict[str, Any]:
    """The functions of a module that carry a ``custom_vjp`` or ``custom_jvp``, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if (rule := attached(value)) is not None and _home(rule.body, module) == module.__name__
    }


def _home(function: Any, module: ModuleType) -> str:
    return str(getattr(function, "__module__", module.__name__))


def from_file(path: Path) -> list[Derivation]:
    """The derivations of a Python file that need not be on the import path.

    Raises `BadInput` for a file that cannot be read or imported, naming its line.
    """
    return from_module(load_module(path, "lab_file"))


class Found(NamedTuple):
    """What a target means: ``claims`` that can be checked, and of the custom rules of which nobody
    says where their arguments come from, by ``unknown`` name, what to do about it.
    """

    claims: list[Derivation]
    unknown: dict[str, BadInput]


def in_file(path: Path) -> Found:
    """All derivations and custom rules of a file. Nothing is no fault here."""
    module = load_module(path, "lab_file")
    return _with_rules(from_module(module), rules_in(module), None)


def _with_rules(claims: list[Derivation], rules: dict[str, Any], given: Any) -> Found:
    """The claims, and those of the rules; domains are for those that have all arguments named, a
    sampler is for all.
    """
    claims, unknown = list(claims), {}
    for name, rule in rules.items():
        takes = callable(given) or set(given or ()) <= set(inspect.signature(rule).parameters)
        try:
            claims.append(rule_claim(rule, given if given and takes else None, name=name))
        except BadInput as problem:
            unknown[name] = problem
    return Found(claims, unknown)


def resolve(target: str, at: str | None = None) -> Found:
    """The derivations and custom rules a target means; `BadInput` with the next step when it means
    none. ``at`` says where the arguments of custom rules come from, as typed.
    """
    if "::" in target or target.endswith(".py") or "/" in target or not target.strip("."):
        file, _, name = target.partition("::")
        if Path(file).is_dir():
            raise BadInput(
                f"{target}: a folder; name files in it, or judge all of it: "
                f"pytest --derivations {file}"
            )
        return _chosen(target, load_module(Path(file), "lab_file"), name, at)
    module_name, colon, name = target.partition(":")
    if colon or ("." in target and not _in_catalogue(target)):
        return _chosen(target, _module(target, module_name), name, at)
    return _from_catalogue(target)


def everything() -> Iterator[Derivation]:
    """The whole catalogue, file by file."""
    for topic in catalogue.topics():
        yield from from_module(_module(topic.name, topic.module))


def _chosen(target: str, module: ModuleType, name: str, at: str | None) -> Found:
    found, rules = from_module(module), rules_in(module)
    chosen = [derivation for derivation in found if name in ("", derivation.name)]
    if not name and rules:
        return _with_rules(chosen, rules, _places(module, at))
    if not chosen and name and (rule := _named(module, name)) is not None:
        chosen = [rule_claim(rule, _places(module, at), name=name)]
    if not chosen and name:
        names = [*rules, *(derivation.name for derivation in found)]
        raise BadInput(f"{target}: no derivation or custom rule {name!r}{suggestion(name, names)}")
    if not chosen:
        raise BadInput(
            f"{target}: no derivations found; decorate a function with @gradient(of=..., at=...) "
            "or another maker of lab.derivation"
        )
    return Found(chosen, {})


def _named(module: ModuleType, name: str) -> Any:
    """What carries a rule under this name, ``Class.method`` or imported from elsewhere as well."""
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    return value if attached(value) is not None else None


def _places(module: ModuleType, at: str | None) -> Any:
    """Domains as typed, or the function of the module that draws the arguments, by its name."""
    sampler = getattr(module, at.strip(), None) if at and at.strip().isidentifier() else None
    return sampler if callable(sampler) else stated(at) if at else None


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
        raise BadInput(failing_line(error, origin)) from error
    finally:
        sys.path.remove("")


def _in_catalogue(name: str) -> bool:
    """Whether ``topic.name`` is meant, which tells two entries of one name apart."""
    return any(name == f"{entry.topic}.{entry.name}" for entry in catalogue.entries())


def _from_catalogue(name: str) -> Found:
    entry = catalogue.find(name)
    topic = catalogue.topic(entry.topic)
    return _chosen(name, _module(name, topic.module), entry.name, None)
