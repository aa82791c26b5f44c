"""One vector answers for every direction: D_v f = grad f . v.

Question: How fast does a landscape rise in each direction, and which direction is the steepest?
Command:  lab run directional_derivatives
Time:     about 15 s on two cores
Expect:   the greatest rate is the length of the gradient, in the direction of the gradient; half of
          it lies 60 degrees to either side; along the level curve the rate is 0.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.vectors.directional_derivatives import circle
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.tables import Table, stacked

from .figures import figures as figures
from .landscapes import BLADE, LANDSCAPES, heading, level_curve, rates, turn


def study(
    key: Any,
    *,
    landscape: Literal["tilted_bowl", "elliptic_bowl", "two_wells", "saddle"] = "tilted_bowl",
    at: tuple[float, float] = (1.0, 0.5),
    directions: PositiveInt = 360,
    step: PositiveFloat = 1e-5,
    level_points: PositiveInt = 500,
    level_step: PositiveFloat = 0.01,
) -> Table:
    """Every direction at one point, the walk along the level curve through it, and the blade.

    Nothing is random: the key is not used. A row is a point, a direction at an angle, and the rate
    there by forward mode, by the gradient and by a central difference.

    Raises ``BadInput`` where the ground is level: no direction is the steepest there.
    """
    ground, start = LANDSCAPES[landscape], jnp.array(at)
    if not jnp.any(ground.gradient(start)):
        raise BadInput(f"at={list(at)}: {landscape} is level there; choose a point on a slope")
    angle = 2 * jnp.pi * jnp.arange(directions).astype(float) / directions
    level = level_curve(ground, start, level_step, level_points)
    # the direction of the curve from its neighbours, so that it owes nothing to the gradient
    chord = level[2:] - level[:-2]
    # into the origin, where the blade has every directional derivative and no gradient
    t = 0.5 ** jnp.arange(1, 16, 0.5).astype(float)
    ray = jnp.pi * jnp.array([1.0, 2.0, 4.0, 5.0]) / 12
    rays, times = (grid.ravel() for grid in jnp.meshgrid(ray, t, indexing="ij"))
    tables = [
        rates("directions", ground, jnp.broadcast_to(start, (directions, 2)), angle, step),
        rates("level", ground, level[1:-1], jnp.arctan2(chord[:, 1], chord[:, 0]), step),
        rates("blade, straight", BLADE, times[:, None] * jax.vmap(circle)(rays), rays, step),
        rates("blade, parabola", BLADE, jnp.stack([t, t**2], axis=1), jnp.arctan(2 * t), step),
    ]
    return stacked(*tables)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    settings, ground = outcome.settings, LANDSCAPES[outcome.settings["landscape"]]
    eps, at = float(np.finfo(settings["precision"]).eps), jnp.array(settings["at"])
    around, level = outcome.rows("directions"), outcome.rows("level")
    steepness, spacing = around["steepness"][0], 2 * np.pi / settings["directions"]
    best = int(np.argmax(around["rate"]))

    share = around["rate"][best] / steepness
    margin = 1 - np.cos(spacing / 2) + 8 * eps
    yield near("greatest rate / length of the gradient", share, 1, margin)
    off = turn(around["angle"][best] - heading(ground.gradient(at)))
    yield near("angle from the gradient to the steepest direction", off, 0, 0.51 * spacing)
    half = np.mean(around["rate"] >= steepness / 2)
    name = "share of the directions with half the greatest rate or more"
    yield near(name, half, 1 / 3, 2 / settings["directions"])

    gap = np.max(abs(around["rate"] - around["gradient_dot_v"])) / steepness
    yield near("forward mode against grad f . v, greatest gap", gap, 0, 16 * eps)
    # what rounding of f makes of a step, and what the third derivative does
    step, height = settings["step"], max(1.0, abs(around["height"][0]))
    gap = np.max(abs(around["rate"] - around["difference"])) / steepness
    margin = (4 * eps * height / step + 10 * step**2) / steepness
    yield near("forward mode against differences, greatest gap", gap, 0, margin)

    hessian = np.asarray(ground.hessian(at))
    mean, margin = np.mean(around["second_rate"]), 32 * eps * np.abs(hessian).sum()
    name = "mean second rate (half the trace of the Hessian)"
    yield near(name, mean, np.trace(hessian) / 2, margin)
    residual = np.max(abs(level["rate"]) / level["steepness"])
    margin = 10 * settings["level_step"] ** 2 + 1e3 * eps
    yield near("rate along the level curve / length of the gradient", residual, 0, margin)

    straight, parabola = outcome.rows("blade, straight"), outcome.rows("blade, parabola")
    nearest = np.hypot(straight["x"], straight["y"]) < 1e-4
    rate = np.max(abs(straight["rate"][nearest]))
    yield near("blade: rate straight into the origin", rate, 0, 1e-2)
    yield near("blade: rate along the parabola", parabola["rate"][-1], 0.5, 1e-6)
