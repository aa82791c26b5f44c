"""What rule a function carries: ``jax.custom_vjp``, ``jax.custom_jvp``, ``jax.custom_gradient``, or
one of Equinox's filtered ones, also under ``jit`` and the like."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import jax

from lab.derivation import name_of

RULES = (jax.custom_vjp, jax.custom_jvp)
# by name: no import of theirs; what a rule is for, and how one is defined
FILTERED = {
    "filter_custom_vjp": ("vjp", "def_fwd(...) and def_bwd"),
    "filter_custom_jvp": ("jvp", "def_jvp"),
}
GRADIENT = "custom_gradient.<locals>.wrapped_fun"
DEFJVPS = "custom_jvp.defjvps.<locals>.jvp"
DEEP = 10  # wrappers

Pull = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]


class Attached(NamedTuple):
    """``body`` is the function that the rule replaces, ``kind`` what it is a rule for, ``fixed``
    the positions of arguments that it takes as they are and never differentiates; ``only``, where
    it is not `None`, the positions it can differentiate; ``keywords``: arguments that go by name
    alone are never differentiated either. ``written`` is the rule's own function, whose lines are
    quoted, `None` where no rule was defined yet, by ``define``. ``pull`` goes from arguments and
    cotangent to the cotangents of all arguments that are not fixed, by the rule's own functions,
    as JAX, which traces them apart, forgets their lines.
    """

    name: str
    body: Callable[..., Any]
    kind: str
    fixed: tuple[int, ...]
    written: Callable[..., Any] | None
    pull: Pull | None = None
    only: tuple[int, ...] | None = None
    keywords: bool = False
    define: str = ""


def attached(function: Any) -> Attached | None:
    """The rule that a function carries; `None` if it carries none."""
    for one in layers(function):
        if isinstance(one, RULES):
            return _of_jax(one)
        if type(one).__name__ in FILTERED:
            return _filtered(one, *FILTERED[type(one).__name__])
    return None


def layers(function: Any) -> list[Any]:
    """The function, what it wraps, what that wraps, and so on."""
    found = [function]
    while len(found) < DEEP and getattr(found[-1], "__wrapped__", None) is not None:
        found.append(found[-1].__wrapped__)
    return found


def place_of(function: Any) -> dict[str, Any]:
    """The file and line in which a function is written, if it tells."""
    while hasattr(function, "func"):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None)
    return dict(file=code.co_filename, line=code.co_firstlineno) if code else {}


def _of_jax(rule: Any) -> Attached:
    body, fixed = rule.fun, tuple(rule.nondiff_argnums)
    if isinstance(rule, jax.custom_jvp):
        written = rule.jvp
        if getattr(written, "__qualname__", "") == DEFJVPS:
            written = next(filter(None, _closed_over(written)["jvps"]), None)
        return Attached(name_of(body), body, "jvp", fixed, written)
    if getattr(body, "__qualname__", "") == GRADIENT:
        return _gradient(_closed_over(body)["fun"])

    def pull(args: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
        given = list(args)
        if rule.symbolic_zeros:
            marked = lambda leaf: jax.custom_derivatives.CustomVJPPrimal(leaf, True)
            moving = [p for p in range(len(args)) if p not in fixed]
            for p in moving:
                given[p] = jax.tree.map(marked, args[p])
        kept = rule.fwd(*given)[1]
        return tuple(rule.bwd(*(args[p] for p in fixed), kept, cotangent))

    return Attached(name_of(body), body, "vjp", fixed, rule.bwd, pull)


def _gradient(made: Callable[..., Any]) -> Attached:
    """``made`` returns its value and the pullback there."""

    @wraps(made)
    def body(*args: Any) -> Any:
        return made(*args)[0]

    def pull(args: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
        found = made(*args)[1](cotangent)
        return tuple(found) if isinstance(found, (tuple, list)) else (found,)

    return Attached(name_of(made), body, "vjp", (), made, pull)


def _filtered(rule: Any, kind: str, define: str) -> Attached:
    """Of Equinox: everything but a floating array is fixed, whatever its position."""
    only = None
    if kind == "jvp":
        body = _closed_over(rule.fn.fun)["fn"]
        written = _closed_over(rule.fn.jvp)["fn_jvp"] if rule.fn.jvp else None
    else:
        body, written, only = rule.fn, rule.fn_bwd, (0,)
    return Attached(name_of(body), body, kind, (), written, None, only, True, define)


def _closed_over(function: Any) -> dict[str, Any]:
    """The variables that a function has from where it was defined."""
    cells = function.__closure__ or ()
    names = function.__code__.co_freevars
    return {name: cell.cell_contents for name, cell in zip(names, cells, strict=True)}
