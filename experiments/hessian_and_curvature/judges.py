"""What a point, or a landscape, has to meet to be an answer."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from lab.exercises.answer import values_at


def is_bottom(p: Any) -> str | None:
    """Whether p is a minimum of x³ - 12xy + 8y³."""
    x, y = p
    slope = np.array([3 * x**2 - 12 * y, 24 * y**2 - 12 * x])
    if np.abs(slope).max() > 1e-6:
        return f"the ground is not level there: the gradient is ({slope[0]:.4g}, {slope[1]:.4g})"
    least = np.linalg.eigvalsh([[6 * x, -12], [-12, 48 * y]])[0]
    return None if least > 0 else f"level, but one of the curvatures there is {least:.4g}"


def least_around(f: Callable[..., Any], radius: float) -> tuple[float, float, np.ndarray]:
    """The least and the greatest value on a circle around the origin, and where the least is."""
    heights = lambda turn: values_at(f, radius * np.cos(turn), radius * np.sin(turn))
    turn = np.linspace(0, 2 * np.pi, 721) + 1e-3
    found = heights(turn)
    low, high, step = turn[int(np.argmin(found))], found.max(), turn[1] - turn[0]
    while step > 1e-17 and np.isfinite(found).all():  # a valley may be narrow
        near = low + step * np.linspace(-1, 1, 41)
        low, step = near[int(np.argmin(heights(near)))], step / 16
    return (
        float(heights(np.array([low]))[0]),
        float(high),
        radius * np.array([np.cos(low), np.sin(low)]),
    )


def is_undecided(f: Callable[..., Any]) -> str | None:
    """Whether f has a strict minimum at the origin, where its Hessian is 0."""
    origin = float(values_at(f, np.zeros(1), np.zeros(1))[0])
    if not abs(origin) < 1e-12:
        return f"f(0, 0) is {origin:.4g}, not 0"
    found = {radius: least_around(f, radius) for radius in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)}
    if not np.isfinite([one[:2] for one in found.values()]).all():
        return "next to the origin it is not finite"
    bends = [max(map(abs, found[radius][:2])) / radius**2 for radius in (1e-4, 1e-5)]
    if bends[1] > max(1e-5, 0.9 * bends[0]):
        return (
            "it leaves 0 like |p|² or faster: "
            f"|f|/|p|² is {bends[1]:.3g} on the circle of radius 1e-5"
        )
    if not any(high > 0 for _, high, _ in found.values()):
        return (
            "it is no strict minimum: "
            f"on the circle of radius 0.1 f is {found[0.1][1]:.3g} at the most"
        )
    # very flat ones are 0 nearby for a computer: some circle has to show them positive
    shallow = [low <= 1e-14 * high for low, high, _ in found.values() if high > 0]
    if any(low < 0 for low, _, _ in found.values()) or all(shallow):
        low, _, place = min(found.values(), key=lambda one: one[0])
        x, y = place
        return f"it is no strict minimum: at ({x:.4g}, {y:.4g}) f is {low:.3g}"
    return None


def depends_on_order(f: Callable[..., Any]) -> str | None:
    """Whether the mixed second derivatives of f at the origin exist and differ."""
    at = lambda x, y: float(f(jnp.asarray(x), jnp.asarray(y)))
    if not abs(at(0.0, 0.0)) < 1e-12:
        return f"f(0, 0) is {at(0.0, 0.0):.4g}, not 0"
    mixed = {}
    for name, place in (
        ("first x, then y", lambda s, h: (s, h)),
        ("first y, then x", lambda s, h: (h, s)),
    ):
        slopes = []
        for h in (0.0, 1e-2, -1e-2, 1e-3, -1e-3):
            s = 1e-2 * abs(h) or 1e-6
            right, left = (
                np.array(
                    [(at(*place(r, h)) - at(*place(0.0, h))) / r for r in (side * s, side * s / 10)]
                )
                for side in (1, -1)
            )
            corner, finer = abs(right - left)
            if finer > max(1e-6, 0.5 * corner):
                where = ", ".join(f"{one:g}" for one in place(0.0, h))
                return f"{name}: the first derivative is missing at ({where})"
            slopes.append((right[0] + left[0]) / 2)
        here, *beside_ = slopes
        quotients = np.array(beside_) - here
        quotients /= np.array([1e-2, -1e-2, 1e-3, -1e-3])
        if not np.isfinite(quotients).all():
            return f"{name}: next to the origin it is not finite; is something divided by 0?"
        if np.ptp(quotients) > 0.02 * (1 + np.abs(quotients).max()):
            least, most = quotients.min(), quotients.max()
            return (
                f"{name}: there is no second derivative, its quotients go from {least:.3g} "
                f"to {most:.3g}"
            )
        mixed[name] = quotients[-1]
    (one, first), (other, second) = mixed.items()
    if abs(first - second) < 0.05 * (1 + abs(first)):
        first, second = (round(side, 4) + 0.0 for side in (first, second))
        return f"{one} it is {first:.3g}, and {other} {second:.3g}: no difference"
    return None
