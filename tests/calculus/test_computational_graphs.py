"""Sweeps, paths and JAX agree on every graph, and would not with a wrong partial."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.calculus.vectors import computational_graphs as graphs

GRAPHS = [
    (graphs.EXPRESSION, [1.7]),
    (graphs.TWO_PATHS, [1.3, -0.4]),
    (graphs.NEURON, [0.6, -1.1, 0.2]),
    (graphs.babylonian(5), [3.0]),
]


def by_paths(graph, at, start):
    """The derivative of the output as the sum over all paths of the products along them."""
    local, total = graphs.local_derivatives(graph, at), 0.0
    for path in graphs.paths(graph, start, len(at) - 1):
        product = 1.0
        for tail, head in pairwise(path):
            node = head - len(graph.inputs)
            reads = graph.nodes[node].reads
            product *= sum(d for d, read in zip(local[node], reads, strict=True) if read == tail)
        total += product
    return total


def answers(graph, inputs):
    """The gradient four ways: forwards, backwards, by paths, by JAX."""
    inputs = [jnp.asarray(x) for x in inputs]
    at = graphs.values(graph, inputs)
    unit = jnp.eye(len(inputs))
    return {
        "forward": [float(graphs.forward_sweep(graph, at, list(e))[-1]) for e in unit],
        "backward": graphs.backward_sweep(graph, at, jnp.ones(()))[: len(inputs)],
        "paths": [by_paths(graph, at, start) for start in range(len(inputs))],
        "jax": jax.grad(lambda x: graphs.values(graph, x)[-1])(inputs),
    }


@pytest.mark.parametrize(("graph", "inputs"), GRAPHS)
def test_all_ways_lead_to_one_derivative(graph, inputs):
    found = answers(graph, inputs)
    for way in ("forward", "backward", "paths"):
        np.testing.assert_allclose(found[way], found["jax"], rtol=1e-12)


@pytest.mark.parametrize(("graph", "inputs"), GRAPHS)
def test_a_wrong_partial_is_seen_on_all_ways(graph, inputs):
    node = graph.nodes[-1]
    wrong = node._replace(partials=lambda *at: tuple(1.01 * d for d in node.partials(*at)))
    found = answers(graph._replace(nodes=(*graph.nodes[:-1], wrong)), inputs)
    for way in ("forward", "backward", "paths"):
        assert not np.allclose(found[way], found["jax"], rtol=1e-3)
