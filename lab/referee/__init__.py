"""The judge behind `lab.check`: witnesses, verdict, and where and what the mistake is.

From the ground up: `points` (where it is looked) and `programs` (what JAX traces); `asking` (what
is asked of function and hand, at many points at once); `witnesses` (what is seen there, and how far
to trust it); `search` (points where the drawn ones do not go); `naming` (what the mistake is);
`examples` (shown small and round); `court` (the trial, from claim to verdict). Beside them what can
be brought to trial: `rules` (custom rules), `targets` (what a person types), `together` (several
derivatives of one function), `trials` (many at once, with the verdicts that are `kept`); and
`verdict`, what is said, and how it is shown."""

from typing import TYPE_CHECKING, Any

from lab.referee.verdict import Mistake as Mistake
from lab.referee.verdict import Verdict as Verdict
from lab.referee.verdict import Witness as Witness
from lab.referee.verdict import exit_status as exit_status

if TYPE_CHECKING:
    from lab.referee.court.judge import check as check
    from lab.referee.together import check_together as check_together

__all__ = ["Mistake", "Verdict", "Witness", "check", "check_together", "exit_status"]


def __getattr__(name: str) -> Any:
    """The judge is loaded when asked for: who recalls verdicts that hold needs none."""
    if name == "check":
        from lab.referee.court.judge import check

        return check
    if name == "check_together":
        from lab.referee.together import check_together

        return check_together
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
