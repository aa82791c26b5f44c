"""Two numbers of one expression of the hand's formula that are wrong together: the sides of a
choice exchanged, both weights of a sum.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from lab.referee.naming.formula.numbers import SHARP, apart, round_number
from lab.referee.naming.formula.repairs import (
    FEWEST,
    Bench,
    Change,
    bench,
    everywhere,
    mistake,
    right,
)
from lab.referee.naming.stage.draft import Draft
from lab.referee.naming.stage.scene import Scene, some_rows, written
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

MOST = 12  # pairs tried
ROUNDS = 6

Pair = tuple[Edge, Edge]


def two_numbers(scene: Scene) -> Iterator[Mistake]:
    """Numbers for both, round ones, that would mend the formula."""
    if scene.equations < FEWEST:
        return
    here = bench(scene, scene.main, some_rows(scene))
    if here is None:
        return
    for pair in _pairs(here.draft)[:MOST]:
        before = [float(here.draft.literal(edge) or 0.0) for edge in pair]
        after = _solved(scene, here, pair, before)
        if after is None or not all(map(round_number, after)):
            continue
        gap = np.subtract(after, before)
        change = Change(
            "constant", _said(here.draft, pair, before, after), pair, _adding(gap, pair)
        )
        if everywhere(scene, change):
            yield mistake(scene, here.draft, change.name, change.says, pair)


def _pairs(draft: Draft) -> list[Pair]:
    by_place: dict[Place, list[Edge]] = {}
    for edge in draft.edges:
        place = draft.place(edge)
        if draft.literal(edge) is not None and place is not None:
            by_place.setdefault(place, []).append(edge)
    pairs = (pair for edges in by_place.values() for pair in combinations(edges, 2))
    return [pair for pair in pairs if any(draft.literal(edge) for edge in pair)]  # not 0 and 0


def _solved(
    scene: Scene, here: Bench, pair: Pair, before: Sequence[float]
) -> tuple[float, float] | None:
    """Newton's method in both, the slopes told by differences."""
    truth = [scene.evidences[here.g].truth[i][here.rows] for i in scene.leaves]
    gap = np.zeros(2)
    step = 1.0
    for _ in range(ROUNDS):
        tried = gap + step * np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
        told = here.tried(np.stack([_whole(here, pair, one) for one in tried]))
        if told is None:
            return None
        if right(scene, here, [leaf[0] for leaf in told], share=SHARP):
            after = [float(f"{b + g:.9g}") for b, g in zip(before, gap, strict=True)]
            return (after[0], after[1]) if np.all(np.abs(gap) > 1e-7) else None
        base, *moved = (
            np.concatenate([told[i][k].ravel() for i in scene.leaves]) for k in range(3)
        )
        slopes = np.stack([(one - base) / step for one in moved], axis=1)
        rest = np.concatenate([leaf.ravel() for leaf in truth]) - base
        if not np.all(np.isfinite(slopes)) or not np.all(np.isfinite(rest)):
            return None
        found, _, rank, _ = np.linalg.lstsq(slopes, rest, rcond=1e-9)
        if rank < 2 or np.abs(found).max() > 1e6:
            return None
        gap, step = gap + found, 1e-5
    return None


def _whole(here: Bench, pair: Pair, gap: np.ndarray) -> np.ndarray:
    changes = np.zeros((len(here.rows), here.draft.width))
    for edge, added in zip(pair, gap, strict=True):
        changes[:, here.draft.cuts[edge]] = added
    return changes


def _adding(gap: np.ndarray, pair: Pair):  # type: ignore[no-untyped-def]
    return lambda here: [
        np.full_like(here.value(edge), added) for edge, added in zip(pair, gap, strict=True)
    ]


def _said(draft: Draft, pair: Pair, before: Sequence[float], after: Sequence[float]) -> str:
    place = draft.place(pair[0])
    here = f" in {place.quoted}" if place is not None else ""
    text = place.text if place is not None else ""
    by_text = np.argsort([text.find(written(b)) for b in before], kind="stable")
    before, after = ([one[k] for k in by_text] for one in (before, after))
    if np.allclose(sorted(before), sorted(after), rtol=1e-9, atol=0):
        return f"the numbers {written(before[0])} and {written(before[1])}{here} are exchanged"
    told = [apart(b, a) for b, a in zip(before, after, strict=True)]
    (b0, a0), (b1, a1) = told
    return f"the numbers {b0} and {b1}{here} should be {a0} and {a1}"
