"""A sweep beside what one does without it: run after run, in one process and in two."""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab.bench import Table
from lab.report.progress import Unwatched

SMALL = 256
RATES = "optimizer.learning_rate=logspace(1e-4,1e-1,{runs})"


def against_loops(watch: Unwatched, config: str, sample: int) -> tuple[Table, list[str]]:
    """Seconds that pass for 256 runs of 1,000 steps, from config to report."""
    watch.phase("loops", 3)
    rates = [f"{10 ** (-4 + 3 * k / (SMALL - 1)):.6g}" for k in range(SMALL)]
    notes = [
        f"The loops are judged by {sample} of their {SMALL} runs, after one that is not counted."
    ]
    rows: list[tuple[Any, ...]] = []
    with tempfile.TemporaryDirectory() as out:
        _one_sweep(config, out)
        seconds = _seconds(partial(_one_sweep, config, out))
        rows.append(("lab sweep", seconds, 1.0))
        watch.at(1)
        one_run(config, out, rates[0])
        begun = time.perf_counter()
        for rate in rates[:sample]:
            one_run(config, out, rate)
        loop = (time.perf_counter() - begun) / sample * SMALL
        rows.append(("a loop over runs", loop, loop / seconds))
        watch.at(2)
        if find_spec("joblib"):
            both = _joblib(config, out, rates[:sample]) / sample * SMALL
            rows.append(("joblib, two processes", both, both / seconds))
        else:
            notes.append("joblib is left out: it is not installed.")
        if find_spec("hydra"):
            multirun = _hydra(config, out, rates[:sample]) / sample * SMALL
            rows.append(("Hydra, --multirun", multirun, multirun / seconds))
        else:
            notes.append("Hydra is left out: it is not installed.")
    title = f"{SMALL} runs of 1,000 steps, from config to report"
    return Table(title, ("way", "seconds", "times"), rows), notes


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _one_sweep(config: str, out: str) -> None:
    from lab.sweep.conduct import conduct
    from lab.sweep.plan import plan

    conduct(plan(config, [RATES.format(runs=SMALL)]), command=[], out=Path(out), checks=False)


def one_run(config: str, out: str, rate: str) -> None:
    from lab.conduct import conduct
    from lab.config import load

    loaded = load(config, [f"optimizer.learning_rate={rate}"])
    conduct(loaded, command=[], out=Path(out), checks=False)


def _joblib(config: str, out: str, rates: Sequence[str]) -> float:
    """Seconds that two processes take, which have JAX already."""
    from joblib import Parallel, delayed  # type: ignore[import-untyped,unused-ignore]

    with Parallel(n_jobs=2, batch_size=1) as workers:
        # some for each, so that neither is still importing
        workers(delayed(one_run)(config, out, rate) for rate in [*rates[:2]] * 2)
        begun = time.perf_counter()
        workers(delayed(one_run)(config, out, rate) for rate in rates)
        return time.perf_counter() - begun


_HYDRA = """
import sys
import time
import hydra
from lab.bench._run_by_run import one_run

@hydra.main(version_base=None)
def main(chosen):
    one_run(sys.argv[0].replace("hydrated.py", "rosenbrock.yaml"), ".", str(chosen.rate))
    print("ended", time.perf_counter())

main()
"""


def _hydra(config: str, out: str, rates: Sequence[str]) -> float:
    """Seconds of ``--multirun``, one run after the other in a process, as is Hydra's own way.

    They are counted from the end of a first run on: by then all that is imported and compiled
    once has been.
    """
    import os
    import subprocess
    import sys

    program = Path(config).with_name("hydrated.py")
    program.write_text(_HYDRA, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [
        sys.executable,
        str(program),
        "--multirun",
        f"+rate={','.join([*rates[:1], *rates])}",
    ]
    done = subprocess.run(
        command, cwd=out, env=environment, check=True, capture_output=True, text=True
    )
    lines = (line.split() for line in done.stdout.splitlines())
    ends = [float(words[1]) for words in lines if words[:1] == ["ended"]]
    return ends[-1] - ends[0]
