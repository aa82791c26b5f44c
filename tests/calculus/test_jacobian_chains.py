"""Costs of Jacobian chains against every bracketing there is."""

from itertools import pairwise

import numpy as np
import pytest

from lab.calculus.vectors.jacobian_chains import best_order, forward_cost, reverse_cost

CHAINS = [(3, 5), (3, 5, 2), (64, 64, 4, 64, 64), (1, 9, 9, 9), (7, 1, 7, 1, 7), (2, 3, 4, 5, 6, 7)]


def all_costs(sizes):
    """The cost of each bracketing, however silly."""
    if len(sizes) == 2:
        return [0]
    return [
        left + right + sizes[0] * sizes[split] * sizes[-1]
        for split in range(1, len(sizes) - 1)
        for left in all_costs(sizes[: split + 1])
        for right in all_costs(sizes[split:])
    ]


@pytest.mark.parametrize("sizes", CHAINS)
def test_no_order_is_cheaper_than_the_best(sizes):
    every = all_costs(sizes)
    assert best_order(sizes).cost == min(every)
    assert forward_cost(sizes) in every
    assert reverse_cost(sizes) in every


@pytest.mark.parametrize("sizes", CHAINS)
def test_the_brackets_cost_what_they_say(sizes):
    spent = []

    class Jacobian:
        def __init__(self, rows, columns):
            self.shape = rows, columns

        def __matmul__(self, other):
            assert self.shape[1] == other.shape[0]
            spent.append(int(np.prod([*self.shape, other.shape[1]])))
            return Jacobian(self.shape[0], other.shape[1])

    names = {f"J{i}": Jacobian(b, a) for i, (a, b) in enumerate(pairwise(sizes), start=1)}
    written = best_order(sizes).brackets.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    eval(written.replace(" ", " @ "), names)
    assert sum(spent) == best_order(sizes).cost
