"""Boxes stand right of what they depend on, and not on top of each other."""

from itertools import combinations

import pytest

from lab.plots.diagram import GAP, STEP, layered

DIAGRAMS = [
    [()],
    [(), (), ()],
    [(), (0,), (1,), (2,)],
    [(), (0,), (1,), (0,), (2, 3), (0,), (4, 5)],
    [(), (), (0,), (2, 1), (0, 1), (3,), (4,), (5, 6)],
]


@pytest.mark.parametrize("parents", DIAGRAMS)
def test_boxes_stand_right_of_their_parents_and_apart(parents):
    places = layered(parents)
    for box, above in enumerate(parents):
        assert all(places[box][0] >= places[parent][0] + STEP for parent in above)
    for (x, y), (u, v) in combinations(places, 2):
        assert x != u or abs(y - v) > 0.99 * GAP
