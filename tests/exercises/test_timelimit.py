"""A time limit ends what does not end, and does not ring where nobody could hear it."""

import time

import pytest

from lab.timelimit import TimeUp, limited


class Slow:
    """Takes its time to go."""

    def __del__(self):
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass


def for_ever():
    while True:
        pass


def after(slow):
    del slow
    for_ever()


def test_a_loop_ends():
    with pytest.raises(TimeUp), limited(0.05):
        for_ever()


def test_a_limit_inside_another_one_is_the_outer_one():
    with pytest.raises(TimeUp), limited(0.05), limited(60):
        for_ever()


@pytest.mark.filterwarnings("error")  # an exception that is lost in a callback is a warning
def test_what_lets_no_exception_out_is_passed_by():
    with pytest.raises(TimeUp), limited(0.05):
        after(Slow())


def test_what_is_done_in_time_is_left_alone():
    with limited(5):
        done = sum(range(10))
    assert done == 45
