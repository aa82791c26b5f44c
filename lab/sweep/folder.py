"""The page of a sweep, made of what lies in its folder."""

import json
from pathlib import Path
from typing import Any

from lab.report.folder import environment
from lab.report.page import Figure, filled
from lab.sweep.plan import Plan
from lab.sweep.show import best, ranking
from lab.sweep.table import read

_BEST = 10


def page(home: Path, plan: Plan) -> str:
    """The report of the sweep in the folder, as HTML."""
    kept: dict[str, Any] = json.loads((home / "sweep.json").read_text("utf-8"))
    table = read(home) if (home / "table.parquet").exists() else {}
    heading, *rows = best(plan, table, ranking(plan, table)[:_BEST]) if table else [()]
    config = (home / "config.yaml").read_text("utf-8").splitlines()
    contents = {
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
    return filled("page.html", contents, "sweep")
