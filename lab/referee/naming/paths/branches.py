"""Mistakes about a choice: a `where`, a maximum, a clipping that counts as if it always fell one
way, or the other way.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lab.referee.naming.paths.fits import borne_out
from lab.referee.naming.stage.choices import choices
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.naming.stage.words import operand_text, plain
from lab.referee.programs.traced import Edge, Program
from lab.referee.verdict import Mistake

MOST = 12


class Choice(NamedTuple):
    """``sides`` are the edges of all that may be chosen and has a slope, ``after`` those by which
    the outcome goes on.
    """

    sides: tuple[Edge, ...]
    after: tuple[Edge, ...]


def wrong_branches(scene: Scene) -> Iterator[Mistake]:
    whole = scene.flow(scene.main)
    if whole is None:
        return
    found = _choices(whole.program)
    if not found or len(found) > MOST:
        return
    wanted = tuple(dict.fromkeys(edge for one in found for edge in (*one.sides, *one.after)))
    flow = scene.flow(scene.main, wanted)
    if flow is None:
        return
    for one in found:
        step = flow.program.steps[one.sides[0].step]
        shown = step.place.quoted if step.place is not None else f"a {plain(step.name)}"
        place = where(scene, str(step.place) if step.place is not None else "")
        for taken in one.sides:
            if _explains(scene, wanted, one, taken):
                text = operand_text(flow.told, taken)
                says = f"the condition of {shown} is left out: the slope of {text} is there always"
                yield Mistake("region", says, place)
        if _explains(scene, wanted, one, None):
            says = f"the two sides of {shown} are exchanged: each counts where the other should"
            yield Mistake("region", says, place)


def _choices(program: Program) -> list[Choice]:
    """The choices that the derivative goes through."""
    found = []
    chosen, leaving = set(choices(program)), program.leaving()
    for k in dict.fromkeys(edge.step for edge in program.edges()):
        step = program.steps[k]
        if k not in chosen or set(step.outputs) & set(program.outputs):
            continue
        shape = program.shapes[step.outputs[0]]
        sides = tuple(
            Edge(k, o)
            for o, slot in enumerate(step.inputs)
            if slot in leaving and program.floating[slot] and program.shapes[slot] == shape
        )
        after = tuple(leaving.get(step.outputs[0], ()))
        if sides and after:
            found.append(Choice(sides, after))
    return found


def _explains(scene: Scene, wanted: tuple[Edge, ...], one: Choice, taken: Edge | None) -> bool:
    """Whether the choice falls so always; or, where none is ``taken``, the other way."""
    sides = one.sides if taken is None else (taken,)

    def added(flow: Flow) -> np.ndarray:
        always = np.asarray(sum(_always(flow, one, side) for side in sides))
        return always - (2 if taken is None else 1) * flow.share(one.sides)

    return borne_out(scene, wanted, wanted, added)


def _always(flow: Flow, one: Choice, side: Edge) -> np.ndarray:
    """The share of a side if it were always chosen."""
    outcome = np.asarray(sum(flow.cotangents[edge] for edge in one.after))
    return flow.contracted(outcome, flow.tangents[flow.program.operand(side)])
