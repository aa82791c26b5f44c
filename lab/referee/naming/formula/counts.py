"""Another count than it should be, wherever the hand's formula divides or multiplies by it: `n - 1`
for `n`, the columns for the rows.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np

from lab.referee.naming.formula.repairs import Added, Bench, Change, mended
from lab.referee.naming.stage.draft import Draft, Spot
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.sizes import sizes_of
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

LEAST = 3  # of less nobody can tell whether it is a count
TIMES = (1.0, 2.0, 4.0, -1.0, -2.0, -4.0)  # how often a count is taken in one number


def wrong_counts(scene: Scene) -> Iterator[Mistake]:
    """A count that enters at several places; where it enters once, it is a wrong number."""
    yield from mended(scene, partial(_changes, scene))


def _changes(scene: Scene, here: Bench) -> Iterator[Change]:
    sizes = sizes_of(scene.evidences[here.g])
    pairs = sorted(product(sizes, sizes), key=_of_different)
    for more, (name, other) in product((0, -1, 1), pairs):
        n = sizes[name] + more
        if n == sizes[other] or n < LEAST or (more and name != other):
            continue
        powers = {edge: _power(here.draft, edge, n) for edge in here.draft.edges}
        spot = tuple(edge for edge, power in powers.items() if power)
        if len(spot) > 1:
            counted = {0: name, -1: f"{name} - 1", 1: f"{name} + 1"}[more]
            says = f"{counted} stands in the formula where {other} should"
            recounted = partial(_recounted, scene, (name, more), other, powers)
            yield Change("batch_factor", says, spot, partial(_put, spot, recounted))


def _of_different(pair: tuple[str, str]) -> bool:
    """Whether these are sizes of two arguments."""
    one, other = (name.partition(".s")[0] for name in pair)
    return one != other


def _power(draft: Draft, edge: Edge, count: int) -> int:
    """1 where a number is so many, or twice or four times as many; -1 where it is one over it."""
    number = draft.literal(edge)
    if number is None or not np.isfinite(number):
        return 0
    alike = lambda power: any(np.isclose(number, k * count**power, rtol=1e-12) for k in TIMES)
    return next((power for power in (1, -1) if alike(float(power))), 0)


def _recounted(
    scene: Scene, counted: tuple[str, int], other: str, powers: dict[Edge, int], here: Bench
) -> dict[Edge, float]:
    """By what each number is multiplied, once the right things are counted."""
    sizes = sizes_of(scene.evidences[here.g])
    name, more = counted
    ratio = sizes[other] / (sizes[name] + more)
    return {edge: ratio**power for edge, power in powers.items()}


def _put(spot: Spot, recounted: Callable[[Bench], dict[Edge, float]], here: Bench) -> Added:
    times = recounted(here)
    return [(times[edge] - 1) * here.value(edge) for edge in spot]
