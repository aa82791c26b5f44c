"""Every function with its slope, how well the rows agree, and why e, drawn."""

import re
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style
from lab.tables import Table, rows
from lab.training import data

from .master_table import counted, master

SHEETS = (
    ("powers", "steps_and_corners"),
    ("exponentials_and_logarithms",),
    ("trigonometric", "hyperbolic"),
    ("special_functions",),
)
ACROSS = 7


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    for topics in SHEETS:
        yield "_and_".join(topics), contact_sheet(outcome, topics)
    yield "agreement", agreement(outcome)
    yield "exponential_and_logarithm", why_e(outcome)


def contact_sheet(outcome: Outcome, topics: tuple[str, ...]) -> Figure:
    """Function and slope in a small cell for each row; a cell has its own scales, and one zero."""
    tables = [rows(outcome.trajectory, topic=topic) for topic in topics]
    # of a function of several arguments the first will do: the others look alike
    names = [{str(row).partition(", ")[0]: row for row in table["row"][::-1]} for table in tables]
    names = [dict(reversed(those.items())) for those in names]
    down = -(-sum(map(len, names)) // ACROSS)
    title = " and ".join(topic.replace("_", " ") for topic in topics).capitalize()
    drawing, (axes,) = style.figure(
        title=f"{title}: blue the function, red its slope", width=12, height=0.8 + 1.35 * down
    )
    cells = [
        (table, name) for table, those in zip(tables, names, strict=True) for name in those.values()
    ]
    for place, (mine, name) in enumerate(cells):
        row, column = divmod(place, ACROSS)
        cell(axes, {c: v[mine["row"] == name] for c, v in mine.items()}, column, down - row)
    axes.set(xlim=(-0.1, ACROSS - 0.05), ylim=(0.9, down + 0.95), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return drawing


def cell(axes: Axes, table: Table, left: float, bottom: float) -> None:
    """One row of the table in the unit square whose lower left corner is given."""
    x, both = table["x"], np.stack([table["f"], table["hand"]])
    shown = both[np.isfinite(both)]
    low, high = (float(np.quantile(np.append(shown, 0.0), share)) for share in (0.06, 0.94))
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    across = left + 0.86 * (x - x.min()) / max(float(np.ptp(x)), 1e-9)
    height = lambda y: bottom + 0.62 * (y - low) / (high - low)
    axes.plot([left, left + 0.86], [height(0.0)] * 2, color=style.PALE, linewidth=1)
    for y, color in zip(both, (style.BLUE, style.RED), strict=True):
        inside = (y >= low - 0.08 * (high - low)) & (y <= high + 0.08 * (high - low))
        axes.plot(across[inside], height(y[inside]), ".", color=color, markersize=2)
    moves = table["row"][0].partition(", ")[2]
    words = re.split(r"; | = |: | for |, with|, the|, by|, which", str(table["formula"][0]))[
        0
    ].rstrip(",")
    axes.text(left, bottom + 0.72, f"{words}  by {moves}" if moves else words, fontsize=7.5)


def agreement(outcome: Outcome) -> Figure:
    table, eps = master(outcome), float(np.finfo(outcome.settings["precision"]).eps)
    names = list(dict.fromkeys(table["row"]))
    topics = [table["topic"][table["row"] == name][0] for name in names]
    drawing, (axes,) = style.figure(title=f"How well {len(names)} rows agree", width=12, height=4.6)
    for column, color, label in (
        ("difference_error", style.GOLD, "central\ndifference"),
        ("error", style.BLUE, "JAX"),
    ):
        worst = [table[column][table["row"] == name].max() for name in names]
        axes.plot(np.maximum(worst, eps / 20), "o", color=color, markersize=4, label=label)
    for mark, word in ((eps, "eps"), (eps ** (2 / 3), "eps^(2/3)")):
        axes.axhline(mark, color=style.GREY, linewidth=0.9, linestyle="--")
        style.note(axes, word, (-3, mark), color=style.GREY, offset=(2, 3))
    for topic in dict.fromkeys(topics):
        first = topics.index(topic)
        axes.axvline(first - 0.5, color=style.PALE, linewidth=1)
        lines = topic.replace("_and_", "\n").replace("_", " ")
        style.note(axes, lines, (first - 0.3, 0.02), offset=(1, 0), va="top")
    axes.set(yscale="log", xticks=[], xlabel="row", ylim=(eps / 40, 0.03), xlim=(-3, len(names)))
    style.note(axes, "equal to the last bit", (-3, eps / 20), color=style.BLUE, offset=(2, 6))
    axes.set_title("hand against each, greatest relative error over all points")
    style.name_curves(axes)
    return drawing


def why_e(outcome: Outcome) -> Figure:
    drawing, (ratio, level, slope) = style.figure(
        columns=3, title="Why e, and why the logarithm", width=12.4, height=4
    )
    table = rows(outcome.trajectory, topic="growth")
    ratio.plot(table["x"], table["difference"] / table["f"], color=style.BLUE, linewidth=3)
    ratio.plot(table["x"], np.log(table["x"]), "--", color=style.GOLD)
    ratio.plot([np.e, np.e, 0], [ratio.get_ylim()[0], 1, 1], color=style.RED, linewidth=1)
    ratio.plot(np.e, 1, "o", color=style.RED)
    style.note(ratio, "$e$: its own slope", (np.e, 1), color=style.RED, offset=(5, -12))
    ratio.set(xlabel="base $a$", title="slope of $a^x$ over $a^x$; dashed: $\\ln a$")
    table = rows(outcome.trajectory, topic="likelihood")
    p, (heads, tails) = table["x"], counted()
    share = heads / (heads + tails)
    even = data.load("digits").targets % 2 == 0
    factors, n = np.where(even, share, 1 - share), np.arange(1, even.size + 1)
    level.plot(n, np.cumsum(np.log10(factors)), color=style.BLUE, label="sum of\nlogarithms")
    with np.errstate(divide="ignore"):
        level.plot(n, np.log10(np.cumprod(factors)), color=style.RED, label="product: 0")
    level.set(xlabel="digits", title="$\\log_{10}$ likelihood of even and odd digits")
    style.name_curves(level)
    slope.plot(p, table["hand"], color=style.BLUE)
    slope.axhline(0, color=style.GREY, linewidth=0.9)
    slope.plot(share, 0, "o", color=style.RED)
    style.note(slope, f"share seen: {share:.3f}", (share, 0), color=style.RED, offset=(6, 6))
    slope.set(xlabel="$p$", title="slope of its logarithm, $k/p - m/(1-p)$")
    return drawing
