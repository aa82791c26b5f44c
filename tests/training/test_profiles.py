"""Profiles of costs known by heart; each also of costs in which something is wrong."""

import numpy as np

from lab.training.profiles import data_profile, needed, performance_profile, score, target

COSTS = np.array([[2.0, 4.0], [9.0, 3.0], [np.inf, 8.0], [np.inf, np.inf]])


def test_what_is_needed_is_the_first_time_within_the_budget():
    losses = np.array([[9.0, 1.0, 5.0, 0.5], [9.0, np.nan, 0.9, 0.0], [9.0, 8.0, 7.0, 6.0]])
    evaluations = np.array([[2.0, 4.0, 6.0, 8.0]] * 3)
    np.testing.assert_array_equal(needed(losses, evaluations, np.ones(3), 8), [4, 6, np.inf])
    np.testing.assert_array_equal(needed(losses, evaluations, np.ones(3), 5), [4, np.inf, np.inf])


def test_the_target_leaves_a_share_of_what_there_is_to_gain():
    np.testing.assert_allclose(target(np.array([110.0]), np.array([10.0]), 0.01), [11.0])


def test_a_data_profile_counts_in_units_of_the_size():
    sizes = np.array([1.0, 2.0, 3.0, 4.0])
    found = data_profile(COSTS, sizes, np.array([0.5, 1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(found, [[0, 0], [0.25, 0.25], [0.25, 0.75], [0.5, 0.75]])
    assert not np.array_equal(found, data_profile(COSTS, sizes + 3, np.array([0.5, 1.0, 2.0, 3.0])))


def test_a_performance_profile_is_relative_to_the_best():
    found = performance_profile(COSTS, np.array([1.0, 2.0, 3.0, 100.0]))
    np.testing.assert_array_equal(found, [[0.25, 0.5], [0.25, 0.75], [0.5, 0.75], [0.5, 0.75]])
    np.testing.assert_array_equal(
        found, performance_profile(10 * COSTS, np.array([1.0, 2, 3, 100]))
    )
    worse = COSTS.copy()
    worse[0, 0] = 5.0
    assert performance_profile(worse, np.ones(1))[0, 0] == 0


def test_a_score_is_between_nothing_and_at_once():
    np.testing.assert_allclose(score(np.array([1.0, 100.0, np.inf, 10.0]), 100.0, 0), 1.5 / 4)
