"""Derivatives of a solution: ask the equation, not the way that led there.

Question: How does the solution of a problem move when the problem does, and what does it cost to
          know: to differentiate the equation it solves, or every step of the solver?
Command:  lab run constrained_and_implicit
Time:     about 20 s on two cores, most of it the checks
Expect:   at the nearest point of an ellipse two gradients on one line, and a multiplier that is the
          slope of the least distance; after k inner steps, each leaving r of the error, an implicit
          hypergradient wrong by a multiple of r^k and an unrolled one by k r^k; for the diabetes
          data a ridge penalty that arrives where a search over 2001 values ends.
"""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.tables import Table, written

from .constraints import along_ellipse, least_variance, levels
from .figures import figures as figures
from .solvers import inner, newton_steps, outer, patients, search


def study(
    key: Any,
    *,
    outside: tuple[PositiveFloat, PositiveFloat] = (2.5, 2.0),
    axes: tuple[PositiveFloat, PositiveFloat] = (2.0, 1.0),
    root_of: PositiveFloat = 30.0,
    penalty: PositiveFloat = 2.0,
    inner_steps: PositiveInt = 1600,
    outer_steps: PositiveInt = 40,
    outer_rate: PositiveFloat = 12.0,
    inner_steps_per_outer: PositiveInt = 40,
    warm_start: bool = True,
    train_share: PositiveFloat = 0.1,
) -> Table:
    """The ellipse, a minimal variance, a root, and the penalty of a ridge regression on diabetes.

    Raises ``BadInput`` for a point that does not lie outside the ellipse.
    """
    q, sizes = jnp.asarray(outside, float), jnp.asarray(axes, float)
    if jnp.sum((q / sizes) ** 2) <= 1.5:
        raise BadInput(f"outside={list(outside)}: not well outside the ellipse of {list(axes)}")
    problem = patients(key, train_share)
    return written(
        [
            *along_ellipse(q, sizes),
            *levels(q, sizes),
            *least_variance(),
            *newton_steps(jnp.asarray(root_of, float)),
            *inner(problem, jnp.asarray(penalty, float), inner_steps),
            *outer(problem, outer_steps, outer_rate, inner_steps_per_outer, warm_start),
            *search(problem),
        ]
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, eps = outcome.settings, float(np.finfo(outcome.settings["precision"]).eps)
    nearest, around = outcome.rows("nearest"), outcome.rows("ellipse")
    value = float(nearest["alignment"][0])
    yield near("nearest point: cosine between the two gradients", value, -1, 1e2 * eps)
    share = float(nearest["value"][0] / around["value"].min())
    yield near("its distance / the least of 145 points around", share, 1, 1e-2)
    levels = outcome.rows("level")
    gap = float(np.max(abs(levels["implicit"] / levels["exact"] - 1)))
    # the third derivative times h², and rounding over h
    yield near("multiplier against slope, greatest relative gap", gap, 0, 30 * eps ** (2 / 3))
    variance = outcome.rows("variance")
    gap = float(np.max(abs(variance["multiplier"] - variance["exact"])))
    yield near("least variance: multipliers against JAX", gap, 0, 1e3 * eps)

    newton = outcome.rows("newton")
    last = float(max(newton["unrolled_error"][-1], newton["implicit_error"][-1]))
    yield near("root: error of both derivatives after 15 steps", last, 0, 10 * eps)

    steps = outcome.rows("inner")
    rate = float(steps["rate"][0])
    clear = steps["implicit_error"] > 1e3 * eps * abs(steps["exact"])
    late = slice(int(clear.sum()) // 2, int(clear.sum()))
    for way, error in (
        ("implicit error", steps["implicit_error"]),
        ("unrolled error / k", steps["unrolled_error"] / steps["steps"]),
    ):
        slope = float(np.polyfit(steps["steps"][late], np.log(error[late]), 1)[0])
        yield near(f"{way}, factor a step", np.exp(slope), rate, 0.2 * (1 - rate))
    ratio = float(steps["unrolled_error"][late][-1] / steps["implicit_error"][late][-1])
    said = "above 1: the derivative lags behind the weights"
    yield Finding("unrolled error / implicit error, late", ratio, said, ratio > 1)

    path, grid = outcome.rows("outer"), outcome.rows("search")
    best = float(grid["penalty"][np.argmin(grid["loss"])])
    found = float(path["penalty"][-1])
    if settings["warm_start"]:
        yield near("penalty found / the best of a search", found / best, 1, 0.01)
        gap = float(abs(path["implicit"][-1] - path["exact"][-1]))
        yield near("last hypergradient: implicit against exact", gap, 0, 1e-6)
    else:
        off = abs(found / best - 1)
        said = "above 0.01: solved too little, and from the start each time"
        yield Finding("penalty found, relative distance from the best", off, said, off > 0.01)
