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

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.networks.gates import tempered_softmax_jacobian
from lab.experiment import Finding, Outcome, near
from lab.tables import parts, stacked

from .activations import ACTIVATIONS, KINKS, Function
from .figures import figures as figures


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
