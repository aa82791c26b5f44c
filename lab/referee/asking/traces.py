"""The voices of a question as programs: each is traced once for points of one shape."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from lab.referee.asking.evaluate import precision
from lab.referee.asking.question import Answer, Question, split
from lab.referee.points.group import Group, at_one
from lab.referee.programs.fingerprint import fingerprint


@dataclass(frozen=True)
class Traced:
    """A program in one precision, and the pytree of shapes of what it returns."""

    closed: Any
    shape: Any

    @cached_property
    def fingerprint(self) -> str | None:
        return fingerprint(self.closed)

    def __call__(self, *leaves: Any) -> Any:
        answer = core.jaxpr_as_fun(self.closed)(*leaves)
        return jax.tree.unflatten(jax.tree.structure(self.shape), answer)


def traced(asked: Question, voice: Answer, group: Group, bits: int = 64) -> Traced:
    """What JAX traces of a voice at points of this shape, which it does once. Raises what the voice
    raises.
    """
    kinds = tuple((np.shape(leaf)[1:], leaf.dtype) for leaf in group.leaves)
    key = (voice, bits, group.treedef, id(group.static), kinds)
    if key not in asked.known:
        ask = lambda *leaves: voice(*split(asked, group.rebuild(leaves)))
        with precision(bits):
            found = jax.make_jaxpr(ask, return_shape=True)(*at_one(group.leaves, bits))
        asked.known[key] = Traced(*found), group.static  # kept, so that no other has its id
    made: Traced = asked.known[key][0]
    return made


def as_traced(asked: Question, voice: Answer, group: Group) -> Callable[..., Any]:
    """The voice as a function of a point's leaves, which is not traced again where they are those
    of a trace in double precision themselves.
    """
    plain = lambda *leaves: voice(*split(asked, group.rebuild(leaves)))
    try:
        program = traced(asked, voice, group)
    except Exception:
        return plain
    kinds = [(aval.shape, aval.dtype) for aval in program.closed.in_avals]

    def answer(*leaves: Any) -> Any:
        inside = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        alike = [(np.shape(leaf), leaf.dtype) for leaf in leaves] == kinds
        in_double = jnp.result_type(float) == np.float64
        return (program if inside and alike and in_double else plain)(*leaves)

    return answer


def shape_of(asked: Question, voice: Answer, group: Group) -> Any:
    """The pytree of shapes that a voice answers with. Raises what it raises."""
    try:
        return traced(asked, voice, group).shape
    except Exception:  # it may be one for which the arguments have to be numbers
        args, extra = split(asked, group.point(0))
        with precision(64):
            return jax.eval_shape(lambda: voice(args, extra))
