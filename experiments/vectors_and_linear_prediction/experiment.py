"""Vectors measure and predict: lengths, distances, angles, weighted sums, and their gradients.

Question: Which way does a vector have to move to grow longer, come nearer or turn, and what does a
          prediction w . x + b feel when a weight moves?
Command:  lab run vectors_and_linear_prediction
Time:     about 15 s on two cores, most of it the checks
Expect:   gradients of norms of length 1 (in the dual norm, for every p), a cosine whose gradient
          is orthogonal to x and sin/|x| long, none of them at 0, where JAX says nan; a prediction
          whose gradient is the row of features, to the last digit.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.tables import Table, stacked

from .figures import figures as figures
from .vectors import ball, cloud, prediction, walk


def study(
    key: Any,
    *,
    balls: tuple[float, ...] = (1.0, 2.0, 4.0),
    angles: PositiveInt = 240,
    start: tuple[float, float] = (-2.0, 0.3),
    end: tuple[float, float] = (2.0, 0.3),
    landmark: tuple[float, float] = (1.0, 1.5),
    steps: PositiveInt = 200,
    dataset: Literal["diabetes", "breast_cancer", "wine", "iris"] = "diabetes",
    sample: NonNegativeInt = 7,
) -> Table:
    """A walk past the origin, unit balls (that of p = ∞ always), a cloud of data, a prediction.

    Nothing is random: the key is not used. Raises ``BadInput`` for a p below 1, for a walk through
    the origin or through the landmark, and for a sample that the data set does not have.
    """
    small = [p for p in balls if not p >= 1]
    if small:
        raise BadInput(f"balls: p = {small[0]:g} gives no norm; p is 1 or more")
    return stacked(
        walk(jnp.array(start), jnp.array(end), jnp.array(landmark), steps),
        *(ball(p, angles) for p in (*balls, np.inf)),
        cloud(),
        prediction(dataset, sample),
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    path, dots = outcome.rows("walk"), outcome.rows("cloud")
    for name in ("norm", "distance"):
        lengths = np.hypot(path[f"{name}_slope_x"], path[f"{name}_slope_y"])
        yield small(f"length of the gradient of the {name}, less 1", np.max(abs(lengths - 1)), eps)
    rate = path["x"] * path["norm_slope_x"] + path["y"] * path["norm_slope_y"]
    gap = np.max(abs(rate / path["norm"] - 1))
    yield small("x . grad |x| over |x|, less 1 (Euler)", gap, eps)

    along = path["x"] * path["cosine_slope_x"] + path["y"] * path["cosine_slope_y"]
    yield small("x . grad cos, greatest", np.max(abs(along)), eps)
    turn = np.hypot(path["cosine_slope_x"], path["cosine_slope_y"]) * path["norm"]
    gap = np.max(abs(turn - abs(path["sine"])))
    yield small("|x| |grad cos| against the sine, greatest gap", gap, eps)
    gap = max(np.max(path[f"{name}_gap"] * path["norm"]) for name in ("norm", "cosine"))
    yield small("hand against JAX along the walk, greatest gap", gap, eps)

    for p in (*outcome.settings["balls"], np.inf):
        lengths = outcome.rows("ball", p=p)["dual_length"]
        gap = np.max(abs(lengths - 1))
        yield small(f"dual length of the gradient of the {p:g}-norm, less 1", gap, eps)
    gap = np.max(abs(dots["dual_length"] - 1))
    yield small("the same for Mahalanobis' distance on real data", gap, 1e2 * eps)

    at_zero = np.asarray(jax.grad(jnp.linalg.norm)(jnp.zeros(2)))
    yield Finding(
        "JAX's gradient of |x| at 0", str(at_zero[0]), "nan", bool(np.isnan(at_zero).all())
    )

    parts = outcome.rows("prediction")
    scale = float(abs(parts["contribution"]).sum() + abs(parts["bias"][0]))
    gap = abs(parts["contribution"].sum() + parts["bias"][0] - parts["prediction"][0]) / scale
    yield small("bias and contributions against the prediction", gap, eps)
    gap = np.max(abs(parts["slope"] - parts["value"]))
    yield Finding("gradient of the prediction less the features", gap, "exactly 0", bool(gap == 0))
    pull = np.max(abs(parts["loss_slope"])) / scale
    yield small("slope of the squared error at the best weights", pull, 1e2 * eps)


def small(name: str, value: Any, eps: float) -> Finding:
    """A number that should be zero but for rounding."""
    margin = 32 * eps
    return Finding(name, float(value), f"0 within {margin:.0e}", bool(value <= margin))
