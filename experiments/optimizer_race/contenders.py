"""Who races: methods with one knob, its seven settings, and the one they come with."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import optax
from jaxtyping import Array, Float

from lab.plots import style
from lab.training.descent import Descent, from_optax
from lab.training.descent.memory import bfgs, conjugate_gradient
from lab.training.descent.newton import newton
from lab.training.descent.parts import composed
from lab.training.descent.squares import levenberg_marquardt
from lab.training.descent.steps import backtracking, wolfe

Vector = Float[Array, " n"]


class Contender(NamedTuple):
    """A method with one knob: the seven settings that are tried, and the one it comes with."""

    made: Callable[[Any], Descent]
    knob: str
    settings: tuple[float, ...]
    usual: int
    color: str


def spaced(low: float, high: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.geomspace(low, high, 7))


CURVATURES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9)
CONTENDERS = {
    "gradient": Contender(
        lambda rate: from_optax(optax.sgd(rate)), "rate", spaced(1e-6, 1), 4, style.GREY
    ),
    "momentum": Contender(
        lambda rate: from_optax(optax.sgd(rate, 0.9)), "rate", spaced(1e-6, 1), 4, style.PLUM
    ),
    "Adam": Contender(
        lambda rate: from_optax(optax.adam(rate)), "rate", spaced(1e-3, 1e3), 0, style.GOLD
    ),
    "conjugate gradient": Contender(
        lambda c: composed(conjugate_gradient(), wolfe(curvature=c, most=10)),
        "curvature",
        CURVATURES,
        2,
        "#7a9a01",
    ),
    "BFGS": Contender(
        lambda c: composed(bfgs(), wolfe(curvature=c, most=10)),
        "curvature",
        CURVATURES,
        6,
        style.TEAL,
    ),
    "Levenberg-Marquardt": Contender(
        lambda damping: levenberg_marquardt(damping=damping),
        "damping",
        spaced(1e-9, 1e3),
        3,
        style.BLUE,
    ),
    "Newton": Contender(
        lambda damping: composed(newton(damping=damping), backtracking()),
        "damping",
        spaced(1e-9, 1e3),
        0,
        style.RED,
    ),
}


FIRST_ORDER = ("gradient", "momentum", "Adam")
