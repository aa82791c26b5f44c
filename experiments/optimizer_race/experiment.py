"""A race of optimizers: who wins is a question of the rules, so the rules come first.

Question: Which optimizer gets how far on how many evaluations, if all are tuned on the same budget;
          and how much of the ranking is in the rules?
Command:  lab run optimizer_race
Time:     about 30 s on two cores
Expect:   methods that learn or know the curvature ahead on small smooth problems; pairs that change
          order where not all are tuned, and a lead of Newton's that grows where steps are counted
          in place of evaluations; the best momentum on a quadratic where Polyak has it,
          ((√κ - 1) / (√κ + 1))²; and settings found by their hypergradient that beat the best rate
          without momentum.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.experiment import Finding, Outcome, near
from lab.tables import Table, stacked

from .contenders import CONTENDERS, FIRST_ORDER
from .course import the_course
from .figures import figures as figures
from .race import best_setting, path, raced, runs
from .rules import flips, results
from .settings_of_momentum import POLYAK, hypergradients, phase


def study(
    key: Any,
    *,
    problems: tuple[PositiveInt, ...] = (1, 5, 9, 13),
    on_data: bool = True,
    contenders: tuple[
        Literal[
            "gradient",
            "momentum",
            "Adam",
            "conjugate gradient",
            "BFGS",
            "Levenberg-Marquardt",
            "Newton",
        ],
        ...,
    ] = ("gradient", "momentum", "Adam", "BFGS", "Levenberg-Marquardt", "Newton"),
    budget: PositiveInt = 300,
    tuned_on: PositiveInt = 1,
    starts: PositiveInt = 3,
    share: PositiveFloat = 1e-3,
    unrolled: PositiveInt = 40,
) -> Table:
    """Every setting of every contender on every problem from every start, ``budget`` evaluations.

    ``tuned_on``   so many starts are for tuning: for each contender the setting is kept that does
                   best on them over all problems. All contenders try seven settings.
    ``starts``     the race itself is run from so many others, the first of them the standard one.
    ``share``      a problem is solved once all but this share of the loss at the start is gone.
    ``unrolled``   steps of momentum through which its hypergradient is taken.

    Parts of the table: ``run`` (a row a run), ``path`` (the first problem's walks in the race),
    ``phase`` (momentum on a quadratic) and ``hypergradient``.
    """
    course = the_course(problems, on_data)
    first, second = jax.random.split(key)
    # the standard starts belong to the race
    race, tuning = course.starts(first, starts), course.starts(second, tuned_on + 1)[:, 1:]
    places = jnp.concatenate([race, tuning], axis=1)
    walks = {name: raced(CONTENDERS[name], course, places, budget, key) for name in contenders}
    least = np.array([problem.minimum for problem in course.problems])
    found = np.min([np.nanmin(w["loss"], axis=(1, 2, 3)) for w in walks.values()], axis=0)
    least = np.where(np.isfinite(least), least, found)
    tables = [runs(name, walk, course, least, starts, budget, share)
              for name, walk in walks.items()]  # fmt: skip
    tuned = {name: best_setting(table, budget) for name, table in zip(walks, tables, strict=True)}
    tables += [path(name, walks[name], tuned[name], budget) for name in walks]
    tables += [phase(), hypergradients(unrolled)]
    return stacked(*tables)


# ----- what the rules make of it -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    fair, *unfair = results(outcome)
    plain = max(score for name, score in fair.scores.items() if name in FIRST_ORDER)
    yield Finding("best score of all, tuned and in evaluations", fair.scores[fair.ranking[0]],
                  f"a method with curvature, above {plain:.3f}",
                  fair.ranking[0] not in FIRST_ORDER)  # fmt: skip
    *tuned, counting = unfair
    turned = sorted({pair for other in tuned for pair in flips(fair, other)})
    said = f"1 or more; first: {' and '.join(turned[0])}" if turned else "1 or more"
    name = "pairs whose order hangs on who is tuned"
    yield Finding(name, len(turned), said, len(turned) > 0)
    if {"Newton", "BFGS"} <= set(fair.scores):
        leads = [told.scores["Newton"] - told.scores["BFGS"] for told in (fair, counting)]
        name = "Newton's lead over BFGS where steps are counted"
        said = f"above the {leads[0]:.3f} in evaluations"
        yield Finding(name, leads[1], said, leads[1] > leads[0])
    table = outcome.rows("phase")
    # at a double root the walk is slower than its rate, by a factor of the number of steps
    gap = np.max(abs(table["predicted"] - table["walked"])[table["predicted"] > 0.3])
    yield near("momentum: rate as walked against the root, greatest gap", gap, 0, 0.02)
    best = int(np.argmin(table["predicted"]))
    yield near("momentum: best rate of the grid", table["rate"][best], POLYAK[0], 0.05)
    yield near("momentum: best momentum of the grid", table["momentum"][best], POLYAK[1], 0.05)
    table = outcome.rows("hypergradient")
    yield near("hypergradient by hand against JAX, greatest gap", np.max(table["gap"]), 0, 1e-3)
    last, alone = float(table["loss"][-1]), float(table["best_without"][-1])
    yield Finding("loss with the settings descended to", last,
                  f"below {alone:.3g}, the best without momentum", last < alone)  # fmt: skip
