"""Wrong numbers in the hand's formula: a factor at one place, a constant of the source.

Most answers are linear in most of what enters them, so that the right factor is told by two runs;
for the numbers of the source, which may stand inside of anything, Newton's method finds it."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lab.referee.naming.draft import Draft, Spot, spots
from lab.referee.naming.repairs import (
    FEWEST,
    Added,
    Bench,
    Change,
    alike,
    bench,
    everywhere,
    mistake,
    right,
    some_rows,
)  # fmt: skip
from lab.referee.naming.scene import Scene, number
from lab.referee.verdict import Mistake

ROUNDS = 8
NEAR = 0.25  # a number of the source that is off by less is a constant misremembered


def wrong_numbers(scene: Scene) -> Iterator[Mistake]:
    """One factor, the same at all points, that would mend the formula."""
    if scene.equations < FEWEST:
        return
    here = bench(scene, scene.main, some_rows(scene))
    if here is None:
        return
    draft = here.draft
    places = spots(draft)
    for spot, c in zip(places, _factors(scene, here, places), strict=True):
        if not np.isfinite(c) or abs(c - 1) < 1e-9:
            continue
        by_group = _everywhere(scene, here, spot, float(c))
        if by_group is not None:
            yield from _said(scene, draft, spot, by_group)


def _factors(scene: Scene, here: Bench, places: Sequence[Spot]) -> np.ndarray:
    """By what each spot would have to be multiplied; nan where nothing helps."""
    literal = [here.draft.slot(spot[0]) in here.draft.program.literals for spot in places]
    c = _stepped(scene, here, places, np.ones(len(places)), np.full(len(places), 2.0))
    for _ in range(ROUNDS):
        told = _answers(scene, here, places, c)
        if told is None:
            return np.full(len(places), np.nan)
        fits = [right(scene, here, [leaf[k] for leaf in told]) for k in range(len(places))]
        going = ~np.array(fits) & np.array(literal) & np.isfinite(c) & (np.abs(c) < 1e6)
        if not going.any():
            break
        moved = _stepped(scene, here, places, c, c * (1 + 1e-6))
        c = np.where(going, moved, c)
    return np.where(fits, np.where(np.abs(c) < 1e-7, 0.0, c), np.nan)


def _stepped(
    scene: Scene, here: Bench, places: Sequence[Spot], at: np.ndarray, to: np.ndarray
) -> np.ndarray:
    """One step of Newton's method for each spot, the slope told by the answers at two factors."""
    first, second = (_answers(scene, here, places, c) for c in (at, to))
    if first is None or second is None:
        return np.full(len(places), np.nan)
    truth = [scene.evidences[here.g].truth[i][here.rows] for i in range(len(first))]
    weight = [np.abs(truth[i]).max(initial=1e-300) for i in range(len(first))]
    flat = lambda leaves: np.concatenate(
        [(leaves[i] / weight[i]).reshape(len(places), -1) for i in scene.leaves], axis=1
    )
    with np.errstate(all="ignore"):
        gap = flat([t[None] - a for t, a in zip(truth, first, strict=True)])
        slope = flat([b - a for a, b in zip(first, second, strict=True)]) / (to - at)[:, None]
        return np.asarray(at + (gap * slope).sum(1) / (slope**2).sum(1))


def _answers(
    scene: Scene, here: Bench, places: Sequence[Spot], factors: np.ndarray
) -> list[np.ndarray] | None:
    changes = np.zeros((len(places), len(here.rows), here.draft.width))
    for k, (spot, c) in enumerate(zip(places, factors, strict=True)):
        for edge in spot:
            entering = here.value(edge).reshape(len(here.rows), -1)
            changes[k][:, here.draft.cuts[edge]] = (c - 1) * entering
    return here.tried(np.nan_to_num(changes, posinf=0.0, neginf=0.0))


def _everywhere(scene: Scene, main: Bench, spot: Spot, c: float) -> list[float] | None:
    """The factors by group (sizes may enter them), if they mend every answer."""
    if everywhere(scene, _scaling(spot, [c] * len(scene.evidences))):
        return [c] * len(scene.evidences)
    found = []
    for g in range(len(scene.evidences)):
        rows = np.flatnonzero(scene.wrong[g])
        there = bench(scene, g, rows[: len(main.rows)])
        if there is None:
            if len(rows):
                return None
            found.append(1.0)
            continue
        if not alike(main.draft, there.draft):
            return None
        found.append(float(_factors(scene, there, [spot])[0]))
    return found if everywhere(scene, _scaling(spot, found)) else None


def _scaling(spot: Spot, by_group: Sequence[float]) -> Change:
    def added(here: Bench) -> Added:
        return [(by_group[here.g] - 1) * here.value(edge) for edge in spot]

    return Change("factor", "", spot, added)


def _said(scene: Scene, draft: Draft, spot: Spot, by_group: list[float]) -> Iterator[Mistake]:
    c = by_group[scene.main]
    slot = draft.slot(spot[0])
    told: Callable[[str, str], Mistake] = lambda name, says: mistake(scene, draft, name, says, spot)
    inverse = [1 / x if x else np.inf for x in by_group]
    word = scene.size_word(inverse) if np.all(np.isfinite(inverse)) else None
    if slot in draft.program.literals:
        h = float(draft.program.fixed[slot])
        c = _rounded(scene, spot, h, by_group)
        place = draft.place(spot[0])
        here = f" in {place.quoted}" if place is not None else ""
        says = "the number {}{here} should be {}".format(*_apart(h, c * h), here=here)
        alike = max(by_group) == min(by_group)
        size = scene.size_word([(c if alike else x) * h for x in by_group])
        if size:
            yield told("batch_factor", f"{says}, which is {size}")
        elif word:
            yield told("batch_factor", f"{says}: it is {word} times that")
        elif abs(c) < 1e-9:
            yield told("extra_term", f"the number {number(h)}{here} should not be there")
        elif abs(c + 1) < 1e-9:
            yield told("sign", says)
        else:
            odd = set(".e") & set(number(c * h))  # no fraction that one would count with
            yield told("constant" if odd or abs(c - 1) < NEAR else "factor", says)
        return
    text = draft.text(spot[0])
    if abs(c) < 1e-9:
        yield told("extra_term", f"the term {text} of the formula should not be there")
    elif word:
        yield told("batch_factor", f"{text} in the formula is {word} times what it should be")
    elif max(by_group) - min(by_group) > 1e-9 * abs(c):
        return
    elif abs(c - 1) < 0.02:
        yield told("constant", f"{text} in the formula is {1 / c:.8g} times what it should be")
    elif abs(c + 1) > 1e-9:
        yield told("factor", f"{text} in the formula is {number(1 / c)} times what it should be")


def _rounded(scene: Scene, spot: Spot, h: float, by_group: list[float]) -> float:
    """The factor that makes the number as round as will do: what hardly matters is told badly."""
    c = by_group[scene.main]
    if max(by_group) > min(by_group):
        return c
    near = [c * 0] if abs(c) < 1e-3 else []
    near += [float(f"{c * h:.{digits}g}") / h for digits in range(1, 8)]
    close = (x for x in near if abs(x - c) < 1e-3 * max(abs(c), abs(c - 1)))
    return next((x for x in close if everywhere(scene, _scaling(spot, [x] * len(by_group)))), c)


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to tell them apart."""
    if number(one) != number(other):
        return number(one), number(other)
    digits = range(7, 18)
    told = ((f"{one:.{d}g}", f"{other:.{d}g}") for d in digits)
    return next((a, b) for a, b in told if a != b)
