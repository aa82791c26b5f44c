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

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from pydantic import PositiveFloat, PositiveInt

from lab.experiment import Finding, Outcome, near
from lab.tables import Table, parts
from lab.training import data

from .figures import figures as figures
from .losses import (
    MARGINS,
    families,
    family_table,
    one_weight,
    outlier_table,
    probability_table,
    standardised,
)

# ----- error, loss, cost: of one sample, of one sample, of all -----


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
