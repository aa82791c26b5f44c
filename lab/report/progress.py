"""What is going on, on stderr, while somebody watches; nothing at all when nobody does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unwatched:
    """Progress that nobody sees."""

    def begins(self, run: Path) -> None:
        """What happens from here on is written to this folder."""

    def phase(self, name: str, total: int) -> None:
        """Something new begins, of which there are ``total``."""

    def at(self, done: int, remark: str = "") -> None:
        """So many are done."""


class Watched(Unwatched):
    """A bar on the terminal, one phase after the other."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.speed:,.0f}/s" if (task.speed or 0) >= 10 else "", style="dim")

        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[remark]}", markup=False),
            Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
            # results are for stdout, whatever is drawn here meanwhile
            redirect_stdout=False,
        )
        self.task = self.bars.add_task("", start=False, visible=False, remark="")

    def phase(self, name: str, total: int) -> None:
        self.bars.remove_task(self.task)
        self.task = self.bars.add_task(name, total=total, remark="")

    def at(self, done: int, remark: str = "") -> None:
        self.bars.update(self.task, completed=done, remark=remark)


@contextmanager
def progress(*, streaming: bool = False) -> Iterator[Unwatched]:
    """Progress for as long as the block lasts; its traces are gone afterwards.

    ``streaming`` results on the same terminal leave no room for it.
    """
    if not sys.stderr.isatty() or (streaming and sys.stdout.isatty()):
        yield Unwatched()
        return
    watched = Watched()
    with watched.bars:
        yield watched
