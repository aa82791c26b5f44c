"""What is said of a mistake that nothing explains: which entries are off, and by how much."""

from collections.abc import Callable

import numpy as np

from lab.referee.naming.stage.scene import Scene, leading, off_entries, size


def pattern(scene: Scene) -> str:
    """Which leaves and entries are wrong, and by how much, in words."""
    return "; ".join(_leaf(scene, i) for i in scene.leaves)


def _leaf(scene: Scene, i: int) -> str:
    masks, worst, least = [], 0.0, np.inf
    for g, evidence, mask in scene.groups():
        truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
        off = off_entries(scene, g, i)
        masks.append(off)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.abs(hand - truth) / size(truth, evidence.elementwise)
        told = ratio[off & np.isfinite(ratio)]
        worst, least = max(worst, told.max(initial=0.0)), min(least, told.min(initial=np.inf))
    if not worst:
        return f"{scene.names[i]}: not finite where the derivative is"
    how_far = " to ".join(dict.fromkeys(_percent(x) for x in (least, worst)))
    whose = "the largest entry" if masks[0].ndim > 1 and scene.kind != "derivative" else "it"
    by = f", by {how_far} of {whose}" if worst <= 1 else ""
    how = _varies(scene, i) or _along(scene, i)
    return f"{scene.names[i]}: {_entries(masks)} off{by}{how}"


def _percent(share: float) -> str:
    """To two digits, written out: 1300%, not 1.3e+03%."""
    return f"{float(f'{100 * share:.2g}'):g}%"


def _varies(scene: Scene, i: int) -> str:
    """Whether the answer is the truth but for a factor that changes from point to point."""
    told = False
    for _, evidence, mask in scene.groups():
        truth, hand = leading(evidence.truth[i][mask]), leading(evidence.hand[i][mask])
        if truth.shape[1] < 2:
            continue
        c = (truth * hand).sum(1, keepdims=True) / (truth**2).sum(1, keepdims=True)
        if not np.all(np.abs(c * truth - hand) <= 1e-7 * np.abs(hand).max()):
            return ""
        told = True
    return "; it is the derivative times a number that varies from point to point" if told else ""


def _along(scene: Scene, i: int) -> str:
    """What the error or the answer has to do with the axes: alike along one, a multiple of the
    derivative in each row, a sum that is lost.
    """
    rank = scene.evidences[0].truth[i].ndim - 1
    for axis in range(1, rank + 1):
        along = f" along axis {axis - 1}" if rank > 1 else ""
        if _always(scene, i, _alike, axis):
            return f"; by the same{along}"
        if rank > 1 and _always(scene, i, _times, axis):
            others = " and ".join(f"axis {k}" for k in range(rank) if k != axis - 1)
            return f"; it is the derivative times numbers that vary along {others} only"
        if _always(scene, i, _adds_up, axis):
            return f"; the derivative adds up to 0{along}, and the answer does not"
    return ""


Holds = Callable[[np.ndarray, np.ndarray, int], bool | None]


def _always(scene: Scene, i: int, holds: Holds, axis: int) -> bool:
    """Whether something holds in every group that can tell (others say `None`), and in one at
    least.
    """
    with np.errstate(all="ignore"):
        told = [holds(e.truth[i][mask], e.hand[i][mask], axis) for _, e, mask in scene.groups()]
    return any(told) and all(one is not False for one in told)


def _alike(truth: np.ndarray, hand: np.ndarray, axis: int) -> bool | None:
    gap = hand - truth
    if gap.shape[axis] < 3:
        return None
    return bool(np.all(np.ptp(gap, axis=axis) <= 1e-7 * np.abs(gap).max()))


def _times(truth: np.ndarray, hand: np.ndarray, axis: int) -> bool | None:
    if truth.shape[axis] < 3:
        return None
    c = (truth * hand).sum(axis, keepdims=True) / (truth**2).sum(axis, keepdims=True)
    return bool(np.all(np.abs(c * truth - hand) <= 1e-7 * np.abs(hand).max()))


def _adds_up(truth: np.ndarray, hand: np.ndarray, axis: int) -> bool | None:
    if truth.shape[axis] < 2:
        return None
    sums = [np.abs(x.sum(axis)) / np.abs(truth).max() for x in (truth, hand)]
    return bool(np.all(sums[0] <= 1e-10) and np.all(sums[1] > 1e-6))


def entry_words(scene: Scene, i: int) -> str | None:
    """The entries in question, by a description that holds at all sizes."""
    words = _words([_ever(off_entries(scene, g, i)) for g, _, _ in scene.groups()])
    always = all(
        np.array_equal(off_entries(scene, g, i).any(axis=0), off_entries(scene, g, i).all(axis=0))
        for g, _, _ in scene.groups()
    )
    return words if always else None


def _entries(masks: list[np.ndarray]) -> str:
    ever = list(map(_ever, masks))
    if all(off.all() for off in ever):
        return "every entry is" if ever[0].ndim else "it is"
    words = _words(ever)
    if words is not None:
        return f"{words} {'are' if words.startswith('all but') else 'is'}"
    some = next(off for off in ever if off.any())
    count, first = int(some.sum()), [int(k) for k in np.argwhere(some)[0]]
    if count == 1:
        return f"entry {first} is"
    return f"{count} of {some.size} entries (the first is {first}) are"


def _words(ever: list[np.ndarray]) -> str | None:
    if all(off.all() for off in ever):
        return None
    if all(off.ndim == 2 and off.shape[0] == off.shape[1] for off in ever):
        eyes = [np.eye(off.shape[0], dtype=bool) for off in ever]
        for word, shape in (
            ("the diagonal", lambda eye: eye),
            ("all but the diagonal", lambda eye: ~eye),
            ("the upper triangle", lambda eye: np.triu(~eye)),
            ("the lower triangle", lambda eye: np.tril(~eye)),
        ):
            alike = zip(ever, eyes, strict=True)
            if all(np.array_equal(off, shape(eye)) for off, eye in alike):
                return word
    for axis in range(ever[0].ndim):
        for index, word in ((0, "first"), (-1, "last")):
            marks = [_at(off.shape, axis, index) for off in ever]
            what = f"the {word} {_slice(ever[0].ndim, axis)}"
            if all(np.array_equal(off, at) for off, at in zip(ever, marks, strict=True)):
                return what
            if all(np.array_equal(off, ~at) for off, at in zip(ever, marks, strict=True)):
                return f"all but {what}"
    return None


def _slice(rank: int, axis: int) -> str:
    """What lies at one place along an axis."""
    if rank == 2:
        return ("row", "column")[axis]
    return "entry" if rank == 1 else f"entry along axis {axis}"


def _ever(mask: np.ndarray) -> np.ndarray:
    """At any of the points."""
    return np.asarray(mask.any(axis=0))


def _at(shape: tuple[int, ...], axis: int, index: int) -> np.ndarray:
    """Marks one place along an axis."""
    marked = np.zeros(shape, bool)
    np.moveaxis(marked, axis, 0)[index] = True
    return marked
