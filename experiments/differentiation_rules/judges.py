"""What a function has to meet to be an answer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab.exercises.answer import values_at


def is_rough_and_its_square_is_not(f: Callable[..., Any]) -> str | None:
    h = np.array([1e-4, 1e-6])
    zero, right, left = values_at(f, np.zeros(2)), values_at(f, h), values_at(f, -h)
    if not np.all(np.isfinite([zero, right, left])):
        return "near 0 it is not finite"
    if max(abs(right[1] - zero[1]), abs(left[1] - zero[1])) > 0.05:
        return "it is not continuous at 0"
    slopes = np.stack([(right - zero) / h, (zero - left) / h])
    if abs(slopes[0, 1] - slopes[1, 1]) < 1e-2 and abs(slopes[0, 0] - slopes[0, 1]) < 1e-2:
        return f"it has a slope at 0: {slopes[0, 1].round(4) + 0:.4g}"
    squares = np.stack([(right**2 - zero**2) / h, (zero**2 - left**2) / h])
    if abs(squares[0, 1] - squares[1, 1]) > 1e-2 or abs(squares[0, 0] - squares[0, 1]) > 1e-2:
        return (
            f"its square has no slope at 0 either: {squares[0, 1]:.3g} from the right and "
            f"{squares[1, 1]:.3g} from the left at a step of 1e-6"
        )
    return None
