"""Multiply along paths, add over paths: the chain rule as two sweeps through a graph.

Question: How does a derivative travel through a computation, and in which direction is it cheaper
          to let it travel?
Command:  lab run chain_rule_graphs
Time:     about 15 s on two cores, most of it the checks
Expect:   forward sweep, backward sweep and the sum over all paths give one derivative; forward mode
          costs (1 + n) multiplications for each that the function itself takes, reverse mode
          (1 + m), so they meet where n inputs equal m outputs; a narrow place in the middle makes
          an order cheaper than either, six times at the default sizes.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.vectors import computational_graphs as graphs
from lab.calculus.vectors import jacobian_chains as chains
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.plots import diagram, style
from lab.tables import Row, Table, read, written
from lab.training import data

MODES = ("forward", "reverse")
GRAPHS = {
    "expression": graphs.EXPRESSION,
    "two_paths": graphs.TWO_PATHS,
    "neuron": graphs.NEURON,
}


def study(
    key: Any,
    *,
    graph: Literal["expression", "two_paths", "neuron"] = "expression",
    at: tuple[float, ...] = (2.0,),
    root_of: PositiveFloat = 2.0,
    rounds: PositiveInt = 6,
    inputs: tuple[PositiveInt, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
    outputs: PositiveInt = 16,
    hidden: PositiveInt = 32,
    chain: tuple[PositiveInt, ...] = (64, 64, 4, 64, 64),
) -> Table:
    """The sweeps over ``graph`` at the point ``at``, a loop, three layers on wine, and the costs.

    Raises ``BadInput`` for a point with other than one number for each input, and for a chain of
    fewer than two Jacobians.
    """
    tape = GRAPHS[graph]
    if len(at) != len(tape.inputs):
        raise BadInput(
            f"at={list(at)}: the graph {graph!r} has {len(tape.inputs)} inputs: "
            f"{', '.join(tape.inputs)}"
        )
    if len(chain) < 3:
        raise BadInput(f"chain={list(chain)}: give the sizes of two Jacobians at least, [n, h, m]")
    return written(
        [
            *edges(tape, [jnp.asarray(value, float) for value in at]),
            *loop(jnp.asarray(root_of, float), rounds),
            *layers_backwards(key, hidden),
            *costs(inputs, hidden, outputs),
            *orders(chain),
        ]
    )


# ----- one graph, edge by edge -----


def edges(tape: graphs.Graph, at: list[Float[Array, ""]]) -> Iterator[Row]:
    """Every edge with its local derivative and what has gathered on it from either side; all paths.

    ``forward`` is what the edge carries of d node / d input, ``backward`` of d output / d node; at
    a place they add up to ``rate`` and ``adjoint``, beside which stands what JAX says.
    """
    places = graphs.values(tape, at)
    local = graphs.local_derivatives(tape, places)
    adjoints = graphs.backward_sweep(tape, places, jnp.ones_like(at[0]))
    names = places_by_name(tape)
    jax_adjoints = jax.grad(lambda nudges: nudged(tape, at, nudges)[-1])(jnp.zeros(len(places)))
    for start, name in enumerate(tape.inputs):
        tangents = [jnp.asarray(float(start == place)) for place in range(len(at))]
        rates = graphs.forward_sweep(tape, places, tangents)
        jax_rates = jax.jvp(lambda *x: graphs.values(tape, x), tuple(at), tuple(tangents))[1]
        about = {"part": "edge", "input": name}
        for node, partials in enumerate(local):
            place = node + len(at)
            for partial, parent in zip(partials, tape.nodes[node].reads, strict=True):
                yield about | {
                    "name": f"{names[parent]} → {names[place]}",
                    "value": float(places[place]),
                    "local": float(partial),
                    "forward": float(partial * rates[parent]),
                    "backward": float(partial * adjoints[place]),
                    "rate": float(rates[place]),
                    "adjoint": float(adjoints[place]),
                    "jax_rate": float(jax_rates[place]),
                    "jax_adjoint": float(jax_adjoints[place]),
                }
        for path in graphs.paths(tape, start, len(places) - 1):
            product = 1.0
            for tail, head in pairwise(path):
                reads = tape.nodes[head - len(at)].reads
                steps = zip(local[head - len(at)], reads, strict=True)
                product *= sum(float(partial) for partial, read in steps if read == tail)
            way = " → ".join(names[place] for place in path)
            yield {"part": "path", "input": name, "name": way, "forward": product}
        yield {
            "part": "total",
            "input": name,
            "name": name,
            "rate": float(rates[-1]),
            "adjoint": float(adjoints[start]),
            "jax_rate": float(jax_rates[-1]),
            "jax_adjoint": float(jax_adjoints[start]),
        }


def places_by_name(tape: graphs.Graph) -> list[str]:
    """The letter of each place."""
    return [*tape.inputs, *(node.name.split()[0] for node in tape.nodes)]


def nudged(tape: graphs.Graph, at: list[Float[Array, ""]], nudges: Array) -> list[Array]:
    """All values when every place is nudged: the slope in a nudge is the adjoint of its place."""
    found = [value + nudges[place] for place, value in enumerate(at)]
    for node in tape.nodes:
        found.append(node.value(*(found[place] for place in node.reads)) + nudges[len(found)])
    return found


def loop(a: Float[Array, ""], rounds: int) -> Iterator[Row]:
    """A loop that computes √a, and the derivative that has come along after each round."""
    tape = graphs.babylonian(rounds)
    places = graphs.values(tape, [a])
    rates = graphs.forward_sweep(tape, places, [jnp.ones_like(a)])
    root = jnp.sqrt(a)
    for count, (value, rate) in enumerate(zip(places[1:], rates[1:], strict=True)):
        yield {
            "part": "loop",
            "name": tape.nodes[count].name,
            "step": count,
            "value": float(value),
            "rate": float(rate),
            "value_error": float(abs(value - root)),
            "rate_error": float(abs(rate - 1 / (2 * root))),
        }


def layers_backwards(key: Any, hidden: int) -> Iterator[Row]:
    """What the weights of three layers are told about one wine, pulled back layer by layer."""
    (wine,) = data.standardise(data.load("wine"))
    x, label = jnp.asarray(wine.inputs[0], float), wine.targets[0]
    sizes = [x.size, hidden, hidden, len(wine.target_names)]
    U, V, W = [
        jax.random.normal(one, (out, into)) / np.sqrt(into)
        for one, (into, out) in zip(jax.random.split(key, 3), pairwise(sizes), strict=True)
    ]
    y, pullback = jax.vjp(chains.three_layers, x, U, V, W)
    cotangent = jax.nn.softmax(y) - jax.nn.one_hot(label, y.size, dtype=y.dtype)
    by_hand = chains.three_layers_cotangent(x, U, V, W, cotangent)
    for name, ours, theirs in zip("xUVW", by_hand, pullback(cotangent), strict=True):
        gap = float(jnp.linalg.norm(ours - theirs) / jnp.linalg.norm(theirs))
        size = float(jnp.linalg.norm(theirs))
        yield {"part": "layer", "name": name, "adjoint": size, "gap": gap}


# ----- what it costs -----


def costs(widths: tuple[int, ...], hidden: int, outputs: int) -> Iterator[Row]:
    """The multiplications in three layers' Jacobian, counted in JAX's programs and predicted."""
    for n in widths:
        shapes = [(n,), (hidden, n), (hidden, hidden), (outputs, hidden)]
        arguments = [jax.ShapeDtypeStruct(shape, jnp.result_type(float)) for shape in shapes]
        once = hidden * n + hidden * hidden + outputs * hidden
        counted = {
            mode: multiplications(jax.make_jaxpr(jacobian(chains.three_layers))(*arguments).jaxpr)
            for mode, jacobian in (("forward", jax.jacfwd), ("reverse", jax.jacrev))
        }
        yield {
            "part": "cost",
            "inputs": n,
            "outputs": outputs,
            "function": once,
            "forward_count": counted["forward"],
            "reverse_count": counted["reverse"],
            "forward_predicted": (1 + n) * once,
            "reverse_predicted": (1 + outputs) * once,
        }


def multiplications(program: Any) -> int:
    """The multiplications in all matrix products of a JAX program, inner ones included."""
    count = 0
    for equation in program.eqns:
        if equation.primitive.name == "dot_general":
            (over, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            count += int(
                np.prod([left[axis] for axis in over]) * np.prod(equation.outvars[0].aval.shape)
            )
        for inner in jaxprs_in_params(equation.params):
            count += multiplications(inner)
    return count


def orders(sizes: tuple[int, ...]) -> Iterator[Row]:
    """A chain of Jacobians, narrow in the middle: forwards, backwards, and at best."""
    best = chains.best_order(sizes)
    names = [f"J{'₀₁₂₃₄₅₆₇₈₉'[i]}" for i in range(1, len(sizes))]
    forward = reduce(lambda done, left: f"({left} {done})", names)
    reverse = reduce(lambda done, right: f"({done} {right})", names[::-1])
    for mode, name, count in (
        ("forward", forward, chains.forward_cost(sizes)),
        ("reverse", reverse, chains.reverse_cost(sizes)),
        ("best", best.brackets, best.cost),
    ):
        yield {"part": "order", "mode": mode, "name": name, "count": count}


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    on_edges, ways = outcome.rows("edge"), outcome.rows("path")
    for at in read(outcome.rows("total")):
        gathered = ways["forward"][ways["input"] == at["input"]]
        truth, name = at["jax_rate"], f"derivative in {at['input']}"
        allowed = 32 * eps * max(1.0, float(np.abs(gathered).sum()))
        for how, value in (
            (f"sum over {gathered.size} paths", gathered.sum()),
            ("forward sweep", at["rate"]),
            ("backward sweep", at["adjoint"]),
        ):
            said = f"{truth:.6g}, which is JAX's"
            yield Finding(f"{name}, {how}", float(value), said, abs(value - truth) <= allowed)
    for column, what in (("rate", "forward"), ("adjoint", "backward")):
        scale = np.maximum(1, abs(on_edges[f"jax_{column}"]))
        gap = float(np.max(abs(on_edges[column] - on_edges[f"jax_{column}"]) / scale))
        said = f"below {32 * eps:.0e}"
        yield Finding(f"{what} table against JAX, greatest gap", gap, said, gap < 32 * eps)

    gaps = outcome.rows("layer")["gap"]
    said = f"below {200 * eps:.0e}"
    name = "three layers pulled back one by one, greatest relative gap to jax.vjp"
    yield Finding(name, float(gaps.max()), said, bool(gaps.max() < 200 * eps))

    turns = outcome.rows("loop")
    last, root = turns["rate_error"][-1], np.sqrt(outcome.settings["root_of"])
    if outcome.settings["rounds"] >= 6 and 0.1 < root < 10:
        said = f"below {8 * eps:.0e}: it arrives with the value"
        yield Finding("error of the loop's derivative", float(last), said, last < 8 * eps)

    counts, outputs = outcome.rows("cost"), outcome.settings["outputs"]
    off = sum(int(np.sum(counts[f"{m}_count"] != counts[f"{m}_predicted"])) for m in MODES)
    name = "counts that are not (1 + inputs) and (1 + outputs) times the function's"
    yield Finding(name, off, "0", off == 0)
    cheaper = counts["forward_count"] < counts["reverse_count"]
    right = bool(np.array_equal(cheaper, counts["inputs"] < outputs))
    most = int(counts["inputs"][cheaper].max()) if cheaper.any() else 0
    said = f"the most below {outputs}, the outputs"
    yield Finding("most inputs for which forward mode is cheaper", most, said, right)
    cost = dict(zip(outcome.rows("order")["mode"], outcome.rows("order")["count"], strict=True))
    gain = min(cost["forward"], cost["reverse"]) / cost["best"]
    narrow = tuple(outcome.settings["chain"]) == (64, 64, 4, 64, 64)
    said, right = ("6", gain == 6) if narrow else ("1 or more", gain >= 1)
    yield Finding("gain of the best order over both modes", gain, said, right)


# ----- figures -----


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
    modes.set_xticks(table["inputs"], [str(n) for n in table["inputs"]], minor=False)
    modes.minorticks_off()
    style.name_curves(modes)
    colors = {"forward": style.BLUE, "reverse": style.RED, "best": style.TEAL}
    for place, (mode, count) in enumerate(zip(by_order["mode"], by_order["count"], strict=True)):
        brackets.bar(place, count, color=colors[str(mode)], alpha=0.85, width=0.6)
        style.note(brackets, f"{count:,}", (place, float(count)), offset=(0, 3))
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
