"""Slices, fields, ways, costs and descents, drawn."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .surfaces import FIELDS, SURFACES, WAYS, tilted_bowl


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "slices", two_slices(outcome)
    yield "gradient_field", field(outcome)
    yield "the_way_does_not_matter", ways(outcome)
    yield "cost", cost(outcome)
    yield "all_at_once", all_at_once(outcome)


def two_slices(outcome: Outcome) -> Figure:
    ground, p = SURFACES[outcome.settings["surface"]], np.array(outcome.settings["at"])
    reach, g = outcome.settings["reach"], np.asarray(ground.partials(jnp.array(p)))
    drawing, (ground_, along_x, along_y) = style.figure(
        columns=3,
        title=f"${ground.formula}$: one variable moves, the other is held",
        width=12.5,
        height=4.3,
    )
    style.contours(ground_, ground.f, x=(-reach, reach), y=(-reach, reach))
    ground_.axhline(p[1], color=style.BLUE)
    ground_.axvline(p[0], color=style.GOLD)
    style.arrow(ground_, p, 0.3 * reach * g / max(float(np.linalg.norm(g)), 1e-9))
    ground_.plot(*p, "o", color=style.INK, zorder=6)
    ground_.set_title("from above; the gradient in red")
    for axes, name, color, i in ((along_x, "x", style.BLUE, 0), (along_y, "y", style.GOLD, 1)):
        table = outcome.rows("slice", label=name)
        other = "y" if name == "x" else "x"
        axes.plot(table[name], table["value"], color=color)
        low, high = axes.get_ylim()
        axes.plot(table[name], table["tangent"], "--", color=style.RED, linewidth=1.2)
        axes.plot(p[i], float(ground.f(jnp.array(p))), "o", color=style.INK, zorder=5)
        axes.set(ylim=(low, high), xlabel=f"${name}$", title=f"${other} = {p[1 - i]:g}$ held")
        saying = rf"$\partial f/\partial {name}$ = {g[i]:.3g}"
        style.note(axes, saying, (-reach, high), color=style.RED, offset=(4, -4))
    return drawing


def field(outcome: Outcome) -> Figure:
    ground, reach = SURFACES[outcome.settings["surface"]], outcome.settings["reach"]
    table = outcome.rows("grid")
    drawing, panels = style.figure(
        columns=3,
        title="Two partial derivatives, and the gradient they make",
        width=12.5,
        height=4.3,
    )
    for axes, name in zip(panels, "xy", strict=False):
        size = int(np.sqrt(table["x"].size))
        shape = lambda column, size=size: table[column].reshape(size, size)
        most = float(np.max(abs(table[f"hand_{name}"])))
        ticks = np.unique(table["x"])
        shown = axes.pcolormesh(
            ticks, ticks, shape(f"hand_{name}"), cmap="RdBu_r", vmin=-most, vmax=most
        )
        axes.contour(ticks, ticks, shape(f"hand_{name}"), [0.0], colors=style.INK, linewidths=1)
        axes.set(aspect="equal", xlabel="$x$", ylabel="$y$")
        axes.set_title(rf"$\partial f/\partial {name}$, by hand; black: 0")
        axes.grid(visible=False)
        drawing.colorbar(shown, ax=axes, shrink=0.75)
    last = panels[2]
    style.contours(last, ground.f, x=(-reach, reach), y=(-reach, reach))
    few = np.arange(table["x"].size).reshape(shape("x").shape)[::2, ::2].ravel()
    arrows = (table[column][few] for column in ("x", "y", "hand_x", "hand_y"))
    last.quiver(*arrows, color=style.RED, angles="xy", width=0.005)
    last.set_title("the gradient crosses the levels")
    return drawing


def ways(outcome: Outcome) -> Figure:
    table = outcome.rows("path")
    drawing, panels = style.figure(
        columns=3, title="Work along four ways between the same ends", width=12.5, height=4.6
    )
    ticks = np.linspace(-1.25, 1.25, 11)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for axes, (name, of) in zip(panels, FIELDS.items(), strict=True):
        vectors = np.asarray(jax.vmap(of)(jnp.asarray(points)))
        axes.quiver(*points.T, *vectors.T, color=style.GREY, alpha=0.6, width=0.004)
        for (way, corners), color in zip(WAYS.items(), style.CYCLE, strict=False):
            here = (table["label"] == name) & (table["way"] == way)
            label = f"{way}: {float(table['value'][here][0]):.3g}"
            axes.plot(*np.array(corners).T, color=color, label=label, linewidth=2.2)
        curl = float(table["curl"][table["label"] == name][0])
        axes.set(aspect="equal", title=f"{name}: curl {curl:.2g}", xticks=[], yticks=[])
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2)
        axes.grid(visible=False)
    return drawing


def cost(outcome: Outcome) -> Figure:
    table = outcome.rows("cost")
    drawing, (axes,) = style.figure(
        title="What all n partial derivatives cost", width=6.8, height=4.2
    )
    axes.plot(table["x"], table["difference_x"], "o-", color=style.GOLD, label="differences")
    axes.plot(table["x"], table["jax_x"], "o-", color=style.BLUE, label="gradient,\nreverse mode")
    axes.plot(table["x"], 2 * table["x"], "--", color=style.INK, linewidth=1, label="$2n$")
    axes.set(xscale="log", yscale="log", xlabel="variables $n$", ylim=(1, None))
    axes.set_ylabel("evaluations of $f$ (operations / those of $f$)")
    style.name_curves(axes)
    return drawing


def all_at_once(outcome: Outcome) -> Figure:
    drawing, (map_, left) = style.figure(
        columns=2, title="All variables at once, or one after the other", width=11, height=4.6
    )
    style.contours(map_, tilted_bowl, x=(-1.4, 2.2), y=(-1.6, 1.0))
    for name, color in (("together", style.BLUE), ("one by one", style.RED)):
        table = outcome.rows("descent", label=name)
        walk = np.stack([table["x"], table["y"]], axis=1)
        if name == "one by one":  # each sweep has a corner: x has moved, y not yet
            corners = np.stack([walk[1:, 0], walk[:-1, 1]], axis=1)
            walk = np.concatenate([walk[:1], *np.stack([corners, walk[1:]], axis=1)])
        style.path_on_contours(map_, walk, color=color)
        far = np.hypot(table["x"], table["y"])
        left.plot(np.maximum(far, 1e-16), ".-", color=color, label=name)
    map_.set_title("$x^2 + xy + y^2$")
    left.set(yscale="log", xlabel="sweep", title="distance to the bottom")
    style.name_curves(left)
    return drawing
