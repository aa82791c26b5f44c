"""The places of a hand's formula at which a change is tried."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program

PAIRED = 6  # numbers of the source that are changed by twos


def spots(one: Draft) -> list[Spot]:
    """All places for a change: terms of a sum first, where signs are lost; then single edges, last
    to first; equal numbers of the source together; values wherever they enter.
    """
    program = one.program
    by_slot: dict[int, list[Edge]] = {}
    numbers: dict[float, list[Edge]] = {}
    for edge in one.edges:
        slot, number = one.slot(edge), one.literal(edge)
        if number is not None and np.isfinite(number):
            numbers.setdefault(abs(number), []).append(edge)
        elif slot not in program.fixed:
            by_slot.setdefault(slot, []).append(edge)
    single = [edge for edge in one.edges if one.literal(edge) is None]
    last = lambda edge: (not _adds(program, edge), -edge.step)
    found: list[Spot] = [(edge,) for edge in sorted(single, key=last)]
    found += [tuple(edges) for edges in numbers.values()]
    odd = [edges for value, edges in numbers.items() if value != round(value)]
    if len(odd) <= PAIRED:  # a constant may be there once more as a multiple of it
        found += [(*one, *other) for one, other in combinations(odd, 2)]
    found += [tuple(edges) for edges in by_slot.values() if len(edges) > 1]
    found += repeated(program, single)
    texts: dict[str, list[Edge]] = {}
    for slot, edges in by_slot.items():
        texts.setdefault(one.named(slot), []).extend(edges)
    found += [tuple(edges) for edges in texts.values() if _apart(one, edges)]
    sums: dict[int, list[Edge]] = {}
    for edge in single:
        count = _summed(program, one.slot(edge))
        if count > 1:
            sums.setdefault(count, []).append(edge)
    found += [tuple(edges) for edges in sums.values() if len(edges) > 1]
    for edges in numbers.values():
        found += [some for some in repeated(program, edges) if len(some) < len(edges)]
    found += [(edge,) for edges in numbers.values() if len(edges) > 1 for edge in edges]
    return found


def repeated(program: Program, edges: Sequence[Edge]) -> list[Spot]:
    """Where values enter an expression that is carried out several times, in a loop or a call."""
    sites: dict[tuple[Place | None, str, int], list[Edge]] = {}
    for edge in edges:
        step = program.steps[edge.step] if edge.step < len(program.steps) else None
        if step is not None and step.place is not None:
            sites.setdefault((step.place, step.name, edge.operand), []).append(edge)
    return [tuple(some) for some in sites.values() if len(some) > 1]


def _apart(one: Draft, edges: Sequence[Edge]) -> bool:
    """Whether what is written alike is computed more than once, of one shape."""
    shapes = {one.shape(edge) for edge in edges}
    return len({one.slot(edge) for edge in edges}) > 1 == len(shapes)


def _summed(program: Program, slot: int) -> int:
    """How many numbers a value is the sum of; 1 where it is none."""
    made = program.producer(bare(program, slot))
    if made is None or made.name != "reduce_sum":
        return 1
    many, few = (int(np.prod(program.shapes[v])) for v in (made.inputs[0], made.outputs[0]))
    return many // max(few, 1)


def _adds(program: Program, edge: Edge) -> bool:
    return edge.step < len(program.steps) and program.steps[edge.step].name in (
        "add", "sub", "add_any",
    )  # fmt: skip
