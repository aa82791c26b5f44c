"""Loops that end when they please: kept from running on for ever, or taken to their limit.

A ``while_loop`` with a tolerance finer than rounding never ends, and nothing can stop it from
outside. Here it is given up after `MOST` steps, with NaN for its result. One with a coarse
tolerance gives its limit only to that, and its derivative no better: taken a few times as far, it
settles, and is the function that was meant."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from lab.referee.programs.traced import INLINED, typed

MOST = 10_000  # steps
FURTHER = 4  # times as many steps, and some more, bring a loop from its tolerance to its limit
MORE = 50
SETTLED = 1e-2  # a loop that moves by more than this, relatively, has no limit near its end

Loop = Callable[[Any, list[Any]], list[Any]]


def ending(closed: Any) -> Callable[..., Any]:
    """The traced program with loops that are given up: ``(flat answers, whether one was)``."""

    def run(*leaves: Any) -> Any:
        given_up: list[Any] = []
        out = _run(closed, leaves, functools.partial(_ending, given_up))
        return out, _any(given_up)

    return run


def to_its_limit(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with loops taken further, where that brings them to a limit."""

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        leaves, tree = jax.tree.flatten(args)
        arrays = [i for i, leaf in enumerate(leaves) if hasattr(leaf, "dtype")]

        def of_arrays(*given: Any) -> Any:
            full = list(leaves)
            for i, value in zip(arrays, given, strict=True):
                full[i] = value
            return function(*jax.tree.unflatten(tree, full))

        given = [leaves[i] for i in arrays]
        closed, shape = jax.make_jaxpr(of_arrays, return_shape=True)(*given)
        return jax.tree.unflatten(jax.tree.structure(shape), _run(closed, given, _further))

    return run


def loops(closed: Any) -> bool:
    """Whether there is a ``while_loop`` anywhere in the program."""
    return any(
        equation.primitive.name == "while" or any(map(loops, inner(equation)))
        for equation in closed.jaxpr.eqns
    )


def by_tolerance(closed: Any) -> bool:
    """Whether there is a loop that ends by what it computes, and not after counted steps."""
    return any(
        (equation.primitive.name == "while" and _computed(equation))
        or any(map(by_tolerance, inner(equation)))
        for equation in closed.jaxpr.eqns
    )


def _computed(equation: Any) -> bool:
    """Whether the condition of a loop reads anything but whole numbers."""
    condition = equation.params["cond_jaxpr"].jaxpr
    read = {
        atom for one in condition.eqns for atom in one.invars if not isinstance(atom, core.Literal)
    }
    read |= {atom for atom in condition.outvars if not isinstance(atom, core.Literal)}
    own = condition.invars[equation.params["cond_nconsts"] :]
    return any(var in read and not jnp.issubdtype(var.aval.dtype, jnp.integer) for var in own)


def inner(equation: Any) -> list[Any]:
    """The programs that a step calls."""
    found = jax.tree.leaves(
        list(equation.params.values()), is_leaf=lambda leaf: hasattr(leaf, "eqns")
    )
    return [
        leaf if hasattr(leaf, "jaxpr") else core.ClosedJaxpr(leaf, ())
        for leaf in found
        if hasattr(leaf, "jaxpr") or hasattr(leaf, "eqns")
    ]


def _run(closed: Any, leaves: Sequence[Any], loop: Loop) -> list[Any]:
    """The results of the program, with ``loop(equation, operands)`` for its loops."""
    if not loops(closed):
        return list(core.jaxpr_as_fun(closed)(*leaves))
    jaxpr = closed.jaxpr
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    values |= zip(jaxpr.invars, leaves, strict=True)
    read = lambda atom: typed(atom) if isinstance(atom, core.Literal) else values[atom]
    for equation in jaxpr.eqns:
        operands, primitive = [read(atom) for atom in equation.invars], equation.primitive
        within = [one for one in inner(equation) if loops(one)]
        if primitive.name == "while":
            out = loop(equation, operands)
        elif within and primitive.name in INLINED:
            out = _run(within[0], operands, loop)
        else:
            params = equation.params
            if within:
                params = {name: _rewritten(value, loop) for name, value in params.items()}
            out = primitive.bind(*operands, **primitive.get_bind_params(params))
            out = out if primitive.multiple_results else [out]
        values |= zip(equation.outvars, out, strict=True)
    return [read(atom) for atom in jaxpr.outvars]


def _rewritten(value: Any, loop: Loop) -> Any:
    """Programs among the parameters of a step (a scan, a conditional), their loops replaced; what
    is given up in there leaves NaN behind, and cannot be told outside.
    """
    loop = loop if loop is _further else functools.partial(_ending, [])
    if isinstance(value, tuple):
        return tuple(_rewritten(one, loop) for one in value)
    if not hasattr(value, "jaxpr") or not loops(value):
        return value
    return jax.make_jaxpr(lambda *x: _run(value, x, loop))(*value.in_avals)


def _parts(equation: Any, operands: Sequence[Any]) -> tuple[Any, Any, list[Any]]:
    """Condition, body and start of a loop. Of one that JAX has vectorized, which has a condition
    for each of its rows, a row that has come to its end stays as it is.
    """
    params = equation.params
    first, second = params["cond_nconsts"], params["body_nconsts"]
    ahead, around = operands[:first], operands[first : first + second]
    going = lambda at: core.jaxpr_as_fun(params["cond_jaxpr"])(*ahead, *at)[0]
    step = lambda loop, at: _run(params["body_jaxpr"], [*around, *at], loop)
    rows = len(params["cond_jaxpr"].out_avals[0].shape)
    if not rows:
        return going, step, list(operands[first + second :])

    def each(loop: Loop, at: list[Any]) -> list[Any]:
        still = going(at)
        spread = lambda x: still.reshape(still.shape + (1,) * (x.ndim - rows))
        return [jnp.where(spread(x), y, x) for x, y in zip(at, step(loop, at), strict=True)]

    return lambda at: jnp.any(going(at)), each, list(operands[first + second :])


def _ending(given_up: list[Any], equation: Any, operands: list[Any]) -> list[Any]:
    condition, body, start = _parts(equation, operands)
    inside = functools.partial(_ending, [])  # what is given up within leaves NaN behind
    out, steps = lax.while_loop(
        lambda at: condition(at[0]) & (at[1] < MOST),
        lambda at: (body(inside, at[0]), at[1] + 1),
        (start, jnp.zeros((), jnp.int32)),
    )
    lost = steps >= MOST
    given_up.append(lost)
    return [jnp.where(lost, jnp.nan, x) if _floating(x) else x for x in out]


def _further(equation: Any, operands: list[Any]) -> list[Any]:
    condition, body, start = _parts(equation, operands)
    end, steps = lax.while_loop(
        lambda at: condition(at[0]) & (at[1] < MOST),
        lambda at: (body(_further, at[0]), at[1] + 1),
        (start, jnp.zeros((), jnp.int32)),
    )
    there, _ = lax.while_loop(
        lambda at: at[1] < jnp.minimum(FURTHER * steps + MORE, MOST - 1),
        lambda at: (body(_further, at[0]), at[1] + 1),
        (end, jnp.zeros((), jnp.int32)),
    )
    pairs = [(a, b) for a, b in zip(end, there, strict=True) if _floating(a)]
    near = [jnp.max(jnp.abs(b - a)) <= SETTLED * jnp.max(jnp.abs(a)) for a, b in pairs if a.size]
    settled = jnp.all(jnp.stack([steps < MOST, *near]))
    return [
        jnp.where(settled, b, a) if _floating(a) else a for a, b in zip(end, there, strict=True)
    ]


def _any(flags: Sequence[Any]) -> Any:
    return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))


def _floating(x: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(x), jnp.inexact))
