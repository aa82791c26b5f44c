"""The numerical witness: slopes from differences alone, with an error bar, from both sides.

The function is looked at along a line, ``s(t) = <c, f(x + t v)>``, on a ladder of steps ``t0, t0/4,
t0/16, ...``. Each pair of neighbouring rungs is extrapolated to ``t = 0`` (Ridders, "Accurate
computation of F'(x) and F'(x)F''(x)", 1982; Neville's scheme in powers of t for the one-sided
slopes, of t^2 for the central one), and the entry of the table with the smallest estimated error is
taken, truncation and rounding together. Slopes from the left and from the right are taken apart:
central differences alone are blind at a symmetric kink, where they give the mean of the two with a
vanishing error bar."""

from typing import NamedTuple

import numpy as np

RUNGS = 12
RATIO = 4.0
STEPS = 0.1 * RATIO ** -np.arange(RUNGS)
ABSCISSAE = np.concatenate([[0.0], STEPS, -STEPS])  # what to evaluate s at
ORDERS = 5  # columns of the extrapolation table; beyond them rounding wins


class Slope(NamedTuple):
    """A derivative along a line and its error bar; ``kink`` where the slopes from left and right
    part.
    """

    value: float
    error: float
    kink: bool
    left: float
    right: float
    steepest: float


def slope(samples: np.ndarray, size: float = 0.0) -> Slope:
    """The slope at 0 from ``s`` sampled at `ABSCISSAE`; an infinite error bar where it cannot be
    had. ``size`` is that of the terms of ``s``, where they are larger and cancel.
    """
    middle, plus, minus = samples[0], samples[1 : RUNGS + 1], samples[RUNGS + 1 :]
    scale = np.nanmax(np.abs(np.where(np.isfinite(samples), samples, 0.0)), initial=size)
    noise = 4 * np.finfo(np.float64).eps * scale / STEPS
    central, central_error = _extrapolated((plus - minus) / (2 * STEPS), noise, power=2)
    right, right_error = _extrapolated((plus - middle) / STEPS, noise, power=1)
    left, left_error = _extrapolated((middle - minus) / STEPS, noise, power=1)
    gap = abs(right - left)
    size = abs(right) + abs(left)
    kink = bool(gap > 20 * (right_error + left_error) and gap > 1e-6 * size)
    span = np.ptp(samples[np.isfinite(samples)]) if np.isfinite(samples).any() else 0.0
    return Slope(central, central_error, kink, left, right, float(span / STEPS[-1]))


def _extrapolated(quotients: np.ndarray, noise: np.ndarray, *, power: int) -> tuple[float, float]:
    """The limit of the quotients as the step goes to 0, and a bound on its error."""
    best, best_error = np.nan, np.inf
    column, spread = quotients, noise
    for order in range(1, ORDERS + 1):
        factor = RATIO ** (power * order)
        finer = column[1:] + (column[1:] - column[:-1]) / (factor - 1)
        spread = (factor * spread[1:] + spread[:-1]) / (factor - 1)
        moved = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1]))
        error = np.where(np.isfinite(finer), moved + spread, np.inf)
        if not len(error):
            break
        here = int(np.argmin(error))
        if error[here] < best_error:
            best, best_error = float(finer[here]), float(error[here])
        column = finer
    # An extrapolation from long steps that the shortest ones deny has met its likeness by chance.
    denial = np.abs(quotients[-3:] - best)
    if not np.median(denial - 50 * noise[-3:]) <= 1e-2 * abs(best) + best_error:
        return best, np.inf
    return best, best_error
