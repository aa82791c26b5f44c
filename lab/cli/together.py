"""One run by several processes: the part of the command line that outlives JAX.

Where a process of a run dies, JAX may end the others at once, by a signal, before any Python is
asked. So the work is done by a child, and who started it says how it ended; nothing of JAX is
loaded here, and the child is the only one.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, TypeAlias

import typer

from lab import compiled
from lab.errors import BadInput
from lab.report.progress import Unwatched

Distributed = Annotated[
    bool,
    typer.Option(
        "--distributed",
        help="This is one of several processes of one run, started by SLURM, MPI, Kubernetes or by "
        "hand: lab show devices has the lines.",
    ),
]
_LOST = 1

Telling: TypeAlias = Callable[[Unwatched], Unwatched]


class Part(NamedTuple):
    """How the first process ended: its exit status, and whether all steps were done."""

    status: int
    orderly: bool


class _Telling(Unwatched):
    """What is seen by somebody else, and the folder told to who waits."""

    def __init__(self, watch: Unwatched, to: int) -> None:
        self._to = to
        self.phase, self.at = watch.phase, watch.at  # type: ignore[method-assign]

    def begins(self, run: Path) -> None:
        os.write(self._to, os.fsencode(run))


def alone(watch: Unwatched) -> Unwatched:
    """Nobody else is to be told."""
    return watch


def together(conduct: Callable[[Telling], Part], follow: Callable[[], None]) -> int:
    """Take part in a run of several processes; the exit status.

    The first of them does ``conduct(telling)``, where ``telling`` goes around its watch; the others
    ``follow()``. Neither has begun to load JAX. Raises ``BadInput`` where processes cannot fork.
    """
    if not hasattr(os, "fork"):
        raise BadInput("--distributed needs a system on which processes fork: Linux or macOS")
    told, tell = os.pipe()
    here, gone = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.close(gone)
        _work(conduct, follow, tell, here)
    os.close(tell)
    # the child is in a session of its own, so that each signal comes once, from here
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(child, number))
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    run = os.fsdecode(os.read(told, 4096))
    if ended >= 0:
        return ended
    return _said(signal.Signals(-ended), Path(run) if run else None)


def _work(
    conduct: Callable[[Telling], Part], follow: Callable[[], None], tell: int, here: int
) -> None:
    """All that happens in the child, which ends here."""
    os.setsid()
    _end_with(here)
    # what gloo writes to the standard output is no result
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors=sys.stdout.errors)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        status, orderly = _part(conduct, follow, tell)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        status, orderly = 2, False
    except KeyboardInterrupt:
        status, orderly = 128 + signal.SIGINT, False
    except Exception as problem:
        from lab.training import processes

        gone = processes.gone(problem)
        if gone is None:
            import traceback

            traceback.print_exc()
        print(gone or problem, file=sys.stderr)
        status, orderly = _LOST, False
    sys.stdout.flush()
    sys.stderr.flush()
    if orderly:
        from lab.training import processes

        processes.leave()
    # else the others are in the middle of a step, and are not waited for
    os._exit(status)


def _part(conduct: Callable[[Telling], Part], follow: Callable[[], None], tell: int) -> Part:
    compiled.keep()
    from lab.training import processes

    processes.join()
    if processes.conducts():
        return conduct(lambda watch: _Telling(watch, tell))
    follow()
    return Part(0, True)


def _end_with(here: int) -> None:
    """End at once when the parent does: its end of the pipe is then closed."""

    def watch() -> None:
        os.read(here, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _said(by: signal.Signals, run: Path | None) -> int:
    """Say, and write down, that the work was ended by a signal."""
    why = "another process of this run went away, or never came"
    if by != signal.SIGABRT:  # which is JAX's
        why = f"this process of the run was ended by {by.name}"
    if run is None:
        print(why, file=sys.stderr)
        return _LOST
    from lab.runs import record

    kept = record.read(run) if (run / "run.json").exists() else None
    if kept and kept["status"] != "running":  # it had ended, and said how
        return kept["exit_status"]
    note = f"{why}; what was recorded is kept, and lab resume {run} goes on"
    if kept:
        record.end(run, kept, "interrupted", note=note, exit_status=_LOST, seconds={})
    print(note, file=sys.stderr)
    return _LOST
