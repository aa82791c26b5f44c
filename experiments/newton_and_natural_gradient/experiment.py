"""Curvature: digits that double, a model one may trust too far, and directions without coordinates.

Question: What does a step that knows the curvature gain, when does it fail, and what is left of it
          if the same thing is written in other parameters?
Command:  lab run newton_and_natural_gradient
Time:     about 20 s on two cores, half of it the checks
Expect:   an error after a step of Newton's that is the square of the one before (order 2); of
          Gauss-Newton's, |c| times it where the residuals bend by c, so that it fails from |c| = 1;
          natural gradients of one distribution written in three ways that part by O(step), and
          plain ones that do not meet.
"""

from typing import Any, Literal

from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.tables import Table, stacked

from .descents import fitted, in_valley, on_bends, one_step, the_feature
from .figures import figures as figures
from .methods import BENT, METHODS, VALLEYS, WALKS, WHOLE_STEPS, WRITINGS
from .promises import findings as findings


def study(
    key: Any,
    *,
    landscape: Literal[
        "rosenbrock", "beale", "helical_valley", "powell_singular", "wood"
    ] = "rosenbrock",
    steps: PositiveInt = 60,
    bends: tuple[float, ...] = (-3.0, -2.0, -1.5, -0.8, -0.5, -0.25, 0.25, 0.5, 0.8),
    feature: str = "mean radius",
    from_: tuple[float, float] = (-1.5, 2.5),
    length: PositiveFloat = 0.05,
    duration: PositiveFloat = 6.0,
) -> Table:
    """Four questions in one table, told apart by ``part``.

    ``valley``   every method from the standard start of ``landscape``, ``steps`` steps.
    ``near``     one step of some from random places at many distances from the bottom.
    ``bend``     two residuals, one of them bent by each of ``bends``, from beside the bottom.
    ``written``  a normal distribution fitted to ``feature`` of 569 tumours (standardised) from
                 (m, s) = ``from_``, in three writings, by plain and natural gradients, in steps of
                 ``length`` and half of it for a time of ``duration``.

    Raises ``BadInput`` for an unknown feature, and for a deviation to start from that is not
    positive.
    """
    if from_[1] <= 0:
        raise BadInput(f"from_={list(from_)}: the second number is a deviation; make it positive")
    measured = the_feature(feature)
    tables = []
    for name, settings in METHODS.items():
        tables.append(in_valley(VALLEYS[landscape], name, settings, steps, key))
    tables += [one_step(VALLEYS[landscape], name, key) for name in WHOLE_STEPS]
    for name, settings in BENT.items():
        tables.append(on_bends(bends, name, settings, key))
    lengths, count = (length, length / 2), round(2 * duration / length)
    for writing in WRITINGS:
        for name, direction in WALKS.items():
            tables += fitted(writing, name, direction, measured, from_, lengths, count, key)
    return stacked(*tables)
