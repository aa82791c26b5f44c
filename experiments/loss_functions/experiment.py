"""Losses: what an error costs, and how hard each sample pulls at the fit.

Question: What does the slope of a loss do: to one weight, to one outlier, and to an answer that is
          surely wrong?
Command:  lab run loss_functions
Time:     about 30 s on two cores, most of it the checks
Expect:   a measurement gone wrong drags the mean by 1/41 of its error for ever, moves the median
          and Huber's fit by a bounded amount, and Tukey's not at all; a step against the slope of
          the cost changes it by slope times step and half a step squared; the logistic slope never
          exceeds 1.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks import binary_losses as binary
from lab.calculus.networks import regression_losses as regression
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, parts, stacked
from lab.training import data

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


def study(
    key: Key[Array, ""],
    *,
    samples: PositiveInt = 40,
    outliers: PositiveInt = 1,
    farthest: PositiveFloat = 60.0,
    step: PositiveFloat = 0.1,
) -> Table:
    """Body mass indices of some patients, and ``outliers`` false ones farther and farther out.

    The patients are from scikit-learn's diabetes data; false entries are off their median by up to
    ``farthest``, and the centre is fitted again with each loss. Then the illness of the true ones
    after a year is predicted by one weight, which is nudged by ``step``.
    """
    table = data.load("diabetes")
    chosen = np.asarray(jax.random.permutation(key, len(table.targets)))[:samples]
    x = jnp.asarray(table.inputs[chosen, table.feature_names.index("bmi")])
    y = jnp.asarray(table.targets[chosen])
    return parts(
        {
            "outlier": outlier_table(x, outliers, farthest),
            "family": family_table(families(1.0), jnp.linspace(-8.0, 8.0, 320)),
            "margin": family_table(MARGINS, jnp.linspace(-3.0, 3.0, 240)),
            "probability": probability_table(jnp.geomspace(1e-3, 0.999, 120)),
            **one_weight(standardised(x), standardised(y), step),
        }
    )


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


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, eps = outcome.settings, float(np.finfo(outcome.settings["precision"]).eps)
    for part in ("family", "margin"):
        table = outcome.rows(part)
        gap = np.max(abs(table["slope"] - table["jax_slope"]) / (1 + abs(table["slope"])))
        yield near(f"slopes of the {part} losses against JAX", gap, 0, 16 * eps)

    share = settings["outliers"] / (settings["samples"] + settings["outliers"])
    drag = {name: outcome.rows("outlier", loss=name) for name in families(1.0)}
    t, fitted = drag["squared"]["outlier"], drag["squared"]["fitted"]
    slope = (fitted[-1] - fitted[0]) / (t[-1] - t[0])
    yield near("the mean moves with its outliers by", slope, share, 1e3 * eps)
    for name in ("absolute", "Huber"):
        late = np.ptp(drag[name]["fitted"][t > t[-1] / 2])
        yield near(f"{name}: how far it moves from half way on", late, 0, 1e4 * eps)
    yield near("Tukey: moved by the farthest outlier", drag["Tukey"]["moved"][-1], 0, 1e4 * eps)
    for name in ("Huber", "Cauchy"):
        # differences are means over a step of t, so corners in the slope are left out
        smooth = abs(np.diff(drag[name]["influence"], append=np.nan)) < 0.1 * share
        smooth &= np.roll(smooth, 1)
        gap = np.max(abs(drag[name]["influence"] - drag[name]["difference"])[smooth])
        title = f"{name}: influence by the implicit rule against differences"
        yield near(title, gap, 0, 0.03 * share)

    weights, samples = outcome.rows("weight"), outcome.rows("sample")
    excess = (weights["change"] - weights["predicted_change"]) / settings["step"] ** 2
    clear = abs(weights["slope"]) > settings["step"]
    # of x standardised the cost bends by mean x² = 1, and a step s costs s²/2
    worst = float(np.max(abs(excess[clear] - 0.5)))
    yield near("change beyond slope x step, over step²: off 1/2 by", worst, 0, 1e3 * eps / 0.01)
    lower = float(np.mean(weights["change"][clear] < 0))
    yield near("share of weights at which a step against the slope lowers the cost", lower, 1, 0)
    at_zero = float(np.interp(0, weights["weight"], weights["slope"]))
    mean = float(samples["slope"].mean())
    yield near("mean of the samples' slopes at w = 0", mean, at_zero, 1e3 * eps)

    logs = outcome.rows("probability")
    yield near("log loss at p = 0.001: slope in p", logs["slope"][0], -1000, 0.01)
    steepest = float(abs(logs["logit_slope"]).max())
    yield Finding("log loss: greatest slope in the logit", steepest, "below 1", steepest < 1)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    title = "An error, what it costs, and how hard it pulls"
    yield "families", pairs(outcome, "family", families(1.0), title, "residual $r$, in deviations")
    yield "one_outlier", outlier_figure(outcome)
    yield "one_weight", weight_figure(outcome)
    title = "Two classes: what a margin costs"
    yield "margins", pairs(outcome, "margin", MARGINS, title, "margin $y z$")


def pairs(outcome: Outcome, part: str, losses: dict[str, Loss], title: str, across: str) -> Figure:
    """Losses on the left, their slopes on the right."""
    drawing, (left, right) = style.figure(columns=2, title=title, width=10.5, height=4.3)
    for name, one in losses.items():
        shown = outcome.rows(part, loss=name)
        left.plot(shown["residual"], shown["value"], color=one.color, label=name)
        right.plot(shown["residual"], shown["slope"], color=one.color, label=name)
    if part == "margin":
        r = shown["residual"]
        left.plot(r, r < 0, color=style.GREY, linewidth=1.1, label="wrong or right")
    margins = part == "margin"
    left.set(xlabel=across, title="loss", ylim=(0, 5) if margins else (0, 12))
    right.set(xlabel=across, title="its slope", ylim=(-5, 0.4) if margins else (-3.2, 3.2))
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def outlier_figure(outcome: Outcome) -> Figure:
    count = outcome.settings["outliers"]
    them = "One false entry" if count == 1 else f"{count} false entries"
    drawing, (left, right) = style.figure(
        columns=2, title=f"{them} among {outcome.settings['samples']} true ones", width=10.5
    )
    for name, one in families(1.0).items():
        shown = outcome.rows("outlier", loss=name)
        left.plot(shown["outlier"], shown["moved"], color=one.color, label=name)
        if name != "absolute":
            right.plot(shown["outlier"], shown["influence"], color=one.color, label=name)
            few = slice(1, -1, 6)
            right.plot(
                shown["outlier"][few], shown["difference"][few], "o", color=one.color, markersize=3
            )
    left.set(xlabel="its distance from the median", title="how far the fitted BMI moves")
    right.set(xlabel="its distance", title="and how fast: the implicit rule; dots, differences")
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def weight_figure(outcome: Outcome) -> Figure:
    weights, samples = outcome.rows("weight"), outcome.rows("sample")
    drawing, (bowl, slopes, pulls) = style.figure(
        columns=3, title="One weight: illness after a year from the BMI", width=13, height=4.0
    )
    w, step = weights["weight"], outcome.settings["step"]
    bowl.plot(w, weights["cost"], color=style.INK)
    for place in (12, 30, 68):
        at = np.array([w[place] - 0.45, w[place] + 0.45])
        line = weights["cost"][place] + weights["slope"][place] * (at - w[place])
        color = style.BLUE if weights["slope"][place] < 0 else style.RED
        bowl.plot(at, line, color=color)
        bowl.plot(w[place], weights["cost"][place], "o", color=color)
    bowl.set(xlabel="weight $w$", title="cost: blue, increase $w$; red, decrease")
    slopes.axhline(0, color=style.GREY, linewidth=0.8)
    for sign, color in ((-1, style.BLUE), (1, style.RED)):
        side = np.where(sign * weights["slope"] >= 0, weights["slope"], np.nan)
        slopes.plot(w, side, color=color)
    nudge = -step * np.sign(weights["slope"])
    slopes.plot(w[::4], (weights["change"] / nudge)[::4], "o", color=style.GOLD, markersize=3.5)
    saying = f"gold: change of the cost in\na step of {step:g} downhill, over the step"
    style.note(slopes, saying, (w[0], slopes.get_ylim()[1]), color=style.GOLD, offset=(4, -4))
    slopes.set(xlabel="weight $w$", title="its slope: the sensitivity")
    order = np.argsort(samples["slope"])
    pulls.barh(np.arange(order.size), samples["slope"][order], color=style.GREY, height=0.8)
    mean = float(samples["slope"].mean())
    pulls.axvline(mean, color=style.RED)
    style.note(pulls, f"mean {mean:.2f}", (mean, order.size), color=style.RED, offset=(-5, -8))
    pulls.set(yticks=[], xlabel="slope of its loss", title="every patient's share, at $w = 0$")
    return drawing
