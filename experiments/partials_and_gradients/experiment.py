"""Hold all variables but one: partial derivatives, and the gradient that lists them.

Question: What does one variable do by itself, what do all partial derivatives together know, and
          what does it cost to have them all?
Command:  lab run partials_and_gradients
Time:     about 20 s on two cores
Expect:   partials by hand, by JAX and by differences that agree on a grid; one weight of 640 has
          the slope that its entry of the gradient says; differences cost 2n evaluations, the
          gradient less than 5 whatever n is; in a gradient field the way does not matter.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.vectors import partials as calculus
from lab.calculus.vectors import surfaces
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, parts

from .figures import figures as figures
from .surfaces import FIELDS, SURFACES, costs, descents, on_a_grid, one_weight_each, paths, slices


def study(
    key: Any,
    *,
    surface: Literal[
        "egg_crate", "mixed_cubic", "folium", "monkey_saddle", "exponential", "two_wells"
    ] = "egg_crate",
    at: tuple[float, float] = (0.7, 0.5),
    reach: PositiveFloat = 2.5,
    grid: PositiveInt = 25,
    dimensions: tuple[PositiveInt, ...] = (10, 32, 100, 316, 1000),
    weights: PositiveInt = 40,
    step: PositiveFloat = 0.5,
    steps: PositiveInt = 12,
) -> Table:
    """A grid of partial derivatives, two slices, one weight at a time, work along paths, what all
    partials cost, and descents that move all variables at once or one after the other."""
    ground, eps = SURFACES[surface], float(jnp.finfo(jnp.zeros(()).dtype).eps)
    return parts(
        {
            "grid": on_a_grid(ground, reach, grid, eps ** (1 / 3)),
            "slice": slices(ground, jnp.array(at), reach),
            "weight": one_weight_each(key, weights, eps ** (1 / 3)),
            "path": paths(),
            "cost": costs(dimensions),
            "descent": descents(step, steps),
        }
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    table = outcome.rows("grid")
    scale = max(1.0, *(float(np.max(abs(table[f"hand_{i}"]))) for i in "xy"))
    for witness, what, allowed in (
        ("jax", "JAX", 32 * eps),
        ("difference", "differences", 32 * eps ** (2 / 3)),
    ):
        off = max(float(np.max(abs(table[f"hand_{i}"] - table[f"{witness}_{i}"]))) for i in "xy")
        yield near(f"partials on the grid, hand against {what}", off / scale, 0, allowed)
    table = outcome.rows("weight")
    size = float(np.max(abs(table["hand_x"])))
    for witness, what, allowed in (
        ("jax", "its own derivative", 64 * eps),
        ("difference", "a nudge of it", 100 * eps ** (2 / 3) / size),
    ):
        off = float(np.max(abs(table["hand_x"] - table[f"{witness}_x"]))) / size
        yield near(f"one weight of 640: entry of the gradient against {what}", off, 0, allowed)
    yield from on_paths(outcome.rows("path"), eps)
    table = outcome.rows("cost")
    for witness, what, order in (
        ("difference_x", "differences", 1.0),
        ("jax_x", "the gradient", 0.0),
    ):
        slope = style.log_log_slope(table["x"], table[witness])
        yield near(f"cost of {what} in evaluations, order in n", slope, order, 0.05)
    most = float(table["jax_x"].max())
    yield Finding("evaluations that a gradient costs", most, "below 5, for every n", most < 5)
    yield from on_descents(outcome)


def on_paths(table: Table, eps: float) -> Iterator[Finding]:
    for field in FIELDS:
        here = table["label"] == field
        spread, curl = float(np.ptp(table["value"][here])), float(table["curl"][here][0])
        # the two corners enclose the whole square: its area is 4
        name = f"{field} field: spread of the work over ways, less curl x area"
        yield near(name, spread, abs(curl) * 4, 64 * eps)
    rise = float(surfaces.mixed_cubic(jnp.ones(2)) - surfaces.mixed_cubic(-jnp.ones(2)))
    done = table["value"][(table["label"] == "gradient")]
    yield near(
        "gradient field: work less the rise of its potential", np.max(abs(done - rise)), 0, 64 * eps
    )


def on_descents(outcome: Outcome) -> Iterator[Finding]:
    """The factor a sweep, against the spectral radius of the derivative of the step."""
    step, p = jnp.asarray(outcome.settings["step"], float), jnp.zeros(2)
    for name, jacobian in (
        ("together", calculus.together_jacobian),
        ("one by one", calculus.one_by_one_jacobian),
    ):
        table = outcome.rows("descent", label=name)
        predicted = float(np.max(abs(np.linalg.eigvals(np.asarray(jacobian(p, step))))))
        far = np.hypot(table["x"], table["y"])
        usable = far > 1e3 * np.finfo(outcome.settings["precision"]).eps
        later = np.flatnonzero(usable)[1:]
        factor = float((far[later[-1]] / far[later[0]]) ** (1 / (later[-1] - later[0])))
        yield near(f"what a sweep leaves of the distance, {name}", factor, predicted, 0.02)
