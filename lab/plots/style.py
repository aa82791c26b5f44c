"""One look for every figure of the lab.

    drawing, (left, right) = figure(columns=2, title="Secants become the tangent")

``figure`` builds a ``matplotlib.figure.Figure`` directly, so nothing depends on a window system or
on a current figure, and gives the axes as one flat list in reading order.  The colours were chosen
to stay apart in all three kinds of colour blindness, and the first three in grey print too.  A
curve is named where it ends (``name_curves``) rather than in a legend.
"""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

# A number of Python's or NumPy's: the record of a float32 run holds the latter.
Number = float | np.floating

INK, GREY, PALE = "#1d2430", "#727b88", "#e3e7ec"
BLUE, RED, GOLD, TEAL, PLUM = "#004488", "#c8553d", "#dba520", "#23b6ce", "#692a41"
CYCLE = (BLUE, RED, GOLD, TEAL, PLUM, GREY)

LANDSCAPE = LinearSegmentedColormap.from_list("landscape", ["#c9d9e8", "#f3f6f8", "#ffffff"])
"""Low ground is blue, high ground is white: dark enough to see, light enough to draw on."""

STYLE: Any = {
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "figure.facecolor": "white",
    "font.size": 9.5,
    "mathtext.fontset": "cm",
    "text.color": INK,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=CYCLE),
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 1.9,
    "lines.solid_capstyle": "round",
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


def figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float | None = None,
    height: float | None = None,
    title: str | None = None,
    **subplots: Any,
) -> tuple[Figure, list[Axes]]:
    """An empty figure and its axes, in reading order; width and height are in inches.

    Further keywords (``sharex``, ``width_ratios``, ``subplot_kw`` ...) go to ``Figure.subplots``.
    The style is set for whatever is drawn from here on.
    """
    matplotlib.rcParams.update(STYLE)
    size = (width or (6.4 if columns == 1 else 4.4 * columns), height or 3.9 * rows)
    drawing = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
    axes = drawing.subplots(rows, columns, squeeze=False, **subplots)
    if title:
        drawing.suptitle(title, x=0.012, ha="left")
    return drawing, list(axes.flat)


def shades(count: int, color: str = BLUE) -> list[str]:
    """``count`` colours from pale to full: for a family of curves that has an order."""
    full, white = np.array(to_rgb(color)), np.ones(3)
    return [to_hex(white + t * (full - white)) for t in np.linspace(0.45, 1.0, count)]


def readable(color: str) -> str:
    """The colour, as dark as small text on white has to be: a contrast of 4.5 to 1 (WCAG AA)."""
    shade, ink = np.array(to_rgb(color)), np.array(to_rgb(INK))
    darkening = (shade + t * (ink - shade) for t in np.linspace(0, 1, 41))
    red, green, blue = next(rgb for rgb in darkening if _contrast(rgb) >= 4.5)
    return to_hex((red, green, blue))


def _contrast(rgb: np.ndarray) -> float:
    """With white: the ratio of relative luminances as WCAG 2 has it."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 1.05 / (float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)


def scientific(value: Number) -> str:
    """A number to two digits, as a formula where that is shorter: 7.5 x 10^-9, but 0.0039."""
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.2g}"
    digits, exponent = f"{value:.1e}".split("e")
    return rf"${digits} \times 10^{{{int(exponent)}}}$"


def note(
    axes: Axes,
    text: str,
    at: tuple[Number, Number],
    *,
    color: str = INK,
    offset: tuple[float, float] = (6, 6),
    **text_options: Any,
) -> None:
    """A few words beside a point, ``offset`` in typographic points, with a white outline."""
    horizontal = "left" if offset[0] > 0 else "right" if offset[0] < 0 else "center"
    vertical = "bottom" if offset[1] > 0 else "top" if offset[1] < 0 else "center"
    options: dict[str, Any] = {"ha": horizontal, "va": vertical, "fontsize": 8.5, "zorder": 6}
    label = axes.annotate(
        text,
        at,
        offset,
        textcoords="offset points",
        color=readable(color),
        **options | text_options,
    )
    label.set_path_effects([withStroke(linewidth=2.6, foreground="white", alpha=0.85)])


def name_curves(axes: Axes, *, gap: float = 0.062) -> None:
    """Write each labelled line's name at its right end, in its colour, no two on top of each other.

    Call it last: the places are those of the limits as they are now.  ``gap`` is the least distance
    between two names as a share of the axes' height.
    """
    axes.get_xlim(), axes.get_ylim()  # limits are settled when they are asked for
    ends: list[tuple[float, Line2D]] = []
    for line in axes.get_lines():
        x, y = (np.asarray(values, float) for values in line.get_data())
        shown = np.isfinite(x) & np.isfinite(y)
        if str(line.get_label()).startswith("_") or not shown.any():
            continue
        end = axes.transData.transform((x[shown][-1], y[shown][-1]))
        ends.append((float(axes.transAxes.inverted().transform(end)[1]), line))
    places = spread([float(np.clip(height, 0, 1)) for height, _ in ends], gap)
    for place, (_, line) in zip(places, ends, strict=True):
        axes.annotate(
            str(line.get_label()),
            (1.0, place),
            (5, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=readable(to_hex(line.get_color())),
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """The nearest places between 0 and 1, in the least-squares sense, ``gap`` apart, order kept.

    With the gaps subtracted the order is all that is asked for, which pooling neighbours achieves.
    More places than fit start at 0 and go on beyond 1.
    """
    order = np.argsort(places, kind="stable")
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([places[index] - rank * gap])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    settled = np.array([np.mean(pool) for pool in pools for _ in pool])
    room = max(0.0, 1 - gap * (len(places) - 1))
    result = np.empty(len(places))
    result[order] = np.clip(settled, 0, room) + gap * np.arange(len(places))
    return [float(place) for place in result]


def arrow(axes: Axes, start: ArrayLike, vector: ArrayLike, *, color: str = RED) -> None:
    """A vector as an arrow from ``start``, in data coordinates."""
    tail = np.asarray(start, float)
    tip = tail + np.asarray(vector, float)
    style = {"arrowstyle": "-|>", "color": color, "lw": 1.9, "mutation_scale": 13}
    style |= {"shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (tip[0], tip[1]), (tail[0], tail[1]), arrowprops=style, zorder=5)


def contours(
    axes: Axes,
    f: Callable[[Any], Any],
    *,
    x: tuple[Number, Number],
    y: tuple[Number, Number],
    levels: int | Sequence[float] = 14,
    resolution: int = 201,
) -> None:
    """The landscape of a function of the plane, ``f(point)`` with ``point`` of shape ``(2,)``.

    Equal scales on both axes, so that a gradient looks perpendicular to the level it crosses.
    """
    import jax
    import jax.numpy as jnp

    horizontal, vertical = np.linspace(*x, resolution), np.linspace(*y, resolution)
    points = np.stack(np.meshgrid(horizontal, vertical), axis=-1)
    heights = np.asarray(jax.jit(jax.vmap(jax.vmap(f)))(jnp.asarray(points)))
    axes.contourf(horizontal, vertical, heights, levels, cmap=LANDSCAPE)
    lines: dict[str, Any] = {"colors": GREY, "linewidths": 0.5, "linestyles": "solid", "alpha": 0.6}
    axes.contour(horizontal, vertical, heights, levels, **lines)
    axes.set(xlim=x, ylim=y, aspect="equal", xlabel="$x$", ylabel="$y$")
    axes.grid(visible=False)


def path_on_contours(
    axes: Axes, points: ArrayLike, *, color: str = BLUE, label: str | None = None
) -> None:
    """A trajectory of shape ``(steps, 2)`` on ``contours``: steps dotted, start open, end full."""
    x, y = np.asarray(points, float).T
    axes.plot(x, y, color=color, marker=".", markersize=3.5, linewidth=1.4, label=label)
    axes.plot(x[:1], y[:1], "o", color=color, markerfacecolor="white", zorder=4)
    axes.plot(x[-1:], y[-1:], "o", color=color, zorder=4)


def log_log_slope(x: ArrayLike, y: ArrayLike) -> float:
    """The exponent p of the power law y = c x^p that fits best on logarithmic scales.

    Pairs in which either number is not positive and finite are left out; with fewer than two left
    there is no slope, and the answer is nan.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    usable = (x > 0) & (y > 0) & np.isfinite(x) & np.isfinite(y)
    if np.unique(x[usable]).size < 2:
        return float("nan")
    return float(np.polyfit(np.log(x[usable]), np.log(y[usable]), 1)[0])


def power_law(
    axes: Axes,
    exponent: float,
    through: tuple[Number, Number],
    over: tuple[Number, Number],
    *,
    label: str | None = None,
    offset: tuple[float, float] = (-5, 3),
    color: str = GREY,
) -> None:
    """The line y ~ x^exponent through a point, over a range of x: what a slope should look like.

    The label stands ``offset`` typographic points from its middle.
    """
    x = np.array(over, float)
    height = lambda x: through[1] * (x / through[0]) ** exponent
    axes.plot(x, height(x), "--", color=color, linewidth=1.1)
    if label:
        middle = float(np.sqrt(x.prod()))
        note(axes, label, (middle, height(middle)), color=color, offset=offset)
