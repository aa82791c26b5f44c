"""Custom rules on trial: ``jax.custom_vjp`` and ``jax.custom_jvp`` against automatic
differentiation of the very body they replace.

The rule is the hand derivation (a pullback, or a derivative along a tangent), the body is the
function. Where the arguments come from is said by ``at``, or by jaxtyping annotations of the body:
``x: Float[Array, "n d"]`` is ``reals("n d")``. Failing both, the simplest shapes that the body
takes are assumed, and said."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

from lab.derivation import Derivation, Wrt, derivation, meant_of
from lab.domains import Domain, reals
from lab.errors import BadInput
from lab.referee.asking.evaluate import precision
from lab.referee.attached import Attached, Pull, attached, layers, place_of
from lab.referee.points.drawn import groups

SIZES = {"n": 4, "d": 3, "k": 5, "b": 2}
SHAPES = ("n d", "d k", "d", "k", "", "b n d")  # tried for arguments of which nothing is said
MOST_GUESSED = 3
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def rule_claim(
    function: Any, at: Any = None, wrt: Wrt | None = None, name: str | None = None
) -> Derivation:
    """The claim that a custom rule makes: with respect to all floating arguments, or to ``wrt``.
    ``name`` is what the function is known by, where that is not what it was defined as.

    Raises `BadInput` where no rule was attached, and where ``at`` is neither given nor annotated.
    """
    rule = attached(function)
    assert rule is not None
    name, body, kind = name or rule.name, rule.body, rule.kind
    if rule.written is None:
        define = rule.define or f"def{kind}"
        raise BadInput(f"{name}: it has no rule yet; call {name}.{define}(...) first")
    if rule.keywords:
        function, body, rule = _by_position(function, rule)
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
            f'line --at "{", ".join(words)}"; or annotate them with jaxtyping; or let '
            "a function of the same file draw them, def draw(key), and say --at draw"
        )
    body = _spelled_out(body, at)
    args = _one_point(body, at, rule)
    if wrt is None:
        wrt = _floating(args, name, rule)
    if _returns_others(body, args):
        function, body, rule = (
            _floating_part(function),
            _floating_part(body),
            rule._replace(pull=None),
        )
    bare = replace(derivation(body, body, kind="identity", wrt=wrt, at=at), fixed=rule.fixed)
    hand = _pulled(function, rule, bare) if kind == "vjp" else _pushed(function, bare)
    hand.__name__ = name
    claim = derivation(body, hand, kind=kind, wrt=wrt, at=at)
    place = place_of(rule.written) or place_of(body)
    meant = meant_of(*layers(function), body, rule.written)
    said: dict[str, Any] = dict(
        name=name, assumed=assumed, meant=meant, rule=True, fixed=rule.fixed
    )
    return replace(claim, **said, **place)


def _by_position(function: Any, rule: Attached) -> tuple[Any, Callable[..., Any], Attached]:
    """The function and its body, with what they take by name alone as last arguments, which are
    fixed.
    """
    parameters = list(inspect.signature(rule.body).parameters.values())
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    ahead = [p for p in parameters if p.kind in POSITIONAL]
    if not names or len(ahead) + len(names) < len(parameters):
        return function, rule.body, rule
    first = len(ahead)
    kinds = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in parameters]

    def placed(f: Any) -> Callable[..., Any]:
        made = wraps(f)(
            lambda *args: f(*args[:first], **dict(zip(names, args[first:], strict=False)))
        )
        made.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
        return made

    body = placed(rule.body)
    fixed = tuple(range(first, len(parameters)))
    return placed(function), body, rule._replace(body=body, fixed=fixed)


def _spelled_out(body: Callable[..., Any], at: Any) -> Callable[..., Any]:
    """A body that takes any number of arguments, as one that takes those that it is given."""
    try:
        parameters = list(inspect.signature(body).parameters.values())
    except (TypeError, ValueError):
        return body
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return body
    with precision(64):
        given = at(jax.random.key(0)) if callable(at) and not isinstance(at, Domain) else at
    if not isinstance(given, (tuple, list)):
        return body
    named = [p.replace(kind=p.POSITIONAL_ONLY) for p in parameters if p.kind in POSITIONAL]
    rest = next(p.name for p in parameters if p.kind is p.VAR_POSITIONAL)
    more = [f"{rest}_{i}" for i in range(len(given) - len(named))]
    made = wraps(body)(lambda *args: body(*args))
    kinds = [inspect.Parameter(word, inspect.Parameter.POSITIONAL_ONLY) for word in more]
    made.__signature__ = inspect.Signature([*named[: len(given)], *kinds])  # type: ignore[attr-defined]
    return made


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


def _one_point(body: Any, at: Any, rule: Attached) -> tuple[Any, ...]:
    claim = replace(derivation(body, body, kind="identity", wrt=0, at=at), fixed=rule.fixed)
    with precision(64):
        return groups(claim, 0, 1)[0].point(0)


def _returns_others(body: Any, args: tuple[Any, ...]) -> bool:
    """Whether some of what the body returns is not floating: whole numbers have no derivative."""
    try:
        with precision(64):
            return not all(map(_inexact, jax.tree.leaves(jax.eval_shape(lambda: body(*args)))))
    except Exception:
        return False


def _floating_part(function: Any) -> Callable[..., Any]:
    """The function, but for what it returns that is not floating."""

    @wraps(function)
    def part(*args: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf if _inexact(leaf) else None, function(*args))

    return part


def _floating(args: tuple[Any, ...], name: str, rule: Attached) -> tuple[int, ...]:
    """The positions of the arguments that are floating throughout and may be differentiated."""
    found = tuple(
        position
        for position, arg in enumerate(args)
        if position not in rule.fixed
        and (rule.only is None or position in rule.only)
        and jax.tree.leaves(arg)
        and all(_inexact(leaf) for leaf in jax.tree.leaves(arg))
    )
    if not found:
        raise BadInput(f"{name}: none of its arguments is floating; there is nothing to derive")
    return found


def _inexact(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


def _along(function: Any, claim: Derivation, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The function of its differentiated arguments alone, and these."""

    def of_slots(*slots: Any) -> Any:
        full = list(args)
        for position, slot in zip(claim.wrt, slots, strict=True):
            full[position] = slot
        return function(*full)

    return of_slots, tuple(args[position] for position in claim.wrt)


def _pulled(function: Any, rule: Attached, claim: Derivation) -> Callable[..., Any]:
    def pullback(*given: Any) -> Any:
        of_slots, slots = _along(function, claim, given[:-1])
        found = jax.vjp(of_slots, *slots)[1](given[-1])
        return found[0] if claim.single else found

    def written(pull: Pull, *given: Any) -> Any:
        moving = [p for p in range(len(given) - 1) if p not in rule.fixed]
        found = pull(given[:-1], given[-1])
        found = tuple(found[moving.index(position)] for position in claim.wrt)
        return found[0] if claim.single else found

    if rule.pull is not None:
        pullback.written = partial(written, rule.pull)  # type: ignore[attr-defined]
    return pullback


def _pushed(function: Any, claim: Derivation) -> Callable[..., Any]:
    def pushforward(*given: Any) -> Any:
        of_slots, slots = _along(function, claim, given[:-1])
        tangents = (given[-1],) if claim.single else tuple(given[-1])
        return jax.jvp(of_slots, slots, tangents)[1]

    return pushforward
