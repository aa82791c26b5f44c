"""A function that JAX cannot differentiate, a callback or a kernel, is judged by differences alone.

They measure along a few random directions only, but along every argument by itself where they
disagree: that says where, and, where all are off by one number, by which."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from lab.referee.asking.complete import with_extra
from lab.referee.asking.evaluate import Raised, precision
from lab.referee.asking.question import Question, split
from lab.referee.asking.structure import form
from lab.referee.court.testimony import of_differences
from lab.referee.court.weighing import PROBED, Found
from lab.referee.naming.answers.arguments import ignoring
from lab.referee.naming.stage.scene import number
from lab.referee.points.group import Group
from lab.referee.verdict import Mistake
from lab.referee.witnesses.differences import Probe, probes

GROUPS = 4
ALIKE = 1e-4  # ratios that are one number

Pairs = list[tuple[Probe, list[np.ndarray]]]


def by_differences(
    asked: Question, drawn: Sequence[Group], rng: np.random.Generator, excused: str
) -> Found:
    claim = asked.claim
    if claim.kind in ("hessian", "identity") or not drawn:
        return Found("inconclusive", excused or "nothing to judge at")
    try:
        with precision(64):
            chosen = [with_extra(asked, group, None, rng) for group in drawn[:GROUPS]]
    except Exception as error:  # the function itself raises
        return Found("inconclusive", _raised(asked, error))
    try:
        pairs = _measured(asked, chosen, rng)
    except Exception as error:
        return Found("error", f"{claim.name} raised {Raised(error)}")
    witness = of_differences(pairs)
    if witness.says == "abstains":
        return Found("inconclusive", _raises(asked, chosen[0]) or excused, None, {}, (witness,))
    outputs = _by_output(asked, chosen, rng)
    mistake = _of_outputs(asked, outputs)
    if witness.says == "disagrees" and (mistake is None or mistake.name == "unknown"):
        measured = _mistake(asked, chosen, rng, pairs)
        mistake = mistake if mistake and measured.name == "unknown" else measured
    if mistake is not None:
        witness = witness._replace(says="disagrees")
        return Found("wrong", mistake.says, mistake, {}, (witness,))
    says = f"agrees with differences, the only witness: {excused}"
    unused = " and ".join(name for name, one in outputs.items() if one.silent)
    if unused:
        says += (
            f"; it ignores the cotangent of output {unused}, whose slopes they do not tell from 0"
        )
    return Found("correct", says, None, {}, (witness,))


def _raises(asked: Question, group: Group) -> str | None:
    """What the function itself raises, where JAX could trace it: within a callback, say."""
    try:
        with precision(64):
            jax.block_until_ready(asked.value(split(asked, group.point(0))[0], ()))
    except Exception as error:
        return _raised(asked, error)
    return None


def _raised(asked: Question, error: Exception) -> str:
    """The error; of one in a callback, which comes with its traceback, the last line."""
    told = str(error).strip().splitlines()
    within = any("Traceback (" in line for line in told)
    return f"{asked.claim.of_name} raised {told[-1] if within else Raised(error)}"


class _Output(NamedTuple):
    """What differences say of the hand where the cotangents of all outputs but one are zero;
    ``silent``: it answers with zero there.
    """

    says: str
    silent: bool


def _by_output(
    asked: Question, groups: Sequence[Group], rng: np.random.Generator
) -> dict[str, _Output]:
    """Several outputs one by one: what one adds may be little beside the others."""
    if asked.claim.kind != "vjp":
        return {}
    _, extra = split(asked, groups[0].point(0))
    flat, _ = jax.tree_util.tree_flatten_with_path(extra)
    paths = [jax.tree_util.keystr(path) for path, _ in flat]
    told = {}
    for k, name in enumerate(paths) if len(paths) > 1 else ():
        alone = [_with_one(group, k, len(paths)) for group in groups]
        pairs = _measured(asked, alone, rng)
        silent = not any(np.any(leaf) for _, leaves in pairs for leaf in leaves)
        told[name] = _Output(of_differences(pairs).says, silent)
    return told


def _with_one(group: Group, k: int, count: int) -> Group:
    """The points with all but the k-th of the last ``count`` leaves, the cotangents, at zero."""
    kept, cotangents = group.leaves[:-count], group.leaves[-count:]
    return group._replace(leaves=(*kept, *(leaf * (i == k) for i, leaf in enumerate(cotangents))))


def _of_outputs(asked: Question, outputs: dict[str, _Output]) -> Mistake | None:
    off = [name for name, one in outputs.items() if one.says == "disagrees"]
    if off and all(outputs[name].silent for name in off):
        return Mistake("missing_term", ignoring(off), "")
    says = f"differences of output {' and '.join(off)} of {asked.claim.of_name} disagree with it"
    return Mistake("unknown", says, "") if 0 < len(off) < len(outputs) else None


def _measured(
    asked: Question, groups: Sequence[Group], rng: np.random.Generator, only: int | None = None
) -> Pairs:
    """Slopes, of all arguments together or along one of them, beside the hand's answers there."""
    pairs: Pairs = []
    answers: dict[tuple[int, int], list[np.ndarray]] = {}
    for which, group in enumerate(groups):
        points = list(range(min(PROBED, group.size)))
        for probe in probes(asked, group, rng, points, only=only):
            if (which, probe.point) not in answers:
                args, extra = split(asked, group.point(probe.point))
                with precision(64):
                    leaves = jax.tree.leaves(asked.hand(args, extra))
                    answers[which, probe.point] = [np.asarray(leaf, float) for leaf in leaves]
            pairs.append((probe, answers[which, probe.point]))
    return pairs


def _mistake(
    asked: Question, groups: Sequence[Group], rng: np.random.Generator, pairs: Pairs
) -> Mistake:
    claim = asked.claim
    says = f"differences of {claim.of_name} disagree with it"
    if claim.kind not in ("vjp", "gradient"):
        return _as_ratio(pairs, says, "")
    args, _ = split(asked, groups[0].point(0))
    slots = asked.slots(args)
    names = form(claim, slots[0] if claim.single else slots).names
    if len(names) == 1:
        return _as_ratio(pairs, says, names[0])
    each = {name: _measured(asked, groups, rng, only=k) for k, name in enumerate(names)}
    off = [name for name, own in each.items() if of_differences(own).says == "disagrees"]
    if len(off) == 1:
        return _as_ratio(
            each[off[0]], f"differences of {claim.of_name} in {off[0]} disagree", off[0]
        )
    return Mistake("unknown", says, ", ".join(off))


def _as_ratio(pairs: Pairs, says: str, where: str) -> Mistake:
    """Whether the hand is a multiple of what was measured."""
    ratios = []
    for probe, leaves in pairs:
        value, size = probe.contract(leaves)
        told = probe.agrees(leaves) is not None and abs(probe.slope.value) > 1e-2 * size
        if told and abs(probe.slope.value) > 0:
            ratios.append(value / probe.slope.value)
    if len(ratios) < 2 or max(ratios) - min(ratios) > ALIKE * abs(ratios[0]):
        return Mistake("unknown", says, where)
    ratio = float(np.median(ratios))
    name = "sign" if abs(ratio + 1) < ALIKE else "factor"
    known = round(ratio) if abs(ratio - round(ratio)) < ALIKE else float(f"{ratio:.4g}")
    return Mistake(name, f"{says}: it is {number(known)} times what they measure", where)
