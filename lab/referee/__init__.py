"""The judge behind `lab.check`: witnesses, verdict, and where and what the mistake is.

Reading order: `verdict` (what is said), `points` (where it is looked), `question` (what is asked),
`evaluate` and `evidence` (what everyone answers), `tolerance` (how far apart right answers may be),
`numeric` and `differences` (the witness without autodiff), `kinks` (the second look), `naming` and
`steps` (what and where), `judge` (the trial)."""

from lab.referee.judge import check as check
from lab.referee.verdict import Mistake as Mistake
from lab.referee.verdict import Verdict as Verdict
from lab.referee.verdict import Witness as Witness
from lab.referee.verdict import exit_status as exit_status
