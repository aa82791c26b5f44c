"""An integral accumulates, and its slope is what it accumulates.

Question: What does an area do when its edge, its curve or a parameter moves, how fast do rules of
          quadrature converge, and is the derivative of a rule as good as the rule?
Command:  lab run integrals_and_accumulation
Time:     about 20 s on two cores, most of it the checks
Expect:   slopes of the accumulated area equal to the curve; errors that fall like n⁻² (trapezoids),
          n⁻⁴ (Simpson), n^(-1/2) (Monte Carlo) and faster than any power (Gauss), and those of the
          derivative in a parameter alike; a slope that is exact, where the rule is told of it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.integrals import accumulation, antiderivatives, quadrature
from lab.calculus.integrals.accumulation import normal_distribution_function_derivative as density
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked, table
from lab.training import data

Scalar = Float[Array, ""]

FREQUENCY = 3.0


class Integrand(NamedTuple):
    """A curve with a parameter, its integral from 0, and the orders of the rules' errors."""

    f: Callable[[Any, Any], Any]
    integral: Callable[[Any, Any], Any]
    orders: dict[str, float]
    parameter_orders: dict[str, float]


def wave_integral(x: Scalar, a: Scalar) -> Scalar:
    """∫ e^(at) sin 3t dt from 0 to x"""
    b = jnp.full_like(x, FREQUENCY)
    whole = antiderivatives.damped_wave_antiderivative
    return whole(x, a, b) - whole(jnp.zeros_like(x), a, b)


def corner_integral(x: Scalar, a: Scalar) -> Scalar:
    """∫ |t - a| dt from 0 to x"""
    return ((x - a) * jnp.abs(x - a) + a * jnp.abs(a)) / 2


SMOOTH = {"trapezoid": 2, "simpson": 4, "monte_carlo": 0.5}
INTEGRANDS = {
    "wave": Integrand(
        lambda t, a: jnp.exp(a * t) * jnp.sin(FREQUENCY * t), wave_integral, SMOOTH, SMOOTH
    ),
    # a corner costs every rule its order, and in the parameter's derivative it is a jump
    "corner": Integrand(
        lambda t, a: jnp.abs(t - a),
        corner_integral,
        {"trapezoid": 2, "simpson": 2, "gauss": 2, "monte_carlo": 0.5},
        {"trapezoid": 1, "simpson": 1, "gauss": 1, "monte_carlo": 0.5},
    ),
}


def study(
    key: Any,
    *,
    integrand: Literal["wave", "corner"] = "wave",
    parameter: float = -0.4,
    upper: PositiveFloat = 2.0,
    points: PositiveInt = 121,
    doublings: PositiveInt = 7,
    seeds: PositiveInt = 200,
) -> Table:
    """The area by its edge, rules by their number of nodes, moving limits, and areas that are
    probabilities.
    """
    chosen, a = INTEGRANDS[integrand], jnp.array(parameter)
    return stacked(
        accumulated(chosen, a, jnp.linspace(0.0, upper, points)),
        *(rule(key, chosen, name, a, jnp.array(upper), doublings, seeds) for name in RULES),
        moving(jnp.linspace(-2.0, 2.0, points)),
        body_mass(),
    )


def accumulated(chosen: Integrand, a: Scalar, x: Float[Array, " n"]) -> Table:
    """The curve, the area so far, and its slope: of the formula, and of Gauss' rule."""

    def row(x: Scalar) -> dict[str, Array]:
        by_gauss = lambda x: gauss(lambda t: chosen.f(t, a), x, 16, None)
        area, slope = jax.value_and_grad(chosen.integral)(x, a)
        columns = {"curve": chosen.f(x, a), "area": area, "slope": slope}
        return columns | {"area_by_gauss": by_gauss(x), "slope_by_gauss": jax.grad(by_gauss)(x)}

    return table({"part": "accumulated"}, {"x": x} | jax.jit(jax.vmap(row))(x))


def trapezoid(f: Callable[[Any], Any], x: Scalar, nodes: int, random: Any) -> Scalar:
    del random
    return quadrature.trapezoid(f(x * jnp.linspace(0.0, 1.0, nodes + 1)), x)


def simpson(f: Callable[[Any], Any], x: Scalar, nodes: int, random: Any) -> Scalar:
    del random
    return quadrature.simpson(f(x * jnp.linspace(0.0, 1.0, nodes + 1)), x)


def gauss(f: Callable[[Any], Any], x: Scalar, nodes: int, random: Any) -> Scalar:
    del random
    return quadrature.gauss_legendre(f, jnp.zeros_like(x), x, nodes)


def monte_carlo(f: Callable[[Any], Any], x: Scalar, nodes: int, random: Any) -> Scalar:
    return x * jnp.mean(f(x * random[:nodes]))


RULES: dict[str, Callable[..., Scalar]] = {
    "trapezoid": trapezoid,
    "simpson": simpson,
    "gauss": gauss,
    "monte_carlo": monte_carlo,
}


def rule(
    key: Any, chosen: Integrand, name: str, a: Scalar, x: Scalar, doublings: int, seeds: int
) -> Table:
    """Errors of a rule and of its derivatives, by the number of nodes: root mean squares over seeds
    where it is random.
    """
    truth = chosen.integral(x, a)
    truth_in_a = jax.grad(chosen.integral, 1)(x, a)
    count = seeds if name == "monte_carlo" else 1
    places = jax.random.uniform(key, (count, 2**doublings))
    columns: dict[str, list[Any]] = {}
    for nodes in 2 ** np.arange(1, doublings + 1):
        estimate, slope, in_a, slope_told = estimates(chosen, name, int(nodes), x, a, places)
        off = lambda values, target: float(jnp.sqrt(jnp.mean((values - target) ** 2)))
        row = {"nodes": int(nodes), "estimate": float(estimate[0]), "error": off(estimate, truth)}
        row |= {"slope_error": off(slope, chosen.f(x, a)), "parameter_error": off(in_a, truth_in_a)}
        row |= {"slope_error_told": off(slope_told, chosen.f(x, a))}
        for column, value in row.items():
            columns.setdefault(column, []).append(value)
    return table({"part": "rule", "rule": name}, columns)


def estimates(
    chosen: Integrand, name: str, nodes: int, x: Scalar, a: Scalar, places: Float[Array, "s m"]
) -> tuple[Array, ...]:
    """The area by a rule, its slopes in edge and parameter; the former by a rule told so."""

    def seen(random: Float[Array, " m"]) -> tuple[Scalar, ...]:
        area: Any = lambda x, a: RULES[name](lambda t: chosen.f(t, a), x, nodes, random)
        told: Any = jax.custom_jvp(lambda x: area(x, a))
        # dI/dx is the curve, whatever the rule has made of the area
        told.defjvp(lambda at, moved: (told(*at), chosen.f(at[0], a) * moved[0]))
        return area(x, a), *jax.grad(area, (0, 1))(x, a), jax.grad(told)(x)

    return jax.jit(jax.vmap(seen))(places)


def moving(x: Float[Array, " n"]) -> Table:
    """∫ sin(xt) dt from x to x + 1, and the three ways in which x gets at it."""

    def row(x: Scalar) -> dict[str, Array]:
        integral = accumulation.leibniz_integral
        inside = quadrature.gauss_legendre(lambda t: t * jnp.cos(x * t), x, x + 1)
        by_jax = {"area": integral(x), "slope": jax.grad(integral)(x)}
        by_hand = {"total": accumulation.leibniz_integral_rule(x), "by_integrand": inside}
        return by_jax | by_hand | {"by_upper": jnp.sin(x * (x + 1)), "by_lower": -jnp.sin(x**2)}

    return table({"part": "moving"}, {"x": x} | jax.jit(jax.vmap(row))(x))


def body_mass() -> Table:
    """Body mass indices of the diabetes data, standardised: their share below, and the normal's."""
    patients = data.load("diabetes")
    (scaled,) = data.standardise(patients)
    x = np.sort(scaled.inputs[:, patients.feature_names.index("bmi")])
    below = jax.vmap(lambda x: quadrature.gauss_legendre(density, jnp.zeros_like(x), x, 32))
    z = jnp.asarray(x, float)
    columns = {"x": z, "density": density(z), "share": (np.arange(x.size) + 0.5) / x.size}
    return table({"part": "body mass"}, columns | {"area": 0.5 + jax.jit(below)(z)})


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    chosen = INTEGRANDS[outcome.settings["integrand"]]
    grown = outcome.rows("accumulated")
    for column in ("slope", *(["slope_by_gauss"] if "gauss" not in chosen.orders else [])):
        gap = np.max(abs(grown[column] - grown["curve"]))
        name = f"{column.replace('_', ' ')} of the area less the curve, greatest"
        yield near(name, gap, 0, 64 * eps)
    moved = outcome.rows("moving")
    gap = np.max(abs(moved["total"] - moved["slope"]))
    yield near("Leibniz' rule against JAX, greatest gap", gap, 0, 64 * eps)

    # at a corner the error depends on where in its step the corner lies, and comes and goes
    margin = 0.5 if "gauss" in chosen.orders else 0.2
    for column, orders in (("error", chosen.orders), ("parameter_error", chosen.parameter_orders)):
        for name, order in orders.items():
            tried = outcome.rows("rule", rule=name)
            seen = (tried["nodes"] >= 4) & (tried[column] > 100 * eps)
            slope = -style.log_log_slope(tried["nodes"][seen], tried[column][seen])
            what = f"order of the {name.replace('_', ' ')} rule's {column.replace('_', ' ')}"
            yield near(what, slope, order, 0.2 if name == "monte_carlo" else margin)
    if "gauss" not in chosen.orders:
        best = np.min(outcome.rows("rule", rule="gauss")["error"][:4])
        yield near("error of Gauss' rule with 16 nodes at most", best, 0, 64 * eps)
    few = outcome.rows("rule", rule="trapezoid")
    yield near("slope's error with two trapezoids, told", few["slope_error_told"][0], 0, 4 * eps)
    worse = bool(few["slope_error"][0] > 1e-3)
    yield Finding("the same, not told", float(few["slope_error"][0]), "above 0.001", worse)

    one = 2 * quadrature.gauss_legendre(density, jnp.zeros(()), jnp.ones(()))
    yield near("area of the normal density from -1 to 1", float(one), 0.682689492137086, 8 * eps)
    people = outcome.rows("body mass")
    within = float(np.mean(abs(people["x"]) < 1))
    yield near("share of the patients there", within, 0.6827, 0.05)
    gap = np.max(abs(people["share"] - people["area"]))
    yield near("greatest gap between shares and areas", gap, 0, 0.1)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "area_fills", area_fills(outcome)
    yield "convergence", convergence(outcome)
    yield "three_ways", three_ways(outcome)
    yield "probability", probability(outcome)


def area_fills(outcome: Outcome) -> Figure:
    grown = outcome.rows("accumulated")
    drawing, (curve, area) = style.figure(
        rows=2,
        title="The slope of the area is the height of the curve",
        width=7.6,
        height=5.6,
        sharex=True,
    )
    x = grown["x"]
    curve.plot(x, grown["curve"], color=style.INK)
    area.plot(x, grown["area"], color=style.BLUE)
    curve.axhline(0, color=style.GREY, linewidth=0.8)
    stops = np.linspace(0, len(x) - 1, 5).astype(int)[1:]
    for start, k, color in zip((0, *stops), stops, style.shades(len(stops)), strict=False):
        part = slice(start, k + 1)
        curve.fill_between(x[part], 0, grown["curve"][part], color=color, alpha=0.35, linewidth=0)
        reach = 0.09 * x[-1] * np.array([-1, 1])
        area.plot(
            x[k] + reach,
            grown["area"][k] + grown["slope"][k] * reach,
            color=style.RED,
            linewidth=1.4,
        )
        area.plot(x[k], grown["area"][k], "o", color=style.RED)
        curve.plot([x[k]] * 2, [0, grown["curve"][k]], color=style.RED)
        saying = f"{grown['slope'][k]:.3g}"
        style.note(area, saying, (x[k], grown["area"][k]), color=style.RED, offset=(5, -8))
    curve.set(title="$f$:  heights in red")
    area.set(title="$F(x)$, the area so far:  the same numbers as slopes", xlabel="$x$")
    area.margins(y=0.2)
    return drawing


def convergence(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=3,
        title="Rules converge, and so do their derivatives",
        width=13,
        height=4.3,
        sharey=True,
    )
    titles = {
        "error": "of the area",
        "parameter_error": "of its derivative in the parameter",
        "slope_error": "of its derivative in the edge",
    }
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        for name, color in zip(RULES, style.CYCLE, strict=False):
            tried = outcome.rows("rule", rule=name)
            shown = np.maximum(tried[column], 1e-17)
            axes.plot(tried["nodes"], shown, ".-", color=color, label=name.replace("_", " "))
        axes.set(xscale="log", yscale="log", xlabel="nodes", title=title)
        axes.set_xscale("log", base=2)
    told = outcome.rows("rule", rule="trapezoid")
    exact = np.maximum(told["slope_error_told"], 1e-17)
    panels[2].plot(told["nodes"], exact, "--", color=style.BLUE, label="trapezoid, told")
    panels[0].set_ylabel("error")
    for axes in panels:
        style.name_curves(axes)
    return drawing


def three_ways(outcome: Outcome) -> Figure:
    moved = outcome.rows("moving")
    drawing, (axes,) = style.figure(
        title="Leibniz: one parameter, three ways into the integral", width=7.8, height=4.6
    )
    for column, name, color in (
        ("by_upper", "upper limit", style.BLUE),
        ("by_lower", "lower limit", style.RED),
        ("by_integrand", "integrand", style.GOLD),
    ):
        axes.plot(moved["x"], moved[column], color=color, linewidth=1.3, label=name)
    axes.plot(moved["x"], moved["total"], color=style.INK, linewidth=2.4, label="all three")
    axes.plot(moved["x"][::5], moved["slope"][::5], "o", color=style.TEAL, label="JAX")
    axes.set(xlabel="$x$", title=r"slope of $\int_x^{x+1} \sin(xt)\,dt$")
    style.name_curves(axes)
    return drawing


def probability(outcome: Outcome) -> Figure:
    people = outcome.rows("body mass")
    drawing, (heights, shares) = style.figure(
        columns=2,
        title="A probability is an area: body mass of 442 patients",
        width=10.4,
        height=4.3,
    )
    x = np.linspace(-3, 3.6, 200)
    curve = np.asarray(density(jnp.asarray(x)))
    heights.hist(people["x"], bins=26, density=True, color=style.PALE, edgecolor="white")
    heights.plot(x, curve, color=style.BLUE)
    inside = abs(x) <= 1
    heights.fill_between(x[inside], 0, curve[inside], color=style.BLUE, alpha=0.25, linewidth=0)
    saying = f"normal: 68.3 %\npatients: {100 * np.mean(abs(people['x']) < 1):.1f} %"
    style.note(heights, saying, (0, 0.1), offset=(0, 0), ha="center")
    heights.set(
        xlabel="body mass index, standardised", title="density, and the area within one deviation"
    )
    shares.plot(people["x"], people["share"], color=style.GREY, label="patients")
    shares.plot(people["x"], people["area"], color=style.BLUE, label="normal")
    shares.set(xlabel="body mass index, standardised", title="the area so far: the share below")
    style.name_curves(shares)
    return drawing
