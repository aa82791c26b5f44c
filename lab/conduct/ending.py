"""How a run went so far, and what becomes of it when something stops it."""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import BadInput
from lab.experiment import Finding
from lab.interrupts import INTERRUPTED, TERMINATED, Terminated, told
from lab.modules import failing_line
from lab.runs import folder, record
from lab.training import processes

if TYPE_CHECKING:
    from lab.referee import Verdict


@dataclass
class Ending:
    """How a run went so far: whatever stops it, this is what is written down."""

    status: record.Status = "running"
    stopped: str | None = None
    note: str = ""
    exit_status: int = 0
    verdicts: "list[Verdict]" = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    figures: list[dict[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    # over how many devices of how many processes, and how many rows of what were dealt out
    devices: dict[str, Any] | None = None

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Book the block's time under ``phase``, however the block ends."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] = round(time.perf_counter() - begun, 3)


@contextmanager
def whatever_happens(ending: Ending, run: Path, file: Path) -> Iterator[None]:
    """Let nothing past: what ends the block becomes the status, the note and the exit status."""
    try:
        yield
        if ending.status == "running":
            ending.status = "finished"
    except KeyboardInterrupt as stop:
        _interrupted(ending, run, stop)
    except BadInput as problem:
        ending.status, ending.exit_status, ending.note = "failed", 2, str(problem)
    except Exception as problem:
        if interrupt := told():  # raised in a callback, it is that callback's failure here
            _interrupted(ending, run, interrupt)
            return
        gone = processes.gone(problem)
        if gone:
            ending.status, ending.exit_status = "interrupted", 1
            ending.note = f"{gone}; what was recorded is kept, and lab resume {run} goes on"
            return
        ending.status, ending.exit_status = "failed", 1
        ending.note = failing_line(problem, file)
        folder.write_text(run / "traceback.txt", traceback.format_exc())


def _interrupted(ending: Ending, run: Path, stop: KeyboardInterrupt) -> None:
    terminated = isinstance(stop, Terminated)
    ending.status, ending.exit_status = "interrupted", TERMINATED if terminated else INTERRUPTED
    ending.note = f"interrupted; what was recorded is kept, and lab resume {run} goes on"
