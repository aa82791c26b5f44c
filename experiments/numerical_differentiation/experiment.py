"""Slopes from values alone: five schemes, two precisions, and the step in the middle.

Question: How small should h be, how many digits are there to gain, and what does a gradient prove
          by agreeing with its numerical twin?
Command:  lab run numerical_differentiation
Time:     about 15 s on two cores
Expect:   errors like h, h², h⁴, h⁴ and h² until rounding stops all but the complex step, which is
          right to the last digits at h = 1e-100; nearly the least error at (3 eps |f/f'''|)^(1/3);
          in float32 no central difference of a real loss that meets CS231n's 1e-7.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.calculus.elementary import numerical_differentiation as calculus
from lab.calculus.elementary.numerical_differentiation import SCHEMES
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, stacked

from .figures import figures as figures
from .ladders import CHECKS, CURVES, PASS, PRECISIONS, best, by_step, ladder, on_real_data, planted


def study(
    key: Any,
    *,
    functions: tuple[Literal["exponential", "sine", "reciprocal", "logarithm"], ...] = (
        "exponential",
        "sine",
        "reciprocal",
        "logarithm",
    ),
    at: PositiveFloat = 2.0,
    points: PositiveInt = 16,
    halvings: PositiveInt = 52,
    map_of: Literal["exponential", "sine", "reciprocal", "logarithm"] = "logarithm",
    map_decades: tuple[float, float] = (-3.0, 3.0),
    ridge: NonNegativeFloat = 0.01,
) -> Table:
    """Every scheme on every function, a map over x and h, and the gradient of a loss on real data.

    All is done in both precisions, whatever that of the run. ``h`` are powers of two, so that
    ``x + h`` brings no error into h. Raises ``BadInput`` where there is no function to study.
    """
    if not functions:
        raise BadInput(f"functions=[]: nothing to study; name one or more of {', '.join(CURVES)}")
    with jax.enable_x64(True):
        first, second = jax.random.split(key)
        x = at * np.asarray(jax.random.uniform(first, (points,), minval=0.8, maxval=1.2), float)
        h, wide = 0.5 ** np.arange(2, halvings + 1), 2.0 ** np.arange(-44, 9)
        edges = np.logspace(*map_decades, 97)
        places = np.sqrt(edges[1:] * edges[:-1])  # no round numbers, whose slopes round luckily
        tables = list(planted(second, ridge))
        for precision in PRECISIONS:
            for scheme in SCHEMES:
                tables += [ladder("curves", name, scheme, precision, x, h) for name in functions]
            tables.append(ladder("map", map_of, "central", precision, places, wide))
            tables.append(on_real_data(second, precision, ridge, h))
    return stacked(*tables)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    for name, scheme in SCHEMES.items():
        h, typical = by_step(outcome.rows(part="curves", scheme=name, precision="float64"))
        turn = h[np.argmin(typical)] if scheme.rounding else 1e-7
        falling = (h >= 10 * turn) & (h <= h.max() / 2)
        order = style.log_log_slope(h[falling], typical[falling])
        said = f"{scheme.order} within 0.15"
        yield Finding(f"order of {name}", order, said, abs(order - scheme.order) <= 0.15)
    for precision in PRECISIONS:
        table = outcome.rows(part="curves", precision=precision)
        ratio = (table["error"] / table["predicted_error"])[table["h"] <= 2**-4]
        name, usual = f"error / predicted error, {precision}", float(np.quantile(ratio, 0.999))
        yield Finding(name, usual, "below 2, for 99.9 % of all estimates", usual < 2)
        table = outcome.rows(part="map", precision=precision)
        wanted = best(outcome.settings["map_of"], table["x"], precision)
        near = abs(np.log2(table["h"] / wanted)) <= 0.5
        most = float(np.max((table["error"] / table["predicted_error"])[near]))
        name = f"error / predicted error at the best h, worst over all x, {precision}"
        yield Finding(name, most, "below 2", most < 2)
    with jax.enable_x64(True):
        one, tiny = jnp.array(1.0), jnp.array(1e-100)
        off = abs(float(calculus.complex_step(jnp.exp)(one, tiny)) / np.e - 1)
        said = "below 4 eps = 8.9e-16"
        yield Finding("relative error of a complex step of 1e-100", off, said, off < 8.9e-16)
        modulus = float(calculus.complex_step(jnp.abs)(one, tiny))
        yield Finding("complex step of |x| at 1", modulus, "0, though the slope is 1", modulus == 0)
    for precision, said, fits in (
        ("float64", f"below {PASS:g}, a good gradient", lambda error: error < PASS),
        ("float32", f"above {PASS:g}, however right it is", lambda error: error > PASS),
    ):
        _, worst = by_step(outcome.rows(part="loss", precision=precision), "relative_error", 1.0)
        name = f"worst relative error of 30 partial derivatives at the best h, {precision}"
        yield Finding(name, float(worst.min()), said, bool(fits(worst.min())))
    for where in ("all weights", "one weight"):
        tables = [outcome.rows(part="planted", function=where, scheme=s) for s in CHECKS]
        jax_sees, ours = (float(t["x"][t["estimate"] > 0].min(initial=np.inf)) for t in tables)
        said = f"{ours:g} when checked by coordinates, which is less"
        name = f"least mistake in {where} noticed by check_grads"
        yield Finding(name, jax_sees, said, ours < jax_sees)
