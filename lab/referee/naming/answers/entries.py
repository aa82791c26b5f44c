"""A few wrong entries of an array, each by itself: left out, at another's place, with the wrong
sign, without a factor."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lab.referee.naming.stage.scene import Scene, number, off_entries, written
from lab.referee.naming.stage.words import Told, value_text
from lab.referee.verdict import Mistake

MOST = 4  # entries, and less than half of all
CLOSE = 1e-8


class Said(NamedTuple):
    name: str
    says: str


def single_entries(scene: Scene) -> Iterator[Mistake]:
    """Always the same few entries are wrong: what stands there, and what should."""
    if len(scene.leaves) != 1:
        return
    (i,) = scene.leaves
    off = _always(scene, i)
    if off is None:
        return
    seen = [(g, np.flatnonzero(scene.wrong[g])) for g, _, _ in scene.groups()]
    pick = lambda which: np.concatenate(
        [np.asarray(getattr(scene.evidences[g], which)[i])[rows] for g, rows in seen]
    )
    truth, hand = pick("truth"), pick("hand")
    spots = [tuple(map(int, at)) for at in np.argwhere(off)]
    swapped = len(spots) == 2 and all(
        _same(_entry(hand, a), _entry(truth, b)) for a, b in (spots, spots[::-1])
    )
    if swapped:
        says = f"entries {_at(spots[0])} and {_at(spots[1])} are exchanged"
        yield Mistake("index", _with_name(scene, says), scene.where)
        return
    told = [_explained(scene, seen, truth, hand, at) for at in spots]
    if not all(told):
        return
    by_text: dict[Said, list[str]] = {}
    for one, at in zip(told, spots, strict=True):
        by_text.setdefault(one, []).append(_at(at))  # type: ignore[arg-type]
    name = next(iter(by_text)).name
    parts = (f"{_listed(places)} {one.says}" for one, places in by_text.items())
    if all(one.name == name for one in by_text):
        yield Mistake(name, _with_name(scene, "; ".join(parts)), scene.where)


def _always(scene: Scene, i: int) -> np.ndarray | None:
    """Which entries are wrong, if they are the same few at all points of all sizes."""
    masks = [off_entries(scene, g, i) for g, _, _ in scene.groups()]
    if len({mask.shape[1:] for mask in masks}) != 1 or masks[0].ndim < 2:
        return None
    ever = np.any(np.concatenate(masks), axis=0)
    usually = np.concatenate(masks).mean(axis=0)
    few = ever.sum() <= MOST and 2 * ever.sum() < ever.size
    return ever if few and np.all(usually[ever] > 0.5) else None


def _explained(
    scene: Scene,
    seen: list[tuple[int, np.ndarray]],
    truth: np.ndarray,
    hand: np.ndarray,
    at: tuple[int, ...],
) -> Said | None:
    is_, should = _entry(hand, at), _entry(truth, at)
    moved = _belongs(truth, is_, at)
    several = len(is_) > 1  # one number is a constant, and any multiple of another
    if several and np.ptp(is_) == 0 and np.ptp(should) <= CLOSE * np.abs(should).max():
        return Said("constant", f"is {written(is_[0])} where it should be {written(should[0])}")
    if moved is not None:
        return Said("index", f"holds what belongs at {_at(moved)}")
    if not np.any(is_):
        return Said("missing_term", "is left 0")
    if _same(is_, -should):
        return Said("sign", "has the wrong sign")
    with np.errstate(all="ignore"):
        ratio = is_ / should
    if several and np.all(np.isfinite(ratio)) and np.ptp(ratio) <= CLOSE * np.abs(ratio).max():
        return Said("factor", f"is {number(float(ratio[0]))} times what it should be")
    for text, known in _numbers(scene, seen):
        if _same(is_ * known, should):
            return Said("missing_chain_factor", f"lacks a factor {text}")
        if _same(is_, should * known):
            return Said("missing_chain_factor", f"has a factor {text} too many")
        if _same(is_, known * -should):
            return Said("missing_chain_factor", f"has a factor -{text} too many")
    return None


def _belongs(truth: np.ndarray, is_: np.ndarray, at: tuple[int, ...]) -> tuple[int, ...] | None:
    """The one other entry that this is."""
    if np.ptp(is_) == 0:
        return None
    found = [
        place
        for place in np.ndindex(truth.shape[1:])
        if place != at and _same(is_, _entry(truth, place))
    ]
    return found[0] if len(found) == 1 else None


def _numbers(scene: Scene, seen: list[tuple[int, np.ndarray]]) -> Iterator[tuple[str, np.ndarray]]:
    """What the function computes on its way that is one number, in words."""
    passed = [scene.passed(g) for g, _ in seen]
    if any(one is None for one in passed):
        return
    program, values = passed[0]  # type: ignore[misc]
    told = Told(scene.evidences[seen[0][0]], program)
    for slot, known in values.items():
        if known.ndim == 1 and all(slot in one[1] for one in passed if one is not None):
            pieces = [
                one[1][slot][rows] for one, (_, rows) in zip(passed, seen, strict=True) if one
            ]
            whole = np.concatenate(pieces)
            if np.ptp(whole) > 0:
                yield value_text(told, slot), whole


def _entry(array: np.ndarray, at: tuple[int, ...]) -> np.ndarray:
    """One entry at all points."""
    flat = array.reshape(len(array), -1)
    return np.asarray(flat[:, int(np.ravel_multi_index(at, array.shape[1:]))])


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(one), np.abs(other))
        return bool(np.all(np.abs(one - other) <= CLOSE * scale + 1e-14 * scale.max(initial=0.0)))


def _with_name(scene: Scene, says: str) -> str:
    return f"{says} of {scene.where}" if scene.kind not in ("jacobian", "hessian") else says


def _at(place: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, place))}]"


def _listed(places: list[str]) -> str:
    if len(places) == 1:
        return f"entry {places[0]}"
    return f"each of the entries {', '.join(places[:-1])} and {places[-1]}"
