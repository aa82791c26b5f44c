"""How it learned, the loss around the fit, and boundaries, drawn."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lab.calculus.networks import linear_models
from lab.experiment import Outcome
from lab.plots import style

from .models import TASKS, Model, model_of, path_of

# ----- findings -----


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
    moments = sorted({min(moment, len(path) - 1) for moment in (1, 10, len(path))})
    for moment, color in zip(moments, style.shades(len(moments)), strict=True):
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
