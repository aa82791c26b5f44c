"""Bad input, and what to say about it: the name as typed, the value seen, the next step."""

from collections.abc import Iterable
from difflib import get_close_matches


class BadInput(ValueError):  # noqa: N818 - it is the input that is bad, not the program
    """What was asked for cannot be done as it was asked.

    The message is meant for the person who typed it: one problem a line, no traceback.
    The command line prints it and exits with status 2.
    """


def suggestion(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest known name, or the names there are, or nothing."""
    known = sorted(set(known))
    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {lower[near[0]]!r}?"
    return f"; known: {', '.join(known)}" if 0 < len(known) <= 12 else ""
