"""A few rules on pairs of a value and a slope differentiate every program made of their pieces.

Question: What does it take to differentiate a whole program, and does that agree with algebra?
Command:  lab run differentiation_rules
Time:     about 20 s on two cores
Expect:   every rule proved by SymPy; slopes of 300 random expressions by dual numbers, by JAX and
          by SymPy that agree to rounding; the corner that the product rule neglects falls like h²;
          each further derivative of e^(ax) sin bx is sqrt(a² + b²) times as large.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table

from .figures import figures as figures
from .rules import (
    EXPRESSIONS,
    Row,
    amplitudes,
    before_sympy,
    corners,
    higher,
    on_random_expressions,
    relative,
    sweep,
)


def study(
    key: Any,
    *,
    expression: Literal["wave", "resonance", "nested", "entropy"] = "wave",
    at: float = 0.8,
    random_expressions: PositiveInt = 300,
    symbolic: NonNegativeInt = 40,
    damping: float = -0.3,
    frequency: float = 2.0,
    orders: PositiveInt = 7,
) -> Table:
    """A sweep through one expression, random expressions, each rule before SymPy, the corner of the
    product rule, and n-th derivatives of ``e^(ax) sin bx`` (damping a, frequency b).

    Of the random expressions the first ``symbolic`` are differentiated by SymPy as well.
    """
    rng = np.random.default_rng(int(jax.random.randint(key, (), 0, 2**31 - 1)))
    rows = [
        *sweep(EXPRESSIONS[expression], jnp.array(at, float)),
        *on_random_expressions(rng, random_expressions, symbolic),
        *before_sympy(),
        *corners(),
        *higher(damping, frequency, orders),
    ]
    return {
        column: np.array([row[i] for row in rows], object if i < 5 else float)
        for i, column in enumerate(Row._fields)
    }


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps, settings = float(np.finfo(outcome.settings["precision"]).eps), outcome.settings
    table = outcome.rows("sweep")
    off = float(np.max(relative(table, "jax")))
    name = f"rules against JAX at all {table['x'].size} nodes, relative error"
    yield Finding(name, off, f"below {100 * eps:.0e}", off < 100 * eps)
    table = outcome.rows("random")
    for witness, who in (("jax", "JAX"), ("sympy", "SymPy")):
        known = np.isfinite(table[witness])
        off = float(np.max(relative(table, witness)[known], initial=0.0))
        name = f"dual numbers against {who}, {known.sum()} random expressions"
        yield Finding(name, off, f"below {1e4 * eps:.0e}", off < 1e4 * eps)
    table = outcome.rows("rule")
    proved, all_ = int(table["value"].sum()), table["value"].size
    yield Finding("rules that SymPy proves", proved, f"all {all_}", proved == all_)
    table = outcome.rows("corner")
    order = style.log_log_slope(table["x"][4:], abs(table["value"][4:]))
    said = "2 within 0.05: of second order"
    yield Finding("order of the corner of the product rule", order, said, abs(order - 2) < 0.05)
    table = outcome.rows("nth")
    orders = np.arange(settings["orders"] + 1)
    largest = np.array([np.max(abs(table["jax"][table["operation"] == str(n)])) for n in orders])
    off = float(
        np.max(abs(table["derivative"] - table["jax"]) / largest[table["operation"].astype(int)])
    )
    name = f"n-th derivative by hand against JAX, n to {orders[-1]}"
    yield Finding(name, off, f"below {1e3 * eps:.0e}", off < 1e3 * eps)
    growth = float(np.exp(np.polyfit(orders, np.log(amplitudes(table, settings)), 1)[0]))
    r = float(np.hypot(settings["damping"], settings["frequency"]))
    said = f"sqrt(a² + b²) = {r:.4g} within 2 %"
    yield Finding(
        "growth of an n-th derivative each time", growth, said, abs(growth / r - 1) < 0.02
    )
