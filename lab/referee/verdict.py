"""What the referee says: a verdict, the mistake if there is one, and the witnesses it rests on."""

from typing import Any, Literal, NamedTuple, get_args

Word = Literal["correct", "subgradient", "wrong", "unstable", "inconclusive", "error"]
WORDS: tuple[str, ...] = get_args(Word)
PASSING = frozenset({"correct", "subgradient"})

MISTAKES = (
    "sign",
    "factor",
    "batch_factor",
    "transpose",
    "missing_term",
    "extra_term",
    "missing_chain_factor",
    "broadcast_sum",
    "symmetrize",
    "wrong_axis",
    "index",
    "wrong_variable",
    "constant",
    "region",
    "unstable",
    "shape",
    "unknown",
)


class Mistake(NamedTuple):
    """``name`` is one of `MISTAKES`; ``says`` a sentence for a person; ``where`` the place in the
    derivative.
    """

    name: str
    says: str
    where: str


class Witness(NamedTuple):
    """One source of truth: what it is, whether it agrees with the hand derivation, and how closely.

    ``says`` is ``"agrees"``, ``"disagrees"``, ``"abstains"`` or ``"contradicts"`` (the other
    witnesses); ``error`` is the largest relative disagreement with the hand derivation where it
    could tell, else ``None``."""

    name: str
    says: str
    error: float | None
    note: str = ""


class Counterexample(NamedTuple):
    """A point where it is wrong, as small and round as it gets: ``arguments`` by name (leaves of
    pytrees by their path), and those leaves of the derivative that differ, as the ``hand`` gives
    them and in ``truth``. Arrays are nested lists.
    """

    arguments: dict[str, Any]
    hand: dict[str, Any]
    truth: dict[str, Any]


class Verdict(NamedTuple):
    """The answer of `lab.check`. Truthy exactly when the derivation passes.

    ``assumed`` are the domains of a custom rule's arguments that nobody stated; ``meant`` is what a
    rule is said to be that is deliberately not the derivative."""

    name: str
    of: str
    kind: str
    file: str | None
    line: int | None
    verdict: Word
    mistake: Mistake | None
    reason: str
    steps: dict[str, str]
    witnesses: tuple[Witness, ...]
    power: float | None
    points: int
    seconds: float
    counterexample: Counterexample | None = None
    assumed: str | None = None
    meant: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the derivation may be relied upon: `correct`, or a valid `subgradient`."""
        return self.verdict in PASSING

    def __bool__(self) -> bool:
        return self.passes

    def to_json(self) -> dict[str, Any]:
        """Plain data with the fields of this record, for ``--json`` and ``checks.json``."""
        plain = self._asdict()
        plain["mistake"] = self.mistake._asdict() if self.mistake else None
        shown = self.counterexample
        plain["counterexample"] = shown._asdict() if shown else None
        plain["witnesses"] = [witness._asdict() for witness in self.witnesses]
        return plain

    def _repr_html_(self) -> str:
        """A small table, in a notebook."""
        from lab.referee.show import as_html

        return as_html(self)

    def __repr__(self) -> str:
        """What pytest prints of ``assert verdict``, and a session of what it is asked for."""
        return f"<{self}>"

    def __str__(self) -> str:
        where = f" [{self.mistake.where}]" if self.mistake and self.mistake.where else ""
        what = f": {self.mistake.says}{where}" if self.mistake else f": {self.reason}"
        return f"{self.name} is {self.verdict}{what}"


def exit_status(verdicts: "list[Verdict]") -> int:
    """0 when nothing is wrong, 1 when something is wrong or unstable, 3 when only in doubt or in
    error.
    """
    words = {verdict.verdict for verdict in verdicts}
    if words & {"wrong", "unstable"}:
        return 1
    return 3 if words & {"inconclusive", "error"} else 0
