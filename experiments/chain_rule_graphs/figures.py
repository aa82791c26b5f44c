"""The graph with both sweeps, the paths, the loop and the costs, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import diagram, style
from lab.tables import read

from .sweeps import GRAPHS, places_by_name


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "graph", drawn_graph(outcome)
    yield "paths", bars_of_paths(outcome)
    yield "costs", prices(outcome)
    yield "loop_and_layers", loop_and_layers(outcome)


def drawn_graph(outcome: Outcome) -> Figure:
    """Nodes with their values, edges with their local derivatives, the sweeps above and below."""
    tape, first = GRAPHS[outcome.settings["graph"]], GRAPHS[outcome.settings["graph"]].inputs[0]
    names = places_by_name(tape)
    places = diagram.layered([() for _ in tape.inputs] + [node.reads for node in tape.nodes])
    where = dict(zip(names, places, strict=True))
    formulas = dict(zip(names, [*tape.inputs, *(node.name for node in tape.nodes)], strict=True))
    drawing, (axes,) = style.figure(
        title=f"{outcome.settings['graph'].replace('_', ' ')}: each edge its own derivative",
        width=1.6 + 1.5 * max(x for x, _ in places),
        height=2.0 + 1.35 * np.ptp([y for _, y in places]),
    )
    said = {}
    for name, total, at in zip(
        tape.inputs, read(outcome.rows("total")), outcome.settings["at"], strict=True
    ):
        said[name] = total | {"value": at, "rate": float(name == first)}
    for edge in read(outcome.rows("edge")):
        tail, head = edge["name"].split(" → ")
        if edge["input"] == first:
            said[head] = edge
            diagram.arrow(axes, where[tail], where[head], f"{edge['local']:.3g}")
    for name, row in said.items():
        diagram.box(axes, where[name], formulas[name], f"{row['value']:.4g}")
        sweeps = {style.BLUE: f"{row['rate']:.4g}", style.RED: f"{row['adjoint']:.4g}"}
        diagram.beside(axes, where[name], sweeps)
    axes.set_title(
        f"blue above: d node / d{first}, swept forwards;  red below: d{names[-1]} / d node, "
        "swept backwards"
    )
    diagram.frame(axes, places)
    return drawing


def bars_of_paths(outcome: Outcome) -> Figure:
    table, totals = outcome.rows("path"), list(read(outcome.rows("total")))
    count = len(table["name"]) + len(totals)
    drawing, (axes,) = style.figure(
        title="Over all paths: the products add up", width=7.6, height=1.5 + 0.42 * count
    )
    labels, place = [], 0
    for total in totals:
        here = table["input"] == total["input"]
        labels += [*table["name"][here], f"derivative in {total['input']}"]
        begun = 0.0
        for product in table["forward"][here]:
            axes.barh(place, product, left=begun, color=style.BLUE, alpha=0.75, height=0.6)
            begun += product
            text = f"{product:+.4g}"
            style.note(axes, text, (max(begun, begun - product), place), offset=(5, 0))
            place += 1
        axes.barh(place, total["rate"], color=style.RED, alpha=0.85, height=0.6)
        style.note(axes, f"{total['rate']:.4g}", (max(0, total["rate"]), place), offset=(5, 0))
        place += 1
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    axes.set_yticks(range(count), labels)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="each path begins where the one before has ended")
    return drawing


def prices(outcome: Outcome) -> Figure:
    table, by_order = outcome.rows("cost"), outcome.rows("order")
    outputs = outcome.settings["outputs"]
    drawing, (modes, brackets) = style.figure(
        columns=2, title="What a direction costs", width=11, height=4.3, width_ratios=[1.25, 1]
    )
    for mode, color in (("forward", style.BLUE), ("reverse", style.RED)):
        per = [table[f"{mode}_{kind}"] / table["function"] for kind in ("predicted", "count")]
        modes.plot(table["inputs"], per[0], color=color, label=f"{mode} mode")
        modes.plot(table["inputs"], per[1], "o", color=color, label="_counted")
    modes.axvline(outputs, color=style.GREY, linewidth=1, linestyle="--")
    top = float((table["forward_count"] / table["function"]).max())
    side = 5 if outputs < np.median(table["inputs"]) else -5
    style.note(modes, f"as many as outputs: {outputs}", (outputs, top), offset=(side, -4))
    modes.set(
        xscale="log",
        yscale="log",
        xlabel="inputs of a network of three layers",
        ylabel="cost of the Jacobian / cost of the function",
        title="dots: counted in JAX's programs; lines: 1 + inputs, 1 + outputs",
    )
    modes.set_xticks(table["inputs"], [f"{n:.0f}" for n in table["inputs"]], minor=False)
    modes.minorticks_off()
    style.name_curves(modes)
    colors = {"forward": style.BLUE, "reverse": style.RED, "best": style.TEAL}
    for place, (mode, count) in enumerate(zip(by_order["mode"], by_order["count"], strict=True)):
        brackets.bar(place, count, color=colors[str(mode)], alpha=0.85, width=0.6)
        style.note(brackets, f"{count:,.0f}", (place, float(count)), offset=(0, 3))
    names = [f"{m}\n{n}" for m, n in zip(by_order["mode"], by_order["name"], strict=True)]
    brackets.set_xticks(range(3), names)
    sizes = " → ".join(map(str, outcome.settings["chain"]))
    brackets.set(title=f"sizes {sizes}", ylabel="multiplications")
    brackets.margins(y=0.12)
    brackets.grid(visible=False, axis="x")
    return drawing


def loop_and_layers(outcome: Outcome) -> Figure:
    turns, pulled = outcome.rows("loop"), outcome.rows("layer")
    eps = np.finfo(outcome.settings["precision"]).eps
    drawing, (loop_, layers) = style.figure(
        columns=2, title="Long graphs: a loop, and a network", width=11, height=4.2
    )
    for column, color, name in (
        ("value_error", style.BLUE, "the root"),
        ("rate_error", style.RED, "its derivative"),
    ):
        loop_.plot(
            turns["step"], np.maximum(turns[column], eps / 10), ".-", color=color, label=name
        )
    loop_.set(
        yscale="log",
        xlabel="round of the loop",
        ylabel="error",
        title=f"the Babylonian root of {outcome.settings['root_of']:g}",
    )
    style.name_curves(loop_)
    place = np.arange(len(pulled["name"])).astype(float)
    layers.bar(place, pulled["adjoint"][::-1], color=style.BLUE, width=0.6)
    for x, height, gap in zip(place, pulled["adjoint"][::-1], pulled["gap"][::-1], strict=True):
        style.note(layers, f"{gap:.0e}", (x, height), offset=(0, 3))
    layers.set_xticks(place, [f"${name}$" for name in pulled["name"][::-1]])
    layers.set(
        ylabel="length of the cotangent",
        xlabel="in the order they are reached; above: relative gap to jax.vjp",
        title="three layers, $W\\tanh(V\\tanh(Ux))$, told about one wine",
    )
    layers.margins(y=0.12)
    layers.grid(visible=False, axis="x")
    return drawing
