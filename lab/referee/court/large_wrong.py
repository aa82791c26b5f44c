"""A large derivative that is wrong: seen to be so at one point, and named at small ones.

Truth and hand are asked at the point, next to it, and a little off it in both precisions, so that
neither conditioning nor a kink is taken for a mistake; what the answer amounts to is read where the
arguments are cut down (`cutting`). What does not show there is told by its entries. Whatever is not
plainly wrong goes the long way."""

from functools import partial
from typing import Any

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.conditioning import lost, natural, nudged
from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import Question, split
from lab.referee.asking.structure import Form, Misshapen, fit
from lab.referee.court.cutting import cut_down
from lab.referee.court.weighing import Found
from lab.referee.points.group import Group
from lab.referee.points.stacks import everywhere, largest
from lab.referee.verdict import Mistake, Witness
from lab.referee.witnesses.evidence import varied_leaves

PLAINLY = 10  # times what is allowed
BESIDE = 1e-5  # off a kink, relative to each entry
SAME = 1e-7  # of a leaf that is the true one but for a factor


@np.errstate(all="ignore")
def hear_large_wrong(
    asked: Question, group: Group, wanted: Form, rng: np.random.Generator, *, shrink: bool
) -> Found | None:
    """The verdict at the group's first point where the hand is plainly wrong there, else `None`."""
    if asked.claim.kind not in ("gradient", "vjp", "jvp", "derivative"):
        return None
    elementwise = asked.claim.kind == "derivative"
    ask = _asks(asked, group, wanted)
    double, single = (Asker(ask, group, bits, 1, traced=True) for bits in (64, 32))
    size = partial(tolerance.size, elementwise=elementwise)
    here = double(group.leaves)
    if isinstance(here, Raised):
        return None
    values, truth, hand = here
    if not all(everywhere(np.isfinite(leaf)).all() for leaf in (*values, *truth, *hand)):
        return None
    # One after the other, and of each no more than is needed: these are large.
    if isinstance(answers := double(nudged(group, rng)), Raised):
        return None
    response = [size(n - t) / tolerance.NUDGE for n, t in zip(answers[1], truth, strict=True)]
    if isinstance(answers := single(group.leaves), Raised):
        return None
    truth32, hand32 = (
        [lost(low, high, elementwise) for low, high in zip(lows, highs, strict=True)]
        for lows, highs in ((answers[1], truth), (answers[2], hand))
    )
    if isinstance(answers := double(_beside(group, rng)), Raised):
        return None
    apart = [np.abs(h - t) for t, h in zip(*answers[1:], strict=True)]
    del answers
    sizes = natural(asked.claim.kind, group, varied_leaves(asked, group), values, len(truth))
    usual = max(float(largest(np.abs(leaf)).max()) for leaf in truth)
    off = []
    for i, leaf in enumerate(truth):
        scale = size(leaf)
        noise = tolerance.Noise(
            scale=scale,
            typical=usual,
            response=response[i],
            known=response[i],
            modes=0 * scale,
            natural=sizes[i].reshape(-1, *[1] * (scale.ndim - 1)),
            grain=asked.grain,
            truth32=truth32[i],
            hand32=hand32[i],
        )
        allowed = PLAINLY * tolerance.formula(noise)
        off.append((np.abs(hand[i] - leaf) > allowed) & (apart[i] > allowed))
    if not any(mask.any() for mask in off):
        return None
    wrong = [i for i, mask in enumerate(off) if mask.any()]
    names = frozenset(wanted.names[i] for i in wrong)
    gaps = [np.abs(hand[i] - truth[i]).max() / (np.abs(truth[i]).max() or usual) for i in wrong]
    mode = "forward" if asked.claim.kind == "jvp" else "reverse"
    witnesses = (
        Witness(f"jax {mode}", "disagrees", float(max(gaps))),
        Witness("float32", "abstains", None, "the formula is wrong to begin with"),
    )
    small = cut_down(asked, group, rng, shrink=shrink)
    if small is not None and small.off == names and small.found.mistake is not None:
        says = f"{small.found.mistake.says}; named where the arguments are cut down to few numbers"
        return small.found._replace(reason=says, witnesses=witnesses)
    told = [_told(wanted.names[i], truth[i][0], hand[i][0], off[i][0]) for i in wrong]
    kinds = {kind for kind, _ in told}
    says = "; ".join(says for _, says in told)
    mistake = Mistake(kinds.pop() if len(kinds) == 1 else "unknown", says, ", ".join(sorted(names)))
    return Found("wrong", says, mistake, {}, witnesses)


def _asks(asked: Question, group: Group, wanted: Form) -> Any:
    """The function, the truth and the hand at one point, flat."""
    mode = asked.forward if asked.claim.kind == "jvp" else asked.reverse
    assert mode is not None

    def ask(*leaves: Any) -> Any:
        args, extra = split(asked, group.rebuild(leaves))
        said = fit(asked.hand(args, extra), wanted)
        if isinstance(said, Misshapen):
            raise TypeError(said.mistake.says)
        pairs = zip(said, wanted.shapes, strict=True)
        spread = [jax.numpy.broadcast_to(jax.numpy.asarray(x), shape) for x, shape in pairs]
        return jax.tree.leaves(asked.value(args, extra)), jax.tree.leaves(mode(args, extra)), spread

    return ask


def _beside(group: Group, rng: np.random.Generator) -> tuple[Any, ...]:
    """Every floating entry moved a little, also where it is zero."""

    def moved(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
            return leaf
        size = np.abs(leaf)
        size = np.where(size > 0, size, size.max(initial=0.0) or 1.0)
        return leaf + BESIDE * size * rng.uniform(-1.0, 1.0, leaf.shape)

    return tuple(map(moved, group.leaves))


def _told(name: str, truth: np.ndarray, hand: np.ndarray, off: np.ndarray) -> tuple[str, str]:
    """The kind of mistake in one leaf, and a sentence on it."""
    factor = float(np.sum(hand * truth) / np.sum(truth**2))
    if truth.size > 1 and np.all(np.abs(hand - factor * truth) <= SAME * np.abs(hand).max()):
        kind = "sign" if abs(factor + 1) <= SAME else "factor"
        return kind, f"{name}: it is {factor:.6g} times the derivative"
    worst = np.unravel_index(int(np.argmax(np.where(off, np.abs(hand - truth), -1))), off.shape)
    there = f"{name}{list(map(int, worst))}" if worst else name
    says = f"{there} is {hand[worst]:.7g} where the derivative is {truth[worst]:.7g}"
    many = f"{off.sum()} of {off.size} entries are off, the most " if off.sum() > 1 else ""
    return "unknown", f"{name}: {many}{says}" if many else says
