"""An interrupt ends the work it comes into, also where the exception it raises is lost."""

import os
import signal
import sys
from pathlib import Path

import pytest

from lab.conduct.ending import Ending, whatever_happens
from lab.interrupts import TERMINATED, Terminated, deaf, heed, stoppable, told


@pytest.fixture(autouse=True)
def heard():
    """Whoever runs the tests may ignore Ctrl-C, and what is ignored stays so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Finalised:
    """Being told to end while it is cleared away: Python prints the exception and forgets it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        for _ in range(1000):  # the handler runs between two steps of the interpreter
            pass


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupt_that_was_lost_is_raised_again_and_not_printed(number, kind, monkeypatch):
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    with stoppable():
        heed()
        Finalised(number)
        assert type(told()) is kind  # and here the work goes on, as if nothing had been said
        with pytest.raises(kind):
            heed()
    with stoppable():
        heed()
    assert not printed


def test_what_else_is_lost_is_printed_as_ever(monkeypatch):
    class Fails:
        def __del__(self) -> None:
            raise ValueError("no interrupt")

    printed = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: printed.append(str(lost.exc_value)))
    with stoppable():
        Fails()
    assert printed == ["no interrupt"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_raised_at_once_where_it_can_be_and_not_where_nothing_may(number):
    before = signal.getsignal(number)
    with stoppable():
        with deaf():
            os.kill(os.getpid(), number)
        heed()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_what_whoever_began_the_process_ignores_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGINT)
            heed()
    finally:
        signal.signal(signal.SIGINT, before)


def test_one_that_comes_back_as_another_failure_is_an_interrupt_still():
    ending = Ending()
    with stoppable(), whatever_happens(ending, Path("run"), Path("experiment.py")):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt:
            raise RuntimeError("a callback failed") from None
    assert (ending.status, ending.exit_status) == ("interrupted", TERMINATED)
