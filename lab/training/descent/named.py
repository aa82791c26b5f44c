"""A descent by name, as a config writes it.

``{"name": "newton", "damping": 1e-3, "step": {"name": "backtracking"}}``
``{"name": "adam", "learning_rate": 0.1}``, any optimizer of optax; with a ``step`` its update is
the direction.

The methods and steps are the public functions of this folder that return one; a config knows their
names and arguments from their signatures.
"""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from lab.errors import BadInput, suggestion
from lab.training import descent, optimizers
from lab.training.descent import Descent, from_optax
from lab.training.descent.parts import Direction, Step, composed, of_optax
from lab.training.descent.steps import fixed


def build(settings: Mapping[str, Any]) -> Descent:
    """The descent that ``settings`` name.

    Raises ``BadInput`` for names that neither the lab nor optax has, for arguments that are
    refused, and for a step that the method does not leave open.
    """
    name, step = settings["name"], settings.get("step")
    arguments = {key: value for key, value in settings.items() if key != "step"}
    chosen = None if step is None else _called(step, steps(), "step")
    if name in methods():
        made = _called(arguments, methods(), "optimizer")
        if isinstance(made, Direction):
            return composed(made, chosen)
        if chosen is not None:
            raise BadInput(f"optimizer.step: {name} finds its own step; leave it out")
        return made
    if chosen is None:
        return from_optax(optimizers.build(arguments))
    # a search within a search would undo what the outer one finds
    arguments |= {"linesearch": None} if _searches(name) else {}
    return composed(of_optax(optimizers.build(arguments), fixed()), chosen)


@cache
def methods() -> dict[str, Callable[..., Any]]:
    """The directions and whole descents of this folder, by name."""
    return _functions_returning((Direction, Descent))


@cache
def steps() -> dict[str, Callable[..., Any]]:
    """The steps of this folder, by name."""
    return _functions_returning((Step,))


def _functions_returning(kinds: tuple[type, ...]) -> dict[str, Callable[..., Any]]:
    found = {}
    for room in pkgutil.iter_modules(descent.__path__, f"{descent.__name__}."):
        if room.name == __name__:
            continue
        for name, function in vars(import_module(room.name)).items():
            here = inspect.isfunction(function) and function.__module__ == room.name
            if not here or name.startswith("_"):
                continue
            signature = inspect.signature(function)
            keywords = all(p.kind is p.KEYWORD_ONLY for p in signature.parameters.values())
            if keywords and signature.return_annotation in kinds:
                found[name] = function
    return found


def _called(
    settings: Mapping[str, Any], known: Mapping[str, Callable[..., Any]], where: str
) -> Any:
    arguments = {key: value for key, value in settings.items() if key != "name"}
    name = settings["name"]
    if name not in known:
        raise BadInput(f"{where}.name: no {where} {name!r}{suggestion(name, known)}")
    try:
        inspect.signature(known[name]).bind(**arguments)
    except TypeError as error:
        raise BadInput(f"{where}: {name}: {error}") from error
    return known[name](**arguments)


def _searches(name: str) -> bool:
    """Whether an optimizer of optax has a line search of its own, that can be left out."""
    import optax

    function = getattr(optax, name, None)
    return callable(function) and "linesearch" in inspect.signature(function).parameters
