"""What a root, a point or a landscape has to meet to be an answer."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np


def has_a_double_root(t: float) -> str | None:
    """Whether x³ - 3x = t has a root without a derivative in t."""
    gap = min(abs(t - 2), abs(t + 2))
    if gap < 1e-6:
        return None
    roots = np.roots([1, 0, -3, -t])
    real = roots[abs(roots.imag) < 1e-9].real
    slopes = ", ".join(f"{1 / (3 * x * x - 3):.3g}" for x in sorted(real))
    return f"every real root has a derivative there: {slopes}"


def is_nearest(p: Any) -> str | None:
    """Whether p is the point of x²/8 + y²/2 = 1 nearest to (3, 3)."""
    x, y = p
    off = x**2 / 8 + y**2 / 2
    if abs(off - 1) > 1e-6:
        return f"it does not lie on the ellipse: x²/8 + y²/2 is {off:.4g}"
    across, towards = np.array([x / 4, y]), 3 - np.array([x, y])
    cosine = across @ towards / np.sqrt(across @ across * (towards @ towards))
    if cosine < 1 - 1e-9:
        return (
            "the way to (3, 3) is not across the ellipse: "
            f"the cosine between the two is {cosine:.3g}"
        )
    return None


def deceives(f: Callable[..., Any]) -> str | None:
    """Whether f has an aligned gradient at (1, 0) and yet no extremum on the circle."""
    at = lambda x, y: float(f(jnp.asarray(float(x)), jnp.asarray(float(y))))
    s = 1e-5
    slope = np.array([(at(1 + s, 0) - at(1 - s, 0)) / (2 * s), (at(1, s) - at(1, -s)) / (2 * s)])
    if not np.isfinite(slope).all():
        return "it is not finite around (1, 0)"
    if abs(slope[1]) > 1e-4 * (1 + abs(slope[0])):
        return f"the gradient at (1, 0) is ({slope[0]:.3g}, {slope[1]:.3g}), not along (1, 0)"
    if abs(slope[0]) < 1e-4:
        return "the gradient is 0 at (1, 0)"
    t = np.array([3e-2, 1e-2, 3e-3, 1e-3, 3e-4])
    rises = np.array(
        [[at(np.cos(side * one), np.sin(side * one)) - at(1, 0) for one in t] for side in (1, -1)]
    )
    seen = np.all(np.abs(rises) > 1e-12 * max(1.0, abs(at(1, 0))), axis=0)  # beyond rounding
    signs = np.sign(rises[:, seen][:, -2:] if seen.sum() > 1 else np.zeros((2, 2)))
    if np.all(signs[0] == -signs[1]) and np.all(signs != 0):
        return None
    word = {1: "higher", -1: "lower", 0: "as high"}
    left, right = (word[int(side[-1])] for side in signs)
    return f"on one side of (1, 0) f is {left} and on the other {right}"
