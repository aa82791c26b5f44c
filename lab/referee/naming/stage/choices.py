"""The choices in a program: a `where`, a maximum, a clipping; and what lies on one branch."""

import re
from collections.abc import Sequence

from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program, Step

CHOICES = ("select_n", "max", "min", "clamp")
ARRANGED = r"(\w+\.)*(diag|diagflat|tril|triu|tri|fill_diagonal|det|inv|solve|cholesky)\("
SMOOTH = ("exp", "log", "log1p", "expm1", "tanh", "logistic", "erf", "sqrt", "pow")


def choices(program: Program) -> list[int]:
    """The steps that choose between values. One inside of a smooth function, as in logaddexp, or of
    a call that arranges entries, as diag, is no choice of a person.
    """
    smooth = {step.place for step in program.steps if step.name in SMOOTH} - {None}
    return [
        k for k, step in enumerate(program.steps)
        if step.name in CHOICES and step.place not in smooth and not _arranges(step)
    ]  # fmt: skip


def _arranges(step: Step) -> bool:
    return step.place is not None and re.match(ARRANGED, step.place.text) is not None


def branch_of(program: Program, edges: Sequence[Edge]) -> Place | None:
    """The choice on one branch of which these edges lie: what enters by them reaches the outcome in
    no other way.
    """
    chosen: Place | None = None
    choosing = set(choices(program))
    reached: set[int] = set()
    entries = {(edge.step, edge.operand) for edge in edges}
    if any(step == len(program.steps) for step, _ in entries):
        return None
    for k, step in enumerate(program.steps):
        by = [o for o, slot in enumerate(step.inputs) if slot in reached or (k, o) in entries]
        if not by:
            continue
        if k in choosing and (step.name != "select_n" or 0 not in by):
            chosen = chosen or step.place
        else:
            reached |= set(step.outputs)
    return None if reached & set(program.outputs) else chosen
