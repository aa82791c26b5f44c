"""Mistakes that are the right derivative with one value of the function taken to be another where
its slopes are taken: left out of them, without its sign, transposed, one argument for another."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.naming.paths.altered import derivative_of
from lab.referee.naming.paths.fits import alike
from lab.referee.naming.stage.choices import branch_of
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.program import in_flight
from lab.referee.naming.stage.scene import Scene, in_part, some_rows, where
from lab.referee.naming.stage.sizes import TRIVIAL
from lab.referee.naming.stage.words import value_text
from lab.referee.programs.comparisons import TIES
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 60  # edges

Edit = Callable[[np.ndarray], np.ndarray]
EDITS: tuple[tuple[str, str, Edit], ...] = (
    ("sign", "enters the slopes with the wrong sign", np.negative),
    ("missing_term", "is left out of the slopes, as if it were zero", np.zeros_like),
    ("missing_chain_factor", "is left out of the slopes, as if it were one", np.ones_like),
    ("sign", "enters the slopes by its absolute value", np.abs),
)

OF_COMPARED: tuple[tuple[str, Edit], ...] = (
    ("one", np.ones_like),
    ("zero", np.zeros_like),
    ("of the other sign", np.negative),
)


class Altered(NamedTuple):
    name: str
    says: str
    edge: Edge
    edit: Edit


def inner_values(scene: Scene) -> Iterator[Mistake]:
    """The derivative as if a value of the function were another one, its own slope kept."""
    flow = scene.flow(scene.main)
    if flow is None or scene.equations < 4:
        return
    edges = _edges(flow)
    if not 0 < len(edges) <= MOST:
        return
    rows = some_rows(scene)
    tried = list(_altered(flow, edges))
    here = _answers(scene, scene.main, flow, edges, tried, rows)
    if here is None:
        return
    for k, one in enumerate(tried):
        if not scene.told(scene.main, rows, [leaf[k] for leaf in here]):
            continue
        if all(_everywhere(scene, g, edges, one) for g in range(len(scene.evidences))):
            place = flow.program.steps[one.edge.step].place
            made = Mistake(one.name, one.says, where(scene, str(place) if place else ""))
            yield in_part(scene, made, branch_of(flow.program, [one.edge]))


def _edges(flow: Flow) -> list[Edge]:
    """All by which a value enters an expression of the source; what happens inside of one, as in
    logaddexp, is nobody's mistake.
    """
    program = flow.program
    made = {slot: step.place for step in program.steps for slot in step.outputs}
    return [
        Edge(k, o)
        for k, step in enumerate(program.steps)
        if step.name not in TRIVIAL
        for o, slot in enumerate(step.inputs)
        if program.floating[slot] and slot not in program.fixed
        if slot in program.arguments or (step.place is not None and made[slot] != step.place)
    ]


def _altered(flow: Flow, edges: list[Edge]) -> Iterator[Altered]:
    for edge in edges:
        slot = flow.program.operand(edge)
        step = flow.program.steps[edge.step]
        text, shape = value_text(flow.told, slot, step.place), flow.program.shapes[slot]
        inside = f" in {step.place.quoted}" if step.place is not None else ""
        if step.name in TIES:
            for value, edit in OF_COMPARED:
                says = f"it decides as if {text}{inside} were {value}"
                yield Altered("region", says, edge, edit)
            continue
        for name, says, edit in EDITS:
            yield Altered(name, f"{text}{inside} {says}", edge, edit)
        if len(shape) == 2 and shape[0] == shape[1]:
            says = f"{text}{inside} is transposed in the slopes"
            turn = partial(np.swapaxes, axis1=-1, axis2=-2)
            yield Altered("transpose", says, edge, turn)
        for axis in range(1, len(shape) + 1):
            if shape[axis - 1] > 1:
                for shift in (1, -1):
                    says = f"{text}{inside} is one place off in the slopes"
                    yield Altered("index", says, edge, partial(np.roll, shift=shift, axis=axis))


def _answers(
    scene: Scene, g: int, flow: Flow, edges: list[Edge], tried: list[Altered], rows: np.ndarray
) -> list[np.ndarray] | None:
    """Leaves ``(altered, rows, *shape)`` of the derivative, one value altered at a time."""
    program, group = flow.program, flow.evidence.group
    sizes = [int(np.prod(program.shapes[program.operand(e)])) for e in edges]
    ends = np.cumsum([0, *sizes])
    cuts = {e: slice(int(a), int(b)) for e, a, b in zip(edges, ends, ends[1:], strict=False)}
    if ends[-1] * len(tried) * len(rows) > 2**22:
        return None

    def values(*leaves: Any) -> Any:
        seen: dict[Edge, Any] = {}
        program.run(leaves, lambda e, v: seen.setdefault(e, v))
        return jnp.concatenate([jnp.ravel(seen[e]) for e in edges])

    def answer(*given: Any) -> Any:
        *leaves, changes = given

        def nudge(edge: Edge, value: Any) -> Any:
            if edge not in cuts:
                return value
            return value + changes[cuts[edge]].reshape(value.shape).astype(value.dtype)

        return derivative_of(flow, lambda full: program.run(full, nudge), leaves)

    at = tuple(leaf[rows] for leaf in group.leaves)
    known = Asker(values, group, 64, len(rows), traced=True)(at)
    if isinstance(known, Raised):
        return None
    changes = np.zeros((len(tried), *known.shape))
    for k, one in enumerate(tried):
        shape = program.shapes[program.operand(one.edge)]
        entering = known[:, cuts[one.edge]].reshape(len(rows), *shape)
        changes[k][:, cuts[one.edge]] = (one.edit(entering) - entering).reshape(len(rows), -1)
    stacked = tuple(np.concatenate([leaf] * len(tried)) for leaf in at)
    many = changes.reshape(len(tried) * len(rows), -1)
    told = Asker(answer, group, 64, in_flight(program), traced=True)((*stacked, many))
    if isinstance(told, Raised):
        return None
    leaves = flow.by_leaf(told)
    return [leaf.reshape(len(tried), len(rows), *leaf.shape[1:]) for leaf in leaves]


def _everywhere(scene: Scene, g: int, edges: list[Edge], one: Altered) -> bool:
    rows = np.flatnonzero(scene.wrong[g] | scene.right[g])
    if not len(rows):
        return True
    main = scene.flow(scene.main)
    assert main is not None
    flow = main if g == scene.main else scene.flow(g, main.first_edges)
    if flow is None or not alike(scene, flow, (one.edge,)) or _edges(flow) != edges:
        return scene.spared(g, "function")
    told = _answers(scene, g, flow, edges, [one], rows)
    return told is not None and scene.told(g, rows, [leaf[0] for leaf in told])
