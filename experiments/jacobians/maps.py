"""Maps and what their Jacobians do: to points, to small squares, in Newton's method; their cost."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.integrals.quadrature import gauss_legendre
from lab.calculus.matrices.matrix_calculus import matrix_vector_jacobian
from lab.calculus.networks.losses import softmax, softmax_jacobian
from lab.calculus.vectors import maps
from lab.tables import Table, table

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
