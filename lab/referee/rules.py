"""Custom rules on trial: ``jax.custom_vjp`` and ``jax.custom_jvp`` against automatic
differentiation of the very body they replace.

The rule is the hand derivation (a pullback, or a derivative along a tangent), the body is the
function. Where the arguments come from is said by ``at``, or by jaxtyping annotations of the body:
``x: Float[Array, "n d"]`` is ``reals("n d")``. Failing both, the simplest shapes that the body
takes are assumed, and said."""

import inspect
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import Derivation, Wrt, derivation, meant_of, name_of
from lab.domains import Domain, reals
from lab.errors import BadInput
from lab.referee.asking.evaluate import precision
from lab.referee.points.drawn import groups

SIZES = {"n": 4, "d": 3, "k": 5, "b": 2}
SHAPES = ("n d", "d k", "d", "k", "", "b n d")  # tried for arguments of which nothing is said
MOST_GUESSED = 3
RULES = (jax.custom_vjp, jax.custom_jvp)


def rule_of(function: Any) -> Any | None:
    """The ``custom_vjp`` or ``custom_jvp`` that a function is, also under ``jit``."""
    seen = 0
    while not isinstance(function, RULES):
        function = getattr(function, "__wrapped__", None)
        seen += 1
        if function is None or seen > 10:
            return None
    return function


def rule_claim(function: Any, at: Any = None, wrt: Wrt | None = None) -> Derivation:
    """The claim that a custom rule makes: with respect to all floating arguments, or to ``wrt``.

    Raises `BadInput` where no rule was attached, and where ``at`` is neither given nor annotated.
    """
    rule = rule_of(function)
    assert rule is not None
    name, body = name_of(function), rule.fun
    kind = "vjp" if isinstance(rule, jax.custom_vjp) else "jvp"
    attached = rule.bwd if kind == "vjp" else rule.jvp
    if attached is None:
        raise BadInput(f"{name}: it has no rule yet; call {name}.def{kind}(...) first")
    assumed = None
    if at is None:
        at = annotated(body)
    if at is None:
        at = _guessed(body, function, kind)
        assumed = ", ".join(f"{argument}={domain!r}" for argument, domain in (at or {}).items())
    if at is None:
        words = [f"{argument}=..." for argument in _arguments(body)] or ["x=..."]
        raise BadInput(
            f"{name}: say where its arguments come from: check({name}, at=dict("
            f"{', '.join(words)})), with reals('n d') and the like for the dots; on the command "
            f'line --at "{", ".join(words)}"; or annotate them with jaxtyping'
        )
    if wrt is None:
        wrt = _floating(body, at, name, tuple(rule.nondiff_argnums))
    bare = derivation(body, body, kind="identity", wrt=wrt, at=at)
    hand = _pulled(function, bare) if kind == "vjp" else _pushed(function, bare)
    hand.__name__ = name
    claim = derivation(body, hand, kind=kind, wrt=wrt, at=at)
    code = getattr(inspect.unwrap(attached), "__code__", None)
    place = dict(file=code.co_filename, line=code.co_firstlineno) if code else {}
    meant = meant_of(function, rule, body, attached)
    said = dict(name=name, assumed=assumed, meant=meant, rule=True)
    return Derivation(**{**vars(claim), **said, **place})


def _arguments(body: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(body).parameters)
    except (TypeError, ValueError):
        return []


def annotated(body: Callable[..., Any]) -> dict[str, Domain] | None:
    """Domains read from jaxtyping annotations of floating arrays; `None` where one is missing."""
    try:
        parameters = inspect.signature(body, eval_str=True).parameters.values()
    except Exception:
        return None
    at = {}
    for parameter in parameters:
        kind = parameter.annotation
        shape = getattr(kind, "dim_str", None)
        if shape is None or "float32" not in getattr(kind, "dtypes", ()):
            if parameter.default is not parameter.empty:
                continue
            return None
        at[parameter.name] = reals(" ".join(_dimension(word) for word in shape.split()))
    return at or None


def _guessed(body: Callable[..., Any], function: Any, kind: str) -> dict[str, Domain] | None:
    """Real arguments of the simplest shapes that the body and the rule take; `None` where none are
    found.
    """

    def derived(*args: Any) -> Any:
        if kind == "jvp":
            return jax.jvp(function, args, args)[1]
        out, pullback = jax.vjp(function, *args)
        return pullback(out)

    try:
        parameters = inspect.signature(body).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in parameters if p.default is p.empty]
    if not 0 < len(names) <= MOST_GUESSED:
        return None
    # a batch first, which shows whether it was summed over; then as few shapes as will do
    order = lambda shapes: (SHAPES.index(shapes[0]), len(set(shapes)))
    for shapes in sorted(product(SHAPES, repeat=len(names)), key=order):
        sizes = [tuple(SIZES[d] for d in shape.split()) for shape in shapes]
        try:
            jax.eval_shape(derived, *(jax.ShapeDtypeStruct(size, jnp.float32) for size in sizes))
        except Exception:
            continue
        return {name: reals(shape) for name, shape in zip(names, shapes, strict=True)}
    return None


def _dimension(word: str) -> str:
    return word.lstrip("*#_?").rpartition("=")[2] or "batch" if word != "..." else "batch"


def _floating(body: Any, at: Any, name: str, fixed: tuple[int, ...]) -> tuple[int, ...]:
    """The positions of the arguments that are floating throughout and may be differentiated."""
    claim = derivation(body, body, kind="identity", wrt=0, at=at)
    with precision(64):
        args = groups(claim, 0, 1)[0].point(0)
    found = tuple(
        position
        for position, arg in enumerate(args)
        if position not in fixed
        and jax.tree.leaves(arg)
        and all(_inexact(leaf) for leaf in jax.tree.leaves(arg))
    )
    if not found:
        raise BadInput(f"{name}: none of its arguments is floating; there is nothing to derive")
    return found


def _inexact(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(np.asarray(leaf).dtype, jnp.inexact))


def _along(function: Any, claim: Derivation, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The function of its differentiated arguments alone, and these."""

    def of_slots(*slots: Any) -> Any:
        full = list(args)
        for position, slot in zip(claim.wrt, slots, strict=True):
            full[position] = slot
        return function(*full)

    return of_slots, tuple(args[position] for position in claim.wrt)


def _pulled(function: Any, claim: Derivation) -> Callable[..., Any]:
    def pullback(*given: Any) -> Any:
        of_slots, slots = _along(function, claim, given[:-1])
        found = jax.vjp(of_slots, *slots)[1](given[-1])
        return found[0] if claim.single else found

    pullback.written = partial(_as_written, rule_of(function), claim)  # type: ignore[attr-defined]
    return pullback


def _as_written(rule: Any, claim: Derivation, *given: Any) -> Any:
    """The pullback by the rule's own two functions: JAX, which traces them apart, forgets their
    lines.
    """
    fixed = [given[position] for position in rule.nondiff_argnums]
    moving = [p for p in range(len(given) - 1) if p not in rule.nondiff_argnums]
    kept = rule.fwd(*given[:-1])[1]
    found = rule.bwd(*fixed, kept, given[-1])
    found = tuple(found[moving.index(position)] for position in claim.wrt)
    return found[0] if claim.single else found


def _pushed(function: Any, claim: Derivation) -> Callable[..., Any]:
    def pushforward(*given: Any) -> Any:
        of_slots, slots = _along(function, claim, given[:-1])
        tangents = (given[-1],) if claim.single else tuple(given[-1])
        return jax.jvp(of_slots, slots, tangents)[1]

    return pushforward
