"""Mistakes in part of the domain: right except where an entry is large, negative, or the last."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import split
from lab.referee.naming.stage.pattern import entry_words
from lab.referee.naming.stage.scene import Scene, number, off_entries, size, written
from lab.referee.naming.stage.sizes import argument_leaves, sizes_of
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence

FEWEST = 3  # entries that must be wrong, and right, to read a condition off that is not round
TRIED = 4  # points at which it is then put to the test
BISECTIONS = 12
NEXT = 1e-5  # a factor nearer to one is none


class Entries(NamedTuple):
    """All entries of a leaf at the points looked at, flat; ``feature`` by the name of an argument
    (or index) is what the condition may be about, ``idle`` those of entries that are zero anyway.
    """

    off: np.ndarray
    truth: np.ndarray
    hand: np.ndarray
    features: dict[str, np.ndarray]
    idle: dict[str, np.ndarray]


def regions(scene: Scene) -> Iterator[Mistake]:
    if len(scene.leaves) != 1:
        return
    entries = _entries(scene, scene.leaves[0])
    name = scene.names[scene.leaves[0]]
    if entries.off.all() or not entries.off.any():
        return
    there = _there(entries)
    for condition in _conditions(scene, scene.leaves[0], entries):
        yield Mistake("region", f"right except where {condition}{there}", f"{name}, {condition}")


def certain_sizes(scene: Scene) -> Iterator[Mistake]:
    """Wrong at some sizes and right at others, which lie apart: not where a single size of one is
    right, at which every mean is a sum.
    """
    bad = [g for g, mask in enumerate(scene.wrong) if mask.any()]
    good = [g for g, mask in enumerate(scene.right) if mask.any() and g not in bad]
    known = [dict(e.group.sizes) or sizes_of(e) for e in scene.evidences]
    for name in sorted(
        set.intersection(*map(set, known)), key=lambda name: (".size" in name, name)
    ):
        wrong, right = ({known[g][name] for g in some} for some in (bad, good))
        if not wrong or max(right, default=1) < 2:
            continue
        if len(wrong) == 1 and len(right - wrong) > 1 and not wrong & right:
            condition = f"{name} is {wrong.pop()}"
        elif min(wrong) > max(right):
            condition = f"{name} > {max(right)}"
        elif max(wrong) < min(right):
            condition = f"{name} < {min(right)}"
        else:
            continue
        where = ", ".join(part for part in (scene.where, condition) if part)
        yield Mistake("region", f"right except where {condition}", where)


def certain_entries(scene: Scene) -> Iterator[Mistake]:
    """Always the same entries, whatever their values: said where nothing else is known."""
    if len(scene.leaves) != 1:
        return
    entries = _entries(scene, scene.leaves[0])
    name = scene.names[scene.leaves[0]]
    # an entry that is wrong now and then is wrong for its value, not for its place
    mostly = sum(int(mask.sum()) for mask in scene.wrong) > sum(map(np.sum, scene.right))
    word = entry_words(scene, scene.leaves[0]) if mostly else None
    if word is None:
        return
    there, only = _there(entries), word.removeprefix("all but ")
    if only == word:
        yield Mistake("region", f"right but for {word}{there}", f"{name}, {word}")
    elif there:
        says = f"right only for {only}{there.replace('there', 'elsewhere')}"
        yield Mistake("region", says, f"{name}, {word}")


def noughts_apart(scene: Scene) -> Iterator[Mistake]:
    """Wrong just where the derivative is zero, or the hand is."""
    truth, hand, off = (np.concatenate(parts) for parts in zip(*_flat(scene), strict=True))
    right = ~off & (truth != 0)
    if off.sum() < FEWEST or right.sum() < FEWEST:
        return
    if not truth[off].any():
        says = (
            f"right where {scene.what} is not 0; where it is, the answer is not: a mask is left out"
        )
        yield Mistake("region", says, scene.where)
    elif not hand[off].any():
        says = f"right where it is not 0; where it is, {scene.what} is not: entries are left out"
        yield Mistake("region", says, scene.where)


def _flat(scene: Scene) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Truth, hand and which of it is off, entry by entry."""
    for i in scene.leaves:
        for g, evidence, mask in scene.groups():
            truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
            yield truth.ravel(), hand.ravel(), off_entries(scene, g, i).ravel()


def _entries(scene: Scene, i: int) -> Entries:
    off, told, truths, hands = [], [], [], []
    names = argument_leaves(scene.evidences[0])
    features: dict[str, list[np.ndarray] | None] = {name: [] for name in names}
    for g, evidence in enumerate(scene.evidences):
        seen = scene.wrong[g] | scene.right[g]
        truth, hand = evidence.truth[i][seen], evidence.hand[i][seen]
        scale = size(truth, evidence.elementwise) + 1e-3 * evidence.noise[i].typical
        truths.append(truth.ravel())
        hands.append(hand.ravel())
        wrong = ~(np.abs(hand - truth) <= 1e-9 * scale)
        off.append(wrong.ravel())
        told.append((wrong | (np.abs(truth) > 1e-9 * scale)).ravel())  # anything times 0 is right
        for name, leaf in zip(names, evidence.group.leaves, strict=True):
            known = features[name]
            value = _spread(leaf[seen], truth) if isinstance(leaf, np.ndarray) else None
            if value is None:
                features[name] = None
            elif known is not None:
                known.append(value.ravel())
    whole = {name: np.concatenate(parts) for name, parts in features.items() if parts}
    joined = [np.concatenate(parts) for parts in (off, truths, hands)]
    kept = np.concatenate(told)
    idle = {name: part[~kept] for name, part in whole.items()}
    if kept.any():
        joined = [part[kept] for part in joined]
        whole = {name: part[kept] for name, part in whole.items()}
    return Entries(joined[0], joined[1], joined[2], whole, idle)


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


def _conditions(scene: Scene, i: int, entries: Entries) -> Iterator[str]:
    """Conditions ``x > c`` that hold at the wrong entries and at no other, and that decide: an
    entry moved across ``c`` turns right or wrong.
    """
    off = entries.off
    if (~off).sum() < FEWEST:
        return
    for name in entries.features:
        for text in (name, f"|{name}|"):
            for sign, word in ((1.0, ">"), (-1.0, "<")):
                yield from _condition(scene, i, entries, name, text, sign, word)


def _condition(
    scene: Scene, i: int, entries: Entries, name: str, text: str, sign: float, word: str
) -> Iterator[str]:
    """The condition that separates the wrong entries from the right ones on this side, if it
    decides.
    """
    whole = np.abs if text != name else np.asarray
    feature, off = whole(entries.features[name]), entries.off
    right, wrong = (sign * feature[~off]).max(), (sign * feature[off]).min()
    if not right < wrong:
        return
    moved = _Moved(scene, i, name, absolute=text != name)
    found = moved.narrowed(sign * right, sign * wrong)
    if found is None or moved.touches(sign * right, sign * wrong):
        return
    bound = _between(*found)
    at_zero = text != name and word == "<" and bound == "0"
    at_bound = sign * float(bound.removeprefix("about "))
    if at_bound >= wrong and not at_zero:  # it is wrong there, too
        bound = _between(*sorted((sign * right, sign * (right + wrong) / 2)))
    if not _round(bound) and (off.sum() < FEWEST or _fades(entries, sign * feature)):
        return
    end = _ended(moved, sign, feature[off], whole(entries.idle[name]))
    if end is not None:
        low, high = (bound, end) if sign > 0 else (end, bound)
        yield f"{low} < {text} < {high}"
    else:
        yield f"{name} is 0" if at_zero else f"{text} {word} {bound}"


def _ended(moved: "_Moved", sign: float, off: np.ndarray, idle: np.ndarray) -> str | None:
    """Where it is right again, further on: the derivative is zero there, and so is the answer."""
    last = (sign * off).max()
    beyond = sign * idle[sign * idle > (sign * off).min()]
    if not len(beyond) or beyond.min() <= last:
        return None
    found = moved.narrowed(sign * beyond.min(), sign * last)
    return None if found is None else _between(*found)


class _Moved:
    """The hand and the truth where the entries of an argument that count are all at one value."""

    def __init__(self, scene: Scene, i: int, name: str, *, absolute: bool):
        evidence = scene.evidences[scene.main]
        self.evidence, self.i, self.absolute = evidence, i, absolute
        self.position = argument_leaves(evidence).index(name)
        rows = np.flatnonzero(scene.wrong[scene.main])[:TRIED]
        self.off = off_entries(scene, scene.main, i)[:TRIED]
        self.leaves = [leaf[rows] for leaf in evidence.group.leaves]
        self.hand = Asker(_hand(evidence), evidence.group, 64, TRIED)

    def wrong(self, value: float) -> bool | None:
        """Whether the answer is then wrong in all those entries (or in none)."""
        leaf = self.leaves[self.position]
        at = self.off if leaf.ndim == self.off.ndim else np.ones(leaf.shape, bool)
        signs = np.where(leaf < 0, -1.0, 1.0) if self.absolute else 1.0
        leaves = list(self.leaves)
        leaves[self.position] = np.where(at, signs * value, leaf).astype(leaf.dtype)
        hand, truth = self.hand(tuple(leaves)), self.evidence.ask_truth(tuple(leaves))
        if isinstance(hand, Raised) or isinstance(truth, Raised):
            return None
        scale = size(truth[self.i], self.evidence.elementwise)
        off = ~(np.abs(hand[self.i] - truth[self.i]) <= 1e-9 * scale)[self.off]
        return bool(off.all()) if off.all() or not off.any() else None

    def narrowed(self, right: float, wrong: float) -> tuple[float, float] | None:
        """The two values closer together, one on either side; `None` if they do not decide."""
        if self.wrong(right) is not False or self.wrong(wrong) is not True:
            return None
        slack = 1e-3 * abs(wrong - right)  # next to the boundary a wrong slope may be right
        for _ in range(BISECTIONS):
            middle = (right + wrong) / 2
            there = self.wrong(middle)
            if there is None:
                break
            right, wrong = (right, middle) if there else (middle, wrong)
        return min(right, wrong) - slack, max(right, wrong) + slack

    def touches(self, right: float, wrong: float) -> bool:
        """Whether it is right at the one value alone, and wrong again on its other side: an error
        that passes through nothing there.
        """
        beyond = right + (right - wrong) / 64
        whole = self.leaves[self.position].dtype.kind in "iu"
        return not whole and self.wrong(beyond) is True


def _hand(evidence: Evidence) -> Callable[..., Any]:
    def hand(*leaves: Any) -> Any:
        asked = evidence.question
        said = jax.tree.leaves(asked.hand(*split(asked, evidence.group.rebuild(leaves))))
        shapes = evidence.form.shapes
        spread = zip(said, shapes, strict=True)
        return [jax.numpy.broadcast_to(jax.numpy.asarray(x), shape) for x, shape in spread]

    return hand


def _round(bound: str) -> bool:
    """Whether somebody may have written it: of two digits at most."""
    return not bound.startswith("about") and len(bound.lstrip("-0.").replace(".", "")) < 3


def _fades(entries: Entries, feature: np.ndarray) -> bool:
    """Whether the error comes out of nothing: it grows with the value, and begins nowhere."""
    error = np.abs(entries.hand - entries.truth)[entries.off]
    first = error[np.argmin(feature[entries.off])]
    return bool(first < 1e-3 * error.max())


def _between(low: float, high: float) -> str:
    """The roundest number in a gap; about the middle when there is none."""
    if low <= 0 <= high:
        return "0"
    for digits in range(-3, 4):
        for value in (np.round(low, digits), np.round(high, digits)):
            if low <= value <= high and value != 0:
                return f"{value:g}"
    return f"about {(low + high) / 2:.4g}"


def _there(entries: Entries) -> str:
    """What stands at the wrong entries, if it is simple."""
    truth, hand = entries.truth[entries.off], entries.hand[entries.off]
    if not len(hand) or not np.all(np.isfinite(hand)):
        return ""
    tight = 1e-8 * np.abs(truth).max(initial=0.0)
    if np.ptp(hand) <= tight:
        return f": there it is {written(float(hand[0]))}"
    if np.all(truth != 0):
        ratio = hand / truth
        if np.ptp(ratio) <= 1e-7 * np.abs(ratio).max():
            if abs(ratio[0] + 1) < 1e-7:
                return ": there the sign is flipped"
            if abs(ratio[0] - 1) < NEXT:
                return ": there it is slightly off"
            return f": there it is {number(float(ratio[0]))} times the derivative"
    return ""
