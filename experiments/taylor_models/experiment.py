"""A Taylor model is a polynomial that agrees to the last derivative asked for, and not far away.

Question: How good is a Taylor polynomial, how far from its center, and what do slopes 2 and 3 say
          about a gradient and a Hessian?
Command:  lab run taylor_models
Time:     about 25 s on two cores, most of it the checks
Expect:   no error beyond its bound; radii of convergence read off the coefficients, 1 for
          1/(1 + x²), whose poles are at ±i, and π for the sigmoid; a loss that leaves its model of
          first order with slope 2 and of second order with slope 3, and 1 and 2 with mistakes in.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked

from .figures import figures as figures
from .series import SERIES, coefficients, errors, extrapolated, tested


def study(
    key: Any,
    *,
    functions: tuple[
        Literal["exponential", "sine", "logarithm", "bell", "hyperbolic_tangent", "sigmoid"], ...
    ] = ("exponential", "logarithm", "bell", "sigmoid"),
    orders: PositiveInt = 12,
    far: PositiveFloat = 4.0,
    points: PositiveInt = 80,
    long_order: PositiveInt = 60,
    jet_order: PositiveInt = 8,
    ridge: PositiveFloat = 0.01,
    halvings: PositiveInt = 22,
) -> Table:
    """Errors by order and place, coefficients to a high order, and a loss left along a line.

    Raises ``BadInput`` where there is no function to study.
    """
    if not functions:
        raise BadInput(f"functions=[]: nothing to study; name one or more of {', '.join(SERIES)}")
    x = np.linspace(-far, far, points)
    return stacked(
        *(errors(name, order, x) for name in functions for order in range(orders + 1)),
        *(coefficients(name, long_order, jet_order) for name in functions),
        tested(key, ridge, halvings),
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    made = outcome.rows("error")
    beyond = made["error"] > made["bound"] * (1 + 1e-9) + 16 * eps * made["size"]
    yield near("share of the errors beyond their bound", np.mean(beyond), 0, 0)

    for name in outcome.settings["functions"]:
        said = outcome.rows("coefficient", function=name)
        gap = max(np.nanmax(abs(said[by] - said["coefficient"])) for by in ("by_jet", "by_jvp"))
        yield near(f"{name}: coefficients against JAX's, greatest gap", gap, 0, 64 * eps)
        nearness, radius = extrapolated(said), SERIES[name].radius
        yield near(f"{name}: 1 / radius, from the coefficients", nearness, 1 / radius, 0.01)

    test = outcome.rows("test")
    slopes = {"first_order": 2, "second_order": 3, "wrong_gradient": 1, "wrong_hessian": 2}
    for model, order in slopes.items():
        error = test[model]
        seen = (test["h"] <= 0.25) & (error > 2e3 * eps * test["loss"])
        slope = style.log_log_slope(test["h"][seen], error[seen])
        yield near(f"slope of what is left out: {model.replace('_', ' ')}", slope, order, 0.1)
