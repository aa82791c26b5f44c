"""Points of round numbers: which are easy on paper, how to come near to them, and which of them
still belong to the domain."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.derivation import Derivation
from lab.domains import Domain
from lab.referee.points.drawn import at_sizes, places
from lab.referee.points.group import Group
from lab.referee.points.properties import Shared, shared
from lab.referee.points.stacks import arrays, everywhere

FEWEST = 8  # draws from which a shared property may be read off
ENTRIES = 24  # at most so many entries are made simpler one by one
SIMPLE = (0.0, 1.0, 2.0, 3.0, -1.0, 10.0)


class Room(NamedTuple):
    """Where points of one shape may be: leaf by leaf ``free`` bounds, strict, between which every
    entry may be any number by itself, with ``zero`` allowed or not; None for a leaf whose entries
    hang together or that nobody knows, which keeps what ``common`` says. ``fixed`` leaves stay.
    """

    free: tuple[tuple[float, float] | None, ...]
    zero: tuple[bool, ...]
    fixed: tuple[bool, ...]
    common: Shared

    def admits(self, leaves: Sequence[np.ndarray]) -> np.ndarray:
        """Which of the points lie in it."""
        inside = self.common.admits(_known(leaves, self.free))
        for leaf, bounds, zero, fixed in zip(leaves, self.free, self.zero, self.fixed, strict=True):
            if bounds is not None and not fixed:
                fine = (leaf > bounds[0]) & (leaf < bounds[1]) & (zero | (leaf != 0))
                inside &= everywhere(fine | (zero & (leaf == 0)))
        return np.asarray(inside)


def room_of(claim: Derivation, group: Group, extras: int, rng: np.random.Generator) -> Room:
    """The room of points like those of the group; its last ``extras`` leaves, tangents or
    cotangents, are free. Of a sampler that was asked seldom nothing is known: all leaves stay.
    """
    count = len(group.leaves)
    domains = places(claim, group, extras)
    typical = [leaf[group.typical] for leaf in arrays(group.leaves)]
    if not callable(claim.at):
        drawn = at_sizes(claim, group.sizes, ["typical"] * 3 * FEWEST, rng)[0].leaves
        typical = [*arrays(drawn), *typical[count - extras :]]
    known = len(typical[0]) >= FEWEST if typical else False
    free, zero, fixed = [], [], []
    for i, (leaf, place) in enumerate(zip(group.leaves, domains, strict=True)):
        extra = i >= count - extras
        bounds = getattr(place, "bounds", None) or ((-np.inf, np.inf) if extra else None)
        floating = getattr(leaf, "dtype", np.dtype(int)).kind == "f"
        given = not callable(claim.at) and not isinstance(place, Domain)
        free.append(bounds)
        zero.append(extra or "zero" in getattr(place, "extremes", ()))
        fixed.append(not floating or (not extra and (given or (bounds is None and not known))))
    candidates = [i for i in range(count) if free[i] is None and not fixed[i]]
    common = shared(_known(typical, free), candidates)
    return Room(tuple(free), tuple(zero), tuple(fixed), common)


def rounded(leaves: Sequence[np.ndarray], room: Room) -> tuple[np.ndarray, ...]:
    """Every point, and after it rounder ones."""
    ways: list[Any] = [
        lambda x: x,
        np.round,
        lambda x: np.sign(x) * np.ceil(np.abs(x)),
        lambda x: np.round(2 * x) / 2,
        lambda x: np.round(x, 1),
        lambda x: np.clip(np.sign(x) * np.ceil(np.abs(x)), -3.0, 3.0),
        lambda x: _to_two(x),
    ]
    return tuple(
        np.concatenate(
            [leaf if fixed else room.common.restored(i, np.asarray(way(leaf))) for way in ways]
        )
        for i, (leaf, fixed) in enumerate(zip(leaves, room.fixed, strict=True))
    )


def simpler(point: Sequence[np.ndarray], room: Room) -> Iterator[list[np.ndarray]]:
    """The point with one entry made simpler."""
    for i, leaf in enumerate(point):
        if room.fixed[i]:
            continue
        for flat in range(min(leaf.size, ENTRIES)):
            now = leaf.reshape(-1)[flat]
            for value in dict.fromkeys((*SIMPLE, float(np.round(now)))):
                if cost(np.asarray([value]))[0] < cost(np.asarray([now]))[0]:
                    other = leaf.copy()
                    other.reshape(-1)[flat] = value
                    if room.free[i] is None:
                        other = room.common.restored(i, other[None])[0]
                    yield [other if k == i else same for k, same in enumerate(point)]


def cost(leaf: np.ndarray) -> np.ndarray:
    """How laborious each point of a leaf is on paper: nothing for a zero, 10 for many digits."""
    x = np.abs(leaf)
    digits = np.full(x.shape, 10.0)
    exponent = np.floor(np.log10(np.where(x > 0, x, 1.0)))
    two = np.abs(x / 10.0**exponent * 10 - np.round(x / 10.0**exponent * 10)) < 1e-9
    for holds, price in (
        (two, 6.0),
        ((np.round(x, 1) == x) & (x < 10), 4.0),
        ((np.round(x) == x) & (x < 100), 4.0),
        (np.isin(x, (10, 20, 100)), 3.0),
        ((np.round(2 * x) == 2 * x) & (x < 10), 3.0),
        ((np.round(x) == x) & (x < 10), 2.0),
        (x == 1, 1.0),
        (x == 0, 0.0),
    ):
        digits = np.where(holds, price, digits)
    digits = digits + 0.2 * (leaf < 0) if leaf.dtype.kind != "c" else digits
    return np.asarray(digits.reshape(len(leaf), -1).sum(axis=1))


def _to_two(x: np.ndarray) -> np.ndarray:
    size = np.where(x == 0, 1.0, np.abs(x))
    unit = 10.0 ** np.floor(np.log10(size))
    return np.asarray(np.round(x / unit) * unit)


def _known(leaves: Sequence[Any], free: Sequence[Any]) -> list[np.ndarray]:
    """The leaves with nothing in place of those that are free, of which no property is wanted."""
    pairs = zip(arrays(leaves), free, strict=True)
    return [leaf if bounds is None else np.zeros(len(leaf), int) for leaf, bounds in pairs]
