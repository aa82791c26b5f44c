"""Norms of trees: right, and finite as long as the numbers are."""

import jax.numpy as jnp
import numpy as np
import pytest

from lab.training import leaves

NORMS = [
    ({"a": [3.0], "b": [[4.0]]}, 5.0),
    ([3e200, 4e200], 5e200),
    ([3e-200, 4e-200], 5e-200),
    ([0.0, 0.0], 0.0),
    ([1.0, np.inf], np.inf),
]


@pytest.mark.parametrize(("tree", "norm"), NORMS)
def test_the_norm_neither_overflows_nor_vanishes_early(tree, norm):
    arrays = (
        {k: jnp.array(v) for k, v in tree.items()} if isinstance(tree, dict) else jnp.array(tree)
    )
    np.testing.assert_allclose(leaves.norm(arrays), norm, rtol=1e-15)
    # many numbers are added up another way
    many = [arrays, jnp.zeros(100)]
    np.testing.assert_allclose(leaves.norm(many), norm, rtol=1e-15)


def test_a_nan_stays_one():
    assert np.isnan(leaves.norm(jnp.array([1.0, np.nan])))
    assert np.isnan(leaves.norm([jnp.array([1.0, np.nan]), jnp.zeros(100)]))
