"""A sweep in pictures: the loss against what was varied, two numbers at once, the ways down.

Lines are medians; the band around one goes from the least to the greatest over what else varied,
seeds above all. A run that diverged has no loss, and one that only climbed is on its way there: it
is a mark at the upper edge.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lab.config.writing import inline
from lab.plots import style
from lab.sweep.axes import Axis
from lab.sweep.plan import Plan

Columns = Mapping[str, np.ndarray]

# So many lines are told apart by colour; so many numbers make an axis rather than a few choices.
_LINES, _FEW, _HIGH, _FAR = 6, 3, 1e15, 100


def figures(plan: Plan, table: Columns, rows: Columns) -> Iterator[tuple[str, Figure]]:
    """The pictures of a sweep, of its table and its trajectories, each with a name."""
    table = {**table, "final.loss": _low(table, rows)}
    numbers = [axis for axis in plan.axes if axis.numeric and axis.key != "seed"]
    long = [axis for axis in numbers if len(axis.values) >= _FEW]
    for axis in long:
        yield f"final loss against {axis.key}", _against(plan, axis, table)
    for across, up in combinations(long[:3], 2):
        yield f"final loss against {across.key} and {up.key}", _both(across, up, table)
    if not long:
        yield "final loss", _side_by_side(plan, table)
    yield "trajectories", _ways(plan, table, rows)


def _against(plan: Plan, axis: Axis, table: Columns) -> Figure:
    """The final loss over one number, a line for each of what else there are few of."""
    drawing, (axes,) = style.figure(title=f"Final loss against {axis.key}", width=7.5, height=4.2)
    x, losses = table[axis.key].astype(float), _losses(table)
    lost = ~np.isfinite(losses)
    for (label, mine), color in zip(_kinds(plan, axis, table), _colors(), strict=False):
        values = np.unique(x[mine])
        spread = [_spread(losses[mine & (x == value)]) for value in values]
        low, middle, high = np.array(spread).T
        if not np.array_equal(low, high, equal_nan=True):
            axes.fill_between(values, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(values, middle, color=color, marker="." if len(values) < 40 else "", label=label)
    _scale(axes.set_xscale, x)
    _scale(axes.set_yscale, losses[~lost])
    axes.set(xlabel=axis.key, ylabel="final loss")
    if lost.any():
        edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        axes.plot(x[lost], np.full(lost.sum(), 0.985), "x", color=style.RED, markersize=4, **edge)
        axes.set_title(
            "crosses: diverged, or far above the start", fontsize=8.5, color=style.RED, loc="right"
        )
    style.name_curves(axes)
    return drawing


def _both(across: Axis, up: Axis, table: Columns) -> Figure:
    """The median of the final loss over two numbers; nothing where all runs diverged."""
    title = f"Final loss against {across.key} and {up.key}"
    drawing, (axes,) = style.figure(title=title, width=7, height=4.8)
    x, y = (np.unique(table[one.key].astype(float)) for one in (across, up))
    at = (
        np.searchsorted(y, table[up.key].astype(float)),
        np.searchsorted(x, table[across.key].astype(float)),
    )
    cell = at[0] * len(x) + at[1]
    losses, shades = _losses(table), np.full(len(x) * len(y), np.nan)
    order = np.argsort(cell, kind="stable")
    ends = np.flatnonzero(np.diff(cell[order], append=-1)) + 1
    for mine in np.split(order, ends[:-1]):
        shades[cell[mine[0]]] = _spread(losses[mine])[1]
    known = shades[np.isfinite(shades)]
    norm: Any = "log" if known.size and known.min() > 0 and known.max() > 30 * known.min() else None
    places = [np.arange(len(values)) for values in (x, y)]
    shown = axes.pcolormesh(*places, shades.reshape(len(y), len(x)), cmap="Blues_r", norm=norm)
    for axis, values, name in ((axes.xaxis, x, across.key), (axes.yaxis, y, up.key)):
        few = np.unique(np.linspace(0, len(values) - 1, min(6, len(values))).astype(int))
        axis.set_ticks(few, [style.scientific(values[k]) for k in few])
        axis.set_label_text(name)
    axes.set_facecolor(style.PALE)
    axes.grid(visible=False)
    if not np.isfinite(shades).all():
        axes.set_title(
            "grey: diverged, or far above the start", fontsize=8.5, color=style.GREY, loc="right"
        )
    if known.size:
        drawing.colorbar(shown, ax=axes, label="final loss, median")
    return drawing


def _side_by_side(plan: Plan, table: Columns) -> Figure:
    """The final losses of all combinations but for the seed, where there are few."""
    drawing, (axes,) = style.figure(title="Final loss", width=7.5, height=4.2)
    losses = _losses(table)
    kinds = [*_kinds(plan, None, table, most=24)]
    for place, (_, mine) in enumerate(kinds):
        found = losses[mine & np.isfinite(losses)]
        axes.plot(np.full(found.size, place), found, "o", color=style.BLUE, alpha=0.6)
        if found.size:
            axes.plot([place - 0.25, place + 0.25], [np.median(found)] * 2, color=style.RED)
    _scale(axes.set_yscale, losses[np.isfinite(losses)])
    axes.set_xticks(
        range(len(kinds)), [label or "all" for label, _ in kinds], rotation=30, ha="right"
    )
    axes.set(ylabel="final loss")
    return drawing


def _ways(plan: Plan, table: Columns, rows: Columns) -> Figure:
    """The loss on the way, a line for each kind of run: of each the best setting, over seeds."""
    drawing, (axes,) = style.figure(title="The ways down", width=7.5, height=4.2)
    losses, everything = _losses(table), []
    seeds = [axis for axis in plan.axes if axis.key == "seed"]
    for (label, mine), color in zip(_kinds(plan, None, table), _colors(), strict=False):
        if not (mine & np.isfinite(losses)).any():
            continue
        best = int(np.nanargmin(np.where(mine, losses, np.nan)))
        alike = mine.copy()
        for axis in plan.axes:
            if axis not in seeds:
                alike &= table[axis.key] == table[axis.key][best]
        taken = np.isin(rows["run"], table["run"][alike])
        steps, loss = rows["step"][taken], np.minimum(rows["loss"][taken].astype(float), _HIGH)
        order = np.argsort(steps, kind="stable")
        places, begins = np.unique(steps[order], return_index=True)
        parts = np.split(loss[order], begins[1:])
        low, middle, high = np.array([_spread(part) for part in parts]).T
        axes.fill_between(places, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(places, middle, color=color, label=label or f"run {table['run'][best]}")
        everything.append(middle)
    if everything:
        _scale(axes.set_yscale, np.concatenate(everything))
    over = ", over all seeds" if seeds else ""
    axes.set(xlabel="step", ylabel="loss")
    axes.set_title(f"the best setting of each{over}", fontsize=8.5, loc="right")
    style.name_curves(axes)
    return drawing


def _kinds(
    plan: Plan, but: Axis | None, table: Columns, most: int = _LINES
) -> Iterator[tuple[str, np.ndarray]]:
    """The rows of each combination of those axes that have few values, and what to call them."""
    chosen: list[Axis] = []
    for axis in sorted(plan.axes, key=lambda axis: axis.numeric):  # names before numbers
        count = np.prod([len(one.values) for one in chosen], initial=1) * len(axis.values)
        if axis != but and axis.key != "seed" and count <= most:
            chosen.append(axis)
    yield from _split("", np.ones(len(table["run"]), bool), chosen, table)


def _split(
    label: str, mine: np.ndarray, axes: Sequence[Axis], table: Columns
) -> Iterator[tuple[str, np.ndarray]]:
    if not axes:
        if mine.any():
            yield label, mine
        return
    first, *others = axes
    for value in dict.fromkeys(table[first.key]):
        own = value if isinstance(value, str) else inline(value.item())
        name = own if isinstance(value, str) else f"{first.key.rpartition('.')[2]} {own}"
        joined = f"{label}, {name}" if label else name
        yield from _split(joined, mine & (table[first.key] == value), others, table)


def _low(table: Columns, rows: Columns) -> np.ndarray:
    """The final losses, nan where a run diverged, or climbed to far above where runs begin and
    above what most end at: drawn with the others it would leave nothing to be seen of them.
    """
    losses = np.where(table["status"] == "diverged", np.nan, table["final.loss"].astype(float))
    finite = losses[np.isfinite(losses)]
    begun = rows["loss"][rows["step"] == 0].astype(float)
    begun = begun[np.isfinite(begun)]
    if not finite.size or not begun.size:
        return losses
    high = max(_FAR * begun.max(), _FAR * np.quantile(finite, 0.25))
    return np.where(losses <= high if high > 0 else np.isfinite(losses), losses, np.nan)


def _losses(table: Columns) -> np.ndarray:
    return np.asarray(table["final.loss"])


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    """The least, the median and the greatest of what is finite."""
    found = values[np.isfinite(values)]
    if not found.size:
        return np.nan, np.nan, np.nan
    return float(found.min()), float(np.median(found)), float(found.max())


def _scale(to: Any, values: np.ndarray) -> None:
    """Logarithmic where the numbers are of different sizes."""
    found = values[np.isfinite(values)]
    if found.size and found.min() > 0 and found.max() > 30 * found.min():
        to("log")


def _colors() -> Sequence[str]:
    return style.CYCLE
