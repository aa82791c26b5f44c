"""Integrands, rules of quadrature, and what they make of one another."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.integrals import accumulation, antiderivatives, quadrature
from lab.calculus.integrals.accumulation import normal_distribution_function_derivative as density
from lab.tables import Table, table
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
