"""The contexts a run computes in."""

import jax
import jax.numpy as jnp
import pytest

from lab.errors import BadInput
from lab.training import devices, leaves
from lab.training.problem import Problem, in_precision


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_arrays_are_made_on_the_device(name):
    with devices.device(name) as device:
        assert jnp.ones(2).devices() == {device}
    if name == "cpu":
        assert device.platform == "cpu"


def test_a_missing_gpu_is_said_with_the_next_step():
    try:
        jax.devices("gpu")
    except RuntimeError:
        with (
            pytest.raises(BadInput, match=r"no GPU is visible to JAX.*device=cpu"),
            devices.device("gpu"),
        ):
            pass
    else:
        with devices.device("gpu") as device:
            assert jnp.ones(2).devices() == {device}


def test_a_mesh_has_the_devices_asked_for_and_says_where_there_are_too_few():
    one = devices.mesh("cpu", 1)
    assert one.shape == {devices.AXIS: 1}
    assert devices.mesh("cpu", "all").size == len(jax.devices("cpu"))
    rows = jax.device_put(jnp.ones((4, 2)), devices.split(one))
    assert rows.sharding.is_equivalent_to(devices.everywhere(one), 2)
    jax.devices()  # from here on there are as many as there are
    says = r"devices: 99 cpu devices were asked for, JAX sees \d+; .*device_count=99 before Python"
    with pytest.raises(BadInput, match=says):
        devices.mesh("cpu", 99)


def test_precision_is_that_of_what_is_made_inside_and_of_nothing_after():
    for name in ("float32", "float64", "float32"):
        with devices.precision(name) as dtype:
            assert jnp.ones(2).dtype == dtype == name
    assert jnp.ones(2).dtype == jnp.float64


def test_a_problem_can_be_put_in_a_precision():
    problem = Problem(
        loss=lambda params, batch: params,
        gradient=lambda params, batch: params,
        start=jnp.ones(3),
        batch=lambda key, step: {"x": jnp.ones(2), "y": jnp.arange(2), "key": key},
    )
    single = in_precision(problem, jnp.float32)
    batch = single.batch(jax.random.key(0), jnp.int32(0))
    assert single.start.dtype == batch["x"].dtype == jnp.float32
    assert batch["y"].dtype == problem.batch(jax.random.key(0), jnp.int32(0))["y"].dtype
    assert batch["key"] == jax.random.key(0)


def test_leaves_have_the_names_of_their_paths():
    tree = {"layers": [{"W": 1}, {"W": 2}], "b": 3}
    assert leaves.named(tree) == {"b": 3, "layers.0.W": 1, "layers.1.W": 2}
    assert leaves.named(5) == {"params": 5}
    with pytest.raises(ValueError, match=r"two leaves are called 'a\.b'"):
        leaves.named({"a.b": 1, "a": {"b": 2}})
