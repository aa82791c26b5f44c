"""Gradients on one line, errors of inner steps, and the way of the penalty, drawn."""

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "nearest_point", nearest_point(outcome)
    yield "inner_steps", inner_steps(outcome)
    yield "penalty", penalty_path(outcome)
    yield "worth_of_a_constraint", worth(outcome)


def nearest_point(outcome: Outcome) -> Figure:
    q, axes_ = (np.array(outcome.settings[name]) for name in ("outside", "axes"))
    around, nearest = outcome.rows("ellipse"), outcome.rows("nearest")
    drawing, (plane, along) = style.figure(
        columns=2,
        title="At the nearest point two gradients lie along one line",
        width=11,
        height=4.8,
    )
    reach = 1.1 * float(max(q.max(), axes_.max()))
    distance = lambda x: jnp.linalg.norm(x - jnp.asarray(q))
    style.contours(plane, distance, x=(-reach, reach), y=(-reach, reach), levels=16)
    plane.plot(around["x"], around["y"], color=style.INK)
    plane.plot(*q, "o", color=style.RED)
    style.note(plane, "$q$", (q[0], q[1]), color=style.RED, offset=(6, 4), fontsize=10.5)
    for place in (len(around["x"]) // 5, len(around["x"]) // 11 * 9):
        x = np.array([around["x"][place], around["y"][place]])
        both_gradients(plane, x, q, axes_, 0.3 * reach)
    x = np.array([nearest["x"][0], nearest["y"][0]])
    both_gradients(plane, x, q, axes_, 0.3 * reach)
    plane.plot(*x, "o", color=style.INK, zorder=6)
    plane.set_title("red: downhill towards $q$; blue: across the constraint")
    degrees = np.degrees(around["angle"])
    along.plot(degrees, around["alignment"], color=style.BLUE, label="cosine of the two")
    along.plot(degrees, around["value"] / around["value"].max(), color=style.RED, label="distance²")
    at = degrees[np.argmin(around["value"])]
    along.axvline(at, color=style.GREY, linestyle="--", linewidth=1)
    along.set(xlabel="around the ellipse, degrees", xticks=range(0, 361, 60))
    along.set_title("nearest where the gradients point against each other")
    style.name_curves(along)
    return drawing


def both_gradients(
    axes: Axes, x: np.ndarray, q: np.ndarray, sizes: np.ndarray, size: float
) -> None:
    """Across the constraint, and down the objective at half its length: both show on one line."""
    for vector, length, color in ((x / sizes**2, size, style.BLUE), (q - x, size / 2, style.RED)):
        style.arrow(axes, x, length * vector / np.linalg.norm(vector), color=color)


def inner_steps(outcome: Outcome) -> Figure:
    steps, newton = outcome.rows("inner"), outcome.rows("newton")
    eps = np.finfo(outcome.settings["precision"]).eps
    drawing, (ridge, root) = style.figure(
        columns=2,
        title="The derivative of a solution that is not quite one",
        width=11.5,
        height=4.4,
    )
    for way, color in (("unrolled", style.RED), ("implicit", style.BLUE)):
        floor = eps * abs(steps["exact"])
        ridge.plot(steps["steps"], np.maximum(steps[f"{way}_error"], floor), color=color, label=way)
        shown = np.maximum(newton[f"{way}_error"], eps / 100)
        root.plot(newton["steps"], shown, "o-", color=color, label=way)
    k, rate = steps["steps"], steps["rate"][0]
    clear = steps["implicit_error"] > 1e3 * floor
    half = int(clear.sum()) // 2
    for way, law, name in (
        ("unrolled", k * rate**k, "dashed: $k\\,r^k$ and $r^k$"),
        ("implicit", rate**k, ""),
    ):
        scale = steps[f"{way}_error"][half] / law[half]
        ridge.plot(k, np.maximum(scale * law, floor), "--", color=style.GREY, linewidth=1)
        style.note(ridge, name, (k[half], scale * law[half]), color=style.GREY, offset=(8, 8))
    root.plot(
        newton["steps"], np.maximum(newton["residual"], eps / 100), color=style.GREY, label="root"
    )
    ridge.set(yscale="log", xlabel="inner steps $k$", ylabel="error of the hypergradient")
    ridge.set_xlim(0, min(len(k), 1.3 * k[clear][-1]))
    ridge.set_title(f"ridge on diabetes by descent, a factor $r$ = {rate:.4f} a step")
    root.set(yscale="log", xlabel="Newton steps", ylabel="error")
    root.set_title(f"$x^5 + x = {outcome.settings['root_of']:g}$ by Newton's method")
    for axes in (ridge, root):
        style.name_curves(axes)
    return drawing


def penalty_path(outcome: Outcome) -> Figure:
    grid, path = outcome.rows("search"), outcome.rows("outer")
    drawing, (losses, slopes) = style.figure(
        columns=2, title="Descending on a hyperparameter", width=11.5, height=4.4
    )
    losses.plot(grid["penalty"], grid["loss"], color=style.GREY)
    losses.plot(path["penalty"], path["loss"], ".-", color=style.RED, linewidth=1.2)
    losses.plot(path["penalty"][-1:], path["loss"][-1:], "o", color=style.RED)
    losses.set(xscale="log", xlabel="penalty $\\lambda$", ylabel="loss on the held-out patients")
    losses.set_title("grey: solved exactly; red: the path, solved a little at a time")
    for way, color in (("exact", style.GREY), ("unrolled", style.RED), ("implicit", style.BLUE)):
        slope = path["penalty"] * path[way]
        slopes.plot(path["steps"], slope, ".-", color=color, label=way)
    slopes.axhline(0, color=style.GREY, linewidth=0.8)
    slopes.set(
        xlabel="outer step", ylabel="$dL / d\\ln\\lambda$", title="the hypergradient on the way"
    )
    style.name_curves(slopes)
    return drawing


def worth(outcome: Outcome) -> Figure:
    table = outcome.rows("level")
    drawing, (axes,) = style.figure(
        title="A multiplier is what a constraint is worth", width=7, height=4.2
    )
    axes.plot(table["level"], table["value"], "o-", color=style.BLUE, label="least distance²/2")
    for level, value, slope in zip(
        table["level"][1::4], table["value"][1::4], table["implicit"][1::4], strict=True
    ):
        ends = np.array([-0.22, 0.22])
        axes.plot(level + ends, value + slope * ends, color=style.RED, linewidth=2, zorder=4)
    axes.set(xlabel="size of the ellipse, $c$", ylabel="least $|x - q|^2 / 2$")
    axes.set_title("red: slopes that no difference was taken for, $-\\mu/2$")
    return drawing
