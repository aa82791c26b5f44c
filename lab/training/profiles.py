"""Comparing methods over many problems: what each needed, and the two profiles that sum it up.

What is compared are costs, in evaluations, of bringing a problem's loss down by all but a share of
what there is to gain; infinite where a method did not get there within its budget.
"""

import numpy as np
from jaxtyping import Float

Costs = Float[np.ndarray, "problems methods"]


def needed(
    losses: Float[np.ndarray, "... k"],
    evaluations: Float[np.ndarray, "... k"],
    target: Float[np.ndarray, "..."],
    budget: float,
) -> Float[np.ndarray, "..."]:
    """The evaluations after which the loss was first at the target; infinite beyond the budget.

    A loss that is not finite is not at any target.
    """
    there = (losses <= target[..., None]) & (evaluations <= budget)
    return np.where(there, evaluations, np.inf).min(axis=-1)


def target(
    start: Float[np.ndarray, "..."], least: Float[np.ndarray, "..."], share: float
) -> Float[np.ndarray, "..."]:
    """``least + share (start - least)``: all but this share of the loss is gone.

    Moré and Wild (2009), "Benchmarking derivative-free optimization algorithms", eq. 2.2.
    """
    return least + share * (start - least)


def data_profile(
    costs: Costs, sizes: Float[np.ndarray, " problems"], budgets: Float[np.ndarray, " b"]
) -> Float[np.ndarray, "b methods"]:
    """The share of problems that each method solves within ``budget (n + 1)`` evaluations.

    In units of n + 1, as Moré and Wild have it (eq. 2.8): what a difference gradient would cost.
    """
    per_size = costs / (sizes[:, None] + 1)
    return (per_size[None] <= budgets[:, None, None]).mean(axis=1)


def performance_profile(
    costs: Costs, ratios: Float[np.ndarray, " r"]
) -> Float[np.ndarray, "r methods"]:
    """The share of problems that each method solves at ``ratio`` times the cost of the best one.

    Dolan and Moré (2002), "Benchmarking optimization software with performance profiles". At 1 it
    is how often a method is the best, at the far end how often it gets there at all. A problem that
    none solves counts against all.
    """
    best = costs.min(axis=1, keepdims=True)
    solved = np.isfinite(costs)
    share = np.where(solved, costs, 1) / np.where(np.isfinite(best), best, 1)
    share = np.where(solved, share, np.inf)
    return (share[None] <= ratios[:, None, None]).mean(axis=1)


def score(
    costs: Float[np.ndarray, "..."], budget: float, axis: int | tuple[int, ...]
) -> Float[np.ndarray, "..."]:
    """The area under the share solved against the logarithm of the evaluations, from 0 to 1.

    1 if everything is solved with the first evaluation, 0 if nothing is within the budget: one
    number to tune by, in which solving and solving fast both count.
    """
    within = np.where(np.isfinite(costs), np.maximum(costs, 1), budget)
    return np.asarray(np.mean(1 - np.log(within) / np.log(budget), axis=axis))
