"""Series with their bounds and radii, and models of a loss."""

from collections.abc import Callable
from math import factorial, pi
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.jet import jet

from lab.calculus.optimizers.gradient_descent import (
    logistic_loss,
    logistic_loss_gradient,
    logistic_loss_hessian,
)
from lab.calculus.taylor import models, recurrences, series
from lab.tables import Table, table
from lab.training import data

Bound = Callable[[np.ndarray, int], np.ndarray]


class Series(NamedTuple):
    """A function, its coefficients from its equation, how far they reach, and a bound on errors."""

    f: Callable[[Any], Any]
    coefficients: Callable[[int], np.ndarray]
    radius: float
    bound: Bound


def lagrange(largest: Callable[[np.ndarray], Any]) -> Bound:
    """|x|ⁿ⁺¹/(n + 1)! times the largest that a derivative is between 0 and x."""
    return lambda x, n: largest(x) * abs(x) ** (n + 1) / factorial(n + 1)


def cauchy(circle: float, largest: float) -> Bound:
    """M qⁿ⁺¹/(1 - q), q = |x|/R, where |f| is at most M on the circle |z| = R: Cauchy's estimate
    |c_k| ≤ M/Rᵏ, summed over what is left out. Nothing is said beyond the circle.
    """

    def bound(x: np.ndarray, n: int) -> np.ndarray:
        q = np.minimum(abs(x) / circle, 1.0)
        with np.errstate(divide="ignore"):
            return largest * q ** (n + 1) / (1 - q)

    return bound


def near_minus_one(x: np.ndarray, n: int) -> np.ndarray:
    """The bound for ln(1 + x); none from -1 on."""
    inside = np.where(x > -1, x, 0.0)
    return np.where(
        x > -1, np.asarray(models.logarithm_remainder_bound(jnp.asarray(inside), n)), np.inf
    )


SERIES = {
    "exponential": Series(
        jnp.exp, recurrences.exponential, np.inf, lagrange(lambda x: np.exp(np.maximum(x, 0)))
    ),
    "sine": Series(jnp.sin, recurrences.sine, np.inf, lagrange(np.ones_like)),
    "logarithm": Series(jnp.log1p, recurrences.logarithm, 1.0, near_minus_one),
    # exact: what a geometric series leaves out is its next term over 1 + x²
    "bell": Series(
        lambda x: 1 / (1 + x**2),
        recurrences.bell,
        1.0,
        lambda x, n: abs(x) ** (2 * (n // 2) + 2) / (1 + x**2),
    ),
    "hyperbolic_tangent": Series(
        jnp.tanh, recurrences.hyperbolic_tangent, pi / 2, cauchy(1.4, np.tan(1.4))
    ),
    "sigmoid": Series(jax.nn.sigmoid, recurrences.sigmoid, pi, cauchy(2.8, (1 + np.tan(1.4)) / 2)),
}


def errors(name: str, order: int, x: np.ndarray) -> Table:
    """A polynomial, its distance from the function, and the bound for it."""
    chosen = SERIES[name]
    truth = np.asarray(chosen.f(jnp.asarray(x, float)), float)
    c = chosen.coefficients(order)
    model = np.polynomial.polynomial.polyval(x, c)
    # no sum of these terms is more exact than this
    size = np.polynomial.polynomial.polyval(abs(x), abs(c)) + abs(truth)
    columns = {"x": x, "model": model, "error": abs(model - truth), "size": size}
    columns["bound"] = chosen.bound(x, order)
    return table({"part": "error", "function": name, "order": order}, columns)


def coefficients(name: str, order: int, jet_order: int) -> Table:
    """c_k from the equation, and where it is cheap from JAX's jet; what each says of the radius."""
    chosen = SERIES[name]
    c = chosen.coefficients(order)
    moves = [1.0] + [0.0] * (jet_order - 1)
    value, higher = jax.jit(lambda x: jet(chosen.f, (x,), (moves,)))(0.0)
    by_jet, by_jvp = np.full((2, order + 1), np.nan)
    by_jvp[:5] = series.taylor_coefficients(chosen.f, 0.0, 4)
    by_jet[: jet_order + 1] = [float(d) / factorial(k) for k, d in enumerate([value, *higher])]
    columns = {"order": np.arange(order + 1.0), "coefficient": c, "by_jet": by_jet}
    columns |= {"by_jvp": by_jvp}
    return table({"part": "coefficient", "function": name}, columns | {"reach": reaches(c)})


def reaches(c: np.ndarray) -> np.ndarray:
    """|c_i/c_k|^(1/(k - i)), i the last before k that is not 0: a radius, in the limit."""
    found, last = np.full(len(c), np.nan), None
    for k in np.flatnonzero(c)[1:]:
        last = k - 1 if c[k - 1] else k - 2
        if k > 2 and c[last]:
            found[k] = abs(c[last] / c[k]) ** (1 / (k - last))
    return found


def tested(key: Any, ridge: float, halvings: int) -> Table:
    """What models of a loss leave out along a random line: right ones, and ones with a mistake."""
    (cells,) = data.standardise(data.load("breast_cancer"))
    X, y = jnp.asarray(cells.inputs, float), jnp.asarray(2 * cells.targets - 1, float)
    for_place, for_way = jax.random.split(key)
    w = 0.3 * jax.random.normal(for_place, (X.shape[1],))
    way = jax.random.normal(for_way, w.shape)
    way = way / jnp.linalg.norm(way)
    at = (X, y, jnp.array(ridge))
    f, g, H = (
        part(w, *at) for part in (logistic_loss, logistic_loss_gradient, logistic_loss_hessian)
    )
    # one entry a fifth too large; the ridge forgotten in the Hessian
    wrong_g, wrong_H = g * 1.2 ** jnp.eye(1, w.size, dtype=w.dtype)[0], H - ridge * jnp.eye(w.size)

    def left(h: Any) -> dict[str, Any]:
        truth, d = logistic_loss(w + h * way, *at) - f, h * way
        return {
            "first_order": truth - g @ d,
            "second_order": truth - g @ d - d @ H @ d / 2,
            "wrong_gradient": truth - wrong_g @ d,
            "wrong_hessian": truth - g @ d - d @ wrong_H @ d / 2,
        }

    h = 2.0 * 0.5 ** jnp.arange(halvings).astype(float)
    columns = {name: jnp.abs(e) for name, e in jax.jit(jax.vmap(left))(h).items()}
    return table({"part": "test", "loss": float(f)}, {"h": h} | columns)


def extrapolated(said: Table) -> float:
    """1/reach as k grows: it is linear in 1/k for a singularity like a power (Domb and Sykes)."""
    known = np.isfinite(said["reach"]) & (said["order"] >= said["order"].max() / 2)
    slope_and_limit = np.polyfit(1 / said["order"][known], 1 / said["reach"][known], 1)
    return float(slope_and_limit[1])
