"""Whether two programs are one: a digest of what a traced program does."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core


def signature(jaxpr: Any, constants: Sequence[Any], result: Any) -> bytes:
    """A digest of all that a program does, its outer constants but for their values included.

    ``result`` is the structure of what it returns.
    """
    digest = blake2b(digest_size=16)
    shapes = [(np.shape(constant), str(jax.typeof(constant))) for constant in constants]
    digest.update(repr((shapes, str(result))).encode())
    _digest(jaxpr, digest.update)
    return digest.digest()


def _digest(jaxpr: Any, update: Callable[[bytes], None]) -> None:
    names: dict[Any, int] = {}
    say = lambda thing: update(repr(thing).encode())
    for var in [*jaxpr.constvars, *jaxpr.invars]:
        say((names.setdefault(var, len(names)), str(var.aval)))
    for equation in jaxpr.eqns:
        say(str(equation.primitive))
        for operand in equation.invars:
            if isinstance(operand, core.Literal):
                say(str(operand.aval))
                _value(operand.val, update)
            else:
                say(names[operand])
        for name, param in sorted(equation.params.items()):
            say(name)
            _value(param, update)
        for var in equation.outvars:
            say((names.setdefault(var, len(names)), str(var.aval)))
    for operand in jaxpr.outvars:
        say(str(operand.aval))
        if isinstance(operand, core.Literal):
            _value(operand.val, update)
        else:
            say(names[operand])


def _value(value: Any, update: Callable[[bytes], None]) -> None:
    """A parameter of an operation: programs within it are read, arrays taken by their bytes."""
    if isinstance(value, core.ClosedJaxpr):
        _digest(value.jaxpr, update)
        for constant in value.consts:
            _value(constant, update)
    elif isinstance(value, core.Jaxpr):
        _digest(value, update)
    elif isinstance(value, tuple | list):
        update(f"{type(value).__name__}{len(value)}".encode())
        for each in value:
            _value(each, update)
    elif isinstance(value, np.ndarray | np.generic | jax.Array):
        array = np.asarray(
            jax.random.key_data(value)
            if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
            else value
        )
        update(repr((array.dtype, array.shape)).encode() + array.tobytes())
    elif callable(value):
        # a rule of differentiation, of which nothing is left to be used
        update(getattr(value, "__qualname__", type(value).__name__).encode())
    else:
        update(repr(value).encode())
