"""Slopes from values alone: five schemes, two precisions, and the step in the middle.

Question: How small should h be, how many digits are there to gain, and what does a gradient prove
          by agreeing with its numerical twin?
Command:  lab run numerical_differentiation
Time:     about 15 s on two cores
Expect:   errors like h, h², h⁴, h⁴ and h² until rounding stops all but the complex step, which is
          right to the last digits at h = 1e-100; nearly the least error at (3 eps |f/f'''|)^(1/3);
          in float32 no central difference of a real loss that meets CS231n's 1e-7.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.calculus.elementary import higher_derivatives as higher
from lab.calculus.elementary import numerical_differentiation as calculus
from lab.calculus.elementary.limits_and_first_principles import central_quotient
from lab.calculus.elementary.numerical_differentiation import SCHEMES, best_step, step_error
from lab.calculus.optimizers.gradient_descent import logistic_loss, logistic_loss_gradient
from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Table, stacked, table
from lab.training import data

Grid = Float[np.ndarray, " m"]


class Curve(NamedTuple):
    """A function and its n-th derivative, by hand."""

    f: Callable[[Any], Any]
    nth: Callable[[Any, int], Any]


CURVES = {
    "exponential": Curve(
        jnp.exp, lambda x, n: higher.exponential_nth_derivative(x, jnp.ones(()), n)
    ),
    "sine": Curve(jnp.sin, higher.sine_nth_derivative),
    "reciprocal": Curve(jnp.reciprocal, higher.reciprocal_nth_derivative),
    "logarithm": Curve(jnp.log, higher.logarithm_nth_derivative),
}
PRECISIONS = ("float64", "float32")
PASS, SUSPICIOUS, WRONG = 1e-7, 1e-4, 1e-2
"""CS231n's thresholds for the relative error of a numerical gradient in double precision."""


def study(
    key: Any,
    *,
    functions: tuple[Literal["exponential", "sine", "reciprocal", "logarithm"], ...] = (
        "exponential",
        "sine",
        "reciprocal",
        "logarithm",
    ),
    at: PositiveFloat = 2.0,
    points: PositiveInt = 16,
    halvings: PositiveInt = 52,
    map_of: Literal["exponential", "sine", "reciprocal", "logarithm"] = "logarithm",
    map_decades: tuple[float, float] = (-3.0, 3.0),
    ridge: NonNegativeFloat = 0.01,
) -> Table:
    """Every scheme on every function, a map over x and h, and the gradient of a loss on real data.

    All is done in both precisions, whatever that of the run. ``h`` are powers of two, so that
    ``x + h`` brings no error into h. Raises ``BadInput`` where there is no function to study.
    """
    if not functions:
        raise BadInput(f"functions=[]: nothing to study; name one or more of {', '.join(CURVES)}")
    with jax.enable_x64(True):
        first, second = jax.random.split(key)
        x = at * np.asarray(jax.random.uniform(first, (points,), minval=0.8, maxval=1.2), float)
        h, wide = 0.5 ** np.arange(2, halvings + 1), 2.0 ** np.arange(-44, 9)
        edges = np.logspace(*map_decades, 97)
        places = np.sqrt(edges[1:] * edges[:-1])  # no round numbers, whose slopes round luckily
        tables = list(planted(second, ridge))
        for precision in PRECISIONS:
            for scheme in SCHEMES:
                tables += [ladder("curves", name, scheme, precision, x, h) for name in functions]
            tables.append(ladder("map", map_of, "central", precision, places, wide))
            tables.append(on_real_data(second, precision, ridge, h))
    return stacked(*tables)


def ladder(part: str, name: str, scheme: str, precision: str, x: Grid, h: Grid) -> Table:
    """One scheme for each x and h: what it says, how wrong it is, and what theory allows."""
    curve, method, number = CURVES[name], SCHEMES[scheme], np.dtype(precision).type
    x = x.astype(number).astype(float)  # numbers that both precisions have
    x, h = (grid.ravel() for grid in np.meshgrid(x, h, indexing="ij"))
    inside = x > 2 * h if name in ("reciprocal", "logarithm") else h <= 1
    x, h = x[inside], h[inside]
    estimate = method.quotient(curve.f)(*(jnp.asarray(grid.astype(number)) for grid in (x, h)))
    eps, truth = float(np.finfo(precision).eps), curve.nth(x, 1)
    # near a zero of f its values around x count; and no slope is written down to better than eps
    values = abs(curve.f(x)) + h * abs(truth)
    a, b = method.parts(values, curve.nth(x, method.needs), eps)
    predicted = step_error(jnp.asarray(h), a, b, method.order) + eps * abs(truth)
    return measured((part, name, scheme, precision), x, h, estimate, truth, predicted)


def best(name: str, x: Grid, precision: str) -> Any:
    """The best step of a central difference, by theory."""
    central, curve = SCHEMES["central"], CURVES[name]
    eps = float(np.finfo(precision).eps)
    return best_step(*central.parts(curve.f(x), curve.nth(x, central.needs), eps), central.order)


def measured(labels: tuple[str, ...], *columns: Any) -> Table:
    """Rows of the trajectory. Relative means to the larger of the two slopes, as in CS231n."""
    numbers = [np.asarray(column, float) for column in np.broadcast_arrays(*columns)]
    x, h, estimate, truth, predicted = numbers
    error, larger = abs(estimate - truth), np.maximum(abs(estimate), abs(truth))
    words = zip(("part", "function", "scheme", "precision"), labels, strict=True)
    return table(
        dict(words),
        {
            "x": x,
            "h": h,
            "estimate": estimate,
            "slope": truth,
            "error": error,
            "relative_error": error / np.maximum(larger, np.finfo(float).tiny),
            "predicted_error": predicted,
        },
    )


# ----- the gradient of a loss on real data -----


def a_loss(key: Any, precision: str, ridge: float) -> tuple[Callable[[Any], Any], Array, Array]:
    """Logistic regression on 569 tumours, weights, and the gradient there by hand in float64."""
    (table,) = data.standardise(data.load("breast_cancer"))
    w = 0.3 * jax.random.normal(key, table.inputs.shape[1:], jnp.float32)
    exact = (w, np.float32(table.inputs), np.float32(1 - 2 * table.targets), np.float32(ridge))
    truth = logistic_loss_gradient(*(jnp.asarray(part, float) for part in exact))
    w, *batch = (jnp.asarray(part, precision) for part in exact)
    return lambda w: logistic_loss(w, *batch), w, truth


def numerical_gradient(loss: Callable[[Any], Any], w: Array, h: Array) -> Array:
    """Each partial derivative by a central difference."""
    along = lambda direction: central_quotient(lambda t: loss(w + t * direction))
    return jax.vmap(lambda direction: along(direction)(jnp.zeros_like(h), h))(
        jnp.eye(w.size, dtype=w.dtype)
    )


def on_real_data(key: Any, precision: str, ridge: float, h: Grid) -> Table:
    """Each of the 30 partial derivatives (x is its number) by central differences, for each h."""
    loss, w, truth = a_loss(key, precision, ridge)
    every = jax.jit(jax.vmap(lambda step: numerical_gradient(loss, w, step)))
    estimate = np.asarray(every(jnp.asarray(h, precision)))
    index, step = np.meshgrid(np.arange(w.size), h)
    columns = (index.ravel(), step.ravel(), estimate.ravel(), np.tile(truth, h.size), np.nan)
    return measured(("loss", "logistic loss", "central", precision), *columns)


MISTAKES = 10.0 ** -np.arange(1, 11)
CHECKS = ("check_grads", "by coordinates")


def planted(key: Any, ridge: float) -> Iterator[Table]:
    """Which mistakes are noticed, in all 30 weights or in one, by two kinds of checks.

    JAX's ``check_grads`` compares one number, the rate along one random direction; the check by
    coordinates compares 30. ``x`` is the relative size of the mistake, ``estimate`` 1 if noticed.
    """
    loss, w, truth = a_loss(key, "float64", ridge)
    h = jnp.asarray(float(np.finfo(float).eps) ** (1 / 3))
    twin, right = numerical_gradient(loss, w, h), jax.grad(loss)(w)
    median = np.argsort(abs(np.asarray(truth)))[w.size // 2]
    for where, places in (("all weights", np.ones(w.size)), ("one weight", np.eye(w.size)[median])):
        claims = [right * (1 + size * places) for size in MISTAKES]
        off = [abs(g - twin) / jnp.maximum(abs(g), abs(twin)) for g in claims]
        seen = [not passes_check_grads(loss, claim, w) for claim in claims]
        by_part = [bool(jnp.any(part > PASS)) for part in off]
        for check, noticed in zip(CHECKS, (seen, by_part), strict=True):
            labels = ("planted", where, check, "float64")
            yield measured(labels, MISTAKES, float(h), noticed, 1.0, np.nan)


def passes_check_grads(loss: Callable[[Any], Any], claim: Array, w: Array) -> bool:
    """Whether JAX's own check takes ``claim`` for the gradient of ``loss`` at w."""
    disguised = jax.custom_vjp(loss)
    disguised.defvjp(lambda w: (loss(w), None), lambda _, cotangent: (cotangent * claim,))
    try:
        check_grads(disguised, (w,), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    for name, scheme in SCHEMES.items():
        h, typical = by_step(outcome.rows(part="curves", scheme=name, precision="float64"))
        turn = h[np.argmin(typical)] if scheme.rounding else 1e-7
        falling = (h >= 10 * turn) & (h <= h.max() / 2)
        order = style.log_log_slope(h[falling], typical[falling])
        said = f"{scheme.order} within 0.15"
        yield Finding(f"order of {name}", order, said, abs(order - scheme.order) <= 0.15)
    for precision in PRECISIONS:
        table = outcome.rows(part="curves", precision=precision)
        ratio = (table["error"] / table["predicted_error"])[table["h"] <= 2**-4]
        name, usual = f"error / predicted error, {precision}", float(np.quantile(ratio, 0.999))
        yield Finding(name, usual, "below 2, for 99.9 % of all estimates", usual < 2)
        table = outcome.rows(part="map", precision=precision)
        wanted = best(outcome.settings["map_of"], table["x"], precision)
        near = abs(np.log2(table["h"] / wanted)) <= 0.5
        most = float(np.max((table["error"] / table["predicted_error"])[near]))
        name = f"error / predicted error at the best h, worst over all x, {precision}"
        yield Finding(name, most, "below 2", most < 2)
    with jax.enable_x64(True):
        one, tiny = jnp.array(1.0), jnp.array(1e-100)
        off = abs(float(calculus.complex_step(jnp.exp)(one, tiny)) / np.e - 1)
        said = "below 4 eps = 8.9e-16"
        yield Finding("relative error of a complex step of 1e-100", off, said, off < 8.9e-16)
        modulus = float(calculus.complex_step(jnp.abs)(one, tiny))
        yield Finding("complex step of |x| at 1", modulus, "0, though the slope is 1", modulus == 0)
    for precision, said, fits in (
        ("float64", f"below {PASS:g}, a good gradient", lambda error: error < PASS),
        ("float32", f"above {PASS:g}, however right it is", lambda error: error > PASS),
    ):
        _, worst = by_step(outcome.rows(part="loss", precision=precision), "relative_error", 1.0)
        name = f"worst relative error of 30 partial derivatives at the best h, {precision}"
        yield Finding(name, float(worst.min()), said, bool(fits(worst.min())))
    for where in ("all weights", "one weight"):
        tables = [outcome.rows(part="planted", function=where, scheme=s) for s in CHECKS]
        jax_sees, ours = (float(t["x"][t["estimate"] > 0].min(initial=np.inf)) for t in tables)
        said = f"{ours:g} when checked by coordinates, which is less"
        name = f"least mistake in {where} noticed by check_grads"
        yield Finding(name, jax_sees, said, ours < jax_sees)


def by_step(table: Table, column: str = "error", share: float = 0.5) -> tuple[Grid, Grid]:
    """Each h, and the median over functions and points of a column there, or another quantile."""
    steps, place = np.unique(table["h"], return_inverse=True)
    groups = (table[column][place == k] for k in range(steps.size))
    return steps, np.array([np.quantile(group, share) for group in groups])


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "five_schemes", five_schemes(outcome)
    yield "where_the_valley_runs", valley(outcome)
    yield "gradient_check", gradient_check(outcome)


def five_schemes(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        columns=2,
        title="Truncation falls with h, rounding rises",
        width=11,
        height=4.8,
        sharey=True,
    )
    for axes, precision in zip(panels, PRECISIONS, strict=True):
        for name, color in zip(SCHEMES, style.CYCLE, strict=False):
            table = outcome.rows(part="curves", scheme=name, precision=precision)
            h, typical = by_step(table)
            axes.plot(h, by_step(table, "predicted_error")[1], "--", color=color, linewidth=0.9)
            exact = SCHEMES[name].rounding == 0  # it falls with the central one, then stays there
            look: dict[str, Any] = {"linewidth": 4, "alpha": 0.4, "zorder": 1} if exact else {}
            axes.plot(h, np.maximum(typical, 1e-17), color=color, label=name, **look)
            if not exact:
                least = int(np.argmin(typical))
                axes.plot(h[least], typical[least], "o", color=color, zorder=5)
        axes.set(xscale="log", yscale="log", xlabel="$h$", title=precision, ylim=(3e-18, 1e2))
        axes.set_xlim(h.max(), h.min() if precision == "float64" else 2.0**-24)
        style.name_curves(axes)
    panels[0].set_ylabel("error, median of all functions and points")
    style.note(panels[0], "dashed: what theory allows", (h.max() / 2, 2e1), offset=(4, 0))
    return drawing


def valley(outcome: Outcome) -> Figure:
    name = outcome.settings["map_of"]
    drawing, panels = style.figure(
        columns=2,
        title=f"Central differences of the {name}: the best step moves with x",
        width=10.6,
        height=4.6,
        sharey=True,
    )
    for axes, precision in zip(panels, PRECISIONS, strict=True):
        table = outcome.rows(part="map", precision=precision)
        (x, i), (h, j) = (np.unique(table[c], return_inverse=True) for c in ("x", "h"))
        digits = np.full((h.size, x.size), np.nan)
        digits[j, i] = np.clip(-np.log10(np.maximum(table["relative_error"], 1e-16)), 0, 11)
        shown = axes.pcolormesh(x, h, digits, cmap="cividis", vmin=0, vmax=11, rasterized=True)
        axes.plot(x, best(name, x, precision), color="white", linewidth=1.6)
        axes.set(xscale="log", yscale="log", xlabel="$x$", title=precision)
        axes.grid(visible=False)
    panels[0].set_ylabel("$h$")
    style.note(
        panels[0], r"white: $(3\,\varepsilon\,|f/f'''|)^{1/3}$", (x[3], h[-6]), offset=(1, 0)
    )
    drawing.colorbar(shown, ax=panels, label="digits right", shrink=0.9)
    return drawing


def gradient_check(outcome: Outcome) -> Figure:
    drawing, (steps, mistakes) = style.figure(
        columns=2,
        title="A gradient and its numerical twin, on 569 tumours and 30 weights",
        width=11.5,
        height=4.4,
        width_ratios=(1.35, 1),
    )
    for precision, color in zip(PRECISIONS, (style.BLUE, style.RED), strict=True):
        table = outcome.rows(part="loss", precision=precision)
        h, typical = by_step(table, "relative_error")
        low, high = (by_step(table, "relative_error", share)[1] for share in (0, 1))
        steps.fill_between(h, low, high, color=color, alpha=0.13, linewidth=0)
        steps.plot(h, typical, color=color, label=precision)
    for mark, word in ((PASS, "good"), (SUSPICIOUS, "suspicious"), (WRONG, "wrong")):
        steps.axhline(mark, color=style.GREY, linewidth=0.9, linestyle="--")
        style.note(steps, f"{word}: {mark:g}", (h.max(), mark), offset=(4, 3), color=style.GREY)
    steps.set(xscale="log", yscale="log", xlabel="$h$", ylabel="relative error", ylim=(1e-12, 3))
    steps.set(title="median and range of the partial derivatives", xlim=(h.max(), h.min()))
    style.name_curves(steps)
    places = [(where, check) for where in ("all weights", "one weight") for check in CHECKS]
    for row, (where, check) in enumerate(places):
        table = outcome.rows(part="planted", function=where, scheme=check)
        seen = table["estimate"] > 0
        color = style.BLUE if check == "by coordinates" else style.GOLD
        mistakes.plot(table["x"][seen], np.full(seen.sum(), row), "o", color=color, ms=8)
        blank = table["x"][~seen]
        mistakes.plot(blank, np.full(blank.size, row), "o", color=color, mfc="white", ms=8)
    labels = [f"{check},\n{where}" for where, check in places]
    mistakes.set(xscale="log", xlabel="relative size of a planted mistake", title="full: noticed")
    mistakes.set(yticks=range(len(places)), yticklabels=labels, ylim=(3.6, -0.6))
    mistakes.invert_xaxis()
    return drawing
