"""The table of derivatives, every row of it computed four ways.

Question: Which derivatives does one have to know, and how well do hand, machine and measurement
          agree about each of them?
Command:  lab run elementary_derivatives
Time:     about 30 s on two cores
Expect:   more than 90 rows in which the formula by hand and JAX agree to rounding; the slope of a^x
          over its value is ln a, which is 1 at e = 2.71828; a likelihood of 1797 digits below
          all floats, while the slope of its logarithm vanishes at the share that was counted.
"""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from pydantic import PositiveInt

from lab.experiment import Finding, Outcome
from lab.tables import Table, rows, stacked

from .figures import figures as figures
from .master_table import counted, growth, likelihood, master, master_table


def study(key: Any, *, points: PositiveInt = 101, bases: PositiveInt = 60) -> Table:
    """Each row at ``points`` typical points; slopes of a^x for ``bases`` bases; a likelihood.

    Other arguments than the one that moves are drawn once. ``difference`` is a central difference,
    ``error`` that between hand and JAX, both relative to the larger of the slope and |f/x|.
    """
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    tables = list(master_table(np.random.default_rng(seed), points))
    tables += [growth(bases), likelihood(points)]
    return stacked(*tables)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps, table = float(np.finfo(outcome.settings["precision"]).eps), master(outcome)
    names = set(table["row"])
    yield Finding("rows of the table", len(names), "90 or more", len(names) >= 90)
    for column, least, share, what in (
        ("error", 1e3 * eps, 1.0, "hand against JAX, greatest"),
        ("difference_error", 1e2 * eps ** (2 / 3), 0.8, "hand against differences, 4 of 5"),
    ):
        worst, name = worst_of(table, column, share)
        said = f"below {least:.0e} in every row; worst in {name}"
        yield Finding(f"{what}, relative error", worst, said, worst < least)
    table = rows(outcome.trajectory, topic="growth")
    ratio = table["difference"] / table["f"]
    off = float(np.max(abs(ratio - np.log(table["x"]))))
    allowed = 10 * eps ** (2 / 3)
    yield Finding(
        "measured slope of aˣ over aˣ, less ln a", off, f"0 within {allowed:.0e}", off < allowed
    )
    e = float(np.exp(np.interp(1.0, ratio, np.log(table["x"]))))
    said = f"e = {np.e:.6g} within {10 * allowed:.0e}"
    yield Finding("base whose power is its own slope", e, said, abs(e - np.e) < 10 * allowed)
    table, (heads, tails) = rows(outcome.trajectory, topic="likelihood"), counted()
    share = heads / (heads + tails)
    log10 = (heads * np.log10(share) + tails * np.log10(1 - share)).item()
    name, said = (
        f"log10 of the likelihood of {heads + tails} digits",
        "below -324: no float is so small",
    )
    yield Finding(name, log10, said, log10 < -324)
    order = np.argsort(table["hand"])
    zero = float(np.interp(0.0, table["hand"][order], table["x"][order]))
    spacing = float(table["x"][1] - table["x"][0])
    said = f"{heads}/{heads + tails} = {share:.4f} within {spacing:.0e}"
    yield Finding("p where its logarithm is level", zero, said, abs(zero - share) < spacing)


def worst_of(table: Table, column: str, share: float) -> tuple[float, str]:
    """The greatest quantile of a column in any row, and the row it is in."""
    names = list(dict.fromkeys(table["row"]))
    column_of = lambda name: np.nan_to_num(table[column][table["row"] == name], nan=np.inf)
    worst = [float(np.quantile(column_of(name), share)) for name in names]
    return max(worst), str(names[int(np.argmax(worst))])
