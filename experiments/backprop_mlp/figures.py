"""How a network learned, drawn: losses, gradients layer by layer, mistakes, first layer."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style

from .evaluation import CLASSES, by_layer, evaluated, evaluation_of, rounding, smoothed

SHADES = LinearSegmentedColormap.from_list("shades", ["white", style.RED])


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "learning", learning(outcome)
    yield "gradient_flow", gradient_flow(outcome)
    if "gap" in outcome.trajectory:
        yield "hand_against_jax", hand_against_jax(outcome)
    yield "mistakes", mistakes(outcome)
    yield "first_layer", first_layer(outcome)


def learning(outcome: Outcome) -> Figure:
    """Loss and accuracy, on digits trained on and on those kept back."""
    drawing, (left, right) = style.figure(columns=2, title="Learning to read digits")
    steps, loss = smoothed(outcome.trajectory["step"], outcome.trajectory["loss"])
    left.plot(steps, loss, color=style.GREY, linewidth=1, label="batch, with\npenalty")
    for name, color in (("train", style.BLUE), ("test", style.RED)):
        left.plot(*evaluated(outcome, f"{name}_loss"), color=color, label=name)
        steps, accuracy = evaluated(outcome, f"{name}_accuracy")
        right.plot(steps, 100 * (1 - accuracy), color=color, label=name)
    left.set(yscale="log", xlabel="step", title="Cross-entropy")
    # logarithmic, but down to none at all
    right.set_yscale("symlog", linthresh=1)
    right.set(xlabel="step", title="Digits misread, percent", ylim=(0, 100))
    right.set_yticks([0, 1, 3, 10, 30, 100], ["0", "1", "3", "10", "30", "100"])
    for axes in (left, right):
        style.name_curves(axes, gap=0.09)
    return drawing


def gradient_flow(outcome: Outcome) -> Figure:
    """Whether the gradient reaches the first layer, and whether each layer moves at a sane pace."""
    drawing, (left, right) = style.figure(columns=2, title="Layer by layer")
    left.set_title("Norm of the gradient")
    right.set_title("Norm of the update / norm of the weights")
    right.axhline(1e-3, color=style.GREY, linestyle="--", linewidth=1, label="rule of thumb")
    for axes, name in ((left, "gradient_norm"), (right, "update_ratio")):
        for number, column in enumerate(by_layer(outcome, name), 1):
            color = style.CYCLE[(number - 1) % len(style.CYCLE)]
            axes.plot(outcome.trajectory["step"], column, color=color, linewidth=0.6, alpha=0.25)
            steps, middle = smoothed(outcome.trajectory["step"], column)
            axes.plot(steps, middle, color=color, label=f"layer {number}")
        axes.set(yscale="log", xlabel="step")
    # a schedule may end at 0, which no logarithmic axis reaches
    right.set_ylim(bottom=max(1e-6, right.get_ylim()[0]))
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def hand_against_jax(outcome: Outcome) -> Figure:
    """The largest relative error of any leaf of the gradient, at every step."""
    drawing, (axes,) = style.figure(title="By hand and by JAX: apart by rounding")
    gaps = outcome.trajectory["gap"] / rounding(outcome)
    axes.plot(outcome.trajectory["step"], gaps, ".", markersize=2.5)
    unit = f"in spacings of {outcome.settings['precision']} at 1, {rounding(outcome):.1e}"
    axes.set(yscale="log", xlabel="step", ylim=(0.1, max(100, 3 * gaps.max())))
    axes.set_ylabel(f"largest relative gap,\n{unit}")
    return drawing


def mistakes(outcome: Outcome) -> Figure:
    """Which digits are taken for which, and those that are, the surest of them first."""
    evaluation = evaluation_of(outcome)
    labels = evaluation.test.targets
    guesses, chances = evaluation.guesses(outcome.params)
    wrong = np.flatnonzero(guesses != labels)
    title = f"{len(wrong)} of {len(labels)} unseen digits misread"
    drawing, (left, right) = style.figure(columns=2, title=title)

    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (labels, guesses), 1)
    misread = np.where(np.eye(CLASSES, dtype=bool), 0, counts)
    left.imshow(misread, cmap=SHADES, vmin=0, vmax=max(4, misread.max()))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = style.GREY if row == column else style.INK
            left.text(column, row, str(count), color=color, ha="center", va="center", fontsize=8)
    left.set(xticks=range(CLASSES), yticks=range(CLASSES), xlabel="read as", ylabel="written")
    left.grid(visible=False)

    page = wrong[np.argsort(-chances[wrong])][:16]
    captions = [f"{labels[i]} as {guesses[i]}, {chances[i]:.0%}" for i in page]
    mosaic(right, evaluation.images[page], captions, columns=4, cmap="gray_r")
    right.set_title("Written, read as, and how surely" if len(page) else "None to show")
    return drawing


def first_layer(outcome: Outcome) -> Figure:
    """What the hidden units look for: their weights on the pixels."""
    weights = np.asarray(outcome.params[0]["W"])
    heard = np.linalg.norm(np.asarray(outcome.params[1]["W"]), axis=1) if outcome.params[1:] else 1
    order = np.argsort(-heard * np.linalg.norm(weights, axis=0))[:40]
    title = "First layer, the units heard most: ink adds where red, subtracts where blue"
    drawing, (axes,) = style.figure(width=8.4, height=4.0, title=title)
    mosaic(axes, weights.T[order], [""] * len(order), columns=10, cmap="RdBu_r")
    return drawing


def mosaic(axes: Axes, images: np.ndarray, captions: list[str], *, columns: int, cmap: str) -> None:
    """Square images on one page, each on a scale of its own, with a caption below."""
    side = int(images.shape[1] ** 0.5)
    wide, high = 1.2 * side, (1.5 if any(captions) else 1.2) * side
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        x, y = wide * (place % columns), high * (place // columns)
        largest = np.abs(image).max()
        limits = {"vmin": -largest if image.min() < 0 else 0, "vmax": largest}
        box = (x, x + side, y + side, y)
        axes.imshow(image.reshape(side, side), cmap=cmap, extent=box, **limits)
        axes.text(x + side / 2, y + 1.06 * side, caption, ha="center", va="top", fontsize=7.5)
    rows = max(1, -(-len(images) // columns))
    axes.set(xlim=(0, columns * wide), ylim=(rows * high, 0), aspect="equal", anchor="NW")
    axes.set_axis_off()
