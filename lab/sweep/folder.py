"""The page of a sweep, made of what lies in its folder."""

from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.report.folder import environment
from lab.report.page import Figure, filled
from lab.sweep import resuming
from lab.sweep.plan import Plan
from lab.sweep.show import best, ranking
from lab.sweep.table import read

_BEST = 10


def page(home: Path, plan: Plan) -> str:
    """The report of the sweep in the folder, as HTML.

    Raises ``BadInput`` where it has not come to an end, or a file of it is missing.
    """
    kept = resuming.read(home)
    if "ended_runs" not in kept:
        raise BadInput(f"{home} has not ended: lab resume {home} goes on with it, to its report")
    try:
        return filled("page.html", _contents(home, plan, kept), "sweep")
    except OSError as error:
        raise BadInput(f"cannot read {error.filename}: {error.strerror}") from error


def _contents(home: Path, plan: Plan, kept: dict[str, Any]) -> dict[str, Any]:
    table = read(home) if (home / "table.parquet").exists() else {}
    heading, *rows = best(plan, table, ranking(plan, table)[:_BEST]) if table else [()]
    config = (home / "config.yaml").read_text("utf-8").splitlines()
    return {
        **kept,
        "sweep": f"{home.parent.name}/{home.name}",
        "title": kept["experiment"]["title"],
        "axes": [axis.typed for axis in plan.axes],
        "heading": heading,
        "best_rows": rows,
        "figures": [
            Figure(one["name"], one["alt"], (home / "figures" / one["file"]).read_bytes())
            for one in kept["figures"]
        ],
        "config": "\n".join(line for line in config if not line.startswith("#")),
        "environment": environment(kept),
    }
