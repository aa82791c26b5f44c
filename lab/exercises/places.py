"""Where a function of two numbers is looked at that may misbehave at the origin."""

from itertools import product

import numpy as np

POWERS = (1.5, 2, 3, 4)
MULTIPLES = (0.5, 1.0, 2.0)


def compass(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of ``count`` directions, a multiple of 4: the axes without rounding."""
    turn = 2 * np.pi * np.arange(count) / count
    return np.cos(turn).round(15) + 0.0, np.sin(turn).round(15) + 0.0


def around_origin(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Points about as far from the origin as ``radius``, in all directions and close to the axes.

    With them those of the curves y = c x^p and x = c y^p, which go in where no line does.
    """
    near = np.concatenate([side * np.logspace(-9, 0, 200) for side in (1, -1)])
    turn = np.concatenate(
        [np.linspace(0, 2 * np.pi, 4001), *(near + k * np.pi / 4 for k in range(8))]
    )
    circle = radius * np.stack([np.cos(turn), np.sin(turn)])
    signs = product((1, -1), (1, -1), MULTIPLES, POWERS)
    bent = np.array([(s * radius, t * c * radius**p) for s, t, c, p in signs]).T
    x, y = np.concatenate([circle, bent, bent[::-1]], axis=1)
    return x, y
