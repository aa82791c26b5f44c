"""Linear and logistic regression: prediction minus truth, times the inputs.

Question: One formula, X^T (p - y) / n, is the gradient of three models.  Where does it lead, how
          fast, and where does it never stop?
Command:  lab run linear_and_logistic_regression
Time:     about 40 s on two cores, most of it the checks
Expect:   on the diabetes data a descent that ends where the normal equations say, each step leaving
          1 - a mu = 0.991 of the error; errors on samples left out that one fit predicts to
          rounding.  On separable classes, weights that grow like the logarithm of the step, without
          end.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from pydantic import NonNegativeFloat, PositiveFloat

from lab.calculus.networks import linear_models
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.training.problem import Problem

from .figures import figures as figures
from .models import accuracy, model_of, path_of, the_model

Table = Mapping[str, np.ndarray]


def problem(
    key: Key[Array, ""],
    *,
    task: Literal["diabetes", "tumours", "setosa", "iris"] = "diabetes",
    ridge: NonNegativeFloat = 0.01,
    test_fraction: PositiveFloat = 0.25,
) -> Problem:
    """Linear regression of an illness, logistic of tumours or of one iris, softmax of all three.

    Inputs are standardised. The classes are told by two features and a constant, so that they can
    be drawn.
    """
    model = the_model(key, task, ridge, test_fraction)

    def metrics(w: Array, gradient: Array, update: Array, batch: Any) -> dict[str, Array]:
        del gradient, update, batch
        found = {"test_loss": model.loss(w, *model.test), "weight_norm": jnp.linalg.norm(w)}
        if model.best is not None:
            found["distance"] = jnp.linalg.norm(w - model.best)
        return found

    def hessian(w: Array, batch: Any) -> Array:
        del batch
        return model.hessian(w).reshape(w.shape + w.shape)

    residuals, jacobian = model.residuals, model.jacobian
    return Problem(
        loss=lambda w, batch: model.loss(w, *batch),
        gradient=lambda w, batch: model.gradient(w, *batch),
        start=model.start,
        batch=lambda key, step: model.train,
        metrics=metrics,
        point=lambda w: dict(zip(model.names, w.ravel(), strict=True)),
        hessian=hessian,
        fisher=hessian,
        residuals=residuals and (lambda w, batch: residuals(w, *batch)),
        jacobian=jacobian and (lambda w, batch: jacobian(w, *batch)),
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    model, table = model_of(outcome), outcome.trajectory
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    if model.best is None:
        yield from never_arrives(table)
        return
    flat = jnp.linalg.eigvalsh(model.hessian(model.best))
    slowest, steepest = float(flat.min()), float(flat.max())
    optimizer = outcome.settings["optimizer"]
    rate = optimizer.get("learning_rate")
    plain = optimizer["name"] == "sgd" and not optimizer["momentum"] and not optimizer["step"]
    if plain and isinstance(rate, float):
        law = max(abs(1 - rate * slowest), abs(1 - rate * steepest))
        late = slice(table["step"].size // 2, None)
        clear = table["distance"][late] > 1e3 * eps
        if clear.sum() > 2:
            fall = np.log(table["distance"][late][clear])
            measured = float(np.exp(np.polyfit(table["step"][late][clear], fall, 1)[0]))
            yield near("left of the distance to the bottom, a step", measured, law, 2e-3)
    ratio = float(table["distance"][-1] / table["distance"][0])
    yield Finding("left of the distance in the end", ratio, "below 0.05", ratio < 0.05)
    if outcome.settings["task"] == "diabetes":
        X, y = model.train
        penalty = jnp.asarray(outcome.settings["ridge"] * y.size, float)
        one_by_one = linear_models.leave_one_out_errors(X, y, penalty)
        at_once = linear_models.leave_one_out_errors_by_leverage(X, y, penalty)
        gap = float(jnp.max(jnp.abs(one_by_one - at_once)))
        yield near("errors on samples left out: one by one against all at once", gap, 0, 1e3 * eps)
        explained = 1 - 2 * float(table["test_loss"][-1])
        yield Finding("share of the variance explained in the test", explained, "above 0.3",
                      explained > 0.3)  # fmt: skip
    else:
        right = accuracy(model, path_of(outcome, model)[-1])
        yield Finding("test accuracy", right, "at least 0.85", right >= 0.85)


def never_arrives(table: Table) -> Iterator[Finding]:
    """On separable classes: the loss falls like 1/step, the weights grow like its logarithm."""
    grown = float(table["weight_norm"][-1] / table["weight_norm"][-2])
    yield Finding("|w| at the last step over that before", grown, "above 1", grown > 1)
    last = float(table["step"][-1])
    decades = [(last / 100, last / 10), (last / 10, last)]
    growth, falls = [], []
    for low, high in decades:
        here = (table["step"] >= max(low, 1)) & (table["step"] <= high)
        if here.sum() < 5:
            return  # too short a run to see a law in
        step = table["step"][here].astype(float)
        falls.append(style.log_log_slope(step, table["loss"][here]))
        growth.append(float(np.polyfit(np.log(step), table["weight_norm"][here], 1)[0]))
    yield near("exponent of the loss in the step, last tenfold", falls[1], -1, 0.1)
    name = "growth of |w| with ln(step), last tenfold over the one before"
    yield near(name, growth[1] / growth[0], 1, 0.2)
    yield Finding("|w| still grows, by this a tenfold", growth[1] * np.log(10), "above 0.5",
                  growth[1] * np.log(10) > 0.5)  # fmt: skip
