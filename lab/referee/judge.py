"""`check`: put a hand derivation on trial, and say what came out."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.derivation import Derivation, Wrt, derivation, derivation_of, name_of
from lab.errors import BadInput
from lab.referee import tolerance
from lab.referee.differences import Probe, probes
from lab.referee.evaluate import Raised, precision
from lab.referee.evidence import Evidence, FunctionRaised, at_point, expected, gather, split
from lab.referee.kinks import Look, look
from lab.referee.naming import name_mistake
from lab.referee.points import Group, groups
from lab.referee.question import Question, question, with_complaints
from lab.referee.steps import judge_steps
from lab.referee.structure import Misshapen, form
from lab.referee.verdict import Mistake, Verdict, Witness, Word

LOOKS = 6  # disputed points of a group that get a second look: typical ones first, then extremes
PROBED = 4  # typical points at which slopes are measured
SINGLE = 2  # groups of a sampler judged in single precision; of domains, the first has the extremes
LOST = 1e-3  # relative error in single precision beyond which the digits that matter are gone


def check(
    f: Callable[..., Any] | Derivation,
    hand: Callable[..., Any] | None = None,
    *,
    kind: str = "gradient",
    wrt: Wrt = 0,
    at: Any = None,
    seed: int = 0,
    points: int | None = None,
) -> Verdict:
    """Judge ``hand`` as the hand-derived ``kind`` of ``f`` with respect to ``wrt``.

    ``check(derivation)`` judges a function that carries its record (see `lab.derivation`). ``at``
    says where the arguments come from: a dict of domains, a sampler ``key -> args``, or concrete
    arguments; ``seed`` fixes the draws, ``points`` bounds their number. Raises `BadInput` when the
    question itself makes no sense; everything else, a crash of the hand function included, is a
    verdict."""
    claim = _claim(f, hand, kind, wrt, at)
    start = time.perf_counter()
    with precision(64):
        drawn = groups(claim, seed, points)
    found = _hear(question(claim), drawn, np.random.default_rng(seed))
    return Verdict(
        name=claim.name,
        of=claim.of_name,
        kind=claim.kind,
        file=claim.file,
        line=claim.line,
        verdict=found.word,
        mistake=found.mistake,
        reason=found.reason,
        steps=found.steps,
        witnesses=found.witnesses,
        power=found.power,
        points=sum(group.count for group in drawn),
        seconds=round(time.perf_counter() - start, 4),
    )


def _claim(f: Any, hand: Any, kind: str, wrt: Wrt, at: Any) -> Derivation:
    if hand is None:
        claim = f if isinstance(f, Derivation) else derivation_of(f)
        if claim is None:
            raise BadInput(
                f"check({name_of(f)}): it carries no derivation; decorate it "
                "(@gradient(of=...)), or give both functions: check(f, hand, at=...)"
            )
        return claim
    if at is None:
        raise BadInput(
            f"check({name_of(f)}, {name_of(hand)}): say where the arguments come from, "
            "e.g. at=dict(x=reals('n'))"
        )
    return derivation(f, hand, kind=kind, wrt=wrt, at=at)


class _Found(NamedTuple):
    word: Word
    reason: str
    mistake: Mistake | None = None
    steps: dict[str, str] = {}  # noqa: RUF012 - never written to
    witnesses: tuple[Witness, ...] = ()
    power: float | None = None


def _hear(asked: Question, drawn: list[Group], rng: np.random.Generator) -> _Found:
    """Gather the evidence group by group, and find."""
    claim = asked.claim
    evidences: list[Evidence] = []
    excused = ""
    single = SINGLE if callable(claim.at) else 1
    for number, group in enumerate(drawn):
        args, _ = (
            split(asked, group.point(0))
            if claim.kind not in ("jvp", "vjp")
            else (group.point(0), ())
        )
        try:
            with precision(64):
                out = with_complaints(asked, args)
        except BadInput:
            raise
        except Exception:
            out = None
        try:
            group = _with_extra(asked, group, out, rng)
            wanted = form(claim, expected(asked, group))
        except BadInput:
            raise
        except Exception as error:
            excused = f"{claim.of_name} could not be differentiated by JAX: {Raised(error)}"
            continue
        changing = _not_repeatable(asked, group)
        if changing:
            return changing
        heard = gather(asked, group, wanted, rng, single=number < single)
        if isinstance(heard, Misshapen):
            return _Found("wrong", heard.mistake.says, heard.mistake)
        if isinstance(heard, FunctionRaised):
            excused = f"{claim.of_name} raised {heard}"
            continue
        if isinstance(heard, Raised):
            return _Found("error", f"{claim.name} raised {heard}")
        evidences.append(heard)
    if not evidences:
        return _differences_only(asked, drawn, rng, excused)
    return _weigh(asked, evidences, rng)


def _with_extra(asked: Question, group: Group, out: Any, rng: np.random.Generator) -> Group:
    """The group with a tangent or cotangent drawn for every point, as one more argument."""
    claim = asked.claim
    if claim.kind not in ("jvp", "vjp"):
        return group
    args = group.point(0)
    if claim.kind == "vjp":
        if out is None:
            out = asked.value(args, ())
        like = out
    else:
        slots = asked.slots(args)
        like = slots[0] if claim.single else slots
    extra = jax.tree.map(lambda leaf: rng.standard_normal((group.count, *np.shape(leaf))), like)
    leaves, _ = jax.tree.flatten(extra)
    treedef = jax.tree.structure((*args, like))
    from lab.referee.points import ARRAY

    return group._replace(
        treedef=treedef,
        static=(*group.static, *[ARRAY] * len(leaves)),
        leaves=(*group.leaves, *map(np.asarray, leaves)),
    )


def _not_repeatable(asked: Question, group: Group) -> _Found | None:
    """A function that draws or counts by itself gives another program each time it is traced."""
    args, extra = split(asked, group.point(0))
    for word, ask, name in (
        ("inconclusive", asked.value, asked.claim.of_name),
        ("error", asked.hand, asked.claim.name),
    ):
        try:
            with precision(64):
                arrays = jax.tree.map(lambda leaf: leaf, (args, extra))
                one, two = (_traced(ask, arrays) for _ in range(2))
        except Exception:
            try:
                with precision(64):
                    one, two = (_called(ask, (args, extra)) for _ in range(2))
            except Exception:
                continue
        if one != two:
            reason = f"{name} is not deterministic: asked twice at the same point, it answers differently"
            return _Found(word, reason)  # type: ignore[arg-type]
    return None


def _traced(ask: Callable[..., Any], args: Any) -> tuple[str, list[bytes]]:
    jaxpr = jax.make_jaxpr(lambda given: ask(*given))(args)
    return str(jaxpr), [np.asarray(const).tobytes() for const in jaxpr.consts]


def _called(ask: Callable[..., Any], args: Any) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(ask(*args))]


# ----- weighing -----


class _Dispute(NamedTuple):
    """Points of one group at which hand and truth part, and what a second look found."""

    wrong: np.ndarray
    broken: np.ndarray  # the hand is not finite where the truth is
    looks: dict[int, Look]
    gaps: np.ndarray  # relative error in double precision, by point
    coarse: np.ndarray  # wrong in single precision only


def _weigh(asked: Question, evidences: list[Evidence], rng: np.random.Generator) -> _Found:
    claim = asked.claim
    measured = [
        probes(asked, e.group, rng, _probed(e)) if i == 0 else [] for i, e in enumerate(evidences)
    ]
    usable = sum(int((_usable(e) & e.group.typical).sum()) for e in evidences)
    disputes = [_dispute(e, rng) for e in evidences]
    steps = judge_steps(evidences[0])
    witnesses = _witnesses(evidences, disputes, measured)
    power = _power(evidences, disputes)
    found = lambda word, reason, mistake=None: _Found(
        word,
        reason,
        mistake,
        steps,
        witnesses,
        power if word in ("correct", "subgradient") else None,
    )
    looked = any(d.looks for d in disputes)
    if usable == 0 and not looked:
        reason = f"neither {claim.of_name} nor its derivative is finite at any typical point"
        return found("inconclusive", reason)

    odd = _odd_witness(evidences, measured)
    wrong = [_wrong_mask(e, d) for e, d in zip(evidences, disputes, strict=True)]
    if odd is not None:
        contradiction, hand_with_differences = odd
        if not any(mask.any() for mask in wrong) or hand_with_differences:
            return found("inconclusive", contradiction)
    if any(mask.any() for mask in wrong):
        return _found_wrong(evidences, disputes, wrong, found)
    bad_steps = [name for name, word in steps.items() if word == "wrong"]
    if bad_steps:
        listed = ", ".join(map(repr, bad_steps))
        says = f"the end is right, but a step on the way is not: {listed}"
        return found("wrong", says, Mistake("unknown", says, listed))
    broken = [d.broken for d in disputes]
    coarse = [d.coarse for d in disputes]
    if any(mask.any() for mask in broken) or any(mask.any() for mask in coarse):
        mistake = _unstable(evidences, broken, coarse)
        return found("unstable", mistake.says, mistake)
    if usable == 0:
        return found("inconclusive", "no typical point at which the derivative is finite")
    choices = [
        (e, p)
        for e, d in zip(evidences, disputes, strict=True)
        for p, at in d.looks.items()
        if at.finding == "subgradient"
    ]
    if choices:
        evidence, point = choices[0]
        where = f" (declared: {claim.kinks})" if claim.kinks else ""
        says = (
            f"right wherever {claim.of_name} is differentiable; at a kink{where} a valid subgradient "
            f"other than JAX's, e.g. at {_place(evidence, point)}"
        )
        return found("subgradient", says)
    return found("correct", "agrees with every witness at every point")


def _usable(evidence: Evidence) -> np.ndarray:
    """Points at which the function and its true derivative are finite and the modes agree."""
    finite = evidence.fine & ~evidence.contradicted
    for leaf in evidence.truth:
        finite &= np.isfinite(leaf).reshape(len(leaf), -1).all(axis=1)
    return finite


def _probed(evidence: Evidence) -> list[int]:
    chosen = np.flatnonzero(_usable(evidence) & evidence.group.typical)
    return (
        [int(p) for p in chosen[:PROBED]]
        if evidence.group.elements <= 10**6
        else [int(p) for p in chosen[:1]]
    )


def _dispute(evidence: Evidence, rng: np.random.Generator) -> _Dispute:
    count = evidence.group.count
    off, broken, coarse = (np.zeros(count, bool) for _ in range(3))
    unknown = np.zeros(count, bool)
    gaps = np.zeros(count)
    for i, noise in enumerate(evidence.noise):
        truth, hand = evidence.truth[i], evidence.hand[i]
        known = np.isfinite(truth) & _by_point(evidence.fine & ~evidence.contradicted, truth)
        heard = np.isfinite(hand)
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs(hand - truth)
            allowed = np.broadcast_to(tolerance.formula(noise), truth.shape)
            off |= _rows(known & heard & ~(error <= allowed))
            relative = np.where(known & heard, error / np.maximum(noise.scale, 1e-300), 0.0)
        broken |= _rows(known & ~heard)
        unknown |= _rows(~np.isfinite(truth) & heard) & evidence.fine
        gaps = np.maximum(gaps, relative.reshape(count, -1).max(axis=1, initial=0.0))
        if evidence.hand_single:
            coarse |= _coarse(evidence, i)
    looks: dict[int, Look] = {}
    disputed = np.flatnonzero(off | broken | unknown)
    order = sorted(disputed, key=lambda p: (not evidence.group.typical[p], p))
    typical = [int(p) for p in order if evidence.group.typical[p]]
    extreme = [int(p) for p in order if not evidence.group.typical[p]]
    for point in [*typical[:LOOKS], *extreme[: 4 * LOOKS]]:
        looks[point] = look(evidence, point, rng)
    return _Dispute(off, broken, looks, gaps, coarse & ~off & ~broken)


def _rows(mask: np.ndarray) -> np.ndarray:
    return mask.reshape(len(mask), -1).any(axis=1)


def _by_point(mask: np.ndarray, like: np.ndarray) -> np.ndarray:
    return mask.reshape(-1, *[1] * (like.ndim - 1))


def _coarse(evidence: Evidence, i: int) -> np.ndarray:
    """Points at which single precision overflows or loses its digits, where function and truth are
    fine in it.
    """
    truth, hand, jaxs = evidence.rounded[i], evidence.hand_single[i], evidence.truth_single[i]
    noise = evidence.noise[i]
    judged = _by_point(evidence.fine_single & evidence.fine & ~evidence.contradicted, truth)
    judged = judged & np.isfinite(truth) & np.isfinite(jaxs) & (np.abs(truth) < 1e37)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(hand - truth)
        allowed = tolerance.implementation(noise, max(1, evidence.group.elements))
        lost = ~(error <= np.maximum(allowed, LOST * noise.scale))
    return _rows(judged & lost)


def _wrong_mask(evidence: Evidence, dispute: _Dispute) -> np.ndarray:
    """Points at which the hand is wrong, after the second looks."""
    mask = dispute.wrong.copy()
    for point, at in dispute.looks.items():
        if at.finding in ("right", "subgradient", "no derivative"):
            mask[point] = False
            dispute.broken[point] &= at.finding == "right" and not _heard(evidence, point)
        elif at.finding == "no subgradient":
            mask[point] = _heard(evidence, point)
            dispute.broken[point] = False
        elif at.finding == "unclear" and not _truth_known(evidence, point):
            mask[point] = False
    typical = mask & evidence.group.typical
    confirmed = [
        p
        for p, at in dispute.looks.items()
        if at.finding in ("wrong", "no subgradient") and mask[p]
    ]
    excused = [p for p, at in dispute.looks.items() if not mask[p]]
    unlooked = mask.copy()
    unlooked[list(dispute.looks)] = False
    if not confirmed and excused:
        mask &= ~unlooked  # the ones looked at were all excused: the rest are like them
    everywhere = dispute.broken & evidence.group.typical
    if (
        evidence.group.typical.any()
        and everywhere.sum() == (evidence.fine & evidence.group.typical).sum() > 0
    ):
        mask |= everywhere
    del typical
    return mask


def _heard(evidence: Evidence, point: int) -> bool:
    return all(bool(np.isfinite(leaf).all()) for leaf in at_point(evidence.hand, point))


def _truth_known(evidence: Evidence, point: int) -> bool:
    return all(bool(np.isfinite(leaf).all()) for leaf in at_point(evidence.truth, point))


def _found_wrong(
    evidences: list[Evidence],
    disputes: list[_Dispute],
    wrong: list[np.ndarray],
    found: Callable[..., _Found],
) -> _Found:
    judged = sum(int(_usable(e).sum()) for e in evidences)
    bad = sum(int(mask.sum()) for mask in wrong)
    typical_bad = [mask & e.group.typical for e, mask in zip(evidences, wrong, strict=True)]
    typical_count = sum(int((_usable(e) & e.group.typical).sum()) for e in evidences)
    typical_wrong = sum(int(mask.sum()) for mask in typical_bad)
    if typical_wrong == 0:
        cancels = _cancellation(evidences, wrong)
        if cancels is not None:
            return found("unstable", cancels.says, cancels)
    mistake = name_mistake(evidences, typical_bad if typical_wrong else wrong)
    e, p = next(
        (e, int(np.flatnonzero(m)[0])) for e, m in zip(evidences, wrong, strict=True) if m.any()
    )
    if typical_wrong < typical_count / 2 and mistake.name == "unknown":
        says = f"right at most points but wrong at {bad} of {judged}, e.g. at {_place(e, p)}: {mistake.says}"
        mistake = Mistake("region", says, mistake.where)
    return found("wrong", mistake.says, mistake)


def _cancellation(evidences: list[Evidence], wrong: list[np.ndarray]) -> Mistake | None:
    """At extreme points only, and the hand's answers in the two precisions differ wildly: digits,
    not formula.
    """
    for evidence, mask in zip(evidences, wrong, strict=True):
        for p in np.flatnonzero(mask):
            if not evidence.hand_single:
                return None
            for i, noise in enumerate(evidence.noise):
                error = np.abs(evidence.hand[i][p] - evidence.truth[i][p])
                if not np.any(
                    error > np.broadcast_to(tolerance.formula(noise), evidence.truth[i].shape)[p]
                ):
                    continue
                scale = float(np.max(noise.scale[p], initial=0.0))
                spread = float(np.max(noise.hand32[p], initial=0.0))
                small = float(np.max(error, initial=0.0)) <= 1e-3 * scale
                if not (small and spread > 1e-2 * scale):
                    return None
    e, p = next(
        (e, int(np.flatnonzero(m)[0])) for e, m in zip(evidences, wrong, strict=True) if m.any()
    )
    says = f"right in exact arithmetic, but digits cancel, e.g. at {_place(e, p)}"
    return Mistake("unstable", says, e.form.names[0])


def _unstable(
    evidences: list[Evidence], broken: list[np.ndarray], coarse: list[np.ndarray]
) -> Mistake:
    for e, low, high in zip(evidences, coarse, broken, strict=True):
        for mask, hand, truth, word in (
            (high, e.hand, e.truth, "float64"),
            (low, e.hand_single, e.rounded, "float32"),
        ):
            if not mask.any():
                continue
            p = int(np.flatnonzero(mask)[0])
            for i, name in enumerate(e.form.names):
                with np.errstate(invalid="ignore"):
                    gap = np.abs(hand[i][p] - truth[i][p])
                gap = np.where(np.isfinite(gap), gap, np.inf)
                if gap.size and np.max(gap) > LOST * np.max(e.noise[i].scale[p], initial=0.0):
                    k = np.unravel_index(int(np.argmax(gap)), gap.shape)
                    entry = f"{name}{list(map(int, k))}" if k else name
                    says = (
                        f"right in exact arithmetic, but in {word} it gives {hand[i][p][k]:.6g} for {entry} "
                        f"where the derivative is {truth[i][p][k]:.6g}, at {_place(e, p)}"
                    )
                    return Mistake("unstable", says, entry)
    return Mistake("unstable", "right in exact arithmetic, but not in floating point", "")


def _place(evidence: Evidence, point: int) -> str:
    """A point as a person reads it: how it was chosen, and its numbers while they are few."""
    group, claim = evidence.group, evidence.question.claim
    args, _ = split(evidence.question, group.point(point))
    shown = []
    for name, arg in zip(claim.arguments or map(str, range(len(args))), args, strict=False):
        leaves = jax.tree.leaves(arg)
        if len(leaves) == 1 and np.size(leaves[0]) <= 6 and np.asarray(leaves[0]).dtype != object:
            text = np.array2string(np.asarray(leaves[0]), precision=4, separator=", ")
            shown.append(f"{name}={' '.join(text.split())}")
        elif len(leaves) == 1:
            shown.append(f"{name} of shape {np.shape(leaves[0])}")
    return f"{group.labels[point]} ({'; '.join(shown)})" if shown else group.labels[point]


# ----- witnesses and power -----


def _odd_witness(evidences: list[Evidence], measured: list[list[Probe]]) -> tuple[str, bool] | None:
    """When the witnesses contradict each other: which is odd, and whether the hand sides with the
    differences.
    """
    first = evidences[0]
    claim = first.question.claim
    votes, hands = [], []
    for probe in measured[0]:
        votes.append(probe.agrees(at_point(first.truth, probe.point)))
        hands.append(probe.agrees(at_point(first.hand, probe.point)))
    against = votes.count(False)
    if against and against > votes.count(True):
        sides = hands.count(False) == 0 and hands.count(True) > 0
        with_hand = "; the hand derivation agrees with the differences" if sides else ""
        return (
            f"automatic differentiation of {claim.of_name} contradicts its differences at {against} of "
            f"{len(votes)} probes (stop_gradient, or a custom rule inside?){with_hand}",
            sides,
        )
    typical = sum(int(e.group.typical.sum()) for e in evidences)
    apart = sum(int((e.contradicted & e.group.typical).sum()) for e in evidences)
    if apart > typical / 2:
        return f"forward and reverse mode of {claim.of_name} contradict each other", False
    return None


def _witnesses(
    evidences: list[Evidence], disputes: list[_Dispute], measured: list[list[Probe]]
) -> tuple[Witness, ...]:
    worst = max((float(d.gaps.max(initial=0.0)) for d in disputes), default=0.0)
    off = any(d.wrong.any() for d in disputes)
    made = []
    if evidences[0].question.claim.kind == "identity":
        made.append(Witness("float64", "disagrees" if off else "agrees", worst))
    else:
        for mode in ("forward", "reverse"):
            if all(mode in e.modes for e in evidences):
                made.append(Witness(f"jax {mode}", "disagrees" if off else "agrees", worst))
            else:
                made.append(Witness(f"jax {mode}", "abstains", None, "JAX has no rule for it"))
        made.append(_differences(evidences[0], measured[0]))
    judged = any(e.hand_single for e in evidences)
    lost = any(d.coarse.any() for d in disputes)
    made.append(
        Witness("float32", ("disagrees" if lost else "agrees") if judged else "abstains", None)
    )
    return tuple(made)


def _differences(evidence: Evidence, measured: list[Probe]) -> Witness:
    votes = [p.agrees(at_point(evidence.hand, p.point)) for p in measured]
    told = [vote for vote in votes if vote is not None]
    if not told:
        return Witness("differences", "abstains", None, "error bars too wide, or a kink")
    errors = []
    for probe, vote in zip(measured, votes, strict=True):
        if vote is not None:
            value, size = probe.contract(at_point(evidence.hand, probe.point))
            errors.append(abs(value - probe.slope.value) / max(size, 1e-300))
    return Witness("differences", "agrees" if all(told) else "disagrees", float(max(errors)))


def _power(evidences: list[Evidence], disputes: list[_Dispute]) -> float | None:
    """The smallest relative error of any one leaf that would have been noticed, confirmed by
    planting it.
    """
    smallest = 0.0
    for i in range(len(evidences[0].truth)):
        best = np.inf
        for e in evidences:
            noise, truth = e.noise[i], e.truth[i]
            use = _usable(e)
            with np.errstate(divide="ignore", invalid="ignore"):
                allowed = np.broadcast_to(tolerance.formula(noise), truth.shape)
                ratio = np.where(np.abs(truth) > 0, 2 * allowed / np.abs(truth), np.inf)
            if not use.any() or not ratio.size:
                continue
            power = float(ratio[use].min())
            if np.isfinite(power) and np.any(np.abs(power * truth[use]) > allowed[use]):
                best = min(best, power)
        if np.isfinite(best):
            smallest = max(smallest, best)
    return smallest or None


def _differences_only(
    asked: Question, drawn: list[Group], rng: np.random.Generator, excused: str
) -> _Found:
    """A function that JAX cannot differentiate is judged by differences alone."""
    claim = asked.claim
    if claim.kind in ("hessian", "identity", "vjp", "jvp") or not drawn:
        return _Found("inconclusive", excused or "nothing to judge at")
    votes: list[bool | None] = []
    for group in drawn[:4]:
        chosen = list(range(min(PROBED, group.count)))
        measured = probes(asked, group, rng, chosen)
        for probe in measured:
            args, extra = split(asked, group.point(probe.point))
            try:
                with precision(64):
                    leaves = [
                        np.asarray(x, float) for x in jax.tree.leaves(asked.hand(args, extra))
                    ]
                votes.append(probe.agrees(leaves))
            except Exception as error:
                return _Found("error", f"{claim.name} raised {Raised(error)}")
    told = [vote for vote in votes if vote is not None]
    witness = Witness(
        "differences", "agrees" if told and all(told) else "disagrees" if told else "abstains", None
    )
    if not told:
        return _Found("inconclusive", excused, None, {}, (witness,))
    if all(told):
        return _Found(
            "correct", f"agrees with differences, the only witness: {excused}", None, {}, (witness,)
        )
    mistake = Mistake("unknown", f"differences of {claim.of_name} disagree with it", "")
    return _Found("wrong", mistake.says, mistake, {}, (witness,))
