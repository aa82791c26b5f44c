"""A rule of differentiation that there is not: the product of the derivatives for the derivative of
a product, their quotient for that of a quotient, a slope at the derivative of what enters."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from lab.referee.naming.paths.fits import borne_out
from lab.referee.naming.paths.slopes import SLOPES
from lab.referee.naming.stage.choices import branch_of
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, in_part, where
from lab.referee.naming.stage.words import value_text
from lab.referee.programs.traced import Edge, Program
from lab.referee.verdict import Mistake

MOST = 12  # steps
LONGEST = 200  # steps of a program in which is looked for what a value is made of

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of the tangents of what enters


class FalseRule(NamedTuple):
    """``tangent(u', v')`` is what the rule makes of the tangents of a step's operands."""

    name: str
    says: str
    edges: tuple[Edge, ...]
    tangent: Rule


def false_rules(scene: Scene) -> Iterator[Mistake]:
    whole = scene.flow(scene.main)
    if whole is None:
        return
    found = list(_rules(whole.program))
    if not 0 < len(found) <= 2 * MOST:
        return
    wanted = tuple(dict.fromkeys(edge for one in found for edge in one.edges))
    for one in found:
        if borne_out(scene, wanted, one.edges, partial(_ruled, one=one)):
            place = whole.program.steps[one.edges[0].step].place
            made = Mistake(one.name, one.says, where(scene, str(place) if place else ""))
            yield in_part(scene, made, branch_of(whole.program, one.edges))


def _rules(program: Program) -> Iterator[FalseRule]:
    leaving = set(program.leaving())
    for k, step in enumerate(program.steps):
        shape = program.shapes[step.outputs[0]]
        moving = [s for s in step.inputs if s in leaving and program.shapes[s] == shape]
        shown = step.place.quoted if step.place is not None else f"a {step.name}"
        edges = tuple(Edge(k, o) for o in range(len(step.inputs)))
        if step.name in ("mul", "div") and len(moving) == 2:
            kind, rule = {
                "mul": ("product", lambda u, v: u * v),
                "div": ("quotient", lambda u, v: np.where(v != 0, u / np.where(v != 0, v, 1), 0)),
            }[step.name]
            says = f"the derivative of {shown} is taken to be the {kind} of the derivatives"
            yield FalseRule("missing_term", says, edges, rule)
        elif step.name in SLOPES and len(moving) == 1:
            slope = SLOPES[step.name][1]
            says = f"the slope of {shown} is taken at the derivative of what enters it"
            yield FalseRule("wrong_variable", says, edges, _at_derivative(slope))


def _at_derivative(slope: Callable[[np.ndarray], np.ndarray]) -> Rule:
    return lambda u, _: np.where(u != 0, slope(np.where(u != 0, u, 1.0)), 0.0)


def _ruled(flow: Flow, one: FalseRule) -> np.ndarray:
    """The derivative through the step by that rule, less the right one; the cotangent of what
    leaves it is told by that of what enters.
    """
    first = one.edges[0]
    step = flow.program.steps[first.step]
    values = [flow.values[slot] for slot in step.inputs]
    slope = {
        "mul": lambda u, v: v,
        "div": lambda u, v: 1 / v,
    }.get(step.name, lambda u, v: SLOPES[step.name][1](u))(values[0], values[-1])
    tangents = [flow.tangents[slot] for slot in step.inputs]
    leaving = flow.cotangents[first] / slope[:, None]
    by_rule = flow.contracted(leaving, np.asarray(one.tangent(tangents[0], tangents[-1])))
    return by_rule - flow.share(one.edges)


def inner_derivatives(scene: Scene) -> Iterator[Mistake]:
    """The derivative of what enters a function left out altogether, as if it were what moves."""
    whole = scene.flow(scene.main)
    if whole is None:
        return
    program, leaves = whole.program, whole.program.leaving()
    found: list[tuple[int, tuple[Edge, ...], int]] = []
    for slot, edges in leaves.items():
        made = program.producer(slot)
        if made is not None and made.place is not None:
            alike = [v for v in program.varied if program.shapes[v] == program.shapes[slot]]
            moving = alike if len(alike) == 1 else _made_of(program, slot)
            found += [(slot, tuple(edges), x) for x in moving if x in leaves]
    wanted = {edge for _, edges, x in found for edge in (*edges, leaves[x][0])}
    if not 0 < len(found) <= 2 * MOST:
        return
    for slot, leaving, x in found:
        if borne_out(scene, sorted(wanted), leaving, partial(_bared, edges=leaving, moving=x)):
            of, moves = value_text(whole.told, slot), value_text(whole.told, x)
            says = f"the inner derivative is left out: {of} counts as if it were {moves}"
            made = program.producer(slot)
            place = str(made.place) if made is not None else ""
            one = Mistake("missing_chain_factor", says, where(scene, place))
            yield in_part(scene, one, branch_of(program, leaving))


def _made_of(program: Program, slot: int) -> list[int]:
    """The value of its shape that a value is made of alone, as `a` in ``c * (a + a**3)``."""
    made = program.producer(slot)
    if made is None or len(program.steps) > LONGEST:
        return []
    before, seen = [*made.inputs], set[int]()
    while before:
        value = before.pop()
        step = program.producer(value)
        if value not in seen and step is not None:
            before += step.inputs
        seen.add(value)
    alone = [
        value
        for value in sorted(seen)
        if program.shapes[value] == program.shapes[slot] and not _without(program, slot, value)
    ]
    return [v for v in alone if v not in program.varied][:1]


def _without(program: Program, slot: int, value: int) -> bool:
    """Whether a slot still moves where a value stands still."""
    moves = set(program.varied) - {value}
    for step in program.steps:
        if moves & set(step.inputs):
            moves |= set(step.outputs) - {value}
    return slot in moves


def _bared(flow: Flow, edges: Sequence[Edge], moving: int) -> np.ndarray:
    leaving = np.asarray(sum(flow.cotangents[edge] for edge in edges))
    return flow.contracted(leaving, flow.tangents[moving]) - flow.share(edges)
