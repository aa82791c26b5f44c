"""One case before the referee: a plain record of what it said, which travels between processes."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lab.bench.referee.backprops import BACKPROPS
from lab.bench.referee.case import Case, part_of
from lab.bench.referee.collection import collection
from lab.bench.referee.peers import heard

# a mistake that makes the hand function raise is told by that
DETECTED = frozenset({"wrong", "unstable", "error"})


class Trial(NamedTuple):
    """What the referee said about one derivative. ``planted`` is the class of the mistake in it, or
    empty; ``form`` is ``"sampler"``, ``"domains"`` or ``"steps"``.
    """

    case: str
    label: str
    part: str
    group: str
    kind: str
    form: str
    planted: str
    names: tuple[str, ...]
    verdict: str
    named: str
    says: str
    seconds: float
    steps: dict[str, str]
    expected_steps: dict[str, str]

    @property
    def detected(self) -> bool:
        """A mistake is detected when it does not pass, and not for want of a verdict."""
        return self.verdict in DETECTED

    @property
    def naming(self) -> str:
        if not self.named or self.named == "unknown":
            return "unknown" if "unknown" not in self.names else "right"
        return "right" if self.named in self.names else "wrong"


def judged(case: Case) -> Iterator[Trial]:
    """The right derivatives and every mistake of a case, before the referee."""
    places = {"sampler": case.at} | ({"domains": case.domains} if case.domains else {})
    for form, at in places.items():
        for number, hand in enumerate((case.hand, *case.others)):
            label = f"{case.name}/right {number}"
            yield _trial(case, form, at, label, "", (), hand)
        for one in case.mistakes:
            names = tuple(sorted(one.names))
            yield _trial(case, form, at, one.label, one.name, names, one.hand)


def _trial(
    case: Case, form: str, at: Any, label: str, planted: str, names: tuple[str, ...], hand: Any
) -> Trial:
    from lab.referee import check

    ask = lambda: check(case.of, hand, kind=case.kind, wrt=case.wrt, at=at, shrink=False)
    verdict, named, says, seconds, _ = _asked(ask)
    return Trial(
        case.name, label, case.part, case.group, case.kind, form, planted, names,
        verdict, named, says, seconds, {}, {},
    )  # fmt: skip


def _asked(ask: Callable[[], Any]) -> tuple[str, str, str, float, dict[str, str]]:
    """The verdict, the name, the sentence, CPU seconds and the steps; a crash is a verdict, too."""
    start = time.process_time()
    try:
        verdict = ask()
    except Exception as problem:
        spent = time.process_time() - start
        return "crash", "", f"{type(problem).__name__}: {problem}", spent, {}
    spent = time.process_time() - start
    mistake = verdict.mistake
    says = mistake.says if mistake else verdict.reason
    return verdict.verdict, mistake.name if mistake else "", says, spent, verdict.steps


def walked(number: int) -> Iterator[Trial]:
    """A derivation of several steps: right, and with every plant."""
    from lab.referee import check

    one = BACKPROPS[number]
    part = part_of(one.name)
    for plant in [{}, *one.plants()]:
        hand = one.with_plant(plant)
        ask = lambda hand=hand: check(
            one.of, hand, kind=one.kind, wrt=one.wrt, at=one.at, shrink=False
        )
        verdict, named, says, seconds, steps = _asked(ask)
        expected = {step: "wrong" if step in plant else "correct" for step in one.steps}
        label = f"{one.name}/{' '.join(f'{step}{which:+d}' for step, which in plant.items())}"
        yield Trial(
            one.name, label, part, "plain", one.kind, "steps", "step" if plant else "", (),
            verdict, named, says, seconds, steps, expected,
        )  # fmt: skip


def work(task: tuple[str, int]) -> list[Any]:
    """A task of a worker: a case for the referee or for its peers, or a longer derivation, by
    number.
    """
    what, number = task
    if what == "steps":
        return [*walked(number)]
    if what == "peers":
        return [*heard(collection()[number])]
    return [*judged(collection()[number])]
