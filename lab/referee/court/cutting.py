"""A large point cut down to small ones, at which a mistake is named as quickly as any.

Axes of one length belong together: each length is cut to another small one, in all arrays alike, by
the same places, drawn anew for every point. Principal parts of a symmetric matrix are symmetric, of
a definite one definite; labels are taken modulo the classes that are left. A function that insists
on its sizes is tried with the large ones alone cut, or not at all."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.evaluate import precision
from lab.referee.asking.question import Question, split
from lab.referee.asking.structure import form
from lab.referee.court.weighing import Found, weigh
from lab.referee.points.group import MANY, Group
from lab.referee.witnesses.evidence import Evidence, expected, gather

SMALL = (4, 3, 5, 2, 6, 7, 8)  # what lengths are cut to, the rarest first
LONG = (8, 32, 128, 512)  # lengths up to these stay as they are
POINTS = 12
MOST = 10**4  # numbers in a point that is small
FEW = 300  # and in one in which there is little to cut
OF_THE_SIZE = ("unknown", "unstable", "batch_factor", "constant", "factor")


class CutDown(NamedTuple):
    """What is found at points that are cut down, and which leaves are off there."""

    found: Found
    off: frozenset[str]


def cut_down(
    asked: Question, group: Group, rng: np.random.Generator, *, shrink: bool
) -> CutDown | None:
    """What is found at points cut down from the group's first, where the hand is wrong there, too;
    `None` where it is not, or where nothing can be cut.
    """
    asked = asked._replace(claim=replace(asked.claim, at=lambda key: None))  # nowhere but here
    for small in _small(group, rng):
        try:
            args, extra = split(asked, small.point(0))
            with precision(64):
                jax.eval_shape(lambda a=args, e=extra: (asked.value(a, e), asked.hand(a, e)))
            wanted = form(asked.claim, expected(asked, small))
        except Exception:  # it insists on a size
            continue
        heard = gather(asked, small, wanted, rng, whole=True, forward=True)
        if not isinstance(heard, Evidence):
            continue
        found = weigh(asked, [heard], rng, shrink=shrink).named
        return CutDown(found, _off(heard)) if found.word == "wrong" else None
    return None


def named_small(
    asked: Question, evidences: list[Evidence], found: Found, rng: np.random.Generator
) -> Found:
    """A mistake in arguments of one shape that has no name at their full size, by that which it has
    where they are cut down; what is about a size or a number of the source is not told there.
    """
    first = evidences[0]
    nameless = (
        found.word == "wrong" and found.mistake is not None and found.mistake.name == "unknown"
    )
    if not nameless or len(evidences) > 1 or not FEW < first.group.elements <= MANY:
        return found
    small = cut_down(asked, first.group, rng, shrink=False)
    if small is None or small.off != _off(first) or small.found.mistake is None:
        return found
    mistake = small.found.mistake
    if mistake.name in OF_THE_SIZE:
        return found
    says = f"{mistake.says}; named where the arguments are cut down to few numbers"
    return found._replace(reason=says, mistake=mistake)


@np.errstate(all="ignore")
def _off(heard: Evidence) -> frozenset[str]:
    gaps = zip(heard.form.names, heard.hand, heard.truth, heard.noise, strict=True)
    allowed = tolerance.formula
    return frozenset(name for name, h, t, n in gaps if np.any(np.abs(h - t) > allowed(n)))


def _small(group: Group, rng: np.random.Generator) -> Iterator[Group]:
    lengths = {n for leaf in group.leaves for n in np.shape(leaf)[1:]}
    tried = []
    for least in LONG:
        cut = sorted(n for n in lengths if n > least)
        if not cut or len(cut) > len(SMALL) or cut in tried:
            continue
        tried.append(cut)
        free = [n for n in SMALL if n not in lengths - set(cut)]
        small = _cut(group, dict(zip(cut, free, strict=False)), rng)
        if len(free) >= len(cut) and small.elements <= MOST:
            yield small


def _cut(group: Group, sizes: Mapping[int, int], rng: np.random.Generator) -> Group:
    points = []
    for _ in range(POINTS):
        places = {n: np.sort(rng.choice(n, size, replace=False)) for n, size in sizes.items()}
        points.append([_part(leaf[0], places) for leaf in group.leaves])
    return group._replace(
        leaves=tuple(np.stack(column) for column in zip(*points, strict=True)),
        labels=("cut down",) * POINTS,
        typical=np.ones(POINTS, bool),
        beyond=np.zeros(POINTS, bool),
    )


def _part(leaf: Any, places: Mapping[int, np.ndarray]) -> np.ndarray:
    part = np.asarray(leaf)
    for axis, n in enumerate(part.shape):
        if n in places:
            part = np.take(part, places[n], axis)
    if part.dtype.kind in "iu":
        classes = [n for n in sorted(places) if n > np.max(leaf, initial=0)]
        return part % len(places[classes[0]]) if classes else part
    return part
