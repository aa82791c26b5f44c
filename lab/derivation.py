"""The record: a function, its hand-derived derivative, and where it may be sampled.

    @gradient(of=mse, wrt="w", at=dict(w=reals("d"), X=reals("n d"), y=reals("n")))
    def mse_gradient(w, X, y):
        \"""r = Xw - y;  L = r.r / n;  dL = 2/n r.(X dw);  hence dL/dw = 2/n X^T r.\"""
        return 2 / y.size * X.T @ (X @ w - y)

The decorated function stays the plain function it is; the record rides on it as ``__derivation__``.
The docstring is the derivation. There is one maker for each kind of derivative:

| maker        | the hand function returns                                                    |
|--------------|------------------------------------------------------------------------------|
| `derivative` | f'(x) of a scalar function applied elementwise, in the shape of f(x)         |
| `gradient`   | the gradient of a scalar function, in the structure of what `wrt` names      |
| `jacobian`   | all partial derivatives: output shape + argument shape                       |
| `hessian`    | all second derivatives: argument shape + argument shape                      |
| `jvp`        | the derivative along a tangent, the extra last argument                      |
| `vjp`        | the pullback of a cotangent, the extra last argument                         |
| `identity`   | the same value as `of`, by another formula                                   |

A derivation of several steps names its intermediates on both sides with `tap` and `adjoint`.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import jax

from lab.domains import Domain
from lab.errors import BadInput, suggestion

Kind = Literal["derivative", "gradient", "jacobian", "hessian", "jvp", "vjp", "identity"]
KINDS: tuple[str, ...] = get_args(Kind)
Wrt = str | int | tuple[str | int, ...]
Hand = TypeVar("Hand", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Derivation:
    """A claim: ``hand`` is the ``kind`` of ``of`` with respect to ``wrt``, for arguments drawn from
    ``at``.

    ``wrt`` is kept as positions among the arguments; ``single`` says that one argument was named
    rather than a tuple, so that the derivative has that argument's structure and not a tuple of
    one. ``arguments`` are the names of the arguments in order; ``at`` is a tuple of (pytrees of)
    domains and values in that order, or a sampler ``key -> args``. ``assumed`` says of ``at`` what
    nobody stated. ``rule``: the hand is a custom rule of JAX; ``meant`` says what it is if it is
    deliberately no derivative."""

    name: str
    of: Callable[..., Any]
    hand: Callable[..., Any]
    kind: Kind
    wrt: tuple[int, ...]
    single: bool
    at: tuple[Any, ...] | Callable[[Any], Any]
    arguments: tuple[str, ...]
    kinks: str | None = None
    file: str | None = None
    line: int | None = None
    assumed: str | None = None
    meant: str | None = None
    rule: bool = False

    @property
    def of_name(self) -> str:
        return name_of(self.of)

    @property
    def doc(self) -> str:
        """The derivation in words: the docstring of the hand function."""
        return inspect.getdoc(self.hand) or ""


def derivation_of(function: Any) -> Derivation | None:
    """The record a function carries, if it carries one."""
    found = getattr(function, "__derivation__", None)
    return found if isinstance(found, Derivation) else None


def name_of(function: Any) -> str:
    """The name a person would use for a function, also through `functools.partial`."""
    while hasattr(function, "func"):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


# ----- the makers -----


def _maker(kind: Kind) -> Callable[..., Callable[[Hand], Hand]]:
    def maker(
        *,
        of: Callable[..., Any],
        at: Any,
        wrt: Wrt = 0,
        kinks: str | None = None,
    ) -> Callable[[Hand], Hand]:
        def record(hand: Hand) -> Hand:
            if derivation_of(hand) is not None:
                raise BadInput(
                    f"{name_of(hand)} already carries a derivation; one function, one claim: "
                    "write a second function for the second one"
                )
            claim = derivation(of, hand, kind=kind, wrt=wrt, at=at, kinks=kinks)
            _takes(claim)
            hand.__derivation__ = claim  # type: ignore[attr-defined]
            return hand

        return record

    maker.__name__ = maker.__qualname__ = kind
    maker.__doc__ = f"""Record a function as the hand-derived {kind} of ``of``.

    ``wrt`` names the argument(s) (name, position or tuple of them); ``at`` says where arguments
    come from: domains by argument name, a sampler ``key -> args``, or concrete arguments; ``kinks``
    says in words where a subgradient was chosen. Raises `BadInput` at once when the pieces do not
    fit together.
    """
    return maker


derivative = _maker("derivative")
gradient = _maker("gradient")
jacobian = _maker("jacobian")
hessian = _maker("hessian")
jvp = _maker("jvp")
vjp = _maker("vjp")
identity = _maker("identity")


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
    claim = f"{kind}(of={name_of(of)}) {name}"
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
        used = [name for name in names if name in at]
        skipped = [
            name for name in names[: names.index(used[-1]) + 1 if used else 0] if name not in at
        ]
        if skipped:
            raise BadInput(
                f"{claim}: at lacks {skipped[0]!r}, which stands before {used[-1]!r}; "
                "say where it comes from, too"
            )
        return tuple(used), tuple(at[name] for name in used)
    values = at if isinstance(at, tuple) else (at,)
    if names and not _accepts(of, len(values)):
        raise BadInput(
            f"{claim}: at gives {len(values)} argument(s), but {name_of(of)} takes "
            f"({', '.join(names)})"
        )
    return (names + tuple(f"argument {i}" for i in range(len(names), len(values))))[
        : len(values)
    ], values


def _accepts(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # no signature to be had: let the call decide
        return True
    return True


def _takes(claim: Derivation) -> None:
    """The hand can be called with the arguments; a sampler may leave out those with defaults."""
    if not claim.arguments:
        return
    extra = claim.kind in ("jvp", "vjp")
    most = len(claim.arguments)
    fewest = next((n for n in range(most) if _accepts(claim.of, n)), most)
    counts = range(fewest, most + 1) if callable(claim.at) else [most]
    if not any(_accepts(claim.hand, count + extra) for count in counts):
        last = " and, last, the tangent or cotangent" if extra else ""
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


def domains_in(place: Any) -> list[Domain]:
    """The domains among the leaves of a pytree."""
    leaves = jax.tree.leaves(place, is_leaf=lambda leaf: isinstance(leaf, Domain))
    return [leaf for leaf in leaves if isinstance(leaf, Domain)]


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


# ----- rules that are definitions -----

_NOT_THE_DERIVATIVE = re.compile(r"^Not the derivative:\s*(.+?)(?:\n\s*\n|\Z)", re.M | re.S)


def meant(reason: str) -> Callable[[Hand], Hand]:
    """Say of a ``jax.custom_vjp`` or ``jax.custom_jvp`` that it is deliberately not the derivative
    of its body, and what it is instead: ``@meant("straight through")`` above it. A paragraph
    "Not the derivative: straight through." in its docstring says the same.

    The referee then tells what the rule does, and checks what is left to check."""
    if not isinstance(reason, str) or not reason.strip():
        raise BadInput(f'meant({reason!r}): say what the rule is, e.g. meant("straight through")')

    def mark(rule: Hand) -> Hand:
        rule.__meant__ = reason  # type: ignore[attr-defined]
        return rule

    return mark


def meant_of(*functions: Any) -> str | None:
    """What the first of the functions that says so is meant to be, instead of a derivative."""
    for function in functions:
        said = getattr(function, "__meant__", None)
        found = _NOT_THE_DERIVATIVE.search(inspect.getdoc(function) or "")
        if said or found:
            return said or " ".join(found.group(1).split()).rstrip(".")  # type: ignore[union-attr]
    return None


# ----- steps: the intermediates of a longer derivation -----

_Listener = Callable[[str, Any], Any]
_tap: ContextVar[_Listener | None] = ContextVar("tap", default=None)
_adjoint: ContextVar[_Listener | None] = ContextVar("adjoint", default=None)


def tap(name: str, value: Any) -> Any:
    """Name an intermediate of a function: ``z = tap("z", X @ W + b)``. The identity, outside a
    check.
    """
    listener = _tap.get()
    return value if listener is None else listener(name, value)


def adjoint(name: str, value: Any) -> Any:
    """Name the hand-derived cotangent of the intermediate or argument ``name``: ``dz = adjoint("z",
    ...)``.

    The identity, outside a check; during one, the step is judged by itself and the true cotangent
    handed on, so that one mistake does not spread to the steps behind it."""
    listener = _adjoint.get()
    return value if listener is None else listener(name, value)


@contextmanager
def listening(
    *, taps: _Listener | None = None, adjoints: _Listener | None = None
) -> Iterator[None]:
    """Within it, every `tap` and `adjoint` goes through the given listeners ``(name, value) ->
    value``.
    """
    tokens = _tap.set(taps), _adjoint.set(adjoints)
    try:
        yield
    finally:
        _tap.reset(tokens[0])
        _adjoint.reset(tokens[1])
