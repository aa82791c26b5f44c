"""A derivative is a limit: what the difference quotient does as h shrinks.

Question: How close does the slope of a secant come to that of the tangent as h shrinks, and what
          stops it?
Command:  lab run limits_and_first_principles
Time:     about 15 s on two cores
Expect:   errors that fall like h (forward) and h² (central) until rounding takes over, at about
          sqrt(eps) = 1.5e-8 and cbrt(eps) = 6.1e-6; holes filled by 4, 1 and 1; at the corner of
          |x| slopes of 1 and -1 for ever.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.elementary import limits_and_first_principles as calculus
from lab.calculus.elementary.limits_and_first_principles import (
    central_quotient,
    difference_quotient,
)
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, stacked, table


class Curve(NamedTuple):
    """A function and its slope, derived by hand."""

    f: Callable[[Any], Any]
    slope: Callable[[Any], Any]


SMOOTH = {
    "cube": Curve(calculus.cube, calculus.cube_tangent_slope),
    "reciprocal": Curve(calculus.reciprocal, calculus.reciprocal_tangent_slope),
    "square_root": Curve(jnp.sqrt, calculus.square_root_tangent_slope),
    "exponential": Curve(jnp.exp, calculus.exponential_tangent_slope),
    "logarithm": Curve(jnp.log, calculus.logarithm_tangent_slope),
    "sine": Curve(jnp.sin, calculus.sine_tangent_slope),
    "cosine": Curve(jnp.cos, calculus.cosine_tangent_slope),
}
SQUARE = Curve(jnp.square, lambda x: calculus.power_tangent_slope(x, 2))
CORNER = Curve(jnp.abs, calculus.absolute_value_derivative)


class Hole(NamedTuple):
    """A 0/0, and the difference quotient it really is: that of ``curve`` at ``x``."""

    formula: str
    curve: Curve
    x: float
    limit: float


HOLES = {
    "square": Hole("(x² − 4) / (x − 2)", SQUARE, 2.0, 4.0),
    "sine": Hole("sin x / x", SMOOTH["sine"], 0.0, 1.0),
    "exponential": Hole("(eˣ − 1) / x", SMOOTH["exponential"], 0.0, 1.0),
}


def study(
    key: Any,
    *,
    functions: tuple[
        Literal["cube", "reciprocal", "square_root", "exponential", "logarithm", "sine", "cosine"],
        ...,
    ] = ("cube", "reciprocal", "square_root", "exponential", "logarithm"),
    at: PositiveFloat = 1.0,
    points: PositiveInt = 32,
    halvings: PositiveInt = 48,
) -> Table:
    """Every function, at ``at`` and further ``points`` around it, with h = at/2, at/4, ...

    Halving is exact in binary: h itself brings no rounding into the quotient.

    Raises ``BadInput`` where there is no function to study.
    """
    if not functions:
        raise BadInput(f"functions=[]: nothing to study; name one or more of {', '.join(SMOOTH)}")
    h = at * 0.5 ** jnp.arange(1, halvings + 1).astype(float)
    x = at * jax.random.uniform(key, (points,), minval=0.75, maxval=1.25).at[0].set(1.0)
    tables = [
        *(ladder("smooth", name, SMOOTH[name], x, h) for name in functions),
        *(ladder("hole", name, hole.curve, jnp.array([hole.x]), h) for name, hole in HOLES.items()),
        ladder("corner", "absolute_value", CORNER, jnp.zeros(1), h),
    ]
    return stacked(*tables)


def ladder(
    part: str, name: str, curve: Curve, x: Float[Array, " n"], h: Float[Array, " m"]
) -> Table:
    """Quotients, their errors and the tangent gap for each x and h: columns of n m rows."""
    x, h = (grid.ravel() for grid in jnp.meshgrid(x, h, indexing="ij"))
    f, slope = curve.f, curve.slope(x)
    forward, central = difference_quotient(f)(x, h), central_quotient(f)(x, h)
    return table(
        {
            "part": part,
            "function": name,
            "x": x,
            "h": h,
            "slope": slope,
            "forward": forward,
            "backward": difference_quotient(f)(x, -h),
            "central": central,
            "forward_error": jnp.abs(forward - slope),
            "central_error": jnp.abs(central - slope),
            "tangent_gap": jnp.abs(f(x + h) - (f(x) + slope * h)),
        }
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    smooth = outcome.rows("smooth")
    eps = float(np.finfo(outcome.settings["precision"]).eps)

    for error, order, power in (
        ("forward_error", 1, 1 / 2),
        ("central_error", 2, 1 / 3),
        ("tangent_gap", 2, 1 / 2),
    ):
        h, typical = by_step(smooth, error)
        falling = (h >= 8 * eps**power) & (h <= 0.25 * h.max())
        slope = style.log_log_slope(h[falling], typical[falling])
        name = f"order in h of the {error.replace('_', ' ')}"
        yield Finding(name, slope, f"{order} within 0.1", abs(slope - order) <= 0.1)

    for error, root, power in (("forward_error", "sqrt", 1 / 2), ("central_error", "cbrt", 1 / 3)):
        h, typical = by_step(smooth, error)
        best, predicted = float(h[np.argmin(typical)]), eps**power
        name = f"best h for the {error.replace('_error', ' quotient')}"
        expected = f"{root}(eps) = {predicted:.1e} within a factor of 8"
        yield Finding(name, best, expected, predicted / 8 <= best <= predicted * 8)

    for name, hole in HOLES.items():
        # the two one-sided quotients bracket the limit, so their mean is nearest it
        table = outcome.rows("hole", function=name)
        nearest = np.argmin(abs(np.log(table["h"] / eps ** (1 / 3))))
        value, margin = float(table["central"][nearest]), 20 * eps ** (2 / 3)
        expected = f"{hole.limit:g} within {margin:.0e}"
        found = abs(value - hole.limit) <= margin
        yield Finding(f"limit of {hole.formula} at {hole.x:g}", value, expected, found)

    corner = outcome.rows("corner")
    for side, quotient, slope in (
        ("from the right", "forward", 1),
        ("from the left", "backward", -1),
        ("as a central quotient has it", "central", 0),
    ):
        values = corner[quotient]
        same = bool(np.all(values == slope))
        yield Finding(f"slope of |x| at 0 {side}", float(values[-1]), f"{slope} for every h", same)


def by_step(table: Table, column: str, share: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Each h, and the median over functions and points of a column there, or another quantile."""
    steps, place = np.unique(table["h"], return_inverse=True)
    groups = (table[column][place == k] for k in range(steps.size))
    return steps, np.array([np.quantile(group, share) for group in groups])


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "secants_become_the_tangent", secants(outcome)
    yield "what_stops_the_error", errors(outcome)
    yield "holes", holes(outcome)
    yield "corner", corner(outcome)


def secants(outcome: Outcome) -> Figure:
    name, a = outcome.settings["functions"][0], outcome.settings["at"]
    curve, table = SMOOTH[name], outcome.rows("smooth", function=name)
    # the first point is the one asked for
    table = {column: values[: outcome.settings["halvings"]] for column, values in table.items()}
    height, slope = float(curve.f(jnp.array(a))), float(table["slope"][0])
    drawing, (graph, slopes) = style.figure(
        columns=2, title="The secant turns into the tangent", width=10, height=4.2
    )

    x = np.linspace(0.4 * a, 1.65 * a, 200)
    ends = x[[0, -1]]
    graph.plot(x, curve.f(jnp.asarray(x)), color=style.INK, label=f"{words(name)}")
    longest = zip(table["h"], table["forward"], style.shades(4), strict=False)
    for h, secant, color in longest:
        line = height + secant * (ends - a)
        graph.plot(ends, line, color=color, linewidth=1.2, label=f"$h = {h:g}$")
        graph.plot(a + h, height + secant * h, "o", color=color, markersize=4.5)
    graph.plot(ends, height + slope * (ends - a), color=style.RED, label="tangent")
    graph.plot(a, height, "o", color=style.RED)
    graph.set(xlabel="$x$", ylabel="$f(x)$", title=f"secants through $x = {a:g}$ and $x + h$")
    style.name_curves(graph)

    few = table["h"][7::-1]
    for quotient, color in zip(("forward", "central", "backward"), style.CYCLE, strict=False):
        slopes.plot(few, table[quotient][7::-1], ".-", color=color, label=quotient)
    slopes.plot(0, slope, "o", color=style.RED, markerfacecolor="white", markersize=7, zorder=5)
    slopes.set(xlabel="$h$", ylabel="slope", title="their slope, by the length of the step")
    saying = f"at $h = 0$ it says 0/0;\nthe limit is {slope:.3g}"
    style.note(slopes, saying, (0, slopes.get_ylim()[0]), offset=(2, 5))
    style.name_curves(slopes)
    return drawing


def errors(outcome: Outcome) -> Figure:
    smooth = outcome.rows("smooth")
    drawing, (axes,) = style.figure(
        title="Too long a step is crooked, too short a step is noise", width=7.6, height=4.8
    )
    axes.set(xscale="log", yscale="log", xlabel="$h$", ylabel="error of the difference quotient")
    for scheme, order, color in (("forward", 1, style.BLUE), ("central", 2, style.RED)):
        h, typical = by_step(smooth, f"{scheme}_error")
        low, high = (by_step(smooth, f"{scheme}_error", share)[1] for share in (0.1, 0.9))
        axes.fill_between(h, low, high, color=color, alpha=0.13, linewidth=0)
        axes.plot(h, typical, color=color, label=scheme)
        best = int(np.argmin(typical))
        axes.plot(h[best], typical[best], "o", color=color, markerfacecolor="white", zorder=5)
        saying = f"best $h$: {style.scientific(h[best])}"
        style.note(axes, saying, (h[best], typical[best]), color=color, offset=(0, -14))
        above, offset = (12, (-5, 3)) if scheme == "forward" else (1 / 15, (6, -3))
        through, over = (h[-1], above * typical[-1]), (16 * h[best], h[-1])
        style.power_law(axes, order, through, over, label=f"slope {order}", offset=offset)
    # the quotient cannot see less than eps |f|, and divides it by h
    floor = float(np.finfo(outcome.settings["precision"]).eps) / 500
    over = (h[0], h[best] / 4)
    style.power_law(axes, -1, (1.0, floor), over, label="slope −1", offset=(-5, -3))
    style.name_curves(axes)
    return drawing


def holes(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=3,
        title="Where the formula says 0/0, and what fills the hole",
        width=10.5,
        height=3.6,
    )
    away = np.linspace(0.02, 3.0, 120)
    for axes, (name, hole) in zip(panels, HOLES.items(), strict=True):
        table = outcome.rows("hole", function=name)
        for sign, quotient in ((1, "forward"), (-1, "backward")):
            graph = difference_quotient(hole.curve.f)(jnp.array(hole.x), jnp.asarray(sign * away))
            axes.plot(hole.x + sign * away, graph, color=style.INK)
            nearer = hole.x + sign * table["h"][:6]
            axes.plot(nearer, table[quotient][:6], "o", color=style.BLUE, markersize=4)
        axes.plot(hole.x, hole.limit, "o", color=style.RED, markerfacecolor="white", markersize=8)
        beside = (0, -16) if name == "sine" else (10, -10)
        saying = f"limit {hole.limit:g}"
        style.note(axes, saying, (hole.x, hole.limit), color=style.RED, offset=beside)
        axes.set(title=hole.formula, xlabel="$x$")
    return drawing


def corner(outcome: Outcome) -> Figure:
    kink, smooth = outcome.rows("corner"), outcome.rows("hole", function="exponential")
    drawing, (graph, slopes) = style.figure(
        columns=2, title="At a corner the two sides never agree", width=10, height=3.9
    )
    x = np.linspace(-1, 1, 201)
    graph.fill_between(x, -abs(x), abs(x), color=style.BLUE, alpha=0.09, linewidth=0)
    for slope in np.linspace(-0.8, 0.8, 5):
        graph.plot(x, slope * x, color=style.BLUE, alpha=0.45, linewidth=0.9)
    graph.plot(x, abs(x), color=style.INK)
    graph.plot(0, 0, "o", color=style.RED)
    saying = "any slope from −1 to 1\nstays below the graph"
    style.note(graph, saying, (0, -0.8), color=style.BLUE, offset=(0, 0))
    halves = np.linspace(-1, 1, 5)
    graph.set(title="$|x|$ has many subgradients at 0", xlabel="$x$", xticks=halves, yticks=halves)

    for drawn, name, color in ((smooth, "$e^x$", style.GOLD), (kink, "$|x|$", style.BLUE)):
        shown = drawn["h"] >= 1e-3
        for side, quotient in (("right", "forward"), ("left", "backward")):
            label = f"{name} from the {side}"
            slopes.plot(drawn["h"][shown], drawn[quotient][shown], color=color, label=label)
    slopes.set(xscale="log", xlabel="$h$", ylabel="slope", title="one-sided slopes at 0")
    slopes.invert_xaxis()
    style.name_curves(slopes)
    return drawing


def words(name: str) -> str:
    return name.replace("_", " ")
