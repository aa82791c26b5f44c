"""Ctrl-C and SIGTERM: work that is told to end ends in order, and is told only once."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED, TERMINATED = 130, 143
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What the process was told since the block began: signals are the process's, and so is this.
_told: list[KeyboardInterrupt] = []


class Terminated(KeyboardInterrupt):
    """The process was told to end, as a machine about to stop tells all of them."""


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, wherever it is; ``heed`` sees to it that it ends.

    A signal raises ``KeyboardInterrupt`` in whatever Python code is running. Where that is a
    finaliser or a callback of the garbage collector (JAX has one), Python prints the exception and
    forgets it, and the work would go on: so it is written down, too, and not printed.
    """

    def told(number: int, _: Any) -> None:
        stop = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        _told.append(stop)
        raise stop

    _told.clear()
    with _handled(told), _unprinted():
        yield


@contextmanager
def deaf() -> Iterator[None]:
    """Write down how it ended, come what may: that takes no time to be interrupted in."""
    with _handled(signal.SIG_IGN):
        yield


def heed() -> None:
    """Called between two pieces of work: raises the interrupt that came before and was lost."""
    if _told:
        raise _told[0]


def told() -> KeyboardInterrupt | None:
    """The interrupt that came since the ``stoppable`` block began, if one did."""
    return _told[0] if _told else None


@contextmanager
def _unprinted() -> Iterator[None]:
    """What cannot be raised is printed as ever, but for the interrupts that are written down."""
    before = sys.unraisablehook

    def lost(unraisable: Any) -> None:
        if not any(unraisable.exc_value is stop for stop in _told):
            before(unraisable)

    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    """Both signals go to ``handler``; one that whoever began the process has ignored stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, was in before.items():
        if was != signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
