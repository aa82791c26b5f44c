"""What is known at the points of a bench, in words: arguments, what the function computes on its
way, the formula's own values and their sums."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from lab.referee.naming.formula.repairs import Bench
from lab.referee.naming.stage.draft import bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.wording import filled
from lab.referee.naming.stage.words import Told, value_text
from lab.referee.programs.traced import Edge

Origin = Literal["argument", "function", "formula"]


class Value(NamedTuple):
    """Something known at the points of a bench, in words. ``enters`` are the steps of the function
    that it goes into; ``term`` says whether it stands there in a sum, ``of`` where it is from,
    ``name`` what the mistake is if something else stands in its place.
    """

    text: str
    at: Callable[[Bench], np.ndarray | None]
    of: Origin = "formula"
    enters: frozenset[str] = frozenset()
    term: bool = False
    name: str = ""


def values_at(scene: Scene, here: Bench) -> Iterator[Value]:
    """Arguments, what the function computes on its way, and the formula's own values; a value that
    is there already is not told twice.
    """
    seen: set[bytes] = set()
    for value in (*of_function(scene, here), *_of_formula(here), *_sums(here)):
        known = value.at(here)
        if known is None or not np.all(np.isfinite(known)) or np.ptp(known) == 0:
            continue
        key = np.round(known, 9).tobytes()
        if key not in seen:
            seen.add(key)
            yield value


def of_function(scene: Scene, here: Bench) -> Iterator[Value]:
    passed = scene.passed(here.g)
    if passed is None:
        return
    program, values = passed
    told = Told(scene.evidences[here.g], program)
    for slot, known in values.items():
        text, at = value_text(told, slot), partial(_told, scene, slot)
        of: Literal["argument", "function"] = (
            "argument" if slot in program.arguments else "function"
        )
        into = [s for s in program.steps if slot in (bare(program, v) for v in s.inputs)]
        enters = frozenset(step.name for step in into)
        term = any(step.name in ("add", "sub") and step.place and step.place.sums for step in into)
        # the value itself is taken off where what it weighs adds up to one, as in p (u - p . u)
        term = term or (slot in program.outputs and not program.shapes[slot])
        yield Value(text, at, of, enters, term)
        if known.ndim != 3 or known.shape[1] != known.shape[2]:
            continue
        yield Value(filled("inv({})", text), partial(_after, at, _inverse), of)
        if slot in program.arguments:
            yield Value(filled("det({})", text), partial(_after, at, np.linalg.det), of)


def _inverse(known: np.ndarray) -> np.ndarray:
    identity = np.eye(known.shape[1])
    finite = np.isfinite(known).all(axis=(1, 2), keepdims=True)
    known = np.where(finite, known, identity)  # LAPACK complains aloud of what is no number
    fine = np.linalg.cond(known)[:, None, None] < 1e8
    return np.linalg.inv(np.where(fine, known, identity))


def _after(
    at: Callable[[Bench], np.ndarray | None], of: Callable[[np.ndarray], np.ndarray], here: Bench
) -> np.ndarray | None:
    known = at(here)
    return None if known is None else np.asarray(of(known))


def _told(scene: Scene, slot: int, here: Bench) -> np.ndarray | None:
    passed = scene.passed(here.g)
    known = None if passed is None else passed[1].get(slot)
    return None if known is None else known[here.rows]


def _sums(here: Bench) -> Iterator[Value]:
    """Of arguments: what weights add up to."""
    program = here.draft.program
    for slot in program.arguments:
        rank = len(program.shapes[slot])
        if program.floating[slot] and rank:
            text = here.draft.named(slot)
            yield Value(filled("sum({})", text), partial(_sum, slot, tuple(range(1, rank + 1))))
            if rank == 2:
                yield Value(filled("sum({}, axis=1)", text), partial(_sum, slot, (2,)))


def _sum(slot: int, axes: tuple[int, ...], here: Bench) -> np.ndarray:
    value = here.argument(slot)
    return np.asarray(value.sum(axis=axes, keepdims=len(axes) < value.ndim - 1))


def _of_formula(here: Bench) -> Iterator[Value]:
    known = set()
    for edge in here.draft.edges:
        slot = here.draft.slot(edge)
        if slot not in known and slot not in here.draft.program.fixed:
            known.add(slot)
            yield Value(here.draft.text(edge), partial(_entering, edge))


def _entering(edge: Edge, here: Bench) -> np.ndarray:
    return here.value(edge)
