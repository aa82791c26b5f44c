"""Ways measured in turn, within one process: their ratios hold also on a machine that is busy."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def over(some: Sequence[float], others: Sequence[float]) -> str:
    """How many times the others: the median of all turns, and how far they are apart."""
    ratios = sorted(one / other for one, other in zip(some, others, strict=True))
    return f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def alternately(
    ways: Mapping[str, Callable[[], Any]], repeats: int, now: Callable[[], float]
) -> dict[str, list[float]]:
    """The seconds of each way, all of them in every turn; the first turn is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            begun = now()
            own = way()
            if turn:
                taken[name].append(now() - begun - (own or 0.0))
    return taken
