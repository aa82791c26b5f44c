"""Matrix identities on trial: every rule of the catalogue, a misprint, and a gap that closes.

Question: Do the hand-derived matrix derivatives agree with JAX at random points, does the rule
          printed as equation (92) of The Matrix Cookbook, and what happens to the derivative of an
          eigenvector as two eigenvalues meet?
Command:  lab run matrix_calculus
Time:     about 60 s on two cores, most of it the checks
Expect:   relative errors below 1e-12 for every identity; the printed (92) off by 10 % or more, the
          corrected one not at all; an eigenvector that turns like 1 / gap, slope -1, while
          eigenvalues and square root do not notice - but JAX, which finds the root through the
          eigenvectors, loses a digit of its derivative for every digit of the gap.
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, written

from .figures import figures as figures
from .identities import identities
from .special_cases import closing_gap, misprint


def study(
    key: Any,
    *,
    draws: PositiveInt = 5,
    powers: tuple[PositiveInt, ...] = (1, 2, 3, 4),
    size: PositiveInt = 4,
    gaps: PositiveInt = 33,
    smallest_gap: PositiveFloat = 1e-8,
) -> Table:
    """Each identity and both versions of (92) at ``draws`` points; three derivatives at each gap.

    A row has the norm of the derivative by hand, and how far from it JAX is, relative to JAX's.
    """
    for_points, for_matrix = jax.random.split(key)
    # the domains draw with numpy
    rng = np.random.default_rng(np.asarray(jax.random.bits(for_points, (4,), jnp.uint32)))
    return written(
        [
            *identities(rng, draws),
            *misprint(rng, draws, powers, size),
            *closing_gap(for_matrix, size, np.geomspace(1, smallest_gap, gaps)),
        ]
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    checked = outcome.rows("identity")
    worst = int(np.argmax(checked["relative_error"]))
    largest, allowed = float(checked["relative_error"][worst]), 5e3 * eps
    names = len(set(checked["name"]))
    yield Finding(
        f"largest relative error of {names} identities ({checked['name'][worst]})",
        largest,
        f"below {allowed:.0e}",
        largest < allowed,
    )

    printed, corrected = (outcome.rows("misprint", topic=v) for v in ("printed", "corrected"))
    least, most = float(printed["relative_error"].min()), float(corrected["relative_error"].max())
    yield Finding("smallest relative error of (92) as printed", least, "above 0.01", least > 0.01)
    yield Finding(
        "largest relative error of (92) corrected", most, f"below {allowed:.0e}", most < allowed
    )

    vector = outcome.rows("gap", name="eigenvector")
    near = (vector["gap"] <= 1e-2) & (vector["gap"] >= np.sqrt(eps))
    slope = style.log_log_slope(vector["gap"][near], vector["size"][near])
    yield Finding(
        "slope of the eigenvector's blow-up", slope, "-1 within 0.01", abs(slope + 1) < 0.01
    )
    for name in ("eigenvalues", "square root"):
        sizes = outcome.rows("gap", name=name)["size"]
        ratio = float(sizes.max() / sizes.min())
        calm = bool(ratio < 2)
        yield Finding(
            f"largest over smallest derivative: {name}", ratio, "below 2, no blow-up", calm
        )
    root = outcome.rows("gap", name="square root")
    near = (root["gap"] <= 0.1) & (root["gap"] >= np.sqrt(eps))
    slope = style.log_log_slope(root["gap"][near], root["relative_error"][near])
    lost = abs(slope + 1) < 0.3
    yield Finding("slope of JAX's error on the square root", slope, "-1 within 0.3", lost)
