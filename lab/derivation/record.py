"""The record itself, which rides on the hand function as ``__derivation__``."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["derivative", "gradient", "jacobian", "hessian", "jvp", "vjp", "hvp", "identity"]
KINDS: tuple[str, ...] = get_args(Kind)
Wrt = str | int | tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Derivation:
    """A claim: ``hand`` is the ``kind`` of ``of`` with respect to ``wrt``, for arguments drawn from
    ``at``.

    ``wrt`` is kept as positions among the arguments; ``single`` says that one argument was named
    rather than a tuple, so that the derivative has that argument's structure and not a tuple of
    one. ``arguments`` are the names of the arguments in order; ``at`` is a tuple of (pytrees of)
    domains and values in that order, or a sampler ``key -> args``. ``assumed`` says of ``at`` what
    nobody stated. ``rule``: the hand is a custom rule of JAX; ``meant`` says what it is if it is
    deliberately no derivative. ``fixed`` are the positions of arguments that stay as they are
    given, numbers, not arrays: those that a rule never differentiates."""

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
    fixed: tuple[int, ...] = ()

    @property
    def of_name(self) -> str:
        return name_of(self.of)

    @property
    def carries(self) -> bool:
        """Whether the hand takes one more argument, the last: a tangent, cotangent or vector."""
        return self.kind in ("jvp", "vjp", "hvp")

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
