"""The judge behind `lab.check`: witnesses, verdict, and where and what the mistake is.

Reading order: `verdict` (what is said), `points` (where it is looked), `question` (what is asked),
`evaluate` and `evidence` (what everyone answers), `tolerance` (how far apart right answers may be),
`numeric` and `differences` (the witness without autodiff), `kinks` (the second look), `naming` and
`steps` (what and where), `counterexample` (shown small and round), `judge` (the trial), `together`
(several derivatives of one function)."""

from typing import TYPE_CHECKING, Any

from lab.referee.verdict import Mistake as Mistake
from lab.referee.verdict import Verdict as Verdict
from lab.referee.verdict import Witness as Witness
from lab.referee.verdict import exit_status as exit_status

if TYPE_CHECKING:
    from lab.referee.judge import check as check
    from lab.referee.together import check_together as check_together

__all__ = ["Mistake", "Verdict", "Witness", "check", "check_together", "exit_status"]


def __getattr__(name: str) -> Any:
    """The judge is loaded when asked for: who recalls verdicts that hold needs none."""
    if name == "check":
        from lab.referee.judge import check

        return check
    if name == "check_together":
        from lab.referee.together import check_together

        return check_together
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
