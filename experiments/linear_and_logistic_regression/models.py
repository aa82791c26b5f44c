"""The four fits: loss, gradient by hand, and what is known of the best."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

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
from lab.experiment import Outcome
from lab.training import data


class Model(NamedTuple):
    """A loss of weights and data with its derivatives by hand, its data, and its lowest point.

    ``hessian`` is a matrix over the weights in one row, and the Fisher information as well: in all
    four it knows nothing of the targets. ``residuals`` of weights and data, whose squares add up to
    the loss, and their ``jacobian`` are known of least squares alone. There is no lowest point
    (None) where the classes can be separated and nothing holds the weights back.
    """

    loss: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]
    hessian: Callable[[Array], Array]
    train: tuple[Array, Array]
    test: tuple[Array, Array]
    start: Array
    names: tuple[str, ...]
    best: Array | None
    residuals: Callable[[Array, Array, Array], Array] | None = None
    jacobian: Callable[[Array, Array, Array], Array] | None = None


TASKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "diabetes": ("diabetes", ()),
    "tumours": ("breast_cancer", ("mean radius", "mean texture")),
    "setosa": ("iris", ("petal length (cm)", "petal width (cm)")),
    "iris": ("iris", ("petal length (cm)", "petal width (cm)")),
}


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
            partial(linear_models.ridge_residuals, l=l),
            partial(linear_models.ridge_residuals_jacobian, l=l),
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


def accuracy(model: Model, w: np.ndarray) -> float:
    X, y = model.test
    scores = np.asarray(X) @ w.reshape(model.start.shape)
    guess = scores.argmax(axis=1) if scores.ndim > 1 else scores > 0
    return float(np.mean(guess == np.asarray(y)))
