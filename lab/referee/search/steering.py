"""Points made up where the drawn ones do not go: the other side of every comparison.

Both programs, the function's and the hand's, are read for comparisons. A side on which no drawn
point falls is steered to: Newton's step on the margin, from several draws and to several depths
beyond the border, entries moved in proportion to their size. What comes out is admitted if it keeps
every property that the draws share. Borders themselves are left alone: at a tie or a kink that its
sampler never draws, a derivation owes nobody an answer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.question import Question
from lab.referee.asking.traces import traced
from lab.referee.points.drawn import places
from lab.referee.points.group import Group, joined
from lab.referee.points.properties import Shared, shared
from lab.referee.points.stacks import arrays, largest, over
from lab.referee.programs.comparisons import Comparison, comparisons, margins
from lab.referee.programs.traced import Program, program_of
from lab.referee.search.cells import between
from lab.referee.witnesses.evidence import varied_leaves

FEWEST = 8  # draws from which a shared property may be read off
BASES = 4  # draws from which each side is steered to
DEPTHS = (0.1, 0.5, 1.5)  # beyond the border, relative to the usual distance from it
NEWTON = 6  # steps
SIDES = 24  # more comparisons than these are left to chance
KEPT = 3  # points for each side
MOVES = (0.01, 0.1, 0.3, 3.0, 10.0)  # factors, where Newton finds no way


Found = list[tuple[Program, list[Comparison]]]


class Steered(NamedTuple):
    """The group with the points made up, and the sides of comparisons that no point is on."""

    group: Group
    unreached: tuple[str, ...]


class _Side(NamedTuple):
    """Comparison number ``which`` of the programs' with a margin of this sign."""

    which: int
    sign: int


def steer(asked: Question, group: Group, extras: int, rng: np.random.Generator) -> Steered:
    """Add points on the sides that the drawn ones miss. The last ``extras`` leaves, tangents or
    cotangents, stay as they are.
    """
    moving = movable(group, extras)
    drawn = int(group.typical.sum())
    if drawn < FEWEST or not moving:
        return Steered(group, ())
    found = comparing(asked, group, moving)
    if not found or sum(len(ones) for _, ones in found) > SIDES:
        return Steered(group, ())
    measure = Asker(measured(found), group, 64, group.size, traced=True)
    before = measure(group.leaves)
    if isinstance(before, Raised):
        return Steered(group, ())
    sides = _missed(before)
    if not sides and len(before) < 2:
        return Steered(group, ())
    stated = [getattr(place, "bounds", None) for place in places(asked.claim, group, extras)]
    typical = [leaf[group.typical] for leaf in arrays(group.leaves)]
    common = shared(typical, moving).between(stated)
    varied = [i for i in varied_leaves(asked, group) if i in moving]
    steered = Steered(group, ())
    if sides:
        made = _candidates(found, group, before, sides, moving, common, rng)
        steered = _joined(group, measure, found, before, sides, made, common)
    if len(before) < 2:
        return steered
    inner = between(steered.group, group.size, measure, common, varied, rng.spawn(1)[0])
    return steered._replace(group=inner)


def movable(group: Group, extras: int = 0) -> list[int]:
    """The floating leaves, by number; the last ``extras`` are tangents or cotangents."""
    return [
        i
        for i, leaf in enumerate(group.leaves[: len(group.leaves) - extras])
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    ]


def comparing(asked: Question, group: Group, moving: Sequence[int]) -> Found:
    """The programs of the function and of the hand that compare, with their comparisons."""
    found: Found = []
    for voice in (asked.value, asked.hand):
        try:
            with precision(64):
                program = program_of(traced(asked, voice, group).closed, ())
                ones = comparisons(program, moving)
        except Exception:
            continue
        if ones:
            found.append((program, ones))
    return found


def measured(found: Found) -> Any:
    """The margins of all comparisons at one point."""
    voices = [margins(program, ones) for program, ones in found]
    return lambda *leaves: [margin for voice in voices for margin in voice(*leaves)]


def _missed(before: Sequence[np.ndarray]) -> list[_Side]:
    missed = []
    for index, margin in enumerate(before):
        known = margin[np.isfinite(margin)]
        if not known.size:
            continue
        missed += [_Side(index, sign) for sign in (1, -1) if not (sign * known > 0).any()]
    return missed


@np.errstate(all="ignore")
def _candidates(
    found: Found,
    group: Group,
    before: Sequence[np.ndarray],
    sides: list[_Side],
    moving: Sequence[int],
    common: Shared,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    """Points that may be on the sides missed: by Newton's step, then by plain scaling."""
    typical = np.flatnonzero(group.typical)
    bases = rng.choice(typical, size=min(BASES, len(typical)), replace=False)
    starts, wanted, depths = [], [], []
    for side in sides:
        away = np.abs(before[side.which])
        usual = float(np.median(away[np.isfinite(away)])) or 1.0
        for base in bases:
            for depth in DEPTHS:
                starts.append(base)
                wanted.append(side)
                depths.append(side.sign * depth * usual)
    rows = [leaf[np.array(starts)] for leaf in group.leaves]
    step = Asker(_newton(found, moving), group, 64, len(starts), traced=True)
    index = np.array([side.which for side in wanted])
    scales = [_scale(group.leaves[i], common.movable[i])[np.array(starts)] for i in moving]
    for _ in range(NEWTON):
        moved = step((*rows, index, np.array(depths), *scales))
        if isinstance(moved, Raised):
            break
        for i, change in zip(moving, moved, strict=True):
            rows[i] = _moved(rows[i], change, common, i)
    made = [rows]
    for factor in MOVES:
        scaled = [leaf[bases] for leaf in group.leaves]
        for i in moving:
            scaled[i] = np.where(common.movable[i], factor * scaled[i], scaled[i])
        made.append(scaled)
    return tuple(joined(column) for column in zip(*made, strict=True))


def _newton(found: Found, moving: Sequence[int]) -> Any:
    """``(leaves, comparison, target, scales) -> change``: of the nearest entry of the margin, to
    its target, entries moved in proportion to the square of their scale.
    """
    margins_at = measured(found)
    count = len(moving)

    def step(*given: Any) -> tuple[Any, ...]:
        leaves, (index, target) = given[: -2 - count], given[-2 - count : -count]
        scales = given[-count:]

        def nearest(*parts: Any) -> Any:
            full = list(leaves)
            for i, part in zip(moving, parts, strict=True):
                full[i] = part
            low = [_toward(margin, target) for margin in margins_at(*full)]
            return jnp.stack(low)[index]

        at = tuple(leaves[i] for i in moving)
        margin, slopes = jax.value_and_grad(nearest, tuple(range(count)))(*at)
        slopes = [jnp.where(jnp.isfinite(g), g, 0.0) for g in slopes]
        length = sum(jnp.sum((g * s) ** 2) for g, s in zip(slopes, scales, strict=True))
        gain = jnp.where(length > 0, (target - margin) / jnp.where(length > 0, length, 1.0), 0.0)
        there = jnp.sign(target) * (margin - target) >= 0  # on the other side already
        gain = jnp.where(there, 0.0, gain)
        return tuple(gain * s**2 * g for g, s in zip(slopes, scales, strict=True))

    return step


def _toward(margin: Any, target: Any) -> Any:
    """The entry of a margin that is farthest on the way to the target's side."""
    known = jnp.where(jnp.isfinite(margin), margin, -jnp.sign(target) * jnp.inf)
    best = jnp.where(target > 0, jnp.argmax(known), jnp.argmin(known))
    return margin[best]


def _scale(leaf: np.ndarray, movable: np.ndarray) -> np.ndarray:
    """How far an entry moves compared with others: as large as it is, at least a little."""
    size = np.abs(leaf)
    usual = over(largest(size), leaf)
    return np.where(movable, np.maximum(size, 0.1 * usual), 0.0)


def _moved(leaf: np.ndarray, change: np.ndarray, common: Shared, i: int) -> np.ndarray:
    """The leaf after a step, brought back to what is simple among the shared properties."""
    low, high = common.low[i], common.high[i]
    change = np.where(np.isfinite(change), change, 0.0)
    to = leaf + change
    # an entry that may not change its sign goes there by a factor
    keeps_sign = (low >= 0) | (high <= 0)
    factor = np.exp(np.clip(change / np.where(leaf == 0, 1.0, leaf), -3.0, 3.0))
    to = np.where(keeps_sign & (leaf != 0) & (np.sign(to) != np.sign(leaf)), leaf * factor, to)
    to = np.clip(to, np.maximum(low, -1e300), np.minimum(high, 1e300))
    return np.asarray(common.restored(i, to))


def _joined(
    group: Group,
    measure: Asker,
    found: Found,
    before: Sequence[np.ndarray],
    sides: list[_Side],
    made: tuple[np.ndarray, ...],
    common: Shared,
) -> Steered:
    """The candidates that reach a side and keep the properties, a few for each."""
    points = arrays(made)
    good = common.admits(points)
    after = measure(made)
    if isinstance(after, Raised):
        return Steered(group, ())
    named = [one for _, ones in found for one in ones]
    chosen: list[int] = []
    labels: list[str] = []
    unreached: list[str] = []
    for side in sides:
        margin = after[side.which].reshape(len(good), -1)
        there = good & (side.sign * np.where(np.isfinite(margin), margin, 0.0) > 0).any(axis=1)
        one = named[side.which]
        says = one.says(side.sign)
        if not there.any():
            reached = one.tie == side.sign and (before[side.which] == 0).any()
            unreached += [says] if one.known and not reached else []
            continue
        reach = [int(row) for row in np.flatnonzero(there) if row not in chosen]
        spread = reach[:: max(1, len(reach) // KEPT)][:KEPT]
        chosen += spread
        labels += [f"where {says}"] * len(spread)
    if not chosen:
        return Steered(group, tuple(dict.fromkeys(unreached)))
    rows = np.array(chosen)
    beyond = common.beyond([leaf[rows] for leaf in points])
    return Steered(
        group.extended(tuple(leaf[rows] for leaf in made), tuple(labels), beyond),
        tuple(dict.fromkeys(unreached)),
    )
