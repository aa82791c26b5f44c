"""Tests for equality in a custom rule that are never true: what it does at zero, say, which is what
it was written for, was then not judged. Nor can it be where there is no derivative; but whatever is
chosen there has to be linear in the tangent, or the cotangent."""

import ast
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import split
from lab.referee.asking.traces import traced
from lab.referee.naming.stage.sizes import argument_leaves, carried_from
from lab.referee.points.stacks import over
from lab.referee.programs.comparisons import compares
from lab.referee.programs.traced import Program, Step, program_of
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import BLOCK, Evidence, varied_leaves

LINEAR = 1e-9
EQUALITY = (frozenset(("equal", "not_equal", "logical_not")), (ast.Eq, ast.NotEq))


def untaken(evidences: Sequence[Evidence]) -> tuple[str, ...]:
    """In words, with their place, the tests for equality that a rule makes of its arguments and
    that are true at no point.
    """
    if not evidences[0].question.claim.rule:
        return ()
    found: dict[str, bool] = {}
    for one in evidences:
        for words, taken in _tests(one).items():
            found[words] = found.get(words, False) or taken
    return tuple(words for words, taken in found.items() if not taken)


@np.errstate(all="ignore")
def not_linear(evidence: Evidence) -> Mistake | None:
    """Whether, with one differentiated argument at zero, twice the tangent does not give twice the
    answer.
    """
    asked, group = evidence.question, evidence.group
    names, varied = argument_leaves(evidence), varied_leaves(asked, group)
    carried = range(carried_from(names), len(names))
    if not varied or not carried:
        return None
    word = "the tangent" if asked.claim.kind == "jvp" else "the cotangent"
    rows = [leaf[np.zeros(2 * len(varied), int)] for leaf in group.leaves]
    for k, i in enumerate(varied):
        rows[i] = np.where(over(np.arange(2 * len(varied)) // 2 == k, rows[i]), 0, rows[i])
    for i in carried:
        rows[i] = rows[i] * over(1.0 + np.arange(2 * len(varied)) % 2, rows[i])
    ask = lambda *leaves: jax.tree.leaves(asked.hand(*split(asked, group.rebuild(leaves))))
    told = Asker(ask, group, 64, BLOCK, traced=True)(tuple(rows))
    if isinstance(told, Raised):
        return None
    for leaf, label in zip(told, evidence.form.names, strict=True):
        once, twice = leaf[::2], leaf[1::2]
        off = np.abs(twice - 2 * once) > LINEAR * (np.abs(twice) + np.abs(once))
        if off.any():
            k, *entry = np.argwhere(off)[0]
            pair = (once[(k, *entry)], twice[(k, *entry)])
            says = (
                f"at {names[varied[k]]} = 0 it is not linear in {word}: it gives {pair[0]:.6g}, "
                f"and {pair[1]:.6g} for twice {word}"
            )
            return Mistake("region", says, f"{label}, {names[varied[k]]} is 0")
    return None


def _tests(evidence: Evidence) -> dict[str, bool]:
    """The tests of the rule in words, as a person wrote them and not the library that an expression
    calls, and whether each is true at any of these points.
    """
    asked, group = evidence.question, evidence.group
    hand = getattr(asked.claim.hand, "written", None)
    voice: Any = asked.hand if hand is None else lambda args, extra: hand(*args, extra)
    try:
        program = program_of(traced(asked, voice, group).closed, ())
    except Exception:
        return {}
    steps = [
        step
        for step in _of_arguments(program)
        if step.place and compares(step.place.text, *EQUALITY)
    ]
    if not steps:
        return {}

    def equal(*leaves: Any) -> list[Any]:
        values = program.run(leaves)
        pairs = [[values[slot] for slot in step.inputs] for step in steps]
        return [jnp.any(left == right) for left, right in pairs]

    told = Asker(equal, group, 64, BLOCK, traced=True)(group.leaves)
    if isinstance(told, Raised):
        return {}
    pairs = zip(steps, told, strict=True)
    return {f"{step.place.quoted} ({step.place})": bool(np.any(at)) for step, at in pairs}  # type: ignore[union-attr]


def _of_arguments(program: Program) -> list[Step]:
    """The steps that compare floating numbers made of the arguments for equality."""
    depends = set(program.arguments)
    found = []
    for step in program.steps:
        if depends & set(step.inputs):
            depends |= set(step.outputs)
            if step.name in ("eq", "ne") and all(program.floating[slot] for slot in step.inputs):
                found.append(step)
    return found
