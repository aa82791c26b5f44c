"""The hand's own formula as a program that can be run with some of its values changed.

A *spot* is one or more edges of that program: where a value enters a step, or all steps, or where a
number of the source does. A change adds something to what enters there; what comes out is an
answer like the hand's. All changes at all points are one compiled function, so that thousands of
them can be tried."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.question import split
from lab.referee.naming.stage.program import in_flight
from lab.referee.naming.stage.sizes import TRIVIAL
from lab.referee.naming.stage.words import Told, value_text
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program, Step, trace
from lab.referee.witnesses.evidence import Evidence

MOST = 2**13  # numbers that may be changed
WIDE = 256  # of an array over which a row or a column is spread
COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
ENTRYWISE = ("add", "sub", "mul", "div", "max", "min", "pow")
Spot = tuple[Edge, ...]


class Draft(NamedTuple):
    """``edges`` are those that matter to the answer; ``cuts[e]`` is where an edge's value lies
    among all that may be changed, side by side. What is compared can be changed to the last bit:
    there, ``fine[e]`` is where what rounding leaves of a change is added. ``indices`` are edges by
    which whole numbers enter that are computed. Edges of the step after the last are the answer's
    leaves themselves.
    """

    evidence: Evidence
    program: Program
    edges: tuple[Edge, ...]
    indices: tuple[Edge, ...]
    cuts: dict[Edge, slice]
    fine: dict[Edge, slice]
    width: int
    ask: Asker

    def slot(self, edge: Edge) -> int:
        """The value that enters by an edge."""
        if edge.step == len(self.program.steps):
            return self.program.outputs[edge.operand]
        return self.program.operand(edge)

    def shape(self, edge: Edge) -> tuple[int, ...]:
        """Of what enters; where a row or a column is spread over an array, that of the array."""
        return _entering(self.program, edge)

    def spread(self, edge: Edge) -> bool:
        """Whether a row or a column enters that is spread over an array."""
        return self.shape(edge) != self.program.shapes[self.slot(edge)]

    def shaped(self, edge: Edge, known: np.ndarray) -> np.ndarray | None:
        """A value as it would enter by an edge: turned and spread as what enters now, if it is of
        the shape that this had before (`turns`); else as it is.
        """
        if not self.turns(edge, known):
            return known if known.shape[1:] == self.shape(edge) else None
        steps, slot = [], self.slot(edge)
        made = self.program.producer(slot)
        while made is not None and made.name in TRIVIAL:
            steps.append(made)
            made = self.program.producer(made.inputs[0])
        for step in reversed(steps):
            known = _replayed(step, known)
        try:
            return np.broadcast_to(known, (len(known), *self.shape(edge)))
        except ValueError:
            return None

    def turns(self, edge: Edge, known: np.ndarray) -> bool:
        """Whether a value could enter by an edge like that which enters there before its turns."""
        return known.shape[1:] == self.program.shapes[bare(self.program, self.slot(edge))]

    def replaced(self, edge: Edge, known: np.ndarray) -> str:
        """What a value would stand for by an edge, in the words of the source."""
        turned = self.turns(edge, known)
        return self.named(bare(self.program, self.slot(edge))) if turned else self.text(edge)

    def decides(self, edge: Edge) -> bool:
        """Whether what enters is compared and goes no further: it decides which way is taken."""
        if edge.step == len(self.program.steps):
            return False
        reached = set(self.program.steps[edge.step].outputs)
        for step in self.program.steps[edge.step + 1 :]:
            if reached & set(step.inputs) and not any(self.program.floating[v] for v in reached):
                if step.name == "select_n":
                    continue
                reached |= set(step.outputs)
        return not any(self.program.floating[v] for v in reached)

    def changed(self, leaves: Sequence[Any], changes: np.ndarray) -> tuple[Any, np.ndarray] | None:
        """Leaves of the answer, and all values side by side, with ``changes`` of shape ``(rows,
        width)`` added at points stacked in ``leaves``; `None` where the formula breaks.
        """
        told = self.ask((*leaves, changes))
        return None if isinstance(told, Raised) else told

    def rerun(
        self, run: Callable[[Sequence[Any]], Any], rows: np.ndarray
    ) -> Sequence[np.ndarray] | None:
        """Leaves of the answer at some points if ``run`` carried out the program; `None` where it
        breaks.
        """

        def answer(*leaves: Any) -> list[Any]:
            ran = run(leaves)
            return [ran[slot] for slot in self.program.outputs]

        ask = Asker(answer, self.evidence.group, 64, len(rows), traced=True)
        told = ask(tuple(leaf[rows] for leaf in self.evidence.group.leaves))
        return None if isinstance(told, Raised) else told

    def place(self, edge: Edge) -> Place | None:
        """Where in the hand's source an edge enters."""
        last = edge.step == len(self.program.steps)
        made = self.program.producer(self.slot(edge)) if last else self.program.steps[edge.step]
        return made.place if made is not None else None

    @property
    def factors(self) -> list[Edge]:
        """Where values enter a product, by themselves, that are no numbers of the source."""
        steps = self.program.steps
        muls = (e for e in self.edges if e.step < len(steps) and steps[e.step].name == "mul")
        return [edge for edge in muls if not self.fixed(edge)]

    @property
    def told(self) -> Told:
        return Told(self.evidence, self.program)

    def text(self, edge: Edge) -> str:
        """What enters by an edge, in the words of the source."""
        return self.named(self.slot(edge))

    def named(self, slot: int) -> str:
        """A value in the words of the source."""
        return value_text(self.told, slot)

    def fixed(self, edge: Edge) -> bool:
        """Whether a number of the source enters, or an array of one."""
        return bare(self.program, self.slot(edge)) in self.program.fixed

    def literal(self, edge: Edge) -> float | None:
        """The number of the source that enters, by itself or all over an array."""
        slot = bare(self.program, self.slot(edge))
        known = self.program.fixed.get(slot)
        return float(known) if known is not None and not self.program.shapes[slot] else None


def draft(evidence: Evidence, rounds: int = 0) -> Draft | None:
    """`None` where the hand cannot be taken apart, or is too large for it. Loops of so many
    ``rounds`` are written out.
    """
    asked, group = evidence.question, evidence.group
    if not all(isinstance(leaf, np.ndarray) for leaf in group.leaves):
        return None
    written = getattr(asked.claim.hand, "written", None)
    program = None
    if written:
        program = _traced(evidence, lambda args, extra: written(*args, extra), rounds)
    program = program or _traced(evidence, asked.hand, rounds)
    if program is None:
        return None
    edges = list(_edges(program))
    indices = list(_indices(program))
    compared = [e for e in edges if _name(program, e) in COMPARED]
    every = (*edges, *indices, *compared)
    sizes = [int(np.prod(_entering(program, e))) for e in every]
    if not sizes or sum(sizes) > MOST:
        return None
    ends = np.cumsum([0, *sizes])
    slices = [slice(int(a), int(b)) for a, b in pairwise(ends)]
    changed = len(every) - len(compared)
    cuts = dict(zip(every[:changed], slices, strict=False))
    fine = dict(zip(compared, slices[changed:], strict=True))
    asker = Asker(_changing(program, cuts, fine), group, 64, in_flight(program), traced=True)
    parts = (tuple(edges), tuple(indices), cuts, fine)
    return Draft(evidence, program, *parts, sum(sizes), asker)


def _traced(evidence: Evidence, voice: Callable[[Any, Any], Any], rounds: int) -> Program | None:
    """The program of the hand's answer, `None` where it cannot be traced."""
    group, shapes = evidence.group, evidence.form.shapes

    def hand(*leaves: Any) -> list[Any]:
        said = jax.tree.leaves(voice(*split(evidence.question, group.rebuild(leaves))))
        return [jnp.broadcast_to(jnp.asarray(x), s) for x, s in zip(said, shapes, strict=True)]

    try:
        with precision(64):
            kinds = [jax.ShapeDtypeStruct(np.shape(x)[1:], x.dtype) for x in group.leaves]
            return trace(hand, kinds, range(len(kinds)), rounds)
    except Exception:
        return None


def _replayed(step: Step, value: np.ndarray) -> np.ndarray:
    """A step that turns or spreads an array, at all points."""
    params, count = step.equation.params, len(value)
    if step.name == "broadcast_in_dim":
        shape, kept = params["shape"], params["broadcast_dimensions"]
        axes = iter(value.shape[1:])
        thin = [next(axes) if k in kept else 1 for k in range(len(shape))]
        return np.broadcast_to(value.reshape(count, *thin), (count, *shape))
    if step.name == "transpose":
        return value.transpose(0, *(k + 1 for k in params["permutation"]))
    if step.name in ("reshape", "squeeze"):
        return value.reshape(count, *step.equation.outvars[0].aval.shape)
    return value


def bare(program: Program, slot: int) -> int:
    """A value before it was reshaped, spread or converted."""
    made = program.producer(slot)
    while made is not None and made.name in TRIVIAL:
        slot = made.inputs[0]
        made = program.producer(slot)
    return slot


def _slot(program: Program, edge: Edge) -> int:
    last = edge.step == len(program.steps)
    return program.outputs[edge.operand] if last else program.operand(edge)


def _entering(program: Program, edge: Edge) -> tuple[int, ...]:
    shape = program.shapes[_slot(program, edge)]
    if edge.step == len(program.steps) or program.steps[edge.step].name not in ENTRYWISE:
        return shape
    out = program.shapes[program.steps[edge.step].outputs[0]]
    across = len(shape) == len(out) and 1 in shape and max(shape) > 1
    for_weights = len(out) == 1 and shape == () and _is_one(program, _slot(program, edge))
    return out if (across or for_weights) and int(np.prod(out)) <= WIDE else shape


def _is_one(program: Program, slot: int) -> bool:
    known = program.fixed.get(slot)
    return known is not None and bool(np.all(np.abs(known) == 1))


def _edges(program: Program) -> Iterator[Edge]:
    matters = _that_matter(program)
    for k, step in enumerate(program.steps):
        if matters & set(step.outputs) and step.name not in TRIVIAL:
            yield from (
                Edge(k, o)
                for o, v in enumerate(step.inputs)
                if program.floating[v] and not _inside(program, step, v)
            )
    yield from (Edge(len(program.steps), o) for o in range(len(program.outputs)))


def _indices(program: Program) -> Iterator[Edge]:
    matters = _that_matter(program)
    for k, step in enumerate(program.steps):
        if matters & set(step.outputs) and step.name not in TRIVIAL:
            for o, slot in enumerate(step.inputs):
                kind = np.dtype(step.equation.invars[o].aval.dtype).kind if _plain(step, o) else ""
                known = bare(program, slot) in program.fixed
                if kind in "iu" and kind and not known and not _inside(program, step, slot):
                    yield Edge(k, o)


def _plain(step: Step, o: int) -> bool:
    """Whether an array of numbers enters, and no key."""
    return isinstance(getattr(step.equation.invars[o].aval, "dtype", None), np.dtype)


def _that_matter(program: Program) -> set[int]:
    matters = set(program.outputs)
    for step in reversed(program.steps):
        if matters & set(step.outputs):
            matters |= set(step.inputs)
    return matters


def _inside(program: Program, step: Step, slot: int) -> bool:
    """Whether a value is made and used within one expression, as the sum of a softmax is: nobody
    wrote it, so that nobody wrote it wrongly.
    """
    made = program.producer(slot)
    while made is not None and made.name in TRIVIAL and made.place == step.place:
        made = program.producer(made.inputs[0])
    return made is not None and made.place is not None and made.place == step.place


def _name(program: Program, edge: Edge) -> str:
    return program.steps[edge.step].name if edge.step < len(program.steps) else ""


def _changing(
    program: Program, cuts: dict[Edge, slice], fine: dict[Edge, slice]
) -> Callable[..., Any]:
    def answer(*given: Any) -> Any:
        *leaves, changes = given
        seen: dict[Edge, Any] = {}

        def nudge(edge: Edge, value: Any) -> Any:
            if edge not in cuts:
                return value
            value = jnp.broadcast_to(value, _entering(program, edge))
            parts = [by[edge] for by in (cuts, fine) if edge in by]
            for one in parts:
                added = changes[one].reshape(value.shape)
                whole = jnp.issubdtype(value.dtype, jnp.integer)
                value = value + (jnp.round(added) if whole else added).astype(value.dtype)
            seen[edge] = value
            return value

        ran = program.run(leaves, nudge)
        last = len(program.steps)
        out = [nudge(Edge(last, o), ran[slot]) for o, slot in enumerate(program.outputs)]
        return out, jnp.concatenate([jnp.ravel(seen[edge]).astype(changes.dtype) for edge in cuts])

    return answer
