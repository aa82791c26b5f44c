"""Momentum on a quadratic: its phases, and its hypergradient."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from lab.calculus.optimizers.adaptive import unrolled_loss, unrolled_loss_gradient
from lab.calculus.optimizers.momentum import heavy_ball_rate
from lab.tables import Table
from lab.training import data

MU, L = 0.1, 10.0
KAPPA = L / MU
POLYAK = ((2 / (np.sqrt(L) + np.sqrt(MU))) ** 2, ((np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1)) ** 2)


def phase() -> Table:
    """The rate of momentum on curvatures from MU to L, predicted and walked, over both settings."""
    step, momentum = (grid.ravel() for grid in np.meshgrid(
        np.linspace(0, 4 / L, 82)[1:], np.linspace(0, 1, 61)[:-1], indexing="ij"))  # fmt: skip
    curvatures = jnp.geomspace(MU, L, 25)

    def one(a: Float[Array, ""], b: Float[Array, ""]) -> tuple[Array, Array]:
        rate = jax.vmap(lambda c: heavy_ball_rate(c, a, b))(curvatures)

        def move(carry: Any, _: None) -> Any:
            x, v, log = carry
            v = b * v - a * curvatures * x
            x = x + v
            size = jnp.hypot(x, v)  # measured as it goes, for it soon leaves all numbers behind
            return (x / size, v / size, log + jnp.log(size)), log

        ones = jnp.ones_like(curvatures)
        start = (ones, jnp.zeros_like(ones), jnp.zeros_like(ones))
        (_, _, last), logs = jax.lax.scan(move, start, length=600)
        return jnp.max(rate), jnp.max(jnp.exp((last - logs[300]) / 300))

    predicted, walked = jax.jit(jax.vmap(one))(jnp.asarray(step), jnp.asarray(momentum))
    return {
        "part": np.full(step.size, "phase"),
        "rate": step,
        "momentum": momentum,
        "predicted": np.asarray(predicted),
        "walked": np.asarray(walked),
    }


def hypergradients(steps: int) -> Table:
    """Descend the loss after so many steps in the settings themselves, along the hand's gradient.

    The loss is that of a ridge regression on the diabetes data, relative to its least, as a
    quadratic around it. The settings are kept between 0 and their limits as logistic functions.
    """
    (table,) = data.standardise(data.load("diabetes"))
    X = jnp.asarray(table.inputs, float)
    H = X.T @ X / X.shape[0] + 0.01 * jnp.eye(X.shape[1])
    start = jnp.ones(X.shape[1])
    top = 4 / jnp.linalg.eigvalsh(H)[-1]
    limits = jnp.stack([top, jnp.ones_like(top)])

    def loss(z: Float[Array, " 2"]) -> Float[Array, ""]:
        return jnp.log(unrolled_loss(limits * jax.nn.sigmoid(z), start, H, steps))

    def by_hand(z: Float[Array, " 2"]) -> tuple[Array, Array]:
        s = jax.nn.sigmoid(z)
        value = unrolled_loss(limits * s, start, H, steps)
        slope = unrolled_loss_gradient(limits * s, start, H, steps)
        return jnp.log(value), slope * limits * s * (1 - s) / value

    rule = optax.adam(0.05)

    def move(carry: Any, _: None) -> Any:
        z, state = carry
        value, slope = by_hand(z)
        gap = jnp.max(abs(slope - jax.grad(loss)(z)))
        update, state = rule.update(slope, state, z)
        return (z + update, state), (limits * jax.nn.sigmoid(z), value, gap)

    z = jnp.array([-2.0, 0.0])
    _, (settings, value, gap) = jax.jit(
        lambda z: jax.lax.scan(move, (z, rule.init(z)), length=200)
    )(z)
    momenta = jnp.linspace(0.0, 0.99, 45)
    rates = top * jnp.linspace(0.02, 0.98, 45)
    grid = jax.jit(jax.vmap(jax.vmap(lambda a, b: unrolled_loss(jnp.stack([a, b]), start, H, steps),
                                     (None, 0)), (0, None)))(rates, momenta)  # fmt: skip
    size = len(value)
    return {
        "part": np.full(size, "hypergradient"),
        "k": np.arange(size, dtype=float),
        "rate": np.asarray(settings[:, 0]),
        "momentum": np.asarray(settings[:, 1]),
        "loss": np.exp(np.asarray(value)),
        "gap": np.asarray(gap),
        "best_of_grid": np.full(size, float(jnp.nanmin(grid))),
        "best_without": np.full(size, float(jnp.nanmin(grid[:, 0]))),
    }
