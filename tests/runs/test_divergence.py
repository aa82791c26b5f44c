"""Where a descent left the finite numbers, planted at a place that is known."""

import jax
import jax.numpy as jnp
import pytest

from lab.runs import divergence
from lab.training import loop
from lab.training.descent import from_optax
from lab.training.optimizers import build
from lab.training.problem import Problem
from lab.training.step import training


def grown(p, b):
    return jnp.sum(jnp.exp(p["a"])) + jnp.sum(p["b"] ** 2)


def rooted(p, b):
    # finite at 0, where its slope is not
    return jnp.sum(jnp.sqrt(p["a"])) + jnp.sum(p["b"] ** 2)


def kinked(p, b):
    masked = jnp.where(p["a"] > 0, p["a"], -jnp.inf)  # an infinity that is meant
    return jnp.max(masked) + jnp.sum(jnp.log(p["b"]))


START = {"a": jnp.array([1.0, 2.0, 3.0]), "b": jnp.array([[1.0, 2.0]])}
LARGE = {"a": jnp.array([1.0, 800.0, 3.0]), "b": START["b"]}
ZERO = {"a": jnp.array([1.0, 0.0, 4.0]), "b": START["b"]}
NEGATIVE = {"a": START["a"], "b": jnp.array([[1.0, -2.0]])}


@pytest.mark.parametrize(
    ("loss", "start", "choice", "rate", "step", "says"),
    [
        (grown, LARGE, "jax", 0.1, 0, "the loss first, in `jnp.exp(p[\"a\"])` (test_divergence.py:16), which is inf of numbers from 1 to 800"),
        (rooted, ZERO, "jax", 0.1, 0, "the gradient of a first, in `jnp.sqrt(p[\"a\"])` (test_divergence.py:21), which is inf"),
        (rooted, ZERO, "hand", 0.1, 0, "the gradient of a first, in `0.5 / jnp.sqrt(p[\"a\"])`"),
        (kinked, NEGATIVE, "jax", 0.1, 0, "the loss first, in `jnp.log(p[\"b\"])` (test_divergence.py:26), which is nan of numbers from -2 to 1"),
        (rooted, START, "jax", 1e308, 1, "the update of step 0 made b so, 2 of 2"),
    ],
)  # fmt: skip
def test_what_went_first_is_named(loss, start, choice, rate, step, says):
    problem = Problem(
        loss,
        lambda p, b: {"a": 0.5 / jnp.sqrt(p["a"]), "b": 2 * p["b"]},
        start,
    )
    made = training(
        problem,
        from_optax(build({"name": "sgd", "learning_rate": rate})),
        gradient=choice,
        key=jax.random.key(0),
    )
    last = list(loop.chunks(made, steps=10, every=3))[-1]
    assert last.diverged_at == step
    assert says in divergence.told(made, last.state)
