"""A sweep that was stopped: what it was to be, and whether it may be gone on with."""

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.experiment import Experiment
from lab.sweep.plan import Plan, plan


def read(home: Path) -> dict[str, Any]:
    """What is told of the sweep in the folder. Raises ``BadInput`` where that cannot be read."""
    try:
        kept: dict[str, Any] = json.loads((home / "sweep.json").read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise BadInput(f"{home}: cannot read sweep.json: {fault}") from fault
    return kept


def asked(plan: Plan) -> dict[str, Any]:
    """What ``planned`` makes the plan of."""
    return {
        "config": plan.config,
        "arguments": [*plan.asked.fixed, *(axis.typed for axis in plan.axes)],
    }


def planned(home: Path, kept: dict[str, Any]) -> Plan:
    """The plan of the sweep in the folder. Raises ``BadInput`` where its settings do not hold."""
    if not isinstance(kept.get("arguments"), list):
        raise BadInput(f"{home}: sweep.json does not say what was asked for; sweep again")
    again = plan(str(home / "config.yaml"), kept["arguments"])
    if again.variations[0].config.folder.is_relative_to(home.resolve()):
        raise BadInput(f"{home} brings its own program, which is not run; move it out to trust it")
    return again._replace(config=kept["config"])


def source(about: Experiment) -> str:
    """A digest of the experiment's files: runs made with other ones are of another kind."""
    digest = blake2b(digest_size=8)
    for path in sorted(about.folder.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def require_same(kept: dict[str, Any], about: Experiment, home: Path) -> None:
    """Raise ``BadInput`` where the experiment is not what the runs in the folder were made with."""
    if kept["source"] != source(about):
        raise BadInput(
            f"{about.folder} has changed since {home} was begun, whose runs would be of two kinds; "
            f"sweep again: {kept['again']}"
        )
