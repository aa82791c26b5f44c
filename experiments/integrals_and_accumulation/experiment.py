"""An integral accumulates, and its slope is what it accumulates.

Question: What does an area do when its edge, its curve or a parameter moves, how fast do rules of
          quadrature converge, and is the derivative of a rule as good as the rule?
Command:  lab run integrals_and_accumulation
Time:     about 20 s on two cores, most of it the checks
Expect:   slopes of the accumulated area equal to the curve; errors that fall like n⁻² (trapezoids),
          n⁻⁴ (Simpson), n^(-1/2) (Monte Carlo) and faster than any power (Gauss), and those of the
          derivative in a parameter alike; a slope that is exact, where the rule is told of it.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.integrals import quadrature
from lab.calculus.integrals.accumulation import normal_distribution_function_derivative as density
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked

from .figures import figures as figures
from .rules import INTEGRANDS, RULES, accumulated, body_mass, moving, rule


def study(
    key: Any,
    *,
    integrand: Literal["wave", "corner"] = "wave",
    parameter: float = -0.4,
    upper: PositiveFloat = 2.0,
    points: PositiveInt = 121,
    doublings: PositiveInt = 7,
    seeds: PositiveInt = 200,
) -> Table:
    """The area by its edge, rules by their number of nodes, moving limits, and areas that are
    probabilities.
    """
    chosen, a = INTEGRANDS[integrand], jnp.array(parameter)
    return stacked(
        accumulated(chosen, a, jnp.linspace(0.0, upper, points)),
        *(rule(key, chosen, name, a, jnp.array(upper), doublings, seeds) for name in RULES),
        moving(jnp.linspace(-2.0, 2.0, points)),
        body_mass(),
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    chosen = INTEGRANDS[outcome.settings["integrand"]]
    grown = outcome.rows("accumulated")
    for column in ("slope", *(["slope_by_gauss"] if "gauss" not in chosen.orders else [])):
        gap = np.max(abs(grown[column] - grown["curve"]))
        name = f"{column.replace('_', ' ')} of the area less the curve, greatest"
        yield near(name, gap, 0, 64 * eps)
    moved = outcome.rows("moving")
    gap = np.max(abs(moved["total"] - moved["slope"]))
    yield near("Leibniz' rule against JAX, greatest gap", gap, 0, 64 * eps)

    # at a corner the error depends on where in its step the corner lies, and comes and goes
    margin = 0.5 if "gauss" in chosen.orders else 0.2
    for column, orders in (("error", chosen.orders), ("parameter_error", chosen.parameter_orders)):
        for name, order in orders.items():
            tried = outcome.rows("rule", rule=name)
            seen = (tried["nodes"] >= 4) & (tried[column] > 100 * eps)
            slope = -style.log_log_slope(tried["nodes"][seen], tried[column][seen])
            what = f"order of the {name.replace('_', ' ')} rule's {column.replace('_', ' ')}"
            yield near(what, slope, order, 0.2 if name == "monte_carlo" else margin)
    if "gauss" not in chosen.orders:
        best = np.min(outcome.rows("rule", rule="gauss")["error"][:4])
        yield near("error of Gauss' rule with 16 nodes at most", best, 0, 64 * eps)
    few = outcome.rows("rule", rule="trapezoid")
    yield near("slope's error with two trapezoids, told", few["slope_error_told"][0], 0, 4 * eps)
    worse = bool(few["slope_error"][0] > 1e-3)
    yield Finding("the same, not told", float(few["slope_error"][0]), "above 0.001", worse)

    one = 2 * quadrature.gauss_legendre(density, jnp.zeros(()), jnp.ones(()))
    yield near("area of the normal density from -1 to 1", float(one), 0.682689492137086, 8 * eps)
    people = outcome.rows("body mass")
    within = float(np.mean(abs(people["x"]) < 1))
    yield near("share of the patients there", within, 0.6827, 0.05)
    gap = np.max(abs(people["share"] - people["area"]))
    yield near("greatest gap between shares and areas", gap, 0, 0.1)
