"""A Jacobian is a map seen close up: how it stretches, when it can be undone, what it costs.

Question: What becomes of a small square under a map, when can the map be undone, and is its
          Jacobian cheaper column by column or row by row?
Command:  lab run jacobians
Time:     about 20 s on two cores, most of it the checks
Expect:   areas that grow by the determinant, with an error of order h² for a square of side h; an
          inverse whose Jacobian is the inverse matrix; Newton's method doubling its digits each
          step; forward mode n/m times as dear as reverse mode, for n inputs and m outputs.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.integrals.quadrature import gauss_legendre
from lab.calculus.matrices.matrix_calculus import matrix_vector_jacobian
from lab.calculus.networks.losses import softmax, softmax_jacobian
from lab.calculus.vectors import maps
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, rows, stacked, table

Point = Float[Array, " 2"]

BONES = (1.0, 0.7)  # lengths of the arm's
SHEAR = ((1.2, 0.5), (-0.3, 0.9))


class Map(NamedTuple):
    """A map, its Jacobian by hand, and how many numbers it takes (and gives)."""

    f: Callable[[Any], Any]
    jacobian: Callable[[Any], Any]
    size: int = 2


def arm(angles: Any) -> Any:
    return maps.robot_arm(angles, jnp.array(BONES, angles.dtype))


def shear(p: Any) -> Any:
    return jnp.array(SHEAR, p.dtype) @ p


PLANE = {
    "complex square": Map(maps.complex_square, maps.complex_square_jacobian),
    "polar": Map(maps.polar, maps.polar_jacobian),
    "sum and product": Map(maps.sum_and_product_map, maps.sum_and_product_map_jacobian),
    "robot arm": Map(
        arm, lambda angles: maps.robot_arm_jacobian(angles, jnp.array(BONES, angles.dtype))
    ),
    "shear": Map(shear, lambda p: matrix_vector_jacobian(jnp.array(SHEAR, p.dtype), p)[1]),
}
HIGHER = {
    "spherical": Map(maps.spherical, maps.spherical_jacobian, 3),
    "softmax": Map(softmax, softmax_jacobian, 5),
}


def study(
    key: Any,
    *,
    at: tuple[float, float] = (1.0, 0.6),
    points: PositiveInt = 32,
    halvings: PositiveInt = 9,
    reach: PositiveFloat = 0.7,
    newton_steps: PositiveInt = 9,
    entries: PositiveInt = 4096,
    repeats: PositiveInt = 25,
) -> Table:
    """Jacobians at random points, shrinking squares, an arm that reaches, and what it all costs.

    ``reach`` is how far away the arm's target is, as a share of the arm's length; ``entries`` is
    the number of entries of the Jacobians that are timed, a power of two. Raises ``BadInput`` for a
    target out of reach, and for another number of entries.
    """
    if not (nearest := abs(BONES[0] - BONES[1]) / sum(BONES)) < reach <= 1:
        raise BadInput(f"reach={reach:g}: the arm reaches {nearest:.2g} to 1 of its length")
    if entries & (entries - 1):
        raise BadInput(f"entries={entries}: take a power of two, such as 4096")
    keys = jax.random.split(key, len(PLANE | HIGHER))
    return stacked(
        *(at_points(k, name, points) for k, name in zip(keys, PLANE | HIGHER, strict=True)),
        *(shrinking(name, jnp.array(at), halvings) for name in PLANE),
        newton(reach, newton_steps),
        cost(entries, repeats),
    )


def at_points(key: Any, name: str, count: int) -> Table:
    """The Jacobian by hand and by both modes, its determinant, and that of the polar map undone."""
    chosen = (PLANE | HIGHER)[name]

    def row(p: Array) -> dict[str, Array]:
        J = chosen.jacobian(p)
        gap = lambda other: jnp.max(jnp.abs(J - other(chosen.f)(p)))
        columns = {f"J[{i},{j}]": J[i, j] for i in range(2) for j in range(2)}
        columns |= {"x": p[0], "y": p[1], "determinant": jnp.linalg.det(J)}
        columns |= {"forward_gap": gap(jax.jacfwd), "reverse_gap": gap(jax.jacrev)}
        undone = jnp.nan if name != "polar" else maps.to_polar_jacobian(chosen.f(p)) @ J
        return columns | {"undone_gap": jnp.max(jnp.abs(undone - jnp.eye(2, dtype=p.dtype)))}

    drawn = jax.random.uniform(key, (count, chosen.size), minval=0.2, maxval=1.5)
    return table({"part": "points", "map": name}, jax.jit(jax.vmap(row))(drawn))


def shrinking(name: str, center: Point, halvings: int) -> Table:
    """The area of the image of a square with side h, over h², against the determinant."""
    chosen = PLANE[name]

    def area(h: Float[Array, ""]) -> Float[Array, ""]:
        """Half of x dy - y dx round the image's edge (Green); x, y from the image of the center."""
        middle = chosen.f(center)

        def swept(start: Point, way: Point) -> Float[Array, ""]:
            edge = lambda t: chosen.f(start + t * way) - middle
            rate = lambda t: jax.jvp(edge, (t,), (jnp.ones_like(t),))
            wedge = lambda place, move: place[0] * move[1] - place[1] * move[0]
            along = jax.vmap(lambda t: wedge(*rate(t)))
            return gauss_legendre(along, jnp.zeros_like(h), jnp.ones_like(h), 12) / 2

        turns = h * jnp.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
        corners = center - h / 2 + jnp.concatenate([jnp.zeros((1, 2)), jnp.cumsum(turns, 0)[:3]])
        return jnp.sum(jax.vmap(swept)(corners, turns))

    h = 0.5 ** jnp.arange(halvings).astype(float)
    ratio = jax.jit(jax.vmap(area))(h) / h**2
    determinant = jnp.linalg.det(chosen.jacobian(center))
    columns = {"h": h, "area_ratio": ratio, "area_error": jnp.abs(ratio - determinant)}
    return table({"part": "area", "map": name, "determinant": float(determinant)}, columns)


def newton(reach: float, steps: int) -> Table:
    """The arm's angles, step by step, until the hand is at the target: J dx = what is missing."""
    target = reach * sum(BONES) * jnp.array([0.6, 0.8])

    def step(angles: Point, _: None) -> tuple[Point, dict[str, Array]]:
        missing, J = target - arm(angles), PLANE["robot arm"].jacobian(angles)
        seen = {"shoulder": angles[0], "elbow": angles[1], "hand_x": arm(angles)[0]}
        seen |= {"hand_y": arm(angles)[1], "error": jnp.hypot(*missing)}
        return angles + jnp.linalg.solve(J, missing), seen | {"determinant": jnp.linalg.det(J)}

    _, columns = jax.lax.scan(step, jnp.array([0.2, 1.2]), length=steps + 1)
    return table({"part": "newton"}, {"step": np.arange(steps + 1.0)} | columns)


# ----- what a Jacobian costs -----


def cost(entries: int, repeats: int) -> Table:
    """Operations and the least time of both modes, for wide, square and tall Jacobians."""
    power = entries.bit_length() - 1
    columns: dict[str, list[float]] = {"inputs": [], "outputs": []}
    for k in range(2, power - 1, 2):
        n, m = 2**k, 2 ** (power - k)
        A = jnp.sin(jnp.arange(m * n).astype(float)).reshape(m, n)
        x = jnp.cos(jnp.arange(n).astype(float))
        columns["inputs"].append(n)
        columns["outputs"].append(m)
        for mode, jacobian in (("forward", jax.jacfwd), ("reverse", jax.jacrev)):
            program = jax.jit(jacobian(lambda x, A: jnp.tanh(A @ x))).lower(x, A).compile()
            operations = (program.cost_analysis() or {})["flops"]
            columns.setdefault(f"{mode}_operations", []).append(operations)
            columns.setdefault(f"{mode}_seconds", []).append(least(repeats, program, x, A))
    return table({"part": "cost"}, columns)


def least(repeats: int, program: Callable[..., Any], *args: Any) -> float:
    """The shortest of some runs, in seconds: what disturbs a clock only ever adds."""
    program(*args).block_until_ready()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        program(*args).block_until_ready()
        times.append(time.perf_counter() - begun)
    return min(times)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    drawn = outcome.rows("points")
    for mode in ("forward", "reverse"):
        gap = np.max(drawn[f"{mode}_gap"])
        yield near(f"by hand against {mode} mode, greatest gap", gap, 0, 32 * eps)
    gap = np.nanmax(drawn["undone_gap"])
    yield near("Jacobian of the inverse times the Jacobian, less 1", gap, 0, 64 * eps)
    flat = np.max(abs(rows(drawn, map="softmax")["determinant"]))
    yield near("determinant of softmax, which loses a dimension", flat, 0, 16 * eps)

    for name in ("complex square", "robot arm"):
        squares = outcome.rows("area", map=name)
        seen = (squares["h"] < 1) & (squares["area_error"] > 1e3 * eps)
        slope = style.log_log_slope(squares["h"][seen], squares["area_error"][seen])
        yield near(f"order in h of the area's error: {name}", slope, 2, 0.1)
    straight = outcome.rows("area", map="shear")
    # rounding of a place, eps, is divided by h when an area is divided by h²
    gap, margin = np.max(straight["area_error"]), 8 * eps / straight["h"].min()
    yield near("the same for a linear map: greatest error", gap, 0, margin)

    error = outcome.rows("newton")["error"]
    order = 1 if outcome.settings["reach"] == 1 else 2
    near_end = (error[:-1] < 0.3) & (error[1:] > 20 * eps)
    slope = style.log_log_slope(error[:-1][near_end], error[1:][near_end])
    yield near("order of Newton's method: new error by old", slope, order, 0.25)

    paid = outcome.rows("cost")
    ratio = paid["forward_operations"] / paid["reverse_operations"]
    shape = paid["inputs"] / paid["outputs"]
    slope = style.log_log_slope(shape, ratio)
    yield near("power of n/m in forward over reverse operations", slope, 1, 0.1)
    # where the two meet, read off the line through the points on logarithmic scales
    even = np.exp(-np.mean(np.log(ratio) - slope * np.log(shape)) / slope)
    met = bool(0.5 < even < 2)
    yield Finding("n/m at which both cost the same", float(even), "1 within a factor of 2", met)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "bent_grids", bent_grids(outcome)
    yield "area_becomes_determinant", areas(outcome)
    yield "reaching", reaching(outcome)
    yield "forward_or_reverse", costs(outcome)


def bent_grids(outcome: Outcome) -> Figure:
    drawing, panels = style.figure(
        rows=2,
        columns=3,
        title="A small square becomes a parallelogram, J wide and det J in area",
        width=10.5,
        height=7.2,
    )
    center = np.array(outcome.settings["at"])
    side = 0.25 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    shown = {"before": Map(lambda p: p, lambda p: np.eye(2))} | PLANE
    for axes, (name, chosen) in zip(panels, shown.items(), strict=True):
        J = np.asarray(chosen.jacobian(jnp.asarray(center)))
        image = lambda p, f=chosen.f: np.asarray(jax.vmap(f)(jnp.asarray(p)))
        grid(axes, center, image)
        axes.plot(*(image(center[None])[0] + side @ J.T).T, color=style.RED)
        stretch = rf":  $\det J = {np.linalg.det(J):.3g}$" if name in PLANE else ""
        axes.set(title=name + stretch, aspect="equal")
        axes.set_anchor("SW")
        axes.grid(visible=False)
    return drawing


def grid(axes: Axes, center: np.ndarray, image: Callable[[np.ndarray], np.ndarray]) -> None:
    """The image of the lines around a center, and of the square of side ½ in their middle."""
    run, lines = np.linspace(-0.75, 0.75, 61), np.linspace(-0.75, 0.75, 7)
    for place in lines:
        for first in (True, False):
            fixed = np.full_like(run, place)
            line = np.stack([run, fixed] if first else [fixed, run], axis=1)
            axes.plot(*image(center + line).T, color=style.GREY, linewidth=0.7)
    edge = np.linspace(-0.25, 0.25, 40)
    quarter = np.stack([edge, np.full_like(edge, -0.25)], axis=1)
    turned = [quarter @ np.linalg.matrix_power([[0, 1], [-1, 0]], k) for k in range(4)]
    axes.fill(*image(center + np.concatenate(turned)).T, color=style.BLUE, alpha=0.3, linewidth=0)


def areas(outcome: Outcome) -> Figure:
    drawing, (ratios, errors) = style.figure(
        columns=2,
        title="The smaller the square, the more its area grows by det J",
        width=10.6,
        height=4.2,
    )
    for name in PLANE:
        squares = outcome.rows("area", map=name)
        order = np.argsort(-squares["h"])
        line = ratios.plot(squares["h"][order], squares["area_ratio"][order], ".-", label=name)[0]
        seen = squares["area_error"] > 1e-15
        color = line.get_color()
        errors.plot(squares["h"][seen], squares["area_error"][seen], ".-", color=color)
        limit = squares["h"].min(), squares["determinant"][0]
        ratios.plot(*limit, "o", color=color, markerfacecolor="white")
    ratios.set(xscale="log", xlabel="side $h$", title="area / $h^2$;  rings: $\\det J$")
    ratios.invert_xaxis()
    style.name_curves(ratios)
    errors.set(xscale="log", yscale="log", xlabel="side $h$", title="its distance from $\\det J$")
    squares = outcome.rows("area", map="complex square")
    through = (squares["h"][2], 4 * squares["area_error"][2])
    style.power_law(errors, 2, through, (squares["h"][5], squares["h"][0]), label="slope 2")
    return drawing


def reaching(outcome: Outcome) -> Figure:
    table = outcome.rows("newton")
    drawing, (room, errors) = style.figure(
        columns=2, title="An arm finds its angles: Newton's method", width=10, height=4.6
    )
    target = outcome.settings["reach"] * sum(BONES) * np.array([0.6, 0.8])
    turn = np.linspace(0, 2 * np.pi, 200)
    rim = sum(BONES) * np.stack([np.cos(turn), np.sin(turn)])
    room.plot(*rim, ":", color=style.GREY, linewidth=1)
    shown = min(5, len(table["step"]))
    for k, color in zip(range(shown), style.shades(shown), strict=True):
        elbow = BONES[0] * np.array([np.cos(table["shoulder"][k]), np.sin(table["shoulder"][k])])
        joints = np.array([[0, 0], elbow, [table["hand_x"][k], table["hand_y"][k]]])
        room.plot(*joints.T, "o-", color=color, markersize=4)
        if k < 2:
            style.note(room, str(k), tuple(joints[2]), color=color, offset=(5, 3))
    room.plot(*target, "*", color=style.RED, markersize=13, zorder=6)
    room.set(aspect="equal", title="steps 0, 1, 2, ...;  dotted: as far as it reaches")
    seen = table["error"] > 0
    errors.plot(table["step"][seen], table["error"][seen], "o-", color=style.BLUE)
    errors.set(yscale="log", xlabel="step", title="distance of the hand from the target")
    return drawing


def costs(outcome: Outcome) -> Figure:
    paid = outcome.rows("cost")
    shape = paid["inputs"] / paid["outputs"]
    drawing, panels = style.figure(
        columns=2,
        title="Columns or rows: forward mode for tall Jacobians, reverse for wide",
        width=10.6,
        height=4.3,
    )
    for axes, unit in zip(panels, ("operations", "seconds"), strict=True):
        for mode, color in (("forward", style.BLUE), ("reverse", style.RED)):
            axes.plot(shape, paid[f"{mode}_{unit}"], ".-", color=color, label=mode)
        axes.axvline(1, color=style.GREY, linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlabel="inputs per output, $n/m$", title=unit)
        style.name_curves(axes)
    return drawing
