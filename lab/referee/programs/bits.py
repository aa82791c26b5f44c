"""Numbers taken apart into their bits: what is made of them varies, and JAX has no derivative."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lab.referee.programs.traced import program_of


def through_bits(closed: Any, varied: Sequence[int]) -> str | None:
    """Where a floating number is made of the bits of one that depends on the differentiated
    arguments, as written; `None` if nowhere. What depends on them by comparisons alone does not
    vary.
    """
    program = program_of(closed, varied)
    depends = set(program.varied)
    for step in program.steps:
        if not depends & set(step.inputs):
            continue
        kinds = [variable.aval.dtype for variable in step.equation.outvars]
        if step.name == "bitcast_convert_type" and jnp.issubdtype(kinds[0], jnp.floating):
            return f"{step.place.quoted} ({step.place})" if step.place else step.name
        pairs = zip(step.outputs, kinds, strict=True)
        depends |= {slot for slot, kind in pairs if kind != np.bool_}
    return None
