"""Mistakes in the loops of a hand's formula, written out round by round: the value of another
round, the last round's where those of all rounds add up."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from lab.referee.naming.formula.repairs import (
    FEWEST,
    Added,
    Bench,
    Change,
    by_edge,
    mended,
    rerun_mends,
)
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import Finder, Scene, where
from lab.referee.naming.stage.spots import repeated
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program, Step
from lab.referee.verdict import Mistake

MOST = 12  # expressions whose last round is tried


def other_rounds(scene: Scene) -> Iterator[Mistake]:
    """The value of the round before, or of the one after, as a state after a step for the one
    before it.
    """
    yield from mended(scene, _changes)


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    made = lambda edge: bare(draft.program, draft.slot(edge))
    for spot in sorted(repeated(draft.program, draft.edges), key=lambda one: min(map(made, one))):
        by_time = sorted(spot, key=made)
        if _adds(draft.program, spot[0]):
            continue  # a term that comes a round later leaves a sum as it is, but for one of them
        if len(set(map(made, spot))) < len(spot) or any(map(draft.fixed, spot)):
            continue
        shown = draft.place(spot[0])
        into = f" in {shown.quoted}" if shown is not None else ""
        for way, word in ((by_time, "later"), (by_time[::-1], "earlier")):
            says = f"{draft.text(spot[0])}{into} is that of one round {word} than it should be"
            yield Change("index", says, tuple(way), partial(_from_the_one_before, tuple(way)))
        says = f"the rounds of {draft.text(spot[0])}{into} are taken in the wrong order"
        yield Change("index", says, tuple(by_time), partial(_backwards, tuple(by_time)))


def _adds(program: Program, edge: Edge) -> bool:
    return edge.step < len(program.steps) and program.steps[edge.step].name in ("add", "sub")


def _from_the_one_before(way: Spot, here: Bench) -> Added:
    """Each value in place of the next one; nothing in place of the first."""
    values = [here.value(edge) for edge in way]
    before = [np.zeros_like(values[0]), *values]
    known = dict(zip(way, before, strict=False))
    return by_edge(way, lambda edge: here.put(known[edge], edge))


def _backwards(way: Spot, here: Bench) -> Added:
    known = dict(zip(way, [here.value(edge) for edge in reversed(way)], strict=True))
    return by_edge(way, lambda edge: here.put(known[edge], edge))


def last_rounds(scene: Scene) -> Iterator[Mistake]:
    """What is made in each round replaces what was there, where it should add to it."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    for site in _only_last(main.program)[:MOST]:
        if scene.late:
            return
        if all(_mended(scene, g, site) for g in range(len(scene.evidences))):
            place = site[0]
            says = f"in each round {place.quoted} replaces what is there, where it should add to it"
            yield Mistake("missing_term", says, where(scene, str(place)))


Site = tuple[Place, str]


def _only_last(program: Program) -> list[Site]:
    """Expressions that are carried out several times, of which the last alone matters."""
    return [site for site, some in _made(program).items() if not _used(program, some[:-1])]


def _made(program: Program) -> dict[Site, list[Step]]:
    """What each expression makes, round by round, where the rounds make something alike."""
    found: dict[Site, list[Step]] = {}
    ends = {step.place: step.name for step in program.steps}
    for step in program.steps:
        floats = len(step.outputs) == 1 and program.floating[step.outputs[0]]
        if step.place is not None and floats and ends[step.place] == step.name:
            found.setdefault((step.place, step.name), []).append(step)
    alike = lambda some: len({program.shapes[step.outputs[0]] for step in some}) == 1
    return {site: some for site, some in found.items() if len(some) > 1 and alike(some)}


def _used(program: Program, some: Sequence[Step]) -> bool:
    matters = set(program.outputs)
    for step in reversed(program.steps):
        if matters & set(step.outputs):
            matters |= set(step.inputs)
    return any(step.outputs[0] in matters for step in some)


def _mended(scene: Scene, g: int, site: Site) -> bool:
    def run(draft: Draft) -> Callable[[Sequence[Any]], Any]:
        program = draft.program
        steps = _made(program).get(site, [])

        def added_up(leaves: Sequence[Any]) -> Any:
            made: list[Any] = []

            def bind(step: Step, operands: list[Any]) -> Sequence[Any]:
                out = Step.bind(step, operands)
                if not any(step.outputs == one.outputs for one in steps):
                    return out
                made.append(out[0])
                return [sum(made[1:], made[0])] if len(made) == len(steps) else out

            return program.run(leaves, bind=bind)

        return added_up

    return bool(rerun_mends(scene, g, run))


def in_loops(finders: Sequence[Finder]) -> Finder:
    """Asks finders once more, with the short loops of the hand's formula written out."""

    def in_loop(scene: Scene) -> Iterator[Mistake]:
        main = scene.draft(scene.main)
        if main is None or not any(step.name == "scan" for step in main.program.steps):
            return
        opened = scene.written_out()
        for find in finders:
            if scene.late:
                return
            yield from find(opened)

    return in_loop
