"""Boxes and arrows: who depends on whom, from left to right."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from lab.plots import style

Place = tuple[float, float]
STEP, GAP = 1.35, 0.9  # from a column to the next, and between two boxes of a column


def layered(parents: Sequence[Sequence[int]]) -> list[Place]:
    """A place for each box: one step right of its last parent, level with its parents if it can be.

    ``parents[i]`` are the boxes that box i depends on, all of them before it. Boxes of one column
    keep apart, in the order their parents suggest.
    """
    depth: list[int] = []
    for above in parents:
        depth.append(1 + max((depth[parent] for parent in above), default=-1))
    height = [0.0] * len(depth)
    for column in range(max(depth) + 1):
        here = [box for box, level in enumerate(depth) if level == column]
        wanted = {
            box: np.mean([height[parent] for parent in parents[box]] or [0.0]) for box in here
        }
        middle = np.mean(list(wanted.values())) + GAP * (len(here) - 1) / 2
        for rank, box in enumerate(sorted(here, key=lambda box: -wanted[box])):
            height[box] = float(middle - GAP * rank)
    return [(STEP * x, y) for x, y in zip(depth, height, strict=True)]


def box(axes: Axes, at: Place, text: str, below: str = "") -> None:
    """A box with a line of text, and a second one in small letters."""
    x, y = at
    frame = FancyBboxPatch((x - 0.36, y - 0.13), 0.72, 0.26, boxstyle="round,pad=0.03")
    frame.set(facecolor="white", edgecolor=style.INK, linewidth=1.1, zorder=4)
    axes.add_patch(frame)
    options: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 5}
    axes.text(x, y + (0.055 if below else 0), text, fontsize=9.5, **options)
    axes.text(x, y - 0.075, below, fontsize=8, color=style.readable(style.GREY), **options)


def arrow(axes: Axes, tail: Place, head: Place, text: str = "") -> None:
    """From one box to another, with a few words on the way."""
    (x0, y0), (x1, y1) = (tail[0] + 0.4, tail[1]), (head[0] - 0.4, head[1])
    options = {"arrowstyle": "-|>", "color": style.GREY, "lw": 1.2, "mutation_scale": 11}
    axes.annotate("", (x1, y1), (x0, y0), arrowprops=options, zorder=2)
    if text:
        background = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        middle = (0.35 * x0 + 0.65 * x1, 0.35 * y0 + 0.65 * y1)
        axes.text(*middle, text, ha="center", va="center", fontsize=9, bbox=background, zorder=3)


def beside(axes: Axes, at: Place, notes: Mapping[str, str]) -> None:
    """Words in a colour above the box and in another one below it, ``{color: text}`` in order."""
    for (color, text), side in zip(notes.items(), (1, -1), strict=False):
        x, y = at[0], at[1] + 0.2 * side
        vertical = "bottom" if side > 0 else "top"
        axes.text(
            x, y, text, ha="center", va=vertical, fontsize=9, color=style.readable(color), zorder=5
        )


def frame(axes: Axes, places: Sequence[Place]) -> None:
    """Limits that show all of it, and nothing else."""
    lows, highs = np.min(places, axis=0), np.max(places, axis=0)
    axes.set(xlim=(lows[0] - 0.5, highs[0] + 0.5), ylim=(lows[1] - 0.45, highs[1] + 0.45))
    axes.set_axis_off()
