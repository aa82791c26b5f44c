"""How the scene is set: which points count, and what can be asked of the programs."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.naming.stage.draft import Draft, draft
from lab.referee.naming.stage.flow import flow
from lab.referee.naming.stage.program import program, value
from lab.referee.naming.stage.scene import Scene, leading, off_entries, size
from lab.referee.naming.stage.sizes import Counts, counted
from lab.referee.programs.traced import Program
from lab.referee.witnesses.evidence import BLOCK, Evidence

ROUNDS = 12  # of a loop of the hand that is written out
UNSEEN = 1e-8  # of an entry, in a leaf beside others that are off by more
FINITE = 0.1  # share of the wrong points that explains the others, where those are no numbers


def scene_of(evidences: Sequence[Evidence], wrong: Sequence[np.ndarray]) -> Scene:
    """Set the scene. Right points are those of the same sort: typical ones, when the wrong are."""
    evidences = _floored(evidences)
    given, wrong = wrong, _finite(evidences, wrong)
    typical = all(
        not (mask & ~e.group.typical).any() for e, mask in zip(evidences, wrong, strict=True)
    )
    right = tuple(
        e.usable & ~mask & (e.group.typical if typical else True)
        for e, mask in zip(evidences, given, strict=True)
    )
    flow_of = cache(lambda g, *e: flow(evidences[g], np.flatnonzero(wrong[g] | right[g]), *e))
    draft_of = cache(lambda g: draft(evidences[g]))
    opened_of = cache(lambda g: draft(evidences[g], ROUNDS))
    counts = cache(lambda: _counts(evidences, draft_of))
    passed = cache(lambda g: _passed(evidences[g]))
    unlike_by = lambda of: cache(lambda whose: _unlike(evidences, wrong, whose, of))
    opened = (opened_of, unlike_by(opened_of))
    told = (flow_of, draft_of, counts, passed, unlike_by(draft_of), opened)
    bare = Scene(tuple(evidences), tuple(wrong), right, (), *told)
    leaves = _wrong_leaves(bare)
    return bare._replace(leaves=leaves, sound=tuple({*range(len(bare.names))} - {*leaves}))


def _floored(evidences: Sequence[Evidence]) -> list[Evidence]:
    """Where a derivative is zero at one size but for rounding, as a variance of one number is, its
    usual size is told by the others.
    """
    by_leaf = zip(*(evidence.noise for evidence in evidences), strict=True)
    usual = [1e-6 * max(noise.typical for noise in leaf) for leaf in by_leaf]
    floored = lambda noise, least: noise._replace(typical=max(noise.typical, least))
    return [e._replace(noise=tuple(map(floored, e.noise, usual))) for e in evidences]


def _finite(evidences: Sequence[Evidence], wrong: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The wrong points at which both truth and hand are numbers, if they are not too few."""
    numbers = lambda leaf: np.isfinite(leading(leaf)).all(axis=1)
    whole = [np.all([*map(numbers, (*e.hand, *e.truth))], axis=0) for e in evidences]
    told = [mask & fine for mask, fine in zip(wrong, whole, strict=True)]
    kept, all_wrong = (sum(int(mask.sum()) for mask in masks) for masks in (told, wrong))
    return told if kept >= FINITE * all_wrong else list(wrong)


def _unlike(
    evidences: Sequence[Evidence],
    wrong: Sequence[np.ndarray],
    whose: str,
    draft_of: Callable[[int], Draft | None],
) -> frozenset[int]:
    """Groups whose program has other steps than the main one's, if two at least have its steps."""
    steps = [
        _steps(evidence, draft_of(g) if whose == "hand" else None, whose)
        for g, evidence in enumerate(evidences)
    ]
    main = steps[int(np.argmax([mask.sum() for mask in wrong]))]
    alike = [g for g, mask in enumerate(wrong) if mask.any() and steps[g] == main]
    if main is None or len(alike) < 2:
        return frozenset()
    return frozenset(g for g in range(len(steps)) if steps[g] != main)


def _steps(evidence: Evidence, hand: Draft | None, whose: str) -> list[str] | None:
    try:
        with precision(64):
            made = program(evidence) if whose == "function" else hand.program if hand else None
    except Exception:
        return None
    return None if made is None else [step.name for step in made.steps]


def _counts(evidences: Sequence[Evidence], draft_of: Callable[[int], Draft | None]) -> Counts:
    """Of the function and, as for means, of the hand."""
    found = Counts(set(), set(), set(), set())
    for g, evidence in enumerate(evidences):
        hand = draft_of(g)
        if hand is not None:
            found |= counted(hand.program)._replace(written=set(), sums=set())
        try:
            with precision(64):
                found |= counted(program(evidence))
        except Exception:  # cannot be traced: nothing is known of it
            continue
    return found


def _passed(evidence: Evidence) -> tuple[Program, dict[int, np.ndarray]] | None:
    try:
        with precision(64):
            made = program(evidence, value)
    except Exception:
        return None
    told = [step.place for step in made.steps]
    ends = [k for k, place in enumerate(told) if place is None or place not in told[k + 1 : k + 2]]
    slots = dict.fromkeys((*made.arguments, *(v for k in ends for v in made.steps[k].outputs)))
    counted = {
        v
        for step in made.steps
        for v, variable in zip(step.outputs, step.equation.outvars, strict=True)
        if _counts_or_keeps(variable.aval)
    }
    wanted = [v for v in slots if (made.floating[v] or v in counted) and len(made.shapes[v]) < 5]
    run = lambda *leaves: {v: made.run(leaves)[v] for v in wanted}
    seen = Asker(run, evidence.group, 64, BLOCK, traced=True)(evidence.group.leaves)
    if isinstance(seen, Raised):
        return None
    return made, {v: np.asarray(x, float) if v in counted else x for v, x in seen.items()}


def _counts_or_keeps(aval: Any) -> bool:
    """Whether a value is a whole number, or a mask."""
    kind = np.dtype(getattr(aval, "dtype", float)).kind if hasattr(aval, "shape") else "f"
    return kind == "b" or (kind in "iu" and aval.shape == ())


def _wrong_leaves(bare: Scene) -> tuple[int, ...]:
    """The leaves in which the error is more than rounding, at any of the points."""
    found = [
        i
        for i in range(len(bare.names))
        if any(off_entries(bare, g, i).any() for g, _, _ in bare.groups())
    ]
    told = [i for i in found if any(_told(e, i, mask) for _, e, mask in bare.groups())]
    return tuple(told or found or range(len(bare.names)))


def _told(evidence: Evidence, i: int, mask: np.ndarray) -> bool:
    """Whether a leaf is off by what single precision can see: beside one that is, a guard that is
    left out is no mistake.
    """
    truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
    with np.errstate(invalid="ignore"):
        return bool(np.any(~(np.abs(hand - truth) <= UNSEEN * size(truth, evidence.elementwise))))
