"""Steps of the hand's formula in whose place a near relative should stand: a running sum or a loop
that runs the other way, `.add` for `.set`, a minimum for a maximum."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import lax

from lab.referee.naming.formula.repairs import FEWEST, rerun_mends
from lab.referee.naming.stage.draft import Draft, bare
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.naming.stage.words import plain
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program, Step
from lab.referee.verdict import Mistake

MOST = 8  # relatives tried
REVERSIBLE = ("cumsum", "cumprod", "cumlogsumexp", "cummax", "cummin", "scan")
OPPOSITE: dict[str, tuple[str, Any]] = {
    "max": ("minimum", lax.min_p),
    "min": ("maximum", lax.max_p),
    "reduce_max": ("minimum", lax.reduce_min_p),
    "reduce_min": ("maximum", lax.reduce_max_p),
    "argmax": ("minimum", lax.argmin_p),
    "argmin": ("maximum", lax.argmax_p),
}


class Relative(NamedTuple):
    """``bind`` carries out the relative in place of a step."""

    name: str
    says: str
    bind: Callable[[Step, Sequence[Any]], Sequence[Any]]


def relatives(scene: Scene) -> Iterator[Mistake]:
    """One of them, in place of a step, makes the formula right; in a loop in place of all."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    written: dict[tuple[str, Place | None], list[int]] = {}
    for k, step in enumerate(main.program.steps):
        written.setdefault((step.name, step.place), []).append(k)
    steps = main.program.steps
    tried = [(ks, r) for ks in written.values() for r in _relatives(main.program, steps[ks[0]])]
    main_first = sorted(range(len(scene.evidences)), key=lambda g: g != scene.main)
    for ks, relative in tried[:MOST]:
        if all(_mended(scene, g, ks, relative) for g in main_first):
            place = steps[ks[0]].place
            yield Mistake(relative.name, relative.says, where(scene, str(place) if place else ""))


def _relatives(program: Program, step: Step) -> Iterator[Relative]:
    shown = step.place.quoted if step.place is not None else f"a {plain(step.name)}"
    if step.name in REVERSIBLE:
        now, then = ("backwards", "forwards")[:: 1 if step.equation.params["reverse"] else -1]
        says = f"{shown} of the formula runs {now} where it should run {then}"
        yield Relative("index", says, _reversed)
    if step.name == "scatter" and not _nothing(program, step.inputs[2]):
        says = f"{shown} replaces what is there, where it should add to it"
        yield Relative("missing_term", says, _added)
    if step.name in OPPOSITE:
        other, primitive = OPPOSITE[step.name]
        says = f"{shown} of the formula should be a {other}"
        bind = lambda step, x: [primitive.bind(*x, **step.equation.params)]
        yield Relative("wrong_variable", says, bind)


def _nothing(program: Program, slot: int) -> bool:
    """Whether it is zero that a value repeats."""
    return not np.any(program.fixed.get(bare(program, slot), 1.0))


def _reversed(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    return step.bind(operands, {**params, "reverse": not params["reverse"]})


def _added(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    kept = ("dimension_numbers", "indices_are_sorted", "mode")
    return [lax.scatter_add(*operands, **{name: params[name] for name in kept})]


def _mended(scene: Scene, g: int, ks: Sequence[int], relative: Relative) -> bool:
    def run(draft: Draft) -> Callable[[Sequence[Any]], Any]:
        replaced = {draft.program.steps[k].outputs for k in ks}

        def bind(step: Step, operands: list[Any]) -> Sequence[Any]:
            return (relative.bind if step.outputs in replaced else Step.bind)(step, operands)

        return lambda leaves: draft.program.run(leaves, bind=bind)

    return bool(rerun_mends(scene, g, run))
