"""A claim is put together; pieces that do not fit are refused."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax

from lab.derivation.record import KINDS, Derivation, Wrt, name_of
from lab.domains import Domain
from lab.errors import BadInput, suggestion


def derivation(
    of: Callable[..., Any],
    hand: Callable[..., Any],
    *,
    kind: str = "gradient",
    wrt: Wrt = 0,
    at: Any,
    kinks: str | None = None,
) -> Derivation:
    """Put a claim together, refusing pieces that do not fit: names as typed, and the next step.

    Raises `BadInput` for an unknown kind or ``wrt``, an ``at`` that lacks an argument or names one
    that ``of`` does not have, a dimension given two sizes, and a hand function that cannot take the
    arguments."""
    if kind not in KINDS:
        raise BadInput(f"kind={kind!r} is not a kind of derivative{suggestion(str(kind), KINDS)}")
    for role, function in (("of", of), ("hand", hand)):
        if not callable(function):
            raise BadInput(f"{kind}({role}={function!r}): not a function")
    name = name_of(hand)
    claim = name if of is hand else f"{kind}(of={name_of(of)}) {name}"  # a rule has no other
    names = _argument_names(of)
    arguments, places = _places(claim, of, names, at)
    _one_size_each(claim, arguments, places)
    positions, single = _positions(claim, of, wrt, names or arguments, arguments)
    file, line = _source(hand)
    return Derivation(
        name,
        of,
        hand,
        kind,  # type: ignore[arg-type]
        positions,
        single,
        places,
        arguments,
        kinks,
        file,
        line,
    )


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Positional argument names, or nothing when the function does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    )


def _places(
    claim: str, of: Callable[..., Any], names: tuple[str, ...], at: Any
) -> tuple[tuple[str, ...], Any]:
    """The names of the arguments in use and where each comes from, or the sampler itself."""
    if callable(at) and not isinstance(at, Domain):
        return names, at
    if isinstance(at, Mapping):
        for given in at:
            if given not in names:
                raise BadInput(
                    f"{claim}: at names {given!r}, but {name_of(of)} has no such argument"
                    f"{suggestion(str(given), names)}"
                )
        required = [
            p.name
            for p in inspect.signature(of).parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        missing = [name for name in required if name not in at]
        if missing:
            raise BadInput(
                f"{claim}: at lacks {', '.join(map(repr, missing))}; say where it comes from, "
                f"e.g. at=dict({missing[0]}=reals('n'))"
            )
        used = names[: 1 + max((names.index(name) for name in at), default=-1)]
        return used, in_order(of, used, at)
    values = at if isinstance(at, tuple) else (at,)
    if names and not _accepts(of, len(values)):
        raise BadInput(
            f"{claim}: at gives {len(values)} argument(s), but {name_of(of)} takes "
            f"({', '.join(names)})"
        )
    return (names + tuple(f"argument {i}" for i in range(len(names), len(values))))[
        : len(values)
    ], values


def in_order(
    function: Callable[..., Any], names: tuple[str, ...], given: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The values of the named arguments, their defaults where nothing is given.

    Raises `BadInput` where there is neither."""
    values = []
    for name in names:
        default = inspect.signature(function).parameters[name].default
        if name not in given and default is inspect.Parameter.empty:
            raise BadInput(
                f"{name_of(function)}: nothing is given for {name!r}; say where it comes from, too"
            )
        values.append(given.get(name, default))
    return tuple(values)


def _accepts(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # no signature to be had: let the call decide
        return True
    return True


def takes_the_arguments(claim: Derivation) -> None:
    """The hand can be called with the arguments; a sampler may leave out those with defaults."""
    if not claim.arguments:
        return
    extra = claim.carries
    most = len(claim.arguments)
    fewest = next((n for n in range(most) if _accepts(claim.of, n)), most)
    counts = range(fewest, most + 1) if callable(claim.at) else [most]
    if not any(_accepts(claim.hand, count + extra) for count in counts):
        last = " and, last, the tangent, cotangent or vector" if extra else ""
        raise BadInput(
            f"{claim.kind}(of={claim.of_name}) {claim.name}: it takes "
            f"({', '.join(_argument_names(claim.hand))}) but is called with "
            f"({', '.join(claim.arguments)}){last}: {most + extra} arguments"
        )


def _one_size_each(claim: str, arguments: tuple[str, ...], places: Any) -> None:
    """A dimension has one size in all arguments."""
    if callable(places):
        return
    seen: dict[str, tuple[int, str]] = {}
    for argument, place in zip(arguments, places, strict=True):
        for domain in domains_in(place):
            for name, size in domain.fixed.items():
                other, where = seen.setdefault(name, (size, argument))
                if other != size:
                    raise BadInput(
                        f"{claim}: dimension {name!r} is {other} in {where!r} and {size} in "
                        f"{argument!r}; give it one size, or two names"
                    )


def _positions(
    claim: str,
    of: Callable[..., Any],
    wrt: Wrt,
    names: tuple[str, ...],
    arguments: tuple[str, ...],
) -> tuple[tuple[int, ...], bool]:
    single = not isinstance(wrt, (tuple, list))
    asked = (wrt,) if single else tuple(wrt)  # type: ignore[arg-type]
    if not asked:
        raise BadInput(f"{claim}: wrt=() names no argument")
    positions = []
    for one in asked:
        if isinstance(one, bool) or not isinstance(one, (str, int)):
            raise BadInput(f"{claim}: wrt={one!r} is neither a name nor a position")
        if isinstance(one, str):
            if one not in names:
                raise BadInput(
                    f"{claim}: wrt={one!r}, but {name_of(of)} has no such argument"
                    f"{suggestion(one, names)}"
                )
            position = names.index(one)
        else:
            position = one
        if arguments and not -len(arguments) <= position < len(arguments):
            raise BadInput(
                f"{claim}: wrt={one!r}, but there are {len(arguments)} arguments: "
                f"{', '.join(arguments)}"
            )
        positions.append(position % len(arguments) if arguments else position)
    if len(set(positions)) < len(positions):
        raise BadInput(f"{claim}: wrt={wrt!r} names an argument twice")
    return tuple(positions), single


def _source(function: Callable[..., Any]) -> tuple[str | None, int | None]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (None, None)


def domains_in(place: Any) -> list[Domain]:
    """The domains among the leaves of a pytree."""
    leaves = jax.tree.leaves(place, is_leaf=lambda leaf: isinstance(leaf, Domain))
    return [leaf for leaf in leaves if isinstance(leaf, Domain)]
