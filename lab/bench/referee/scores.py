"""From trials to tables."""

from collections.abc import Sequence
from typing import Any

from lab.bench import Table
from lab.bench.referee.peers import PeerTrial
from lab.bench.referee.trial import Trial
from lab.referee.verdict import MISTAKES

PARTS = ("tuned", "held_out")
GROUPS = ("plain", "ill-conditioned", "kinked")


def share(some: int, of: int) -> str | None:
    """``all``, or so many of how many and per cent; nothing of nothing."""
    return None if not of else f"{100 * some / of:.1f} %"


COLUMNS = [
    "planted",
    *(f"{part}{what}" for what in ("detected", "named", "misnamed") for part in ("", "held out: ")),
]


def by_class(trials: Sequence[Trial]) -> Table:
    """Detection and naming of the planted mistakes, class by class."""
    mistakes = [one for one in trials if one.planted and one.form == "sampler"]
    rows = []
    for name in [*MISTAKES, ""]:
        found = [one for one in mistakes if name in ("", one.planted)]
        if found:
            rows.append([name or "all", len(found), *_detection(found)])
    return Table("Mistakes, judged with an opaque sampler", ["mistake", *COLUMNS], rows)


def _detection(found: Sequence[Trial]) -> list[str | None]:
    """Shares of all planted: detected, named rightly, named wrongly; tuned and held out."""
    cells: list[str | None] = []
    for counted in (
        lambda one: True,
        lambda one: one.naming == "right",
        lambda one: one.naming == "wrong",
    ):
        for part in PARTS:
            here = [one for one in found if one.part == part]
            cells.append(share(sum(one.detected and counted(one) for one in here), len(here)))
    return cells


def right_ones(trials: Sequence[Trial]) -> Table:
    """False alarms: right derivations that do not pass."""
    rows = []
    for form in ("sampler", "domains"):
        for group in GROUPS:
            right = [
                one for one in trials
                if not one.planted and one.form == form and one.group == group
            ]  # fmt: skip
            if right:
                alarms = [
                    [one for one in right if one.part == part and not passes(one)] for part in PARTS
                ]
                rows.append([group, form, len(right), *map(len, alarms)])
    columns = ["right derivations", "judged with", "number", "tuned: alarms", "held out: alarms"]
    return Table("Right derivations", columns, rows)


def passes(one: Trial) -> bool:
    return one.verdict in ("correct", "subgradient")


def with_domains(trials: Sequence[Trial]) -> Table:
    """The cases that have named domains, judged with them and without."""
    cases = {one.case for one in trials if one.form == "domains"}
    rows = []
    for form in ("sampler", "domains"):
        found = [one for one in trials if one.planted and one.form == form and one.case in cases]
        if found:
            rows.append([form, len(found), *_detection(found)])
    title = "The same mistakes with a sampler and with named domains"
    return Table(title, ["judged with", *COLUMNS], rows)


def steps(trials: Sequence[Trial]) -> Table:
    """Step-finding: are the wrong steps listed, and are the right ones left alone?"""
    rows: list[list[Any]] = []
    for part in PARTS:
        here = [one for one in trials if one.form == "steps" and one.part == part]
        planted = [one for one in here if one.planted]
        exact = [one for one in planted if one.detected and one.steps == one.expected_steps]
        said = lambda word, here=here: [
            one.steps.get(step)
            for one in here
            for step, expected in one.expected_steps.items()
            if expected == word
        ]
        wrong, right = said("wrong"), said("correct")
        found, blamed = wrong.count("wrong"), right.count("wrong")
        if here:
            row = [part.replace("_", " "), len({one.case for one in here}), len(planted)]
            rows.append(
                [*row, share(len(exact), len(planted)), len(wrong), found, len(right), blamed]
            )
    columns = ["part", "derivations", "with mistakes", "all steps judged right"]
    columns += ["wrong steps", "found", "right steps", "blamed"]
    return Table("Steps of longer derivations", columns, rows)


def beside_peers(trials: Sequence[Trial], others: Sequence[PeerTrial]) -> Table:
    """Everyone on the same derivatives: what each condemns, and what it costs."""
    sampled = [one for one in trials if one.form == "sampler"]
    rows = [
        _row(
            "lab check",
            [(one, one.detected if one.planted else not passes(one)) for one in sampled],
        )
    ]
    for peer in dict.fromkeys(one.peer for one in others):
        rows.append(_row(peer, [(one, one.condemns) for one in others if one.peer == peer]))
    columns = [
        "checker",
        "mistakes",
        "detected",
        *(f"alarms: {group}" for group in GROUPS),
        "CPU s each",
    ]
    return Table("Beside peers", columns, rows)


def _row(name: str, judged: Sequence[tuple[Any, bool]]) -> list[Any]:
    planted = [condemned for one, condemned in judged if one.planted]
    alarms = [
        [condemned for one, condemned in judged if not one.planted and one.group == group]
        for group in GROUPS
    ]
    seconds = [one.seconds for one, _ in judged]
    told = [f"{sum(found)} of {len(found)}" for found in alarms]
    mean = sum(seconds) / len(seconds) if seconds else None
    return [name, len(planted), share(sum(planted), len(planted)), *told, mean]


def failures(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """What went wrong, one by one; of the held-out part nothing is told."""
    told = []
    for one in trials:
        bad = (
            (one.planted and not one.detected)
            or (not one.planted and not passes(one))
            or (one.form != "steps" and one.planted and one.naming != "right")
            or one.steps != one.expected_steps
        )
        if bad and one.part == "tuned":
            told.append(one._asdict())
    return told
