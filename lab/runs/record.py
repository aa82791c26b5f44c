"""``run.json``: what ran, where, with which versions, for how long, and how it ended."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lab.errors import BadInput
from lab.runs import folder
from lab.runs.mistaken import no_run

Status: TypeAlias = Literal["running", "finished", "diverged", "interrupted", "failed"]

_PACKAGES = {"lab": "derivative-lab"} | {name: name for name in ("jax", "jaxlib", "optax", "numpy")}


def begin(
    run: Path,
    *,
    seed: int,
    precision: str,
    device: str,
    code: Path | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The record of a run that starts now, written to ``run.json`` with the status ``running``.

    ``code`` is the folder of what runs, for its commit. ``more`` are entries of the caller's own,
    anything JSON can say.
    """
    record = {
        "status": "running",
        "started": _now(),
        "device": device,
        "precision": precision,
        "seed": seed,
        "versions": versions(),
        "git": git(code),
        "argv": sys.argv,
        "seconds": {},
        "note": "",
        "findings": [],
        "figures": [],
        **more,
    }
    folder.write_json(run / "run.json", record)
    return record


def resume(run: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a run that is taken up again now, written over the one before."""
    again = {"at": _now(), "versions": versions()}
    resumed = {**record, "status": "running", "resumed": [*record.get("resumed", []), again]}
    folder.write_json(run / "run.json", resumed)
    return resumed


def end(
    run: Path,
    record: Mapping[str, Any],
    status: Status,
    *,
    seconds: Mapping[str, float],
    **more: Any,
) -> dict[str, Any]:
    """The record of ``begin`` with how the run ended, written over it; ``seconds`` by phase."""
    ended = {**record, "status": status, "ended": _now(), "seconds": dict(seconds), **more}
    folder.write_json(run / "run.json", ended)
    return ended


def read(run: Path) -> dict[str, Any]:
    """The record of a run. Raises ``BadInput`` where ``run`` is not a run's folder."""
    try:
        return json.loads((run / "run.json").read_text("utf-8"))
    except OSError as error:
        raise no_run(run, f"cannot read run.json: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{run} is not a run: run.json is not JSON: {error}") from error


def versions() -> dict[str, str | None]:
    """The versions of Python, of the lab and of what it computes with; None if not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:  # the lab itself, run from its sources
            found[name] = None
    return found


def git(code: Path | None = None) -> dict[str, Any] | None:
    """The commit that the folder ``code`` is at, and whether files differ from it.

    None outside git; without a folder it is the working directory.
    """
    head = _git(code, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = bool(_git(code, "status", "--porcelain", "--untracked-files=no"))
    return {"commit": head, "changed": changed}


def _git(code: Path | None, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=code, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
