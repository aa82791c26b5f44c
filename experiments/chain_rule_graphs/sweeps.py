"""Sweeps, forwards and backwards: along every edge of a graph, through a loop, through layers."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.vectors import computational_graphs as graphs
from lab.calculus.vectors import jacobian_chains as chains
from lab.tables import Row
from lab.training import data

MODES = ("forward", "reverse")
GRAPHS = {
    "expression": graphs.EXPRESSION,
    "two_paths": graphs.TWO_PATHS,
    "neuron": graphs.NEURON,
}


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
