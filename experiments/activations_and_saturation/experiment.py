"""Activations: the slope is what the gradient is multiplied by, once for every layer.

Question: How steep is each activation, where is it flat, and what is left of a gradient that has
          gone back through fifty layers of them?
Command:  lab run activations_and_saturation
Time:     about 30 s on two cores, most of it the checks
Expect:   sigmoid' is at most 1/4, so fifty of them leave less than 4^-50 = 8e-31; gelu' reaches
          1.129 at sqrt 2 and silu' 1.100 at 2.399, above 1; with weights of variance 2 / width a
          relu keeps the gradient at its size, and every activation obeys the law
          sqrt(2 E slope^2) a layer.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks import activations as plain
from lab.calculus.networks import piecewise_activations as piecewise
from lab.calculus.networks import smooth_activations as smooth
from lab.calculus.networks.gates import tempered_softmax_jacobian
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import parts, stacked

Function = Callable[[Any], Any]
FLAT = 0.1
"""Below this slope a unit counts as saturated."""


class Activation(NamedTuple):
    """A function with its slope, and its bend where there is one, by hand."""

    f: Function
    slope: Function
    bend: Function | None = None


ACTIVATIONS = {
    "sigmoid": Activation(
        plain.sigmoid, plain.sigmoid_derivative, smooth.sigmoid_second_derivative
    ),
    "tanh": Activation(plain.tanh, plain.tanh_derivative, smooth.tanh_second_derivative),
    "relu": Activation(plain.relu, plain.relu_derivative),
    "gelu": Activation(plain.gelu, plain.gelu_derivative, smooth.gelu_second_derivative),
    "silu": Activation(plain.silu, plain.silu_derivative, smooth.silu_second_derivative),
    "softplus": Activation(
        plain.softplus, plain.softplus_derivative, smooth.softplus_second_derivative
    ),
    "elu": Activation(plain.elu, plain.elu_derivative),
    "softsign": Activation(
        plain.softsign, plain.softsign_derivative, smooth.softsign_second_derivative
    ),
    "mish": Activation(smooth.mish, smooth.mish_derivative),
}

KINKS: dict[str, tuple[Function, Function, float]] = {
    "relu at 0": (plain.relu, plain.relu_derivative, 0.0),
    "max(x, 0) at 0": (lambda x: jnp.maximum(x, 0.0), plain.relu_derivative, 0.0),
    "relu6 at 6": (piecewise.relu6, piecewise.relu6_derivative, 6.0),
    "hard tanh at 1": (piecewise.hard_tanh, piecewise.hard_tanh_derivative, 1.0),
    "hard swish at 3": (piecewise.hard_swish, piecewise.hard_swish_derivative, 3.0),
    "hard swish at -3": (piecewise.hard_swish, piecewise.hard_swish_derivative, -3.0),
    "selu at 0": (piecewise.selu, piecewise.selu_derivative, 0.0),
}


def study(
    key: Key[Array, ""],
    *,
    activations: tuple[
        Literal["sigmoid", "tanh", "relu", "gelu", "silu", "softplus", "elu", "softsign", "mish"],
        ...,
    ] = ("sigmoid", "tanh", "relu", "gelu", "silu", "softsign"),
    depth: PositiveInt = 50,
    width: PositiveInt = 256,
    samples: PositiveInt = 32,
    gain: PositiveFloat = 2.0,
) -> dict[str, np.ndarray]:
    """Every activation on a grid, at its kinks, and in a random network of many layers.

    Weights are normal of variance ``gain / width``: 2 is He's choice, 1 Glorot's. A softmax, the
    activation of many numbers at once, is cooled down.
    """
    x = jnp.linspace(-6.0, 6.0, 481)
    curves = [curve(name, x) for name in activations]
    sinks = [descent(key, name, depth, width, samples, gain) for name in activations]
    t = jnp.geomspace(0.02, 50.0, 60)
    jacobians = jax.vmap(lambda t: tempered_softmax_jacobian(jnp.array([1.0, 0.5, -0.2, -1.0]), t))
    return parts(
        {
            "curve": stacked(*curves),
            "depth": stacked(*sinks),
            "kink": stacked(*[kink(name) for name in KINKS]),
            # of softmax(z/t) in z/t: the division by t itself is left out
            "softmax": {
                "temperature": t,
                "norm": t * jnp.linalg.norm(jacobians(t), ord=2, axis=(1, 2)),
            },
        }
    )


def curve(name: str, x: Float[Array, " n"]) -> dict[str, Any]:
    """Value, slope and bend by hand, and the slope by JAX."""
    f, slope, bend = ACTIVATIONS[name]
    return {
        "activation": np.full(x.size, name),
        "x": x,
        "value": f(x),
        "slope": slope(x),
        "bend": bend(x) if bend else jnp.full_like(x, jnp.nan),
        "jax_slope": jax.vmap(jax.grad(f))(x),
    }


def kink(name: str) -> dict[str, Any]:
    """The slope just left and just right of a corner, and what is said at it."""
    f, slope, place = KINKS[name]
    at = jnp.array(place)
    return {
        "activation": np.array(name),
        "x": place,
        "left": slope(at - 1e-3),
        "right": slope(at + 1e-3),
        "slope": slope(at),
        "jax_slope": jax.grad(f)(at),
    }


def descent(
    key: Key[Array, ""], name: str, depth: int, width: int, samples: int, gain: float
) -> dict[str, Any]:
    """Forward through ``depth`` random layers, and a random cotangent back through them.

    A row is a number of layers gone back: what is left of the cotangent, what wide networks are
    known to leave, and the product of the slopes on two thousand paths of one unit a layer.
    """
    f, slope, _ = ACTIVATIONS[name]
    sizes = [(depth, width, width), (samples, width), (samples, width)]
    start, back, layers, along = jax.random.split(key, 4)
    W, Z, C = (
        jax.random.normal(k, size) for k, size in zip((layers, start, back), sizes, strict=True)
    )
    W = W * (gain / width) ** 0.5

    @jax.jit
    def there_and_back(W: Array, Z: Array, C: Array) -> tuple[Array, Array, Array]:
        def forward(state: tuple[Array, Array], W: Array) -> tuple[tuple[Array, Array], Any]:
            Z, variance = state
            square_slope, square = wide_limit(f, slope, variance)
            return (f(Z) @ W, gain * square), (slope(Z), gain * square_slope)

        def backward(C: Array, layer: tuple[Array, Array]) -> tuple[Array, Array]:
            W, steep = layer
            C = (C @ W.T) * steep
            return C, jnp.linalg.norm(C)

        _, (slopes, law) = jax.lax.scan(forward, (Z, jnp.ones(())), W)
        return slopes, law, jax.lax.scan(backward, C, (W, slopes), reverse=True)[1]

    slopes, law, norms = (np.asarray(found)[::-1] for found in there_and_back(W, Z, C))
    # the paths go through units drawn anew in every layer, all for one of the samples each
    units = np.asarray(jax.random.bits(along, (depth, 2000), jnp.uint32)) % width
    on_paths = slopes[np.arange(depth)[:, None], np.arange(2000) % samples, units]
    products = np.concatenate([np.ones((1, 2000)), np.cumprod(on_paths, axis=0)])
    return {
        "activation": np.full(depth + 1, name),
        "depth": np.arange(depth + 1),
        "gradient_norm": np.append(1.0, norms / jnp.linalg.norm(C)),
        "predicted_norm": np.sqrt(np.append(1.0, np.cumprod(law))),
        "product_min": products.min(axis=1),
        "product_median": np.median(products, axis=1),
        "product_max": products.max(axis=1),
    }


def wide_limit(f: Function, slope: Function, variance: Array) -> tuple[Array, Array]:
    """``E slope(z)²`` and ``E f(z)²`` for z normal, as every pre-activation of a wide layer is."""
    z = jnp.linspace(-8.0, 8.0, 2000)  # none of them at a corner
    weights = jnp.exp(-(z**2) / 2)
    weights = weights / weights.sum()
    x = jnp.sqrt(variance) * z
    return weights @ slope(x) ** 2, weights @ f(x) ** 2


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    curves, depth = outcome.rows("curve"), outcome.settings["depth"]
    off_zero = abs(curves["x"]) > 1e-6
    gap = np.max(abs(curves["slope"] - curves["jax_slope"])[off_zero])
    yield near("slopes by hand against JAX, greatest gap", gap, 0, 32 * eps)

    for name, top, place in (
        ("sigmoid", 0.25, 0.0),
        ("gelu", 1.1289, 2**0.5),
        ("silu", 1.0998, 2.3994),
    ):
        if name in outcome.settings["activations"]:
            shown = outcome.rows("curve", activation=name)
            best = int(np.argmax(shown["slope"]))
            yield near(f"greatest slope of the {name}", shown["slope"][best], top, 1e-4)
            yield near(f"where the {name} is steepest", shown["x"][best], place, 0.02)
    if "gelu" in outcome.settings["activations"]:
        shown = outcome.rows("curve", activation="gelu")
        from_here = shown["x"][np.argmax(shown["slope"] > 1)]
        yield near("the gelu is steeper than the identity from x =", from_here, 0.7518, 0.026)

    if "sigmoid" in outcome.settings["activations"]:
        sink = outcome.rows("depth", activation="sigmoid")
        worst = float(np.max(sink["product_max"] * 4.0 ** sink["depth"]))
        name = "largest product of d sigmoid slopes, times 4^d"
        yield Finding(name, worst, "at most 1", worst <= 1 + 100 * eps)

    for name in outcome.settings["activations"]:
        sink = outcome.rows("depth", activation=name)
        measured = float(sink["gradient_norm"][-1]) ** (1 / depth)
        law = float(sink["predicted_norm"][-1]) ** (1 / depth)
        yield near(f"{name}: left of the gradient a layer", measured, law, 0.03 * law)

    softmax = outcome.rows("softmax")
    steepest = float(softmax["norm"].max())
    yield Finding(
        "softmax: greatest stretch of its Jacobian", steepest, "at most 1/2", steepest <= 0.5
    )


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "slopes_and_flats", curves_figure(outcome)
    yield "through_the_depth", depth_figure(outcome)
    yield "corners_and_softmax", corners_figure(outcome)


def curves_figure(outcome: Outcome) -> Figure:
    names = outcome.settings["activations"]
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    drawing, panels = style.figure(
        lines,
        columns,
        title="Activations, their slopes, and where they are flat",
        width=3.6 * columns + 0.6,
        height=2.75 * lines + 0.5,
        sharex=True,
    )
    for axes, name in zip(panels, names, strict=False):
        shown = outcome.rows("curve", activation=name)
        x = shown["x"]
        flat = abs(shown["slope"]) < FLAT
        axes.fill_between(
            x, 0, 1, where=flat, transform=axes.get_xaxis_transform(), color=style.RED,
            alpha=0.1, linewidth=0,
        )  # fmt: skip
        axes.plot(x, shown["value"], color=style.INK, label="f")
        axes.plot(x, shown["bend"], color=style.GOLD, linewidth=1.1, label="f ''")
        axes.plot(x, shown["slope"], color=style.BLUE, label="f '")
        axes.set(title=name, ylim=(-1.15, 1.75), xlim=(-6, 6))
        style.name_curves(axes, gap=0.1)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    style.note(panels[0], f"red: slope below {FLAT}", (-6, 1.7), color=style.RED, offset=(4, -2))
    return drawing


def depth_figure(outcome: Outcome) -> Figure:
    drawing, (left, right) = style.figure(
        columns=2, title="What is left after so many layers", width=11, height=4.6
    )
    for name, color in zip(outcome.settings["activations"], style.CYCLE * 2, strict=False):
        sink = outcome.rows("depth", activation=name)
        left.plot(sink["depth"], sink["predicted_norm"], color=color, linewidth=1.3, label=name)
        left.plot(sink["depth"][::3], sink["gradient_norm"][::3], "o", color=color, markersize=3)
        band(right, sink, color, name)
    saying = f"of the gradient: dots, a network {outcome.settings['width']} wide; lines, the law"
    left.set(yscale="log", xlabel="layers gone back", title=saying)
    right.set(yscale="log", xlabel="factors", title="of a product of slopes: median and range")
    right.set_ylim(bottom=1e-40)
    for axes in (left, right):
        style.name_curves(axes)
    return drawing


def band(axes: Axes, sink: dict[str, np.ndarray], color: str, name: str) -> None:
    """The median of the products, in the range of all, for as long as all are positive."""
    low, middle, high = (sink[f"product_{which}"] for which in ("min", "median", "max"))
    axes.fill_between(sink["depth"], low, high, where=low > 0, color=color, alpha=0.09, linewidth=0)
    if middle[-1] > 0:
        axes.plot(sink["depth"], middle, color=color, label=name)
    else:
        start = (1.0, 2e-38)
        style.note(axes, f"{name}: 0, if one factor is", start, color=color, offset=(2, 3))


def corners_figure(outcome: Outcome) -> Figure:
    drawing, (left, right) = style.figure(
        columns=2, title="Conventions at corners, and a softmax that cools", width=11, height=4.2
    )
    corners = outcome.rows("kink")
    for place in range(corners["x"].size):
        ends = [corners["left"][place], corners["right"][place]]
        left.plot(ends, [place] * 2, color=style.GREY, linewidth=5, alpha=0.35)
        left.plot(corners["slope"][place], place, "o", color=style.BLUE, markersize=9)
        left.plot(corners["jax_slope"][place], place, "o", color=style.GOLD, markersize=4.5)
    left.set_yticks(range(len(corners["x"])), list(corners["activation"]))
    left.set(xlabel="slope", title="grey: any of these;  blue: ours;  gold: JAX's")
    left.invert_yaxis()
    softmax = outcome.rows("softmax")
    right.plot(softmax["temperature"], softmax["norm"], color=style.BLUE)
    right.axhline(0.5, color=style.RED, linestyle="--", linewidth=1.1)
    style.note(right, "never more than 1/2", (0.02, 0.5), color=style.RED, offset=(4, -4))
    right.set(xscale="log", xlabel="temperature", ylim=(0, 0.55), ylabel="norm of the Jacobian")
    right.set_title("softmax at (1, 0.5, -0.2, -1)/t")
    return drawing
