"""Gradient flow and adjoints: what depends on what, when everything moves.

Question: How does the end of a motion depend on its start and its rates, is it the same to
          differentiate the equation or the steps that follow it, and what has gradient descent to
          do with any of this?
Command:  lab run gradient_flow_and_adjoints
Time:     about 30 s on two cores, most of it the checks
Expect:   adjoint times sensitivity the same number all along; the adjoint of the equation, followed
          in steps of h, off from the derivative of the steps by h, h², h⁴ with the three methods;
          gradient descent h times a constant away from the flow, whose height falls at |grad f|².
"""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.dynamics.integrators import (
    ORDER,
)
from lab.experiment import Finding, Outcome, near
from lab.tables import Table, parts

from .figures import figures as figures
from .flows import (
    ball,
    decay_errors,
    descent,
    descent_errors,
    flow,
    gaps,
    hunters,
    order,
    swing_errors,
)


def study(
    key: Any,
    *,
    start: tuple[PositiveFloat, PositiveFloat] = (1.5, 0.6),
    rates: tuple[PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat] = (1.0, 1.0, 1.0, 1.0),
    duration: PositiveFloat = 6.0,
    steps: PositiveInt = 240,
    friction: PositiveFloat = 0.4,
    stiffness: PositiveFloat = 4.0,
) -> Table:
    """Hares and lynxes, a ball that rolls, a valley descended, a decay and an oscillator.

    ``rates`` are those of ``lotka_volterra``; the valley is (x² + ``stiffness`` y²)/2.
    """
    y, theta = jnp.asarray(start, float), jnp.asarray(rates, float)
    T = jnp.asarray(duration, float)
    H = jnp.diag(jnp.asarray([1.0, stiffness], float))
    rolled = jnp.asarray(friction, float)
    return parts(
        {
            "hunters": hunters(y, theta, T, steps),
            **{f"gap {m}": gaps(m, y, theta, T) for m in ORDER},
            **{f"decay {m}": decay_errors(m) for m in ORDER},
            **{f"swing {m}": swing_errors(m) for m in ORDER},
            "ball": ball(H, rolled, 4 * T, 4 * steps),
            "flow": flow(H, 8 / stiffness, steps),
            **{f"descent {part}": descent(H, stiffness, part) for part in (0.5, 1.0, 1.9)},
            "descent": descent_errors(H),
        }
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    path = outcome.rows("hunters")
    spread = float(np.ptp(path["invariant"]) / abs(path["invariant"]).max())
    yield near("adjoint times sensitivity, relative spread", spread, 0, 1e3 * eps)
    for method, expected in ORDER.items():
        found = order(outcome.rows(f"gap {method}"), eps)
        yield near(f"{method}: order of adjoint against vjp", found, expected, 0.35)
        found = order(outcome.rows(f"decay {method}"), eps)
        yield near(f"{method}: order of dy/dk of the decay", found, expected, 0.25)
        found = order(outcome.rows(f"swing {method}"), eps)
        yield near(f"{method}: order of the oscillator", found, expected, 0.35)
    rolled = outcome.rows("ball")
    balance = rolled["height"] + rolled["taken"]
    gap = float(np.ptp(balance) / balance[0])
    yield near("ball: energy and what friction took, relative spread", gap, 0, 1e-3)
    fallen = outcome.rows("flow")
    slope = np.gradient(fallen["height"], fallen["t"])[1:-1]
    gap = float(np.max(abs(slope - fallen["rate"][1:-1])) / abs(fallen["rate"]).max())
    yield near("flow: slope of the height against -|grad f|²", gap, 0, 5e-3)
    found = order(outcome.rows("descent"), eps)
    yield near("descent against flow: order in the learning rate", found, 1, 0.1)
