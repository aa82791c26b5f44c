"""Methods for sums of squares: Gauss-Newton's direction, and Levenberg and Marquardt's descent.

Both replace the Hessian of ``r.r`` by ``2 JᵀJ``: exact for linear residuals, good for small ones.
They solve with the Jacobian itself, not with ``JᵀJ``, whose condition is that of J squared.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Int
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from lab.training.curvature import Jacobian, Vector
from lab.training.descent import Descent, Evaluations, Here, Move
from lab.training.descent.parts import Direction, Point, Toward, count, flat
from lab.training.descent.steps import backtracking
from lab.training.problem import Params, Scalar


def gauss_newton(*, damping: NonNegativeFloat = 0.0) -> Direction:
    """``-(2 JᵀJ + damping I)^-1 2 Jᵀr``: to the bottom of the sum of squares, were r linear.

    Without damping the shortest such direction, should there be many. It costs the Jacobian.
    """

    def toward(point: Point, state: Any) -> Toward:
        r, J = point.residuals(), point.jacobian()
        U, s, Vt = jnp.linalg.svd(J, full_matrices=False)
        known = s > jnp.finfo(s.dtype).eps * max(J.shape) * jnp.max(s)
        s = jnp.where(known, s, 0)
        total = s**2 + damping / 2
        vector = -(Vt.T @ (s / jnp.where(total > 0, total, 1) * (U.T @ r)))
        promised = r @ r - jnp.sum((r + J @ vector) ** 2)
        seen = {"predicted_decrease": promised}
        return Toward(vector, state, Evaluations(product=min(J.shape)), seen)

    return Direction(lambda x: (), toward, backtracking())


class _Trust(NamedTuple):
    """What Levenberg and Marquardt remember: the damping, and the scale of each parameter."""

    damping: Scalar
    scale: Vector


class _Trial(NamedTuple):
    damping: Scalar
    factor: Scalar
    vector: Vector
    predicted: Scalar
    tries: Int[Array, ""]
    accepted: Bool[Array, ""]


def levenberg_marquardt(
    *, damping: PositiveFloat = 1e-3, scaled: bool = True, tries: PositiveInt = 12
) -> Descent:
    """``-(JᵀJ + λ D²)^-1 Jᵀr``, with λ so great that the loss falls.

    Levenberg (1944) and Marquardt (1963). λ starts at ``damping``. It shrinks as the model keeps
    its promises and grows while it breaks them, by Nielsen's rule (Madsen, Nielsen and Tingleff
    2004, eq. 2.21); the step is taken once the loss falls by a thousandth of what was promised, or
    not at all after so many ``tries``. D holds the greatest lengths of the columns of J so far
    where ``scaled`` (Moré 1978): units of the parameters do not matter then. Otherwise D is the
    greatest of them at the start, for all parameters alike.

    It costs the Jacobian, and a loss for each try.
    """

    def init(params: Params) -> _Trust:
        x = ravel_pytree(params)[0]
        return _Trust(jnp.asarray(damping, x.dtype), jnp.zeros_like(x))

    def move(here: Here, state: _Trust) -> Move:
        point = flat(here)
        r, J = point.residuals(), point.jacobian()
        scale = _scale(J, state.scale, scaled)
        U, s, Vt = jnp.linalg.svd(J / scale, full_matrices=False)
        c = U.T @ r

        def step_for(damping: Scalar) -> tuple[Vector, Scalar]:
            total = s**2 + damping
            z = s / jnp.where(total > 0, total, 1) * c
            # |r|² - |r + Jd|², without the difference (Moré 1978, eq. 4.4)
            promised = jnp.sum((s * z) ** 2) + 2 * damping * jnp.sum(z**2)
            return -(Vt.T @ z) / scale, promised

        def going(t: _Trial) -> Array:
            return ~t.accepted & (t.tries < tries)

        def attempt(t: _Trial) -> _Trial:
            vector, promised = step_for(t.damping)
            fallen = point.loss - point.loss_at(point.x + vector)
            ratio = fallen / jnp.where(promised > 0, promised, 1)
            accepted = ratio > 1e-3  # and not where it is nan
            shrunk = t.damping * jnp.maximum(1 / 3, 1 - (2 * ratio - 1) ** 3)
            after = jnp.where(accepted, shrunk, t.damping * t.factor)
            factor = jnp.where(accepted, 2, 2 * t.factor)
            kept = jnp.where(accepted, vector, jnp.zeros_like(vector))
            return _Trial(after, factor, kept, promised, t.tries + 1, accepted)

        zero = jnp.zeros_like(point.loss)
        least = jnp.finfo(zero.dtype).eps
        begin = _Trial(
            state.damping, zero + 2, jnp.zeros_like(point.x), zero, count(0), jnp.asarray(False)
        )
        end = jax.lax.while_loop(going, attempt, begin)
        # far beyond what any step needs, and not so far that it could not come back
        after = jnp.clip(end.damping, least, 1 / least)
        return Move(
            point.unflatten(end.vector),
            _Trust(after, scale),
            Evaluations(loss=end.tries - 1, product=count(min(J.shape))),
            {"damping": state.damping, "tries": end.tries, "predicted_decrease": end.predicted},
        )

    return Descent(init, move)


def _scale(J: Jacobian, before: Vector, scaled: bool) -> Vector:
    """What a change of each parameter is measured in: never 0, and never less than before."""
    lengths = jnp.linalg.norm(J, axis=0)
    if not scaled:
        greatest = jnp.full_like(lengths, jnp.max(lengths))
        lengths = jnp.where(before > 0, before, greatest)
    scale = jnp.maximum(lengths, before)
    return jnp.where(scale > 0, scale, 1)
