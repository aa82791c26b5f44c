"""A time limit on a block of code, where the system has an alarm clock."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# callbacks in which an exception is printed and lost: the next ring is soon enough
LETS_NOTHING_OUT = ("_xla_gc_callback", "__del__")


class TimeUp(BaseException):
    """Not an ``Exception``, so that nobody on the way takes it for a fault of the code."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises `TimeUp` in the block after so many seconds.

    Only in the main thread, and where there are signals: elsewhere the block takes its time. Within
    another limit that one holds.
    """
    alarm = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if not alarm or signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        if frame is None or frame.f_code.co_name not in LETS_NOTHING_OUT:
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    # it rings again, for the callbacks that it has to pass by, and those that are not known
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
