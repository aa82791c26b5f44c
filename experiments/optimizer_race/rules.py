"""What the rules make of a race."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from lab.experiment import Outcome
from lab.tables import Table

from .contenders import CONTENDERS, FIRST_ORDER
from .race import best_setting, scores


class Result(NamedTuple):
    """A score for each contender, under one set of rules."""

    rules: str
    scores: dict[str, float]

    @property
    def ranking(self) -> list[str]:
        return sorted(self.scores, key=lambda name: -self.scores[name])

    def above(self, one: str, other: str) -> bool:
        return self.scores[one] > self.scores[other]


def tables(outcome: Outcome) -> dict[str, Table]:
    return {name: outcome.rows("run", method=name) for name in outcome.settings["contenders"]}


def results(outcome: Outcome) -> tuple[Result, ...]:
    """The race as it is fair, and as it would be told by other rules."""
    budget, found = outcome.settings["budget"], tables(outcome)
    tuned = {name: best_setting(table, budget) for name, table in found.items()}
    usual = {name: CONTENDERS[name].usual for name in found}

    def told(rules: str, setting: dict[str, int], column: str = "needed") -> Result:
        return Result(rules, {
            name: float(scores(table, budget, "race", column)[setting[name]])
            for name, table in found.items()
        })  # fmt: skip

    curved = {name: usual[name] if name in FIRST_ORDER else tuned[name] for name in found}
    plain = {name: tuned[name] if name in FIRST_ORDER else usual[name] for name in found}
    return (
        told("all tuned, evaluations", tuned),
        told("nobody tuned", usual),
        told("only first order tuned", plain),
        told("only second order tuned", curved),
        told("all tuned, steps", tuned, "steps_needed"),
    )


def flips(one: Result, other: Result) -> list[tuple[str, str]]:
    """The pairs that stand the other way round."""
    return [(a, b) for a, b in combinations(one.scores, 2) if one.above(a, b) != other.above(a, b)]


def costs(outcome: Outcome, start: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """What each tuned contender needed on each problem from one start: ``[problem, method]``."""
    found, columns, sizes = tables(outcome), [], np.empty(0)
    for table in found.values():
        setting = best_setting(table, outcome.settings["budget"])
        mine = (table["setting_index"] == setting) & (table["start"] == start)
        columns.append(table["needed"][mine])
        sizes = table["size"][mine]
    return np.stack(columns, axis=1), sizes, list(found)
