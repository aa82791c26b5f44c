"""A few rules on pairs of a value and a slope differentiate every program made of their pieces.

Question: What does it take to differentiate a whole program, and does that agree with algebra?
Command:  lab run differentiation_rules
Time:     about 20 s on two cores
Expect:   every rule proved by SymPy; slopes of 300 random expressions by dual numbers, by JAX and
          by SymPy that agree to rounding; the corner that the product rule neglects falls like h²;
          each further derivative of e^(ax) sin bx is sqrt(a² + b²) times as large.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from pydantic import NonNegativeInt, PositiveInt

from lab.calculus.elementary import dual_numbers, forward_mode, rules
from lab.calculus.elementary.dual_numbers import Dual, cos, dual, exp, log, sin, sqrt
from lab.calculus.elementary.forward_mode import forward_sweep
from lab.calculus.elementary.higher_derivatives import damped_sine_nth_derivative, differentiated
from lab.derivation import derivation_of
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.symbolic import opinion
from lab.symbolic.differential import is_rule, opinion_on_rule
from lab.tables import Table

EXPRESSIONS: Mapping[str, Callable[[Any], Any]] = {
    "wave": forward_mode.wave,
    "resonance": dual_numbers.resonance,
    "nested": forward_mode.nested,
    "entropy": forward_mode.coin_entropy,
}


def study(
    key: Any,
    *,
    expression: Literal["wave", "resonance", "nested", "entropy"] = "wave",
    at: float = 0.8,
    random_expressions: PositiveInt = 300,
    symbolic: NonNegativeInt = 40,
    damping: float = -0.3,
    frequency: float = 2.0,
    orders: PositiveInt = 7,
) -> Table:
    """A sweep through one expression, random expressions, each rule before SymPy, the corner of the
    product rule, and n-th derivatives of ``e^(ax) sin bx`` (damping a, frequency b).

    Of the random expressions the first ``symbolic`` are differentiated by SymPy as well.
    """
    rng = np.random.default_rng(int(jax.random.randint(key, (), 0, 2**31 - 1)))
    rows = [
        *sweep(EXPRESSIONS[expression], jnp.array(at, float)),
        *on_random_expressions(rng, random_expressions, symbolic),
        *before_sympy(),
        *corners(),
        *higher(damping, frequency, orders),
    ]
    return {
        column: np.array([row[i] for row in rows], object if i < 5 else float)
        for i, column in enumerate(Row._fields)
    }


class Row(NamedTuple):
    """A row of the trajectory: a node of an expression, or a whole one."""

    part: str
    node: str
    operation: str
    inputs: str
    says: str
    x: float
    value: float
    derivative: float
    jax: float
    sympy: float = float("nan")


WORDS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "integer_pow": "power"}


def sweep(f: Callable[[Any], Any], x: Any) -> Iterator[Row]:
    """Every step of f at x, with its slope by the rule for it and by JAX."""
    values = lambda x: [step.value for step in forward_sweep(f, x)]
    truths = jax.jvp(values, (x,), (jnp.ones_like(x),))[1]
    for step, truth in zip(forward_sweep(f, x), truths, strict=True):
        name, *power = step.operation.split()
        labels = (step.name, " ".join([WORDS.get(name, name), *power]), ", ".join(step.inputs), "")
        yield Row("sweep", *labels, *map(float, (x, step.value, step.slope, truth)))


# ----- random expressions, by dual numbers, by JAX and by SymPy


class Tree(NamedTuple):
    """An expression in x, how it is written, and how many operations it has."""

    f: Callable[[Any], Any]
    text: str
    size: int


UNARY: Mapping[str, Callable[[Any], Any]] = {
    "sin({})": sin,
    "cos({})": cos,
    "exp(-({})^2)": lambda u: exp(-(u**2)),
    "log(1 + ({})^2)": lambda u: log(1 + u**2),
    "sqrt(1 + ({})^2)": lambda u: sqrt(1 + u**2),
    "({})^3": lambda u: u**3,
}
BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "({} + {})": lambda u, v: u + v,
    "({} - {})": lambda u, v: u - v,
    "{} * {}": lambda u, v: u * v,
    "{} / (1 + ({})^2)": lambda u, v: u / (1 + v**2),
}


def grown(rng: np.random.Generator, height: int) -> Tree:
    """A random expression: leaves are x, or now and then a number."""
    if height == 0:
        number = int(rng.integers(1, 4))
        constant = Tree(lambda x: number + 0 * x, str(number), 0)
        return constant if rng.random() < 0.2 else Tree(lambda x: x, "x", 0)
    left = grown(rng, height - 1)
    if rng.random() < 0.5:
        text, f = list(UNARY.items())[rng.integers(len(UNARY))]
        return Tree(lambda x: f(left.f(x)), text.format(left.text), left.size + 1)
    right = grown(rng, int(rng.integers(height)))
    text, g = list(BINARY.items())[rng.integers(len(BINARY))]
    both = lambda x: g(left.f(x), right.f(x))
    return Tree(both, text.format(left.text, right.text), left.size + right.size + 1)


def on_random_expressions(rng: np.random.Generator, count: int, symbolic: int) -> Iterator[Row]:
    for place in range(count):
        tree = grown(rng, int(rng.integers(1, 7)))
        x = np.round(rng.uniform(-1.5, 1.5), 3)
        here = jnp.array(x, float)
        seen = dual(tree.f(Dual(here, jnp.ones_like(here))))
        slope = jax.jvp(tree.f, (here,), (jnp.ones_like(here),))[1]
        exact = by_sympy(tree.f, x) if place < symbolic else np.nan
        numbers = (float(x), float(seen.value), float(seen.slope), float(slope), exact)
        yield Row("random", f"e{place}", str(tree.size), "x", tree.text, *numbers)


def by_sympy(f: Callable[[Any], Any], x: float) -> float:
    """f'(x), of the derivative that SymPy derives."""
    (symbol,) = opinion.symbols_for(["x"], [False])
    derived = opinion.derivative_of(f, (symbol,))
    return float(derived.evalf(30, subs={symbol: x}))


# ----- the rules, one by one, before SymPy


def before_sympy() -> Iterator[Row]:
    """Each rule of `rules` for numbers against the total differential that SymPy derives."""
    for member in vars(rules).values():
        claim = derivation_of(member)
        if claim is None or not is_rule(claim):
            continue
        found = opinion_on_rule(claim)
        value = float(bool(found.equal and found.exact))
        inputs = ", ".join(claim.arguments)
        yield Row("rule", claim.name, "jvp", inputs, found.says, np.nan, value, np.nan, np.nan)


# ----- what the product rule leaves out, and what n derivatives do


def corners() -> Iterator[Row]:
    """Δ(fg) less f Δg and g Δf, for f = eˣ, g = sin x at 1: the corner Δf Δg ~ f' g' h²."""
    x, f, g = 1.0, np.exp(1.0), np.sin(1.0)
    for h in 0.5 ** np.arange(1, 13):
        df, dg = f * np.expm1(h), np.sin(x + h) - g
        corner = (f + df) * (g + dg) - f * g - df * g - f * dg
        says = "the corner, and f' g' h²"
        yield Row("corner", "fg", "product", "f, g", says, h, corner, f * np.cos(x) * h**2, np.nan)


def higher(a: float, b: float, orders: int) -> Iterator[Row]:
    """The n-th derivatives of e^(ax) sin bx for x from 0 to 6, by hand and by JAX."""
    x = jnp.linspace(0.0, 6.0, 121).astype(float)
    rate, frequency = jnp.asarray(a, x.dtype), jnp.asarray(b, x.dtype)
    f = lambda t: jnp.exp(rate * t) * jnp.sin(frequency * t)
    truths = jax.jit(lambda x: [differentiated(f, n)(x) for n in range(orders + 1)])(x)
    for n, truth in enumerate(truths):
        hand = damped_sine_nth_derivative(x, rate, frequency, n)
        for point in zip(x.tolist(), hand.tolist(), truth.tolist(), strict=True):
            yield Row("nth", f"n = {n}", str(n), "x", "", point[0], *point[1:2], *point[1:])


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps, settings = float(np.finfo(outcome.settings["precision"]).eps), outcome.settings
    table = outcome.rows("sweep")
    off = float(np.max(relative(table, "jax")))
    name = f"rules against JAX at all {table['x'].size} nodes, relative error"
    yield Finding(name, off, f"below {100 * eps:.0e}", off < 100 * eps)
    table = outcome.rows("random")
    for witness, who in (("jax", "JAX"), ("sympy", "SymPy")):
        known = np.isfinite(table[witness])
        off = float(np.max(relative(table, witness)[known], initial=0.0))
        name = f"dual numbers against {who}, {known.sum()} random expressions"
        yield Finding(name, off, f"below {1e4 * eps:.0e}", off < 1e4 * eps)
    table = outcome.rows("rule")
    proved, all_ = int(table["value"].sum()), table["value"].size
    yield Finding("rules that SymPy proves", proved, f"all {all_}", proved == all_)
    table = outcome.rows("corner")
    order = style.log_log_slope(table["x"][4:], abs(table["value"][4:]))
    said = "2 within 0.05: of second order"
    yield Finding("order of the corner of the product rule", order, said, abs(order - 2) < 0.05)
    table = outcome.rows("nth")
    orders = np.arange(settings["orders"] + 1)
    largest = np.array([np.max(abs(table["jax"][table["operation"] == str(n)])) for n in orders])
    off = float(
        np.max(abs(table["derivative"] - table["jax"]) / largest[table["operation"].astype(int)])
    )
    name = f"n-th derivative by hand against JAX, n to {orders[-1]}"
    yield Finding(name, off, f"below {1e3 * eps:.0e}", off < 1e3 * eps)
    growth = float(np.exp(np.polyfit(orders, np.log(amplitudes(table, settings)), 1)[0]))
    r = float(np.hypot(settings["damping"], settings["frequency"]))
    said = f"sqrt(a² + b²) = {r:.4g} within 2 %"
    yield Finding(
        "growth of an n-th derivative each time", growth, said, abs(growth / r - 1) < 0.02
    )


def amplitudes(table: Table, settings: Mapping[str, Any]) -> np.ndarray:
    """The greatest size of each n-th derivative, with the damping taken out."""
    bare = abs(table["jax"]) * np.exp(-settings["damping"] * table["x"])
    return np.array(
        [bare[table["operation"] == str(n)].max() for n in range(settings["orders"] + 1)]
    )


def relative(table: Table, witness: str) -> np.ndarray:
    """The error of the derivative, relative to it or, near its zeros, to 1."""
    return abs(table["derivative"] - table[witness]) / np.maximum(abs(table["derivative"]), 1.0)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "product_rule", product_rule(outcome)
    yield "forward_sweep", graph(outcome)
    yield "random_expressions", agreement(outcome)
    yield "derivatives_of_all_orders", all_orders(outcome)


def product_rule(outcome: Outcome) -> Figure:
    drawing, (picture, corner) = style.figure(
        columns=2, title="The product rule: two strips and a corner", width=10, height=4.2
    )
    f, g, df, dg = 3.0, 2.0, 0.7, 0.5
    for at, size, color, alpha in (
        ((0, 0), (f, g), style.GREY, 0.15),
        ((f, 0), (df, g), style.BLUE, 0.35),
        ((0, g), (f, dg), style.GOLD, 0.45),
        ((f, g), (df, dg), style.RED, 0.8),
    ):
        picture.add_patch(Rectangle(at, *size, facecolor=color, alpha=alpha, edgecolor="white"))
    for words, at, color in (
        ("$f\\,g$", (f / 2, g / 2), style.INK),
        ("$df\\,g$", (f + df / 2, g / 2), style.BLUE),
        ("$f\\,dg$", (f / 2, g + dg / 2), style.INK),
    ):
        style.note(picture, words, at, color=color, offset=(0, 0), fontsize=12)
    style.note(picture, "$df\\,dg$", (f + df, g + dg), color=style.RED, offset=(0, 5), fontsize=12)
    picture.set(xlim=(-0.1, f + df + 0.3), ylim=(-0.1, g + dg + 0.45), aspect="equal")
    picture.set(xticks=[], yticks=[], xlabel="$f$ grows by $df$", ylabel="$g$ grows by $dg$")
    picture.spines[:].set_visible(False)
    table = outcome.rows("corner")
    corner.plot(table["x"], abs(table["value"]), "o", color=style.RED, label="corner")
    corner.plot(table["x"], table["derivative"], "--", color=style.INK, label="$f'g'h^2$")
    corner.set(
        xscale="log", yscale="log", xlabel="$h$", title="$e^x \\sin x$ at 1: the corner fades"
    )
    style.name_curves(corner)
    return drawing


def graph(outcome: Outcome) -> Figure:
    """The nodes in columns by how many steps lie before them."""
    table = outcome.rows("sweep")
    inputs = [[word for word in text.split(", ") if word] for text in table["inputs"]]
    place = {str(node): i for i, node in enumerate(table["node"])}
    depth: list[int] = []
    for words in inputs:
        depth.append(1 + max((depth[place[word]] for word in words if word in place), default=-1))
    columns = [[i for i, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]
    at = {i: (d, (len(c) - 1) / 2 - r) for d, c in enumerate(columns) for r, i in enumerate(c)}
    drawing, (axes,) = style.figure(
        title=f"{outcome.settings['expression']}: value above, slope below, by one rule a step",
        width=1.6 * len(columns) + 0.6,
        height=1.15 * max(map(len, columns)) + 1.3,
    )
    for i, words in enumerate(inputs):
        for word in words:
            if word in place:
                start, end = at[place[word]], at[i]
                axes.plot(*zip(start, end, strict=True), color=style.PALE, linewidth=2, zorder=1)
        shown = [word for word in words if word not in place]
        shown.insert(int(bool(shown) and words[0] == shown[0]), str(table["operation"][i]))
        title = " ".join(shown)
        label(axes, at[i], title, float(table["value"][i]), float(table["derivative"][i]))
    tall = max(map(len, columns)) / 2
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-tall - 0.1, tall + 0.1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return drawing


def label(axes: Axes, at: tuple[float, float], title: str, value: float, slope: float) -> None:
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": style.GREY}
    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8.5}
    blank = f"{title}\n{value:.4g}\n{slope:.4g}"
    axes.text(*at, blank, color="white", bbox=box, zorder=2, **text)
    lines = (("", "", f"{slope:.4g}"), ("", f"{value:.4g}", ""), (title, "", ""))
    for words, color in zip(lines, (style.RED, style.BLUE, style.INK), strict=True):
        axes.text(*at, "\n".join(words), color=color, zorder=3, **text)


def agreement(outcome: Outcome) -> Figure:
    table, eps = outcome.rows("random"), float(np.finfo(outcome.settings["precision"]).eps)
    rng = np.random.default_rng(0)
    size = table["operation"].astype(int) + rng.uniform(-0.3, 0.3, table["x"].size)
    drawing, (axes,) = style.figure(
        title="Dual numbers on random expressions", width=7.6, height=4.2
    )
    for witness, color, name in (("jax", style.BLUE, "JAX"), ("sympy", style.GOLD, "SymPy")):
        error = np.maximum(relative(table, witness), eps / 30)
        axes.plot(size, error, "o", color=color, markersize=4, alpha=0.7, label=f"against {name}")
    axes.axhline(eps, color=style.GREY, linestyle="--", linewidth=0.9)
    style.note(axes, "eps", (0, eps), color=style.GREY, offset=(2, 3))
    axes.set(xlim=(0, None), ylim=(eps / 60, 40 * eps))
    style.note(axes, "equal to the last bit", (0, eps / 30), color=style.INK, offset=(2, 6))
    axes.set(yscale="log", xlabel="operations", ylabel="error of the slope")
    axes.legend(loc="upper right")
    return drawing


def all_orders(outcome: Outcome) -> Figure:
    table, settings = outcome.rows("nth"), outcome.settings
    r = float(np.hypot(settings["damping"], settings["frequency"]))
    drawing, (curves, growth) = style.figure(
        columns=2,
        title="Each derivative of $e^{ax} \\sin bx$ is stretched and turned",
        width=11,
        height=4.2,
    )
    orders = np.arange(settings["orders"] + 1)
    few = orders[:5]
    for n, color in zip(few, style.shades(few.size), strict=True):
        here = table["operation"] == str(n)
        name = f"$f^{{({n})}} / r^{n}$" if n else "$f$"
        curves.plot(table["x"][here], table["jax"][here] / r**n, color=color, label=name)
    curves.axhline(0, color=style.GREY, linewidth=0.8)
    curves.set(xlabel="$x$", title="one turn after another, to the left")
    style.name_curves(curves)
    growth.plot(orders, amplitudes(table, settings), "o", color=style.BLUE)
    growth.plot(orders, r**orders, "--", color=style.RED)
    style.note(
        growth,
        f"$r^n$, $r = \\sqrt{{a^2+b^2}}$ = {r:.3g}",
        (orders[-2], r ** orders[-2]),
        color=style.RED,
        offset=(-8, 8),
    )
    growth.set(yscale="log", xlabel="$n$", title="size of the $n$-th derivative")
    return drawing
