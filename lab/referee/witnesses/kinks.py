"""A second look at a point where hand and truth part: is it a kink, and is the hand's choice a
valid one there?

At a kink the derivative is a matter of convention, and JAX's is one among many. Valid are the
members of the Clarke subdifferential, the convex hull of the limits of gradients nearby (F. H.
Clarke, "Optimization and Nonsmooth Analysis", 1983). The limits are sampled next to the point,
along the axes, along random signs and along the disputed direction; a member must lie within their
range in every entry and, for gradients, pullbacks and `rows` of a Jacobian, in every direction."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.evaluate import Raised
from lab.referee.points.group import stacked
from lab.referee.points.stacks import everywhere
from lab.referee.witnesses import rows
from lab.referee.witnesses.differences import probes
from lab.referee.witnesses.evidence import Evidence, at_point, varied_leaves
from lab.referee.witnesses.limits import limit_of

RADIUS = 1e-5  # relative to the entry, where it is not zero
CLOSER = 1e-3  # a kink is one at any distance: what is none so much closer is a curve,
BENDS = 1e-2  # and so is what bends so much less there
AXES = 24  # at most so many axes are looked along
SIGNS = 8
SUMMED = ("gradient", "vjp")  # kinds whose answer is the gradient of one number

Finding = Literal["wrong", "right", "subgradient", "no subgradient", "no derivative", "unclear"]


class Look(NamedTuple):
    """``wrong``: smooth here, and the hand is wrong. ``right``: smooth here, and the hand agrees
    with the limit of nearby truths (automatic differentiation is odd at this very point).
    ``subgradient`` and ``no subgradient``: a kink. ``no derivative``: the function jumps.
    ``unclear``: nothing finite nearby. ``whole``: the truth was finite in all
    directions but, perhaps, the axes. ``spreads``: by how much the truths nearby differ.
    """

    finding: Finding
    truth: tuple[np.ndarray, ...]
    whole: bool = True
    spreads: tuple[np.ndarray, ...] = ()


def look(evidence: Evidence, point: int, rng: np.random.Generator) -> Look:
    """Sample the truth next to the point and place the hand's answer among the samples.

    Where JAX has no answer at the point itself, the differences are asked before its neighbours.
    """
    if evidence.question.claim.kind == "identity":
        return Look("wrong", tuple(at_point(evidence.truth, point)))
    if all(np.isfinite(leaf).all() for leaf in at_point(evidence.truth, point)):
        found = _among_neighbours(evidence, point, rng, RADIUS)
        if found.finding in ("subgradient", "no subgradient"):
            return _among_neighbours(evidence, point, rng, CLOSER * RADIUS, found.spreads)
        return found
    told = _by_differences(evidence, point, rng)
    if told is not None:
        return Look(told, ())
    found = _among_neighbours(evidence, point, rng, RADIUS)
    doubtful = found.finding == "wrong" or (found.finding == "no subgradient" and not found.whole)
    found = found._replace(finding="unclear") if doubtful else found
    silent = not all(np.isfinite(leaf).all() for leaf in at_point(evidence.hand, point))
    limit = limit_of(evidence, point, rng) if found.finding == "unclear" and silent else None
    return found if limit is None else Look("wrong", limit)


def _by_differences(evidence: Evidence, point: int, rng: np.random.Generator) -> Finding | None:
    """What differences say where they see a slope and no kink."""
    hand = at_point(evidence.hand, point)
    measured = probes(evidence.question, evidence.group, rng, [point], value=evidence.ask_value)
    if not measured or any(probe.slope.kink for probe in measured):
        return None
    if not all(np.isfinite(leaf).all() for leaf in hand):
        sharp = all(p.slope.error <= 1e-6 * abs(p.slope.value) for p in measured)
        flat = all(p.slope.value == 0 == p.slope.error for p in measured)
        return "wrong" if sharp or flat else None
    votes = [probe.agrees(hand) for probe in measured]
    if False in votes:
        return "wrong"
    return "right" if all(votes) else None


def _among_neighbours(
    evidence: Evidence,
    point: int,
    rng: np.random.Generator,
    radius: float,
    farther: tuple[np.ndarray, ...] = (),
) -> Look:
    """The place of the hand's answer among the truths at this distance, ``farther`` off of which
    they had those spreads.
    """
    group, asked = evidence.group, evidence.question
    positions = varied_leaves(asked, group)
    at = [np.asarray(group.leaves[i][point]) for i in positions]
    if not at or any(x.dtype.kind != "f" for x in at):
        return Look("unclear", ())
    scales = [np.asarray(radius * _scale(x)) for x in at]
    here = [leaf[point] for leaf in group.leaves]

    def walked(steps: Sequence[np.ndarray]) -> list[Any]:
        leaves = list(here)
        for i, x, step in zip(positions, at, steps, strict=True):
            leaves[i] = x + step
        return leaves

    def moved(direction: list[np.ndarray]) -> list[Any]:
        return walked([np.asarray(scale * v) for scale, v in zip(scales, direction, strict=True)])

    def ask(points: Iterable[list[Any]]) -> Any:
        return evidence.ask_truth(tuple(map(stacked, zip(*points, strict=True))))

    directions = _directions(evidence, point, at, rng)
    both = [(direction, sign) for direction in directions for sign in (1.0, -1.0)]
    ways = [[np.asarray(sign * v) for v in direction] for direction, sign in both]
    around = [here, *map(moved, ways)]
    leaves = tuple(stacked(column) for column in zip(*around, strict=True))
    truths, values = evidence.ask_truth(leaves), evidence.ask_value(leaves)
    if isinstance(truths, Raised) or isinstance(values, Raised):
        return Look("unclear", ())
    samples = [leaf[1:] for leaf in truths]
    kept = np.all([everywhere(np.isfinite(s)) for s in samples], axis=0)
    if kept.sum() < 2:
        return Look("unclear", ())
    if _jumps(values, [s[kept] for s in samples], scales):
        return Look("no derivative", ())
    if asked.claim.kind in SUMMED and kept.all():
        mixed = ask(map(moved, _mixed(samples, ways)))
        if not isinstance(mixed, Raised):
            samples = [np.concatenate(both) for both in zip(samples, mixed, strict=True)]
            kept = np.all([everywhere(np.isfinite(s)) for s in samples], axis=0)
    placed = _placed(evidence, point, [s[kept] for s in samples], directions, scales, farther)
    if placed.finding == "subgradient" and asked.claim.kind in rows.KINDS and kept.all():
        steps = [
            [np.asarray(s * v) for s, v in zip(scales, way, strict=True)] for way in directions
        ]
        near = rows.Nearby(asked.claim.kind, samples, steps, lambda ways: ask(map(walked, ways)))
        sizes = [np.abs(s).max(initial=0.0) for s in samples]
        if not rows.supported(near, at_point(evidence.hand, point), 1e-4 * max(sizes)):
            placed = placed._replace(finding="no subgradient")
    return placed._replace(whole=bool(kept[: 2 * SIGNS].all()))


def _mixed(samples: list[np.ndarray], ways: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """For every direction v, the neighbour whose gradient has the largest product with v, if the
    entries do not depend on each other: entry by entry on the side where its slope does more.
    """
    found = []
    for k in range(0, len(ways), 2):
        ahead, behind = ways[k], ways[k + 1]
        better = [s[k] * v >= s[k + 1] * v for s, v in zip(samples, ahead, strict=True)]
        found += [
            [np.where(m, a, b) for m, a, b in zip(better, ahead, behind, strict=True)],
            [np.where(m, b, a) for m, a, b in zip(better, ahead, behind, strict=True)],
        ]
    return found


def _placed(
    evidence: Evidence,
    point: int,
    samples: list[np.ndarray],
    directions: list[list[np.ndarray]],
    scales: list[np.ndarray],
    farther: tuple[np.ndarray, ...],
) -> Look:
    hand = at_point(evidence.hand, point)
    limits = tuple(np.asarray(s.mean(axis=0)) for s in samples)
    sizes = [np.abs(s).max(initial=0.0) for s in samples]
    typical = [n.typical for n in evidence.noise]
    spreads = tuple(np.asarray(np.ptp(s, axis=0)) for s in samples)
    before = farther or tuple(np.zeros(s.shape) for s in spreads)
    noise = [10 * np.broadcast_to(tolerance.formula(n), t.shape)[point]
             for n, t in zip(evidence.noise, evidence.truth, strict=True)]  # fmt: skip
    kink = any(
        np.any((spread > 1e-3 * size + 1e-6 * usual + blur) & (spread > BENDS * wide))
        for spread, size, usual, blur, wide in zip(
            spreads, sizes, typical, noise, before, strict=True
        )
    )
    slack = [
        1e-4 * (size if kink else 0.0) + 1e-6 * usual
        for size, usual in zip(sizes, typical, strict=True)
    ]
    inside = all(
        np.all((h >= s.min(axis=0) - e) & (h <= s.max(axis=0) + e))
        for h, s, e in zip(hand, samples, slack, strict=True)
    )
    if not kink:
        near = all(
            np.all(np.abs(h - m) <= 3 * spread + 1e-6 * np.abs(s).max(initial=0.0) + 1e-9 * usual)
            for h, m, spread, s, usual in zip(hand, limits, spreads, samples, typical, strict=True)
        )
        truth = at_point(evidence.truth, point)
        trusted = all(
            np.all(np.isfinite(t))
            and np.all(np.abs(t - m) <= 3 * spread + 1e-6 * np.abs(m).max(initial=0.0))
            for t, m, spread in zip(truth, limits, spreads, strict=True)
        )
        return Look("right" if near and not trusted else "wrong", limits, spreads=spreads)
    if inside and evidence.question.claim.kind in SUMMED:
        inside = _supported(samples, hand, directions, scales, max(slack))
    return Look("subgradient" if inside else "no subgradient", limits, spreads=spreads)


def _supported(
    samples: list[np.ndarray],
    hand: list[np.ndarray],
    directions: list[list[np.ndarray]],
    scales: list[np.ndarray],
    slack: float,
) -> bool:
    """No direction in which the hand's gradient exceeds every gradient nearby (the support
    function).
    """
    for direction in directions:
        steps = [scale * v for scale, v in zip(scales, direction, strict=True)]
        length = max(1e-300, sum(float(np.abs(step).sum()) for step in steps))
        for sign in (1.0, -1.0):
            along = sum(_dot(s, sign * step) for s, step in zip(samples, steps, strict=True))
            claimed = sum(
                float(np.sum(h * sign * step)) for h, step in zip(hand, steps, strict=True)
            )
            if claimed > np.max(along) + 10 * slack * length:
                return False
    return True


def _dot(samples: np.ndarray, step: np.ndarray | np.floating) -> np.ndarray:
    return (samples * step).reshape(len(samples), -1).sum(axis=1)


def _scale(x: np.ndarray) -> np.ndarray:
    size = np.abs(x)
    usual = float(size.max(initial=0.0)) or 1.0
    return np.where(size > 0, size, usual)


def _directions(
    evidence: Evidence, point: int, at: list[np.ndarray], rng: np.random.Generator
) -> list[list[np.ndarray]]:
    """Random signs of uneven length, so that no tie survives; all ones, the axes; the hand's answer
    and the way to it from the truth, and both without their signs, which breaks ties as the hand
    has chosen.
    """
    random = lambda shape: rng.choice((-1.0, 1.0), size=shape) * rng.uniform(0.5, 1.5, shape)
    signs = [[np.asarray(random(x.shape)) for x in at] for _ in range(SIGNS)]
    ones = [np.ones(x.shape) for x in at]
    axes = []
    for k, x in enumerate(at):
        for flat in range(min(x.size, AXES)):
            axis = [np.zeros(y.shape) for y in at]
            axis[k].reshape(-1)[flat] = 1.0
            axes.append(axis)
    disputed = []
    if evidence.question.claim.kind in SUMMED:
        hand, truth = at_point(evidence.hand, point), at_point(evidence.truth, point)
        pairs = [*zip(hand, truth, strict=True)]
        for way in (
            hand,
            [h - t for h, t in pairs],
            [np.abs(h) for h in hand],
            [np.abs(h) - np.abs(t) for h, t in pairs],
        ):
            largest = max(float(np.abs(w).max(initial=0.0)) for w in way)
            if np.isfinite(largest) and largest > 0:
                disputed.append([np.asarray(w / largest) for w in way])
    return [*signs, ones, *axes[:AXES], *disputed]


def _jumps(values: Any, samples: list[np.ndarray], scales: list[np.ndarray]) -> bool:
    """Whether the function itself changes by far more than its slopes allow over so short a way."""
    slope = max(float(np.abs(s).max(initial=0.0)) for s in samples)
    reach = sum(float(np.sum(scale)) for scale in scales)
    for value in jax.tree.leaves(values):
        change = np.abs(value[1:] - value[:1])
        change = change[np.isfinite(change)]
        size = np.abs(value[np.isfinite(value)]).max(initial=0.0)
        if change.max(initial=0.0) > 100 * reach * slope + 1e-4 * size:
            return True
    return False
