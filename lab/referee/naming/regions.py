"""Mistakes in part of the domain: right except where an entry is large, negative, or the last."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lab.referee.naming.pattern import entry_words
from lab.referee.naming.scene import Scene, number, size
from lab.referee.naming.sizes import argument_leaves
from lab.referee.verdict import Mistake

FEWEST = 3  # entries that must be wrong, and right, before a condition on their values is read off


class Entries(NamedTuple):
    """All entries of a leaf at the points looked at, flat; ``feature`` by the name of an argument
    (or index) is what the condition may be about.
    """

    off: np.ndarray
    truth: np.ndarray
    hand: np.ndarray
    features: dict[str, np.ndarray]


def regions(scene: Scene) -> Iterator[Mistake]:
    if len(scene.leaves) != 1:
        return
    entries = _entries(scene, scene.leaves[0])
    name = scene.names[scene.leaves[0]]
    if entries.off.all():
        return
    there = _there(entries)
    word = entry_words(scene, scene.leaves[0])
    if word is not None:
        yield Mistake("region", f"right but for {word}{there}", f"{name}, {word}")
    for condition in _conditions(entries):
        yield Mistake("region", f"right except where {condition}{there}", f"{name}, {condition}")


def _entries(scene: Scene, i: int) -> Entries:
    off, truths, hands = [], [], []
    names = argument_leaves(scene.evidences[0])
    features: dict[str, list[np.ndarray] | None] = {name: [] for name in names}
    for g, evidence in enumerate(scene.evidences):
        seen = scene.wrong[g] | scene.right[g]
        truth, hand = evidence.truth[i][seen], evidence.hand[i][seen]
        scale = size(truth, evidence.elementwise) + 1e-3 * evidence.noise[i].typical
        truths.append(truth.ravel())
        hands.append(hand.ravel())
        off.append((~(np.abs(hand - truth) <= 1e-9 * scale)).ravel())
        for name, leaf in zip(names, evidence.group.leaves, strict=True):
            known = features[name]
            value = _spread(leaf[seen], truth) if isinstance(leaf, np.ndarray) else None
            if value is None:
                features[name] = None
            elif known is not None:
                known.append(value.ravel())
    whole = {name: np.concatenate(parts) for name, parts in features.items() if parts}
    joined = [np.concatenate(parts) for parts in (off, truths, hands)]
    return Entries(joined[0], joined[1], joined[2], whole)


def _spread(leaf: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    """An argument entry for entry beside the answer: of its shape, or one number."""
    if leaf.dtype.kind not in "fiu":
        return None
    if leaf.ndim == 1:
        leaf = leaf.reshape(-1, *[1] * (like.ndim - 1))
    if leaf.ndim != like.ndim:
        return None
    try:
        return np.broadcast_to(leaf, like.shape)
    except ValueError:
        return None


def _conditions(entries: Entries) -> Iterator[str]:
    """Conditions ``x > c`` that hold at the wrong entries and at no other."""
    off = entries.off
    if off.sum() < FEWEST or (~off).sum() < FEWEST:
        return
    for name, value in entries.features.items():
        for text, feature in ((name, value), (f"|{name}|", np.abs(value))):
            if feature[off].min() > feature[~off].max():
                yield f"{text} > {_between(feature[~off].max(), feature[off].min())}"
            if feature[off].max() < feature[~off].min():
                yield f"{text} < {_between(feature[off].max(), feature[~off].min())}"


def _between(low: float, high: float) -> str:
    """The roundest number in a gap; about the middle when there is none."""
    if low < 0 < high:
        return "0"
    for digits in range(-3, 4):
        for value in (np.round(low, digits), np.round(high, digits), np.round(high / 2, digits)):
            if low <= value <= high and value != 0:
                return f"{value:g}"
    return f"about {(low + high) / 2:.4g}"


def _there(entries: Entries) -> str:
    """What stands at the wrong entries, if it is simple."""
    truth, hand = entries.truth[entries.off], entries.hand[entries.off]
    if not np.all(np.isfinite(hand)):
        return ""
    tight = 1e-8 * np.abs(truth).max(initial=0.0)
    if np.ptp(hand) <= tight:
        return f": there it is {number(float(hand[0])) if hand[0] else 0}"
    if np.all(truth != 0):
        ratio = hand / truth
        if np.ptp(ratio) <= 1e-7 * np.abs(ratio).max():
            if abs(ratio[0] + 1) < 1e-7:
                return ": there the sign is flipped"
            return f": there it is {number(float(ratio[0]))} times the derivative"
    return ""
