"""The table of derivatives, every row of it computed four ways.

Question: Which derivatives does one have to know, and how well do hand, machine and measurement
          agree about each of them?
Command:  lab run elementary_derivatives
Time:     about 30 s on two cores
Expect:   more than 90 rows in which the formula by hand and JAX agree to rounding; the slope of a^x
          over its value is ln a, which is 1 at e = 2.71828; a likelihood of 1797 digits below
          all floats, while the slope of its logarithm vanishes at the share that was counted.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import PositiveInt

from lab.calculus.elementary import (
    exponentials_and_logarithms,
    hyperbolic,
    powers,
    special_functions,
    steps_and_corners,
    trigonometric,
)
from lab.calculus.elementary.exponentials_and_logarithms import (
    coin_log_likelihood,
    coin_log_likelihood_derivative,
)
from lab.calculus.elementary.limits_and_first_principles import (
    absolute_value_derivative,
    cosine_tangent_slope,
    exponential_of_any_base_tangent_slope,
    exponential_tangent_slope,
    logarithm_tangent_slope,
    power_tangent_slope,
    reciprocal_tangent_slope,
    sine_ratio_derivative,
    sine_tangent_slope,
    square_root_tangent_slope,
)
from lab.calculus.networks.activations import tanh_derivative
from lab.derivation import Derivation, derivation_of
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.referee.evaluate import quick_options
from lab.tables import Table, rows, stacked, table
from lab.training import data

FROM_FIRST_PRINCIPLES: dict[Callable[..., Any], tuple[str, str]] = {
    power_tangent_slope: ("powers", "xⁿ"),
    reciprocal_tangent_slope: ("powers", "1/x"),
    square_root_tangent_slope: ("powers", "√x"),
    exponential_tangent_slope: ("exponentials_and_logarithms", "eˣ"),
    exponential_of_any_base_tangent_slope: ("exponentials_and_logarithms", "aˣ"),
    logarithm_tangent_slope: ("exponentials_and_logarithms", "ln x"),
    sine_tangent_slope: ("trigonometric", "sin x"),
    cosine_tangent_slope: ("trigonometric", "cos x"),
    sine_ratio_derivative: ("trigonometric", "sin x / x"),
    tanh_derivative: ("hyperbolic", "tanh x"),
    absolute_value_derivative: ("steps_and_corners", "|x|"),
}
"""Rows that are derived elsewhere, with the topic they belong to and their formula."""

TOPICS = (
    powers,
    exponentials_and_logarithms,
    trigonometric,
    hyperbolic,
    special_functions,
    steps_and_corners,
)


class Row(NamedTuple):
    """One function of one number: a derivation, and which of its arguments moves."""

    topic: str
    formula: str
    claim: Derivation
    moves: int

    @property
    def places(self) -> tuple[Any, ...]:
        """The domains of all arguments."""
        assert isinstance(self.claim.at, tuple)
        return self.claim.at

    @property
    def name(self) -> str:
        """The name of the derivation, and of the argument where several may move."""
        suffix = "" if self.claim.single else f", {self.claim.arguments[self.moves]}"
        return self.claim.name + suffix

    @property
    def hence(self) -> str:
        """What the derivation ends in."""
        last = " ".join(self.claim.doc.split()).rpartition("hence ")[2]
        return last.partition(":")[0].rstrip(".")


def the_rows() -> Iterator[Row]:
    """Every derivative or partial derivative in a number that the topics hold, and those above."""
    for hand, (topic, formula) in FROM_FIRST_PRINCIPLES.items():
        claim = derivation_of(hand)
        assert claim is not None
        yield Row(topic, formula, claim, 0)
    for module in TOPICS:
        topic = module.__name__.rpartition(".")[2]
        for member in vars(module).values():
            claim = derivation_of(member)
            if claim is None or member.__module__ != module.__name__:
                continue
            formula = (claim.of.__doc__ or claim.of_name).partition("\n")[0]
            if claim.kind in ("derivative", "gradient"):
                found = (Row(topic, formula, claim, i) for i in claim.wrt)
                yield from (row for row in found if not row.places[row.moves].shape)


def study(key: Any, *, points: PositiveInt = 101, bases: PositiveInt = 60) -> Table:
    """Each row at ``points`` typical points; slopes of a^x for ``bases`` bases; a likelihood.

    Other arguments than the one that moves are drawn once. ``difference`` is a central difference,
    ``error`` that between hand and JAX, both relative to the larger of the slope and |f/x|.
    """
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    tables = list(master_table(np.random.default_rng(seed), points))
    tables += [growth(bases), likelihood(points)]
    return stacked(*tables)


def master_table(rng: np.random.Generator, points: int) -> Iterator[Table]:
    """A table a row, all rows of a topic in one compiled program."""
    every = list(the_rows())
    for topic in dict.fromkeys(row.topic for row in every):
        mine = [row for row in every if row.topic == topic]
        x = [jnp.asarray(np.sort(draws(row, rng, points)), float) for row in mine]
        pairs = [sliced(row, rng) for row in mine]
        run = lambda x, pairs=pairs: [
            four_ways(f, hand, one) for (f, hand), one in zip(pairs, x, strict=True)
        ]
        answers = jax.jit(run, compiler_options=quick_options())(x)
        for row, one, columns in zip(mine, x, answers, strict=True):
            yield labelled((topic, row.name, row.formula, row.hence), one, *columns)


def draws(row: Row, rng: np.random.Generator, points: int) -> np.ndarray:
    domain = row.places[row.moves]
    if domain.shape:
        return np.asarray(domain.sample(rng, {"n": points}))
    return np.array([domain.sample(rng, {}) for _ in range(points)])


def sliced(row: Row, rng: np.random.Generator) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The function and its slope by hand, of the argument that moves; the others are drawn."""
    claim, i = row.claim, row.moves
    fixed = [domain.sample(rng, {"n": 4}) for domain in row.places]
    fixed = [one if isinstance(one, int) else jnp.asarray(one, float) for one in fixed]
    full = lambda x: (*fixed[:i], x, *fixed[i + 1 :])
    part = lambda hand: hand if claim.single else hand[claim.wrt.index(i)]
    return lambda x: claim.of(*full(x)), lambda x: part(claim.hand(*full(x)))


def four_ways(
    f: Callable[[Any], Any], hand: Callable[[Any], Any], x: Float[Array, " n"]
) -> tuple[Array, Array, Array, Array]:
    """The value, and the slope by hand, by JAX and by a central difference."""
    step = jnp.finfo(x.dtype).eps ** (1 / 3) * jnp.minimum(jnp.abs(x), 1.0)
    around = jnp.stack([x, x + step, x - step])
    (value, after, before), slope = jax.jvp(f, (around,), (jnp.ones_like(around),))
    difference = (after - before) / (around[1] - around[2])
    return value, jnp.broadcast_to(hand(x), x.shape), slope[0], difference


def labelled(labels: tuple[str, ...], *numbers: Any) -> Table:
    """Rows of the trajectory."""
    x, f, hand, by_jax, difference = (np.asarray(column, float) for column in numbers)
    # a number rounds to eps of itself: no slope is known better than eps |f / x|
    scale = np.maximum(abs(by_jax), abs(f / x))
    scale = np.where(scale > 0, scale, 1.0)
    words = zip(("topic", "row", "formula", "derivative"), labels, strict=True)
    return table(
        dict(words),
        {
            "x": x,
            "f": f,
            "hand": hand,
            "jax": by_jax,
            "difference": difference,
            "error": abs(hand - by_jax) / scale,
            "difference_error": abs(hand - difference) / scale,
        },
    )


def growth(bases: int) -> Table:
    """For each base a (x), aˣ at 1 (f) and its slope there: the ratio is ln a."""
    a = jnp.geomspace(0.25, 8.0, bases).astype(float)
    hand = lambda t: exponential_of_any_base_tangent_slope(t, a)
    columns = four_ways(lambda t: a**t, hand, jnp.ones_like(a))
    return labelled(("growth", "aˣ at 1", "aˣ", "aˣ ln a"), a, *columns)


def likelihood(points: int) -> Table:
    """The log likelihood (f) that a digit is even with probability p (x), and its slope."""
    p = jnp.linspace(0.3, 0.7, points).astype(float)
    k, m = (jnp.asarray(count, float) for count in counted())
    f, hand = (
        lambda p, of=of: of(p, k, m) for of in (coin_log_likelihood, coin_log_likelihood_derivative)
    )
    labels = ("likelihood", "even", "k ln p + m ln(1 - p)", "k/p - m/(1 - p)")
    return labelled(labels, p, *four_ways(f, hand, p))


def counted() -> tuple[int, int]:
    """How many of the handwritten digits are even, and odd."""
    digits = data.load("digits").targets
    even = int(np.sum(digits % 2 == 0))
    return even, digits.size - even


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps, table = float(np.finfo(outcome.settings["precision"]).eps), master(outcome)
    names = set(table["row"])
    yield Finding("rows of the table", len(names), "90 or more", len(names) >= 90)
    for column, least, share, what in (
        ("error", 1e3 * eps, 1.0, "hand against JAX, greatest"),
        ("difference_error", 1e2 * eps ** (2 / 3), 0.8, "hand against differences, 4 of 5"),
    ):
        worst, name = worst_of(table, column, share)
        said = f"below {least:.0e} in every row; worst in {name}"
        yield Finding(f"{what}, relative error", worst, said, worst < least)
    table = rows(outcome.trajectory, topic="growth")
    ratio = table["difference"] / table["f"]
    off = float(np.max(abs(ratio - np.log(table["x"]))))
    allowed = 10 * eps ** (2 / 3)
    yield Finding(
        "measured slope of aˣ over aˣ, less ln a", off, f"0 within {allowed:.0e}", off < allowed
    )
    e = float(np.exp(np.interp(1.0, ratio, np.log(table["x"]))))
    said = f"e = {np.e:.6g} within {10 * allowed:.0e}"
    yield Finding("base whose power is its own slope", e, said, abs(e - np.e) < 10 * allowed)
    table, (heads, tails) = rows(outcome.trajectory, topic="likelihood"), counted()
    share = heads / (heads + tails)
    log10 = (heads * np.log10(share) + tails * np.log10(1 - share)).item()
    name, said = (
        f"log10 of the likelihood of {heads + tails} digits",
        "below -324: no float is so small",
    )
    yield Finding(name, log10, said, log10 < -324)
    order = np.argsort(table["hand"])
    zero = float(np.interp(0.0, table["hand"][order], table["x"][order]))
    spacing = float(table["x"][1] - table["x"][0])
    said = f"{heads}/{heads + tails} = {share:.4f} within {spacing:.0e}"
    yield Finding("p where its logarithm is level", zero, said, abs(zero - share) < spacing)


def master(outcome: Outcome) -> Table:
    """All but what stands beside the master table."""
    keep = ~np.isin(outcome.trajectory["topic"].astype(str), ("growth", "likelihood"))
    return {column: values[keep] for column, values in outcome.trajectory.items()}


def worst_of(table: Table, column: str, share: float) -> tuple[float, str]:
    """The greatest quantile of a column in any row, and the row it is in."""
    names = list(dict.fromkeys(table["row"]))
    column_of = lambda name: np.nan_to_num(table[column][table["row"] == name], nan=np.inf)
    worst = [float(np.quantile(column_of(name), share)) for name in names]
    return max(worst), str(names[int(np.argmax(worst))])


# ----- figures -----

SHEETS = (
    ("powers", "steps_and_corners"),
    ("exponentials_and_logarithms",),
    ("trigonometric", "hyperbolic"),
    ("special_functions",),
)
ACROSS = 7


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    for topics in SHEETS:
        yield "_and_".join(topics), contact_sheet(outcome, topics)
    yield "agreement", agreement(outcome)
    yield "exponential_and_logarithm", why_e(outcome)


def contact_sheet(outcome: Outcome, topics: tuple[str, ...]) -> Figure:
    """Function and slope in a small cell for each row; a cell has its own scales, and one zero."""
    tables = [rows(outcome.trajectory, topic=topic) for topic in topics]
    # of a function of several arguments the first will do: the others look alike
    names = [{str(row).partition(", ")[0]: row for row in table["row"][::-1]} for table in tables]
    names = [dict(reversed(those.items())) for those in names]
    down = -(-sum(map(len, names)) // ACROSS)
    title = " and ".join(topic.replace("_", " ") for topic in topics).capitalize()
    drawing, (axes,) = style.figure(
        title=f"{title}: blue the function, red its slope", width=12, height=0.8 + 1.35 * down
    )
    cells = [
        (table, name) for table, those in zip(tables, names, strict=True) for name in those.values()
    ]
    for place, (mine, name) in enumerate(cells):
        row, column = divmod(place, ACROSS)
        cell(axes, {c: v[mine["row"] == name] for c, v in mine.items()}, column, down - row)
    axes.set(xlim=(-0.1, ACROSS - 0.05), ylim=(0.9, down + 0.95), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return drawing


def cell(axes: Axes, table: Table, left: float, bottom: float) -> None:
    """One row of the table in the unit square whose lower left corner is given."""
    x, both = table["x"], np.stack([table["f"], table["hand"]])
    shown = both[np.isfinite(both)]
    low, high = (float(np.quantile(np.append(shown, 0.0), share)) for share in (0.06, 0.94))
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    across = left + 0.86 * (x - x.min()) / max(float(np.ptp(x)), 1e-9)
    height = lambda y: bottom + 0.62 * (y - low) / (high - low)
    axes.plot([left, left + 0.86], [height(0.0)] * 2, color=style.PALE, linewidth=1)
    for y, color in zip(both, (style.BLUE, style.RED), strict=True):
        inside = (y >= low - 0.08 * (high - low)) & (y <= high + 0.08 * (high - low))
        axes.plot(across[inside], height(y[inside]), ".", color=color, markersize=2)
    moves = table["row"][0].partition(", ")[2]
    words = re.split(r"; | = |: | for |, with|, the|, by|, which", str(table["formula"][0]))[
        0
    ].rstrip(",")
    axes.text(left, bottom + 0.72, f"{words}  by {moves}" if moves else words, fontsize=7.5)


def agreement(outcome: Outcome) -> Figure:
    table, eps = master(outcome), float(np.finfo(outcome.settings["precision"]).eps)
    names = list(dict.fromkeys(table["row"]))
    topics = [table["topic"][table["row"] == name][0] for name in names]
    drawing, (axes,) = style.figure(title=f"How well {len(names)} rows agree", width=12, height=4.6)
    for column, color, label in (
        ("difference_error", style.GOLD, "central\ndifference"),
        ("error", style.BLUE, "JAX"),
    ):
        worst = [table[column][table["row"] == name].max() for name in names]
        axes.plot(np.maximum(worst, eps / 20), "o", color=color, markersize=4, label=label)
    for mark, word in ((eps, "eps"), (eps ** (2 / 3), "eps^(2/3)")):
        axes.axhline(mark, color=style.GREY, linewidth=0.9, linestyle="--")
        style.note(axes, word, (-3, mark), color=style.GREY, offset=(2, 3))
    for topic in dict.fromkeys(topics):
        first = topics.index(topic)
        axes.axvline(first - 0.5, color=style.PALE, linewidth=1)
        lines = topic.replace("_and_", "\n").replace("_", " ")
        style.note(axes, lines, (first - 0.3, 0.02), offset=(1, 0), va="top")
    axes.set(yscale="log", xticks=[], xlabel="row", ylim=(eps / 40, 0.03), xlim=(-3, len(names)))
    style.note(axes, "equal to the last bit", (-3, eps / 20), color=style.BLUE, offset=(2, 6))
    axes.set_title("hand against each, greatest relative error over all points")
    style.name_curves(axes)
    return drawing


def why_e(outcome: Outcome) -> Figure:
    drawing, (ratio, level, slope) = style.figure(
        columns=3, title="Why e, and why the logarithm", width=12.4, height=4
    )
    table = rows(outcome.trajectory, topic="growth")
    ratio.plot(table["x"], table["difference"] / table["f"], color=style.BLUE, linewidth=3)
    ratio.plot(table["x"], np.log(table["x"]), "--", color=style.GOLD)
    ratio.plot([np.e, np.e, 0], [ratio.get_ylim()[0], 1, 1], color=style.RED, linewidth=1)
    ratio.plot(np.e, 1, "o", color=style.RED)
    style.note(ratio, "$e$: its own slope", (np.e, 1), color=style.RED, offset=(5, -12))
    ratio.set(xlabel="base $a$", title="slope of $a^x$ over $a^x$; dashed: $\\ln a$")
    table = rows(outcome.trajectory, topic="likelihood")
    p, (heads, tails) = table["x"], counted()
    share = heads / (heads + tails)
    even = data.load("digits").targets % 2 == 0
    factors, n = np.where(even, share, 1 - share), np.arange(1, even.size + 1)
    level.plot(n, np.cumsum(np.log10(factors)), color=style.BLUE, label="sum of\nlogarithms")
    with np.errstate(divide="ignore"):
        level.plot(n, np.log10(np.cumprod(factors)), color=style.RED, label="product: 0")
    level.set(xlabel="digits", title="$\\log_{10}$ likelihood of even and odd digits")
    style.name_curves(level)
    slope.plot(p, table["hand"], color=style.BLUE)
    slope.axhline(0, color=style.GREY, linewidth=0.9)
    slope.plot(share, 0, "o", color=style.RED)
    style.note(slope, f"share seen: {share:.3f}", (share, 0), color=style.RED, offset=(6, 6))
    slope.set(xlabel="$p$", title="slope of its logarithm, $k/p - m/(1-p)$")
    return drawing
