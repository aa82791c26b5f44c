"""Values of a program in the words of its source."""

import ast
from typing import NamedTuple

import numpy as np

from lab.referee.naming.stage.sizes import TRIVIAL, argument_leaves
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program
from lab.referee.witnesses.evidence import Evidence

# JAX's names for steps, as a person would say them
PLAIN = {
    "add": "sum", "add_any": "sum", "reduce_sum": "sum", "sub": "difference", "mul": "product",
    "div": "quotient", "neg": "negative", "dot_general": "matrix product", "exp": "exponential",
    "log": "logarithm", "integer_pow": "power", "pow": "power", "square": "square", "sqrt": "root",
    "rsqrt": "inverse root", "max": "maximum", "reduce_max": "maximum", "min": "minimum",
    "reduce_min": "minimum", "abs": "absolute value", "select_n": "choice", "logistic": "sigmoid",
    "triangular_solve": "triangular solve", "scatter-add": "sum by index",
    "gather": "entries by index", "concatenate": "joining", "cumsum": "running sum",
}  # fmt: skip

# What comes out of a step that has several outcomes
PARTS = {
    "eigh": ("the eigenvectors", "the eigenvalues"),
    "svd": ("the singular values", "the left singular vectors", "the right singular vectors"),
    "qr": ("Q", "R"),
}
ORDINALS = ("first", "second", "third", "fourth")


def plain(step: str) -> str:
    return PLAIN.get(step, step)


class Told(NamedTuple):
    """A program whose values are to be told."""

    evidence: Evidence
    program: Program


def operand_text(one: Told, edge: Edge) -> str:
    """What enters by an edge: an argument by name, else the expression that made it."""
    return value_text(one, one.program.operand(edge), one.program.steps[edge.step].place)


def value_text(one: Told, slot: int, here: Place | None = None) -> str:
    """A value in words, as seen from ``here``, where its own expression says nothing new."""
    program = one.program
    while True:
        if slot in program.arguments:
            return argument_leaves(one.evidence)[program.arguments.index(slot)]
        made = program.producer(slot)
        if made is None:
            value = program.fixed.get(slot)
            return (
                f"{float(value):g}" if value is not None and not np.shape(value) else "a constant"
            )
        if made.name in ("broadcast_in_dim", "convert_element_type"):
            slot = made.inputs[0]
            continue
        if made.place is not None and (here is None or made.place.quoted != here.quoted):
            return made_text(program, slot)
        if slot in program.outputs and here is None:
            return "the function's own value"
        if made.name not in TRIVIAL:
            whole = one.evidence.question.claim.of_name
            nowhere = made.place is None and here is None
            return f"the {plain(made.name)} in `{whole}`" if nowhere else f"its {plain(made.name)}"
        slot = made.inputs[0]


def made_text(program: Program, slot: int) -> str:
    """The expression that made a value; of several that it made, which of them."""
    made = program.makers[slot]
    assert made.place is not None
    while made.name in TRIVIAL and len(made.outputs) == 1:
        before = program.producer(made.inputs[0])
        if before is None or before.place != made.place:
            break
        slot, made = made.inputs[0], before
    assert made.place is not None
    quoted = made.place.quoted
    if len(made.outputs) > 1:
        k = made.outputs.index(slot)
        named = PARTS.get(made.name, [f"the {one} part" for one in ORDINALS])
        return f"{named[k]} of {quoted}" if k < len(named) else quoted
    if made.name == "slice":  # as in `u, v = pair`
        names, first = _names(made.place.text), made.equation.params["start_indices"]
        if names and first and first[0] < len(names):
            return f"`{names[first[0]]}`"
    return quoted


def _names(text: str) -> list[str]:
    """The names that an array is unpacked to."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return []
    return [ast.unparse(one) for one in node.elts] if isinstance(node, ast.Tuple) else []
