"""A traced function as a list of elementary steps, one value a number: what can be run again,
nudged, and read.

Calls are written out, so that a step is a primitive of JAX and an *edge*, an operand of a step,
one way by which a value enters another. Loops and conditionals are steps by themselves, unless
short loops are asked to be written out, round by round."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from lab.referee.programs.source import Place, place_of

INLINED = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
}


class Step(NamedTuple):
    """``outputs = primitive(inputs)``: values are numbered in order of appearance."""

    equation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    place: Place | None

    @property
    def name(self) -> str:
        return str(self.equation.primitive.name)

    def bind(self, operands: Sequence[Any], params: dict[str, Any] | None = None) -> Sequence[Any]:
        """The outputs, given what enters, and other ``params`` than the step's own if need be."""
        primitive = self.equation.primitive
        params = self.equation.params if params is None else params
        out = primitive.bind(*operands, **primitive.get_bind_params(params))
        return out if primitive.multiple_results else [out]


class Edge(NamedTuple):
    """Operand number ``operand`` of step number ``step``."""

    step: int
    operand: int


class Program(NamedTuple):
    """``arguments`` are the values that the arguments' leaves have at the start, ``varied`` those
    of them that are differentiated, ``fixed`` the constants. ``shapes`` and ``floating`` are by
    value, ``makers`` the step that each value comes from.
    """

    steps: tuple[Step, ...]
    arguments: tuple[int, ...]
    varied: tuple[int, ...]
    fixed: dict[int, Any]
    outputs: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    floating: tuple[bool, ...]
    literals: tuple[int, ...]
    makers: dict[int, Step]

    def run(
        self,
        leaves: Sequence[Any],
        nudge: Callable[[Edge, Any], Any] = lambda edge, value: value,
        fixed: dict[int, Any] | None = None,
        bind: Callable[[Step, list[Any]], Sequence[Any]] = Step.bind,
    ) -> list[Any]:
        """All values, with ``nudge`` applied to what enters by each edge, ``fixed`` in place of the
        program's constants, and ``bind`` carrying out each step.
        """
        values: list[Any] = [None] * len(self.shapes)
        for slot, leaf in zip(self.arguments, leaves, strict=True):
            values[slot] = leaf
        for slot, constant in {**self.fixed, **(fixed or {})}.items():
            values[slot] = constant
        for k, step in enumerate(self.steps):
            operands = [nudge(Edge(k, o), values[i]) for o, i in enumerate(step.inputs)]
            for slot, value in zip(step.outputs, bind(step, operands), strict=True):
                values[slot] = value
        return values

    def edges(self) -> list[Edge]:
        """The edges by which the output depends on the differentiated arguments."""
        depends, matters = set(self.varied), set(self.outputs)
        for step in self.steps:
            if step.name != "stop_gradient" and depends & set(step.inputs):
                depends |= {slot for slot in step.outputs if self.floating[slot]}
        for step in reversed(self.steps):
            if matters & set(step.outputs):
                matters |= set(step.inputs)
        return [
            Edge(k, o)
            for k, step in enumerate(self.steps)
            if matters & set(step.outputs) & depends
            for o, slot in enumerate(step.inputs)
            if slot in depends
        ]

    def leaving(self) -> dict[int, list[Edge]]:
        """The edges that leave each value."""
        found: dict[int, list[Edge]] = {}
        for edge in self.edges():
            found.setdefault(self.operand(edge), []).append(edge)
        return found

    def chains(self) -> list[tuple[Edge, ...]]:
        """Edges in a row, each with nothing beside it: all of a chain carry the same share."""
        leaving, entering = self.leaving(), Counter(edge.step for edge in self.edges())
        found: dict[Edge, tuple[Edge, ...]] = {}
        for edge in self.edges():
            chain: tuple[Edge, ...] = (edge,)
            while entering[chain[-1].step] == 1:
                made = self.steps[chain[-1].step].outputs
                after = [e for slot in made for e in leaving.get(slot, [])]
                if len(after) != 1 or set(made) & set(self.outputs):
                    break
                chain += tuple(after)
            for later in chain[1:]:
                found.pop(later, None)
            if not any(edge in chain for chain in found.values()):
                found[edge] = chain
        return list(found.values())

    def operand(self, edge: Edge) -> int:
        return self.steps[edge.step].inputs[edge.operand]

    def producer(self, slot: int) -> Step | None:
        return self.makers.get(slot)


def trace(
    function: Callable[..., Any], leaves: Sequence[Any], varied: Sequence[int], rounds: int = 0
) -> Program:
    """The program of a function of array leaves, given as arrays or as their shapes; ``varied``
    says which of them are differentiated, ``rounds`` how long a loop is that is written out. Raises
    what the function raises.
    """
    closed = jax.make_jaxpr(lambda *x: function(*x))(*leaves)  # new to JAX, which remembers
    return program_of(closed, varied, rounds)


def body(step: Step) -> Program | None:
    """What a `scan` does in every round, as a program of its constants, its carry and its slices;
    `None` of other steps.
    """
    if step.name != "scan":
        return None
    closed = step.equation.params["jaxpr"]
    floats = [jnp.issubdtype(v.aval.dtype, jnp.floating) for v in closed.jaxpr.invars]
    return program_of(closed, [i for i, one in enumerate(floats) if one])


def scan_counts(scan: Step) -> tuple[int, int]:
    """How many constants, and how many values that are carried on, enter a `scan`; its slices are
    the rest.
    """
    return scan_counts_of(scan.equation.params)


def scan_counts_of(params: dict[str, Any]) -> tuple[int, int]:
    """`scan_counts`, told by the parameters of the step."""
    if "num_carry" in params:
        return params["num_consts"], params["num_carry"]
    constants, carried, _ = params["ft_in"].unpack()  # from jax 0.11 on
    return len(constants), len(carried)


def program_of(closed: Any, varied: Sequence[Any], rounds: int = 0) -> Program:
    """The steps of what JAX has traced; ``varied`` and ``rounds`` as in `trace`."""
    build = _Builder(rounds)
    arguments = build.variables(closed.jaxpr.invars)
    outputs = build.inline(closed, arguments, None)
    return Program(
        tuple(build.steps),
        tuple(arguments),
        tuple(arguments[i] for i in varied),
        build.fixed,
        tuple(outputs),
        tuple(build.shapes),
        tuple(build.floating),
        tuple(build.literals),
        {slot: step for step in build.steps for slot in step.outputs},
    )


class _Builder:
    """Numbers the values of a jaxpr and of those it calls; scans of up to ``rounds`` rounds are
    written out.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.steps: list[Step] = []
        self.shapes: list[tuple[int, ...]] = []
        self.floating: list[bool] = []
        self.dtypes: list[Any] = []
        self.fixed: dict[int, Any] = {}
        self.literals: list[int] = []

    def value(self, aval: Any) -> int:
        self.shapes.append(tuple(getattr(aval, "shape", ())))
        kind = getattr(aval, "dtype", None)
        self.dtypes.append(kind)
        self.floating.append(kind is not None and bool(jnp.issubdtype(kind, jnp.floating)))
        return len(self.shapes) - 1

    def variables(self, variables: Sequence[Any]) -> list[int]:
        return [self.value(v.aval) for v in variables]

    def constant(self, aval: Any, value: Any) -> int:
        slot = self.value(aval)
        self.fixed[slot] = value
        if self.floating[slot] and self.shapes[slot] == ():
            self.literals.append(slot)
        return slot

    def inline(self, closed: Any, arguments: Sequence[int], place: Place | None) -> list[int]:
        """``place``: of the call. What is inside may have been traced for an earlier call."""
        jaxpr = closed.jaxpr
        slots = dict(zip(jaxpr.invars, arguments, strict=True))
        for variable, value in zip(jaxpr.constvars, closed.consts, strict=True):
            slots[variable] = self.constant(variable.aval, value)

        def read(atom: Any) -> int:
            if isinstance(atom, core.Literal):
                return self.constant(atom.aval, typed(atom))
            return slots[atom]

        for equation in jaxpr.eqns:
            inputs = [read(atom) for atom in equation.invars]
            here = place or place_of(equation)
            inner = equation.params.get(INLINED.get(equation.primitive.name, ""))
            if inner is not None:
                if not hasattr(inner, "consts"):
                    inner = core.ClosedJaxpr(inner, ())
                outputs = self.inline(inner, inputs, here)
            elif equation.primitive.name == "scan" and self._short(equation.params):
                outputs = self._written_out(equation.params, inputs, here)
            else:
                outputs = self.variables(equation.outvars)
                self.steps.append(Step(equation, tuple(inputs), tuple(outputs), here))
            slots.update(zip(equation.outvars, outputs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _short(self, params: dict[str, Any]) -> bool:
        return 0 < params["length"] <= self.rounds

    def _written_out(
        self, params: dict[str, Any], inputs: Sequence[int], place: Place | None
    ) -> list[int]:
        """The rounds of a scan, one after another."""
        constants, carried = scan_counts_of(params)
        fixed, carry = inputs[:constants], list(inputs[constants : constants + carried])
        slices, length = inputs[constants + carried :], params["length"]
        aval = lambda slot: jax.ShapeDtypeStruct(self.shapes[slot], self.dtypes[slot])
        told: dict[int, list[int]] = {}
        for t in reversed(range(length)) if params["reverse"] else range(length):
            one = partial(lax.index_in_dim, index=t, keepdims=False)
            at_t = jax.make_jaxpr(lambda *xs, one=one: list(map(one, xs)))(*map(aval, slices))
            given = [*fixed, *carry, *self.inline(at_t, slices, place)]
            made = self.inline(params["jaxpr"], given, None)
            carry, told[t] = made[:carried], made[carried:]
        stacks = []
        for each in zip(*(told[t] for t in range(length)), strict=True):
            joined = jax.make_jaxpr(lambda *ys: [jnp.stack(ys)])(*map(aval, each))
            stacks += self.inline(joined, each, place)
        return [*carry, *stacks]


def typed(literal: Any) -> Any:
    return np.asarray(literal.val, dtype=literal.aval.dtype)
