"""What is said of a mistake that nothing explains: which entries are off, and by how much."""

import numpy as np

from lab.referee.naming.scene import Scene, off_entries, size


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
    how_far = f"by {worst:.1%} at most" if worst < 100 else f"by a factor {worst:.0f} at most"
    return f"{scene.names[i]}: {_entries(masks)} off, {how_far}"


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
        return "every entry" if ever[0].ndim else "it"
    words = _words(ever)
    if words is not None:
        return f"{words} {'are' if words.startswith('all but') else 'is'}"
    count, first = int(ever[0].sum()), [int(k) for k in np.argwhere(ever[0])[0]]
    if count == 1:
        return f"entry {first} is"
    return f"{count} of {ever[0].size} entries are, the first {first}"


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
            along = f" along axis {axis}" if ever[0].ndim > 1 else ""
            if all(np.array_equal(off, at) for off, at in zip(ever, marks, strict=True)):
                return f"the {word} entry{along}"
            if all(np.array_equal(off, ~at) for off, at in zip(ever, marks, strict=True)):
                return f"all but the {word} entry{along}"
    return None


def _ever(mask: np.ndarray) -> np.ndarray:
    """At any of the points."""
    return np.asarray(mask.any(axis=0))


def _at(shape: tuple[int, ...], axis: int, index: int) -> np.ndarray:
    """Marks one place along an axis."""
    marked = np.zeros(shape, bool)
    np.moveaxis(marked, axis, 0)[index] = True
    return marked
