"""A Jacobian is a map seen close up: how it stretches, when it can be undone, what it costs.

Question: What becomes of a small square under a map, when can the map be undone, and is its
          Jacobian cheaper column by column or row by row?
Command:  lab run jacobians
Time:     about 20 s on two cores, most of it the checks
Expect:   areas that grow by the determinant, with an error of order h² for a square of side h; an
          inverse whose Jacobian is the inverse matrix; Newton's method doubling its digits each
          step; forward mode n/m times as dear as reverse mode, for n inputs and m outputs.
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, rows, stacked

from .figures import figures as figures
from .maps import BONES, HIGHER, PLANE, at_points, cost, newton, shrinking


def study(
    key: Any,
    *,
    at: tuple[float, float] = (1.0, 0.6),
    points: PositiveInt = 32,
    halvings: PositiveInt = 9,
    reach: PositiveFloat = 0.7,
    newton_steps: PositiveInt = 9,
    entries: PositiveInt = 4096,
    repeats: PositiveInt = 25,
) -> Table:
    """Jacobians at random points, shrinking squares, an arm that reaches, and what it all costs.

    ``reach`` is how far away the arm's target is, as a share of the arm's length; ``entries`` is
    the number of entries of the Jacobians that are timed, a power of two. Raises ``BadInput`` for a
    target out of reach, and for another number of entries.
    """
    if not (nearest := abs(BONES[0] - BONES[1]) / sum(BONES)) < reach <= 1:
        raise BadInput(f"reach={reach:g}: the arm reaches {nearest:.2g} to 1 of its length")
    if entries & (entries - 1):
        raise BadInput(f"entries={entries}: take a power of two, such as 4096")
    keys = jax.random.split(key, len(PLANE | HIGHER))
    return stacked(
        *(at_points(k, name, points) for k, name in zip(keys, PLANE | HIGHER, strict=True)),
        *(shrinking(name, jnp.array(at), halvings) for name in PLANE),
        newton(reach, newton_steps),
        cost(entries, repeats),
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    drawn = outcome.rows("points")
    for mode in ("forward", "reverse"):
        gap = np.max(drawn[f"{mode}_gap"])
        yield near(f"by hand against {mode} mode, greatest gap", gap, 0, 32 * eps)
    gap = np.nanmax(drawn["undone_gap"])
    yield near("Jacobian of the inverse times the Jacobian, less 1", gap, 0, 64 * eps)
    flat = np.max(abs(rows(drawn, map="softmax")["determinant"]))
    yield near("determinant of softmax, which loses a dimension", flat, 0, 16 * eps)

    for name in ("complex square", "robot arm"):
        squares = outcome.rows("area", map=name)
        seen = (squares["h"] < 1) & (squares["area_error"] > 1e3 * eps)
        slope = style.log_log_slope(squares["h"][seen], squares["area_error"][seen])
        yield near(f"order in h of the area's error: {name}", slope, 2, 0.1)
    straight = outcome.rows("area", map="shear")
    # rounding of a place, eps, is divided by h when an area is divided by h²
    gap, margin = np.max(straight["area_error"]), 8 * eps / straight["h"].min()
    yield near("the same for a linear map: greatest error", gap, 0, margin)

    error = outcome.rows("newton")["error"]
    order = 1 if outcome.settings["reach"] == 1 else 2
    near_end = (error[:-1] < 0.3) & (error[1:] > 20 * eps)
    slope = style.log_log_slope(error[:-1][near_end], error[1:][near_end])
    yield near("order of Newton's method: new error by old", slope, order, 0.25)

    paid = outcome.rows("cost")
    ratio = paid["forward_operations"] / paid["reverse_operations"]
    shape = paid["inputs"] / paid["outputs"]
    slope = style.log_log_slope(shape, ratio)
    yield near("power of n/m in forward over reverse operations", slope, 1, 0.1)
    # where the two meet, read off the line through the points on logarithmic scales
    even = np.exp(-np.mean(np.log(ratio) - slope * np.log(shape)) / slope)
    met = bool(0.5 < even < 2)
    yield Finding("n/m at which both cost the same", float(even), "1 within a factor of 2", met)
