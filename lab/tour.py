"""Every experiment once, a few at a time: how each of them ended, and how bad the worst is."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from lab import experiment
from lab.errors import BadInput

WORKERS = 4  # processes at most: each of them has its own compiler and its own copy of JAX
WORST = (130, 2, 1, 3, 0)


# once a process has been interrupted, what is still waiting for it is not begun
_interrupted = threading.Event()


class Stop(NamedTuple):
    """One experiment of the tour, and how it ended; ``checks`` are verdicts by their number."""

    name: str
    status: str
    exit_status: int
    checks: dict[str, int]
    missed: tuple[str, ...]
    findings: int
    seconds: float
    folder: str
    note: str


def configs() -> tuple[str, ...]:
    """A config for every experiment: the one of its name, else its first."""
    known = experiment.configs()
    return tuple(
        name if name in known[name] else known[name][0]
        for name in experiment.names()
        if known.get(name)
    )


def visit(name: str, out: Path, checks: bool) -> Stop:
    """Run one config from start to end, without a word."""
    begun = time.perf_counter()
    stop = partial(_stop, name, begun)
    if _interrupted.is_set():
        return stop("interrupted", 130)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            from lab import compiled
            from lab.conduct import conduct
            from lab.config import load

            compiled.keep()
            folder, ending = conduct(
                load(name, []), command=["lab", "run", name], out=out, checks=checks
            )
        except KeyboardInterrupt:
            _interrupted.set()
            return stop("interrupted", 130)
        except BadInput as problem:
            return stop("failed", 2, note=str(problem))
        except Exception as problem:
            return stop("failed", 1, note=f"{type(problem).__name__}: {problem}")
    if ending.status == "interrupted":
        _interrupted.set()
    return stop(
        ending.status,
        ending.exit_status,
        dict(Counter(verdict.verdict for verdict in ending.verdicts)),
        tuple(found.name for found in ending.findings if not found.holds),
        len(ending.findings),
        str(folder),
        ending.note,
    )


def _stop(
    name: str,
    begun: float,
    status: str,
    exit_status: int,
    checks: dict[str, int] | None = None,
    missed: tuple[str, ...] = (),
    findings: int = 0,
    folder: str = "",
    note: str = "",
) -> Stop:
    seconds = round(time.perf_counter() - begun, 1)
    return Stop(name, status, exit_status, checks or {}, missed, findings, seconds, folder, note)


def tour(names: Sequence[str], out: Path, *, checks: bool = True) -> Iterator[Stop]:
    """Run the configs in processes of their own, one for each core, and yield them as they end."""
    # several processes on one GPU: none may take all of its memory
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    fresh: Any = multiprocessing.get_context("spawn")  # JAX does not bear being forked
    with ProcessPoolExecutor(min(WORKERS, _cores(), len(names) or 1), fresh) as pool:
        going: dict[Future[Stop], str] = {
            pool.submit(visit, name, out, checks): name for name in names
        }
        try:
            for done in as_completed(going):
                try:
                    yield done.result()
                except BrokenProcessPool:
                    note = "the process running it was killed; is there enough memory?"
                    yield _stop(going[done], time.perf_counter(), "failed", 1, note=note)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def exit_status(stops: Sequence[Stop]) -> int:
    """That of the worst: interrupted, bad input, wrong, in doubt, fine."""
    return min((stop.exit_status for stop in stops), key=WORST.index, default=0)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
