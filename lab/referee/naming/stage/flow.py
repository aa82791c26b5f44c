"""What each edge of the program contributes to the derivative, at the points of a group: numbers.

One compiled call gives all tangents t_e (forward mode from the inputs) and all cotangents c_e
(reverse mode to a zero added to each operand); shares are their products."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.naming.stage.program import program
from lab.referee.naming.stage.words import Told
from lab.referee.programs.traced import Edge, Program
from lab.referee.witnesses.evidence import Evidence, varied_leaves

MOST = 2**18  # numbers per point that may be held for this
EDGES = 240


class Flow(NamedTuple):
    """At the points ``rows`` of a group. ``tangents[v]`` is d(value v)/d(input), shape ``(rows,
    inputs, *shape)``, ``cotangents[e]`` d(output)/d(edge e), shape ``(rows, outputs, *shape)``.
    Where only some edges were asked for, ``values[v]`` are what enters and leaves their steps.
    """

    evidence: Evidence
    program: Program
    rows: np.ndarray
    values: dict[int, np.ndarray]
    tangents: dict[int, np.ndarray]
    cotangents: dict[Edge, np.ndarray]

    @property
    def told(self) -> Told:
        return Told(self.evidence, self.program)

    @property
    def first_edges(self) -> tuple[Edge, ...]:
        """One edge: enough to ask for where only the program is wanted."""
        return (next(iter(self.cotangents)),)

    def share(self, edges: Sequence[Edge]) -> np.ndarray:
        """The derivative along all paths through these edges: ``(rows, outputs, inputs)``."""
        return np.asarray(
            sum(
                self.contracted(self.cotangents[e], self.tangents[self.program.operand(e)])
                for e in edges
            )
        )

    def contracted(self, cotangent: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        """Sum over the entries of a value."""
        flat = lambda x: x.reshape(*x.shape[:2], -1)
        return np.asarray(np.einsum("pok,pnk->pon", flat(cotangent), flat(tangent)))

    def answer(self, derivative: np.ndarray, onto: Sequence[np.ndarray]) -> list[np.ndarray]:
        """``onto`` with a derivative of shape ``(rows, outputs, inputs)`` added at these rows."""
        added = [leaf.copy() for leaf in onto]
        with np.errstate(invalid="ignore"):
            for leaf, piece in zip(added, self.by_leaf(derivative), strict=True):
                leaf[self.rows] += piece
        return added

    def by_leaf(self, derivative: np.ndarray) -> list[np.ndarray]:
        """A derivative cut into the leaves of the answer."""
        shapes = self.evidence.form.shapes
        kind = self.evidence.question.claim.kind
        if kind in ("gradient", "vjp", "derivative"):
            columns = [(slice(0, 1), s) for s in _cuts([int(np.prod(s)) for s in shapes])]
        elif kind == "jvp":
            columns = [(s, slice(0, 1)) for s in _cuts([int(np.prod(s)) for s in shapes])]
        else:
            ins = [int(np.prod(self.program.shapes[v])) for v in self.program.varied]
            outs = [int(np.prod(self.program.shapes[v])) for v in self.program.outputs]
            columns = [(o, n) for o in _cuts(outs) for n in _cuts(ins)]
        return [
            derivative[:, o, n].reshape(len(derivative), *shape)
            for (o, n), shape in zip(columns, shapes, strict=True)
        ]


def _cuts(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum([0, *sizes])
    return [slice(int(a), int(b)) for a, b in pairwise(ends)]


def flow(evidence: Evidence, rows: np.ndarray, edges: Sequence[Edge] | None = None) -> Flow | None:
    """All chains of edges, or the given edges alone, which is less to compile.

    `None` where the function cannot be taken apart, is too large, or where the parts do not add up
    to the truth (a custom rule that is not what its function says).
    """
    if evidence.question.claim.kind == "identity" or not len(rows):
        return None
    try:
        with precision(64):
            made = program(evidence)
    except Exception:
        return None
    if evidence.question.claim.kind == "derivative" and _is_shared(evidence, made):
        return None
    every = edges is None
    edges = [chain[0] for chain in made.chains()] if edges is None else list(edges)
    if not all(_has(made, edge) for edge in edges):
        return None
    held = sum(int(np.prod(made.shapes[made.operand(e)])) for e in edges)
    inputs = sum(int(np.prod(made.shapes[v])) for v in made.varied)
    if not edges or len(edges) > EDGES or held * inputs > MOST:
        return None
    parts = _parts(evidence, made, edges, values=not every)
    asker = Asker(parts, evidence.group, 64, len(rows), traced=True)
    answers = asker(tuple(leaf[rows] for leaf in evidence.group.leaves))
    if isinstance(answers, Raised):
        return None
    values, tangents, cotangents = answers
    found = Flow(evidence, made, rows, values, tangents, dict(zip(edges, cotangents, strict=True)))
    return found if not every or _adds_up(found) else None


def _is_shared(evidence: Evidence, made: Program) -> bool:
    """Whether the number that moves serves several entries: each of them has a derivative in it."""
    answers = [int(np.prod(shape)) for shape in evidence.form.shapes]
    return answers != [int(np.prod(made.shapes[v])) for v in made.varied]


def _has(made: Program, edge: Edge) -> bool:
    """Whether the program has such an edge: another size may make another program."""
    return (
        edge.step < len(made.steps)
        and edge.operand < len(made.steps[edge.step].inputs)
        and made.floating[made.operand(edge)]
    )


def _parts(evidence: Evidence, made: Program, edges: list[Edge], *, values: bool) -> Any:
    operands = sorted({made.operand(e) for e in edges})
    steps = [made.steps[e.step] for e in edges] if values else []
    shown = sorted({slot for step in steps for slot in (*step.inputs, *step.outputs)})
    positions = varied_leaves(evidence.question, evidence.group)

    def parts(*leaves: Any) -> Any:
        def values_from(*varied: Any) -> dict[int, Any]:
            full = list(leaves)
            for position, leaf in zip(positions, varied, strict=True):
                full[position] = leaf
            ran = made.run(full)
            return {v: ran[v] for v in operands}

        varied = tuple(leaves[i] for i in positions)
        push = lambda direction: jax.jvp(values_from, varied, direction)[1]
        if evidence.question.claim.kind == "jvp":
            extra = tuple(leaves[len(leaves) - len(positions) :])
            tangents = jax.tree.map(lambda t: t[None], push(extra))
        else:
            tangents = jax.vmap(push)(basis(varied))
        zeros = [jnp.zeros(made.shapes[made.operand(e)]) for e in edges]

        def output(added: list[Any]) -> tuple[Any, Any]:
            by_edge = dict(zip(edges, added, strict=True))
            nudge = lambda e, value: value + by_edge[e] if e in by_edge else value
            ran = made.run(leaves, nudge)
            flat = jnp.concatenate([jnp.ravel(ran[v]) for v in made.outputs])
            return flat, {v: ran[v] for v in shown}

        out, pull, seen = jax.vjp(output, zeros, has_aux=True)
        (cotangents,) = jax.vmap(pull)(jnp.eye(out.size))
        return seen, tangents, cotangents

    return parts


def basis(leaves: Sequence[Any]) -> tuple[Any, ...]:
    """All unit tangents of the leaves together, stacked."""
    sizes = [leaf.size for leaf in leaves]
    eye = jnp.eye(sum(sizes))
    blocks = zip(leaves, _cuts(sizes), strict=True)
    return tuple(eye[:, cut].reshape(-1, *leaf.shape) for leaf, cut in blocks)


def _adds_up(found: Flow) -> bool:
    """Whether the shares of the edges that leave the inputs sum to the truth."""
    starts = [e for e in found.cotangents if found.program.operand(e) in found.program.varied]
    if not starts:
        return False
    truth = [leaf[found.rows] for leaf in found.evidence.truth]
    pieces = found.by_leaf(found.share(starts))
    with np.errstate(invalid="ignore"):
        return all(
            bool(np.all(np.abs(s - t) <= 1e-7 * (np.abs(t).max(initial=0.0) + 1e-300)))
            for s, t in zip(pieces, truth, strict=True)
        )
