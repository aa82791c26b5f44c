"""Residuals of all identities, the misprint, and the closing gap, drawn."""

from collections.abc import Iterator

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lab.experiment import Outcome
from lab.plots import style
from lab.tables import Table

from .special_cases import CLOSING


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "residuals", residuals(outcome)
    yield "misprint", misprinted(outcome)
    yield "closing_gap", blow_up(outcome)


def residuals(outcome: Outcome) -> Figure:
    """Identities down, draws across; colour is how many digits are missing."""
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    topics = list(dict.fromkeys(outcome.rows("identity")["topic"]))
    tables = [outcome.rows("identity", topic=topic) for topic in topics]
    counts = [len(set(table["name"])) for table in tables]
    across = 3
    highest = counts[::across]  # of each row of panels, for they come with the longest first
    drawing, panels = style.figure(
        rows=len(highest),
        columns=across,
        title="Every identity, by hand and by JAX",
        width=12.5,
        height=1.0 * len(highest) + 0.235 * sum(highest),
        height_ratios=highest,
    )
    decades = (np.floor(np.log10(eps / 10)), np.ceil(np.log10(1e4 * eps)))
    scale = LinearSegmentedColormap.from_list("digits", ["#dce6f0", style.BLUE, style.RED])
    colors = scale.with_extremes(bad="#f3ecdc")
    for axes in panels[len(topics) :]:
        axes.set_axis_off()
    for place, (topic, table, count) in enumerate(zip(topics, tables, counts, strict=True)):
        axes = panels[place]
        errors = table["relative_error"].reshape(count, -1)
        with np.errstate(divide="ignore"):
            digits = np.log10(errors)
        image = axes.imshow(
            np.ma.masked_invalid(digits),
            cmap=colors,
            vmin=decades[0],
            vmax=decades[1],
            aspect="auto",
        )
        names = table["name"].reshape(count, -1)[:, 0]
        axes.set_yticks(range(count), [str(name).replace("_", " ") for name in names])
        axes.set_xticks(range(errors.shape[1]), [str(1 + draw) for draw in range(errors.shape[1])])
        # one row is as high in every panel
        lowest = highest[place // across] - 0.5
        axes.set(title=str(topic).replace("_", " "), ylim=(lowest, -0.5))
        axes.grid(visible=False)
        axes.set_xticks(np.arange(errors.shape[1] + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
        axes.grid(visible=True, which="minor", color="white", linewidth=1.2)
        axes.set_axisbelow(False)
        axes.tick_params(length=0, which="both")
        axes.spines[:].set_visible(False)
    bar = drawing.colorbar(image, ax=panels, location="right", shrink=0.5, aspect=30)
    bar.set_label("relative error, powers of ten; sand: no difference at all")
    return drawing


def misprinted(outcome: Outcome) -> Figure:
    powers = outcome.settings["powers"]
    drawing, (axes,) = style.figure(
        title="Equation (92): a transpose makes half the terms wrong", width=7, height=4.2
    )
    for version, color in (("printed", style.RED), ("corrected", style.BLUE)):
        for place, n in enumerate(powers):
            error = drawn(outcome, outcome.rows("misprint", name=f"{version}, n = {n}"))
            beside = place + np.linspace(-0.12, 0.12, error.size)
            axes.plot(beside, error, "o", color=color, markersize=5, alpha=0.8)
        style.note(axes, version, (place, float(error[-1])), color=color, offset=(18, 0))
    axes.set(yscale="log", xlabel="the power n", ylabel="relative error against JAX")
    axes.set_xticks(range(len(powers)), [str(n) for n in powers])
    axes.set_xlim(-0.5, len(powers) - 0.2)
    return drawing


def blow_up(outcome: Outcome) -> Figure:
    drawing, (sizes, errors) = style.figure(
        columns=2, title="Two eigenvalues meet: who notices?", width=11, height=4.3
    )
    for name, color in zip(CLOSING, style.CYCLE, strict=False):
        table = outcome.rows("gap", name=name)
        sizes.plot(table["gap"], table["size"], color=color, label=name)
        errors.plot(table["gap"], drawn(outcome, table), ".-", color=color, label=name)
    vector = outcome.rows("gap", name="eigenvector")
    gap, size = float(vector["gap"][-1]), float(vector["size"][-1])
    style.power_law(sizes, -1, (gap, 8 * size), (gap, 1e-2), label="slope -1")
    sizes.set(title="size of the derivative", ylabel="norm along one tangent")
    errors.set(title="by hand against JAX", ylabel="relative difference")
    for axes in (sizes, errors):
        axes.set(xscale="log", yscale="log", xlabel="gap between the two eigenvalues")
        axes.invert_xaxis()
        style.name_curves(axes)
    return drawing


def drawn(outcome: Outcome, table: Table) -> np.ndarray:
    """Relative errors for a logarithmic axis: no difference at all is drawn as a tenth of eps."""
    return np.maximum(table["relative_error"], np.finfo(outcome.settings["precision"]).eps / 10)
