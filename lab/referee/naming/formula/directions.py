"""Running sums and loops of the hand's formula that run forwards where they should run back."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lab.referee.naming.formula.repairs import FEWEST, alike
from lab.referee.naming.stage.draft import Draft
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.naming.stage.words import plain
from lab.referee.programs.traced import Step
from lab.referee.verdict import Mistake

MOST = 6  # loops
REVERSIBLE = ("cumsum", "cumprod", "cumlogsumexp", "cummax", "cummin", "scan")


def directions(scene: Scene) -> Iterator[Mistake]:
    """One of them, turned round, makes the formula right."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    found = [k for k, step in enumerate(main.program.steps) if step.name in REVERSIBLE]
    for k in found[:MOST]:
        if all(_mended(scene, g, main, k) for g in (scene.main, *range(len(scene.evidences)))):
            step = main.program.steps[k]
            ways = ("forwards", "backwards")
            one, other = reversed(ways) if step.equation.params["reverse"] else ways
            shown = step.place.quoted if step.place is not None else f"a {plain(step.name)}"
            says = f"{shown} of the formula runs {one} where it should run {other}"
            yield Mistake("index", says, where(scene, str(step.place) if step.place else ""))


def _mended(scene: Scene, g: int, main: Draft, k: int) -> bool:
    seen = np.flatnonzero(scene.wrong[g] | scene.right[g])
    there = scene.draft(g)
    if not len(seen):
        return True
    if there is None or not alike(main, there):
        return scene.spared(g, "hand")
    answer = _turned(there, k, seen)
    return answer is not None and scene.true(g, seen, answer)


def _turned(there: Draft, k: int, rows: np.ndarray) -> Sequence[np.ndarray] | None:
    program = there.program
    out = program.steps[k].outputs

    def bind(step: Step, operands: list[Any]) -> Sequence[Any]:
        params = step.equation.params
        if step.outputs == out:
            params = {**params, "reverse": not params["reverse"]}
        return step.bind(operands, params)

    return there.rerun(lambda leaves: program.run(leaves, bind=bind), rows)
