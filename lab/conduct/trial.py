"""The hand derivations of an experiment, tried before it begins."""

from pathlib import Path
from types import ModuleType

from lab import experiment
from lab.conduct.ending import Ending
from lab.interrupts import heed
from lab.report.progress import Unwatched
from lab.runs import folder


def put_on_trial(
    module: ModuleType, seed: int, run: Path, ending: Ending, watch: Unwatched
) -> None:
    from lab import referee  # as dear as JAX itself, and not every run asks it
    from lab.referee.trials import trials

    derivations = experiment.derivations(module)
    watch.phase("checks", len(derivations))
    for done, one in enumerate(trials(derivations, seed, recall=True, processes=1)):
        watch.at(done + 1, one.claim.name)
        if one.fault is not None:
            raise one.fault
        assert one.verdict is not None
        ending.verdicts.append(one.verdict)
        heed()
    folder.write_json(run / "checks.json", [verdict.to_json() for verdict in ending.verdicts])
    ending.exit_status = referee.exit_status(ending.verdicts)
