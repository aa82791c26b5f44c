"""The program whose derivative is on trial, and the derivative on every path through it.

The derivative is a sum over paths from the input to the output. What enters a step by one of its
operands - an *edge* - carries the share

    D_e = c_e . t_e,   t_e = d(operand)/d(input),   c_e = d(output)/d(operand, by this step alone).

A derivation in which this edge counts with the factor 1 + a gives the truth plus a D_e, exactly:
a = -1 if the path was forgotten, -2 if its sign was lost, 1 if it was counted twice."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.question import split
from lab.referee.programs.traced import Program, trace
from lab.referee.witnesses.evidence import Evidence, varied_leaves

BLOCK = 256  # points, or changes, in flight at once
FEW = 32  # and where each of them costs much: blocks are filled up
DEAR = ("conv_general_dilated", "scan", "while", "eigh", "svd")

Whole = Callable[[tuple[Any, ...], Any], Any]  # of the arguments, and a tangent or cotangent


def program(evidence: Evidence, of: Callable[[Evidence], Whole] | None = None) -> Program:
    """Trace the function at the shapes of a group. It maps all leaves of a point to what the claim
    differentiates: the function, its sum (elementwise), its product with the cotangent (`vjp`), or
    its gradient (`hessian`); or ``of`` says what instead.
    """
    group = evidence.group
    whole = (of or subject)(evidence)
    leaves = [jax.ShapeDtypeStruct(np.shape(x)[1:], x.dtype) for x in group.leaves]
    return trace(
        lambda *x: whole(*split(evidence.question, group.rebuild(x))),
        leaves,
        varied_leaves(evidence.question, group),
    )


def value(evidence: Evidence) -> Whole:
    """The function itself."""
    return lambda args, extra: evidence.question.value(args, extra)


def subject(evidence: Evidence) -> Whole:
    """What the claim differentiates, as a function of ``(args, extra)``."""
    asked = evidence.question
    kind = asked.claim.kind

    def answer(args: tuple[Any, ...], extra: Any) -> Any:
        if kind == "hessian":
            return asked.varied(args)(*asked.slots(args))
        out = asked.value(args, extra)
        if kind == "vjp":
            paired = jax.tree.map(lambda y, c: jnp.sum(y * c), out, extra)
            return sum(jax.tree.leaves(paired))
        return jnp.sum(out) if kind == "derivative" else out

    return answer


def in_flight(made: Program) -> int:
    """At how many points at once a program is carried out."""
    return FEW if any(step.name in DEAR for step in made.steps) else BLOCK
