"""The JSON schema that editors complete configs from; ``python -m lab.config.schema`` writes it.

One schema serves every config: what may be written beside ``experiment`` follows from its value, as
the arguments of an optimizer or a schedule follow from its ``name``.
"""

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Annotated, Any

from pydantic import BaseModel, WithJsonSchema

from lab.config.choices import choice, methods, optimizers, schedules, steps
from lab.config.models import Plateau, Record, Stop, Study, Training
from lab.config.settings import read_experiment
from lab.config.shelf import experiments_in, shipped
from lab.config.signatures import Argument
from lab.config.vocabulary import model

Json = dict[str, Any]
PATH = shipped("configs") / "schema.json"
_OPTAX = "https://optax.readthedocs.io/en/latest/api"


def schema() -> Json:
    """The schema of all shipped experiments.

    Raises BadInput where an experiment's settings cannot be read.
    """
    definitions: Json = {
        "Plateau": _json(Plateau),
        "Record": _json(Record),
        "Stop": _json(Stop),
        "Training": _json(Training),
        "optimizer": _choices("optimizer", [*methods(), *optimizers()]),
        "schedule": _choices("schedule", schedules()),
        "step": _choices("step", steps()),
    }
    for kind, own in (("optimizer", methods()), ("step", steps())):
        for name, function in own.items():
            definitions[f"{kind}.{name}"] = _json(
                choice(name, function, _varying, step=_STEP if kind == "optimizer" else None)
            ) | {"description": function.doc.partition("\n\n")[0]}
    for name, function in optimizers().items():
        page = "contrib" if name.startswith("contrib.") else "optimizers"
        definitions[f"optimizer.{name}"] = _json(choice(name, function, _varying, step=_STEP)) | {
            "description": f"optax.{name}, see {_OPTAX}/{page}.html#optax.{name}"
        }
    for name, function in schedules().items():
        definitions[f"schedule.{name}"] = _json(choice(name, function, _varying)) | {
            "description": f"optax.{name}, see {_OPTAX}/optimizer_schedules.html"
        }
    names = []
    for name, folder in experiments_in(shipped("experiments")).items():
        names.append(name)
        definitions[f"experiment.{name}"] = _experiment(name, folder)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": f"written by python -m lab.config.schema with optax {version('optax')}",
        "title": "What can be run: lab run <config>",
        "type": "object",
        "properties": {
            "experiment": {
                "description": Study.model_fields["experiment"].description,
                "anyOf": [{"enum": names}, {"type": "string", "pattern": "[/\\\\]"}],
            }
        },
        "required": ["experiment"],
        "allOf": _cases("experiment", "experiment", names),
        "definitions": definitions,
    }


def text() -> str:
    """The schema as it is written to its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _experiment(name: str, folder: Any) -> Json:
    experiment = read_experiment(folder)
    base = Training if experiment.kind == "problem" else Study
    written = _json(model(name, experiment.fields, base=base))
    for key in base.model_fields:
        # said once for all experiments
        written["properties"][key] = {"$ref": f"#/definitions/Training/properties/{key}"}
    return written | {"description": experiment.doc}


def _json(kind: type[BaseModel]) -> Json:
    written = kind.model_json_schema(ref_template="#/definitions/{model}")
    written.pop("$defs", None)
    written = _draft7(written)
    if kind is Training:
        written["properties"]["optimizer"] |= {"$ref": "#/definitions/optimizer"}
    for named in (written, *written["properties"].values()):
        named.pop("title", None)
    return written


# stands for a reference, which pydantic would want to follow
_SCHEDULE = {"const": "a schedule"}
_A_STEP = {"const": "a step"}
_STEP: Any = Annotated[Any, WithJsonSchema({"anyOf": [_A_STEP, {"type": "null"}]})]


def _draft7(written: Any) -> Any:
    """What pydantic writes in the dialect that YAML editors read."""
    for stands_for, kind in ((_SCHEDULE, "schedule"), (_A_STEP, "step")):
        if written == stands_for:
            return {"$ref": f"#/definitions/{kind}"}
    if isinstance(written, dict):
        renamed = {"prefixItems": "items"}
        return {renamed.get(key, key): _draft7(value) for key, value in written.items()}
    return [_draft7(value) for value in written] if isinstance(written, list) else written


def _varying(argument: Argument, plain_number: Any) -> Any:
    bound = {"minimum": 0} if argument.name == "learning_rate" else {}
    either = [{"type": "number", **bound}, _SCHEDULE]
    return Annotated[plain_number, WithJsonSchema({"anyOf": either})]


def _choices(kind: str, functions: Iterable[str]) -> Json:
    names = list(functions)
    mapping: Json = {
        "type": "object",
        "properties": {"name": {"enum": names}},
        "required": ["name"],
        "allOf": _cases("name", kind, names),
    }
    # `optimizer: adam` is short for `optimizer: {name: adam}`
    return {"anyOf": [mapping, {"enum": names}]} if kind == "optimizer" else mapping


def _cases(key: str, kind: str, names: Iterable[str]) -> list[Json]:
    return [
        {
            "if": {"properties": {key: {"const": name}}, "required": [key]},
            "then": {"$ref": f"#/definitions/{kind}.{name}"},
        }
        for name in names
    ]


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(PATH)
