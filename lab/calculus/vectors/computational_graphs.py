"""Graphs of a computation: values flow forwards, derivatives forwards or backwards.

A computation is a list of nodes, each an elementary function of earlier ones with its partial
derivatives by hand. The chain rule says: along a path multiply, over all paths add. Nobody lists
the paths, of which there may be very many; one sweep over the edges does the same work. Forwards,
each node gathers its derivative with respect to one input from its parents (Wengert 1964);
backwards, each hands the derivative of one output on to its parents (Linnainmaa 1970).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.vectors.chain_rules import two_paths
from lab.derivation import derivative, gradient, jvp, vjp
from lab.domains import choice, interval, nonzero, positive, reals

Scalar = Float[Array, ""]


class Node(NamedTuple):
    """A step: how it is written, which earlier places it reads, its value and its partials."""

    name: str
    reads: tuple[int, ...]
    value: Callable[..., Scalar]
    partials: Callable[..., tuple[Scalar | float, ...]]


class Graph(NamedTuple):
    """Inputs by name at places 0, 1, ..., then the nodes; the last node is the output."""

    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]


def values(graph: Graph, inputs: Sequence[Scalar]) -> list[Scalar]:
    """The value at every place."""
    found = list(inputs)
    for node in graph.nodes:
        found.append(node.value(*(found[place] for place in node.reads)))
    return found


def local_derivatives(graph: Graph, at: Sequence[Scalar]) -> list[tuple[Scalar | float, ...]]:
    """The partials on the edges into each node, ``at`` the values of all places."""
    return [node.partials(*(at[place] for place in node.reads)) for node in graph.nodes]


def forward_sweep(graph: Graph, at: Sequence[Scalar], tangents: Sequence[Scalar]) -> list[Scalar]:
    """How fast each place changes when the inputs change at the rates ``tangents``."""
    rates = list(tangents)
    for node, partials in zip(graph.nodes, local_derivatives(graph, at), strict=True):
        gathered = (d * rates[place] for d, place in zip(partials, node.reads, strict=True))
        rates.append(sum(gathered, jnp.zeros_like(rates[0])))
    return rates


def backward_sweep(graph: Graph, at: Sequence[Scalar], cotangent: Scalar) -> list[Scalar]:
    """How strongly the output, times ``cotangent``, depends on each place."""
    adjoints = [jnp.zeros_like(cotangent) for _ in at[:-1]] + [cotangent]
    partials = local_derivatives(graph, at)
    for place in reversed(range(len(graph.inputs), len(at))):
        node = place - len(graph.inputs)
        for d, parent in zip(partials[node], graph.nodes[node].reads, strict=True):
            adjoints[parent] = adjoints[parent] + d * adjoints[place]
    return adjoints


def paths(graph: Graph, start: int, end: int) -> list[tuple[int, ...]]:
    """All ways from one place to another along the edges."""
    if start == end:
        return [(end,)]
    node = end - len(graph.inputs)
    if node < 0:
        return []
    parents = dict.fromkeys(graph.nodes[node].reads)
    return [(*way, end) for parent in parents for way in paths(graph, start, parent)]


# ----- one input, two ways -----

EXPRESSION = Graph(
    ("x",),
    (
        Node("a = x²", (0,), lambda x: x**2, lambda x: (2 * x,)),
        Node("b = ln a", (1,), jnp.log, lambda a: (1 / a,)),
        Node("c = sin x", (0,), jnp.sin, lambda x: (jnp.cos(x),)),
        Node("d = b c", (2, 3), lambda b, c: b * c, lambda b, c: (c, b)),
        Node("e = 1 / x", (0,), lambda x: 1 / x, lambda x: (-1 / x**2,)),
        Node("y = d + e", (4, 5), lambda d, e: d + e, lambda d, e: (1.0, 1.0)),
    ),
)


def logarithmic_wave(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """ln(x²) sin x + 1/x"""
    return jnp.log(x**2) * jnp.sin(x) + 1 / x


@derivative(of=logarithmic_wave, at=dict(x=nonzero()))
def logarithmic_wave_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Three paths lead from x: by ln(x²), 2/x times sin x; by sin x, cos x times ln(x²); by 1/x,
    -1/x²;  hence their sum."""
    return 2 * jnp.sin(x) / x + jnp.log(x**2) * jnp.cos(x) - 1 / x**2


@jvp(of=logarithmic_wave, at=dict(x=nonzero()))
def logarithmic_wave_tangent(x: Scalar, tangent: Scalar) -> Scalar:
    """ȧ = 2x ẋ;  ḃ = ȧ/a;  ċ = cos x ẋ;  ḋ = c ḃ + b ċ;  ė = -ẋ/x²;  hence ẏ = ḋ + ė: one sweep in
    the order of the computation."""
    return forward_sweep(EXPRESSION, values(EXPRESSION, [x]), [tangent])[-1]


@vjp(of=logarithmic_wave, at=dict(x=nonzero()))
def logarithmic_wave_cotangent(x: Scalar, cotangent: Scalar) -> Scalar:
    """d̄ = ē = ȳ;  b̄ = c d̄, c̄ = b d̄;  ā = b̄/a;  hence x̄ = 2x ā + cos x c̄ - ē/x²: one sweep against
    the order, and x gathers from all who read it."""
    return backward_sweep(EXPRESSION, values(EXPRESSION, [x]), cotangent)[0]


# ----- two inputs, two ways each -----

TWO_PATHS = Graph(
    ("x", "y"),
    (
        Node("a = x²", (0,), lambda x: x**2, lambda x: (2 * x,)),
        Node("u = a + y", (2, 1), lambda a, y: a + y, lambda a, y: (1.0, 1.0)),
        Node("v = x y", (0, 1), lambda x, y: x * y, lambda x, y: (y, x)),
        Node("p = u²", (3,), lambda u: u**2, lambda u: (2 * u,)),
        Node("q = v²", (4,), lambda v: v**2, lambda v: (2 * v,)),
        Node("z = p + q", (5, 6), lambda p, q: p + q, lambda p, q: (1.0, 1.0)),
    ),
)


@jvp(of=two_paths, at=dict(p=reals("2")))
def two_paths_tangent(p: Float[Array, " 2"], tangent: Float[Array, " 2"]) -> Scalar:
    """u̇ = 2x ẋ + ẏ, v̇ = y ẋ + x ẏ;  hence ż = 2u u̇ + 2v v̇: for the gradient this is to be done
    twice, along (1, 0) and along (0, 1)."""
    at = values(TWO_PATHS, list(p))
    return forward_sweep(TWO_PATHS, at, list(tangent))[-1]


@vjp(of=two_paths, at=dict(p=reals("2")))
def two_paths_cotangent(p: Float[Array, " 2"], cotangent: Scalar) -> Float[Array, " 2"]:
    """ū = 2u z̄, v̄ = 2v z̄;  hence x̄ = 2x ū + y v̄ and ȳ = ū + x v̄: both at once, from one sweep."""
    at = values(TWO_PATHS, list(p))
    return jnp.stack(backward_sweep(TWO_PATHS, at, cotangent)[:2])


# ----- a neuron and its loss -----

NEURON = Graph(
    ("w", "x", "b"),
    (
        Node("m = w x", (0, 1), lambda w, x: w * x, lambda w, x: (x, w)),
        Node("s = m + b", (3, 2), lambda m, b: m + b, lambda m, b: (1.0, 1.0)),
        Node("t = tanh s", (4,), jnp.tanh, lambda s: (1 / jnp.cosh(s) ** 2,)),
        Node("r = t - 1", (5,), lambda t: t - 1, lambda t: (1.0,)),
        Node("L = r² / 2", (6,), lambda r: r**2 / 2, lambda r: (r,)),
    ),
)


def neuron_loss(p: Float[Array, " 3"]) -> Scalar:
    """(tanh(w x + b) - 1)² / 2 for p = (w, x, b): a neuron that is asked to fire"""
    w, x, b = p
    return (jnp.tanh(w * x + b) - 1) ** 2 / 2


@gradient(of=neuron_loss, at=dict(p=interval(-2, 2, "3")))
def neuron_loss_gradient(p: Float[Array, " 3"]) -> Float[Array, " 3"]:
    """r̄ = r;  t̄ = r̄;  s̄ = t̄ sech² s;  m̄ = b̄ = s̄;  hence w̄ = x s̄, x̄ = w s̄ and b̄ = s̄: a weight
    learns what comes in times what comes back."""
    one = jnp.ones_like(p[0])
    return jnp.stack(backward_sweep(NEURON, values(NEURON, list(p)), one)[:3])


# ----- a loop: the graph is as long as the computation took -----


def babylonian(rounds: int) -> Graph:
    """s ← (s + a/s)/2 from s = (1 + a)/2, that many times: the square root of a."""
    first = Node("s₀", (0,), lambda a: (1 + a) / 2, lambda a: (0.5,))
    again = tuple(
        Node(
            f"s{'₀₁₂₃₄₅₆₇₈₉'[k % 10]}",
            (k, 0),
            lambda s, a: (s + a / s) / 2,
            lambda s, a: ((1 - a / s**2) / 2, 1 / (2 * s)),
        )
        for k in range(1, rounds + 1)
    )
    return Graph(("a",), (first, *again))


def babylonian_root(a: Scalar, rounds: int) -> Scalar:
    """√a by the Babylonian method"""
    return values(babylonian(rounds), [a])[-1]


@gradient(of=babylonian_root, wrt="a", at=dict(a=positive(), rounds=choice(1, 3, 6)))
def babylonian_root_derivative(a: Scalar, rounds: int) -> Scalar:
    """s⁺ = (s + a/s)/2:  ṡ⁺ = (ṡ (1 - a/s²) + ȧ/s)/2, from ṡ = ȧ/2: a loop is a long graph;  hence
    the last ṡ. Where s² = a the past is forgotten, and 1/(2s) = d√a is left."""
    graph = babylonian(rounds)
    return forward_sweep(graph, values(graph, [a]), [jnp.ones_like(a)])[-1]
