"""Bundled data, and the guarantees of a split and of a batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.errors import BadInput
from lab.training import data, devices

KEY = jax.random.key(3)


@pytest.mark.parametrize(
    ("name", "rows", "features", "classes"),
    [
        ("digits", 1797, 64, 10),
        ("diabetes", 442, 10, 0),
        ("breast_cancer", 569, 30, 2),
        ("wine", 178, 13, 3),
        ("iris", 150, 4, 3),
    ],
)
def test_every_data_set(name, rows, features, classes):
    dataset = data.load(name)
    assert dataset.inputs.shape == (rows, features)
    assert len(dataset.feature_names) == features
    assert len(dataset.target_names) == classes
    assert dataset.targets.dtype == (np.int64 if classes else np.float64)
    train, test = data.split(KEY, dataset, 0.25)
    assert len(test.targets) == int(rows * 0.25 + 0.5)
    together = np.vstack([train.inputs, test.inputs])
    assert np.array_equal(
        together[np.lexsort(together.T)], dataset.inputs[np.lexsort(dataset.inputs.T)]
    )
    for target in range(classes):
        share = 0.25 * np.sum(dataset.targets == target)
        assert abs(np.sum(test.targets == target) - share) <= 1


def test_another_name_is_refused():
    with pytest.raises(BadInput, match="did you mean 'digits'"):
        data.load("digit")


def test_a_split_is_its_key_in_either_precision():
    dataset = data.load("wine")
    for stratified in (True, False):
        with devices.precision("float32"):
            _, single = data.split(KEY, dataset, stratified=stratified)
        _, double = data.split(KEY, dataset, stratified=stratified)
        _, other = data.split(jax.random.key(4), dataset, stratified=stratified)
        assert np.array_equal(single.inputs, double.inputs)
        assert not np.array_equal(other.inputs, double.inputs)


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("diabetes", {"stratified": True}, "numbers, not classes"),
        ("iris", {"test_fraction": 0.0}, "leaves 150 to train on and 0 to test on"),
        ("iris", {"test_fraction": 1.0}, "leaves 0 to train on"),
    ],
)
def test_a_split_that_cannot_be(name, settings, says):
    with pytest.raises(BadInput, match=says):
        data.split(KEY, data.load(name), **settings)


def test_scaling_knows_the_train_set_alone():
    train, test = data.split(KEY, data.load("digits"))
    constant = train.inputs.std(axis=0) == 0
    assert constant.any()
    standard, standard_test = data.standardise(train, test)
    np.testing.assert_allclose(standard.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(standard.inputs.std(axis=0)[~constant], 1)
    np.testing.assert_allclose(
        standard_test.inputs[:, ~constant],
        ((test.inputs - train.inputs.mean(axis=0)) / train.inputs.std(axis=0).clip(1e-9))[
            :, ~constant
        ],
    )
    scaled, _ = data.rescale(train, test)
    assert scaled.inputs.min() == 0
    assert scaled.inputs.max() == 1
    assert np.isfinite(standard_test.inputs).all()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 30, 178, 1797, 2048])
def test_shuffled_is_a_permutation(size):
    positions = jnp.arange(size, dtype=jnp.uint32)
    whole = data.shuffled(KEY, positions, size)
    assert sorted(whole.tolist()) == list(range(size))
    some = positions[:: max(1, size // 7)]
    assert np.array_equal(data.shuffled(KEY, some, size), whole[some])


def test_shuffles_look_random():
    size, draws = 60, 3000
    keys = jax.random.split(KEY, draws)
    positions = jnp.arange(size, dtype=jnp.uint32)
    orders = np.asarray(jax.vmap(lambda key: data.shuffled(key, positions, size))(keys))
    # Every entry at every place equally often: chi-squared of (size - 1)^2 degrees of freedom,
    # within five of its standard deviations.
    counts = np.stack([np.bincount(orders[:, place], minlength=size) for place in range(size)])
    freedom = (size - 1) ** 2
    statistic = ((counts - draws / size) ** 2).sum() / (draws / size)
    assert abs(statistic - freedom) < 5 * np.sqrt(2 * freedom)
    # And neighbours are no closer in the order than anyone else: two in `size` pairs differ by one.
    close = np.abs(np.diff(orders.astype(int), axis=1)) == 1
    assert abs(close.mean() - 2 / size) < 5 * np.sqrt(2 / size / close.size)


def test_an_epoch_sees_no_row_twice_and_each_is_another():
    inputs, targets = np.arange(20.0).reshape(10, 2), np.arange(10)
    batch = jax.jit(data.minibatches(inputs, targets, 3))
    epochs = []
    for epoch in range(3):
        seen = [batch(KEY, jnp.int32(3 * epoch + k)) for k in range(3)]
        rows = np.concatenate([row for _, row in seen])
        assert len(set(rows.tolist())) == 9
        assert np.array_equal(np.concatenate([x for x, _ in seen]), inputs[rows])
        epochs.append(rows.tolist())
    assert epochs[0] != epochs[1] != epochs[2]
    assert batch(KEY, jnp.int32(0))[0].dtype == jnp.float64
    with devices.precision("float32"):
        single = data.minibatches(inputs, targets, 3)(KEY, jnp.int32(0))
    assert single[0].dtype == jnp.float32
    assert np.array_equal(single[1], epochs[0][:3])


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(BadInput, match="a batch of 11 from 10 rows"):
        data.minibatches(np.zeros((10, 2)), np.zeros(10), 11)
