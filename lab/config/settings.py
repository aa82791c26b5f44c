"""An experiment's settings: the arguments of its ``study`` or ``problem``, read from its source."""

import ast
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from lab.config.models import Study, Training
from lab.config.signatures import Argument, Default, Function, read_module
from lab.config.vocabulary import WORDS, field, read_annotation
from lab.errors import BadInput

Kind = Literal["study", "problem"]


class Experiment(NamedTuple):
    """An experiment as its source shows it; ``fields`` are pydantic fields by setting."""

    kind: Kind
    folder: Path
    doc: str
    fields: dict[str, tuple[Any, Any]]


def read_experiment(folder: Path) -> Experiment:
    """The experiment of a folder.

    Raises BadInput, with file and line of each mistake, where ``experiment.py`` does not define
    exactly one of ``study`` and ``problem``, or a setting is not a keyword with a literal default
    of a known type.
    """
    file = folder / "experiment.py"
    module = read_module(file)
    kinds: list[Kind] = [kind for kind in ("study", "problem") if kind in module.functions]
    if len(kinds) != 1:
        which = "both study and problem" if kinds else "neither study nor problem"
        raise BadInput(f"{file}: defines {which}; an experiment is one of them")
    function = module.functions[kinds[0]]
    mistakes = list(_mistakes(function))
    fields = {}
    for argument in function.arguments[1:]:
        said = _refusal(argument, function)
        kind = read_annotation(argument.annotation, WORDS)
        if said is None:
            try:
                fields[argument.name] = field(argument, kind)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]["msg"].removeprefix("Input ")
                said = f"its default {argument.default!r} {first}"
        if said is not None:
            mistakes.append(f"{file}:{argument.line}: setting {argument.name!r}: {said}")
    if mistakes:
        raise BadInput("\n".join(mistakes))
    return Experiment(kinds[0], folder, module.doc, fields)


def _mistakes(function: Function) -> list[str]:
    place = f"{function.file}:{function.line}: {function.name}"
    if function.variadic:
        return [f"{place}: *args and **kwargs hide its settings; name them"]
    if not function.arguments or function.arguments[0].name != "key":
        return [f"{place}: its first argument is the random key; call it 'key'"]
    return []


def _refusal(argument: Argument, function: Function) -> str | None:
    """Why an argument can be no setting, or None."""
    shared = Training if function.name == "problem" else Study
    if argument.name in shared.model_fields:
        return "a key that every config has; call it something else"
    if not argument.keyword_only:
        return f"settings come after '*': def {function.name}(key, *, ...)"
    if argument.annotation is None:
        return "has no annotation"
    if read_annotation(argument.annotation, WORDS) is None:
        known = ", ".join([*WORDS, "Literal[...]", "tuple[...]", "X | None"])
        return f"annotation {ast.unparse(argument.annotation)!r} is none of {known}"
    if argument.default is Default.REQUIRED:
        return "has no default"
    if argument.default is Default.UNREADABLE:
        return "its default must be a literal: it is read without running the file"
    return None
