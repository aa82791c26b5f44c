"""The methods, and where they are let go."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.landscapes import mgh_valleys
from lab.plots import style
from lab.training.descent.newton import natural_gradient, newton
from lab.training.descent.parts import Direction, Toward, composed
from lab.training.descent.squares import gauss_newton
from lab.training.descent.steps import fixed, parabolic

Pair = Float[Array, " 2"]

VALLEYS = {problem.name: problem for problem in mgh_valleys.PROBLEMS}
BOTTOMS = {
    "rosenbrock": (1.0, 1.0),
    "beale": (3.0, 0.5),
    "helical_valley": (1.0, 0.0, 0.0),
    "powell_singular": (0.0, 0.0, 0.0, 0.0),
    "wood": (1.0, 1.0, 1.0, 1.0),
}

METHODS: dict[str, dict[str, Any]] = {
    "gradient": {
        "name": "sgd",
        "learning_rate": 1.0,
        "step": {"name": "backtracking", "grow": 4.0},
    },
    "BFGS": {"name": "bfgs"},
    "Gauss-Newton": {"name": "gauss_newton"},
    "Levenberg-Marquardt": {"name": "levenberg_marquardt"},
    "Newton": {"name": "newton"},
}
BENT: dict[str, dict[str, Any]] = {
    "Gauss-Newton": {"name": "gauss_newton", "step": {"name": "fixed"}},
    "Levenberg-Marquardt": {"name": "levenberg_marquardt"},
    "Newton": {"name": "newton"},
}
DOWNHILL = Direction(lambda x: (), lambda point, state: Toward(-point.gradient, state), fixed())
WALKS = {"gradient": DOWNHILL, "natural": natural_gradient()}
WHOLE_STEPS = {
    "gradient": composed(DOWNHILL, parabolic()),
    "Gauss-Newton": composed(gauss_newton(), fixed()),
    "Newton": composed(newton(), fixed()),
}
COLORS = dict(
    zip(METHODS, (style.GREY, style.TEAL, style.BLUE, style.GOLD, style.RED), strict=True)
)


class Writing(NamedTuple):
    """A way to write N(m, s²) in two parameters: what they say of m and ln s, and Fisher's F.

    ``start`` are the parameters of a given m and s.
    """

    to_logs: Callable[[Pair], Pair]
    fisher: Callable[[Pair], Float[Array, "2 2"]]
    start: Callable[[float, float], tuple[float, float]]


WRITINGS = {
    "m, s": Writing(
        lambda p: jnp.stack([p[0], jnp.log(p[1])]),
        lambda p: jnp.diag(jnp.stack([1 / p[1] ** 2, 2 / p[1] ** 2])),
        lambda m, s: (m, s),
    ),
    "m, ln s": Writing(
        lambda p: p,
        lambda p: jnp.diag(jnp.stack([jnp.exp(-2 * p[1]), jnp.full_like(p[1], 2)])),
        lambda m, s: (m, float(np.log(s))),
    ),
    "m, 1/s²": Writing(
        lambda p: jnp.stack([p[0], -jnp.log(p[1]) / 2]),
        lambda p: jnp.diag(jnp.stack([p[1], 0.5 / p[1] ** 2])),
        lambda m, s: (m, s**-2),
    ),
}
