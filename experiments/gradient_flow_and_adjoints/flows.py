"""Differential equations and their sensitivities: hares and lynxes, a decay, a swing, a slope."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.dynamics import integrators
from lab.calculus.dynamics.integrators import (
    ball_energy,
    lotka_volterra,
    lotka_volterra_jacobian,
    lotka_volterra_sensitivity,
    orbit_height,
    rolling,
    walk,
)
from lab.calculus.dynamics.solutions import decay_gradient, oscillator
from lab.plots import style
from lab.tables import Table

Vector = Float[Array, " n"]
COUNTS = (32, 64, 128, 256, 512)  # of steps, where an order is measured


# ----- hares and lynxes -----


@partial(jax.jit, static_argnames="steps")
def hunters(y: Vector, theta: Vector, T: Array, steps: int) -> dict[str, Array]:
    """States, sensitivity to the first rate, adjoint of the last number of hares, and λᵀ s for a
    disturbance s of the start."""
    h = T / steps
    f = lambda y: lotka_volterra(y, theta)
    path, S = jax.jvp(
        lambda theta: walk("rk4", lambda y: lotka_volterra(y, theta), y, h, steps),
        (theta,),
        (jnp.zeros_like(theta).at[0].set(1),),
    )
    s = jax.jvp(lambda y: walk("rk4", f, y, h, steps), (y,), (jnp.ones_like(y),))[1]

    def backwards(cotangent: Vector, y: Vector) -> tuple[Vector, Vector]:
        before = integrators.rk4_step_vjp(y, theta, h, cotangent)[0]
        return before, before

    last = jnp.zeros_like(y).at[0].set(1)
    adjoint = jax.lax.scan(backwards, last, path[:-1], reverse=True)[1]
    adjoint = jnp.concatenate([adjoint, last[None]])
    return {
        "t": h * jnp.arange(steps + 1),
        "x": path[:, 0],
        "y": path[:, 1],
        "S_x": S[:, 0],
        "S_y": S[:, 1],
        "adjoint_x": adjoint[:, 0],
        "adjoint_y": adjoint[:, 1],
        "invariant": jnp.sum(adjoint * s, axis=1),
        "height": jax.vmap(orbit_height, (0, None))(path, theta),
    }


def gaps(method: str, y: Vector, theta: Vector, T: Array) -> dict[str, Array]:
    """Step lengths, and how far the followed adjoint is from the derivative of the steps."""
    found = [adjoint_gap(method, y, theta, T, steps) for steps in COUNTS]
    return {"h": T / jnp.array(COUNTS, T.dtype), "error": jnp.stack(found)}


@partial(jax.jit, static_argnames=("method", "steps"))
def adjoint_gap(method: str, y: Vector, theta: Vector, T: Array, steps: int) -> Array:
    """(y, λ, dL/dθ) followed back from the end as one system, against JAX's vjp of the walk."""
    h = T / steps
    end = lambda y, theta: walk(method, lambda y: lotka_volterra(y, theta), y, h, steps)[-1]
    last, pullback = jax.vjp(end, y, theta)
    cotangent = jnp.zeros_like(y).at[0].set(1)
    exact = jnp.concatenate(pullback(cotangent))

    def back(state: Vector) -> Vector:
        y, adjoint = state[:2], state[2:4]
        return -jnp.concatenate(
            [
                lotka_volterra(y, theta),
                -lotka_volterra_jacobian(y, theta).T @ adjoint,
                -lotka_volterra_sensitivity(y, theta).T @ adjoint,
            ]
        )

    begin = jnp.concatenate([last, cotangent, jnp.zeros_like(theta)])
    followed = walk(method, back, begin, h, steps)[-1][2:]
    return jnp.linalg.norm(followed - exact) / jnp.linalg.norm(exact)


# ----- where the answer is known -----


def decay_errors(method: str) -> dict[str, Array]:
    """dy(2)/dk of y' = -k y: JAX through the steps against -t y."""
    y0, k, T = jnp.ones(()), jnp.asarray(0.5, float), jnp.asarray(2.0, float)

    def by_steps(steps: int) -> Array:
        end = lambda k: walk(method, lambda y: -k * y, y0[None], T / steps, steps)[-1, 0]
        return jax.jvp(end, (k,), (jnp.ones_like(k),))[1]

    exact = decay_gradient(y0, k, T)[1]
    errors = [abs(by_steps(steps) - exact) for steps in COUNTS]
    return {"h": T / jnp.array(COUNTS, T.dtype), "error": jnp.stack(errors)}


def swing_errors(method: str) -> dict[str, Array]:
    """x(5) of x'' = -4 x from 1 at rest, against its formula."""
    T, w = jnp.asarray(5.0, float), jnp.asarray(2.0, float)
    begin = jnp.stack([jnp.ones(()), jnp.zeros(())]).astype(T.dtype)
    f = lambda y: jnp.stack([y[1], -(w**2) * y[0]])
    exact = oscillator(begin[0], begin[1], w, T)
    errors = [abs(walk(method, f, begin, T / n, n)[-1, 0] - exact) for n in COUNTS]
    return {"h": T / jnp.array(COUNTS, T.dtype), "error": jnp.stack(errors)}


# ----- downhill: rolling, flowing, stepping -----


def ball(H: Float[Array, "2 2"], friction: Array, T: Array, steps: int) -> dict[str, Array]:
    """A ball in the valley; the energy that it has, and what friction has taken."""
    f = lambda s: rolling(s.reshape(2, 2), H, friction).ravel()
    begin = jnp.asarray([2.0, 1.0, 0.0, 0.0], float)
    h = T / steps
    path = jax.jit(lambda s: walk("rk4", f, s, h, steps))(begin)
    lost = friction * jnp.sum(path[:, 2:] ** 2, axis=1)
    taken = jnp.concatenate([jnp.zeros(1, T.dtype), jnp.cumsum(h * (lost[1:] + lost[:-1]) / 2)])
    return {
        "t": h * jnp.arange(steps + 1),
        "x": path[:, 0],
        "y": path[:, 1],
        "height": jax.vmap(lambda s: ball_energy(s.reshape(2, 2), H))(path),
        "taken": taken,
    }


def valley(x: Array, H: Array) -> Array:
    """xᵀ H x/2 along the rows of x."""
    return jnp.sum(x * (x @ H), axis=-1) / 2


def flow(H: Float[Array, "2 2"], T: float, steps: int) -> dict[str, Array]:
    """x' = -H x from (2, 1): by its formula, as H is diagonal."""
    t = jnp.linspace(0, T, steps + 1).astype(H.dtype)
    x = jnp.exp(-t[:, None] * jnp.diag(H)) * jnp.asarray([2.0, 1.0], float)
    rate = -jnp.sum((x @ H) ** 2, axis=1)
    return {"t": t, "x": x[:, 0], "y": x[:, 1], "height": valley(x, H), "rate": rate}


def descent(H: Float[Array, "2 2"], stiffness: float, part: float) -> dict[str, Array]:
    """Gradient descent, which is ``euler_step`` along the flow; ``part`` is h times stiffness."""
    h = jnp.asarray(part / stiffness, float)
    path = walk("euler", lambda x: -H @ x, jnp.asarray([2.0, 1.0], float), h, int(8 / part))
    return {
        "t": h * jnp.arange(len(path)),
        "h": h,
        "x": path[:, 0],
        "y": path[:, 1],
        "height": valley(path, H),
    }


def descent_errors(H: Float[Array, "2 2"]) -> dict[str, Array]:
    """The distance between descent and flow at t = 1."""
    begin, one = jnp.asarray([2.0, 1.0], float), jnp.ones(())
    exact = jnp.exp(-jnp.diag(H)) * begin
    ends = [walk("euler", lambda x: -H @ x, begin, one / n, n)[-1] for n in COUNTS]
    errors = jnp.linalg.norm(jnp.stack(ends) - exact, axis=1)
    return {"h": 1 / jnp.array(COUNTS, H.dtype), "error": errors}


def order(table: Table, eps: float) -> float:
    """The exponent of error ~ h^p, where rounding is no part of it."""
    clear = table["error"] > 1e3 * eps
    return style.log_log_slope(table["h"][clear], table["error"][clear])
