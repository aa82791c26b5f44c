"""A jvp or vjp through a wrong Jacobian: turned over, or with its diagonal alone."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import split
from lab.referee.naming.paths.fits import borne_out
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program, Step
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence

FEW = 6  # expressions
MOST = 2**12  # entries of the Jacobian at one point

WRONG: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    (
        "missing_term",
        "only the diagonal of the Jacobian is there: each entry as if it depended on its own alone",
        lambda J: J * np.eye(J.shape[-1]),
    ),
    (
        "missing_term",
        "the diagonal of the Jacobian is left out",
        lambda J: J * (1 - np.eye(J.shape[-1])),
    ),
    ("transpose", "the Jacobian is transposed", lambda J: np.swapaxes(J, 1, 2)),
)


def wrong_jacobians(scene: Scene) -> Iterator[Mistake]:
    """Of a function of one array onto one of its size."""
    if scene.kind not in ("jvp", "vjp") or len(scene.names) != 1:
        return
    parts = [_jacobian(evidence) for evidence in scene.evidences]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return
    for name, says, altered in WRONG:
        answers = []
        for evidence, (jacobian, direction) in zip(scene.evidences, known, strict=True):
            made = altered(jacobian)
            made = made if scene.kind == "jvp" else np.swapaxes(made, 1, 2)
            flat = (made @ direction.reshape(len(direction), -1, 1))[..., 0]
            answers.append([flat.reshape(evidence.truth[0].shape)])
        if scene.explains(answers):
            yield Mistake(name, says, scene.where)


def inner_jacobians(scene: Scene) -> Iterator[Mistake]:
    """Of a softmax on the way, or another function of an array onto one of its shape, the diagonal
    of the Jacobian alone.
    """
    whole = scene.flow(scene.main)
    if whole is None:
        return
    found = [one for one in _inner(whole.program) if one is not None]
    wanted = tuple(sorted({edge for one in found for edge in (*one.into, *one.after)}))
    if not 0 < len(found) <= FEW or len(wanted) > 8 * FEW:
        return
    for one in found:
        if borne_out(scene, wanted, (*one.into, *one.after), partial(_diagonal_alone, one=one)):
            says = (
                f"only the diagonal of the Jacobian of {one.place.quoted} is there: each entry as "
                "if it depended on its own alone"
            )
            yield Mistake("missing_term", says, where(scene, str(one.place)))


class Inner(NamedTuple):
    """An expression of one value that moves, ``source``; its steps, how it is entered and left."""

    place: Place
    source: int
    out: int
    steps: tuple[Step, ...]
    into: tuple[Edge, ...]
    after: tuple[Edge, ...]


def _inner(program: Program) -> Iterator[Inner]:
    leaving = program.leaving()
    by_place: dict[Place, list[int]] = {}
    for k, step in enumerate(program.steps):
        if step.place is not None:
            by_place.setdefault(step.place, []).append(k)
    for place, at in by_place.items():
        steps = [program.steps[k] for k in at]
        inside = {slot for step in steps for slot in step.outputs}
        into = [e for e in program.edges() if e.step in at and program.operand(e) not in inside]
        sources = {program.operand(edge) for edge in into}
        after = tuple(e for e in leaving.get(steps[-1].outputs[0], ()) if e.step not in at)
        reduces = any(step.name.startswith("reduce_") for step in steps)
        if len(sources) != 1 or not after or not reduces:
            continue
        source, out = sources.pop(), steps[-1].outputs[0]
        if program.shapes[source] == program.shapes[out] and program.shapes[out]:
            yield Inner(place, source, out, tuple(steps), tuple(into), after)


def _diagonal_alone(flow: Flow, one: Inner) -> np.ndarray | None:
    program = flow.program
    here = next((x for x in _inner(program) if x.place == one.place), None)
    value = flow.values.get(one.source)
    if here is None or value is None:
        return None

    def inner(u: Any) -> Any:
        known = {**program.fixed, one.source: u}
        for step in here.steps:
            if any(slot not in known for slot in step.inputs):
                continue
            known.update(zip(step.outputs, step.bind([known[v] for v in step.inputs]), strict=True))
        return known[here.out]

    def diagonal(u: Any) -> Any:
        flat = jnp.eye(u.size).reshape(u.size, *u.shape)
        rows = jax.vmap(lambda t: jax.jvp(inner, (u,), (t,))[1])(flat)
        return jnp.diagonal(rows.reshape(u.size, u.size)).reshape(u.shape)

    slopes = Asker(diagonal, flow.evidence.group, 64, len(value), traced=True)((value,))
    if isinstance(slopes, Raised):
        return None
    leaving = np.asarray(sum(flow.cotangents[edge] for edge in one.after)) * slopes[:, None]
    return flow.contracted(leaving, flow.tangents[one.source]) - flow.share(one.into)


def _jacobian(evidence: Evidence) -> tuple[np.ndarray, np.ndarray] | None:
    """At every point the Jacobian ``(points, n, n)``, and what it is applied to."""
    asked, group = evidence.question, evidence.group
    if not all(isinstance(leaf, np.ndarray) for leaf in group.leaves):
        return None
    direction = group.leaves[-1]
    entries = int(np.prod(np.shape(direction)[1:]))
    if entries**2 > MOST or evidence.truth[0].size != direction.size:
        return None

    def jacobian(*leaves: Any) -> Any:
        args, _ = split(asked, group.rebuild(leaves))
        slots = asked.slots(args)
        flat = lambda *at: jnp.concatenate(
            [jnp.ravel(y) for y in jax.tree.leaves(asked.varied(args)(*at))]
        )
        pieces = jax.tree.leaves(jax.jacrev(flat, tuple(range(len(slots))))(*slots))
        return jnp.concatenate([piece.reshape(len(piece), -1) for piece in pieces], axis=1)

    told = Asker(jacobian, group, 64, len(direction), traced=True)(group.leaves)
    if isinstance(told, Raised) or told.shape[1:] != (entries, entries):
        return None
    return told, direction
