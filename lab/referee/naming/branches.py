"""Mistakes about a choice: a `where`, a maximum, a clipping that counts as if it always fell one
way.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lab.referee.naming.choices import choices
from lab.referee.naming.flow import Flow
from lab.referee.naming.paths import ORDINALS, alike
from lab.referee.naming.scene import Scene, where
from lab.referee.naming.words import plain
from lab.referee.programs.traced import Edge, Program
from lab.referee.verdict import Mistake

MOST = 12


def wrong_branches(scene: Scene) -> Iterator[Mistake]:
    whole = scene.flow(scene.main)
    if whole is None:
        return
    found = _choices(whole.program)
    if not found or len(found) > MOST:
        return
    wanted = tuple(edge for edges in found for edge in edges)
    flow = scene.flow(scene.main, wanted)
    if flow is None:
        return
    for edges in found:
        for taken in range(len(edges)):
            if _explains(scene, wanted, edges, taken):
                step = flow.program.steps[edges[0].step]
                shown = step.place.quoted if step.place is not None else f"a {plain(step.name)}"
                way = ORDINALS[min(taken, len(ORDINALS) - 1)]
                if step.name == "select_n" and len(edges) == 2:  # operands: where false, where true
                    way = ("second", "first")[taken]
                says = (
                    f"right on one branch only: the slope is that of the {way} branch of {shown} "
                    "everywhere"
                )
                place = str(step.place) if step.place is not None else ""
                yield Mistake("region", says, where(scene, place))


def _choices(program: Program) -> list[tuple[Edge, ...]]:
    """For each choice that the derivative goes through, the edges of all that may be chosen."""
    found = []
    chosen = set(choices(program))
    for k in dict.fromkeys(edge.step for edge in program.edges()):
        step = program.steps[k]
        if k in chosen:
            shape = program.shapes[step.outputs[0]]
            edges = tuple(
                Edge(k, o)
                for o, slot in enumerate(step.inputs)
                if program.floating[slot] and program.shapes[slot] == shape
            )
            if len(edges) > 1:
                found.append(edges)
    return found


def _explains(scene: Scene, wanted: tuple[Edge, ...], edges: Sequence[Edge], taken: int) -> bool:
    answers = []
    for g, evidence in enumerate(scene.evidences):
        flow = scene.flow(g, wanted)
        if flow is None or not alike(scene, flow, wanted):
            if not scene.spared(g, "function"):
                return False
            answers.append(list(evidence.hand))
            continue
        added = _always(flow, edges, taken) - flow.share(edges)
        answer = flow.answer(added, list(evidence.truth))
        if not all(scene.fits(g, i, answer[i]) for i in scene.leaves):
            return False
        answers.append(answer)
    return scene.explains(answers)


def _always(flow: Flow, edges: Sequence[Edge], taken: int) -> np.ndarray:
    """The share of a choice that always falls one way: each entry goes down one edge only, so that
    the sum of their cotangents is that of the outcome.
    """
    outcome = np.asarray(sum(flow.cotangents[edge] for edge in edges))
    return flow.contracted(outcome, flow.tangents[flow.program.operand(edges[taken])])
