"""A sum and a function in the wrong order: the sum of logarithms for the logarithm of the sum."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from lab.referee.asking.evaluate import precision
from lab.referee.naming.formula.repairs import Added, Bench, Change, by_edge, mended
from lab.referee.naming.stage.draft import Spot, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.words import plain
from lab.referee.programs.traced import Edge, Step
from lab.referee.verdict import Mistake

SUMS: dict[str, Any] = {"reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min}
FUNCTIONS = (
    "exp", "exp2", "expm1", "log", "log1p", "square", "integer_pow", "sqrt", "rsqrt", "abs", "tanh",
    "logistic", "sin", "cos", "digamma", "lgamma", "erf",
)  # fmt: skip


def wrong_order(scene: Scene) -> Iterator[Mistake]:
    yield from mended(scene, _changes)


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    program = draft.program
    numbered = {step.outputs[0]: k for k, step in enumerate(program.steps)}
    for last in program.steps:
        first = program.producer(bare(program, last.inputs[0])) if last.inputs else None
        if first is None or not _commute(first, last):
            continue
        known = Edge(numbered[first.outputs[0]], 0)
        spot = tuple(e for e in draft.edges if bare(program, draft.slot(e)) == last.outputs[0])
        if known in draft.cuts and spot:
            one, other = plain(first.name), plain(last.name)
            shown = last.place.quoted if last.place is not None else "a value"
            says = f"{shown} is the {other} of the {one} where the {one} of the {other} should be"
            turned = partial(_turned, spot, known, first, last)
            yield Change("wrong_variable", says, spot, turned)


def _commute(first: Step, last: Step) -> bool:
    """Whether one is a sum, the other a function of each entry."""
    names = (first.name, last.name)
    return any(a in SUMS and b in FUNCTIONS for a, b in (names, names[::-1]))


def _turned(spot: Spot, known: Edge, first: Step, last: Step, here: Bench) -> Added:
    made = here.value(known)
    for step in (last, first):
        made = _carried_out(step, made)
    return by_edge(spot, lambda edge: here.put(made, edge))


def _carried_out(step: Step, value: np.ndarray) -> np.ndarray:
    if step.name in SUMS:
        axes = tuple(axis + 1 for axis in step.equation.params["axes"])
        return np.asarray(SUMS[step.name](value, axis=axes))
    with precision(64):
        return np.asarray(step.bind([value])[0])
