"""What of the params is kept, against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.training import leaves
from lab.training.problem import Problem
from lab.training.recording import directions, recording

KEY = jax.random.key(3)
PARAMS = {"W": jnp.arange(60.0).reshape(6, 10) - 20, "b": jnp.zeros(3)}
GRADIENT = jax.tree.map(lambda leaf: 2 * leaf + 1, PARAMS)
UPDATE = jax.tree.map(lambda leaf: -0.1 * leaf, GRADIENT)
PROBLEM = Problem(
    loss=lambda params, batch: jnp.sum(params["W"]),
    gradient=lambda params, batch: params,
    start=PARAMS,
    metrics=lambda params, gradient, update, batch: {"own": jnp.ones(())},
)
DEFAULT = {"params": "auto", "layers": False, "projection": False}


@pytest.mark.parametrize(
    ("params", "start", "columns"),
    [
        ("auto", PARAMS, ["W_norm", "b_norm"]),
        ("auto", {"b": PARAMS["b"]}, ["b[0]", "b[1]", "b[2]"]),
        (
            "all",
            PARAMS,
            [*(f"W[{i},{j}]" for i in range(6) for j in range(10)), "b[0]", "b[1]", "b[2]"],
        ),
        ("norms", {"b": PARAMS["b"]}, ["b_norm"]),
        ("none", PARAMS, []),
    ],
)
def test_params_are_recorded_as_asked(params, start, columns):
    recorded = recording(PROBLEM._replace(start=start), DEFAULT | {"params": params}, KEY)
    assert list(recorded.point(start)) == columns


def test_the_problems_own_view_of_params_comes_first():
    own = PROBLEM._replace(point=lambda params: {"mine": params["b"][0]})
    assert list(recording(own, DEFAULT, KEY).point(PARAMS)) == ["mine"]
    assert "W_norm" in recording(own, DEFAULT | {"params": "norms"}, KEY).point(PARAMS)


def test_layers_are_told_by_their_statistics():
    recorded = recording(PROBLEM, DEFAULT | {"layers": True}, KEY)
    found = recorded.metrics(PARAMS, GRADIENT, UPDATE, ())
    W, slope, step = (np.asarray(tree["W"]) for tree in (PARAMS, GRADIENT, UPDATE))
    wanted = {
        "own": 1.0,
        "W.mean": W.mean(),
        "W.std": W.std(),
        "W.norm": np.linalg.norm(W),
        "W.gradient_norm": np.linalg.norm(slope),
        "W.update_ratio": np.linalg.norm(step) / np.linalg.norm(W),
    }
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)
    assert np.isnan(found["b.update_ratio"])
    assert list(recording(PROBLEM, DEFAULT, KEY).metrics(PARAMS, GRADIENT, UPDATE, ())) == ["own"]


def test_the_projection_is_on_two_directions_at_right_angles_and_the_same_each_time():
    first, second = directions(KEY, PARAMS)
    flat = [
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(d)]) for d in (first, second)
    ]
    np.testing.assert_allclose(np.stack(flat) @ np.stack(flat).T, np.eye(2), atol=1e-14)
    recorded = recording(PROBLEM, DEFAULT | {"projection": True}, KEY)
    point = recorded.point(PARAMS)
    whole = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(PARAMS)])
    np.testing.assert_allclose(point["projection_1"], flat[0] @ whole, rtol=1e-12)
    np.testing.assert_allclose(point["projection_2"], flat[1] @ whole, rtol=1e-12)
    others = directions(jax.random.key(4), PARAMS)
    assert leaves.norm(jax.tree.map(jnp.subtract, first, others[0])) > 0.1


def test_a_single_number_has_one_direction():
    first, second = directions(KEY, jnp.ones(()))
    assert abs(first) == 1
    assert np.isfinite(second)
