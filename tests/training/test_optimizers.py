"""Optimizers by name: found, called with their arguments, or refused with the next step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lab.errors import BadInput
from lab.training.optimizers import build, keeping_dtypes

PARAMS = {"w": jnp.array([1.0, 2.0], jnp.float32)}


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({"name": "adam", "learning_rate": 0.1, "b1": 0.5}, optax.adam(0.1, b1=0.5)),
        ({"name": "contrib.sophia", "learning_rate": 0.1}, None),
        (
            {
                "name": "sgd",
                "learning_rate": {
                    "name": "join_schedules",
                    "schedules": [
                        {"name": "constant_schedule", "value": 1.0},
                        {"name": "linear_schedule", "init_value": 0.5, "end_value": 0.0}
                        | {"transition_steps": 10},
                    ],
                    "boundaries": [2],
                },
            },
            optax.sgd(
                optax.join_schedules(
                    [optax.constant_schedule(1.0), optax.linear_schedule(0.5, 0.0, 10)], [2]
                )
            ),
        ),
    ],
    ids=["adam", "contrib", "nested schedules"],
)
def test_settings_are_calls(settings, same):
    optimizer = build(settings)
    assert isinstance(optimizer, optax.GradientTransformation)
    if same is not None:
        optimizer, same = keeping_dtypes(optimizer), keeping_dtypes(same)
        ours, theirs = optimizer.init(PARAMS), same.init(PARAMS)
        for _ in range(4):
            update, ours = optimizer.update(PARAMS, ours, PARAMS)
            expected, theirs = same.update(PARAMS, theirs, PARAMS)
            np.testing.assert_array_equal(update["w"], expected["w"])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"name": "addam"}, "optimizer.name: optax has no 'addam'; did you mean 'adam'"),
        ({"name": "contrib.prodgy"}, "did you mean 'contrib.prodigy'"),
        ({"name": "os.system"}, "optax has no 'os.system'"),
        ({"name": "adam"}, "adam: missing a required argument: 'learning_rate'"),
        ({"name": "sgd", "learning_rate": 0.1, "lr": 1}, "unexpected keyword argument 'lr'"),
        (
            {"name": "sgd", "learning_rate": {"name": "cosine_decay_schedul"}},
            "optimizer.learning_rate.name: .* did you mean 'cosine_decay_schedule'",
        ),
        ({"name": "constant_schedule", "value": 1}, "is not an optimizer"),
    ],
)
def test_bad_settings_are_refused(settings, says):
    with pytest.raises(BadInput, match=says):
        build(settings)


@pytest.mark.parametrize("name", ["adam", "adamax", "adan", "yogi", "rprop", "lion", "novograd"])
def test_the_state_keeps_its_types_under_strict_promotion(name):
    optimizer = keeping_dtypes(build({"name": name, "learning_rate": 0.1}))
    first = optimizer.init(PARAMS)
    update, second = optimizer.update(PARAMS, first, PARAMS, value=jnp.float32(1), grad=PARAMS)
    assert update["w"].dtype == jnp.float32
    for before, after in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert (before.dtype, before.weak_type) == (after.dtype, after.weak_type)
        assert before.dtype != jnp.float64


def test_the_first_state_may_be_donated():
    rule = optax.GradientTransformation(
        init=lambda params: {"slow": params, "fast": params}, update=lambda g, s, p=None: (g, s)
    )
    state = keeping_dtypes(rule).init(PARAMS)
    buffers = [PARAMS["w"], state["slow"]["w"], state["fast"]["w"]]
    assert len({buffer.unsafe_buffer_pointer() for buffer in buffers}) == 3
