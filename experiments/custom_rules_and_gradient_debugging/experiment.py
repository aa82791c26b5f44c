"""Gradients that go wrong: a gallery of failures, what sees them, and the rules that mend them.

Question: Where does autodiff answer nan, infinity, zero or a wrong number, and what should it say?
Command:  lab run custom_rules_and_gradient_debugging
Time:     about 20 s on two cores, most of it the checks
Expect:   each naive gradient shows the flaw it is here for; every mended one is finite and lies
          between the slopes measured on both sides, but for surrogates, which are no derivatives
          and are caught; through eigenvectors the error grows like 1 / gap, by the rule not.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from io import StringIO
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks import custom_rules as rules
from lab.calculus.networks.gradient_failures import CORNERS, Case, cases, one_sided
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Columns, Row, parts, stacked

FLAWS = ("nan", "inf", "zero", "kink", "mismatch")


def study(
    key: Key[Array, ""],
    *,
    far: PositiveFloat = 1000.0,
    size: PositiveInt = 3,
    gaps: PositiveInt = 60,
) -> dict[str, np.ndarray]:
    """Every case of the gallery, every corner from both sides, and two eigenvalues that meet.

    ``far`` is what overflows an exponential, ``size`` that of vectors and matrices, ``gaps`` how
    many distances between two eigenvalues are tried.  Raises ``BadInput`` for a size of 1.
    """
    if size < 2:
        raise BadInput(f"size={size}: two eigenvalues are to meet; choose 2 or more")
    gallery, way = cases(key, far, size), jax.random.fold_in(key, 3)
    return parts(
        {
            "case": stacked(*[tried(name, case, way) for name, case in gallery.items()]),
            "corner": stacked(*[corner(name) for name in CORNERS]),
            "gap": meeting(jax.random.fold_in(key, 4), size, gaps),
        }
    )


def flags(gradient: Any, slope: float, sides: tuple[float, float], margin: float) -> str:
    """What is wrong, or worth knowing, of a gradient whose slope along a direction is given."""
    finite, (low, high) = bool(np.isfinite(gradient).all()), sorted(sides)
    found = (
        bool(np.isnan(gradient).any()),
        bool(np.isinf(gradient).any()),
        not np.any(gradient),
        high - low > margin,
        finite and not low - margin <= slope <= high + margin,
    )
    return " ".join(name for name, said in zip(FLAWS, found, strict=True) if said)


def tried(name: str, case: Case, key: Key[Array, ""]) -> Columns:
    """Both gradients along one random direction, the slopes on both sides, and who complains."""
    v = jax.random.normal(key, case.at.shape)
    v = v / jnp.linalg.norm(v) if v.ndim else jnp.ones_like(v)
    along = jax.jit(lambda t: case.fixed(case.at + t * v))
    sides = one_sided(along, case.reach)
    rounding = float(jnp.finfo(v.dtype).eps) ** (2 / 3)
    margin = 100 * rounding * (max(map(abs, sides)) + abs(float(along(0.0))) / case.reach)
    said: Row = {"name": name, "flaw": case.flaw, "surrogate": "yes" if case.surrogate else "no"}
    said |= {"left": sides[0], "right": sides[1]}
    for form, f in (("naive", case.naive), ("fixed", case.fixed)):
        gradient = np.asarray(jax.grad(f)(case.at))
        with np.errstate(invalid="ignore"):
            slope = float(np.sum(gradient * np.asarray(v)))
        said |= {form: slope, f"{form}_flags": flags(gradient, slope, sides, margin)}
    at_nan = silent(lambda: jax.grad(case.naive)(case.at), jax.debug_nans(True))
    compared = lambda: check_grads(case.naive, (case.at,), order=1, modes=("rev",))
    said["debug_nans"] = "passes" if at_nan else "stops"
    return said | {"check_grads": "passes" if silent(compared, nullcontext()) else "fails"}


def silent(trial: Callable[[], Any], setting: AbstractContextManager[Any]) -> bool:
    """Whether a trial complains of nothing; what JAX prints on the way is not shown."""
    try:
        with redirect_stdout(StringIO()), setting:
            trial()
    except (AssertionError, FloatingPointError):
        return False
    return True


def corner(name: str) -> Columns:
    """Difference quotients on the way into a corner, and what JAX and the hand rule say in it."""
    f, slope, place = CORNERS[name]
    at = jnp.array(place)
    t = jnp.concatenate([-jnp.geomspace(1.0, 1e-2, 30), jnp.geomspace(1e-2, 1.0, 30)])
    left, right = one_sided(jax.jit(lambda s: f(at + s)), 1.0)
    said = {"left": left, "right": right, "jax": jax.grad(f)(at), "hand": slope(at)}
    quotient = (jax.vmap(f)(at + t) - f(at)) / t
    whole = {column: np.full(t.size, float(value)) for column, value in said.items()}
    return {"name": np.full(t.size, name), "t": t, "quotient": quotient} | whole


def meeting(key: Key[Array, ""], size: int, count: int) -> Columns:
    """How far both gradients of the matrix exponential are off while two eigenvalues meet."""
    turn, weights = jax.random.normal(key, (2, size, size))
    Q, C = jnp.linalg.qr(turn)[0], weights
    gap = jnp.geomspace(0.1, 1e2 * float(jnp.finfo(C.dtype).eps), count)
    spread = jnp.linspace(0.0, 1.0, size)

    @jax.jit
    @jax.vmap
    def errors(g: Float[Array, ""]) -> tuple[Array, Array]:
        A = (Q * spread.at[1].set(g)) @ Q.T
        forms = (
            rules.symmetric_exponential,
            rules.exponential_by_eigenvectors,
            rules.exponential_by_rule,
        )
        truth, naive, fixed = (rules.pullback_of(form)(A, C)[0] for form in forms)
        off = lambda G: jnp.linalg.norm(G - truth) / jnp.linalg.norm(truth)
        return off(naive), off(fixed)

    naive, fixed = errors(gap)
    return {"gap": gap, "naive_error": naive, "fixed_error": fixed}


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    shown = outcome.rows("case")
    count, surrogate = shown["name"].size, shown["surrogate"] == "yes"
    seen = sum(map(str.__contains__, shown["naive_flags"], shown["flaw"]))
    yield near("naive gradients that show their flaw", seen, count, 0)
    stray = np.array(["mismatch" in said for said in shown["fixed_flags"]])
    finite = np.isfinite(shown["fixed"])
    sound = np.sum(finite & ~stray & ~surrogate)
    name = "mended gradients that are finite and between the slopes on both sides"
    yield near(name, sound, count - surrogate.sum(), 0)
    caught = np.sum(stray & surrogate & finite)
    yield near("surrogates caught as no derivatives", caught, surrogate.sum(), 0)
    stops, flawed = shown["debug_nans"] == "stops", shown["flaw"] == "nan"
    yield near("nan gradients at which debug_nans stops", np.sum(stops & flawed), flawed.sum(), 0)
    quiet = (shown["check_grads"] == "passes") & np.isin(shown["flaw"], ["zero", "kink"])
    yield near("zeros and kinks that check_grads lets pass", quiet.sum(), surrogate.sum() + 1, 0)

    corners = outcome.rows("corner")
    margin = 100 * eps ** (2 / 3)
    low = np.minimum(corners["left"], corners["right"]) - margin
    high = np.maximum(corners["left"], corners["right"]) + margin
    between = np.mean((low <= corners["hand"]) & (corners["hand"] <= high))
    yield near("share of the corners whose slope by hand is a subgradient", between, 1, 0)

    gap = outcome.rows("gap")
    power = style.log_log_slope(gap["gap"], gap["naive_error"])
    yield near("exponent of the naive error in the gap of two eigenvalues", power, -1, 0.25)
    yield near("greatest error of the rule", gap["fixed_error"].max(), 0, 100 * eps)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "gallery", gallery(outcome)
    yield "one_sided_slopes", one_sided_slopes(outcome)
    yield "losing_digits", losing_digits(outcome)


def gallery(outcome: Outcome) -> Figure:
    shown = outcome.rows("case")
    drawing, panels = style.figure(
        columns=2,
        title="What a gradient shows: red, naive; blue, mended",
        width=12.4,
        height=5.6,
        sharey=True,
        width_ratios=(1.45, 1),
    )
    for axes, form, color in zip(panels, ("naive", "fixed"), (style.RED, style.BLUE), strict=True):
        tools = ["debug_nans", "check_grads"] if form == "naive" else []
        patch = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        columns = [0, 1, 2, 3, 4.2, 5.7, 7.4, 9.3][: len(FLAWS) + 1 + len(tools)]
        for place in range(shown["name"].size):
            flagged = [columns[FLAWS.index(flag)] for flag in shown[f"{form}_flags"][place].split()]
            axes.plot(flagged, [place] * len(flagged), "s", color=color, markersize=10)
            words = [f"{shown[form][place]:.3g}", *(shown[tool][place] for tool in tools)]
            for column, word in zip(columns[len(FLAWS) :], words, strict=True):
                axes.text(column, place, word, va="center", ha="center", bbox=patch)
        axes.set_xticks(columns, [*FLAWS, "slope", *tools])
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.grid(visible=False, axis="x")
        axes.set(xlim=(-0.6, columns[-1] + 0.9), ylim=(len(shown["name"]) - 0.5, -0.6))
        axes.set_yticks(range(len(shown["name"])), list(shown["name"]))
    return drawing


def one_sided_slopes(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        2, 3, title="Into a corner from both sides: the difference quotient jumps", width=10.8,
        height=6,
    )  # fmt: skip
    shown = outcome.rows("corner")
    for axes, name in zip(panels, CORNERS, strict=True):
        here = {column: values[shown["name"] == name] for column, values in shown.items()}
        for side in (here["t"] < 0, here["t"] > 0):
            axes.plot(here["t"][side], here["quotient"][side], color=style.INK)
        ends = [here["left"][0], here["right"][0]]
        axes.plot([0, 0], ends, color=style.GREY, linewidth=6, alpha=0.35)
        axes.plot(0, here["hand"][0], "o", color=style.BLUE, markersize=9)
        axes.plot(0, here["jax"][0], "o", color=style.GOLD, markersize=4.5)
        if np.isnan(here["jax"][0]):
            style.note(axes, "JAX: nan", (0, here["hand"][0]), color=style.GOLD, offset=(8, 0))
        axes.set(title=f"{name}, at {CORNERS[name][2]:g}")
    for axes in panels[3:]:
        axes.set_xlabel("$t$")
    panels[0].set_ylabel("$(f(a + t) - f(a))/t$")
    style.note(panels[0], "grey: subgradients", (0.1, 0.3), color=style.GREY, offset=(4, 0))
    style.note(panels[0], "blue: by hand", (0.1, 0.15), color=style.BLUE, offset=(4, 0))
    style.note(panels[0], "gold: JAX", (0.1, 0.0), color=style.GOLD, offset=(4, 0))
    return drawing


def losing_digits(outcome: Outcome) -> Figure:
    drawing, (axes,) = style.figure(
        title="Two eigenvalues meet: digits go before nan comes", width=7.4, height=4.4
    )
    shown, eps = outcome.rows("gap"), float(np.finfo(outcome.settings["precision"]).eps)
    axes.plot(shown["gap"], shown["naive_error"], ".-", color=style.RED, label="eigenvectors")
    axes.plot(shown["gap"], shown["fixed_error"], ".-", color=style.BLUE, label="the rule")
    ends = (shown["gap"].min(), 0.1)
    style.power_law(axes, -1, (1.0, eps), ends, label="eps / gap")
    axes.set(xscale="log", yscale="log", xlabel="gap between two eigenvalues")
    axes.set(ylabel="relative error of the gradient")
    axes.invert_xaxis()
    style.name_curves(axes)
    return drawing
