"""Two runs in one picture, and what differs between them in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.report.page import number
from lab.report.terminal import columns
from lab.runs import trajectory
from lab.runs.compare import Comparison, gaps

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def told(found: Comparison) -> Iterator[str]:
    """The comparison in lines."""
    differing = [("config", key, *pair) for key, pair in found.config.items()]
    differing += [("run", key, *pair) for key, pair in found.about.items()]
    rows = [(what, key, _said(a), _said(b)) for what, key, a, b in differing]
    yield from columns(rows) if rows else ("config and run: no difference",)
    for place, names in zip(("first", "second"), found.only, strict=True):
        if names:
            yield f"only the {place} has the columns {', '.join(names)}"
    if found.lengths != (found.rows, found.rows):
        one, other = found.lengths
        yield f"{one} and {other} rows, {found.rows} of them at steps of both"
    parting = found.parting
    if parting is None:
        yield f"trajectories: equal in all {found.rows} common rows, bit for bit"
        return
    a, b = map(_said, parting.values)
    size = "" if parting.relative is None else f", {parting.relative:.1e} of it"
    yield f"trajectories part at step {parting.step}: {parting.column} is {a} and {b}{size}"
    if found.largest:
        worst = max(found.largest, key=lambda name: found.largest[name])
        yield f"largest difference: {found.largest[worst]:.1e} of {worst}"


def figure(first: Path, second: Path) -> "Figure | None":
    """The losses of two runs one over the other, and how far they are apart; None without any."""
    from lab.plots import style

    tables = [trajectory.read(run) for run in (first, second)]
    if not all("loss" in table and "step" in table for table in tables):
        return None
    drawing, (left, right) = style.figure(columns=2, title="Two runs")
    looks = (("first", style.BLUE, "-", 2.4), ("second", style.RED, "--", 1.4))
    for table, (name, color, line, width) in zip(tables, looks, strict=True):
        left.plot(table["step"], table["loss"], line, color=color, linewidth=width, label=name)
    if all((table["loss"][np.isfinite(table["loss"])] > 0).all() for table in tables):
        left.set_yscale("log")
    left.set(xlabel="step", title="Loss")
    left.legend()
    steps, here, there = np.intersect1d(tables[0]["step"], tables[1]["step"], return_indices=True)
    apart = gaps(tables[0]["loss"][here], tables[1]["loss"][there])
    shown = np.isfinite(apart) & (apart > 0)
    right.set(xlabel="step", title="Relative difference of the losses")
    if shown.any():
        right.plot(steps[shown], apart[shown], ".", color=style.INK, markersize=3)
        right.set_yscale("log")
    else:
        right.text(0.5, 0.5, "none", transform=right.transAxes, ha="center")
    return drawing


def _said(value: Any) -> str:
    return "-" if value is None else number(value)
