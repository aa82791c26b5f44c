"""The comparisons a program makes: where it branches, and how far a point is from the other side.

A `where`, a `clip`, a `maximum`, a `relu`, an absolute value or a `cond` comes down to a comparison
of two values; their difference, the *margin*, is positive on one side and negative on the other."""

import ast
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from lab.referee.programs.traced import Program, Step

# What it means that the first operand is larger, and smaller.
ORDERING = {
    "lt": ("is false", "is true"),
    "le": ("is false", "is true"),
    "gt": ("is true", "is false"),
    "ge": ("is true", "is false"),
    "max": ("takes its first value", "takes its second value"),
    "min": ("takes its second value", "takes its first value"),
}
TIES = {"lt": 1, "le": -1, "gt": -1, "ge": 1}  # the side that equality falls on, by its margin
SIGNED = ("abs", "sign")
# What a person calls to compare.
_NAMES = (
    "abs absolute fabs sign max min maximum minimum fmax fmin clip clamp where select greater less "
    "greater_equal less_equal heaviside relu relu6 leaky_relu elu selu celu hard_tanh hard_sigmoid "
    "hard_silu hard_swish"
)
WRITTEN = frozenset(_NAMES.split())
SPREADING = ("broadcast_in_dim", "reshape", "squeeze", "copy")  # other shapes, the same entries
GUARD = 1e-5  # a constant this near to nothing protects an operation; it is no region of its own


class Comparison(NamedTuple):
    """``value(left) - value(right)``, or ``value(left)`` by itself where ``right`` is none.

    ``above`` and ``below`` say, after a quotation of the source, that the margin is positive, or
    negative: "is false", "is above its upper bound".
    """

    step: Step
    left: int
    right: int | None
    above: str
    below: str

    @property
    def operands(self) -> tuple[int, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)

    def margin(self, values: Sequence[Any]) -> Any:
        left = values[self.left]
        return left if self.right is None else left - values[self.right]

    @property
    def tie(self) -> int:
        """The sign of the side on which it is equal; 0 where that is a border of both."""
        return TIES.get(self.step.name, 0)

    @property
    def known(self) -> bool:
        """Whether a person wrote it, and not the library that a person's expression calls."""
        return self.step.place is not None and compares(self.step.place.text)

    def says(self, sign: int) -> str:
        """The side on which the margin has this sign, in words and with its place."""
        place = self.step.place
        side = self.above if sign > 0 else self.below
        return f"{place.quoted} {side} ({place})" if place else f"a {self.step.name} {side}"


def comparisons(program: Program, moving: Sequence[int]) -> list[Comparison]:
    """The comparisons whose margin depends on the arguments ``moving`` (numbers of leaves)."""
    depends = {program.arguments[i] for i in moving}
    constant = _constants(program)
    found = []
    for step in program.steps:
        if depends & set(step.inputs):
            depends |= set(step.outputs)
            found += [
                one
                for one in _of(step)
                if all(program.floating[slot] for slot in one.operands)
                and depends & set(one.operands)
                and not any(_guards(constant(slot)) for slot in set(one.operands) - depends)
            ]
    return found


def margins(program: Program, found: Sequence[Comparison]) -> Callable[..., tuple[Any, ...]]:
    """The margins at a point's leaves, flat arrays, one for each comparison."""

    def at(*leaves: Any) -> tuple[Any, ...]:
        values = program.run(leaves)
        return tuple(jnp.ravel(jnp.asarray(one.margin(values), float)) for one in found)

    return at


def _constants(program: Program) -> Callable[[int], Any]:
    """What gives the entries of a value that depends on no argument, and `None` of others. Each
    step that has to be carried out for it is compiled: those that only spread are passed over.
    """
    known: dict[int, Any] = dict(program.fixed)

    def value(slot: int) -> Any:
        if slot not in known:
            step = program.producer(slot)
            inputs = [value(entering) for entering in step.inputs] if step else []
            known[slot] = None
            if step and inputs and not any(one is None for one in inputs):
                known.update(zip(step.outputs, step.bind(inputs), strict=True))
        return known[slot]

    def entries(slot: int) -> Any:
        step = program.producer(slot)
        while step is not None and step.name in SPREADING:
            slot = step.inputs[0]
            step = program.producer(slot)
        return value(slot)

    return entries


def _of(step: Step) -> list[Comparison]:
    name, inputs = step.name, step.inputs
    if name in ORDERING and inputs[0] != inputs[1]:
        return [Comparison(step, inputs[0], inputs[1], *ORDERING[name])]
    if name in SIGNED:
        sides = ("has a positive argument", "has a negative argument")
        return [Comparison(step, inputs[0], None, *sides)]
    if name == "clamp":
        low, x, high = inputs
        return [
            Comparison(step, x, low, "is above its lower bound", "is below its lower bound"),
            Comparison(step, x, high, "is above its upper bound", "is below its upper bound"),
        ]
    return []


def _guards(constant: Any) -> bool:
    """Whether a constant protects an operation (from 0, 1, overflow) and bounds no region."""
    if constant is None:
        return False
    sizes = np.abs(np.asarray(constant, float))
    off = np.where((sizes == 0) | (sizes == 1), 1.0, np.minimum(sizes, np.abs(sizes - 1)))
    return not bool(np.all((off >= GUARD) & np.isfinite(sizes)))


@lru_cache(4096)
def compares(
    text: str,
    calls: frozenset[str] = WRITTEN,
    operators: tuple[type[ast.cmpop], ...] = (ast.cmpop,),
) -> bool:
    """Whether an expression is a comparison, by one of these operators, or calls one."""
    try:
        expression = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    if isinstance(expression, ast.Call):
        return ast.unparse(expression.func).rpartition(".")[2] in calls
    return isinstance(expression, ast.Compare) and isinstance(expression.ops[0], operators)
