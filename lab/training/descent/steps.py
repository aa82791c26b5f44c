"""How far to go along a direction: a fixed length, backtracking, Wolfe's conditions, a parabola.

The searches are optax's; what they tried is counted. One that finds no length that lowers the loss
enough in ``most`` trials stays where it is.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax
from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.training.curvature import Vector
from lab.training.descent import Evaluations, searched
from lab.training.descent.parts import Along, Point, Step
from lab.training.optimizers import keeping_dtypes


def fixed(*, length: PositiveFloat = 1.0) -> Step:
    """Always ``length`` times the direction; costs nothing."""

    def along(point: Point, vector: Vector, state: Any) -> Along:
        del vector
        return Along(jnp.asarray(length, point.x.dtype), state)

    return Step(lambda x: (), along)


def backtracking(
    *,
    slope: PositiveFloat = 1e-4,
    shrink: PositiveFloat = 0.5,
    longest: PositiveFloat = 1.0,
    grow: PositiveFloat | None = None,
    most: PositiveInt = 30,
) -> Step:
    """The first of ``longest``, ``shrink longest``, ... that lowers the loss enough (Armijo 1966).

    Enough is ``f(x + a d) <= f(x) + slope a g.d``. With ``grow`` a search begins at so many times
    the length last found, up to ``longest``. A trial costs a loss.

    Raises ``BadInput`` for a ``slope`` or ``shrink`` of 1 or more, and a ``grow`` below 1.
    """
    for name, value in (("slope", slope), ("shrink", shrink)):
        if value >= 1:
            raise BadInput(f"step.{name}={value:g}: take a number between 0 and 1")
    if grow is not None and grow < 1:
        raise BadInput(f"step.grow={grow:g} would shrink every step; take 1 or more, such as 2")
    search = optax.scale_by_backtracking_linesearch(
        max_backtracking_steps=most,
        slope_rtol=slope,
        decrease_factor=shrink,
        increase_factor=1.0 if grow is None else grow,
        max_learning_rate=longest,
    )
    return _searching(search, begin=longest, keep=grow is not None)


def wolfe(
    *,
    slope: PositiveFloat = 1e-4,
    curvature: PositiveFloat = 0.9,
    longest: PositiveFloat | None = None,
    first: Literal["one", "keep"] = "one",
    most: PositiveInt = 30,
) -> Step:
    """A length with the loss low enough, as for ``backtracking``, and the slope there flat enough:
    ``|g(x + a d).d| <= curvature |g.d|`` (the strong conditions of Wolfe 1969).

    By bracketing and zooming (Nocedal and Wright, algorithms 3.5 and 3.6), from the length 1, or
    with ``first: keep`` from the last one. Where no length is found to be flat enough, one that is
    low enough will do. A trial costs a loss and a gradient.

    Raises ``BadInput`` unless ``slope < curvature < 1``: there may be no such length otherwise.
    """
    # one that is traced, to try many at once, cannot be looked at
    if not isinstance(curvature, jax.core.Tracer) and not slope < curvature < 1:
        raise BadInput(
            f"step.slope={slope:g}, step.curvature={curvature:g}: take 0 < slope < curvature < 1"
        )
    search = optax.scale_by_zoom_linesearch(
        max_linesearch_steps=most,
        max_learning_rate=longest,
        slope_rtol=slope,
        curv_rtol=curvature,
        # its other test of the loss takes any fall for enough where the slope is flat: on a plateau
        approx_dec_rtol=None,
        initial_guess_strategy=first,
    )
    return _searching(search, begin=1.0, keep=True)


def parabolic() -> Step:
    """To the bottom of the parabola with the loss's slope and curvature along the direction.

    ``-g.d / d.Hd``, exact where the loss is quadratic; 1 where it is not curved upwards. It costs
    one product with the Hessian.
    """

    def along(point: Point, vector: Vector, state: Any) -> Along:
        bend = vector @ point.product(vector)
        length = jnp.where(bend > 0, -(point.gradient @ vector) / jnp.where(bend > 0, bend, 1), 1)
        return Along(length, state, Evaluations(product=1), {"step_size": length})

    return Step(lambda x: (), along)


def _searching(search: optax.GradientTransformation, begin: float, keep: bool) -> Step:
    """A line search of optax as a step; it begins at ``begin``, or where it ended if ``keep``."""
    inner = keeping_dtypes(search)

    def init(x: Vector) -> Any:
        state: Any = inner.init(x)
        return state._replace(learning_rate=jnp.full_like(state.learning_rate, begin))

    def along(point: Point, vector: Vector, state: Any) -> Along:
        last = state.learning_rate
        # a search that failed leaves 0, from where no factor leads away
        usable = (last > 0) & keep
        state = state._replace(learning_rate=jnp.where(usable, last, jnp.full_like(last, begin)))
        _, state = inner.update(
            vector, state, point.x, value=point.loss, grad=point.gradient, value_fn=point.loss_at
        )
        low = state.info.decrease_error <= 0
        length = jnp.where(low, state.learning_rate, jnp.zeros_like(last))
        seen = {"step_size": length, "tries": state.info.num_linesearch_steps}
        return Along(length, state._replace(learning_rate=length), searched(state), seen)

    return Step(init, along)
