"""The Hessian is curvature in every direction: bowls, saddles, and one number that matters most.

Question: What do the eigenvalues of a Hessian say about a landscape, and how does one get them when
          the Hessian is too large to write down?
Command:  lab run hessian_and_curvature
Time:     about 15 s on two cores, most of it the checks
Expect:   on x³ - 3xy + y³ a saddle at (0, 0) with curvatures -3 and 3, and a minimum at (1, 1) with
          3 and 9; second derivatives along all directions between these bounds; mixed partials that
          disagree, -1 and 1, where they are not continuous; and the greatest of 30 curvatures of a
          logistic loss to 8 digits from 8 products with a Hessian that was never written down.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.experiment import Finding, Outcome
from lab.tables import Table, parts, stacked

from .figures import figures as figures
from .landscapes import (
    LANDSCAPES,
    curvatures,
    greatest_curvature,
    in_all_directions,
    level_points,
    mixed_partials,
)

Row = dict[str, Any]


def study(
    key: Any,
    *,
    landscape: Literal[
        "folium", "rosenbrock", "bowl", "scalar_network", "monkey_saddle", "two_wells"
    ] = "folium",
    reach: PositiveFloat = 2.0,
    grid: PositiveInt = 81,
    starts: PositiveInt = 9,
    directions: PositiveInt = 180,
    products: PositiveInt = 20,
) -> Table:
    """Curvatures on a grid, at the level points Newton's method finds, and in all directions there;
    a sheet without a Hessian; and Lanczos' method on a logistic loss in 30 dimensions.
    """
    ground = LANDSCAPES[landscape]
    points = jnp.stack(jnp.meshgrid(*2 * [jnp.linspace(-reach, reach, grid)]), axis=-1)
    level = level_points(ground, reach, starts)
    steps, spectrum = greatest_curvature(key, products)
    return parts(
        {
            "grid": curvatures(ground, points.reshape(-1, 2)),
            "level": curvatures(ground, level),
            "direction": stacked(*(in_all_directions(ground, p, directions) for p in level[:4])),
            "mixed": mixed_partials(),
            "lanczos": steps,
            "spectrum": spectrum,
        }
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, eps = outcome.settings, float(np.finfo(outcome.settings["precision"]).eps)
    over, level = outcome.rows("grid"), outcome.rows("level")
    yield below("Hessian by hand against JAX's, greatest gap", over["gap"].max(), 100 * eps)
    yield below("asymmetry of JAX's Hessian", over["asymmetry"].max(), 100 * eps)

    for kind, (count, low, high) in LANDSCAPES[settings["landscape"]].known.items():
        here = level["kind"] == kind
        found = int(here.sum())
        yield Finding(f"level points of kind {kind}", found, str(count), found == count)
        for name, column, target in (("least", "low", low), ("greatest", "high", high)):
            if found:
                value = float(level[column][here][0])
                right = abs(value - target) <= 1e-6 + 1e4 * eps * abs(target)
                said = f"{target:.6g}"
                yield Finding(f"its {name} curvature", value, said, bool(right))
    if settings["landscape"] == "scalar_network":
        valley = level["kind"] == "degenerate"
        off = abs(level["x"] * level["y"] - 1)[valley].max()
        yield below("distance of w₁ w₂ from 1 along the valley", off, 1e-5)
        flat = (abs(level["low"]) / level["high"])[valley].max()
        yield below("least curvature / greatest, along the valley", flat, 1e-5)

    around = outcome.rows("direction")
    for x, y, low, high in zip(*(level[c][:4] for c in ("x", "y", "low", "high")), strict=True):
        rates = around["second_rate"][(around["x"] == x) & (around["y"] == y)]
        # an angle is at most half a spacing from an eigenvector, where the rate is stationary
        allowed = (high - low) * (np.pi / settings["directions"]) ** 2 + 1e3 * eps * (1 + abs(high))
        off = max(abs(rates.min() - low), abs(rates.max() - high))
        name = f"second rates at ({x:.3g}, {y:.3g}): from the curvatures"
        yield below(name, off, allowed)

    mixed = outcome.rows("mixed")
    for column, target in (("first_x_then_y", -1), ("first_y_then_x", 1)):
        name = f"twisted sheet at the origin, {column.replace('_', ' ')}"
        value = float(mixed[column][-1])
        yield Finding(name, value, f"{target}", abs(value - target) <= 8 * eps)

    steps, spectrum = outcome.rows("lanczos"), outcome.rows("spectrum")["high"]
    yield below("H v by hand against forward over reverse", steps["gap"].max(), 1e3 * eps)
    if len(steps["products"]) >= 8:
        name = f"error of the greatest of {len(spectrum)} curvatures after 8 products"
        yield below(name, steps["relative_error"][7], max(1e-8, 100 * eps))


def below(name: str, value: Any, bound: float) -> Finding:
    """A number that should be 0, but for ``bound``."""
    return Finding(name, float(value), f"below {bound:.1g}", bool(value <= bound))
