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

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import NonNegativeFloat, PositiveFloat

from lab.calculus.networks import linear_models
from lab.calculus.networks.binary_losses import (
    logistic_regression_gradient,
    logistic_regression_hessian,
    logistic_regression_loss,
)
from lab.calculus.networks.class_losses import (
    softmax_regression_gradient,
    softmax_regression_hessian,
    softmax_regression_loss,
)
from lab.calculus.networks.penalties import ridge_penalty, ridge_penalty_gradient
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.training import data
from lab.training.problem import Problem

Table = Mapping[str, np.ndarray]


class Model(NamedTuple):
    """A loss of weights and data with its derivatives by hand, its data, and its lowest point.

    ``hessian`` is a matrix over the weights in one row. There is no lowest point (None) where the
    classes can be separated and nothing holds the weights back.
    """

    loss: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]
    hessian: Callable[[Array], Array]
    train: tuple[Array, Array]
    test: tuple[Array, Array]
    start: Array
    names: tuple[str, ...]
    best: Array | None


TASKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "diabetes": ("diabetes", ()),
    "tumours": ("breast_cancer", ("mean radius", "mean texture")),
    "setosa": ("iris", ("petal length (cm)", "petal width (cm)")),
    "iris": ("iris", ("petal length (cm)", "petal width (cm)")),
}


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

    return Problem(
        loss=lambda w, batch: model.loss(w, *model.train),
        gradient=lambda w, batch: model.gradient(w, *model.train),
        start=model.start,
        metrics=metrics,
        point=lambda w: dict(zip(model.names, w.ravel(), strict=True)),
    )


def the_model(key: Key[Array, ""], task: str, ridge: float, test_fraction: float) -> Model:
    """The task in the precision of the run; the key decides which rows are kept for the test."""
    source, features = TASKS[task]
    table = data.load(source)
    if features:
        columns = [table.feature_names.index(feature) for feature in features]
        table = table._replace(inputs=table.inputs[:, columns], feature_names=features)
    if task == "setosa":
        table = table._replace(
            targets=(table.targets == 0).astype(int), target_names=("other", "setosa")
        )
    train, test = data.standardise(*data.split(key, table, test_fraction))
    classes, names = len(table.target_names), train.feature_names
    l = jnp.asarray(ridge, float)
    if not classes:
        shift, scale = train.targets.mean(), train.targets.std()
        train_, test_ = (
            (jnp.asarray(t.inputs, float), jnp.asarray((t.targets - shift) / scale, float))
            for t in (train, test)
        )
        return Model(
            partial(linear_models.ridge_loss, l=l),
            partial(linear_models.ridge_loss_gradient, l=l),
            lambda w: linear_models.ridge_loss_hessian(w, *train_, l),
            train_,
            test_,
            jnp.zeros(len(names)),
            names,
            linear_models.ridge_fit(*train_, l),
        )

    def with_constant(t: data.Dataset) -> tuple[Array, Array]:
        X = jnp.asarray(np.column_stack([t.inputs, np.ones(len(t.inputs))]), float)
        return X, jnp.asarray(t.targets, int if classes > 2 else float)

    bare_loss, bare_gradient, bare_hessian = (
        (logistic_regression_loss, logistic_regression_gradient, logistic_regression_hessian)
        if classes == 2
        else (softmax_regression_loss, softmax_regression_gradient, softmax_regression_hessian)
    )

    def loss(w: Array, X: Array, y: Array) -> Array:
        return bare_loss(w, X, y) + ridge_penalty(w.ravel(), l)

    def gradient(w: Array, X: Array, y: Array) -> Array:
        of_penalty = ridge_penalty_gradient(w.ravel(), l).reshape(w.shape)
        return bare_gradient(w, X, y) + of_penalty

    X, y = with_constant(train)
    start = jnp.zeros((3,) if classes == 2 else (3, classes))

    def hessian_(w: Array) -> Array:
        return bare_hessian(w, X, y).reshape(w.size, w.size) + l * jnp.eye(w.size)

    best = None
    if ridge > 0:
        best = start
        for _ in range(12):
            step = jnp.linalg.solve(hessian_(best), gradient(best, X, y).ravel())
            best = best - step.reshape(best.shape)
    rows = (*names, "constant")
    columns_ = table.target_names if classes > 2 else ("",)
    labels = tuple(f"{row} {column}".strip() for row in rows for column in columns_)
    return Model(loss, gradient, hessian_, (X, y), with_constant(test), start, labels, best)


def model_of(outcome: Outcome) -> Model:
    settings = outcome.settings
    key, _ = jax.random.split(jax.random.key(settings["seed"]))
    return the_model(key, settings["task"], settings["ridge"], settings["test_fraction"])


def path_of(outcome: Outcome, model: Model) -> np.ndarray:
    """The weights of every recorded step, a row each."""
    return np.stack([outcome.trajectory[name] for name in model.names], axis=1)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    model, table = model_of(outcome), outcome.trajectory
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    if model.best is None:
        yield from never_arrives(table)
        return
    flat = jnp.linalg.eigvalsh(model.hessian(model.best))
    slowest, steepest = float(flat.min()), float(flat.max())
    rate = outcome.settings["optimizer"]["learning_rate"]
    if outcome.settings["optimizer"]["name"] == "sgd" and isinstance(rate, float):
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


def accuracy(model: Model, w: np.ndarray) -> float:
    X, y = model.test
    scores = np.asarray(X) @ w.reshape(model.start.shape)
    guess = scores.argmax(axis=1) if scores.ndim > 1 else scores > 0
    return float(np.mean(guess == np.asarray(y)))


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    model = model_of(outcome)
    yield "learning", learning(outcome, model)
    if outcome.settings["task"] == "diabetes":
        yield "surface_and_fit", surface_and_fit(outcome, model)
        yield "left_out", left_out(outcome, model)
    else:
        yield "boundaries", boundaries(outcome, model)


def learning(outcome: Outcome, model: Model) -> Figure:
    table = outcome.trajectory
    drawing, (left, right) = style.figure(columns=2, title="Down to the bottom", width=10.5)
    step = table["step"] + 1
    for name, color in (("loss", style.BLUE), ("test_loss", style.RED)):
        left.plot(step, table[name], color=color, label=name.replace("_", " "))
    left.set(xscale="log", yscale="log", xlabel="step + 1", title="loss, with its penalty")
    if model.best is not None:
        right.plot(step - 1, table["distance"], color=style.BLUE, label="distance")
        right.plot(step - 1, table["gradient_norm"], color=style.GOLD, label="gradient")
        right.set(yscale="log", xlabel="step", title="distance to the bottom, and the gradient")
    else:
        right.plot(step, table["weight_norm"], color=style.BLUE, label="$|w|$")
        right.set(xscale="log", xlabel="step + 1", title="the weights grow like ln(step)")
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def surface_and_fit(outcome: Outcome, model: Model) -> Figure:
    """The path in the plane of the steepest and the flattest direction; predictions over time."""
    assert model.best is not None
    path = path_of(outcome, model)
    curvatures, directions = np.linalg.eigh(np.asarray(model.hessian(model.best)))
    plane = directions[:, [0, -1]]
    places = (path - np.asarray(model.best)) @ plane
    drawing, (ground, fit) = style.figure(
        columns=2,
        title="To and fro across the valley, slowly along it",
        width=11,
        height=4.8,
    )
    reach = 1.15 * np.abs(places).max(axis=0)
    a, b = np.meshgrid(np.linspace(-reach[0], reach[0], 121), np.linspace(-reach[1], reach[1], 121))
    heights = (curvatures[0] * a**2 + curvatures[-1] * b**2) / 2
    ground.contourf(a, b, heights, np.linspace(0, heights.max(), 15), cmap=style.LANDSCAPE)
    style.path_on_contours(ground, places)
    ground.set(
        xlabel=f"flattest direction, curvature {curvatures[0]:.2g}",
        ylabel=f"steepest, {curvatures[-1]:.2g}",
        title="from the bottom, two of ten directions",
    )
    X, y = (np.asarray(part) for part in model.test)
    moments = [1, 10, len(path) - 1]
    for moment, color in zip(moments, style.shades(3), strict=True):
        step = int(outcome.trajectory["step"][moment])
        fit.plot(y, X @ path[moment], "o", color=color, markersize=3.5, label=f"step {step}")
    ends = np.array([y.min(), y.max()])
    fit.plot(ends, ends, "--", color=style.RED, linewidth=1.1)
    fit.set(
        xlabel="illness after a year, standardised", ylabel="predicted", title="unseen patients"
    )
    fit.legend(loc="upper left")
    return drawing


def left_out(outcome: Outcome, model: Model) -> Figure:
    """Errors of samples left out by their leverage; and weights refitted to resampled patients."""
    X, y = model.train
    penalty = jnp.asarray(outcome.settings["ridge"] * y.size, float)
    one_by_one = np.asarray(linear_models.leave_one_out_errors(X, y, penalty))
    at_once = np.asarray(linear_models.leave_one_out_errors_by_leverage(X, y, penalty))
    drawing, (left, right) = style.figure(
        columns=2, title="What the fit owes to its samples", width=11, height=4.4
    )
    left.plot(one_by_one, at_once, "o", color=style.BLUE, markersize=3.5)
    ends = np.array([one_by_one.min(), one_by_one.max()])
    left.plot(ends, ends, "--", color=style.RED, linewidth=1.1)
    left.set(xlabel=f"{y.size} fits, each without one patient", ylabel="one fit and its leverages",
             title="errors on the patient left out")  # fmt: skip
    draws = jax.random.randint(jax.random.key(outcome.settings["seed"]), (400, y.size), 0, y.size)
    refit = jax.vmap(lambda rows: linear_models.ridge_fit(X[rows], y[rows], penalty / y.size))
    low, middle, high = np.quantile(np.asarray(refit(draws)), [0.05, 0.5, 0.95], axis=0)
    order = np.argsort(middle)
    right.barh(range(order.size), (high - low)[order], left=low[order], color=style.BLUE, alpha=0.3)
    right.plot(np.asarray(model.best)[order], range(order.size), "o", color=style.INK)
    right.axvline(0, color=style.GREY, linewidth=0.8)
    right.set_yticks(range(order.size), [model.names[i] for i in order])
    right.set(xlabel="weight", title="400 refits to patients drawn anew: nine in ten")
    return drawing


def boundaries(outcome: Outcome, model: Model) -> Figure:
    """Where the classes part, early and late."""
    path = path_of(outcome, model)
    X, y = (np.concatenate(sides) for sides in zip(model.train, model.test, strict=True))
    moments = sorted({1, min(10, len(path) - 1), len(path) - 1})
    drawing, panels = style.figure(
        columns=len(moments), title="Where the classes part", width=4.1 * len(moments), height=4.3,
        sharey=True,
    )  # fmt: skip
    for axes, moment in zip(panels, moments, strict=True):
        regions(axes, path[moment].reshape(model.start.shape), X, y)
        steps = int(outcome.trajectory["step"][moment])
        axes.set_title(f"after {steps} step{'s' if steps > 1 else ''}")
    _, features = TASKS[outcome.settings["task"]]
    for axes in panels:
        axes.set_xlabel(f"{features[0]}, standardised")
    panels[0].set_ylabel(f"{features[1]}, standardised")
    return drawing


def regions(axes: Axes, w: np.ndarray, X: np.ndarray, y: np.ndarray) -> None:
    """The points in the colours of their classes, and how sure the model is of each place."""
    colors = (style.RED, style.BLUE, style.GOLD)
    reach = 1.1 * np.abs(X[:, :2]).max()
    a, b = np.meshgrid(np.linspace(-reach, reach, 161), np.linspace(-reach, reach, 161))
    grid = np.stack([a, b, np.ones_like(a)], axis=-1) @ w
    scores = grid if grid.ndim > 2 else np.stack([np.zeros_like(grid), grid], axis=-1)
    chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances /= chances.sum(axis=-1, keepdims=True)
    for label in range(chances.shape[-1]):
        rivals = np.delete(scores, label, axis=-1).max(axis=-1)
        axes.contour(a, b, scores[..., label] - rivals, [0.0], colors=style.INK, linewidths=1.1)
        axes.contourf(a, b, chances[..., label], [0.5, 0.9, 1.01], colors=colors[label], alpha=0.12)
        here = y == label
        axes.plot(X[here, 0], X[here, 1], "o", color=colors[label], markersize=2.8, alpha=0.8)
    axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    axes.grid(visible=False)
