"""Losses of one sample as functions of what is predicted, and what an outlier does to each."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks import binary_losses as binary
from lab.calculus.networks import regression_losses as regression
from lab.plots import style
from lab.tables import Table, stacked

Vector = Float[Array, " n"]


class Loss(NamedTuple):
    """A loss of one residual, or of one score with its label 1, and its slope by hand."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    color: str


def families(scale: float) -> dict[str, Loss]:
    """Losses of a residual; each robust one keeps 95 % of the mean's precision on normal data.

    The usual constants, in units of the data's ``scale`` (Holland and Welsch 1977).
    """
    huber, cauchy, tukey = (jnp.array(c * scale) for c in (1.345, 2.385, 4.685))
    zero, r = jnp.zeros(()), regression
    squared, slope_of_squared = partial(r.squared_error, y=zero), r.squared_error_derivative
    return {
        "squared": Loss(squared, partial(slope_of_squared, y=zero), style.BLUE),
        "absolute": Loss(lambda x: scale * jnp.abs(x), lambda x: scale * jnp.sign(x), style.GOLD),
        "Huber": Loss(partial(r.huber, d=huber), partial(r.huber_derivative, d=huber), style.RED),
        "Cauchy": Loss(
            partial(r.cauchy_loss, c=cauchy),
            partial(r.cauchy_loss_derivative, c=cauchy),
            style.TEAL,
        ),
        "Tukey": Loss(
            partial(r.tukey_biweight, c=tukey),
            partial(r.tukey_biweight_derivative, c=tukey),
            style.PLUM,
        ),
    }


def of_margin(f: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """The same with the label 1, so that the score is the margin."""
    return lambda z: f(z, jnp.ones_like(z))


MARGINS = {
    name: Loss(of_margin(value), of_margin(getattr(binary, f"{value.__name__}_derivative")), color)
    for name, value, color in (
        ("logistic", binary.logistic_margin_loss, style.BLUE),
        ("hinge", binary.hinge, style.RED),
        ("squared hinge", binary.squared_hinge, style.GOLD),
        ("perceptron", binary.perceptron_loss, style.TEAL),
        ("exponential", binary.exponential_loss, style.PLUM),
    )
}


# ----- error, loss, cost: of one sample, of one sample, of all -----


def error(w: Array, x: Array, y: Array) -> Array:
    """How far one prediction is off, with its sign."""
    return w * x - y


def loss(w: Array, x: Array, y: Array) -> Array:
    """What that costs."""
    return error(w, x, y) ** 2 / 2


def cost(w: Array, x: Vector, y: Vector) -> Array:
    """What it costs on average over the data."""
    return jnp.mean(jax.vmap(loss, (None, 0, 0))(w, x, y))


def family_table(losses: dict[str, Loss], r: Vector) -> Table:
    """Value and slope of each loss, by hand and by JAX, one sample at a time."""
    return stacked(
        *(
            {
                "loss": name,
                "residual": r,
                "value": jax.vmap(one.value)(r),
                "slope": jax.vmap(one.slope)(r),
                "jax_slope": jax.vmap(jax.grad(one.value))(r),
            }
            for name, one in losses.items()
        )
    )


def probability_table(p: Vector) -> dict[str, Any]:
    """Log loss of a true label: its slope in the probability, and in the logit."""
    true, z = jnp.ones_like(p), jnp.log(p) - jnp.log1p(-p)
    return {
        "probability": p,
        "value": binary.binary_cross_entropy(p, true),
        "slope": binary.binary_cross_entropy_derivative(p, true),
        "logit_slope": binary.binary_cross_entropy_with_logits_derivative(z, true),
    }


def standardised(x: Vector) -> Vector:
    return (x - jnp.mean(x)) / jnp.std(x)


# ----- one outlier -----


def spread(x: Vector) -> float:
    """The median distance from the median, scaled to be the deviation if x is normal."""
    return 1.4826 * float(jnp.median(jnp.abs(x - jnp.median(x))))


def centre(x: Float[Array, "t n"], one: Loss, start: Float[Array, " t"]) -> Float[Array, " t"]:
    """Where the slopes of all samples balance, for each row of x.

    A weighted mean, each sample weighted by its slope over its residual, until nothing moves.
    """
    place = start
    for _ in range(150):
        r = x - place[:, None]
        weight = jnp.where(r == 0, 1.0, one.slope(r) / jnp.where(r == 0, 1.0, r))
        place = jnp.sum(weight * x, axis=1) / jnp.sum(weight, axis=1)
    return place


def outlier_table(x: Vector, outliers: int, farthest: float) -> Table:
    """The fitted centre with false entries at distance t, and its slope in t by two ways."""
    middle, scale = jnp.median(x), spread(x)
    t = jnp.linspace(0.0, farthest, 121)
    true = jnp.broadcast_to(x, (t.size, x.size))
    false = jnp.broadcast_to((middle + t)[:, None], (t.size, outliers))
    entries = jnp.concatenate([true, false], axis=1)
    medians, tables = jnp.median(entries, axis=1), []
    for name, one in families(scale).items():
        flat = name == "absolute"
        fitted = medians if flat else centre(entries, one, medians)
        alone = middle if flat else centre(x[None], one, middle[None])[0]
        # the balance Σ slope(x_i - c) = 0, differentiated: bend(t - c) (dt - dc) = Σ bend dc
        bend = jax.vmap(jax.vmap(jax.grad(one.slope)))(entries - fitted[:, None])
        influence = jnp.sum(bend[:, x.size :], axis=1) / jnp.sum(bend, axis=1)
        tables.append(
            {
                "loss": name,
                "outlier": t,
                "fitted": fitted,
                "moved": fitted - alone,
                "influence": jnp.full_like(t, jnp.nan) if flat else influence,
                "difference": jnp.gradient(fitted, t[1] - t[0]),
            }
        )
    return stacked(*tables)


# ----- one weight -----


def one_weight(x: Vector, y: Vector, step: float) -> dict[str, dict[str, Array]]:
    """The cost over a range of weights, with its slope; every sample's share of it at weight 0."""
    w = jnp.linspace(-1.5, 2.5, 81)
    zero = jnp.zeros(())

    def slope(w: Array) -> Array:
        # the catalogue's loss lacks the half
        gradient, _ = regression.affine_squared_error_gradient(w[None], zero, x[:, None], y)
        return gradient[0] / 2

    slopes = jax.vmap(slope)(w)
    costs = jax.vmap(lambda w: cost(w, x, y))(w)
    nudged = w - step * jnp.sign(slopes)
    weights = {
        "weight": w,
        "cost": costs,
        "slope": slopes,
        "jax_slope": jax.vmap(jax.grad(lambda w: cost(w, x, y)))(w),
        "predicted_change": -step * jnp.abs(slopes),
        "change": jax.vmap(lambda w: cost(w, x, y))(nudged) - costs,
    }
    each = {
        "x": x,
        "y": y,
        "error": error(zero, x, y),
        "value": loss(zero, x, y),
        "slope": jax.vmap(jax.grad(loss), (None, 0, 0))(zero, x, y),
    }
    return {"weight": weights, "sample": each}
