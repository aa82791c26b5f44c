"""Custom rules that are definitions: what a rule does that is deliberately not the derivative of
its body, as a straight-through estimator, a reversed or a clipped gradient."""

from collections.abc import Iterator, Sequence

import numpy as np

from lab.referee.court.weighing import Found
from lab.referee.naming.stage.scene import number
from lab.referee.naming.stage.sizes import argument_leaves
from lab.referee.points.stacks import over
from lab.referee.verdict import Mistake, Witness
from lab.referee.witnesses.evidence import Evidence

SAME = 1e-9
CARRIED = {"vjp": "the cotangent", "jvp": "the tangent"}

Leaves = Sequence[np.ndarray]  # one leaf, group by group


@np.errstate(all="ignore")
def weigh_meant(evidences: list[Evidence], meant: str) -> Found:
    """The rule is as it is meant to be, if it answers with numbers wherever its body does."""
    for e in evidences:
        for name, hand in zip(e.form.names, e.hand, strict=True):
            lost = e.fine & ~np.isfinite(hand).all(axis=tuple(range(1, hand.ndim)))
            if lost.any():
                label = e.group.labels[int(np.flatnonzero(lost)[0])]
                says = (
                    f"meant: {meant}; but it is not finite for {name} where the body is ({label})"
                )
                return Found("unstable", says, Mistake("unstable", says, name))
    does = "; ".join(f"for {name} it gives {what}" for name, what in described(evidences).items())
    witness = Witness("jax reverse", "abstains", None, "the rule is a definition")
    return Found("correct", f"meant: {meant}; {does}", None, {}, (witness,))


def described(evidences: Sequence[Evidence]) -> dict[str, str]:
    """Leaf by leaf what the rule gives, in terms of what it is given."""
    made = {}
    for i, name in enumerate(evidences[0].form.names):
        truth, hand = ([leaves[i] for leaves in each] for each in _both(evidences))
        made[name] = next(_descriptions(evidences, truth, hand), "numbers of its own")
    return made


def suspected(evidences: Sequence[Evidence]) -> str | None:
    """What a rule does that is wrong in a way in which rules are often meant: the body has no slope
    and the rule passes something on, or the body is the identity and the rule changes it.
    """
    if evidences[0].question.claim.kind not in CARRIED:
        return None
    carried = CARRIED[evidences[0].question.claim.kind]
    for i, name in enumerate(evidences[0].form.names):
        truth, hand = ([leaves[i] for leaves in each] for each in _both(evidences))
        flat = all(np.all(t == 0) for t in truth)
        passes = any(_alike(truth, given) for given in _carried(evidences, truth))
        if (flat or passes) and not _alike(truth, hand):
            says = next(_descriptions(evidences, truth, hand), "")
            says = says or ("a slope of its own where the body has none" if flat else "")
            if flat or carried in says:
                return f"for {name} it gives {says}"
    return None


def _both(evidences: Sequence[Evidence]) -> tuple[list[Leaves], list[Leaves]]:
    """Truth and hand at the points at which the body is finite."""
    cut = lambda e, leaves: [leaf[e.fine] for leaf in leaves]
    return [cut(e, e.truth) for e in evidences], [cut(e, e.hand) for e in evidences]


def _descriptions(evidences: Sequence[Evidence], truth: Leaves, hand: Leaves) -> Iterator[str]:
    if all(np.all(h == 0) for h in hand):
        yield "zero"
    if _alike(truth, hand):
        yield "the derivative after all"
    word = CARRIED[evidences[0].question.claim.kind]
    for given in _carried(evidences, hand):
        yield from _of_carried(evidences, given, hand, word)
    ratio = _ratio(truth, hand)
    if ratio is not None:
        yield f"{number(ratio)} times the derivative"


def _of_carried(
    evidences: Sequence[Evidence], given: Leaves, hand: Leaves, word: str
) -> Iterator[str]:
    ratio = _ratio(given, hand)
    if ratio is not None:
        yield f"{word} as it is" if ratio == 1 else f"{number(ratio)} times {word}"
    for name, factor in _factors(evidences, hand):
        ratio = _ratio([g * x for g, x in zip(given, factor, strict=True)], hand)
        if ratio is not None:
            times = {1.0: name, -1.0: f"-{name}"}.get(ratio, f"{number(ratio)} {name}")
            yield f"{times} times {word}"
    low, high = (pick([pick(h, initial=0.0) for h in hand]) for pick in (np.min, np.max))
    if _alike([np.clip(g, low, high) for g in given], hand):
        yield f"{word} clipped to [{low:.6g}, {high:.6g}]"
    if all(np.all((h == 0) | _near(g, h)) for g, h in zip(given, hand, strict=True)):
        dropped = sum(float(np.sum(h == 0)) for h in hand) / sum(h.size for h in hand)
        yield f"{word} as it is or zero, entry by entry ({dropped:.0%} zero)"
    pairs = zip(given, hand, strict=True)
    lengths = [_length(h) / np.maximum(_length(g), 1e-300) for g, h in pairs]
    scaled = [g * over(s, g) for g, s in zip(given, lengths, strict=True)]
    if _alike(scaled, hand):
        made = np.concatenate([_length(h) for h in hand])
        longest = float(made.max(initial=0.0))
        if np.all(_near(made, np.full_like(made, longest))):  # no short one is left as it is
            yield f"{word} brought to a length of {longest:.6g}"
        elif all(np.all(s <= 1 + SAME) for s in lengths):
            yield f"{word} shortened to a length of {longest:.6g} at most"


def _carried(evidences: Sequence[Evidence], like: Leaves) -> Iterator[Leaves]:
    """The cotangents (or tangents) that have the shape of a leaf of the answer."""
    word = CARRIED[evidences[0].question.claim.kind]
    for i, name in enumerate(argument_leaves(evidences[0])):
        found = [np.asarray(e.group.leaves[i])[e.fine] for e in evidences]
        shapes = zip(found, like, strict=True)
        if name.startswith(word) and all(f.shape == leaf.shape for f, leaf in shapes):
            yield found


def _factors(evidences: Sequence[Evidence], like: Leaves) -> Iterator[tuple[str, Leaves]]:
    """The arguments that may be a factor: one number, or of the answer's shape."""
    word = CARRIED[evidences[0].question.claim.kind]
    for i, name in enumerate(argument_leaves(evidences[0])):
        found = [np.asarray(e.group.leaves[i])[e.fine] for e in evidences]
        if found[0].dtype.kind != "f" or name.startswith(word):
            continue
        if all(f.ndim == 1 for f in found):
            yield name, [over(f, leaf) for f, leaf in zip(found, like, strict=True)]
        elif all(f.shape == leaf.shape for f, leaf in zip(found, like, strict=True)):
            yield name, found


def _ratio(one: Leaves, other: Leaves) -> float | None:
    """The number by which the other is a multiple of the one."""
    a, b = (np.concatenate([leaf.ravel() for leaf in each]) for each in (one, other))
    length = float(np.real(np.vdot(a, a)))
    if not length > 0 or not np.isfinite(length):
        return None
    ratio = float(np.real(np.vdot(a, b))) / length
    ratio = round(ratio) if abs(ratio - round(ratio)) < SAME else ratio
    return float(ratio) if ratio and _alike([ratio * leaf for leaf in one], other) else None


def _alike(one: Leaves, other: Leaves) -> bool:
    return all(bool(np.all(_near(a, b))) for a, b in zip(one, other, strict=True))


def _near(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(a - b) <= SAME * np.maximum(np.abs(a), np.abs(b)))


def _length(leaf: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((np.abs(leaf) ** 2).sum(axis=tuple(range(1, leaf.ndim)))))
