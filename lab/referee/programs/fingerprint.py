"""Programs known by what they compute: two that JAX traces alike have one fingerprint.

A program that was compiled need not be lowered, looked up and loaded again when the same question
comes back, as it does whenever a person repeats a cell. The function itself is no sign of it: what
it means may have changed with a constant around it. What is traced is: every step with its
parameters, every constant, those of programs within included, and nothing else."""

import hashlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from lab.referee.programs.traced import typed

# Rules of differentiation: they do not take part in what the program computes as it stands.
_RULES = frozenset(("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"))
_PRINTED = ("jax", "builtins")  # what can be called there, a mesh or a type, says what it is


class _UnreadableError(Exception):
    """Something in the program cannot be told from another of its kind."""


def fingerprint(closed: Any) -> str | None:
    """The same for programs that compute the same by the same steps; `None` where that cannot be
    told, as of a program that calls back into Python.
    """
    text = hashlib.sha256()
    try:
        for part in _closed(closed):
            text.update(part if isinstance(part, bytes) else part.encode())
    except _UnreadableError:
        return None
    return text.hexdigest()


def _closed(closed: Any) -> Iterator[str | bytes]:
    for constant in closed.consts:
        yield from _array(constant)
    yield from _steps(closed.jaxpr)


def _steps(jaxpr: Any) -> Iterator[str | bytes]:
    numbers: dict[Any, int] = {}
    for variable in (*jaxpr.constvars, *jaxpr.invars):
        numbers[variable] = len(numbers)
        yield _kind(variable.aval)
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        yield f";{name}"
        if name.endswith("callback"):
            raise _UnreadableError(name)
        for atom in equation.invars:
            yield from _atom(atom, numbers)
        for key, value in equation.params.items():
            if not (name in _RULES and callable(value)):
                yield f" {key}="
                yield from _value(value)
        for variable in equation.outvars:
            numbers[variable] = len(numbers)
    yield ">"
    for atom in jaxpr.outvars:
        yield from _atom(atom, numbers)


def _atom(atom: Any, numbers: dict[Any, int]) -> Iterator[str | bytes]:
    if isinstance(atom, core.Literal):
        yield _kind(atom.aval)
        yield from _array(typed(atom))
    else:
        yield f",{numbers[atom]}"


def _kind(aval: Any) -> str:
    weak = getattr(aval, "weak_type", False)
    return f"({getattr(aval, 'dtype', aval)}{getattr(aval, 'shape', '')}{weak})"


def _value(value: Any) -> Iterator[str | bytes]:
    if hasattr(value, "jaxpr") and hasattr(value, "consts"):
        yield from _closed(value)
    elif hasattr(value, "eqns"):
        yield from _steps(value)
    elif isinstance(value, (tuple, list)) and not hasattr(value, "tag"):  # a kind of keys has one
        yield "["
        for one in value:
            yield from _value(one)
        yield "]"
    elif callable(value) and type(value).__module__.partition(".")[0] not in _PRINTED:
        raise _UnreadableError(str(value))
    elif hasattr(value, "dtype") and hasattr(value, "shape") and not isinstance(value, type):
        yield from _array(value)
    else:
        said = str(value)
        if " at 0x" in said:
            raise _UnreadableError(said)
        yield f"{said}|"


def _array(value: Any) -> Iterator[str | bytes]:
    if jnp.issubdtype(value.dtype, jax.dtypes.extended):
        if not jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            raise _UnreadableError(str(value.dtype))
        yield f"<{value.dtype}>"
        value = jax.random.key_data(value)
    array = np.asarray(value)
    yield f"<{array.dtype}{array.shape}>"
    yield array.tobytes()
