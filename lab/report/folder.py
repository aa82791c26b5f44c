"""The contents of a report, read from a run's folder: the folder alone says everything."""

import json
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.experiment import Finding
from lab.report.page import Figure, Page
from lab.runs import record


def page(run: Path) -> Page:
    """What the report of the run in folder ``run`` shows.

    Raises ``BadInput`` where ``run`` is not a run's folder, or a file of it is missing.
    """
    kept = record.read(run)
    try:
        return _page(run, kept)
    except KeyError as missing:
        raise BadInput(f"{run}: run.json has no {missing}; is it a run of this lab?") from missing
    except OSError as error:
        raise BadInput(f"cannot read {error.filename}: {error.strerror}") from error


def _page(run: Path, kept: dict[str, Any]) -> Page:
    checks, config = run / "checks.json", run / "config.yaml"
    return Page(
        run=f"{run.parent.name}/{run.name}",
        title=kept["experiment"]["title"],
        question=kept["experiment"]["question"],
        expect=kept["experiment"]["expect"],
        status=kept["status"],
        note=kept["note"],
        verdicts=json.loads(checks.read_text("utf-8")) if checks.exists() else [],
        findings=[Finding(**finding) for finding in kept["findings"]],
        figures=[
            Figure(one["name"], one["alt"], (run / "figures" / one["file"]).read_bytes())
            for one in kept["figures"]
        ],
        config=_without_remarks(config.read_text("utf-8")),
        command=kept["command"],
        environment=environment(kept),
        seconds=kept["seconds"],
    )


def _without_remarks(yaml: str) -> str:
    return "\n".join(line for line in yaml.splitlines() if not line.startswith("#"))


def environment(kept: dict[str, Any]) -> dict[str, str]:
    """When, where and with what versions it was computed."""
    names = ("started", "ended", "device", "precision", "seed")
    found = {name: str(kept[name]) for name in names if name in kept}
    found |= {name: installed or "from source" for name, installed in kept["versions"].items()}
    if kept.get("git"):
        changed = ", with changes" if kept["git"]["changed"] else ""
        found["commit"] = f"{kept['git']['commit'][:12]}{changed}"
    return found
