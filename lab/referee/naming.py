"""What the mistake is, where the wrong answer is a simple function of the right one.

Each candidate explanation turns the truth into an answer; it is accepted only when it reproduces
the hand's answer at every point looked at. What none explains is `unknown`, told by its pattern.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from lab.referee.evidence import Evidence
from lab.referee.verdict import Mistake

CLOSE = 1e-7  # relative agreement of an explanation with the wrong answer


def name_mistake(evidences: list[Evidence], wrong: list[np.ndarray]) -> Mistake:
    """Name what is wrong at the points ``wrong[e]`` (a mask for each group of evidence) as a
    whole.
    """
    leaves = _wrong_leaves(evidences, wrong)
    pairs = [
        (
            np.asarray(evidence.truth[i][point]),
            np.asarray(evidence.hand[i][point]),
            evidence.group.sizes,
        )
        for evidence, mask in zip(evidences, wrong, strict=True)
        for point in np.flatnonzero(mask)
        for i in leaves
    ]
    where = ", ".join(evidences[0].form.names[i] for i in leaves)
    for mistake in _explanations(pairs, where):
        return mistake
    return Mistake("unknown", _pattern(evidences, wrong, leaves), where)


def _wrong_leaves(evidences: list[Evidence], wrong: list[np.ndarray]) -> list[int]:
    """The leaves in which the error is more than rounding, at any of the points."""
    found = []
    for i in range(len(evidences[0].truth)):
        for evidence, mask in zip(evidences, wrong, strict=True):
            truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
            size = np.abs(truth[np.isfinite(truth)]).max(initial=0.0) + evidence.noise[i].typical
            with np.errstate(invalid="ignore"):
                if not np.all(np.abs(hand - truth) <= 1e-9 * size):
                    found.append(i)
                    break
    return found or list(range(len(evidences[0].truth)))


Pair = tuple[np.ndarray, np.ndarray, Mapping[str, int]]


def _explanations(pairs: list[Pair], where: str) -> Iterator[Mistake]:
    if not pairs:
        return
    if _all(pairs, lambda t: -t):
        yield Mistake("sign", "the sign is flipped: it should be the negative of this", where)
    factors = [_factor(t, h) for t, h, _ in pairs]
    if all(f is not None for f in factors):
        known = [f for f in factors if f is not None]
        if np.ptp(known) <= CLOSE * abs(known[0]):
            yield Mistake(
                "factor",
                f"a constant factor: it is {_number(known[0])} times the derivative",
                where,
            )
        else:
            yield from _size_factor(pairs, known, where)
    square = all(t.ndim >= 2 for t, _, _ in pairs)
    if square and _all(pairs, lambda t: np.swapaxes(t, -1, -2)):
        yield Mistake("transpose", "it is transposed: rows and columns are exchanged", where)


def _size_factor(pairs: list[Pair], factors: list[float], where: str) -> Iterator[Mistake]:
    """A factor that is a size of the problem, or one over it."""
    names = sorted({name for _, _, sizes in pairs for name in sizes})
    for name in names:
        sizes = np.asarray([float(pair[2][name]) for pair in pairs])
        for power, word in ((1, name), (-1, f"1/{name}")):
            if np.allclose(factors, sizes**power, rtol=CLOSE, atol=0):
                says = (
                    f"it is {word} times the derivative: a mean for a sum, or the other way round"
                )
                yield Mistake("batch_factor", says, where)


def _all(pairs: list[Pair], transform: Callable[[np.ndarray], np.ndarray]) -> bool:
    return all(_same(np.asarray(transform(t)), h) for t, h, _ in pairs)


def _same(expected: np.ndarray, seen: np.ndarray) -> bool:
    if expected.shape != seen.shape or not np.all(np.isfinite(seen)):
        return False
    return bool(np.all(np.abs(expected - seen) <= CLOSE * np.abs(expected).max(initial=0.0)))


def _factor(truth: np.ndarray, hand: np.ndarray) -> float | None:
    """``c`` with ``hand = c truth``, or `None`."""
    weight = float(np.sum(truth * truth))
    if not np.isfinite(weight) or weight == 0 or not np.all(np.isfinite(hand)):
        return None
    c = float(np.sum(hand * truth)) / weight
    return c if c != 0 and _same(np.asarray(c * truth), hand) else None


def _number(value: float) -> str:
    """A factor as a person would write it: 2, 1/2, 0.0447."""
    for denominator in range(1, 13):
        numerator = value * denominator
        if abs(numerator - round(numerator)) < 1e-9 * max(1.0, abs(numerator)):
            whole = round(numerator)
            return str(whole) if denominator == 1 else f"{whole}/{denominator}"
    return f"{value:.6g}"


def _pattern(evidences: list[Evidence], wrong: list[np.ndarray], leaves: list[int]) -> str:
    """Which leaves and entries are wrong, and by how much, in words."""
    parts = []
    for i in leaves:
        name = evidences[0].form.names[i]
        bad, everywhere, worst = _entries(evidences, wrong, i)
        entries = "every entry" if everywhere else bad
        parts.append(f"{name}: {entries} off, by {worst} at most")
    return "; ".join(parts)


def _entries(evidences: list[Evidence], wrong: list[np.ndarray], i: int) -> tuple[str, bool, str]:
    masks, worst = [], 0.0
    for evidence, mask in zip(evidences, wrong, strict=True):
        truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
        if not len(truth):
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.abs(hand - truth)
            size = np.abs(truth).reshape(len(truth), -1).max(axis=1, initial=0.0)
            size = size.reshape(-1, *[1] * (truth.ndim - 1))
            masks.append(~(gap <= 1e-9 * np.maximum(size, evidence.noise[i].typical)))
            ratio = np.nanmax(np.where(np.isfinite(gap), gap, np.nan) / size, initial=0.0)
            worst = max(worst, float(ratio))
    off = masks[0].any(axis=0)
    everywhere = all(mask.any(axis=0).all() for mask in masks)
    if off.ndim == 2 and off.shape[0] == off.shape[1] > 1:
        diagonal = np.eye(off.shape[0], dtype=bool)
        if np.array_equal(off, diagonal):
            return "the diagonal is", False, f"{worst:.1%}"
        if np.array_equal(off, ~diagonal):
            return "all but the diagonal is", False, f"{worst:.1%}"
    count = int(off.sum())
    first = [int(k) for k in np.argwhere(off)[0]] if count else []
    entries = (
        f"entry {first} is"
        if count == 1
        else f"{count} of {off.size} entries are, the first {first}"
    )
    return entries, everywhere, f"{worst:.1%}"
