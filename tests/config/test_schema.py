import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from lab.config import schema as module
from lab.config.shelf import experiments_in

MAKE = "python -m lab.config.schema"


def test_the_written_schema_is_fresh() -> None:
    written, now = json.loads(module.PATH.read_text(encoding="utf-8")), module.schema()
    if written["$comment"] != now["$comment"]:
        # another optax has other optimizers: the experiments can still be compared
        assert version("optax") not in written["$comment"]
        written, now = map(without_optax, (written, now))
    assert written == now, f"{module.PATH} is stale; write it again: {MAKE}"


def without_optax(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: definition
        for name, definition in schema["definitions"].items()
        if not name.startswith(("optimizer", "schedule"))
    }
    return {**schema, "$comment": "", "definitions": kept}


@pytest.fixture
def schema(here: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(module, "shipped", lambda kind: here / kind)
    return module.schema()


def test_what_may_be_written_follows_from_the_experiment(schema: dict[str, Any]) -> None:
    bowl, walk = (schema["definitions"][f"experiment.{name}"] for name in ("bowl", "walk"))
    assert bowl["description"].startswith("A quadratic bowl.")
    assert bowl["required"] == ["experiment", "optimizer", "steps"]
    assert walk["required"] == ["experiment"]
    assert bowl["additionalProperties"] is walk["additionalProperties"] is False
    assert list(walk["properties"]) == [
        *("experiment", "seed", "precision", "device", "devices"),
        *("points", "note"),
    ]
    assert bowl["properties"]["dimension"] == {
        "type": "integer",
        "default": 2,
        "exclusiveMinimum": 0,
    }
    assert bowl["properties"]["start"]["items"] == [{"type": "number"}, {"type": "number"}]
    assert bowl["properties"]["copy"] == {"type": "boolean", "default": False}


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, list):
            return [found for each in part for found in references(each)]
        if not isinstance(part, dict):
            return []
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + references(list(part.values()))

    found = references(schema)
    assert "#/definitions/schedule" in found
    for reference in found:
        place = schema
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]
    for case in schema["allOf"]:
        name = case["if"]["properties"]["experiment"]["const"]
        assert case["then"] == {"$ref": f"#/definitions/experiment.{name}"}


def test_a_stale_schema_is_noticed(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "shipped", lambda kind: here / kind)
    monkeypatch.setattr(module, "PATH", tmp_path / "schema.json")
    module.PATH.write_text(module.text(), encoding="utf-8")
    test_the_written_schema_is_fresh()
    file = next(iter(experiments_in(here / "experiments").values())) / "experiment.py"
    file.write_text(file.read_text().replace("condition", "roundness"))
    with pytest.raises(AssertionError, match=r"stale; write it again: python -m lab.config.schema"):
        test_the_written_schema_is_fresh()
