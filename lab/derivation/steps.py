"""Steps: the intermediates of a longer derivation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

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
