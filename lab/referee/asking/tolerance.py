"""How far apart two right answers may be: rounding, measured on the problem itself rather than
looked up.

Noise of the truth comes from four places: forward against reverse mode, the same derivative in
single against double precision (scaled down to double), the response to a relative perturbation of
the arguments (conditioning), and the rounding of the result itself. The hand derivation's own
rounding is measured in the same way, by its answers in both precisions, so that a right formula is
not condemned for a sum it computes in another order."""

from typing import NamedTuple

import numpy as np

EPS64 = float(np.finfo(np.float64).eps)
EPS32 = float(np.finfo(np.float32).eps)
NUDGE = 1e-7  # relative perturbation that measures conditioning, in double precision
MODES = 100  # disagreements of the modes that are allowed
FORMULA = 1e-10  # relative disagreement in double precision that needs no explanation


class Noise(NamedTuple):
    """Per point (and, where a derivative is elementwise, per element): arrays that broadcast
    against the truth.

    ``scale`` is the size of the truth, ``typical`` its size at typical points, ``response`` what a
    relative perturbation of size one of the arguments would change, ``known`` the same of every
    entry by itself, ``modes`` the disagreement of forward and reverse, ``truth32`` and ``hand32``
    what single precision loses, where it was asked.
    ``natural`` is the size a derivative has that does not cancel, that of the function over that of
    its arguments: what is left of a derivative that is zero are the rounding errors of such terms.
    ``grain`` is the machine epsilon of the hand's own answer.
    """

    scale: np.ndarray
    typical: float
    response: np.ndarray
    known: np.ndarray
    modes: np.ndarray
    natural: np.ndarray
    grain: float
    truth32: np.ndarray
    hand32: np.ndarray


def formula(noise: Noise, floor: float = FORMULA) -> np.ndarray:
    """Allowed disagreement in double precision."""
    down = EPS64 / EPS32
    return (
        floor * noise.scale
        + 16 * EPS64 * (noise.typical + 4 * noise.natural)
        + 200 * EPS64 * noise.response
        + MODES * noise.modes
        + 100 * down * (noise.truth32 + noise.hand32)
        + (64 * (noise.grain - EPS64) * (noise.scale + noise.typical + noise.response))
    )


def implementation(noise: Noise, length: int, grain: float) -> np.ndarray:
    """Allowed disagreement in single precision, or in the narrower types with rounding unit
    ``grain`` that the hand chose, for a derivative made of ``length`` numbers.
    """
    unit = max(EPS32, grain)
    return (
        32 * np.sqrt(length) * unit * noise.scale
        + 32 * unit * noise.typical
        + 32 * unit * noise.response
        + 16 * noise.truth32
    )


def size(array: np.ndarray, *, elementwise: bool) -> np.ndarray:
    """The scale that an error is measured against: the element itself, or the largest of its array.

    ``array`` has the points along its first axis; the result broadcasts against it. Non-finite
    entries count as 0."""
    array = np.where(np.isfinite(array), np.abs(array), 0.0)
    if elementwise or array.ndim == 1:
        return array
    axes = tuple(range(1, array.ndim))
    return array.max(axis=axes, keepdims=True, initial=0.0)
