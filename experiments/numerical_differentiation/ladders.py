"""Difference quotients at every step size, what theory allows, and gradients of a loss."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads
from jaxtyping import Array, Float

from lab.calculus.elementary import higher_derivatives as higher
from lab.calculus.elementary.limits_and_first_principles import central_quotient
from lab.calculus.elementary.numerical_differentiation import SCHEMES, best_step, step_error
from lab.calculus.optimizers.gradient_descent import logistic_loss, logistic_loss_gradient
from lab.tables import Table, table
from lab.training import data

Grid = Float[np.ndarray, " m"]


class Curve(NamedTuple):
    """A function and its n-th derivative, by hand."""

    f: Callable[[Any], Any]
    nth: Callable[[Any, int], Any]


CURVES = {
    "exponential": Curve(
        jnp.exp, lambda x, n: higher.exponential_nth_derivative(x, jnp.ones(()), n)
    ),
    "sine": Curve(jnp.sin, higher.sine_nth_derivative),
    "reciprocal": Curve(jnp.reciprocal, higher.reciprocal_nth_derivative),
    "logarithm": Curve(jnp.log, higher.logarithm_nth_derivative),
}
PRECISIONS = ("float64", "float32")
PASS, SUSPICIOUS, WRONG = 1e-7, 1e-4, 1e-2
"""CS231n's thresholds for the relative error of a numerical gradient in double precision."""


def ladder(part: str, name: str, scheme: str, precision: str, x: Grid, h: Grid) -> Table:
    """One scheme for each x and h: what it says, how wrong it is, and what theory allows."""
    curve, method, number = CURVES[name], SCHEMES[scheme], np.dtype(precision).type
    x = x.astype(number).astype(float)  # numbers that both precisions have
    x, h = (grid.ravel() for grid in np.meshgrid(x, h, indexing="ij"))
    inside = x > 2 * h if name in ("reciprocal", "logarithm") else h <= 1
    x, h = x[inside], h[inside]
    estimate = method.quotient(curve.f)(*(jnp.asarray(grid.astype(number)) for grid in (x, h)))
    eps, truth = float(np.finfo(precision).eps), curve.nth(x, 1)
    # near a zero of f its values around x count; and no slope is written down to better than eps
    values = abs(curve.f(x)) + h * abs(truth)
    a, b = method.parts(values, curve.nth(x, method.needs), eps)
    predicted = step_error(jnp.asarray(h), a, b, method.order) + eps * abs(truth)
    return measured((part, name, scheme, precision), x, h, estimate, truth, predicted)


def best(name: str, x: Grid, precision: str) -> Any:
    """The best step of a central difference, by theory."""
    central, curve = SCHEMES["central"], CURVES[name]
    eps = float(np.finfo(precision).eps)
    return best_step(*central.parts(curve.f(x), curve.nth(x, central.needs), eps), central.order)


def measured(labels: tuple[str, ...], *columns: Any) -> Table:
    """Rows of the trajectory. Relative means to the larger of the two slopes, as in CS231n."""
    numbers = [np.asarray(column, float) for column in np.broadcast_arrays(*columns)]
    x, h, estimate, truth, predicted = numbers
    error, larger = abs(estimate - truth), np.maximum(abs(estimate), abs(truth))
    words = zip(("part", "function", "scheme", "precision"), labels, strict=True)
    return table(
        dict(words),
        {
            "x": x,
            "h": h,
            "estimate": estimate,
            "slope": truth,
            "error": error,
            "relative_error": error / np.maximum(larger, np.finfo(float).tiny),
            "predicted_error": predicted,
        },
    )


def a_loss(key: Any, precision: str, ridge: float) -> tuple[Callable[[Any], Any], Array, Array]:
    """Logistic regression on 569 tumours, weights, and the gradient there by hand in float64."""
    (table,) = data.standardise(data.load("breast_cancer"))
    w = 0.3 * jax.random.normal(key, table.inputs.shape[1:], jnp.float32)
    exact = (w, np.float32(table.inputs), np.float32(1 - 2 * table.targets), np.float32(ridge))
    truth = logistic_loss_gradient(*(jnp.asarray(part, float) for part in exact))
    w, *batch = (jnp.asarray(part, precision) for part in exact)
    return lambda w: logistic_loss(w, *batch), w, truth


def numerical_gradient(loss: Callable[[Any], Any], w: Array, h: Array) -> Array:
    """Each partial derivative by a central difference."""
    along = lambda direction: central_quotient(lambda t: loss(w + t * direction))
    return jax.vmap(lambda direction: along(direction)(jnp.zeros_like(h), h))(
        jnp.eye(w.size, dtype=w.dtype)
    )


def on_real_data(key: Any, precision: str, ridge: float, h: Grid) -> Table:
    """Each of the 30 partial derivatives (x is its number) by central differences, for each h."""
    loss, w, truth = a_loss(key, precision, ridge)
    every = jax.jit(jax.vmap(lambda step: numerical_gradient(loss, w, step)))
    estimate = np.asarray(every(jnp.asarray(h, precision)))
    index, step = np.meshgrid(np.arange(w.size), h)
    columns = (index.ravel(), step.ravel(), estimate.ravel(), np.tile(truth, h.size), np.nan)
    return measured(("loss", "logistic loss", "central", precision), *columns)


MISTAKES = 10.0 ** -np.arange(1, 11)
CHECKS = ("check_grads", "by coordinates")


def planted(key: Any, ridge: float) -> Iterator[Table]:
    """Which mistakes are noticed, in all 30 weights or in one, by two kinds of checks.

    JAX's ``check_grads`` compares one number, the rate along one random direction; the check by
    coordinates compares 30. ``x`` is the relative size of the mistake, ``estimate`` 1 if noticed.
    """
    loss, w, truth = a_loss(key, "float64", ridge)
    h = jnp.asarray(float(np.finfo(float).eps) ** (1 / 3))
    twin, right = numerical_gradient(loss, w, h), jax.grad(loss)(w)
    median = np.argsort(abs(np.asarray(truth)))[w.size // 2]
    for where, places in (("all weights", np.ones(w.size)), ("one weight", np.eye(w.size)[median])):
        claims = [right * (1 + size * places) for size in MISTAKES]
        off = [abs(g - twin) / jnp.maximum(abs(g), abs(twin)) for g in claims]
        seen = [not passes_check_grads(loss, claim, w) for claim in claims]
        by_part = [bool(jnp.any(part > PASS)) for part in off]
        for check, noticed in zip(CHECKS, (seen, by_part), strict=True):
            labels = ("planted", where, check, "float64")
            yield measured(labels, MISTAKES, float(h), noticed, 1.0, np.nan)


def passes_check_grads(loss: Callable[[Any], Any], claim: Array, w: Array) -> bool:
    """Whether JAX's own check takes ``claim`` for the gradient of ``loss`` at w."""
    disguised = jax.custom_vjp(loss)
    disguised.defvjp(lambda w: (loss(w), None), lambda _, cotangent: (cotangent * claim,))
    try:
        check_grads(disguised, (w,), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


def by_step(table: Table, column: str = "error", share: float = 0.5) -> tuple[Grid, Grid]:
    """Each h, and the median over functions and points of a column there, or another quantile."""
    steps, place = np.unique(table["h"], return_inverse=True)
    groups = (table[column][place == k] for k in range(steps.size))
    return steps, np.array([np.quantile(group, share) for group in groups])
