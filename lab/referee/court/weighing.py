"""From the evidence to the verdict."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.question import Question, split
from lab.referee.court.beside import beside, beside_kinks
from lab.referee.court.dispute import LOST, Dispute, dispute
from lab.referee.court.nearly import between, nearly
from lab.referee.court.step_by_step import name_each
from lab.referee.court.steps import Steps, ends_right, judge_steps, taken
from lab.referee.court.testimony import odd_witness, power_of, unseen_by_jax, witnesses_of
from lab.referee.examples.counterexample import counterexample
from lab.referee.examples.symptoms import heard
from lab.referee.naming import name_mistake
from lab.referee.points.group import MANY
from lab.referee.points.stacks import anywhere
from lab.referee.verdict import PASSING, Counterexample, Mistake, Witness, Word
from lab.referee.witnesses.differences import probes
from lab.referee.witnesses.evidence import Evidence
from lab.referee.witnesses.noise import reconciled

PROBED = 4  # typical points at which slopes are measured
TELLING = 3  # typical points that are wrong, from which on the others are not asked for a name


class Found(NamedTuple):
    word: Word
    reason: str
    mistake: Mistake | None = None
    steps: dict[str, str] = {}  # noqa: RUF012 - never written to
    witnesses: tuple[Witness, ...] = ()
    power: float | None = None
    counterexample: Counterexample | None = None
    nearly: float | None = None  # how far it is off all the same, if it is
    blind: bool = False  # JAX is no witness of this function, differences are
    name: Callable[[], "Found"] | None = None  # says what the mistake is: dear, and asked if told

    @property
    def named(self) -> "Found":
        return self.name() if self.name else self


@np.errstate(all="ignore")
def weigh(
    asked: Question,
    evidences: list[Evidence],
    rng: np.random.Generator,
    *,
    shrink: bool = True,
    limit: bool = False,
) -> Found:
    claim = asked.claim
    evidences = [reconciled(e) for e in evidences]
    first = evidences[0]
    measured = probes(asked, first.group, rng, _probed(first), value=first.ask_value)
    odd = odd_witness(evidences, measured)
    if odd is not None:  # unless the function itself has no digits to take differences of
        measured = probes(asked, first.group, rng, _probed(first), by_step=True)
        odd = odd_witness(evidences, measured)
    if odd is not None:  # or stands at kinks, where what JAX says is a convention
        moved = [one for e in evidences if (one := beside(e, rng)) is not None]
        if moved:
            off_kinks = probes(asked, moved[0].group, rng, _probed(moved[0]))
            if off_kinks and odd_witness(moved, off_kinks) is None:
                evidences, odd = [*evidences, *moved], None
    if odd is not None and (blind := unseen_by_jax(first)):
        return Found("inconclusive", f"JAX has no derivative through {blind}", blind=True)
    judged = sum(int((e.usable & e.group.typical).sum()) for e in evidences)
    disputes = [dispute(e, rng) for e in evidences]
    near = nearly(evidences, [d.wrong for d in disputes], limit=limit)
    if near:
        disputes = [d._replace(wrong=np.zeros_like(d.wrong)) for d in disputes]
    walk = taken(evidences[0])
    steps = judge_steps(walk, evidences[0])
    off = [int(p) for p in np.flatnonzero(disputes[0].wrong) if p not in _probed(first)][:PROBED]
    elsewhere = (
        probes(asked, first.group, np.random.default_rng(0), off, value=first.ask_value)
        if measured and off
        else []
    )
    witnesses = witnesses_of(evidences, disputes, measured, elsewhere)
    power = power_of(evidences)
    found = lambda word, reason, mistake=None: Found(
        word,
        reason,
        mistake,
        steps,
        witnesses,
        max(power or 0.0, near[0] if near else 0.0) or None if word in PASSING else None,
        nearly=near[0] if near and word in PASSING else None,
    )
    looked = any(d.looks for d in disputes)
    if judged == 0 and not looked:
        reason = f"neither {claim.of_name} nor its derivative is finite at any typical point"
        if any((e.contradicted & e.group.typical).any() for e in evidences):
            reason = (
                f"forward and reverse mode of {claim.of_name} contradict each other at every "
                "typical point: a custom rule, or terms that cancel to the last digit"
            )
        return found("inconclusive", reason)

    wrong = [d.wrong for d in disputes]
    bad_steps = [name for name, word in steps.items() if word == "wrong"]
    if odd is not None:
        contradiction, hand_with_differences = odd
        # Where the hand parts from JAX only at points where JAX is odd, nobody contradicts it.
        if any(mask.any() for mask in wrong) == hand_with_differences:
            return found("inconclusive", contradiction)
    if any(mask.any() for mask in wrong):
        apart = None
        if walk is not None and _several(bad_steps, walk, evidences[0]):
            apart = partial(name_each, evidences, walk, bad_steps, rng)

        cancels = _cancellation(evidences, wrong)

        @np.errstate(all="ignore")
        def name() -> Found:
            if cancels is not None:
                condemned = found("unstable", cancels.says, cancels)
            else:
                condemned = _found_wrong(evidences, disputes, apart, rng, found)
            told = shrink and condemned.word != "inconclusive"
            shown = counterexample(evidences, wrong, rng) if told else None
            return condemned._replace(counterexample=shown)

        return found("unstable" if cancels else "wrong", "")._replace(name=name)
    if bad_steps:
        listed = ", ".join(map(repr, bad_steps))
        says = f"the end is right, but a step on the way is not: {listed}"
        return found("wrong", says, Mistake("unknown", says, listed))
    if any((d.broken | d.coarse).any() for d in disputes):
        mistake = _unstable_mistake(evidences, disputes)
        silent = [d.broken & ~heard(e.hand) for e, d in zip(evidences, disputes, strict=True)]
        shown = None
        if shrink and any(mask.any() for mask in silent):
            shown = counterexample(evidences, silent, rng)
        return found("unstable", mistake.says, mistake)._replace(counterexample=shown)
    undecided = [d.undecided for d in disputes]
    if claim.kinks and any(mask.any() for mask in undecided):
        says = (
            f"right elsewhere, but at a kink (declared: {claim.kinks}) it has to choose a slope, "
            f"and gives {_silence(evidences, undecided)}"
        )
        return found("unstable", says, Mistake("unstable", says, "kinks"))
    if judged == 0:
        return found("inconclusive", "no typical point at which the derivative is finite")
    choices = [
        (e, p)
        for e, d in zip(evidences, disputes, strict=True)
        for p, at in d.looks.items()
        if at.finding == "subgradient"
    ]
    silent = [d.silent for d in disputes]
    remark = (
        f"; where {claim.of_name} has no derivative it gives {_silence(evidences, silent)}, as "
        "JAX does"
        if any(mask.any() for mask in silent)
        else ""
    )
    if near:
        remark = f", but for {near[0]:.2g} of its size: {near[1]}{remark}"
    if choices:
        evidence, point = choices[0]
        where = f" (declared: {claim.kinks})" if claim.kinks else ""
        says = (
            f"right wherever {claim.of_name} is differentiable; at a kink{where} a valid "
            f"subgradient other than JAX's, e.g. at {_place(evidence, point)}"
        )
        return found("subgradient", says + remark)
    return found("correct", "agrees with every witness at every point" + remark)


def _silence(evidences: list[Evidence], masks: list[np.ndarray]) -> str:
    """What stands in place of a number, and where first."""
    e, p = _first(evidences, masks)
    entries = np.concatenate([np.ravel(leaf[p]) for leaf in e.hand])
    return f"{entries[~np.isfinite(entries)][0]:g}, e.g. at {_place(e, p)}"


def _probed(evidence: Evidence) -> list[int]:
    """A few typical points; none of large arguments, whose differences have been heard."""
    chosen = np.flatnonzero(evidence.usable & evidence.group.typical)
    return [int(p) for p in chosen[:PROBED]] if evidence.group.elements <= MANY else []


def _found_wrong(
    evidences: list[Evidence],
    disputes: list[Dispute],
    apart: Callable[[], Mistake | None] | None,
    rng: np.random.Generator,
    found: Callable[..., Found],
) -> Found:
    claim = evidences[0].question.claim
    wrong = [d.wrong for d in disputes]
    judged = sum(int(e.usable.sum()) for e in evidences)
    bad = sum(int(mask.sum()) for mask in wrong)
    typical_bad = [mask & e.group.typical for e, mask in zip(evidences, wrong, strict=True)]
    typical_count = sum(int((e.usable & e.group.typical).sum()) for e in evidences)
    typical_wrong = sum(int(mask.sum()) for mask in typical_bad)
    about = typical_bad if typical_wrong >= TELLING else wrong
    try:
        each = apart() if apart else None
        mistake = each or _named(evidences, disputes, about, rng)
    except Exception as trouble:  # what is wrong stays wrong, also where no name can be found
        says = f"it is wrong, and looking for the reason failed ({type(trouble).__name__})"
        mistake = Mistake("unknown", says, "")
    e, p = _first(evidences, wrong)
    little = between(evidences, wrong) if mistake.name == "unknown" else None
    if little is not None:
        says = (
            f"off by {little:.2g} of its size at {bad} of {judged} points, e.g. at "
            f"{_place(e, p)}: more than rounding, less than float32 can tell, and by no mistake "
            f"that is known: {claim.of_name} may be the approximation (a series that is cut off, "
            "a constant of few digits), or this"
        )
        return found("inconclusive", says)
    if typical_wrong < typical_count / 2 and mistake.name == "unknown":
        says = (
            f"right at most points but wrong at {bad} of {judged}, e.g. at {_place(e, p)}: "
            f"{mistake.says}"
        )
        mistake = Mistake("region", says, mistake.where)
    return found("wrong", mistake.says, mistake)


def _several(bad_steps: list[str], walk: Steps, evidence: Evidence) -> bool:
    """Whether more is wrong than one step, so that no one explanation can be expected."""
    return len(bad_steps) > 1 or (bool(bad_steps) and not ends_right(walk, evidence))


def _named(
    evidences: list[Evidence],
    disputes: list[Dispute],
    wrong: list[np.ndarray],
    rng: np.random.Generator,
) -> Mistake:
    beside = beside_kinks(evidences, disputes, rng)
    if beside is None:
        return name_mistake(evidences, wrong)
    moved, off = beside
    if any(mask.any() for mask in off):
        return name_mistake(moved, off)
    e, p = _first(evidences, wrong)
    says = f"right but for its choice at a kink, which is no subgradient, e.g. at {_place(e, p)}"
    return Mistake("region", says, ", ".join(e.form.names) if len(e.form.names) > 1 else "kinks")


def _first(evidences: list[Evidence], masks: list[np.ndarray]) -> tuple[Evidence, int]:
    """The first point that is marked."""
    return next(
        (e, int(np.flatnonzero(m)[0])) for e, m in zip(evidences, masks, strict=True) if m.any()
    )


def _cancellation(evidences: list[Evidence], wrong: list[np.ndarray]) -> Mistake | None:
    """Digits, not the formula: wherever the hand is off, it is far more off in single precision,
    and JAX, of the same numbers, is not.
    """
    question = evidences[0].question
    if question.implementation is not question.hand:  # narrow types were set aside
        return None
    for evidence, mask in zip(evidences, wrong, strict=True):
        if mask.any() and not evidence.hand_single:
            return None
        for i, noise in enumerate(evidence.noise):
            error = np.abs(evidence.hand[i] - evidence.truth[i])
            off = ~(error <= tolerance.formula(noise))
            rows = mask & anywhere(off)
            worst = tolerance.size(error, elementwise=evidence.elementwise)[rows]
            scale, lost, usual = noise.scale[rows], noise.hand32[rows], noise.truth32[rows]
            numbers = np.isfinite(evidence.hand[i][rows]) & np.isfinite(evidence.truth[i][rows])
            alone = (worst <= 0.1 * lost) & (usual <= 0.1 * lost)
            if not numbers.all() or not np.all((worst <= 0.1 * scale) & alone):
                return None
    e, p = _first(evidences, wrong)
    says = f"right in exact arithmetic, but digits cancel, e.g. at {_place(e, p)}"
    return Mistake("unstable", says, e.form.names[0])


def _unstable_mistake(evidences: list[Evidence], disputes: list[Dispute]) -> Mistake:
    for e, d in zip(evidences, disputes, strict=True):
        for mask, hands, truths, word in (
            (d.broken, e.hand, e.truth, "float64"),
            (d.coarse, e.hand_single, e.rounded, "float32"),
        ):
            if not mask.any():
                continue
            p = int(np.flatnonzero(mask)[0])
            limits = d.looks[p].truth if p in d.looks else ()
            for i, name in enumerate(e.form.names):
                hand, truth = hands[i][p], truths[i][p]
                gap = np.abs(hand - truth)
                gap = np.where(np.isfinite(gap), gap, np.inf)
                off = (gap > LOST * np.max(e.noise[i].scale[p], initial=0.0)) | d.small[i][p]
                if not off.any():
                    continue
                k = np.unravel_index(int(np.argmax(np.where(off, gap, -1))), gap.shape)
                entry = f"{name}{list(map(int, k))}" if k else name
                known = truth[k] if np.isfinite(truth[k]) or not limits else limits[i][k]
                there = f"is {known:.6g}" if np.isfinite(known) else "exists, though not to JAX"
                says = (
                    f"right in exact arithmetic, but in {word} it gives {hand[k]:.6g} for {entry} "
                    f"where the derivative {there}, at {_place(e, p)}"
                )
                return Mistake("unstable", says, entry)
    return Mistake("unstable", "right in exact arithmetic, but not in floating point", "")


def _place(evidence: Evidence, point: int) -> str:
    """A point as a person reads it: its numbers while they are few, and how it was chosen."""
    group, claim = evidence.group, evidence.question.claim
    args, _ = split(evidence.question, group.point(point))
    shown = []
    for name, arg in zip(claim.arguments or map(str, range(len(args))), args, strict=False):
        leaves = jax.tree.leaves(arg)
        if len(leaves) == 1 and np.size(leaves[0]) <= 6 and np.asarray(leaves[0]).dtype != object:
            plain: Any = {"float_kind": lambda x: f"{x:.5g}"}
            text = np.array2string(np.asarray(leaves[0]), separator=", ", formatter=plain)
            shown.append(f"{name} = {' '.join(text.split())}")
        elif len(leaves) == 1:
            shown.append(f"{name} of shape {np.shape(leaves[0])}")
    how = group.labels[point]
    numbers = ", ".join(shown)
    return (numbers if how == "typical" else f"{numbers} ({how})") if numbers else how
