"""Orbits, orders and descents, drawn."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from lab.calculus.dynamics.integrators import (
    ORDER,
)
from lab.experiment import Outcome
from lab.plots import style


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
