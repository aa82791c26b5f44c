"""Derivatives through a solver and past it: a root, and the penalty of a ridge regression."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.implicit.fits import (
    normal_matrix,
    validation_loss,
    validation_loss_derivative,
)
from lab.calculus.implicit.roots_and_fixed_points import quintic_root, quintic_root_derivative
from lab.tables import Row, read, table
from lab.training import data

from .constraints import Scalar, Vector


def newton_steps(theta: Scalar) -> Iterator[Row]:
    """x⁵ + x = θ by Newton's method from 1: errors of x and of both its derivatives."""
    exact, slope = quintic_root(theta), quintic_root_derivative(theta)
    x, unrolled = jnp.ones(()), jnp.zeros(())
    for step in range(16):
        implicit = 1 / (5 * x**4 + 1)
        yield {
            "part": "newton",
            "steps": float(step),
            "residual": float(abs(x - exact)),
            "unrolled_error": float(abs(unrolled - slope)),
            "implicit_error": float(abs(implicit - slope)),
        }
        down, bend = 5 * x**4 + 1, 20 * x**3
        residual = x**5 + x - theta
        unrolled = residual * bend / down**2 * unrolled + 1 / down
        x = x - residual / down


class Fit(NamedTuple):
    """Inputs and targets to fit, and others to judge by."""

    X: Float[Array, "n d"]
    y: Float[Array, " n"]
    Z: Float[Array, "m d"]
    t: Float[Array, " m"]


def patients(key: Any, train_share: float) -> Fit:
    """Diabetes: few patients to fit, the others to judge by; all standardised by the few."""
    everyone = data.load("diabetes")
    train, held_out = data.standardise(*data.split(key, everyone, 1 - train_share))
    mean, spread = train.targets.mean(), train.targets.std()
    y, t = ((part.targets - mean) / spread for part in (train, held_out))
    return Fit(*(jnp.asarray(one, float) for one in (train.inputs, y, held_out.inputs, t)))


def walk(w: Vector, penalty: Scalar, fit: Fit, steps: int) -> Float[Array, "k d"]:
    """The weights after 1, 2, ... steps of descent on |Xw - y|²/2 + λ |w|²/2, of length 1/L."""
    A, b = normal_matrix(fit.X, penalty), fit.X.T @ fit.y
    step = 1 / jnp.linalg.eigvalsh(jax.lax.stop_gradient(A))[-1]

    def advance(w: Vector, _: None) -> tuple[Vector, Vector]:
        w = w - step * (A @ w - b)
        return w, w

    return jax.lax.scan(advance, w, length=steps)[1]


@partial(jax.jit, static_argnames="steps")
def hypergradients(w: Vector, penalty: Scalar, fit: Fit, steps: int) -> dict[str, Array]:
    """After each inner step from w: the derivative of the held-out loss in λ, three ways."""
    weights, moved = jax.jvp(
        lambda penalty: walk(w, penalty, fit, steps), (penalty,), (jnp.ones_like(penalty),)
    )
    A, b = normal_matrix(fit.X, penalty), fit.X.T @ fit.y
    errors = weights @ fit.Z.T - fit.t
    slopes = 2 / fit.t.size * errors @ fit.Z
    exact = validation_loss_derivative(penalty, *fit)
    found = {
        "loss": jnp.mean(errors**2, axis=1),
        "unrolled": jnp.sum(slopes * moved, axis=1),
        "implicit": -jnp.sum(jnp.linalg.solve(A, slopes.T).T * weights, axis=1),
        "exact": jnp.full(steps, exact),
        "residual": jnp.linalg.norm(weights @ A - b, axis=1) / jnp.linalg.norm(b),
    }
    gaps = {f"{way}_error": jnp.abs(found[way] - exact) for way in ("unrolled", "implicit")}
    return found | gaps | {"weights": weights}


def inner(fit: Fit, penalty: Scalar, steps: int) -> Iterator[Row]:
    """At one penalty: how the two hypergradients improve with the inner steps, and what they cost.

    A cost is a number of products with the matrix: there and back, or there and a solve.
    """
    found = hypergradients(jnp.zeros(fit.X.shape[1]), penalty, fit, steps)
    found.pop("weights")
    spectrum = jnp.linalg.eigvalsh(normal_matrix(fit.X, penalty))
    count = jnp.arange(1, steps + 1).astype(float)
    costs = {"unrolled_cost": 2 * count, "implicit_cost": count + spectrum.size}
    rate = {"rate": jnp.full(steps, 1 - spectrum[0] / spectrum[-1])}
    yield from read(table({"part": "inner", "steps": count}, rate, costs, found))


def outer(fit: Fit, steps: int, rate: float, inside: int, warm: bool) -> Iterator[Row]:
    """Gradient descent on θ = ln λ by the implicit hypergradient, dL/dθ = λ dL/dλ."""
    w, log_penalty = jnp.zeros(fit.X.shape[1]), jnp.zeros(())
    for step in range(steps + 1):
        penalty = jnp.exp(log_penalty)
        found = hypergradients(w if warm else jnp.zeros_like(w), penalty, fit, inside)
        w = found.pop("weights")[-1]
        row = {name: float(values[-1]) for name, values in found.items()}
        yield {"part": "outer", "steps": float(step), "penalty": float(penalty)} | row
        log_penalty = log_penalty - rate * penalty * found["implicit"][-1]


def search(fit: Fit) -> Iterator[Row]:
    """The held-out loss at 2001 penalties."""
    penalties = jnp.geomspace(1e-1, 1e3, 2001).astype(float)
    losses = jax.jit(jax.vmap(lambda penalty: validation_loss(penalty, *fit)))(penalties)
    yield from read(table({"part": "search", "penalty": penalties, "loss": losses}))
