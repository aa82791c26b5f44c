"""The choice of gradient: what each choice steps with, and that the gap tells a wrong one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.errors import BadInput
from lab.training import gradients
from lab.training.problem import Problem

A = jnp.array([[2.0, 0.5], [0.5, 1.0]])
PARAMS = {"w": jnp.array([1.0, -2.0]), "b": jnp.array(3.0)}


def loss(params, batch):
    return 0.5 * params["w"] @ A @ params["w"] + params["b"] ** 2 + jnp.sum(batch * params["w"])


def gradient(params, batch):
    return {"w": A @ params["w"] + batch, "b": 2 * params["b"]}


def doubled(params, batch):
    return jax.tree.map(lambda g: 2 * g, gradient(params, batch))


PROBLEM = Problem(loss=loss, gradient=gradient, start=PARAMS)
WRONG = PROBLEM._replace(gradient=doubled)
BATCH = jnp.array([0.25, 4.0])


@pytest.mark.parametrize(
    ("problem", "choice", "factor"),
    [(PROBLEM, c, 1) for c in ("hand", "jax", "both")]
    + [(WRONG, "hand", 2), (WRONG, "jax", 1), (WRONG, "both", 2)],
)
def test_the_gradient_is_the_chosen_one(problem, choice, factor):
    slope = gradients.chosen(problem, choice)(PARAMS, BATCH)
    assert slope.loss == loss(PARAMS, BATCH)
    true = jax.grad(loss)(PARAMS, BATCH)
    assert jax.tree.all(
        jax.tree.map(lambda g, t: jnp.allclose(g, factor * t), slope.gradient, true)
    )


@pytest.mark.parametrize(
    ("problem", "choice", "factor"),
    [(PROBLEM, "hand", 1), (WRONG, "hand", 2), (WRONG, "both", 2), (WRONG, "jax", 1)],
)
def test_the_loss_a_line_search_sees_has_the_chosen_derivative(problem, choice, factor):
    chosen = gradients.loss_of(problem, choice)
    tangent = {"w": jnp.array([0.5, 1.0]), "b": jnp.array(-1.0)}
    true = jax.grad(loss)(PARAMS, BATCH)
    slope = sum(jnp.sum(true[name] * tangent[name]) for name in true)
    value, backward = jax.value_and_grad(chosen)(PARAMS, BATCH)
    _, forward = jax.jvp(lambda params: chosen(params, BATCH), (PARAMS,), (tangent,))
    assert value == loss(PARAMS, BATCH)
    np.testing.assert_allclose(backward["w"], factor * true["w"])
    np.testing.assert_allclose(forward, factor * slope)


def test_gap_sees_a_wrong_gradient_and_not_a_right_one():
    right = gradients.chosen(PROBLEM, "both")(PARAMS, BATCH)
    wrong = gradients.chosen(WRONG, "both")(PARAMS, BATCH)
    assert right.seen["gap"] < 1e-15
    np.testing.assert_allclose(wrong.seen["gap"], 1)


@pytest.mark.parametrize(
    ("hand", "reference", "expected"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0]], 0),
        ([[1.0, 2.5]], [[1.0, 2.0]], 0.25),  # relative to the largest of the leaf
        ([[1.0], [1.5e-3]], [[1.0], [1e-3]], 0.5),  # a small leaf is seen beside a large one
        ([[1.0], [1e-17]], [[1.0], [0.0]], 0),  # rounding in a leaf that vanishes
        ([[1.0], [0.1]], [[1.0], [0.0]], 0.1 / 1.4901161193847656e-08),
        ([[0.0], [0.0]], [[0.0], [0.0]], 0),
        ([[1e-17], [0.0]], [[0.0], [0.0]], 1e-17),  # no size at all: absolute
        ([[np.nan]], [[1.0]], np.nan),
    ],
)
def test_gap(hand, reference, expected):
    found = gradients.gap([jnp.array(h) for h in hand], [jnp.array(r) for r in reference])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9 if expected == 0 else 0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda params, batch: {"w": jnp.sum(params["w"]), "b": params["b"]},
        lambda params, batch: {"w": params["w"]},
        lambda params, batch: params["w"],
    ],
)
def test_a_gradient_of_another_shape_is_refused(wrong):
    problem = PROBLEM._replace(gradient=wrong)
    with pytest.raises(BadInput, match=r"params have b \(\), w \(2,\)"):
        gradients.chosen(problem, "hand")(PARAMS, BATCH)
