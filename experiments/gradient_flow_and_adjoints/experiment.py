"""Gradient flow and adjoints: what depends on what, when everything moves.

Question: How does the end of a motion depend on its start and its rates, is it the same to
          differentiate the equation or the steps that follow it, and what has gradient descent to
          do with any of this?
Command:  lab run gradient_flow_and_adjoints
Time:     about 30 s on two cores, most of it the checks
Expect:   adjoint times sensitivity the same number all along; the adjoint of the equation, followed
          in steps of h, off from the derivative of the steps by h, h², h⁴ with the three methods;
          gradient descent h times a constant away from the flow, whose height falls at |grad f|².
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.dynamics import integrators
from lab.calculus.dynamics.integrators import (
    ORDER,
    ball_energy,
    lotka_volterra,
    lotka_volterra_jacobian,
    lotka_volterra_sensitivity,
    orbit_height,
    rolling,
    walk,
)
from lab.calculus.dynamics.solutions import decay_gradient, oscillator
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, parts

Vector = Float[Array, " n"]
COUNTS = (32, 64, 128, 256, 512)  # of steps, where an order is measured


def study(
    key: Any,
    *,
    start: tuple[PositiveFloat, PositiveFloat] = (1.5, 0.6),
    rates: tuple[PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat] = (1.0, 1.0, 1.0, 1.0),
    duration: PositiveFloat = 6.0,
    steps: PositiveInt = 240,
    friction: PositiveFloat = 0.4,
    stiffness: PositiveFloat = 4.0,
) -> Table:
    """Hares and lynxes, a ball that rolls, a valley descended, a decay and an oscillator.

    ``rates`` are those of ``lotka_volterra``; the valley is (x² + ``stiffness`` y²)/2.
    """
    y, theta = jnp.asarray(start, float), jnp.asarray(rates, float)
    T = jnp.asarray(duration, float)
    H = jnp.diag(jnp.asarray([1.0, stiffness], float))
    rolled = jnp.asarray(friction, float)
    return parts(
        {
            "hunters": hunters(y, theta, T, steps),
            **{f"gap {m}": gaps(m, y, theta, T) for m in ORDER},
            **{f"decay {m}": decay_errors(m) for m in ORDER},
            **{f"swing {m}": swing_errors(m) for m in ORDER},
            "ball": ball(H, rolled, 4 * T, 4 * steps),
            "flow": flow(H, 8 / stiffness, steps),
            **{f"descent {part}": descent(H, stiffness, part) for part in (0.5, 1.0, 1.9)},
            "descent": descent_errors(H),
        }
    )


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


# ----- findings -----


def order(table: Table, eps: float) -> float:
    """The exponent of error ~ h^p, where rounding is no part of it."""
    clear = table["error"] > 1e3 * eps
    return style.log_log_slope(table["h"][clear], table["error"][clear])


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    path = outcome.rows("hunters")
    spread = float(np.ptp(path["invariant"]) / abs(path["invariant"]).max())
    yield near("adjoint times sensitivity, relative spread", spread, 0, 1e3 * eps)
    for method, expected in ORDER.items():
        found = order(outcome.rows(f"gap {method}"), eps)
        yield near(f"{method}: order of adjoint against vjp", found, expected, 0.35)
        found = order(outcome.rows(f"decay {method}"), eps)
        yield near(f"{method}: order of dy/dk of the decay", found, expected, 0.25)
        found = order(outcome.rows(f"swing {method}"), eps)
        yield near(f"{method}: order of the oscillator", found, expected, 0.35)
    rolled = outcome.rows("ball")
    balance = rolled["height"] + rolled["taken"]
    gap = float(np.ptp(balance) / balance[0])
    yield near("ball: energy and what friction took, relative spread", gap, 0, 1e-3)
    fallen = outcome.rows("flow")
    slope = np.gradient(fallen["height"], fallen["t"])[1:-1]
    gap = float(np.max(abs(slope - fallen["rate"][1:-1])) / abs(fallen["rate"]).max())
    yield near("flow: slope of the height against -|grad f|²", gap, 0, 5e-3)
    found = order(outcome.rows("descent"), eps)
    yield near("descent against flow: order in the learning rate", found, 1, 0.1)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "orbit_and_adjoint", orbit_and_adjoint(outcome)
    yield "order_of_the_gap", order_of_the_gap(outcome)
    yield "descent_and_flow", descent_and_flow(outcome)


def orbit_and_adjoint(outcome: Outcome) -> Figure:
    path = outcome.rows("hunters")
    drawing, (plane, forwards, backwards) = style.figure(
        columns=3, title="Sensitivities run forwards, adjoints backwards", width=13.5, height=4.2
    )
    plane.plot(path["x"], path["y"], color=style.INK)
    plane.plot(path["x"][:1], path["y"][:1], "o", color=style.INK, markerfacecolor="white")
    plane.set(xlabel="hares", ylabel="lynxes", title="one orbit, from the open circle on")
    forwards.plot(path["t"], path["S_x"], color=style.BLUE, label="hares")
    forwards.plot(path["t"], path["S_y"], color=style.RED, label="lynxes")
    forwards.set(
        xlabel="t", ylabel="change per unit of the rate", title="what a higher birth rate changes"
    )
    backwards.plot(path["t"], path["adjoint_x"], color=style.BLUE, label="hares")
    backwards.plot(path["t"], path["adjoint_y"], color=style.RED, label="lynxes")
    backwards.plot(path["t"], path["invariant"], "--", color=style.GREY, label=r"$\lambda^T s$")
    backwards.set(xlabel="t", ylabel="adjoint", title="what one more now adds to the last hares")
    for axes in (forwards, backwards):
        style.name_curves(axes)
    return drawing


def order_of_the_gap(outcome: Outcome) -> Figure:
    drawing, (gap, decay) = style.figure(
        columns=2, title="The equation's derivative and the steps' differ by the order", width=11
    )
    for axes, part in ((gap, "gap"), (decay, "decay")):
        for (method, p), color in zip(ORDER.items(), style.CYCLE, strict=False):
            table = outcome.rows(f"{part} {method}")
            axes.plot(table["h"], table["error"], "o", color=color, label=method)
            through = (table["h"][2], table["error"][2])
            over = (table["h"][-1], table["h"][0])
            style.power_law(axes, p, through, over, label=f"$h^{p}$", offset=(-6, 6))
        axes.set(xscale="log", yscale="log", xlabel="step $h$", ylabel="error")
        ticks = table["h"][::2]
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.legend(loc="lower right")
    gap.set_title("adjoint followed back, against the vjp of the steps")
    decay.set_title("$dy/dk$ of the decay through the steps, against $-t\\,y$")
    return drawing


def descent_and_flow(outcome: Outcome) -> Figure:
    stiffness = outcome.settings["stiffness"]
    drawing, (plane, heights) = style.figure(
        columns=2, title="Gradient descent is Euler's method for the flow", width=12, height=4.6
    )
    height = lambda x: (x[0] ** 2 + stiffness * x[1] ** 2) / 2
    style.contours(plane, height, x=(-1.3, 2.3), y=(-1.3, 1.3))
    fallen, rolled = outcome.rows("flow"), outcome.rows("ball")
    plane.plot(rolled["x"], rolled["y"], color=style.GOLD, linewidth=1)
    plane.plot(fallen["x"], fallen["y"], color=style.INK, linewidth=2.4)
    heights.plot(fallen["t"], fallen["height"], color=style.INK, label="flow")
    early = rolled["t"] <= fallen["t"][-1]
    label = "ball"
    heights.plot(rolled["t"][early], rolled["height"][early], color=style.GOLD, label=label)
    for part, color in ((0.5, style.TEAL), (1.0, style.BLUE), (1.9, style.RED)):
        steps = outcome.rows(f"descent {part}")
        plane.plot(steps["x"], steps["y"], ".-", color=color, linewidth=1.1)
        name = f"descent, $hL$ = {part:g}"
        heights.plot(steps["t"], steps["height"], ".-", color=color, linewidth=1.1, label=name)
    plane.set_title("black: the flow; gold: a ball with friction")
    heights.set(yscale="log", xlabel="t = steps times $h$", ylabel="height; of the ball, energy")
    style.name_curves(heights)
    return drawing
