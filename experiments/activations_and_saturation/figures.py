"""Curves, gradients through many layers, and corners, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .activations import FLAT


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "slopes_and_flats", curves_figure(outcome)
    yield "through_the_depth", depth_figure(outcome)
    yield "corners_and_softmax", corners_figure(outcome)


def curves_figure(outcome: Outcome) -> Figure:
    names = outcome.settings["activations"]
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    drawing, panels = style.figure(
        lines,
        columns,
        title="Activations, their slopes, and where they are flat",
        width=3.6 * columns + 0.6,
        height=2.75 * lines + 0.5,
        sharex=True,
    )
    for axes, name in zip(panels, names, strict=False):
        shown = outcome.rows("curve", activation=name)
        x = shown["x"]
        flat = abs(shown["slope"]) < FLAT
        axes.fill_between(
            x, 0, 1, where=flat, transform=axes.get_xaxis_transform(), color=style.RED,
            alpha=0.1, linewidth=0,
        )  # fmt: skip
        axes.plot(x, shown["value"], color=style.INK, label="f")
        axes.plot(x, shown["bend"], color=style.GOLD, linewidth=1.1, label="f ''")
        axes.plot(x, shown["slope"], color=style.BLUE, label="f '")
        axes.set(title=name, ylim=(-1.15, 1.75), xlim=(-6, 6))
        style.name_curves(axes, gap=0.1)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    style.note(panels[0], f"red: slope below {FLAT}", (-6, 1.7), color=style.RED, offset=(4, -2))
    return drawing


def depth_figure(outcome: Outcome) -> Figure:
    drawing, (left, right) = style.figure(
        columns=2, title="What is left after so many layers", width=11, height=4.6
    )
    for name, color in zip(outcome.settings["activations"], style.CYCLE * 2, strict=False):
        sink = outcome.rows("depth", activation=name)
        left.plot(sink["depth"], sink["predicted_norm"], color=color, linewidth=1.3, label=name)
        left.plot(sink["depth"][::3], sink["gradient_norm"][::3], "o", color=color, markersize=3)
        band(right, sink, color, name)
    saying = f"of the gradient: dots, a network {outcome.settings['width']} wide; lines, the law"
    left.set(yscale="log", xlabel="layers gone back", title=saying)
    right.set(yscale="log", xlabel="factors", title="of a product of slopes: median and range")
    right.set_ylim(bottom=1e-40)
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def band(axes: Axes, sink: dict[str, np.ndarray], color: str, name: str) -> None:
    """The median of the products, in the range of all, for as long as all are positive."""
    low, middle, high = (sink[f"product_{which}"] for which in ("min", "median", "max"))
    axes.fill_between(sink["depth"], low, high, where=low > 0, color=color, alpha=0.09, linewidth=0)
    if middle[-1] > 0:
        axes.plot(sink["depth"], middle, color=color, label=name)
    else:
        start = (1.0, 2e-38)
        style.note(axes, f"{name}: 0, if one factor is", start, color=color, offset=(2, 3))


def corners_figure(outcome: Outcome) -> Figure:
    drawing, (left, right) = style.figure(
        columns=2, title="Conventions at corners, and a softmax that cools", width=11, height=4.2
    )
    corners = outcome.rows("kink")
    for place in range(corners["x"].size):
        ends = [corners["left"][place], corners["right"][place]]
        left.plot(ends, [place] * 2, color=style.GREY, linewidth=5, alpha=0.35)
        left.plot(corners["slope"][place], place, "o", color=style.BLUE, markersize=9)
        left.plot(corners["jax_slope"][place], place, "o", color=style.GOLD, markersize=4.5)
    left.set_yticks(range(len(corners["x"])), list(corners["activation"]))
    left.set(xlabel="slope", title="grey: any of these;  blue: ours;  gold: JAX's")
    left.invert_yaxis()
    softmax = outcome.rows("softmax")
    right.plot(softmax["temperature"], softmax["norm"], color=style.BLUE)
    right.axhline(0.5, color=style.RED, linestyle="--", linewidth=1.1)
    style.note(right, "never more than 1/2", (0.02, 0.5), color=style.RED, offset=(4, -4))
    right.set(xscale="log", xlabel="temperature", ylim=(0, 0.55), ylabel="norm of the Jacobian")
    right.set_title("softmax at (1, 0.5, -0.2, -1)/t")
    return drawing
